"""A model's tensors and modules, each once, with owner and role: the list that fills, tables and digests share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from grader.wire.records import HiddenRow
from grader.worker import roles
from grader.worker.roles import Role


@dataclass(frozen=True)
class Held:
    """One registered tensor: where it is kept, and by whom."""

    path: str
    owner_path: str
    owner: nn.Module
    attribute: str
    aliases: tuple[str, ...]

    @property
    def parameter(self) -> bool:
        """Whether it is learned, and not a buffer."""
        return self.attribute in self.owner._parameters

    @property
    def tensor(self) -> torch.Tensor:
        """The tensor that is registered now: a layer written by hand may put another in its place."""
        registered = self.owner._parameters if self.parameter else self.owner._buffers
        tensor = registered[self.attribute]
        assert tensor is not None
        return tensor


def held(model: nn.Module) -> list[Held]:
    """Parameters and buffers by identity, in order of registration; further names of the same one are aliases."""
    names: dict[int, list[tuple[str, nn.Module, str]]] = {}
    for owner_path, owner in model.named_modules(remove_duplicate=False):
        for attribute, tensor in (*owner._parameters.items(), *owner._buffers.items()):
            if tensor is not None:
                names.setdefault(id(tensor), []).append((owner_path, owner, attribute))
    return [
        _held(*places[0], [_join(path, attribute) for path, _, attribute in places[1:]]) for places in names.values()
    ]


def _held(owner_path: str, owner: nn.Module, attribute: str, aliases: list[str]) -> Held:
    return Held(_join(owner_path, attribute), owner_path, owner, attribute, tuple(aliases))


def _join(path: str, attribute: str) -> str:
    return f"{path}.{attribute}" if path else attribute


def uninitialised(model: nn.Module) -> list[str]:
    """Paths of lazy parameters and buffers that no forward pass has given a shape."""
    return [entry.path for entry in held(model) if is_lazy(entry.tensor)]


def is_lazy(tensor: torch.Tensor) -> bool:
    """Whether a parameter or buffer waits for a first forward pass to learn its shape."""
    return isinstance(tensor, (nn.UninitializedParameter, nn.UninitializedBuffer))


def with_roles(model: nn.Module, traced: dict[str, Role]) -> list[tuple[Held, Role]]:
    """Every tensor with its role: its owner's word first, then what was `traced`, then its name."""
    return [
        (
            entry,
            roles.by_owner(entry.owner, entry.attribute)
            or traced.get(entry.path)
            or roles.by_name(entry.path, entry.tensor),
        )
        for entry in held(model)
    ]


def hidden(model: nn.Module) -> Iterator[HiddenRow]:
    """Learnable things that the module keeps where `parameters()` does not look."""
    registered = {id(entry.tensor) for entry in held(model)}
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if name in ("_parameters", "_buffers", "_modules"):
                continue
            count = _learnable(value, registered)
            if count:
                container = "Tensor" if isinstance(value, torch.Tensor) else type(value).__name__
                yield HiddenRow(_join(path, name), container, count)


def _learnable(value: Any, registered: set[int], depth: int = 3) -> int:
    """How many learnable numbers `value` holds that are not among the `registered` tensors."""
    if isinstance(value, nn.Module):
        return sum(p.numel() for p in value.parameters() if id(p) not in registered)
    if isinstance(value, torch.Tensor):
        return value.numel() if value.requires_grad and value.is_leaf and id(value) not in registered else 0
    if depth and isinstance(value, (list, tuple, set)):
        return sum(_learnable(item, registered, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return sum(_learnable(item, registered, depth - 1) for item in value.values())
    return 0
