"""The bank of known mistakes: each as the smallest variation of the reference solution that behaves like it.

``reference/<assignment>/mistakes/<id>.toml`` holds one misconception:

    look = "forward"                          # where to look: a method, or the function itself
    title = { en = "…", zh = "…" }            # the fact, in at most 70 characters
    principle = { en = "…", zh = "…" }        # first hint: a question or a principle
    technique = { en = "…", zh = "…" }        # second hint: the technique, never the code
    fact = "duplicate-key"                    # optional: what must be seen in the source, where behaviour cannot tell

    [[variation]]
    exercise = "RestNetBasicBlock"
    edits = [["old text", "new text"]]        # each old text stands exactly once in that exercise's source
    before = "import copy"                    # optional: lines put before the exercise
    fact = "shared-layer-entry"               # optional: another fact than the misconception's, for this variation

A misconception that several assignments share has its words in one of them. Variations are text, so that a reader sees
the mistake; that each compiles is what `verify` checks, that it behaves unlike the solution, ``grade selftest``.
"""

from __future__ import annotations

import ast
import hashlib
import threading
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import CourseError
from grader.language import TAGS, _

LANGUAGES = tuple(TAGS)
_WORDS = ("title", "principle", "technique")
_KEYS = {*_WORDS, "look", "fact", "variation"}
_VARIATION_KEYS = {"exercise", "edits", "before", "fact"}
_ONE_TREE = threading.Lock()


@dataclass(frozen=True)
class Misconception:
    """What is misunderstood, in each language. `look` is the method to look at, `fact` a fact of the source."""

    id: str
    title: Mapping[str, str]
    principle: Mapping[str, str]
    technique: Mapping[str, str]


@dataclass(frozen=True)
class Variation:
    """One executable form of a misconception: the solution's file with one exercise changed, by `edits`."""

    misconception: str
    number: int  # among those of the same misconception and exercise
    exercise: str
    source: bytes
    look: str
    fact: str
    edits: tuple[tuple[str, str], ...] = ()
    before: str = ""


@dataclass(frozen=True)
class Bank:
    """All that is known of an assignment's mistakes."""

    misconceptions: Mapping[str, Misconception]
    variations: tuple[Variation, ...]
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)  # the exercises that the solution of one uses

    def of(self, exercise: str) -> tuple[Variation, ...]:
        """The variations of one exercise, by its name."""
        return tuple(variation for variation in self.variations if variation.exercise == exercise)

    def within(self, exercise: str, used: Iterable[str]) -> tuple[Variation, ...]:
        """The variations of one exercise, and of those that its solution is made of and it is not: who writes an epoch
        into `fit` anew makes the mistakes of epochs there. `used` are the exercises that it does use."""
        anew = self.parts.get(exercise, frozenset()) - set(used)
        return (*self.of(exercise), *(each for each in self.variations if each.exercise in anew))


def of(course: Course) -> Bank:
    """The bank of a whole course. Raises `CourseError` naming the file."""
    return load({each.id: (course.root / "reference" / each.id, each.solution) for each in course.assignments})


def load(assignments: Mapping[str, tuple[Path, bytes]]) -> Bank:
    """The bank of assignments, given as their folder and their solution. Raises `CourseError` naming the file."""
    words: dict[str, Misconception] = {}
    variations: list[Variation] = []
    parts: dict[str, frozenset[str]] = {}
    for folder, solution in assignments.values():
        parts |= _parts(solution)
        for file in _files(folder):
            entry = _read(file)
            if any(key in entry for key in _WORDS):
                if file.stem in words:
                    raise CourseError(
                        _("{file}: {name} has its words in another assignment already").format(
                            file=file, name=file.stem
                        )
                    )
                words[file.stem] = Misconception(file.stem, *(_texts(entry, key, file) for key in _WORDS))
            variations += _variations(entry, file, solution)
    for variation in variations:
        if variation.misconception not in words:
            raise CourseError(
                _("mistakes/{name}.toml: no assignment has its words").format(name=variation.misconception)
            )
    return Bank(words, tuple(variations), parts)


def fingerprint(course: Course) -> str:
    """A hash of all files of a course's bank: words and variations."""
    files = sorted(file for each in course.assignments for file in _files(course.root / "reference" / each.id))
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.parent.parent.name}/{file.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("mistakes/*.toml"))


def _read(file: Path) -> dict[str, Any]:
    try:
        entry = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{file}: {error}") from error
    if unknown := set(entry) - _KEYS:
        raise CourseError(_("{file}: unknown key {key}").format(file=file, key=sorted(unknown)[0]))
    return entry


