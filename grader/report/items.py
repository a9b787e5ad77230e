"""The exercises and checks of a class, a line each: what became of them, and whether they are to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from grader.classroom import CheckItem, Classroom, ExerciseItem, Item, Standing
from grader.language import _, joined, ngettext
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
    told = _told(
        (_("{count} all"), found[Standing.WHOLE], True),
        (_("{count} some"), found[Standing.PART], True),
        (_("{count} none"), found[Standing.NOTHING], True),
        (_("{count} not handed in"), found[Standing.ABSENT], False),
        (_("{count} undecided"), found[Standing.UNDECIDED], False),
    )
    return _line(exercise, exercise.id, exercise.title, exercise.name, exercise.worth, parts, told, breaks="")


def _check_line(exercise: ExerciseItem, check: CheckItem) -> Line:
    found = check.verdicts
    parts = [("whole", found[Verdict.PASSED]), ("nothing", found[Verdict.FAILED])]
    parts += [("absent", found[Verdict.SKIPPED]), ("undecided", found[Verdict.ERROR])]
    told = _told(
        (_("{count} passed"), found[Verdict.PASSED], True),
        (_("{count} failed"), found[Verdict.FAILED], True),
        (_("{count} not run"), found[Verdict.SKIPPED], False),
        (_("{count} errors of ours"), found[Verdict.ERROR], False),
    )
    times = found[Verdict.ERROR]
    failed = ngettext("the grader failed {count} time", "the grader failed {count} times", times)
    breaks = counted(failed, times) if check.breaks else ""
    return _line(check, check.id, check.title, exercise.name, check.worth, parts, told, breaks)


def _told(*parts: tuple[str, int, bool]) -> str:
    """Write counts, each with its words; some also where they are 0."""
    return joined(counted(text, count) for text, count, always in parts if count or always)


def _line(
    item: Item, id: str, title: str, exercise: str, worth: float, parts: list[tuple[str, int]], told: str, breaks: str
) -> Line:
    remarks = [breaks, _("goes against all other points: is it right?") if item.doubtful else ""]
    urgent = any(remarks)
    if item.difficulty is not None and not urgent:
        easy, hard = item.difficulty >= _EASY, item.difficulty < _HARD
        remarks.append(_("very easy") if easy else _("very hard") if hard else "")
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
        interval=_("{low} to {high}").format(low=_signed(span[0]), high=_signed(span[1])) if span else "",
        remark=_("; ").join(remark for remark in remarks if remark),
        urgent=urgent,
    )


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")
