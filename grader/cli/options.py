"""Options that commands share, and how what is typed becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from grader.cli.completing import assignments, exercises
from grader.cli.speaking import option, speaks
from grader.language import N_, _

DATA_SETS = ("digits", "mnist", "fashion_mnist", "cifar10")
COURSE = N_("The course's folder. Default: the course that comes along.")
EXERCISE = N_("Only this exercise. May be repeated. Default: all.")
ASSIGNMENT = N_("Only this assignment. May be repeated. Default: all.")
TIER = N_("Insist on this tier of the sandbox. Default: the best that this machine has.")
UNSAFE = N_("Run student code without walls, where none can be had. Every report is stamped.")
_DEVICE_HELP = N_("Where models run.")
_ROOT_HELP = N_("Where that data set lies. The digits, the default, need none.")
_MEMORY_HELP = N_("Memory of each worker, such as 512MiB or 4GiB. Default: what the rubric says, or 2GiB.")
_SECONDS_HELP = N_("Computing time of one question, and three times that to wait. Default: the rubric's, or 20.")
_REUSE_HELP = N_("Compute everything, even what is known to be the same computation as another.")
_DATA_HELP = N_("What the training runs use. The digits come along; nothing is ever downloaded.")


def _memory(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    from grader.sandbox.limits import memory_size

    try:
        return None if text is None else memory_size(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _seconds(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    from grader.sandbox.limits import typed_seconds

    try:
        return None if text is None else typed_seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def moment(_context: click.Context, _option: click.Parameter, text: str | None) -> str:
    """A time as it stands in a gradebook: ISO 8601, UTC. Nothing is before all of them."""
    if text is None:
        return ""
    try:
        typed = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            _("{text!r} is no time: write 2026-11-23 or 2026-11-23T10:04").format(text=text)
        ) from error
    typed = typed.replace(tzinfo=UTC) if typed.tzinfo is None else typed.astimezone(UTC)
    return typed.isoformat(timespec="seconds")


def how_many(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    """A number, or None for all."""
    if text == "all":
        return None
    if not text.isascii() or not text.isdigit():
        raise click.BadParameter(_("{text!r} is neither a number nor all").format(text=text))
    return int(text)


colours = option(
    "--color/--no-color",
    "colours",
    default=None,
    help=N_("Colours, or none. Default: on a terminal, unless NO_COLOR or FORCE_COLOR says else."),
)


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that one submission and a class share."""
    for one in (
        speaks,
        option("--seed", type=int, help=N_("Draw inputs from this seed. Default: the machine's own.")),
        option("--jobs", type=click.IntRange(1, 256), help=N_("Workers at a time. Default: one per core.")),
        option("--course", type=click.Path(path_type=Path), metavar="DIR", help=COURSE),
        option(
            "--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True, help=_DEVICE_HELP
        ),
        option("--exercise", multiple=True, metavar="NAME", shell_complete=exercises, help=EXERCISE),
        option("--assignment", multiple=True, metavar="NAME", shell_complete=assignments, help=ASSIGNMENT),
        option("--data-root", type=click.Path(path_type=Path), metavar="DIR", help=_ROOT_HELP),
        option("--data", type=click.Choice(DATA_SETS), default="digits", show_default=True, help=_DATA_HELP),
        option("--unsafe-no-sandbox", "unsafe", is_flag=True, help=UNSAFE),
        option("--tier", type=click.Choice(["4", "3", "2"]), help=TIER),
        option("--no-reuse", is_flag=True, help=_REUSE_HELP),
        option("--no-training", is_flag=True, help=N_("Leave out the training runs, and the points for them.")),
        option("--seconds", callback=_seconds, metavar="N", help=_SECONDS_HELP),
        option("--memory", callback=_memory, metavar="SIZE", help=_MEMORY_HELP),
        option("--json", "as_json", is_flag=True, help=N_("Print the result as JSON, and nothing else.")),
    ):
        command = one(command)
    return command
