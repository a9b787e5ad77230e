"""A class as one self-contained page for its teachers: no network, one script of ours, complete without it.

The table of students is the data: the script takes its rows out and puts back those that are asked for, fifty at a
time. So a student's text is escaped once, here, and never built into anything by a script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from grader import classroom
from grader.classroom import CheckItem, Classroom, ExerciseItem, Item, Mistake, Need, Scores, Standing, Student
from grader.model import Entry, Verdict
from grader.report import class_charts, frame, pages, summary
from grader.report.plain import counted, format_points
from grader.text import clipped, one_line

FILE = "index.html"
GLYPHS = {  # one byte each, for there may be half a million; the script draws them
    Standing.WHOLE: "#",
    Standing.PART: "/",
    Standing.NOTHING: "o",
    Standing.ABSENT: ".",
    Standing.UNDECIDED: "!",
    Standing.UNASKED: "-",
}
_NEEDS = {
    Need.NO_GRADE: "no grade",
    Need.BROKEN: "the grader failed",
    Need.QUARANTINED: "quarantined",
    Need.NOTED: "a note asks for it",
}
_STEPS = 20  # columns of the histogram
_LONGEST = 200  # characters of a name, a title or a reason
_SOME_NAMES = 5  # students listed who need a person; the table has all
_MOST_NAMES, _FEW_NAMES = 20, 5  # students listed beside what they share, or what few share; the table has all
_MOST_CHANGES = 200
_COMMON = 12  # misconceptions that are not folded away
_SMALL_CLASS = 50  # below it a discrimination is shown with its interval


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


@dataclass(frozen=True)
class Named:
    """Some of many students, to be named."""

    shown: tuple[tuple[str, str], ...]  # name and page
    more: int


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


def write(entries: Iterable[Entry], folder: Path, addresses: Mapping[str, str]) -> Path:
    """Write ``index.html`` into a folder, whole or not at all. Raises `OSError`.

    `addresses` holds the path of each submission's page, relative to `folder`, by the submission's name.
    """
    return pages.put(render(classroom.survey(entries), addresses), folder, FILE)


def render(room: Classroom, addresses: Mapping[str, str]) -> str:
    """Render the page of a class."""
    shown = {student.name: (_shown(student.name), _address(addresses, student.name)) for student in room.students}
    chapters = [_chapter(room, id, title) for id, title in room.assignments.items()]
    doubts = [line for chapter in chapters for line in _doubts(chapter)]
    return (
        _environment()
        .get_template("overview/page.html")
        .render(
            **frame.dressed(("style.css", "overview/style.css"), "overview/script.js"),
            room=room,
            lead=_lead(room),
            unsandboxed=room.unsafe,
            needs=list(_needs(room, shown)),
            doubts=doubts,
            changes=list(_changes(room, shown)),
            scores=_scores(room),
            mistakes=[
                (
                    one,
                    _named(room.having(one.id), shown, _MOST_NAMES if place < _COMMON else _FEW_NAMES),
                    _mistake_bar(one, room),
                )
                for place, one in enumerate(room.mistakes)
            ],
            common=_COMMON,
            chapters=chapters,
            rows=[_row(student, room, *shown[student.name]) for student in room.students],
            glyphs=[(GLYPHS[standing], words) for standing, words in _STANDINGS],
            filters=_NEEDS,
            worth=format_points(room.scores.worth) if room.scores.worth is not None else "",
        )
    )


_STANDINGS = (
    (Standing.WHOLE, "all points"),
    (Standing.PART, "some points"),
    (Standing.NOTHING, "no points"),
    (Standing.ABSENT, "not handed in, or not attempted"),
    (Standing.UNDECIDED, "the grader failed"),
    (Standing.UNASKED, "not looked at"),
)


@cache
def _environment() -> Environment:
    environment = frame.environment()
    environment.filters |= {"shown": _shown}
    environment.globals |= {"percent": _percent}
    return environment


def _shown(text: str) -> str:
    """Make a text of anybody's safe to read on one line, and no longer than there is room for."""
    return clipped(one_line(clipped(text, _LONGEST)), 2 * _LONGEST)


def _address(addresses: Mapping[str, str], name: str) -> str:
    """Write a path as a relative address, whatever is in it: no scheme, no host, no query."""
    path = addresses.get(name, "").lstrip("/")
    return quote(path, safe="/", errors="surrogatepass")


def _lead(room: Classroom) -> str:
    waiting = sum(bool(student.reasons) for student in room.students)
    scores = room.scores
    parts = [f"{room.graded:,} graded"]
    if scores.points:
        of = f" of {format_points(scores.worth)}" if scores.worth is not None else ""
        parts.append(f"median {_level(scores, 0.5)}{of}")
    parts.append(
        f"{waiting:,} {'needs' if waiting == 1 else 'need'} a person" if waiting else "nobody waits for a person"
    )
    return "; ".join(parts)


def _needs(
    room: Classroom, shown: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[Need, str, int, list[tuple[str, ...]]]]:
    """Each reason why a person should look, how many there are, and some of them, each with its words."""
    for need, words in _NEEDS.items():
        if who := room.needing(need):
            yield need, words, len(who), [(*shown[one.name], _why(one, need)) for one in who[:_SOME_NAMES]]


def _why(student: Student, need: Need) -> str:
    """What the heading of the reason does not say already."""
    words = [reason.words.removeprefix(_NEEDS[need]).strip() for reason in student.reasons if reason.need is need]
    return "; ".join(_shown(one) for one in words if one)


