"""A grade on the terminal: what needs work in full, what passes on one line, the score last.

Everything from a submission is data: it reaches the console as plain text only, never as markup or control codes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

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

_WIDEST = 100
_NARROWEST = 24
_ROOM = Room(characters=800, lines=24)
_LABEL = 10

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.SKIPPED: "dim", Verdict.ERROR: "magenta"}


@dataclass(frozen=True)
class Marks:
    """One set of status marks; a console gets the first set that its encoding can write."""

    passed: str
    failed: str
    skipped: str
    error: str

    def of(self, verdict: Verdict) -> str:
        return {
            Verdict.PASSED: self.passed,
            Verdict.FAILED: self.failed,
            Verdict.SKIPPED: self.skipped,
            Verdict.ERROR: self.error,
        }[verdict]


_MARKS = (
    Marks("✓", "✗", "·", "!"),
    Marks("√", "×", "·", "!"),  # the multiplication sign is what GBK can write
    Marks("+", "x", "-", "!"),
)


def show(grade: Grade, console: Console) -> None:
    """Print one submission's grade."""
    shown = _fit_for(console, grade)
    page = _Page(console, _marks_for(console))
    page.put(Text.assemble((shown.submission, "bold"), "  ", (shown.device, "dim")))
    for assignment in shown.assignments:
        _show_assignment(page, assignment)
    page.blank()
    _show_end(page, shown)


def show_summary(grades: Iterable[Grade], console: Console) -> None:
    """Print a table of a batch: one line for each submission."""
    rows = [_fit_for(console, grade) for grade in grades]
    columns = list(dict.fromkeys(assignment.id for grade in rows for assignment in grade.assignments))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("submission", overflow="fold")
    for name in ["score", *columns, "our errors"]:
        table.add_column(Text(name), justify="right", overflow="fold")
    for grade in rows:
        table.add_row(*_summary_row(grade, columns))
    console.print(table, highlight=False)


