"""What a reader should see first: selection, order and one-sentence summaries, shared by all reporters.

Nothing here changes a verdict or a point; it only picks among them and finds the words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from grader.model import CheckResult, ExerciseResult, Grade, Place, Status, Verdict
from grader.report.plain import counted, format_points

UNSANDBOXED = (
    "UNSANDBOXED: this submission was not walled in while it ran. It may have read or changed what it should not; "
    "do not rely on this result."
)
OURS = "The grader failed here. A person must look; this is not your fault."

_STATUS_SENTENCES = {
    Status.GRADED: "",
    Status.NOT_SUBMITTED: "Not submitted: the file is not there.",
    Status.NOT_ATTEMPTED: "Not attempted yet.",
    Status.ERROR: OURS,
}


@dataclass(frozen=True)
class Step:
    """One thing to do next: the first failed check of an exercise, and what hangs on it."""

    exercise: ExerciseResult
    check: CheckResult
    waiting: tuple[CheckResult, ...]  # skipped checks after it
    also_failed: int

    @property
    def where(self) -> Place | None:
        """The line to look at: the check's own, else that of the likeliest misconception."""
        likely = (found.where for found in self.exercise.misconceptions if found.where)
        return self.check.finding.where or next(likely, None)

    @property
    def points(self) -> float:
        """Points that may be won: the check's own and those of the checks that wait for it."""
        return _open_points((self.check, *self.waiting))

    @property
    def stake(self) -> str:
        """What fixing it would unlock, in words."""
        sentences = [f"Worth {_points(_open_points((self.check,)))}."]
        if self.waiting:
            verb = "waits" if len(self.waiting) == 1 else "wait"
            more = _points(_open_points(self.waiting))
            sentences.append(f"{counted(len(self.waiting), 'check')} {verb} for it, worth {more} more.")
        if self.also_failed:
            verb = "fails" if self.also_failed == 1 else "fail"
            sentences.append(f"{counted(self.also_failed, 'other check')} in this exercise {verb} too.")
        return " ".join(sentences)


@dataclass(frozen=True)
class Arranged:
    """The checks of one exercise by verdict, each group in the order of grading."""

    failed: tuple[CheckResult, ...]
    errors: tuple[CheckResult, ...]
    skipped: tuple[CheckResult, ...]
    passed: tuple[CheckResult, ...]


def headline(grade: Grade) -> str:
    """Say in one sentence where the submission stands."""
    exercises = grade.exercises
    things, ours = len(things_to_fix(grade)), faults_of_ours(grade)
    absent = sum(exercise.status is Status.NOT_SUBMITTED for exercise in exercises)
    untouched = sum(exercise.status is Status.NOT_ATTEMPTED for exercise in exercises)
    parts = [
        _tally(grade.verdicts()),
        f"{counted(things, 'thing')} to fix" if things else "",
        f"{counted(untouched, 'exercise')} not attempted" if untouched else "",
        f"{counted(absent, 'exercise')} not submitted" if absent else "",
        f"the grader itself failed in {counted(ours, 'place')}" if ours else "",
    ]
    return "; ".join(part for part in parts if part)


def next_steps(grade: Grade, limit: int = 3) -> tuple[Step, ...]:
    """Pick what to do next: what blocks other checks first, then by the points at stake."""
    return things_to_fix(grade)[:limit]


def things_to_fix(grade: Grade) -> tuple[Step, ...]:
    """List one step for each exercise with a failed check, the most useful first."""
    steps = [step for exercise in grade.exercises if (step := _first_step(exercise))]
    return tuple(sorted(steps, key=lambda step: (not step.waiting, -step.points)))


def more_to_fix(grade: Grade, shown: int) -> str:
    """Say how many things to fix are not among the first `shown`."""
    more = len(things_to_fix(grade)) - shown
    return f"{counted(more, 'more thing')} to fix below, in the exercises." if more > 0 else ""


def still_to_do(grade: Grade) -> tuple[str, ...]:
    """Name the exercises that nobody has worked on yet, one sentence for each reason."""
    names = {status: [e.name for e in grade.exercises if e.status is status] for status in Status}
    sentences = {Status.NOT_ATTEMPTED: "Not attempted yet", Status.NOT_SUBMITTED: "Not submitted"}
    return tuple(f"{words}: {_listed(names[status], 6)}." for status, words in sentences.items() if names[status])


def works(grade: Grade, limit: int = 3) -> tuple[str, ...]:
    """State up to `limit` facts about what already works: whole exercises first, then the weightiest checks."""
    whole = [exercise for exercise in grade.exercises if _is_whole(exercise)]
    facts = [_whole_fact(whole)] if whole else []
    best = [(exercise, _weightiest(exercise)) for exercise in grade.exercises if not _is_whole(exercise)]
    found = [(exercise, check) for exercise, check in best if check]
    found.sort(key=lambda pair: -pair[1].max_score)
    facts += [f"{exercise.name}: {check.title.rstrip('.')}." for exercise, check in found]
    return tuple(facts[:limit])


