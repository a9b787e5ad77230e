"""What a class shows: scores, how hard each exercise and check is, which mistakes are common, what needs a person.

One pass over the entries, of which only what the class page shows is kept. Nothing here is for students: no page of
theirs says where they stand among others.

Three words, as in classical test theory (Crocker and Algina, Introduction to Classical and Modern Test Theory, 1986,
chapter 14):

- *difficulty* of a check: the share that passed it, among those who handed its exercise in and whose result is decided.
  A check that was not run because of another one counts as not passed. Of an exercise: the mean share of its points.
- *discrimination*: the item-rest correlation, between the item and all other points of the same student. For a check,
  which is passed or not, this is the corrected point-biserial correlation; corrected, because an item that is part of
  the total would go along with itself. It is None below `FEWEST` students, where chance alone moves it by 0.2, and
  where everybody did the same. Checks of one exercise lean on each other, so figures of neighbours are alike.
- Both speak of the grader's checks, so they rest on what the grader said; scores have a person's overrides in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from grader.entry import Entry
from grader.model import ExerciseResult, Grade, Override, Status, Verdict
from grader.moments import Pairs, interval, quantile
from grader.retold import asking
from grader.text import clipped

FEWEST = 20  # students for a discrimination; with 20 checks its standard deviation is about 0.2 there
TOO_MANY_ERRORS = 0.05  # share of students at whom a check of ours broke
_LONGEST_REASON = 300  # characters of one reason that are kept


class Standing(StrEnum):
    """How one exercise of one student stands."""

    WHOLE = "whole"  # every point
    PART = "part"
    NOTHING = "nothing"  # handed in, and no point
    ABSENT = "absent"  # not submitted, or not attempted
    UNDECIDED = "undecided"  # the grader failed there
    UNASKED = "unasked"  # this submission was graded without it


class Need(StrEnum):
    """Why a person should look at a submission."""

    NO_GRADE = "no-grade"
    BROKEN = "broken"  # the grader failed on a part of it
    QUARANTINED = "quarantined"
    NOTED = "noted"  # a note of the grader's asks for it


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person should look, in words."""

    need: Need
    words: str


@dataclass(frozen=True, slots=True)
class Change:
    """An override that counts, beside what the grader said."""

    said: float
    override: Override


@dataclass(frozen=True, slots=True)
class Student:
    """One row of the class. `score` is what counts, `said` what the grader said; both None without a grade."""

    name: str
    score: float | None
    said: float | None
    max_score: float
    standings: tuple[Standing, ...]  # in the order of the class's exercises; later ones may be missing at the end
    misconceptions: tuple[str, ...]  # the likeliest of each exercise, by id, each once
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]

    def standing(self, place: int) -> Standing:
        """How the exercise at `place` of the class's exercises stands."""
        return self.standings[place] if place < len(self.standings) else Standing.UNASKED


