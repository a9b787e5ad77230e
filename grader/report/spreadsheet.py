"""A class as a table for spreadsheets: one row a submission, which opens in Excel and computes nothing there."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from grader.classroom import reasons
from grader.entry import Entry
from grader.report import pages
from grader.report.plain import format_points
from grader.text import clipped, one_line

FILE = "grades.csv"
_ENCODING = "utf-8-sig"  # the mark at the beginning tells Excel that names are in UTF-8
_LONGEST = 1_000  # characters of one cell
# What a spreadsheet takes for the beginning of a formula, also after blanks, and in the wide forms of East Asia.
_BEGINS = r"[=+\-@＝＋－＠|%\t\r\n]"
_FORMULA = re.compile(rf"\s*{_BEGINS}")
# Where semicolons separate cells, the quotes of a line whose cells commas separate protect its first cell alone.
_INNER = re.compile(rf';(?=[\s"]*{_BEGINS})')

Cell = str | Decimal | None


def write(entries: Iterable[Entry], folder: Path, exercises: Sequence[str]) -> Path:
    """Write ``grades.csv`` into a folder row by row, whole or not at all. Raises `OSError`.

    `exercises` are the ids that get a column, assignment by assignment: `exercise_ids` of a class, or of a course. An
    exercise without one still counts in the score.
    """
    with Table(folder) as table:
        for entry in entries:
            table.take(entry)
        return table.write(exercises)


class Table:
    """``grades.csv`` of a folder, whose rows are taken one after the other before it is known which columns there are:
    a class may be large, so they wait in a file without a name. Raises `OSError`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._waiting = tempfile.TemporaryFile("w+", dir=folder, encoding="ascii")  # noqa: SIM115  # for the object's life

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.close()

    def take(self, entry: Entry) -> None:
        """Take in one row."""
        self._waiting.write(f"{json.dumps(asdict(_row(entry)))}\n")

    def write(self, exercises: Sequence[str]) -> Path:
        """Write what was taken, with a column for each of these exercises and for their assignments."""
        assignments = list(dict.fromkeys(exercise.partition(".")[0] for exercise in exercises))
        self._waiting.seek(0)
        with pages.draft(self._folder, FILE, encoding=_ENCODING, newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
            writer.writerow([safe(name) for name in columns(assignments, exercises)])
            for line in self._waiting:
                writer.writerow(list(_cells(_Row(**json.loads(line)), assignments, exercises)))
        return self._folder / FILE


def columns(assignments: Sequence[str], exercises: Sequence[str]) -> list[str]:
    """The names of the columns, in their order."""
    last = ["needs a person", "overrides", "fingerprint", "device"]
    return ["submission", "score", "max score", *assignments, *exercises, *last]


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula: what could begin one gets an apostrophe before it.

    So does what follows a semicolon, which begins a cell in countries that write decimals with a comma.
    """
    shown = _INNER.sub(";'", one_line(clipped(text, _LONGEST)))
    return f"'{shown}" if _FORMULA.match(text) or _FORMULA.match(shown) else shown


@dataclass(frozen=True)
class _Row:
    """What a row says: points by assignment and by exercise, and texts that no spreadsheet takes for formulas."""

    name: str
    score: float | None
    max_score: float | None
    assignments: dict[str, float]
    exercises: dict[str, float]
    last: Sequence[str]


def _row(entry: Entry) -> _Row:
    grade = entry.decided
    last = ["; ".join(reason.words for reason in reasons(entry)), "; ".join(_told(entry))]
    last += [grade.fingerprint, grade.device] if grade else ["", ""]
    return _Row(
        name=safe(entry.name),
        score=grade.score if grade else None,
        max_score=grade.max_score if grade else None,
        assignments={assignment.id: assignment.score for assignment in grade.assignments} if grade else {},
        exercises={exercise.id: exercise.score for exercise in grade.exercises} if grade else {},
        last=[safe(text) for text in last],
    )


def _cells(row: _Row, assignments: Sequence[str], exercises: Sequence[str]) -> Iterator[Cell]:
    yield row.name
    yield from map(_points, (row.score, row.max_score))
    yield from (_points(row.assignments.get(id)) for id in assignments)
    yield from (_points(row.exercises.get(id)) for id in exercises)
    yield from row.last


def _told(entry: Entry) -> Iterator[str]:
    """Every override that counts, with what the grader said."""
    for exercise, found in entry.changed:
        said, now = format_points(exercise.score), format_points(found.points)
        yield f"{exercise.id}: {now} instead of {said}, {found.author}, {found.time}: {found.comment}"


def _points(points: float | None) -> Cell:
    """A number, as a number: 93 or 7.5, never rounded up. Nothing where there is none, which is not the same as 0."""
    if points is None:
        return None
    written = format_points(points)
    return Decimal(written) if re.fullmatch(r"-?\d+(\.\d+)?", written) else safe(written)
