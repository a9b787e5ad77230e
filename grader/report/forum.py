"""A question for a forum, ready to be copied: what was checked, expected and got. No solution, no code, no seed."""

from __future__ import annotations

from collections.abc import Iterator

from grader.language import _
from grader.model import Grade
from grader.report import summary
from grader.report.summary import Step


def question(step: Step, grade: Grade) -> str:
    """Write the question that the first thing to do raises, as lines of text."""
    return "\n".join(_lines(step, grade))


def _lines(step: Step, grade: Grade) -> Iterator[str]:
    found = step.check.finding
    yield _("Exercise: {exercise}").format(exercise=step.exercise.id)
    yield _("Check: {check} ({id})").format(check=step.check.title, id=step.check.id)
    for text, value in (
        (_("Found: {text}"), found.rationale),
        (_("Checked: {text}"), found.asked),
        (_("Expected: {text}"), found.expected),
        (_("Got: {text}"), found.got),
    ):
        if value:
            yield text.format(text=f"\n{value}" if "\n" in value else value)
    if step.cause:
        yield _("Looks like: {title} ({id})").format(title=step.cause.title, id=step.cause.id)
    yield _("Graded with: {tools}").format(tools=summary.tools(grade))
