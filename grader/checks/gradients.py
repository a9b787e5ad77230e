"""``gradients``: every parameter and the input get a gradient: present, finite, and equal to the reference's.

Where the outputs differ, gradients cannot be compared; whether they are there and finite still can.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grader.checks import words
from grader.checks.compare import comparable, difference, unmatched
from grader.checks.layers import Key
from grader.checks.parameters import described
from grader.checks.question import Question, ReferenceBroken, tolerance
from grader.course import Case
from grader.evidence import Evidence
from grader.language import N_, _
from grader.model import Finding, Verdict
from grader.wire.records import Ran


def judge(question: Question) -> Finding:
    """Passed when the backward pass of every case agrees with the reference's."""
    for number, case in enumerate(question.exercise.cases):
        asked = f"{words.forward_call(question.exercise, case, 0, 'train')}.sum().backward()"
        wrong = _present(question, number, asked)
        if wrong:
            return wrong
    if "forward" not in question.passed:
        return Finding(
            Verdict.SKIPPED,
            _("Gradients are there; their values are compared once the outputs agree."),
        )
    for number, case in enumerate(question.exercise.cases):
        wrong = _equal(question, case, number)
        if wrong:
            return wrong
    ran = question.student.get("train.0.0", Ran)
    return words.passed(
        _("Equal to the reference for the input and all {count} parameters.").format(
            count=len(ran.gradient_of) if ran else 0
        )
    )


def _present(question: Question, number: int, asked: str) -> Finding | None:
    probe = f"train.{number}.0"
    ran = question.student.get(probe, Ran)
    if ran is None:
        return words.failed(_("The forward pass did not come to an end."), asked=asked)
    if ran.backward_problem is not None:
        return words.trouble(
            ran.backward_problem,
            _("The backward pass"),
            asked,
            _("a gradient for every parameter"),
            limits=question.limits,
        )
    gradients = question.student.arrays(probe).get("gradients")
    if gradients is None:
        return words.failed(_("There was nothing to differentiate."), asked=asked)
    if ran.missing:
        return words.failed(
            _("No gradient reaches {names}.").format(names=words.listed(ran.missing)),
            expected=_("a gradient for every parameter"),
            got=_("none for {count} of {all}").format(count=len(ran.missing), all=len(ran.gradient_of)),
            asked=asked,
            hint=_("Defining a layer and sending data through it are two different things."),
        )
    if not ran.has_input_gradient:
        return words.failed(
            _("No gradient reaches the input."), expected=_("a gradient for the input"), got=_("none"), asked=asked
        )
    bad = [path for path, row in zip(ran.gradient_of, gradients, strict=True) if not np.isfinite(row).all()]
    if bad:
        return words.failed(
            _("The gradient of {names} is not finite.").format(names=words.listed(bad)),
            expected=_("finite numbers"),
            got=_("NaN or infinity"),
            asked=asked,
        )
    return None


def _equal(question: Question, case: Case, number: int) -> Finding | None:
    probe = f"train.{number}.0"
    ran = question.student.get(probe, Ran)
    ours, theirs = question.reference.arrays(probe), question.student.arrays(probe)
    if "gradients" not in ours or "input_gradient" not in ours or ran is None:
        raise ReferenceBroken(probe)
    asked = f"{words.forward_call(question.exercise, case, 0, 'train')}.sum().backward()"
    relative = 10 * tolerance(ran, question.device)
    if not comparable(theirs["input_gradient"], ours["input_gradient"]):
        return words.failed(_("The gradient of the input has another shape."), asked=asked)
    found = difference(theirs["input_gradient"], ours["input_gradient"], relative)
    if found:
        return words.failed(
            _("The outputs agree, but the gradient of the input differs by up to {largest}.").format(
                largest=words.number(found.largest)
            ),
            expected=words.values(ours["input_gradient"], at=found.index),
            got=words.values(theirs["input_gradient"], at=found.index),
            asked=asked,
            hint=_(
                "Something on the way is cut off from differentiation (detach, .data, no_grad), or changed in place."
            ),
        )
    lonely = mismatched(question.student, question.reference, number, relative)
    if lonely:
        return words.failed(
            _("The outputs agree, but the gradient of {names} differs.").format(names=words.listed(lonely)),
            expected=_("the reference's gradients"),
            got=_("{parameters} with another one").format(parameters=words.plural(len(lonely), N_("parameter"))),
            asked=asked,
            hint=_("Is one layer used where its twin should be, or a part detached from the graph?"),
        )
    expected = question.reference.get(probe, Ran)
    if expected is not None and len(ran.gradient_of) < len(expected.gradient_of):
        return words.failed(
            _("The outputs agree, but there are fewer gradients than parameters to learn."),
            expected=words.plural(len(expected.gradient_of), N_("gradient")),
            got=words.plural(len(ran.gradient_of), N_("gradient")),
            asked=asked,
        )
    return None


def mismatched(student: Evidence, reference: Evidence, number: int, relative: float) -> list[str]:
    """Paths of the student's parameters whose gradient has no partner among the reference's of that role and shape."""
    probe = f"train.{number}.0"
    ours, theirs = reference.arrays(probe)["gradients"], student.arrays(probe)["gradients"]
    our_keys, their_keys = (_keys(evidence, number) for evidence in (reference, student))
    our_ran, their_ran = reference.get(probe, Ran), student.get(probe, Ran)
    if our_ran is None or their_ran is None:
        return []
    # A bias before BatchNorm has gradient zero up to rounding: compared with what gradients are elsewhere.
    floor = relative * 1e-2 * float(np.nanmax(ours[:, 0], initial=0.0))
    partners, lonely = _rows(our_ran, our_keys), []
    for key, rows in _rows(their_ran, their_keys).items():
        expected = ours[partners.get(key, [])]
        lonely += [their_ran.gradient_of[rows[i]] for i in unmatched(theirs[rows], expected, relative, floor)]
    return lonely


def _rows(ran: Ran, keys: Mapping[str, Key]) -> dict[Key | None, list[int]]:
    """Rows of the digests by role and shape of the parameter; None for one that no table speaks of."""
    grouped: dict[Key | None, list[int]] = {}
    for index, path in enumerate(ran.gradient_of):
        grouped.setdefault(keys.get(path), []).append(index)
    return grouped


def _keys(evidence: Evidence, number: int) -> dict[str, Key]:
    table = described(evidence, number)
    return {row.path: (row.role, row.shape) for row in table.tensors if row.parameter} if table else {}


def by_key(evidence: Evidence, number: int) -> dict[Key, dict[str, float]]:
    """Gradient norms by role and shape of the parameter, then by its path."""
    probe = f"train.{number}.0"
    ran, keys = evidence.get(probe, Ran), _keys(evidence, number)
    digests = evidence.arrays(probe).get("gradients")
    grouped: dict[Key, dict[str, float]] = {}
    for path, digest in zip(ran.gradient_of, digests, strict=True) if ran and digests is not None else ():
        if path in keys:
            grouped.setdefault(keys[path], {})[path] = float(digest[0])
    return grouped
