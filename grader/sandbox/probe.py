"""Which protection this machine gives, found by putting every wall up in a throw-away child. Flags lie; deeds do not.

Ubuntu 24.04, for one, lets anybody make a user namespace, and then takes its privileges away.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.sandbox import lockdown, namespaces, paths, tiers
from grader.sandbox.lockdown import Plan

TRIES = 3  # of a child that somebody kills


@dataclass(frozen=True)
class Position:
    """The best that can be had of what was asked for: a tier, the way to its namespaces, and why not a better one."""

    tier: int
    way: str = ""
    why: str = ""


def choose(asked: tuple[int, ...], ways: tuple[str, ...], device: str) -> Position:
    """The best of the tiers `asked` for, best first. Tier 0 with the reason where none of them can be had."""
    show = paths.shown(device)
    why = lockdown.prepare(device == "cuda")
    for tier in asked:
        for way in ways if tier >= tiers.STRONG else ("",):
            if tier == tiers.NONE or (way == "root" and os.geteuid() != 0):
                continue
            try:
                behind(Plan(tier, way, show, gpu=device == "cuda"), lambda: "")
            except OSError as error:
                why = why or str(error)
            else:
                return Position(tier, way, why)
    return Position(tiers.NONE, "", "" if tiers.NONE in asked else why)


def behind(plan: Plan, act: Callable[[], str]) -> str:
    """What `act` says in a throw-away child behind the plan's walls. Raises OSError when they cannot be put up."""
    if plan.private_root:
        return in_child(lambda: _as_worker(plan, act))
    with tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True) as box:
        return in_child(lambda: _as_worker(replace(plan, box=box), act))


def _as_worker(plan: Plan, act: Callable[[], str]) -> str:
    def closed() -> str:
        lockdown.close_the_door(plan)
        return act()

    namespaces.take_position(plan.way)
    return in_child(closed, lambda: lockdown.fork_apart(plan.way))


def in_child(act: Callable[[], str], fork: Callable[[], int] = os.fork) -> str:
    """What `act` says in a child. Raises OSError with the child's own words, or when it ended without any.

    A child that somebody kills has said nothing about this machine: another one is asked.
    """
    for _child in range(TRIES):
        said, code = _asked(act, fork)
        if said or code not in namespaces.KILLED:
            break
    if said.startswith("."):
        return said[1:]
    raise OSError(said[1:] or f"it ended without a word (status {code})")


def _asked(act: Callable[[], str], fork: Callable[[], int]) -> tuple[str, int]:
    """The words of one child, and its exit code."""
    read_end, write_end = os.pipe()
    child = fork()
    if child == 0:
        _say(write_end, act)
    os.close(write_end)
    with open(read_end, "rb") as answer:
        said = answer.read().decode("utf-8", "backslashreplace")
    _, status = os.waitpid(child, 0)
    return said, os.waitstatus_to_exitcode(status)


def _say(write_end: int, act: Callable[[], str]) -> None:
    """In the child: say what comes of `act`, and end."""
    said = ""
    try:
        said = "." + act()
    except Exception as error:  # whatever it is, it is why this machine does not give that wall
        said = "!" + str(getattr(error, "strerror", None) or error)
    finally:
        os.write(write_end, said.encode())
        os._exit(0)