@dataclass
class Item:
    """What many students made of one thing: pairs of its share of points and of all other points they have."""

    pairs: Pairs = field(default_factory=Pairs)

    @property
    def count(self) -> int:
        return self.pairs.count

    @property
    def difficulty(self) -> float | None:
        """The mean share of points, 0 to 1, a high one for what is easy; None where nobody handed it in."""
        return self.pairs.x if self.pairs.count else None

    @property
    def discrimination(self) -> float | None:
        """The item-rest correlation, or None: see the module."""
        return self.pairs.correlation if self.pairs.count >= FEWEST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the discrimination."""
        found = self.discrimination
        return interval(found, self.pairs.count) if found is not None else None

    @property
    def doubtful(self) -> bool:
        """Whether it goes against everything else, and hardly by chance: then the item itself is to be looked at."""
        return self.interval is not None and self.interval[1] < 0


@dataclass
class CheckItem(Item):
    """One check of one exercise, over a class."""

    id: str = ""
    title: str = ""
    worth: float = 0.0
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))

    @property
    def breaks(self) -> bool:
        """Whether it is ours that fails, too often to be an accident."""
        asked = sum(self.verdicts.values())
        return asked > 0 and self.verdicts[Verdict.ERROR] / asked > TOO_MANY_ERRORS


@dataclass
class ExerciseItem(Item):
    """One exercise over a class. `standings` are those that count, with overrides."""

    id: str = ""
    title: str = ""
    assignment: str = ""
    worth: float = 0.0
    standings: dict[Standing, int] = field(default_factory=lambda: dict.fromkeys(Standing, 0))
    checks: dict[str, CheckItem] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


@dataclass
class Mistake:
    """One misconception over a class. `lost` are the points that its exercises lack, of all students together."""

    id: str
    title: str
    students: int = 0
    lost: float = 0.0
    exercises: dict[str, int] = field(default_factory=dict)  # id → students

    @property
    def cost(self) -> float:
        """Points that a student with it lacks in its exercises, on average."""
        return self.lost / self.students if self.students else 0.0


@dataclass(frozen=True)
class Scores:
    """How the scores that count lie, as points and as shares of what could be had."""

    points: tuple[float, ...]  # ascending
    shares: tuple[float, ...]  # ascending, 0 to 1 but for what a person set
    worth: float | None  # what all could have, if that is the same for all

    def at(self, share: float) -> float:
        """The points below which `share` of the students lie; 0.5 gives the median."""
        return quantile(list(self.points), share)

    def share_at(self, share: float) -> float:
        """The same for shares of what could be had."""
        return quantile(list(self.shares), share)

    def bins(self, count: int) -> tuple[int, ...]:
        """How many students have a share in each of `count` equal steps; full marks are in the last one."""
        found = [0] * count
        for share in self.shares:
            found[min(max(int(share * count + 1e-9), 0), count - 1)] += 1
        return tuple(found)


@dataclass(frozen=True)
class Classroom:
    """A class, as its page shows it. Students are in the order of their names, mistakes the commonest first."""

    students: tuple[Student, ...]
    assignments: dict[str, str]  # id → title, in the order of the course
    exercises: tuple[ExerciseItem, ...]
    mistakes: tuple[Mistake, ...]
    scores: Scores
    devices: tuple[str, ...]
    unsafe: int  # graded without walls

    @property
    def graded(self) -> int:
        return len(self.scores.points)

    @property
    def exercise_ids(self) -> tuple[str, ...]:
        return tuple(exercise.id for exercise in self.exercises)

    def needing(self, need: Need) -> list[Student]:
        """Who needs a person for this reason."""
        return [student for student in self.students if any(reason.need is need for reason in student.reasons)]

    def having(self, mistake: str) -> list[Student]:
        """Who has a misconception."""
        return [student for student in self.students if mistake in student.misconceptions]


def survey(entries: Iterable[Entry]) -> Classroom:
    """Look at every entry once. Which exercises there are is learned on the way, from the grades."""
    taken = Survey()
    for entry in entries:
        taken.take(entry)
    return taken.classroom()


def reasons(entry: Entry) -> Iterator[Reason]:
    """Why a person should look at an entry. What a person has overridden is decided, whatever the grader said."""
    if entry.quarantined:
        yield Reason(Need.QUARANTINED, "quarantined")
    if entry.grade is None:
        yield Reason(Need.NO_GRADE, clipped(entry.trouble, _LONGEST_REASON) or "no grade")
        return
    found = standings(entry)
    if broken := [one.name or one.id for one in entry.grade.exercises if found[one.id] is Standing.UNDECIDED]:
        yield Reason(Need.BROKEN, f"the grader failed in {', '.join(broken)}")
    for note in entry.grade.notes:
        if (said := asking(note)) is not None:
            yield Reason(Need.NOTED, clipped(said, _LONGEST_REASON))


def standings(entry: Entry) -> dict[str, Standing]:
    """How each exercise of an entry stands, by its id; nothing without a grade."""
    return {exercise.id: _standing(exercise) for exercise in entry.decided.exercises} if entry.decided else {}


def changes(entry: Entry) -> tuple[Change, ...]:
    """The overrides that count, in the order of the exercises, beside what the grader said."""
    return tuple(Change(said.score, override) for said, override in entry.changed)


class Survey:
    """What has been learned of a class so far, one entry after the other."""

    def __init__(self) -> None:
        self._students: list[Student] = []
        self._assignments: dict[str, str] = {}
        self._exercises: dict[str, ExerciseItem] = {}
        self._mistakes: dict[str, Mistake] = {}
        self._devices: dict[str, None] = {}
        self._unsafe = 0

    def take(self, entry: Entry) -> None:
        """Take in one entry."""
        grade, found = entry.grade, standings(entry)
        if grade is not None:
            self._devices[grade.device] = None
            self._unsafe += not grade.sandbox.safe
            self._take_exercises(grade, found)
        self._students.append(
            Student(
                name=entry.name,
                score=entry.score,
                said=grade.score if grade else None,
                max_score=grade.max_score if grade else 0.0,
                standings=self._in_order(found),
                misconceptions=self._take_mistakes(grade) if grade else (),
                reasons=tuple(reasons(entry)),
                changes=changes(entry),
            )
        )

    def classroom(self) -> Classroom:
        """Everything, in the order in which it is shown."""
        return Classroom(
            students=tuple(sorted(self._students, key=lambda student: (student.name.casefold(), student.name))),
            assignments=self._assignments,
            exercises=tuple(self._exercises.values()),
            mistakes=tuple(sorted(self._mistakes.values(), key=lambda one: (-one.students, -one.lost, one.id))),
            scores=_scores(self._students),
            devices=tuple(self._devices),
            unsafe=self._unsafe,
        )

    def _take_exercises(self, grade: Grade, found: dict[str, Standing]) -> None:
        for assignment in grade.assignments:
            self._assignments.setdefault(assignment.id, assignment.title)
            for exercise in assignment.exercises:
                item = self._exercises.get(exercise.id)
                if item is None:
                    item = ExerciseItem(
                        id=exercise.id, title=exercise.title, assignment=assignment.id, worth=exercise.max_score
                    )
                    self._exercises[exercise.id] = item
                item.standings[found[exercise.id]] += 1
                if exercise.status in (Status.GRADED, Status.ERROR):
                    _take_exercise(item, exercise, grade.score)

    def _take_mistakes(self, grade: Grade) -> tuple[str, ...]:
        """Count the likeliest misconception of each exercise; the others are alternatives to it."""
        seen: dict[str, None] = {}
        for exercise in grade.exercises:
            for found in exercise.misconceptions[:1]:
                mistake = self._mistakes.setdefault(found.id, Mistake(found.id, found.title))
                mistake.students += mistake.id not in seen
                mistake.lost += exercise.max_score - exercise.score
                mistake.exercises[exercise.id] = mistake.exercises.get(exercise.id, 0) + 1
                seen[mistake.id] = None  # the same string for every student
        return tuple(seen)

    def _in_order(self, found: dict[str, Standing]) -> tuple[Standing, ...]:
        return tuple(found.get(id, Standing.UNASKED) for id in self._exercises) if found else ()


def _take_exercise(item: ExerciseItem, exercise: ExerciseResult, total: float) -> None:
    if exercise.status is Status.GRADED and exercise.max_score > 0:
        item.pairs.add(exercise.score / exercise.max_score, round(total - exercise.score, 6))
    whole = exercise.status is Status.GRADED
    for check in exercise.checks:
        one = item.checks.get(check.id)
        if one is None:
            one = item.checks[check.id] = CheckItem(id=check.id, title=check.title, worth=check.max_score)
        verdict = check.finding.verdict
        one.verdicts[verdict] += 1
        # What was skipped in an exercise in which something of ours broke may wait for us.
        if verdict is not Verdict.ERROR and (whole or verdict is not Verdict.SKIPPED):
            one.pairs.add(1.0 if verdict is Verdict.PASSED else 0.0, round(total - check.score, 6))


def _standing(exercise: ExerciseResult) -> Standing:
    if exercise.override is None:
        if exercise.status is Status.ERROR or Verdict.ERROR in [check.finding.verdict for check in exercise.checks]:
            return Standing.UNDECIDED
        if exercise.status is not Status.GRADED:
            return Standing.ABSENT
    if exercise.score >= exercise.max_score:
        return Standing.WHOLE
    return Standing.PART if exercise.score > 0 else Standing.NOTHING


def _scores(students: list[Student]) -> Scores:
    graded = [(student.score, student.max_score) for student in students if student.score is not None]
    worths = {worth for _, worth in graded}
    return Scores(
        points=tuple(sorted(points for points, _ in graded)),
        shares=tuple(sorted(points / worth if worth > 0 else 0.0 for points, worth in graded)),
        worth=worths.pop() if len(worths) == 1 else None,
    )
