"""JSON of a stranger's into plain data: one object, no key twice, finite numbers, few containers, or `FrameError`."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


class FrameError(ValueError):
    """These bytes are not an answer. The message says which rule they break."""


class TooLarge(FrameError):
    """They may well be an answer, but of more than we are ready to keep."""


def read(raw: bytes | bytearray, encoding: str, what: str, containers: int) -> dict[str, Any]:
    """The object that `raw` holds, with at most so many lists and objects in it. `what` names it in refusals."""
    # Counted before parsing: a quarter of a megabyte of brackets takes Python 50 ms. Those in texts count, too.
    if raw.count(b"[") + raw.count(b"{") > containers:
        raise FrameError(f"{what} holds more than {containers} lists and objects")
    try:
        data = _DECODER.decode(raw.decode(encoding))
    except (ValueError, RecursionError, OverflowError) as error:
        raise FrameError(f"{what} is not plain JSON: {type(error).__name__}") from error
    if type(data) is not dict:
        raise FrameError(f"{what} is not an object")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # 1e999 is JSON
        raise ValueError("a number beyond all floats")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} in JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_no_constant)
