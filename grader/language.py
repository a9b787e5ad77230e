"""The language that the program speaks.

Texts stand in the source in English, and are the keys of the catalogue in `locale/`. ``_("…")`` says one in the
language of this run; ``N_("…")`` marks one that a table holds, to be said with ``_`` where it is shown. Values come in
by name, ``_("{path} holds no code.").format(path=path)``, so that a translation can put them in another order.

One run speaks one language. `speak` is called once, before anything is said.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

LOCALES = Path(__file__).parent / "locale"
DOMAIN = "messages"
TAGS = {"en": "en", "zh": "zh-Hans"}  # what HTML calls them
_VARIABLES = ("GRADE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


class _Spoken:
    """What `speak` changes."""

    language = "en"
    catalogue: gettext.NullTranslations = gettext.NullTranslations()


def speak(language: str) -> None:
    """From now on say everything in that language, one of `TAGS`; Click's own words, too."""
    _Spoken.language = language
    _Spoken.catalogue = _catalogue(language)
    os.environ["LANGUAGE"] = language  # where the standard library's gettext, which Click uses, looks first
    gettext.bindtextdomain(DOMAIN, LOCALES)


def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, [language], fallback=language == "en")


def spoken() -> str:
    """The language of this run, one of `TAGS`."""
    return _Spoken.language


def catalogue() -> bytes:
    """What this run says its texts with, as it is kept; nothing in English, whose texts are the source's."""
    file = LOCALES / spoken() / "LC_MESSAGES" / f"{DOMAIN}.mo"
    return file.read_bytes() if file.exists() else b""


def preferred(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for, or "" where it asks for none that is known."""
    for variable in _VARIABLES:
        if asked := environment.get(variable, ""):
            return next((language for language in TAGS if asked.lower().startswith(language)), "")
    return ""


def _(text: str) -> str:
    """That text, in the language of this run."""
    return _Spoken.catalogue.gettext(text) if text else ""


def everywhere(text: str) -> tuple[str, ...]:
    """That text in every language that the program speaks: one run may read what another has written."""
    return tuple(_catalogue(language).gettext(text) for language in TAGS)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a text that goes with that number, in the language of this run."""
    return _Spoken.catalogue.ngettext(one, many, number)


def pgettext(context: str, text: str) -> str:
    """That text, in the language of this run, where one word has several meanings."""
    return _Spoken.catalogue.pgettext(context, text)


def joined(texts: Iterable[str]) -> str:
    """Texts one after the other, as lists are written in the language of this run."""
    return pgettext("list", ", ").join(texts)


def N_(text: str) -> str:
    """That text as it is: it will be said later."""
    return text
