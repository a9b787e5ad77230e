"""The classes that are made for benchmarks: what is one program, what is not, and what is wrong."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import copies
import pytest
from copies import EXERCISES, Files

from grader.bank import definitions
from grader.course import Course
from grader.errors import UsageError
from grader.worker.forms import of_module


@pytest.fixture(scope="module")
def right(course: Course) -> Files:
    """The solutions of the usual exercises."""
    return copies.right(course)


def forms(files: Files) -> dict[str, str]:
    """The normal form of each exercise that has one."""
    return {
        form.exercise: form.digest
        for name, text in files.items()
        for form in of_module(name.removesuffix(".py"), [], {name: text.encode()}, EXERCISES)
        if form.line
    }


def each(course: Course, students: Iterable[Files]) -> list[dict[str, str]]:
    """The normal forms of a class; its texts differ one from the next."""
    texts = list(students)
    assert all(one[name] != other[name] for one, other in pairwise(texts) for name in one)
    return [forms(files) for files in texts]


def test_exercises_that_are_not_asked_for_are_left_out(course: Course, right: Files) -> None:
    """But for what those that are asked for are made of."""
    assert [name for text in right.values() for name in definitions(text.encode())] == list(EXERCISES)
    (text,) = copies.right(course, ["RestNet18"]).values()
    assert set(definitions(text.encode())) == {"RestNetBasicBlock", "RestNetDownBlock", "RestNet18"}
    with pytest.raises(UsageError):
        copies.right(course, ["RestNet19"])


def test_renamed_copies_are_one_program(course: Course, right: Files) -> None:
    """That of the solution."""
    assert set(forms(right)) == set(EXERCISES)
    found = each(course, (copies.renamed(right, number) for number in range(3)))
    assert found == [forms(right)] * 3
    assert "output_2" in copies.renamed(right, 2)["residual_blocks.py"]


def test_those_apart_have_no_program_in_common(course: Course, right: Files) -> None:
    """Neither two of them, nor one with the solution; each function has a statement of its own."""
    found = [forms(right), *each(course, (copies.apart(right, number) for number in range(3)))]
    assert all(len(form) == len(EXERCISES) for form in found)
    assert all(len({form[name] for form in found}) == len(found) for name in EXERCISES)
    text = copies.apart(right, 7)["residual_blocks.py"]
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert text.count("mark = 7\n") == len(functions) > 0


def test_every_fifth_of_a_mixed_class_is_mistaken(course: Course, right: Files) -> None:
    """In one exercise, and in what is made of it; no mistake comes twice before all came."""
    found = each(course, copies.mixed(course, EXERCISES, 50))
    wrong = [number for number, form in enumerate(found) if form != forms(right)]
    assert wrong == list(range(4, 50, 5))
    assert len({tuple(sorted(found[number].items())) for number in wrong}) == len(wrong)
    assert {copies._spread(turn, 12) for turn in range(12)} == set(range(12))


def test_a_class_is_written(right: Files, tmp_path: Path) -> None:
    """A folder for each, with a file for each assignment."""
    names = copies.hand_in(tmp_path / "class", [right, copies.renamed(right, 1)])
    assert names == sorted(path.name for path in (tmp_path / "class").iterdir())
    assert (tmp_path / "class" / names[0] / "build_methods.py").read_text() == right["build_methods.py"]
