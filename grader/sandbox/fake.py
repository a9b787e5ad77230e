"""A stand-in for the sandbox behind the same door: no process, no torch; a script says what the worker does.

A script is a function of one question, ``(op, params, arrays)``, and its result is what becomes of the question:

* `answer(record, …)` or any other `Answer`: the worker answers, if need be with a record that was never asked for;
* a `Problem`: the student's code raised; a `Death`: the worker is gone, and every later question gets the same;
* `Printed(text, reply)`: the code prints before its reply;
* an exception: `ask` raises it, as the real line does when the sandbox itself breaks.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.model import Protection
from grader.sandbox.channel import Answer, Output, Reply
from grader.sandbox.host import Facts
from grader.sandbox.limits import MEMORY_LIMIT, Death, Limits


@dataclass(frozen=True)
class Printed:
    """A reply, and what the code printed before it."""

    text: str
    reply: Reply


Script = Callable[[str, Mapping[str, Any], Mapping[str, np.ndarray]], Reply | Printed | Exception]
FACTS = Facts("0.0", "0.0", "made up", 0, Protection(3, "made up", "no sandbox: these answers are made up"))


def answer(record: Any, **arrays: np.ndarray) -> Answer:
    """The answer that a worker gives with `record`: as it looks after its way through JSON."""
    return Answer(json.loads(json.dumps(dataclasses.asdict(record))), arrays)


class FakeLine:
    """One scripted worker. `asked` holds the questions put to it, `closed` how often it was closed."""

    def __init__(self, script: Script, special: Mapping[bytes, Script]) -> None:
        self.output = Output()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.closed = 0
        self._script, self._special = script, special
        self._death: Death | None = None

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply:
        """Let the script reply. Loading files that hold a marker of `special` changes to the script it stands for."""
        if self._death is not None:
            return self._death
        self.asked.append((op, params))
        if op == "load":
            sources = [array.tobytes() for array in arrays.values()]
            found = [script for mark, script in self._special.items() if any(mark in source for source in sources)]
            self._script = (*found, self._script)[0]
        reply = self._script(op, params, arrays)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Printed):
            self.output.add(reply.text.encode())
            reply = reply.reply
        if isinstance(reply, Death):
            self._death = reply
        return reply

    def kill(self) -> None:
        """End it: every later question gets that."""
        self._death = Death(MEMORY_LIMIT, "")

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class FakeSandbox:
    """Opens scripted workers and keeps them in `lines`. Where `broken` is set, opening raises it.

    `special` maps markers to scripts: a worker that loads a file with such bytes in it follows that script.
    """

    def __init__(
        self, script: Script, special: Mapping[bytes, Script] | None = None, broken: Exception | None = None
    ) -> None:
        self.facts = FACTS
        self.broken = broken
        self.closed = 0
        self.lines: list[FakeLine] = []
        self._script, self._special = script, special or {}

    def open(self, limits: Limits, cpu_seconds: float, imports: tuple[str, ...] = ()) -> FakeLine:
        """Open one more worker."""
        if self.broken is not None:
            raise self.broken
        self.lines.append(FakeLine(self._script, self._special))
        return self.lines[-1]

    def close(self) -> None:
        """Count it."""
        self.closed += 1
