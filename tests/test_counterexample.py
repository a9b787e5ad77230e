"""Counter-examples: what is claimed is what a student sees who pastes the code; small, repeatable, never endless."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import corpus_files
import numpy as np
import pytest
from fixed import ROOT, SEED

from grader import asking, demonstration, plan
from grader.checks.question import Question
from grader.course import Case, Course, Exercise
from grader.diagnosis import counterexample
from grader.diagnosis.contrast import contrast
from grader.diagnosis.counterexample import CounterExample, Search
from grader.diagnosis.domain import Domain
from grader.diagnosis.paste import EVAL, FILLINGS, SHARES, TRAIN, WEIGHTS, Example
from grader.diagnosis.subject import Subject
from grader.errors import WorkerLost
from grader.evidence import Answered
from grader.grading import Grader
from grader.model import Demonstration, SmallestCall
from grader.plan import Settings
from grader.sandbox.limits import CRASHED, Death
from grader.submission import Module
from grader.wire.records import OutputInfo, Problem, Sampled

WRONG = {
    wrong.name: (assignment, wrong)
    for assignment in ("build_methods", "layers", "residual_blocks")
    for wrong in corpus_files.wrong(assignment)
}
# One of each form: a block, a whole model, a function of tensors, one that builds a model; values, shapes, exceptions.
PASTED = (
    "linear_functional--bias-subtracted",
    *(
        pytest.param(name, marks=pytest.mark.long)
        for name in (
            "RestNetBasicBlock--relu-before-add",
            "Model_Seq--flatten-eats-batch",
            "RestNet18--relu-on-logits",
            "RestNetDownBlock--final-relu-missing",
            "Model_Seq--softmax-wrong-dim",
            "Model_Lst--hidden-layer-missing",
            "build_sequential_args--relu-on-logits",
            "FunctionalLinear--bias-missing",
        )
    ),
)


def found(grader: Grader, name: str) -> tuple[CounterExample | None, Path]:
    """Look for the counter-example of a file of the corpus."""
    id, wrong = WRONG[name]
    assignment, exercise = grader.course.assignment(id), grader.course.exercise(wrong.exercise)
    return searched(grader, assignment.module, exercise, wrong.path.read_bytes(), assignment.solution), wrong.path


def searched(grader: Grader, module: str, exercise: Exercise, source: bytes, solution: bytes) -> CounterExample | None:
    """Search as grading does, after a failed check."""
    file = Module(module, f"{module}.py")
    job = plan.jobs(exercise, grader.course.digits, Settings(SEED))[0]
    ran = asking.run_job(grader.sandbox, job, {file.path: source}, file)
    reference = grader.reference(exercise)
    question = Question(exercise, ran, reference, frozenset(), "cpu")
    loads = [asking.loading({file.path: code}, file, job.probes[0].limits) for code in (source, solution)]
    with Subject(grader.sandbox, loads[0]) as student, Subject(grader.sandbox, loads[1]) as own:
        return counterexample.find(question, student, own, module)


def as_shown(example: CounterExample) -> str:
    """Give the code as a report shows it, with its comment."""
    call = SmallestCall(f"{example.imports}\n\n{example.code}", example.yours, example.expected)
    explained = demonstration.explained(Demonstration(call=call)).call
    assert explained is not None
    return explained.code


def pasted(example: CounterExample, source: Path, module: str, folder: Path) -> str:
    """Run the code beside the student's file, and return what it prints, or the last line of what went wrong."""
    (folder / f"{module}.py").write_bytes(source.read_bytes())
    ran = subprocess.run(
        [sys.executable, "-c", f"{as_shown(example)}\n"],
        cwd=folder, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(folder)}, timeout=120,
    )  # fmt: skip
    return (ran.stdout if ran.returncode == 0 else ran.stderr).strip().splitlines()[-1]


def says(printed: str, claimed: str) -> bool:
    """Whether what was printed is what was claimed, to the digits that are shown."""
    with contextlib.suppress(ValueError):
        return float(printed) == pytest.approx(float(claimed), rel=1e-3, abs=1e-3)
    return printed.startswith(claimed) or claimed.startswith(printed)


