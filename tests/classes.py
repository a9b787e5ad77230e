"""Made-up classes for the tests of what instructors open."""

from __future__ import annotations

from collections.abc import Sequence

import grades
from grades import HOSTILE, LONG_LINE

from grader.entry import Entry
from grader.model import ExerciseResult, Misconception, Override, Status, Verdict
from grader.retold import LOOK

FORMULAS = ('=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "  =1", "＝1+1", "|cmd")


def entry(name: str, *exercises: ExerciseResult, **more: object) -> Entry:
    """An entry with a grade of these exercises."""
    return Entry(name, grades.grade(*exercises, submission=name), **more)  # type: ignore[arg-type]


def answered(ident: str, *passed: bool, points: float = 10.0, **more: object) -> ExerciseResult:
    """An exercise whose checks, worth the same each, passed or failed."""
    verdicts = [Verdict.PASSED if good else Verdict.FAILED for good in passed]
    return grades.exercise(ident, *(grades.check(f"c{n}", v, points) for n, v in enumerate(verdicts)), **more)


def two_questions(firsts: Sequence[bool], seconds: Sequence[bool]) -> list[Entry]:
    """A class that was asked two things, of one check each."""
    pairs = zip(firsts, seconds, strict=True)
    return [entry(f"s{n:03}", answered("a.one", x), answered("a.two", y)) for n, (x, y) in enumerate(pairs)]


def mistaken(ident: str, *names: str) -> ExerciseResult:
    """An exercise that lost 10 of 20 points, with misconceptions, the likeliest first."""
    found = tuple(Misconception(name, "Why?", title=f"The title of {name}") for name in names)
    return answered(ident, True, False, misconceptions=found)


def sample_class() -> list[Entry]:
    """A small class with everything in it: all reasons, an override, misconceptions, somebody without a page."""
    sample = grades.sample_grade()
    note = grades.grade(answered("layers.linear_module", True), submission="dora", notes=(f"Is it data? {LOOK}",))
    set_by_hand = Override("layers.conv_relu_pool", 7.5, "It was shown in the lab", "m.weber", "2026-11-20T14:05:00Z")
    return [
        Entry("alice", sample),
        Entry("bob", sample, overrides=(set_by_hand,)),
        Entry("carol", None, "put the .py file into it"),
        Entry("dora", note),
        entry("emil", mistaken("layers.linear_module", "bias-missing", "transposed"), quarantined=True),
        entry("张伟", mistaken("layers.linear_module", "bias-missing")),
        entry("zoe", grades.exercise("layers.linear_module", status=Status.NOT_SUBMITTED)),
    ]


def hostile_class() -> list[Entry]:
    """A class with an attack in every name, and in every text that comes from a submission or a person."""
    grade = grades.hostile_grade()
    everywhere = [*HOSTILE, *FORMULAS, LONG_LINE, "../../etc/passwd", "javascript:alert(1)", "//evil.example/x"]
    return [
        Entry(
            text,
            grade if place % 2 else None,
            trouble=text,
            overrides=(Override("hostile.3", -2.5, text, text, text),),
            quarantined=place % 3 == 0,
        )
        for place, text in enumerate(everywhere)
    ]
