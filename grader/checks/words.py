"""The words that checks share: how a call, a shape, a number and an exception are put to a student."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from grader.checks import hints
from grader.course import Case, Exercise
from grader.model import Finding, Place, Verdict
from grader.sandbox.limits import Death
from grader.wire.records import Problem

_MOST = 10**15
_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)


def count(number: int) -> str:
    """An integer with thin groups of three, as in the handouts: 267 410. Beyond all sense, only that it is so."""
    if number > _MOST:
        return "more than 10^15"  # Python refuses to write numbers of many thousand digits
    return f"{number:,}".replace(",", " ")


def number(value: float) -> str:
    """A float, short."""
    return f"{value:.4g}"


def shape(dims: Iterable[int]) -> str:
    """A shape as Python shows it."""
    return str(tuple(dims))


def plural(amount: int, word: str) -> str:
    """``1 layer``, ``2 layers``."""
    return f"{amount} {word}" + ("" if amount == 1 else "s")


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in backticks, joined by commas; how many more there are when there are many."""
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def call(exercise: Exercise, case: Case) -> str:
    """The constructor call of a case, to be pasted; for a function of tensors, its name."""
    if case.tensors:
        return exercise.name
    return f"{exercise.name}({', '.join(map(repr, case.args))})"


def forward_call(exercise: Exercise, case: Case, dims: Iterable[int], mode: str) -> str:
    """A forward pass on random input, to be pasted."""
    if case.tensors:
        tensors = ", ".join(f"torch.randn{dims}" for dims in (tuple(dims), *case.tensors.values()))
        return f"{exercise.name}({tensors})"
    return f"{call(exercise, case)}.{mode}()(torch.randn{tuple(dims)})"


def values(array: np.ndarray, most: int = 5, at: tuple[int, ...] | None = None) -> str:
    """A few values of an array: the first ones, or those from a little before the index `at`."""
    flat = np.asarray(array).reshape(-1)
    start = max(0, int(np.ravel_multi_index(at, array.shape)) - 1) if at else 0
    shown = ", ".join(f"{value:.5g}" for value in flat[start : start + most].tolist())
    return f"[{'…, ' if start else ''}{shown}{', …' if flat.size > start + most else ''}]"


def place(problem: Problem) -> Place | None:
    """The student's own line that an exception came from."""
    if not problem.frames:
        return None
    last = problem.frames[-1]
    return Place(last.file, last.line, last.text)


def trouble(outcome: Problem | Death, doing: str, asked: str = "", expected: str = "") -> Finding:
    """A failed finding for something that ended in an exception or in the worker's death while `doing` something."""
    if isinstance(outcome, Death):
        got, hint = hints.of_death(outcome.kind)
        return Finding(Verdict.FAILED, _death(outcome, doing), expected, got, asked, hint)
    got = f"{outcome.type}: {outcome.message}" if outcome.message else outcome.type
    return Finding(
        Verdict.FAILED, _exception(outcome, doing), expected, got, asked, hints.of_exception(got), place(outcome)
    )


def _exception(problem: Problem, doing: str) -> str:
    if problem.type == "SyntaxError" and problem.frames:
        column = problem.column or 1
        return f"{doing} stopped at a syntax error: {problem.message}, line {problem.frames[-1].line}, column {column}."
    if problem.type in ("MemoryError", "OutOfMemoryError") or _MEMORY.search(problem.message):
        return f"{doing} needed more memory than the limit allows."
    if problem.type == "NotImplementedError" and problem.frames and "raise" in problem.frames[-1].text:
        return f"{doing} came to a part that is not written yet."
    if problem.type == "Interrupted":
        return f"{doing} was stopped: {problem.message}."
    if problem.type in ("SystemExit", "KeyboardInterrupt"):
        return f"{doing} tried to end the program ({problem.type})."
    return f"{doing} raised {problem.type}."


def _death(death: Death, doing: str) -> str:
    return f"{doing} did not come to an end: {death.detail}."


def passed(rationale: str = "", **more: Any) -> Finding:
    """A passed finding."""
    return Finding(Verdict.PASSED, rationale, **more)


def failed(rationale: str, **more: Any) -> Finding:
    """A failed finding."""
    return Finding(Verdict.FAILED, rationale, **more)
