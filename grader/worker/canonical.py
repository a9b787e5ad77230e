"""Canonical weights: values that depend on a tensor's role and shape alone, and on a seed.

Networks of the same architecture then hold the same numbers wherever they keep them, so their outputs and
gradients agree to rounding without any mapping of names. Normalisations get random scales, shifts and running
statistics: at their defaults (1, 0, 0, 1) a missing or swapped one goes unseen.

Scales lie around 0.3: with residual branches that small, a rounding difference of 1e-7 moves the loss of ResNet18
by a few per cent after eight steps, against a factor of two at 1.0 (see docs/training.md for the figures).
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


def fill(tensors: Iterable[tuple[torch.Tensor, Role]], seed: int) -> None:
    """Overwrite every tensor in place with its canonical values. Tensors of role ``other`` stay as they are."""
    drawn: dict[tuple[str, tuple[int, ...]], torch.Tensor] = {}
    with torch.no_grad():
        for tensor, role in tensors:
            if role.name == "other":
                continue
            target = role.standard(tensor)
            key = (role.name, tuple(target.shape))
            if key not in drawn:  # twins hold the same values, so they are drawn once
                drawn[key] = _values(*key, seed)
            target.copy_(drawn[key])


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
