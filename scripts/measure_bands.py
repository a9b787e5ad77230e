"""Measure the accuracy bands of the training checks: many runs of the reference, each with another seed.

    python scripts/measure_bands.py [--runs 40] [--only EXERCISE]

Every seed draws other initial weights, another order of samples and another naming of the classes, so the spread
holds all that a correct submission may differ by, and more. Writes ``reference/*/bands.json``. See docs/training.md
for the arithmetic.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from grader import course as courses
from grader import grading, plan
from grader.course import Assignment, Course, Exercise
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.submission import Module

# A correct submission falls below mean - DEVIATIONS·s with probability under 1e-6: Student's t with 39 degrees of
# freedom leaves 1e-6 beyond 5.58; times sqrt(1 + 1/40) for a new run beside the 40 measured ones, 5.65.
DEVIATIONS = 6.0


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    course = courses.load(bands_required=False)
    with Zygote() as zygote, ThreadPoolExecutor() as pool:
        for assignment in course.assignments:
            bands = {}
            for exercise in assignment.exercises:
                if exercise.training is None or arguments.only not in (None, exercise.name):
                    continue
                seeds = range(1, arguments.runs + 1)
                reached = list(pool.map(lambda s, a=assignment, e=exercise: accuracy(zygote, course, a, e, s), seeds))
                bands[exercise.name] = band(reached)
                print(f"{exercise.id:45} {bands[exercise.name]}  lowest run {min(reached):.3f}", flush=True)
            if bands and arguments.only is None:
                write(course.root / "reference" / assignment.id / "bands.json", bands, zygote.facts.torch)


def accuracy(zygote: Zygote, course: Course, assignment: Assignment, exercise: Exercise, seed: int) -> float:
    """Test accuracy of one training run of the reference."""
    assert exercise.training is not None
    settings = Settings(seed)
    job = plan.training_job(exercise, course.digits, settings)
    files = {f"{assignment.module}.py": assignment.solution}
    module = Module(assignment.module, f"{assignment.module}.py")
    evidence = grading.run_job(zygote, job, files, module)
    labels = plan.test_labels(exercise, exercise.training, course.digits, settings)
    return float((evidence.arrays("train")["scores"].argmax(1) == labels).mean())


def band(reached: list[float]) -> dict[str, float]:
    """Mean, standard deviation and lower end of the band, rounded outwards."""
    mean, deviation = statistics.fmean(reached), statistics.stdev(reached)
    lowest = math.floor((mean - DEVIATIONS * deviation) * 1000) / 1000
    return {"lowest": lowest, "mean": round(mean, 4), "deviation": round(deviation, 4), "runs": len(reached)}


def write(file: Path, bands: dict[str, dict[str, float]], torch: str) -> None:
    """Save the bands with where they come from."""
    origin = {
        "command": "python scripts/measure_bands.py",
        "torch": torch,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    file.write_text(json.dumps({"measured": origin, "bands": bands}, indent=2) + "\n")


if __name__ == "__main__":
    main()
