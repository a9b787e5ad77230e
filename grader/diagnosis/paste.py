"""A call as code to paste: every value in it is written out, so that a student sees what the grader saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grader.course import Exercise
from grader.diagnosis.domain import Call

# What an input may hold, the plainest first: one value everywhere, or counting up from a start.
CONSTANT, COUNTING = "constant", "counting"


@dataclass(frozen=True)
class Filling:
    """What an input holds: `start` everywhere, or numbers that count up from there."""

    kind: str
    start: int

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        """The values, float32 of that shape."""
        count = int(np.prod(shape))
        flat = np.arange(count) if self.kind == COUNTING else np.zeros(count)
        return (flat + self.start).astype(np.float32).reshape(shape)

    def code(self, shape: tuple[int, ...]) -> str:
        """The expression that makes them."""
        dims = ", ".join(map(str, shape))
        if self.kind == COUNTING:
            return f"torch.arange({self.start}.0, {int(np.prod(shape)) + self.start}.0).view({dims})"
        if self.start in (0, 1):
            return f"torch.{'ones' if self.start else 'zeros'}({dims})"
        return f"torch.full(({dims},), {self.start}.0)" if len(shape) == 1 else f"torch.full(({dims}), {self.start}.0)"


FILLINGS = (
    Filling(CONSTANT, 1),
    Filling(CONSTANT, -1),
    Filling(CONSTANT, -10),
    Filling(COUNTING, 0),
    Filling(COUNTING, -4),
    Filling(COUNTING, -30),
)
FEW_FILLINGS = FILLINGS[::2]  # for large networks
WEIGHTS = ("ones", "steps")
SHARES = "shares"  # steps, so small that a deep network's values stay small, too
TRAIN, EVAL = "train", "eval"


@dataclass(frozen=True)
class Example:
    """A call with all that decides its outcome: the mode, what the weights are, what the input holds."""

    call: Call
    mode: str
    weights: str
    filling: Filling

    def lines(self, exercise: Exercise) -> list[str]:
        """Everything before the question, line by line: a subject and an input, as variables.

        An empty line ends the loop: Python's own prompt waits for it.
        """
        x = f"x = {self.filling.code(self.call.shape)}"
        if self.call.tensors:
            return [x, *(f"{name} = {_tensor(self.weights, dims)}" for name, dims in self.call.tensors.items())]
        name = variable(exercise)
        made = f"{name} = {exercise.name}({', '.join(map(repr, self.call.args))})"
        modes = [f"{name}.eval()"] if self.mode == EVAL else []
        return [made, f"for p in {name}.parameters():", f"    {_parameter(self.weights)}", "", *modes, x]

    def asked(self, exercise: Exercise) -> str:
        """The forward pass."""
        if self.call.tensors:
            return f"{exercise.name}({', '.join(('x', *self.call.tensors))})"
        return f"{variable(exercise)}(x)"


def variable(exercise: Exercise) -> str:
    """What the subject is called in code: a block, a layer or a model."""
    for word in ("block", "layer"):
        if word in exercise.name.lower():
            return word
    return "layer" if exercise.assignment == "layers" else "model"


def imports(exercise: Exercise, module: str | None) -> Iterator[str]:
    """The lines that the code needs before it, but for what a notebook defines itself."""
    yield "import torch"
    if module is not None:
        yield f"from {module} import {exercise.name}"


def _tensor(weights: str, dims: tuple[int, ...]) -> str:
    shape = ", ".join(map(str, dims))
    if weights == "ones":
        return f"torch.ones({shape})"
    return f"torch.linspace(-1, 1, {int(np.prod(dims))}).view({shape})"


def _parameter(weights: str) -> str:
    if weights == "ones":
        return "p.data.fill_(1)"
    steps = "p.data = torch.linspace(-1, 1, p.numel()).view(p.shape)"
    return f"{steps} / p[0].numel()" if weights == SHARES else steps
