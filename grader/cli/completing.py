"""What a shell completes: names of the course, and ``grade completion``, which prints the script that asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from grader.cli.running import reported
from grader.cli.speaking import command, speaks
from grader.errors import GraderError, UsageError
from grader.language import N_, _

if TYPE_CHECKING:
    from grader.catalogue import Catalogue

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_GRADE_COMPLETE"


def topics(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Ids for ``grade explain``: those of an exercise's checks once its name and a dot are there."""
    known = _known(context)
    if known is None:
        return []
    return _beginning(typed, (id for id in known.ids() if "." not in id or "." in typed))


def exercises(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of exercises."""
    known = _known(context)
    return _beginning(typed, known.exercises()) if known is not None else []


def assignments(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Ids of assignments."""
    known = _known(context)
    return _beginning(typed, known.assignments) if known is not None else []


def _known(context: click.Context) -> Catalogue | None:
    """The course that the line so far names; nothing where it cannot be read: who presses a key wants no message."""
    from grader.catalogue import Catalogue
    from grader.coursewide import default_root

    try:
        known = Catalogue(context.params.get("course") or default_root())
        known.ids()
    except (GraderError, OSError, KeyError):
        return None
    return known


def _beginning(typed: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(typed)]


@command(
    N_(
        "Print a script that lets your shell complete commands, options, exercises and ids.\n\n"
        "Without SHELL, the one that you use: bash, zsh or fish."
    )
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@speaks
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print the script of a shell."""
    with reported(False):
        used = Path(os.environ.get("SHELL", "")).name
        chosen = shell or (used if used in SHELLS else "")
        if not chosen:
            raise UsageError(_("name the shell: {names}").format(names=", ".join(SHELLS)))
        made = get_completion_class(chosen)
        assert made is not None, chosen
        click.echo(made(context.find_root().command, {}, "grade", _VARIABLE).source())
