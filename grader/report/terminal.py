"""A grade on the terminal: where each exercise stands, what to do next in full, the score last.

Everything from a submission is data: it reaches the console as plain text only, never as markup or control codes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from enum import Enum

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.language import N_, _, joined, ngettext
from grader.model import (
    AssignmentResult,
    CheckResult,
    ExerciseResult,
    Grade,
    Misconception,
    Place,
    SmallestCall,
    Status,
    Verdict,
)
from grader.report import summary
from grader.report.plain import Room, map_leaves, readable
from grader.report.screen import STYLES, Screen
from grader.report.summary import Step

_ROOM = Room(characters=800, lines=24)
_ALL = Room(characters=20_000, lines=2_000)
_IN_FULL = 2  # things to do next; of the others one line each
_UNTOUCHED = (Status.NOT_SUBMITTED, Status.NOT_ATTEMPTED)


class Detail(Enum):
    """How much of a grade to show."""

    BRIEF = N_("one line for each thing that is open")
    USUAL = N_("where each exercise stands, and what to do next")
    FULL = N_("everything")


def show(grade: Grade, console: Console, detail: Detail = Detail.USUAL, path: str = "") -> None:
    """Print one submission's grade. `path` is what was typed for it, for commands to go on with."""
    screen = Screen(console)
    shown = _fit_for(screen, grade, _ALL if detail is Detail.FULL else _ROOM)
    if detail is Detail.BRIEF:
        _show_open(screen, shown)
    else:
        screen.put(Text.assemble((shown.submission, "bold"), "  ", (shown.device, "dim")))
        if detail is Detail.FULL:
            _show_everything(screen, shown)
        else:
            _show_usual(screen, shown, path or shown.submission)
        screen.blank()
        _show_end(screen, shown)
    screen.put(Text(summary.score_text(grade.score, grade.max_score), "bold"))


def show_summary(grades: Iterable[Grade], console: Console) -> None:
    """Print a table of a batch: one line for each submission."""
    screen = Screen(console)
    rows = [_fit_for(screen, grade, _ROOM) for grade in grades]
    columns = list(dict.fromkeys(assignment.id for grade in rows for assignment in grade.assignments))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(Text(screen.fit(_("submission"))), overflow="fold")
    ours = [_("our errors")] if any(map(summary.faults_of_ours, rows)) else []
    for name in [_("score"), *columns, *ours]:
        table.add_column(Text(screen.fit(name)), justify="right", overflow="fold")
    for grade in rows:
        table.add_row(*_summary_row(grade, columns)[: 2 + len(columns) + len(ours)])
    console.print(table, highlight=False)


def _show_usual(screen: Screen, grade: Grade, path: str) -> None:
    for assignment in grade.assignments:
        _show_heading(screen, assignment)
        _show_standing(screen, assignment)
    steps = summary.things_to_fix(grade)
    if not steps:
        return
    screen.blank()
    screen.put(Text(_("Do this next"), "bold"))
    for step in steps[:_IN_FULL]:
        _show_step(screen, step, path)
    if (more := len(steps) - _IN_FULL) and more > 0:
        screen.blank()
        said = ngettext("{count} more to fix: {command} shows it.", "{count} more to fix: {command} shows them.", more)
        screen.put(said.format(count=more, command=f"grade {shlex.quote(path)} -v"))


def _show_heading(screen: Screen, assignment: AssignmentResult) -> None:
    screen.blank()
    screen.put(Text(assignment.title, "bold"), trail=summary.score_text(assignment.score, assignment.max_score))


def _show_standing(screen: Screen, assignment: AssignmentResult) -> None:
    """A line for each exercise with something open; those with nothing to say share one, at the end."""
    quiet: dict[str, list[ExerciseResult]] = {}
    for exercise in assignment.exercises:
        if (
            exercise.status is Status.GRADED
            and not exercise.note
            and summary.is_whole(exercise)
            and not exercise.override
        ):
            quiet.setdefault("", []).append(exercise)
        elif exercise.status in _UNTOUCHED:
            quiet.setdefault(summary.exercise_sentence(exercise), []).append(exercise)
        else:
            _show_line(screen, exercise)
    whole = quiet.pop("", [])
    for sentence, untouched in quiet.items():
        _show_alike(screen, Verdict.SKIPPED, untouched, sentence)
    if whole:
        _show_alike(screen, Verdict.PASSED, whole, "")


