"""A sandbox that is listened in on: every byte that a worker prints or answers is kept, for canaries to be sought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.sandbox.channel import Answer, Output, Reply
from grader.sandbox.host import Facts, Line, Sandbox
from grader.sandbox.limits import Limits

ENOUGH = 8 << 20  # bytes: of a flood, the head is kept


@dataclass
class Tape:
    """What workers said: printed, and answered."""

    printed: bytearray = field(default_factory=bytearray)
    answered: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> bytes:
        """All of it."""
        return bytes(self.printed) + b"\n" + b"\n".join(self.answered)


class _Heard(Output):
    """Output that is kept whole."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape

    def add(self, chunk: bytes) -> None:
        self._tape.printed += chunk[: max(0, ENOUGH - len(self._tape.printed))]
        super().add(chunk)


class _TappedLine:
    def __init__(self, line: Any, tape: Tape) -> None:
        self._line, self._tape = line, tape
        line.output = self.output = _Heard(tape)

    def ask(self, op: str, params: Mapping[str, Any], arrays: Mapping[str, np.ndarray], limits: Limits) -> Reply:
        reply: Reply = self._line.ask(op, params, arrays, limits)
        if isinstance(reply, Answer):
            self._tape.answered += [repr(reply.body).encode(), *(array.tobytes() for array in reply.arrays.values())]
        else:
            self._tape.answered.append(repr(reply).encode())
        return reply

    def close(self) -> None:
        self._line.close()


class Tapped:
    """A sandbox with a tape; closing it leaves the real one open, for others use it too."""

    def __init__(self, sandbox: Sandbox, tape: Tape) -> None:
        self._sandbox, self._tape = sandbox, tape

    @property
    def facts(self) -> Facts:
        """Those of the real one."""
        return self._sandbox.facts

    def open(self, *args: Any, **more: Any) -> Line:
        """A worker whose words go through the tape."""
        return _TappedLine(self._sandbox.open(*args, **more), self._tape)

    def close(self) -> None:
        """Leave the real one as it is."""
