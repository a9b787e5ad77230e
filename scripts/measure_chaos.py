"""Measure how far two correct training runs part, and why canonical weights have the scale they have.

    python scripts/measure_chaos.py [--seed 1] [--only growth|first|spellings]

``growth`` trains the reference's ResNet18 from weights that differ by one rounding step, with scales around 0.3 (ours)
and around 1.0 (the usual start of a BatchNorm). ``first`` does the first steps only, for many seeds. ``spellings``
trains the correct files of ``tests/corpus`` and compares them with the reference. All put the grader's own question
with its own code; docs/training.md explains the figures. About six minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from grader import asking, plan
from grader import course as courses
from grader.checks.training import FIRST_TOLERANCE
from grader.course import FIRST_STEPS, Assignment, Course, Exercise
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.submission import Module
from grader.worker import canonical, training
from grader.worker.canonical import Values
from grader.worker.roles import Role
from grader.worker.student import Student

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus"
NUDGE = 1e-7  # relative; neighbouring float32 numbers are 6e-8 to 1.2e-7 apart
RUNS = 4  # the first without a nudge
STEPS = 15
SHOWN = (1, 3, 8, STEPS)  # steps whose loss is printed
SETTINGS = ((0.3, 0.05), (1.0, 0.01), (1.0, 0.05), (1.0, 0.1))  # scale, rate
SEEDS = range(100, 140)


class Nudged(Values):
    """Canonical values, each moved by about one rounding step; `run` draws the direction, 0 leaves them."""

    def __init__(self, seed: int, run: int) -> None:
        super().__init__(seed)
        self.run = run

    def fill(self, tensors: Iterable[tuple[torch.Tensor, Role]]) -> None:
        """Fill, then nudge."""
        filled = list(tensors)
        super().fill(filled)
        for number, (tensor, _) in enumerate(filled if self.run else ()):
            if tensor.is_floating_point():
                noise = canonical.normal(tensor.shape, self.run, number).double()
                tensor.data.copy_(tensor.data.double() * (1 + NUDGE * noise))


class Nudger(Student):
    """The reference's ResNet18 in this process, trained with nudged values by the worker's own code."""

    run = 0

    def __init__(self, box: str, course: Course) -> None:
        super().__init__(box)
        self.course, self.exercise = course, course.exercise("RestNet18")
        assignment = course.assignment(self.exercise.assignment)
        source = np.frombuffer(assignment.solution, dtype=np.uint8)
        self.load({"paths": [f"{assignment.module}.py"], "module": assignment.module, "cells": 0}, {"0": source})

    def values(self, seed: int) -> Values:
        """Anew for each run."""
        return Nudged(seed, self.run)

    def train(self, seed: int, run: int, **changes: float) -> tuple[np.ndarray, float]:
        """Losses and accuracy of one run with other `steps` or another `rate`."""
        assert self.exercise.training is not None
        self.run = run
        exercise = replace(self.exercise, training=replace(self.exercise.training, **changes))  # type: ignore[arg-type]
        begin, end = plan.training_job(exercise, self.course.digits, Settings(seed)).probes
        training.begin(self, dict(begin.params), dict(begin.arrays))
        _, found = training.train(self, dict(end.params), dict(end.arrays))
        return found["losses"], reached(found["scores"], exercise, self.course, Settings(seed))


def reached(scores: np.ndarray, exercise: Exercise, course: Course, settings: Settings) -> float:
    """Share of test images that are right."""
    assert exercise.training is not None
    labels = plan.test_labels(exercise, exercise.training, course.digits, settings)
    return float((scores.argmax(1) == labels).mean())


def growth(student: Nudger, seed: int) -> None:
    """Print losses and accuracies of each setting, one line a run."""
    print("scale  rate  run  " + "  ".join(f"loss {step:>2}" for step in SHOWN) + "  accuracy")
    for scale, rate in SETTINGS:
        canonical.SCALE = scale
        for run in range(RUNS):
            losses, accuracy = student.train(seed, run, steps=STEPS, rate=rate)
            shown = "  ".join(f"{losses[step - 1]:7.4f}" for step in SHOWN)
            print(f"{scale:5}  {rate:4}  {run:3}  {shown}  {accuracy:8.1%}", flush=True)
    canonical.SCALE = SETTINGS[0][0]


def first(student: Nudger) -> None:
    """Print how far one rounding step moves the losses that the check compares, and one more, over many seeds.

    Then how far a model that is not updated is off, at least: the tolerance lies between the two.
    """
    pairs = [[student.train(seed, run, steps=FIRST_STEPS + 1)[0] for run in (0, 1)] for seed in SEEDS]
    apart = np.array([np.abs(nudged / exact - 1) for exact, nudged in pairs])
    print(f"step  median   largest  of {len(SEEDS)} seeds beyond 1e-5, 1e-3, {FIRST_TOLERANCE:.0e}")
    for step, found in enumerate(apart.T, start=1):
        beyond = "  ".join(f"{(found > limit).sum():3}" for limit in (1e-5, 1e-3, FIRST_TOLERANCE))
        print(f"{step:4}  {np.median(found):.1e}  {found.max():.1e}  {beyond}", flush=True)
    still = [student.train(seed, 0, steps=FIRST_STEPS, rate=0.0)[0] for seed in SEEDS]
    off = [np.abs(idle / exact[:FIRST_STEPS] - 1).max() for idle, (exact, _) in zip(still, pairs, strict=True)]
    print(f"never updated: off by {min(off):.1e} to {max(off):.1e}", flush=True)


def spellings(course: Course, settings: Settings) -> None:
    """Print, for each exercise, how far first losses and accuracies of correct spellings are from the reference's."""
    print("exercise                                       files  same bits  first losses  accuracy")
    with Zygote() as zygote, ThreadPoolExecutor(2) as pool:
        for assignment in course.assignments:
            for exercise in assignment.exercises:
                if exercise.training is not None:
                    runs = _runs(zygote, pool, course, assignment, exercise, settings)
                    print(f"{exercise.id:45}  {_spread(*runs)}", flush=True)


