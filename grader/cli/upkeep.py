"""Commands that look after the machine and the course."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from grader.cli.options import how_many
from grader.cli.running import console, expect_linux, reported, say, selected

_MUTANTS = "How many automatic mistakes, or all. Default: 100, spread over exercises and operators."
_CORRECT = "Correct variations: DIR/<assignment>/correct/*.py. A checkout has its own."


@click.command()
@click.option("--mutants", callback=how_many, default="100", metavar="N", help=_MUTANTS)
@click.option("--correct", type=click.Path(path_type=Path), metavar="DIR", help=_CORRECT)
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
    with reported(as_json):
        expect_linux()
        from grader import course as courses
        from grader import selftest

        loaded = courses.load(course)
        loaded = loaded.without_training() if no_training else loaded
        selection = selected(loaded, assignment, exercise)
        code = selftest.main(loaded, selection, None if as_json else console(), say, **options)
    sys.exit(code)


@click.command()
def doctor() -> None:
    """Tell what this machine can do to wall in student code, what is missing, and how to get it."""
    with reported(False):
        expect_linux()
        from grader import doctor

        sys.exit(doctor.examine(click.echo))
