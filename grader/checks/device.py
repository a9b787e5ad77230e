"""``device``: the model computes where its input lives and in its dtype: nothing is pinned to a device or a dtype."""

from __future__ import annotations

from grader.checks import words
from grader.checks.question import Question, ReferenceBroken
from grader.language import _
from grader.model import Finding
from grader.wire.records import Dried, Ran


def judge(question: Question) -> Finding:
    """Passed when the model runs on the meta device (which shows hard-coded devices without a GPU) and in float64."""
    case = question.exercise.cases[0]
    return (
        _meta(question, words.call(question.exercise, case))
        or _double(question)
        or words.passed(_("Runs on another device and in float64."))
    )


def _meta(question: Question, call: str) -> Finding | None:
    expected = question.reference.get("dry", Dried)
    if expected is None:
        raise ReferenceBroken("dry")
    asked = f"{call}.to('meta')(x.to('meta'))"
    trouble = question.student.trouble("dry")
    if trouble:
        return words.trouble(trouble[1], _("Running on another device"), asked, limits=question.limits)
    dried = question.student.get("dry", Dried)
    if dried is None:
        return words.failed(_("The run on another device was not reached."), asked=asked)
    if dried.problem is not None:
        found = words.trouble(
            dried.problem,
            _("Running on another device"),
            asked,
            _("a result on the device of the input"),
            limits=question.limits,
        )
        hint = _("Is a tensor made inside forward, or kept as a plain attribute? It should live where the input lives.")
        return words.failed(
            found.rationale, expected=found.expected, got=found.got, asked=asked, hint=hint, where=found.where
        )
    if dried.output.device != ("cpu" if dried.reads_values else "meta") or dried.output.shape != expected.output.shape:
        return words.failed(
            _("The result is not on the device of the input."),
            expected=_("the device of the input"),
            got=dried.output.device or _("nothing"),
            asked=asked,
        )
    return None


def _double(question: Question) -> Finding | None:
    for number, case in enumerate(question.exercise.cases):
        ran = question.student.get(f"eval.{number}.0", Ran)
        asked = f"{words.call(question.exercise, case)}.double()(x.double())"
        if ran is None:
            return words.failed(_("The forward pass did not come to an end."), asked=asked)
        if ran.double_problem is not None:
            found = words.trouble(
                ran.double_problem,
                _("Running in float64"),
                asked,
                _("a result in the dtype of the input"),
                limits=question.limits,
            )
            hint = _("Is a dtype written into the code? Weights and new tensors should follow the input.")
            return words.failed(
                found.rationale, expected=found.expected, got=found.got, asked=asked, hint=hint, where=found.where
            )
        if ran.output.dtype != ran.dtype:
            return words.failed(
                _("The result has another dtype than the input."),
                expected=ran.dtype,
                got=ran.output.dtype,
                asked=asked,
            )
    return None
