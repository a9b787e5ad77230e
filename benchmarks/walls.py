"""What the walls cost and how fast they close: start of a worker, and from the kill to the end, at each tier.

    python benchmarks/walls.py

Start: from the order to the first answer, of an empty module. End: from the kill, of a worker that resists in one of
several ways, to the moment when the kernel says that it is gone. Survivors are processes of the zygote's that are
left afterwards. Medians, with the slowest in brackets.
"""

from __future__ import annotations

import os
import select
import statistics
import threading
import time
from pathlib import Path

import numpy as np

from grader.errors import UsageError
from grader.sandbox.channel import Answer, Channel
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Limits

STARTS = 41
LIMITS = Limits(cpu_seconds=60, wall_seconds=60)
RESISTING = {
    "busy in Python": "while True: pass",
    "busy in C": "10 ** 10 ** 9",
    "asleep": "import time; time.sleep(1e6)",
    "ignores signals": "import signal\nfor n in {1, 2, 15, 10, 12}: signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
    "stops itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP); import time; time.sleep(1e6)",
    "forks": "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
    "starts threads": (
        "import threading, time\nwhile True:\n"
        "  try: threading.Thread(target=time.sleep, args=(1e6,)).start()\n  except RuntimeError: pass"
    ),
    "takes 1.5 GiB": "held = bytearray(1536 << 20)\nwhile True: pass",
}


def main() -> None:
    """Print one table for each tier that this machine gives."""
    for tier, ways in ((4, ("user",)), (3, ("root",)), (3, ("user",)), (2, ("user",))):
        try:
            with Zygote("cpu", (), (tier,), ways=ways) as zygote:
                print(f"tier {zygote.facts.protection.tier}" + (f", {ways[0]}'s way" if tier == 3 else ""))
                measure(zygote)
        except UsageError as error:
            print(f"tier {tier}: {error}")


def measure(zygote: Zygote) -> None:
    """One tier."""
    started(zygote)  # the first touches what the others share
    time.sleep(1)
    before = set(descendants(zygote))
    print(f"  start to first answer  {shown([started(zygote) for _ in range(STARTS)])}")
    for name, source in RESISTING.items():
        print(f"  kill to end, {name:18}{shown([ended(zygote, source) for _ in range(5)])}")
    time.sleep(1)
    print(f"  survivors              {len(set(descendants(zygote)) - before)}")


def started(zygote: Zygote) -> float:
    """Seconds from the order of a worker to its first answer."""
    before = time.perf_counter()
    line = zygote.open(LIMITS, 60)
    assert isinstance(ask(line, ""), Answer)
    seconds = time.perf_counter() - before
    line.close()
    return seconds


def ended(zygote: Zygote, source: str) -> float:
    """Seconds from the kill of a worker that is at it to its end."""
    line = zygote.open(LIMITS, 60)
    watcher = threading.Thread(target=ask, args=(line, source))
    watcher.start()
    time.sleep(0.7)
    handle = os.dup(line._handle)
    before = time.perf_counter()
    line._kill()
    select.select([handle], [], [])
    seconds = time.perf_counter() - before
    watcher.join()
    os.close(handle)
    line.close()
    return seconds


def ask(line: Channel, source: str) -> object:
    """Have the worker import `source`."""
    arrays = {"0": np.frombuffer(source.encode(), dtype=np.uint8)}
    return line.ask("load", {"paths": ["m.py"], "module": "m", "cells": 0}, arrays, LIMITS)


def descendants(zygote: Zygote) -> list[int]:
    """All processes below the one that was started: layers of the zygote, and workers, alive or not yet buried."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    front: list[int] = [zygote._process.pid]
    found: list[int] = []
    while front:
        front = [child for child, parent in parents.items() if parent in front]
        found += front
    return found


def shown(seconds: list[float]) -> str:
    """Milliseconds: the median, and the slowest."""
    return f"{statistics.median(seconds) * 1000:7.1f} ms  ({max(seconds) * 1000:.1f})"


if __name__ == "__main__":
    main()
