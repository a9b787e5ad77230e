"""A grade is made safe to show in one place, and numbers are never kinder than they are."""

from __future__ import annotations

import math

import pytest
from grades import HOSTILE, hostile_grade, sample_grade

from grader.model import Verdict
from grader.report.plain import Room, format_number, format_percent, format_points, map_leaves, readable


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        (93.0, "93"),
        (7.5, "7.5"),
        (99.6, "99.6"),
        (99.996, "99.99"),
        (0.29, "0.29"),
        (100 / 3, "33.33"),
        (92.99999999999999, "93"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.001, "0"),
        (100.0, "100"),
        (1e300, "1e+300"),
        (math.nan, "not a number"),
        (-math.inf, "minus infinite"),
    ],
)
def test_points_are_short_and_never_rounded_up(points: float, shown: str) -> None:
    """Whole points should have no decimals, and what is less than full should never look full."""
    assert format_points(points) == shown


def test_measurements_are_written_in_four_digits_or_in_words() -> None:
    """Finite measurements should be short numbers, and non-finite ones words."""
    assert [format_number(n) for n in (0.123456, 12, math.nan, math.inf)] == [
        "0.1235",
        "12",
        "not a number",
        "infinite",
    ]


def test_percentages_are_never_rounded_up() -> None:
    """An accuracy just below one should not be shown as all right."""
    assert [format_percent(n) for n in (0.99999, 1.0, 0.0981, math.nan)] == [
        "99.99 %",
        "100 %",
        "9.81 %",
        "not a number",
    ]


def test_mapping_leaves_reaches_every_text_and_keeps_verdicts() -> None:
    """A change should reach text at every depth of a record, while enums keep their type."""
    changed = map_leaves(sample_grade(), lambda _, value: f"<{value}>" if isinstance(value, str) else value)
    check = changed.assignments[0].exercises[0].checks[0]
    assert (changed.submission, check.id, changed.notes[0][0]) == ("<alice>", "<defined>", "<")
    assert check.verdict is Verdict.PASSED


def test_mapping_leaves_says_where_a_value_stands() -> None:
    """A change should know the record and the field, or the key, of what it is given."""
    places: set[str] = set()
    map_leaves([sample_grade(), {"key": ["x"]}], lambda place, value: places.add(place) or value)
    assert {"Grade.notes", "Finding.hint", "SourceLine.text", "key"} <= places


def every_text(record: object) -> dict[str, list[str]]:
    """All texts in a grade, by the place where they stand."""
    found: dict[str, list[str]] = {}
    map_leaves(record, lambda place, text: found.setdefault(place, []).append(text) if isinstance(text, str) else None)
    return found


def test_only_texts_with_lines_of_their_own_have_lines() -> None:
    """Names, notes, titles and lines of code should be one line each, whatever they hold: no forged lines."""
    texts = every_text(readable(hostile_grade(), Room(2_000, 100)))
    broken = {place for place, found in texts.items() if any("\n" in text for text in found)}
    assert broken == {"Finding.got", "Exhibits.output", "SmallestCall.code"}
    (note,) = texts["Grade.notes"]
    assert "\\n{{7*7}}" in note


def test_code_keeps_the_tabs_that_it_is_indented_by() -> None:
    """A tab in a line of code is ordinary, one in a name is not."""
    made = map_leaves(hostile_grade(), lambda _, value: "\tx\ny" if isinstance(value, str) else value)
    texts = every_text(readable(made, Room(100, 10)))
    assert set(texts["SourceLine.text"]) == {"\tx\\ny"}
    assert set(texts["Grade.submission"]) == {"\\tx\\ny"}


def test_every_text_has_the_room_that_it_is_given_and_no_more() -> None:
    """Characters and lines should both be bounded, everywhere."""
    made = map_leaves(hostile_grade(), lambda _, value: "a\n" * 9_000 if isinstance(value, str) else value)
    for found in every_text(readable(made, Room(300, 10))).values():
        assert all(len(text) <= 600 and text.count("\n") <= 10 for text in found)


@pytest.mark.parametrize("text", HOSTILE)
def test_making_readable_twice_changes_nothing(text: str) -> None:
    """What is safe to show should stay as it is."""
    once = readable(
        map_leaves(sample_grade(), lambda _, value: text if isinstance(value, str) else value), Room(999, 9)
    )
    assert readable(once, Room(999, 9)) == once
