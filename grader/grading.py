"""The way of a submission, on one page: collect, ask, judge, add up. `batch` does so with a class.

    collect ─► jobs (one worker each) ─► evidence ─► findings ─► points ─► Grade

Reference evidence takes the same way through the same workers, once per machine; see `store`.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import numpy as np

from grader import __version__, bank, checks, exhibits, investigation, plan, rubric, submission, trajectory
from grader.answers import Answers, Live, Unasked
from grader.asking import merge
from grader.checks import hints, phrases, words
from grader.checks.question import Question, tolerances
from grader.course import Assignment, Course, Exercise
from grader.errors import CourseError, SandboxError, SubmissionError
from grader.evidence import TRAIN, Evidence, NotYet
from grader.investigation import Insight, Investigator, Mistaken
from grader.language import N_, _, joined, ngettext
from grader.model import ExerciseResult, Finding, Grade, Status, Tools, Verdict
from grader.plan import Job, Settings
from grader.pool import Pool
from grader.references import References, Say
from grader.sandbox import promises
from grader.sandbox.host import Sandbox
from grader.store import Store
from grader.submission import MOST_NOTES, Module, Submission
from grader.text import first_few, printable
from grader.wire.records import Adapted, Found, Loaded, Problem


@dataclass(frozen=True)
class Selection:
    """Which part of the course is graded: all of it, or what was asked for."""

    assignments: frozenset[str] = frozenset()
    exercises: frozenset[str] = frozenset()

    def of(self, course: Course) -> Iterator[tuple[Assignment, tuple[Exercise, ...]]]:
        """The assignments with the exercises selected, leaving out those with none."""
        for assignment in course.assignments:
            if self.assignments and assignment.id not in self.assignments:
                continue
            chosen = tuple(e for e in assignment.exercises if not self.exercises or e.id in self.exercises)
            if chosen:
                yield assignment, chosen


@dataclass(frozen=True)
class Glance:
    """What some answers say about an exercise: the result as far as it goes, and the checks that wait for more."""

    result: ExerciseResult
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Work:
    """One assignment of a submission while it is judged, in the order of its exercises: what is wrong with one may
    explain another after it. `mistaken` holds what lost points, by name."""

    collected: Submission
    module: Module | None
    running: dict[str, list[Future[Evidence]]]
    answers: Answers
    mistaken: dict[str, Mistaken] = field(default_factory=dict)


class Grader:
    """Grades submissions against one course, in one sandbox, on one device.

    With `names`, what lies behind a failed check is looked into, and with `shows` where outputs begin to differ; `say`
    tells whoever waits when that takes longer. Without `reuses`, what is known to end alike is computed all the same.
    With `apart`, training runs have workers of their own, however short.
    """

    def __init__(
        self,
        course: Course,
        sandbox: Sandbox,
        settings: Settings,
        memory: Store,
        selection: Selection = Selection(),
        workers: int | None = None,
        names: bool = False,
        shows: bool = False,
        say: Say = lambda text: None,
        reuses: bool = True,
        apart: bool = False,
    ) -> None:
        self.course, self.sandbox, self.settings = course, sandbox, settings
        self.selection, self.reuses, self._apart = selection, reuses, apart
        self.workers = workers or len(os.sched_getaffinity(0))
        self._pool = Pool(self.workers)
        self._jobs: dict[str, tuple[Job, ...]] = {}
        self._references = References(course, sandbox, settings, memory, self._pool)
        self._investigator = (
            Investigator(course, self._references, sandbox, settings, self._pool, say, shows) if names else None
        )

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.sandbox.close()  # ends the workers, so that nobody waits for one that hangs
        self._pool.shutdown(cancel_futures=True)

    def grade(self, folder: Path) -> Grade:
        """Grade one submission's folder. Raises `SubmissionError` when there is nothing to grade."""
        return self.grade_collected(submission.collect(folder))

    def grade_collected(
        self, collected: Submission, answers: Answers | None = None, selection: Selection | None = None
    ) -> Grade:
        """Grade a submission that was taken in already, by what its workers answer, or by `answers`; all that the
        grader grades, or less.

        Raises `SubmissionError`; `Unasked` where the answers do not reach for that.
        """
        started = time.monotonic()
        answers = answers or self.live(collected)
        chosen = list((selection or self.selection).of(self.course))
        modules = {assignment.id: collected.module(assignment.module) for assignment, _exercises in chosen}
        _expect_something(collected, chosen, modules)
        going = [(e, module) for a, exercises in chosen if (module := modules[a.id]) for e in exercises]
        running = self._start(collected, going, answers)
        assignments = []
        for assignment, exercises in chosen:
            work = _Work(collected, modules[assignment.id], running, answers)
            assignments.append(rubric.assignment_result(assignment, [self._result(each, work) for each in exercises]))
        return rubric.grade(
            collected.name,
            self.settings.device,
            promises.said(answers.protection),
            assignments,
            [
                *collected.said(),
                *self._left_out(chosen),
                *first_few(list(self._met(chosen, running, modules)), MOST_NOTES),
            ],
            time.monotonic() - started,
            collected.fingerprint,
            self._tools(),
        )

    def _tools(self) -> Tools:
        facts = self.sandbox.facts
        return Tools(__version__, facts.torch, facts.python, tolerances(self.settings.device))

    def live(self, collected: Submission, turn: int = 0) -> Live:
        """What its workers answer; a lower `turn` comes before higher ones."""
        return Live(collected, self.sandbox, self._pool, turn)

    def modules(self, collected: Submission) -> list[Module]:
        """The files of a submission that hold assignments of the selection. Raises `SubmissionError`."""
        found = (collected.module(assignment.module) for assignment, _exercises in self.selection.of(self.course))
        return [module for module in found if module is not None]

    def jobs(self, collected: Submission, selection: Selection | None = None) -> Iterator[tuple[Job, Module]]:
        """What a submission will be asked first. Raises `SubmissionError`."""
        for assignment, exercises in (selection or self.selection).of(self.course):
            module = collected.module(assignment.module)
            if module is not None:
                yield from ((job, module) for exercise in exercises for job in self._jobs_of(exercise))

    def reference(self, exercise: Exercise) -> Evidence:
        """The evidence of the reference solution."""
        return self._references.of(exercise)

    def _start(
        self, collected: Submission, exercises: Sequence[tuple[Exercise, Module]], answers: Answers
    ) -> dict[str, list[Future[Evidence]]]:
        """Ask for all answers, the longest first, so that no core is idle while one long job ends."""
        self._references.start(exercise for exercise, _module in exercises)
        jobs = [(exercise, job, module) for exercise, module in exercises for job in self._jobs_of(exercise)]
        jobs.sort(key=lambda job: -job[1].seconds)
        eager = at_first_line(collected)
        running: dict[str, list[Future[Evidence]]] = {}
        for exercise, job, module in jobs:
            running.setdefault(exercise.id, []).append(answers.ask(job, module, eager))
        return running

    def _jobs_of(self, exercise: Exercise) -> tuple[Job, ...]:
        """What is asked about an exercise: the same of everybody."""
        if exercise.id not in self._jobs:
            known = self._known(exercise)
            jobs = plan.jobs(exercise, self.course.digits, self.settings, self._apart)
            self._jobs[exercise.id] = tuple(replace(job, known=known) for job in jobs)
        return self._jobs[exercise.id]

    def _known(self, exercise: Exercise) -> plan.Known:
        """What need not be asked: the end of a training run that begins as the reference's (see `trajectory`)."""
        if not self.reuses:
            return plan.unknown
        return lambda probe, outcomes: (
            trajectory.taken_over(outcomes, self._references.of(exercise)) if probe.id == TRAIN else None
        )

    def _result(self, exercise: Exercise, work: _Work) -> ExerciseResult:
        result = self._judged(exercise, work)
        if result.score < result.max_score and result.status is not Status.ERROR:
            work.mistaken.setdefault(exercise.name, Mistaken())
        return result

    def _judged(self, exercise: Exercise, work: _Work) -> ExerciseResult:
        if work.module is None:
            name = self.course.assignment(exercise.assignment).module
            note = work.collected.left_out_as(name) or _("Neither {name}.py nor {name}.ipynb was handed in.").format(
                name=name
            )
            return rubric.exercise_result(exercise, Status.NOT_SUBMITTED, rubric.all_skipped(exercise, note), note)
        try:
            student = merge([future.result() for future in work.running[exercise.id]])
            reference = self._references.of(exercise)
        except (Unasked, CancelledError):
            raise
        except Exception as error:  # the edge that keeps the other exercises going; it is ours, and says so
            if not isinstance(error, SandboxError):
                sys.stderr.write(printable(traceback.format_exc()))
            findings = {check: Finding(Verdict.ERROR, str(error)) for check in exercise.points}
            return rubric.exercise_result(exercise, Status.ERROR, findings, str(error))
        note = _not_attempted(exercise, student)
        if note:
            return rubric.exercise_result(exercise, Status.NOT_ATTEMPTED, rubric.all_skipped(exercise, note), note)
        question = self._question(exercise, student, reference)
        insight = self._insight(question, work.module, work)
        shown = exhibits.collect(question, insight.findings, insight.misconceptions, work.collected, work.module.stem)
        shown = replace(shown, demonstration=insight.demonstration)
        broken = any(finding.verdict is Verdict.ERROR for finding in insight.findings.values())
        status = Status.ERROR if broken else Status.GRADED
        return rubric.exercise_result(exercise, status, insight.findings, insight.note, shown, insight.misconceptions)

    def glance(self, exercise: Exercise, student: Evidence) -> Glance | None:
        """The verdicts that answers allow which may not be all, without a look at what is behind them; None where
        there is no verdict yet."""
        try:
            note = _not_attempted(exercise, student)
        except NotYet:
            return None
        if note:
            skipped = rubric.all_skipped(exercise, note)
            return Glance(rubric.exercise_result(exercise, Status.NOT_ATTEMPTED, skipped, note))
        found = checks.so_far(self._question(exercise, student, self._references.of(exercise)))
        waiting = tuple(check for check in exercise.points if check not in found)
        whole = found | {check: Finding(Verdict.SKIPPED) for check in waiting}
        return Glance(rubric.exercise_result(exercise, Status.GRADED, whole), waiting)

    def _question(self, exercise: Exercise, student: Evidence, reference: Evidence) -> Question:
        limits, labels = self.settings.limits_of(exercise), self._labels(exercise)
        return Question(exercise, student, reference, frozenset(), self.settings.device, labels, limits)

    def _insight(self, question: Question, module: Module, work: _Work) -> Insight:
        """The verdicts, and what lies behind those that failed."""
        findings = checks.run(question)
        if self._investigator is None or not investigation.failed(findings):
            return Insight(findings)
        self._judge_beneath(question.exercise, work)
        try:
            insight = self._investigator.look_into(
                question, findings, work.collected, module, work.answers, work.mistaken
            )
        except (CourseError, CancelledError):
            raise
        except Exception as error:  # a name is a help, and no reason to lose a grade
            if not isinstance(error, SandboxError):
                sys.stderr.write(printable(traceback.format_exc()))
            return Insight(findings)
        work.mistaken[question.exercise.name] = insight.mistaken
        return insight

    def _judge_beneath(self, exercise: Exercise, work: _Work) -> None:
        """Judge what a failed exercise is built on, where it was not chosen: it may explain the failure."""
        assignment = self.course.assignment(exercise.assignment)
        beneath = bank.mentioned(assignment.solution, exercise.name)
        for other in assignment.exercises:
            if work.module is None or other.name not in beneath or other.id in work.running:
                continue
            work.running[other.id] = [work.answers.ask(job, work.module, soon=True) for job in self._jobs_of(other)]
            with suppress(Unasked):  # kept answers need not reach beyond what was chosen
                self._result(other, work)

    def _left_out(self, chosen: Sequence[tuple[Assignment, tuple[Exercise, ...]]]) -> Iterator[str]:
        """That training runs were left out, where there would have been some."""
        worth = [
            self.course.left_out[e.id]
            for _assignment, exercises in chosen
            for e in exercises
            if e.id in self.course.left_out
        ]
        if worth:
            runs, points = words.plural(len(worth), N_("training run")), sum(worth)
            yield _("Left out: {runs}, worth {points}, which no score and no maximum here includes.").format(
                runs=runs,
                points=ngettext("{points} point", "{points} points", 1 + (points != 1)).format(points=f"{points:g}"),
            )

    def _met(
        self,
        chosen: Sequence[tuple[Assignment, tuple[Exercise, ...]]],
        running: dict[str, list[Future[Evidence]]],
        modules: dict[str, Module | None],
    ) -> Iterator[str]:
        """What the code of each file met on its way, each thing once: what was adapted for it, and top-level code that
        did not run to its end."""
        for assignment, exercises in chosen:
            module = modules[assignment.id]
            runs = (running[e.id][-1] for e in exercises if e.id in running)
            done = [run.result() for run in runs if run.exception() is None]
            if module is None or not done:
                continue
            adapted = [note for evidence in done if (found := evidence.get("adapted", Adapted)) for note in found.notes]
            for sentence in dict.fromkeys(hints.of_adaptation(note.name, note.value) for note in adapted):
                if sentence:
                    yield _("{place}: {text}").format(place=module.path, text=sentence)
            loaded = done[0].get("load", Loaded)
            for stumble in loaded.stumbles if loaded else ():
                place = _("{file}, {place}").format(file=module.path, place=phrases.retold(stumble.place))
                yield _("{place}: {text}").format(place=place, text=words.told(stumble.problem))

    def _labels(self, exercise: Exercise) -> np.ndarray | None:
        if exercise.training is None:
            return None
        return plan.test_labels(exercise, exercise.training, self.course.digits, self.settings)


