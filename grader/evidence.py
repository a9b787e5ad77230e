"""Validated answers: enough to judge again without running anything, and their form on disk.

A worker's answers are a stranger's letter. Here they become records: each of the type that its question called for,
with the arrays that belong to it, of the right shape and dtype. What is not so is a protocol violation, which is
the worker's death.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from grader.sandbox.channel import Answer, Reply
from grader.sandbox.limits import ANSWER_LIMIT, PROTOCOL, Death
from grader.wire import arrays, frames, records, strict, tensors
from grader.wire.plain import FrameError, TooLarge
from grader.wire.records import Problem

_OPERATION = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
Record = TypeVar("Record")
BEGIN, TRAIN = "begin", "train"  # ids of the two probes of a training run: its first steps, and the rest
RECORDS: dict[str, type[Any]] = {
    "load": records.Loaded,
    "find": records.Found,
    "build": records.Built,
    "tables": records.Described,
    "run": records.Ran,
    "dry": records.Dried,
    "sample": records.Sampled,
    "operations": records.Operated,
    "begin": records.Begun,
    "train": records.Trained,
    "observe": records.Observed,
    "adapted": records.Adapted,
    "source": records.Source,
    "stand_in": records.StoodIn,
    "forms": records.Forms,
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
            if _below(probe, prefix) and not isinstance(outcome, Answered):
                return probe, outcome
        return None

    @property
    def died(self) -> bool:
        """Whether a worker came to its end before it had answered everything."""
        return any(isinstance(outcome, Death) for outcome in self.outcomes.values())


class NotYet(Exception):
    """An answer that is still to come."""


@dataclass(frozen=True)
class Partial(Evidence):
    """What one subject has answered so far. Whoever needs one of the `awaited` answers gets `NotYet`."""

    awaited: frozenset[str] = frozenset()

    def get(self, probe: str, kind: type[Record]) -> Record | None:
        self._expect_settled(probe)
        return super().get(probe, kind)

    def arrays(self, probe: str) -> dict[str, np.ndarray]:
        self._expect_settled(probe)
        return super().arrays(probe)

    def answered(self, probe: str) -> bool:
        self._expect_settled(probe)
        return super().answered(probe)

    def trouble(self, prefix: str) -> tuple[str, Problem | Death] | None:
        found = super().trouble(prefix)
        if found is None:
            for probe in self.awaited:
                if _below(probe, prefix):
                    raise NotYet(probe)
        return found

    def _expect_settled(self, probe: str) -> None:
        if probe in self.awaited:
            raise NotYet(probe)


def _below(probe: str, prefix: str) -> bool:
    return probe == prefix or probe.startswith(prefix.rstrip(".") + ".")


def validate(op: str, reply: Reply, asked: Mapping[str, Any] | None = None) -> Outcome:
    """Turn a reply to a question of kind `op`, with the parameters `asked`, into an outcome. Nothing is believed."""
    if not isinstance(reply, Answer):
        return reply
    try:
        record = strict.read(RECORDS[op], reply.body)
        _expect(record, reply.arrays, asked)
        if isinstance(record, records.Trained) and record.taken_over:
            raise FrameError("a run that says itself that it was taken over")
    except TooLarge as error:
        return Death(ANSWER_LIMIT, f"the worker's answer was too large: {error}")
    except FrameError as error:
        return Death(PROTOCOL, f"the worker's answer was not one: {error}")
    return Answered(record, reply.arrays)


def _expect(record: Any, given: dict[str, np.ndarray], asked: Mapping[str, Any] | None) -> None:
    """A record that could be true, with exactly the arrays that belong to it."""
    if isinstance(record, records.Described):
        _expect_sizes(record)
        _expect_passages(record)
    if isinstance(record, records.Ran | records.Dried | records.Sampled):
        _expect_output(record.output)
    if isinstance(record, records.Ran):
        _expect_dtype(record)
    if isinstance(record, records.Operated):
        _expect_operations(record)
    arrays.expect(record, given, asked)


def _expect_sizes(record: records.Described) -> None:
    """Tensors that could exist: a made-up shape must not make our own arithmetic explode."""
    for row in record.tensors:
        for shape in (row.shape, row.stored):
            if not records.possible(shape):
                raise FrameError(f"{row.path[:40]!r} has a shape that no tensor has")


def _expect_passages(record: records.Described) -> None:
    """First calls that could have been noted: so many, of so many arguments, each a tensor of a shape or none."""
    if len(record.passages) > records.MOST_PASSAGES:
        raise FrameError("more first calls than are noted")
    for passage in record.passages:
        if len(passage.given) > records.MOST_GIVEN:
            raise FrameError(f"a call of {passage.path[:40]!r} with more arguments than are noted")
        for passed in (*passage.given, passage.gave):
            if not records.possible(passed.shape) or (passed.shape and passed.kind != "Tensor"):
                raise FrameError(f"{passage.path[:40]!r} was passed a shape that no tensor has")


def _expect_output(output: records.OutputInfo) -> None:
    possible = len(output.shape) <= tensors.RANK_CAP and all(size >= 0 for size in output.shape)
    if not possible or (output.shape and output.kind != "Tensor"):
        raise FrameError("an output has a shape that no tensor has")


def _expect_operations(record: records.Operated) -> None:
    """Operations that could have been noted: each made from earlier ones, under a name of torch's."""
    if len(record.operations) > records.MOST_OPERATIONS or record.dtype not in ("float64", "float32"):
        raise FrameError("more operations than are noted, or a dtype that none is noted in")
    for index, operation in enumerate(record.operations):
        if not _OPERATION.fullmatch(operation.name):
            raise FrameError(f"{operation.name[:40]!r} is no operation of torch's")
        if not records.possible(operation.shape) or operation.line < 0:
            raise FrameError(f"operation {index} has a shape that no tensor has, or no line")
        if len(operation.inputs) > records.MOST_INPUTS or any(not 0 <= i < index for i in operation.inputs):
            raise FrameError(f"operation {index} is made from others than those before it")
    if not -1 <= record.result < len(record.operations):
        raise FrameError("the result of no operation")


