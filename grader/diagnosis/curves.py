"""What a figure shows, free of taste: which curve is drawn first, from 0 or from 1, as a share or in per cent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from grader.checks.figure import ACCURACY

Arrays = Mapping[str, np.ndarray]
Values = tuple[float, ...]
DIGITS = 6


def traits(scene: str) -> dict[str, Callable[[Arrays, Arrays], object]]:
    """The traits of a figure by name, each from a subject's arrays; none in other scenes."""
    return {"curves": lambda arrays, _: curves(arrays)} if scene == "plot-history" else {}


def curves(arrays: Arrays) -> list[tuple[Values, Values]] | None:
    """Each line as (heights, positions), sorted; what counts up is counted from 1. None where there is no figure."""
    if "picture" not in arrays:
        return None
    lines = [name for name in arrays if name.startswith("line ")]
    return sorted((_values(arrays[name]), _values(arrays.get(name.replace("line", "epochs")))) for name in lines)


def _values(array: np.ndarray | None) -> Values:
    flat = np.zeros(0) if array is None else np.nan_to_num(array.ravel().astype(np.float64), nan=-1e9)
    if flat.size > 1 and np.allclose(np.diff(flat), 1):
        flat = np.arange(1.0, flat.size + 1)
    if flat.shape == ACCURACY.shape and np.allclose(flat, 100 * ACCURACY):
        flat = ACCURACY
    return tuple(np.round(flat, DIGITS).tolist())
