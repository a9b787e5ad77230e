"""The student's code as highlighted lines: Pygments finds the tokens, our own few classes colour them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, String

from grader.model import Excerpt

_CLASSES = {
    Comment: "tc",
    Keyword: "tk",
    String: "ts",
    Number: "tn",
    Name.Function: "tf",
    Name.Class: "tf",
    Name.Decorator: "tf",
    Name.Builtin: "tb",
}


@dataclass(frozen=True)
class Line:
    """One line of code, ready for a page."""

    number: int
    html: Markup
    marked: bool


def highlighted(excerpt: Excerpt) -> list[Line]:
    """Colour the lines of an excerpt. Each line stays one line, however odd its text."""
    texts = [" ".join(line.text.splitlines()) for line in excerpt.lines]
    coloured = _coloured_lines("\n".join(texts)) if texts else []
    return [Line(line.number, html, line.marked) for line, html in zip(excerpt.lines, coloured, strict=True)]


def _coloured_lines(source: str) -> list[Markup]:
    lines = [Markup("")]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        for index, part in enumerate(text.split("\n")):
            if index:
                lines.append(Markup(""))
            lines[-1] += _span(_class_of(kind), part)
    return lines


def _class_of(kind: Any) -> str:
    return next((_CLASSES[ancestor] for ancestor in _ancestors(kind) if ancestor in _CLASSES), "")


def _ancestors(kind: Any) -> Iterator[Any]:
    while kind is not None:
        yield kind
        kind = kind.parent


def _span(name: str, text: str) -> Markup:
    if not name or not text:
        return escape(text)
    return Markup(f'<span class="{name}">{escape(text)}</span>')
