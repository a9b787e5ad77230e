"""Commands that look after the machine and the course."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from grader.cli.completing import assignments, exercises
from grader.cli.options import ASSIGNMENT, COURSE, EXERCISE, how_many
from grader.cli.running import console, expect_linux, reported, say, selected
from grader.cli.speaking import command, option, settle, speaks
from grader.language import N_

_MUTANTS = N_("How many automatic mistakes, or all. Default: 100, spread over exercises and operators.")
_CORRECT = N_("Correct variations: DIR/<assignment>/correct/*.py. Default: those of a checkout.")


@command(N_("Try the course on itself: solutions, stubs, the bank of mistakes, correct variations, automatic mutants."))
@option("--mutants", callback=how_many, default="100", metavar="N", help=_MUTANTS)
@option("--correct", type=click.Path(path_type=Path), metavar="DIR", help=_CORRECT)
@option("--assignment", multiple=True, metavar="NAME", shell_complete=assignments, help=ASSIGNMENT)
@option("--exercise", multiple=True, metavar="NAME", shell_complete=exercises, help=EXERCISE)
@option("--course", type=click.Path(path_type=Path), metavar="DIR", help=COURSE)
@option("--no-training", is_flag=True, help=N_("Leave out the training runs, and the points for them."))
@option("--jobs", type=click.IntRange(1, 256), help=N_("Workers at a time. Default: one per core."))
@option(
    "--seed", type=int, help=N_("Draw inputs and the sample of mutants from this seed. Default: the machine's own.")
)
@option("--json", "as_json", is_flag=True, help=N_("Print one object a line for each trial, and nothing else."))
@speaks
def selftest(
    assignment: tuple[str, ...],
    exercise: tuple[str, ...],
    course: Path | None,
    no_training: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Try the course on itself, and tell what became of each trial."""
    with reported(as_json):
        expect_linux()
        from grader import course as courses
        from grader import selftest

        settle(course)
        loaded = courses.load(course)
        loaded = loaded.without_training() if no_training else loaded
        selection = selected(loaded, assignment, exercise)
        code = selftest.main(loaded, selection, None if as_json else console(), say, **options)
    sys.exit(code)


@command(N_("Tell what this machine can do to wall in student code, what is missing, and how to get it."))
@speaks
def doctor() -> None:
    """Tell what this machine can do."""
    with reported(False):
        expect_linux()
        from grader import doctor

        sys.exit(doctor.examine(click.echo))
