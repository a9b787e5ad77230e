"""What a run folder shows, written from its gradebook: a page for each submission, the results as JSON, the class.

All of it can be written again at any time. A page that is there and made from the same is left as it is.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from grader import classroom
from grader.attempts import History
from grader.entry import Entry
from grader.errors import StorageError
from grader.gradebook import ERROR, GRADED, QUARANTINED, UNGRADABLE, Gradebook, Row
from grader.language import _, spoken
from grader.model import Grade, Verdict
from grader.report import html, jsonl, overview, pages, spreadsheet
from grader.report.rendering import Renderer
from grader.submission import hashed

REPORTS, RESULTS = "reports", "results.jsonl"


@dataclass(frozen=True)
class Published:
    """What was written: of how many submissions, by what became of them; whether every check passed; bytes of pages."""

    entries: int
    graded: int
    ungradable: int
    errors: int
    all_passed: bool
    page_bytes: int

    @property
    def exit_code(self) -> int:
        """The highest that any submission calls for: 4, 3, 1 or 0."""
        if self.errors:
            return 4
        return 3 if self.ungradable else 0 if self.all_passed else 1


def entries(gradebook: Gradebook) -> Iterator[Entry]:
    """The class, by name: what the checks gave, and beside it what a person decided."""
    for row in gradebook.rows():
        yield entry(gradebook, row)


def entry(gradebook: Gradebook, row: Row) -> Entry:
    """One submission of the class."""
    grade = gradebook.grade(row.result, row.name) if row.result else None
    return Entry(row.name, grade, row.trouble, gradebook.overrides(row.folder), row.state == QUARANTINED)


def publish(gradebook: Gradebook, whole: bool = False, helpers: int = 0) -> Published:
    """Write everything, pages that are there already only with `whole`; so many `helpers` render them. Each grade is
    read once, and not kept: there may be thousands.

    Raises `StorageError`.
    """
    folder = gradebook.folder
    known = {} if whole else gradebook.pages()
    made: dict[str, tuple[str, int]] = {}
    names, passed, states = pages.Names(), True, Counter[str]()
    exercises: dict[str, None] = {}
    places: dict[str, str] = {}
    room = classroom.Survey()
    with _told(folder), spreadsheet.Table(folder) as table:
        pages.sweep(folder)
        pages.sweep(folder / REPORTS)
        with pages.draft(folder, RESULTS, newline="\n") as results, Renderer(helpers) as renderer:
            for row in gradebook.rows():
                states[row.state] += 1
                one = entry(gradebook, row)
                room.take(one)
                table.take(one)
                name, grade = names.of(row.name), one.decided
                if grade is None:
                    continue
                exercises |= dict.fromkeys(exercise.id for exercise in grade.exercises)
                passed &= set(grade.verdicts()) == {Verdict.PASSED}
                results.write(f"{jsonl.dumps(grade)}\n")
                places[row.name] = f"{REPORTS}/{name}"
                history = gradebook.history(row)
                shown = _shown(grade, history)
                if _is_there(folder / REPORTS / name, shown, known.get(name)):
                    made[name] = known[name]
                else:
                    renderer.put(grade, history, partial(_write, folder / REPORTS, name, shown, made))
        for name in gradebook.pages().keys() - made.keys():
            (folder / REPORTS / name).unlink(missing_ok=True)
        pages.put(overview.render(room.classroom(), places), folder, overview.FILE)
        table.write(list(exercises))
        with gradebook.transaction():
            gradebook.put_pages(made)
    errors = states[ERROR] + states[QUARANTINED]
    size = sum(size for _, size in made.values())
    return Published(states.total(), states[GRADED], states[UNGRADABLE], errors, passed, size)


def _shown(grade: Grade, history: History) -> str:
    """A hash of what a page shows, and in which language. How long it took is not worth a new one."""
    return hashed(replace(grade, seconds=0.0), history, _look(), spoken())


def _is_there(file: Path, shown: str, known: tuple[str, int] | None) -> bool:
    """Whether a page is there that shows this, as far as its size tells."""
    try:
        return known is not None and known == (shown, file.stat(follow_symlinks=False).st_size)
    except OSError:
        return False


def _write(folder: Path, name: str, shown: str, made: dict[str, tuple[str, int]], page: str) -> None:
    """Write a page, and note in `made` what it shows, and its bytes."""
    made[name] = shown, pages.put(page, folder, name).stat().st_size


@cache
def _look() -> str:
    """A hash of what makes pages."""
    here = Path(html.__file__).parent
    return hashed([(file.name, file.read_bytes()) for file in sorted(here.rglob("*.*")) if file.suffix != ".pyc"])


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            _(
                "{folder} cannot be written: {reason}. The gradebook holds what was graded: make room, "
                "and give the same command again"
            ).format(folder=folder, reason=os.strerror(error.errno or 0))
        ) from error
