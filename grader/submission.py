"""Taking in a submission without running it: one snapshot of its files, each opened safely, read once, and hashed.

Only regular files count. Links, pipes and devices are refused by name: a link may lead out of the folder, and a pipe
may never end.
"""

from __future__ import annotations

import hashlib
import io
import os
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
IGNORED = frozenset(["__pycache__", ".git", ".ipynb_checkpoints", ".venv", "venv", "node_modules"])
IGNORED_ENDINGS = (".pyc", ".pyo", ".so", ".pyd")


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
            digest.update(f"{len(path.encode())} {len(content)} {path}".encode())
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
        """The lines of a source file, or of ``notebook.ipynb, cell 3``, for showing; undecodable bytes are replaced."""
        file, is_cell, number = path.partition(", cell ")
        if is_cell:
            cells = notebook.cells(file, self.files.get(file, b""))
            return cells[int(number) - 1].splitlines() if 0 < int(number) <= len(cells) else []
        content = self.files.get(path, b"")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        except SyntaxError:
            encoding = "utf-8"
        return content.decode(encoding, "replace").splitlines()

    def mentions(self, word: bytes) -> bool:
        """Whether any Python file or notebook contains `word`."""
        return any(word in content for path, content in self.files.items() if path.endswith((".py", ".ipynb")))


def collect(folder: Path) -> Submission:
    """Read a submission's folder. Raises `SubmissionError` that says what is wrong with it."""
    _expect_folder(folder)
    files: dict[str, bytes] = {}
    notes: list[str] = []
    total = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        content = _read(path, name, notes)
        if content is None:
            continue
        files[name] = content
        total += len(content)
        if total > TOTAL_CAP or len(files) > COUNT_CAP:
            raise SubmissionError(
                f"{folder} holds more than {TOTAL_CAP >> 20} MiB or {COUNT_CAP} files: hand in source files only"
            )
    if not files:
        raise SubmissionError(f"{folder} holds no file that can be graded")
    return Submission(folder.resolve().name, files, tuple(notes))


def folders(root: Path) -> list[Path]:
    """The submissions below `root`: its folders, by name. Raises `SubmissionError` where there is none."""
    _expect_folder(root)
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    if not found:
        raise SubmissionError(f"{root} holds no submission: expected one folder for each student")
    return found


def _expect_folder(folder: Path) -> None:
    if not folder.exists():
        raise SubmissionError(f"{folder} does not exist")
    if not folder.is_dir():
        raise SubmissionError(f"{folder} is a file: give the folder that holds the submission")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SubmissionError(f"{folder} cannot be read: check its permissions")


def _walk(folder: Path) -> Iterator[Path]:
    """Every entry below `folder` that is not a folder, in a fixed order; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name in IGNORED or entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            elif not entry.name.endswith(IGNORED_ENDINGS):
                yield Path(entry.path)


def _read(path: Path, name: str, notes: list[str]) -> bytes | None:
    """The bytes of a regular file; None, with a note, for one that is not taken in."""
    try:
        # Not blocking: opening a pipe would wait for a writer. No link as the last step.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        notes.append(f"{name} was left out: {'it is a link' if path.is_symlink() else error.strerror}")
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            notes.append(f"{name} was left out: it is not a regular file")
            return None
        cap = notebook.SIZE_CAP if name.endswith(".ipynb") else FILE_CAP
        content = file.read(cap + 1)
    if len(content) > cap:
        if name.endswith(".ipynb"):
            return content  # too large, and said so when it is needed
        notes.append(f"{name} was left out: it is larger than {FILE_CAP >> 20} MiB")
        return None
    return content
