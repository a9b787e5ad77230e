"""Where lines may be broken: in Chinese anywhere between characters, but for signs that close or open something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

# No line begins with a sign that closes, or ends with one that opens.
_WIDE = "\u3001-\u9fff\uff01-\uff5e“”"
_OPENING, _CLOSING = "（“《", "，。；：？！、）”》…"
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[{_CLOSING}]+|[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*\s*")
_CHINESE = re.compile("[\u3001-\u9fff\uff01-\uff5e]")


def has_chinese(text: str) -> bool:
    """Whether lines of that text are to be broken as Chinese is."""
    return bool(_CHINESE.search(text))


def breaks(line: str, width: int) -> Iterator[int]:
    """Where to break one line into some of at most so many columns, of which a Chinese character takes two. What is
    wider than a whole line, such as a path, is broken where that is full."""
    column = 0
    for piece in _PIECE.finditer(line):
        if column and column + _columns(piece[0].rstrip()) > width:
            yield piece.start()
            column = 0
        for index, char in enumerate(piece[0], piece.start()):
            if column + _columns(char) > width and not char.isspace():
                place = _before(line, piece.start(), index)
                yield place
                column = _columns(line[place:index])
            column += _columns(char)


def _columns(text: str) -> int:
    from rich.cells import cell_len  # not for whoever reads an English --help

    return cell_len(text)


def _before(line: str, start: int, index: int) -> int:
    """Where a word that begins at `start` is broken at `index` or before: signs that close take a letter along."""
    place = index
    while place > start and line[place] in _CLOSING:
        place -= 1
    return place if place > start else index


def wrapped(line: str, width: int) -> list[str]:
    """One line as several of at most so many columns, without spaces at their ends."""
    places = [0, *breaks(line, width), len(line)]
    return [line[start:end].rstrip() for start, end in pairwise(places)]
