"""The words that checks share: how a call, a shape, a number and an exception are put to a student."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from grader.checks import hints
from grader.checks.phrases import filled, retold
from grader.course import Case, Exercise
from grader.language import _, pgettext
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
        return _("more than 10^15")  # Python refuses to write numbers of many thousand digits
    return f"{number:,}".replace(",", " ")


def number(value: float) -> str:
    """A float, short."""
    return f"{value:.4g}"


def shape(dims: Iterable[int]) -> str:
    """A shape as Python shows it."""
    return str(tuple(dims))


def plural(amount: int, word: str, shown: str = "") -> str:
    """``1 layer``, ``2 layers``; the amount as `shown`, if that is given. The noun is in the singular, in English, and
    marked with ``N_`` where it stands."""
    noun = _(word)
    ending = "s" if noun == word and amount != 1 else ""  # a translation has no form of its own for several
    return filled(_("{amount} {noun}"), amount=shown or amount, noun=noun + ending)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in backticks, joined by commas; how many more there are when there are many."""
    shown = pgettext("between names", ", ").join(f"`{name}`" for name in names[:most])
    return _("{names} and {count} more").format(names=shown, count=len(names) - most) if len(names) > most else shown


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


def mode(name: str) -> str:
    """What a mode of a model, ``train`` or ``eval``, is called in a sentence; any other name as it is."""
    return {"train": pgettext("mode", "train"), "eval": pgettext("mode", "eval")}.get(name, name)


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
    within `limits`.

    `doing` begins a sentence, in the language of this run. In Chinese 时 follows it: 前向传播, 调用 `f`.
    """
    if isinstance(outcome, Death):
        got, hint = hints.of_death(outcome.kind)
        return Finding(Verdict.FAILED, _death(outcome, doing), expected, got, asked, hint)
    if outcome.out_of_memory:
        rationale, hint = _out_of_memory(outcome, doing, limits)
    else:
        rationale, hint = _exception(outcome, doing), hints.of_exception(_line(outcome.type, outcome.message))
    return Finding(Verdict.FAILED, rationale, expected, _shown(outcome), asked, hint, place(outcome))


def told(problem: Problem) -> str:
    """An exception in one line: its type and message, and what it usually means."""
    hint = hints.of_exception(_line(problem.type, problem.message))
    return _("{said} ({hint})").format(said=_shown(problem), hint=hint) if hint else _shown(problem)


def _line(type: str, message: str) -> str:
    """An exception as Python writes it."""
    return f"{type}: {message}" if message else type


def _shown(problem: Problem) -> str:
    """The exception, with its message in the language of this run where it is the worker's own."""
    ours = problem.type == "Interrupted" or not problem.frames
    return _line(problem.type, retold(problem.message) if ours else problem.message)


def _exception(problem: Problem, doing: str) -> str:
    if problem.type == "SyntaxError" and problem.frames:
        return filled(
            _("{doing} stopped at a syntax error: {message}, line {line}, column {column}."),
            doing=doing,
            message=problem.message,
            line=problem.frames[-1].line,
            column=problem.column or 1,
        )
    if problem.type == "NotImplementedError" and problem.frames and "raise" in problem.frames[-1].text:
        return filled(_("{doing} came to a part that is not written yet."), doing=doing)
    if problem.type == "Interrupted":
        return filled(_("{doing} was stopped: {why}."), doing=doing, why=retold(problem.message))
    if problem.type in ("SystemExit", "KeyboardInterrupt"):
        return filled(_("{doing} tried to end the program ({type})."), doing=doing, type=problem.type)
    return filled(_("{doing} raised {type}."), doing=doing, type=problem.type)


def _out_of_memory(problem: Problem, doing: str, limits: Limits) -> tuple[str, str]:
    """Which limit it was, what was asked for and what was in use, where that is known; and the hint for it."""
    if problem.type == "OutOfMemoryError":
        return filled(_("{doing} needed more memory than the GPU has."), doing=doing), hints.of_memory(at_once=False)
    asked, used = _asked_for(problem.message), None
    if problem.unused_bytes is not None:
        used = max(0, limits.memory_bytes - problem.unused_bytes)
    large = asked > limits.memory_bytes // 4 if asked else used is not None and used < limits.memory_bytes // 2
    if asked and used is not None:
        pattern = _(
            "{doing} needed more memory than the limit of {limit}: {asked} were asked for at once, and {used} were in "
            "use."
        )
    elif asked:
        pattern = _("{doing} needed more memory than the limit of {limit}: {asked} were asked for at once.")
    elif used is not None:
        pattern = _("{doing} needed more memory than the limit of {limit}: {used} were in use.")
    else:
        pattern = _("{doing} needed more memory than the limit of {limit}.")
    sizes = {"limit": size_text(limits.memory_bytes), "asked": size_text(asked), "used": size_text(used or 0)}
    return filled(pattern, doing=doing, **sizes), hints.of_memory(large)


def _asked_for(message: str) -> int:
    """The bytes of the request that failed; zero where the message does not tell."""
    found = _ASKED.search(message)
    if found is None:
        return 0
    return int(found[1]) if found[1] else int(float(found[2]) * _UNITS[found[3]])


def _death(death: Death, doing: str) -> str:
    if death.kind == kinds.ANSWER_LIMIT:
        return filled(_("{doing} gave {answer}."), doing=doing, answer=retold(death.detail))
    return filled(_("{doing} did not come to an end: {reason}."), doing=doing, reason=retold(death.detail))


def passed(rationale: str = "", **more: Any) -> Finding:
    """A passed finding."""
    return Finding(Verdict.PASSED, rationale, **more)


def failed(rationale: str, **more: Any) -> Finding:
    """A failed finding."""
    return Finding(Verdict.FAILED, rationale, **more)
