"""From a save to verdicts: what changed is asked, what failed first; training runs come after, and names last.

Each save that changes something begins a round, in a thread of its own, and ends the one before: what that one asked
and this one would ask again goes on, everything else is stopped. What was answered once is not asked again, as long as
the code that an exercise can reach is the same program (see `worker/forms.py`).
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, as_completed
from dataclasses import dataclass
from pathlib import Path

from grader import board as boards
from grader import submission
from grader.answers import Forms, Remembered, circumstances
from grader.asking import merge
from grader.board import Begun, Board, Event, Saved, Seen, Settled, Trouble
from grader.desk import Desk, Errand, examination
from grader.errors import GraderError, SandboxError, SubmissionError
from grader.evidence import BEGIN, TRAIN, Evidence, Partial
from grader.forms import Reader
from grader.grading import Grader, Selection, at_first_line
from grader.plan import Job
from grader.recollection import Recollection
from grader.submission import Module, Submission, hashed
from grader.wire.records import Problem

_TYPED_IN = -0.5  # a rank before those of all exercises, and behind what a judge waits for
SETTLING = 0.15  # seconds for a file that is being replaced to be there again
_UNREADABLE = ("SyntaxError", "IndentationError", "TabError")
Tell = Callable[[Event], None]


@dataclass(frozen=True)
class _Asked:
    """A job that was put: to be an examination, or the training run of an exercise."""

    job: Job
    future: Future[Evidence]


class Watching:
    """Grades one folder again and again. `tell` hears what happens, from several threads; a `board` is kept of it."""

    def __init__(self, grader: Grader, folder: Path, tell: Tell) -> None:
        self.board, self.selection = Board(), grader.selection
        self._grader, self._folder, self._tell = grader, folder, tell
        self._reader, self._reading = Reader(grader.sandbox), threading.Lock()
        self._known = Recollection()
        self._under = circumstances(grader.sandbox, grader.settings.device, grader.reuses)
        self._numbers, self._lock = itertools.count(1), threading.RLock()
        self._round: _Round | None = None
        self._last: Submission | None = None
        # Last: its threads wait for work until they are told to end.
        self._desk = Desk(grader.sandbox, grader.workers, max(1, grader.workers - 1))

    def exercises(self) -> list[str]:
        """The ids of all that is graded, in the order of the course."""
        return [each.id for _, exercises in self._grader.selection.of(self._grader.course) for each in exercises]

    def look(self, anew: bool = False) -> bool:
        """Begin a round, where something changed since the last or it is wanted `anew`. Says whether one began."""
        collected = self._collected()
        if collected is None or (not anew and self._last is not None and collected.content == self._last.content):
            return False
        before, self._last = self._last, collected
        self._begin(collected, before)
        return True

    def again(self, only_failed: bool) -> bool:
        """Ask again about all exercises, or those that failed: nothing of theirs is known any more."""
        failed = boards.failed(self.board)
        if self._last is None or (only_failed and not failed):
            return False
        with contextlib.suppress(SubmissionError):  # who looks anew is told
            jobs = [job for job, _ in self._grader.jobs(self._last) if job.exercise.id in failed]
            self._known.forget([asked_of(job) for job in jobs] if only_failed else None)
        return self.look(anew=True)

    def choose(self, exercises: frozenset[str]) -> bool:
        """Grade these exercises alone from now on."""
        self.selection = Selection(exercises=exercises)
        return self.look(anew=True)

    def pause(self) -> None:
        """Drop what is under way, until `look` begins it anew: the time that passes meanwhile is nobody's fault."""
        if self._round is not None:
            self._round.over.set()
        self._desk.drop_all_but(())

    def wait(self) -> None:
        """Wait for the end of the round under way."""
        if self._round is not None:
            self._round.join()

    def close(self) -> None:
        """Stop everything; nothing more is told."""
        if self._round is not None:
            self._round.over.set()
        self._desk.close()
        self._reader.close()

    def _collected(self) -> Submission | None:
        """The folder as it is now. A file that is gone may be about to be replaced: it is looked for once more."""
        for last in (False, True):
            try:
                found = submission.collect(self._folder)
                if last or self._last is None or set(self._last.files) <= set(found.files):
                    return found
            except SubmissionError as error:
                if last:
                    self._last = None  # whatever comes next is news
                    self._say(Trouble(str(error)))
            time.sleep(0 if last else SETTLING)
        return None

    def _begin(self, collected: Submission, before: Submission | None) -> None:
        with self._lock:
            if self._round is not None:
                self._round.over.set()
            self._say(Saved(next(self._numbers)))
            self._round = _Round(self, collected, before, self.selection)
            self._round.start()

    def _say(self, event: Event, round: _Round | None = None) -> None:
        """Let it be known, unless it is about what nobody wants to know any more."""
        with self._lock:
            if round is None or (round is self._round and not round.over.is_set()):
                self.board = boards.after(self.board, event)
                self._tell(event)


