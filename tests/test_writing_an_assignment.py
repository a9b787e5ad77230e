"""The page for authors of assignments: every file and command on it works, in their order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "writing-an-assignment.md"
# A file to write, or to go on with, and what stands in it; or commands to give.
STEP = re.compile(
    r"^(?P<end>At the end of )?`(?P<file>[^`\n]+)`:\n\n```\w+\n(?P<text>.*?)^```$|^```sh\n(?P<commands>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def follow(folder: Path, step: re.Match[str]) -> str:
    """Do what one step of the page says; give what its commands print."""
    if step["file"]:
        file = folder / step["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if step["end"] else ""
        file.write_text(before + step["text"], encoding="utf-8")
        return ""
    return "".join(given(folder, shlex.split(line)) for line in step["commands"].splitlines())


def given(folder: Path, words: list[str]) -> str:
    """Give one command: what it prints. Grading ends with 1 where something is to be fixed, all else with 0."""
    programs = {"python": [sys.executable], "grade": [sys.executable, "-m", "grader"]}
    assert words[0] in programs
    if words[1].startswith("scripts/"):
        words[1] = str(ROOT / words[1])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "160", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        programs[words[0]] + words[1:], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == (1 if words[1] == "bob" else 0), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give what each command of the page prints, in order."""
    folder = tmp_path_factory.mktemp("author")
    steps = list(STEP.finditer(PAGE.read_text(encoding="utf-8")))
    return [follow(folder, step) for step in steps if step["file"] or step["commands"]]


def test_the_page_can_be_followed(printed: list[str]) -> None:
    """Each command should end well, and print what the page says that it prints."""
    page, said = PAGE.read_text(encoding="utf-8"), "".join(printed)
    survivor = re.search(r"^gates\.GatedLinear, line \d+: swap-layers: .*$", page, re.MULTILINE)
    assert survivor is not None
    assert re.sub(r"\s+", " ", survivor[0]) in re.sub(r"\s+", " ", said)
    for line in ("Looks like: The gate is not kept between 0 and 1", "5 of 7 checks pass; 1 thing to fix.", "7 / 12"):
        assert line in page
        assert line in said
    assert "7 / 18" in printed[-1]
    assert "gated is not defined in the file" in printed[-1]
