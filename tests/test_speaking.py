"""The language of a command: who chooses it, and that help and errors, Click's too, are said in it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from grader import coursewide, language
from grader.cli import clicks, speaking
from grader.errors import CourseError


def strings(file: Path) -> set[str]:
    """All texts of a Python file, those in several pieces put together."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_what_is_listed_of_click_is_in_click() -> None:
    """A text that Click says in other words would stay English, so each should stand in its source to the letter."""
    listed = strings(Path(clicks.__file__)) - {clicks.__doc__}
    assert len(listed) > 20
    assert listed <= set().union(*map(strings, Path(click.__file__).parent.glob("*.py")))


@pytest.mark.parametrize(
    ("arguments", "environment", "wanted"),
    [
        (["alice"], {}, ""),
        (["alice", "--lang", "zh"], {"GRADE_LANG": "en"}, "zh"),
        (["--lang=en", "batch", "x"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["batch", "--lang", "en", "x", "--lang", "zh"], {}, "zh"),
        (["alice", "--lang", "fr"], {"LANG": "zh_CN.UTF-8"}, "zh"),
        (["alice", "--lang"], {}, ""),
        (["--", "--lang", "zh"], {}, ""),
    ],
)
def test_the_option_comes_before_the_environment(
    arguments: list[str], environment: dict[str, str], wanted: str
) -> None:
    """Click takes the last of an option's values, and none after ``--``; so should this."""
    assert speaking.asked_for(arguments, environment) == wanted


@pytest.fixture
def spoken() -> Iterator[None]:
    """Afterwards the program speaks English again."""
    yield
    language.speak("en")


def taught_in(folder: Path, text: str) -> Path:
    """A course folder with that `course.toml`."""
    (folder / "reference").mkdir()
    (folder / "reference" / "course.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("spoken")
def test_a_course_has_a_language_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is spoken where nobody asks for another."""
    for variable in ("GRADE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    root = taught_in(tmp_path, 'language = "zh"')
    assert speaking.begin(["alice", "--course", str(root)]) == ""
    assert language.spoken() == "zh"
    speaking.begin(["alice"])
    assert language.spoken() == "en"
    for asked, settled in (("", "zh"), ("en", "en")):
        language.speak("en")
        with click.Context(click.Command("one"), obj=asked):
            speaking.settle(root)
        assert language.spoken() == settled


@pytest.mark.parametrize("text", ['language = "fr"', 'languages = "zh"', "language ="])
def test_a_course_in_no_language_is_refused(tmp_path: Path, text: str) -> None:
    """The file, and what is wrong in it, should be named."""
    with pytest.raises(CourseError, match=r"course\.toml"):
        coursewide.language(taught_in(tmp_path, text))


def said(*arguments: str, **environment: str) -> str:
    """What the program prints."""
    command = [sys.executable, "-m", "grader", *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, encoding="utf-8")
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "asked", "words"),
    [
        (("--lang", "zh", "--help"), "en", ("Usage:", "Options", "Commands", "one exercise only")),
        (("batch", "--help"), "zh", ("Usage:", "Show this message and exit.", "Run folder.")),
        (("regrade", "--lang", "zh"), "en", ("Missing argument",)),
        (("alice", "--bogus"), "zh", ("No such option {name!r}.",)),
    ],
)
def test_help_and_errors_are_said_in_that_language(
    arguments: tuple[str, ...], asked: str, words: tuple[str, ...]
) -> None:
    """Ours and Click's, whoever chose the language."""
    catalogue = language.gettext.translation(language.DOMAIN, language.LOCALES, ["zh"])
    found = "".join(said(*arguments, GRADE_LANG=asked).split())
    for text in words:
        for piece in catalogue.gettext(text).split("{name!r}"):
            assert "".join(piece.split()) in found, text
    assert "Showthismessageandexit." not in found
