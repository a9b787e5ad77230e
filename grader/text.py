"""Other people's text made safe to show: this is the one place where that is done.

What a student's file, folder or code says is data, wherever it is shown. Characters that nobody can see, that move the
cursor, reorder a line or hide in it are written out (`\\x1b`, `\\u202e`), so that what a reader sees is what is there.
Nothing here knows about HTML or terminals; their own escaping comes on top.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MARKS_ON_A_LETTER = 5  # Vietnamese and Hebrew need three; a pile of them covers the lines above and below
# Unicode calls these ignorable, or draws nothing for them, and Python calls them printable. The two selectors between
# text and emoji (U+FE0E, U+FE0F) are left out: emoji need them.
_BLANK = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
        (0xFE00, 0xFE0D), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_GAP = 50  # characters; what is said of a cut takes 40, so a shorter one saves nothing
_LINE_BREAKS = str.maketrans({"\n": "\\n", "\t": "\\t"})


def printable(text: str) -> str:
    """Write out what nobody can see: control, bidi, zero-width and tag characters, halves of characters, piled marks.

    Line breaks and tabs stay.
    """
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        shown.append(char if is_visible(char) and marks <= _MARKS_ON_A_LETTER else _escaped(char))
    return "".join(shown)


def one_line(text: str) -> str:
    """Make text printable, its line breaks and tabs too, for what must not look like more than one line."""
    return printable(text).translate(_LINE_BREAKS)


def is_visible(char: str) -> bool:
    """Whether a character may be shown as itself: it has a shape or a width of its own, or is a line break or tab."""
    # Wide and no-break spaces (Zs) count as unprintable for Python, but belong to ordinary Chinese or French text.
    return (char.isprintable() or char in "\n\t" or unicodedata.category(char) == "Zs") and char not in _BLANK


def clipped(text: str, limit: int) -> str:
    """Keep about `limit` characters, the first three quarters and the last one, and say how many are left out."""
    if len(text) <= limit + _GAP:
        return text
    tail = limit // 4
    gap = f" [... {len(text) - limit:,} more characters ...] "
    return text[: limit - tail] + gap + text[len(text) - tail :]


def clipped_lines(text: str, limit: int) -> str:
    """Keep `limit` lines, the first three quarters and the last one, and say how many are left out."""
    lines = text.split("\n")
    if len(lines) <= limit + 1:
        return text
    tail = limit // 4
    gap = f"[... {len(lines) - limit:,} more lines ...]"
    return "\n".join([*lines[: limit - tail], gap, *lines[len(lines) - tail :]])


def settled(text: str) -> str:
    """What stands on each line in the end: a progress bar overwrites its line with carriage returns, many times."""
    return "\n".join(next((part for part in reversed(line.split("\r")) if part), "") for line in text.split("\n"))


def first_few(notes: Sequence[str], limit: int) -> list[str]:
    """The first `limit` notes, and how many more there are."""
    more = len(notes) - limit
    return [*notes[:limit], f"and {more:,} more"] if more > 0 else list(notes)


def alike(typed: str, names: Iterable[str]) -> list[str]:
    """At most three of the names that are spelt much as what was typed, the likest first; capitals do not count."""
    spelt = {name.lower(): name for name in names}
    return [spelt[found] for found in get_close_matches(typed.lower(), spelt, 3)]


def _escaped(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
