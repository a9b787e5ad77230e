"""``forward``: with canonical weights, outputs equal the reference's in train and eval mode, and the input is kept."""

from __future__ import annotations

import numpy as np

from grader.checks import words
from grader.checks.compare import Difference, comparable, difference
from grader.checks.question import Question, ReferenceBroken, tolerance
from grader.course import Case
from grader.language import _
from grader.model import Finding
from grader.wire.records import Ran


def judge(question: Question) -> Finding:
    """Passed when every forward pass gives the reference's values and leaves its input alone."""
    for number, case in enumerate(question.exercise.cases):
        for mode, index in (("train", 0), *(("eval", index) for index in range(len(case.inputs)))):
            wrong = _judge_run(question, case, mode, number, index)
            if wrong:
                return wrong
    ran = question.student.get("eval.0.0", Ran)
    equal = _("Equal to the reference in train and eval mode ({dtype}).")
    return words.passed(equal.format(dtype=ran.dtype if ran else ""))


def _judge_run(question: Question, case: Case, mode: str, number: int, index: int) -> Finding | None:
    probe = f"{mode}.{number}.{index}"
    expected = question.reference.arrays(probe).get("output")
    if expected is None:
        raise ReferenceBroken(probe)
    asked = words.forward_call(question.exercise, case, index, mode)
    ran = question.student.get(probe, Ran)
    got = question.student.arrays(probe).get("output")
    if ran is None or got is None or got.shape != expected.shape:
        return words.failed(_("The forward pass gave no output that can be compared."), asked=asked)
    if not comparable(got, expected):
        return words.failed(
            _("The dtype of the output differs, so its values are not compared."),
            expected=expected.dtype.name,
            got=got.dtype.name,
            asked=asked,
            hint=_(
                "Rounding, a comparison and argmax leave the floating-point numbers behind, and gradients with them."
            ),
        )
    if ran.input_changed:
        return words.failed(
            _("The tensor that was passed in has changed."),
            expected=_("the input as it was"),
            got=_("other values in the caller's own tensor"),
            asked=asked,
            hint=_(
                "An operation that overwrites its argument also changes what the caller, and a shortcut, still need."
            ),
        )
    found = difference(got, expected, tolerance(ran, question.device))
    return _differs(question, found, got, expected, asked, mode, probe) if found else None


def _differs(
    question: Question,
    found: Difference,
    got: np.ndarray,
    expected: np.ndarray,
    asked: str,
    mode: str,
    probe: str,
) -> Finding:
    if not found.finite:
        rationale = _("The output holds values that are not finite, in {mode} mode.").format(mode=words.mode(mode))
    else:
        rationale = _(
            "Given the same weights, the output differs in {mode} mode, first at [{where}], by up to {largest}."
        ).format(mode=words.mode(mode), where=", ".join(map(str, found.index)), largest=words.number(found.largest))
    with np.errstate(invalid="ignore", over="ignore"):  # infinities of both signs have no sum
        hint = _hint(got, expected)
    return words.failed(
        rationale,
        expected=words.values(expected, at=found.index),
        got=words.values(got, at=found.index),
        asked=asked,
        hint=hint or _mode_hint(question, mode, probe),
    )


def _mode_hint(question: Question, mode: str, probe: str) -> str:
    """When only one of the modes is off, the network is right and its modes are not."""
    if mode != "eval" or not probe.endswith(".0") or "parameters" not in question.passed:
        return ""
    train = probe.replace("eval", "train")
    ran = question.student.get(train, Ran)
    got, expected = question.student.arrays(train).get("output"), question.reference.arrays(train).get("output")
    if ran is None or got is None or expected is None or not comparable(got, expected):
        return ""
    if difference(got, expected, tolerance(ran, question.device)):
        return ""
    return _("In train mode the values are right: compare what each layer does after .eval().")


def _hint(got: np.ndarray, expected: np.ndarray) -> str:
    """What the numbers themselves say."""
    if expected.ndim == 2:
        ours, theirs = (np.allclose(array.sum(1), 1, atol=1e-6) for array in (expected, got))
        if ours and not theirs:
            return _("Probabilities were asked for: each row should add up to one.")
        if theirs and not ours:
            return _(
                "Scores (logits) were asked for, but each row adds up to one: something turned them into probabilities."
            )
    if expected.min() >= 0 > got.min():
        return _("Negative values come out, where the last step should leave none.")
    if got.min() >= 0 > expected.min():
        return _("No negative value comes out: is there an activation that should not be there?")
    return ""
