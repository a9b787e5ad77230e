"""Reading the corpus: submissions written from the course page and the catalogue of mistakes, not from the checks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grader.course import Assignment, Exercise
from grader.submission import Submission

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Wrong:
    """One believable mistake: the exercise it is in, its id, and the checks that must fail."""

    path: Path
    exercise: str
    mistake: str
    fails: tuple[str, ...]
    form: str = ""  # which one, where a mistake is there in several

    @property
    def name(self) -> str:
        return f"{self.exercise}--{self.mistake}{self.form}"


def correct(assignment: str) -> list[Path]:
    """Files whose every exercise must get full marks."""
    return sorted((CORPUS / assignment / "correct").glob("*.py"))


def wrong(assignment: str) -> list[Wrong]:
    """Files with one mistake each."""
    return [_wrong(path) for path in sorted((CORPUS / assignment / "wrong").glob("*.py"))]


def _wrong(path: Path) -> Wrong:
    exercise, mistake, *which = path.stem.split("--")
    header = re.search(r"^# fails: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert header, f"{path} lacks the line that says what it fails"
    fails = tuple(name.strip() for name in header[1].split(","))
    return Wrong(path, exercise, mistake, fails, "".join(f"--{word}" for word in which))


def as_submission(path: Path, assignment: Assignment) -> Submission:
    """The file as a student's whole submission."""
    return Submission(path.stem, {f"{assignment.module}.py": path.read_bytes()})


def exercises_in(path: Path, assignment: Assignment) -> list[Exercise]:
    """The exercises that a file defines, by the look of its text."""
    text = path.read_bytes().decode("utf-8", "replace")
    return [
        e
        for e in assignment.exercises
        if re.search(rf"^(class|def)\s+{e.name}\b|^{e.name}\s*=|as\s+{e.name}\b", text, re.M)
    ]
