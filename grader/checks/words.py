"""The words that checks share: how a call, a shape, a number and an exception are put to a student."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from grader.checks import hints
from grader.course import Case, Exercise
from grader.model import Finding, Place, Verdict
from grader.sandbox import limits as kinds
from grader.sandbox.limits import DEFAULT, MIB, Death, Limits, size_text
from grader.wire.records import Problem

_MOST = 10**15
_ASKED = re.compile(r"tried to allocate (\d{1,19}) bytes|Unable to allocate (\d{1,6}(?:\.\d*)?) ([KMGTP]iB) for")
_UNITS = {"KiB": 1 << 10, "MiB": MIB, "GiB": MIB << 10, "TiB": MIB << 20, "PiB": MIB << 30}


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


def forward_call(exercise: Exercise, case: Case, index: int, mode: str) -> str:
    """A forward pass on the random input of that index, to be pasted."""
    loudness = case.loudness(index)
    x = f"{loudness} * " * (loudness > 1) + f"torch.randn{tuple(case.inputs[index])}"
    if case.tensors:
        tensors = ", ".join((x, *(f"torch.randn{dims}" for dims in case.tensors.values())))
        return f"{exercise.name}({tensors})"
    return f"{call(exercise, case)}.{mode}()({x})"


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


def trouble(
    outcome: Problem | Death, doing: str, asked: str = "", expected: str = "", limits: Limits = DEFAULT
) -> Finding:
    """A failed finding for something that ended in an exception or in the worker's death while `doing` something,
    within `limits`."""
    if isinstance(outcome, Death):
        got, hint = hints.of_death(outcome.kind)
        return Finding(Verdict.FAILED, _death(outcome, doing), expected, got, asked, hint)
    got = f"{outcome.type}: {outcome.message}" if outcome.message else outcome.type
    if outcome.out_of_memory:
        rationale, hint = _out_of_memory(outcome, doing, limits)
    else:
        rationale, hint = _exception(outcome, doing), hints.of_exception(got)
    return Finding(Verdict.FAILED, rationale, expected, got, asked, hint, place(outcome))


def told(problem: Problem) -> str:
    """An exception in one line: its type and message, and what it usually means."""
    said = f"{problem.type}: {problem.message}" if problem.message else problem.type
    hint = hints.of_exception(said)
    return f"{said} ({hint})" if hint else said


def _exception(problem: Problem, doing: str) -> str:
    if problem.type == "SyntaxError" and problem.frames:
        column = problem.column or 1
        return f"{doing} stopped at a syntax error: {problem.message}, line {problem.frames[-1].line}, column {column}."
    if problem.type == "NotImplementedError" and problem.frames and "raise" in problem.frames[-1].text:
        return f"{doing} came to a part that is not written yet."
    if problem.type == "Interrupted":
        return f"{doing} was stopped: {problem.message}."
    if problem.type in ("SystemExit", "KeyboardInterrupt"):
        return f"{doing} tried to end the program ({problem.type})."
    return f"{doing} raised {problem.type}."


def _out_of_memory(problem: Problem, doing: str, limits: Limits) -> tuple[str, str]:
    """Which limit it was, what was asked for and what was in use, where that is known; and the hint for it."""
    if problem.type == "OutOfMemoryError":
        return f"{doing} needed more memory than the GPU has.", hints.of_memory(at_once=False)
    asked, used = _asked_for(problem.message), None
    if problem.unused_bytes is not None:
        used = max(0, limits.memory_bytes - problem.unused_bytes)
    large = asked > limits.memory_bytes // 4 if asked else used is not None and used < limits.memory_bytes // 2
    details = [f"{size_text(asked)} were asked for at once"] if asked else []
    details += [f"{size_text(used)} were in use"] if used is not None else []
    rationale = f"{doing} needed more memory than the limit of {size_text(limits.memory_bytes)}"
    return f"{rationale}{': ' if details else ''}{', and '.join(details)}.", hints.of_memory(large)


def _asked_for(message: str) -> int:
    """The bytes of the request that failed; zero where the message does not tell."""
    found = _ASKED.search(message)
    if found is None:
        return 0
    return int(found[1]) if found[1] else int(float(found[2]) * _UNITS[found[3]])


def _death(death: Death, doing: str) -> str:
    if death.kind == kinds.ANSWER_LIMIT:
        return f"{doing} gave {death.detail}."
    return f"{doing} did not come to an end: {death.detail}."


def passed(rationale: str = "", **more: Any) -> Finding:
    """A passed finding."""
    return Finding(Verdict.PASSED, rationale, **more)


def failed(rationale: str, **more: Any) -> Finding:
    """A failed finding."""
    return Finding(Verdict.FAILED, rationale, **more)
