"""What a reader may look at beside the verdicts, taken from the evidence: tables, curves, and lines of code."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from grader import picture
from grader.checks import gradients, training
from grader.checks.layers import Layer, layers
from grader.checks.parameters import described
from grader.checks.passages import Passages, passages
from grader.checks.question import Question, tolerance
from grader.evidence import TRAIN
from grader.model import (
    Excerpt,
    Exhibits,
    Finding,
    GradientRow,
    LayerRow,
    Misconception,
    Place,
    SourceLine,
    TrainingCurve,
    Verdict,
)
from grader.submission import Submission
from grader.text import clipped, settled
from grader.wire.records import Described, Found, Ran

CONTEXT_LINES = 4
CODE_WIDTH = 400  # characters of a line


def collect(
    question: Question,
    findings: Mapping[str, Finding],
    misconceptions: Sequence[Misconception],
    submission: Submission,
    module: str,
) -> Exhibits:
    """All exhibits of one exercise. One that passes everywhere needs neither its code nor its gradients shown."""
    done = all(finding.verdict is Verdict.PASSED for finding in findings.values())
    right = findings["forward"].verdict is Verdict.PASSED if "forward" in findings else done
    return Exhibits(
        layers=tuple(_layer_rows(question, right)),
        gradients=() if done else tuple(_gradient_rows(question)),
        training=_curve(question),
        code=()
        if done
        else tuple(_excerpts(_pointed_at(question, findings, misconceptions, module), submission, module)),
        output=settled(question.student.output),
        picture=picture.png(question.student.arrays("scene").get("picture")),
    )


def _layer_rows(question: Question, right: bool) -> Iterable[LayerRow]:
    """The student's layers beside the reference's, aligned by the sizes of their parameters alone.

    A layer is apart where its shapes and those of its partner part: in the layer, or before it, where the layer above
    did not part already. What follows from that is not held against the layers below. Nothing is apart where outputs
    are `right`, since no shape on the way can be wrong then, however it differs.

    Layers without parameters have no row: whether ReLU, pooling and flattening are layers or functions is a matter of
    style, and what they do to shapes shows between the rows.
    """
    ours, theirs = (described(evidence, 0) for evidence in (question.reference, question.student))
    if ours is None or theirs is None:
        return
    parted = False
    for expected, got, same in _pairs(_sides(ours), _sides(theirs)):
        apart = False
        if same and expected and got and not right:
            given, gave = got.alike(expected)
            apart = (not got.called and expected.called) or (not gave if given else not parted)
            parted = not gave
        yield _row(expected, got, same, apart)


def _pairs(expected: Sequence[_Side], got: Sequence[_Side]) -> Iterable[tuple[_Side | None, _Side | None, bool]]:
    """Layers of both sides that stand beside each other, None where one has no more, and whether they are the same.

    First those whose neighbours are the same, too; then what is left over of equal parameters, in whatever order a
    model registers it, since that is a matter of style.
    """
    matcher = SequenceMatcher(a=[_signature(side) for side in expected], b=[_signature(side) for side in got])
    rows = [
        (one, other, tag == "equal")
        for tag, a0, a1, b0, b1 in matcher.get_opcodes()
        for one, other in zip_longest(expected[a0:a1], got[b0:b1])
    ]
    partners = _elsewhere([(one, other) for one, other, same in rows if not same])
    taken = {partner.layer.path for partner in partners.values()}
    for one, other, same in rows:
        if same:
            yield one, other, True
            continue
        if other and other.layer.path in partners:
            yield partners[other.layer.path], other, True
            other = None
        if one and one.layer.path in taken:
            one = None
        if one or other:
            yield one, other, False


def _elsewhere(rows: Sequence[tuple[_Side | None, _Side | None]]) -> dict[str, _Side]:
    """For layers of the student's that stand beside no equal one, by path: an equal one that does not, either."""
    waiting: dict[tuple[object, ...], deque[_Side]] = {}
    for one, _ in rows:
        if one is not None:
            waiting.setdefault(_signature(one), deque()).append(one)
    others = [other for _, other in rows if other is not None]
    return {other.layer.path: line.popleft() for other in others if (line := waiting.get(_signature(other)))}


