"""Pure verdict functions: evidence of the student and of the reference in, a finding out. One module per check.

`CHECKS` is the list of them, in the order of judging; `run` judges one exercise.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from grader.checks import (
    constructs,
    defined,
    device,
    forward,
    gradients,
    method,
    modes,
    parameters,
    scenes,
    shapes,
    training,
)
from grader.checks.question import Question, ReferenceBroken
from grader.evidence import NotYet
from grader.language import N_, _
from grader.model import Finding, Verdict


@dataclass(frozen=True)
class Check:
    """One question put to a submission: its id, its title for the student, and the checks that must pass before."""

    id: str
    title: str
    judge: Callable[[Question], Finding]
    needs: tuple[str, ...] = ()

    def titled(self, name: str) -> str:
        """Its title for the exercise of that name, in the language of this run."""
        return _(self.title).format(name=name)


CHECKS = (
    Check("defined", N_("{name} is there"), defined.judge),
    Check("constructs", N_("It can be built"), constructs.judge, ("defined",)),
    Check("method", N_("It is built the way the exercise asks"), method.judge, ("constructs",)),
    Check("parameters", N_("Its layers hold the right parameters"), parameters.judge, ("constructs",)),
    Check("shapes", N_("Outputs have the right shape"), shapes.judge, ("defined", "constructs")),
    Check("forward", N_("Outputs have the right values"), forward.judge, ("shapes",)),
    Check("modes", N_("train() and eval() work as they should"), modes.judge, ("shapes",)),
    Check("gradients", N_("Gradients reach every parameter and the input"), gradients.judge, ("shapes",)),
    Check("device", N_("It works on any device and in any dtype"), device.judge, ("shapes",)),
    Check("training", N_("It learns in a short training run"), training.judge, ("shapes",)),
    Check(
        "behaviour", N_("It does what it should"), lambda question: scenes.judge(question, "behaviour"), ("defined",)
    ),
)
BY_ID = {check.id: check for check in CHECKS}


def run(question: Question) -> dict[str, Finding]:
    """Judge an exercise: a finding for every check that its rubric gives points to, by check id."""
    return dict(_each(question))


def so_far(question: Question) -> dict[str, Finding]:
    """The findings that the answers allow which have come: those of the first checks, up to one that must wait.

    None after that one: a check may depend on any before it.
    """
    findings: dict[str, Finding] = {}
    with contextlib.suppress(NotYet):
        for id, found in _each(question):
            findings[id] = found
    return findings


def _each(question: Question) -> Iterator[tuple[str, Finding]]:
    findings: dict[str, Finding] = {}
    for check in CHECKS:
        if check.id in question.exercise.points:
            passed = frozenset(id for id, found in findings.items() if found.verdict is Verdict.PASSED)
            findings[check.id] = _judge(check, replace(question, passed=passed), findings)
            yield check.id, findings[check.id]


def _judge(check: Check, question: Question, findings: dict[str, Finding]) -> Finding:
    # What a scene shows depends on nothing but that the name is there.
    needs = ("defined", "constructs") if scenes.covers(question.exercise.scene, check.id) else check.needs
    for need in needs:
        if need in findings and findings[need].verdict is not Verdict.PASSED:
            title = BY_ID[need].titled(question.exercise.name)
            return Finding(Verdict.SKIPPED, _("Not looked at yet: it needs “{title}” first.").format(title=title))
    try:
        if scenes.covers(question.exercise.scene, check.id):
            return scenes.judge(question, check.id)
        return check.judge(question)
    except ReferenceBroken as error:
        unanswered = _("The reference solution did not answer {probe}. This is not the student's doing.")
        return Finding(Verdict.ERROR, unanswered.format(probe=error))
    except NotYet:
        raise
    except Exception:  # a check of ours broke on this evidence: say so, and go on with the others
        broke = _("The check itself broke. This is not the student's doing.")
        return Finding(Verdict.ERROR, broke, got=traceback.format_exc())
