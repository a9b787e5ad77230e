"""The sample class of the README: what each of the four gets, and that the stub gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader import submission
from grader.grading import Grader
from grader.model import Grade, Status, Verdict
from grader.submission import Submission

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = ("layers", "build_methods", "residual_blocks", "training")


@pytest.fixture(scope="module")
def sample(grader: Grader) -> Callable[[str], Grade]:
    """Grades a member of the sample class, once."""
    known: dict[str, Grade] = {}

    def grade(name: str) -> Grade:
        if name not in known:
            known[name] = grader.grade(ROOT / "submissions" / name)
        return known[name]

    return grade


def failed(grade: Grade) -> set[str]:
    """``Exercise.check`` of everything that failed."""
    return {f"{e.name}.{c.id}" for e in grade.exercises for c in e.checks if c.verdict is Verdict.FAILED}


def test_alice_gets_full_marks(sample: Callable[[str], Grade]) -> None:
    """An ordinary good solution loses nothing, training included."""
    grade = sample("alice")
    assert failed(grade) == set()
    assert (grade.score, grade.max_score) == (400.0, 400.0)


def test_bobs_mistakes_cost_the_right_checks(sample: Callable[[str], Grade]) -> None:
    """Each of his mistakes is seen where it is, and what is right keeps its points."""
    assert {
        "Model_Seq.parameters",  # a BatchNorm left out
        "build_sequential_add_module.method",  # built from positional arguments
        "Model_Lst.parameters",  # a plain list
        "Model_Lst.method",
        "RestNetBasicBlock.forward",  # no activation after the sum
        "RestNetDownBlock.forward",  # the strides the wrong way round
        "RestNet18.forward",  # maxpool defined, never called
        "FunctionalLinear.parameters",  # a tensor that is not registered
        "FunctionalDropout.modes",  # active in eval mode, too
        "training_step.gradients",  # never cleared
        "make_loaders.behaviour",  # not shuffled
        "evaluate.modes",  # no eval()
    } <= failed(sample("bob"))
    scores = {e.name: e.score / e.max_score for e in sample("bob").exercises}
    assert scores["build_sequential_args"] == scores["build_sequential_ordered_dict"] == scores["Model_Dict"] == 1


def test_carol_has_begun(sample: Callable[[str], Grade]) -> None:
    """Stubs count as not attempted, what is done is graded, half an exercise earns a part."""
    by_status: dict[Status, set[str]] = {}
    for exercise in sample("carol").exercises:
        by_status.setdefault(exercise.status, set()).add(exercise.name)
    assert by_status[Status.NOT_ATTEMPTED] >= {"RestNet18", "Model_Dict"}
    down = next(e for e in sample("carol").exercises if e.name == "RestNetDownBlock")
    assert 0 < down.score < down.max_score
    assert sum(e.score == e.max_score for e in sample("carol").exercises) >= 3


def test_mallory_gains_nothing(sample: Callable[[str], Grade]) -> None:
    """Patches, forged files and lying objects earn no check that depends on what is computed."""
    grade = sample("mallory")
    earned = {f"{e.name}.{c.id}" for e in grade.exercises for c in e.checks if c.verdict is Verdict.PASSED}
    computed = {name for name in earned if name.split(".")[1] in ("forward", "gradients", "modes", "training")}
    assert computed == set()
    assert not any(check.verdict is Verdict.ERROR for e in grade.exercises for check in e.checks)
    assert grade.score < 0.1 * grade.max_score
    assert not (ROOT / "submissions/mallory/results.json").exists()


def test_the_stub_as_handed_out_gets_nothing(grader: Grader) -> None:
    """Every exercise is "not attempted", and worth 0."""
    files = {f"{name}.py": (ROOT / "assignments" / name / f"{name}.py").read_bytes() for name in ASSIGNMENTS}
    grade = grader.grade_collected(Submission("stub", files))
    assert grade.score == 0
    assert {exercise.status for exercise in grade.exercises} == {Status.NOT_ATTEMPTED}


def test_the_stub_notebooks_as_handed_out_get_nothing(grader: Grader) -> None:
    """The same starters as notebooks: no cell fails, every exercise is "not attempted", and worth 0."""
    files = {f"{name}.ipynb": (ROOT / "assignments" / name / f"{name}.ipynb").read_bytes() for name in ASSIGNMENTS}
    grade = grader.grade_collected(Submission("stub", files))
    assert grade.notes == ()
    assert grade.score == 0
    assert {exercise.status for exercise in grade.exercises} == {Status.NOT_ATTEMPTED}


def test_the_reference_gets_full_marks(grader: Grader) -> None:
    """The solution, handed in as a submission, passes everything."""
    files = {f"{name}.py": (ROOT / "reference" / name / "solution.py").read_bytes() for name in ASSIGNMENTS}
    grade = grader.grade_collected(Submission("solution", files))
    assert failed(grade) == set()
    assert grade.score == grade.max_score == 400


def test_a_file_that_is_absent_is_not_wrong(grader: Grader) -> None:
    """One assignment handed in, the other "not submitted"."""
    alice = submission.collect(ROOT / "submissions/alice")
    only = Submission("half", {"deep/build_methods.py": alice.files["build_methods.py"]})
    grade = grader.grade_collected(only)
    graded = {assignment.id: {e.status for e in assignment.exercises} for assignment in grade.assignments}
    assert graded.pop("build_methods") == {Status.GRADED}
    assert set(map(tuple, graded.values())) == {(Status.NOT_SUBMITTED,)}
    assert grade.score == 100


def test_exhibits_are_there_for_the_page(sample: Callable[[str], Grade]) -> None:
    """The page gets its tables, curves and code from the same result."""
    model = next(e for e in sample("bob").exercises if e.name == "Model_Seq")
    assert [row.same for row in model.exhibits.layers].count(False) == 1
    assert model.exhibits.training is not None
    assert len(model.exhibits.training.losses) == len(model.exhibits.training.reference_losses) == 40
    assert model.exhibits.gradients
    assert model.exhibits.code
