"""The gradebook of a class: what everything else in a run folder is made from.

What is known is committed when it is known, so whatever ends the grader takes away at most what it was just about.
Everything is keyed by content: what was asked of which code, what was judged from it by which course. See
docs/run-folder.md for the tables.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from grader import attempts, packing, saved
from grader.answers import Alike, Answer
from grader.attempts import Attempt as Earlier
from grader.attempts import History
from grader.database import Database
from grader.errors import RunError
from grader.language import _
from grader.model import Grade, Override, Verdict
from grader.packing import Packed, Placed
from grader.saved import Damaged
from grader.submission import Kept, Submission, restored

_AT_HAND = 128  # answers that stay unpacked


@dataclass(frozen=True)
class Row:
    """What is known of one submission. `state` is one of those below, `result` the key of its grade, or ""."""

    folder: bytes
    name: str
    content: str
    state: str
    trouble: str = ""
    result: str = ""
    present: bool = True
    seconds: float = 0.0
    time: str = ""


GRADED = "graded"
ERROR = "error"  # of ours: a person must look, and it is tried again
UNGRADABLE = "ungradable"
QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Attempt:
    """That grading something was begun. `strikes` counts how often that, alone, was the end of the grader without a
    single new answer; `answers` is how many there were when it began."""

    key: str
    alone: bool
    answers: int
    strikes: int


class Gradebook:
    """An open gradebook, and the only writer of it. Raises `RunError` where it cannot be used."""

    def __init__(self, folder: Path, create: bool = True) -> None:
        self.folder = folder
        self._data = Database(folder, create)
        self._all, self._put = self._data.all, self._data.put
        self._kept = lru_cache(_AT_HAND)(self._read)  # in a class, the same answers are met again and again

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is put in the `with` block, or nothing of it."""
        with self._data.transaction():
            yield

    def close(self) -> None:
        """Close the file. What was committed stays, whether this is done or not."""
        self._data.close()

    # What the run was made with.

    def describe(self, **values: Any) -> None:
        """Note what a run was made with, in place of what was noted before."""
        for name, value in values.items():
            self._put("INSERT OR REPLACE INTO run VALUES (?, ?)", name, json.dumps(value))

    def description(self) -> dict[str, Any]:
        """What was noted."""
        return {name: json.loads(value) for name, value in self._all("SELECT name, value FROM run ORDER BY name")}

    # Submissions and their grades.

    def rows(self) -> Iterator[Row]:
        """All submissions that are still there, by name."""
        folders = [folder for (folder,) in self._all("SELECT folder FROM submission WHERE present ORDER BY folder")]
        for folder in folders:  # one by one: whoever reads may write meanwhile
            if (row := self.row(folder)) is not None:
                yield row

    def row(self, folder: bytes) -> Row | None:
        """What is known of the submission in the folder of that name."""
        found = self._all("SELECT * FROM submission WHERE folder = ?", folder)
        if not found:
            return None
        folder, name, content, state, trouble, result, present, seconds, time = found[0]
        return Row(folder, name, content, state, trouble, result, bool(present), seconds, time)

    def enter(self, row: Row) -> None:
        """Write down what is known of a submission, in place of what was. Of a grade for other files, its verdicts are
        kept as the attempt before."""
        before = self.row(row.folder)
        if before is not None and before.result and before.content != row.content:
            self._put_earlier(before)
        self._put(
            "INSERT OR REPLACE INTO submission VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(row.folder, row.name, row.content, row.state, row.trouble),
            *(row.result, row.present, row.seconds, row.time),
        )
        if row.result:
            self._count(row)

    def _count(self, row: Row) -> None:
        """Other files than those that were graded last are another attempt."""
        content, number = self._counted(row)
        if content != row.content:
            number = attempts.following(number) if content is not None else 1
            self._put("INSERT OR REPLACE INTO counted VALUES (?, ?, ?)", row.folder, row.content, number)

    def _counted(self, row: Row) -> tuple[str | None, int]:
        """Content and number of the last attempt from that folder that got a grade."""
        found = self._all("SELECT content, number FROM counted WHERE folder = ?", row.folder)
        return found[0] if found else (None, 0)

    def _put_earlier(self, row: Row) -> None:
        grade = self.grade(row.result, row.name)
        if grade is not None:
            verdicts = saved.pack(attempts.of(grade, row.content, row.time).verdicts)
            content, number = self._counted(row)
            self._put(
                "INSERT OR REPLACE INTO earlier VALUES (?, ?, ?, ?, ?)",
                *(row.folder, row.content, verdicts, row.time, number if content == row.content else 0),
            )

    def history(self, row: Row) -> History:
        """Which attempt a submission is, and the one before, where there was one with other files."""
        content, number = self._counted(row)
        return History(number if content == row.content else 0, self._earlier(row))

    def _earlier(self, row: Row) -> Earlier | None:
        found = self._all("SELECT content, verdicts, time, number FROM earlier WHERE folder = ?", row.folder)
        if not found or found[0][0] == row.content:
            return None
        content, packed, time, number = found[0]
        try:
            return Earlier(content, time, saved.unpack(dict[str, Verdict], packed), number)
        except Damaged as error:
            raise RunError(f"{self._data.file}: the attempt of {row.name} before cannot be read: {error}") from error

    def only(self, folders: Iterable[bytes]) -> int:
        """Mark all submissions but these as gone, and say how many those are."""
        there = set(folders)
        gone = [folder for (folder,) in self._all("SELECT folder FROM submission WHERE present") if folder not in there]
        for folder in gone:
            self._put("UPDATE submission SET present = 0 WHERE folder = ?", folder)
        return len(gone)

    def put_grade(self, key: str, content: str, grade: Grade, state: str, trouble: str, time: str) -> None:
        """Keep a grade under its key, without its times and the submission's name, which are not part of it."""
        packed = saved.pack(replace(grade, submission="", seconds=0.0))
        self._put(
            "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(key, content, state, trouble, packed, grade.seconds, time),
        )

    def grade(self, key: str, name: str) -> Grade | None:
        """The grade under a key, for the submission of that name."""
        found = self._all("SELECT grade, seconds FROM result WHERE key = ?", key)
        if not found:
            return None
        try:
            return replace(saved.unpack(Grade, found[0][0]), submission=name, seconds=found[0][1])
        except Damaged as error:
            raise RunError(
                _("{file}: the grade of {name} cannot be read: {error}").format(
                    file=self._data.file, name=name, error=error
                )
            ) from error

    def judged(self, key: str) -> tuple[str, str, float, str] | None:
        """State, trouble, seconds and time of the grade under a key."""
        found = self._all("SELECT state, trouble, seconds, time FROM result WHERE key = ?", key)
        return tuple(found[0]) if found else None

    # What was taken in, and what it answered.

    def keep(self, collected: Submission) -> None:
        """Keep what judging a submission again needs of it."""
        if self._all("SELECT 1 FROM collected WHERE content = ?", collected.content):
            return
        kept = collected.kept()
        for path, digest in kept.sources.items():
            self._put_blob(digest, collected.files[path])
        self._put("INSERT INTO collected VALUES (?, ?)", collected.content, saved.pack(kept))

    def collected(self, content: str, name: str) -> Submission | None:
        """The submission that was kept under that content."""
        found = self._all("SELECT record FROM collected WHERE content = ?", content)
        if not found:
            return None
        try:
            kept = saved.unpack(Kept, found[0][0])
        except Damaged as error:
            raise RunError(
                _("{file}: what {name} handed in cannot be read: {error}").format(
                    file=self._data.file, name=name, error=error
                )
            ) from error
        return restored(
            name, kept, {path: packing.unzipped(self._blob(digest)) for path, digest in kept.sources.items()}
        )

    def put_answer(self, answer: Answer) -> None:
        """Keep an answer, in place of an earlier one to the same question."""
        question = answer.code, answer.asked
        if self._put("DELETE FROM answer WHERE code = ? AND asked = ?", *question):
            self._kept.cache_clear()
        self._put("DELETE FROM alike WHERE code = ? AND asked = ?", *question)
        if isinstance(answer.given, Alike):
            alike = answer.given.form, answer.given.file, answer.given.line
            self._put("INSERT INTO alike VALUES (?, ?, ?, ?, ?)", *question, *alike)
        else:
            self._put(
                "INSERT INTO answer VALUES (?, ?, ?, ?)",
                *question,
                answer.under,
                packing.packed(answer.given, self._put_blob),
            )

    def answers(self, code: str) -> dict[str, Packed | Placed]:
        """What this code answered before, or what code of this form did, by question."""
        found: dict[str, Packed | Placed] = {
            asked: self._kept(code, asked) for (asked,) in self._all("SELECT asked FROM answer WHERE code = ?", code)
        }
        for asked, *where in self._all("SELECT asked, form, file, line FROM alike WHERE code = ?", code):
            alike = Alike(*where)
            found[asked] = Placed(self._kept(alike.form, asked), alike)
        return found

    def _read(self, code: str, asked: str) -> Packed:
        found = self._all("SELECT under, record FROM answer WHERE code = ? AND asked = ?", code, asked)
        if not found:
            raise self._damaged()
        ((under, record),) = found
        return Packed(under, record, {digest: self._blob(digest) for digest in packing.referred(record)})

    def count_answers(self, codes: Iterable[str]) -> int:
        """How many questions these codes have answered."""
        tables = [(table, code) for table in ("answer", "alike") for code in set(codes)]
        counts = (self._all(f"SELECT count(*) FROM {table} WHERE code = ?", code)[0][0] for table, code in tables)
        return sum(counts)

    # Attempts, so that what ends the grader is noticed by the next one.

    def begin(self, attempt: Attempt) -> None:
        """Note that grading something begins."""
        self._put(
            "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?, ?)",
            *(attempt.key, attempt.alone, attempt.answers, attempt.strikes),
        )

    def end(self, key: str) -> None:
        """Note that it came to an end."""
        self._put("DELETE FROM attempt WHERE key = ?", key)

    def attempt(self, key: str) -> Attempt | None:
        """The attempt that did not come to an end."""
        found = self._all("SELECT * FROM attempt WHERE key = ?", key)
        return Attempt(found[0][0], bool(found[0][1]), *found[0][2:]) if found else None

    # What a person decided.

    def override(
        self, folder: bytes, exercise: str, points: float | None, comment: str, author: str, time: str
    ) -> None:
        """Note what a person decided about an exercise; without points, that the checks decide again."""
        self._put(
            "INSERT INTO override (folder, exercise, points, comment, author, time) VALUES (?, ?, ?, ?, ?, ?)",
            *(folder, exercise, points, comment, author, time),
        )

    def overrides(self, folder: bytes) -> tuple[Override, ...]:
        """What holds of that: the last decision on each exercise."""
        found = self._all(
            "SELECT exercise, points, comment, author, time FROM override WHERE folder = ? ORDER BY id", folder
        )
        last = {exercise: (points, *rest) for exercise, points, *rest in found}
        return tuple(Override(exercise, *rest) for exercise, rest in sorted(last.items()) if rest[0] is not None)

    # Pages that were written from it.

    def pages(self) -> dict[str, tuple[str, int]]:
        """By file name: from what each was made, as a hash, and its bytes."""
        return {file: (made, size) for file, made, size in self._all("SELECT file, made, size FROM page")}

    def put_pages(self, pages: Mapping[str, tuple[str, int]]) -> None:
        """Note which pages there are, in place of what was noted before."""
        self._put("DELETE FROM page")
        for file, (made, size) in pages.items():
            self._put("INSERT INTO page VALUES (?, ?, ?)", file, made, size)

    def tidy(self) -> None:
        """Forget grades, and what was taken in, that belong to no submission any more. Answers stay: who goes back to
        an earlier version, or another selection, finds them."""
        self._put("DELETE FROM result WHERE key NOT IN (SELECT result FROM submission)")
        self._put("DELETE FROM collected WHERE content NOT IN (SELECT content FROM submission)")
        self._put("DELETE FROM attempt")

    def size(self) -> int:
        """Bytes of the file that are in use."""
        pages, free, size = (
            int(self._all(f"PRAGMA {name}")[0][0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _put_blob(self, digest: str, content: bytes) -> None:
        if not self._all("SELECT 1 FROM blob WHERE hash = ?", digest):
            self._put("INSERT INTO blob VALUES (?, ?)", digest, packing.zipped(content))

    def _blob(self, digest: str) -> bytes:
        found = self._all("SELECT data FROM blob WHERE hash = ?", digest)
        if not found:
            raise self._damaged()
        return bytes(found[0][0])

    def _damaged(self) -> RunError:
        return RunError(_("{file} is damaged: something that it refers to is missing").format(file=self._data.file))
