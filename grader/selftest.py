"""The course tried on itself: every trial through the real sandbox, and what became of it.

What is caught without a training run needs none: mistakes and mutants are graded without first, and only what survives
is graded with it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from rich.console import Console

from grader import tally, trials
from grader.course import Course
from grader.coursewide import copies
from grader.errors import InternalError
from grader.grading import Grader, Selection
from grader.language import _
from grader.model import ExerciseResult, Status, Verdict
from grader.plan import Settings
from grader.report import rates
from grader.report.plain import format_points
from grader.sandbox.host import Sandbox, Zygote
from grader.store import Store, default_folder
from grader.submission import Submission
from grader.tally import Kind, Outcome, Rate, Trial
from grader.trials import Plan

EVERY = 100  # trials, between one word of progress and the next


def main(
    course: Course,
    selection: Selection,
    console: Console | None,
    say: Callable[[str], None],
    *,
    mutants: int | None,
    correct: Path | None,
    seed: int | None,
    jobs: int | None,
) -> int:
    """Try the course in one sandbox, tell what was found (without a console: as JSON), and return the exit code."""
    store = Store(default_folder())
    plan = Plan(list(selection.of(course)), mutants, seed or 0, trials.variations(course, correct))
    everything, standard = trials.everything(course, plan), trials.standard(course)
    hidden = tuple(map(str, (course.root, *copies(), store.folder)))
    settings = Settings(store.seed() if seed is None else seed)
    workers = jobs or len(os.sched_getaffinity(0))
    with (
        Zygote("cpu", hidden, cache=str(store.folder / "matplotlib")) as zygote,
        SelfTest(course, zygote, settings, store, workers) as test,
    ):
        outcomes = list(test.run(everything, say))
    found = tally.rates(outcomes, standard)
    if console is None:
        sys.stdout.writelines(f"{json.dumps(outcome.as_json())}\n" for outcome in outcomes)
    else:
        notes = (
            [] if plan.variations else [_("Correct variations: not tried. They come with a checkout, or by --correct.")]
        )
        exercises = {assignment.id: [e.name for e in chosen] for assignment, chosen in plan.chosen}
        rates.show(tally.Tally(tuple(outcomes)), exercises, found, notes, console)
    return exit_code(outcomes, found)


def exit_code(outcomes: Iterable[Outcome], found: Iterable[Rate]) -> int:
    """0 when the course is as good as it states, 1 when it is not, 4 when something of ours broke."""
    if any(outcome.broken and outcome.trial.kind is not Kind.STUB for outcome in outcomes):
        return InternalError.exit_code
    return 0 if all(rate.met for rate in found) else 1


class SelfTest:
    """Tries a course. Graders are kept, one for each selection, since each knows its reference evidence."""

    def __init__(self, course: Course, sandbox: Sandbox, settings: Settings, store: Store, jobs: int) -> None:
        self.course, self.sandbox, self.settings, self.store, self.jobs = course, sandbox, settings, store, jobs
        self._bare = course.without_training()
        self._graders: dict[tuple[Selection, bool, bool], Grader] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> SelfTest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for grader in self._graders.values():
            grader.__exit__(kind, error, trace)

    def run(self, trials: Iterable[Trial], say: Callable[[str], None] = lambda _: None) -> Iterator[Outcome]:
        """Try everything, `jobs` at a time, in order."""
        pool = ThreadPoolExecutor(self.jobs)
        try:
            everything = list(trials)
            for number, outcome in enumerate(pool.map(self.outcome, everything), start=1):
                yield outcome
                if number % EVERY == 0:
                    say(_("{number} of {count}").format(number=number, count=len(everything)))
        finally:
            pool.shutdown(cancel_futures=True)

    def outcome(self, trial: Trial) -> Outcome:
        """Grade one trial, with training runs only where they may still change what is found."""
        if trial.kind is Kind.STUB:
            return self._graded(trial, self._bare)
        if trial.kind in (Kind.SOLUTION, Kind.CORRECT):
            return self._graded(trial, self.course)
        found = self._graded(trial, self._bare)
        trained = self.course.exercise(f"{trial.assignment}.{trial.exercise}").training is not None
        if found.caught or found.broken or not trained:
            return found
        again = self._graded(replace(trial, beside=()), self.course)
        return replace(again, trial=trial, collateral=found.collateral)

    def _graded(self, trial: Trial, course: Course) -> Outcome:
        names = (*((trial.exercise,) if trial.exercise else ()), *trial.beside)
        selection = Selection(frozenset({trial.assignment}), frozenset(f"{trial.assignment}.{name}" for name in names))
        assignment = course.assignment(trial.assignment)
        handed_in = Submission(trial.name, {f"{assignment.module}.py": trial.source})
        results = self._grader(selection, course, trial.kind is Kind.MISTAKE).grade_collected(handed_in).exercises
        own = [result for result in results if trial.exercise in ("", result.name)]
        others = [result for result in results if trial.exercise not in ("", result.name)]
        if trial.kind is Kind.STUB:
            return Outcome(trial, broken=tuple(_earned(results)))
        return Outcome(
            trial,
            tuple(_lost(own, bool(trial.exercise))),
            tuple(_lost(others)),
            tuple(dict.fromkeys(found.id for result in own for found in result.misconceptions)),
            tuple(_errors(results)),
        )

    def _grader(self, selection: Selection, course: Course, names: bool) -> Grader:
        with self._lock:
            key = (selection, course is self.course, names)
            if key not in self._graders:
                self._graders[key] = Grader(
                    course, self.sandbox, self.settings, self.store, selection, self.jobs, names=names
                )
            return self._graders[key]


def _lost(results: Iterable[ExerciseResult], only: bool = False) -> Iterator[str]:
    """Checks that did not pass, by name; with the exercise, where there may be several."""
    for result in results:
        for check in result.checks:
            if check.verdict in (Verdict.FAILED, Verdict.SKIPPED):
                yield check.id if only else f"{result.name}: {check.id}: {check.finding.rationale}"


def _errors(results: Iterable[ExerciseResult]) -> Iterator[str]:
    for result in results:
        if result.status is Status.ERROR or any(check.verdict is Verdict.ERROR for check in result.checks):
            broken = next((c.finding for c in result.checks if c.verdict is Verdict.ERROR), None)
            yield f"{result.name}: {result.note or (broken.got or broken.rationale if broken else '')}"


def _earned(results: Iterable[ExerciseResult]) -> Iterator[str]:
    """What a stub must not be: worth points, or taken for an attempt."""
    for result in results:
        if result.score or result.status is not Status.NOT_ATTEMPTED:
            text = _("{exercise}: {status}, {points} points")
            yield text.format(exercise=result.name, status=result.status, points=format_points(result.score))
