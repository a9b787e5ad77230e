"""A terminal to write on: its colours, its width, and characters that it can show. What is written is never obeyed.

Colours, marks and links are decided once for each stream; texts pass through `Screen.fit`, so that none can stop the
program on a terminal whose encoding lacks a character.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from grader.model import Verdict
from grader.report.wrapping import breaks, has_chinese
from grader.text import one_line, printable

STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.SKIPPED: "dim", Verdict.ERROR: "magenta"}
_WIDEST = 100
_USUAL = 80
_NARROWEST = 24
_LABEL = 10
# How we write where an encoding has no better: of our own signs, since a student's are written out.
_PLAINER = str.maketrans(
    {
        "…": "...",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "−": "-",
        "→": "->",
        "×": "x",
        "│": "|",
        "\u202f": " ",
    }
)


@dataclass(frozen=True)
class Marks:
    """One set of status marks; a screen gets the first set that its encoding can write."""

    passed: str
    failed: str
    skipped: str
    error: str

    def of(self, verdict: Verdict) -> str:
        return {
            Verdict.PASSED: self.passed,
            Verdict.FAILED: self.failed,
            Verdict.SKIPPED: self.skipped,
            Verdict.ERROR: self.error,
        }[verdict]


_MARKS = (
    Marks("✓", "✗", "·", "!"),
    Marks("√", "×", "·", "!"),  # the multiplication sign is what GBK can write
    Marks("+", "x", "-", "!"),
)


def coloured(terminal: bool, environment: Mapping[str, str], asked: bool | None = None) -> bool:
    """Whether to write colours: as asked; else never with NO_COLOR, always with FORCE_COLOR, else on a terminal."""
    if asked is not None:
        return asked
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (terminal and environment.get("TERM") != "dumb")


def console_on(file: TextIO, environment: Mapping[str, str], asked: bool | None = None) -> Console:
    """A console that writes to `file`, with colours where they are wanted, and without any code where they are not."""
    colours = coloured(file.isatty(), environment, asked)
    return Console(
        file=file,
        width=_width(file, environment),
        height=25,  # without one, Rich takes no width from anybody
        color_system="standard" if colours else None,
        force_terminal=colours,
        no_color=False,  # decided already
        highlight=False,
        emoji=False,
        markup=False,
    )


def _width(file: TextIO, environment: Mapping[str, str]) -> int:
    """Columns: those that COLUMNS names, else the terminal's, else 80."""
    named = environment.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(file.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def wrapped(text: Text, console: Console, width: int) -> list[Text]:
    """The text in lines of at most that many columns: between words, and in Chinese between characters."""
    if not has_chinese(text.plain):
        return list(text.wrap(console, width))
    lines = [part for line in text.split(allow_blank=True) for part in line.divide(breaks(line.plain, width))]
    for line in lines:
        line.rstrip()
    return lines


def measure(console: Console) -> None:
    """Take the size of the terminal as it is now, where it is one that has a size."""
    try:
        size = os.get_terminal_size(console.file.fileno())
    except (OSError, ValueError):
        return
    if size.columns and size.lines:
        console.size = ConsoleDimensions(size.columns, size.lines)


class Screen:
    """A console with a margin: every line of a paragraph is indented, none carries trailing blanks."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = max(_NARROWEST, min(console.width, _WIDEST))
        self.marks = next(marks for marks in _MARKS if self._can_write(marks))

    def fit(self, text: str) -> str:
        """The text in characters that the console can write; the others are written out (`\\u2713`)."""
        encoding = self.console.encoding
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = "".join(self._plainer(char) for char in text)
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def blank(self) -> None:
        self.console.print()

    def put(self, body: Text | str, indent: int = 0, lead: Text | None = None, trail: str = "") -> None:
        """Print a paragraph, its first line led by `lead` and ended by `trail` at the right margin."""
        body = self._fitted(body)
        lead = self._fitted(lead or "")
        margin = indent + lead.cell_len
        room = max(self.width - margin - (cell_len(trail) + 2 if trail else 0), _NARROWEST // 2)
        body.expand_tabs(4)
        for number, line in enumerate(wrapped(body, self.console, room) or [Text()]):
            line.rstrip()
            start = Text(" " * indent) + lead if number == 0 else Text(" " * margin)
            end = f"{' ' * (room - line.cell_len + 2)}{trail}" if trail and number == 0 else ""
            self.console.print(start + line + Text(end, "dim"), soft_wrap=True)

    def field(self, label: str, body: str, indent: int) -> None:
        """Print a labelled text; nothing where there is no text."""
        if body:
            label = self.fit(label)
            self.put(body, indent, Text(label + " " * max(1, _LABEL - cell_len(label)), "dim"))

    def line(self, body: Text) -> None:
        """Print one line, however long: for who searches it, or has an editor jump to the place that it begins with."""
        self.console.print(self._fitted(body), soft_wrap=True)

    def verbatim(self, code: str) -> None:
        """Print code to be copied: at the left margin and unbroken, since Python reads indents and line ends."""
        for line in self.fit(code).split("\n"):
            self.console.print(Text(line.rstrip()), soft_wrap=True)

    def path(self, words: str, file: Path) -> None:
        """Print a file's path, `{file}` in `words`: something to click on where this is a terminal that obeys."""
        before, _, after = words.partition("{file}")
        shown = Text(self.fit(one_line(str(file))))
        if self._links:
            shown.stylize(f"link {file.resolve().as_uri()}")
        line = Text.assemble(self.fit(before), shown, self.fit(after))
        self.console.print(line, soft_wrap=True)

    def mark(self, verdict: Verdict) -> Text:
        """The mark of a verdict, in its colour, and a blank."""
        return Text(f"{self.marks.of(verdict)} ", STYLES[verdict])

    @property
    def _links(self) -> bool:
        # A pipe with FORCE_COLOR is no terminal: what reads it may take colours, and knows no links.
        return self.console.color_system is not None and self.console.file.isatty()

    def _fitted(self, body: Text | str) -> Text:
        if isinstance(body, str):
            return Text(self.fit(printable(body)))
        if self.fit(body.plain) == body.plain:
            return body
        body.end = ""
        return Text.assemble(*((self.fit(part.text), part.style or "") for part in body.render(self.console)))

    def _plainer(self, char: str) -> str:
        try:
            char.encode(self.console.encoding)
        except UnicodeEncodeError:
            return char.translate(_PLAINER)
        return char

    def _can_write(self, marks: Marks) -> bool:
        try:
            f"{marks.passed}{marks.failed}{marks.skipped}".encode(self.console.encoding)
        except UnicodeEncodeError:
            return False
        return True
