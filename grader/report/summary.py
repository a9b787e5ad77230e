"""What a reader should see first: selection, order and one-sentence summaries, shared by all reporters.

Nothing here changes a verdict or a point; it only picks among them and finds the words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from grader.attempts import Change, Changes
from grader.language import N_, _, joined, ngettext
from grader.model import CheckResult, ExerciseResult, Grade, Misconception, Place, Status, Verdict
from grader.report.plain import counted, format_points, moment, points, sentence

UNSANDBOXED = N_(
    "UNSANDBOXED: this submission was not walled in while it ran. It may have read or changed what it should not; "
    "do not rely on this result."
)
OURS = N_("The grader failed here. A person must look; this is not your fault.")

_STATUS_SENTENCES = {
    Status.GRADED: "",
    Status.NOT_SUBMITTED: N_("Not submitted: the file is not there."),
    Status.NOT_ATTEMPTED: N_("Not attempted yet."),
    Status.ERROR: OURS,
}


@dataclass(frozen=True)
class Step:
    """One thing to do next: the first failed check of an exercise, and what hangs on it, there and in other exercises
    that look as if the same mistake was made."""

    exercise: ExerciseResult
    check: CheckResult
    waiting: tuple[CheckResult, ...]  # skipped checks after it
    also_failed: int
    alike: tuple[Step, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """It, and those alike."""
        return (self, *self.alike)

    @property
    def cause(self) -> Misconception | None:
        """The likeliest misconception behind it, where one is named."""
        return next(iter(self.exercise.misconceptions), None)

    @property
    def title(self) -> str:
        """What it is about: the misconception, else what was checked."""
        return (self.cause.title if self.cause else "") or self.check.title

    @property
    def where(self) -> Place | None:
        """The line to look at: the check's own, else that of the likeliest misconception."""
        likely = (found.where for found in self.exercise.misconceptions if found.where)
        return self.check.finding.where or next(likely, None)

    @property
    def points(self) -> float:
        """Points that may be won: the check's own and those of the checks that wait for it."""
        return _open_points(check for step in self.steps for check in (step.check, *step.waiting))

    @property
    def stake(self) -> str:
        """What fixing it would unlock, in words."""
        sentences = [_("Worth {points}.").format(points=points(_open_points(step.check for step in self.steps)))]
        if waiting := [check for step in self.steps for check in step.waiting]:
            text = ngettext(
                "{count} check waits for it, worth {points} more.",
                "{count} checks wait for it, worth {points} more.",
                len(waiting),
            )
            sentences.append(text.format(count=len(waiting), points=points(_open_points(waiting))))
        if also := sum(step.also_failed for step in self.steps):
            text = ngettext(
                "{count} other check in this exercise fails too.",
                "{count} other checks in this exercise fail too.",
                also,
            )
            if self.alike:
                text = ngettext(
                    "{count} other check in these exercises fails too.",
                    "{count} other checks in these exercises fail too.",
                    also,
                )
            sentences.append(counted(text, also))
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
        counted(ngettext("{count} thing to fix", "{count} things to fix", things), things) if things else "",
        counted(ngettext("{count} exercise not attempted", "{count} exercises not attempted", untouched), untouched)
        if untouched
        else "",
        counted(ngettext("{count} exercise not submitted", "{count} exercises not submitted", absent), absent)
        if absent
        else "",
        counted(
            ngettext("the grader itself failed in {count} place", "the grader itself failed in {count} places", ours),
            ours,
        )
        if ours
        else "",
    ]
    return _("; ").join(part for part in parts if part)


def next_steps(grade: Grade, limit: int = 3) -> tuple[Step, ...]:
    """Pick what to do next: what blocks other checks first, then by the points at stake."""
    return things_to_fix(grade)[:limit]


def things_to_fix(grade: Grade) -> tuple[Step, ...]:
    """List one step for each exercise with a failed check, the most useful first. What looks like the same mistake in
    several exercises is one thing."""
    steps = [step for exercise in grade.exercises if (step := _first_step(exercise))]
    steps.sort(key=_usefulness)
    together: dict[str, list[Step]] = {}
    for step in steps:
        together.setdefault(step.cause.id if step.cause else step.exercise.id, []).append(step)
    return tuple(sorted((replace(first, alike=tuple(more)) for first, *more in together.values()), key=_usefulness))


def _usefulness(step: Step) -> tuple[bool, float]:
    return not any(each.waiting for each in step.steps), -step.points


def more_to_fix(grade: Grade, shown: int) -> str:
    """Say how many things to fix are not among the first `shown`."""
    more = len(things_to_fix(grade)) - shown
    if more <= 0:
        return ""
    return counted(
        ngettext(
            "{count} more thing to fix below, in the exercises.",
            "{count} more things to fix below, in the exercises.",
            more,
        ),
        more,
    )


