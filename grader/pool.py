"""Threads that wait for workers, one each: what is asked for first by rank is asked first.

Ranks keep a class in order: the submission that came first is finished first, within it the longest job begins first,
and what others wait for comes before all. `concurrent.futures` has no pool that takes an order.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

Result = TypeVar("Result")
Rank = tuple[float, ...]
FIRST: Rank = (-1.0,)
_LAST: Rank = (float("inf"),)
_Task = tuple[Future[Any], Callable[[], Any]]


class Pool(Executor):
    """So many threads at work on what was submitted, lowest rank first, then in the order of coming."""

    def __init__(self, threads: int) -> None:
        self._waiting: queue.PriorityQueue[tuple[Rank, int, _Task | None]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"worker-{n}") for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Callable[..., Result], /, *arguments: Any, **named: Any) -> Future[Result]:
        """Have `task` called before everything that is ranked."""
        return self.ranked(FIRST, task, *arguments, **named)

    def ranked(self, rank: Rank, task: Callable[..., Result], /, *arguments: Any, **named: Any) -> Future[Result]:
        """Have `task` called when it is its turn. Raises RuntimeError once the pool is shut down."""
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            self._put(rank, (future, lambda: task(*arguments, **named)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more. What waits is done still, or cancelled."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._threads:
                self._put(_LAST, None)
        for thread in self._threads if wait else ():
            thread.join()

    def _put(self, rank: Rank, task: _Task | None) -> None:
        self._waiting.put((rank, next(self._numbers), task))

    def _cancel_waiting(self) -> None:
        while True:
            try:
                _, _, task = self._waiting.get_nowait()
            except queue.Empty:
                return
            if task is not None:
                task[0].cancel()
                task[0].set_running_or_notify_cancel()

    def _work(self) -> None:
        while True:
            _, _, task = self._waiting.get()
            if task is None:
                return
            future, call = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits gets it, whatever it is
                future.set_exception(error)
            del future, call, task  # a result must not live on in a thread that waits
