"""Where pages go: for each submission a file name that stays in the folder, and a file that is whole or not there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from grader.text import one_line

_LONGEST = 120  # bytes, of the 255 that a disk takes
# What has a meaning to a shell or a disk anywhere: pages are handed round.
_ODD = re.compile(r'[/\\:*?"<>|]+|^[.\-]+|[. ]+$')
_DRAFT = re.compile(r"\.[0-9a-f]{16}\.part")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # on Windows, whatever follows the dot


class Names:
    """File names for pages. No two are the same, also on a disk that cannot tell upper from lower case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, submission: str) -> str:
        """``alice.html``; with a mark of its own where the name is odd, too long, or there already."""
        stem = _ODD.sub("_", one_line(submission).replace("\\", "_"))
        stem = (stem or "unnamed").encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
        if stem != submission or _RESERVED.fullmatch(stem) or _folded(stem) in self._taken:
            stem += f"-{hashlib.sha256(submission.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        marked, number = stem, 1
        while _folded(stem) in self._taken:  # the same name again, or one that looks like another with its mark
            number += 1
            stem = f"{marked}-{number}"
        self._taken.add(_folded(stem))
        return f"{stem}.html"


def put(page: str, folder: Path, name: str) -> Path:
    """Write a page into a folder, in place of whatever has that name there: a link is replaced, never followed.

    Raises `OSError`. Half a page is never seen.
    """
    with draft(folder, name) as file:
        file.write(page)
    return folder / name


def sweep(folder: Path) -> None:
    """Remove what was half written when the program was ended."""
    for part in folder.glob(".*.part"):
        if _DRAFT.fullmatch(part.name):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def draft(folder: Path, name: str, encoding: str = "utf-8", newline: str | None = None) -> Iterator[TextIO]:
    """Write a file bit by bit. It gets its name at the end of the `with` block; if that raises, nothing has changed.

    `encoding` and `newline` are those of `open`. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        with open(descriptor, "w", encoding=encoding, errors="backslashreplace", newline=newline) as file:
            yield file
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
