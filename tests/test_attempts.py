"""Attempts: what is remembered of one, and what has changed since."""

from __future__ import annotations

from pathlib import Path

from grades import check, exercise, grade

from grader import attempts
from grader.attempts import Attempt, Change
from grader.model import Grade, Verdict
from grader.store import Store

MONDAY, TUESDAY = "2026-11-23T10:04:00+00:00", "2026-11-24T10:04:00+00:00"


def made(**verdicts: Verdict) -> Grade:
    """Build a grade of one exercise with these checks."""
    return grade(exercise("a.b", *(check(name, verdict, 1) for name, verdict in verdicts.items())))


def names(changes: tuple[Change, ...]) -> list[str]:
    """Give the checks of some changes."""
    return [change.check.id for change in changes]


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
    assert [store.attempted(tmp_path, each) for each in (first, first, second, second)] == [None, None, first, first]
    assert store.attempted(tmp_path / "elsewhere", second) is None


def test_one_exercise_checked_again_loses_no_other(tmp_path: Path) -> None:
    """What was left out of an attempt should be compared to the attempt before that."""
    store = Store(tmp_path)
    store.attempted(tmp_path, Attempt("one", MONDAY, {"a.b c": Verdict.FAILED, "a.d c": Verdict.FAILED}))
    store.attempted(tmp_path, Attempt("two", MONDAY, {"a.b c": Verdict.PASSED}))
    before = store.attempted(tmp_path, Attempt("three", TUESDAY, {}))
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
        assert store.attempted(tmp_path, attempt) is None
    assert Store(Path("/proc/nowhere")).attempted(tmp_path, attempt) is None
