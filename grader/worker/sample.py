"""Running a subject on weights and inputs so plain that a student can write them down: what is seen here, they see."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import torch
from torch import nn

from grader.wire.records import Sampled
from grader.worker import build, canonical, tree
from grader.worker.forward import describe_output, plain
from grader.worker.student import Student

Arrays = dict[str, np.ndarray]
_TOLERANCE = 1e-3
# Buffers as the constructor left them: a pass in train mode changes them, and pasted code starts afresh.
_FRESH: weakref.WeakKeyDictionary[nn.Module, list[torch.Tensor]] = weakref.WeakKeyDictionary()


def sample(student: Student, params: dict[str, Any], arrays: Arrays) -> tuple[Sampled, Arrays]:
    """Run the subject on the float32 array "x", in train or eval mode, with parameters of ``params["weights"]``:
    "ones"; "steps", which lead from -1 to 1; or "shares", which are those divided by the number of inputs.

    The answer brings the array "output" where the output is a tensor. Raises what the student's code raises.
    """
    model, x = build.model_of(student, params), torch.from_numpy(arrays["x"])
    roles = tree.with_roles(model, build.roles_of(student, params["subject"], x))
    alike = params["weights"] == "ones" or not any(role.transposed for _, role in roles)
    _start_afresh(model, params)
    with torch.no_grad():
        output = model(x.clone())
    found = {"output": plain(output)} if isinstance(output, torch.Tensor) else {}
    return Sampled(describe_output(output), _steady(model, params, x, output), alike), found


def _start_afresh(model: nn.Module, params: dict[str, Any]) -> None:
    buffers = [entry.tensor for entry in tree.held(model) if not entry.parameter]
    if model not in _FRESH:
        _FRESH[model] = [buffer.clone() for buffer in buffers]
    with torch.no_grad():
        for buffer, fresh in zip(buffers, _FRESH[model], strict=True):
            buffer.copy_(fresh)
        for parameter in model.parameters():
            parameter.copy_(_values(params["weights"], parameter))
    model.train(params["mode"] == "train")
    canonical.reseed(params["seed"])


def _values(weights: str, parameter: torch.Tensor) -> torch.Tensor:
    if weights == "ones":
        return torch.ones_like(parameter)
    steps = torch.linspace(-1, 1, parameter.numel()).view(parameter.shape)
    return steps / parameter[0].numel() if weights == "shares" else steps


def _steady(model: nn.Module, params: dict[str, Any], x: torch.Tensor, output: Any) -> bool:
    """Whether rounding and random numbers leave the output as it is: in float64, and from another seed, it is the same.
    What does not run in float64 is steady when it repeats."""
    if not isinstance(output, torch.Tensor) or not output.dtype.is_floating_point:
        return True
    _start_afresh(model, params | {"seed": params["seed"] + 1})
    try:
        with torch.no_grad():
            again = model.double()(x.double())
    except Exception:  # the student's model, on a dtype that it may not be made for
        model.float()
        _start_afresh(model, params | {"seed": params["seed"] + 1})
        with torch.no_grad():
            again = model(x.clone())
    finally:
        model.float()
    if not isinstance(again, torch.Tensor) or again.shape != output.shape:
        return False
    room = _TOLERANCE * float(again.abs().max()) if again.numel() else 0.0
    return bool(((again - output).abs() <= room).all())