def arranged(exercise: ExerciseResult) -> Arranged:
    """Group the checks of an exercise by verdict. Where nothing was handed in, its status says all: no groups."""
    if exercise.status in (Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED):
        return Arranged((), (), (), ())

    def having(verdict: Verdict) -> tuple[CheckResult, ...]:
        return tuple(check for check in exercise.checks if check.verdict is verdict)

    return Arranged(having(Verdict.FAILED), having(Verdict.ERROR), having(Verdict.SKIPPED), having(Verdict.PASSED))


def exercise_sentence(exercise: ExerciseResult) -> str:
    """Say what became of an exercise: its tally if it was graded, else why it was not."""
    sentence = _STATUS_SENTENCES[exercise.status] or f"{_tally([check.verdict for check in exercise.checks])}."
    return " ".join(part for part in (sentence, exercise.note, decision(exercise)) if part)


def decision(exercise: ExerciseResult) -> str:
    """Say what a person decided about an exercise, and what the checks alone would give; nothing where nobody did."""
    made = exercise.override
    if made is None:
        return ""
    checked = format_points(sum(check.score for check in exercise.checks))
    by, given = f"{made.author}, {made.time[:10]}", score_text(made.points, exercise.max_score)
    return f"Decided by a person ({by}): {given}, where the checks give {checked}. {made.comment}".strip()


def skip_reason(exercise: ExerciseResult, check: CheckResult) -> str:
    """Say why a check was not run: its own words, else the first failed check that it waits for."""
    if check.finding.rationale:
        return check.finding.rationale
    step = _first_step(exercise)
    return f"Waits for: {step.check.title}" if step else "A check that it needs did not pass."


def faults_of_ours(grade: Grade) -> int:
    """Count the checks and exercises on which the grader itself failed."""
    return grade.verdicts().count(Verdict.ERROR) + sum(_broke_whole(exercise) for exercise in grade.exercises)


def waiting_for_person(grade: Grade) -> str:
    """Say how many points the grader's own faults hold back."""
    held = sum(_held_points(exercise) for exercise in grade.exercises)
    if not faults_of_ours(grade):
        return ""
    return f"{_points(held)} not decided yet: the grader failed there, and a person must look."


def again_command(grade: Grade) -> str:
    """Give the command that checks the next step once more, or everything where nothing is to fix."""
    command = f"grade {shlex.quote(grade.submission)}"
    steps = next_steps(grade, 1)
    return f"{command} --exercise {shlex.quote(steps[0].exercise.id)}" if steps else command


def score_text(score: float, max_score: float) -> str:
    """Write a score beside what it could be: `7.5 / 10`."""
    return f"{format_points(score)} / {format_points(max_score)}"


def anchor(exercise: ExerciseResult, check: CheckResult | None = None) -> str:
    """Name the place of an exercise, or of one of its checks, in a page."""
    parts = [exercise.id] if check is None else [exercise.id, check.id]
    return "--".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part) for part in parts)


def _tally(verdicts: list[Verdict]) -> str:
    total, passed = len(verdicts), verdicts.count(Verdict.PASSED)
    if total == 0:
        return "No check was run"
    if passed == total:
        return "The one check passes" if total == 1 else f"All {total} checks pass"
    return f"{passed} of {counted(total, 'check')} {'passes' if total == 1 else 'pass'}"


def _first_step(exercise: ExerciseResult) -> Step | None:
    failed = [index for index, check in enumerate(exercise.checks) if check.verdict is Verdict.FAILED]
    if not failed:
        return None
    after = exercise.checks[failed[0] + 1 :]
    waiting = tuple(check for check in after if check.verdict is Verdict.SKIPPED)
    return Step(exercise, exercise.checks[failed[0]], waiting, also_failed=len(failed) - 1)


def _open_points(checks: Iterable[CheckResult]) -> float:
    return sum(check.max_score - check.score for check in checks)


def _points(points: float) -> str:
    text = format_points(points)
    return f"{text} point" if text == "1" else f"{text} points"


def _is_whole(exercise: ExerciseResult) -> bool:
    return bool(exercise.checks) and all(check.verdict is Verdict.PASSED for check in exercise.checks)


def _whole_fact(exercises: list[ExerciseResult]) -> str:
    if len(exercises) == 1:
        return f"{exercises[0].name} passes every check."
    return f"{_listed([exercise.name for exercise in exercises], 4)} pass every check."


def _weightiest(exercise: ExerciseResult) -> CheckResult | None:
    return max(arranged(exercise).passed, key=lambda check: check.max_score, default=None)


def _listed(names: list[str], limit: int) -> str:
    shown = names[:limit] if len(names) <= limit else [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _broke_whole(exercise: ExerciseResult) -> bool:
    # An exercise that broke at one check is counted there; one that broke before any check is counted once.
    return exercise.status is Status.ERROR and not arranged(exercise).errors


def _held_points(exercise: ExerciseResult) -> float:
    if exercise.status is Status.ERROR:
        return exercise.max_score - exercise.score
    return _open_points(arranged(exercise).errors)
