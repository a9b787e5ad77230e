"""Comparing plain arrays that the grader decoded itself: shape, dtype, finite, then tolerance, in that order.

NaN never compares as close, nothing broadcasts, and nothing is equal for want of elements. What the reference must
have been for that, a shape, numbers, finite ones, raises ValueError where it is not so: that is never the student's.
"""

from __future__ import annotations

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


def comparable(got: np.ndarray | None, expected: np.ndarray) -> bool:
    """Whether two arrays have one shape and one kind of numbers: floats of either precision, integers, or booleans."""
    return got is not None and got.shape == expected.shape and got.dtype.kind == expected.dtype.kind


def difference(got: np.ndarray, expected: np.ndarray, relative: float) -> Difference | None:
    """None when every element is finite and close: within `relative` of the expected array's own scale.

    Raises ValueError when the arrays are not comparable, or the expected one is empty or not finite.
    """
    if not comparable(got, expected):
        raise ValueError(f"{got.dtype} {got.shape} beside {expected.dtype} {expected.shape}")
    if not expected.size or not np.isfinite(expected).all():
        raise ValueError("nothing, or nothing finite, to compare with")
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities are differences, not accidents of ours
        distance = np.abs(got - expected)
        room = relative * np.abs(expected) + relative * _scale(expected) + 1e-12
        # "Not within" rather than "beyond", so that NaN counts as different.
        bad = ~(np.isfinite(got) & (distance <= room))
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
    """Whether digests (…, DIGEST_WIDTH) are of equal tensors: within `relative` of the norm, plus `floor`."""
    if not np.isfinite(expected).all():
        return False  # an infinite norm would leave room for anything
    with np.errstate(invalid="ignore", over="ignore"):
        room = relative * (np.abs(expected[..., :1]) + np.abs(expected)) + floor
        return bool((np.abs(got - expected) <= room).all())


def unmatched(got: np.ndarray, expected: np.ndarray, relative: float, floor: float) -> list[int]:
    """Rows of `got` (n, DIGEST_WIDTH) that find no partner of their own among `expected`, nearest first.

    Twins (tensors of one role and shape) may come in any order, so this is a matching, not a comparison by row.
    """
    if len(got) <= len(expected) and digests_match(got, expected[: len(got)], relative, floor):
        return []  # they come in one order, as most do
    free = list(range(len(expected)))
    lonely = []
    for index, row in enumerate(got):
        with np.errstate(invalid="ignore", over="ignore"):
            nearest = np.abs(expected[free] - row).sum(1).argsort(kind="stable")[:3].tolist() if free else []
        partner = next((n for n in nearest if digests_match(row, expected[free[n]], relative, floor)), None)
        if partner is None:
            lonely.append(index)
        else:
            del free[partner]
    return lonely


EMPTY = np.zeros((0, DIGEST_WIDTH))
