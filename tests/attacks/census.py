"""Which processes belong to a sandbox, and how much memory the grader takes: read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PATIENCE = 3.0  # seconds within which everything of a worker must be gone


_STRANGERS: set[tuple[int, str]] = set()  # processes, by number and time of birth, that are known to be none of ours


def population(root: int, mark: bytes) -> set[int]:
    """Living processes that descend from `root`, or whose environment holds `mark`, wherever they went."""
    parents: dict[int, int] = {}
    found = {root}
    for pid in _pids():
        with suppress(OSError, IndexError, ValueError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if fields[0] in "ZX":
                continue
            parents[pid] = int(fields[1])
            if (pid, fields[19]) in _STRANGERS:
                continue
            if mark in Path(f"/proc/{pid}/environ").read_bytes():
                found.add(pid)
            elif float(fields[19]) / os.sysconf("SC_CLK_TCK") < time.clock_gettime(time.CLOCK_BOOTTIME) - 5:
                _STRANGERS.add((pid, fields[19]))  # not a child that is about to become another program
    found &= set(parents)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def left(root: int, mark: bytes, before: set[int]) -> set[int]:
    """Who is there that was not there before, after as much patience as it takes, and no more."""
    deadline = time.monotonic() + PATIENCE
    while (more := population(root, mark) - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    return more


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def peak_memory() -> int:
    """The most memory, in bytes, that this process held since `forget_peak`."""
    return _memory("VmHWM")


def forget_peak() -> int:
    """Measure the peak from now on; returns what is held now."""
    with suppress(OSError):  # a /proc that is read-only: then the peak is that of all time, and never grows
        Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmHWM")


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024
