"""A grade made safe to show, and numbers written the way a student reads them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from typing import Any, TypeVar, cast

from grader.language import _, ngettext
from grader.text import clipped, clipped_lines, one_line, printable

T = TypeVar("T")

_NOISE = Decimal("1e-9")  # binary fractions add up to 92.99999999999999 where 93 is meant
_CENT = Decimal("0.01")
_BLOCKS = frozenset(
    [
        *(f"Finding.{name}" for name in ("rationale", "expected", "got", "asked", "hint")),
        *("Misconception.hint", "Misconception.technique", "Exhibits.output"),
        *("SmallestCall.code", "SmallestCall.got", "SmallestCall.expected"),
    ]
)
_CODE = frozenset(["SourceLine.text", "Place.text"])  # one line each, with the tabs that it is indented by
_BEYOND_POINTS = 1e15  # more digits than a decimal of default precision can hold to nine places


@dataclass(frozen=True)
class Room:
    """How much of one text a reader gets: characters, and lines."""

    characters: int
    lines: int


def readable(record: T, room: Room) -> T:
    """Copy a grade, or another record, with every text in it safe to show and no longer than there is room for.

    Everything is one line, but for the few texts that have lines of their own.
    """

    def fit(place: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if place in _BLOCKS:
            return clipped_lines(_fitted(value, room.characters, printable), room.lines)
        return _fitted(value, room.characters, _line_of_code if place in _CODE else one_line)

    return map_leaves(record, fit)


def _fitted(text: str, limit: int, show: Callable[[str], str]) -> str:
    """Cut before it is made safe, which takes time for each character, and again where that made it much longer."""
    shown = show(clipped(text, limit))
    return shown if len(shown) <= 2 * limit else clipped(shown, limit)


def _line_of_code(text: str) -> str:
    return printable(text).replace("\n", "\\n")


def map_leaves(record: T, change: Callable[[str, Any], Any]) -> T:
    """Copy a record, list, tuple or dictionary with `change` applied to every value in it; enums stay.

    `change` is also told where the value stands: `Finding.hint`, or the key in a dictionary.
    """
    return cast(T, _mapped(record, change, ""))


def format_points(points: float) -> str:
    """Write points as 93 or 7.5. Never rounds up: 99.996 is 99.99, not 100."""
    if not math.isfinite(points):
        return _non_finite(points)
    if abs(points) >= _BEYOND_POINTS:
        return f"{points:.4g}"
    exact = Decimal(repr(float(points))).quantize(_NOISE).quantize(_CENT, rounding=ROUND_DOWN)
    return f"{exact + 0:f}".rstrip("0").rstrip(".")  # + 0 turns -0.00 into 0.00


def format_percent(share: float) -> str:
    """Write a share of 1 as a percentage, cut after two decimals: 0.99996 is 99.99 %, not 100 %."""
    return f"{format_points(share * 100)} %" if math.isfinite(share) else _non_finite(share)


def format_number(number: float) -> str:
    """Write a measurement with four significant digits, and the non-finite ones in words."""
    return f"{number:.4g}" if math.isfinite(number) else _non_finite(number)


def short(text: str, limit: int = 200) -> str:
    """Make anybody's text safe to read on one line, and no longer than a name, a title or a reason should be."""
    return _fitted(text, limit, one_line)


def counted(text: str, number: int) -> str:
    """Write a number into the form of a text that `ngettext` chose for it: `1 check`, `3 checks`."""
    return text.format(count=f"{number:,}")


def points(number: float) -> str:
    """Write points with their noun: `1 point`, `7.5 points`."""
    text = format_points(number)
    return ngettext("{count} point", "{count} points", 1 if text == "1" else 2).format(count=text)


def moment(time: str) -> str:
    """Write a time that is ISO 8601 in UTC: `2026-11-23 10:04 UTC`; what is none as it is."""
    day, found, rest = time.partition("T")
    return f"{day} {rest[:5]} UTC" if found else time


def sentence(parts: Iterable[str]) -> str:
    """Put what is told of one thing into one sentence; nothing where there is nothing."""
    told = _("; ").join(part for part in parts if part)
    return _("{sentence}.").format(sentence=told) if told else ""


def _mapped(value: Any, change: Callable[[str, Any], Any], place: str) -> Any:
    if isinstance(value, Enum):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        kind, names = type(value).__name__, [field.name for field in fields(value)]
        return replace(value, **{name: _mapped(getattr(value, name), change, f"{kind}.{name}") for name in names})
    if isinstance(value, dict):
        return {key: _mapped(item, change, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, change, place) for item in value)
    return change(place, value)


def _non_finite(number: float) -> str:
    if math.isnan(number):
        return _("not a number")
    return _("infinite") if number > 0 else _("minus infinite")
