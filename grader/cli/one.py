"""``grade PATH``: one submission."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.options import shared
from grader.cli.running import console, exit_code, grading, reported
from grader.cli.speaking import command, option
from grader.errors import UsageError
from grader.language import N_, _
from grader.text import one_line

if TYPE_CHECKING:
    from grader.model import Grade
    from grader.report.pages import Names


@command(N_("Grade one submission: the folder PATH. Writes reports/NAME.html unless --json is given."))
@click.argument("path", type=click.Path(path_type=Path))
@option("--report", type=click.Path(path_type=Path), metavar="FILE", help=N_("Where the HTML report goes."))
@shared
def one(path: Path, report: Path | None, as_json: bool, **options: Any) -> None:
    """Grade one submission, and write or print what came of it."""
    from grader.report import pages

    with reported(as_json), grading(path, **options) as grader:
        result = grader.grade(path)
        if report is not None:
            write_report(result, report)
        elif not as_json:
            report = put_report(result, Path("reports"), pages.Names())
        if as_json:
            from grader.report import jsonl

            click.echo(jsonl.dumps(result).encode())
        else:
            _show(result, report)
    sys.exit(exit_code([result]))


def write_report(result: Grade, file: Path) -> None:
    """Write the page. Raises `UsageError` where it cannot be written."""
    from grader.report import html

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html.render(result), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(
            _("the report cannot be written to {file}: {reason}").format(file=file, reason=error.strerror)
        ) from error


def put_report(result: Grade, folder: Path, names: Names) -> Path:
    """Write the page into `folder`, under a name that is its own there. Raises `UsageError` where it cannot be."""
    from grader.report import html, pages

    try:
        return pages.put(html.render(result), folder, names.of(result.submission))
    except OSError as error:
        raise UsageError(
            _("the report cannot be written into {folder}: {reason}").format(folder=folder, reason=error.strerror)
        ) from error


def _show(result: Grade, report: Path | None) -> None:
    from grader.report import terminal

    out = console()
    terminal.show(result, out)
    if report is not None:
        out.print(one_line(_("Report: {file}").format(file=report)), highlight=False, markup=False, soft_wrap=True)
