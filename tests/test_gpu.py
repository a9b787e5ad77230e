"""Grading on a GPU. Skipped, with the reason, where there is none; run for real where one can be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.course import Course
from grader.grading import Grader
from grader.model import Verdict
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store

ROOT = Path(__file__).resolve().parents[1]
HAS_GPU = any(Path("/dev").glob("nvidia[0-9]*"))
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not HAS_GPU, reason="this machine has no NVIDIA GPU")]


@pytest.fixture(scope="module")
def gpu_grader(course: Course, cache: Path) -> Iterator[Grader]:
    """A grader whose forward passes, gradients and training run on the GPU."""
    with Zygote("cuda") as zygote, Grader(course, zygote, Settings(13, "cuda"), Store(cache)) as grader:
        yield grader


def test_a_good_solution_gets_full_marks_on_the_gpu(gpu_grader: Grader) -> None:
    """Tolerances of its own leave room for other algorithms, and for nothing else."""
    grade = gpu_grader.grade(ROOT / "submissions/alice")
    lost = [(e.name, c.id, c.finding) for e in grade.exercises for c in e.checks if c.verdict is not Verdict.PASSED]
    assert lost == []
    assert grade.device == "cuda"


def test_mistakes_are_seen_on_the_gpu(gpu_grader: Grader) -> None:
    """The same checks fail as on the CPU."""
    grade = gpu_grader.grade(ROOT / "submissions/bob")
    failed = {f"{e.name}.{c.id}" for e in grade.exercises for c in e.checks if c.verdict is Verdict.FAILED}
    assert {"Model_Seq.parameters", "RestNetBasicBlock.forward", "RestNetDownBlock.forward"} <= failed


def test_the_zygote_has_not_touched_cuda(gpu_grader: Grader) -> None:
    """Two workers one after the other can both use the GPU: nothing was initialised before the forks."""
    for _ in range(2):
        grade = gpu_grader.grade(ROOT / "submissions/alice")
        assert all(exercise.status == "graded" for exercise in grade.exercises)
