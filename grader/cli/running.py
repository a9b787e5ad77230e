"""What commands need around them: our errors in words, everything that grading takes, the terminal, the exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.speaking import settle
from grader.errors import GraderError, InternalError, UsageError
from grader.language import _
from grader.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from grader.course import Course, Digits
    from grader.grading import Grader, Selection
    from grader.model import Grade

INTERRUPTED = 130


def selected(course: Course, assignment: tuple[str, ...], exercise: tuple[str, ...]) -> Selection:
    """What the options leave of the course. Raises `UsageError` where that is nothing."""
    from grader.grading import Selection

    selection = Selection(
        frozenset(course.assignment(name).id for name in assignment),
        frozenset(course.exercise(name).id for name in exercise),
    )
    if next(selection.of(course), None) is None:
        raise UsageError(
            _("--assignment and --exercise leave nothing to grade: the exercise is not in that assignment")
        )
    return selection


@contextlib.contextmanager
def reported(as_json: bool) -> Iterator[None]:
    """Our own errors as one line on standard error, and their exit code."""
    try:
        yield
    except GraderError as error:
        click.echo(printable(f"grade: {error}"), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo(_("grade: interrupted"), err=True)
        sys.exit(INTERRUPTED)
    except Exception:  # the outermost edge: whatever it is, it is ours, and must not look like a student's result
        click.echo(printable(traceback.format_exc()), err=True, nl=False)
        click.echo(_("grade: this is a fault of the grader, not of the submission: please report it"), err=True)
        sys.exit(InternalError.exit_code)


@contextlib.contextmanager
def grading(
    path: Path,
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
    no_reuse: bool,
    hidden: tuple[Path, ...] = (),
    apart: bool = False,
    shows: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Iterator[Grader]:
    """Everything that grading needs, started in the order that wastes no time: torch is imported meanwhile.

    No worker sees `path`, nor what else is `hidden`. With `apart`, training runs have workers of their own; `shows`
    asks for smallest calls, too. `tell` hears what takes longer, in place of whoever reads standard error.
    """
    expect_linux()
    from grader import bands, submission
    from grader import course as courses
    from grader.coursewide import copies
    from grader.data import FOLDERS
    from grader.grading import Grader
    from grader.plan import Settings
    from grader.sandbox import promises
    from grader.sandbox.host import Zygote
    from grader.sandbox.limits import allowance_of
    from grader.sandbox.tiers import STRONG
    from grader.store import Store, default_folder

    settle(course)
    submission.expect_folder(path)
    loaded = courses.load(course)
    if no_training:
        if data != "digits":
            raise UsageError(
                _("--data {data} is for the training runs, which --no-training leaves out").format(data=data)
            )
        loaded = loaded.without_training()
    selection = selected(loaded, assignment, exercise)
    store = Store(default_folder())
    chosen = _device(device)
    hide = [*map(str, (loaded.root, *copies(), path, *hidden, store.folder))]
    samples = _samples(data, data_root, store.folder)
    if samples is not None and data_root is not None:
        hide.append(str(data_root / FOLDERS[data]))
    with Zygote(chosen, tuple(hide), _tiers(tier, unsafe), str(store.folder / "matplotlib")) as zygote:
        settings = Settings(seed if seed is not None else store.seed(), chosen, allowance=allowance_of(memory, seconds))
        if zygote.facts.protection.tier < STRONG:
            click.echo(f"grade: {promises.said(zygote.facts.protection).line}", err=True)
        if samples is not None:
            loaded = bands.fitted(loaded, samples, zygote, store.folder, selection, say)
        with Grader(
            loaded, zygote, settings, store, selection, jobs, names=True, shows=shows, say=tell or say,
            reuses=not no_reuse, apart=apart,
        ) as grader:  # fmt: skip
            yield grader


def expect_linux() -> None:
    """Raise `UsageError` on any other system."""
    if sys.platform != "linux":
        raise UsageError(
            _(
                "grade runs on Linux; this is {platform}, where it could put no walls around student code. "
                "Use a Linux container or virtual machine, on Windows WSL 2 (see docs/security.md)"
            ).format(platform=sys.platform)
        )


def _tiers(tier: str | None, unsafe: bool) -> tuple[int, ...]:
    """Which tiers of protection may be used, best first."""
    from grader.sandbox.tiers import NONE, SAFE

    if tier and unsafe:
        raise UsageError(_("--tier and --unsafe-no-sandbox exclude each other"))
    if unsafe:
        return (NONE,)
    return (int(tier),) if tier else SAFE


def _samples(name: str, root: Path | None, store: Path) -> Digits | None:
    """The data set in place of the digits, if another was asked for."""
    from grader import data

    if name == "digits":
        if root is not None:
            raise UsageError(
                _("--data-root {root}: the digits come along. Say with --data what lies there").format(root=root)
            )
        return None
    if root is None:
        raise UsageError(
            _("--data {name} needs --data-root DIR, the folder that holds {folder}/").format(
                name=name, folder=data.FOLDERS[name]
            )
        )
    return data.load(name, root, store)


def say(line: str) -> None:
    """Tell whoever waits, on standard error."""
    click.echo(printable(f"grade: {line}"), err=True)


def _device(wanted: str) -> str:
    """What ``auto`` means here: a GPU where the driver shows one, and torch is not built for the CPU alone."""
    if wanted != "auto":
        return wanted
    from importlib.metadata import version

    gpu = any(Path("/dev").glob("nvidia[0-9]*")) and not version("torch").endswith("+cpu")
    return "cuda" if gpu else "cpu"


def console(colours: bool | None = None) -> Console:
    """Standard output, with colours or without, or as the environment says."""
    from grader.report.screen import console_on

    return console_on(sys.stdout, os.environ, colours)


def never_fail_to_write() -> None:
    """Let standard output write out the characters that its encoding lacks, whatever prints them."""
    with contextlib.suppress(AttributeError):  # something of a test's, perhaps
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def exit_code(results: list[Grade]) -> int:
    """0 everything passed, 1 something did not, 4 something of ours broke."""
    from grader.model import Status, Verdict

    verdicts = {verdict for result in results for verdict in result.verdicts()}
    statuses = {exercise.status for result in results for exercise in result.exercises}
    if Verdict.ERROR in verdicts or Status.ERROR in statuses:
        return 4
    return 0 if verdicts == {Verdict.PASSED} else 1
