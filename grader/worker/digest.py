"""Tensors as a few numbers: enough to tell whether two are equal, without sending eleven million of them.

A digest is (norm, largest magnitude, p₁, p₂, p₃) with pᵢ = uᵢᵀ·G·vᵢ, where G is the tensor as a matrix (first axis
against the rest) and uᵢ, vᵢ are fixed normal vectors of its size. A bilinear form in random vectors vanishes on a
non-zero difference with probability zero (Freivalds 1977), so equal digests mean equal tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from grader.wire.records import DIGEST_WIDTH, PROJECTIONS
from grader.worker.canonical import normal

_SEED = 20240229  # any constant: the vectors need to be the same everywhere, not secret


def digests(tensors: Sequence[torch.Tensor | None]) -> np.ndarray:
    """One row of DIGEST_WIDTH float64 numbers per tensor; a row of NaN where there is none."""
    rows = np.full((len(tensors), DIGEST_WIDTH), np.nan)
    for row, tensor in zip(rows, tensors, strict=True):
        if tensor is not None:
            row[:] = _digest(tensor.detach())
    return rows


def _digest(tensor: torch.Tensor) -> list[float]:
    flat = tensor.reshape(tensor.shape[0] if tensor.ndim else 1, -1).to("cpu", torch.float64)
    if not flat.numel():
        return [0.0] * DIGEST_WIDTH
    projections = (_vectors(flat.shape[0], "left") * (flat @ _vectors(flat.shape[1], "right"))).sum(0)
    return [flat.norm().item(), flat.abs().max().item(), *projections.tolist()]


@cache
def _vectors(size: int, side: str) -> torch.Tensor:
    return normal((size, PROJECTIONS), _SEED, side).double()
