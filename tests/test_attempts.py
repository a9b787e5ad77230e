"""Attempts: what is remembered of one, and what has changed since."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from grades import check, exercise, grade

from grader import attempts
from grader.attempts import Attempt, Change, History
from grader.model import Grade, Verdict
from grader.store import Store

MONDAY, TUESDAY = "2026-11-23T10:04:00+00:00", "2026-11-24T10:04:00+00:00"


def made(**verdicts: Verdict) -> Grade:
    """Build a grade of one exercise with these checks."""
    return grade(exercise("a.b", *(check(name, verdict, 1) for name, verdict in verdicts.items())))


def names(changes: tuple[Change, ...]) -> list[str]:
    """Give the checks of some changes."""
    return [change.check.id for change in changes]


def told(history: History) -> tuple[int, Attempt | None]:
    """Give the number of an attempt, and the one before it."""
    return history.number, history.before


def test_changes_are_told_apart() -> None:
    """What was mended, what is open, what is new and what was reached should be groups; faults of ours be in none."""
    p, f, s, e = Verdict.PASSED, Verdict.FAILED, Verdict.SKIPPED, Verdict.ERROR
    before = attempts.of(made(mended=f, open=f, hidden=f, broke=p, met=s, reached=s, kept=p, ours=f, theirs=e), "x", "")
    now = made(mended=p, open=f, hidden=s, broke=f, met=f, reached=p, kept=p, ours=e, theirs=f, added=f)
    found = attempts.since(before, now)
    assert names(found.fixed) == ["mended"]
    assert names(found.open) == ["open", "hidden"]
    assert names(found.new) == ["broke", "met", "added"]
    assert names(found.reached) == ["reached"]


def test_who_changes_nothing_makes_no_new_attempt(tmp_path: Path) -> None:
    """Grading the same files twice should be compared to what was there before them, both times."""
    store = Store(tmp_path / "cache")
    first = Attempt("one", MONDAY, {"a.b c": Verdict.FAILED})
    second = Attempt("two", TUESDAY, {"a.b c": Verdict.PASSED})
    found = [told(store.attempted(tmp_path, each)) for each in (first, first, second, second)]
    first = replace(first, number=1)
    assert found == [(1, None), (1, None), (2, first), (2, first)]
    assert told(store.attempted(tmp_path / "elsewhere", second)) == (1, None)


def test_one_exercise_checked_again_loses_no_other(tmp_path: Path) -> None:
    """What was left out of an attempt should be compared to the attempt before that."""
    store = Store(tmp_path)
    store.attempted(tmp_path, Attempt("one", MONDAY, {"a.b c": Verdict.FAILED, "a.d c": Verdict.FAILED}))
    store.attempted(tmp_path, Attempt("two", MONDAY, {"a.b c": Verdict.PASSED}))
    before = store.attempted(tmp_path, Attempt("three", TUESDAY, {})).before
    assert before is not None
    assert before.verdicts == {"a.b c": Verdict.PASSED, "a.d c": Verdict.FAILED}


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    """A file that cannot be read should be written anew, and a folder that cannot be written stop nothing."""
    store = Store(tmp_path)
    attempt = Attempt("one", MONDAY, {})
    store.attempted(tmp_path, attempt)
    (file,) = (tmp_path / "attempts").iterdir()
    for damage in ("{", "[]", '{"last": {}}', "[" * 100_000):
        file.write_text(damage)
        assert told(store.attempted(tmp_path, attempt)) == (1, None)
    assert told(Store(Path("/proc/nowhere")).attempted(tmp_path, attempt)) == (0, None)


@pytest.mark.parametrize(("remembered", "number"), [(1, 2), (2, 0)])
def test_what_was_remembered_without_numbers_is_counted_where_that_is_known(
    tmp_path: Path, remembered: int, number: int
) -> None:
    """A file of the older form should be read; one attempt in it was the first, of two nobody knows how many."""
    store = Store(tmp_path)
    for content in ("one", "two")[:remembered]:
        store.attempted(tmp_path, Attempt(content, MONDAY, {"a.b c": Verdict.FAILED}))
    (file,) = (tmp_path / "attempts").iterdir()
    file.write_text(re.sub(r', "number": \d', "", file.read_text()))
    found = store.attempted(tmp_path, Attempt("three", TUESDAY, {}))
    assert found.number == number
    assert found.before is not None
    assert found.before.number == max(0, number - 1)
