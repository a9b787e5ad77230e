"""Source code as text: decoded as Python would, in Python's lines, and what is odd about it named."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence

from grader.language import N_
from grader.retold import LOOK
from grader.text import printable

LARGE = 200_000  # bytes; ten thousand lines are half of it, trained weights written out are more
_ASCII_SAMPLE = "-+~\\n"  # characters that mean something else to punycode, UTF-7, HZ and unicode_escape
# They reorder what is shown of a line, so that it reads differently from what runs (CVE-2021-42574).
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LARGE = N_("{path} holds {size} kB of code, where a solution takes a few: is it data, or a trained model?")
_REORDERED = N_(
    "{place} holds {char}, a character that reorders what is shown of a line: elsewhere it may look different from "
    "what runs."
)
_REORDERED_OFTEN = N_(
    "{place} holds {char}, a character that reorders what is shown of a line, and {count} more such lines: elsewhere "
    "it may look different from what runs."
)
NOTES = (_LARGE, _REORDERED_OFTEN, _REORDERED)  # in English; see `retold`


def decoded(content: bytes) -> str:
    """Source code as text, by its coding line or byte order mark; UTF-8 where that names no encoding for source."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        # Only an encoding that leaves ASCII as it is can hold a coding line. The others fail, or take for ever.
        if _ASCII_SAMPLE.encode("ascii").decode(encoding) == _ASCII_SAMPLE:
            return content.decode(encoding, "replace")
    except (SyntaxError, LookupError, ValueError):
        pass
    return content.decode("utf-8", "replace")


def lines(text: str) -> list[str]:
    """Lines as Python counts them; `str.splitlines` would also end them at form feeds and the like."""
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]


def oddities(path: str, parts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What a person should look at in a file, given as its parts: each with its place ("", or ", cell 3") and text."""
    size = sum(len(text) for _, text in parts)
    if size > LARGE:
        yield f"{_LARGE.format(path=path, size=f'{size // 1000:,}')} {LOOK}"
    places = [
        (f"{place}, line {number}", found[0])
        for place, text in parts
        if _REORDERING.search(text)
        for number, line in enumerate(lines(text), 1)
        if (found := _REORDERING.search(line))
    ]
    if places:
        place, char = places[0]
        said = _REORDERED_OFTEN if len(places) > 1 else _REORDERED
        yield f"{said.format(place=f'{path}{place}', char=printable(char), count=len(places) - 1)} {LOOK}"
