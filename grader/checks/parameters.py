"""``parameters``: every layer holds what it should learn, registered and trainable, for all constructor arguments."""

from __future__ import annotations

from grader.checks import layers, words
from grader.checks.question import Question, ReferenceBroken
from grader.course import Case
from grader.evidence import Evidence
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
                return words.trouble(trouble[1], "Listing the parameters", asked, limits=question.limits)
            return words.failed("The parameters could not be listed.", asked=asked)
        wrong = _compare(question, case, expected, got)
        if wrong:
            return wrong
    got = described(question.student, 0)
    return words.passed(layers.summary(got) + "." if got else "")


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
                f"`{row.path}` is stored the other way round.",
                expected=words.shape(row.shape),
                got=words.shape(row.stored),
                asked=asked,
                hint="Look up the orientation in which the functional form expects its weight matrix.",
            )
        if not frozen:
            return None
        hint = "requires_grad decides which tensors are allowed to change."
        return words.failed(
            f"{words.listed(frozen)} cannot learn.", expected="all trainable", got="frozen", asked=asked, hint=hint
        )
    fewer = layers.total(expected) - layers.total(got)
    amount = (
        f"{words.count(abs(fewer))} {'fewer' if fewer > 0 else 'more'}"
        if fewer
        else "The same number, placed otherwise"
    )
    rationale = f"{amount}: {_reasons(expected, got)}."
    return words.failed(
        rationale, expected=layers.summary(expected), got=layers.summary(got), asked=asked, hint=_hint(got)
    )


def _reasons(expected: Described, got: Described) -> str:
    if got.hidden and not layers.total(got):
        row = got.hidden[0]
        if row.container == "Tensor":
            return f"`{row.path}` is a tensor, but no parameter of the module"
        return f"`{row.path}` is a plain {row.container}, whose contents the module does not know"
    if got.uninitialised:
        return f"{words.listed(got.uninitialised)} never got a shape"
    said = layers.differences(layers.layers(expected), layers.layers(got))
    more = (
        f", and {words.plural(len(said) - NAMED_DIFFERENCES, 'difference')} more"
        if len(said) > NAMED_DIFFERENCES
        else ""
    )
    return "; ".join(said[:NAMED_DIFFERENCES]) + more


def _hint(got: Described) -> str:
    if got.hidden:
        row = got.hidden[0]
        if row.container == "Tensor":
            return f"`{row.path}` asks for gradients, but that does not register it with the module."
        return f"`{row.path}` is a plain {row.container}. Which containers tell the module what is inside them?"
    shared = [row for row in got.tensors if row.aliases]
    if shared:
        return f"`{shared[0].path}` and `{shared[0].aliases[0]}` are one object: how many sets of weights is that?"
    return ""