@dataclass(frozen=True)
class _Side:
    """One layer of a model, and what passes through all of them."""

    layer: Layer
    passages: Passages

    @property
    def passed(self) -> tuple[str, str]:
        return self.passages.told(self.layer.path)

    @property
    def called(self) -> bool:
        return self.passages.called(self.layer.path)

    def alike(self, other: _Side) -> tuple[bool, bool]:
        return self.passages.alike(self.layer.path, other.passages, other.layer.path)


def _sides(described: Described) -> list[_Side]:
    known = passages(described)
    return [_Side(layer, known) for layer in layers(described)]


def _signature(side: _Side) -> tuple[object, ...]:
    return tuple(sorted(side.layer.keys))


def _row(expected: _Side | None, got: _Side | None, same: bool, apart: bool) -> LayerRow:
    ours, theirs = expected and expected.layer, got and got.layer
    return LayerRow(
        expected=f"{ours.called} {ours.sizes}" if ours else "",
        expected_count=ours.count if ours else 0,
        got=f"{theirs.called} {theirs.sizes}" if theirs else "",
        got_count=theirs.count if theirs else 0,
        name=theirs.path if theirs else "",
        same=same,
        passed=got.passed if got else ("", ""),
        expected_passed=expected.passed if expected else ("", ""),
        apart=apart,
    )


def _gradient_rows(question: Question) -> Iterable[GradientRow]:
    """Norms of the first case's gradients; the reference's beside them where roles and shapes tell which it is."""
    ran = question.student.get("train.0.0", Ran)
    digests = question.student.arrays("train.0.0").get("gradients")
    if ran is None or digests is None:
        return
    relative = 10 * tolerance(ran, question.device)
    comparable = "gradients" in question.reference.arrays("train.0.0")
    lonely = gradients.mismatched(question.student, question.reference, 0, relative) if comparable else []
    norms, missing = _reference_norms(question), frozenset(ran.missing)
    for path, digest in zip(ran.gradient_of, digests, strict=True):
        absent = path in missing
        yield GradientRow(
            name=path,
            got=None if absent else float(digest[0]),
            expected=norms.get(path),
            same=not absent and path not in lonely,
        )


def _reference_norms(question: Question) -> dict[str, float]:
    """For each of the student's parameters the reference's norm, nearest first among twins of its role and shape."""
    ours, theirs = (gradients.by_key(evidence, 0) for evidence in (question.reference, question.student))
    norms: dict[str, float] = {}
    for key, paths in theirs.items():
        free = sorted(ours.get(key, {}).values())
        for path, norm in paths.items():
            if free:
                norms[path] = min(free, key=lambda other, norm=norm: abs(other - norm))  # type: ignore[misc]
                free.remove(norms[path])
    return norms


def _curve(question: Question) -> TrainingCurve | None:
    ours, theirs = question.reference.arrays(TRAIN), question.student.arrays(TRAIN)
    reached, expected = (training.accuracy(question, whose) for whose in ("student", "reference"))
    band = question.exercise.band
    if "losses" not in ours or "losses" not in theirs or reached is None or expected is None or band is None:
        return None
    return TrainingCurve(
        losses=tuple(theirs["losses"][: len(ours["losses"])].tolist()),  # a worker may claim millions
        reference_losses=tuple(ours["losses"].tolist()),
        accuracy=reached,
        reference_accuracy=expected,
        band=(band.lowest, 1.0),
    )


def _pointed_at(
    question: Question, findings: Mapping[str, Finding], misconceptions: Sequence[Misconception], module: str
) -> list[Place]:
    """The lines that a report names: those of failed findings and of the likeliest mistake; else the definition."""
    failed = [f.where for f in findings.values() if f.where is not None and f.verdict is Verdict.FAILED]
    named = [each.where for each in misconceptions if each.where is not None]
    found = question.student.get("find", Found)
    defined = [Place(found.file or module, found.line)] if found and found.line else []
    return [*failed, *named[:1]] or defined


def _excerpts(places: Sequence[Place], submission: Submission, module: str) -> Iterable[Excerpt]:
    """The student's lines around every place, those themselves marked."""
    for file in dict.fromkeys(place.file for place in places):
        lines = submission.lines_beside(file, module)
        marked = {place.line for place in places if place.file == file}
        shown = sorted({n for line in marked for n in range(line - CONTEXT_LINES, line + CONTEXT_LINES + 1)})
        rows = tuple(
            SourceLine(n, clipped(lines[n - 1], CODE_WIDTH), n in marked) for n in shown if 1 <= n <= len(lines)
        )
        if rows:
            yield Excerpt(file, rows)
