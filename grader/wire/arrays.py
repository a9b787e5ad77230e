"""The arrays that belong to an answer: these names and no others, with the dtypes and shapes that the record announces.

What a worker may send beside a record follows from the question and the record alone, so it is decided before anything
is compared. Values are not looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.wire.plain import FrameError
from grader.wire.records import DIGEST_WIDTH, Begun, Observed, Operated, OutputInfo, Ran, Sampled, Trained

Arrays = Mapping[str, np.ndarray]
WITH_ARRAYS = frozenset(
    ["run", "sample", "operations", "begin", "train", "observe"]
)  # the operations whose answers bring any
# NumPy lacks some dtypes of torch's; the worker sends the next that holds them.
_CARRIED = {"bfloat16": "float32"}
_TWICE = tuple(
    f"{name} {epoch}" for name in ("train order", "train batches", "test order", "test batches") for epoch in (1, 2)
)
_SHARES = tuple(f"{mode} {share}" for mode in ("train", "gradient", "eval") for share in (0.2, 0.5, 0.8))
_LINES = tuple(f"{name} {index}" for name in ("line", "epochs") for index in range(6))
# Everything that a scene of worker/loops.py may note in numbers.
SCENES: dict[str, frozenset[str]] = {
    "training-step": frozenset(["losses", "weights", "updates", "samples", "statistics"]),
    "make-loaders": frozenset(_TWICE),
    "make-criterion": frozenset(
        ["classification", "classification gradient", "regression", "regression gradient"],
    ),
    "make-optimizer": frozenset(["sgd", "adam"]),
    "train-one-epoch": frozenset(["losses", "visited", "modes", "updates", "weights", "statistics"]),
    "evaluate": frozenset(["accuracies", "visited", "modes"]),
    "fit": frozenset(
        ["train_loss", "test_accuracy", "modes", "samples", "trained", "tested", "updates", "weights", "statistics"],
    ),
    "dropout": frozenset(["x", *_SHARES]),
    "plot-history": frozenset(["picture", *_LINES]),
}


@dataclass(frozen=True)
class Wanted:
    """One array: its dtype, and its sizes, None where any will do; without sizes any shape will do."""

    dtype: str
    sizes: tuple[int | None, ...] | None = None

    def fits(self, array: np.ndarray) -> bool:
        """Whether it has this shape."""
        if self.sizes is None:
            return True
        pairs = zip(array.shape, self.sizes, strict=False)
        return array.ndim == len(self.sizes) and all(wanted in (None, size) for size, wanted in pairs)


def expect(record: Any, arrays: Arrays, asked: Mapping[str, Any] | None) -> None:
    """Raise `FrameError` unless the arrays are those that belong to the record, which answers a question with the
    parameters `asked`; None where they are no longer known."""
    if isinstance(record, Observed):
        scene = asked["scene"] if asked else None
        wanted = _of_scene(arrays if scene is None else SCENES[scene] & set(arrays))
    elif isinstance(record, Ran):
        wanted = _of_run(record, bool(asked["backward"]) if asked else "gradients" in arrays)
    elif isinstance(record, Sampled):
        wanted = _of_output(record.output)
    elif isinstance(record, Operated):
        wanted = {"values": Wanted("float64", (len(record.operations), DIGEST_WIDTH))}
    elif isinstance(record, Begun):
        wanted = {"losses": Wanted("float64", (record.steps,)), "state": Wanted("uint8", (32,))}
        wanted["scores"] = Wanted("float32", (None, None))
    elif isinstance(record, Trained):
        wanted = {"losses": Wanted("float64", (record.steps,)), "scores": Wanted("float32", (None, None))}
    else:
        wanted = {}
    if set(arrays) != set(wanted):
        raise FrameError(f"arrays {str(sorted(arrays))[:200]} where {sorted(wanted)} belong")
    for name, one in wanted.items():
        _expect_one(name, arrays[name], one)


def _expect_one(name: str, array: np.ndarray, wanted: Wanted) -> None:
    if not wanted.fits(array):
        raise FrameError(f"array {name} has the shape {str(array.shape)[:80]}, not {str(wanted.sizes)[:80]}")
    if array.dtype.name != wanted.dtype:
        raise FrameError(f"array {name} is {array.dtype}, not {wanted.dtype[:20]!r}")


def _of_run(record: Ran, backward: bool) -> dict[str, Wanted]:
    wanted = {"buffers": Wanted("float64", (len(record.buffer_of), DIGEST_WIDTH)), **_of_output(record.output)}
    if "output" in wanted and backward:
        wanted["gradients"] = Wanted("float64", (len(record.gradient_of), DIGEST_WIDTH))
    if record.has_input_gradient:
        if "gradients" not in wanted:
            raise FrameError("a gradient of the input without a backward pass")
        wanted["input_gradient"] = Wanted(record.dtype)
    return wanted


def _of_output(output: OutputInfo) -> dict[str, Wanted]:
    if output.kind != "Tensor":
        return {}
    return {"output": Wanted(_CARRIED.get(output.dtype, output.dtype), output.shape)}


def _of_scene(names: Iterable[str]) -> dict[str, Wanted]:
    return {name: Wanted("uint8", (None, None, 3)) if name == "picture" else Wanted("float64") for name in names}
