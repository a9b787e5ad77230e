"""A second device that is none: what was moved to it, and where a tensor that was moved meets one that was not.

torch takes `cpu:0` for the CPU and yet for another device than `cpu`: what is moved there is computed as ever, and lies
in memory of its own. So a storage has a place, and its views share it. Tensors that nobody marked and nothing marked is
computed into have none, and fit everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

HOME, AWAY = torch.device("cpu"), torch.device("cpu", 0)
# These may be given tensors of two devices.
_CROSSING = frozenset(["to", "type_as", "copy_", "__getitem__", "__setitem__", "__set__"])
_CROSSING |= {"_has_compatible_shallow_copy_type"}
_TO_NUMPY = frozenset(["numpy", "__array__"])


class Places(TorchFunctionMode):
    """While it is entered, follows tensors from one place to the other. What is given to it is at home."""

    def __init__(self, *at_home: torch.Tensor) -> None:
        super().__init__()
        # A storage is kept with its place: its address must not become another's.
        self._known: dict[int, tuple[torch.device, torch.UntypedStorage]] = {}
        self.apart: list[str] = []  # operations that would fail on a real device
        self.passes: list[tuple[bool, bool]] = []  # of the model: was it moved, were its inputs
        for tensor in at_home:
            self._put(tensor, HOME)

    def __deepcopy__(self, _: Any) -> Places:
        return self  # a copy of a model is watched by the same

    def of(self, tensor: torch.Tensor) -> torch.device | None:
        """Where a tensor is, if that is known."""
        storage = _storage(tensor)
        return None if storage is None else self._known.get(storage.data_ptr(), (None,))[0]

    def before_pass(self, model: nn.Module, x: torch.Tensor) -> None:
        """Note where the model and its inputs are."""
        tensors = [*model.parameters(), *model.buffers()]
        self.passes.append((all(self.of(tensor) != HOME for tensor in tensors), self.of(x) == AWAY))

    def facts(self) -> dict[str, str]:
        """What was moved, in words."""
        return {
            "model moved": str(bool(self.passes) and all(model for model, _ in self.passes)),
            "inputs moved": str(bool(self.passes) and all(inputs for _, inputs in self.passes)),
            "apart": self.apart[0] if self.apart else "nothing",
        }

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__self__", None) is torch.Tensor.device:
            return self.of(args[0]) or func(*args)
        name = getattr(func, "__name__", "")
        given = list(_tensors((args, kwargs.values())))
        self._look(name, given)
        result = func(*args, **kwargs)
        wanted = self._wanted(name, args, kwargs)
        if wanted is not None and isinstance(result, torch.Tensor):
            return self._moved(result, wanted)
        inherited = self._common(given)
        for tensor in _tensors((result,)) if inherited else ():
            if self.of(tensor) is None:
                self._put(tensor, inherited)
        return result

    def _look(self, name: str, given: list[torch.Tensor]) -> None:
        """Note an operation on tensors of two places; single numbers may come from anywhere."""
        places = {self.of(tensor) for tensor in given if tensor.dim()}
        if name in _TO_NUMPY:
            places = {HOME, *map(self.of, given)}
        if {HOME, AWAY} <= places and name not in _CROSSING:
            self.apart.append(name)

    def _wanted(self, name: str, args: Any, kwargs: Any) -> torch.device | None:
        """The place that a call names: by a device, or by another tensor that is there."""
        if name == "cpu":
            return HOME
        if name in ("to", "type_as") and len(args) > 1 and isinstance(args[1], torch.Tensor):
            return self.of(args[1])
        named = [kwargs.get("device"), *(a for a in args if isinstance(a, torch.device))]
        if name == "to":
            named += [a for a in args if isinstance(a, str)]
        return next((torch.device(device) for device in named if device is not None), None)

    def _moved(self, result: torch.Tensor, place: torch.device) -> torch.Tensor:
        """The result in the place that was asked for; torch may have thought that it is there already."""
        if self.of(result) not in (None, place):
            result = result.clone()
        self._put(result, place)
        return result

    def _common(self, given: list[torch.Tensor]) -> torch.device | None:
        places = {self.of(tensor) for tensor in given}
        return AWAY if AWAY in places else HOME if HOME in places else None

    def _put(self, tensor: torch.Tensor, place: torch.device | None) -> None:
        storage = _storage(tensor)
        if storage is not None and place is not None:
            self._known[storage.data_ptr()] = place, storage


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage | None:
    """The memory of a tensor; None where it has none of its own, as a sparse or an empty one."""
    if tensor.layout is not torch.strided or not tensor.numel():
        return None
    return tensor.untyped_storage()


def _tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)
