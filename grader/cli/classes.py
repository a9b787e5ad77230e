"""Commands for a class, whose results live in a run folder: grade it, judge it again, overrule the checks."""

from __future__ import annotations

import contextlib
import getpass
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from grader.cli.options import moment, shared
from grader.cli.running import INTERRUPTED, console, grading, reported, say
from grader.cli.speaking import command, option, speaks
from grader.errors import RunError, UsageError
from grader.language import N_, _, joined
from grader.text import alike, one_line, printable

if TYPE_CHECKING:
    from grader.batch import Batch, Work
    from grader.gradebook import Gradebook, Row
    from grader.grading import Grader
    from grader.publishing import Published
    from grader.standing import Standing, Watch

_OUT = Path("run")
_LARGE = 60  # submissions; a table of more is no summary
_KEPT = ("course", "assignment", "exercise", "data", "data_root", "memory", "seconds", "no_training", "no_reuse")
_ONLY = N_("Only the submission of this name. May be repeated. Default: all.")
_ERRORS = N_("Only those on which the grader itself failed, or that were set aside: once more.")
_BATCH = N_(
    "Grade every submission in the folder PATH. With --json, one object a line.\n\n"
    "Results go to the run folder, each when it is known. The same command takes up what was interrupted, and grades "
    "only what is new or has changed."
)
_REGRADE = N_(
    "Judge a class again from what its code answered: for another rubric, tolerance or hint. Runs no student code.\n\n"
    "RUN is the run folder that `grade batch` wrote. What a person decided stays."
)
_OVERRIDE = N_(
    "Decide about an EXERCISE of the submission NAME in place of the checks. It stays when the class is regraded."
)
_SINCE = N_("Only those graded since then: 2026-11-23, or 2026-11-23T10:04 (UTC). Default: all.")


@command(_BATCH)
@click.argument("path", type=click.Path(path_type=Path))
@option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", default=_OUT, show_default=True, help=N_("Run folder.")
)
@option("--only", multiple=True, metavar="NAME", help=_ONLY)
@option("--only-errors", is_flag=True, help=_ERRORS)
@shared
def batch(path: Path, out: Path, only: tuple[str, ...], only_errors: bool, as_json: bool, **options: Any) -> None:
    """Grade a class into a run folder."""
    from grader import batch as batches

    with reported(as_json):
        work = batches.submissions(path, out, only_errors)
        telling = _Telling()
        with (
            _terminable(),
            _opened(out, create=True) as gradebook,
            grading(path, hidden=(out,), tell=telling, **options) as grader,
        ):
            with gradebook.transaction():
                gradebook.only(each.folder for each in work)
                gradebook.describe(**_made_with(path, grader, options))
            rows = {row.folder: row for row in gradebook.rows()}
            chosen = [each for each in work if _chosen(each.name, rows.get(each.folder), only, only_errors)]
            _expect_names(only, {each.name for each in work})
            again = _batch_command(path, out)
            standing = _driven(batches.Batch(grader, gradebook), chosen, grader, again, telling)
            code = _ended(gradebook, standing, as_json, again, grader.workers)
    sys.exit(code)


