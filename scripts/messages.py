"""The catalogues of messages, brought up to date with the source: what is new is added, what is gone goes.

    python scripts/messages.py [--from FILE.json]

Writes `grader/locale/LANGUAGE/LC_MESSAGES/messages.po` and compiles it. FILE holds translations to fill in, as an
object of texts and their translations: of a text in several forms the first, of one with a context "context|text".
Prints what still waits for one, and exits with 1 then.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog, Message

from grader.language import DOMAIN, LOCALES, TAGS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "grader"
KEYWORDS = extract.DEFAULT_KEYWORDS | {"N_": None}
METHODS = [("**/_course/**", "ignore"), ("**.py", "python"), ("report/templates/**.html", "jinja2")]
OPTIONS = {"report/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
WIDTH = 120
CHANGING = (b"-Date: ", b"Generated-By: ")  # lines of a header that would differ between two machines, or two days


class Still(Catalog):
    """A catalogue without the lines of its header that change."""

    def __iter__(self) -> Iterator[Message]:
        header, *messages = super().__iter__()
        lines = str(header.string).splitlines(True)
        header.string = "".join(line for line in lines if not any(name.decode() in line for name in CHANGING))
        return iter([header, *messages])


def main() -> None:
    """Update each language's catalogue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="given", type=Path, metavar="FILE")
    given = parser.parse_args().given
    known = json.loads(given.read_text(encoding="utf-8")) if given else {}
    waiting = 0
    for language in sorted(set(TAGS) - {"en"}):
        catalogue = updated(language)
        for message in catalogue:
            if message.id and not translated(message.string):
                fill(message, known)
        write(language, catalogue)
        for message in missing(catalogue):
            waiting += 1
            print(f"{language}: {message!r}")
    sys.exit(1 if waiting else 0)


def fill(message: Message, known: dict[str, str]) -> None:
    """Give a message its translation, where one is known. Chinese has one form for every number."""
    text = message.id if isinstance(message.id, str) else message.id[0]
    said = known.get(f"{message.context}|{text}" if message.context else text)
    if said:
        message.string = said if isinstance(message.id, str) else (said,)


def template() -> Catalog:
    """All texts of the source, and those of Click that the command line shows."""
    catalogue = Catalog(project="grader", charset="utf-8")
    for file, line, text, comments, context in extract.extract_from_dir(
        PACKAGE, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        catalogue.add(text, None, [(f"grader/{file}", line)], auto_comments=comments, context=context)
    return catalogue


def file_of(language: str) -> Path:
    """Where the catalogue of a language is."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The catalogue as it is; an empty one where there is none."""
    file = file_of(language)
    if not file.exists():
        return Catalog(language, DOMAIN, header_comment="# Messages of grader.", project="grader", fuzzy=False)
    with file.open("rb") as opened:
        return pofile.read_po(opened, locale=language, domain=DOMAIN)


def updated(language: str) -> Catalog:
    """The catalogue with what the source says now."""
    catalogue = read(language)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """What has no translation, or one that somebody doubts."""
    waiting = (message for message in catalogue if message.fuzzy or not translated(message.string))
    return [str(message.id) for message in waiting if message.id]


def translated(string: str | tuple[str, ...] | list[str]) -> bool:
    """Whether there is a translation, in each of its forms."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


def text_of(catalogue: Catalog) -> bytes:
    """The catalogue as its file holds it: in the order of its texts, without the lines that each stands at."""
    out = BytesIO()
    pofile.write_po(out, catalogue, width=WIDTH, sort_output=True, no_location=True, omit_header=False)
    return b"".join(line for line in out.getvalue().splitlines(True) if not any(name in line for name in CHANGING))


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    still, out = Still(catalogue.locale, DOMAIN), BytesIO()
    for message in catalogue:
        if message.id:
            still.add(message.id, message.string, flags=message.flags, context=message.context)
    mofile.write_mo(out, still)
    return out.getvalue()


def write(language: str, catalogue: Catalog) -> None:
    """Write both files of a language."""
    file = file_of(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text_of(catalogue))
    file.with_suffix(".mo").write_bytes(compiled(read(language)))


if __name__ == "__main__":
    main()
