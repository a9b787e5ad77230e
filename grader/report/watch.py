"""A watched submission on the terminal: what is open first, what became of it since the save, the keys at the foot.

Everything from a submission is data: it reaches the console as plain text only, never as markup or control codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from grader.board import Board
from grader.language import N_, _, joined, ngettext
from grader.model import AssignmentResult, CheckResult, ExerciseResult, Grade, Place, Protection, Status, Verdict
from grader.report.plain import Room, readable
from grader.report.screen import wrapped
from grader.report.summary import score_text
from grader.text import clipped, one_line

_ROOM = Room(characters=400, lines=8)
_WIDEST = 100
_MARGIN = 14  # cells before a text, with its label
_MARKS = ("✓✗…·!", "√×…·!", "+x~-!")  # the second is what GBK can write
_PASSED, _FAILED, _WAITING, _IDLE, _ERROR = range(5)
_STYLES = ("green", "red", "cyan", "dim", "magenta")
_KEYS = (
    ("a", N_("all again")),
    ("f", N_("failed only")),
    ("p", N_("filter")),
    ("h", N_("help")),
    ("q", N_("quit")),
)
HELP = (
    N_("A save asks again about the exercises whose code changed, what failed first."),
    N_("Training runs come after everything else, in the background."),
    N_("a: forget all answers, and ask everything again."),
    N_("f: the same, for exercises with something open."),
    N_("p: type part of an exercise's name, then Enter; Enter alone shows all."),
    N_("h: this help; any key closes it."),
    N_("q or Ctrl-C: end."),
)


@dataclass(frozen=True)
class _View:
    """What is shown, with which marks, and how a text is folded beside its label."""

    board: Board
    marks: str
    fold: Callable[[str], Iterable[Text]]


@dataclass(frozen=True)
class Around:
    """What is shown around the board: the folder, the ids of exercises in the order of the course, where the page is,
    how many seconds after the save all verdicts but those of training runs were there, a filter, and what is being
    typed as one; whether help is wanted; what to say to the last key, and meanwhile of the work under way."""

    folder: str
    order: tuple[str, ...]
    page: str = ""
    seconds: float | None = None
    filter: str = ""
    typing: str | None = None
    help: bool = False
    answer: str = ""
    doing: str = ""


def screen(board: Board, around: Around, console: Console) -> list[Text]:
    """The lines of one screen, one less than fit: the head, what is open, and the foot, which is cut last."""
    width, board = min(console.width, _WIDEST), _within(board, around.order)
    marks = _marks_for(console)
    foot = [Text(), *_foot(board, around)]
    view = _View(board, marks, lambda text: wrapped(Text(text), console, max(20, width - _MARGIN)))
    body = [Text(_(line)) for line in HELP] if around.help else list(_body(view))
    lines = [*_head(board, around), Text()]
    lines += [part for line in body for part in (wrapped(line, console, width) or [Text()])]
    room = max(1, console.height - len(foot) - 1)
    if len(lines) > room:
        lines = [*lines[: room - 1], Text(_("… more in the report"), "dim")]
    return [_writable(line, console) for line in [*lines, *foot][-max(1, console.height - 1) :]]


def _within(board: Board, order: Sequence[str]) -> Board:
    """The board without the exercises that a filter leaves out."""
    results = {id: board.results[id] for id in order if id in board.results}
    return replace(board, results=results, under_way=board.under_way & frozenset(order))


def _head(board: Board, around: Around) -> Iterator[Text]:
    parts = [(one_line(around.folder), "bold")]
    if around.filter:
        parts.append((f"  {_('only')} {one_line(around.filter)}", "cyan"))
    yield Text.assemble(*parts)
    if board.trouble:
        for line in clipped(board.trouble, 600).splitlines()[-6:]:
            yield Text(f"! {one_line(line)}", "magenta")
        yield Text(_("Still watching; what follows is from before."), "dim")


def _body(view: _View) -> Iterator[Text]:
    """Exercises a line each, with what is open of them; those that are whole and were not asked share one line."""
    board, marks = view.board, view.marks
    results = _safe(board)
    quiet = [each for each in results if _mark(board, each) == _PASSED and each.id not in board.asked]
    for result in _by_urgency(board, [each for each in results if each not in quiet]):
        mark = _mark(board, result)
        score = score_text(result.score, result.max_score)
        yield Text.assemble(
            (f"{marks[mark]} ", _STYLES[mark]), (result.name, "bold"), f"  {result.title}  ", (score, "dim"),
            (_coming(board, result), "cyan"),
        )  # fmt: skip
        yield from _open(view, result)
    unknown = len([id for id in board.under_way if id not in board.results])
    if unknown:
        yield Text(_("{number} more being looked at").format(number=unknown), "cyan")
    if quiet:
        yield Text.assemble(
            (f"{marks[_PASSED]} ", _STYLES[_PASSED]),
            ngettext("{number} exercise passes", "{number} exercises pass", len(quiet)).format(number=len(quiet)),
        )


def _open(view: _View, result: ExerciseResult) -> Iterator[Text]:
    """The checks that failed, and what they look like."""
    if result.note and result.status is not Status.GRADED:
        yield Text(f"    {result.note}", "dim")
        return
    waiting, marks = view.board.waiting.get(result.id, ()), view.marks
    for check in result.checks:
        if check.verdict in (Verdict.FAILED, Verdict.ERROR) and check.id not in waiting:
            mark = _FAILED if check.verdict is Verdict.FAILED else _ERROR
            yield Text.assemble("  ", (f"{marks[mark]} ", _STYLES[mark]), (check.title, _STYLES[mark]))
            yield from _told(check, view)
    for found in result.misconceptions[:1]:
        yield Text.assemble("    ", (_("Looks like: "), "bold"), found.title or found.id, (f"  {found.id}", "dim"))


def _told(check: CheckResult, view: _View) -> Iterator[Text]:
    found = check.finding
    fields = (
        (_("why"), found.rationale), (_("expected"), found.expected), (_("got"), found.got),
        (_("where"), _where(found.where)), (_("hint"), found.hint),
    )  # fmt: skip
    for label, text in fields:
        for number, line in enumerate(view.fold(text) if text else ()):
            lead = label + " " * max(1, _MARGIN - 4 - cell_len(label)) if number == 0 else " " * (_MARGIN - 4)
            yield Text.assemble("    ", (lead, "dim"), line)


def _foot(board: Board, around: Around) -> Iterator[Text]:
    since = board.since
    parts = [_("{number} fixed").format(number=since.fixed)] if since.fixed else []
    parts += [_("{number} new").format(number=since.new)] if since.new else []
    parts += [_("{number} open").format(number=since.open) if since.open else _("nothing open")]
    starting = "" if board.trouble else _("starting …")
    said = Text(joined(parts) if board.results else starting, "bold")
    if board.grade is not None:
        said.append(f"   {score_text(board.grade.score, board.grade.max_score)}", "bold")
    elif coming := [id for id, checks in board.waiting.items() if checks]:
        many = ngettext("{number} exercise under way", "{number} exercises under way", len(coming))
        said.append("   " + many.format(number=len(coming)), "cyan")
    if around.seconds is not None:
        said.append("   " + _("verdicts after {seconds} s").format(seconds=f"{around.seconds:.2f}"), "dim")
    yield said
    if around.answer or around.doing or around.page:
        yield Text(
            one_line(around.answer or around.doing) or _("Report: {file}").format(file=one_line(around.page)), "dim"
        )
    if around.typing is not None:
        yield Text.assemble((_("Exercise: "), "bold"), one_line(around.typing), "▌" if around.typing == "" else "_")
    else:
        yield Text("  ".join(f"{key} {_(name)}" for key, name in _KEYS), "dim")


def _coming(board: Board, result: ExerciseResult) -> str:
    waiting = board.waiting.get(result.id, ())
    if not waiting:
        return ""
    if waiting == ("training",):
        return "  " + _("training runs …")
    return "  " + _("{number} checks to come …").format(number=len(waiting))


def _by_urgency(board: Board, results: Sequence[ExerciseResult]) -> list[ExerciseResult]:
    """What was asked since the save first, of that what failed; then what else is open."""
    order = {_FAILED: 0, _ERROR: 0, _WAITING: 1, _PASSED: 2, _IDLE: 3}
    return sorted(results, key=lambda each: (each.id not in board.asked, order[_mark(board, each)]))


def _mark(board: Board, result: ExerciseResult) -> int:
    waiting = board.waiting.get(result.id, ())
    verdicts = {check.verdict for check in result.checks if check.id not in waiting}
    if Verdict.ERROR in verdicts or result.status is Status.ERROR:
        return _ERROR
    if Verdict.FAILED in verdicts:
        return _FAILED
    if waiting:
        return _WAITING
    return _PASSED if verdicts == {Verdict.PASSED} else _IDLE


def _safe(board: Board) -> list[ExerciseResult]:
    """The results in the order of the course, every text of theirs short and safe to print."""
    results = tuple(board.results.values())
    nothing = Protection(0, "", "")
    grade = Grade("", "", nothing, 0.0, 0.0, (AssignmentResult("", "", 0.0, 0.0, results),))
    return list(readable(grade, _ROOM).exercises)


def _where(place: Place | None) -> str:
    return f"{place.file}:{place.line}  {place.text.strip()}".rstrip() if place else ""


def _marks_for(console: Console) -> str:
    def fits(marks: str) -> bool:
        try:
            return bool(marks.encode(console.encoding))
        except UnicodeEncodeError:
            return False

    return next(filter(fits, _MARKS))


def _writable(line: Text, console: Console) -> Text:
    """The line, with what this console cannot write spelled out."""
    plain = line.plain.encode(console.encoding, "backslashreplace").decode(console.encoding)
    return line if plain == line.plain else Text(plain)
