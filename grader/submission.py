"""Taking in a submission without running it: one snapshot of its files, each opened safely, read once, and hashed.

Only regular files count. Links, pipes and devices are refused by name: a link may lead out of the folder, and a pipe
may never end.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader import notebook
from grader.errors import SubmissionError

FILE_CAP = 2 << 20  # bytes; a year of coursework fits in one
TOTAL_CAP = 64 << 20
COUNT_CAP = 500
DEPTH_CAP = 30  # folders inside each other
IGNORED = frozenset(["__pycache__", ".git", ".ipynb_checkpoints", ".venv", "venv", "node_modules"])
IGNORED_ENDINGS = (".pyc", ".pyo", ".so", ".pyd")
_CELL = re.compile(r"(.+\.ipynb), cell ([0-9]{1,6})")
_ASCII_SAMPLE = "-+~\\n"  # characters that mean something else to punycode, UTF-7, HZ and unicode_escape


@dataclass(frozen=True)
class Module:
    """The file that holds an assignment: its path with and without ending; for a notebook, its code cells."""

    stem: str
    path: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """One student's folder as it was when it was collected. `files` maps paths inside it to their bytes."""

    name: str
    files: dict[str, bytes]
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A hash of names and contents: the same files give the same one."""
        digest = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            name = os.fsencode(path)
            digest.update(f"{len(name)} {len(content)} ".encode() + name)
            digest.update(content)
        return digest.hexdigest()

    def module(self, name: str) -> Module | None:
        """``name.py`` or ``name.ipynb``, at the top or in a folder; None where it is absent.

        Raises `SubmissionError` where it is not clear which file is meant, or where a notebook cannot be read.
        """
        wanted = (f"{name}.py", f"{name}.ipynb")
        paths = sorted((p for p in self.files if PurePosixPath(p).name in wanted), key=lambda p: (p.count("/"), p))
        if not paths:
            return None
        if len(paths) > 1 and (paths[0].count("/") == paths[1].count("/") or len({p[-3:] for p in paths}) > 1):
            raise SubmissionError(f"both {paths[0]} and {paths[1]} are there: keep the one that is to be graded")
        path = paths[0]
        if path.endswith(".py"):
            return Module(path.removesuffix(".py"), path)
        return Module(path.removesuffix(".ipynb"), path, tuple(notebook.cells(path, self.files[path])))

    def lines(self, path: str) -> list[str]:
        """The lines of a source file, or of ``notebook.ipynb, cell 3``, for showing; undecodable bytes are replaced.

        No lines where there is no such file or cell: the path comes from the worker, which may say anything.
        """
        content = self.files.get(path)
        if content is not None:
            return _lines(_decoded(content))
        place = _CELL.fullmatch(path)
        file, number = (place[1], int(place[2])) if place else ("", 0)
        try:
            cells = notebook.cells(file, self.files[file]) if file in self.files else []
        except SubmissionError:
            return []
        return _lines(cells[number - 1]) if 0 < number <= len(cells) else []

    def mentions(self, word: bytes) -> bool:
        """Whether any Python file or notebook contains `word`."""
        return any(word in content for path, content in self.files.items() if path.endswith((".py", ".ipynb")))


def collect(folder: Path) -> Submission:
    """Read a submission's folder. Raises `SubmissionError` that says what is wrong with it."""
    _expect_folder(folder)
    files: dict[str, bytes] = {}
    notes: list[str] = []
    total = 0
    for name in _walk(folder, notes):
        content = _read(folder / name, name, notes)
        if content is None:
            continue
        files[name] = content
        total += len(content)
        if total > TOTAL_CAP or len(files) > COUNT_CAP:
            raise SubmissionError(
                f"{_shown(folder)} holds more than {TOTAL_CAP >> 20} MiB or {COUNT_CAP} files: "
                "hand in source files only"
            )
    if not files:
        reason = notes[0] if notes else "put the .py or .ipynb file into it"
        raise SubmissionError(f"{_shown(folder)} holds no file that can be graded: {reason}")
    return Submission(_shown(folder.resolve().name), files, tuple(notes))


def folders(root: Path) -> list[Path]:
    """The submissions below `root`: its folders, by name. Raises `SubmissionError` where there is none."""
    _expect_folder(root)
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    if not found:
        raise SubmissionError(f"{_shown(root)} holds no submission: expected one folder for each student")
    return found


def _expect_folder(folder: Path) -> None:
    if not folder.exists():
        raise SubmissionError(f"{_shown(folder)} does not exist: check its spelling")
    if not folder.is_dir():
        raise SubmissionError(f"{_shown(folder)} is a file: give the folder that holds the submission")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SubmissionError(f"{_shown(folder)} cannot be read: check its permissions")


def _walk(folder: Path, notes: list[str], inside: str = "") -> Iterator[str]:
    """The paths in `folder` of all entries that are no folders, in a fixed order; links are not followed.

    A folder that cannot be looked into is left out, with a note.
    """
    try:
        with os.scandir(folder / inside) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        notes.append(f"{inside or 'the folder'} was left out: {error.strerror}; check its permissions")
        return
    for entry in found:
        name = f"{inside}/{entry.name}" if inside else entry.name
        if entry.name in IGNORED or entry.name.startswith("."):
            continue
        if _shown(entry.name) != entry.name:
            notes.append(f"{_shown(name)} was left out: its name is not in UTF-8; rename it")
        elif not entry.is_dir(follow_symlinks=False):
            if not entry.name.endswith(IGNORED_ENDINGS):
                yield name
        elif name.count("/") < DEPTH_CAP:
            yield from _walk(folder, notes, name)
        else:
            notes.append(f"{name} was left out: more than {DEPTH_CAP} folders inside each other; move it up")


def _read(path: Path, name: str, notes: list[str]) -> bytes | None:
    """The bytes of a regular file; None, with a note, for one that is not taken in."""
    try:
        # Not blocking: opening a pipe would wait for a writer. No link as the last step.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reason = "it is a link; hand in the file itself" if os.path.islink(path) else error.strerror
        notes.append(f"{name} was left out: {reason}")
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            notes.append(f"{name} was left out: it is not a regular file; hand in source files only")
            return None
        cap = notebook.SIZE_CAP if name.endswith(".ipynb") else FILE_CAP
        content = file.read(cap + 1)
    if len(content) > cap:
        if name.endswith(".ipynb"):
            return content  # too large, and said so when it is needed
        notes.append(f"{name} was left out: it is larger than {FILE_CAP >> 20} MiB; hand in source files only")
        return None
    return content


def _decoded(content: bytes) -> str:
    """Source code as text, by its coding line or byte order mark; UTF-8 where that names no encoding for source."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        # Only an encoding that leaves ASCII as it is can hold a coding line. The others fail, or take for ever.
        if _ASCII_SAMPLE.encode("ascii").decode(encoding) == _ASCII_SAMPLE:
            return content.decode(encoding, "replace")
    except (SyntaxError, LookupError, ValueError):
        pass
    return content.decode("utf-8", "replace")


def _lines(text: str) -> list[str]:
    """Lines as Python counts them; `str.splitlines` would also end them at form feeds and the like."""
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]


def _shown(name: str | Path) -> str:
    """A name that can be printed and sent: what is not UTF-8 in it becomes an escape."""
    return str(name).encode("utf-8", "backslashreplace").decode()
