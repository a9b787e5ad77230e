"""One submission of a class, with what the checks gave and what a person decided in place of it.

A decision counts here, and nowhere else: the score of the class's page and table, of the student's page and of the JSON
is that of `Entry.decided`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from grader.model import AssignmentResult, ExerciseResult, Grade, Override


@dataclass(frozen=True)
class Entry:
    """One submission in a class: its grade, as the checks have it, or the trouble that kept it from one."""

    name: str
    grade: Grade | None
    trouble: str = ""
    overrides: tuple[Override, ...] = ()
    quarantined: bool = False

    @cached_property
    def decided(self) -> Grade | None:
        """The grade that counts: each exercise has the points that a person gave it, else those of the checks."""
        return self.grade if self.grade is None or not self.overrides else _overridden(self.grade, self.overrides)

    @property
    def changed(self) -> tuple[tuple[ExerciseResult, Override], ...]:
        """The exercises that a person decided, as the checks have them, each with the last override; of exercises that
        the grade has not, nothing."""
        if self.grade is None or self.decided is None:
            return ()
        pairs = zip(self.grade.exercises, self.decided.exercises, strict=True)
        return tuple((said, counts.override) for said, counts in pairs if counts.override is not None)

    @property
    def score(self) -> float | None:
        """The points that count for the whole submission; None without a grade."""
        return None if self.decided is None else self.decided.score


def _overridden(grade: Grade, overrides: Sequence[Override]) -> Grade:
    last = {override.exercise: override for override in overrides}

    def exercise(result: ExerciseResult) -> ExerciseResult:
        override = last.get(result.id)
        return result if override is None else replace(result, score=override.points, override=override)

    def assignment(result: AssignmentResult) -> AssignmentResult:
        exercises = tuple(map(exercise, result.exercises))
        return replace(result, exercises=exercises, score=_sum(each.score for each in exercises))

    assignments = tuple(map(assignment, grade.assignments))
    return replace(grade, assignments=assignments, score=_sum(each.score for each in assignments))


def _sum(points: Iterable[float]) -> float:
    return round(sum(points), 6)  # points may be tenths; binary fractions must not show in a mark
