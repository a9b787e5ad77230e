"""What a class did, as charts: how its scores lie, and bars of shares that stand in tables."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from grader.language import _, ngettext
from grader.report.plain import counted
from grader.report.svg import picture, tag, text

_LEFT, _RIGHT, _TOP, _BOTTOM = 20.0, 700.0, 20.0, 190.0
_GAP = 2.0  # pixels between columns
_SHORTEST = 2.0  # pixels; one student among thousands is still seen


def histogram(counts: Sequence[int], edges: Sequence[str], desc: str, marks: Sequence[tuple[str, float]]) -> Markup:
    """Draw how many students there are in each step of the scores.

    `edges` are the labels between steps, one more than there are steps; `marks` are named places from 0 to 1.
    """
    most, wide = max(counts, default=0) or 1, (_RIGHT - _LEFT) / len(counts)
    columns = [
        tag("rect", x=_LEFT + place * wide + _GAP / 2, y=_BOTTOM - high, width=wide - _GAP, height=high, rx=1)
        for place, count in enumerate(counts)
        if (high := max(count / most * (_BOTTOM - _TOP), _SHORTEST if count else 0.0))
    ]
    body = [_axis(edges, wide), tag("g", *columns, class_="columns"), *_numbers(counts, wide, most)]
    body += [_mark(name, _LEFT + share * (_RIGHT - _LEFT)) for name, share in marks]
    return picture("scores", _("How the scores lie"), desc, _BOTTOM + 44, body)


def shares(parts: Sequence[tuple[str, int]]) -> Markup:
    """Draw counts as one bar, each with the class that is named beside it. Words beside it must say the same."""
    whole, at, body = sum(count for _, count in parts) or 1, 0.0, []
    for kind, count in parts:
        wide = 100 * count / whole
        if count:
            body.append(tag("rect", x=at, y=0, width=max(wide, 0.5), height=8, class_=kind))
        at += wide
    return tag("svg", *body, viewBox="0 0 100 8", preserveAspectRatio="none", class_="bar", aria_hidden="true")


def _axis(edges: Sequence[str], wide: float) -> Markup:
    every = max(1, (len(edges) - 1) // 5)
    labels = [
        text(_LEFT + place * wide, _BOTTOM + 18, label, "tick middle")
        for place, label in enumerate(edges)
        if place % every == 0
    ]
    return Markup("").join([tag("line", x1=_LEFT, x2=_RIGHT, y1=_BOTTOM, y2=_BOTTOM, class_="grid"), *labels])


def _numbers(counts: Sequence[int], wide: float, most: int) -> list[Markup]:
    """Write above each column how many it stands for."""
    return [
        text(_LEFT + (place + 0.5) * wide, _BOTTOM - count / most * (_BOTTOM - _TOP) - 5, f"{count:,}", "tick middle")
        for place, count in enumerate(counts)
        if count
    ]


def _mark(name: str, x: float) -> Markup:
    return text(x, _BOTTOM + 36, f"▲ {name}", "middle")


def histogram_sentence(count: int, median: str, low: str, high: str) -> str:
    """Put what the histogram shows in one sentence."""
    if count == 0:
        return _("Nobody has a grade yet.")
    text = _("{students}; half of them have {median} or more, the middle half {low} to {high}.")
    students = counted(ngettext("{count} student", "{count} students", count), count)
    return text.format(students=students, median=median, low=low, high=high)
