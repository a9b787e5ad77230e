"""How long after a save the verdicts of `grade watch` are there: edits each exercise of a submission in turn.

    python benchmarks/watching.py [--submission submissions/alice] [--times 5] [--assignment NAME] [--exercise NAME]

An edit puts a statement without effect into the exercise, another one each time, so that nothing is known from before.
Times are from the write to the file: they hold what the file system and the wait for the end of a save take. Printed
are medians in seconds: until the first verdict of the exercise, until all but that of its training run.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from grader.board import Event, Saved, Seen
from grader.cli.running import grading
from grader.cli.saves import Saves
from grader.watching import Watching

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds


class Clock:
    """When the first verdict of an exercise came, and the last but that of its training run."""

    def __init__(self) -> None:
        self.exercise, self.first, self.examined = "", 0.0, threading.Event()
        self.last, self._saved = 0.0, False

    def expect(self, exercise: str) -> None:
        """Begin to wait for that one."""
        self.exercise, self.first, self.last, self._saved = exercise, 0.0, 0.0, False
        self.examined.clear()

    def hear(self, event: Event) -> None:
        """Note the time of a verdict. What comes before the save was noticed is of an earlier one."""
        self._saved |= isinstance(event, Saved)
        if self._saved and isinstance(event, Seen) and event.result.id == self.exercise and not self.last:
            now = time.monotonic()
            self.first = self.first or now
            if set(event.waiting) <= {"training"}:
                self.last = now
                self.examined.set()


def edited(source: str, name: str, number: int) -> str:
    """The source with a statement that does nothing in the function or the first method of an exercise."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            functions = [each for each in ast.walk(node) if isinstance(each, ast.FunctionDef)]
            first = functions[0].body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(functions[0].body) > 1:
                first = functions[0].body[1]
            lines = source.split("\n")
            lines.insert(first.lineno - 1, f"{' ' * first.col_offset}_edit = {number}")
            return "\n".join(lines)
    raise SystemExit(f"{name} is not defined at the top of its file")


def main() -> None:
    """Edit, wait, note; then print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submission", type=Path, default=ROOT / "submissions" / "alice")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--assignment", action="append", default=[])
    parser.add_argument("--exercise", action="append", default=[])
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / wanted.submission.name
        shutil.copytree(wanted.submission, folder)
        measure(folder, wanted)


def measure(folder: Path, wanted: argparse.Namespace) -> None:
    """Watch the folder, and edit what is in it."""
    clock, options = Clock(), dict.fromkeys(("course", "seed", "jobs", "data_root", "tier", "memory", "seconds"))
    chosen = {"assignment": tuple(wanted.assignment), "exercise": tuple(wanted.exercise)}
    flags = dict.fromkeys(("unsafe", "no_training", "no_reuse"), False)
    made = {**options, **chosen, **flags, "device": "cpu", "data": "digits"}
    with grading(folder, apart=True, **made) as grader:  # type: ignore[arg-type]  # all options, by name
        watching = Watching(grader, folder, clock.hear)
        watching.look()
        watching.wait()  # everything is warm, and known
        saves = Saves(folder, watching.look, polling=False)
        saves.start()
        time.sleep(1.0)
        print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}, {wanted.times} edits each")
        print(f"{'exercise':44} first verdict  all but training  largest")
        for id in watching.exercises():
            module = folder / f"{id.partition('.')[0]}.py"
            if module.exists():
                print(f"{id:44} {told(clock, module, id, wanted.times)}", flush=True)
        saves.close()
        watching.close()
        grader.sandbox.close()


def told(clock: Clock, module: Path, id: str, times: int) -> str:
    """The medians of one exercise."""
    before, firsts, lasts = module.read_text(), [], []
    for number in range(times):
        clock.expect(id)
        text = edited(before, id.partition(".")[2], 1000 + number)
        began = time.monotonic()
        module.write_text(text)
        if not clock.examined.wait(PATIENCE):
            return f"no verdict within {PATIENCE:g} s"
        firsts.append(clock.first - began)
        lasts.append(clock.last - began)
        time.sleep(0.3)
    module.write_text(before)
    time.sleep(0.5)
    return f"{statistics.median(firsts):13.2f} {statistics.median(lasts):17.2f} {max(lasts):8.2f}"


if __name__ == "__main__":
    main()
