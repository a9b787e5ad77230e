"""A whole class: a fold over submissions into the gradebook, that anything may interrupt and the next run takes up.

Only the main thread writes. It takes submissions in, one after the other, and keeps a bounded number of them in flight:
each has a thread that judges, and all share one pool of workers, so no core is idle while one submission ends. Answers
are committed as they come, a grade with what is left of them when it is known.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from grader import submission
from grader.answers import Answer, Answers, Forms, Remembered, Unasked, circumstances, code_fingerprint, form_code
from grader.asking import TRIES, patiently
from grader.bank import fingerprint as bank_fingerprint
from grader.errors import CourseError, SandboxError, StorageError, SubmissionError
from grader.forms import Reader
from grader.gradebook import ERROR, GRADED, QUARANTINED, UNGRADABLE, Attempt, Gradebook, Row
from grader.grading import Grader
from grader.language import N_, _, catalogue, spoken
from grader.model import Grade, Status, Verdict
from grader.standing import Standing, UnderWay, Watch
from grader.submission import Submission, hashed
from grader.text import one_line, printable

STRIKES = 3  # how often a submission, graded alone, may be the end of the grader before it is set aside
_PATIENCE = 0.5  # seconds between two looks at the bar
_ADVICE = N_("A person must look at it; --only-errors tries it once more")


@dataclass(frozen=True)
class Work:
    """One submission to be graded: the name of its folder, its own name, and how to take it in; whether it is graded
    once more where it has a grade, or was set aside."""

    folder: bytes
    name: str
    collect: Callable[[], Submission]
    again: bool = False


def submissions(root: Path, run: Path | None = None, again: bool = False) -> list[Work]:
    """A class: the folders below `root`, by name, but for the run folder. Raises `SubmissionError`."""
    folders = [folder for folder in submission.folders(root) if run is None or folder.resolve() != run.resolve()]
    return [_work(folder, again) for folder in folders]


def _work(folder: Path, again: bool) -> Work:
    name, collect = one_line(folder.name), partial(submission.collect, folder, through_link=False)
    return Work(os.fsencode(folder.name), name, collect, again)


@dataclass
class _Flight:
    """A submission that is being graded, and all folders that hold exactly the same."""

    key: str
    collected: Submission
    folders: list[tuple[bytes, str]]
    strikes: int = 0
    answers: Remembered | None = None
    began: float = field(default_factory=time.monotonic)


_Outcome = Grade | BaseException


class Batch:
    """Grades into a gradebook. Without `asks`, no student code is run: only what was answered is judged again."""

    def __init__(
        self,
        grader: Grader,
        gradebook: Gradebook,
        asks: bool = True,
        window: int | None = None,
    ) -> None:
        self._grader, self._gradebook, self._watch = grader, gradebook, Watch()
        self._asks = asks
        self._window = window or 2 * grader.workers
        self._under = circumstances(grader.sandbox, grader.settings.device, grader.reuses)
        if not asks:
            self._under = str(gradebook.description().get("circumstances", self._under))
        self._judged_by = judging(grader, self._under)
        self._events: queue.SimpleQueue[tuple[_Flight, Answer | _Outcome]] = queue.SimpleQueue()
        self._pending: list[tuple[_Flight, Answer | _Outcome]] = []
        self._flights: dict[str, _Flight] = {}
        self._standing = Standing(0)
        self._turns = itertools.count()
        self._reader = Reader(grader.sandbox) if asks and grader.reuses else None

    def run(self, work: Iterable[Work], total: int, watch: Watch | None = None) -> Standing:
        """Grade all that is not graded yet, and say how it went. What is finished is kept, however this ends."""
        self._standing, self._watch = Standing(total), watch or Watch()
        self._tell()
        self._gradebook.describe(circumstances=self._under)
        suspects: list[_Flight] = []
        judges = ThreadPoolExecutor(self._window, "judge")
        try:
            for each in work:
                while len(self._flights) >= self._window:
                    self._wait()
                flight = self._taken_in(each, suspects)
                if flight is not None:
                    self._start(flight, judges, alone=False)
                self._settle()
            self._wait_for_all()
            for flight in suspects:  # the grader ended while they were in flight: now each by itself
                self._start(flight, judges, alone=True)
                self._wait_for_all()
        except BaseException:
            judges.shutdown(wait=False, cancel_futures=True)
            with contextlib.suppress(StorageError):
                self._settle()
            raise
        finally:
            if self._reader is not None:
                self._reader.close()
        judges.shutdown()
        return self._standing

    def _taken_in(self, work: Work, suspects: list[_Flight]) -> _Flight | None:
        """The submission made ready to be graded; nothing where that is not needed, or cannot be."""
        try:
            collected = work.collect()
            modules = self._grader.modules(collected)
        except SubmissionError as error:
            self._finish(Row(work.folder, work.name, "", UNGRADABLE, one_line(str(error)), time=_now()))
            return None
        key = hashed(collected.content, self._judged_by)
        place = (work.folder, work.name)
        if key in self._flights:
            self._flights[key].folders.append(place)
            return None
        if any(key == suspect.key for suspect in suspects):
            next(suspect for suspect in suspects if key == suspect.key).folders.append(place)
            return None
        if not work.again and (judged := self._gradebook.judged(key)) is not None:
            self._standing = replace(self._standing, known=self._standing.known + 1)
            state, trouble, seconds, time = judged
            self._finish(Row(*place, collected.content, state, trouble, key, True, seconds, time), known=True)
            return None
        codes = {collected.code(module) for module in modules}
        flight = _Flight(key, collected, [place])
        attempt = self._gradebook.attempt(key) if self._asks else None
        if attempt is not None:
            new = self._gradebook.count_answers(codes) > attempt.answers
            flight.strikes = 0 if new or work.again else attempt.strikes + attempt.alone
            if flight.strikes >= STRIKES:
                self._set_aside(flight)
            else:
                suspects.append(flight)
            return None
        return flight

    def _start(self, flight: _Flight, judges: ThreadPoolExecutor, alone: bool) -> None:
        flight.answers = self._answers(flight)
        if self._asks:
            codes = [flight.collected.code(module) for module in self._grader.modules(flight.collected)]
            with self._gradebook.transaction():
                count = self._gradebook.count_answers(codes)
                self._gradebook.begin(Attempt(flight.key, alone, count, flight.strikes))
        self._flights[flight.key] = flight
        judges.submit(self._judge, flight, flight.answers)

    def _answers(self, flight: _Flight) -> Remembered:
        """What is known of its answers, with workers behind it where any may be asked."""
        collected = flight.collected
        codes = {collected.code(module) for module in self._grader.modules(collected)}
        known = {code: self._gradebook.answers(code) for code in codes}
        if not self._asks:
            row = self._gradebook.row(flight.folders[0][0])
            before = self._gradebook.grade(row.result, row.name) if row else None
            protection = before.sandbox if before else self._grader.sandbox.facts.protection
            return Remembered(collected, known, protection)
        behind: Answers = self._grader.live(collected, next(self._turns))
        found = Remembered(
            collected, known, behind.protection, behind, self._under, lambda answer: self._events.put((flight, answer))
        )
        if not all(found.knows(job, module) for job, module in self._grader.jobs(collected)):
            found.forms = self._forms(collected)
            for code in (form_code(form, self._under) for form in found.forms.values()):
                known[code] = self._gradebook.answers(code)
        return found

    def _forms(self, collected: Submission) -> Forms:
        """The normal forms of its exercises, where reuse is wanted; where they cannot be had, there are none."""
        reader = self._reader
        if reader is None:
            return {}
        chosen = self._grader.selection.of(self._grader.course)
        modules = {m: [e.name for e in exercises] for a, exercises in chosen if (m := collected.module(a.module))}
        try:
            return patiently(lambda: reader.forms(collected, modules))
        except SandboxError:
            return {}

    def _judge(self, flight: _Flight, answers: Answers) -> None:
        """Grade one submission; in a thread of its own. Whatever happens, the main thread hears of it."""
        outcome: _Outcome
        try:
            outcome = self._grader.grade_collected(flight.collected, answers)
        except BaseException as error:
            outcome = error
        self._events.put((flight, outcome))

    def _wait_for_all(self) -> None:
        while self._flights:
            self._wait()

    def _wait(self) -> None:
        """Wait for something to happen, and commit it with all else that has happened by then."""
        try:
            self._pending.append(self._events.get(timeout=_PATIENCE))
        except queue.Empty:
            self._tell()
            return
        self._settle()

    def _settle(self) -> None:
        """Commit what has happened. Until that is done it stays pending: an interrupt must not part a grade from the
        answers that it was judged from."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._pending.append(self._events.get_nowait())
        if not self._pending:
            return
        ended = [(flight, event) for flight, event in self._pending if not isinstance(event, Answer)]
        with self._gradebook.transaction():
            for flight, event in self._pending:
                if isinstance(event, Answer):
                    self._gradebook.put_answer(event)
                elif isinstance(event, Grade):
                    self._keep(flight, event)
            for flight, _event in ended:
                self._gradebook.end(flight.key)
        self._pending.clear()
        for flight, event in ended:
            self._flights.pop(flight.key, None)
            self._report(flight, event)
        self._tell()

    def _keep(self, flight: _Flight, grade: Grade) -> None:
        """Write down a grade, what it was judged from, and whose it is."""
        state, trouble = _state(grade, flight.answers)
        now = _now()
        if not self._asks and (judged := self._gradebook.judged(self._row(flight).result)) is not None:
            now = judged[3]  # when its code ran
        self._gradebook.keep(flight.collected)
        self._gradebook.put_grade(flight.key, flight.collected.content, grade, state, trouble, now)
        for folder, name in flight.folders:
            content, seconds = flight.collected.content, grade.seconds
            self._gradebook.enter(Row(folder, name, content, state, trouble, flight.key, True, seconds, now))

    def _report(self, flight: _Flight, outcome: Answer | _Outcome) -> None:
        """Count what became of a submission. What is no grade is written down here."""
        if isinstance(outcome, Grade):
            for folder, _name in flight.folders:
                row = self._gradebook.row(folder)
                assert row is not None
                self._count(row)
        elif isinstance(outcome, Unasked):
            more = len(flight.folders)
            self._standing = replace(self._standing, unasked=self._standing.unasked + more)
            for _folder, name in flight.folders:
                self._watch.say(name, one_line(str(outcome)), ours=False)
        elif isinstance(outcome, CourseError | StorageError | CancelledError | KeyboardInterrupt):
            raise outcome
        elif isinstance(outcome, SubmissionError):
            for folder, name in flight.folders:
                self._finish(Row(folder, name, "", UNGRADABLE, one_line(str(outcome)), time=_now()))
        elif isinstance(outcome, BaseException):
            sys.stderr.write(printable("".join(traceback.format_exception(outcome))))
            for folder, name in flight.folders:
                trouble = _("The grader failed: {error}. {advice}.").format(
                    error=one_line(repr(outcome)), advice=_(_ADVICE)
                )
                self._finish(Row(folder, name, "", ERROR, trouble, time=_now()))

    def _set_aside(self, flight: _Flight) -> None:
        trouble = _(
            "Set aside: the grader itself ended {times} times while it graded this submission. {advice}."
        ).format(times=flight.strikes + 1, advice=_(_ADVICE))
        for folder, name in flight.folders:
            self._finish(Row(folder, name, "", QUARANTINED, trouble, time=_now()))

    def _finish(self, row: Row, known: bool = False) -> None:
        if self._gradebook.row(row.folder) != row:
            with self._gradebook.transaction():
                self._gradebook.enter(row)
        self._count(row, known)

    def _count(self, row: Row, known: bool = False) -> None:
        names = {GRADED: "graded", UNGRADABLE: "ungradable", ERROR: "errors", QUARANTINED: "quarantined"}
        name = names[row.state]
        self._standing = replace(self._standing, **{name: getattr(self._standing, name) + 1})
        if row.state != GRADED and not known:
            self._watch.say(row.name, row.trouble, ours=row.state != UNGRADABLE)
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        under_way = [UnderWay(flight.folders[0][1], now - flight.began) for flight in self._flights.values()]
        slowest = max(under_way, key=lambda each: each.seconds, default=None)
        self._watch.tell(replace(self._standing, slowest=slowest))

    def _row(self, flight: _Flight) -> Row:
        row = self._gradebook.row(flight.folders[0][0])
        assert row is not None
        return row


