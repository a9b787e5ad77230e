"""Validated answers: enough to judge again without running anything, and their form on disk.

A worker's answers are a stranger's letter. Here they become records: each of the type that its question called for,
with the arrays that belong to it, of the right shape and dtype. What is not so is a protocol violation, which is
the worker's death.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from grader.sandbox.channel import Answer, Reply
from grader.sandbox.limits import PROTOCOL, Death
from grader.wire import frames, records, strict
from grader.wire.frames import FrameError
from grader.wire.records import Problem

LARGEST_TENSOR = 1 << 40  # numbers; a worker's memory holds a thousandth of that
Record = TypeVar("Record")
RECORDS: dict[str, type[Any]] = {
    "load": records.Loaded,
    "find": records.Found,
    "build": records.Built,
    "tables": records.Described,
    "run": records.Ran,
    "dry": records.Dried,
    "train": records.Trained,
    "observe": records.Observed,
}


@dataclass(frozen=True)
class Answered:
    """A validated answer: its record, and its arrays by name."""

    record: Any
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


Outcome = Answered | Problem | Death


@dataclass(frozen=True)
class Evidence:
    """What one subject answered, by probe id. Probes that were not put, since others failed, are absent."""

    outcomes: Mapping[str, Outcome]
    output: str = ""  # what the code printed, head and tail

    def get(self, probe: str, kind: type[Record]) -> Record | None:
        """The record that answers `probe`, or None when it was not answered."""
        found = self.outcomes.get(probe)
        return found.record if isinstance(found, Answered) and isinstance(found.record, kind) else None

    def arrays(self, probe: str) -> dict[str, np.ndarray]:
        """The arrays that came with the answer to `probe`; none when it was not answered."""
        found = self.outcomes.get(probe)
        return found.arrays if isinstance(found, Answered) else {}

    def answered(self, probe: str) -> bool:
        """Whether `probe` has an answer."""
        return isinstance(self.outcomes.get(probe), Answered)

    def trouble(self, prefix: str) -> tuple[str, Problem | Death] | None:
        """The first probe called `prefix`, or ``prefix.…``, that ended badly, and how."""
        for probe, outcome in self.outcomes.items():
            below = probe == prefix or probe.startswith(prefix.rstrip(".") + ".")
            if below and not isinstance(outcome, Answered):
                return probe, outcome
        return None

    @property
    def died(self) -> bool:
        """Whether a worker came to its end before it had answered everything."""
        return any(isinstance(outcome, Death) for outcome in self.outcomes.values())


def validate(op: str, reply: Reply) -> Outcome:
    """Turn a reply to a question of kind `op` into an outcome. Nothing is believed."""
    if not isinstance(reply, Answer):
        return reply
    try:
        record = strict.read(RECORDS[op], reply.body)
        _expect_arrays(record, reply.arrays)
    except FrameError as error:
        return Death(PROTOCOL, f"the worker's answer was not one: {error}")
    return Answered(record, reply.arrays)


def _expect_arrays(record: Any, arrays: dict[str, np.ndarray]) -> None:
    """Exactly the arrays that belong to a record, with the shapes that it announces."""
    if isinstance(record, records.Observed):
        return  # a scene's arrays are compared by name; what is not there, or has another shape, differs
    if isinstance(record, records.Described):
        _expect_sizes(record)
    expected: dict[str, tuple[int, ...] | None] = {}
    if isinstance(record, records.Ran):
        expected = _arrays_of_run(record, "gradients" in arrays)
    if isinstance(record, records.Trained):
        expected = {"losses": (record.steps,), "scores": None}
    if set(arrays) != set(expected):
        raise FrameError(f"arrays {str(sorted(arrays))[:200]} where {sorted(expected)} belong")
    for name, shape in expected.items():
        if shape is not None and arrays[name].shape != shape:
            raise FrameError(f"array {name} has the shape {str(arrays[name].shape)[:80]}, not {str(shape)[:80]}")
        if name in ("buffers", "gradients", "losses") and arrays[name].dtype != np.float64:
            raise FrameError(f"array {name} is {arrays[name].dtype}, not float64")


def _expect_sizes(record: records.Described) -> None:
    """Tensors that could exist: a made-up shape must not make our own arithmetic explode."""
    for row in record.tensors:
        if len(row.shape) > 8 or any(size < 0 for size in row.shape) or math.prod(row.shape) > LARGEST_TENSOR:
            raise FrameError(f"{row.path[:40]} has a shape that no tensor has")


def _arrays_of_run(record: records.Ran, backward: bool) -> dict[str, tuple[int, ...] | None]:
    expected: dict[str, tuple[int, ...] | None] = {"buffers": (len(record.buffer_of), records.DIGEST_WIDTH)}
    if record.output.kind == "Tensor":
        expected["output"] = record.output.shape
        if backward:
            expected["gradients"] = (len(record.gradient_of), records.DIGEST_WIDTH)
    if record.has_input_gradient:
        expected["input_gradient"] = None
    return expected


def dump(evidence: Evidence) -> bytes:
    """The evidence as bytes: one frame, as on the wire."""
    header: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for probe, outcome in evidence.outcomes.items():
        record = outcome.record if isinstance(outcome, Answered) else outcome
        header[probe] = {"kind": type(record).__name__, "record": dataclasses.asdict(record)}
        if isinstance(outcome, Answered):
            arrays |= {f"{probe}/{name}": array for name, array in outcome.arrays.items()}
    return frames.encode({"outcomes": header, "output": evidence.output}, arrays)


def load(data: bytes) -> Evidence:
    """The evidence that `dump` wrote. Raises `FrameError` for anything else."""
    frame = frames.Reader(payload_cap=1 << 30, header_cap=1 << 26).feed(data)
    if frame is None or set(frame.header) != {"outcomes", "output"}:
        raise FrameError("this is not saved evidence")
    output = frame.header["output"]
    if type(output) is not str or type(frame.header["outcomes"]) is not dict:
        raise FrameError("this is not saved evidence")
    outcomes = {probe: _saved(probe, saved, frame.arrays) for probe, saved in frame.header["outcomes"].items()}
    return Evidence(outcomes, output)


def _saved(probe: str, saved: Any, arrays: Mapping[str, np.ndarray]) -> Outcome:
    """One outcome, as strictly checked as when it came from a worker."""
    kinds = {kind.__name__: kind for kind in (*RECORDS.values(), Problem, Death)}
    if type(saved) is not dict or set(saved) != {"kind", "record"} or saved["kind"] not in kinds:
        raise FrameError(f"the outcome of {probe} is damaged")
    record: Any = strict.read(kinds[saved["kind"]], saved["record"])
    if isinstance(record, (Problem, Death)):
        return record
    own = {name.partition("/")[2]: array for name, array in arrays.items() if name.partition("/")[0] == probe}
    _expect_arrays(record, own)
    return Answered(record, own)
