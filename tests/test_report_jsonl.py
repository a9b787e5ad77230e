"""A grade becomes one line of strict JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from grades import hostile_grade, sample_grade

from grader.report.jsonl import dumps


def _refuse(word: str) -> Any:
    raise AssertionError(f"{word} is not JSON")


def test_a_sound_grade_survives_the_round_trip() -> None:
    """Reading the line should give the published form of the grade, keys in the same order."""
    grade = sample_grade()
    assert json.loads(dumps(grade)) == grade.as_json()
    assert list(json.loads(dumps(grade))) == list(grade.as_json())


def test_hostile_text_stays_on_one_printable_line() -> None:
    """No text of a submission should break the line, hide in it, or make it impossible to write; nor be changed."""
    line = dumps(hostile_grade())
    assert line.encode("utf-8").decode("utf-8").isprintable()
    assert "\\u202e" in line
    assert json.loads(line)["submission"] == hostile_grade().submission


def test_half_a_character_is_written_out() -> None:
    """What no JSON text can hold should be readable, since many readers would refuse the whole line."""
    line = dumps(replace(sample_grade(), notes=("a\ud800b", "\U0001f600\U000e0041")))
    assert json.loads(line)["notes"] == ["a\\ud800b", "\U0001f600\U000e0041"]
    assert "\\ud83d" not in line
    assert "\\udb40\\udc41" in line


def test_endless_text_is_cut_at_both_ends() -> None:
    """A text longer than a worker may send should keep its head and tail."""
    line = dumps(replace(sample_grade(), notes=("a" + "x" * 1_000_000 + "b",)))
    (note,) = json.loads(line)["notes"]
    assert len(note) < 20_100
    assert (note[0], note[-1]) == ("a", "b")


def test_numbers_that_json_cannot_hold_become_null() -> None:
    """A score that is not a number should be null, so that every JSON reader can read the line."""
    line = dumps(replace(sample_grade(), score=math.nan, seconds=math.inf))
    read = json.loads(line, parse_constant=_refuse)
    assert (read["score"], read["seconds"]) == (None, None)


def test_text_is_not_escaped_beyond_need() -> None:
    """Chinese and other letters should be written as themselves."""
    assert "张伟" in dumps(replace(sample_grade(), submission="张伟"))
