"""One message as bytes: two lengths, a JSON header, a safetensors payload. Never pickle.

    ┌────────────┬─────────────┬──────────────────┬───────────────────────┐
    │ u32 header │ u32 payload │ header: JSON     │ payload: safetensors  │   lengths big-endian
    └────────────┴─────────────┴──────────────────┴───────────────────────┘

`Reader` takes bytes as they trickle in and refuses by length before it stores anything; `decode` turns a complete
frame into plain data. Every way in which foreign bytes can be bad ends in `FrameError`, with a name.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from safetensors import numpy as safetensors_numpy

LENGTHS = struct.Struct(">II")
HEADER_CAP = 1 << 20  # bytes of JSON; the largest honest answer (ResNet18's tables) takes 30 KB
TENSOR_HEADER_CAP = 1 << 16  # bytes: 100 000 empty tensors in a safetensors header cost the reader a second
KNOWN_DTYPES = frozenset(
    ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"],
)

Arrays = Mapping[str, np.ndarray]


class FrameError(ValueError):
    """These bytes are not an answer. The message says which rule they break."""


@dataclass(frozen=True)
class Frame:
    """A decoded message: JSON data and named arrays."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


def encode(header: Mapping[str, Any], arrays: Arrays | None = None) -> bytes:
    """Make the bytes of one message. Raises ValueError for NaN or infinity in the header: numbers go in arrays."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    contiguous = {name: np.asarray(array, order="C") for name, array in (arrays or {}).items()}
    payload = safetensors_numpy.save(contiguous) if contiguous else b""
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def decode(header: bytes, payload: bytes) -> Frame:
    """Turn the two parts of a frame into plain data, or raise `FrameError`."""
    return Frame(_decode_header(header), _decode_arrays(payload))


class Reader:
    """Collects one frame from a stream of chunks, within caps in bytes."""

    def __init__(self, payload_cap: int, header_cap: int = HEADER_CAP) -> None:
        self._caps = (header_cap, payload_cap)
        self._buffer = bytearray()
        self._sizes: tuple[int, int] | None = None

    def feed(self, chunk: bytes) -> Frame | None:
        """Add bytes; return the frame once it is complete. Raises `FrameError` when it breaks a rule."""
        self._buffer += chunk
        if self._sizes is None and len(self._buffer) >= LENGTHS.size:
            self._sizes = self._announced()
        if self._sizes is None:
            return None
        start, split = LENGTHS.size, LENGTHS.size + self._sizes[0]
        end = split + self._sizes[1]
        if len(self._buffer) > end:
            raise FrameError("more bytes than announced")
        if len(self._buffer) < end:
            return None
        return decode(bytes(self._buffer[start:split]), bytes(self._buffer[split:end]))

    def _announced(self) -> tuple[int, int]:
        header, payload = LENGTHS.unpack_from(self._buffer)
        if header > self._caps[0] or payload > self._caps[1]:
            raise FrameError(
                f"an answer of {header} + {payload} bytes, where {self._caps[0]} + {self._caps[1]} are allowed"
            )
        return header, payload


def _decode_header(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw.decode("ascii"), parse_constant=_no_constant)
    except (ValueError, RecursionError, OverflowError) as error:
        raise FrameError(f"the header is not plain JSON: {type(error).__name__}") from error
    if type(header) is not dict:
        raise FrameError("the header is not an object")
    return header


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} in JSON")


def _decode_arrays(raw: bytes) -> dict[str, np.ndarray]:
    if not raw:
        return {}
    if len(raw) < 8 or int.from_bytes(raw[:8], "little") > TENSOR_HEADER_CAP:
        raise FrameError("the tensor table is too large")
    try:
        arrays = safetensors_numpy.load(raw)
    except Exception as error:  # the library raises many kinds for hostile bytes; all of them mean the same here
        raise FrameError(f"the tensors cannot be read: {type(error).__name__}") from error
    for name, array in arrays.items():
        if array.dtype.name not in KNOWN_DTYPES:
            raise FrameError(f"tensor {name[:40]!r} has the unknown dtype {array.dtype.name}")
    return arrays
