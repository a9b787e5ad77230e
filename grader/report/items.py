"""The exercises and checks of a class, a line each: what became of them, and whether they are to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from grader.classroom import CheckItem, Classroom, ExerciseItem, Item, Standing
from grader.model import Verdict
from grader.report.class_charts import shares
from grader.report.plain import counted, format_points, short
from grader.report.roster import STANDINGS

_SMALL_CLASS = 50  # below it a discrimination is shown with its interval
_EASY, _HARD = 0.95, 0.2


@dataclass(frozen=True)
class Line:
    """An exercise or a check as the tables of figures show it. `bar` and `told` say the same."""

    item: Item
    id: str
    title: str
    exercise: str
    worth: str
    bar: Markup
    told: str
    difficulty: str
    discrimination: str
    interval: str
    remark: str
    urgent: bool


@dataclass(frozen=True)
class Chapter:
    """One assignment with its exercises, and their checks."""

    title: str
    exercises: tuple[Line, ...]
    checks: tuple[Line, ...]


def chapter(room: Classroom, id: str, title: str) -> Chapter:
    """The figures of one assignment."""
    exercises = [exercise for exercise in room.exercises if exercise.assignment == id]
    return Chapter(
        title=short(title),
        exercises=tuple(map(_exercise_line, exercises)),
        checks=tuple(_check_line(exercise, check) for exercise in exercises for check in exercise.checks.values()),
    )


def doubts(chapter: Chapter) -> Iterator[Line]:
    """What is to be looked at: checks, and exercises none of whose checks says why."""
    checks = [line for line in chapter.checks if line.urgent]
    said = {line.exercise for line in checks}
    yield from (line for line in chapter.exercises if line.urgent and line.exercise not in said)
    yield from checks


def _exercise_line(exercise: ExerciseItem) -> Line:
    found = exercise.standings
    parts = [(str(standing), found[standing]) for standing, _ in STANDINGS[:5]]
    told = f"{found[Standing.WHOLE]:,} all, {found[Standing.PART]:,} some, {found[Standing.NOTHING]:,} none"
    told += f", {found[Standing.ABSENT]:,} not handed in" if found[Standing.ABSENT] else ""
    told += f", {found[Standing.UNDECIDED]:,} undecided" if found[Standing.UNDECIDED] else ""
    return _line(exercise, exercise.id, exercise.title, exercise.name, exercise.worth, parts, told, breaks="")


def _check_line(exercise: ExerciseItem, check: CheckItem) -> Line:
    found = check.verdicts
    parts = [("whole", found[Verdict.PASSED]), ("nothing", found[Verdict.FAILED])]
    parts += [("absent", found[Verdict.SKIPPED]), ("undecided", found[Verdict.ERROR])]
    told = f"{found[Verdict.PASSED]:,} passed, {found[Verdict.FAILED]:,} failed"
    told += f", {found[Verdict.SKIPPED]:,} not run" if found[Verdict.SKIPPED] else ""
    told += f", {found[Verdict.ERROR]:,} errors of ours" if found[Verdict.ERROR] else ""
    breaks = f"the grader failed {counted(found[Verdict.ERROR], 'time')}" if check.breaks else ""
    return _line(check, check.id, check.title, exercise.name, check.worth, parts, told, breaks)


def _line(
    item: Item, id: str, title: str, exercise: str, worth: float, parts: list[tuple[str, int]], told: str, breaks: str
) -> Line:
    remarks = [breaks, "goes against all other points: is it right?" if item.doubtful else ""]
    urgent = any(remarks)
    if item.difficulty is not None and not urgent:
        remarks.append("very easy" if item.difficulty >= _EASY else "very hard" if item.difficulty < _HARD else "")
    span = item.interval if item.count < _SMALL_CLASS else None
    return Line(
        item=item,
        id=short(id),
        title=short(title),
        exercise=short(exercise),
        worth=format_points(worth),
        bar=shares(parts),
        told=told,
        difficulty=f"{int(item.difficulty * 100 + 1e-9)} %" if item.difficulty is not None else "–",
        discrimination=_signed(item.discrimination) if item.discrimination is not None else "–",
        interval=f"{_signed(span[0])} to {_signed(span[1])}" if span else "",
        remark="; ".join(remark for remark in remarks if remark),
        urgent=urgent,
    )


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")