def _runs(
    zygote: Zygote,
    pool: ThreadPoolExecutor,
    course: Course,
    assignment: Assignment,
    exercise: Exercise,
    settings: Settings,
) -> list[tuple[np.ndarray, float]]:
    """Losses and accuracy of the reference, then of every correct file that holds the exercise."""
    job = plan.training_job(exercise, course.digits, settings)

    def train(source: bytes) -> dict[str, np.ndarray]:
        files = {f"{assignment.module}.py": source}
        return asking.run_job(zygote, job, files, Module(assignment.module, f"{assignment.module}.py")).arrays("train")

    sources = [file.read_bytes() for file in sorted((CORPUS / assignment.id / "correct").glob("*.py"))]
    sources = [source for source in sources if exercise.name.encode() in source]
    found = [arrays for arrays in pool.map(train, [assignment.solution, *sources]) if arrays]  # named, but left out
    return [(arrays["losses"], reached(arrays["scores"], exercise, course, settings)) for arrays in found]


def _spread(reference: tuple[np.ndarray, float], *others: tuple[np.ndarray, float]) -> str:
    same = sum(np.array_equal(losses, reference[0]) for losses, _ in others)
    apart = max(float(np.abs(losses / reference[0] - 1)[:FIRST_STEPS].max()) for losses, _ in others)
    accuracy = max(abs(accuracy - reference[1]) for _, accuracy in others)
    return f"{len(others):5}  {same:9}  {apart:12.1e}  {accuracy:8.1%}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["growth", "first", "spellings"])
    arguments = parser.parse_args()
    course = courses.load()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as box:
        student = Nudger(box, course)
        if arguments.only in (None, "growth"):
            growth(student, arguments.seed)
        if arguments.only in (None, "first"):
            first(student)
    if arguments.only in (None, "spellings"):
        spellings(course, Settings(arguments.seed))


if __name__ == "__main__":
    main()
