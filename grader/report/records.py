"""A grade as lines of fields between tabs, for `cut`, `awk` and spreadsheets; the columns stand in docs/results.md."""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import Grade, Place, Status
from grader.report import summary
from grader.report.plain import Room, format_points, readable
from grader.text import one_line

_ROOM = Room(characters=800, lines=24)


def lines(grade: Grade) -> Iterator[str]:
    """One record a line: checks and names below their exercise, the submission last.

    The fields: kind, submission, id, outcome, score, worth, place, text. None holds a tab or a line break.
    """
    shown = readable(grade, _ROOM)
    for assignment in shown.assignments:
        for exercise in assignment.exercises:
            for check in exercise.checks:
                found = check.finding
                said = " ".join(part for part in (f"{check.title}.", found.rationale) if part)
                score = (check.score, check.max_score)
                yield _line(shown, "check", f"{exercise.id}.{check.id}", check.verdict, score, found.where, said)
            for named in exercise.misconceptions:
                yield _line(shown, "misconception", exercise.id, named.id, None, named.where, named.title)
            score = (exercise.score, exercise.max_score)
            said = exercise.title if exercise.status is Status.GRADED else summary.exercise_sentence(exercise)
            yield _line(shown, "exercise", exercise.id, exercise.status, score, None, said)
        yield _line(
            shown, "assignment", assignment.id, "", (assignment.score, assignment.max_score), None, assignment.title
        )
    for note in shown.notes:
        yield _line(shown, "note", "", "", None, None, note)
    yield _line(shown, "submission", "", "", (shown.score, shown.max_score), None, f"{summary.headline(shown)}.")


def _line(
    grade: Grade, kind: str, id: str, outcome: str, score: tuple[float, float] | None, where: Place | None, text: str
) -> str:
    points = [format_points(number) for number in score] if score else ["", ""]
    place = f"{where.file}:{where.line}" if where else ""
    return "\t".join(one_line(field) for field in (kind, grade.submission, id, str(outcome), *points, place, text))
