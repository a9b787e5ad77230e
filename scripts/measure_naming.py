"""How often a mistake is called by its name: over the corpus of wrong submissions, which knows nothing of the bank.

    python scripts/measure_naming.py [--every N] [--assignment NAME] [--list] [--pairs N]

Prints, for each assignment, how many files lose points (detected), how many have their own id named first or among the
first three, how many are given any name that is wrong, how many other names only, and how many none. `--list` names
those that were not named first. `--pairs N` instead puts two of the bank's mistakes into one exercise, N times for each
assignment: how often one of the two is named, and how often there is a name that is neither's. `--draw SEED` draws
other pairs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import corpus_files
from corpus_files import Wrong

from grader import bank
from grader import course as courses
from grader.bank import Bank
from grader.course import Course
from grader.grading import Grader, Selection
from grader.model import ExerciseResult
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store, default_folder
from grader.submission import Submission

COLUMNS = ("files", "in the bank", "detected", "named first", "in first three", "any wrong", "other names", "no name")


def main() -> None:
    """Grade the corpus without training runs, and print the table."""
    options = _options()
    course = courses.load().without_training()
    known, store = bank.of(course), Store(default_folder())
    print(f"{'':18}" + "".join(f"{column:>16}" for column in COLUMNS))
    total: Counter[str] = Counter()
    with Zygote("cpu", cache=str(store.folder / "matplotlib")) as zygote:
        for assignment in options.assignment or [each.id for each in course.assignments]:
            counts = (paired if options.pairs else measured)(course, zygote, store, known, assignment, options)
            total += counts
            _print(assignment, counts)
    _print("all", total)


def measured(
    course: Course, zygote: Zygote, store: Store, known: Bank, assignment: str, options: argparse.Namespace
) -> Counter[str]:
    """The counts of one assignment's files."""
    counts: Counter[str] = Counter()

    def result(wrong: Wrong) -> tuple[Wrong, ExerciseResult, float]:
        started = time.monotonic()
        selection = Selection(exercises=frozenset([f"{assignment}.{wrong.exercise}"]))
        with Grader(course, zygote, Settings(store.seed()), store, selection, names=True) as grader:
            grade = grader.grade_collected(corpus_files.as_submission(wrong.path, course.assignment(assignment)))
        return wrong, grade.exercises[0], time.monotonic() - started

    with ThreadPoolExecutor(2) as pool:
        for wrong, graded, seconds in pool.map(result, corpus_files.wrong(assignment)[:: options.every]):
            names = [found.id for found in graded.misconceptions]
            mine = any(one.misconception == wrong.mistake for one in known.of(wrong.exercise))
            counts += _counted(graded, {wrong.mistake}, mine)
            if options.list and names[:1] != [wrong.mistake]:
                lost = [check.id for check in graded.checks if check.score < check.max_score]
                note = "" if mine else " (not in the bank)"
                print(f"  {wrong.name}{note}: {', '.join(names) or '-'}; lost {lost}; {seconds:.1f} s", flush=True)
    return counts


def paired(
    course: Course, zygote: Zygote, store: Store, known: Bank, assignment: str, options: argparse.Namespace
) -> Counter[str]:
    """The counts of two mistakes at once, each from the bank."""
    counts: Counter[str] = Counter()
    chosen, chance = course.assignment(assignment), random.Random(options.draw)
    while counts["files"] < options.pairs:
        exercise = chance.choice(chosen.exercises)
        one, other = chance.sample(known.of(exercise.name), 2)
        if one.misconception == other.misconception or one.before or other.before:
            continue
        try:
            source = bank.edited(chosen.solution, exercise.name, [*one.edits, *other.edits])
            compile(source, "pair", "exec")
        except (ValueError, SyntaxError):  # they are in each other's way
            continue
        selection = Selection(exercises=frozenset([exercise.id]))
        with Grader(course, zygote, Settings(store.seed()), store, selection, names=True) as grader:
            handed_in = Submission("pair", {f"{chosen.module}.py": source})
            (graded,) = grader.grade_collected(handed_in).exercises
        names, both = [found.id for found in graded.misconceptions], {one.misconception, other.misconception}
        counts += _counted(graded, both, True)
        if options.list and (not both & set(names) or set(names) - both):
            print(f"  {exercise.name}: {' + '.join(sorted(both))}: {', '.join(names) or '-'}", flush=True)
    return counts


def _counted(graded: ExerciseResult, right: set[str], known: bool) -> Counter[str]:
    """One file, in every column where it counts; `right` are the names that it may be given."""
    names = [found.id for found in graded.misconceptions]
    told = {
        "files": True,
        "in the bank": known,
        "detected": graded.score < graded.max_score,
        "named first": bool(names) and names[0] in right,
        "in first three": bool(right & set(names)),
        "any wrong": bool(set(names) - right),
        "other names": bool(names) and not right & set(names),
        "no name": not names,
    }
    return Counter({column for column, counts in told.items() if counts})


def _print(name: str, counts: Counter[str]) -> None:
    files = counts["files"] or 1
    cells = (f"{counts[column]} ({counts[column] / files:.1%})" for column in COLUMNS)
    print(f"{name:18}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th file")
    parser.add_argument("--assignment", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="two mistakes at once, N times")
    parser.add_argument("--draw", type=int, default=1, metavar="SEED", help="which pairs")
    parser.add_argument("--list", action="store_true", help="name the files that were not named first")
    return parser.parse_args()


if __name__ == "__main__":
    main()
