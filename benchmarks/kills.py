"""Kills the grader, its zygote and its workers at random moments, and asks whether anything is lost.

    python benchmarks/kills.py --kills 100

A small class is graded once in peace. Then it is graded again and again while somebody sends SIGKILL: to the grader,
which is then started again with the same command, after what a power cut may do to its write-ahead log; to the zygote;
to a worker. Each time the class is done, the gradebook, the results and the pages must be those of the run in peace,
times aside. Only processes that this program started are killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader import bank, saved
from grader import course as courses
from grader.database import FILE
from grader.gradebook import Gradebook
from grader.model import Grade

ROOT = Path(__file__).resolve().parents[1]
ASKED = ("--no-training", "--exercise", "RestNetBasicBlock", "--exercise", "linear_module", "--seed", "5")
VICTIMS = ("grader", "zygote", "worker")
SET_ASIDE = 4  # the exit code; `--only-errors` is what the message then says to do
PATIENCE = 600.0  # seconds that one run may take


def hand_in(folder: Path, mistakes: int) -> None:
    """Write the class: the sample class, and so many who each made another known mistake."""
    shutil.copytree(ROOT / "submissions", folder)
    known = bank.of(courses.load(ROOT)).of("RestNetBasicBlock")
    for variation in known[:: max(1, len(known) // mistakes)][:mistakes]:
        own = folder / f"{variation.misconception}-{variation.number}"
        own.mkdir()
        (own / "residual_blocks.py").write_bytes(variation.source)


def command(folder: Path, run: Path, asked: Sequence[str] = ASKED) -> list[str]:
    """Give the command that is interrupted, and given again."""
    return [sys.executable, "-m", "grader", "batch", str(folder), "--out", str(run), *asked]


def contents(run: Path) -> dict[str, Any]:
    """Everything that a run folder holds, times aside."""
    with Gradebook(run, create=False) as gradebook:
        rows = [replace(row, seconds=0.0, time="") for row in gradebook.rows()]
        grades = {row.name: gradebook.grade(row.result, row.name) for row in rows if row.result}
        return {
            "rows": rows,
            "grades": {name: saved.pack(replace(grade, seconds=0.0)) for name, grade in grades.items() if grade},
            "answers": gradebook._all("SELECT * FROM answer ORDER BY code, asked"),
            "alike": gradebook._all("SELECT * FROM alike ORDER BY code, asked"),
            "blobs": gradebook._all("SELECT * FROM blob ORDER BY hash"),
            "attempts": gradebook._all("SELECT * FROM attempt"),
            "results": [timeless(line) for line in (run / "results.jsonl").read_text().splitlines()],
            "files": {
                str(path.relative_to(run)): path.read_bytes()
                for path in sorted(run.rglob("*"))
                if path.is_file() and path.suffix in (".html", ".csv")
            },
            "leftovers": [str(path.relative_to(run)) for path in run.rglob(".*.part")],
        }


def timeless(line: str) -> dict[str, Any]:
    """One result without how long it took."""
    result: dict[str, Any] = json.loads(line)
    del result["seconds"]
    return result


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name what differs: where grades do, whose and where in them."""
    found = [name for name in one if one[name] != other[name]]
    for pair in zip(one["rows"], other["rows"], strict=False):
        found += [
            f"{pair[0].name}{place}" for place in parted(*({k: str(v) for k, v in vars(r).items()} for r in pair))
        ]
    for pair in zip(one["answers"], other["answers"], strict=False):
        found += parted(*(list(map(str, answer)) for answer in pair), "answer")[:2]
    for name in one["grades"].keys() | other["grades"].keys():
        grades = [saved.unpack(Grade, each["grades"][name]) for each in (one, other) if name in each["grades"]]
        if len(grades) == 2 and grades[0] != grades[1]:
            found += [f"{name}{place}" for place in parted(*map(saved.plain, grades))]
    return found


def parted(one: Any, other: Any, place: str = "") -> list[str]:
    """Name the places where two pieces of plain data differ, with what stands there."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in one for found in parted(one[key], other[key], f"{place}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found for n, pair in enumerate(zip(one, other, strict=True)) for found in parted(*pair, f"{place}[{n}]")
        ]
    return [] if one == other else [f"{place}: {str(one)[:200]!r} and {str(other)[:200]!r}"]


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that still live."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found


def below(pid: int) -> list[int]:
    """All that descends from a process, the process aside."""
    return [each for child in children(pid) for each in (child, *below(child))]


def victim(process: subprocess.Popen[bytes], kind: str) -> int | None:
    """A process of that kind: the grader itself, its one child, or one of the child's children."""
    if kind == "grader":
        return process.pid
    zygotes = children(process.pid)
    if kind == "zygote":
        return zygotes[0] if zygotes else None
    workers = [worker for zygote in zygotes for worker in below(zygote)]
    return random.choice(workers) if workers else None


