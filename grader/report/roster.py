"""The students of a class, a row each: what the table of its page says of them."""

from __future__ import annotations

from dataclasses import dataclass

from grader.classroom import Classroom, Standing, Student
from grader.language import N_, _, joined
from grader.report import summary
from grader.report.plain import format_points, short

GLYPHS = {  # one byte each, for there may be half a million; the script draws them
    Standing.WHOLE: "#",
    Standing.PART: "/",
    Standing.NOTHING: "o",
    Standing.ABSENT: ".",
    Standing.UNDECIDED: "!",
    Standing.UNASKED: "-",
}
STANDINGS = (
    (Standing.WHOLE, N_("all points")),
    (Standing.PART, N_("some points")),
    (Standing.NOTHING, N_("no points")),
    (Standing.ABSENT, N_("not handed in, or not attempted")),
    (Standing.UNDECIDED, N_("the grader failed")),
    (Standing.UNASKED, N_("not looked at")),
)


@dataclass(frozen=True)
class Row:
    """A student as the table shows it."""

    name: str
    page: str  # an address relative to this page, or ""
    score: str
    said: str  # what the grader said, where that is not what counts
    whole: str  # exercises with all their points
    strip: str  # a glyph for each exercise
    mistakes: str
    words: str  # what a person should look at, and what one has set
    kinds: str  # the same as words of a filter


def row(student: Student, room: Classroom, name: str, page: str) -> Row:
    """What the table says of a student, whose name is safe to show and whose page has this address."""
    graded = student.score is not None
    kinds = [*dict.fromkeys(str(reason.need) for reason in student.reasons)] + ["changed"] * bool(student.changes)
    words = [short(reason.words) for reason in student.reasons] + [_changed(student)] * bool(student.changes)
    return Row(
        name=name,
        page=page,
        score=_score(student, room),
        said=format_points(student.said) if student.said is not None and student.said != student.score else "",
        whole=str(student.standings.count(Standing.WHOLE)) if graded else "–",
        strip=_strip(student, room) if graded else "",
        mistakes=", ".join(short(mistake) for mistake in student.misconceptions),
        words=_("; ").join(words),
        kinds=" ".join(kinds),
    )


def _score(student: Student, room: Classroom) -> str:
    """The points that count, and what could be had where that is not the same for all."""
    if student.score is None:
        return "–"
    alike = room.scores.worth is not None
    return format_points(student.score) if alike else summary.score_text(student.score, student.max_score)


def _changed(student: Student) -> str:
    """What a person has set, exercise by exercise."""
    told = (
        f"{short(one.override.exercise.partition('.')[2])} {format_points(one.said)} → "
        f"{format_points(one.override.points)}"
        for one in student.changes
    )
    return _("set by hand: {changes}").format(changes=joined(told))


def _strip(student: Student, room: Classroom) -> str:
    """One glyph for each exercise, a gap between assignments."""
    strip, before = "", room.exercises[0].assignment if room.exercises else ""
    for place, exercise in enumerate(room.exercises):
        strip += " " * (exercise.assignment != before) + GLYPHS[student.standing(place)]
        before = exercise.assignment
    return strip
