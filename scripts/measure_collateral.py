"""What a mistake costs in an exercise that is right, but built on the mistaken one.

    python scripts/measure_collateral.py [--every N] [--list]

Every N-th mistake of the bank in a block or a loop is graded together with the right network, or the right training
run, that is built on it: once judged as it stands, once with mistakes looked into. Prints the points that the right
exercise lost either way, and how often it lost any. `--list` names what still costs. Training runs are left out.
"""

from __future__ import annotations

import argparse
from collections import Counter

from grader import bank, trials
from grader import course as courses
from grader.bank import Variation
from grader.course import Assignment, Course, Exercise
from grader.grading import Grader, Selection
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store, default_folder
from grader.submission import Submission


def main() -> None:
    """Print one row for each exercise that is built on others."""
    options = _options()
    course, store = courses.load().without_training(), Store(default_folder())
    known = bank.of(course)
    print("exercise    beside mistakes in   cases  points  lost  lost with names  in cases")
    with Zygote("cpu", cache=str(store.folder / "matplotlib")) as zygote:
        for assignment in course.assignments:
            used = trials.uses(assignment)
            for exercise in (e for e in assignment.exercises if used[e.name]):
                for name in sorted(used[exercise.name]):
                    cases = known.of(name)[:: options.every]
                    _print(exercise, name, _measured(course, zygote, store, assignment, exercise, cases, options.list))


def _measured(
    course: Course,
    zygote: Zygote,
    store: Store,
    assignment: Assignment,
    exercise: Exercise,
    cases: tuple[Variation, ...],
    listed: bool,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    names = frozenset(f"{assignment.id}.{name}" for name in (exercise.name, *(one.exercise for one in cases)))
    for names_too in (False, True):
        with Grader(
            course, zygote, Settings(store.seed()), store, Selection(exercises=names), names=names_too
        ) as grader:
            for one in cases:
                handed_in = Submission("one", {f"{assignment.module}.py": one.source})
                found = {result.name: result for result in grader.grade_collected(handed_in).exercises}[exercise.name]
                lost = found.max_score - found.score
                counts["lost with names" if names_too else "lost"] += round(100 * lost)  # in hundredths
                counts["in cases"] += bool(lost) and names_too
                if listed and lost and names_too:
                    print(f"  {one.exercise}: {one.misconception} ({one.number + 1}): {lost:g} points", flush=True)
    return counts + Counter({"cases": len(cases), "points": round(100 * exercise.max_score) * len(cases)})


def _print(exercise: Exercise, name: str, counts: Counter[str]) -> None:
    lost, with_names = counts["lost"] / 100, counts["lost with names"] / 100
    print(
        f"{exercise.name:12}{name:20}{counts['cases']:6}{counts['points'] / 100:8g}{lost:6g}{with_names:17g}"
        f"{counts['in cases']:10}",
        flush=True,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th mistake")
    parser.add_argument("--list", action="store_true", help="name what still costs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