def _texts(entry: Mapping[str, Any], key: str, file: Path) -> dict[str, str]:
    texts = entry.get(key)
    if not isinstance(texts, dict) or set(texts) != set(LANGUAGES) or not all(map(_is_text, texts.values())):
        raise CourseError(
            _("{file}: {key} needs a text in each of {names}").format(file=file, key=key, names=", ".join(LANGUAGES))
        )
    return dict(texts)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _variations(entry: Mapping[str, Any], file: Path, solution: bytes) -> list[Variation]:
    found: list[Variation] = []
    for item in entry.get("variation", []):
        if unknown := set(item) - _VARIATION_KEYS:
            raise CourseError(_("{file}: unknown key {key} in a variation").format(file=file, key=sorted(unknown)[0]))
        exercise = item["exercise"]
        number = sum(other.exercise == exercise for other in found)
        edits = tuple((old, new) for old, new in item.get("edits", []))
        before, place, fact = item.get("before", ""), entry.get("look", ""), item.get("fact", entry.get("fact", ""))
        try:
            source = edited(solution, exercise, edits, before)
        except ValueError as error:
            raise CourseError(f"{file}: {error}") from error
        found.append(Variation(file.stem, number, exercise, source, place, fact, edits, before))
    if not found:
        raise CourseError(_("{file}: a misconception needs a variation").format(file=file))
    return found


def edited(solution: bytes, exercise: str, edits: Iterable[tuple[str, str]], before: str = "") -> bytes:
    """The solution with one exercise changed. Raises ValueError where an old text is not there exactly once."""
    if exercise not in (spans := _spans(solution)):
        raise ValueError(_("the solution has no {exercise}").format(exercise=exercise))
    lines = solution.decode().splitlines(keepends=True)
    start, end = spans[exercise]
    part = "".join(lines[start:end])
    for old, new in edits:
        if part.count(old) != 1:
            raise ValueError(
                _("{exercise} holds {count} times, not once: {old!r}").format(
                    exercise=exercise, count=part.count(old), old=old
                )
            )
        part = part.replace(old, new)
    return "".join([*lines[:start], f"{before}\n\n\n" if before else "", part, *lines[end:]]).encode()


def parsed(source: str | bytes) -> ast.Module:
    """The syntax tree, made one at a time.

    CPython before 3.11.8 and 3.12.2 keeps one count for all threads of how deep it is in a tree, and raises SystemError
    where two make one at once (gh-106905).
    """
    with _ONE_TREE:
        return ast.parse(source)


def definitions(source: bytes) -> dict[str, str]:
    """The text of each class and function at the top level, by name."""
    lines = source.decode().splitlines(keepends=True)
    return {name: "".join(lines[start:end]) for name, (start, end) in _spans(source).items()}


def mentioned(source: bytes, name: str) -> frozenset[str]:
    """The names that one class or function mentions; none where the source has none of that name."""
    tree = parsed(definitions(source).get(name, ""))
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def replaced(source: bytes, name: str, text: str) -> bytes:
    """The source with another definition of one class or function. Raises KeyError where it has none of that name."""
    lines = source.decode().splitlines(keepends=True)
    start, end = _spans(source)[name]
    return "".join([*lines[:start], text, *lines[end:]]).encode()


def together(solution: bytes, variations: Iterable[Variation]) -> bytes:
    """The solution with several mistakes at once, each in an exercise of its own."""
    for one in variations:
        solution = edited(solution, one.exercise, one.edits, one.before)
    return solution


@lru_cache(maxsize=64)
def _spans(solution: bytes) -> dict[str, tuple[int, int]]:
    """Where each class and function of the solution begins and ends, in lines from 0."""
    return {node.name: (node.lineno - 1, node.end_lineno or node.lineno) for node in _tops(solution)}


def _parts(solution: bytes) -> dict[str, frozenset[str]]:
    """The other classes and functions of the solution that each of them refers to."""
    names = set(_spans(solution))
    return {name: mentioned(solution, name) & names - {name} for name in names}


def _tops(solution: bytes) -> list[ast.ClassDef | ast.FunctionDef]:
    return [node for node in parsed(solution).body if isinstance(node, ast.ClassDef | ast.FunctionDef)]


def verify(known: Bank) -> None:
    """Compile every variation. Raises `CourseError` naming the file; slow, hence not done when a bank is loaded."""
    for one in known.variations:
        try:
            compile(one.source, f"{one.misconception}.toml", "exec")
        except SyntaxError as error:
            name = f"mistakes/{one.misconception}.toml"
            raise CourseError(
                _("{name}: with its edits {exercise} does not compile: {error}").format(
                    name=name, exercise=one.exercise, error=error
                )
            ) from error
