"""Plain JSON data into frozen records, believing nothing: exact keys, exact types, finite numbers, capped text.

The records' own annotations are the schema, so what is sent and what is accepted cannot drift apart.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from functools import cache, partial
from typing import Any, TypeVar

from grader.wire.plain import FrameError, TooLarge

Record = TypeVar("Record")
TEXT_CAP = 4_000  # characters in one string, before what cannot be encoded is written out
LIST_CAP = 1_000  # items in one list; ResNet18, the largest of the course, has 142 tensors

_Read = Callable[[Any], Any]


def read(kind: type[Record], data: Any) -> Record:
    """Build a record of type `kind` from decoded JSON, or raise `FrameError` naming the place that is wrong."""
    try:
        return typing.cast(Record, _reader(typing.cast(Any, kind))(data))
    except FrameError as error:
        raise type(error)(f"{kind.__name__}{error}") from None


def plain(value: Any) -> Any:
    """A record, or a value in it, as the data that `read` takes. (`dataclasses.asdict` copies all there is, and takes
    three times as long.)"""
    if type(value) in (str, int, float, bool, types.NoneType):
        return value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return {name: plain(getattr(value, name)) for name in _names(typing.cast(Any, type(value)))}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _reader(kind: Any) -> _Read:
    """What reads one annotated type. Refusals name the place from there on; who called puts its own part before."""
    arguments = typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return partial(_record, kind, {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()})
    if typing.get_origin(kind) is tuple:
        return partial(_tuple, _reader(arguments[0]))
    if types.NoneType in arguments:
        (other,) = [argument for argument in arguments if argument is not types.NoneType]
        return partial(_optional, _reader(other))
    return partial(_scalar, kind)


def _record(kind: Any, fields: dict[str, _Read], data: Any) -> Any:
    if type(data) is not dict or data.keys() != fields.keys():
        raise FrameError(f": expected exactly the keys {sorted(fields)}")
    values = {}
    for name, reader in fields.items():
        try:
            values[name] = reader(data[name])
        except FrameError as error:
            raise type(error)(f".{name}{error}") from None
    return kind(**values)


def _tuple(reader: _Read, data: Any) -> tuple[Any, ...]:
    if type(data) is not list:
        raise FrameError(": expected a list")
    if len(data) > LIST_CAP:
        raise TooLarge(f": expected a list of at most {LIST_CAP}")
    values = []
    for value in data:
        try:
            values.append(reader(value))
        except FrameError as error:
            raise type(error)(f"[{len(values)}]{error}") from None
    return tuple(values)


def _optional(reader: _Read, data: Any) -> Any:
    return None if data is None else reader(data)


def _scalar(kind: Any, data: Any) -> Any:
    if type(data) is not kind:
        raise FrameError(f": expected {kind.__name__}")
    if kind is float and not math.isfinite(data):
        raise FrameError(": not a finite number")
    if kind is int and abs(data) >= 1 << 63:
        raise FrameError(": not a 64-bit integer")
    if kind is str:
        return data[:TEXT_CAP].encode("utf-8", "backslashreplace").decode("utf-8")
    return data
