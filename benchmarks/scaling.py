"""What a submission costs in classes of different sizes: time, memory, and room on the disk.

    python benchmarks/scaling.py [--students 10,100,1000] [--jobs 1,2] [--no-training] [--apart] [--cache DIR]

Classes are made of the solution of a few exercises: renamed copies, which are one program, or with `--apart` copies of
which no two are; every fifth has a known mistake in one exercise (see copies.py). A class of one comes first and says
what the start costs; the columns are those of a whole command, and times `less start` are (all − one) / (n − 1). Memory
is that of the main process, without its workers. Ratios are to the smallest class of as many jobs.

Before anything is timed, the reference and all known mistakes are asked what they answer, which takes minutes;
`--cache DIR` keeps that for the next time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import batches
import copies
from batches import Ran
from copies import EXERCISES, Files

from grader import course as courses
from grader.course import Course
from grader.database import FILE
from grader.publishing import REPORTS
from grader.report import overview


@dataclass(frozen=True)
class Measured:
    """One class, graded by so many workers at a time: seconds, and sizes in bytes. `start` are those of a class of one;
    `imperfect` submissions have lost a point."""

    jobs: int
    students: int
    imperfect: int
    seconds: float
    start: float
    memory: int
    gradebook: int
    pages: int
    index: int


FIGURES: dict[str, Callable[[Measured], float]] = {
    "s each": lambda one: one.seconds / one.students,
    "less start": lambda one: (one.seconds - one.start) / (one.students - 1),
    "a minute": lambda one: 60 * one.students / one.seconds,
    "MB memory": lambda one: one.memory / 1e6,
    "kB gradebook each": lambda one: one.gradebook / 1e3 / one.students,
    "kB pages each": lambda one: one.pages / 1e3 / one.students,
    "kB index.html": lambda one: one.index / 1e3,
}


def main() -> None:
    """Measure and print: a line for each class as it is graded, then ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=numbers, default=[10, 100, 1000], help="sizes of the classes")
    parser.add_argument("--jobs", type=numbers, default=[1, 2], help="workers at a time")
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--apart", action="store_true", help="no two right submissions are one program")
    parser.add_argument("--exercise", action="append", metavar="NAME", help="instead of the usual; may be repeated")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep here what the course's own solutions answer")
    options = parser.parse_args()
    if min(options.students) < 2 or min(options.jobs) < 1:
        parser.error("--students are at least 2, --jobs at least 1")
    exercises = options.exercise or list(EXERCISES)
    found = []
    with tempfile.TemporaryDirectory() as elsewhere:
        work = Path(elsewhere)
        bench = Bench(work, (options.cache or work / "cache").resolve(), exercises, not options.no_training)
        bench.warm()
        show("jobs", "class", "imperfect", *FIGURES)
        for jobs in sorted(options.jobs):
            start = bench.start(jobs)
            print(f"{jobs:>6}{1:>9}  in {start:.2f} s, its start", flush=True)
            for students in sorted(options.students):
                one = bench.measured(students, jobs, start, copies.apart if options.apart else copies.renamed)
                show(jobs, students, one.imperfect, *(round(figure(one), 3) for figure in FIGURES.values()))
                found.append(one)
    print("as ratios to the smallest class")
    for one in found:
        smallest = next(other for other in found if other.jobs == one.jobs)
        each = (f"{figure(one) / figure(smallest):.3f}" for figure in FIGURES.values())
        show(one.jobs, one.students, "", *each)


def numbers(text: str) -> list[int]:
    """Numbers, with commas between them."""
    return [int(part) for part in text.split(",")]


def show(jobs: object, students: object, imperfect: object, *figures: object) -> None:
    """Print a line of the table."""
    columns = (f"{figure!s:>{max(len(name), 9) + 2}}" for figure, name in zip(figures, FIGURES, strict=True))
    print(f"{jobs!s:>6}{students!s:>9}{imperfect!s:>11}{''.join(columns)}", flush=True)


class Bench:
    """Grades classes of some exercises, one after the other, in the folder `work`."""

    def __init__(self, work: Path, cache: Path, exercises: Sequence[str], training: bool) -> None:
        self._members, self._run, self._cache = work / "class", work / "run", cache
        self._exercises, self._options = exercises, batches.chosen(exercises, training)
        self._course: Course = courses.load()

    def warm(self) -> None:
        """Have the course's own solutions asked: the mistaken ones are, when somebody fails in their exercise."""
        firsts = {mistake.exercise: mistake for mistake in reversed(copies.mistakes(self._course, self._exercises))}
        self._graded((copies.right(self._course, self._exercises, mistake) for mistake in firsts.values()), 1)

    def start(self, jobs: int) -> float:
        """The seconds of a class of one, who is right."""
        ran = self._graded(copies.mixed(self._course, self._exercises, 1), 0, jobs)
        batches.expect_full_marks(ran.results())
        return ran.seconds

    def measured(self, students: int, jobs: int, start: float, copied: Callable[[Files, int], Files]) -> Measured:
        """Grade one class. Raises `SystemExit` where that fails, or where a right submission has lost a point."""
        members = copies.mixed(self._course, self._exercises, students, copied)
        code = int(any(map(copies.is_mistaken, range(students))))  # of `grade`: 1 where something does not pass
        ran = self._graded(members, code, jobs)
        results = ran.results()
        batches.expect_full_marks([each for number, each in enumerate(results) if not copies.is_mistaken(number)])
        return Measured(
            jobs,
            students,
            sum(result["score"] < result["max_score"] for result in results),
            ran.seconds,
            start,
            ran.peak,
            (ran.folder / FILE).stat().st_size,
            sum(page.stat().st_size for page in (ran.folder / REPORTS).iterdir()),
            (ran.folder / overview.FILE).stat().st_size,
        )

    def _graded(self, members: Iterable[Files], code: int, jobs: int | None = None) -> Ran:
        """Grade a class into an empty folder, in place of the one before."""
        for folder in (self._members, self._run):
            shutil.rmtree(folder, ignore_errors=True)
        copies.hand_in(self._members, members)
        more = [] if jobs is None else ["--jobs", str(jobs)]
        return batches.grade(self._members, self._run, [*self._options, *more], self._cache, [code])


if __name__ == "__main__":
    main()
