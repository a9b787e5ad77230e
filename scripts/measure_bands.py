"""Measure the accuracy bands of the training checks: many runs of the reference, each with another seed.

    python scripts/measure_bands.py [--runs 40|20] [--only EXERCISE]

Writes ``reference/*/bands.json``. See docs/training.md for the arithmetic, and grader/bands.py for the runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
from pathlib import Path

import numpy as np

from grader import bands
from grader import course as courses
from grader.course import Band
from grader.sandbox.host import Zygote


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, choices=sorted(bands.DEVIATIONS), default=40)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    course = courses.load(bands_required=False)
    with Zygote() as zygote:
        for assignment in course.assignments:
            measured = {}
            for exercise in assignment.exercises:
                if exercise.training is None or arguments.only not in (None, exercise.name):
                    continue
                reached = bands.measure(zygote, assignment, exercise, course.digits, arguments.runs)
                measured[exercise.name] = found = bands.band(reached, bands.DEVIATIONS[arguments.runs])
                print(f"{exercise.id:45} {found}  lowest run {min(reached):.3f}", flush=True)
            if measured and arguments.only is None:
                write(course.root / "reference" / assignment.id / "bands.json", measured, zygote.facts.torch)


def write(file: Path, measured: dict[str, Band], torch: str) -> None:
    """Save the bands with where they come from."""
    origin = {
        "command": "python scripts/measure_bands.py",
        "torch": torch,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
    found = {name: dataclasses.asdict(band) for name, band in measured.items()}
    file.write_text(json.dumps({"measured": origin, "bands": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
