"""``grade hint``: what to think about next, one step at a time; never the solution."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.cli.completing import exercises
from grader.cli.options import COURSE, TIER, UNSAFE, colours
from grader.cli.running import console, exit_code, grading, reported
from grader.cli.speaking import command, option, speaks
from grader.language import N_


@command(
    N_(
        "Hint at what to do next in the folder PATH, or in its EXERCISE: first the principle, with --more the "
        "technique.\n\n"
        "The files are graded as they are now, without training runs. Nothing is written."
    )
)
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("exercise", required=False, shell_complete=exercises)
@option("--more", is_flag=True, help=N_("One hint more: the technique. Default: the principle alone."))
@option("--course", type=click.Path(path_type=Path), metavar="DIR", help=COURSE)
@option("--jobs", type=click.IntRange(1, 256), help=N_("Workers at a time. Default: one per core."))
@option("--tier", type=click.Choice(["4", "3", "2"]), help=TIER)
@option(
    "--unsafe-no-sandbox",
    "unsafe",
    is_flag=True,
    help=UNSAFE,
)
@colours
@speaks
def hint(
    path: Path,
    exercise: str | None,
    more: bool,
    course: Path | None,
    jobs: int | None,
    tier: str | None,
    unsafe: bool,
    colours: bool | None,
) -> None:
    """Grade, and show the hint of the first thing to do."""
    from grader.report import hinted
    from grader.report.screen import Screen

    chosen = (exercise,) if exercise else ()
    with (
        reported(False),
        grading(
            path,
            course=course,
            device="cpu",
            assignment=(),
            exercise=chosen,
            seed=None,
            jobs=jobs,
            data="digits",
            data_root=None,
            tier=tier,
            unsafe=unsafe,
            memory=None,
            seconds=None,
            no_training=True,
            no_reuse=False,
            shows=False,
        ) as grader,
    ):
        result = grader.grade(path)
        hinted.show(result, Screen(console(colours)), str(path), more)
    sys.exit(exit_code([result]))
