"""Pictures as inline SVG, built from numbers and escaped text only.

They carry classes and presentation attributes, never a `style=`, because the pages' content policy forbids it.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

WIDTH = 720.0


def picture(ident: str, title: str, desc: str, height: float, body: Iterable[Markup]) -> Markup:
    """Build a picture of the usual width; title and description are read out in its place."""
    named = [tag("title", title, id=f"{ident}-t"), tag("desc", desc, id=f"{ident}-d")]
    return tag(
        "svg",
        *named,
        *body,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_labelledby=f"{ident}-t {ident}-d",
    )


def text(x: float, y: float, words: str, kind: str) -> Markup:
    """Write words that begin, or end, at a place."""
    return tag("text", words, x=x, y=y, class_=kind)


def tag(name: str, /, *content: str | Markup, **attributes: str | float) -> Markup:
    """Build one element. Text and attribute values are escaped; `class_` and `aria_labelledby` name attributes."""
    # Put together by hand, which is four times as fast as `Markup.format`: a page holds thousands of elements.
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(pixels(value))}"' for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{''.join(map(escape, content))}</{name}>")


def pixels(value: str | float) -> str:
    """Write a number as short as a picture needs it."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
