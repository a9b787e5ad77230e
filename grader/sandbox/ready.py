"""A worker that is ready before it is asked for: forked and walled in while nobody waits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grader.errors import SandboxError
from grader.sandbox.host import Facts, Line, Sandbox
from grader.sandbox.limits import Limits


@dataclass(frozen=True)
class _Order:
    """What a worker was made for."""

    limits: Limits
    cpu_seconds: float
    imports: frozenset[str]

    def serves(self, other: _Order) -> bool:
        """Whether a worker made for this may be used for the other: no limit is another, but that it may use up more
        computing time in all; what one question may use up is looked at from outside."""
        enough = self.cpu_seconds >= other.cpu_seconds and self.imports >= other.imports
        return self.limits == other.limits and enough


class Ready:
    """Gives the workers of a sandbox, and once one is closed has the next made, like the largest asked for so far."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._waiting: tuple[_Order, Line] | None = None
        self._maker = ThreadPoolExecutor(1, "ready")
        self._closed = False

    @property
    def facts(self) -> Facts:
        return self._sandbox.facts

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> Line:
        """The worker that is ready, where it serves, or a new one. Raises what the sandbox raises."""
        order = _Order(limits, cpu_seconds, frozenset(imports))
        with self._lock:
            waiting = self._waiting
            if waiting is not None and waiting[0].serves(order):
                self._waiting = None
                return _Line(waiting[1], waiting[0], self)
        if waiting is not None and waiting[0].limits == limits:
            imported = waiting[0].imports | order.imports
            order = _Order(limits, max(cpu_seconds, waiting[0].cpu_seconds), imported)
        return _Line(self._sandbox.open(limits, cpu_seconds, imports), order, self)

    def make(self, order: _Order) -> None:
        """Have a worker made for the next that asks, in the background."""
        with self._lock:
            if not self._closed:
                self._maker.submit(self._make, order)

    def close(self) -> None:
        """End the worker that waits, and make none any more."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting[1].close()
        self._maker.shutdown(wait=False, cancel_futures=True)

    def _make(self, order: _Order) -> None:
        with self._lock:
            if self._closed or (self._waiting is not None and self._waiting[0].serves(order)):
                return
        try:
            line = self._sandbox.open(order.limits, order.cpu_seconds, tuple(sorted(order.imports)))
        except SandboxError:  # who asks next hears of it
            return
        with self._lock:
            before, self._waiting = self._waiting, (order, line)
            closed = self._closed
            if closed:
                self._waiting = None
        if before is not None:
            before[1].close()
        if closed:
            line.close()


class _Line:
    """A worker that has the next one made when it is closed."""

    def __init__(self, line: Line, order: _Order, owner: Ready) -> None:
        self.ask, self.kill, self.output = line.ask, line.kill, line.output
        self._line, self._order, self._owner = line, order, owner

    def close(self) -> None:
        """Close it."""
        self._line.close()
        self._owner.make(self._order)
