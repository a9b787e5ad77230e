"""A class with attackers in it, through the command line: everybody gets a result and a page of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import controls
import invariants
import pytest
from ground import Reports

from grader.report import pages

HONEST = "from victim import Right as linear_module\n"
WRONG = "from victim import Wrong as linear_module\n"
# Names that clear the screen, forge a line, look like a path, fill a name to its end, or are no text.
NAMES = (
    "mallory\x1b[2J\u202e",
    "mallory\nalice: done in 0.1 s\n",
    "x\\..\\..\\gradebook",
    "-rf",
    "n" * 252,
    "caf\udce9",
    "index.html",
    "<b>&amp;",
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    """What `grade batch` says of that class, and the folder that it was run in."""
    place = tmp_path_factory.mktemp("class")
    files = {"alice": HONEST, "zoe": HONEST, **dict.fromkeys(NAMES, WRONG), "exits": "import os\nos._exit(0)"}
    for name, code in files.items():
        folder = place / "students" / name
        folder.mkdir(parents=True)
        (folder / "layers.py").write_text(code)
        (folder / "victim.py").write_bytes(controls.kit()["victim.py"])
    (place / "students/linked").mkdir()
    (place / "students/linked/layers.py").symlink_to("../alice/layers.py")
    (place / "work").mkdir()
    command = ["batch", "../students", "--exercise", "linear_module", "--json", "--out", "../pages", "--seed", "1"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "HOME": str(place / "home")}
    program = [sys.executable, "-m", "grader", *command]
    done = subprocess.run(program, cwd=place / "work", env=environment, capture_output=True, timeout=300, check=False)
    return done, place


def test_everybody_has_a_result(graded: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """One line for each student, in order; the honest have full marks; the exit code tells of the one refused."""
    done, _ = graded
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(NAMES) + 3, done.stderr.decode(errors="replace")
    scores = {result["submission"]: (result["score"], result["max_score"]) for result in results}
    assert scores["alice"] == scores["zoe"] == (15, 15)
    assert max(score for name, (score, _) in scores.items() if name not in ("alice", "zoe")) <= 12
    assert done.returncode == 3
    assert b"linked" in done.stderr


def test_everybody_has_a_page(graded: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """As many pages as results, each about one student; nothing lies anywhere else."""
    done, place = graded
    found = sorted((place / "pages/reports").iterdir())
    assert len(found) == len(done.stdout.splitlines()), [page.name for page in found]
    assert {path.name for path in place.iterdir()} <= {"students", "pages", "work", "cache", "home"}
    assert not list((place / "work").iterdir())
    for page in found:
        invariants.reports_are_clean(Reports(page.read_text(encoding="utf-8"), "", ""))


def test_what_is_said_is_plain(graded: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """Neither output nor errors hold what moves a cursor, and no name forges a line."""
    done, _ = graded
    for said in (done.stdout.decode(), done.stderr.decode()):
        assert not {char for char in said if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"}
        assert not [line for line in said.splitlines() if line.startswith("alice: done")]


@pytest.mark.parametrize("shown", [("caf\\udce9",) * 4, ("a_b-0eab8a0a", "a|b")], ids=["equal", "foreseen"])
def test_no_page_is_written_over(shown: tuple[str, ...]) -> None:
    """Two students never share a page: not if their names look the same, nor if one foresees the other's file name."""
    names = pages.Names()
    assert len({names.of(name) for name in shown}) == len(shown)