def judging(grader: Grader, under: str) -> str:
    """A hash of all that a grade depends on beside the submission: course, program, settings, selection, machine, and
    the language that it speaks."""
    course, settings = grader.course, grader.settings
    data = course.data and (course.data.name, hashed(course.data.images.tobytes(), course.data.labels.tobytes()))
    asked = (settings.seed, settings.device, settings.limits, settings.allowance)
    chosen = [exercise.id for _assignment, exercises in grader.selection.of(course) for exercise in exercises]
    return hashed(
        course.assignments, sorted(course.left_out.items()), data, bank_fingerprint(course), asked, chosen, under,
        code_fingerprint(), spoken(), catalogue(),
    )  # fmt: skip


def _state(grade: Grade, answers: Remembered | None) -> tuple[str, str]:
    """What to say of a submission that has a grade."""
    if answers is not None and answers.killed:
        trouble = _(
            "Set aside: one of its workers was killed {times} times in a row, by its own doing or for want of memory. "
            "{advice}."
        )
        return QUARANTINED, trouble.format(times=TRIES, advice=_(_ADVICE))
    statuses = {exercise.status for exercise in grade.exercises}
    if Verdict.ERROR in grade.verdicts() or Status.ERROR in statuses:
        return ERROR, _("The grader failed on part of it. {advice}.").format(advice=_(_ADVICE))
    return GRADED, ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
