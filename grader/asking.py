"""Putting questions to workers: a job, a fresh worker for it, and the evidence that comes back."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from grader import evidence
from grader.errors import SandboxError, WorkerLost
from grader.evidence import Evidence, Outcome, Partial
from grader.language import _
from grader.plan import Job, Probe
from grader.sandbox.host import Sandbox
from grader.sandbox.limits import MEMORY_LIMIT, Death, Limits
from grader.submission import Module
from grader.wire.records import Problem

TRIES = 3  # of what is ended by something else than the code that is asked
BETWEEN_TELLING = 0.1  # seconds
Result = TypeVar("Result")
Tell = Callable[[Partial], None]


def run_job(
    sandbox: Sandbox,
    job: Job,
    files: dict[str, bytes],
    module: Module,
    imports: tuple[str, ...] = (),
    tell: Tell | None = None,
) -> Evidence:
    """Put a job's questions to a fresh worker that has the files; questions whose needs failed are not put.

    Where the worker was killed, by nobody knows whom, it is asked again; if that happens every time, it stands. `tell`
    hears now and then what has been answered so far.
    """
    return patiently(lambda: _asked(sandbox, job, files, module, imports, tell), killed)


def killed(found: Evidence) -> bool:
    """Whether a worker was ended by the kernel, or by somebody: it may be the machine's doing or the code's own."""
    return any(isinstance(each, Death) and each.kind == MEMORY_LIMIT for each in found.outcomes.values())


def patiently(ask: Callable[[], Result], doubtful: Callable[[Result], bool] = lambda found: False) -> Result:
    """What `ask` gives. When the worker or the zygote is lost meanwhile, or the result is doubtful, it is asked again,
    with nothing else going on: what else was under way may have been the cause, or the reason why memory ran out.

    Raises `SandboxError` when the worker is lost every time.
    """
    for tried in range(1, TRIES + 1):
        with _turns.taken(alone=tried > 1):
            try:
                found = ask()
            except WorkerLost as error:
                if tried == TRIES:
                    raise SandboxError(
                        _("{error} ({times} times in a row)").format(error=error, times=TRIES)
                    ) from error
                continue
        if tried == TRIES or not doubtful(found):
            return found
    raise AssertionError("the last try returns or raises")


class _Turns:
    """Any number of questions at a time, or one that is alone; who wants to be alone comes before new ones."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._want_alone = 0
        self._alone = False

    @contextlib.contextmanager
    def taken(self, alone: bool) -> Iterator[None]:
        with self._changed:
            self._want_alone += alone
            self._changed.wait_for(lambda: not self._alone and not (self._under_way if alone else self._want_alone))
            self._want_alone -= alone
            self._alone = alone
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._alone = False
                self._changed.notify_all()


_turns = _Turns()


def _asked(
    sandbox: Sandbox,
    job: Job,
    files: dict[str, bytes],
    module: Module,
    imports: tuple[str, ...],
    tell: Tell | None,
) -> Evidence:
    load = loading(files, module, job.probes[0].limits)
    budget = sum(probe.limits.cpu_seconds for probe in (load, *job.probes))
    line = sandbox.open(load.limits, budget, (*job.imports, *imports))
    outcomes: dict[str, Outcome] = {}
    told = time.monotonic()
    try:
        for probe in (load, *job.probes):
            if not all(
                isinstance(outcomes.get(need), evidence.Answered)
                for need in ("load", *probe.needs)[: None if probe is not load else 0]
            ):
                continue
            known = job.known(probe, outcomes)
            if known is not None:
                outcomes[probe.id] = known
                continue
            reply = line.ask(probe.op, probe.params, probe.arrays, probe.limits)
            outcomes[probe.id] = evidence.validate(probe.op, reply, probe.params)
            if not isinstance(outcomes[probe.id], (evidence.Answered, Problem)):
                break  # the worker is dead; what was not asked stays unanswered
            if tell is not None and (now := time.monotonic()) - told >= BETWEEN_TELLING:
                tell(_so_far(outcomes, job, line.output.text))
                told = now
        return Evidence(outcomes, line.output.text)
    finally:
        line.close()


def _so_far(outcomes: dict[str, Outcome], job: Job, output: str) -> Partial:
    awaited = frozenset(probe.id for probe in job.probes if probe.id not in outcomes)
    return Partial(dict(outcomes), output, awaited)


def loading(files: dict[str, bytes], module: Module, limits: Limits) -> Probe:
    """The question that hands over the files, and has the module imported."""
    paths = sorted(path for path in files if not path.endswith(".ipynb"))
    arrays = {str(index): _bytes(files[path]) for index, path in enumerate(paths)}
    arrays |= {f"cell {index}": _bytes(cell.encode()) for index, cell in enumerate(module.cells)}
    params = {"paths": paths, "module": module.stem, "cells": len(module.cells)}
    return Probe("load", "load", params, arrays, limits=limits)


def _bytes(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)


def merge(parts: Sequence[Evidence]) -> Evidence:
    """The evidence of several workers on one exercise. What ended badly in any of them stays so."""
    outcomes: dict[str, Outcome] = {}
    for part in parts:
        for probe, outcome in part.outcomes.items():
            if probe not in outcomes or isinstance(outcomes[probe], evidence.Answered):
                outcomes[probe] = outcome
    return Evidence(outcomes, parts[-1].output)
