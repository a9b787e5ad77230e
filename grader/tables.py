"""What is read from TOML and JSON, checked: each raises ValueError naming the key whose value is of another kind."""

from __future__ import annotations

import math
from typing import Any

from grader.language import _


def number(value: Any, key: str) -> float:
    """A number, zero or more."""
    # In Python, true is a number.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(_("{key} must be a number, zero or more, not {value!r}").format(key=key, value=value))
    return float(value)


def table(value: Any, key: str) -> dict[str, Any]:
    """A table."""
    if not isinstance(value, dict):
        raise ValueError(_("{key} must be a table, not {value!r}").format(key=key, value=value))
    return value


def tables(value: Any, key: str) -> list[dict[str, Any]]:
    """A list of tables."""
    if not isinstance(value, list):
        raise ValueError(_("{key} must be a list of tables, not {value!r}").format(key=key, value=value))
    return [table(item, key) for item in value]
