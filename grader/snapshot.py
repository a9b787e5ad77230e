"""A student's folder as it is at one moment: every file opened safely, read once, or left out by name.

Nothing in the folder is believed, not even to stay as it is. Each step is opened from the one above it and follows no
link, so that no path leads out of the folder, whatever is put in a folder's place meanwhile. What is no file or folder
is never opened. All that can be many or large has a cap that counts while it grows.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader import notebook
from grader.errors import SubmissionError
from grader.language import N_, _
from grader.text import one_line

FILE_CAP = 2 << 20  # bytes; a year of coursework fits in one
TOTAL_CAP = 64 << 20
COUNT_CAP = 500  # files taken in
ENTRY_CAP = 10_000  # names looked at, those that are ignored too
DEPTH_CAP = 30  # folders inside each other
PATH_CAP = 200  # characters of a path in the folder; all paths go to every worker in one message
IGNORED = frozenset(["__pycache__", ".git", ".ipynb_checkpoints", ".venv", "venv", "node_modules"])
IGNORED_ENDINGS = (".pyc", ".pyo", ".so", ".pyd")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
_LINK = N_("it is a link; hand in the file itself")
# Notes are kept in English: see `retold`.
LEFT_OUT = N_("{path} was left out: {reason}")
_IS_FOLDER = N_("{path} is a folder, not a file: hand in the file itself")
_ALIKE = N_("another name differs from it in upper and lower case alone; keep one")
_NOT_UTF8 = N_("its name is not in UTF-8; rename it")
_UNSEEN = N_("its name holds characters that nobody can see; rename it")
_BACKSLASH = N_("its name holds a backslash, as when a Windows archive is unpacked wrongly; unpack it anew")
_LONG = N_("its path is longer than {count} characters; move it up")
_DEEP = N_("more than {count} folders inside each other; move it up")
_FORBIDDEN = N_("{problem}; check its permissions")
_ARCHIVE = N_("it is an archive; unpack it, and hand in the files themselves")
_CHANGED = N_("it changed while it was read; hand it in again when it is finished")
_IRREGULAR = N_("it is not a regular file; hand in source files only")
_SECOND_NAME = N_("it is a second name (a hard link) of a file that belongs to somebody else; hand in a copy")
_LARGE = N_("it is larger than {size} MiB; hand in source files only")
_LARGE_NOTEBOOK = N_("it is larger than {size} MiB; clear its outputs, and save")
NOTES = (
    LEFT_OUT, _LINK, _IS_FOLDER, _ALIKE, _NOT_UTF8, _UNSEEN, _BACKSLASH, _LONG, _DEEP, _FORBIDDEN, _ARCHIVE, _CHANGED,
    _IRREGULAR, _SECOND_NAME, _LARGE, _LARGE_NOTEBOOK,
)  # fmt: skip
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Not blocking: a pipe put in the file's place would wait for a writer. Nor may a terminal become ours.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Unfit(Exception):
    """Why a file or folder is not taken in, and what to do about it: in English; see `retold`."""


@dataclass
class Snapshot:
    """What was read: bytes by path in the folder; and what was left out, by path, with the reason."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    owner: int = -1  # whose folder it is
    entries: int = 0
    size: int = 0

    def leave_out(self, path: str, reason: str) -> None:
        """Name what is not taken in."""
        self.left_out[one_line(path)] = reason
        self.notes.append(LEFT_OUT.format(path=one_line(path), reason=reason))

    def take_in(self, path: str, content: bytes) -> None:
        """Keep a file. Raises `SubmissionError` when it is one too many."""
        self.files[path] = content
        self.size += len(content)
        if self.size > TOTAL_CAP or len(self.files) > COUNT_CAP:
            raise _too_much(_("{size} MiB or {count} files").format(size=TOTAL_CAP >> 20, count=COUNT_CAP))


def take(folder: Path, through_link: bool = True) -> Snapshot:
    """Read a folder; `through_link` says whether it may itself be a link. Raises `SubmissionError`."""
    taken = Snapshot()
    try:
        top = os.open(folder, _FOLDER if through_link else _FOLDER | os.O_NOFOLLOW)
    except OSError as error:
        reason = _("it is a link, which may lead anywhere; put the folder itself there")
        reason = reason if folder.is_symlink() and not through_link else str(error.strerror)
        raise SubmissionError(
            _("{folder} is not taken in: {reason}").format(folder=one_line(str(folder)), reason=reason)
        ) from error
    with _closing(top), contextlib.closing(_walk(top, "", taken)) as entries:
        taken.owner = os.fstat(top).st_uid
        for parent, name, path in entries:
            try:
                taken.take_in(path, _read(parent, name, taken.owner))
            except Unfit as unfit:
                taken.leave_out(path, str(unfit))
            except OSError as error:
                taken.leave_out(path, str(error.strerror))
    return taken


