"""Whatever a student's code, files and folders say, the terminal, the page and the JSON say it and do not obey it.

One grade with every kind of text in it is filled with arbitrary text and compared with itself filled with an `x`.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from grades import HOSTILE, down_block, exercise, grade, resnet, whole_exercise
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from grader.model import Grade, Status
from grader.report import html, jsonl, terminal
from grader.report.plain import map_leaves
from grader.text import is_visible

OURS = {"ExerciseResult.id", "CheckResult.id", "AssignmentResult.id"}  # of the course; all else may be a student's
SPOKEN = [
    *HOSTILE,
    "]]>",
    "<!--",
    "&#x1b;",
    "\u2028\u2029\x85",
    "\u061c\u200e\ufeff",
    "\x1b]0;t\x07",
    "\n100 / 100\n",
    "\r",
]
texts = st.text(min_size=1) | st.sampled_from(SPOKEN) | st.lists(st.sampled_from(SPOKEN), min_size=2).map("".join)


def filled(text: str, other: str) -> Grade:
    """A grade with every verdict, status and exhibit, in which students' texts are these two."""
    shown = replace(down_block().exhibits, picture=b"png", training=resnet().exhibits.training)
    made = grade(
        whole_exercise("layers.a"),
        replace(down_block(), exhibits=shown, note="note"),
        exercise("layers.b", status=Status.ERROR, note="note"),
        exercise("layers.c", status=Status.NOT_SUBMITTED, note="note"),
        notes=("one", "two"),
        fingerprint="f",
    )

    def fill(place: str, value: object) -> object:
        if not isinstance(value, str) or place in OURS:
            return value
        return other if place in ("Finding.got", "Excerpt.file", "Place.file", "LayerRow.name", "Grade.notes") else text

    return map_leaves(made, fill)


class Skeleton(HTMLParser):
    """The elements of a page with their attributes, as far as text has no business to change them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The colours of code follow what it says. The texts of labels do, too: their names count.
        if tag == "span" and re.fullmatch("t[a-z]", dict(attrs).get("class") or ""):
            return
        kept = tuple((name, value if name not in ("aria-label", "alt") else "") for name, value in attrs)
        self.found.append(("start", tag, kept))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data, ()))

    def handle_pi(self, data: str) -> None:
        self.found.append(("instruction", data, ()))


PLAIN = Skeleton(html.render(filled("x", "x"))).found


@settings(max_examples=60, deadline=None)
@example(HOSTILE[0], HOSTILE[1])
@example(HOSTILE[8], "\x1b]8;;http://evil.example\x07")
@given(texts, texts)
def test_a_page_has_the_same_elements_whatever_it_says(text: str, other: str) -> None:
    """No text should add, remove or change an element or an attribute, or hide a character."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "LARGEST", 1 << 30)  # a page of long texts shows less, and would differ by that
        page = html.render(filled(text, other))
    assert Skeleton(page).found == PLAIN
    assert all(is_visible(char) for char in page)
    page.encode()


@settings(max_examples=60, deadline=None)
@example("\x1b[2J\x9b1m", "\u202e\r\n100 / 100\n")
@given(texts, texts)
def test_a_terminal_gets_text_and_our_colours_alone(text: str, other: str) -> None:
    """Nothing but visible characters, line ends, and the codes of our own colours should reach a terminal."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=100)
    made = filled(text, other)
    terminal.show(made, console)
    terminal.show_summary([made], console)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", written(console))
    assert "\t" not in shown
    assert all(is_visible(char) for char in shown)


@settings(max_examples=40, deadline=None)
@given(texts)
def test_the_last_line_of_a_terminal_is_the_score(text: str) -> None:
    """No text should be able to say another score where ours is expected, nor the mark of a check at a margin."""
    console = Console(file=io.StringIO(), width=100)
    terminal.show(filled(text, text), console)
    lines = written(console).splitlines()
    assert re.fullmatch(r"[0-9.]+ / [0-9.]+", lines[-1])


@settings(max_examples=100, deadline=None)
@given(texts, texts)
def test_json_says_exactly_what_was_said_on_one_printable_line(text: str, other: str) -> None:
    """Reading the line should give every text back, and printing it should do no harm."""
    made = filled(text, other)
    line = jsonl.dumps(made)
    assert line.isprintable()
    said = made.as_json()
    if not any("\ud800" <= char <= "\udfff" for char in text + other):
        assert json.loads(line) == said
    assert [e["id"] for a in json.loads(line)["assignments"] for e in a["exercises"]] == [e.id for e in made.exercises]


@pytest.mark.parametrize("text", ["\n" * 50_000, "x" * 1_000_000, "\u202e" * 100_000, "<" * 1_000_000, "[" * 100_000])
def test_endless_text_makes_no_endless_report(text: str) -> None:
    """Very long texts and very many lines should be cut everywhere, with both ends kept, in little time."""
    made = filled(f"head{text}tail", "x")
    page = html.render(made)
    assert len(page) < 2_000_000
    assert page.count("\n") < 5_000
    console = Console(file=io.StringIO(), width=100)
    terminal.show(made, console)
    assert written(console).count("\n") < 1_000
    assert "head" in written(console)
    assert "tail" in written(console)


def written(console: Console) -> str:
    """What a console was given to write."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
