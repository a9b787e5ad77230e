"""Plain JSON data into frozen records, believing nothing: exact keys, exact types, finite numbers, capped text.

The records' own annotations are the schema, so what is sent and what is accepted cannot drift apart.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from functools import cache
from typing import Any, TypeVar

from grader.wire.frames import FrameError

Record = TypeVar("Record")
TEXT_CAP = 20_000  # characters in one string, before what cannot be encoded is written out
LIST_CAP = 20_000  # items in one list


def read(kind: type[Record], data: Any) -> Record:
    """Build a record of type `kind` from decoded JSON, or raise `FrameError` naming the place that is wrong."""
    return typing.cast(Record, _value(kind, data, kind.__name__))


def _value(kind: Any, data: Any, place: str) -> Any:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _record(kind, data, place)
    if origin is tuple:
        return _tuple(typing.get_args(kind)[0], data, place)
    if origin in (types.UnionType, typing.Union):
        return _optional(typing.get_args(kind), data, place)
    return _scalar(kind, data, place)


def _record(kind: Any, data: Any, place: str) -> Any:
    hints = _hints(kind)
    if type(data) is not dict or set(data) != set(hints):
        raise FrameError(f"{place}: expected exactly the keys {sorted(hints)}")
    return kind(**{name: _value(hint, data[name], f"{place}.{name}") for name, hint in hints.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _tuple(item: Any, data: Any, place: str) -> tuple[Any, ...]:
    if type(data) is not list or len(data) > LIST_CAP:
        raise FrameError(f"{place}: expected a list of at most {LIST_CAP}")
    return tuple(_value(item, value, f"{place}[{index}]") for index, value in enumerate(data))


def _optional(kinds: tuple[Any, ...], data: Any, place: str) -> Any:
    if data is None and types.NoneType in kinds:
        return None
    (kind,) = [candidate for candidate in kinds if candidate is not types.NoneType]
    return _value(kind, data, place)


def _scalar(kind: Any, data: Any, place: str) -> Any:
    if type(data) is not kind:
        raise FrameError(f"{place}: expected {kind.__name__}")
    if kind is float and not math.isfinite(data):
        raise FrameError(f"{place}: not a finite number")
    if kind is int and abs(data) >= 1 << 63:
        raise FrameError(f"{place}: not a 64-bit integer")
    if kind is str:
        return data[:TEXT_CAP].encode("utf-8", "backslashreplace").decode("utf-8")
    return data
