"""Reference evidence on disk, by content: computed once per machine, course and torch, then read.

Also the machine's seed: inputs are drawn from it, so what a hidden input was cannot be learned from another machine.
And what earlier attempts came to: here, since no worker sees this folder, and reports are handed round.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from grader import evidence as ev
from grader import saved
from grader.attempts import Attempt, History, Seen
from grader.evidence import Evidence
from grader.sandbox.host import Facts
from grader.saved import Damaged
from grader.wire.frames import FrameError

LARGEST = 1 << 30  # bytes of one evidence, unpacked
_CODE = ("worker", "wire")  # the code that answers depend on


def default_folder() -> Path:
    """Where caches belong on this system."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "grader"


class Store:
    """A folder of evidence by key. Where it cannot be written, everything still works, only slower."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def seed(self) -> int:
        """The machine's own random seed, made at the first use. Damaged, it is made anew."""
        file = self.folder / "seed"
        for _ in range(2):
            with contextlib.suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._write_once(file, str(secrets.randbits(63)).encode())
                with contextlib.suppress(ValueError):
                    return int(file.read_text())
                file.unlink()
        return secrets.randbits(63)

    def read(self, key: str) -> Evidence | None:
        """The evidence saved under `key`; None when there is none, or it is damaged."""
        try:
            packed = (self.folder / f"{key}.evidence").read_bytes()
            return ev.load(zlib.decompressobj().decompress(packed, LARGEST))
        except (OSError, FrameError, zlib.error):
            return None

    def holds(self, key: str) -> bool:
        """Whether something is saved under `key`, damaged or not."""
        return (self.folder / f"{key}.evidence").exists()

    def write(self, key: str, evidence: Evidence) -> None:
        """Save evidence under `key`, whole or not at all."""
        with contextlib.suppress(OSError):
            # Compressed to two fifths: all known mistakes take many.
            _put(self.folder / f"{key}.evidence", zlib.compress(ev.dump(evidence), 1))

    def attempted(self, submission: Path, attempt: Attempt) -> History:
        """Remember an attempt at the submission in that folder, and tell the one before it, if one is known. Where
        nothing can be remembered nothing is counted, either."""
        name = hashlib.sha256(os.fsencode(submission.resolve())).hexdigest()[:40]
        file = self.folder / "attempts" / f"{name}.json"
        seen = Seen(replace(attempt, number=1))
        with contextlib.suppress(OSError, ValueError, Damaged, RecursionError):
            seen = saved.read(Seen, json.loads(file.read_bytes())).then(attempt)
        with contextlib.suppress(OSError):
            _put(file, json.dumps(saved.plain(seen)).encode("ascii"))
            return seen.history()
        return History(0, seen.before)

    def _write_once(self, file: Path, content: bytes) -> None:
        """Write a new file whole, for its owner only; one that is there already stays."""
        with _draft(self.folder, content) as draft, contextlib.suppress(FileExistsError):
            os.link(draft, file)  # whoever comes second reads what is there


def _put(file: Path, content: bytes) -> None:
    """Write a file, whole or not at all, in place of what is there. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _draft(file.parent, content) as draft:
        os.replace(draft, file)


@contextlib.contextmanager
def _draft(folder: Path, content: bytes) -> Iterator[str]:
    """A new file with that content, for its owner only; gone in the end, however that comes about."""
    descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with open(descriptor, "wb") as new:
            new.write(content)
        yield draft
    finally:
        with contextlib.suppress(FileNotFoundError):  # it may have got its name
            os.unlink(draft)


def key(source: bytes, questions: bytes, device: str, facts: Facts) -> str:
    """What the answers of the course's own code depend on, as a hash; `questions` as `plan` hashes them."""
    digest = hashlib.sha256()
    for part in (source, code_fingerprint(), device.encode(), facts.torch.encode(), facts.cpu.encode(), questions):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:40]


@cache
def code_fingerprint() -> bytes:
    """A hash of the worker's source: another worker gives other evidence."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted((Path(__file__).parent / folder).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.digest()
