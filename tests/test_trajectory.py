"""Training runs that are the same computation: made once, and with the same result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fixed import SEED

from grader import bank, trajectory
from grader import evidence as ev
from grader.course import Course
from grader.evidence import Answered, Evidence
from grader.grading import Grader, Selection
from grader.model import ExerciseResult
from grader.plan import Settings
from grader.sandbox.channel import Answer
from grader.sandbox.host import Zygote
from grader.sandbox.limits import Death
from grader.store import Store
from grader.submission import Submission
from grader.wire.records import Begun, Trained

EXERCISES = ("build_methods.build_sequential_args", "build_methods.Model_Lst")
TOLD = "bit for bit"


def begun(*losses: float, state: int = 0, scores: float = 0.0) -> Answered:
    """The first steps of a run, with these losses."""
    arrays = {"losses": np.array(losses), "state": np.full(32, state, np.uint8), "scores": np.full((2, 10), scores)}
    return Answered(Begun(len(losses)), arrays)


END = Answered(Trained(4, 1.5), {"losses": np.arange(4.0), "scores": np.zeros((2, 10), np.float32)})
REFERENCE = Evidence({"begin": begun(1.0, 2.0), "train": END})


def test_the_same_run_ends_the_same() -> None:
    """What began bit for bit alike should get the reference's end, and say so."""
    found = trajectory.taken_over({"begin": begun(1.0, 2.0)}, REFERENCE)
    assert found is not None
    assert found.record == replace(END.record, taken_over=True)
    assert found.arrays is END.arrays


@pytest.mark.parametrize(
    "other",
    [
        begun(1.0, np.nextafter(2.0, 3.0)),
        begun(1.0, 2.0, state=1),
        begun(1.0, 2.0, scores=1e-9),
        begun(1.0),
        begun(1.0, float("nan")),
        Death("wall", "too slow"),
        None,
    ],
    ids=["last bit", "state", "scores", "shorter", "nan", "dead", "absent"],
)
def test_another_run_is_made(other: Any) -> None:
    """One bit apart, or without a beginning, a run should be made to its end."""
    assert trajectory.taken_over({"begin": other} if other else {}, REFERENCE) is None


def test_nothing_is_taken_from_a_reference_that_did_not_finish() -> None:
    """Then there is no end to take, and not a number is like nothing, itself included."""
    assert trajectory.taken_over({"begin": begun(1.0)}, Evidence({"begin": begun(1.0)})) is None
    nan = begun(float("nan"))
    assert trajectory.taken_over({"begin": nan}, Evidence({"begin": nan, "train": END})) is None


def test_no_worker_may_say_that_it_was_taken_over() -> None:
    """It would be a run that was never made."""
    body = {"steps": 4, "seconds": 1.5, "taken_over": True}
    assert isinstance(ev.validate("train", Answer(body, END.arrays)), Death)
    assert isinstance(ev.validate("train", Answer(body | {"taken_over": False}, END.arrays)), Answered)


@pytest.fixture(scope="module")
def graded(course: Course, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Grades a file with and without taking over, and gives the exercises of both."""
    memory = Store(tmp_path_factory.mktemp("memory"))

    def run(source: bytes, *names: str) -> list[tuple[ExerciseResult, ...]]:
        found = []
        for reuses in (True, False):
            selection = Selection(exercises=frozenset(names))
            with Grader(course, zygote, Settings(SEED), memory, selection, reuses=reuses) as grader:
                found.append(grader.grade_collected(Submission("someone", {"build_methods.py": source})).exercises)
        return found

    return run


def scores(results: tuple[ExerciseResult, ...]) -> list[tuple[str, float]]:
    """The points of every check."""
    return [(f"{each.id}.{check.id}", check.score) for each in results for check in each.checks]


def told(result: ExerciseResult) -> bool:
    """Whether the report says that the run was taken over."""
    return any(TOLD in check.finding.rationale for check in result.checks if check.id == "training")


def test_a_right_run_is_taken_over_and_says_so(course: Course, graded: Any) -> None:
    """However it is written, as long as it computes the same numbers; and it changes neither points nor curves."""
    source = course.assignment("build_methods").solution
    source = bank.edited(
        source, "Model_Lst", [("        super().__init__()\n", "        super().__init__()\n        self.spare = 1\n")]
    )
    taken, made = graded(source, *EXERCISES)
    assert all(map(told, taken))
    assert not any(map(told, made))
    assert scores(taken) == scores(made)
    for one, other in zip(taken, made, strict=True):
        assert one.exhibits.training == other.exhibits.training


def test_a_mistaken_run_is_made(course: Course, graded: Any) -> None:
    """A network that computes something else should train itself, and lose the same either way."""
    source = bank.edited(
        course.assignment("build_methods").solution,
        "build_sequential_args",
        [("        nn.BatchNorm1d(n_hidden),\n", "        nn.BatchNorm1d(n_hidden, momentum=None),\n")],
    )
    source = bank.edited(source, "build_sequential_args", [("nn.ReLU()", "nn.LeakyReLU(0.3)")])
    taken, made = graded(source, "build_methods.build_sequential_args")
    assert not told(taken[0])
    assert scores(taken) == scores(made)
    assert taken[0].score < taken[0].max_score
