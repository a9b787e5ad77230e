"""The wheel: everything that `grade` needs travels in it, and it grades from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from the working tree."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_course_and_the_templates_travel_in_the_wheel(wheel: Path) -> None:
    """Assignments, solutions, rubrics, bands, digits and templates are there; tests and submissions are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for assignment in ("layers", "build_methods", "residual_blocks", "training"):
        assert f"grader/_course/assignments/{assignment}/{assignment}.py" in names
        assert f"grader/_course/assignments/{assignment}/{assignment}.ipynb" in names
        assert f"grader/_course/assignments/{assignment}/README.md" in names
        assert f"grader/_course/assignments/{assignment}/zh/{assignment}.py" in names
        for file in ("solution.py", "assignment.toml"):
            assert f"grader/_course/reference/{assignment}/{file}" in names
    for assignment in ("build_methods", "residual_blocks"):
        assert f"grader/_course/reference/{assignment}/bands.json" in names
    assert "grader/_course/reference/data/digits.npz" in names
    for file in ("submission.html", "overview/page.html", "overview/script.js", "overview/style.css"):
        assert f"grader/report/templates/{file}" in names
    assert not [name for name in names if name.startswith(("tests/", "submissions/"))]


def test_an_unpacked_wheel_grades_from_another_folder(wheel: Path, tmp_path: Path, cache: Path) -> None:
    """Nothing of the checkout is needed once it is installed."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); from grader.cli import main; main()"
    arguments = [str(ROOT / "submissions/alice"), "--exercise", "Model_Dict", "--seed", "3", "--json"]
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"XDG_CACHE_HOME": str(cache.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"score": 16.0' in done.stdout