def _expect_dtype(record: records.Ran) -> None:
    """float64, or float32 with the reason: the tolerance of every comparison hangs on it."""
    if record.dtype != ("float64" if record.double_problem is None else "float32"):
        raise FrameError(f"a pass in {record.dtype[:20]!r}, which nothing explains")


def plain(evidence: Evidence) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The evidence as data that JSON can hold, and its arrays as ``probe/name``."""
    header: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for probe, outcome in evidence.outcomes.items():
        record = outcome.record if isinstance(outcome, Answered) else outcome
        header[probe] = {"kind": type(record).__name__, "record": strict.plain(record)}
        if isinstance(outcome, Answered):
            arrays |= {f"{probe}/{name}": array for name, array in outcome.arrays.items()}
    return {"outcomes": header, "output": evidence.output}, arrays


def restored(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Evidence:
    """The evidence that `plain` took apart. Raises `FrameError` for anything else."""
    if set(header) != {"outcomes", "output"}:
        raise FrameError("this is not saved evidence")
    if type(header["output"]) is not str or type(header["outcomes"]) is not dict:
        raise FrameError("this is not saved evidence")
    outcomes = {probe: _saved(probe, saved, arrays) for probe, saved in header["outcomes"].items()}
    return Evidence(outcomes, header["output"])


def timeless(evidence: Evidence) -> Evidence:
    """The evidence without how long anything took, on which nothing is judged: equal for equal code."""
    return Evidence({probe: _timeless(outcome) for probe, outcome in evidence.outcomes.items()}, evidence.output)


def _timeless(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Answered) and isinstance(outcome.record, records.Loaded | records.Trained):
        return Answered(dataclasses.replace(outcome.record, seconds=0.0), outcome.arrays)
    return outcome


def dump(evidence: Evidence) -> bytes:
    """The evidence as bytes: one frame, as on the wire."""
    return frames.encode(*plain(evidence))


def load(data: bytes) -> Evidence:
    """The evidence that `dump` wrote. Raises `FrameError` for anything else."""
    frame = frames.Reader(1 << 30, frames.OWN).feed(data)
    if frame is None:
        raise FrameError("this is not saved evidence")
    return restored(frame.header, frame.arrays)


def _saved(probe: str, saved: Any, arrays: Mapping[str, np.ndarray]) -> Outcome:
    """One outcome, as strictly checked as when it came from a worker."""
    kinds = {kind.__name__: kind for kind in (*RECORDS.values(), Problem, Death)}
    named = type(saved) is dict and set(saved) == {"kind", "record"} and type(saved["kind"]) is str
    if not named or saved["kind"] not in kinds:
        raise FrameError(f"the outcome of {probe} is damaged")
    record: Any = strict.read(kinds[saved["kind"]], _grown(kinds[saved["kind"]], saved["record"]))
    if isinstance(record, (Problem, Death)):
        return record
    own = {name.partition("/")[2]: array for name, array in arrays.items() if name.partition("/")[0] == probe}
    _expect(record, own, None)
    return Answered(record, own)


def _grown(kind: type[Any], record: Any) -> Any:
    """A kept record with what came to have a default since it was kept, at that default: a worker must say it all."""
    if type(record) is not dict:
        return record
    since = [field for field in dataclasses.fields(kind) if field.default is not dataclasses.MISSING]
    return {field.name: strict.plain(field.default) for field in since} | record
