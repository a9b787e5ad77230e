"""Judging a class again from what it answered: the same where nothing changed, and never a worker for a student."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_up
import pytest
from fixed import ROOT, SEED
from made_up import GOOD, POINTS, exercise, problem, replaced, script

from grader import batch, publishing, saved
from grader.batch import Batch, Work
from grader.course import Case, Course
from grader.entry import Entry
from grader.gradebook import Gradebook
from grader.grading import Grader, Selection
from grader.model import Grade, Override
from grader.plan import Settings
from grader.sandbox.fake import FakeSandbox
from grader.sandbox.host import Zygote
from grader.standing import Standing
from grader.store import Store

EXAMINED = exercise(training=None, band=None, points={k: v for k, v in POINTS.items() if k != "training"})
DEARER = replace(EXAMINED, points=EXAMINED.points | {"defined": 5.0})
NOW = "2026-11-23T10:00:00+00:00"


def kept(gradebook: Gradebook, again: bool = False) -> list[Work]:
    """Give the class as the gradebook holds it."""

    def collect(content: str, name: str) -> Callable[[], Any]:
        return lambda: gradebook.collected(content, name)

    rows = [row for row in gradebook.rows() if row.result]
    return [Work(row.folder, row.name, collect(row.content, row.name), again) for row in rows]


def grades(gradebook: Gradebook) -> dict[str, bytes]:
    """Give all grades as bytes, times aside."""
    found = {entry.name: entry.grade for entry in publishing.entries(gradebook)}
    return {name: saved.pack(replace(grade, seconds=0.0)) for name, grade in found.items() if grade}


class Graded:
    """A class of two with made-up workers, graded once."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.folder, self.course = folder, course
        for name in ("ann", "bob"):
            (folder / "class" / name).mkdir(parents=True)
            (folder / "class" / name / "made_up.py").write_text(f"class Small: 'mine, {name}'\n")
        self.sandbox = self.sandboxed()
        with Gradebook(folder / "run") as gradebook, self.grader(course) as grader:
            work = batch.submissions(folder / "class")
            assert Batch(grader, gradebook).run(work, 2).graded == 2

    def sandboxed(self) -> FakeSandbox:
        """Give a sandbox that nobody asked yet."""
        broken = replaced(GOOD, build_1=problem())
        self.sandbox = FakeSandbox(script(GOOD), {b"mine, bob": script(broken), b"mine, ann": script(GOOD)})
        return self.sandbox

    def grader(self, course: Course) -> Grader:
        """Give a grader of a course."""
        return Grader(course, self.sandbox, Settings(3), Store(self.folder / "store"), workers=2, reuses=False)

    def regrade(self, course: Course, again: bool = False) -> tuple[Standing, dict[str, Grade]]:
        """Judge again, and give what came of it; fails where a student's code was asked."""

        def refuse(op: str, params: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
            raise AssertionError("a student's code was run")

        self.sandbox = FakeSandbox(script(GOOD), {b"mine": refuse})
        with Gradebook(self.folder / "run") as gradebook, self.grader(course) as grader:
            standing = Batch(grader, gradebook, asks=False).run(kept(gradebook, again), 2)
            found = {each.name: each.decided for each in publishing.entries(gradebook)}
            return standing, {name: grade for name, grade in found.items() if grade}


@pytest.fixture
def graded(tmp_path: Path, course: Course) -> Graded:
    """Give the class of two."""
    return Graded(tmp_path, made_up.course(course.root, EXAMINED))


def test_nothing_changes_where_nothing_changed(graded: Graded) -> None:
    """Judged again, every grade should be what it was, to the byte; asked plainly, nothing is judged at all."""
    with Gradebook(graded.folder / "run") as gradebook:
        before = grades(gradebook)
    assert graded.regrade(graded.course)[0].known == 2
    standing, _ = graded.regrade(graded.course, again=True)
    assert (standing.graded, standing.known) == (2, 0)
    with Gradebook(graded.folder / "run") as gradebook:
        assert grades(gradebook) == before


def test_a_changed_rubric_is_applied(graded: Graded) -> None:
    """Other points should count for everybody, with the date of the first grading."""
    with Gradebook(graded.folder / "run") as gradebook:
        before = {row.name: row.time for row in gradebook.rows()}
    _, found = graded.regrade(made_up.course(graded.course.root, DEARER))
    assert found["ann"].score == found["ann"].max_score == 13.0
    assert found["bob"].score < 13.0
    assert found["bob"].sandbox == found["ann"].sandbox
    with Gradebook(graded.folder / "run") as gradebook:
        assert {row.name: row.time for row in gradebook.rows()} == before


def test_what_was_never_asked_keeps_its_grade(graded: Graded) -> None:
    """A course that asks more should say so, and leave grades as they are until the class is graded anew."""
    more = replace(EXAMINED, cases=(*EXAMINED.cases, Case((2, 2), ((1, 2),), {})))
    standing, found = graded.regrade(made_up.course(graded.course.root, more))
    assert (standing.unasked, standing.graded) == (2, 0)
    assert found["ann"].score == 9.0


def test_answers_that_can_no_longer_be_read_leave_the_grade(graded: Graded) -> None:
    """What an older version wrote, or damage, should be said, and cost no grade."""
    with Gradebook(graded.folder / "run") as gradebook:
        gradebook._put("UPDATE answer SET record = ?", saved.zlib.compress(b'{"evidence": {}, "arrays": {}}'))
    standing, found = graded.regrade(made_up.course(graded.course.root, DEARER))
    assert (standing.unasked, standing.errors) == (2, 0)
    assert found["ann"].score == 9.0


def test_what_a_person_decided_stays(graded: Graded) -> None:
    """A decision should count after a regrade, be shown with its reason, and give way when it is taken back."""
    with Gradebook(graded.folder / "run") as gradebook:
        gradebook.override(b"bob", EXAMINED.id, 8.5, "we talked", "ann", NOW)
    _, found = graded.regrade(made_up.course(graded.course.root, DEARER))
    (result,) = found["bob"].exercises
    assert (found["bob"].score, result.score) == (8.5, 8.5)
    assert result.override == Override(EXAMINED.id, 8.5, "we talked", "ann", NOW)
    checked = sum(check.score for check in result.checks)
    with Gradebook(graded.folder / "run") as gradebook:
        publishing.publish(gradebook)
        page = (graded.folder / "run/reports/bob.html").read_text()
        assert f"8.5 / 13, where the checks give {checked:g}. we talked" in page
        gradebook.override(b"bob", EXAMINED.id, None, "", "ann", NOW)
        (entry,) = [entry for entry in publishing.entries(gradebook) if entry.name == "bob"]
        assert entry.score == checked
        assert entry.overrides == ()


def test_overriding_adds_up() -> None:
    """Sums should follow the decision; an exercise that is not there be ignored."""
    from grades import sample_grade

    grade = sample_grade()
    first = grade.assignments[0].exercises[0]
    made = Override(first.id, first.max_score - 1, "why", "ann", NOW)
    decided = Entry(
        "", grade, overrides=(replace(made, points=0), made, replace(made, exercise="nowhere.None"))
    ).decided
    assert decided is not None
    assert decided.score == grade.score - first.score + first.max_score - 1
    assert decided.assignments[0].score == sum(each.score for each in decided.assignments[0].exercises)
    assert decided.assignments[0].exercises[0].checks == first.checks


@pytest.mark.parametrize(
    "names",
    [False, pytest.param(True, marks=pytest.mark.long)],  # the mistakes of all exercises take minutes, once
    ids=["judged", "named and demonstrated"],
)
def test_the_sample_class_is_judged_the_same_from_what_it_answered(
    names: bool, course: Course, zygote: Zygote, cache: Path, tmp_path: Path
) -> None:
    """Regraded without its code, the sample class should get the same grades, exhibits and words."""
    chosen = Selection() if names else Selection(frozenset({"build_methods", "layers"}))
    course = course if names else course.without_training()
    settings, store = Settings(SEED), Store(cache)
    with Grader(course, zygote, settings, store, chosen, names=names, shows=names) as grader, Gradebook(
        tmp_path / "run"
    ) as gradebook:  # fmt: skip
        work = batch.submissions(ROOT / "submissions")
        assert Batch(grader, gradebook).run(work, len(work)).graded == 5
        before = grades(gradebook)
        standing = Batch(grader, gradebook, asks=False).run(kept(gradebook, again=True), 5)
        assert (standing.graded, standing.known) == (5, 0)
        assert grades(gradebook) == before
