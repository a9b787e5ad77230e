"""Other people's text made safe to show, and numbers written the way a student reads them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from typing import Any, TypeVar, cast

T = TypeVar("T")

_NOISE = Decimal("1e-9")  # binary fractions add up to 92.99999999999999 where 93 is meant
_CENT = Decimal("0.01")
_BEYOND_POINTS = 1e15  # more digits than a decimal of default precision can hold to nine places


def printable(text: str) -> str:
    """Show control, bidi and other invisible characters escaped (`\\x1b`, `\\u202e`); keep newline and tab."""
    text = text.replace("\r\n", "\n")
    if text.isprintable():
        return text
    return "".join(char if _is_visible(char) else _escaped(char) for char in text)


def one_line(text: str) -> str:
    """Make text printable and fold its line breaks and tabs into single spaces, for names and titles."""
    return " ".join(printable(text).split())


def clipped(text: str, limit: int) -> str:
    """Cut text to about `limit` characters, and say how many are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} [... {len(text) - limit:,} more characters]"


def map_leaves(record: T, change: Callable[[Any], Any]) -> T:
    """Copy a record, list, tuple or dictionary with `change` applied to every value in it; enums stay."""
    return cast(T, _mapped(record, change))


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


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 check`, `3 checks`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _is_visible(char: str) -> bool:
    # Wide and no-break spaces (Zs) count as unprintable for Python, but belong to ordinary Chinese or French text.
    return char.isprintable() or char in "\n\t" or unicodedata.category(char) == "Zs"


def _escaped(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, Enum):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _mapped(getattr(value, field.name), change) for field in fields(value)})
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, change) for item in value)
    return change(value)


def _non_finite(number: float) -> str:
    if math.isnan(number):
        return "not a number"
    return "infinite" if number > 0 else "minus infinite"
