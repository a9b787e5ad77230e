"""``grade PATH``: one submission."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.options import colours, shared
from grader.cli.running import console, exit_code, grading, reported
from grader.cli.speaking import command, option
from grader.errors import UsageError
from grader.language import N_, _, joined

if TYPE_CHECKING:
    from rich.console import Console

    from grader.model import Grade
    from grader.report.terminal import Detail

REPORT = N_("Where the HTML report goes. Default: reports/NAME.html.")


@command(N_("Grade one submission: the folder PATH. Writes reports/NAME.html unless --json or --plain is given."))
@click.argument("path", type=click.Path(path_type=Path))
@option("--report", type=click.Path(path_type=Path), metavar="FILE", help=REPORT)
@option("--brief", is_flag=True, help=N_("Print one line for each thing that is open, and the score."))
@option("-v", "--verbose", is_flag=True, help=N_("Print everything: passed checks, too, and nothing cut."))
@option("--plain", is_flag=True, help=N_("Print one record a line, its fields between tabs, and nothing else."))
@colours
@shared
def one(
    path: Path,
    report: Path | None,
    brief: bool,
    verbose: bool,
    plain: bool,
    colours: bool | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Grade one submission, and write or print what came of it."""
    from grader.report import pages

    with reported(as_json):
        _expect_one({"--brief": brief, "-v": verbose, "--plain": plain, "--json": as_json})
        with grading(path, **options) as grader:
            result = grader.grade(path)
            if report is not None or not (as_json or plain):
                page = _page(result, path)
                name = pages.Names().of(result.submission)
                report = write_report(page, report) if report else put_report(page, Path("reports"), name)
            if as_json or plain:
                _print(result, as_json)
            else:
                part = (*options["assignment"], *options["exercise"])
                _show(result, report, console(colours), _detail(brief, verbose), str(path), part)
    sys.exit(exit_code([result]))


def _expect_one(forms: dict[str, bool]) -> None:
    asked = [option for option, given in forms.items() if given]
    if len(asked) > 1:
        raise UsageError(_("{one} and {other} exclude each other").format(one=asked[0], other=asked[1]))


def _detail(brief: bool, verbose: bool) -> Detail:
    from grader.report.terminal import Detail

    return Detail.BRIEF if brief else Detail.FULL if verbose else Detail.USUAL


def _print(result: Grade, as_json: bool) -> None:
    """Print the result for programs."""
    from grader.report import jsonl, records

    if as_json:
        click.echo(jsonl.dumps(result).encode())
        return
    for line in records.lines(result):
        click.echo(line)


def _page(result: Grade, path: Path) -> str:
    """The page, with what has changed since the attempt before, which is remembered beside the machine's seed."""
    from grader import attempts
    from grader.report import html
    from grader.store import Store, default_folder

    now = datetime.now(UTC).isoformat(timespec="seconds")
    history = Store(default_folder()).attempted(path, attempts.of(result, result.fingerprint, now))
    return html.render(result, history, html.Occasion(str(path), now))


def write_report(page: str, file: Path) -> Path:
    """Write the page. Raises `UsageError` where it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        text = _("the report cannot be written to {file}: {reason}")
        raise UsageError(text.format(file=file, reason=error.strerror)) from error
    return file


def put_report(page: str, folder: Path, name: str) -> Path:
    """Write the page into `folder`, under a name that is its own there. Raises `UsageError` where it cannot be."""
    from grader.report import pages

    try:
        return pages.put(page, folder, name)
    except OSError as error:
        text = _("the report cannot be written into {folder}: {reason}")
        raise UsageError(text.format(folder=folder, reason=error.strerror)) from error


def _show(
    result: Grade, report: Path | None, out: Console, detail: Detail, path: str, part: tuple[str, ...] = ()
) -> None:
    """Print the result, where its page is, and how to see the rest where only a `part` was asked for."""
    from grader.report import terminal
    from grader.report.screen import Screen

    terminal.show(result, out, detail, path)
    if report is not None:
        Screen(out).path(_("Report: {file}"), report)
    if part:
        said = _("Only {names} here, on the page too. Everything: {command}")
        Screen(out).put(said.format(names=joined(part), command=f"grade {shlex.quote(path)}"))
