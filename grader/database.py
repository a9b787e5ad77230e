"""One SQLite file in a folder of its own: opened by one process at a time, in words where something is wrong with it.

Write-ahead mode, and flushed to the disk at every commit: what was committed survives whatever ends the program.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.errors import RunError, StorageError
from grader.language import _

FORMAT = 4
FILE = "gradebook.sqlite"
_MARK = 0x67726164  # "grad": what SQLite calls the application of a file
_TABLES = """
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE submission (
    folder BLOB PRIMARY KEY, name TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL, trouble TEXT NOT NULL,
    result TEXT NOT NULL, present INTEGER NOT NULL, seconds REAL NOT NULL, time TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE result (key TEXT PRIMARY KEY, content TEXT NOT NULL, state TEXT NOT NULL, trouble TEXT NOT NULL,
    grade BLOB NOT NULL, seconds REAL NOT NULL, time TEXT NOT NULL);
CREATE TABLE collected (content TEXT PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE answer (
    code TEXT NOT NULL, asked TEXT NOT NULL, under TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (code, asked)
);
CREATE TABLE blob (hash TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE attempt (key TEXT PRIMARY KEY, alone INTEGER NOT NULL, answers INTEGER NOT NULL, strikes INTEGER NOT NULL);
CREATE TABLE page (file TEXT PRIMARY KEY, made TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE override (
    id INTEGER PRIMARY KEY, folder BLOB NOT NULL, exercise TEXT NOT NULL, points REAL, comment TEXT NOT NULL,
    author TEXT NOT NULL, time TEXT NOT NULL
);
"""
_NEW_IN_2 = """
CREATE TABLE alike (
    code TEXT NOT NULL, asked TEXT NOT NULL, form TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (code, asked)
) WITHOUT ROWID;
"""
_NEW_IN_3 = """
CREATE TABLE earlier (folder BLOB PRIMARY KEY, content TEXT NOT NULL, verdicts BLOB NOT NULL, time TEXT NOT NULL)
WITHOUT ROWID;
"""
_NEW_IN_4 = """
ALTER TABLE earlier ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
CREATE TABLE counted (folder BLOB PRIMARY KEY, content TEXT NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counted SELECT folder, content, 0 FROM submission;
"""  # 0: how many attempts there were before is not known, and will not be
_NEW_SINCE = {
    1: f"{_NEW_IN_2} {_NEW_IN_3} {_NEW_IN_4}",
    2: f"{_NEW_IN_3} {_NEW_IN_4}",
    3: _NEW_IN_4,
}  # what a file of an older format lacks


class Database:
    """An open file, and the only writer of it. Raises `RunError` where it cannot be used."""

    def __init__(self, folder: Path, create: bool) -> None:
        self.file = folder / FILE
        self._lock = _only_one(folder, create)
        try:
            self._connection = _connected(self.file, create)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Close the file. What was committed stays, whether this is done or not."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        os.close(self._lock)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is committed together, or not at all. Raises `StorageError`."""
        with _told(self.file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def all(self, statement: str, *values: Any) -> list[Any]:
        """What a question finds."""
        with _told(self.file):
            return self._connection.execute(statement, values).fetchall()

    def put(self, statement: str, *values: Any) -> int:
        """Write something, and say how many rows that changed."""
        with _told(self.file):
            return self._connection.execute(statement, values).rowcount


def _only_one(folder: Path, create: bool) -> int:
    """Hold the run folder, so that nobody else writes; it is given back when the process ends, however it ends."""
    try:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not (folder / FILE).is_file():
            raise RunError(
                _("{folder} holds no gradebook: expected {file}, which `grade batch` writes").format(
                    folder=folder, file=folder / FILE
                )
            )
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise RunError(
            _("{folder} cannot be used as a run folder: {reason}").format(folder=folder, reason=error.strerror)
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise RunError(
            _("{folder} is in use by another `grade`: wait for it to end, or choose another --out").format(
                folder=folder
            )
        ) from None
    except OSError as error:
        os.close(lock)
        raise RunError(
            _("{folder} cannot be locked: {reason}. Choose an --out on another disk").format(
                folder=folder, reason=error.strerror
            )
        ) from error
    return lock


def _connected(file: Path, create: bool) -> sqlite3.Connection:
    """Open the file, and make the tables where it is new."""
    with _told(file):
        # It holds the seed that hidden inputs are drawn from: nobody else's business.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT * create | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        connection = sqlite3.connect(file, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")  # where the disk cannot, SQLite keeps another journal
            connection.execute("PRAGMA synchronous = FULL")
            _expect_ours(connection, file)
        except BaseException:
            connection.close()
            raise
    return connection


def _expect_ours(connection: sqlite3.Connection, file: Path) -> None:
    (mark,), (version,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if (mark, version) == (_MARK, FORMAT):
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        _made(connection, f"{_TABLES} {_NEW_SINCE[1]} PRAGMA application_id = {_MARK};")
    elif mark == _MARK and version in _NEW_SINCE:
        _made(connection, _NEW_SINCE[version])
    elif mark != _MARK:
        raise RunError(_("{file} is not a gradebook of `grade`: choose another --out").format(file=file))
    elif version > FORMAT:
        raise RunError(
            _(
                "{file} has format {version}, and this version of grade knows formats up to {format}: "
                "use the newer version that wrote it, or choose another --out"
            ).format(file=file, version=version, format=FORMAT)
        )
    else:
        raise RunError(
            _("{file} has format {version}, which no version of grade writes: choose another --out").format(
                file=file, version=version
            )
        )


def _made(connection: sqlite3.Connection, tables: str) -> None:
    """Bring a file to the format of today, in one step or not at all."""
    connection.executescript(f"BEGIN IMMEDIATE; {tables} PRAGMA user_version = {FORMAT}; COMMIT")


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    """SQLite's errors in words that say what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        text = str(error)
        if isinstance(error, sqlite3.OperationalError) and ("full" in text or "disk I/O" in text):
            raise StorageError(
                _(
                    "{folder}: the disk is full or failing ({text}). What was graded so far is kept: make "
                    "room, and give the same command again"
                ).format(folder=file.parent, text=text)
            ) from error
        if isinstance(error, OSError | sqlite3.OperationalError):
            raise StorageError(_("{file} cannot be read or written: {text}").format(file=file, text=text)) from error
        raise RunError(
            _("{file} is damaged ({text}): keep a copy, and grade into another folder with --out").format(
                file=file, text=text
            )
        ) from error