class _Round(threading.Thread):
    """One round, from a snapshot of the folder to its grade."""

    def __init__(self, owner: Watching, collected: Submission, before: Submission | None, selection: Selection) -> None:
        super().__init__(name="round", daemon=True)
        self.over = threading.Event()
        self._owner, self._collected, self._before, self._selection = owner, collected, before, selection
        self._grader, self._desk = owner._grader, owner._desk
        chosen = [each.id for _, exercises in selection.of(self._grader.course) for each in exercises]
        ranks = boards.ranks(owner.board, chosen)
        self._errand = Errand(self._desk, collected, ranks, self.over, self._begun, self._heard)
        self._answers = Remembered(
            collected, owner._known, self._errand.protection, self._errand, owner._under, owner._known.keep
        )
        self._ranks = ranks

    def run(self) -> None:
        """All steps of the round. Whatever goes wrong, who watches hears of it, and watches on."""
        try:
            self._steps()
        except CancelledError:
            return
        except GraderError as error:
            self._say(Trouble(str(error)))
        except Exception:  # the outermost edge of this thread: it is ours, and says so
            if not self.over.is_set():
                self._say(Trouble(traceback.format_exc()))

    def _steps(self) -> None:
        jobs = list(self._grader.jobs(self._collected, self._selection))
        if not jobs:  # that there is nothing to grade is told by who grades
            self._grader.grade_collected(self._collected, self._answers, self._selection)
        forms = self._read(jobs)
        self._errand.forms = self._answers.forms = forms
        self._put_first(jobs, forms)
        unreadable = list(self._unreadable(jobs, forms))
        jobs = [(job, module) for job, module in jobs if module not in unreadable]
        self._see(jobs)
        if not unreadable:
            self._say(Settled(self._grader.grade_collected(self._collected, self._answers, self._selection)))

    def _read(self, jobs: Sequence[tuple[Job, Module]]) -> Forms:
        """The normal forms of all exercises."""
        if not self._grader.reuses:
            return {}
        names: dict[Module, dict[str, None]] = {}
        for job, module in jobs:
            names.setdefault(module, {})[job.exercise.name] = None
        with self._owner._reading:
            self._expect_wanted()
            try:
                return self._owner._reader.forms(self._collected, {m: list(each) for m, each in names.items()})
            except SandboxError:
                return {}

    def _put_first(self, jobs: Sequence[tuple[Job, Module]], forms: Forms) -> None:
        """Give the first rank to the exercise in which somebody was typing, where that can be told."""
        for job, module in jobs:
            if self._before is not None and not module.cells:
                old, new = (each.files.get(module.path, b"") for each in (self._before, self._collected))
                lines = {name: form.line for (path, name), form in forms.items() if path == module.path and form.file}
                if job.exercise.name == edited(old, new, lines):
                    self._ranks[job.exercise.id] = _TYPED_IN

    def _unreadable(self, jobs: Sequence[tuple[Job, Module]], forms: Forms) -> Iterator[Module]:
        """Files that Python cannot read, as when somebody is in the middle of a line: said once, and left as they
        were."""
        for module in {module: None for _, module in jobs}:
            if any(path == module.path for path, _ in forms):
                continue
            first = next(job for job, beside in jobs if beside == module and examination(job))
            evidence = _given(self._put([(first, module)])[0].future)
            loaded = evidence.outcomes.get("load") if evidence is not None else None
            if isinstance(loaded, Problem) and loaded.type in _UNREADABLE:
                self._say(Trouble(_told(module, loaded)))
                yield module

    def _put(self, jobs: Sequence[tuple[Job, Module]]) -> list[_Asked]:
        """Put questions, by rank."""
        order = sorted(jobs, key=lambda each: self._ranks[each[0].exercise.id])
        imports = at_first_line(self._collected)
        return [_Asked(job, self._answers.ask(job, module, imports)) for job, module in order]

    def _see(self, jobs: Sequence[tuple[Job, Module]]) -> None:
        """Tell verdicts as they come: of what must be asked, then of what is known from before, then of training runs,
        which take no core from the others: they begin when those are done."""
        asked = self._put([each for each in jobs if examination(each[0])])
        runs = [each for each in jobs if not examination(each[0])]
        with self._owner._lock:  # no other round begins meanwhile, whose questions would be dropped
            self._expect_wanted()
            self._desk.drop_all_but(self._errand.wanted | {self._errand.key(*each) for each in runs})
        trained = {job.exercise.id: job for job, _ in runs}
        jobs_of = {each.future: each.job for each in asked}
        found: dict[str, Evidence] = {}
        known = [future for future in jobs_of if future.done()]
        for future in as_completed([future for future in jobs_of if not future.done()]):
            self._examined(jobs_of[future], future, trained, found)
        running = {each.future: each.job for each in self._put(runs)}
        for future in known:
            self._examined(jobs_of[future], future, trained, found)
        for future in as_completed(running):
            id = running[future].exercise.id
            if id in found and (evidence := _given(future)) is not None:
                self._glance(running[future], merge([evidence, found[id]]))

    def _examined(
        self, job: Job, future: Future[Evidence], trained: Mapping[str, Job], found: dict[str, Evidence]
    ) -> None:
        """Keep what an examination gave, and tell its verdicts: a training run is still to come."""
        id, evidence = job.exercise.id, _given(future)
        if evidence is None:
            return
        found[id] = evidence
        run = trained.get(id)
        awaited = frozenset(probe.id for probe in run.probes) if run is not None else frozenset[str]()
        self._glance(job, Partial(evidence.outcomes, evidence.output, awaited))

    def _heard(self, job: Job, found: Evidence) -> None:
        """Verdicts that an examination allows before it is at its end. Another round may want to know that end."""
        if isinstance(found, Partial):
            awaited = found.awaited | {BEGIN, TRAIN}
            with contextlib.suppress(CancelledError):
                self._glance(job, Partial(found.outcomes, found.output, awaited))

    def _glance(self, job: Job, found: Evidence) -> None:
        self._expect_wanted()
        exercise = job.exercise
        glance = self._grader.glance(exercise, found)
        if glance is not None:
            self._say(Seen(glance.result, glance.waiting))

    def _begun(self, job: Job) -> None:
        self._say(Begun(job.exercise.id))

    def _say(self, event: Event) -> None:
        self._owner._say(event, self)

    def _expect_wanted(self) -> None:
        if self.over.is_set():
            raise CancelledError


def edited(before: bytes, after: bytes, lines: Mapping[str, int]) -> str:
    """Of what begins at those `lines` of the new text, by name, the one that holds the first line that changed; nothing
    where none did, or it is above them all."""
    pairs = itertools.zip_longest(before.split(b"\n"), after.split(b"\n"))
    changed = next((number for number, (old, new) in enumerate(pairs, start=1) if old != new), 0)
    above = [name for name, line in lines.items() if line <= changed]
    return max(above, key=lines.__getitem__, default="")


def _given(future: Future[Evidence]) -> Evidence | None:
    """What a worker answered; None where that was lost, which the grade will tell."""
    try:
        return future.result()
    except SandboxError:
        return None


def asked_of(job: Job) -> str:
    """What stands for the questions of a job where answers are kept."""
    return hashed(job.exercise.id, job.questions)


def _told(module: Module, problem: Problem) -> str:
    """A file that cannot be read, in one line, as Python says it."""
    place = problem.frames[-1] if problem.frames else None
    where = f"{place.file}:{place.line}" if place else module.path
    return f"{where}: {problem.type}: {problem.message}"
