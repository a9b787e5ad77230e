"""The one way to what a submission's code answers: asked now, or known from before.

Whoever judges asks here, and cannot tell which of the two it was. `Live` asks workers. `Remembered` gives what was
kept, asks a `Live` one for the rest, and hands on what is new; without a `Live` one it runs no code of the student's,
and what was never asked is `Unasked`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from grader import store
from grader.asking import killed, patiently, run_job
from grader.errors import InternalError, RunError
from grader.evidence import Evidence, timeless
from grader.model import Demonstration, Protection
from grader.plan import Job, unknown
from grader.pool import Pool
from grader.sandbox.host import Sandbox
from grader.submission import Module, Submission, hashed

Show = Callable[[], Demonstration]
_SOON = float("-inf")  # what a submission's judge waits for comes before the jobs of that submission


class Unasked(InternalError):
    """A question that was never put to this code, where none may be put now."""


@dataclass(frozen=True)
class Answer:
    """One answer of a submission's code: what was asked of which code, under which circumstances (all as hashes)."""

    code: str
    asked: str
    under: str
    given: Evidence | Demonstration


class Known(Protocol):
    """An answer from before, in whatever form it was kept."""

    @property
    def under(self) -> str: ...

    def unpack(self) -> Evidence | Demonstration: ...


class Answers(Protocol):
    """Where questions to a submission's code go."""

    @property
    def protection(self) -> Protection:
        """Behind which walls the code runs, or ran."""

    def ask(self, job: Job, module: Module, imports: tuple[str, ...] = (), soon: bool = False) -> Future[Evidence]:
        """The answers of one worker to a job's questions; `soon` where who judges waits for them."""

    def shown(self, about: str, module: Module, show: Show) -> Demonstration:
        """The demonstration that `show` makes with workers of its own; `about` tells it from others."""


class Live:
    """Asks workers: those of a pool, in the turn of this submission."""

    def __init__(self, collected: Submission, sandbox: Sandbox, pool: Pool, turn: int = 0) -> None:
        self._collected, self._sandbox, self._pool, self._turn = collected, sandbox, pool, turn

    @property
    def protection(self) -> Protection:
        return self._sandbox.facts.protection

    def ask(self, job: Job, module: Module, imports: tuple[str, ...] = (), soon: bool = False) -> Future[Evidence]:
        call = (run_job, self._sandbox, job, self._collected.files, module, imports)
        return self._pool.ranked((self._turn, _SOON if soon else -job.seconds), *call)

    def shown(self, about: str, module: Module, show: Show) -> Demonstration:
        shown: Future[Demonstration] = self._pool.ranked((self._turn, _SOON), patiently, show)
        return shown.result()


class Remembered:
    """Gives what is `known`, by code and question; asks `behind` for the rest, and hands what is new to `keep`.

    What was answered under other circumstances (limits, torch, tier) is asked again where somebody can be asked.
    """

    def __init__(
        self,
        collected: Submission,
        known: Mapping[str, Mapping[str, Known]],
        protection: Protection,
        behind: Answers | None = None,
        under: str = "",
        keep: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self.protection = protection
        self.killed = False  # whether a worker was killed every time, by nobody knows whom
        self._collected, self._known, self._behind = collected, known, behind
        self._under, self._keep = under, keep

    def ask(self, job: Job, module: Module, imports: tuple[str, ...] = (), soon: bool = False) -> Future[Evidence]:
        known = self._from_before(job, module)
        if known is not None:
            return _done(known)
        if self._behind is None:
            return _failed(_unasked(job.exercise.id))
        waited: Future[Evidence] = Future()
        asked = self._behind.ask(job, module, imports, soon)
        asked.add_done_callback(lambda done: self._pass_on(done, waited, job, module))
        return waited

    def shown(self, about: str, module: Module, show: Show) -> Demonstration:
        code, asked, under = self._collected.code(module), hashed("demonstration", about), self._demonstrated_under()
        known = self._given(code, asked, under)
        if isinstance(known, Demonstration):
            return known
        if self._behind is None:
            return Demonstration()
        found = self._behind.shown(about, module, show)
        self._keep(Answer(code, asked, under, found))
        return found

    def _from_before(self, job: Job, module: Module) -> Evidence | None:
        given = self._given(self._collected.code(module), _asked(job), self._job_under(job))
        if not isinstance(given, Evidence):
            return None
        self.killed |= killed(given)
        return given

    def _given(self, code: str, asked: str, under: str) -> Evidence | Demonstration | None:
        known = self._known.get(code, {}).get(asked)
        if known is None or (self._behind is not None and known.under != under):
            return None
        try:
            return known.unpack()
        except RunError as error:
            if self._behind is not None:
                return None  # it is asked again
            raise Unasked(f"{error} (another version of grade may have written it)") from error

    def _pass_on(self, done: Future[Evidence], waited: Future[Evidence], job: Job, module: Module) -> None:
        """Hand on what a worker answered, or why none did."""
        if done.cancelled():
            waited.cancel()
            waited.set_running_or_notify_cancel()
            return
        try:
            waited.set_result(self._taken(done.result(), job, module))
        except BaseException as error:  # whoever waits gets it, whatever it is
            waited.set_exception(error)

    def _taken(self, found: Evidence, job: Job, module: Module) -> Evidence:
        """Keep an answer, without its times; one that a worker was killed over is never taken for known."""
        found = timeless(found)
        self.killed |= killed(found)
        under = "" if killed(found) else self._job_under(job)
        self._keep(Answer(self._collected.code(module), _asked(job), under, found))
        return found

    def _job_under(self, job: Job) -> str:
        return hashed(self._under, [probe.limits for probe in job.probes], job.known is unknown)

    def _demonstrated_under(self) -> str:
        return hashed(self._under, code_fingerprint())


def circumstances(sandbox: Sandbox, device: str) -> str:
    """A hash of all that answers depend on beside code, question and limits."""
    facts = sandbox.facts
    return hashed(device, facts.torch, facts.python, facts.cpu, facts.protection, store.code_fingerprint())


@cache
def code_fingerprint() -> str:
    """A hash of the program, without what only shows results: the same code judges the same."""
    here = Path(__file__).parent
    files = sorted(file for file in here.rglob("*.py") if not {"_course", "report", "cli"} & set(file.parts))
    return hashed([(str(file.relative_to(here)), file.read_bytes()) for file in files])


def _asked(job: Job) -> str:
    return hashed(job.exercise.id, job.questions)


def _unasked(exercise: str) -> Unasked:
    return Unasked(f"{exercise}: the course asks another question now than was answered")


def _done(found: Evidence) -> Future[Evidence]:
    future: Future[Evidence] = Future()
    future.set_result(found)
    return future


def _failed(error: Exception) -> Future[Evidence]:
    future: Future[Evidence] = Future()
    future.set_exception(error)
    return future
