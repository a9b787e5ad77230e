"""Canonical weights: values that depend on a tensor's role and shape alone, and on a seed.

Networks of the same architecture then hold the same numbers wherever they keep them, so their outputs and
gradients agree to rounding without any mapping of names. Normalisations get random scales, shifts and running
statistics: at their defaults (1, 0, 0, 1) a missing or swapped one goes unseen.

Scales lie around 0.3: with residual branches that small, training runs that start a rounding difference apart stay
together far longer than at 1.0 (see docs/training.md for the figures).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

import torch

from grader.worker.roles import Role

SCALE = 0.3


def generator(seed: int, *names: object) -> torch.Generator:
    """A random stream of its own for every combination of seed and names, the same on every machine."""
    digest = hashlib.sha256(repr((seed, *names)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def normal(shape: Iterable[int], seed: int, *names: object) -> torch.Tensor:
    """Standard normal float32 values of `shape` on the CPU."""
    shape = tuple(shape)
    return torch.randn(shape, generator=generator(seed, shape, *names), dtype=torch.float32)


class Values:
    """Canonical values for one seed. Each combination of role and shape is drawn once and kept."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._drawn: dict[tuple[str, tuple[int, ...]], torch.Tensor] = {}

    def fill(self, tensors: Iterable[tuple[torch.Tensor, Role]]) -> None:
        """Overwrite every tensor in place. Tensors of role ``other`` stay as they are."""
        with torch.no_grad():
            for tensor, role in tensors:
                if role.name != "other":
                    target = role.standard(tensor)
                    target.copy_(self._of(role.name, tuple(target.shape)))

    def _of(self, role: str, shape: tuple[int, ...]) -> torch.Tensor:
        if (role, shape) not in self._drawn:
            self._drawn[role, shape] = _values(role, shape, self.seed)
        return self._drawn[role, shape]


def reseed(seed: int) -> None:
    """Set torch's global random state. (torch.manual_seed formats a stack trace each time, for 2 ms.)"""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def _values(role: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    noise = normal(shape, seed, role)
    if role == "weight":
        return noise * math.sqrt(2 / max(1, math.prod(shape[1:])))  # He et al. 2015: keeps the variance through ReLU
    if role == "scale":
        return SCALE * (1 + 0.3 * noise)
    if role == "variance":
        return 1 + 0.5 * noise.tanh()
    if role == "count":
        return torch.zeros(shape)
    return 0.2 * noise  # shift, mean