def _show_line(screen: Screen, exercise: ExerciseResult) -> None:
    verdict = summary.state(exercise)
    line = Text.assemble((exercise.name, "bold"), "  ", _open(exercise) if verdict is not Verdict.PASSED else "")
    line.rstrip()
    screen.put(line, 2, screen.mark(verdict), summary.score_text(exercise.score, exercise.max_score))
    for said in (exercise.note, summary.decision(exercise)):
        if said and said not in line.plain:
            screen.put(said, 6)
    for check in summary.arranged(exercise).errors:
        if check.title not in line.plain:
            screen.put(Text(check.title, STYLES[check.verdict]), 4, screen.mark(check.verdict))


def _show_alike(screen: Screen, verdict: Verdict, exercises: Sequence[ExerciseResult], sentence: str) -> None:
    names = Text(joined(exercise.name for exercise in exercises), "" if sentence else "dim")
    score = sum(exercise.score for exercise in exercises), sum(exercise.max_score for exercise in exercises)
    line = Text.assemble(names, "  ", sentence) if sentence else names
    screen.put(line, 2, screen.mark(verdict), summary.score_text(*score))


def _open(exercise: ExerciseResult) -> str:
    """What is open in an exercise, in a few words: the name of the mistake, else the first check that did not pass."""
    checks = summary.arranged(exercise)
    named = next((found.title or found.id for found in exercise.misconceptions), "")
    if checks.failed:
        return named or checks.failed[0].finding.rationale or checks.failed[0].title
    if checks.errors:
        return f"{checks.errors[0].title}: {_(summary.OURS)}"
    if exercise.status is not Status.GRADED:
        return summary.exercise_sentence(exercise)
    return summary.skip_reason(exercise, checks.skipped[0]) if checks.skipped else ""


def _show_open(screen: Screen, grade: Grade) -> None:
    """One line for each thing that is open, the most useful first, then what nobody has worked on."""
    steps = summary.things_to_fix(grade)
    fixed = [step.exercise for step in steps]
    others = [each for each in grade.exercises if not any(each is one for one in fixed) and not summary.is_whole(each)]
    for step in steps:
        _show_brief(screen, step.exercise, step.where)
    for exercise in others:
        _show_brief(screen, exercise, None)
    if summary.faults_of_ours(grade):
        screen.put(Text(summary.waiting_for_person(grade), STYLES[Verdict.ERROR]))
    if not grade.sandbox.safe:
        screen.put(Text(_(summary.UNSANDBOXED), STYLES[Verdict.ERROR]))


def _show_brief(screen: Screen, exercise: ExerciseResult, where: Place | None) -> None:
    place = f"{where.file}:{where.line}: " if where else ""
    score = f" ({summary.score_text(exercise.score, exercise.max_score)})"
    name = (exercise.name, "bold")
    screen.line(Text.assemble(screen.mark(summary.state(exercise)), place, name, ": ", _open(exercise), (score, "dim")))


def _show_step(screen: Screen, step: Step, path: str) -> None:
    """One exercise with its first failed check in full; of what else fails there a line each."""
    exercise, checks = step.exercise, summary.arranged(step.exercise)
    screen.blank()
    name = Text.assemble((exercise.name, "bold"), "  ", (exercise.title, "dim"))
    screen.put(name, 2, trail=summary.score_text(exercise.score, exercise.max_score))
    for found in exercise.misconceptions[:1]:
        _show_name(screen, found)
    _show_finding(screen, step.check)
    if step.check.finding.where is None:
        screen.field(_("where"), _where(step.where), 6)
    for check in checks.failed[1:]:
        title = Text.assemble((check.title, STYLES[check.verdict]), "  ", (check.finding.rationale, "dim"))
        screen.put(title, 4, screen.mark(check.verdict), summary.score_text(check.score, check.max_score))
    _show_skipped(screen, exercise, checks.skipped)
    whose = f"{shlex.quote(path)} {shlex.quote(exercise.name)}"
    screen.field(_("help"), f"grade hint {whose}", 6)
    for found in exercise.misconceptions[:1]:
        screen.field("", f"grade explain {found.id}", 6)
    screen.field(_("again"), f"grade {shlex.quote(path)} --exercise {shlex.quote(exercise.name)}", 6)


def _show_everything(screen: Screen, grade: Grade) -> None:
    for assignment in grade.assignments:
        _show_heading(screen, assignment)
        for exercise in assignment.exercises:
            _show_exercise(screen, exercise)


