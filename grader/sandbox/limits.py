"""What a worker may use up. Limits travel as data: from the rubric, to the walls, to the words of a report."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 1 << 20


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


DEFAULT = Limits()


@dataclass(frozen=True)
class Death:
    """How a worker ended before it answered. `kind` is one of the names below; `detail` is for people."""

    kind: str
    detail: str


CPU_LIMIT = "cpu-limit"
WALL_LIMIT = "wall-limit"
OUTPUT_LIMIT = "output-limit"
EXITED = "exited"
CRASHED = "crashed"
PROTOCOL = "protocol-violation"
