"""What a worker may use up. Limits travel as data: from the rubric, to the walls, to the words of a report."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from grader.language import _

MIB = 1 << 20
LEAST_MEMORY, MOST_MEMORY = 128 * MIB, 1 << 40  # bytes; with less, a worker cannot even start
# A statement at the top level is interrupted after 4 seconds (worker/topcode.py); a worker must live to see that.
LEAST_SECONDS, MOST_SECONDS = 5.0, 86_400.0
WAITING = 3.0  # seconds of waiting for each second of computing time, where a rubric names the latter alone
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(MiB|GiB)", re.IGNORECASE)
_KEYS = ("memory", "seconds", "wall_seconds")


@dataclass(frozen=True)
class Limits:
    """Limits of one request (seconds, bytes of answer) and of the worker as a whole (memory, output).

    CPU time is what an honest submission is measured by, since it does not depend on who else uses the machine;
    wall time only ends what sleeps.
    """

    cpu_seconds: float = 20.0
    wall_seconds: float = 60.0
    answer_bytes: int = 32 * MIB
    memory_bytes: int = 2048 * MIB
    output_bytes: int = 16 * MIB

    def longer(self, factor: float) -> Limits:
        """The same limits with `factor` times the seconds."""
        return replace(self, cpu_seconds=self.cpu_seconds * factor, wall_seconds=self.wall_seconds * factor)

    def at_least(self, other: Limits) -> Limits:
        """The larger of both, one by one."""
        names = [field.name for field in dataclasses.fields(self)]
        return Limits(**{name: max(getattr(self, name), getattr(other, name)) for name in names})


DEFAULT = Limits()


@dataclass(frozen=True)
class Allowance:
    """Those limits that a rubric or an option sets. None leaves what holds without it."""

    memory_bytes: int | None = None
    cpu_seconds: float | None = None
    wall_seconds: float | None = None

    def over(self, below: Below) -> Below:
        """Limits, or another allowance, with what is set here in place of what is set there."""
        return replace(below, **{name: value for name, value in vars(self).items() if value is not None})


Below = TypeVar("Below", Limits, Allowance)
NOTHING_SET = Allowance()


def allowance(data: Mapping[str, Any]) -> Allowance:
    """The allowance of a table with the keys ``memory``, ``seconds`` (of computing time) and ``wall_seconds``.

    Raises ValueError naming the key that is wrong.
    """
    unknown = [key for key in data if key not in _KEYS]
    if unknown:
        raise ValueError(
            _("limits.{key} is unknown. There are: {names}").format(key=unknown[0], names=", ".join(_KEYS))
        )
    try:
        memory = memory_size(data["memory"]) if "memory" in data else None
        seconds = _seconds(data["seconds"], "seconds") if "seconds" in data else None
        wall = _seconds(data["wall_seconds"], "wall_seconds") if "wall_seconds" in data else None
    except ValueError as error:
        raise ValueError(f"limits.{error}") from error
    if seconds is not None and wall is not None and wall < seconds:
        raise ValueError(
            _("limits.wall_seconds ({wall:g}) is less than limits.seconds ({seconds:g})").format(
                wall=wall, seconds=seconds
            )
        )
    return allowance_of(memory, seconds, wall)


def allowance_of(memory: int | None, seconds: float | None, wall: float | None = None) -> Allowance:
    """The allowance with these; who names seconds of computing alone gets three times as many to wait."""
    return Allowance(memory, seconds, WAITING * seconds if wall is None and seconds is not None else wall)


def memory_size(text: Any) -> int:
    """Bytes of ``"2GiB"``, ``"1.5 GiB"`` or ``"512MiB"``. Raises ValueError saying how it is written."""
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(_("memory must be written like 512MiB or 2GiB, not {text!r}").format(text=text))
    size = int(float(found[1]) * MIB * (1024 if found[2].lower() == "gib" else 1))
    if not LEAST_MEMORY <= size <= MOST_MEMORY:
        raise ValueError(
            _("memory must lie between {least} and {most}, not {text}").format(
                least=size_text(LEAST_MEMORY), most=size_text(MOST_MEMORY), text=text
            )
        )
    return size


def typed_seconds(text: str) -> float:
    """Seconds of computing time, as they are typed. Raises ValueError saying how they are written."""
    try:
        return _seconds(float(text), "seconds")
    except ValueError:
        return _seconds(text, "seconds")


def _seconds(value: Any, key: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not LEAST_SECONDS <= value <= MOST_SECONDS:
        raise ValueError(
            _("{key} must be a number from {least:g} to {most:g}, not {value!r}").format(
                key=key, least=LEAST_SECONDS, most=MOST_SECONDS, value=value
            )
        )
    return float(value)


def size_text(size: float) -> str:
    """Bytes for people: ``2 GiB``, ``512 MiB``, ``37.3 GiB``; what is below a MiB in whole KiB."""
    for unit, bytes_each in (("TiB", MIB << 20), ("GiB", MIB << 10), ("MiB", MIB)):
        if size >= bytes_each:
            amount = size / bytes_each
            return f"{amount:.0f} {unit}" if amount >= 100 or amount == int(amount) else f"{amount:.3g} {unit}"
    return f"{max(1, round(size / 1024))} KiB"


@dataclass(frozen=True)
class Death:
    """How a worker ended before it answered. `kind` is one of the names below; `detail` is for people."""

    kind: str
    detail: str


CPU_LIMIT = "cpu-limit"
WALL_LIMIT = "wall-limit"
MEMORY_LIMIT = "memory-limit"
OUTPUT_LIMIT = "output-limit"
DISK_LIMIT = "disk-limit"
ANSWER_LIMIT = "answer-limit"
EXITED = "exited"
CRASHED = "crashed"
PROTOCOL = "protocol-violation"
