"""What every page is built in: its templates, its style, and a content policy that lets in what we wrote alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader import language
from grader.report.plain import counted, format_points

_TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """Give an environment of its own to each kind of page: everything is escaped, nothing may be missing."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"points": format_points}
    made.globals |= {"counted": counted}
    return made


def dressed(styles: tuple[str, ...], script: str = "") -> dict[str, Markup]:
    """What the frame needs: its language, the files of a page's style, its script if any, and the policy for both.

    The script is for the page to put in its body, in `<script>` exactly as it is.
    """
    style = "".join(_file(name) for name in styles)
    code = _file(script) if script else ""
    rules = ["default-src 'none'", f"style-src '{_hash(style)}'"]
    rules += [f"script-src '{_hash(code)}'"] if script else []
    rules += ["img-src data:", "base-uri 'none'", "form-action 'none'"]
    lang = Markup(language.TAGS[language.spoken()])
    return {"lang": lang, "style": Markup(style), "script": Markup(code), "policy": Markup("; ".join(rules))}


@cache
def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
