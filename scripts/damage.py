"""Damage to frames: bytes, JSON, tensor tables and numbers, in ways that have broken readers before (fuzz_wire.py)."""

from __future__ import annotations

import copy
import json
import random
import struct
from typing import Any


class Raw(str):
    """Text that stands in JSON as it is."""


NASTY: list[Any] = [
    0, 1, -1, 2**31, 2**53 + 1, 2**62, 2**63 - 1, 2**63, -(2**63), 10**400, 0.0, -0.0, 0.5, 1e308, -1e308, 5e-324,
    True, False, None, "", "a", "\0", "\ud800", "\u202e", "\x1b[2J", "../../x", "x" * 5_000, "é" * 300, "Tensor",
    "float64", "float32", "bfloat16", "weight", [], {}, [[]], [{}], [0] * 1_001, [""] * 400, {"": {}},
    Raw("NaN"), Raw("Infinity"), Raw("1e999"), Raw("-1e999"), Raw("9" * 5_000), Raw("1" + "0" * 300 + ".5"),
    Raw("[" * 3_000 + "]" * 3_000), Raw('{"a":1,"a":2}'), Raw('"\\ud83d"'), Raw("[,]"), Raw("01"), Raw(" 1 "),
]  # fmt: skip
NUMBERS = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e308, -1e308, 5e-324, 1.0, -1.0, 1e16]


def dumped(data: Any) -> str:
    """JSON with raw parts in it, and with keys that were doubled."""
    if isinstance(data, Raw):
        return str(data)
    if isinstance(data, dict):
        return "{" + ",".join(f"{dumped(key)}:{dumped(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ",".join(map(dumped, data)) + "]"
    return json.dumps(data)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every container with every key or index in it."""
    found: list[tuple[Any, Any]] = []
    front = [data]
    while front:
        here = front.pop()
        for key, value in list(here.items() if isinstance(here, dict) else enumerate(here)):
            found.append((here, key))
            if isinstance(value, dict | list):
                front.append(value)
    return found


def damage_tree(data: Any, rng: random.Random) -> None:
    """Change one place of decoded JSON."""
    spots = places(data) if isinstance(data, dict | list) else []
    if not spots:
        return
    here, key = rng.choice(spots)
    turn = rng.randrange(8)
    if turn < 4:
        here[key] = copy.deepcopy(rng.choice(NASTY))
    elif turn == 4:
        del here[key]
    elif turn == 5:
        other, there = rng.choice(spots)
        here[key] = copy.deepcopy(other[there])
    elif isinstance(here, list):
        here.extend([here[key]] * rng.choice([1, 2, 50, 1_200]))
    elif turn == 6:
        here[rng.choice(["", "id", "extra", key + "x"])] = here[key]
    elif isinstance(here[key], int):
        here[key] += rng.choice([-1, 1, 8, 1 << 40])


def damage_bytes(data: bytearray, rng: random.Random) -> None:
    """Change, take out or put in some bytes."""
    for _ in range(rng.randrange(1, 5)):
        place, turn = rng.randrange(len(data) + 1), rng.randrange(5)
        if turn == 0:
            data[place : place + 1] = bytes([rng.randrange(256)])
        elif turn == 1:
            data[place : place + rng.randrange(16)] = b""
        elif turn == 2:
            data[place:place] = rng.choice([b"[", b"{", b"}", b'"', b"\\", b",", b"\xff", b"\0" * 9, b"e99"])
        elif turn == 3:
            data[place : place + 8] = rng.choice([b"\xff" * 8, b"\0" * 8, b"\0\0\0\x7f" * 2])
        else:
            other = rng.randrange(len(data) + 1)
            data[place:place] = data[other : other + rng.randrange(200)]


def split(data: bytes) -> tuple[Any, Any, bytearray] | None:
    """A frame's header, its tensor table, and the numbers behind; None where it cannot be told any more."""
    try:
        size = int.from_bytes(data[:4], "big")
        if data.count(b"[") + data.count(b"{") > 20_000 or b"[[[[[[[[" in data:
            return None  # too deep for what follows
        header, payload = json.loads(data[8 : 8 + size]), data[8 + size :]
        size = int.from_bytes(payload[:8], "little")
        table = json.loads(payload[8 : 8 + size]) if payload else None
        return header, table, bytearray(payload[8 + size :])
    except (ValueError, RecursionError, IndexError):
        return None


def joined(header: Any, table: Any, numbers: bytes) -> bytes:
    """A frame with the right lengths."""
    text = dumped(header).encode("utf-8", "surrogatepass")
    rows = b"" if table is None else dumped(table).encode("utf-8", "surrogatepass")
    payload = b"" if table is None else len(rows).to_bytes(8, "little") + rows + numbers
    return len(text).to_bytes(4, "big") + len(payload).to_bytes(4, "big") + text + payload


def with_lengths(data: bytes) -> bytes:
    """The frame with a second length that fits what is there, so that it is not refused for that alone."""
    size = int.from_bytes(data[:4], "big")
    return data[:4] + max(0, len(data) - 8 - size).to_bytes(4, "big") + data[8:] if len(data) >= 8 else data


def damage_numbers(numbers: bytearray, rng: random.Random) -> None:
    """Put a number that is hard to compare where eight bytes begin."""
    for _ in range(rng.randrange(1, 4)):
        if len(numbers) >= 8:
            place = 8 * rng.randrange(len(numbers) // 8)
            numbers[place : place + 8] = struct.pack("<d", rng.choice(NUMBERS))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A frame like `data` with something wrong; most of the time its lengths are right."""
    parts = split(data) if rng.random() < 0.85 else None
    if parts is None:
        raw = bytearray(data)
        damage_bytes(raw, rng)
        return with_lengths(bytes(raw)) if rng.random() < 0.7 else bytes(raw)
    header, table, numbers = parts
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        turn = rng.randrange(10)
        if turn < 5:
            inner = header.get("answer") if isinstance(header, dict) and rng.random() < 0.9 else header
            damage_tree(inner, rng)
        elif turn < 8:
            damage_tree(table, rng)
        elif turn == 8:
            damage_numbers(numbers, rng)
        else:
            damage_bytes(numbers, rng)
    return joined(header, table, bytes(numbers))
