"""The pages that are opened: of believable results, of hostile ones, of good ones, in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import made_up_class
import numpy as np
from classes import hostile_class, sample_class
from fixed import ROOT
from grades import grade, hostile_grade, sample_grade, whole_exercise

from grader import course as courses
from grader import language
from grader.classroom import survey
from grader.entry import Entry
from grader.model import Grade
from grader.picture import png
from grader.report import html, overview


def everything() -> Grade:
    """A believable grade of which nothing that a page can show is left out."""
    sample = sample_grade()
    pixels = np.random.default_rng(1).integers(0, 256, (48, 640, 3), dtype=np.uint8)
    last = sample.assignments[1].exercises[-1]
    drawn = replace(last, exhibits=replace(last.exhibits, picture=png(pixels)))
    chapter = replace(sample.assignments[1], exercises=(*sample.assignments[1].exercises[:-1], drawn))
    unsafe = replace(sample.sandbox, tier=0)
    return replace(sample, assignments=(sample.assignments[0], chapter), sandbox=unsafe, fingerprint="a1" * 32)


def good() -> Grade:
    """A grade of full marks."""
    return grade(whole_exercise("layers.linear_module"), whole_exercise("training.fit"))


def made_up() -> list[Entry]:
    """A dozen students, of whom nobody lives, and some in whom a person is needed."""
    return [*map(_shortened, made_up_class.entries(courses.load(ROOT), 12)), *sample_class()[:4]]


def _shortened(entry: Entry) -> Entry:
    """What somebody has of two assignments; four make a page of which axe-core takes a minute."""
    if entry.grade is None:
        return entry
    some = [one for one in entry.grade.exercises if one.id.startswith(("layers.", "residual_blocks."))]
    asked = {one.id for one in some}
    kept = tuple(one for one in entry.overrides if one.exercise in asked)
    return replace(entry, grade=grade(*some, submission=entry.name, notes=entry.grade.notes), overrides=kept)


def class_page(entries: list[Entry]) -> str:
    """The page of a class, with an address for everybody."""
    return overview.render(survey(entries), {one.name: f"students/{one.name}.html" for one in entries})


KINDS: dict[str, Callable[[], str]] = {
    "student": lambda: html.render(everything()),
    "good student": lambda: html.render(good()),
    "hostile student": lambda: html.render(hostile_grade()),
    "class": lambda: class_page(made_up()),
    "small class": lambda: class_page(sample_class()),
    "hostile class": lambda: class_page(hostile_class()),
}


class Addresses:
    """Pages in a folder, each written when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, kind: str, code: str = "en") -> str:
        path = self._folder / f"{kind}.{code}.html"
        if not path.exists():
            with speaking(code):
                path.write_text(KINDS[kind](), encoding="utf-8")
        return path.as_uri()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Say everything in that language, and in English again afterwards."""
    language.speak(code)
    try:
        yield
    finally:
        language.speak("en")
