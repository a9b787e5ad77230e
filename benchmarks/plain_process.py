"""The floor: the same questions to the same submission, in one plain process without any isolation.

    python benchmarks/plain_process.py submissions/alice [--no-training] [--repeat N]

Imports torch, then calls the worker's operations directly: no sandbox, no channel, no verdicts, no report. Prints the
seconds of every round, so that the first (with the import) and later ones (warm) can be told apart.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from grader import course as courses
from grader import plan, submission
from grader.plan import Settings


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    started = time.perf_counter()
    import torch

    torch.set_num_threads(1)
    print(f"import torch {time.perf_counter() - started:.2f} s")
    importlib.import_module("torch._dynamo")
    print(f"with its compiler {time.perf_counter() - started:.2f} s")
    for _ in range(arguments.repeat):
        begun = time.perf_counter()
        grade(arguments.folder, not arguments.no_training)
        print(f"checks {time.perf_counter() - begun:.2f} s", flush=True)


def grade(folder: Path, training: bool) -> None:
    """Put every question of every exercise to the submission, in this process."""
    from grader.worker.main import OPERATIONS
    from grader.worker.student import Student

    course, files = courses.load(), submission.collect(folder)
    for assignment in course.assignments:
        module = files.module(assignment.module)
        if module is None:
            continue
        for exercise in assignment.exercises:
            for job in plan.jobs(exercise, course.digits, Settings(7)):
                with tempfile.TemporaryDirectory() as box:
                    student = Student(box)
                    paths = sorted(files.files)
                    arrays = {str(i): np.frombuffer(files.files[p], dtype=np.uint8) for i, p in enumerate(paths)}
                    OPERATIONS["load"](student, {"paths": paths, "module": module.stem, "cells": 0}, arrays)
                    for probe in job.probes:
                        if probe.op in ("begin", "train") and not training:
                            continue
                        OPERATIONS[probe.op](student, dict(probe.params), dict(probe.arrays))
                    sys.modules.pop(module.stem, None)
                    sys.path[:] = [path for path in sys.path if not path.startswith(box)]


if __name__ == "__main__":
    main()
