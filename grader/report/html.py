"""A grade as one self-contained HTML page: no network, no scripts, a content policy that would stop both."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment

from grader.model import AssignmentResult, ExerciseResult, Grade, Status, Verdict
from grader.report import exhibits, frame, summary
from grader.report.exhibits import Listing, Table
from grader.report.plain import Room, readable

_ROOM = Room(characters=2_000, lines=120)


@dataclass(frozen=True)
class Section:
    """One exercise as the page shows it."""

    exercise: ExerciseResult
    anchor: str
    sentence: str
    state: Verdict
    checks: summary.Arranged
    layers: Table | None
    gradients: Table | None
    training: Table | None
    code: tuple[Listing, ...]
    output: str
    picture: str  # base64

    @property
    def has_exhibits(self) -> bool:
        """Whether there is anything to look at beside the reference."""
        return any(
            (
                self.exercise.exhibits.demonstration.trace,
                self.layers,
                self.gradients,
                self.training,
                self.output,
                self.picture,
            )
        )


@dataclass(frozen=True)
class Chapter:
    """One assignment as the page shows it."""

    assignment: AssignmentResult
    sections: tuple[Section, ...]


def render(grade: Grade) -> str:
    """Render the page of one submission."""
    shown = readable(grade, _ROOM)
    steps = summary.next_steps(shown)
    return (
        _environment()
        .get_template("submission.html")
        .render(
            **frame.dressed(("style.css",)),
            grade=shown,
            headline=summary.headline(shown),
            steps=steps,
            more=summary.more_to_fix(shown, len(steps)),
            still_to_do=summary.still_to_do(shown),
            works=summary.works(shown),
            waiting=summary.waiting_for_person(shown),
            unsandboxed=summary.UNSANDBOXED,
            again=summary.again_command(shown),
            chapters=[_chapter(assignment) for assignment in shown.assignments],
        )
    )


def _chapter(assignment: AssignmentResult) -> Chapter:
    return Chapter(assignment, tuple(_section(exercise) for exercise in assignment.exercises))


def _section(exercise: ExerciseResult) -> Section:
    anchor, shown = summary.anchor(exercise), exercise.exhibits
    return Section(
        exercise=exercise,
        anchor=anchor,
        sentence=summary.exercise_sentence(exercise),
        state=_state(exercise),
        checks=summary.arranged(exercise),
        layers=exhibits.parameter_table(shown.layers),
        gradients=exhibits.gradient_table(shown.gradients, anchor),
        training=exhibits.training_table(shown.training, anchor),
        code=exhibits.listings(exercise),
        output=shown.output,
        picture=base64.b64encode(shown.picture).decode("ascii"),
    )


def _state(exercise: ExerciseResult) -> Verdict:
    """Name an exercise's look: the student's open work before our faults, both before what was not graded."""
    checks = summary.arranged(exercise)
    if checks.failed:
        return Verdict.FAILED
    if exercise.status is Status.ERROR or checks.errors:
        return Verdict.ERROR
    whole = exercise.status is Status.GRADED and checks.passed and not checks.skipped
    return Verdict.PASSED if whole else Verdict.SKIPPED


@cache
def _environment() -> Environment:
    environment = frame.environment()
    environment.globals |= {
        "anchor": summary.anchor,
        "score_text": summary.score_text,
        "skip_reason": summary.skip_reason,
        "line_anchor": exhibits.line_anchor,
        "ours": summary.OURS,
    }
    return environment
