"""What an earlier attempt came to, and what has changed since: fixed, still open, new.

Only verdicts are kept of it, check by check: enough to compare, and nothing that could be read in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from grader.model import CheckResult, ExerciseResult, Grade, Verdict


@dataclass(frozen=True)
class Attempt:
    """The verdicts of one attempt by exercise and check, "residual_blocks.RestNet18 forward"; `content` is a hash of
    what was handed in, `time` when it was graded, as ISO 8601 in UTC; `number` counts from 1, and is 0 where nobody
    counted."""

    content: str
    time: str
    verdicts: dict[str, Verdict]
    number: int = 0


@dataclass(frozen=True)
class History:
    """What a page tells of attempts: the number of this one, 0 where it is not known, and the one before."""

    number: int = 0
    before: Attempt | None = None


@dataclass(frozen=True)
class Seen:
    """What is remembered of a submission: its last attempt, and the one before that held other files."""

    last: Attempt
    before: Attempt | None = None

    def then(self, attempt: Attempt) -> Seen:
        """What is remembered once another attempt was made. Who changes nothing makes no new one. What it was not asked
        about stays as it was, so one exercise can be checked again without losing the others."""
        last, same = self._counted(), attempt.content == self.last.content
        number = last.number if same else following(last.number)
        attempt = Attempt(attempt.content, attempt.time, last.verdicts | attempt.verdicts, number)
        return Seen(attempt, self.before if same else last)

    def history(self) -> History:
        """What a page of the last attempt tells."""
        return History(self.last.number, self.before)

    def _counted(self) -> Attempt:
        """The last attempt. What was remembered before attempts had numbers is the first, if it is the only one."""
        return replace(self.last, number=1) if not self.last.number and self.before is None else self.last


@dataclass(frozen=True)
class Change:
    """A check whose verdict is looked at, with its exercise; `before` is what it was, None where it was not there."""

    exercise: ExerciseResult
    check: CheckResult
    before: Verdict | None


@dataclass(frozen=True)
class Changes:
    """What became of the checks since the attempt of `time`: failed and passes now; failed and does not pass yet;
    fails and did not before; passes and was not run before. `number` is that attempt's, 0 where not known."""

    time: str
    number: int = 0
    fixed: tuple[Change, ...] = ()
    open: tuple[Change, ...] = ()
    new: tuple[Change, ...] = ()
    reached: tuple[Change, ...] = ()


def of(grade: Grade, content: str, time: str) -> Attempt:
    """What is kept of a grade."""
    return Attempt(content, time, {_key(exercise, check): check.verdict for exercise, check in _checks(grade)})


def following(number: int) -> int:
    """The number of the attempt after that one. After what nobody counted, nobody can."""
    return number + 1 if number else 0


def since(before: Attempt, grade: Grade) -> Changes:
    """What changed from that attempt to this grade, in the order of the grade. Errors of ours change nothing."""
    groups: dict[str, list[Change]] = {"fixed": [], "open": [], "new": [], "reached": []}
    for exercise, check in _checks(grade):
        was = before.verdicts.get(_key(exercise, check))
        if group := _group(was, check.verdict):
            groups[group].append(Change(exercise, check, was))
    return Changes(before.time, before.number, **{name: tuple(found) for name, found in groups.items()})


def _group(was: Verdict | None, now: Verdict) -> str:
    failed_before = was is Verdict.FAILED
    if now is Verdict.PASSED:
        return "fixed" if failed_before else "reached" if was is Verdict.SKIPPED else ""
    if failed_before:
        return "open" if now is not Verdict.ERROR else ""
    return "new" if now is Verdict.FAILED and was is not Verdict.ERROR else ""


def _checks(grade: Grade) -> Iterator[tuple[ExerciseResult, CheckResult]]:
    return ((exercise, check) for exercise in grade.exercises for check in exercise.checks)


def _key(exercise: ExerciseResult, check: CheckResult) -> str:
    return f"{exercise.id} {check.id}"