def _named(students: list[Student], shown: Mapping[str, tuple[str, str]], most: int) -> Named:
    some = students if len(students) <= most + 1 else students[:most]
    return Named(tuple(shown[student.name] for student in some), len(students) - len(some))


def _doubts(chapter: Chapter) -> Iterator[Line]:
    """What is to be looked at: checks, and exercises none of whose checks says why."""
    checks = [line for line in chapter.checks if line.urgent]
    said = {line.exercise for line in checks}
    yield from (line for line in chapter.exercises if line.urgent and line.exercise not in said)
    yield from checks


def _changes(room: Classroom, shown: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """What persons have set, a line each."""
    found = ((student, change) for student in room.students for change in student.changes)
    for (student, change), _ in zip(found, range(_MOST_CHANGES), strict=False):
        set_by_hand = change.override
        yield (
            *shown[student.name],
            _shown(set_by_hand.exercise.partition(".")[2]),
            format_points(change.said),
            format_points(set_by_hand.points),
            _shown(set_by_hand.comment),
            _shown(set_by_hand.author),
            _shown(set_by_hand.time),
        )


def _scores(room: Classroom) -> dict[str, object]:
    """The histogram, its figures, and the same as a table."""
    scores, counts = room.scores, room.scores.bins(_STEPS)
    edges = [_edge(place / _STEPS, scores.worth) for place in range(_STEPS + 1)]
    if not scores.points:
        return {"picture": "", "sentence": class_charts.histogram_sentence(0, "", "", ""), "bins": []}
    low, median, high = (_level(scores, share) for share in (0.25, 0.5, 0.75))
    sentence = class_charts.histogram_sentence(room.graded, median, low, high)
    return {
        "picture": class_charts.histogram(
            counts, edges, sentence, [("median", min(max(scores.share_at(0.5), 0.0), 1.0))]
        ),
        "sentence": sentence,
        "bins": [(edges[place], edges[place + 1], count) for place, count in enumerate(counts)],
    }


def _level(scores: Scores, share: float) -> str:
    """The score below which a share of the students lie: in points where all could have the same, else in percent."""
    return (
        format_points(scores.at(share)) if scores.worth is not None else f"{int(scores.share_at(share) * 100 + 1e-9)} %"
    )


def _edge(share: float, worth: float | None) -> str:
    return format_points(share * worth) if worth else f"{round(share * 100)} %"


def _mistake_bar(mistake: Mistake, room: Classroom) -> Markup:
    most = room.mistakes[0].students
    return class_charts.shares([("much", mistake.students), ("rest", most - mistake.students)])


def _chapter(room: Classroom, id: str, title: str) -> Chapter:
    exercises = [exercise for exercise in room.exercises if exercise.assignment == id]
    return Chapter(
        title=_shown(title),
        exercises=tuple(_exercise_line(exercise, len(room.students)) for exercise in exercises),
        checks=tuple(_check_line(exercise, check) for exercise in exercises for check in exercise.checks.values()),
    )


def _exercise_line(exercise: ExerciseItem, students: int) -> Line:
    found = exercise.standings
    parts = [(str(standing), found[standing]) for standing, _ in _STANDINGS[:5]]
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
        remarks.append("very easy" if item.difficulty >= 0.95 else "very hard" if item.difficulty < 0.2 else "")
    span = item.interval if item.count < _SMALL_CLASS else None
    return Line(
        item=item,
        id=_shown(id),
        title=_shown(title),
        exercise=_shown(exercise),
        worth=format_points(worth),
        bar=class_charts.shares(parts),
        told=told,
        difficulty=f"{int(item.difficulty * 100 + 1e-9)} %" if item.difficulty is not None else "–",
        discrimination=_signed(item.discrimination) if item.discrimination is not None else "–",
        interval=f"{_signed(span[0])} to {_signed(span[1])}" if span else "",
        remark="; ".join(remark for remark in remarks if remark),
        urgent=urgent,
    )


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share >= 1 or not part else "below 1 %"


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def _row(student: Student, room: Classroom, name: str, page: str) -> Row:
    graded = student.score is not None
    changed = [
        f"{_shown(change.override.exercise.partition('.')[2])} {format_points(change.said)} → "
        f"{format_points(change.override.points)}"
        for change in student.changes
    ]
    words = [_shown(reason.words) for reason in student.reasons] + [f"set by hand: {', '.join(changed)}"] * bool(
        changed
    )
    kinds = [*dict.fromkeys(str(reason.need) for reason in student.reasons)] + ["changed"] * bool(changed)
    score = format_points(student.score) if student.score is not None else ""
    if graded and room.scores.worth is None:
        score = summary.score_text(student.score or 0.0, student.max_score)
    return Row(
        name=name,
        page=page,
        score=score or "–",
        said=format_points(student.said) if student.said is not None and student.said != student.score else "",
        whole=str(student.standings.count(Standing.WHOLE)) if graded else "–",
        strip=_strip(student, room) if graded else "",
        mistakes=", ".join(_shown(mistake) for mistake in student.misconceptions),
        words="; ".join(words),
        kinds=" ".join(kinds),
    )


def _strip(student: Student, room: Classroom) -> str:
    """One glyph for each exercise, a gap between assignments."""
    strip, before = "", room.exercises[0].assignment if room.exercises else ""
    for place, exercise in enumerate(room.exercises):
        strip += " " * (exercise.assignment != before) + GLYPHS[student.standing(place)]
        before = exercise.assignment
    return strip
