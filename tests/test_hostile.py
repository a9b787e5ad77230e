"""Submissions that are broken, as students break them: each gets a verdict that names it, its neighbour full marks.

What is meant to break the grader lies in `attacks`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from grader.course import Course
from grader.grading import Grader, Selection
from grader.model import ExerciseResult, Grade, Status, Verdict
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.sandbox.limits import MIB, Limits
from grader.store import Store
from grader.submission import Submission

# Short, so that what never ends ends soon. Honest code needs a tenth of it.
LIMITS = Limits(cpu_seconds=2.0, wall_seconds=5.0, memory_bytes=1024 * MIB, output_bytes=2 * MIB)
NEIGHBOUR = "build_methods.build_sequential_args"
VICTIM = "build_methods.build_sequential_ordered_dict"

PREAMBLE = """\
import os, sys, time
from collections import OrderedDict
import torch
from torch import nn

def layers(a, b, c):
    return nn.Flatten(), nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c)

def build_sequential_args(a, b, c):
    return nn.Sequential(*layers(a, b, c))

class Good(nn.Sequential):
    def __init__(self, a, b, c):
        super().__init__(OrderedDict(zip(["flatten", "linear1", "bn1", "relu1", "out"], layers(a, b, c))))
"""


@dataclass(frozen=True)
class Hostile:
    """The victim's code, the check that fails for it, and what its feedback must say."""

    code: str
    check: str
    says: str


def in_forward(line: str) -> str:
    """A module that is right in everything but one line of its forward."""
    return f"""
class build_sequential_ordered_dict(Good):
    def forward(self, x):
        {line}
        return super().forward(x)
"""


def returning(expression: str) -> str:
    """A module whose forward returns something made of the right output ``y``."""
    return f"""
class build_sequential_ordered_dict(Good):
    def forward(self, x):
        y = super().forward(x)
        return {expression}
"""


HOSTILE = {
    "wrong signature": Hostile("def build_sequential_ordered_dict(a): return Good(a, 2, 2)", "constructs", "TypeError"),
    "not callable": Hostile("build_sequential_ordered_dict = 7", "defined", "not a function"),
    "returns nothing": Hostile("def build_sequential_ordered_dict(a, b, c): pass", "constructs", "NoneType"),
    "exception in forward": Hostile(in_forward("raise KeyError('my own')"), "shapes", "KeyError"),
    "endless loop in init": Hostile(
        "def build_sequential_ordered_dict(*a):\n  while 1: pass", "constructs", "computing time"
    ),
    "waits for input": Hostile(in_forward("input('name? ')"), "shapes", "EOFError"),
    "os._exit(0) in forward": Hostile(in_forward("os._exit(0)"), "shapes", "exit status 0"),
    "os._exit(0) in init": Hostile("def build_sequential_ordered_dict(*a): os._exit(0)", "constructs", "exit status 0"),
    "returns a tuple": Hostile(returning("(y, x)"), "shapes", "tuple"),
    "returns a number": Hostile(returning("3.0"), "shapes", "float"),
    "wrong shape": Hostile(returning("y[:, :1]"), "shapes", "another shape"),
    "constant output": Hostile(returning("torch.zeros_like(y)"), "forward", "differs"),
}


@pytest.fixture(scope="module")
def strict_grader(course: Course, zygote: Zygote, cache: object) -> Iterator[Grader]:
    """A grader of two small exercises, without their training runs, with short limits."""
    course = course.without_training()
    selection = Selection(exercises=frozenset([NEIGHBOUR, VICTIM]))
    with Grader(course, zygote, Settings(11, limits=LIMITS), Store(cache), selection) as grader:  # type: ignore[arg-type]
        yield grader


def graded(grader: Grader, code: str) -> Grade:
    """The grade of a submission with `code` behind a right neighbour."""
    return grader.grade_collected(Submission("hostile", {"build_methods.py": (PREAMBLE + code).encode()}))


