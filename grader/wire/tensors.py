"""Named arrays as safetensors bytes: a table of names, dtypes, shapes and places, then the numbers, without a gap.

The library writes them. What comes from a worker is read here instead: a few rules of ours, checked one by one, in
Python's unbounded integers, and arrays that are views of the bytes that came, not copies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import numpy as safetensors_numpy

from grader.wire import plain
from grader.wire.plain import FrameError

DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
RANK_CAP = 16  # axes; a student's output may have a few too many
LARGEST = 1 << 40  # numbers along all axes that are not empty; NumPy itself breaks at 2**63
_SIZE = 8  # bytes that give the table's length


def encode(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Make the bytes of some arrays, in whatever memory order they are; none of them make no bytes."""
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    return safetensors_numpy.save(contiguous) if contiguous else b""


def decode(raw: bytes | bytearray, table_cap: int, count_cap: int) -> dict[str, np.ndarray]:
    """The arrays in `raw`, in the order of their places, or `FrameError`. They share its memory."""
    if not raw:
        return {}
    size = int.from_bytes(raw[:_SIZE], "little")
    if len(raw) < _SIZE or size > table_cap:
        raise FrameError("the tensor table is too large")
    table = plain.read(raw[_SIZE : _SIZE + size], "utf-8", "the tensor table", 3 * count_cap + 1)
    if len(table) > count_cap:
        raise FrameError(f"{len(table)} tensors, where {count_cap} are allowed")
    arrays, start = {}, _SIZE + size
    for name, row in table.items():
        arrays[name] = _array(name, row, raw, start, _SIZE + size)
        start += arrays[name].nbytes
    if start != len(raw):
        raise FrameError("the tensors are not as long as their payload")
    return arrays


def _array(name: str, row: Any, raw: bytes | bytearray, start: int, origin: int) -> np.ndarray:
    """The array that a row of the table describes, which must begin at `start`. Places are told from `origin` on."""
    if type(row) is not dict or set(row) != {"dtype", "shape", "data_offsets"}:
        raise FrameError(f"tensor {name[:40]!r} is not described as a tensor is")
    dtype = DTYPES.get(row["dtype"]) if type(row["dtype"]) is str else None
    if dtype is None:
        raise FrameError(f"tensor {name[:40]!r} has an unknown dtype")
    shape, place = _sizes(name, row["shape"], RANK_CAP), _sizes(name, row["data_offsets"], 2)
    if math.prod(size or 1 for size in shape) > LARGEST:
        raise FrameError(f"tensor {name[:40]!r} has a shape that no tensor has")
    end = start + math.prod(shape) * dtype.itemsize
    if place != (start - origin, end - origin) or end > len(raw):
        raise FrameError(f"tensor {name[:40]!r} does not lie where one of its shape would")
    array: np.ndarray = np.ndarray(shape, dtype, raw, start)
    if dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise FrameError(f"tensor {name[:40]!r} holds what is neither true nor false")
    return array


def _sizes(name: str, data: Any, most: int) -> tuple[int, ...]:
    if type(data) is not list or len(data) > most or not all(type(size) is int and size >= 0 for size in data):
        raise FrameError(f"tensor {name[:40]!r} is not described as a tensor is")
    return tuple(data)
