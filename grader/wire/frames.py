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
from typing import Any

import numpy as np

from grader.wire import plain, tensors
from grader.wire.plain import FrameError as FrameError
from grader.wire.plain import TooLarge as TooLarge  # all others look for both of them here

LENGTHS = struct.Struct(">II")

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Caps:
    """How large the parts of a frame may be: bytes of the header, its lists and objects, bytes of the tensor table,
    tensors. The payload's own cap comes from the question."""

    header: int
    containers: int
    table: int
    tensors: int


# The largest honest answers of the course: 38 KB and 700 lists for ResNet18's tables, 760 bytes for 10 tensors of a
# scene. At these caps the worst bytes take some 30 ms to read and check (scripts/fuzz_wire.py).
ANSWER = Caps(header=1 << 18, containers=10_000, table=1 << 14, tensors=64)
# What the grader wrote itself: a question, with an array for each file and cell, or the evidence it keeps.
OWN = Caps(header=1 << 26, containers=1 << 24, table=1 << 24, tensors=1 << 18)


@dataclass(frozen=True)
class Frame:
    """A decoded message: JSON data and named arrays."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


def encode(header: Mapping[str, Any], arrays: Arrays | None = None) -> bytes:
    """Make the bytes of one message. Raises ValueError for NaN or infinity in the header: numbers go in arrays."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    payload = tensors.encode(arrays or {})
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def decode(header: bytes, payload: bytes | bytearray, caps: Caps = ANSWER) -> Frame:
    """Turn the two parts of a frame into plain data, or raise `FrameError`. The arrays are views of the payload."""
    return Frame(
        plain.read(header, "ascii", "the header", caps.containers),
        tensors.decode(payload, caps.table, caps.tensors),
    )


class Reader:
    """Collects one frame from a stream of chunks, within caps in bytes."""

    def __init__(self, payload_cap: int, caps: Caps = ANSWER) -> None:
        self._payload_cap, self._caps = payload_cap, caps
        self._header, self._payload = bytearray(), bytearray()
        self._sizes: tuple[int, int] | None = None

    def feed(self, chunk: bytes) -> Frame | None:
        """Add bytes; return the frame once it is complete. Raises `FrameError` when it breaks a rule."""
        if self._sizes is None:
            missing = LENGTHS.size - len(self._header)
            self._header += chunk[:missing]
            if len(self._header) < LENGTHS.size:
                return None
            self._sizes = self._announced()
            chunk, self._header = chunk[missing:], bytearray()
        left = sum(self._sizes) - len(self._header) - len(self._payload) - len(chunk)
        if left < 0:
            raise FrameError("more bytes than announced")
        split = self._sizes[0] - len(self._header)
        self._header += chunk[:split]
        self._payload += chunk[split:]
        return None if left else decode(bytes(self._header), self._payload, self._caps)

    def _announced(self) -> tuple[int, int]:
        header, payload = LENGTHS.unpack_from(self._header)
        if header > self._caps.header or payload > self._payload_cap:
            # Arrays may be too large without anybody lying; a header cannot, nor can arrays where none belong.
            honest = header <= self._caps.header and self._payload_cap
            raise (TooLarge if honest else FrameError)(
                f"an answer of {header} + {payload} bytes, where {self._caps.header} + {self._payload_cap} are allowed"
            )
        return header, payload
