"""``parameters``: every layer holds what it should learn, registered and trainable, for all constructor arguments."""

from __future__ import annotations

from grader.checks import layers, words
from grader.checks.phrases import filled
from grader.checks.question import Question, ReferenceBroken
from grader.course import Case
from grader.evidence import Evidence
from grader.language import N_, _, pgettext
from grader.model import Finding
from grader.wire.records import Described

NAMED_DIFFERENCES = 3


def judge(question: Question) -> Finding:
    """Passed when roles and shapes of all parameters equal the reference's, in every case."""
    for number, case in enumerate(question.exercise.cases):
        expected = described(question.reference, number)
        if expected is None:
            raise ReferenceBroken(f"tables.{number}")
        got = described(question.student, number)
        if got is None:
            trouble = question.student.trouble(f"tables.{number}")
            asked = words.call(question.exercise, case)
            if trouble:
                return words.trouble(trouble[1], _("Listing the parameters"), asked, limits=question.limits)
            return words.failed(_("The parameters could not be listed."), asked=asked)
        wrong = _compare(question, case, expected, got)
        if wrong:
            return wrong
    got = described(question.student, 0)
    return words.passed(_("{summary}.").format(summary=layers.summary(got)) if got else "")


def described(evidence: Evidence, number: int) -> Described | None:
    """The best description of a case that the evidence holds: after a forward pass, else before any."""
    return evidence.get(f"trace.{number}", Described) or evidence.get(f"tables.{number}", Described)


def _compare(question: Question, case: Case, expected: Described, got: Described) -> Finding | None:
    asked = words.call(question.exercise, case)
    frozen = [row.path for row in got.tensors if row.parameter and not row.trainable]
    if layers.keys(expected) == layers.keys(got):
        turned = [row for row in got.tensors if row.parameter and row.stored != row.shape]
        if question.exercise.exact_shapes and turned:
            row = turned[0]
            return words.failed(
                _("`{path}` is stored the other way round.").format(path=row.path),
                expected=words.shape(row.shape),
                got=words.shape(row.stored),
                asked=asked,
                hint=_("Look up the orientation in which the functional form expects its weight matrix."),
            )
        if not frozen:
            return None
        return words.failed(
            filled(_("{names} cannot learn."), names=words.listed(frozen)),
            expected=_("all trainable"),
            got=_("frozen"),
            asked=asked,
            hint=_("requires_grad decides which tensors are allowed to change."),
        )
    fewer = layers.total(expected) - layers.total(got)
    if fewer > 0:
        wrong = _("{count} fewer: {reasons}.")
    else:
        wrong = _("{count} more: {reasons}.") if fewer else _("The same number, placed otherwise: {reasons}.")
    return words.failed(
        filled(wrong, count=words.count(abs(fewer)), reasons=_reasons(expected, got)),
        expected=layers.summary(expected),
        got=layers.summary(got),
        asked=asked,
        hint=_hint(got),
    )


def _reasons(expected: Described, got: Described) -> str:
    if got.hidden and not layers.total(got):
        row = got.hidden[0]
        if row.container == "Tensor":
            return _("`{path}` is a tensor, but no parameter of the module").format(path=row.path)
        unknown = _("`{path}` is a plain {container}, whose contents the module does not know")
        return unknown.format(path=row.path, container=row.container)
    if got.uninitialised:
        return filled(_("{names} never got a shape"), names=words.listed(got.uninitialised))
    said = layers.differences(layers.layers(expected), layers.layers(got))
    reasons = pgettext("between reasons", "; ").join(said[:NAMED_DIFFERENCES])
    if len(said) <= NAMED_DIFFERENCES:
        return reasons
    more = words.plural(len(said) - NAMED_DIFFERENCES, N_("difference"))
    return _("{reasons}, and {differences} more").format(reasons=reasons, differences=more)


def _hint(got: Described) -> str:
    if got.hidden:
        row = got.hidden[0]
        if row.container == "Tensor":
            hint = _("`{path}` asks for gradients, but that does not register it with the module.")
        else:
            hint = _("`{path}` is a plain {container}. Which containers tell the module what is inside them?")
        return hint.format(path=row.path, container=row.container)
    shared = next((row for row in got.tensors if row.aliases), None)
    if shared:
        same = _("`{one}` and `{other}` are one object: how many sets of weights is that?")
        return same.format(one=shared.path, other=shared.aliases[0])
    return ""
