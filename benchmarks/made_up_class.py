"""A class that nobody is in: entries of any number, drawn from a seed, over the course and its bank of mistakes.

Strong students make fewer mistakes; a mistake fails its own checks, and what needs those is skipped. One check goes
against ability on purpose, one breaks now and then, and some submissions need a person, so that a page shows it all.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterator, Mapping

from grader import bank, rubric
from grader.checks import BY_ID
from grader.course import Assignment, Course, Exercise
from grader.entry import Entry
from grader.model import (
    ExerciseResult,
    Finding,
    Grade,
    Misconception,
    Override,
    Protection,
    Status,
    Verdict,
)
from grader.retold import LOOK

GIVEN = (
    "Ada",
    "Ben",
    "Chiara",
    "Dmitri",
    "Elif",
    "Goran",
    "Imani",
    "José",
    "Lena",
    "Minh",
    "Olga",
    "Priya",
    "Sven",
    "Tao",
)
FAMILY = ("Abe", "Bauer", "Costa", "Dang", "Fofana", "García", "Hassan", "Ivanova", "Kaya", "Müller", "Nowak", "Okafor")
CHINESE = ("王伟", "李娜", "张敏", "刘洋", "陈静", "杨磊", "赵霞", "黄强", "周杰", "吴芳")
TROUBLES = (
    "no file of the course is in it: put layers.py or layers.ipynb into it",
    "more than 500 files: is an environment among them?",
    "it is a link; a class's folder must hold the submissions themselves",
)
NOTES = (
    f"layers.py holds 412 kB of code, where a solution takes a few: is it data, or a trained model? {LOOK}",
    f"training.py, line 88 holds \\u202e, a character that reorders what is shown of a line. {LOOK}",
)
WALLS = Protection(3, "strong", "sandbox tier 3, strong")
BACKWARDS = ("layers.training_step", "defined")  # the check that strong students fail
BREAKING = ("residual_blocks.RestNet18", "device", 0.06)  # the check that breaks, and how often
FAILS_FIRST = ("parameters", "shapes", "forward", "modes", "gradients", "device", "training", "behaviour", "method")


class Draws:
    """What is drawn once for a class: how hard exercises are, which mistakes they invite."""

    def __init__(self, course: Course, seed: int) -> None:
        self.chance = random.Random(seed)
        self.course = course
        self.bank = bank.of(course)
        exercises = [exercise for assignment in course.assignments for exercise in assignment.exercises]
        self.hard = {exercise.id: self.chance.gauss(-1.7, 0.7) for exercise in exercises}
        self.mistakes = {exercise.id: self._mistakes(exercise) for exercise in exercises}

    def _mistakes(self, exercise: Exercise) -> Mapping[str, float]:
        """The mistakes of one exercise with their weights: few are common."""
        names = sorted({one.misconception for one in self.bank.of(exercise.name)})
        self.chance.shuffle(names)
        return {name: 1 / place for place, name in enumerate(names[:12], 1)}


def entries(course: Course, count: int, seed: int = 1) -> Iterator[Entry]:
    """Draw a class, one entry at a time."""
    draws = Draws(course, seed)
    for number in range(count):
        yield _entry(draws, number)


def _entry(draws: Draws, number: int) -> Entry:
    chance = draws.chance
    name = chance.choice(CHINESE) if chance.random() < 0.1 else f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
    name = f"{name} {20_230_000 + number}"
    if chance.random() < 0.004:
        return Entry(name, None, chance.choice(TROUBLES))
    ability = chance.gauss(0, 1)
    parts = [
        _assignment(draws, assignment, ability, place) for place, assignment in enumerate(draws.course.assignments)
    ]
    notes = (chance.choice(NOTES),) if chance.random() < 0.003 else ()
    fingerprint = f"{chance.getrandbits(256):064x}"
    grade = rubric.grade(name, "cpu", WALLS, parts, notes, 5.0, fingerprint)
    return Entry(name, grade, overrides=_overrides(chance, grade), quarantined=chance.random() < 0.001)


def _assignment(draws: Draws, assignment: Assignment, ability: float, place: int):  # type: ignore[no-untyped-def]
    absent = draws.chance.random() < 0.02 * (place + 1) * math.exp(-ability / 2)
    return rubric.assignment_result(
        assignment,
        [
            _absent(exercise, Status.NOT_SUBMITTED) if absent else _exercise(draws, exercise, ability)
            for exercise in assignment.exercises
        ],
    )


def _absent(exercise: Exercise, status: Status) -> ExerciseResult:
    return rubric.exercise_result(exercise, status, dict.fromkeys(exercise.points, Finding(Verdict.SKIPPED)))


def _exercise(draws: Draws, exercise: Exercise, ability: float) -> ExerciseResult:
    chance, named, failed = draws.chance, (), frozenset[str]()
    if chance.random() < 0.02 * math.exp(-ability / 2):
        return _absent(exercise, Status.NOT_ATTEMPTED)
    if chance.random() < 1 / (1 + math.exp(1.3 * ability - draws.hard[exercise.id])):
        mistakes = draws.mistakes[exercise.id]
        mistake = chance.choices(list(mistakes), list(mistakes.values()))[0] if mistakes else ""
        failed = _consequence(exercise, mistake)
        named = (_misconception(draws, mistake),) if mistake and chance.random() < 0.8 else ()
    if exercise.id == BACKWARDS[0] and chance.random() < 1 / (1 + math.exp(2 - 1.5 * ability)):
        failed |= {BACKWARDS[1]}
    broken = {BREAKING[1]} if exercise.id == BREAKING[0] and chance.random() < BREAKING[2] else set()
    broken |= {next(iter(exercise.points))} if chance.random() < 0.0001 else set()
    findings = _findings(exercise, failed, broken)
    status = Status.ERROR if broken else Status.GRADED
    return rubric.exercise_result(exercise, status, findings, misconceptions=named)


def _consequence(exercise: Exercise, mistake: str) -> frozenset[str]:
    """Which checks a mistake fails: the same ones for everybody who makes it."""
    able = [check for check in FAILS_FIRST if check in exercise.points] or list(exercise.points)
    first = zlib.crc32(mistake.encode()) % len(able)
    return frozenset(able[first : first + 2])


def _findings(exercise: Exercise, failed: frozenset[str], broken: set[str]) -> dict[str, Finding]:
    verdicts: dict[str, Verdict] = {}
    for check in exercise.points:
        needed = [verdicts[need] for need in BY_ID[check].needs if need in verdicts]
        if any(verdict is not Verdict.PASSED for verdict in needed):
            verdicts[check] = Verdict.SKIPPED
        elif check in broken:
            verdicts[check] = Verdict.ERROR
        else:
            verdicts[check] = Verdict.FAILED if check in failed else Verdict.PASSED
    return {check: Finding(verdict) for check, verdict in verdicts.items()}


def _misconception(draws: Draws, mistake: str) -> Misconception:
    words = draws.bank.misconceptions[mistake]
    return Misconception(mistake, words.principle["en"], title=words.title["en"], technique=words.technique["en"])


def _overrides(chance: random.Random, grade: Grade) -> tuple[Override, ...]:
    if chance.random() >= 0.01:
        return ()
    exercise = chance.choice(grade.exercises)
    points = round(exercise.max_score * chance.random() * 2) / 2
    return (Override(exercise.id, points, "Shown in the lab to work", "m.weber", "2026-11-20T14:05:00Z"),)
