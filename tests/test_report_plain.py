"""Other people's text is safe to show, and numbers are never kinder than they are."""

from __future__ import annotations

import math

import pytest
from grades import HOSTILE, LONG_LINE, sample_grade

from grader.model import Verdict
from grader.report.plain import clipped, format_number, format_percent, format_points, map_leaves, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eabc", "\\u202eabc"),
        ("\u2066", "\\u2066"),
        ("\x00", "\\x00"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u2028", "\\u2028"),
        ("a\rb", "a\\x0db"),
    ],
)
def test_printable_escapes_what_nobody_can_see(text: str, shown: str) -> None:
    """Control, bidi, invisible and surrogate characters should be written out."""
    assert printable(text) == shown


@pytest.mark.parametrize("text", ["plain", "line\nbreak\tand tab", "全角　空格", "x·wᵀ + b", "café 10\u00a0%"])
def test_printable_keeps_ordinary_text(text: str) -> None:
    """Letters of any language, line breaks, tabs and spaces of any width should stay as they are."""
    assert printable(text) == text


def test_printable_reads_windows_line_ends() -> None:
    """A line end of two characters should be one line break, not an escaped carriage return."""
    assert printable("a\r\nb\x07") == "a\nb\\x07"


@pytest.mark.parametrize("text", HOSTILE)
def test_printable_text_can_always_be_written(text: str) -> None:
    """Any text should be encodable after it was made printable."""
    assert printable(text).encode("utf-8").decode("utf-8").replace("\n", "").isprintable()


def test_one_line_has_no_breaks() -> None:
    """Names should stay on one line whatever a folder was called."""
    assert one_line("alice\n\t  bob") == "alice bob"


def test_clipped_says_how_much_is_missing() -> None:
    """A cut text should name the number of characters left out, and a short text should stay whole."""
    assert clipped(LONG_LINE, 400) == f"{'x' * 400} [... 9,600 more characters]"
    assert clipped("short", 400) == "short"


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
    changed = map_leaves(sample_grade(), lambda value: f"<{value}>" if isinstance(value, str) else value)
    check = changed.assignments[0].exercises[0].checks[0]
    assert (changed.submission, check.id, changed.notes[0][0]) == ("<alice>", "<defined>", "<")
    assert check.verdict is Verdict.PASSED
