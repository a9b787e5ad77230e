"""Stand-ins: what is built on a mistaken exercise is judged apart from it, and still answers for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fixed import SEED

from grader import bank, plan, standins
from grader.bank import Variation
from grader.course import Assignment, Course, load
from grader.errors import CourseError
from grader.grading import Grader, Selection
from grader.model import ExerciseResult
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Submission

STOPS = 'raise KeyError("not found")'
BLOCKS = ("RestNetBasicBlock", "RestNetDownBlock")
LOOPS = ("train_one_epoch", "evaluate")
BUILT_ON = {"RestNet18": ("residual_blocks", BLOCKS), "fit": ("training", LOOPS)}
Run = Callable[..., dict[str, ExerciseResult]]


@pytest.fixture(scope="module")
def bare(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course without training runs, and without known mistakes: what is here must not need any."""
    return replace(course.without_training(), root=tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def graded(bare: Course, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Grades files, and gives the exercises asked for by name."""
    memory = Store(tmp_path_factory.mktemp("memory"))

    def run(files: dict[str, str], assignment: str, *names: str) -> dict[str, ExerciseResult]:
        selection = Selection(exercises=frozenset(f"{assignment}.{name}" for name in names))
        handed_in = Submission("someone", {name: text.encode() for name, text in files.items()})
        with Grader(bare, zygote, Settings(SEED), memory, selection, names=True) as grader:
            return {each.name: each for each in grader.grade_collected(handed_in).exercises}

    return run


def stopping(assignment: Assignment, exercise: str, old: str) -> str:
    """The solution, with one exercise that raises."""
    return bank.edited(assignment.solution, exercise, [(old, STOPS)]).decode()


@pytest.fixture
def blocks(course: Course) -> str:
    """A right network on a block that stops."""
    return stopping(course.assignment("residual_blocks"), "RestNetDownBlock", "extra_x = self.extra(x)")


def full(result: ExerciseResult) -> bool:
    """Whether it has all its points."""
    return result.score == result.max_score


def test_a_network_is_judged_apart_from_a_block_that_stops(blocks: str, graded: Run) -> None:
    """Nothing can be computed with such a block; the network is right all the same, and the report says how we know."""
    results = graded({"residual_blocks.py": blocks}, "residual_blocks", "RestNetDownBlock", "RestNet18")
    assert not full(results["RestNetDownBlock"])
    assert full(results["RestNet18"])
    assert "stand-in for RestNetDownBlock" in results["RestNet18"].note


def test_what_it_is_built_on_need_not_be_asked_for(blocks: str, graded: Run) -> None:
    """The command that a report gives names one exercise: a block that is wrong must not make that one fail."""
    results = graded({"residual_blocks.py": blocks}, "residual_blocks", "RestNet18")
    assert list(results) == ["RestNet18"]
    assert full(results["RestNet18"])
    assert "stand-in for RestNetDownBlock" in results["RestNet18"].note


def test_its_own_mistake_still_costs(blocks: str, graded: Run) -> None:
    """Beside a block that stops, a network without its pooling should lose points for that."""
    source = blocks.replace("self.maxpool(F", "(F")
    results = graded({"residual_blocks.py": source}, "residual_blocks", "RestNetDownBlock", "RestNet18")
    lost = {check.id for check in results["RestNet18"].checks if check.verdict == "failed"}
    assert "forward" in lost


def test_a_block_that_was_not_written_costs_once(course: Course, graded: Run) -> None:
    """The network of somebody who left out a block, or its very name, should be judged for itself."""
    solution = course.assignment("residual_blocks").solution.decode()
    start, end = solution.index("class RestNetBasicBlock"), solution.index("class RestNetDownBlock")
    body = "class RestNetBasicBlock(nn.Module):\n    def __init__(self, *_):\n        raise NotImplementedError\n\n\n"
    for block in (body, ""):
        source = solution[:start] + block + solution[end:]
        results = graded({"residual_blocks.py": source}, "residual_blocks", "RestNetBasicBlock", "RestNet18")
        assert results["RestNetBasicBlock"].score == 0
        assert full(results["RestNet18"])


def test_blocks_of_another_file_under_another_name(blocks: str, graded: Run) -> None:
    """The stand-in should be found wherever the student's own modules have the block, whatever they call it."""
    own, network = blocks.split("class RestNet18")
    network = network.replace("RestNetDownBlock(", "pieces.Down(")
    files = {
        "pieces.py": f"{own}\nDown = RestNetDownBlock\n",
        "residual_blocks.py": "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nimport pieces\n"
        f"from pieces import RestNetBasicBlock, RestNetDownBlock\n\n\nclass RestNet18{network}",
    }
    results = graded(files, "residual_blocks", "RestNetDownBlock", "RestNet18")
    assert not full(results["RestNetDownBlock"])
    assert full(results["RestNet18"])


def test_a_training_run_is_judged_apart_from_its_loops(course: Course, graded: Run) -> None:
    """A right `fit` on loops that stop should lose nothing, and a wrong one its points."""
    assignment = course.assignment("training")
    source = stopping(assignment, "evaluate", "model.eval()")
    source = source.replace("        loss.backward()\n", f"        {STOPS}\n")
    results = graded({"training.py": source}, "training", *LOOPS, "fit")
    assert full(results["fit"])
    assert "train_one_epoch and evaluate" in results["fit"].note
    swapped = source.replace("evaluate(model, test_loader, device)", "evaluate(model, train_loader, device)")
    assert not full(graded({"training.py": swapped}, "training", *LOOPS, "fit")["fit"])


def test_a_right_exercise_needs_no_stand_in(course: Course, graded: Run) -> None:
    """A network that fails by itself, on right blocks, should be judged as it is."""
    source = bank.edited(course.assignment("residual_blocks").solution, "RestNet18", [("self.fc(x)", STOPS)])
    results = graded({"residual_blocks.py": source.decode()}, "residual_blocks", *BLOCKS, "RestNet18")
    assert not full(results["RestNet18"])
    assert results["RestNet18"].note == ""


@pytest.fixture(scope="module")
def apart(bare: Course, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., bool]]:
    """Whether a variation of an exercise loses points, where all is built on stand-ins."""
    graders: dict[str, Grader] = {}
    memory = Store(tmp_path_factory.mktemp("apart"))
    for name, (id, names) in BUILT_ON.items():
        assignment = bare.assignment(id)
        changed = replace(assignment, solution=standins.built_on(assignment.solution, assignment, names))
        others = tuple(changed if each.id == id else each for each in bare.assignments)
        selection = Selection(exercises=frozenset([f"{id}.{name}"]))
        graders[name] = Grader(replace(bare, assignments=others), zygote, Settings(SEED), memory, selection)

    def loses(exercise: str, source: bytes) -> bool:
        id, names = BUILT_ON[exercise]
        source = standins.built_on(source, bare.assignment(id), names)
        handed_in = Submission("someone", {f"{id}.py": source})
        (result,) = graders[exercise].grade_collected(handed_in).exercises
        return not full(result)

    yield loses
    for grader in graders.values():
        grader.__exit__(None, None, None)


def known(exercise: str) -> tuple[Variation, ...]:
    """The bank's mistakes in an exercise."""
    return bank.of(load()).of(exercise)


def test_no_points_are_free(course: Course, apart: Callable[..., bool]) -> None:
    """Mistakes of a network or a run should show beside stand-ins as beside the real thing."""
    for name, (id, _) in BUILT_ON.items():
        assert not apart(name, course.assignment(id).solution)
        for one in known(name)[::25]:
            assert apart(name, one.source), one.misconception


@pytest.mark.long
@pytest.mark.parametrize("name", BUILT_ON)
def test_no_mistake_of_the_bank_is_free(apart: Callable[..., bool], name: str) -> None:
    """All that is known of a network or a run should show beside stand-ins."""
    hidden = [(one.misconception, one.number) for one in known(name) if not apart(name, one.source)]
    assert hidden == []


def test_the_question_comes_first(course: Course) -> None:
    """Nothing should be asked of a worker in which the stand-ins are not in place."""
    assignment = course.assignment("training")
    exercise = course.exercise("training.fit")
    (job,) = plan.jobs(exercise, course.digits, Settings(SEED))
    first, *others = standins.asked_with(job, assignment, ("evaluate",)).probes
    assert (first.op, first.params["names"]) == ("stand_in", ["evaluate"])
    assert all(probe.needs[0] == first.id for probe in others)
    assert [probe.id for probe in others] == [probe.id for probe in job.probes]


def test_stand_ins_that_are_no_python_are_refused(tmp_path: Path, course: Course) -> None:
    """A course whose stand-ins cannot be read should say so when it is loaded, naming the file."""
    folder = tmp_path / "reference" / "layers"
    folder.mkdir(parents=True)
    for name in ("assignment.toml", "solution.py"):
        (folder / name).write_bytes((course.root / "reference" / "layers" / name).read_bytes())
    (folder / "stand_ins.py").write_text("def broken(:")
    with pytest.raises(CourseError, match=r"stand_ins\.py"):
        load(tmp_path)
