"""What ``grade hint`` prints: the principle behind the first thing to do, then its technique, never the solution."""

from __future__ import annotations

import shlex

from rich.text import Text

from grader.language import _
from grader.model import Grade, Status, Verdict
from grader.report import summary
from grader.report.plain import Room, readable
from grader.report.screen import STYLES, Screen
from grader.report.summary import Step

_ROOM = Room(characters=800, lines=24)


def show(grade: Grade, screen: Screen, path: str, more: bool = False) -> None:
    """Print the next hint. `path` is what was typed for the submission, `more` asks for the technique, too."""
    shown = readable(grade, _ROOM)
    steps = summary.next_steps(shown, 1)
    if not steps:
        _show_nothing(shown, screen)
        return
    (step,) = steps
    exercise = step.exercise
    screen.put(Text.assemble((exercise.name, "bold"), "  ", (exercise.title, "dim")))
    screen.put(Text(step.check.title, STYLES[Verdict.FAILED]), 2, screen.mark(Verdict.FAILED))
    if step.where:
        screen.field(_("where"), f"{step.where.file}:{step.where.line}\n{step.where.text.strip()}".rstrip(), 4)
    principle, technique = _hints(step)
    screen.field(_("hint"), principle or _("Compare what was expected with what came out."), 4)
    command = f"{shlex.quote(path)} {shlex.quote(exercise.name)}"
    if more:
        screen.field(_("more"), technique or _("There is no further hint to this one."), 4)
        screen.field(_("help"), f"grade explain {_topic(step)}", 4)
    elif technique:
        screen.field(_("more"), f"grade hint {command} --more", 4)
    else:
        screen.field(_("help"), f"grade explain {_topic(step)}", 4)
    screen.field(_("again"), f"grade {shlex.quote(path)} --exercise {shlex.quote(exercise.name)}", 4)


def _hints(step: Step) -> tuple[str, str]:
    """The principle and the technique: of the mistake by its name, where there is one, else of the check."""
    named = next(iter(step.exercise.misconceptions), None)
    if named is None:
        return step.check.finding.hint, ""
    return named.hint, named.technique


def _topic(step: Step) -> str:
    named = next(iter(step.exercise.misconceptions), None)
    return shlex.quote(named.id if named else f"{step.exercise.name}.{step.check.id}")


def _show_nothing(grade: Grade, screen: Screen) -> None:
    """Nothing failed: say what else is open."""
    for line in summary.still_to_do(grade):
        screen.put(line)
    fresh = next((each for each in grade.exercises if each.status is Status.NOT_ATTEMPTED), None)
    if fresh is not None:
        said = _("Its docstring says what to do; what is looked at: {command}")
        screen.put(said.format(command=f"grade explain {shlex.quote(fresh.name)}"))
    if summary.faults_of_ours(grade):
        screen.put(Text(summary.waiting_for_person(grade), STYLES[Verdict.ERROR]))
    screen.put(_("{headline}.").format(headline=summary.headline(grade)))
    for note in grade.notes:  # of training runs that were left out, for one
        screen.put(note)
