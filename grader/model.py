"""The nouns of grading, as frozen records: what a grade is made of.

They hold plain data (strings, numbers, tuples), import nothing of ours, and do no I/O, so that every reporter,
store and test can share them. `as_json` is the published form (schema ``grader/1``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = "grader/1"


class Verdict(StrEnum):
    """Whose doing an outcome is. There is no default: nothing proven, nothing earned."""

    PASSED = "passed"  # the student's, right
    FAILED = "failed"  # the student's, wrong
    SKIPPED = "skipped"  # nobody's: a check that it needs did not pass
    ERROR = "error"  # ours: earns nothing yet, a person must look


class Status(StrEnum):
    """What became of one exercise."""

    GRADED = "graded"
    NOT_SUBMITTED = "not-submitted"  # the file is absent
    NOT_ATTEMPTED = "not-attempted"  # the stub as handed out
    ERROR = "error"  # the grader broke on it


@dataclass(frozen=True)
class Place:
    """A line of the student's own code; `line` counts from 1."""

    file: str
    line: int
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line}


@dataclass(frozen=True)
class Misconception:
    """A named mistake that the evidence supports: the fact as its `title`, and two hints that teach it.

    `hint` is a question or a principle, `technique` says what to do about it, though never in code.
    """

    id: str
    hint: str
    where: Place | None = None
    title: str = ""
    technique: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "hint": self.hint,
            "technique": self.technique,
            "where": self.where.as_json() if self.where else None,
        }


@dataclass(frozen=True)
class Finding:
    """What a check found out, before points: a verdict and the words that carry it.

    `rationale` says why in one or two sentences; `expected` and `got` stand side by side; `asked` is the call
    that was made, to be pasted; `hint` says what to try next; `where` is the line of the student's that matters.
    """

    verdict: Verdict
    rationale: str = ""
    expected: str = ""
    got: str = ""
    asked: str = ""
    hint: str = ""
    where: Place | None = None


@dataclass(frozen=True)
class CheckResult:
    """A finding with its points. `score` is earned, `max_score` is what it is worth."""

    id: str
    title: str
    finding: Finding
    score: float
    max_score: float

    @property
    def verdict(self) -> Verdict:
        return self.finding.verdict

    def as_json(self) -> dict[str, Any]:
        found = self.finding
        return {
            "id": self.id,
            "title": self.title,
            "verdict": str(found.verdict),
            "score": self.score,
            "max_score": self.max_score,
            "rationale": found.rationale,
            "expected": found.expected,
            "got": found.got,
            "asked": found.asked,
            "hint": found.hint,
            "where": found.where.as_json() if found.where else None,
        }


@dataclass(frozen=True)
class LayerRow:
    """One row of the parameter table: the student's layer beside the reference's.

    Either side may be empty ("" and 0) where the other has a layer without a partner.
    `same` is true when kind and parameters agree. `passed` is what the student's layer was given and gave at its first
    call, "" where nobody knows; `apart` says of a `same` layer that here the shapes part from those of its partner.
    """

    expected: str  # e.g. "Linear (300, 784) + (300,)"
    expected_count: int
    got: str
    got_count: int
    name: str  # the student's own name for it, e.g. "layers.0"
    same: bool
    passed: tuple[str, str] = ("", "")  # e.g. "(64, 784)", "(64, 300)"
    expected_passed: tuple[str, str] = ("", "")
    apart: bool = False


@dataclass(frozen=True)
class GradientRow:
    """Gradient flow of one tensor: the Euclidean norms of the student's and the reference's gradient.

    A norm is None where there is no gradient at all, and may be infinite or NaN.
    """

    name: str
    got: float | None
    expected: float | None
    same: bool


@dataclass(frozen=True)
class TrainingCurve:
    """The short training run: the loss of every step, and the accuracy on the test split beside its band."""

    losses: tuple[float, ...]
    reference_losses: tuple[float, ...]
    accuracy: float
    reference_accuracy: float
    band: tuple[float, float]  # accepted accuracies, lowest and highest


@dataclass(frozen=True)
class SourceLine:
    """One line of the student's file, to be shown; `marked` when a finding points at it."""

    number: int
    text: str
    marked: bool = False


@dataclass(frozen=True)
class Excerpt:
    """Consecutive lines of one file of the student's."""

    file: str
    lines: tuple[SourceLine, ...]


