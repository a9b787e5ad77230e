"""Classes made of one right submission: the same program in other words, or each with something of its own.

**Renamed** copies differ in a comment and in the names of local variables, so they have one normal form in common (see
docs/run-folder.md), and what one of them answered is known of all. Those **apart** have a statement of their own in
each function, so no two have a normal form in common. **Mistaken** ones have a known mistake in one exercise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grader import bank
from grader.bank import Variation
from grader.course import Course

# Three small networks that train, the two blocks, and the large network that is made of them.
EXERCISES = (
    "Model_Seq",
    "build_sequential_args",
    "Model_Dict",
    "RestNetBasicBlock",
    "RestNetDownBlock",
    "RestNet18",
)
FIFTH = 5  # one in so many of a mixed class is mistaken

Files = Mapping[str, str]  # what one student hands in: texts, by the names of the files
Function = ast.FunctionDef | ast.AsyncFunctionDef


def right(course: Course, exercises: Sequence[str] = EXERCISES, instead: Variation | None = None) -> Files:
    """The solutions of these exercises and what they are made of, by file; one of them mistaken where that is given.

    Raises `UsageError` for an exercise that the course does not have.
    """
    chosen = [course.exercise(name) for name in exercises]
    files = {}
    for assignment in course.assignments:
        names = {exercise.name for exercise in chosen if exercise.assignment == assignment.id}
        mistaken = instead is not None and instead.exercise in names
        solution = instead.source if instead is not None and mistaken else assignment.solution
        if names:
            files[f"{assignment.module}.py"] = _without(solution, {e.name for e in assignment.exercises}, names)
    return files


def _without(solution: bytes, exercises: set[str], wanted: set[str]) -> str:
    """The solution without the exercises that are not wanted, nor used by those that are."""
    kept, fresh = set(wanted), set(wanted)
    while fresh:
        fresh = {used for name in fresh for used in bank.mentioned(solution, name) & exercises} - kept
        kept |= fresh
    for name in exercises - kept:
        solution = bank.replaced(solution, name, "")
    return solution.decode()


def renamed(files: Files, number: int) -> Files:
    """The same program in other words: a comment, and other names of local variables, with the number in both."""
    return {name: _written(_renaming(text, number), number) for name, text in files.items()}


def apart(files: Files, number: int) -> Files:
    """A program of its own that does the same: renamed, and each function begins with a statement of no effect."""
    found = {}
    for name, text in files.items():
        tree = _renaming(text, number)
        for function in _functions(tree):
            place = 1 if ast.get_docstring(function) is not None else 0
            function.body.insert(place, ast.parse(f"mark = {number}").body[0])
        found[name] = _written(tree, number)
    return found


def mistakes(course: Course, exercises: Sequence[str] = EXERCISES) -> list[Variation]:
    """The known mistakes of these exercises."""
    known = bank.of(course)
    return [variation for name in exercises for variation in known.of(course.exercise(name).name)]


def mixed(
    course: Course, exercises: Sequence[str], students: int, copied: Callable[[Files, int], Files] = renamed
) -> Iterator[Files]:
    """A class of copies in which every fifth is mistaken, each in another way as long as there are any."""
    wrong, correct = mistakes(course, exercises), right(course, exercises)
    for number in range(students):
        if is_mistaken(number):
            yield copied(right(course, exercises, wrong[_spread(number // FIFTH, len(wrong))]), number)
        else:
            yield copied(correct, number)


def is_mistaken(number: int) -> bool:
    """Whether the submission of that number, from 0, is mistaken in a mixed class."""
    return number % FIFTH == FIFTH - 1


def _spread(turn: int, among: int) -> int:
    """Which of so many comes in that turn: all do once before one comes again, and the first few lie far apart."""
    stride = next(step for step in range(round(among * 0.382) or 1, among + 2) if _coprime(step, among))
    return turn * stride % among


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def hand_in(folder: Path, students: Iterable[Files]) -> list[str]:
    """Write a class into a new folder, and give the names of its submissions."""
    names = []
    for number, files in enumerate(students):
        own = folder / f"student-{number:05}"
        own.mkdir(parents=True)
        for name, text in files.items():
            (own / name).write_text(text, encoding="utf-8")
        names.append(own.name)
    return names


def _renaming(text: str, number: int) -> ast.Module:
    tree = ast.parse(text)
    for function in _functions(tree):
        own = _locals(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in own:
                node.id = f"{node.id}_{number}"
    return tree


def _functions(tree: ast.Module) -> list[Function]:
    """All functions but those inside of functions, which share names with the one that they are in."""
    tops = [part for node in tree.body for part in (node.body if isinstance(node, ast.ClassDef) else [node])]
    return [node for node in tops if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _locals(function: Function) -> set[str]:
    """Names that a function binds and that nobody outside of it can see; arguments are seen by who calls it."""
    nodes = list(ast.walk(function))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    foreign = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return bound - foreign - {node.arg for node in nodes if isinstance(node, ast.arg)}


def _written(tree: ast.Module, number: int) -> str:
    return f"# The work of student {number}.\n{ast.unparse(tree)}\n"
