"""What each parameter and buffer of a model is for: its role, found from its owner, its use, or its name.

Roles: ``weight`` (of a linear map or convolution), ``shift`` (any bias), ``scale`` (of a normalisation),
``mean`` and ``variance`` (running statistics), ``count`` (batches tracked), ``other``. A linear weight may be kept
as (out, in) or, by those who write ``x @ w``, as (in, out); the role says which.

Standard layers tell by their class. For parameters of the student's own, the operations of one forward pass tell:
a tensor is recognised in any view by the memory it lies in, and its orientation by its strides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
)
_NORM_ROLES = {
    "weight": "scale",
    "bias": "shift",
    "running_mean": "mean",
    "running_var": "variance",
    "num_batches_tracked": "count",
}
_MATRIX_LAYERS = (nn.Linear, nn.modules.conv._ConvNd)


@dataclass(frozen=True)
class Role:
    """A role's name, and whether a matrix is kept the other way round, as (in, out)."""

    name: str
    transposed: bool = False

    def standard(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor in the standard orientation, as a view."""
        return tensor.t() if self.transposed else tensor


def by_owner(owner: nn.Module, attribute: str) -> Role | None:
    """The role that a standard layer gives to one of its tensors; None when the layer is the student's own."""
    if isinstance(owner, _NORMS) and attribute in _NORM_ROLES:
        return Role(_NORM_ROLES[attribute])
    if (isinstance(owner, _MATRIX_LAYERS) or type(owner).__name__ == "Applied") and attribute in ("weight", "bias"):
        return Role("weight" if attribute == "weight" else "shift")
    return None


def by_name(path: str, tensor: torch.Tensor) -> Role:
    """The likeliest role for a tensor that no operation was seen to use."""
    name = path.rpartition(".")[2].lower()
    if not tensor.dtype.is_floating_point:
        return Role("count" if name == "num_batches_tracked" else "other")  # any other counter is the student's own
    if isinstance(tensor, nn.Parameter):
        if tensor.ndim >= 2:
            return Role("weight")
        return Role("shift" if name.startswith(("b", "shift", "offset")) or "bias" in name else "scale")
    if "var" in name or "std" in name:
        return Role("variance")
    return Role("mean" if "mean" in name or name in ("mu", "rm") else "other")


class UseTrace(TorchFunctionMode):
    """Watches calls into torch and notes the role of each tensor at its first telling use.

    `tensors` maps paths to the tensors to look out for. After the pass, `roles` holds what was found.
    (A TorchDispatchMode would see fewer spellings, but importing what it needs takes a second.)
    """

    def __init__(self, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        super().__init__()
        self._paths = {_memory(tensor): path for path, tensor in tensors if tensor.numel()}
        self.roles: dict[str, Role] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        self._look(func, getattr(func, "__name__", "").strip("_"), args, kwargs)
        return func(*args, **kwargs)

    def _look(self, func: Any, name: str, args: Any, kwargs: Any) -> None:
        if name == "linear" or name.startswith("conv"):
            self._bind(("", "weight", "bias"), ("", "weight", "shift"), args, kwargs)
        elif func is torch.batch_norm:
            self._bind(("", "weight", "bias", "running_mean", "running_var"), _BATCH_NORM, args, kwargs)
        elif name == "batch_norm":
            order = ("", "running_mean", "running_var", "weight", "bias")
            self._bind(order, ("", "mean", "variance", "scale", "shift"), args, kwargs)
        elif name in ("addmm", "baddbmm"):
            self._note(args[0], Role("shift"))
            self._matrices(*args[1:3])
        elif name in ("matmul", "mm", "bmm"):
            self._matrices(*args[:2])
        elif name == "rmatmul":
            self._matrices(args[1], args[0])
        elif name == "einsum" and isinstance(args[0], str):
            self._einsum(args[0], args[1:])
        elif name in _ELEMENTWISE:
            self._elementwise(_ELEMENTWISE[name], args)

    def _bind(self, names: tuple[str, ...], roles: tuple[str, ...], args: Any, kwargs: Any) -> None:
        for position, (name, role) in enumerate(zip(names, roles, strict=True)):
            if name:
                self._note(args[position] if position < len(args) else kwargs.get(name), Role(role))

    def _matrices(self, left: torch.Tensor, right: torch.Tensor) -> None:
        # Standard is (out, in). On the left a weight acts as (out, in), on the right as (in, out); the axis that
        # walks memory fastest is the last one of the tensor as the student keeps it.
        if left.ndim >= 2:
            self._note(left, Role("weight", transposed=left.stride(-1) > left.stride(-2)))
        if right.ndim >= 2:
            self._note(right, Role("weight", transposed=right.stride(-1) < right.stride(-2)))

    def _einsum(self, equation: str, operands: Any) -> None:
        inputs, _, output = equation.replace(" ", "").partition("->")
        operands = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
        for letters, tensor in zip(inputs.split(","), operands, strict=False):
            # A weight's summed-over axis is its input axis.
            if len(letters) == 2:
                self._note(tensor, Role("weight", transposed=letters[0] not in output))
            elif len(letters) == 1:
                self._note(tensor, Role("scale"))

    def _elementwise(self, operation: str, args: Any) -> None:
        with_number = any(isinstance(arg, (int, float)) for arg in args[:2])
        for tensor in args[:2]:
            if not isinstance(tensor, torch.Tensor):
                continue
            if tensor.requires_grad:
                self._note(tensor, Role("shift" if operation in ("add", "sub") else "scale"))
            elif operation == "add" and with_number:
                self._note(tensor, Role("variance"))  # var + eps
            elif operation == "sub":
                self._note(tensor, Role("mean"))

    def _note(self, tensor: Any, role: Role) -> None:
        if not isinstance(tensor, torch.Tensor):
            return
        path = self._paths.get(_memory(tensor))
        if path is not None:
            self.roles.setdefault(path, role)


_BATCH_NORM = ("", "scale", "shift", "mean", "variance")
_ELEMENTWISE = {
    prefix + name: operation
    for name, operation in (
        ("add", "add"),
        ("sub", "sub"),
        ("subtract", "sub"),
        ("mul", "mul"),
        ("multiply", "mul"),
        ("div", "div"),
        ("truediv", "div"),
    )
    for prefix in ("", "r", "i")
}


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
