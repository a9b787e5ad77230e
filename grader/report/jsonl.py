"""A grade as one line of JSON, schema ``grader/1``."""

from __future__ import annotations

import json
import math
from typing import Any

from grader.model import Grade
from grader.report.plain import map_leaves, printable


def dumps(grade: Grade) -> str:
    """Write the grade as one line of strict JSON, keys in the order of the schema.

    Numbers that JSON cannot hold become null, and characters that nobody can see are written out.
    """
    return json.dumps(map_leaves(grade.as_json(), _publishable), ensure_ascii=False, allow_nan=False)


def _publishable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