@pytest.mark.parametrize("name", PASTED)
def test_pasted_code_shows_what_is_claimed(grader: Grader, tmp_path: Path, name: str) -> None:
    """With the student's file the code prints `yours`, with the reference's `expected`, and they differ."""
    example, path = found(grader, name)
    assert example is not None
    assignment = grader.course.assignment(WRONG[name][0])
    assert says(pasted(example, path, assignment.module, tmp_path), example.yours)
    solution = grader.course.root / "reference" / assignment.id / "solution.py"
    assert says(pasted(example, solution, assignment.module, tmp_path), example.expected)
    assert example.yours != example.expected
    assert as_shown(example).endswith(f"# yours: {example.yours}   expected: {example.expected}")


def test_it_is_the_smallest(grader: Grader) -> None:
    """Sizes shrink to one, values to the plainest that show it; and the same search ends at the same place."""
    example, _ = found(grader, "RestNetBasicBlock--relu-before-add")
    assert example is not None
    assert example.code.splitlines() == [
        "block = RestNetBasicBlock(1, 1, 1)",
        "for p in block.parameters():",
        "    p.data.fill_(1)",
        "",
        "block.eval()",
        "x = torch.full((1, 1, 1, 1), -10.0)",
        "print(block(x).item())",
    ]
    assert (example.yours, example.expected) == ("-8", "0")
    assert found(grader, "RestNetBasicBlock--relu-before-add")[0] == example


def test_nothing_wrong_shows_nothing(grader: Grader, course: Course) -> None:
    """A correct exercise has no counter-example, and the search ends within its bounds."""
    assignment, exercise = course.assignment("residual_blocks"), course.exercise("RestNetDownBlock")
    assert searched(grader, assignment.module, exercise, assignment.solution, assignment.solution) is None


def test_a_submission_that_ends_its_worker_ends_the_search(grader: Grader, course: Course) -> None:
    """Code that exits, or does not even load, shows nothing, and is nobody's error."""
    assignment, exercise = course.assignment("layers"), course.exercise("linear_functional")
    for source in (b"import os\ndef linear_functional(x, w, b):\n    os._exit(3)\n", b"raise ValueError\n"):
        assert searched(grader, assignment.module, exercise, source, assignment.solution) is None


def test_what_is_not_about_values_is_not_searched(grader: Grader) -> None:
    """Scenes, and layers that are random by design, have no counter-example."""
    assert found(grader, "FunctionalDropout--dropout-missing")[0] is None


def test_sizes_that_belong_together_stay_together(course: Course) -> None:
    """Calls keep to what the cases show: equal arguments, channels that are announced, kernels that never change."""
    block = Domain(course.exercise("RestNetBasicBlock"))
    call = block.call(4, (2, 1, 5, 6, 3, 1))
    assert (call.args, call.shape) == ((3, 3, 1), (2, 3, 5, 6))
    down = Domain(course.exercise("RestNetDownBlock"))
    assert down.call(4, (1, 1, 4, 5, 3, 2, 3, 1)).args == (3, 2, [3, 1])
    pool = Domain(course.exercise("conv_relu_pool")).call(4, (1, 1, 4, 5, 2, 6, 3))
    assert pool.tensors == {"weight": (2, 6, 3, 3), "bias": (2,)}
    assert pool.shape == (1, 6, 4, 5)


def test_samples_of_any_shape_decide_the_input_size(course: Course) -> None:
    """Where every sample is flattened, its shape is free, and the argument is its product."""
    model = Domain(course.exercise("Model_Seq"))
    assert model.ranks == (2, 3, 4)
    call = model.call(3, (2, 3, 4, 5, 6, 7))
    assert (call.shape, call.args) == ((2, 3, 4), (12, 5, 6, 7))


def test_a_network_without_arguments_keeps_its_least_input(course: Course) -> None:
    """Nothing says that it takes smaller images than those seen."""
    choices = Domain(course.exercise("RestNet18")).choices(4)
    assert choices == ((1,), (3,), (32,), (32,))


def test_every_case_of_the_course_is_in_its_domain(course: Course) -> None:
    """The shape of every domain fits the exercise, whichever the smallest call is."""
    for assignment in course.assignments:
        for exercise in filter(lambda exercise: exercise.cases, assignment.exercises):
            domain = Domain(exercise)
            for rank in domain.ranks:
                call = domain.call(rank, [choice[0] for choice in domain.choices(rank)])
                assert len(call.shape) == rank
                assert len(call.args) == len(exercise.cases[0].args)


def test_cases_that_are_built_differently_are_left_out(course: Course) -> None:
    """A case with other arguments than the first says nothing about the first."""
    exercise = course.exercise("FunctionalLinear")
    odd = replace(exercise, cases=(*exercise.cases, Case((1, [2, 3]), ((4, 1),), {})))
    assert Domain(odd).choices(2) == Domain(exercise).choices(2)


