"""Languages: every text has a translation, with the same values in it, and who asks for a language gets it."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message

from grader import language
from scripts import messages

OTHERS = sorted(set(language.TAGS) - {"en"})
ROOT = Path(__file__).resolve().parents[1]
# What no Chinese text should hold; see docs/translating.md.
REFUSED = {
    "half-width punctuation": re.compile(
        r"[\u4e00-\u9fff](?:[,;:?!](?:[\u4e00-\u9fff ]|$)|[(\"]|\.$|\.\.\.)|[)\"][\u4e00-\u9fff]"
    ),
    "Chinese and Latin without a space": re.compile(r"[\u4e00-\u9fff][A-Za-z0-9`]|[A-Za-z0-9`][\u4e00-\u9fff]"),
    "a space that does not belong there": re.compile(
        r"[\u4e00-\u9fff] [\u4e00-\u9fff]|\S [，。；：？！、]|[，。；？！、] \S"
    ),
    "somebody addressed": re.compile("[你您]"),
}
LONGEST = 40  # Chinese characters of a sentence


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


def course_texts(table: Any) -> Iterator[str]:
    """What a file of the course says in Chinese, beside what it says in English."""
    if isinstance(table, dict):
        yield from (
            [table["zh"]] if "zh" in table else (text for value in table.values() for text in course_texts(value))
        )
    elif isinstance(table, list):
        yield from (text for value in table for text in course_texts(value))


def docstrings(handout: dict[str, Any]) -> Iterator[str]:
    """The texts of a handout in Chinese."""
    yield handout["module"]
    yield from handout["docstrings"].values()


@pytest.fixture(scope="module")
def chinese() -> list[tuple[str, str]]:
    """Everything that is said in Chinese, with where it stands: catalogue, hints, handouts."""
    texts = [("catalogue", said) for message in messages.read("zh") if message.id for _, said in forms(message)]
    for file in sorted((ROOT / "reference").rglob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        found = docstrings(table) if file.name == "handout.zh.toml" else course_texts(table)
        texts += [(str(file.relative_to(ROOT)), text) for text in found]
    pages = sorted((ROOT / "assignments").glob("*/zh/README.md"))
    return texts + [(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")) for page in pages]


@pytest.mark.parametrize("rule", REFUSED)
def test_chinese_is_set_as_chinese(rule: str, chinese: list[tuple[str, str]]) -> None:
    """Full-width punctuation, a space between Chinese and Latin words alone, and nobody addressed."""
    lines = ((place, line) for place, text in chinese for line in text.splitlines())
    assert [(place, line) for place, line in lines if REFUSED[rule].search(line)] == []


def test_chinese_sentences_are_short(chinese: list[tuple[str, str]]) -> None:
    """A sentence should end before the reader has forgotten how it began."""
    sentences = ((place, one) for place, text in chinese for one in re.split(r"[。？！\n]", text))
    assert [(place, one) for place, one in sentences if len(re.findall(r"[\u4e00-\u9fff]", one)) > LONGEST] == []


def glossary() -> list[tuple[list[str], list[str]]]:
    """Chinese words of the glossary, and those that stand for the same and are refused."""
    rows = re.findall(r"^\| .+? \| (.+?) \|(?: (.+?))? \|$", page("translating"), re.MULTILINE)
    return [
        ([*re.split("[，；]", right)], wrong.split("，") if wrong else []) for right, wrong in rows if right != "中文"
    ]


def page(name: str) -> str:
    """What that page of the documents says, from its glossary on."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").partition("## Glossary")[2]


def test_one_chinese_word_for_each_thing(chinese: list[tuple[str, str]]) -> None:
    """Words of the glossary should be in use, and none of their rivals, except as a part of one of them."""
    words = glossary()
    everything = "\n".join(text for _, text in chinese)
    assert len(words) > 30
    assert [word for right, _ in words for word in right if word not in everything] == []
    known = re.compile("|".join(sorted((word for right, _ in words for word in right), key=len, reverse=True)))
    rivals = re.compile("|".join(word for _, wrong in words for word in wrong))
    assert [(place, text) for place, text in chinese if rivals.search(known.sub("·", text))] == []


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
