"""Forward and backward passes with canonical weights, and the dry pass on the meta device."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from grader.wire.records import Dried, OutputInfo, Problem, Ran
from grader.worker import build, canonical, tree
from grader.worker.digest import digests
from grader.worker.problems import describe
from grader.worker.roles import Role
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]
Tensors = list[tuple[tree.Held, Role]]
_NO_DATA = ("meta tensor", "no data", "data-dependent", "item()")


def run(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Ran, Arrays]:
    """Run the subject on the array "x" in ``params["mode"]``, with canonical weights of ``params["seed"]``.

    In float64 if the model can do that, else in float32, with the reason.
    """
    model = build.model_of(student, params)
    traced = build.roles_of(student, params["subject"], torch.from_numpy(arrays["x"]))
    double_problem: Problem | None = None
    try:
        return _run_as(torch.float64, model, traced, params, arrays, None)
    except Exception as error:  # the student's model, on a dtype it may not be made for
        double_problem = describe(error, student.box)
    return _run_as(torch.float32, model, traced, params, arrays, double_problem)


def _run_as(
    dtype: torch.dtype,
    model: nn.Module,
    traced: dict[str, Role],
    params: dict[str, Any],
    arrays: Arrays,
    double_problem: Problem | None,
) -> tuple[Ran, Arrays]:
    device, seed = torch.device(params["device"]), params["seed"]
    model.to(device=device, dtype=dtype)
    model.train(params["mode"] == "train")
    tensors = tree.with_roles(model, traced)
    values = torch.from_numpy(arrays["x"]).to(device, dtype)
    _reset(tensors, seed)
    stuck = tuple(path for path, m in model.named_modules() if m.training != (params["mode"] == "train"))
    before = [(entry.path, entry.tensor.clone()) for entry, _ in tensors if not entry.parameter]
    leaf = values.clone().requires_grad_(params["backward"])
    given = leaf.clone()  # not a leaf: in-place operations on the input must show as a change, not as an error
    torch.manual_seed(seed)
    with torch.set_grad_enabled(params["backward"]):
        output = model(given)
    info = describe_output(output)
    buffers = [(entry, role) for entry, role in tensors if not entry.parameter]
    found: Arrays = {"buffers": digests([entry.tensor for entry, _ in buffers])}
    backward_problem, missing = None, ()
    parameters = [(entry, role) for entry, role in tensors if entry.parameter]
    if isinstance(output, torch.Tensor):
        found["output"] = plain(output)
        if params["backward"]:
            backward_problem = _backward(output, seed)
            missing = tuple(entry.path for entry, _ in parameters if entry.tensor.grad is None)
            found["gradients"] = digests([_gradient(entry, role) for entry, role in parameters])
            if leaf.grad is not None:
                found["input_gradient"] = plain(leaf.grad)
    record = Ran(
        output=info,
        dtype=str(dtype).removeprefix("torch."),
        input_changed=not torch.equal(given.detach(), values),
        has_input_gradient="input_gradient" in found,
        gradient_of=tuple(entry.path for entry, _ in parameters),
        missing=missing,
        buffer_of=tuple(entry.path for entry, _ in buffers),
        buffers_changed=tuple(p for (p, old), (e, _) in zip(before, buffers, strict=True) if not _same(old, e.tensor)),
        stuck=stuck,
        repeats=_repeats(model, tensors, values, output, seed) if params["repeat"] else True,
        backward_problem=backward_problem,
        double_problem=double_problem,
    )
    return record, found


def _reset(tensors: Tensors, seed: int) -> None:
    """Canonical values everywhere, no gradients: every pass starts from the same state."""
    canonical.fill(((entry.tensor, role) for entry, role in tensors), seed)
    for entry, _ in tensors:
        entry.tensor.grad = None


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


def _repeats(model: nn.Module, tensors: Tensors, values: torch.Tensor, output: Any, seed: int) -> bool:
    """Whether a second pass from the same state, with other random numbers, gives the same output."""
    if not isinstance(output, torch.Tensor):
        return True
    _reset(tensors, seed)
    torch.manual_seed(seed + 1)
    with torch.no_grad():
        again = model(values.clone())
    return isinstance(again, torch.Tensor) and _same(again, output.detach())


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one.double(), other.double(), rtol=1e-6, atol=1e-9, equal_nan=True)


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


def dry(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Dried, Arrays]:
    """Build anew, move to the meta device, run there: a tensor made on a fixed device does not mix with meta.

    The array "x" gives shape and dtype of the input.
    """
    model = build.as_module(build.make(student, params))
    x = torch.from_numpy(arrays["x"])
    if tree.uninitialised(model):
        build.trace(model, x)
    try:
        model.to("meta").eval()
        with torch.no_grad():
            output = model(x.to("meta"))
    except Exception as error:  # the student's model, on a device it may not be made for
        reads_values = any(sign in str(error) for sign in _NO_DATA)
        return Dried(OutputInfo("", (), "", ""), reads_values, describe(error, student.box)), {}
    return Dried(describe_output(output), False, None), {}
