"""Showing a difference where outputs differ: the operation at which two passes part, and the smallest call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from grader.asking import loading
from grader.checks.question import Question
from grader.course import Assignment
from grader.diagnosis import counterexample, parting
from grader.diagnosis.subject import Subject
from grader.diagnosis.tracediff import Step, TraceDiff
from grader.evidence import Evidence
from grader.language import _
from grader.model import Demonstration, Finding, SmallestCall, TraceRow, Verdict
from grader.plan import Settings
from grader.sandbox.host import Sandbox
from grader.sandbox.limits import WAITING
from grader.submission import Module, Submission

CPU_SECONDS = 5.0  # of one question; nobody waits longer for an illustration
ABOUT_OUTPUTS = ("shapes", "forward")


def wanted(student: Evidence, findings: Mapping[str, Finding]) -> bool:
    """Whether outputs differ, so that there is something to show; nothing of what ended its worker."""
    differ = any(id in findings and findings[id].verdict is Verdict.FAILED for id in ABOUT_OUTPUTS)
    return differ and not student.died


def demonstrated(
    question: Question,
    assignment: Assignment,
    source: bytes,
    handed_in: Submission,
    module: Module,
    sandbox: Sandbox,
    settings: Settings,
) -> Demonstration:
    """Ask the student's exercise and the solution with this `source` side by side, each in a worker of its own.

    It may be kept and read in another language later: what is said in it, `explained` adds.
    """
    usual = settings.limits_of(question.exercise)
    limits = replace(
        usual,
        cpu_seconds=min(usual.cpu_seconds, CPU_SECONDS),
        wall_seconds=min(usual.wall_seconds, WAITING * CPU_SECONDS),
    )
    own = Module(assignment.module, f"{assignment.module}.py")
    with (
        Subject(sandbox, loading(handed_in.files, module, limits)) as student,
        Subject(sandbox, loading({own.path: source}, own, limits)) as reference,
    ):
        parted = parting.find(question, student, reference, settings)
        if parted is None:  # outputs agree after all; only something beside them does not
            return Demonstration()
        name = None if module.cells else module.stem.replace("/", ".")
        found = counterexample.find(question, student, reference, name)
    call = SmallestCall(f"{found.imports}\n\n{found.code}", found.yours, found.expected) if found else None
    return Demonstration(tuple(_rows(parted, handed_in, module)), call, parted.before, parted.after)


def explained(shown: Demonstration) -> Demonstration:
    """A demonstration whose code says in a comment what its last line prints, and what would be right."""
    call = shown.call
    if call is None:
        return shown
    comment = _("yours: {got}   expected: {expected}").format(got=call.got, expected=call.expected)
    return replace(shown, call=replace(call, code=f"{call.code}   # {comment}"))


def _rows(parted: TraceDiff, handed_in: Submission, module: Module) -> Iterator[TraceRow]:
    for row in parted.rows:
        got, expected = row.got, _told(row.expected)
        where = handed_in.place(got.file, got.line, module.stem) if got else None
        yield TraceRow(expected, _told(got), got.module if got else "", row.equal, row.first, where)


def _told(step: Step | None) -> str:
    return f"{step.name} → {tuple(step.shape)}" if step else ""
