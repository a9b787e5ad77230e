"""A worker that is ready before it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import made_up

from grader.sandbox.fake import FakeSandbox
from grader.sandbox.limits import DEFAULT
from grader.sandbox.ready import Ready


def soon(true: Callable[[], bool]) -> bool:
    """Whether that is so within some seconds."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_the_next_worker_is_made_when_one_is_closed() -> None:
    """Who asks next gets that one, and none is made twice."""
    sandbox = FakeSandbox(made_up.script(made_up.evidence()))
    ready = Ready(sandbox)
    first = ready.open(DEFAULT, 10.0, ("torch._dynamo",))
    assert len(sandbox.lines) == 1
    first.close()
    assert soon(lambda: len(sandbox.lines) == 2)
    assert soon(lambda: ready._waiting is not None)
    ready.open(DEFAULT, 5.0)
    assert len(sandbox.lines) == 2
    ready.open(DEFAULT, 5.0)
    assert len(sandbox.lines) == 3
    ready.close()


def test_a_worker_that_may_do_less_is_not_given() -> None:
    """Other limits, more computing time or other imports take a worker of their own; at the end none is left."""
    sandbox = FakeSandbox(made_up.script(made_up.evidence()))
    ready = Ready(sandbox)
    ready.open(DEFAULT, 10.0).close()
    assert soon(lambda: ready._waiting is not None)
    for limits, seconds, imports in (
        (replace(DEFAULT, memory_bytes=1 << 20), 1.0, ()),
        (DEFAULT, 11.0, ()),
        (DEFAULT, 1.0, ("matplotlib.pyplot",)),
    ):
        made = len(sandbox.lines)
        ready.open(limits, seconds, imports)
        assert len(sandbox.lines) == made + 1
    ready.close()
    assert sandbox.lines[1].closed == 1
    ready.open(DEFAULT, 1.0).close()  # makes no other any more
    assert ready._waiting is None
