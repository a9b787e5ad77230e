"""What is kept in English is said again in the language spoken, with the values that it holds."""

from __future__ import annotations

import string

import pytest

from grader import retold, snapshot, source, submission
from grader.retold import LOOK, Sayings, asking
from grader.sandbox import promises
from grader.submission import Submission


@pytest.fixture(autouse=True)
def loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language of capitals, in which places for values stay."""
    monkeypatch.setattr(retold, "_", capitals)


def capitals(text: str) -> str:
    """That text in capitals, apart from its places for values."""
    pieces = string.Formatter().parse(text)
    return "".join(literal.upper() + ("" if name is None else f"{{{name}}}") for literal, name, _, _ in pieces)


def filled(text: str) -> str:
    """That text with its values filled in."""
    return text.format(**{name: f"<{name}>" for _, name, _, _ in string.Formatter().parse(text) if name})


@pytest.mark.parametrize("text", [*snapshot.NOTES, *source.NOTES])
def test_every_text_is_known_again(text: str) -> None:
    """Whatever its values are, and never taken for another one."""
    assert submission._SAYINGS.again(filled(text)) == filled(capitals(text))


def test_a_reason_is_said_again_within_its_text_and_a_name_is_not() -> None:
    """A file may be called like one of our texts: that is its name."""
    sayings = Sayings("{path} was left out: {reason}", "it is a link", "it is larger than {size} MiB")
    assert sayings.again("a (b).py was left out: it is larger than 2 MiB") == (
        "a (b).py WAS LEFT OUT: IT IS LARGER THAN 2 MIB"
    )
    assert sayings.again("it is a link was left out: No such file") == "it is a link WAS LEFT OUT: No such file"
    assert sayings.again("something else") == "something else"


def test_the_walls_are_said_again_with_what_kept_from_better_ones() -> None:
    """Of a reason that is ours, and of one that is the system's."""
    kept = promises.protection(3, promises.BROKEN_BUBBLEWRAP.format(reason="No such device"))
    assert kept.line.startswith("sandbox tier 3, strong: own user")
    line = promises.said(kept).line
    assert line.startswith("SANDBOX TIER 3, STRONG: OWN USER")
    assert line.endswith("(NOT BETTER BECAUSE: BUBBLEWRAP DOES NOT WORK HERE: No such device)")


def test_what_was_noted_does_not_depend_on_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that is graded in another language is the same class; what asks for a look still does."""
    notes = (snapshot.LEFT_OUT.format(path="a.zip", reason=snapshot._ARCHIVE), f"{source.NOTES[0]} {LOOK}")
    collected = Submission("alice", {}, notes, {"a.zip": snapshot._ARCHIVE})
    content = collected.content
    left_out, looked_at = collected.said()
    assert left_out == "a.zip WAS LEFT OUT: IT IS AN ARCHIVE; UNPACK IT, AND HAND IN THE FILES THEMSELVES"
    assert looked_at.startswith("{path} HOLDS")
    assert looked_at.endswith(LOOK.upper())
    assert collected.content == content


def test_who_asks_for_a_person_is_known_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class may be graded in one language, and its page be written in another."""
    said = {"en": LOOK, "zh": "(a person, in Chinese)"}
    monkeypatch.setattr(retold, "everywhere", lambda text: said.values())
    monkeypatch.setattr(retold, "_", lambda text: said["zh"] if text == LOOK else text)
    note = retold.looked_at("(is it data?)")
    assert note == "(is it data?) (a person, in Chinese)"
    assert asking(note) == asking(f"(is it data?) {LOOK}") == "(is it data?)"
    assert asking("(is it data?)") is None
