"""A class as a table for spreadsheets: one row a submission, which opens in Excel and computes nothing there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

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
    assignments = list(dict.fromkeys(exercise.partition(".")[0] for exercise in exercises))
    with pages.draft(folder, FILE, encoding=_ENCODING, newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow([safe(name) for name in columns(assignments, exercises)])
        for entry in entries:
            writer.writerow(list(_cells(entry, assignments, exercises)))
    return folder / FILE


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


def _cells(entry: Entry, assignments: Sequence[str], exercises: Sequence[str]) -> Iterator[Cell]:
    grade = entry.decided
    results = {exercise.id: exercise.score for exercise in grade.exercises} if grade else {}
    parts = {assignment.id: assignment.score for assignment in grade.assignments} if grade else {}
    yield safe(entry.name)
    yield _points(grade.score if grade else None)
    yield _points(grade.max_score if grade else None)
    for id in assignments:
        yield _points(parts.get(id))
    for id in exercises:
        yield _points(results.get(id))
    yield safe("; ".join(reason.words for reason in reasons(entry)))
    yield safe("; ".join(_told(entry)))
    yield safe(grade.fingerprint if grade else "")
    yield safe(grade.device if grade else "")


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
