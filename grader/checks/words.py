"""The words that checks share: how a call, a shape, a number and an exception are put to a student."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from grader.course import Case, Exercise
from grader.model import Finding, Place, Verdict
from grader.sandbox import limits as kinds
from grader.sandbox.limits import Death
from grader.wire.records import Problem

_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)

# What an exception usually means here. The first pattern that is found in "Type: message" gives the hint.
_HINTS = (
    (r"mat1 and mat2 shapes cannot be multiplied", "What leaves one layer must be what enters the next. Follow the shape of one batch through forward."),
    (r"must match the size of tensor|must match the existing size", "Two tensors can be added only if they agree in every axis. Print the shapes on both sides of the addition."),
    (r"list is not a Module subclass", "The container wants the layers one by one, not one list."),
    (r"dict is not a Module subclass", "Names are accepted only through one particular kind of mapping."),
    (r"is not a Module subclass", "Containers hold layer objects: not functions, and not classes that were never called."),
    (r"before Module.__init__\(\) call", "The base class must set up its bookkeeping before layers are attached."),
    (r"Module \[Module(List|Dict)\] is missing", "This container stores layers, but does not know in which order to run them."),
    (r"missing the required \"forward\"", "The framework calls methods by their exact name: compare yours letter by letter."),
    (r"'str' object is not callable", "What does a loop over a dictionary give: keys, or values?"),
    (r"must be Tensor, not NoneType", "A method that ends without return gives None."),
    (r"must be Tensor, not (ReLU|Linear|BatchNorm|Flatten|Softmax|Conv)", "Building a layer and applying a layer are two separate steps."),
    (r"Boolean value of Tensor with more than one value", "A function got self, or a layer class got data, in the place of its first argument."),
    (r"modified by an inplace operation", "The backward pass needs a value that was overwritten in place."),
    (r"Expected more than 1 value per channel", "A mean and a spread cannot be taken over one value."),
    (r"Output size is too small", "A fixed window does not fit every image size. Which pooling adapts to its input?"),
    (r"view size is not compatible", "view needs memory in one piece; reshape copies where it must."),
    (r"takes \d+ positional arguments? but|required positional argument|unexpected keyword", "Compare the signature with the handout, argument by argument."),
    (r"ModuleNotFoundError: No module named", "Hand in every file that the code imports. Only torch and what comes with it is installed here."),
    (r"has no attribute", "A name that is local to __init__ is gone when it ends; what forward needs must be kept on self."),
    (r"NameError", "Would the file still run if it were executed from the top in a fresh session?"),
)  # fmt: skip


def count(number: int) -> str:
    """An integer with thin groups of three, as in the handouts: 267 410."""
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
    """The constructor call of a case, to be pasted."""
    return f"{exercise.name}({', '.join(map(repr, case.args))})"


def forward_call(exercise: Exercise, case: Case, dims: Iterable[int], mode: str) -> str:
    """A forward pass on random input, to be pasted."""
    return f"{call(exercise, case)}.{mode}()(torch.randn{tuple(dims)})"


def values(array: np.ndarray, most: int = 5) -> str:
    """The first few values of an array."""
    flat = np.asarray(array).reshape(-1)
    shown = ", ".join(f"{value:.5g}" for value in flat[:most].tolist())
    return f"[{shown}{', …' if flat.size > most else ''}]"


def place(problem: Problem) -> Place | None:
    """The student's own line that an exception came from."""
    if not problem.frames:
        return None
    last = problem.frames[-1]
    return Place(last.file, last.line, last.text)


def trouble(outcome: Problem | Death, doing: str, asked: str = "", expected: str = "") -> Finding:
    """A failed finding for something that ended in an exception or in the worker's death while `doing` something."""
    if isinstance(outcome, Death):
        return Finding(
            Verdict.FAILED, _death(outcome, doing), expected, _DEATHS[outcome.kind], asked, _DEATH_HINTS[outcome.kind]
        )
    got = f"{outcome.type}: {outcome.message}" if outcome.message else outcome.type
    return Finding(Verdict.FAILED, _exception(outcome, doing), expected, got, asked, _hint(got), place(outcome))


def _exception(problem: Problem, doing: str) -> str:
    if problem.type == "SyntaxError" and problem.frames:
        column = problem.column or 1
        return f"{doing} stopped at a syntax error: {problem.message}, line {problem.frames[-1].line}, column {column}."
    if problem.type in ("MemoryError", "OutOfMemoryError") or _MEMORY.search(problem.message):
        return f"{doing} needed more memory than the limit allows."
    if problem.type in ("SystemExit", "KeyboardInterrupt"):
        return f"{doing} tried to end the program ({problem.type})."
    return f"{doing} raised {problem.type}."


def _hint(text: str) -> str:
    return next((hint for pattern, hint in _HINTS if re.search(pattern, text)), "")


_DEATHS = {
    kinds.CPU_LIMIT: "stopped at the limit of computing time",
    kinds.WALL_LIMIT: "stopped at the limit of waiting time",
    kinds.OUTPUT_LIMIT: "stopped at the limit of printed output",
    kinds.EXITED: "the process ended",
    kinds.CRASHED: "the process crashed",
    kinds.PROTOCOL: "an answer that is not one",
}
_DEATH_HINTS = {
    kinds.CPU_LIMIT: "Is there a loop that never ends, or a training run at the top level of the file?",
    kinds.WALL_LIMIT: "Does the code wait for something: input, a window, the network, a lock?",
    kinds.OUTPUT_LIMIT: "Take out the print statements inside loops.",
    kinds.EXITED: "Code that is imported must not end the program: take out exit(), quit() and os._exit().",
    kinds.CRASHED: "Something below Python broke. Try the call in a fresh session.",
    kinds.PROTOCOL: "The code changed how the grader's worker talks. Leave torch and Python's own functions as they are.",
}


def _death(death: Death, doing: str) -> str:
    return f"{doing} did not come to an end: {death.detail}."


def passed(rationale: str = "", **more: Any) -> Finding:
    """A passed finding."""
    return Finding(Verdict.PASSED, rationale, **more)


def failed(rationale: str, **more: Any) -> Finding:
    """A failed finding."""
    return Finding(Verdict.FAILED, rationale, **more)
