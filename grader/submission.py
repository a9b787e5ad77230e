"""Taking in a submission without running it: one snapshot of its files, read once, and hashed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from grader import notebook, snapshot, source
from grader.errors import SubmissionError
from grader.language import N_, _
from grader.model import Place
from grader.retold import Sayings, asking, looked_at
from grader.text import first_few, one_line

MOST_NOTES = 20
_CELL = re.compile(r"(.+\.ipynb), cell ([0-9]{1,6})")
# What is kept of a submission is kept in English.
_SAYINGS = Sayings(*snapshot.NOTES, *source.NOTES, N_("and {count} more"))


@dataclass(frozen=True)
class Module:
    """The file that holds an assignment: its path with and without ending; for a notebook, its code cells."""

    stem: str
    path: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What judging a submission again needs of it, its sources aside: the hash of each file by its path, the code cells
    of notebooks, and what was said of it when it was taken in."""

    fingerprint: str
    hashes: dict[str, str]
    cells: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def sources(self) -> dict[str, str]:
        """The hashes of those files whose lines may be shown, by path."""
        return {path: digest for path, digest in self.hashes.items() if path.endswith(".py")}


@dataclass(frozen=True)
class Submission:
    """One student's folder as it was when it was collected. `files` maps paths inside it to their bytes, `left_out`
    the paths of what was not taken in to the reasons."""

    name: str
    files: dict[str, bytes]
    notes: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    _cells: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)  # of notebooks read
    _kept: Kept | None = field(default=None, compare=False, repr=False)  # where the files are no longer all there

    @cached_property
    def fingerprint(self) -> str:
        """A hash of names and contents: the same files give the same one."""
        if self._kept is not None:
            return self._kept.fingerprint
        digest = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            name = os.fsencode(path)
            digest.update(f"{len(name)} {len(content)} ".encode() + name)
            digest.update(content)
        return digest.hexdigest()

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each file, by its path."""
        if self._kept is not None:
            return self._kept.hashes
        return {path: hashlib.sha256(content).hexdigest() for path, content in self.files.items()}

    @property
    def content(self) -> str:
        """A hash of all that a grade may depend on: the files, and what was said of those that were left out."""
        return hashed(self.fingerprint, self.notes, sorted(self.left_out.items()))

    def code(self, module: Module) -> str:
        """A hash of all that a worker gets to see when it is asked about this module: other notebooks are not."""
        seen = sorted(item for item in self.hashes.items() if not item[0].endswith(".ipynb"))
        return hashed(module.path, module.cells, seen)

    def kept(self) -> Kept:
        """What to keep of it, so that `restored` can give it back."""
        return Kept(self.fingerprint, self.hashes, dict(self._cells), self.notes, self.left_out)

    def module(self, name: str) -> Module | None:
        """``name.py`` or ``name.ipynb``, at the top or in a folder; None where it is absent.

        Raises `SubmissionError` where it is not clear which file is meant, or where a notebook cannot be read.
        """
        paths = sorted((p for p in self.files if _is_module(p, name)), key=lambda p: (p.count("/"), p))
        if not paths:
            return None
        if len(paths) > 1 and (paths[0].count("/") == paths[1].count("/") or len({p[-3:] for p in paths}) > 1):
            said = _("both {path} and {other} are there: keep the one that is to be graded")
            if len({path.split("/")[0] for path in paths[:2] if "/" in path}) > 1:
                said = _(
                    "both {path} and {other} are there: keep the one that is to be graded. "
                    "Where each folder is a student's, use `grade batch`"
                )
            raise SubmissionError(said.format(path=paths[0], other=paths[1]))
        path = paths[0]
        if path.endswith(".py"):
            return Module(path.removesuffix(".py"), path)
        return Module(path.removesuffix(".ipynb"), path, self.cells(path))

    def left_out_as(self, name: str) -> str:
        """Why ``name.py`` or ``name.ipynb`` is there and was not taken in; nothing where it is not so."""
        notes = (
            snapshot.LEFT_OUT.format(path=path, reason=reason)
            for path, reason in self.left_out.items()
            if _is_module(path, name)
        )
        return next((_("{note}.").format(note=_SAYINGS.again(note)) for note in notes), "")

    def said(self) -> list[str]:
        """The notes, in the language of this run."""
        return [_noted(note) for note in self.notes]

    def cells(self, path: str) -> tuple[str, ...]:
        """The code cells of a notebook, which is parsed once. Raises `SubmissionError` where it cannot be read."""
        if path not in self._cells:
            self._cells[path] = tuple(notebook.cells(path, self.files[path]))
        return self._cells[path]

    def place(self, path: str, line: int, module: str) -> Place | None:
        """A line that a worker named, with its text; None where it named none. Paths as in `lines_beside`."""
        if not path or line < 1:
            return None
        lines = self.lines_beside(path, module)
        return Place(path, line, lines[line - 1].strip() if line <= len(lines) else "")

    def lines_beside(self, path: str, module: str) -> list[str]:
        """The lines of a file that a worker named, which counts from the folder of the `module` that it ran."""
        return self.lines(path) or self.lines(f"{module.rpartition('/')[0]}/{path}")

    def lines(self, path: str) -> list[str]:
        """The lines of a source file, or of ``notebook.ipynb, cell 3``, for showing; undecodable bytes are replaced.

        No lines where there is no such file or cell: the path comes from the worker, which may say anything.
        """
        content = self.files.get(path)
        if content is not None:
            return source.lines(source.decoded(content))
        place = _CELL.fullmatch(path)
        file, number = (place[1], int(place[2])) if place else ("", 0)
        try:
            cells = self.cells(file) if file in self.files else ()
        except SubmissionError:
            return []
        return source.lines(cells[number - 1]) if 0 < number <= len(cells) else []

    def mentions(self, word: bytes) -> bool:
        """Whether any Python file or notebook contains `word`."""
        return any(word in content for path, content in self.files.items() if path.endswith((".py", ".ipynb")))

    def oddities(self) -> Iterator[str]:
        """What a person should look at in the source files; a notebook that cannot be read has nothing to look at."""
        for path, content in self.files.items():
            if path.endswith(".py"):
                yield from source.oddities(path, [("", source.decoded(content))])
            elif path.endswith(".ipynb"):
                try:
                    cells = self.cells(path)
                except SubmissionError:
                    continue
                yield from source.oddities(path, [(f", cell {number}", cell) for number, cell in enumerate(cells, 1)])


def restored(name: str, kept: Kept, sources: Mapping[str, bytes]) -> Submission:
    """A submission as it was kept, for judging what it answered; `sources` are its Python files, by path.

    Other files are named and empty. There is nothing in it to ask a worker with.
    """
    files = {path: sources.get(path, b"") for path in kept.hashes}
    return Submission(name, files, kept.notes, kept.left_out, dict(kept.cells), kept)


def hashed(*parts: object) -> str:
    """A hash of plain values, by how Python writes them."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def collect(folder: Path, through_link: bool = True) -> Submission:
    """Read a submission's folder. Raises `SubmissionError` that says what is wrong with it.

    The folder itself may be a link where the teacher names it. In a class it may not (`through_link`): it would be the
    student who says where it leads.
    """
    expect_folder(folder)
    taken = snapshot.take(folder, through_link)
    if not taken.files:
        reason = _SAYINGS.again(taken.notes[0]) if taken.notes else _("put the .py or .ipynb file into it")
        raise SubmissionError(
            _("{folder} holds no file that can be graded: {reason}").format(folder=_shown(folder), reason=reason)
        )
    collected = Submission(_shown(folder.resolve().name), taken.files, left_out=taken.left_out)
    notes = first_few([*collected.oddities(), *taken.notes], MOST_NOTES)
    return replace(collected, notes=tuple(notes))


