"""A class as one self-contained page for its teachers: no network, two scripts of ours, complete without them.

The table of students is the data: its script takes its rows out and puts back those that are asked for, fifty at a
time. So a student's text is escaped once, here, and never built into anything by a script.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from grader import classroom
from grader.classroom import Classroom, Mistake, Need, Scores, Standing, Student
from grader.entry import Entry
from grader.language import N_, _, ngettext
from grader.report import class_charts, frame, items, roster
from grader.report.pages import put
from grader.report.plain import counted, format_points, sentence, short

FILE = "index.html"
_NEEDS = {
    Need.NO_GRADE: N_("no grade"),
    Need.BROKEN: N_("the grader failed"),
    Need.QUARANTINED: N_("quarantined"),
    Need.NOTED: N_("a note asks for it"),
}
_STEPS = 20  # columns of the histogram
_SOME_NAMES = 5  # students listed who need a person; the table has all
_MOST_NAMES, _FEW_NAMES = 20, 5  # students listed beside what they share, or what few share; the table has all
_MOST_CHANGES = 200
_COMMON = 12  # misconceptions that are not folded away


@dataclass(frozen=True)
class Named:
    """Some of many students, to be named."""

    shown: tuple[tuple[str, str], ...]  # name and page
    more: int


def write(entries: Iterable[Entry], folder: Path, pages: Mapping[str, str]) -> Path:
    """Write ``index.html`` into a folder, whole or not at all. Raises `OSError`.

    `pages` holds the path of each submission's page, relative to `folder`, by the submission's name.
    """
    return put(render(classroom.survey(entries), pages), folder, FILE)


def render(room: Classroom, pages: Mapping[str, str]) -> str:
    """Render the page of a class."""
    shown = {student.name: (short(student.name), _address(pages.get(student.name, ""))) for student in room.students}
    chapters = [items.chapter(room, id, title) for id, title in room.assignments.items()]
    doubts = [line for chapter in chapters for line in items.doubts(chapter)]
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
            changed=sum(len(student.changes) for student in room.students),
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
            rows=[roster.row(student, room, *shown[student.name]) for student in room.students],
            glyphs=[(roster.GLYPHS[standing], _(words)) for standing, words in roster.STANDINGS],
            filters={need: _(words) for need, words in _NEEDS.items()},
            words=_script_words(),
            worth=format_points(room.scores.worth) if room.scores.worth is not None else "",
        )
    )


@cache
def _environment() -> Environment:
    environment = frame.environment()
    environment.filters |= {"shown": short}
    environment.globals |= {"percent": _percent, "students": _students, "said": _said}
    return environment


def _script_words() -> Markup:
    """What the script says, as JSON that no text in it can end."""
    standings = {roster.GLYPHS[standing]: _(words) for standing, words in roster.STANDINGS}
    words = {
        "standings": standings | {roster.GLYPHS[Standing.ABSENT]: _("not handed in")},
        "more": _("{count} more misconceptions"),
        "complete": _("{count} of {total} exercises complete"),
        "standing": _("{exercise}: {standing}"),
        "one": ngettext("{count} student", "{count} students", 1),
        "all": ngettext("{count} student", "{count} students", 2),
        "some": _("{count} of {total} students"),
        "page": _("page {page} of {pages}"),
    }
    return Markup(json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"))


def _address(path: str) -> str:
    """Write a path as a relative address, whatever is in it: no scheme, no host, no query."""
    return quote(path.lstrip("/"), safe="/", errors="surrogatepass")


def _lead(room: Classroom) -> str:
    waiting = sum(bool(student.reasons) for student in room.students)
    scores = room.scores
    parts = [counted(_("{count} graded"), room.graded)]
    if scores.points:
        text = _("median {median} of {worth}") if scores.worth is not None else _("median {median}")
        worth = format_points(scores.worth) if scores.worth is not None else ""
        parts.append(text.format(median=_level(scores, 0.5), worth=worth))
    needs = ngettext("{count} needs a person", "{count} need a person", waiting)
    parts.append(counted(needs, waiting) if waiting else _("nobody waits for a person"))
    return sentence(parts)


def _needs(
    room: Classroom, shown: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[Need, str, int, list[tuple[str, ...]]]]:
    """Each reason why a person should look, how many there are, and some of them, each with its words."""
    for need, words in _NEEDS.items():
        if who := room.needing(need):
            yield need, _(words), len(who), [(*shown[one.name], _why(one, need)) for one in who[:_SOME_NAMES]]


def _why(student: Student, need: Need) -> str:
    """What the heading of the reason does not say already."""
    heading = _(_NEEDS[need])
    words = [reason.words.removeprefix(heading).strip() for reason in student.reasons if reason.need is need]
    return _("; ").join(short(one) for one in words if one)


def _named(students: list[Student], shown: Mapping[str, tuple[str, str]], most: int) -> Named:
    some = students if len(students) <= most + 1 else students[:most]
    return Named(tuple(shown[student.name] for student in some), len(students) - len(some))


def _changes(room: Classroom, shown: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """What persons have set, a line each; of very many the first ones."""
    found = ((student, change) for student in room.students for change in student.changes)
    for student, change in itertools.islice(found, _MOST_CHANGES):
        set_by_hand = change.override
        yield (
            *shown[student.name],
            short(set_by_hand.exercise.partition(".")[2]),
            format_points(change.said),
            format_points(set_by_hand.points),
            short(set_by_hand.comment),
            short(set_by_hand.author),
            short(set_by_hand.time),
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
            counts, edges, sentence, [(_("median"), min(max(scores.share_at(0.5), 0.0), 1.0))]
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


def _students(count: int) -> str:
    return counted(ngettext("{count} student", "{count} students", count), count)


def _said(points: str) -> str:
    return _("grader {points}").format(points=points)


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole if whole else 0
    return f"{share:.0f} %" if share >= 1 or not part else _("below 1 %")
