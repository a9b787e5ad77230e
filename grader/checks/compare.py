"""Comparing plain arrays that the grader decoded itself: shape, dtype, finite, then tolerance, in that order.

NaN never compares as close, and nothing broadcasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.wire.records import DIGEST_WIDTH


@dataclass(frozen=True)
class Difference:
    """Where two arrays first differ, and by how much at most."""

    index: tuple[int, ...]
    expected: float
    got: float
    largest: float
    finite: bool


def difference(got: np.ndarray, expected: np.ndarray, relative: float) -> Difference | None:
    """None when every element is close: within `relative` of the expected array's own scale.

    Both arrays must have the same shape; raises ValueError otherwise.
    """
    if got.shape != expected.shape:
        raise ValueError(f"shapes {got.shape} and {expected.shape}")
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities are differences, not accidents of ours
        distance = np.abs(got - expected)
        room = relative * np.abs(expected) + relative * _scale(expected) + 1e-12
        bad = ~(distance <= room)  # "not within" rather than "beyond", so that NaN counts as different
    if not bad.any():
        return None
    index = tuple(int(axis) for axis in np.argwhere(bad)[0])
    finite = bool(np.isfinite(got).all())
    largest = float(distance.max()) if finite else float("inf")
    return Difference(index, float(expected[index]), float(got[index]), largest, finite)


def _scale(array: np.ndarray) -> float:
    """The root of the mean square, taken in units of the largest number, so that no square is too large."""
    largest = float(np.abs(array).max(initial=0.0))
    return largest * float(np.sqrt(np.mean(np.square(array / largest)))) if largest else 0.0


def digests_match(got: np.ndarray, expected: np.ndarray, relative: float, floor: float) -> bool:
    """Whether two digests (DIGEST_WIDTH,) are of equal tensors: within `relative` of the norm, plus `floor`."""
    room = relative * (abs(expected[0]) + np.abs(expected)) + floor
    return bool((np.abs(got - expected) <= room).all())


def unmatched(got: np.ndarray, expected: np.ndarray, relative: float, floor: float) -> list[int]:
    """Rows of `got` (n, DIGEST_WIDTH) that find no partner of their own among `expected`, nearest first.

    Twins (tensors of one role and shape) may come in any order, so this is a matching, not a comparison by row.
    """
    free = list(range(len(expected)))
    lonely = []
    for index, row in enumerate(got):
        by_distance: Sequence[int] = sorted(free, key=lambda other: float(np.abs(row - expected[other]).sum()))
        partner = next((o for o in by_distance[:3] if digests_match(row, expected[o], relative, floor)), None)
        if partner is None:
            lonely.append(index)
        else:
            free.remove(partner)
    return lonely


EMPTY = np.zeros((0, DIGEST_WIDTH))