class Kills:
    """Kills until there were enough, over as many rounds as that takes."""

    def __init__(self, folder: Path, work: Path, longest: float, kills: int) -> None:
        self._folder, self._run, self._longest, self._wanted = folder, work / "killed", longest, kills
        self.done: Counter[str] = Counter()
        self.powercuts = self.rounds = self.starts = self.set_aside = 0
        self.said = ""  # on standard error, in this round

    def round(self) -> Path:
        """Grade the class from nothing to the end, killing meanwhile; gives the run folder."""
        shutil.rmtree(self._run, ignore_errors=True)
        self.rounds += 1
        self.said = ""
        while not self._graded():
            if self.done["grader"] and random.random() < 0.3:
                self._cut_power()
        return self._run

    @property
    def enough(self) -> bool:
        """Whether there were as many kills as wanted."""
        return self.done.total() >= self._wanted

    def _graded(self) -> bool:
        """Give the command once; whether it came to its end."""
        self.starts += 1
        with subprocess.Popen(
            command(self._folder, self._run), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            until = time.monotonic() + PATIENCE
            while process.poll() is None and not self.enough:
                time.sleep(random.uniform(0, random.choice((0.1, 0.4, 1.0)) * self._longest))
                kind = random.choice(VICTIMS)
                found = victim(process, kind)
                if process.poll() is not None or found is None:
                    continue
                try:
                    os.kill(found, signal.SIGKILL)
                except ProcessLookupError:  # it ended by itself meanwhile
                    continue
                self.done[kind] += 1
                if kind == "grader":
                    process.wait()
                if time.monotonic() > until:
                    process.kill()
                    raise SystemExit(f"no end after {PATIENCE:g} s")
            _, said = process.communicate(timeout=PATIENCE)
            self.said += said.decode("utf-8", "replace")
        if process.returncode == SET_ASIDE:  # the grader was killed thrice in a row over one submission, by us
            self.set_aside += 1
            again = [*command(self._folder, self._run), "--only-errors"]
            return subprocess.run(again, capture_output=True, check=False).returncode in (0, 1)
        if process.returncode not in (0, 1, -signal.SIGKILL):
            raise SystemExit(f"exit code {process.returncode}: {self.said}")
        return process.returncode >= 0

    def _cut_power(self) -> None:
        """Shorten the write-ahead log, as what was not flushed yet is lost."""
        log = self._run / f"{FILE}-wal"
        if log.exists():
            content = log.read_bytes()
            log.write_bytes(content[: random.randrange(len(content) + 1)])
            (self._run / f"{FILE}-shm").unlink(missing_ok=True)
            self.powercuts += 1


def main() -> None:
    """Measure, and end with exit code 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mistakes", type=int, default=7, help="submissions beside the sample class")
    options = parser.parse_args()
    random.seed(options.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        hand_in(work / "class", options.mistakes)
        subprocess.run(command(work / "class", work / "warm"), capture_output=True, check=False)  # the reference, once
        started = time.monotonic()
        subprocess.run(command(work / "class", work / "peace"), capture_output=True, check=False)
        longest = time.monotonic() - started
        expected = contents(work / "peace")
        print(f"{len(expected['rows'])} submissions; in peace {longest:.1f} s", flush=True)
        kills, bad = Kills(work / "class", work, longest, options.kills), 0
        while not kills.enough:
            found = differences(expected, contents(kills.round()))
            bad += bool(found)
            told = "\n    ".join([*found, kills.said] if found else ["the same"])
            print(f"round {kills.rounds}: {kills.done.total()} kills; {told}", flush=True)
    each = ", ".join(f"{kind} {kills.done[kind]}" for kind in VICTIMS)
    print(
        f"{kills.done.total()} kills ({each}), {kills.powercuts} shortened logs, {kills.starts} starts, "
        f"{kills.rounds} rounds to the end, {bad} of them with a difference; {kills.set_aside} times a submission was "
        f"set aside, and graded with --only-errors; {time.monotonic() - began:.0f} s"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