def still_to_do(grade: Grade) -> tuple[str, ...]:
    """Name the exercises that nobody has worked on yet, one sentence for each reason."""
    names = {status: [e.name for e in grade.exercises if e.status is status] for status in Status}
    sentences = {
        Status.NOT_ATTEMPTED: _("Not attempted yet: {exercises}."),
        Status.NOT_SUBMITTED: _("Not submitted: {exercises}."),
    }
    return tuple(text.format(exercises=listed(names[it], 6)) for it, text in sentences.items() if names[it])


def works(grade: Grade, limit: int = 3) -> tuple[str, ...]:
    """State up to `limit` facts about what already works: whole exercises first, then the weightiest checks."""
    whole = [exercise for exercise in grade.exercises if is_whole(exercise)]
    facts = [_whole_fact(whole)] if whole else []
    best = [(exercise, _weightiest(exercise)) for exercise in grade.exercises if not is_whole(exercise)]
    found = [(exercise, check) for exercise, check in best if check]
    found.sort(key=lambda pair: -pair[1].max_score)
    facts += [
        _("{exercise}: {check}.").format(exercise=exercise.name, check=check.title.rstrip(".。"))
        for exercise, check in found
    ]
    return tuple(facts[:limit])


def state(exercise: ExerciseResult) -> Verdict:
    """The one verdict that stands for an exercise: what the student can mend comes before what we must, and both
    before what was not graded."""
    checks = arranged(exercise)
    if checks.failed:
        return Verdict.FAILED
    if exercise.status is Status.ERROR or checks.errors:
        return Verdict.ERROR
    return Verdict.PASSED if is_whole(exercise) else Verdict.SKIPPED


def arranged(exercise: ExerciseResult) -> Arranged:
    """Group the checks of an exercise by verdict. Where nothing was handed in, its status says all: no groups."""
    if exercise.status in (Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED):
        return Arranged((), (), (), ())

    def having(verdict: Verdict) -> tuple[CheckResult, ...]:
        return tuple(check for check in exercise.checks if check.verdict is verdict)

    return Arranged(having(Verdict.FAILED), having(Verdict.ERROR), having(Verdict.SKIPPED), having(Verdict.PASSED))


def exercise_sentence(exercise: ExerciseResult) -> str:
    """Say what became of an exercise: its tally if it was graded, else why it was not."""
    said = _(_STATUS_SENTENCES[exercise.status]) or sentence([_tally([check.verdict for check in exercise.checks])])
    return " ".join(part for part in (said, exercise.note, decision(exercise)) if part)


def decision(exercise: ExerciseResult) -> str:
    """Say what a person decided about an exercise, and what the checks alone would give; nothing where nobody did."""
    made = exercise.override
    if made is None:
        return ""
    checked = format_points(sum(check.score for check in exercise.checks))
    text = _("Decided by a person ({author}, {day}): {given}, where the checks give {checked}. {comment}")
    return text.format(
        author=made.author,
        day=made.time[:10],
        given=score_text(made.points, exercise.max_score),
        checked=checked,
        comment=made.comment,
    ).strip()


def skip_reason(exercise: ExerciseResult, check: CheckResult) -> str:
    """Say why a check was not run: its own words, else the first failed check that it waits for."""
    if check.finding.rationale:
        return check.finding.rationale
    step = _first_step(exercise)
    if step is None:
        return _("A check that it needs did not pass.")
    return _("Waits for: {check}").format(check=step.check.title)


def faults_of_ours(grade: Grade) -> int:
    """Count the checks and exercises on which the grader itself failed."""
    return grade.verdicts().count(Verdict.ERROR) + sum(_broke_whole(exercise) for exercise in grade.exercises)


def waiting_for_person(grade: Grade) -> str:
    """Say how many points the grader's own faults hold back."""
    held = sum(_held_points(exercise) for exercise in grade.exercises)
    if not faults_of_ours(grade):
        return ""
    return _("{points} not decided yet: the grader failed there, and a person must look.").format(points=points(held))


def again_command(grade: Grade, path: str = "") -> str:
    """Give the command that checks the next step once more, or everything where nothing is to fix.

    `path` is where the submission was; without it, its name.
    """
    return command(path or grade.submission, *(step.exercise for first in next_steps(grade, 1) for step in first.steps))


def command(path: str, *exercises: ExerciseResult) -> str:
    """Give the command that grades these exercises of the submission there, or all of it."""
    chosen = (f" --exercise {shlex.quote(exercise.id)}" for exercise in exercises)
    return f"grade {shlex.quote(path)}{''.join(chosen)}"


