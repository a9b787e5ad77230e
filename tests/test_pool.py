"""The pool: order by rank, results and errors where they belong, and an end."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError

import pytest

from grader.pool import Pool


def test_the_lowest_rank_is_first_and_equals_keep_their_order() -> None:
    """What waits should be done by rank, unranked work before all, equals as they came."""
    pool, gate, done = Pool(1), threading.Event(), []
    pool.submit(gate.wait)
    for name, rank in (("late", (2.0, 0.0)), ("long", (1.0, -3.0)), ("short", (1.0, -1.0)), ("as short", (1.0, -1.0))):
        pool.ranked(rank, done.append, name)
    pool.submit(done.append, "everybody waits for it")
    gate.set()
    pool.shutdown()
    assert done == ["everybody waits for it", "long", "short", "as short", "late"]


def test_results_and_errors_reach_who_waits() -> None:
    """A future should give what its task returned, or raise what it raised; the thread should live on."""
    pool = Pool(1)
    failed, summed = pool.submit(int, "x"), pool.submit(sum, (1, 2))
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(5)
    assert summed.result(5) == 3
    pool.shutdown()


def test_shutting_down_cancels_what_waits() -> None:
    """What had not begun should be cancelled, and nothing more be taken."""
    pool, gate = Pool(1), threading.Event()
    began, begun = threading.Event(), pool.submit(lambda: (began.set(), gate.wait(5)))
    began.wait(5)
    waits = pool.submit(int)
    threading.Timer(0.05, gate.set).start()
    pool.shutdown(cancel_futures=True)
    assert begun.done()
    with pytest.raises(CancelledError):
        waits.result(5)
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(int)
