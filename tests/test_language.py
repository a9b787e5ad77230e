"""Languages: every text has a translation, with the same values in it, and who asks for a language gets it."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message

from grader import language
from scripts import messages

OTHERS = sorted(set(language.TAGS) - {"en"})
# What Chinese writes with its own signs: half-width punctuation between two Chinese characters.
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!][\u4e00-\u9fff ]|[\u4e00-\u9fff]\.$")
UNSPACED = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9`]|[A-Za-z0-9`][\u4e00-\u9fff]")


@pytest.fixture
def english() -> Iterator[None]:
    """Afterwards the program speaks English again."""
    yield
    language.speak("en")


@pytest.mark.parametrize("code", OTHERS)
def test_the_catalogue_is_whole_and_of_today(code: str) -> None:
    """Every text of the source should be there, translated; and the files what `make messages` would write."""
    catalogue = messages.updated(code)
    assert messages.missing(catalogue) == [], "run `make messages` and translate what it names"
    assert messages.text_of(catalogue) == messages.file_of(code).read_bytes(), "run `make messages`"
    assert messages.compiled(messages.read(code)) == messages.file_of(code).with_suffix(".mo").read_bytes()


def fields(text: str) -> set[str]:
    """The values that a text has places for: of `str.format`, of templates, of Click."""
    named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} if "{" in text else set()
    return named | set(re.findall(r"%\((\w+)\)", text))


def forms(message: Message) -> list[tuple[str, str]]:
    """Pairs of a text and its translation, singular and plural."""
    texts = [message.id] if isinstance(message.id, str) else list(message.id)
    said = [message.string] if isinstance(message.string, str) else list(message.string)
    return [(texts[min(number, len(texts) - 1)], one) for number, one in enumerate(said)]


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_same_values(code: str) -> None:
    """No translation should lose a value, or ask for one that nobody gives."""
    for message in messages.read(code):
        for text, said in forms(message) if message.id else []:
            wanted = [fields(text)] if isinstance(message.id, str) else list(map(fields, message.id))
            assert set.intersection(*wanted) <= fields(said) <= set.union(*wanted), text


def test_chinese_is_set_as_chinese() -> None:
    """Full-width punctuation, and a space between Chinese and Latin words."""
    for message in messages.read("zh"):
        for _, said in forms(message) if message.id else []:
            assert not HALF_WIDTH.search(said), said
            assert not UNSPACED.search(said), said


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, ""),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "GRADE_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, ""),
        ({"LANG": "de_DE.UTF-8"}, ""),
        ({"LC_MESSAGES": "en_GB", "LANG": "zh_CN"}, "en"),
    ],
)
def test_the_environment_chooses(environment: dict[str, str], wanted: str) -> None:
    """The variable of our own should come first, then those of the system in their usual order."""
    assert language.preferred(environment) == wanted


@pytest.mark.usefixtures("english")
def test_unknown_languages_are_no_silent_english() -> None:
    """A language without a catalogue should not be spoken as if there were one."""
    with pytest.raises(FileNotFoundError):
        language.speak("xx")
    language.speak("zh")
    assert language.spoken() == "zh"
