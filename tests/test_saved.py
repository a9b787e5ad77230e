"""Records as plain data and back: the same record, or an error that names the place."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from grades import hostile_grade, sample_grade

from grader import saved
from grader.model import Grade, GradientRow
from grader.saved import Damaged


@pytest.mark.parametrize("grade", [sample_grade(), hostile_grade()], ids=["sample", "hostile"])
def test_a_grade_survives_the_round_trip(grade: Grade) -> None:
    """Every field should come back exactly: hostile text, halves of characters, infinity; equal ones as equal bytes."""
    packed = saved.pack(grade)
    # NaN equals nothing, itself included; written out, equal is equal.
    assert repr(saved.unpack(Grade, packed)) == repr(grade)
    assert saved.pack(saved.unpack(Grade, packed)) == packed


def test_what_json_cannot_hold_is_spelled() -> None:
    """No NaN or infinity should stand in the JSON itself."""
    row = GradientRow("w", math.nan, -math.inf, False)
    text = json.dumps(saved.plain(row), allow_nan=False)
    back = saved.read(GradientRow, json.loads(text))
    assert math.isnan(back.got or 0.0)
    assert back.expected == -math.inf


def damaged(change: Any) -> dict[str, Any]:
    """Give a sample grade as plain data with one thing changed."""
    data: dict[str, Any] = json.loads(json.dumps(saved.plain(replace(sample_grade(), notes=("a",)))))
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d.pop("score"), "Grade: expected exactly the keys"),
        (lambda d: d.update(more=1), "Grade: expected exactly the keys"),
        (lambda d: d["assignments"][0].pop("title"), "Grade.assignments[0]: expected exactly the keys"),
        (lambda d: d.update(score="much"), "Grade.score: expected float"),
        (lambda d: d.update(score=True), "Grade.score: expected float"),
        (lambda d: d.update(notes="a"), "Grade.notes: expected a list"),
        (lambda d: d["notes"].append(3), "Grade.notes[1]: expected str"),
        (lambda d: d["assignments"][0]["exercises"][0].update(status="fine"), "'fine' is no Status"),
        (lambda d: d["assignments"][0]["exercises"][0]["exhibits"].update(picture="?"), "picture: expected base64"),
    ],
)
def test_what_is_no_grade_is_refused_by_place(change: Any, place: str) -> None:
    """A record of another form should be named, not half read."""
    with pytest.raises(Damaged) as refusal:
        saved.read(Grade, damaged(change))
    assert place in str(refusal.value)


def test_what_has_a_default_may_be_absent() -> None:
    """A record of an older version should be read, with what it did not know at its default."""
    data = damaged(lambda d: d["assignments"][0]["exercises"][0].pop("override"))
    assert saved.read(Grade, data) == saved.read(Grade, damaged(lambda _: None))


@pytest.mark.parametrize("data", [b"", b"x", saved.pack(())[:-3], saved.pack({"a": 1})])
def test_damaged_bytes_are_refused(data: bytes) -> None:
    """What was cut short, or is another thing, should be Damaged."""
    with pytest.raises(Damaged):
        saved.unpack(Grade, data)
