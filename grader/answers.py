"""The one way to what a submission's code answers: asked now, or known from before.

Whoever judges asks here, and cannot tell which of the two it was. `Live` asks workers. `Remembered` gives what was
kept, asks a `Live` one for the rest, and hands on what is new; without a `Live` one it runs no code of the student's,
and what was never asked is `Unasked`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from grader import store
from grader.asking import killed, patiently, run_job
from grader.errors import InternalError, RunError
from grader.evidence import Answered, Evidence, timeless
from grader.language import _
from grader.model import Demonstration, Protection
from grader.plan import Job
from grader.pool import Pool
from grader.sandbox.host import Sandbox
from grader.submission import Module, Submission, hashed
from grader.wire.records import Form, Found, Loaded, Problem

Show = Callable[[], Demonstration]
Forms = Mapping[tuple[str, str], Form]
_SHOWN = "demonstration without words"  # as "demonstration" they were kept with the words of one language
_SOON = float("-inf")  # what a submission's judge waits for comes before the jobs of that submission


class Unasked(InternalError):
    """A question that was never put to this code, where none may be put now."""


@dataclass(frozen=True)
class Alike:
    """An answer that is the one of a normal form, but for where in its files the exercise stands."""

    form: str
    file: str
    line: int

    def placed(self, found: Evidence) -> Evidence:
        """The answer of the form, as code gives it whose exercise stands there."""
        outcome = found.outcomes.get("find")
        if not isinstance(outcome, Answered) or outcome.record.kind == "absent":
            return found  # another worker was asked where it stands, or it stands nowhere
        there = replace(outcome, record=replace(outcome.record, file=self.file, line=self.line))
        return Evidence({**found.outcomes, "find": there}, found.output)


@dataclass(frozen=True)
class Answer:
    """One answer of a submission's code: what was asked of which code, under which circumstances (all as hashes)."""

    code: str
    asked: str
    under: str
    given: Evidence | Demonstration | Alike


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

    With normal `forms` of its exercises, by the path of their module and their name, what another submission answered
    whose exercise has the same form is known, too (see worker/forms.py).
    """

    def __init__(
        self,
        collected: Submission,
        known: Mapping[str, Mapping[str, Known]],
        protection: Protection,
        behind: Answers | None = None,
        under: str = "",
        keep: Callable[[Answer], None] = lambda answer: None,
    ) -> None:
        self.forms: Forms = {}
        self.protection = protection
        self.killed = False  # whether a worker was killed every time, by nobody knows whom
        self._collected, self._known, self._behind = collected, known, behind
        self._under, self._keep = under, keep

    def knows(self, job: Job, module: Module) -> bool:
        """Whether this very code answered that before."""
        return self._kept(self._collected.code(module), _asked(job), self._job_under(job)) is not None

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
        code, asked, under = self._collected.code(module), hashed(_SHOWN, about), self._demonstrated_under()
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
        if isinstance(given, Evidence):
            self.killed |= killed(given)
            return given
        form = form_of(job, module, self.forms)
        if form is None:
            return None
        under = self._job_under(job)
        given = self._given(form_code(form, self._under), _asked(job), under)
        if not isinstance(given, Evidence) or not _fits(given, form):
            return None
        return self._kept_alike(given, form, job, module)

    def _kept_alike(self, given: Evidence, form: Form, job: Job, module: Module) -> Evidence:
        """The answer of a form as this code gives it. Of that, only where it stands is kept anew."""
        alike = Alike(form_code(form, self._under), form.file, form.line)
        self._keep(Answer(self._collected.code(module), _asked(job), self._job_under(job), alike))
        return alike.placed(given)

    def _given(self, code: str, asked: str, under: str) -> Evidence | Demonstration | None:
        known = self._kept(code, asked, under)
        if known is None:
            return None
        try:
            return known.unpack()
        except RunError as error:
            if self._behind is not None:
                return None  # it is asked again
            raise Unasked(_("{error} (another version of grade may have written it)").format(error=error)) from error

    def _kept(self, code: str, asked: str, under: str) -> Known | None:
        known = self._known.get(code, {}).get(asked)
        return known if known and (self._behind is None or known.under == under) else None

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
        form = form_of(job, module, self.forms)
        if form and _plain(found) and _fits(found, form):
            self._keep(Answer(form_code(form, self._under), _asked(job), self._job_under(job), found))
            return self._kept_alike(found, form, job, module)
        under = "" if killed(found) else self._job_under(job)
        self._keep(Answer(self._collected.code(module), _asked(job), under, found))
        return found

    def _job_under(self, job: Job) -> str:
        return hashed(self._under, [probe.limits for probe in job.probes])

    def _demonstrated_under(self) -> str:
        return hashed(self._under, code_fingerprint())


def circumstances(sandbox: Sandbox, device: str, reuses: bool) -> str:
    """A hash of all that answers depend on beside code, question and limits."""
    facts, code = sandbox.facts, store.code_fingerprint()
    # The tier, not its words: these are said in the language of the run.
    return hashed(device, reuses, facts.torch, facts.python, facts.cpu, facts.protection.tier, code)


@cache
def code_fingerprint() -> str:
    """A hash of the program, without what only shows results: the same code judges the same."""
    here = Path(__file__).parent
    files = sorted(file for file in here.rglob("*.py") if not {"_course", "report", "cli"} & set(file.parts))
    return hashed([(str(file.relative_to(here)), file.read_bytes()) for file in files])


def form_of(job: Job, module: Module, forms: Forms) -> Form | None:
    """The form of an exercise, for questions whose answers do not hang on how it is written."""
    written = any(probe.op == "source" for probe in job.probes)
    return None if written else forms.get((module.path, job.exercise.name))


def form_code(form: Form, under: str) -> str:
    """What stands for the code of all exercises of one form, asked under these circumstances."""
    return hashed("form", form.digest, under)


def _plain(found: Evidence) -> bool:
    """Whether nothing in an answer speaks of lines or of names: no end before the end, no exceptions from the code."""
    loaded = found.get("load", Loaded)
    ended = all(
        isinstance(outcome, Answered) or (isinstance(outcome, Problem) and not outcome.frames)
        for outcome in found.outcomes.values()
    )
    return ended and loaded is not None and not loaded.stumbles


def _fits(found: Evidence, form: Form) -> bool:
    """Whether an answer can be that of a form: both know where the exercise stands, or that it does not."""
    outcome = found.outcomes.get("find")
    if outcome is None:  # another worker was asked that
        return True
    absent = isinstance(outcome, Answered) and isinstance(outcome.record, Found) and outcome.record.kind == "absent"
    return isinstance(outcome, Answered) and absent == (form.file == "")


def _asked(job: Job) -> str:
    return hashed(job.exercise.id, job.questions)


def _unasked(exercise: str) -> Unasked:
    return Unasked(_("{exercise}: the course asks another question now than was answered").format(exercise=exercise))


def _done(found: Evidence) -> Future[Evidence]:
    future: Future[Evidence] = Future()
    future.set_result(found)
    return future


def _failed(error: Exception) -> Future[Evidence]:
    future: Future[Evidence] = Future()
    future.set_exception(error)
    return future