@dataclass(frozen=True)
class TraceRow:
    """One operation of a forward pass: the reference's beside the student's; "" where one of them does nothing.

    `module` is the student's own path to it, `where` the line that it comes from; `same` says that the values agree,
    `first` that the passes part here.
    """

    expected: str  # e.g. "max_pool2d → (2, 64, 12, 10)"
    got: str
    module: str
    same: bool
    first: bool = False
    where: Place | None = None


@dataclass(frozen=True)
class SmallestCall:
    """The smallest call found that shows a difference. `code` is complete, to be pasted beside the student's file."""

    code: str
    got: str
    expected: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "expected": self.expected, "got": self.got}


@dataclass(frozen=True)
class Demonstration:
    """How outputs come to differ: rows around the first operation that does, with how many are left out before and
    after them, and the smallest call."""

    trace: tuple[TraceRow, ...] = ()
    call: SmallestCall | None = None
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class Exhibits:
    """What a reader may look at beside the verdicts. Reporters show it; nothing is decided from it."""

    layers: tuple[LayerRow, ...] = ()
    gradients: tuple[GradientRow, ...] = ()
    training: TrainingCurve | None = None
    code: tuple[Excerpt, ...] = ()
    output: str = ""  # what the student's code printed, capped
    picture: bytes = b""  # a figure that the student's code drew, as a PNG that we encoded ourselves
    demonstration: Demonstration = Demonstration()


@dataclass(frozen=True)
class Override:
    """Points that a person set for one exercise, and why."""

    exercise: str  # id, "residual_blocks.RestNet18"
    points: float
    comment: str
    author: str
    time: str  # ISO 8601, UTC

    def as_json(self) -> dict[str, Any]:
        return {"points": self.points, "comment": self.comment, "author": self.author, "time": self.time}


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise of one submission. `note` explains a status other than graded.

    Where a person decided, `override` says so and `score` is theirs; the checks keep what they earned.
    """

    id: str  # "residual_blocks.RestNet18"
    title: str
    status: Status
    score: float
    max_score: float
    checks: tuple[CheckResult, ...]
    misconceptions: tuple[Misconception, ...] = ()
    note: str = ""
    exhibits: Exhibits = field(default_factory=Exhibits)
    override: Override | None = None

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "status": str(self.status),
            "score": self.score,
            "max_score": self.max_score,
            "note": self.note,
            "checks": [check.as_json() for check in self.checks],
            "misconceptions": [found.as_json() for found in self.misconceptions],
            "smallest_call": call.as_json() if (call := self.exhibits.demonstration.call) else None,
            "override": self.override.as_json() if self.override else None,
        }


@dataclass(frozen=True)
class AssignmentResult:
    """One assignment of one submission."""

    id: str
    title: str
    score: float
    max_score: float
    exercises: tuple[ExerciseResult, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "score": self.score,
            "max_score": self.max_score,
            "exercises": [exercise.as_json() for exercise in self.exercises],
        }


@dataclass(frozen=True)
class Protection:
    """Behind which walls the submission ran. `tier` is 4, 3 or 2 (see docs/security.md), or 0: none."""

    tier: int
    name: str
    line: str  # what was on, and what was not, for people

    @property
    def safe(self) -> bool:
        return self.tier > 0

    def as_json(self) -> dict[str, Any]:
        return {"tier": self.tier, "name": self.name, "line": self.line}


@dataclass(frozen=True)
class Tools:
    """With what a grade was made: versions, and the relative tolerance of values in float64 and in float32."""

    grader: str = ""
    torch: str = ""
    python: str = ""
    tolerances: tuple[float, ...] = ()


@dataclass(frozen=True)
class Grade:
    """The one result of a submission. Terminal, HTML, JSON, gradebook and exports read it and decide nothing."""

    submission: str
    device: str
    sandbox: Protection
    score: float
    max_score: float
    assignments: tuple[AssignmentResult, ...]
    notes: tuple[str, ...] = ()  # about the submission as a whole
    seconds: float = 0.0
    fingerprint: str = ""  # a hash of the files that were graded
    tools: Tools = Tools()

    @property
    def exercises(self) -> tuple[ExerciseResult, ...]:
        return tuple(exercise for assignment in self.assignments for exercise in assignment.exercises)

    def verdicts(self) -> list[Verdict]:
        return [check.verdict for exercise in self.exercises for check in exercise.checks]

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "submission": self.submission,
            "fingerprint": self.fingerprint,
            "device": self.device,
            "sandbox": self.sandbox.as_json(),
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "assignments": [assignment.as_json() for assignment in self.assignments],
        }
