"""``grade explain``: what the words of a result mean, without grading anything."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.completing import topics
from grader.cli.options import COURSE, colours
from grader.cli.running import console, reported
from grader.cli.speaking import command, option, settle, speaks
from grader.language import N_


@command(
    N_(
        "Explain ID: a known mistake, a check, an exercise, an outcome or an exit code. Without ID, list them all.\n\n"
        "A check may be named with its exercise, RestNet18.forward. What to do about a mistake comes last."
    )
)
@click.argument("id", required=False, shell_complete=topics)
@option("--course", type=click.Path(path_type=Path), metavar="DIR", help=COURSE)
@colours
@speaks
def explain(id: str | None, course: Path | None, colours: bool | None) -> None:
    """Print one topic, or the list of them."""
    with reported(False):
        from grader.catalogue import Catalogue
        from grader.coursewide import default_root
        from grader.report import explained
        from grader.report.screen import Screen

        settle(course)
        known, screen = Catalogue(course or default_root()), Screen(console(colours))
        if id is None:
            explained.show_all(known.groups(), screen)
        else:
            explained.show(known.topic(id), screen)
