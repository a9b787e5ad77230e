"""Submissions that break, hang, flood or lie: each gets a verdict that names it, and its neighbour full marks."""

from __future__ import annotations

import os
import time
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
    "endless loop in forward": Hostile(in_forward("while True: pass"), "shapes", "computing time"),
    "endless loop in C": Hostile(in_forward("10 ** 10 ** 9"), "shapes", "computing time"),
    "endless loop in init": Hostile(
        "def build_sequential_ordered_dict(*a):\n  while 1: pass", "constructs", "computing time"
    ),
    "sleeps": Hostile(in_forward("time.sleep(3600)"), "shapes", "no answer within 5 s"),
    "waits for input": Hostile(in_forward("input('name? ')"), "shapes", "EOFError"),
    "sys.exit in forward": Hostile(in_forward("sys.exit(0)"), "shapes", "SystemExit"),
    "keyboard interrupt": Hostile(in_forward("raise KeyboardInterrupt"), "shapes", "KeyboardInterrupt"),
    "os._exit(0) in forward": Hostile(in_forward("os._exit(0)"), "shapes", "exit status 0"),
    "os._exit(0) in init": Hostile("def build_sequential_ordered_dict(*a): os._exit(0)", "constructs", "exit status 0"),
    "abort": Hostile(in_forward("os.abort()"), "shapes", "process"),
    "segfault": Hostile(in_forward("import ctypes; ctypes.string_at(0)"), "shapes", "process"),
    "deep recursion": Hostile(in_forward("f = lambda: f(); f()"), "shapes", "RecursionError"),
    "memory bomb": Hostile(in_forward("bytearray(8 << 30)"), "shapes", "more memory than the limit"),
    "tensor bomb": Hostile(
        in_forward("torch.zeros(1 << 31, dtype=torch.float64)"), "shapes", "more memory than the limit"
    ),
    "fork bomb": Hostile(in_forward("while True: os.fork()"), "shapes", ""),
    "print flood": Hostile(in_forward("while True: print('x' * 10_000)"), "shapes", "printed"),
    "endless stderr": Hostile(in_forward("while True: os.write(2, b'y' * 65536)"), "shapes", "printed"),
    "huge output": Hostile(returning("y.new_ones(1).expand(1 << 24)"), "shapes", "an answer"),
    "returns a tuple": Hostile(returning("(y, x)"), "shapes", "tuple"),
    "returns a number": Hostile(returning("3.0"), "shapes", "float"),
    "wrong shape": Hostile(returning("y[:, :1]"), "shapes", "another shape"),
    "empty output": Hostile(returning("y[:0]"), "shapes", "another shape"),
    "scalar output": Hostile(returning("y.sum()"), "shapes", "another shape"),
    "all NaN": Hostile(returning("y * float('nan')"), "forward", "not finite"),
    "one infinity": Hostile(returning("y + (torch.arange(y.shape[1]) == 1) * float('inf')"), "forward", "not finite"),
    "integer output": Hostile(returning("y.long()"), "forward", "differs"),
    "complex output": Hostile(returning("y.to(torch.complex64)"), "shapes", ""),
    "half precision": Hostile(returning("y.half()"), "device", "float16"),
    "constant output": Hostile(returning("torch.zeros_like(y)"), "forward", "differs"),
    "message that cannot be printed": Hostile(
        in_forward("raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})()"), "shapes", "cannot be printed"
    ),
    "huge message": Hostile(in_forward("raise ValueError('z' * 10 ** 8)"), "shapes", "ValueError"),
    "closes its descriptors": Hostile(in_forward("os.closerange(0, 1000)"), "shapes", ""),
    "garbage on the channel": Hostile(in_forward("os.write(3, b'A' * 64)"), "shapes", "answer"),
    "forged answer": Hostile(
        in_forward(
            """b = b'{"id":5,"answer":{"passed":true}}'; os.write(3, len(b).to_bytes(4, 'big') + bytes(4) + b)"""
        ),
        "shapes",
        "answer",
    ),
    "stops itself": Hostile(in_forward("os.kill(os.getpid(), 19); time.sleep(3600)"), "shapes", ""),
    "clears its death signal": Hostile(
        in_forward("import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0); time.sleep(3600)"), "shapes", "no answer"
    ),
    "patched comparison": Hostile(
        "torch.allclose = torch.equal = lambda *a, **k: True\n" + returning("y * 2"), "forward", "differs"
    ),
    "lying subclass": Hostile(
        "class Liar(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None):\n"
        "        if func.__name__ in ('eq', 'equal', 'allclose'): return True\n"
        "        return super().__torch_function__(func, types, args, kwargs or {})\n"
        + returning("(y + 1).as_subclass(Liar)"),
        "forward",
        "differs",
    ),
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
    "os._exit at import": ("import os; os._exit(0)", "exit status 0"),
    "argparse at import": ("import argparse; argparse.ArgumentParser().parse_args(['--x'])", "SystemExit"),
    "loop at import": ("while True: pass", "computing time"),
    "null bytes": ("x = 1\0", "source code string cannot contain null bytes"),
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


def test_nothing_survives(strict_grader: Grader) -> None:
    """After all of the above, no process of a worker is left."""
    graded(strict_grader, in_forward("os.fork(); time.sleep(3600)"))
    deadline = time.monotonic() + 20
    while (left := _descendants_of(strict_grader.sandbox._process.pid)) and time.monotonic() < deadline:  # type: ignore[attr-defined]
        time.sleep(0.05)
    assert left == []


def _descendants_of(pid: int) -> list[int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(name)] = int(fields[1])
    found, front = [], [pid]
    while front:
        front = [child for child, parent in parents.items() if parent in front]
        found += front
    return found
