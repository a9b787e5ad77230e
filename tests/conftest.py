"""Fixtures that many tests share: the course, and one real sandbox for the whole session."""

from __future__ import annotations

import os

# One thread for torch and NumPy, as in a worker, and before either is there: two for small tensors wait for one another
# where tests run side by side, which costs six times the computing time.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from fixed import ROOT, SEED

from grader import course as courses
from grader.course import Course
from grader.grading import Grader
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store

os.environ["GRADE_LANG"] = "en"  # whatever this machine speaks, tests compare English texts


@pytest.fixture(scope="session")
def course() -> Course:
    """The course that comes with the program."""
    return courses.load(ROOT)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of this session's own, so that no test passes by what an earlier session left behind."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder / "grader"


@pytest.fixture(scope="session")
def zygote(course: Course, cache: Path) -> Iterator[Zygote]:
    """The real sandbox, started once."""
    with Zygote("cpu", (str(course.root), str(cache))) as zygote:
        yield zygote


@pytest.fixture(scope="session")
def grader(course: Course, zygote: Zygote, cache: Path) -> Iterator[Grader]:
    """A grader of everything, on the CPU, with a fixed seed."""
    with Grader(course, zygote, Settings(SEED), Store(cache)) as grader:
        yield grader


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long waits until it is asked for."""
    if not os.environ.get("GRADER_LONG"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="long: by make long"))
