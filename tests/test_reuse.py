"""A class with and without reuse: the same results, from fewer workers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from counting import Counting
from fixed import SEED

from grader import batch, publishing
from grader.asking import TRIES
from grader.batch import Batch
from grader.course import Course
from grader.errors import WorkerLost
from grader.forms import Reader
from grader.gradebook import Gradebook
from grader.grading import Grader, Selection
from grader.model import Grade
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store

EXERCISES = frozenset(["layers.linear_functional", "layers.FunctionalLinear", "layers.conv_relu_pool"])
SOLUTION = "return F.linear(x, weight, bias)"
# What each of the class makes of the solution. Alike are those with the same first word.
CLASS = {
    "right-1": (SOLUTION, SOLUTION),
    "right-2": (SOLUTION, f"# mine\n    {SOLUTION}"),
    "right-3": (SOLUTION, f'{SOLUTION}\n\n\nEXTRA = """a text"""'),
    "local-1": (SOLUTION, "out = F.linear(x, weight, bias)\n    return out"),
    "local-2": (SOLUTION, "result = F.linear(x, weight, bias)\n    return result"),
    "wrong-1": (SOLUTION, "out = F.linear(x, weight, bias)\n    return out + bias"),
    "wrong-2": (SOLUTION, "y = F.linear(x, weight, bias)\n\n    return y + bias"),
    "stops-1": (SOLUTION, "out = F.linear(x, weight, biass)\n    return out"),
    "stops-2": (SOLUTION, "y = F.linear(x, weight, biass)\n    # here\n    return y"),
    "absent-1": ("def linear_functional(", "def linear_function("),
    "absent-2": ("def linear_functional(", "# gone\ndef linear_function("),
}


@pytest.fixture(scope="module")
def members(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the class, in folders."""
    folder = tmp_path_factory.mktemp("class")
    source = course.assignment("layers").solution.decode()
    for name, (old, new) in CLASS.items():
        assert source.count(old) == 1
        (folder / name).mkdir()
        (folder / name / "layers.py").write_text(source.replace(old, new))
    return folder


@pytest.fixture
def graded(course: Course, zygote: Zygote, members: Path, tmp_path: Path) -> Any:
    """Grades the class, or some of it, and gives the grades by name and how many workers it took."""

    def run(reuses: bool, where: str, *names: str) -> tuple[dict[str, Grade], int]:
        sandbox, selection = Counting(zygote), Selection(exercises=EXERCISES)
        settings, memory = Settings(SEED), Store(tmp_path / "memory")
        with (
            Gradebook(tmp_path / where) as gradebook,
            Grader(course, sandbox, settings, memory, selection, workers=1, reuses=reuses) as grader,  # type: ignore[arg-type]
        ):
            for exercise in EXERCISES:
                grader.reference(course.exercise(exercise))
            before = sandbox.opened
            for name in names or CLASS:  # one after the other: what is under way is nobody's to take
                work = [each for each in batch.submissions(members) if each.name == name]
                Batch(grader, gradebook).run(work, 1)
            found = {one.name: one.grade for one in publishing.entries(gradebook) if one.grade is not None}
        return {name: replace(grade, seconds=0.0) for name, grade in found.items()}, sandbox.opened - before

    return run


def test_reuse_changes_no_result(graded: Any) -> None:
    """Grades with it and without it should be equal in all that they say, and take fewer workers."""
    shared, few = graded(True, "with")
    alone, many = graded(False, "without")
    assert list(shared) == list(alone) == sorted(CLASS)
    for name, grade in shared.items():
        assert grade == alone[name]
    assert few < many == len(CLASS) * len(EXERCISES)


def test_one_of_a_form_is_asked(graded: Any) -> None:
    """Of two that differ in a comment and a local name, the second should cost the worker that reads it alone."""
    _, once = graded(True, "once", "local-1")
    _, twice = graded(True, "twice", "local-1", "local-2")
    assert once == len(EXERCISES) + 1
    assert twice == once + 1


def test_a_reader_that_is_lost_is_replaced(graded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who kills the worker that reads should not have everybody asked anew."""
    read, lost = Reader.forms, []

    def losing(self: Reader, *asked: Any) -> Any:
        if len(lost) < TRIES - 1:
            lost.append(asked)
            raise WorkerLost("the zygote is gone")
        return read(self, *asked)

    monkeypatch.setattr(Reader, "forms", losing)
    _, twice = graded(True, "lost", "local-1", "local-2")
    assert len(lost) == TRIES - 1
    assert twice == len(EXERCISES) + 2


def test_what_speaks_of_lines_is_asked_of_each(graded: Any) -> None:
    """An exception names a line of one's own, and so does what stands below; other exercises are the same."""
    grades, workers = graded(True, "run", "stops-1", "stops-2")
    assert workers == len(EXERCISES) + 1 + 1 + 1
    lines = [[c.finding.where.line for e in g.exercises for c in e.checks if c.finding.where] for g in grades.values()]
    shared, own = lines[0][:2], lines[0][2:]
    assert lines[1] == shared + [line + 1 for line in own] != shared


def test_an_earlier_run_is_known(graded: Any) -> None:
    """Who mends one exercise should have that one computed, and not the others."""
    _, first = graded(True, "run", "wrong-1")
    _, both = graded(True, "run", "wrong-1", "right-1")
    assert first == len(EXERCISES) + 1
    assert both == 1 + 1
