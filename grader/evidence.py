"""Validated answers: enough to judge again without running anything, and their form on disk.

A worker's answers are a stranger's letter. Here they become records: each of the type that its question called for,
with the arrays that belong to it, of the right shape and dtype. What is not so is a protocol violation, which is
the worker's death.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from grader.sandbox.channel import Answer, Reply
from grader.sandbox.limits import PROTOCOL, Death
from grader.wire import frames, records, strict
from grader.wire.frames import FrameError
from grader.wire.records import Problem

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
        """The first probe whose id starts with `prefix` that ended badly, and how."""
        for probe, outcome in self.outcomes.items():
            if probe.startswith(prefix) and not isinstance(outcome, Answered):
                return probe, outcome
        return None


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
    expected: dict[str, tuple[int, ...] | None] = {}
    if isinstance(record, records.Ran):
        expected = _arrays_of_run(record, "gradients" in arrays)
    if isinstance(record, records.Trained):
        expected = {"losses": (record.steps,), "scores": None}
    if set(arrays) != set(expected):
        raise FrameError(f"arrays {sorted(arrays)} where {sorted(expected)} belong")
    for name, shape in expected.items():
        if shape is not None and arrays[name].shape != shape:
            raise FrameError(f"array {name} has the shape {arrays[name].shape}, not {shape}")
        if name in ("buffers", "gradients", "losses") and arrays[name].dtype != np.float64:
            raise FrameError(f"array {name} is {arrays[name].dtype}, not float64")


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
    kinds = {kind.__name__: kind for kind in (*RECORDS.values(), Problem, Death)}
    outcomes: dict[str, Outcome] = {}
    for probe, saved in frame.header["outcomes"].items():
        record: Any = strict.read(kinds[saved["kind"]], saved["record"])
        own = {k.partition("/")[2]: v for k, v in frame.arrays.items() if k.partition("/")[0] == probe}
        outcomes[probe] = record if isinstance(record, (Problem, Death)) else Answered(record, own)
    return Evidence(outcomes, frame.header["output"])
