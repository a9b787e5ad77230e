"""A grade as one line of JSON, schema ``grader/1``."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from grader.model import Grade
from grader.report.plain import map_leaves
from grader.text import clipped, is_visible

LONGEST_TEXT = 20_000  # characters; what a worker may send as one string
_UNWRITTEN = re.compile(r"[^ -~]")


def dumps(grade: Grade) -> str:
    """Write the grade as one line of strict JSON, keys in the order of the schema.

    Text is what it was, up to a length; what nobody can see in it is spelled as JSON spells it, so the line may be
    printed. Numbers that JSON cannot hold become null.
    """
    line = json.dumps(map_leaves(grade.as_json(), _publishable), ensure_ascii=False, allow_nan=False)
    return _UNWRITTEN.sub(_spelled, line)


def _publishable(_: str, value: Any) -> Any:
    if isinstance(value, str):
        # Half a character is no text that JSON could hold; many readers refuse the whole line.
        return clipped(value.encode("utf-8", "backslashreplace").decode(), LONGEST_TEXT)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _spelled(found: re.Match[str]) -> str:
    """One character outside a plain line: itself where it can be seen, else its escape."""
    char = found[0]
    return char if char.isprintable() and is_visible(char) else json.dumps(char)[1:-1]
