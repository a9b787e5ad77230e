"""Forward and backward passes with canonical weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from grader.wire.records import OutputInfo, Problem, Ran
from grader.worker import build, canonical, tree
from grader.worker.digest import digests
from grader.worker.problems import describe
from grader.worker.roles import Role
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Pass:
    """What one pass needs: the model with its tensors, the input values, and the question's parameters."""

    model: nn.Module
    tensors: list[tuple[tree.Held, Role]]
    values: torch.Tensor
    canonical: canonical.Values
    training: bool
    backward: bool

    @property
    def parameters(self) -> list[tuple[tree.Held, Role]]:
        """Those of the tensors that are parameters."""
        return [(entry, role) for entry, role in self.tensors if entry.parameter]

    @property
    def buffers(self) -> list[tree.Held]:
        """Those of the tensors that are not."""
        return [entry for entry, _ in self.tensors if not entry.parameter]

    def reset(self, randomness: int) -> None:
        """Canonical values everywhere, no gradients: every pass starts from the same state."""
        self.canonical.fill((entry.tensor, role) for entry, role in self.tensors)
        for entry, _ in self.tensors:
            entry.tensor.grad = None
        canonical.reseed(randomness)


def run(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Ran, Arrays]:
    """Run the subject on the array "x" in ``params["mode"]``, with canonical weights of ``params["seed"]``.

    In float64 if the model can do that, else in float32, with the reason.
    """
    double_problem: Problem | None = None
    try:
        return _run(prepare(student, params, arrays, torch.float64), params, None)
    except Exception as error:  # the student's model, on a dtype it may not be made for
        double_problem = describe(error, student.box)
    return _run(prepare(student, params, arrays, torch.float32), params, double_problem)


def prepare(student: Student, params: dict[str, Any], arrays: Arrays, dtype: torch.dtype) -> Pass:
    """The pass that ``params`` ask for, on the array "x", in that dtype."""
    model, x = build.model_of(student, params), torch.from_numpy(arrays["x"])
    traced = build.roles_of(student, params["subject"], x)
    training = params["mode"] == "train"
    model.to(device=params["device"], dtype=dtype).train(training)
    return Pass(
        model,
        tree.with_roles(model, traced),
        x.to(params["device"], dtype),
        student.values(params["seed"]),
        training,
        params["backward"],
    )


def _run(this: Pass, params: dict[str, Any], double_problem: Problem | None) -> tuple[Ran, Arrays]:
    seed = params["seed"]
    this.reset(seed)
    before = [entry.tensor.clone() for entry in this.buffers]
    leaf = this.values.clone().requires_grad_(this.backward)
    given = leaf.clone()  # not a leaf: in-place operations on the input must show as a change, not as an error
    with torch.set_grad_enabled(this.backward):
        output = this.model(given)
    found: Arrays = {"buffers": digests([entry.tensor for entry in this.buffers])}
    changed = [e.path for e, old in zip(this.buffers, before, strict=True) if not _same(old, e.tensor)]
    stuck = [path for path, module in this.model.named_modules() if module.training != this.training]
    backward_problem: Problem | None = None
    if isinstance(output, torch.Tensor):
        found["output"] = plain(output)
    if isinstance(output, torch.Tensor) and this.backward:
        backward_problem = _backward(output, seed)
        found |= _gradients(this, leaf)
    record = Ran(
        output=describe_output(output),
        dtype=str(this.values.dtype).removeprefix("torch."),
        input_changed=not torch.equal(given.detach(), this.values),
        has_input_gradient="input_gradient" in found,
        gradient_of=tuple(entry.path for entry, _ in this.parameters),
        missing=tuple(e.path for e, _ in this.parameters if e.tensor.grad is None) if this.backward else (),
        buffer_of=tuple(entry.path for entry in this.buffers),
        buffers_changed=tuple(changed),
        stuck=tuple(stuck),
        repeats=_repeats(this, output, seed + 1) if params["repeat"] else True,
        backward_problem=backward_problem,
        double_problem=double_problem,
    )
    return record, found


def _gradients(this: Pass, leaf: torch.Tensor) -> Arrays:
    found = {"gradients": digests([_gradient(entry, role) for entry, role in this.parameters])}
    return found if leaf.grad is None else found | {"input_gradient": plain(leaf.grad)}


def _backward(output: torch.Tensor, seed: int) -> Problem | None:
    """Backpropagate a fixed random direction, so that no sign or symmetry hides an error."""
    direction = canonical.normal(output.shape, seed, "direction").to(output.device, output.dtype)
    try:
        (output * direction).sum().backward()
    except RuntimeError as error:
        return describe(error, "/nowhere")
    return None


def _gradient(entry: tree.Held, role: Role) -> torch.Tensor | None:
    gradient = entry.tensor.grad
    return None if gradient is None else role.standard(gradient)


def _repeats(this: Pass, output: Any, randomness: int) -> bool:
    """Whether a second pass from the same state, with other random numbers, gives the same output."""
    if not isinstance(output, torch.Tensor):
        return True
    this.reset(randomness)
    with torch.no_grad():
        again = this.model(this.values.clone())
    return isinstance(again, torch.Tensor) and _same(again, output.detach())


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(
        one.double(), other.double(), rtol=1e-6, atol=1e-9, equal_nan=True
    )


def describe_output(output: Any) -> OutputInfo:
    """Kind, shape, dtype and device of what a call returned."""
    if not isinstance(output, torch.Tensor):
        return OutputInfo(type(output).__name__, (), "", "")
    dtype = str(output.dtype).removeprefix("torch.")
    return OutputInfo("Tensor", tuple(output.shape), dtype, output.device.type)


def plain(tensor: torch.Tensor) -> np.ndarray:
    """The tensor as a plain array: no graph, no subclass, no lazy conjugation, on the CPU."""
    tensor = tensor.detach().as_subclass(torch.Tensor).resolve_conj().resolve_neg().to("cpu")
    if tensor.dtype == torch.bfloat16 or tensor.is_complex():
        tensor = torch.view_as_real(tensor) if tensor.is_complex() else tensor.float()
    return tensor.contiguous().numpy()
