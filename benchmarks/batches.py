"""`grade batch` as a process: how long it takes, how much memory it holds, and whether it did what it should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOOK = 0.05  # seconds between two looks at the memory


@dataclass(frozen=True)
class Ran:
    """One run to its end: wall seconds, the exit code, the peak of the main process's memory in bytes, the folder."""

    seconds: float
    code: int
    peak: int
    folder: Path

    def results(self) -> list[dict[str, Any]]:
        """What it says of each submission."""
        return [json.loads(line) for line in (self.folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def grade(
    members: Path, run: Path, options: Sequence[str], cache: Path, codes: Sequence[int], one_core: bool = False
) -> Ran:
    """Grade the class in the folder `members` into the run folder `run`, with the reference's evidence in `cache`.

    The whole command is timed. Raises `SystemExit` with what it said where it ends with another exit code than `codes`,
    or without a result for each submission.
    """
    command = [sys.executable, "-m", "grader", "batch", str(members), "--out", str(run), *options]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
    with open(run.with_suffix(".said"), "w+", encoding="utf-8") as said:
        started = time.perf_counter()
        with subprocess.Popen(
            command, stdout=said, stderr=said, env=environment, preexec_fn=pinned() if one_core else None
        ) as process:
            peak = watched(process)
        seconds = time.perf_counter() - started
        said.seek(0)
        if process.returncode not in codes:
            raise SystemExit(f"exit code {process.returncode} of {' '.join(command)}:\n{said.read()[-4000:]}")
    ran = Ran(seconds, process.returncode, peak, run)
    wanted, there = len(list(members.iterdir())), len(ran.results())
    if there != wanted:
        raise SystemExit(f"{there} results of {wanted} submissions from {' '.join(command)}")
    return ran


def watched(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process, and give the peak of its resident memory in bytes, without that of its children."""
    peak = 0
    while True:
        peak = max(peak, high_water(process.pid))
        try:
            process.wait(LOOK)
        except subprocess.TimeoutExpired:
            continue
        return peak


def high_water(pid: int) -> int:
    """The most memory that a process has held so far, in bytes; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def pinned() -> Callable[[], None]:
    """What a process does before it begins, to stay on one core."""
    core = max(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {core})


def expect_full_marks(results: Sequence[Mapping[str, Any]]) -> None:
    """Raise `SystemExit` where a submission has lost a point: what fails is not the work that is timed."""
    for result in results:
        if result["score"] != result["max_score"]:
            raise SystemExit(f"{result['submission']} has {result['score']} of {result['max_score']} points")


def chosen(exercises: Sequence[str], training: bool) -> list[str]:
    """The options that grade these exercises only."""
    return [part for name in exercises for part in ("--exercise", name)] + ([] if training else ["--no-training"])
