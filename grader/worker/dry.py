"""Whether a model is pinned to a device, found out without a second device: on torch's meta device.

Meta tensors have shapes and no values, and do not mix with tensors of another device. A model that looks at values
(an assert on its input, say) cannot run there through no fault of its own; it gets a second try on the CPU, where
whatever is made without naming the input's device is made on meta, and literal device names are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from grader.wire.records import Dried, OutputInfo
from grader.worker import build, tree
from grader.worker.forward import describe_output
from grader.worker.problems import describe
from grader.worker.student import Student

_READS_VALUES = (
    "item() cannot be called on meta",
    "attempted to run this operator with Meta tensors",
    "data-independent implementation does not exist",
)
_NOTHING = OutputInfo("", (), "", "")


def dry(student: Student, params: dict[str, Any], arrays: dict[str, np.ndarray]) -> tuple[Dried, dict[str, np.ndarray]]:
    """Build anew and run where fixed devices show. The array "x" gives shape and dtype of the input."""
    model = build.as_module(build.make(student, params))
    x = torch.from_numpy(arrays["x"])
    if tree.uninitialised(model):
        build.trace(model, x)
    model.eval()
    try:
        return Dried(_on_meta(model, x), False, None), {}
    except Exception as error:  # the student's model, on a device it may not be made for
        if not any(sign in str(error) for sign in _READS_VALUES):
            return Dried(_NOTHING, False, describe(error, student.box)), {}
    model = build.as_module(build.make(student, params))
    try:
        return Dried(_among_strangers(model.eval(), x), True, None), {}
    except Exception as error:  # as above
        return Dried(_NOTHING, True, describe(error, student.box)), {}


def _on_meta(model: nn.Module, x: torch.Tensor) -> OutputInfo:
    model.to("meta")
    with torch.no_grad():
        return describe_output(model(x.to("meta")))


def _among_strangers(model: nn.Module, x: torch.Tensor) -> OutputInfo:
    if tree.uninitialised(model):
        build.trace(model, x)
    with torch.no_grad(), torch.device("meta"), _NoLiteralDevices():
        return describe_output(model(x))


class _NoLiteralDevices(TorchFunctionMode):
    """Refuses calls that name a device in words; `x.device` is no word."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        named = [value for value in (*args[1:], *kwargs.values()) if isinstance(value, str)]
        if getattr(func, "__name__", "") in ("cpu", "cuda") or any(name.startswith(("cpu", "cuda")) for name in named):
            raise RuntimeError("the code names a device instead of following its input")
        return func(*args, **kwargs)
