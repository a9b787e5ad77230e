"""What two runs with chance in them may be compared by: traits that no seed changes, only a mistake does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from grader.checks.chance import SHARES

Arrays = Mapping[str, np.ndarray]
ROOM = 0.03  # of a share, or relative of a scale; 6 000 draws stray by a fifth of it


def traits(scene: str) -> dict[str, Callable[[Arrays, Arrays], object]]:
    """The traits of a scene's arrays by name, each from a subject's arrays and the reference's; none without chance."""
    if scene == "make-loaders":
        return {name: _order(name) for name in ("train", "test")}
    if scene == "dropout":
        names = [f"{kind} {share}" for share in SHARES for kind in ("train", "eval", "gradient")]
        return {name: _mask(name) for name in names}
    return {}


def alike(one: object, other: object) -> bool | None:
    """Whether two traits agree; None where either shows nothing."""
    if one is None or other is None:
        return None
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.allclose(one, other, rtol=ROOM, atol=ROOM, equal_nan=True))
    return bool(one == other)


def _order(loader: str) -> Callable[[Arrays, Arrays], object]:
    """Which samples came in two epochs; whether in the data set's order, and whether in the same one twice."""

    def seen(arrays: Arrays, _: Arrays) -> object:
        epochs = [arrays[name] for name in (f"{loader} order 1", f"{loader} order 2") if name in arrays]
        if len(epochs) < 2:
            return None
        sizes = [arrays.get(f"{loader} batches {epoch}", np.zeros(0)).tolist() for epoch in (1, 2)]
        drawn = [sorted(epoch.ravel().tolist()) for epoch in epochs]
        ascending = [bool(np.all(np.diff(epoch.ravel()) >= 0)) for epoch in epochs]
        return drawn, sizes, ascending, np.array_equal(epochs[0], epochs[1])

    return seen


def _mask(name: str) -> Callable[[Arrays, Arrays], object]:
    """How much is dropped, how evenly, how the rest is scaled, and how much the masks of several passes agree."""

    def seen(arrays: Arrays, reference: Arrays) -> object:
        values, x = arrays.get(name), reference.get("x")
        if values is None or x is None:
            return None
        if not values.size or values.shape[-x.ndim :] != x.shape:
            return values.shape
        passes = values.reshape(-1, *x.shape)
        zero = passes == 0
        base = np.ones_like(x) if name.startswith("gradient") else x
        scales = (passes / base)[~zero & np.isfinite(passes)]
        spread = np.quantile(scales, (0.1, 0.5, 0.9)) if scales.size else np.full(3, np.nan)
        by_column = zero[0].mean(axis=0).std()
        return np.array([zero.mean(), *spread, by_column, (zero == zero[0]).mean(), np.isfinite(passes).mean()])

    return seen