def test_every_filling_is_the_code_it_is_written_as(course: Course) -> None:
    """Input values are those that their code makes."""
    import torch

    for filling in FILLINGS:
        for shape in ((1, 1), (2, 3), (1, 2, 2, 2), (5,)):
            made = eval(filling.code(shape), {"torch": torch})
            assert made.dtype == torch.float32
            assert np.array_equal(made.numpy(), filling.array(shape))


def test_every_example_is_code(course: Course) -> None:
    """Whatever is chosen, the lines are Python."""
    for name in ("RestNetDownBlock", "conv_relu_pool"):
        exercise = course.exercise(name)
        domain = Domain(exercise)
        call = domain.call(4, [choice[-1] for choice in domain.choices(4)])
        for mode in (TRAIN, EVAL):
            for weights in (*WEIGHTS, SHARES):
                example = Example(call, mode, weights, FILLINGS[0])
                compile("\n".join([*example.lines(exercise), example.asked(exercise)]), "pasted", "exec")


def sampled(output: np.ndarray | str, steady: bool = True, comparable: bool = True) -> Answered:
    """Make up an answer to a sample."""
    if isinstance(output, str):
        return Answered(Sampled(OutputInfo(output, (), "", ""), steady, comparable))
    info = OutputInfo("Tensor", output.shape, output.dtype.name, "cpu")
    return Answered(Sampled(info, steady, comparable), {"output": output})


ONES = np.ones((2, 2), np.float32)


@pytest.mark.parametrize("after", [0, 3, 10])
def test_a_worker_that_is_lost_in_a_search_is_told_as_such(course: Course, after: int) -> None:
    """A search that loses its worker should say so, and no example be made of it."""
    asked = []

    class Lost(Subject):
        def __init__(self) -> None:
            pass

        def ask(self, op: str, *_: object) -> Answered:
            asked.append(op)
            if len(asked) > after:
                raise WorkerLost("killed")
            return sampled(ONES)

    with ThreadPoolExecutor(1) as other, pytest.raises(WorkerLost):
        Search(course.exercise("RestNetBasicBlock"), Lost(), Lost(), False, other).smallest()
    assert len(asked) == after + 1


def test_what_counts_as_different() -> None:
    """Values, shapes, kinds; an exception only where one was raised before."""
    shown = contrast(sampled(np.array([[1, 1], [1, 3]], np.float32)), sampled(ONES), False)
    assert shown is not None
    assert (shown.expression, shown.yours, shown.expected) == ("print({}[1, 1].item())", "3", "1")
    shown = contrast(sampled(np.ones((2, 1), np.float32)), sampled(ONES), False)
    assert shown is not None
    assert (shown.yours, shown.expected) == ("(2, 1)", "(2, 2)")
    shown = contrast(sampled("tuple"), sampled(ONES), False)
    assert shown is not None
    assert shown.yours == "tuple"
    shown = contrast(sampled(np.ones((2, 2), np.int64)), sampled(ONES), False)
    assert shown is not None
    assert shown.yours == "torch.int64"
    problem = Problem("ValueError", "two\nlines", (), None)
    assert contrast(problem, sampled(ONES), False) is None
    shown = contrast(problem, sampled(ONES), True)
    assert shown is not None
    assert shown.yours == "ValueError: two lines"


def test_what_proves_nothing_is_no_difference() -> None:
    """What rounding or chance decides, what the reference does not say, and what a dead worker does not."""
    other = 2 * ONES
    assert contrast(sampled(other, steady=False), sampled(ONES), True) is None
    assert contrast(sampled(other, comparable=False), sampled(ONES), True) is None
    assert contrast(sampled(other), sampled(ONES, steady=False), True) is None
    assert contrast(sampled(other), sampled(np.full((2, 2), np.inf, np.float32)), True) is None
    assert contrast(sampled(other), sampled(np.ones((0, 2), np.float32)), True) is None
    assert contrast(sampled(1.001 * ONES), sampled(ONES), True) is None
    assert contrast(Death(CRASHED, ""), sampled(ONES), True) is None


def test_the_rest_of_the_grader_does_without_hypothesis() -> None:
    """It takes a third of a second to import, and only a failure needs it."""
    code = "import sys, grader.diagnosis.counterexample; sys.exit('hypothesis' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
