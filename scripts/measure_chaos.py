"""Measure how far two correct training runs part, and why canonical weights have the scale they have.

    python scripts/measure_chaos.py [--seed 1] [--only growth|spellings]

``growth`` trains the reference's ResNet18 several times from weights that differ by one rounding step, with scales
around 0.3 (ours) and around 1.0 (the usual start of a BatchNorm). ``spellings`` trains the correct files of
``tests/corpus`` and compares their losses with the reference's. Both put the grader's own question, with its own
code; docs/training.md explains the figures. About five minutes on two cores.
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

from grader import course as courses
from grader import grading, plan
from grader.checks.training import FIRST_STEPS
from grader.course import Assignment, Course, Exercise
from grader.plan import Probe, Settings
from grader.sandbox.host import Zygote
from grader.worker import canonical, training
from grader.worker.canonical import Values
from grader.worker.roles import Role
from grader.worker.student import Student

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "corpus"
NUDGE = 1e-7  # relative; a float32 is exact to 6e-8
RUNS = 4  # the first without a nudge
STEPS = 15
SHOWN = (1, 3, 8, STEPS)  # steps whose loss is printed
SETTINGS = ((0.3, 0.05), (1.0, 0.01), (1.0, 0.05), (1.0, 0.1))  # scale, rate


class Nudged(Values):
    """Canonical values, each moved by about one rounding step; `run` says in which direction, 0 leaves them."""

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
    """The reference solution as a worker holds it, with nudged values."""

    run = 0

    def values(self, seed: int) -> Values:
        """Anew for each run."""
        return Nudged(seed, self.run)


def growth(course: Course, seed: int) -> None:
    """Print losses and accuracies of ResNet18 for each setting, one line a run."""
    torch.set_num_threads(1)
    assignment, exercise = course.assignment("residual_blocks"), course.exercise("RestNet18")
    assert exercise.training is not None
    exercise = replace(exercise, training=replace(exercise.training, steps=STEPS))
    settings = Settings(seed)
    probe = train_probe(exercise, course, settings)
    labels = plan.test_labels(exercise, exercise.training, course.digits, settings)
    print("scale  rate  run  " + "  ".join(f"loss {step:>2}" for step in SHOWN) + "  accuracy")
    with tempfile.TemporaryDirectory() as box:
        student = Nudger(box)
        source = np.frombuffer(assignment.solution, dtype=np.uint8)
        student.load([f"{assignment.module}.py"], assignment.module, {"0": source})
        for scale, rate in SETTINGS:
            canonical.SCALE = scale
            for student.run in range(RUNS):
                _, found = training.train(student, {**probe.params, "rate": rate}, dict(probe.arrays))
                losses = "  ".join(f"{found['losses'][step - 1]:7.4f}" for step in SHOWN)
                reached = (found["scores"].argmax(1) == labels).mean()
                print(f"{scale:5}  {rate:4}  {student.run:3}  {losses}  {reached:8.1%}", flush=True)


def spellings(course: Course, seed: int) -> None:
    """Print, for each exercise, how far the first losses and the accuracies of correct spellings are apart."""
    print("exercise                                       files  same bits  first losses  accuracy")
    with Zygote() as zygote, ThreadPoolExecutor(2) as pool:
        for assignment in course.assignments:
            for exercise in assignment.exercises:
                if exercise.training is not None:
                    print(_spread(zygote, pool, course, assignment, exercise, Settings(seed)), flush=True)


def _spread(
    zygote: Zygote,
    pool: ThreadPoolExecutor,
    course: Course,
    assignment: Assignment,
    exercise: Exercise,
    settings: Settings,
) -> str:
    assert exercise.training is not None
    probe = train_probe(exercise, course, settings)
    job = next(job for job in plan.jobs(exercise, course.digits, settings) if job.probes[0].op == probe.op)
    labels = plan.test_labels(exercise, exercise.training, course.digits, settings)

    def train(source: bytes) -> tuple[np.ndarray, float] | None:
        files = {f"{assignment.module}.py": source}
        arrays = grading.run_job(zygote, job, files, assignment.module, compiler=False).arrays("train")
        return (arrays["losses"], float((arrays["scores"].argmax(1) == labels).mean())) if arrays else None

    files = sorted((CORPUS / assignment.id / "correct").glob("*.py"))
    sources = [file.read_bytes() for file in files if exercise.name.encode() in file.read_bytes()]
    reference, *others = pool.map(train, [assignment.solution, *sources])
    assert reference is not None
    found = [run for run in others if run is not None]  # a file may mention an exercise and leave it out
    same = sum(np.array_equal(losses, reference[0]) for losses, _ in found)
    first = max(float(np.abs(losses / reference[0] - 1)[:FIRST_STEPS].max()) for losses, _ in found)
    apart = max(abs(accuracy - reference[1]) for _, accuracy in found)
    return f"{exercise.id:45}  {len(found):5}  {same:9}  {first:12.1e}  {apart:8.1%}"


def train_probe(exercise: Exercise, course: Course, settings: Settings) -> Probe:
    """The question that the grader would put."""
    probes = [probe for job in plan.jobs(exercise, course.digits, settings) for probe in job.probes]
    return next(probe for probe in probes if probe.op == "train")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["growth", "spellings"])
    arguments = parser.parse_args()
    course = courses.load()
    if arguments.only != "spellings":
        growth(course, arguments.seed)
    if arguments.only != "growth":
        spellings(course, arguments.seed)


if __name__ == "__main__":
    main()
