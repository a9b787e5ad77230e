"""The language of a command: chosen before anything is said, its help included.

The option comes first, then the environment, then the course, then English. Help texts are marked where they stand,
and translated when they are shown: by the classes here, which every command and option is made of.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from grader import coursewide, language
from grader.cli.manual import Documented
from grader.errors import CourseError
from grader.language import N_, TAGS, _

_OPTION, _COURSE = "--lang", "--course"
_A_SENTENCE = 200  # characters


class _Said:
    """Help that is said in the language of the run."""

    @property
    def help(self) -> str | None:
        return self._help and _(self._help)

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text


class Option(_Said, click.Option):
    """An option whose help is said in the language of the run."""


class Command(_Said, Documented):
    """A command whose help is said in the language of the run, with the sections of a manual page."""

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, whole: Click would cut it to one line."""
        sentence, end, _rest = (self.help or "").partition("。")  # Click looks for a full stop and a space
        return sentence if end else super().get_short_help_str(_A_SENTENCE)


def option(*declarations: str, **settings: Any) -> Callable[..., Any]:
    """`click.option` whose help is translated."""
    return click.option(*declarations, cls=Option, **settings)


def command(help: str) -> Callable[..., Any]:
    """`click.command` whose help is translated."""
    return click.command(cls=Command, help=help)


# Its value is read before Click reads it (see `begin`); Click checks it, and shows it in help.
speaks = option(
    _OPTION, type=click.Choice(list(TAGS)), expose_value=False,
    help=N_("Language of all that is said and written. Default: that of the environment, or of the course."),
)  # fmt: skip


def begin(arguments: Sequence[str]) -> str:
    """Speak the language that a command line asks for. Gives the one that somebody asked for, or ""."""
    asked = asked_for(arguments, os.environ)
    course = _value(arguments, _COURSE)
    language.speak(asked or _of_course(Path(course) if course else None) or "en")
    return asked


def settle(course: Path | None) -> None:
    """Speak the language of the course below that folder, unless somebody asked for another."""
    context = click.get_current_context(silent=True)
    if context is not None and context.obj == "":
        language.speak(coursewide.language(course) or "en")


def asked_for(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language that the option asks for, or else the environment; "" where neither does."""
    named = _value(arguments, _OPTION)
    return named if named in TAGS else language.preferred(environment)


def leading(arguments: Sequence[str]) -> int:
    """How many of the first arguments choose the language."""
    count = 0
    while count < len(arguments) and arguments[count].partition("=")[0] == _OPTION:
        count += 1 if "=" in arguments[count] else 2
    return min(count, len(arguments))


def _value(arguments: Sequence[str], name: str) -> str:
    """The value of an option, as it will be read: the last that is there before ``--``."""
    found = ""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for place, argument in enumerate(options):
        if argument.startswith(f"{name}="):
            found = argument.partition("=")[2]
        elif argument == name:
            found = options[place + 1] if place + 1 < len(options) else ""
    return found


def _of_course(root: Path | None) -> str:
    try:
        return coursewide.language(root)
    except CourseError:
        return ""  # said when the course is loaded
