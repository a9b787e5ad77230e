"""What the course is tried on: its solutions, stubs and bank of mistakes, correct variations, automatic mutants."""

from __future__ import annotations

import ast
import random
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from grader import bank, mutation
from grader.course import Assignment, Course, Exercise
from grader.errors import CourseError, UsageError
from grader.language import _
from grader.mutation import Mutant, equivalent
from grader.tally import Kind, Standard, Trial

Chosen = list[tuple[Assignment, tuple[Exercise, ...]]]
_KEYS = {"mistakes", "mutants", "named_first"}


@dataclass(frozen=True)
class Plan:
    """What a self-test tries: of which exercises, with how many mutants (None: all), and where variations may lie."""

    chosen: Chosen
    mutants: int | None
    seed: int
    variations: Path | None


def everything(course: Course, plan: Plan) -> list[Trial]:
    """All trials of a plan. What was not tried has none, and is never counted as passed."""
    found = [*solutions(plan.chosen), *stubs(course, plan.chosen), *mistakes(course, plan.chosen)]
    if plan.variations is not None:
        found += correct(plan.variations, plan.chosen)
    return found + list(mutants(course, plan.chosen, plan.mutants, plan.seed))


def variations(course: Course, folder: Path | None) -> Path | None:
    """Where the correct variations lie: the folder that was asked for, or a checkout's own; a package has none."""
    if folder is not None and not any(folder.glob("*/correct/*.py")):
        raise UsageError(
            _("--correct {folder} holds no variations: expected {folder}/<assignment>/correct/*.py").format(
                folder=folder
            )
        )
    own = course.root / "tests" / "corpus"
    return folder or (own if own.is_dir() else None)


def standard(course: Course) -> Standard:
    """What ``reference/selftest.toml`` states. Raises `CourseError`."""
    file = course.root / "reference" / "selftest.toml"
    if not file.exists():
        return Standard()
    stated = _toml(file)
    for key, value in stated.items():
        if key not in _KEYS or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise CourseError(
                _("{file}: {key} = {value!r}: expected shares from 0 to 1, of {names}").format(
                    file=file, key=key, value=value, names=", ".join(sorted(_KEYS))
                )
            )
    return Standard(**stated)


def solutions(chosen: Chosen) -> Iterator[Trial]:
    """The reference solutions."""
    for assignment, exercises in chosen:
        yield Trial(Kind.SOLUTION, assignment.id, "", "solution.py", assignment.solution, _names(exercises))


def stubs(course: Course, chosen: Chosen) -> Iterator[Trial]:
    """What students receive. Raises `CourseError` where it is not there."""
    for assignment, exercises in chosen:
        file = course.root / "assignments" / assignment.id / f"{assignment.module}.py"
        if not file.exists():
            raise CourseError(_("{file} is missing: the stub that students receive").format(file=file))
        yield Trial(Kind.STUB, assignment.id, "", file.name, file.read_bytes(), _names(exercises))


def mistakes(course: Course, chosen: Chosen) -> Iterator[Trial]:
    """The bank's variations. What does not use the exercise that is wrong must keep full marks.

    Every exercise has a worker of its own. So others are graded only where a variation changes what runs when the file
    is imported; otherwise they cannot notice.
    """
    known = bank.of(course)
    bank.verify(known)
    for assignment, exercises in chosen:
        needed, names = uses(assignment), _names(assignment.exercises)
        for found in (variation for exercise in exercises for variation in known.of(exercise.name)):
            others = [name for name in names if name != found.exercise and found.exercise not in needed[name]]
            same = _at_import(found.source, found.exercise) == _at_import(assignment.solution, found.exercise)
            label, beside = f"{found.misconception} ({found.number + 1})", () if same else tuple(others)
            kind, id = Kind.MISTAKE, found.misconception
            yield Trial(kind, assignment.id, found.exercise, label, found.source, beside, id)


