"""Notebooks and modules of several files, through the real sandbox."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import SubmissionError
from grader.grading import Grader, Selection
from grader.model import Grade, Status, Verdict
from grader.plan import Settings
from grader.report import html
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Submission
from grader.worker import topcode

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import torch\nfrom torch import nn\nfrom collections import OrderedDict\n"
RIGHT = (
    "def build_sequential_args(a, b, c):\n"
    "    return nn.Sequential(nn.Flatten(), nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(), nn.Linear(b, c))\n"
)
WRONG = "def build_sequential_args(a, b, c):\n    return nn.Sequential(nn.Flatten(), nn.Linear(a, c))\n"


def notebook(*sources: str, **more: object) -> bytes:
    """A notebook of code cells, with a saved output in the last one."""
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for source in sources
    ]
    cells[-1]["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": "<b>SAVED-OUTPUT</b>"}, "metadata": {}}
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells} | more).encode()


@pytest.fixture(scope="module")
def small_grader(course: Course, zygote: Zygote, cache: Path) -> Iterator[Grader]:
    """A grader of one small exercise, without its training run."""
    selection = Selection(exercises=frozenset(["build_methods.build_sequential_args"]))
    with Grader(course.without_training(), zygote, Settings(23), Store(cache), selection) as grader:
        yield grader


def graded(grader: Grader, *sources: str) -> Grade:
    """The grade of a notebook with these cells."""
    return grader.grade_collected(Submission("dana", {"build_methods.ipynb": notebook(*sources)}))


def test_cells_run_in_order_and_later_definitions_win(small_grader: Grader) -> None:
    """A first wrong try in an earlier cell does no harm."""
    grade = graded(small_grader, IMPORTS, WRONG, "x = 1", RIGHT)
    assert grade.score == grade.max_score
    grade = graded(small_grader, IMPORTS, RIGHT, WRONG)
    assert grade.score < grade.max_score


def test_magics_and_a_failing_cell_take_nothing_down(small_grader: Grader) -> None:
    """The report says which cell failed and why; saved outputs appear nowhere."""
    grade = graded(
        small_grader,
        "%matplotlib inline\n!pip install torch\n" + IMPORTS,
        "files = !ls\n%time y = 3\ntorch.nn?\nassert files is None",
        "1 / 0",
        "%%bash\nrm -rf /tmp/everything",
        "import sys\nsys.exit(1)",
        RIGHT,
    )
    assert grade.score == grade.max_score, grade.as_json()
    notes = " ".join(grade.notes)
    assert "cell 3: ZeroDivisionError" in notes
    assert "cell 5: SystemExit" in notes
    assert "cell 2" not in notes
    assert "SAVED-OUTPUT" not in html.render(grade)


def test_a_place_is_a_cell_and_its_line(small_grader: Grader) -> None:
    """An exception in a cell is shown at that cell's own line."""
    broken = "def build_sequential_args(a, b, c):\n    layers = []\n    return layers[0]\n"
    grade = graded(small_grader, IMPORTS, "a = 1\nb = 2", broken)
    finding = next(c.finding for c in grade.exercises[0].checks if c.verdict is Verdict.FAILED)
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("build_methods.ipynb, cell 3", 3)
    assert finding.where.text == "return layers[0]"
    (excerpt,) = grade.exercises[0].exhibits.code
    assert [line.text for line in excerpt.lines if line.marked] == ["    return layers[0]"]


def test_a_definition_in_a_cell_that_failed_is_named_as_that(small_grader: Grader) -> None:
    """The exercise that is missing for another cell's failure is told which."""
    grade = graded(small_grader, IMPORTS, "no_such_name\n" + RIGHT)
    finding = grade.exercises[0].checks[0].finding
    assert grade.exercises[0].status is Status.GRADED
    assert finding.verdict is Verdict.FAILED
    assert "NameError" in f"{finding.rationale} {finding.got}"


def test_a_training_run_at_the_top_level_is_bounded(small_grader: Grader) -> None:
    """What never ends is interrupted, in a notebook and in a module, and the rest is graded in full."""
    slow = "n = 0\nwhile True:\n    n += 1"
    grade = graded(small_grader, IMPORTS, slow, RIGHT)
    assert grade.score == grade.max_score
    assert "cell 2" in " ".join(grade.notes) or "line 2" in " ".join(grade.notes)
    module = Submission("eve", {"build_methods.py": f"{IMPORTS}\n{slow}\n{RIGHT}".encode()})
    grade = small_grader.grade_collected(module)
    assert grade.score == grade.max_score
    assert "Interrupted" in " ".join(grade.notes)


