"""Asking both subjects for the operations of the pass in which their outputs first differ, and comparing them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from grader import plan
from grader.checks.compare import comparable, difference
from grader.checks.question import Question, tolerance
from grader.diagnosis import tracediff
from grader.diagnosis.subject import Subject
from grader.diagnosis.tracediff import TraceDiff
from grader.evidence import Answered
from grader.plan import Probe, Settings
from grader.wire.records import Ran

_ASKED = ("subject", "mode", "device", "seed")  # the parameters of a pass that its operations depend on


def find(question: Question, student: Subject, reference: Subject, settings: Settings) -> TraceDiff | None:
    """Where the first pass that went wrong parts from the reference's; None where none did, or nothing can be said.

    `settings` are those of the grading: the same inputs and the same canonical weights are used again.
    """
    probes = {probe.id: probe for probe in plan.examination(question.exercise, settings)}
    wrong = next((probe for probe in probes.values() if probe.op == "run" and _differs(question, probe)), None)
    if wrong is None:
        return None
    with ThreadPoolExecutor(1) as other:  # two workers, both at once
        asked = other.submit(_pass, reference, wrong, probes)
        mine, theirs = _pass(student, wrong, probes), asked.result()
    if mine is None or theirs is None:
        return None
    return tracediff.compare(mine.record, mine.arrays["values"], theirs.record, theirs.arrays["values"])


def _differs(question: Question, probe: Probe) -> bool:
    """Whether a pass of the student's ended otherwise than the reference's."""
    expected = question.reference.arrays(probe.id).get("output")
    if expected is None or not expected.size:
        return False
    ran, got = question.student.get(probe.id, Ran), question.student.arrays(probe.id).get("output")
    if ran is None:
        return probe.id in question.student.outcomes
    if got is None or not comparable(got, expected):
        return True
    return difference(got, expected, tolerance(ran, question.device)) is not None


def _pass(subject: Subject, wrong: Probe, probes: Mapping[str, Probe]) -> Answered | None:
    """The operations of that pass, in a subject built for it."""
    for need in wrong.needs:
        if not isinstance(subject.ask(probes[need].op, {**probes[need].params, "origins": True}), Answered):
            return None
    found = subject.ask("operations", {name: wrong.params[name] for name in _ASKED}, wrong.arrays)
    return found if isinstance(found, Answered) else None
