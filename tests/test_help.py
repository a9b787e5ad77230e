"""Help: each command has its manual page, examples that could be typed, and every option its default."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest
from rich.cells import cell_len

from grader import language
from grader.cli import main, manual
from grader.cli.manual import PAGES
from grader.explanations import EXITS

COMMANDS = sorted(main.commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_the_sections_of_a_manual_page(name: str) -> None:
    """Usage, examples, options, exit codes, environment: in that order, examples before options."""
    command = main.commands[name]
    said = command.get_help(click.Context(command, info_name=name))
    places = [said.index(f"{heading}:") for heading in ("Usage", "Examples", "Options", "Exit codes", "Environment")]
    assert places == sorted(places)
    assert set(PAGES[name].exits.split()) <= set(EXITS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_its_default(name: str) -> None:
    """An option that takes a value says what holds without it, or that it is needed."""
    for option in main.commands[name].params:
        if isinstance(option, click.Option) and not (option.is_flag and not option.secondary_opts):
            said = (option.help or "").lower()
            assert option.show_default or "default" in said or "needed" in said, option.opts


@pytest.mark.parametrize(("name", "example"), [(name, line) for name in COMMANDS for line, _ in PAGES[name].examples])
def test_examples_can_be_typed(name: str, example: str) -> None:
    """Each example is read by the command that it is an example of, without a word that it does not know."""
    words = shlex.split(example.replace('eval "$(', "").replace(')"', ""))
    words = words[1 : words.index("|") if "|" in words else None]
    context = main.make_context("grade", words, resilient_parsing=True)
    found, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
    assert (found, command) == (name, main.commands[name])
    main.commands[name].make_context(name, rest)


@pytest.fixture
def chinese() -> Iterator[None]:
    """The program speaks Chinese, and English afterwards."""
    language.speak("zh")
    yield
    language.speak("en")


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", COMMANDS)
def test_chinese_help_is_set_as_chinese(name: str) -> None:
    """Headings end with a full-width colon, and no line begins with a closing sign; at widths of 50 to 80."""
    command = main.commands[name]
    for width in range(50, 80, 3):
        said = command.get_help(manual.Context(command, info_name=name, terminal_width=width)).splitlines()
        assert "选项：" in said
        assert [line for line in said if line.lstrip().startswith(tuple("，。；：？！、）"))] == []
        chinese = [line for line in said if cell_len(line) > len(line)]
        assert len(chinese) > 5
        assert [line for line in chinese if cell_len(line) > width] == []