def test_a_notebook_that_cannot_be_read_says_so(small_grader: Grader) -> None:
    """Malformed, ancient or enormous: a clear error, nobody's points."""
    for content, says in (
        (b"{", "not a notebook"),
        (b'{"nbformat": 2, "worksheets": []}', "2013"),
        (b" " * (21 << 20), "larger than 20 MiB"),
    ):
        with pytest.raises(SubmissionError, match=says):
            small_grader.grade_collected(Submission("dana", {"build_methods.ipynb": content}))


def test_a_package_with_relative_imports_works(small_grader: Grader) -> None:
    """Several files, helper modules, a package: imported as their author would."""
    helper = "from torch import nn\ndef linear(a, b):\n    return nn.Linear(a, b)\n"
    flat = {
        "build_methods.py": (IMPORTS + "from helper import linear\n" + RIGHT).encode(),
        "helper.py": helper.encode(),
    }
    package = {
        "work/__init__.py": b"",
        "work/build_methods.py": (
            IMPORTS + "from .parts.helper import linear\n" + RIGHT.replace("nn.Linear", "linear")
        ).encode(),
        "work/parts/__init__.py": b"",
        "work/parts/helper.py": helper.encode(),
    }
    for files in (flat, package):
        grade = small_grader.grade_collected(Submission("dana", files))
        assert grade.score == grade.max_score, grade.as_json()


def test_source_in_other_encodings_works(small_grader: Grader) -> None:
    """GBK with a coding line, a BOM, Windows line ends, identifiers in Chinese."""
    chinese = IMPORTS + "层数 = 5  # 五层\n" + RIGHT
    for content in (
        ("# -*- coding: gbk -*-\n" + chinese).encode("gbk"),
        b"\xef\xbb\xbf" + chinese.encode(),
        chinese.replace("\n", "\r\n").encode(),
    ):
        grade = small_grader.grade_collected(Submission("dana", {"build_methods.py": content}))
        assert grade.score == grade.max_score, grade.as_json()


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("x = 1", "x = 1"),
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("y = (7\n     % 4)", "y = (7\n     % 4)"),
        ("s = '''\n%not magic\n!nor this\n'''", "s = '''\n%not magic\n!nor this\n'''"),
        ("if True:\n    !ls\n    x = 2", "if True:\n    pass\n    x = 2"),
        ("files = !ls", "files = None"),
        ("torch.nn?", "pass"),
        ("%%bash\nls", "\n\n"),
        ("%%time\nx = 3", "pass\nx = 3"),
    ],
)
def test_magics_are_taken_out_and_nothing_else(cell: str, plain: str) -> None:
    """Lines that only IPython understands become harmless; line numbers stay."""
    assert topcode.without_magics(cell) == plain


def in_cells(source: str) -> list[str]:
    """A module cut into cells, each of which ends with a definition; the first holds the imports, too."""
    lines = source.splitlines(keepends=True)
    definitions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    ends = [0, *(node.end_lineno or 0 for node in definitions), len(lines)]
    pieces = ["".join(lines[start:end]) for start, end in pairwise(ends)]
    return [piece.strip("\n") for piece in pieces if piece.strip()]


def test_the_solutions_as_notebooks_get_full_marks(course: Course, zygote: Zygote, cache: Path) -> None:
    """What is right in a module is right in cells, in all four assignments; training runs are left out."""
    files = {}
    for assignment in course.assignments:
        cells = in_cells(assignment.solution.decode())
        assert len(cells) >= len(assignment.exercises)
        files[f"{assignment.module}.ipynb"] = notebook(*cells)
    with Grader(course.without_training(), zygote, Settings(23), Store(cache)) as grader:
        grade = grader.grade_collected(Submission("solution", files))
    lost = [(e.name, c.id, c.finding.rationale) for e in grade.exercises for c in e.checks if c.verdict != "passed"]
    assert lost == []
    assert [note.partition(":")[0] for note in grade.notes] == ["Left out"]
    assert grade.score == grade.max_score > 0


def test_dana_hands_in_notebooks(grader: Grader) -> None:
    """The sample class's notebook student gets full marks for both."""
    grade = grader.grade(ROOT / "submissions/dana")
    handed_in = [result for result in grade.exercises if result.status is not Status.NOT_SUBMITTED]
    assert len(handed_in) == 13
    assert all(result.score == result.max_score for result in handed_in), grade.as_json()