def folders(root: Path) -> list[Path]:
    """The submissions below `root`: its folders, by name. Raises `SubmissionError` where there is none."""
    expect_folder(root)
    found = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    if not found:
        raise SubmissionError(
            _("{root} holds no submission: expected one folder for each student").format(root=_shown(root))
        )
    return found


def expect_folder(folder: Path) -> None:
    """Raise `SubmissionError` where `folder` is no folder that can be read, saying what to do."""
    if not folder.exists():
        raise SubmissionError(_("{folder} does not exist: check its spelling").format(folder=_shown(folder)))
    if not folder.is_dir():
        archive = folder.name.lower().endswith(snapshot.ARCHIVES)
        said = (
            _("{folder} is an archive: unpack it, and give the folder that holds the submission")
            if archive
            else _("{folder} is a file: give the folder that holds the submission")
        )
        raise SubmissionError(said.format(folder=_shown(folder)))
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SubmissionError(_("{folder} cannot be read: check its permissions").format(folder=_shown(folder)))


def _noted(note: str) -> str:
    """A note in the language of this run."""
    asks = asking(note)
    return _SAYINGS.again(note) if asks is None else looked_at(_SAYINGS.again(asks))


def _is_module(path: str, name: str) -> bool:
    return PurePosixPath(path).name in (f"{name}.py", f"{name}.ipynb")


def _shown(name: str | Path) -> str:
    """A name that can be printed and sent, whatever the disk calls it."""
    return one_line(str(name))