def correct(folder: Path, chosen: Chosen) -> Iterator[Trial]:
    """``folder/<assignment>/correct/*.py``: each may hold some exercises, and all that it holds must be accepted."""
    for assignment, exercises in chosen:
        for file in sorted((folder / assignment.id / "correct").glob("*.py")):
            text = file.read_bytes().decode("utf-8", "replace")
            there = tuple(e.name for e in exercises if _defines(text, e.name))
            if there:
                yield Trial(Kind.CORRECT, assignment.id, "", file.name, file.read_bytes(), there)


def mutants(course: Course, chosen: Chosen, most: int | None, seed: int) -> Iterator[Trial]:
    """Automatic mistakes, all or `most` of them: evenly over exercises, within each evenly over operators."""
    queues = []
    for assignment, exercises in chosen:
        source = assignment.solution.decode()
        listed = harmless(course, assignment)
        for exercise in exercises:
            found = mutation.mutants(source, exercise.name)
            queue = list(found) if most is None else _mixed(found, seed)
            queues.append([(assignment, source, listed, mutant) for mutant in queue])
    everything = (item for item in chain.from_iterable(zip_longest(*queues)) if item is not None)
    for number, (assignment, source, listed, mutant) in enumerate(everything):
        if number == most:
            return
        why = listed.get((mutant.exercise, mutant.change)) or equivalent.reason(source, mutant)
        yield Trial(
            Kind.MUTANT, assignment.id, mutant.exercise, mutant.operator, mutant.source.encode(),
            line=mutant.line, change=mutant.change, harmless=why,
        )  # fmt: skip


def harmless(course: Course, assignment: Assignment) -> Mapping[tuple[str, str], str]:
    """The curated list of equivalent mutants: exercise and change, to the reason. Raises `CourseError`."""
    file = course.root / "reference" / assignment.id / "equivalent.toml"
    found: dict[tuple[str, str], str] = {}
    for entry in _toml(file).get("equivalent", []) if file.exists() else []:
        if set(entry) != {"exercise", "changes", "reason"}:
            raise CourseError(
                _("{file}: an entry needs exercise, changes and reason, not {names}").format(
                    file=file, names=", ".join(sorted(entry))
                )
            )
        found |= {(entry["exercise"], change): entry["reason"] for change in entry["changes"]}
    return found


def _mixed(found: Sequence[Mutant], seed: int) -> list[Mutant]:
    """In an order in which any beginning holds each operator about equally often."""
    chance = random.Random(f"{seed} {found[0].exercise if found else ''}")
    by_operator: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in found:
        by_operator[mutant.operator].append(mutant)
    queues = list(by_operator.values())
    chance.shuffle(queues)
    for queue in queues:
        chance.shuffle(queue)
    return [mutant for mutant in chain.from_iterable(zip_longest(*queues)) if mutant is not None]


def uses(assignment: Assignment) -> dict[str, frozenset[str]]:
    """For each exercise those that its solution uses, directly or through others."""
    names = set(_names(assignment.exercises))
    found = {name: bank.mentioned(assignment.solution, name) & names - {name} for name in names}
    for _name in names:
        found = {name: used.union(*(found[other] for other in used)) for name, used in found.items()}
    return found


def _at_import(source: bytes, exercise: str) -> str:
    """All that runs when a file is imported: the tree without the bodies of the functions of one exercise."""
    tree = ast.parse(source)
    for node in tree.body:
        if getattr(node, "name", None) == exercise:
            for function in (inner for inner in ast.walk(node) if isinstance(inner, ast.FunctionDef)):
                function.body = []
    return ast.dump(tree)


def _defines(text: str, name: str) -> bool:
    """Whether a file defines an exercise, by the look of its text: it may be one that Python cannot parse."""
    return bool(re.search(rf"^(class|def)\s+{name}\b|^{name}\s*=|as\s+{name}\b", text, re.MULTILINE))


def _names(exercises: tuple[Exercise, ...]) -> tuple[str, ...]:
    return tuple(exercise.name for exercise in exercises)


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{file}: {error}") from error