def exercise(grade: Grade, name: str) -> ExerciseResult:
    """The result of one exercise."""
    return next(result for result in grade.exercises if result.id == name)


def test_the_honest_twin_of_all_these_gets_full_marks(strict_grader: Grader) -> None:
    """Whatever the hostile ones lose, they lose by their one line."""
    grade = graded(strict_grader, in_forward("pass"))
    assert grade.score == grade.max_score, grade.as_json()


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_named_and_its_neighbour_is_unharmed(strict_grader: Grader, name: str) -> None:
    """The right check fails, in words that name the cause; nothing is ours; the other exercise has full marks."""
    case = HOSTILE[name]
    grade = graded(strict_grader, case.code)
    victim, neighbour = exercise(grade, VICTIM), exercise(grade, NEIGHBOUR)
    assert neighbour.score == neighbour.max_score, neighbour.as_json()
    assert victim.status is Status.GRADED
    failed = {check.id: check.finding for check in victim.checks if check.verdict is Verdict.FAILED}
    assert case.check in failed, victim.as_json()
    finding = failed[case.check]
    assert case.says in " ".join((finding.rationale, finding.expected, finding.got)), finding
    assert len(finding.got) < 5_000
    assert not [check for check in victim.checks if check.verdict is Verdict.ERROR]


AT_IMPORT = {
    "syntax error": ("def f(:\n    pass", "syntax error"),
    "import error": ("import no_such_module_anywhere", "no_such_module_anywhere"),
    "exit at import": ("import sys; sys.exit(3)", "SystemExit"),
    "argparse at import": ("import argparse; argparse.ArgumentParser().parse_args(['--x'])", "SystemExit"),
    "loop at import": ("while True: pass", "computing time"),
    "tab mess": ("if True:\n\tx = 1\n        y = 2", "TabError"),
}


@pytest.mark.parametrize("name", AT_IMPORT)
def test_a_file_that_cannot_be_imported_says_why(strict_grader: Grader, name: str) -> None:
    """`defined` fails with the cause, and with the line where there is one."""
    code, says = AT_IMPORT[name]
    grade = strict_grader.grade_collected(Submission("broken", {"build_methods.py": code.encode()}))
    for result in grade.exercises:
        finding = result.checks[0].finding
        assert finding.verdict is Verdict.FAILED, result.as_json()
        assert says in f"{finding.rationale} {finding.got}", finding
        assert result.score == 0


def test_a_syntax_error_has_file_line_and_column(strict_grader: Grader) -> None:
    """The place of a syntax error is the student's own line."""
    code = "import torch\n\ndef build_sequential_args(a, b, c)\n    return 1\n"
    grade = strict_grader.grade_collected(Submission("broken", {"build_methods.py": code.encode()}))
    finding = grade.exercises[0].checks[0].finding
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("build_methods.py", 3)
    assert "column" in finding.rationale
    excerpt = grade.exercises[0].exhibits.code[0]
    assert [line.number for line in excerpt.lines if line.marked] == [3]


def test_undecodable_source_is_the_students_mistake(strict_grader: Grader) -> None:
    """Bytes that are not text fail `defined`, with the file named."""
    grade = strict_grader.grade_collected(Submission("broken", {"build_methods.py": b"x = '\xff\xfe'\n"}))
    finding = grade.exercises[0].checks[0].finding
    assert finding.verdict is Verdict.FAILED
    assert "utf-8" in f"{finding.rationale} {finding.got}"


def test_the_frame_shown_is_the_students_own(strict_grader: Grader) -> None:
    """An exception raised below torch is placed at the line of the student's that called it."""
    code = "\nclass build_sequential_ordered_dict(Good):\n    def forward(self, x):\n        return self.linear1(x)\n"
    victim = exercise(graded(strict_grader, code), VICTIM)
    finding = next(check.finding for check in victim.checks if check.id == "shapes")
    assert finding.where is not None
    assert finding.where.text == "return self.linear1(x)"
