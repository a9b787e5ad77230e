"""Colours, links and characters: each stream gets what it can take, and nothing that is printed stops the program."""

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path

import pytest
from grades import hostile_grade, sample_grade
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from grader.report import records, terminal, wrapping
from grader.report.screen import Screen, coloured, console_on, wrapped
from grader.report.terminal import Detail

ENVIRONMENTS = (
    {},
    {"NO_COLOR": "1"},
    {"TERM": "dumb"},
    {"FORCE_COLOR": "1"},
    {"FORCE_COLOR": "1", "NO_COLOR": "1"},
    {"FORCE_COLOR": "1", "TERM": "dumb"},
    {"COLUMNS": "40"},
    {"COLUMNS": "0"},
)


class Stream(io.TextIOWrapper):
    """A stream that says of itself whether it is a terminal."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", write_through=True)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def written(self) -> str:
        """All that was written."""
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "ascii"])
def test_a_stream_gets_only_what_it_can_take(encoding: str, environment: dict[str, str]) -> None:
    """No character stops the output; codes are there where colours are wanted, and links on a terminal alone."""
    for is_terminal, asked in itertools.product([True, False], [None, True, False]):
        stream = Stream(encoding, is_terminal)
        console = console_on(stream, environment, asked)
        terminal.show(sample_grade(), console, Detail.USUAL)
        Screen(console).path("Report: {file}", Path("报告/ü\x1b[2J.html"))
        said = stream.written()
        wanted = coloured(is_terminal, environment, asked)
        assert ("\x1b[" in said) == wanted
        assert ("\x1b]8;" in said) == (wanted and is_terminal)
        assert "\r" not in said
        bare = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", said)
        assert bare.replace("\n", "").isprintable()
        if environment.get("COLUMNS") == "40":
            lines = [line for line in bare.splitlines() if not line.startswith("Report: ")]
            assert max(map(len, lines)) <= 40


@pytest.mark.parametrize(
    ("is_terminal", "environment", "asked", "wanted"),
    [
        (True, {}, None, True),
        (False, {}, None, False),
        (True, {"NO_COLOR": "1"}, None, False),
        (True, {"NO_COLOR": ""}, None, True),
        (True, {"TERM": "dumb"}, None, False),
        (False, {"FORCE_COLOR": "1"}, None, True),
        (True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, None, False),
        (False, {"NO_COLOR": "1"}, True, True),
        (True, {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours_are_decided_in_one_order(
    is_terminal: bool, environment: dict[str, str], asked: bool | None, wanted: bool
) -> None:
    """The option, then NO_COLOR, then FORCE_COLOR, then whether there is a terminal that is not dumb."""
    assert coloured(is_terminal, environment, asked) is wanted


def test_own_signs_have_plain_forms() -> None:
    """Where an encoding lacks our own signs, their usual replacements should stand, not their numbers."""
    screen = Screen(console_on(Stream("ascii", terminal=False), {}))
    assert screen.fit("“a” … × ✓ ü") == '"a" ... x \\u2713 \\xfc'


def test_a_record_has_eight_fields_whatever_is_in_them() -> None:
    """Tabs and line breaks of a submission must not make more fields, or more records."""
    for made in (sample_grade(), hostile_grade()):
        rows = [line.split("\t") for line in records.lines(made)]
        assert {len(row) for row in rows} == {8}
        assert all(field.isprintable() for row in rows for field in row)
        assert rows[-1][0] == "submission"
        checks = [row for row in rows if row[0] == "check"]
        assert len(checks) == sum(len(exercise.checks) for exercise in made.exercises)
    failed = [row for line in records.lines(sample_grade()) if (row := line.split("\t"))[3] == "failed"]
    assert [row[2:7] for row in failed][1] == [
        "residual_blocks.RestNet18.training", "failed", "0", "10", "residual_blocks.py:88",
    ]  # fmt: skip


NAMES = "Model_Seq、build_sequential_args、build_sequential_add_module、Model_Lay、Model_Dict。"


@pytest.mark.parametrize("width", [12, 24, 40, 80])
@pytest.mark.parametrize(
    "said",
    [
        NAMES,
        "第 3 行（见“说明”）：只有训练、验证和测试都写完之后，才比较 running_mean。",
        "路径：/a/" + "x" * 99 + "，完。",
    ],
)
def test_chinese_is_broken_where_it_may_be(said: str, width: int) -> None:
    """Nothing is lost, no line is too wide or begins with a closing sign, and names are broken only where they must."""
    lines = [line.plain for line in wrapped(Text(said), Console(width=width), width)]
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)
    if width >= 40:
        assert not any(line[0] in "，。；：？！、）”" for line in lines)
    if width >= 40 and said == NAMES:
        assert all(line.endswith(("、", "。")) for line in lines)


def test_english_is_broken_as_ever() -> None:
    """A text without Chinese should be broken as Rich breaks it."""
    said, console = Text("the quick brown fox jumps over the lazy dog"), Console(width=20)
    assert wrapped(said, console, 20) == list(said.wrap(console, 20))


@pytest.mark.parametrize(
    ("line", "width", "lines"),
    [
        ("默认（源码仓库）。完", 8, ["默认（源", "码仓", "库）。完"]),
        ("见 " + "x" * 8 + "）。", 8, ["见", "x" * 7, "x）。"]),
        ("one two", 3, ["one", "two"]),
        ("", 8, [""]),
    ],
)
def test_no_line_begins_with_what_closes(line: str, width: int, lines: list[str]) -> None:
    """Signs that close should take along what they close, a letter of a word that is too long in the worst case."""
    assert wrapping.wrapped(line, width) == lines
