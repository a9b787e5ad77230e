"""What every page is built in: its templates, its style, and a content policy that lets in what we wrote alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.language import TAGS, _, ngettext, pgettext, spoken
from grader.report.plain import format_points

_TEMPLATES = Path(__file__).parent / "templates"
_THEME = "theme.js"


def environment() -> Environment:
    """Give an environment of its own to each kind of page: everything is escaped, nothing may be missing."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    # Called when a page is rendered, so they speak the language of then.
    made.install_gettext_callables(_, ngettext, newstyle=True, pgettext=pgettext)  # type: ignore[attr-defined]
    made.filters |= {"points": format_points}
    return made


def dressed(styles: tuple[str, ...], script: str = "") -> dict[str, Markup]:
    """What the frame needs: language, the files of a page's style, its scripts, and the policy for both.

    The script for light and dark is every page's; one of its own is for the page to put in its body, in `<script>`
    exactly as it is.
    """
    style = "".join(_file(name) for name in styles)
    theme, code = _file(_THEME), _file(script) if script else ""
    allowed = " ".join(f"'{_hash(each)}'" for each in (theme, code) if each)
    rules = ["default-src 'none'", f"style-src '{_hash(style)}'", f"script-src {allowed}"]
    rules += ["img-src data:", "base-uri 'none'", "form-action 'none'"]
    return {
        "theme": Markup(theme),
        "lang": Markup(TAGS[spoken()]),
        "style": Markup(style),
        "script": Markup(code),
        "policy": Markup("; ".join(rules)),
    }


@cache
def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