def _show_exercise(screen: Screen, exercise: ExerciseResult) -> None:
    screen.blank()
    name = Text.assemble((exercise.name, "bold"), "  ", (exercise.title, "dim"))
    screen.put(name, indent=2, trail=summary.score_text(exercise.score, exercise.max_score))
    if exercise.status is not Status.GRADED:
        verdict = Verdict.ERROR if exercise.status is Status.ERROR else Verdict.SKIPPED
        screen.put(summary.exercise_sentence(exercise), 4, screen.mark(verdict))
    else:
        for line in (exercise.note, summary.decision(exercise)):
            if line:
                screen.put(line, 4)
    checks = summary.arranged(exercise)
    for check in (*checks.errors, *checks.failed):
        _show_finding(screen, check)
    _show_skipped(screen, exercise, checks.skipped)
    for check in checks.passed:
        _show_finding(screen, check)
    for found in exercise.misconceptions:
        _show_name(screen, found)
        screen.field(_("where"), _where(found.where), 6)
        screen.field(_("hint"), found.hint, 6)
    if exercise.exhibits.demonstration.call:
        _show_smallest_call(screen, exercise.exhibits.demonstration.call)


def _show_finding(screen: Screen, check: CheckResult) -> None:
    found = check.finding
    title = Text(check.title, STYLES[check.verdict])
    screen.put(title, 4, screen.mark(check.verdict), summary.score_text(check.score, check.max_score))
    if check.verdict is Verdict.ERROR:
        screen.put(_(summary.OURS), 6)
    screen.field(_("why"), found.rationale, 6)
    screen.field(_("checked"), found.asked, 6)
    screen.field(_("expected"), found.expected, 6)
    screen.field(_("got"), found.got, 6)
    screen.field(_("where"), _where(found.where), 6)
    screen.field(_("hint"), found.hint, 6)


def _show_skipped(screen: Screen, exercise: ExerciseResult, checks: tuple[CheckResult, ...]) -> None:
    """Checks that wait for the same thing share a line."""
    waiting: dict[str, list[CheckResult]] = {}
    for check in checks:
        waiting.setdefault(summary.skip_reason(exercise, check), []).append(check)
    for reason, group in waiting.items():
        names = joined(check.id for check in group)
        score = summary.score_text(0.0, sum(check.max_score for check in group))
        said = _("{count} skipped: {names}")
        screen.put(said.format(count=len(group), names=names), 4, screen.mark(Verdict.SKIPPED), score)
        screen.field(_("because"), reason, 6)


def _show_name(screen: Screen, found: Misconception) -> None:
    said = _("Looks like: {name}").format(name=found.title or found.id)
    screen.put(Text.assemble((said, "bold"), (f"  {found.id}", "dim")), 4)


def _show_smallest_call(screen: Screen, call: SmallestCall) -> None:
    what = Text.assemble((_("The smallest call that shows it"), "bold"), "  ", (_("to paste beside the file"), "dim"))
    screen.put(what, 4)
    screen.verbatim(call.code)
    screen.field(_("expected"), call.expected, 6)
    screen.field(_("got"), call.got, 6)


def _show_end(screen: Screen, grade: Grade) -> None:
    for note in grade.notes:
        screen.put(note)
    screen.put(Text(grade.sandbox.line, "dim"))
    if not grade.sandbox.safe:
        screen.put(Text(_(summary.UNSANDBOXED), STYLES[Verdict.ERROR]))
    if summary.faults_of_ours(grade):
        screen.put(Text(summary.waiting_for_person(grade), STYLES[Verdict.ERROR]))
    screen.put(_("{headline}.").format(headline=summary.headline(grade)))


def _where(place: Place | None) -> str:
    if place is None:
        return ""
    return f"{place.file}:{place.line}\n{place.text.strip()}".rstrip()


def _summary_row(grade: Grade, columns: list[str]) -> list[Text]:
    scores = {each.id: summary.score_text(each.score, each.max_score) for each in grade.assignments}
    ours = summary.faults_of_ours(grade)
    return [
        Text(grade.submission),
        Text(summary.score_text(grade.score, grade.max_score), "bold"),
        *(Text(scores.get(column, "-")) for column in columns),
        Text(str(ours), STYLES[Verdict.ERROR] if ours else "dim"),
    ]


def _fit_for(screen: Screen, grade: Grade, room: Room) -> Grade:
    """Copy a grade with every text short, safe to print, and possible to encode on this console."""

    def fit(_place: str, value: object) -> object:
        # Written out plainly: a student's quotation marks are not ours to change.
        if not isinstance(value, str):
            return value
        return value.encode(screen.console.encoding, "backslashreplace").decode(screen.console.encoding)

    return map_leaves(readable(grade, room), fit)
