"""Answers as the gradebook keeps them: compressed JSON, and larger arrays apart, each once, under a hash of it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from grader import evidence as ev
from grader import saved
from grader.answers import Alike
from grader.errors import RunError
from grader.evidence import Evidence
from grader.language import _
from grader.model import Demonstration
from grader.saved import Damaged
from grader.wire.frames import FrameError

_INLINE = 512  # bytes of an array that is kept beside its answer; larger ones by content
_LARGEST = 1 << 30
Put = Callable[[str, bytes], None]


@dataclass(frozen=True)
class Packed:
    """An answer as it is kept. `unpack` gives it back, and needs the gradebook no more."""

    under: str
    record: bytes
    blobs: Mapping[str, bytes]

    def unpack(self) -> Evidence | Demonstration:
        """The answer. Raises `RunError` where it is damaged."""
        return self._unpacked

    @cached_property
    def _unpacked(self) -> Evidence | Demonstration:
        try:
            data = json.loads(unzipped(self.record))
            if set(data) == {"demonstration"}:
                return saved.read(Demonstration, data["demonstration"])
            arrays = {name: _array(entry, self.blobs) for name, entry in data["arrays"].items()}
            return ev.restored(data["evidence"], arrays)
        except (Damaged, FrameError, KeyError, TypeError, ValueError, zlib.error) as error:
            raise RunError(
                _("the gradebook holds an answer that cannot be read: {error}").format(error=error)
            ) from error


@dataclass(frozen=True)
class Placed:
    """The answer of a form, as code gives it whose exercise stands elsewhere."""

    packed: Packed
    alike: Alike

    @property
    def under(self) -> str:
        """Circumstances of the answer."""
        return self.packed.under

    def unpack(self) -> Evidence | Demonstration:
        """The answer. Raises `RunError` where it is damaged."""
        found = self.packed.unpack()
        return self.alike.placed(found) if isinstance(found, Evidence) else found


def packed(given: Evidence | Demonstration, put: Put) -> bytes:
    """An answer as it is kept; `put` is given what is kept apart, and its hash."""
    data: dict[str, Any] = {}
    if isinstance(given, Demonstration):
        data = {"demonstration": saved.plain(given)}
    else:
        header, arrays = ev.plain(given)
        data = {"evidence": header, "arrays": {name: _listed(array, put) for name, array in arrays.items()}}
    return zipped(json.dumps(data, separators=(",", ":")).encode("ascii"))


def _listed(array: np.ndarray, put: Put) -> list[Any]:
    """How an array stands in a record: dtype, shape, and its bytes or their hash."""
    content = np.ascontiguousarray(array).tobytes()
    where = "" if len(content) <= _INLINE else hashlib.sha256(content).hexdigest()
    if where:
        put(where, content)
    inline = "" if where else base64.b64encode(content).decode("ascii")
    return [array.dtype.name, list(array.shape), where, inline]


def referred(record: bytes) -> list[str]:
    """The hashes of the blobs that a kept answer refers to."""
    listed = json.loads(unzipped(record)).get("arrays", {})
    return [entry[2] for entry in listed.values() if entry[2]]


def _array(entry: Any, blobs: Mapping[str, bytes]) -> np.ndarray:
    name, shape, where, inline = entry
    content = unzipped(blobs[where]) if where else base64.b64decode(inline, validate=True)
    return np.frombuffer(content, np.dtype(name)).reshape([int(size) for size in shape])


def zipped(data: bytes) -> bytes:
    """Bytes as the gradebook keeps them."""
    return zlib.compress(data, 6)


def unzipped(data: bytes) -> bytes:
    """What `zipped` was given."""
    return zlib.decompressobj().decompress(data, _LARGEST)
