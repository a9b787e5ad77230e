"""Everything that ``grade explain`` knows by an id: mistakes, checks, exercises, words of a result, exit codes.

Of the course only that is read which is asked for, and no more than its words: one entry takes some hundredths of a
second, where loading a course takes many times that.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.errors import CourseError, UsageError
from grader.explanations import CHECKS, EXITS, METHODS, OUTCOMES
from grader.language import N_, _, joined, ngettext, spoken

_SAME_IN_ALL = "en"
_EXERCISE = re.compile(r'^exercise = "(\w+)"', re.MULTILINE)
_LIKE = 5  # near matches that are named


@dataclass(frozen=True)
class Topic:
    """One thing explained: its kind and title, then paragraphs, each with a heading."""

    id: str
    kind: str
    title: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """Topics of one kind, by id, with their titles."""

    name: str
    topics: Mapping[str, str]


class Catalogue:
    """The topics of one course, in the language of this run.

    Raises `UsageError` where no such course is there, and `CourseError` where a file of it cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "reference"
        if not self._folder.is_dir():
            raise UsageError(
                _("--course {root} holds no course: expected {root}/reference/<name>/assignment.toml").format(root=root)
            )

    def topic(self, id: str) -> Topic:
        """What is known of that id. Raises `UsageError` naming those that are like it."""
        if id in CHECKS:
            return self._check(id)
        if id in OUTCOMES:
            return Topic(id, _("outcome"), _(OUTCOMES[id]), ())
        if id in EXITS:
            return Topic(id, _("exit code"), _(EXITS[id]), ())
        if id in self.mistakes:
            return self._mistake(id)
        for assignment, name, exercise in self._exercises():
            if id in (name, f"{assignment}.{name}"):
                return self._exercise(assignment, name, exercise)
            for check in exercise["points"]:
                if check in CHECKS and id in (f"{name}.{check}", f"{assignment}.{name}.{check}"):
                    return self._check(check, name, exercise)
        like = difflib.get_close_matches(id, self.ids(), _LIKE)
        said = (
            _("nothing here is called {id!r}. Like it: {names}. All there is: grade explain")
            if like
            else _("nothing here is called {id!r}. All there is: grade explain")
        )
        raise UsageError(said.format(id=id, names=joined(like)))

    def groups(self) -> Iterator[Group]:
        """All topics with their titles, the shortest groups first."""
        yield Group(_("Checks"), {id: _(about.title).format(name="…") for id, about in CHECKS.items()})
        yield Group(_("Outcomes"), {id: _(text) for id, text in OUTCOMES.items()})
        yield Group(_("Exit codes"), {id: _(text) for id, text in EXITS.items()})
        yield Group(_("Exercises"), {name: _told(each["title"]) for _where, name, each in self._exercises()})
        heads = {id: self._words(files) for id, files in self.mistakes.items()}
        yield Group(_("Known mistakes"), {id: _told(words["title"]) for id, words in heads.items()})

    def ids(self) -> list[str]:
        """Everything that `topic` takes, but for the long forms."""
        exercises = [(name, exercise) for _where, name, exercise in self._exercises()]
        checks = [f"{name}.{check}" for name, exercise in exercises for check in exercise["points"] if check in CHECKS]
        return [*CHECKS, *OUTCOMES, *EXITS, *(name for name, _exercise in exercises), *self.mistakes, *checks]

    @cached_property
    def mistakes(self) -> dict[str, list[Path]]:
        """The files of each known mistake, by its id; several assignments may share one."""
        found: dict[str, list[Path]] = {}
        for file in sorted(self._folder.glob("*/mistakes/*.toml")):
            found.setdefault(file.stem, []).append(file)
        return dict(sorted(found.items()))

    @cached_property
    def assignments(self) -> dict[str, dict[str, Any]]:
        """What each assignment's file says, by its id."""
        files = sorted(self._folder.glob("*/assignment.toml"))
        return {file.parent.name: _parsed(file, file.read_text(encoding="utf-8")) for file in files}

    @cached_property
    def _mistaken(self) -> dict[str, set[str]]:
        """The exercises that each mistake is known of; searched for, since parsing all variations takes long."""
        texts = {id: [file.read_text(encoding="utf-8") for file in files] for id, files in self.mistakes.items()}
        return {id: {name for text in each for name in _EXERCISE.findall(text)} for id, each in texts.items()}

    def exercises(self) -> list[str]:
        """The names of all exercises, in order."""
        return [name for _where, name, _exercise in self._exercises()]

    def _exercises(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for assignment, data in self.assignments.items():
            for exercise in data.get("exercise", []):
                yield assignment, str(exercise.get("name", "")), {"points": {}, "title": "", **exercise}

    def _words(self, files: list[Path]) -> dict[str, Any]:
        """The words of a mistake: one of its files has them, before the variations, which take long to read."""
        for file in files:
            head = _parsed(file, file.read_text(encoding="utf-8").partition("[[variation]]")[0])
            if "title" in head:
                return head
        raise CourseError(_("mistakes/{id}.toml: no assignment has its words").format(id=files[0].stem))

    def _mistake(self, id: str) -> Topic:
        files = self.mistakes[id]
        words = self._words(files)
        whole = [(file.parents[1].name, _parsed(file, file.read_text(encoding="utf-8"))) for file in files]
        places = {each.get("look", "") for _assignment, each in whole} - {""}
        seen = any("fact" in each or any("fact" in one for one in each["variation"]) for _assignment, each in whole)
        noticed = (
            N_("By what the code does, beside a solution with this mistake in it; and by what stands in the source.")
            if seen
            else N_("By what the code does, beside a solution with this mistake in it. Names and style do not matter.")
        )
        parts = [
            (_("To think about"), _told(words["principle"])),
            (_("Seen in"), "\n".join(_in_assignment(assignment, each) for assignment, each in whole)),
            (_("Where to look"), joined(f"`{place}`" for place in sorted(places))),
            (_("How it is noticed"), _(noticed)),
            (_("What to do about it"), _told(words["technique"])),
        ]
        return Topic(id, _("known mistake"), _told(words["title"]), tuple(part for part in parts if part[1]))

    def _check(self, id: str, name: str = "", exercise: Mapping[str, Any] | None = None) -> Topic:
        about = CHECKS[id]
        acts = exercise is not None and "scene" in exercise and about.acting
        parts = [(_("What is looked at"), _(about.acting) if acts else _(about.looks))]
        if exercise is None and about.acting:
            parts.append((_("Of a function that acts, such as a training loop"), _(about.acting)))
        if exercise is not None:
            parts += _of_exercise(id, exercise)
        parts += [(_("Why it matters"), _(about.matters)), (_("When it does not pass"), _(about.failing))]
        if exercise is None:
            having = [each for _where, each, data in self._exercises() if id in data["points"]]
            parts.append((_("Exercises that have it"), joined(having)))
        title = _(about.title).format(name=name or "…")
        return Topic(f"{name}.{id}" if name else id, _("check"), title, tuple(part for part in parts if part[1]))

    def _exercise(self, assignment: str, name: str, exercise: Mapping[str, Any]) -> Topic:
        points = (f"{check}  {_points(worth)}" for check, worth in exercise["points"].items())
        known = [id for id in self.mistakes if name in self._mistaken[id]]
        parts = [
            (_("Assignment"), _entry(assignment, _told(self.assignments[assignment].get("title", "")))),
            (_("Checks"), "\n".join(points)),
            (_("Known mistakes"), joined(known)),
        ]
        return Topic(name, _("exercise"), _told(exercise["title"]), tuple(part for part in parts if part[1]))


def _of_exercise(id: str, exercise: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is special about a check of one exercise."""
    parts = [(_("In this exercise"), _points(exercise["points"][id]))]
    if id == "method" and (rule := exercise.get("method", {}).get("rule", "")) in METHODS:
        names = ", ".join(exercise["method"].get("names", ()))
        parts.append((_("What is asked for"), f"{_(METHODS[rule])} {names}".rstrip()))
    if id == "training" and {"steps", "batch"} <= set(run := exercise.get("training", {})):
        said = _("{steps} steps with {batch} samples each.").format(steps=run["steps"], batch=run["batch"])
        parts.append((_("How long it is"), said))
    return parts


def _in_assignment(assignment: str, entry: Mapping[str, Any]) -> str:
    names = dict.fromkeys(str(each["exercise"]) for each in entry.get("variation", []))
    return _entry(assignment, joined(names))


def _entry(name: str, text: str) -> str:
    """A name, and what is said of it."""
    return _("{name}: {text}").format(name=name, text=text)


def _points(points: float) -> str:
    return ngettext("{points:g} point", "{points:g} points", 1 if points == 1 else 2).format(points=points)


def _told(words: Any) -> str:
    """A text in the language of this run; one for all languages where the course has no more."""
    if isinstance(words, Mapping):
        return str(words.get(spoken()) or words.get(_SAME_IN_ALL, ""))
    return str(words)


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{file}: {error}") from error
