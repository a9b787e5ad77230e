"""What the course's own code answers: the reference solutions, and solutions with known mistakes in them.

The same questions as to students, through the same workers; each asked once on a machine and then remembered, in
memory and in the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace

from grader import plan, store
from grader.asking import merge, run_job
from grader.course import Course, Exercise
from grader.evidence import Evidence
from grader.language import _
from grader.plan import Job, Settings
from grader.sandbox.host import Sandbox
from grader.sandbox.limits import WALL_LIMIT, Death
from grader.sharing import Shared
from grader.store import Store
from grader.submission import Module

Say = Callable[[str], None]
WORTH_SAYING = 20  # variations that must be asked anew, before somebody who waits is told


class References:
    """Evidence of the course's own code, computed in `pool` where it is not known yet."""

    def __init__(self, course: Course, sandbox: Sandbox, settings: Settings, memory: Store, pool: Executor) -> None:
        self._course, self._sandbox, self._settings = course, sandbox, settings.for_reference()
        self._store, self._pool = memory, pool
        self._solutions: dict[str, Future[Evidence]] = {}
        self._varied: dict[str, Future[Evidence]] = {}  # by key: see `store`
        self._shared, self._lock = Shared(), threading.Lock()

    def start(self, exercises: Iterable[Exercise]) -> None:
        """Begin to ask the solutions of some exercises; what died at an earlier try is asked again."""
        for exercise in exercises:
            known = self._solutions.get(exercise.id)
            if known is None or (known.done() and (known.cancelled() or known.exception() or known.result().died)):
                solution = self._course.assignment(exercise.assignment).solution
                self._solutions[exercise.id] = self._pool.submit(self._saved_or_asked, exercise, solution)

    def of(self, exercise: Exercise) -> Evidence:
        """The evidence of the reference solution; waits for it."""
        if exercise.id not in self._solutions:
            self.start([exercise])
        return self._solutions[exercise.id].result()

    def mistaken(self, exercise: Exercise, source: bytes) -> Evidence:
        """The evidence of a solution with mistakes in it, to all questions."""
        return self._saved_or_asked(exercise, source)

    def outlines(self, exercise: Exercise, sources: Sequence[bytes], say: Say) -> list[Evidence]:
        """What mistaken solutions build, and what comes out of one pass, in the order of `sources`."""
        jobs = [replace(job, probes=tuple(plan.outline(job.probes))) for job in self._untrained(exercise)]
        return self._all(exercise, sources, jobs, say)

    def examined(self, exercise: Exercise, sources: Sequence[bytes], say: Say) -> list[Evidence]:
        """The evidence of mistaken solutions, in the order of `sources`, to everything but the training run."""
        return self._all(exercise, sources, self._untrained(exercise), say)

    def _all(self, exercise: Exercise, sources: Sequence[bytes], jobs: Sequence[Job], say: Say) -> list[Evidence]:
        questions = _questions(jobs)
        keys = [self._key(source, questions) for source in sources]
        with self._lock:  # who comes second waits for the first, and asks nothing
            fresh = {key: source for key, source in zip(keys, sources, strict=True) if key not in self._varied}
            unknown = sum(not self._store.holds(key) for key in fresh)
            self._varied |= {key: self._pool.submit(self._one, key, exercise, fresh[key], jobs) for key in fresh}
            asked = [self._varied[key] for key in keys]
        if unknown >= WORTH_SAYING:
            say(
                _("{exercise}: looking at {count} known mistakes, once on this machine …").format(
                    exercise=exercise.name, count=unknown
                )
            )
        try:
            return [future.result() for future in asked]
        except BaseException:
            with self._lock:  # what went wrong is asked again, another time
                for key in keys:
                    if key in self._varied and (future := self._varied[key]).done() and _failed(future):
                        del self._varied[key]
            raise

    def _one(self, key: str, exercise: Exercise, source: bytes, jobs: Sequence[Job]) -> Evidence:
        return self._shared.of(self._store.read(key) or self._ask(key, exercise, source, jobs))

    def _saved_or_asked(self, exercise: Exercise, source: bytes) -> Evidence:
        """The evidence to all questions, training among them: from the store, or asked now."""
        jobs = self._jobs(exercise)
        key = self._key(source, _questions(jobs))
        return self._store.read(key) or self._ask(key, exercise, source, jobs)

    def _ask(self, key: str, exercise: Exercise, source: bytes, jobs: Sequence[Job]) -> Evidence:
        assignment = self._course.assignment(exercise.assignment)
        module = Module(assignment.module, f"{assignment.module}.py")
        found = merge([run_job(self._sandbox, job, {module.path: source}, module) for job in jobs])
        if not _interrupted(found, source == assignment.solution):
            self._store.write(key, found)
        return found

    def _jobs(self, exercise: Exercise) -> tuple[Job, ...]:
        return plan.jobs(exercise, self._course.digits, self._settings)

    def _untrained(self, exercise: Exercise) -> tuple[Job, ...]:
        return self._jobs(replace(exercise, training=None))

    def _key(self, source: bytes, questions: bytes) -> str:
        return store.key(source, questions, self._settings.device, self._sandbox.facts)


def _failed(future: Future[Evidence]) -> bool:
    return future.cancelled() or future.exception() is not None


def _questions(jobs: Sequence[Job]) -> bytes:
    return plan.questions(probe for job in jobs for probe in job.probes)


def _interrupted(found: Evidence, solution: bool) -> bool:
    """Whether a machine too busy today made this evidence: it must not decide for ever. A mistake may be one that ends
    its worker, by itself; a solution never."""
    deaths = [outcome for outcome in found.outcomes.values() if isinstance(outcome, Death)]
    return bool(deaths) if solution else any(death.kind == WALL_LIMIT for death in deaths)