@command(_REGRADE)
@click.argument("run", type=click.Path(path_type=Path))
@option(
    "--course",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=N_("Another course folder. Default: the one that the class was graded with."),
)
@option("--only", multiple=True, metavar="NAME", help=_ONLY)
@option("--only-errors", is_flag=True, help=N_("Only those on which the grader itself failed."))
@option("--since", callback=moment, metavar="TIME", help=_SINCE)
@option("--jobs", type=click.IntRange(1, 256), help=N_("Workers at a time. Default: one per core."))
@option("--json", "as_json", is_flag=True, help=N_("Print the results as JSON, and nothing else."))
@speaks
def regrade(
    run: Path,
    course: Path | None,
    only: tuple[str, ...],
    only_errors: bool,
    since: str,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Judge a class again from what its run folder keeps."""
    from grader import batch as batches

    with reported(as_json), _terminable(), _opened(run, create=False) as gradebook:
        made = gradebook.description()
        telling = _Telling()
        with grading(run, tell=telling, **_options_of(made, course, jobs)) as grader:
            rows = list(gradebook.rows())
            _expect_names(only, {row.name for row in rows})
            chosen = [_kept_work(gradebook, row) for row in rows if row.result and row.time >= since]
            by_folder = {row.folder: row for row in rows}
            chosen = [each for each in chosen if _chosen(each.name, by_folder[each.folder], only, only_errors)]
            again = f"grade regrade {shlex.quote(str(run))}"
            standing = _driven(batches.Batch(grader, gradebook, asks=False), chosen, grader, again, telling)
            code = _ended(gradebook, standing, as_json, _batch_command(made.get("path", "…"), run), grader.workers)
    sys.exit(code)


@command(_OVERRIDE)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("name")
@click.argument("exercise")
@option("--points", type=float, help=N_("What the exercise is worth instead; needed, unless --remove is given."))
@option("--comment", default="", metavar="TEXT", help=N_("Why; the student reads it. Needed with --points."))
@option("--author", metavar="NAME", help=N_("Who decides. Default: your user name."))
@option("--remove", is_flag=True, help=N_("Let the checks decide again."))
@speaks
def override(
    run: Path, name: str, exercise: str, points: float | None, comment: str, author: str | None, remove: bool
) -> None:
    """Write down what a person decided, and publish it."""
    from grader import publishing

    with reported(False):
        if (points is None) != remove:
            raise UsageError(_("give --points N, or --remove to let the checks decide again"))
        if not remove and not comment.strip():
            raise UsageError(_("--comment TEXT is needed: the student reads why"))
        with _opened(run, create=False) as gradebook:
            row = next((row for row in gradebook.rows() if row.name == name), None)
            if row is None:
                _expect_names((name,), {row.name for row in gradebook.rows()})
                raise AssertionError("that raises")
            grade = gradebook.grade(row.result, name) if row.result else None
            if grade is None:
                raise UsageError(_("{name} has no grade to overrule: {reason}").format(name=name, reason=row.trouble))
            there = {each.id: each for each in grade.exercises}
            found = [each for each in grade.exercises if exercise in (each.id, each.name)]
            if not found:
                like = alike(exercise, (each.name for each in grade.exercises))
                said = (
                    _("{name} has no exercise {exercise!r}. Like it: {names}")
                    if like
                    else _("{name} has no exercise {exercise!r}. There are: {names}")
                )
                names = joined(like or there)
                raise UsageError(said.format(name=name, exercise=exercise, names=names))
            worth = found[0].max_score
            if points is not None and not 0 <= points <= worth:
                raise UsageError(
                    _("--points {points:g}: {exercise} is worth 0 to {worth:g}").format(
                        points=points, exercise=found[0].id, worth=worth
                    )
                )
            when = datetime.now(UTC).isoformat(timespec="seconds")
            with gradebook.transaction():
                by = author or getpass.getuser()
                gradebook.override(row.folder, found[0].id, points, comment.strip(), by, when)
            publishing.publish(gradebook)
            total = f"{publishing.entry(gradebook, row).score:g} / {grade.max_score:g}"
            said = (
                _("{name}, {exercise}: the checks decide. In all {total}. Page and results are written.")
                if points is None
                else _("{name}, {exercise}: {points:g} points. In all {total}. Page and results are written.")
            )
            click.echo(one_line(said.format(name=name, exercise=found[0].id, points=points, total=total)))


def _kept_work(gradebook: Gradebook, row: Row) -> Work:
    from grader.batch import Work

    def collect() -> Any:
        collected = gradebook.collected(row.content, row.name)
        if collected is None:
            raise RunError(
                _("{folder}: what {name} handed in is missing. Grade it anew with `grade batch`").format(
                    folder=gradebook.folder, name=row.name
                )
            )
        return collected

    return Work(row.folder, row.name, collect)


def _batch_command(path: object, run: Path) -> str:
    """What to type to grade the class into that run folder."""
    where = f" --out {shlex.quote(str(run))}" if run != _OUT else ""
    return f"grade batch {shlex.quote(str(path))}{where}"


def _chosen(name: str, row: Row | None, only: Sequence[str], only_errors: bool) -> bool:
    from grader.gradebook import ERROR, QUARANTINED

    wrong = row is not None and row.state in (ERROR, QUARANTINED)
    return (not only or name in only) and (not only_errors or wrong)


def _expect_names(only: Sequence[str], there: set[str]) -> None:
    for name in only:
        if name not in there:
            like = alike(name, there)
            said = _("no submission {name!r}. Like it: {names}") if like else _("no submission {name!r}")
            raise UsageError(said.format(name=name, names=joined(like)))


def _made_with(path: Path, grader: Grader, options: dict[str, Any]) -> dict[str, Any]:
    """What a regrade must know of how a class was graded."""
    from grader import __version__

    kept = {name: options[name] for name in _KEPT}
    kept |= {name: str(kept[name].resolve()) for name in ("course", "data_root") if kept[name] is not None}
    return {
        "path": str(path),
        "version": __version__,
        "torch": grader.sandbox.facts.torch,
        "device": grader.settings.device,
        "seed": grader.settings.seed,
        "options": kept,
    }


def _options_of(made: dict[str, Any], course: Path | None, jobs: int | None) -> dict[str, Any]:
    """The options that a class was graded with, for grading it again."""
    kept = made["options"]
    options = dict(kept, device=made["device"], seed=made["seed"], jobs=jobs, tier=None, unsafe=False)
    options |= {name: tuple(kept[name]) for name in ("assignment", "exercise")}
    options |= {name: Path(kept[name]) for name in ("course", "data_root") if kept[name] is not None}
    if course is not None:
        options["course"] = course
    return options


@contextlib.contextmanager
def _opened(run: Path, create: bool) -> Iterator[Gradebook]:
    from grader.gradebook import Gradebook

    with Gradebook(run, create) as gradebook:
        yield gradebook


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end a batch as Ctrl-C does: what is finished is kept."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Telling:
    """Where it is said what takes longer: by who looks on, so that it does not break the bar; before that, at once."""

    def __init__(self) -> None:
        self.watch: Watch | None = None

    def __call__(self, line: str) -> None:
        (self.watch.note if self.watch else say)(line)


def _driven(batch: Batch, work: Sequence[Work], grader: Grader, again: str, telling: _Telling) -> Standing:
    """Grade, with somebody looking on."""
    from grader.report import progress

    watch = telling.watch = progress.watching(sys.stderr, grader.workers)
    try:
        return batch.run(work, len(work), watch)
    except KeyboardInterrupt:
        watch.close()
        said = _("grade: interrupted; what is finished is kept. Go on with: {command}").format(command=again)
        click.echo(printable(said), err=True)
        sys.exit(INTERRUPTED)
    finally:
        watch.close()


def _ended(gradebook: Gradebook, standing: Standing, as_json: bool, again: str, helpers: int) -> int:
    """Write what the run folder shows, say where it is and what to do next, and give the exit code."""
    from grader import publishing

    if standing.done > _LARGE:
        say(_("writing pages and results …"))
    published = publishing.publish(gradebook, helpers=helpers)
    with gradebook.transaction():
        gradebook.tidy()
    if as_json:
        with open(gradebook.folder / publishing.RESULTS, "rb") as results:
            for line in results:
                click.echo(line, nl=False)
    else:
        _summary(gradebook, published, standing, again)
    return published.exit_code


def _summary(gradebook: Gradebook, published: Published, standing: Standing, again: str) -> None:
    from grader import publishing
    from grader.database import FILE
    from grader.report import overview, spreadsheet, terminal

    out = console()
    if published.entries <= _LARGE:
        grades = (entry.decided for entry in publishing.entries(gradebook))
        terminal.show_summary([grade for grade in grades if grade is not None], out)
    folder = gradebook.folder
    each = gradebook.size() / 1000 / max(1, published.entries)
    lines = [
        _("Graded {graded} of {entries}; not gradable {ungradable}; grader errors {errors}").format(
            graded=published.graded, entries=published.entries, ungradable=published.ungradable, errors=published.errors
        ),
        _("The class: {page}   Table: {table}   Pages: {pages}   JSON: {json}").format(
            page=folder / overview.FILE,
            table=folder / spreadsheet.FILE,
            pages=folder / publishing.REPORTS,
            json=folder / publishing.RESULTS,
        ),
        _("Gradebook: {file}, {size:.0f} kB for each submission").format(file=folder / FILE, size=each),
    ]
    if standing.unasked:
        lines.append(
            _(
                "{count} keep the grade they have: the course asks now what their code never answered. Next: {command}"
            ).format(count=standing.unasked, command=again)
        )
    if published.errors:
        lines.append(
            _("Next: {command} --only-errors   tries once more those on which the grader failed").format(command=again)
        )
    for line in lines:
        out.print(one_line(line), highlight=False, markup=False, soft_wrap=True)
