"""``shapes``: outputs have the right shape for several batch sizes, image sizes and constructor arguments."""

from __future__ import annotations

from grader.checks import words
from grader.checks.question import Question, ReferenceBroken
from grader.course import Case
from grader.language import _
from grader.model import Finding
from grader.sandbox.limits import Death
from grader.wire.records import Problem, Ran


def judge(question: Question) -> Finding:
    """Passed when every forward pass gives one tensor of the reference's shape."""
    tried = 0
    for number, case in enumerate(question.exercise.cases):
        for index in range(len(case.inputs)):
            modes = ("train", "eval") if index == 0 else ("eval",)
            for mode in modes:
                wrong = _judge_run(question, case, f"{mode}.{number}.{index}", index, mode)
                if wrong:
                    return wrong
                tried += 1
    return words.passed(_("Right in all {count} forward passes, of different sizes.").format(count=tried))


def _judge_run(question: Question, case: Case, probe: str, index: int, mode: str) -> Finding | None:
    expected = question.reference.get(probe, Ran)
    if expected is None:
        raise ReferenceBroken(probe)
    asked = words.forward_call(question.exercise, case, index, mode)
    wanted = words.shape(expected.output.shape)
    got = question.student.get(probe, Ran)
    if got is None:
        if trouble := question.student.trouble(probe) or _earlier(question):
            return words.trouble(trouble[1], _("The forward pass"), asked, wanted, limits=question.limits)
        return words.failed(_("The forward pass was not reached, since an earlier call did not end."), asked=asked)
    if got.output.kind != "Tensor":
        return words.failed(
            _("forward does not return one tensor."),
            expected=_("a tensor"),
            got=got.output.kind,
            asked=asked,
            hint=_("A forward that ends without return gives None.") if got.output.kind == "NoneType" else "",
        )
    if got.output.shape != expected.output.shape:
        return words.failed(
            _("The output has another shape."),
            expected=wanted,
            got=words.shape(got.output.shape),
            asked=asked,
            hint=_hint(got, expected, case.inputs[index]),
        )
    return None


def _earlier(question: Question) -> tuple[str, Problem | Death] | None:
    """What kept a pass from being asked for: another one that ended badly, in whatever order they are asked."""
    found = (question.student.trouble(name) for name in ("trace", "eval", "train"))
    return next((trouble for trouble in found if trouble), None)


def _hint(got: Ran, expected: Ran, dims: tuple[int, ...]) -> str:
    ours, theirs = expected.output.shape, got.output.shape
    if len(ours) == len(theirs) + 1:
        return (
            _("Removing all axes of size one also removes a batch of one.")
            if dims[0] == 1
            else _("Each image should keep a row of its own.")
        )
    if len(ours) == len(theirs) == 2:
        if ours[0] != theirs[0]:
            return _("As many rows must come out as samples went in: which axis must survive?")
        return _("The last layer decides how many scores there are for each image.")
    if len(ours) == len(theirs) == 4 and ours[1] == theirs[1]:
        return _("Follow height and width through both paths: which layer should halve them, and in both directions?")
    return ""
