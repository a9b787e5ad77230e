"""How far correct submissions are from the reference they are compared with, in units of the band's own deviation.

    python benchmarks/fairness.py [--only EXERCISE] [--runs 40] [--long-runs 10]

With fresh seeds, trains each reference and its variations (benchmarks/varied: equal in algebra, other rounding; noise
of 1e-6; other numbers of threads; other starting values), puts the check's own verdict to them, and prints a line for
each kind. About four minutes, one worker at a time.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from variations import FILES, varied

from grader import asking, plan
from grader import course as courses
from grader.checks import training
from grader.checks.question import Question
from grader.course import FIRST_STEPS, Course, Exercise
from grader.evidence import Evidence
from grader.model import Verdict
from grader.plan import LONG_SECONDS, Settings
from grader.sandbox.host import Zygote
from grader.submission import Module

FIRST_SEED = 1001  # far from those that the bands were measured with
SHORT = ("Model_Seq", "build_sequential_args", "RestNet18")  # one of each row of the table of runs


@dataclass(frozen=True)
class Run:
    """One correct submission beside the reference, with one seed."""

    same: bool
    losses: float
    accuracy: float
    reference: float
    missed: bool


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SHORT)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--long-runs", type=int, default=10)
    arguments = parser.parse_args()
    course = courses.load()
    print(f"{'exercise':22} {'kind':15} runs  same bits  first losses  difference in s       lowest run  missed")
    with Zygote() as zygote:
        print(f"torch {zygote.facts.torch}, {zygote.facts.cpu}")
        for name in SHORT if arguments.only is None else (arguments.only,):
            exercise = course.exercise(name)
            assert exercise.training is not None
            runs = arguments.runs if exercise.training.seconds < LONG_SECONDS else arguments.long_runs
            for kind, found in measured(zygote, course, exercise, runs).items():
                print(f"{name:22} {kind:15} {shown(exercise, found)}", flush=True)


def measured(zygote: Zygote, course: Course, exercise: Exercise, runs: int) -> dict[str, list[Run]]:
    """Runs of every kind, each with the same seeds; first the reference itself, with nothing changed."""
    solution = course.assignment(exercise.assignment).solution
    sources = {"the reference": solution} | {kind: varied(solution, kind) for kind in FILES}
    found: dict[str, list[Run]] = {kind: [] for kind in sources}
    for seed in range(FIRST_SEED, FIRST_SEED + runs):
        settings = Settings(seed)
        trained = {kind: train(zygote, course, exercise, settings, source) for kind, source in sources.items()}
        for kind, evidence in trained.items():
            found[kind].append(beside(course, exercise, settings, evidence, trained["the reference"]))
    return found


def train(zygote: Zygote, course: Course, exercise: Exercise, settings: Settings, source: bytes) -> Evidence:
    """One training run, as the grader asks for it."""
    module = Module(exercise.assignment, f"{exercise.assignment}.py")
    job = plan.training_job(exercise, course.digits, settings.for_reference())
    return asking.run_job(zygote, job, {module.path: source}, module)


def beside(course: Course, exercise: Exercise, settings: Settings, student: Evidence, reference: Evidence) -> Run:
    """What the check says of a run, and how far it is from the reference's."""
    assert exercise.training is not None
    labels = plan.test_labels(exercise, exercise.training, course.digits, settings)
    question = Question(exercise, student, reference, frozenset(["gradients"]), "cpu", labels)
    ours, theirs = (evidence.arrays("train") for evidence in (reference, student))
    reached = [training.accuracy(question, whose) for whose in ("student", "reference")]
    assert reached[0] is not None
    assert reached[1] is not None
    first = slice(FIRST_STEPS)
    return Run(
        same=all(np.array_equal(ours[name], theirs[name]) for name in ("losses", "scores")),
        losses=float(np.abs(theirs["losses"][first] / ours["losses"][first] - 1).max()),
        accuracy=reached[0],
        reference=reached[1],
        missed=training.judge(question).verdict is not Verdict.PASSED,
    )


def shown(exercise: Exercise, runs: list[Run]) -> str:
    """The figures of one kind."""
    assert exercise.band is not None
    band = exercise.band
    apart = np.array([run.accuracy - run.reference for run in runs]) / band.deviation
    spread, largest = float(np.sqrt(np.mean(apart**2))), float(np.abs(apart).max())
    lowest = (min(run.accuracy for run in runs) - band.mean) / band.deviation
    return (
        f"{len(runs):4}  {sum(run.same for run in runs):9}  {max(run.losses for run in runs):12.1e}"
        f"  {spread:.2f}, at most {largest:.2f}  mean {lowest:+.1f} s  {sum(run.missed for run in runs):6}"
    )


if __name__ == "__main__":
    main()
