"""A grade as one self-contained HTML page: no network, no script but that of the theme, a content policy for both."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment

from grader import attempts
from grader.attempts import History
from grader.language import _
from grader.model import AssignmentResult, Demonstration, ExerciseResult, Exhibits, Grade, Verdict
from grader.report import exhibits, forum, frame, summary
from grader.report.exhibits import Caps, Listing, Table
from grader.report.plain import Room, moment, readable

LARGEST = 150_000  # bytes of a page that may still be cut
# How much is shown: the first that makes a page small enough. What a page leaves out, it says.
_CUTS = (
    (Room(characters=2_000, lines=120), Caps()),
    (Room(characters=2_000, lines=120), Caps(rows=32, losses=10, whole=False)),
    (Room(characters=2_000, lines=120), Caps(rows=10, losses=5, lines=3, operations=8, whole=False, agreeing=False)),
    (Room(characters=2_000, lines=120), Caps(rows=8, losses=4, lines=2, operations=7, whole=False, agreeing=False)),
    (Room(characters=1_000, lines=40), Caps(rows=6, losses=3, lines=2, operations=6, whole=False, agreeing=False)),
    (
        Room(characters=500, lines=16),
        Caps(rows=4, losses=2, lines=1, operations=4, whole=False, agreeing=False, pictures=False),
    ),
)
_MOST_CHANGES = 20
_KEPT = re.compile(r"(<(?:style|script|pre).*?</(?:style|script|pre)>)", re.DOTALL)


@dataclass(frozen=True)
class Section:
    """One exercise as the page shows it."""

    exercise: ExerciseResult
    anchor: str
    sentence: str
    state: Verdict
    checks: summary.Arranged
    again: str  # the command that checks this exercise once more, where something failed
    demonstration: Demonstration
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
                self.demonstration.trace,
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


@dataclass(frozen=True)
class Occasion:
    """On which occasion a page is made: where the submission was, as it was typed, and when it was graded. Pages of a
    class have neither: they are the same whenever and wherever they are made."""

    path: str = ""
    time: str = ""


def render(grade: Grade, history: History | None = None, occasion: Occasion | None = None) -> str:
    """Render the page of one submission, with which attempt it is, and what has changed since the one before."""
    page, history, occasion = "", history or History(), occasion or Occasion()
    for room, caps in _CUTS:
        page = _rendered(grade, history, occasion, room, caps)
        if len(page.encode()) <= LARGEST:
            break
    return page


def _rendered(grade: Grade, history: History, occasion: Occasion, room: Room, caps: Caps) -> str:
    shown, occasion = readable(grade, room), readable(occasion, room)
    changes = attempts.since(history.before, shown) if history.before else None
    steps = summary.next_steps(shown)
    path = occasion.path or shown.submission
    page = (
        _environment()
        .get_template("submission.html")
        .render(
            **frame.dressed(("style.css",)),
            grade=shown,
            attempt=history.number,
            time=moment(occasion.time),
            headline=summary.headline(shown),
            steps=steps,
            more=summary.more_to_fix(shown, len(steps)),
            still_to_do=summary.still_to_do(shown),
            works=summary.works(shown),
            waiting=summary.waiting_for_person(shown),
            unsandboxed=_(summary.UNSANDBOXED),
            changes=changes,
            since=summary.since(changes) if changes else "",
            again=summary.again_command(shown, path),
            all_again=summary.command(path),
            tools=summary.tools(shown),
            tolerance=summary.tolerance(shown),
            question=forum.question(steps[0], shown) if steps else "",
            left_out=caps.left_out,
            chapters=[_chapter(assignment, path, caps) for assignment in shown.assignments],
        )
    )
    return _lean(page)


def _lean(page: str) -> str:
    """The page without what indents it: some thousand lines."""
    parts = _KEPT.split(page)
    return "".join(part if place % 2 else re.sub(r"\n\s*", "\n", part) for place, part in enumerate(parts))


def _chapter(assignment: AssignmentResult, path: str, caps: Caps) -> Chapter:
    return Chapter(assignment, tuple(_section(exercise, path, caps) for exercise in assignment.exercises))


def _section(exercise: ExerciseResult, path: str, caps: Caps) -> Section:
    anchor, shown, checks = summary.anchor(exercise), exercise.exhibits, summary.arranged(exercise)
    state = summary.state(exercise)
    if state is Verdict.PASSED and not caps.whole:
        shown = Exhibits()
    return Section(
        exercise=exercise,
        anchor=anchor,
        sentence=summary.exercise_sentence(exercise),
        state=state,
        checks=checks,
        again=summary.command(path, exercise) if checks.failed else "",
        demonstration=exhibits.shortened(shown.demonstration, caps.operations),
        layers=exhibits.parameter_table(shown.layers, caps),
        gradients=exhibits.gradient_table(shown.gradients, anchor, caps),
        training=exhibits.training_table(shown.training, anchor, caps),
        code=exhibits.listings(exercise, caps),
        output=shown.output,
        picture=base64.b64encode(shown.picture).decode("ascii") if caps.pictures else "",
    )


@cache
def _environment() -> Environment:
    environment = frame.environment()
    environment.globals |= {
        "anchor": summary.anchor,
        "score_text": summary.score_text,
        "skip_reason": summary.skip_reason,
        "line_anchor": exhibits.line_anchor,
        "operations": exhibits.operations_caption,
        "names": lambda step: summary.listed([each.exercise.name for each in step.steps], 3),
        "place_of": summary.place_of,
        "most_changes": _MOST_CHANGES,
        "ours": lambda: _(summary.OURS),
    }
    return environment
