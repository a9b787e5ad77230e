"""What a reader may look at beside the verdicts, taken from the evidence: tables, curves, and lines of code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from grader import picture
from grader.checks import gradients, training
from grader.checks.layers import Layer, layers
from grader.checks.parameters import described
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
from grader.wire.records import Found, Ran

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
    return Exhibits(
        layers=tuple(_layer_rows(question)),
        gradients=() if done else tuple(_gradient_rows(question)),
        training=_curve(question),
        code=()
        if done
        else tuple(_excerpts(_pointed_at(question, findings, misconceptions, module), submission, module)),
        output=settled(question.student.output),
        picture=picture.png(question.student.arrays("scene").get("picture")),
    )


def _layer_rows(question: Question) -> Iterable[LayerRow]:
    """The student's layers beside the reference's, aligned by kind and sizes."""
    ours, theirs = (described(evidence, 0) for evidence in (question.reference, question.student))
    if ours is None or theirs is None:
        return
    expected, got = layers(ours), layers(theirs)
    matcher = SequenceMatcher(a=[_signature(layer) for layer in expected], b=[_signature(layer) for layer in got])
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        for index in range(max(a1 - a0, b1 - b0)):
            left = expected[a0 + index] if a0 + index < a1 else None
            right = got[b0 + index] if b0 + index < b1 else None
            yield _row(left, right, tag == "equal")


def _signature(layer: Layer) -> tuple[object, ...]:
    return tuple(sorted(layer.keys))


def _row(expected: Layer | None, got: Layer | None, same: bool) -> LayerRow:
    return LayerRow(
        expected=f"{expected.called} {expected.sizes}" if expected else "",
        expected_count=expected.count if expected else 0,
        got=f"{got.called} {got.sizes}" if got else "",
        got_count=got.count if got else 0,
        name=got.path if got else "",
        same=same,
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
