"""Where the questions of a watched folder go to workers: each at most once at a time, and given up when stale.

What somebody waits for has threads of its own, so that a save is never behind a training run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.answers import Forms, Show, form_code, form_of
from grader.asking import Tell, patiently, run_job
from grader.evidence import TRAIN, Evidence
from grader.model import Demonstration, Protection
from grader.plan import Job
from grader.pool import Pool
from grader.sandbox.channel import Reply
from grader.sandbox.host import Facts, Line, Sandbox
from grader.sandbox.limits import Limits
from grader.sandbox.ready import Ready
from grader.submission import Module, Submission, hashed


class Dropped(CancelledError):
    """Nobody wants to know any more."""


class Stoppable:
    """A sandbox for one job, that can be told to stop from another thread."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.stopped = False
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._lines: list[Line] = []

    @property
    def facts(self) -> Facts:
        return self._sandbox.facts

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> Line:
        """A worker. Raises `Dropped` once this was stopped."""
        self.expect_going()
        line = self._sandbox.open(limits, cpu_seconds, imports)
        with self._lock:
            self._lines.append(line)
        return _Line(line, self)

    def stop(self) -> None:
        """End the workers; who waits for an answer of theirs gets `Dropped`."""
        with self._lock:
            self.stopped = True
            for line in self._lines:
                line.kill()

    def close(self) -> None:
        self.stop()

    def expect_going(self) -> None:
        """Raise `Dropped` once this was stopped."""
        if self.stopped:
            raise Dropped

    def closed(self, line: Line) -> None:
        """Close a worker; from then on nobody else must touch it."""
        with self._lock:
            self._lines.remove(line)
            line.close()


class _Line:
    """A worker of a stoppable sandbox. What it answers when it was ended by us is no answer."""

    def __init__(self, line: Line, owner: Stoppable) -> None:
        self._line, self._owner = line, owner
        self.output = line.output

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply:
        self._owner.expect_going()
        try:
            return self._line.ask(op, params, arrays, limits)
        finally:
            self._owner.expect_going()

    def kill(self) -> None:
        self._line.kill()

    def close(self) -> None:
        self._owner.closed(self._line)


@dataclass
class _Asked:
    future: Future[Evidence]
    sandbox: Stoppable
    tells: list[Tell] = field(default_factory=list)

    def tell(self, found: Evidence) -> None:
        for tell in list(self.tells):
            tell(found)  # type: ignore[arg-type]  # what is told is partial


class Desk:
    """Asks workers, what is waited for in `front` threads, the rest in `back` ones."""

    def __init__(self, sandbox: Sandbox, front: int, back: int) -> None:
        self.sandbox = sandbox
        self._ready = Ready(sandbox)
        self._front, self._back = Pool(front), Pool(back)
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        key: str,
        rank: float,
        waited: bool,
        job: Job,
        files: dict[str, bytes],
        module: Module,
        imports: tuple[str, ...],
        tell: Tell | None,
    ) -> Future[Evidence]:
        """The answers to a job, lowest rank first. Who asks the same meanwhile gets the same."""
        with self._lock:
            asked = self._asked.get(key)
            if asked is None or asked.future.done() or asked.sandbox.stopped:
                sandbox = Stoppable(self._ready if waited else self.sandbox)
                asked = _Asked(Future(), sandbox)
                pool = self._front if waited else self._back
                whole = asked.tell if waited else None
                asked.future = pool.ranked((rank,), run_job, sandbox, job, files, module, imports, whole)
                self._asked[key] = asked
            if tell is not None:
                asked.tells.append(tell)
            return asked.future

    def show(self, show: Show) -> Demonstration:
        """A demonstration, behind what is waited for."""
        shown: Future[Demonstration] = self._back.ranked((-1.0,), patiently, show)
        return shown.result()

    def drop_all_but(self, wanted: Collection[str]) -> None:
        """Stop what is under way and not wanted."""
        with self._lock:
            for key, asked in list(self._asked.items()):
                if asked.future.done():
                    del self._asked[key]
                elif key not in wanted:
                    asked.future.cancel()
                    asked.sandbox.stop()
                    del self._asked[key]

    def close(self) -> None:
        """Stop everything."""
        self.drop_all_but(())
        self._ready.close()
        for pool in (self._front, self._back):
            pool.shutdown(wait=False, cancel_futures=True)


class Errand:
    """The questions of one round, as `Remembered` puts them: those that nobody knows the answer to.

    `ranks` says when an exercise is asked, by its id; `begun` hears which job is put, `tell` what a worker has answered
    so far. Once the round is `over`, nothing more is asked.
    """

    def __init__(
        self,
        desk: Desk,
        collected: Submission,
        ranks: dict[str, float],
        over: threading.Event,
        begun: Callable[[Job], None],
        tell: Callable[[Job, Evidence], None],
    ) -> None:
        self.forms: Forms = {}
        self.wanted: set[str] = set()
        self.over = over
        self._desk, self._collected, self._ranks = desk, collected, ranks
        self._begun, self._tell = begun, tell

    @property
    def protection(self) -> Protection:
        return self._desk.sandbox.facts.protection

    def ask(self, job: Job, module: Module, imports: tuple[str, ...] = (), soon: bool = False) -> Future[Evidence]:
        if self.over.is_set():
            raise Dropped
        key, examines = self.key(job, module), examination(job) and not soon
        self.wanted.add(key)
        if not soon:
            self._begun(job)
        rank = -1.0 if soon else self._ranks.get(job.exercise.id, 0.0)
        files, tell = self._collected.files, (lambda found: self._tell(job, found)) if examines else None
        return self._desk.ask(key, rank, examines, job, files, module, imports, tell)

    def shown(self, about: str, module: Module, show: Show) -> Demonstration:
        if self.over.is_set():
            raise Dropped
        return self._desk.show(show)

    def key(self, job: Job, module: Module) -> str:
        """What is asked of which code: equal keys, equal answers."""
        form = form_of(job, module, self.forms)
        code = form_code(form, "") if form else self._collected.code(module)
        return hashed(code, job.exercise.id, job.questions)


def examination(job: Job) -> bool:
    """Whether a job is the one that somebody waits for after a save: it asks what the exercise is, and trains
    nothing."""
    ids = {probe.id for probe in job.probes}
    return "find" in ids and TRAIN not in ids