class _Page:
    """A console with a margin: every line of a paragraph is indented, none carries trailing blanks."""

    def __init__(self, console: Console, marks: Marks) -> None:
        self._console = console
        self._width = max(_NARROWEST, min(console.width, _WIDEST))
        self.marks = marks

    def blank(self) -> None:
        self._console.print()

    def put(self, body: Text, indent: int = 0, lead: Text | None = None, trail: str = "") -> None:
        """Print a paragraph, its first line led by `lead` and ended by `trail` at the right margin."""
        lead = lead or Text()
        margin = indent + lead.cell_len
        room = max(self._width - margin - (len(trail) + 2 if trail else 0), _NARROWEST // 2)
        body.expand_tabs(4)
        for number, line in enumerate(body.wrap(self._console, room) or [Text()]):
            line.rstrip()
            start = Text(" " * indent) + lead if number == 0 else Text(" " * margin)
            end = f"{' ' * (room - line.cell_len + 2)}{trail}" if trail and number == 0 else ""
            self._console.print(start + line + Text(end, "dim"), soft_wrap=True, highlight=False)

    def field(self, label: str, body: str, indent: int) -> None:
        """Print a labelled text; nothing where there is no text."""
        if body:
            self.put(Text(body), indent, Text(f"{label:<{_LABEL}}", "dim"))

    def verbatim(self, code: str) -> None:
        """Print code to be copied: at the left margin and unbroken, since Python reads indents and line ends."""
        for line in code.split("\n"):
            self._console.print(Text(line.rstrip()), soft_wrap=True, highlight=False)


def _show_assignment(page: _Page, assignment: AssignmentResult) -> None:
    page.blank()
    page.put(Text(assignment.title, "bold"), trail=summary.score_text(assignment.score, assignment.max_score))
    for exercise in assignment.exercises:
        _show_exercise(page, exercise)


def _show_exercise(page: _Page, exercise: ExerciseResult) -> None:
    page.blank()
    name = Text.assemble((exercise.name, "bold"), "  ", (exercise.title, "dim"))
    page.put(name, indent=2, trail=summary.score_text(exercise.score, exercise.max_score))
    if exercise.status is not Status.GRADED:
        verdict = Verdict.ERROR if exercise.status is Status.ERROR else Verdict.SKIPPED
        page.put(Text(summary.exercise_sentence(exercise)), 4, _mark(page, verdict))
    else:
        for line in (exercise.note, summary.decision(exercise)):
            if line:
                page.put(Text(line), 4)
    checks = summary.arranged(exercise)
    for check in (*checks.errors, *checks.failed):
        _show_finding(page, check)
    _show_skipped(page, exercise, checks.skipped)
    _show_passed(page, checks.passed)
    for found in exercise.misconceptions:
        _show_misconception(page, found)
    if exercise.exhibits.demonstration.call:
        _show_smallest_call(page, exercise.exhibits.demonstration.call)


def _show_finding(page: _Page, check: CheckResult) -> None:
    found = check.finding
    title = Text(check.title, _STYLES[check.verdict])
    page.put(title, 4, _mark(page, check.verdict), summary.score_text(check.score, check.max_score))
    if check.verdict is Verdict.ERROR:
        page.put(Text(summary.OURS), 6)
    page.field("why", found.rationale, 6)
    page.field("checked", found.asked, 6)
    page.field("expected", found.expected, 6)
    page.field("got", found.got, 6)
    page.field("where", _where(found.where), 6)
    page.field("hint", found.hint, 6)


def _show_skipped(page: _Page, exercise: ExerciseResult, checks: tuple[CheckResult, ...]) -> None:
    """Checks that wait for the same thing share a line."""
    waiting: dict[str, list[CheckResult]] = {}
    for check in checks:
        waiting.setdefault(summary.skip_reason(exercise, check), []).append(check)
    for reason, group in waiting.items():
        names = ", ".join(check.id for check in group)
        score = summary.score_text(0.0, sum(check.max_score for check in group))
        page.put(Text(f"{len(group)} skipped: {names}"), 4, _mark(page, Verdict.SKIPPED), score)
        page.field("because", reason, 6)


def _show_passed(page: _Page, checks: tuple[CheckResult, ...]) -> None:
    if not checks:
        return
    earned = summary.score_text(sum(check.score for check in checks), sum(check.max_score for check in checks))
    names = ", ".join(check.id for check in checks)
    page.put(Text(f"{len(checks)} passed: {names}"), 4, _mark(page, Verdict.PASSED), earned)


def _show_misconception(page: _Page, found: Misconception) -> None:
    page.put(Text.assemble(("Looks like: ", "bold"), (found.title or found.id, "bold"), (f"  {found.id}", "dim")), 4)
    page.field("where", _where(found.where), 6)
    page.field("hint", found.hint, 6)


def _show_smallest_call(page: _Page, call: SmallestCall) -> None:
    page.put(Text.assemble(("The smallest call that shows it", "bold"), ("  to paste beside the file", "dim")), 4)
    page.verbatim(call.code)
    page.field("expected", call.expected, 6)
    page.field("got", call.got, 6)


def _show_end(page: _Page, grade: Grade) -> None:
    for note in grade.notes:
        page.put(Text(note))
    page.put(Text(grade.sandbox.line, "dim"))
    if not grade.sandbox.safe:
        page.put(Text(summary.UNSANDBOXED, _STYLES[Verdict.ERROR]))
    if summary.faults_of_ours(grade):
        page.put(Text(summary.waiting_for_person(grade), _STYLES[Verdict.ERROR]))
    page.put(Text(f"{summary.headline(grade)}."))
    page.put(Text(summary.score_text(grade.score, grade.max_score), "bold"))


def _where(place: Place | None) -> str:
    if place is None:
        return ""
    return f"{place.file}:{place.line}\n{place.text.strip()}".rstrip()


def _mark(page: _Page, verdict: Verdict) -> Text:
    return Text(f"{page.marks.of(verdict)} ", _STYLES[verdict])


def _summary_row(grade: Grade, columns: list[str]) -> list[Text]:
    scores = {each.id: summary.score_text(each.score, each.max_score) for each in grade.assignments}
    ours = summary.faults_of_ours(grade)
    return [
        Text(grade.submission),
        Text(summary.score_text(grade.score, grade.max_score), "bold"),
        *(Text(scores.get(column, "-")) for column in columns),
        Text(str(ours), _STYLES[Verdict.ERROR] if ours else "dim"),
    ]


def _fit_for(console: Console, grade: Grade) -> Grade:
    """Copy a grade with every text short, safe to print, and possible to encode on this console."""

    def fit(_: str, value: object) -> object:
        if not isinstance(value, str):
            return value
        return value.encode(console.encoding, "backslashreplace").decode(console.encoding)

    return map_leaves(readable(grade, _ROOM), fit)


def _marks_for(console: Console) -> Marks:
    return next(marks for marks in _MARKS if _can_write(console, marks))


def _can_write(console: Console, marks: Marks) -> bool:
    try:
        f"{marks.passed}{marks.failed}{marks.skipped}".encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return True
