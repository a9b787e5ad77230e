"""The corpus through the real sandbox: correct spellings get full marks, mistakes lose the checks they must lose.

Training is left out here, since neither the spelling nor the mistake changes what it tells; `test_sample_class` and
`make corpus` run it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import corpus_files
import grades
import pytest

from grader.course import Course
from grader.grading import Grader, Selection
from grader.model import ExerciseResult, Status, Verdict
from grader.plan import Settings
from grader.report import html
from grader.sandbox.host import Zygote
from grader.store import Store

ASSIGNMENTS = ("layers", "build_methods", "residual_blocks", "training")
# Every mistake costs a worker. CI looks at each twelfth one, the same ones every time; `make corpus` at all.
EVERY = 1 if os.environ.get("GRADER_WHOLE_CORPUS") else 12


@pytest.fixture(scope="module")
def bare_course(course: Course) -> Course:
    """The course without its training runs, unless the whole corpus is asked for."""
    return course if os.environ.get("GRADER_WHOLE_CORPUS") else course.without_training()


@pytest.fixture(scope="module")
def grade(bare_course: Course, zygote: Zygote, cache: Path) -> Iterator[object]:
    """Grades the named exercises of one file."""
    graders: list[Grader] = []

    def run(path: Path, assignment: str, exercises: list[str]) -> object:
        selection = Selection(frozenset([assignment]), frozenset(f"{assignment}.{name}" for name in exercises))
        grader = Grader(bare_course, zygote, Settings(31), Store(cache), selection)
        graders.append(grader)
        return grader.grade_collected(corpus_files.as_submission(path, bare_course.assignment(assignment)))

    yield run
    for grader in graders:
        grader.__exit__(None, None, None)


@pytest.fixture(scope="module")
def failed() -> list[ExerciseResult]:
    """What became of the mistakes that have been graded so far."""
    return []


def _correct() -> list[object]:
    return [
        pytest.param(name, path, id=f"{name}/{path.stem}")
        for name in ASSIGNMENTS
        for path in corpus_files.correct(name)
    ]


def _wrong() -> list[object]:
    return [
        pytest.param(name, case, id=f"{name}/{case.name}")
        for name in ASSIGNMENTS
        for case in corpus_files.wrong(name)[::EVERY]
    ]


@pytest.mark.parametrize(("assignment", "path"), _correct())
def test_a_correct_spelling_gets_full_marks(grade, bare_course: Course, assignment: str, path: Path) -> None:  # type: ignore[no-untyped-def]
    """No legal way to write an exercise loses a point."""
    exercises = corpus_files.exercises_in(path, bare_course.assignment(assignment))
    assert exercises, f"{path} defines no exercise"
    result = grade(path, assignment, [exercise.name for exercise in exercises])
    lost = [(e.name, c.id, c.finding.rationale) for e in result.exercises for c in e.checks if c.verdict != "passed"]
    assert lost == []
    assert result.score == result.max_score > 0


@pytest.mark.parametrize(("assignment", "case"), _wrong())
def test_a_mistake_loses_its_checks(  # type: ignore[no-untyped-def]
    grade, failed: list[ExerciseResult], assignment: str, case: corpus_files.Wrong
) -> None:
    """Every check that the file's header names fails, with words; none of the verdicts is an error of ours."""
    (result,) = grade(case.path, assignment, [case.exercise]).exercises
    failed.append(result)
    verdicts = {check.id: check.verdict for check in result.checks}
    assert Verdict.ERROR not in verdicts.values(), result.as_json()
    assert result.status is Status.GRADED
    wanted = [check for check in case.fails if check != "training"]
    assert wanted
    assert {check: verdicts[check] for check in wanted} == dict.fromkeys(wanted, Verdict.FAILED)
    assert all(check.finding.rationale for check in result.checks if check.verdict is Verdict.FAILED)
    assert result.score < result.max_score


@pytest.mark.skipif(EVERY > 1, reason="make corpus")
def test_the_worst_page_is_small(failed: list[ExerciseResult]) -> None:
    """No mistake should make a page of more than 150 kB, nor should the worst of all exercises on one page."""
    sizes = [len(html.render(grades.grade(each)).encode()) for each in failed]
    worst = {each.id: each for _, each in sorted(zip(sizes, failed, strict=True), key=lambda pair: pair[0])}
    page = html.render(grades.grade(*sorted(worst.values(), key=lambda each: each.id)))
    assert max(sizes) <= html.LARGEST
    assert len(page.encode()) <= html.LARGEST


def test_the_corpus_is_as_large_as_promised() -> None:
    """At least 120 correct spellings and 250 mistakes, over all 23 exercises; all of the former are graded here."""
    course = [(name, corpus_files.correct(name), corpus_files.wrong(name)) for name in ASSIGNMENTS]
    assert sum(len(correct) for _, correct, _ in course) >= 120
    assert sum(len(wrong) for _, _, wrong in course) >= 250
    assert len(_wrong()) >= 50
    assert len({case.exercise for _, _, wrong in course for case in wrong}) == 23
