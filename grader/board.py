"""What is known of a watched submission at this moment: verdicts as they come, and what became of them since a save.

Pure: events in, a board out. Who watches shows it, and asks it what to ask first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from grader.model import ExerciseResult, Grade, Status, Verdict

Check = tuple[str, str]  # ids of exercise and check
_DONE = (Verdict.PASSED, Verdict.FAILED)


@dataclass(frozen=True)
class Saved:
    """A save that changed something began round `number`."""

    number: int


@dataclass(frozen=True)
class Begun:
    """Workers are asked about an exercise."""

    exercise: str


@dataclass(frozen=True)
class Seen:
    """Verdicts of an exercise; `waiting` are the checks that have none yet."""

    result: ExerciseResult
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settled:
    """Everything is known, with what lies behind it."""

    grade: Grade


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be said for now; the verdicts from before stay."""

    text: str


Event = Saved | Begun | Seen | Settled | Trouble


@dataclass(frozen=True)
class Since:
    """Checks by what became of them since the last save: how many of those that failed pass, how many fail that did
    not, and how many fail now."""

    fixed: int = 0
    new: int = 0
    open: int = 0


@dataclass(frozen=True)
class Board:
    """Results by exercise, in the order of the course; of these, who is being asked, and what is waited for."""

    results: Mapping[str, ExerciseResult] = field(default_factory=dict)
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    under_way: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()  # since the save
    before: Mapping[Check, Verdict] | None = None  # the last verdict of each check before the save; None: none is known
    grade: Grade | None = None  # where everything is settled
    trouble: str = ""
    number: int = 0

    @property
    def since(self) -> Since:
        """What became of checks since the save."""
        now, before = _verdicts(self.results.values(), self.waiting), self.before or {}
        failing = {check for check, verdict in now.items() if verdict is Verdict.FAILED}
        failed = {check for check, verdict in before.items() if verdict is Verdict.FAILED}
        fixed = sum(now.get(check) is Verdict.PASSED for check in failed)
        return Since(fixed, len(failing - failed) if self.before is not None else 0, len(failing))

    @property
    def examined(self) -> bool:
        """Whether of all that was asked since the save only training runs are still to come."""
        seen = all(id in self.waiting and set(self.waiting[id]) <= {"training"} for id in self.asked)
        return bool(self.asked) and (seen or self.grade is not None)


def after(board: Board, event: Event) -> Board:
    """The board once that has happened."""
    if isinstance(event, Saved):
        known = _verdicts(board.results.values(), board.waiting)
        before = {**(board.before or {}), **known} if board.results else None
        return replace(
            board,
            before=before,
            waiting={},
            under_way=frozenset(),
            asked=frozenset(),
            grade=None,
            trouble="",
            number=event.number,
        )
    if isinstance(event, Begun):
        asked = board.asked | {event.exercise}
        return replace(board, under_way=board.under_way | {event.exercise}, asked=asked)
    if isinstance(event, Seen):
        return _seen(board, event)
    if isinstance(event, Trouble):  # where somebody is asked all the same, it is told again
        return replace(board, trouble=event.text, waiting={}, under_way=frozenset(), asked=frozenset())
    results = {**board.results, **{result.id: result for result in event.grade.exercises}}
    return replace(board, results=results, waiting={}, under_way=frozenset(), grade=event.grade)


def _seen(board: Board, event: Seen) -> Board:
    id = event.result.id
    rest = board.under_way if event.waiting else board.under_way - {id}
    result, known = event.result, board.results.get(id)
    if known is not None and _told(known, event.waiting) == _told(
        result, event.waiting
    ):  # what is behind it will be the same, and is told again
        result = replace(result, misconceptions=known.misconceptions)
    waiting = {**board.waiting, id: event.waiting}
    return replace(board, results={**board.results, id: result}, waiting=waiting, under_way=rest)


def _told(result: ExerciseResult, waiting: Collection[str]) -> list[tuple[str, Verdict]]:
    return [(check.id, check.verdict) for check in result.checks if check.id not in waiting]


def ranks(board: Board, exercises: Iterable[str]) -> dict[str, float]:
    """When to ask about each: what failed first, what is not whole next, then the rest, in the order of the course."""
    order = list(exercises)
    return {id: _urgency(board.results.get(id)) * len(order) + place for place, id in enumerate(order)}


def failed(board: Board) -> frozenset[str]:
    """The exercises that did not get all their points."""
    return frozenset(id for id, result in board.results.items() if _urgency(result) < 2)


def matching(text: str, exercises: Collection[str]) -> frozenset[str]:
    """The exercises whose id holds that text, in whatever case; all for no text."""
    return frozenset(id for id in exercises if text.casefold() in id.casefold())


def _urgency(result: ExerciseResult | None) -> int:
    if result is None:
        return 1
    verdicts = {check.verdict for check in result.checks}
    if Verdict.FAILED in verdicts or Verdict.ERROR in verdicts or result.status is Status.ERROR:
        return 0
    return 2 if verdicts == {Verdict.PASSED} else 1


def _verdicts(results: Iterable[ExerciseResult], waiting: Mapping[str, tuple[str, ...]]) -> dict[Check, Verdict]:
    """The verdicts that were reached: what was skipped, or is waited for, has none."""
    return {
        (result.id, check.id): check.verdict
        for result in results
        for check in result.checks
        if check.verdict in _DONE and check.id not in waiting.get(result.id, ())
    }