def at_first_line(collected: Submission) -> tuple[str, ...]:
    """What is slow to import, and needed from the first line on of a file that trains or draws at its top level."""
    compiler = collected.mentions(b"optim") or collected.mentions(b"compile")
    return ("torch._dynamo",) * compiler + ("matplotlib.pyplot",) * collected.mentions(b"matplotlib")


def _not_attempted(exercise: Exercise, student: Evidence) -> str:
    """Why the exercise counts as not attempted, or nothing."""
    found, loaded = student.get("find", Found), student.get("load", Loaded)
    stumbled = loaded is not None and loaded.stumbles
    if found is not None and found.kind == "absent" and not found.similar and not stumbled:
        return _("{name} is not defined in the file.").format(name=exercise.name)
    first = "build.0" if exercise.cases and not exercise.cases[0].tensors else "scene" if exercise.scene else "trace.0"
    ended = student.outcomes.get(first)
    return _("The stub is as it was handed out.") if isinstance(ended, Problem) and _is_stub(ended) else ""


def _is_stub(problem: Problem) -> bool:
    """Whether the stub itself raised: not something that the student's code calls, nor torch for a forward missing."""
    return (
        problem.type == "NotImplementedError"
        and len(problem.frames) == 1
        and problem.frames[0].text.startswith("raise NotImplementedError")
    )


def _expect_something(
    collected: Submission,
    chosen: Sequence[tuple[Assignment, tuple[Exercise, ...]]],
    modules: dict[str, Module | None],
) -> None:
    if any(modules.values()):
        return
    wanted = joined(f"{assignment.module}.py" for assignment, _exercises in chosen)
    for assignment, _exercises in chosen:
        if reason := collected.left_out_as(assignment.module):
            raise SubmissionError(
                _("{name} holds nothing that can be graded: {reason}").format(name=collected.name, reason=reason)
            )
    there = joined(sorted(collected.files)[:5])
    raise SubmissionError(
        _("{name} holds none of the files asked for. Expected: {wanted}. There: {there}").format(
            name=collected.name, wanted=wanted, there=there
        )
    )
