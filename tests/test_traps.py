"""Traps found by experiment, one test each: what a careless comparison would let through, this one does not.

Each trap is a mistake from the corpus that only the right kind of question shows. See docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import corpus_files
import numpy as np
import pytest

from grader import plan
from grader.asking import run_job
from grader.course import Course, Exercise
from grader.evidence import Evidence
from grader.grading import Grader, Selection
from grader.model import ExerciseResult, Verdict
from grader.mutation import mutants
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Module, Submission

SETTINGS = Settings(77)

# Trap → the mistake that falls into it, and the check that sees it.
TRAPS = {
    "equal twins: a layer used twice shows in counters and gradients only": (
        "RestNetBasicBlock--bn2-reused",
        {"gradients", "modes"},
    ),
    "an in-place shortcut shows on signed input only": ("RestNetBasicBlock--inplace-on-input", {"forward"}),
    "another eps shows in float64 only": ("Model_Seq--bn-eps-other-default", {"forward"}),
    "a detached shortcut has a perfect forward": ("RestNetBasicBlock--skip-detached", {"gradients"}),
    "a pair of strides given whole shows on images that are not square": (
        "RestNetDownBlock--stride-list-passed-whole",
        {"shapes"},
    ),
    "a shortcut without stride broadcasts on 2×2": ("RestNetDownBlock--shortcut-no-stride", {"shapes"}),
    "another momentum shows in buffers only": ("Model_Seq--bn-momentum-as-decay", {"modes"}),
    "a block used twice has the same state_dict keys": ("RestNet18--block-instance-reused", {"parameters"}),
    "strides on the wrong convolution give the right shape": (
        "RestNetDownBlock--stride-on-second-conv",
        {"forward"},
    ),
    "squeeze drops a batch of one": ("RestNet18--squeeze-drops-batch", {"shapes"}),
    "a hard-coded device shows without a GPU": ("RestNetDownBlock--device-hard-coded", {"device"}),
}


@pytest.fixture(scope="module")
def judge(course: Course, zygote: Zygote, cache: Path) -> Callable[[str], ExerciseResult]:
    """Grades one mistake of the corpus."""
    bare = course.without_training()
    every = {
        case.name: (name, case) for name in ("build_methods", "residual_blocks") for case in corpus_files.wrong(name)
    }
    known: dict[str, ExerciseResult] = {}

    def grade(mistake: str) -> ExerciseResult:
        if mistake not in known:
            assignment, case = every[mistake]
            selection = Selection(exercises=frozenset([f"{assignment}.{case.exercise}"]))
            with Grader(bare, zygote, SETTINGS, Store(cache), selection) as grader:
                submission = corpus_files.as_submission(case.path, bare.assignment(assignment))
                (known[mistake],) = grader.grade_collected(submission).exercises
        return known[mistake]

    return grade


@pytest.mark.parametrize("trap", TRAPS)
def test_the_trap_is_seen(judge: Callable[[str], ExerciseResult], trap: str) -> None:
    """The mistake loses one of the checks that can see it."""
    mistake, checks = TRAPS[trap]
    failed = {check.id for check in judge(mistake).checks if check.verdict is Verdict.FAILED}
    assert failed & checks, f"{mistake} failed {failed}"


def test_shape_and_count_alone_would_miss_them(judge: Callable[[str], ExerciseResult]) -> None:
    """Several of these pass `parameters` and `shapes`: the other checks are not there for show."""
    silent = 0
    for mistake, _ in TRAPS.values():
        verdicts = {check.id: check.verdict for check in judge(mistake).checks}
        silent += verdicts["parameters"] is verdicts["shapes"] is Verdict.PASSED
    assert silent >= 6


@pytest.mark.parametrize("assignment", ["layers", "build_methods", "residual_blocks"])
def test_relu6_is_no_relu(course: Course, zygote: Zygote, cache: Path, assignment: str) -> None:
    """Wherever a solution uses ReLU: one input of each case is loud enough to go above 6 there."""
    bare = course.without_training()
    folder = bare.assignment(assignment)
    found = [
        mutant
        for exercise in folder.exercises
        for mutant in mutants(folder.solution.decode(), exercise.name)
        if mutant.operator == "change-activation" and "relu6" in mutant.change.lower()
    ]
    assert found
    for mutant in found:
        selection = Selection(exercises=frozenset([f"{assignment}.{mutant.exercise}"]))
        submission = Submission("relu6", {f"{folder.module}.py": mutant.source.encode()})
        with Grader(bare, zygote, SETTINGS, Store(cache), selection) as grader:
            (result,) = grader.grade_collected(submission).exercises
        failed = {check.id for check in result.checks if check.verdict is Verdict.FAILED}
        assert "forward" in failed, mutant.change


def evidence_of(zygote: Zygote, course: Course, exercise: Exercise, source: bytes) -> Evidence:
    """What a source answers when it is trained."""
    job = plan.training_job(exercise, course.digits, SETTINGS)
    module = course.assignment(exercise.assignment).module
    return run_job(zygote, job, {f"{module}.py": source}, Module(module, f"{module}.py"))


@pytest.mark.parametrize("spelling", ["chinese_names", "reversed_definition", "list_generator"])
def test_other_spellings_train_bit_for_bit_alike(zygote: Zygote, course: Course, spelling: str) -> None:
    """With one thread, canonical weights and a fixed order, spelling does not change a single bit of the losses."""
    assignment = course.assignment("build_methods")
    (path,) = [path for path in corpus_files.correct("build_methods") if path.stem == spelling]
    (exercise, *_) = [e for e in corpus_files.exercises_in(path, assignment) if e.training]
    ours = evidence_of(zygote, course, exercise, assignment.solution).arrays("train")["losses"]
    theirs = evidence_of(zygote, course, exercise, path.read_bytes()).arrays("train")["losses"]
    assert np.array_equal(ours, theirs)


def test_a_model_that_knows_digits_already_gains_nothing(course: Course) -> None:
    """Classes are called otherwise in every run: digit 3 is not class 3."""
    exercise = course.exercise("RestNet18")
    assert exercise.training is not None
    permutations = {
        tuple(plan.training_order(exercise, exercise.training, Settings(seed))[1].tolist()) for seed in range(20)
    }
    assert len(permutations) == 20


def test_labels_of_the_test_split_are_in_no_question(course: Course) -> None:
    """Among all arrays that a worker is sent, none is as long as the test labels, nor holds them."""
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            if exercise.training is None:
                continue
            labels = plan.test_labels(exercise, exercise.training, course.digits, SETTINGS)
            for job in plan.jobs(exercise, course.digits, SETTINGS):
                for probe in job.probes:
                    for array in probe.arrays.values():
                        assert labels.tobytes() not in np.ascontiguousarray(array).tobytes()
