"""Arguments in, exit code out. Click rather than Typer: no dependencies of its own, where Typer brings pydantic.

Everything heavy is imported inside the commands, so that ``grade --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader import __version__
from grader.errors import GraderError, InternalError, UsageError
from grader.text import one_line, printable

if TYPE_CHECKING:
    from rich.console import Console

    from grader.course import Course, Digits
    from grader.grading import Grader, Selection
    from grader.model import Grade
    from grader.report.pages import Names

INTERRUPTED = 130
DATA_SETS = ("digits", "mnist", "fashion_mnist", "cifar10")
_UNSAFE_HELP = "Run student code without walls, where none can be had. Every report is stamped."
_MEMORY_HELP = "Memory of each worker, such as 512MiB or 4GiB. Default: what the rubric says, or 2GiB."
_SECONDS_HELP = "Computing time of one question, and three times that to wait. Default: the rubric's, or 20."
_MUTANTS_HELP = "How many automatic mistakes, or all. Default: 100, spread over exercises and operators."
_CORRECT_HELP = "Correct variations: DIR/<assignment>/correct/*.py. A checkout has its own."
_DATA_HELP = "What the training runs use. The digits come along; nothing is ever downloaded."


class GradeGroup(click.Group):
    """``grade PATH`` is short for ``grade one PATH``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["one", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Options before the path belong to the command, too: grade --json alice
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["one", *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage("grade", "[OPTIONS] PATH")
        formatter.write_usage("grade batch", "[OPTIONS] PATH")
        formatter.write_usage("grade doctor", "")
        formatter.write_usage("grade selftest", "[OPTIONS]")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != "one"]


@click.group(cls=GradeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grade")
def main() -> None:
    """Grade PyTorch coursework against reference solutions, in a sandbox, with feedback that teaches.

    \b
    grade submissions/alice/            one submission, and its HTML report
    grade batch submissions/            a class, one folder for each student
    grade alice/ --exercise RestNet18   one exercise only
    grade one --help                    all options of `grade PATH`
    """


@main.command()
def doctor() -> None:
    """Tell what this machine can do to wall in student code, what is missing, and how to get it."""
    with _reported(False):
        _expect_linux()
        from grader import doctor

        sys.exit(doctor.examine(click.echo))


def _memory(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    from grader.sandbox.limits import memory_size

    try:
        return None if text is None else memory_size(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _seconds(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    from grader.sandbox.limits import typed_seconds

    try:
        return None if text is None else typed_seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _how_many(_: click.Context, __: click.Parameter, text: str) -> int | None:
    if text == "all":
        return None
    if not text.isascii() or not text.isdigit():
        raise click.BadParameter(f"{text!r} is neither a number nor all")
    return int(text)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that one submission and a class share."""
    for option in (
        click.option("--seed", type=int, help="Draw inputs from this seed instead of the machine's own."),
        click.option("--jobs", type=click.IntRange(1, 256), help="Workers at a time. Default: one per core."),
        click.option("--course", type=click.Path(path_type=Path), metavar="DIR", help="Another course folder."),
        click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True),
        click.option("--exercise", multiple=True, metavar="NAME", help="Only this exercise. May be repeated."),
        click.option("--assignment", multiple=True, metavar="NAME", help="Only this assignment. May be repeated."),
        click.option("--data-root", type=click.Path(path_type=Path), metavar="DIR", help="Where that data set lies."),
        click.option("--data", type=click.Choice(DATA_SETS), default="digits", show_default=True, help=_DATA_HELP),
        click.option("--unsafe-no-sandbox", "unsafe", is_flag=True, help=_UNSAFE_HELP),
        click.option("--tier", type=click.Choice(["4", "3", "2"]), help="Insist on this tier of the sandbox."),
        click.option("--no-training", is_flag=True, help="Leave out the training runs, and the points for them."),
        click.option("--seconds", callback=_seconds, metavar="N", help=_SECONDS_HELP),
        click.option("--memory", callback=_memory, metavar="SIZE", help=_MEMORY_HELP),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else."),
    ):
        command = option(command)
    return command


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Where the HTML report goes.")
@_options
def one(path: Path, report: Path | None, as_json: bool, **options: Any) -> None:
    """Grade one submission: the folder PATH. Writes reports/NAME.html unless --json is given."""
    from grader.report import pages

    with _reported(as_json), _grader(path, as_json, **options) as grader:
        result = grader.grade(path)
        if report is not None:
            _write_report(result, report)
        elif not as_json:
            report = _put_report(result, Path("reports"), pages.Names())
        if as_json:
            from grader.report import jsonl

            click.echo(jsonl.dumps(result).encode())
        else:
            _show(result, report)
    sys.exit(_exit_code([result]))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", default=Path("reports"), show_default=True)
@_options
def batch(path: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Grade every submission in the folder PATH. With --json, one object a line."""
    from grader.report import jsonl, pages, terminal

    names = pages.Names()
    grades: list[Grade] = []
    failures: list[tuple[str, GraderError]] = []
    with _reported(as_json), _grader(path, as_json, **options) as grader:
        for result in grader.grade_all(path):
            if isinstance(result, tuple):
                failures.append(result)
                click.echo(one_line(f"{result[0]}: {result[1]}"), err=True)
                continue
            grades.append(result)
            _put_report(result, out, names)
            if as_json:
                click.echo(jsonl.dumps(result).encode())
            else:
                click.echo(f"{result.submission}: done in {result.seconds:.1f} s", err=True)
    if not as_json:
        console = _console()
        terminal.show_summary(grades, console)
        console.print(one_line(f"Reports: {out}"), highlight=False, markup=False)
    codes = [error.exit_code for _, error in failures] + [_exit_code(grades)] * bool(grades)
    sys.exit(max(codes, default=0))


@main.command()
@click.option("--mutants", callback=_how_many, default="100", metavar="N", help=_MUTANTS_HELP)
@click.option("--correct", type=click.Path(path_type=Path), metavar="DIR", help=_CORRECT_HELP)
@click.option("--assignment", multiple=True, metavar="NAME", help="Only this assignment. May be repeated.")
@click.option("--exercise", multiple=True, metavar="NAME", help="Only this exercise. May be repeated.")
@click.option("--course", type=click.Path(path_type=Path), metavar="DIR", help="Another course folder.")
@click.option("--no-training", is_flag=True, help="Leave out the training runs, and the points for them.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Workers at a time. Default: one per core.")
@click.option("--seed", type=int, help="Draw inputs and the sample of mutants from this seed.")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line for each trial, and nothing else.")
def selftest(
    assignment: tuple[str, ...],
    exercise: tuple[str, ...],
    course: Path | None,
    no_training: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Try the course on itself: solutions, stubs, the bank of mistakes, correct variations, automatic mutants."""
    with _reported(as_json):
        _expect_linux()
        from grader import course as courses
        from grader import selftest

        loaded = courses.load(course)
        loaded = loaded.without_training() if no_training else loaded
        selection = _selection(loaded, assignment, exercise)
        code = selftest.main(loaded, selection, None if as_json else _console(), _say, **options)
    sys.exit(code)


def _selection(course: Course, assignment: tuple[str, ...], exercise: tuple[str, ...]) -> Selection:
    from grader.grading import Selection

    selection = Selection(
        frozenset(course.assignment(name).id for name in assignment),
        frozenset(course.exercise(name).id for name in exercise),
    )
    if next(selection.of(course), None) is None:
        raise UsageError("--assignment and --exercise leave nothing to grade: the exercise is not in that assignment")
    return selection


@contextlib.contextmanager
def _reported(as_json: bool) -> Iterator[None]:
    """Our own errors as one line on standard error, and their exit code."""
    try:
        yield
    except GraderError as error:
        click.echo(printable(f"grade: {error}"), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("grade: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Exception:  # the outermost edge: whatever it is, it is ours, and must not look like a student's result
        click.echo(printable(traceback.format_exc()), err=True, nl=False)
        click.echo("grade: this is a fault of the grader, not of the submission: please report it", err=True)
        sys.exit(InternalError.exit_code)


@contextlib.contextmanager
def _grader(
    path: Path,
    as_json: bool,
    *,
    course: Path | None,
    device: str,
    assignment: tuple[str, ...],
    exercise: tuple[str, ...],
    seed: int | None,
    jobs: int | None,
    data: str,
    data_root: Path | None,
    tier: str | None,
    unsafe: bool,
    memory: int | None,
    seconds: float | None,
    no_training: bool,
) -> Iterator[Grader]:
    """Everything that grading needs, started in the order that wastes no time: torch is imported meanwhile."""
    _expect_linux()
    from grader import bands, submission
    from grader import course as courses
    from grader.data import FOLDERS
    from grader.grading import Grader
    from grader.plan import Settings
    from grader.sandbox.host import Zygote
    from grader.sandbox.limits import allowance_of
    from grader.sandbox.tiers import STRONG
    from grader.store import Store, default_folder

    submission.expect_folder(path)
    loaded = courses.load(course)
    if no_training:
        if data != "digits":
            raise UsageError(f"--data {data} is for the training runs, which --no-training leaves out")
        loaded = loaded.without_training()
    selection = _selection(loaded, assignment, exercise)
    store = Store(default_folder())
    chosen = _device(device)
    hide = [*map(str, (loaded.root, *courses.copies(), path, store.folder))]
    samples = _samples(data, data_root, store.folder)
    if samples is not None and data_root is not None:
        hide.append(str(data_root / FOLDERS[data]))
    with Zygote(chosen, tuple(hide), _tiers(tier, unsafe), str(store.folder / "matplotlib")) as zygote:
        settings = Settings(seed if seed is not None else store.seed(), chosen, allowance=allowance_of(memory, seconds))
        if zygote.facts.protection.tier < STRONG:
            click.echo(f"grade: {zygote.facts.protection.line}", err=True)
        if samples is not None:
            loaded = bands.fitted(loaded, samples, zygote, store.folder, selection, _say)
        with Grader(loaded, zygote, settings, store, selection, jobs, names=True, shows=True, say=_say) as grader:
            yield grader


def _expect_linux() -> None:
    if sys.platform != "linux":
        raise UsageError(
            f"grade runs on Linux; this is {sys.platform}, where it could put no walls around student code. "
            "Use a Linux container or virtual machine, on Windows WSL 2 (see docs/security.md)"
        )


def _tiers(tier: str | None, unsafe: bool) -> tuple[int, ...]:
    """Which tiers of protection may be used, best first."""
    from grader.sandbox.tiers import NONE, SAFE

    if tier and unsafe:
        raise UsageError("--tier and --unsafe-no-sandbox exclude each other")
    if unsafe:
        return (NONE,)
    return (int(tier),) if tier else SAFE


def _samples(name: str, root: Path | None, store: Path) -> Digits | None:
    """The data set in place of the digits, if another was asked for."""
    from grader import data

    if name == "digits":
        if root is not None:
            raise UsageError(f"--data-root {root}: the digits come along. Say with --data what lies there")
        return None
    if root is None:
        raise UsageError(f"--data {name} needs --data-root DIR, the folder that holds {data.FOLDERS[name]}/")
    return data.load(name, root, store)


def _say(line: str) -> None:
    click.echo(printable(f"grade: {line}"), err=True)


def _device(wanted: str) -> str:
    """What ``auto`` means here: a GPU where the driver shows one, and torch is not built for the CPU alone."""
    if wanted != "auto":
        return wanted
    from importlib.metadata import version

    gpu = any(Path("/dev").glob("nvidia[0-9]*")) and not version("torch").endswith("+cpu")
    return "cuda" if gpu else "cpu"


def _write_report(result: Grade, file: Path) -> None:
    from grader.report import html

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(html.render(result), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"the report cannot be written to {file}: {error.strerror}") from error


def _put_report(result: Grade, folder: Path, names: Names) -> Path:
    """Write the page into `folder`, under a name that is its own there."""
    from grader.report import html, pages

    try:
        return pages.put(html.render(result), folder, names.of(result.submission))
    except OSError as error:
        raise UsageError(f"the report cannot be written into {folder}: {error.strerror}") from error


def _show(result: Grade, report: Path | None) -> None:
    from grader.report import terminal

    console = _console()
    terminal.show(result, console)
    if report is not None:
        console.print(one_line(f"Report: {report}"), highlight=False, markup=False, soft_wrap=True)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _exit_code(results: list[Grade]) -> int:
    """0 everything passed, 1 something did not, 4 something of ours broke."""
    from grader.model import Status, Verdict

    verdicts = {verdict for result in results for verdict in result.verdicts()}
    statuses = {exercise.status for result in results for exercise in result.exercises}
    if Verdict.ERROR in verdicts or Status.ERROR in statuses:
        return 4
    return 0 if verdicts == {Verdict.PASSED} else 1