def listed(names: list[str], limit: int) -> str:
    """Write names as a list of at most `limit`: `one, two and 3 more`."""
    more = len(names) - limit + 1
    shown = names if more <= 1 else [*names[: limit - 1], _("{count} more").format(count=more)]
    if len(shown) == 1:
        return shown[0]
    return _("{names} and {last}").format(names=joined(shown[:-1]), last=shown[-1])


def since(changes: Changes) -> str:
    """Say in one sentence what changed since an earlier attempt."""
    told = [
        counted(_("{count} fixed"), len(changes.fixed)),
        counted(_("{count} still open"), len(changes.open)),
        counted(_("{count} new"), len(changes.new)),
    ]
    if reached := len(changes.reached):
        text = ngettext("{count} that was not run before passes", "{count} that were not run before pass", reached)
        told.append(counted(text, reached))
    text = _("Since the attempt of {time}: {changes}.")
    if changes.number:
        text = _("Since attempt {number}, of {time}: {changes}.")
    return text.format(number=changes.number, time=moment(changes.time), changes=joined(told))


def tools(grade: Grade) -> str:
    """Say with what a submission was graded: versions and device, as a person who helps would ask."""
    made = grade.tools
    versions = (("grader", made.grader), ("torch", made.torch), ("Python", made.python), ("", grade.device))
    return joined(f"{name} {version}".strip() for name, version in versions if version)


def tolerance(grade: Grade) -> str:
    """Say how far values may lie from the reference's."""
    if len(grade.tools.tolerances) != 2:
        return ""
    double, single = (f"{number:g}" for number in grade.tools.tolerances)
    text = _("Values may differ from the reference's by {double} of their size in float64, by {single} in float32.")
    return text.format(double=double, single=single)


def score_text(score: float, max_score: float) -> str:
    """Write a score beside what it could be: `7.5 / 10`."""
    return f"{format_points(score)} / {format_points(max_score)}"


def place_of(change: Change) -> str:
    """Name the place in a page where a changed check is told of."""
    groups = arranged(change.exercise)
    told = change.check in (*groups.failed, *groups.errors, *groups.skipped, *groups.passed)
    return anchor(change.exercise, change.check if told else None)


def anchor(exercise: ExerciseResult, check: CheckResult | None = None) -> str:
    """Name the place of an exercise, or of one of its checks, in a page."""
    parts = [exercise.id] if check is None else [exercise.id, check.id]
    return "--".join(re.sub(r"[^A-Za-z0-9_.]+", "-", part) for part in parts)


def _tally(verdicts: list[Verdict]) -> str:
    total, passed = len(verdicts), verdicts.count(Verdict.PASSED)
    if total == 0:
        return _("No check was run")
    if passed == total:
        return counted(ngettext("The one check passes", "All {count} checks pass", total), total)
    text = ngettext("{passed} of {count} check passes", "{passed} of {count} checks pass", total)
    return text.format(passed=passed, count=total)


def _first_step(exercise: ExerciseResult) -> Step | None:
    failed = [index for index, check in enumerate(exercise.checks) if check.verdict is Verdict.FAILED]
    if not failed:
        return None
    after = exercise.checks[failed[0] + 1 :]
    waiting = tuple(check for check in after if check.verdict is Verdict.SKIPPED)
    return Step(exercise, exercise.checks[failed[0]], waiting, also_failed=len(failed) - 1)


def _open_points(checks: Iterable[CheckResult]) -> float:
    return sum(check.max_score - check.score for check in checks)


def is_whole(exercise: ExerciseResult) -> bool:
    """Whether an exercise passes every check."""
    return bool(exercise.checks) and all(check.verdict is Verdict.PASSED for check in exercise.checks)


def _whole_fact(exercises: list[ExerciseResult]) -> str:
    if len(exercises) == 1:
        return _("{exercise} passes every check.").format(exercise=exercises[0].name)
    return _("{exercises} pass every check.").format(exercises=listed([exercise.name for exercise in exercises], 4))


def _weightiest(exercise: ExerciseResult) -> CheckResult | None:
    return max(arranged(exercise).passed, key=lambda check: check.max_score, default=None)


def _broke_whole(exercise: ExerciseResult) -> bool:
    # An exercise that broke at one check is counted there; one that broke before any check is counted once.
    return exercise.status is Status.ERROR and not arranged(exercise).errors


def _held_points(exercise: ExerciseResult) -> float:
    if exercise.status is Status.ERROR:
        return exercise.max_score - exercise.score
    return _open_points(arranged(exercise).errors)
