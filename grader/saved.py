"""Frozen records as plain JSON data, and back: exactly the same record, or an error that names the place.

The annotations of a record are its schema, as in `wire.strict`; but what is read here was written by us, so text is
kept whole, and numbers may be infinite or not numbers at all: JSON has no words for those, so they are spelled.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
import types
import typing
import zlib
from collections.abc import Callable
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar

Record = TypeVar("Record")
_Read = Callable[[Any], Any]
LARGEST = 1 << 28  # bytes of one record, unpacked
_SPELLED = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Damaged(ValueError):
    """This is not the record that was expected. The message names the place."""


def pack(record: Any) -> bytes:
    """The record as compressed JSON, the same bytes for equal records."""
    text = json.dumps(plain(record), separators=(",", ":"), allow_nan=False)
    return zlib.compress(text.encode("ascii"), 6)


def unpack(kind: type[Record], data: bytes) -> Record:
    """The record of type `kind` that `pack` wrote. Raises `Damaged`."""
    try:
        text = zlib.decompressobj().decompress(data, LARGEST)
        return read(kind, json.loads(text))
    except (zlib.error, ValueError, RecursionError) as error:
        raise error if isinstance(error, Damaged) else Damaged(f"{kind.__name__}: {error}") from error


def plain(value: Any) -> Any:
    """A record, or a value in it, as data that JSON can hold."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def read(kind: type[Record], data: Any) -> Record:
    """Build a record of type `kind` from what `plain` gave, or raise `Damaged`."""
    try:
        return typing.cast(Record, _reader(typing.cast(Any, kind))(data))
    except Damaged as error:
        raise Damaged(f"{kind.__name__}{error}") from None


@cache
def _reader(kind: Any) -> _Read:
    arguments = typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        needed = frozenset(field.name for field in dataclasses.fields(kind) if _is_needed(field))
        readers = {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()}
        return partial(_record, kind, readers, needed)
    if typing.get_origin(kind) is tuple:
        if arguments[-1] is Ellipsis:
            return partial(_tuple, _reader(arguments[0]))
        return partial(_fixed, [_reader(each) for each in arguments])
    if typing.get_origin(kind) is dict:
        return partial(_dict, _reader(arguments[1]))
    if types.NoneType in arguments:
        (other,) = [argument for argument in arguments if argument is not types.NoneType]
        return partial(_optional, _reader(other))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return partial(_enum, kind)
    return partial(_scalar, kind)


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _record(kind: Any, fields: dict[str, _Read], needed: frozenset[str], data: Any) -> Any:
    """A record. What came to have a default since it was written may be absent: so older ones can be read."""
    if type(data) is not dict or not needed <= data.keys() <= fields.keys():
        raise Damaged(f": expected exactly the keys {sorted(fields)}")
    return kind(**{name: _inside(f".{name}", fields[name], value) for name, value in data.items()})


def _tuple(reader: _Read, data: Any) -> tuple[Any, ...]:
    return tuple(_inside(f"[{n}]", reader, value) for n, value in enumerate(_list(data)))


def _fixed(readers: list[_Read], data: Any) -> tuple[Any, ...]:
    if len(_list(data)) != len(readers):
        raise Damaged(f": expected {len(readers)} items")
    return tuple(_inside(f"[{n}]", reader, data[n]) for n, reader in enumerate(readers))


def _dict(reader: _Read, data: Any) -> dict[str, Any]:
    if type(data) is not dict:
        raise Damaged(": expected an object")
    return {key: _inside(f"[{key!r}]", reader, value) for key, value in data.items()}


def _optional(reader: _Read, data: Any) -> Any:
    return None if data is None else reader(data)


def _enum(kind: type[Enum], data: Any) -> Enum:
    try:
        return kind(data)
    except ValueError:
        raise Damaged(f": {data!r} is no {kind.__name__}") from None


def _scalar(kind: Any, data: Any) -> Any:
    if kind is float and type(data) is str and data in _SPELLED:
        return _SPELLED[data]
    if kind is bytes and type(data) is str:
        try:
            return base64.b64decode(data.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise Damaged(": expected base64") from None
    # Some fields say float and hold a whole number; JSON keeps it as it was.
    if type(data) is not kind and not (kind is float and type(data) is int):
        raise Damaged(f": expected {kind.__name__}")
    return data


def _list(data: Any) -> list[Any]:
    if type(data) is not list:
        raise Damaged(": expected a list")
    return data


def _inside(place: str, reader: _Read, data: Any) -> Any:
    try:
        return reader(data)
    except Damaged as error:
        raise Damaged(f"{place}{error}") from None
