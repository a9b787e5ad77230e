"""What names cost: the sample submissions with and without them, turn about, in one process and one sandbox.

    python benchmarks/naming.py [--runs N]

Medians of the wall time of a submission, without training runs, once the evidence of known mistakes is in the cache;
and the median for each exercise that fails, of the look at what lies behind it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader import course as courses
from grader import submission
from grader.grading import Grader
from grader.investigation import Investigator
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store, default_folder

SUBMISSIONS = Path(__file__).resolve().parents[1] / "submissions"
LEVELS = {"verdicts alone": (False, False), "and names": (True, False), "and smallest calls": (True, True)}


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    course, store = courses.load().without_training(), Store(default_folder())
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    with Zygote("cpu", cache=str(store.folder / "matplotlib")) as zygote, looking() as looks:
        for turn in range(runs + 1):  # the first fills the caches
            for name in ("alice", "bob"):
                collected = submission.collect(SUBMISSIONS / name)
                for level, (names, shows) in LEVELS.items():
                    with Grader(course, zygote, Settings(store.seed()), store, names=names, shows=shows) as grader:
                        started = time.monotonic()
                        grader.grade_collected(collected)
                        if turn:
                            took[name, level].append(time.monotonic() - started)
            if not turn:
                looks.clear()
    for (name, level), seconds in took.items():
        print(f"{name:8}{level:22}{statistics.median(seconds):6.2f} s")
    for exercise, seconds in looks.items():
        named, shown = statistics.median(seconds[::2]), statistics.median(seconds[1::2])
        print(f"{exercise:44}{named:6.2f} s, with a call {shown:6.2f} s")


@contextmanager
def looking() -> Iterator[dict[str, list[float]]]:
    """The seconds of each look behind a failed exercise, in order."""
    looks: dict[str, list[float]] = defaultdict(list)
    original = Investigator.look_into

    def timed(self: Investigator, question: Any, *rest: Any) -> Any:
        started = time.monotonic()
        try:
            return original(self, question, *rest)
        finally:
            looks[question.exercise.id].append(time.monotonic() - started)

    Investigator.look_into = timed  # type: ignore[method-assign]
    try:
        yield looks
    finally:
        Investigator.look_into = original  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
