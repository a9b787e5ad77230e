"""The figures of benchmarks/README.md: the program against one plain process, as medians of paired runs.

    python benchmarks/figures.py [--runs 5] [--folder submissions/alice]

Run it on a quiet machine, after one `grade` (so that the reference's evidence is there). The plain process is
benchmarks/plain_process.py: the same questions with no walls, no channel, no verdicts and no report.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from grader import course as courses
from grader.grading import Grader
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.sandbox.limits import DEFAULT
from grader.store import Store, default_folder

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Measure and print, a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=ROOT / "submissions" / "alice")
    arguments = parser.parse_args()
    runs, folder = arguments.runs, arguments.folder.resolve()
    grade = [sys.executable, "-m", "grader"]
    with tempfile.TemporaryDirectory() as elsewhere:
        run = commander(elsewhere)
        show("grade --help", [run([*grade, "--help"]) for _ in range(runs)])
        cold = [(run([*grade, str(folder)]), run(plain(folder, "--repeat", "1"))) for _ in range(runs)]
        pairs("grade FOLDER against one plain process, each from a cold start", cold)
    warm(folder, runs)


def plain(folder: Path, *options: str) -> list[str]:
    """The command of the plain process."""
    return [sys.executable, str(ROOT / "benchmarks" / "plain_process.py"), str(folder), *options]


def commander(folder: str) -> Callable[[list[str]], float]:
    """Runs a command in `folder` and returns its wall seconds."""

    def run(command: list[str]) -> float:
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        return time.perf_counter() - started

    return run


def warm(folder: Path, runs: int) -> None:
    """Per submission with the zygote running, and the start of a worker."""
    course, store = courses.load(), Store(default_folder())
    for training in (True, False):
        chosen = course if training else course.without_training()
        for workers in (1, None):
            with Zygote() as zygote, Grader(chosen, zygote, Settings(7), store, workers=workers) as grader:
                grader.grade(folder)
                ours = [_timed(lambda: grader.grade(folder)) for _ in range(runs)]
                starts = [_timed(lambda: zygote.open(DEFAULT, 10).close()) for _ in range(25)] if workers else []
            options = ["--repeat", str(runs + 1)] + ([] if training else ["--no-training"])
            printed = subprocess.run(plain(folder, *options), capture_output=True, text=True, check=True).stdout
            floor = [float(line.split()[1]) for line in printed.splitlines() if line.startswith("checks")][1:]
            name = f"warm, {'with' if training else 'without'} training, {workers or 'all'} worker(s) at a time"
            pairs(name, list(zip(ours, floor, strict=True)))
            if starts:
                show("start and end of a worker", starts)


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def show(name: str, seconds: list[float]) -> None:
    """Print the median and the range of one series."""
    print(f"{name}: {statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})", flush=True)


def pairs(name: str, seconds: list[tuple[float, float]]) -> None:
    """Print both medians and the median ratio of pairs."""
    ours, floor = np.array(seconds).T
    print(
        f"{name}: {np.median(ours):.2f} s against {np.median(floor):.2f} s, ratio {np.median(ours / floor):.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