def _walk(folder: int, inside: str, taken: Snapshot) -> Generator[tuple[int, str, str]]:
    """Each entry that is no folder: a descriptor of the folder it is in, its name, its path; in a fixed order."""
    for name, is_folder in _entries(folder, inside, taken):
        path = inside + name
        try:
            _expect_fit_name(name, path)
            if not is_folder:
                yield folder, name, path
                continue
            if name.endswith((".py", ".ipynb")):
                taken.notes.append(_IS_FOLDER.format(path=path))
            below = _opened_folder(folder, name, path)
        except Unfit as unfit:
            taken.leave_out(path, str(unfit))
            continue
        with _closing(below):
            yield from _walk(below, f"{path}/", taken)


def _entries(folder: int, inside: str, taken: Snapshot) -> list[tuple[str, bool]]:
    """Names in a folder, in order, and whether each is a folder; without what is ignored, or differs in case alone."""
    found: list[tuple[str, bool]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                taken.entries += 1
                if taken.entries > ENTRY_CAP:
                    raise _too_much(_("{count:,} files and folders").format(count=ENTRY_CAP))
                found.append((entry.name, entry.is_dir(follow_symlinks=False)))
    except OSError as error:
        taken.leave_out(inside.rstrip("/") or "the folder", _FORBIDDEN.format(problem=error.strerror))
    found = sorted(entry for entry in found if not _is_ignored(*entry))
    alike = Counter(_folded(name) for name, _folder in found)
    for name, _folder in found:
        if alike[_folded(name)] > 1:
            taken.leave_out(inside + name, _ALIKE)
    return [entry for entry in found if alike[_folded(entry[0])] == 1]


def _is_ignored(name: str, is_folder: bool) -> bool:
    return name in IGNORED or name.startswith(".") or (not is_folder and name.endswith(IGNORED_ENDINGS))


def _folded(name: str) -> str:
    """The name as disks see it that tell apart neither case nor the ways to spell an accent."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _expect_fit_name(name: str, path: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in name):
        raise Unfit(_NOT_UTF8)
    if one_line(name) != name:
        raise Unfit(_UNSEEN)
    if "\\" in name:
        raise Unfit(_BACKSLASH)
    if len(path) > PATH_CAP:
        raise Unfit(_LONG.format(count=PATH_CAP))


def _opened_folder(parent: int, name: str, path: str) -> int:
    if path.count("/") >= DEPTH_CAP:
        raise Unfit(_DEEP.format(count=DEPTH_CAP))
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):  # it was a folder a moment ago
            raise Unfit(_LINK) from error
        raise Unfit(_FORBIDDEN.format(problem=error.strerror)) from error


def _read(parent: int, name: str, owner: int) -> bytes:
    """The bytes of a regular file. Raises `Unfit` for anything else, and `OSError`."""
    if name.lower().endswith(ARCHIVES):
        raise Unfit(_ARCHIVE)
    _expect_fit_file(name, os.stat(name, dir_fd=parent, follow_symlinks=False), owner)  # before a device is opened
    for _attempt in range(2):
        content = _read_once(parent, name, owner)
        if content is not None:
            return content
    raise Unfit(_CHANGED)


def _read_once(parent: int, name: str, owner: int) -> bytes | None:
    """The bytes of a file; None when it was written to meanwhile."""
    with open(os.open(name, _FILE, dir_fd=parent), "rb") as file:
        before = os.fstat(file.fileno())
        _expect_fit_file(name, before, owner)  # it may be another one by now
        content = file.read(_cap(name) + 1)
        after = os.fstat(file.fileno())
    same = all(getattr(before, what) == getattr(after, what) for what in ("st_size", "st_mtime_ns", "st_ctime_ns"))
    return content if same and len(content) == after.st_size else None


def _expect_fit_file(name: str, found: os.stat_result, owner: int) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise Unfit(_LINK)
    if not stat.S_ISREG(found.st_mode):
        raise Unfit(_IRREGULAR)
    if found.st_nlink > 1 and found.st_uid != owner:
        # A second name for somebody else's file. Where Linux does not forbid to make one (fs.protected_hardlinks), it
        # may be a file that the student could never read. One's own files may have two names: backups do that.
        raise Unfit(_SECOND_NAME)
    if found.st_size > _cap(name):
        said = _LARGE_NOTEBOOK if name.endswith(".ipynb") else _LARGE
        raise Unfit(said.format(size=_cap(name) >> 20))


def _cap(name: str) -> int:
    return notebook.SIZE_CAP if name.endswith(".ipynb") else FILE_CAP


def _too_much(what: str) -> SubmissionError:
    return SubmissionError(_("the submission holds more than {what}: hand in source files only").format(what=what))


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)
