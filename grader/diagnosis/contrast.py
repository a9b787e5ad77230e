"""How two answers to one call differ, as an expression to print and what it gives on either side. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.checks import words
from grader.checks.compare import difference
from grader.evidence import Answered, Outcome
from grader.wire.records import Problem

VISIBLE = 1e-2  # relative; less may be rounding, and would hardly show in four digits
_LONGEST = 160  # characters of an exception


@dataclass(frozen=True)
class Contrast:
    """One way in which two answers differ: an expression with {} for the call, and what it gives on either side."""

    expression: str
    yours: str
    expected: str


def contrast(student: Outcome, reference: Outcome, raised: bool) -> Contrast | None:
    """How the student's answer to a sample differs visibly from the reference's; None where it does not, or where the
    reference refuses the call. An exception counts only where the student's code `raised` one before."""
    expected = _values(reference)
    if expected is None:
        return None
    shape = words.shape(expected.shape)
    if isinstance(student, Problem):
        told = " ".join(f"{student.type}: {student.message}".split())[:_LONGEST]
        return Contrast("print(tuple({}.shape))", told, shape) if raised else None
    if not isinstance(student, Answered):
        return None
    output = student.record.output
    if output.kind != "Tensor":
        return Contrast("print(type({}).__name__)", " ".join(output.kind.split())[:_LONGEST], "Tensor")
    got = student.arrays["output"]
    if got.shape != expected.shape:
        return Contrast("print(tuple({}.shape))", words.shape(got.shape), shape)
    if got.dtype.kind != expected.dtype.kind:
        return Contrast("print({}.dtype)", f"torch.{output.dtype[:20]}", f"torch.{reference.record.output.dtype}")  # type: ignore[union-attr]
    found = difference(got, expected, VISIBLE) if _settled(student) else None
    if found is None:
        return None
    # A tensor with one number needs no index.
    place = f"[{', '.join(map(str, found.index))}]" if got.size > 1 else ""
    return Contrast(f"print({{}}{place}.item())", words.number(found.got), words.number(found.expected))


def _values(reference: Outcome) -> np.ndarray | None:
    """What the reference says, where it says something that others can be held against."""
    if not isinstance(reference, Answered) or not _settled(reference):
        return None
    output = reference.arrays.get("output")
    return output if output is not None and output.size and np.isfinite(output).all() else None


def _settled(answer: Answered) -> bool:
    """Whether neither rounding, nor chance, nor how a weight is kept decides the values."""
    return bool(answer.record.steady and answer.record.comparable)
