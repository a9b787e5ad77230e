"""Verdicts become points here, and nowhere else. What a person decides in place of that is in `entry`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.checks import BY_ID
from grader.course import Assignment, Exercise
from grader.model import (
    AssignmentResult,
    CheckResult,
    ExerciseResult,
    Exhibits,
    Finding,
    Grade,
    Misconception,
    Protection,
    Status,
    Tools,
    Verdict,
)


def exercise_result(
    exercise: Exercise,
    status: Status,
    findings: Mapping[str, Finding],
    note: str = "",
    exhibits: Exhibits | None = None,
    misconceptions: Sequence[Misconception] = (),
) -> ExerciseResult:
    """Points for one exercise. A check earns what it is worth when it passed, and nothing otherwise."""
    attempted = status in (Status.GRADED, Status.ERROR)
    checks = tuple(
        CheckResult(
            id=check,
            title=BY_ID[check].titled(exercise.name),
            finding=findings[check],
            score=points if attempted and findings[check].verdict is Verdict.PASSED else 0.0,
            max_score=points,
        )
        for check, points in exercise.points.items()
    )
    return ExerciseResult(
        id=exercise.id,
        title=exercise.title,
        status=status,
        score=_sum(check.score for check in checks),
        max_score=exercise.max_score,
        checks=checks,
        misconceptions=tuple(misconceptions),
        note=note,
        exhibits=exhibits or Exhibits(),
    )


def assignment_result(assignment: Assignment, exercises: Sequence[ExerciseResult]) -> AssignmentResult:
    """Points for one assignment: the sum of the exercises that were looked at."""
    return AssignmentResult(
        id=assignment.id,
        title=assignment.title,
        score=_sum(exercise.score for exercise in exercises),
        max_score=_sum(exercise.max_score for exercise in exercises),
        exercises=tuple(exercises),
    )


def grade(
    submission: str,
    device: str,
    sandbox: Protection,
    assignments: Sequence[AssignmentResult],
    notes: Sequence[str],
    seconds: float,
    fingerprint: str = "",
    tools: Tools | None = None,
) -> Grade:
    """The one result of a submission."""
    return Grade(
        submission=submission,
        device=device,
        sandbox=sandbox,
        score=_sum(assignment.score for assignment in assignments),
        max_score=_sum(assignment.max_score for assignment in assignments),
        assignments=tuple(assignments),
        notes=tuple(notes),
        seconds=seconds,
        fingerprint=fingerprint,
        tools=tools or Tools(),
    )


def all_skipped(exercise: Exercise, reason: str) -> dict[str, Finding]:
    """Findings for an exercise that there is nothing to judge in."""
    return {check: Finding(Verdict.SKIPPED, reason) for check in exercise.points}


def _sum(points: object) -> float:
    # Points may be halves or tenths; binary fractions must not show in a mark.
    return round(sum(points), 6)  # type: ignore[call-overload, no-any-return]
