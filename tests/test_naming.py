"""What lies behind failed checks, through the real sandbox: names, consequences, and what both cost."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest
from counting import Counting

from grader import bank
from grader.bank import Variation
from grader.course import Course
from grader.diagnosis.naming import MOST, Suspect, ranked
from grader.diagnosis.views import ending
from grader.grading import Grader, Selection
from grader.model import ExerciseResult, Verdict
from grader.plan import Settings
from grader.sandbox.host import Zygote
from grader.store import Store
from grader.submission import Submission
from grader.wire.records import Problem

# Of the bank these few, since each variation costs a worker at its first use; in every assignment that has them, since
# one of those holds the words.
KEPT = {
    *("final-relu-missing", "relu-one-missing", "maxpool-not-called", "bn2-missing", "no-skip"),
    *("accuracy-divided-by-batches", "mean-of-batch-losses", "step-before-backward", "gradients-clipped-away"),
    *("no-zero-grad", "zero-grad-not-called", "relu-added", "bn-after-activation"),
}


@pytest.fixture(scope="module")
def small(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course with a handful of known mistakes."""
    root = tmp_path_factory.mktemp("course")
    for file in course.root.glob("reference/*/mistakes/*.toml"):
        if file.stem in KEPT:
            copy = root / file.relative_to(course.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    return replace(course.without_training(), root=root)


@pytest.fixture(scope="module")
def counting(zygote: Zygote) -> Counting:
    """The sandbox of the session, with a counter."""
    return Counting(zygote)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One memory for all tests here."""
    return Store(tmp_path_factory.mktemp("memory"))


@pytest.fixture(scope="module")
def graded(small: Course, counting: Counting, memory: Store) -> Any:
    """Grades a solution with these edits, and gives its exercises by name."""

    def run(assignment: str, source: bytes, *names: str, shows: bool = False) -> dict[str, ExerciseResult]:
        selection = Selection(exercises=frozenset(f"{assignment}.{name}" for name in names))
        handed_in = Submission("someone", {f"{assignment}.py": source})
        with Grader(small, counting, Settings(7), memory, selection, names=True, shows=shows) as grader:  # type: ignore[arg-type]
            return {each.name: each for each in grader.grade_collected(handed_in).exercises}

    return run


def named(result: ExerciseResult) -> list[str]:
    """The names that an exercise was given."""
    return [found.id for found in result.misconceptions]


def mistaken(course: Course, assignment: str, *edits: tuple[str, str, str]) -> bytes:
    """The solution with texts replaced, each in an exercise."""
    source = course.assignment(assignment).solution
    for exercise, old, new in edits:
        source = bank.edited(source, exercise, [(old, new)])
    return source


def spelt_otherwise(course: Course) -> bytes:
    """A block without its last activation, in other words than the bank's."""
    return mistaken(
        course,
        "residual_blocks",
        ("RestNetBasicBlock", "return F.relu(output + x)", "z = x + output\n        return z"),
    )


def test_a_mistake_is_named_with_its_place(small: Course, graded: Any) -> None:
    """In whatever words it is written, it should be called by its id, with hints and the line to look at."""
    source = spelt_otherwise(small)
    block = graded("residual_blocks", source, "RestNetBasicBlock")["RestNetBasicBlock"]
    (found,) = block.misconceptions
    assert found.id == "final-relu-missing"
    assert found.title
    assert found.hint
    assert found.technique
    assert found.where is not None
    assert found.where.text.startswith("def forward")
    assert source.decode().splitlines()[found.where.line - 1].strip() == found.where.text
    # No finding has a line here: the page shows the mistake's.
    assert not any(check.finding.where for check in block.checks if check.verdict is Verdict.FAILED)
    (excerpt,) = block.exhibits.code
    assert [line.number for line in excerpt.lines if line.marked] == [found.where.line]


def test_a_consequence_costs_nothing(small: Course, graded: Any) -> None:
    """A network of mistaken blocks should be judged against one of the same blocks, and the report say so."""
    results = graded("residual_blocks", spelt_otherwise(small), "RestNetBasicBlock", "RestNet18")
    assert results["RestNetBasicBlock"].score < results["RestNetBasicBlock"].max_score
    assert results["RestNet18"].score == results["RestNet18"].max_score
    assert "RestNetBasicBlock has the same mistake" in results["RestNet18"].note


def test_what_is_wrong_in_its_own_right_still_costs(small: Course, graded: Any) -> None:
    """A mistake of the network's own should lose its points beside a mistaken block, and be named."""
    own = bank.edited(spelt_otherwise(small), "RestNet18", [("self.maxpool(", "(")])
    results = graded("residual_blocks", own, "RestNetBasicBlock", "RestNet18")
    assert results["RestNet18"].score < results["RestNet18"].max_score
    assert named(results["RestNet18"]) == ["maxpool-not-called"]


def test_a_mistake_that_is_not_used_explains_nothing(small: Course, graded: Any) -> None:
    """A network that has blocks of its own should answer for them itself."""
    solution = small.assignment("residual_blocks").solution.decode()
    start = solution.index("class RestNetBasicBlock")
    block = solution[start : solution.index("class RestNetDownBlock")].replace("RestNetBasicBlock", "OwnBlock")
    source = spelt_otherwise(small).decode().replace("class RestNet18", f"{block}class RestNet18")
    before, after = source.split("class RestNet18")
    source = before + "class RestNet18" + after.replace("RestNetBasicBlock(", "OwnBlock(")
    results = graded("residual_blocks", source.encode(), "RestNetBasicBlock", "RestNet18")
    assert results["RestNet18"].note == ""
    assert results["RestNet18"].score == results["RestNet18"].max_score


def test_loops_that_use_one_another_pay_once(small: Course, graded: Any) -> None:
    """A training run with a mistaken evaluation should lose nothing for it."""
    source = mistaken(small, "training", ("evaluate", "return correct / total_samples", "return correct / len(loader)"))
    results = graded("training", source, "evaluate", "fit")
    assert named(results["evaluate"])[0] == "accuracy-divided-by-batches"
    assert results["fit"].score == results["fit"].max_score
    assert "evaluate has the same mistake" in results["fit"].note


def stages(course: Course, stage: str) -> bytes:
    """Two classifiers of one helper's stages: a linear layer, and what `stage` puts behind it."""
    first, second = "in_dim, n_hidden_1", "n_hidden_1, n_hidden_2"
    source = mistaken(
        course,
        "build_methods",
        ("Model_Seq", f"self.linear1 = nn.Linear({first})", f"self.one = stage({first})"),
        ("Model_Seq", f"self.linear2 = nn.Linear({second})", f"self.two = stage({second})"),
        ("Model_Seq", "        self.bn1 = nn.BatchNorm1d(n_hidden_1)\n", ""),
        ("Model_Seq", "        self.bn2 = nn.BatchNorm1d(n_hidden_2)\n", ""),
        ("Model_Seq", "F.relu(self.bn1(self.linear1(x)))", "self.one(x)"),
        ("Model_Seq", "F.relu(self.bn2(self.linear2(x)))", "self.two(x)"),
        ("Model_Lay", f"nn.Sequential(nn.Linear({first}), nn.BatchNorm1d(n_hidden_1))", f"stage({first})"),
        ("Model_Lay", f"nn.Sequential(nn.Linear({second}), nn.BatchNorm1d(n_hidden_2))", f"stage({second})"),
        ("Model_Lay", "x = F.relu(self.layer1(x))", "x = self.layer1(x)"),
        ("Model_Lay", "x = F.relu(self.layer2(x))", "x = self.layer2(x)"),
    )
    helper = "\n\ndef stage(inside, outside):\n    return nn.Sequential(\n        nn.Linear(inside, outside),\n"
    return source + f"{helper}{stage}    )\n".encode()


def test_a_mistake_in_shared_code_costs_once(small: Course, graded: Any) -> None:
    """Two classes made of one helper that is wrong: the first should pay, the second say where the mistake is."""
    source = stages(small, "        nn.ReLU(),\n        nn.BatchNorm1d(outside),\n")
    results = graded("build_methods", source, "Model_Seq", "Model_Lay", shows=True)
    assert named(results["Model_Seq"]) == ["bn-after-activation"]
    assert results["Model_Seq"].score < results["Model_Seq"].max_score
    assert named(results["Model_Lay"]) == []
    assert results["Model_Lay"].score == results["Model_Lay"].max_score
    assert "same mistake as in Model_Seq" in results["Model_Lay"].note
    last = len(source.decode().splitlines())
    assert f"lines {last - 3} and {last - 2}" in results["Model_Lay"].note


def test_the_same_mistake_made_twice_costs_twice(small: Course, graded: Any) -> None:
    """Each in code of its own, even beside a helper that both use, is not made once."""
    source = mistaken(
        small,
        "build_methods",
        *((name, "x = self.flatten(x)", "x = same(self.flatten(x))") for name in ("Model_Seq", "Model_Lay")),
        ("Model_Seq", "F.relu(self.bn1(self.linear1(x)))", "self.bn1(F.relu(self.linear1(x)))"),
        ("Model_Lay", "nn.BatchNorm1d(n_hidden_1))", "nn.ReLU(), nn.BatchNorm1d(n_hidden_1))"),
        ("Model_Lay", "x = F.relu(self.layer1(x))", "x = self.layer1(x)"),
    )
    source += b"\n\ndef same(x):\n    return x * 1\n"
    results = graded("build_methods", source, "Model_Seq", "Model_Lay", shows=True)
    assert named(results["Model_Seq"]) == named(results["Model_Lay"]) == ["bn-after-activation"]
    for result in results.values():
        assert result.score < result.max_score
        assert result.note == ""


def test_an_exercise_made_of_another_pays_nothing_for_it(small: Course, graded: Any) -> None:
    """A layer that computes with the student's wrong function should not lose points for the function."""
    source = mistaken(
        small,
        "layers",
        ("linear_functional", "F.linear(x, weight, bias)", "F.relu(F.linear(x, weight, bias))"),
        ("FunctionalLinear", "F.linear(x, self.weight, self.bias)", "linear_functional(x, self.weight, self.bias)"),
    )
    results = graded("layers", source, "linear_functional", "FunctionalLinear", shows=True)
    assert results["linear_functional"].score < results["linear_functional"].max_score
    assert results["FunctionalLinear"].score == results["FunctionalLinear"].max_score


def test_what_behaviour_cannot_tell_the_source_does(small: Course, graded: Any) -> None:
    """Gradients never cleared, for a call that lacks its parentheses: the source should decide the order."""
    called = mistaken(small, "layers", ("training_step", "optimizer.zero_grad()", "optimizer.zero_grad"))
    absent = mistaken(small, "layers", ("training_step", "    optimizer.zero_grad()\n", ""))
    assert named(graded("layers", called, "training_step")["training_step"])[0] == "zero-grad-not-called"
    assert named(graded("layers", absent, "training_step")["training_step"])[0] == "no-zero-grad"


def test_a_number_of_ones_own_is_named_by_the_source(small: Course, graded: Any) -> None:
    """Another limit than the bank's gives other values; the call is there for all to see."""
    clip = "loss.backward()\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.037)"
    source = mistaken(small, "layers", ("training_step", "loss.backward()", clip))
    assert named(graded("layers", source, "training_step")["training_step"]) == ["gradients-clipped-away"]


def test_nothing_is_invented(small: Course, graded: Any) -> None:
    """A mistake that nobody knows should lose its points without a name."""
    source = mistaken(small, "residual_blocks", ("RestNetBasicBlock", "output + x", "output.sin() + x"))
    block = graded("residual_blocks", source, "RestNetBasicBlock")["RestNetBasicBlock"]
    assert block.score < block.max_score
    assert named(block) == []


def test_correct_work_pays_nothing_and_mistakes_are_asked_once(small: Course, graded: Any, counting: Counting) -> None:
    """Nothing should be looked into where nothing failed; what is known of mistakes should be remembered."""
    solution = small.assignment("residual_blocks").solution
    graded("residual_blocks", solution, "RestNetBasicBlock")
    before = counting.opened
    graded("residual_blocks", solution, "RestNetBasicBlock")
    assert counting.opened == before + 1
    graded("residual_blocks", spelt_otherwise(small), "RestNetBasicBlock")
    before = counting.opened
    graded("residual_blocks", spelt_otherwise(small), "RestNetBasicBlock")
    assert counting.opened == before + 2  # the submission, and a look at its source


def suspect(id: str, **counts: int) -> Suspect:
    """A suspect with these counts."""
    kinds, numbers = (views(counts.get(name, 0), name) for name in ("explained", "explained_numbers"))
    names = ("unexplained", "touched", "contradicted", "resembles", "seen_in_source")
    return Suspect(Variation(id, 0, "f", b"", "", ""), kinds, numbers, *(counts.get(name, 0) for name in names))


def views(count: int, of: str = "explained") -> frozenset[str]:
    """The first so many views."""
    return frozenset(f"{of} {number}" for number in range(count))


def order(*found: Suspect) -> list[str]:
    """The names, in their order."""
    return [each.variation.misconception for each in ranked(found)]


def test_ranking() -> None:
    """What explains everything goes first, the source decides among equals, and what it denies is left out."""
    whole, part = suspect("whole", explained_numbers=2), suspect("part", explained=1, unexplained=1)
    assert order(part, whole) == ["whole"]
    assert order(part) == ["part"]
    assert order(suspect("b", explained=1), suspect("a", explained=1), suspect("b", explained=1)) == ["a", "b"]
    assert order(suspect("a", explained=1), suspect("b", explained=1, seen_in_source=1)) == ["b"]
    assert order(suspect("a", explained=1), suspect("b", explained=1, seen_in_source=-1)) == ["a"]
    assert order(suspect("b", explained=1, seen_in_source=-1)) == ["b"]
    assert order(suspect("a", explained=1), suspect("b", explained=1, resembles=1)) == ["b"]
    assert order(replace(suspect("a", explained=1), of_a_part=True), suspect("b", explained=1)) == ["b", "a"]
    assert order(suspect("c", explained=1, unexplained=1, contradicted=1)) == []
    assert order(suspect("n", explained_numbers=3, unexplained=1)) == []
    assert len(order(*(suspect(letter, explained=1) for letter in "abcdefg"))) == MOST


def test_numbers_alone_name_a_mistake_where_they_are_many() -> None:
    """All outputs of a network are nobody else's; one number may be, and of two mistakes that give the same ones
    neither is named."""
    few = suspect("few", explained_numbers=3, unexplained=1)
    many = replace(few, variation=replace(few.variation, misconception="many"), many=2)
    assert order(few, many) == ["many"]
    assert order(few, replace(many, contradicted=1)) == []
    assert order(few, replace(many, seen_in_source=-1)) == []
    assert order(many, replace(many, variation=few.variation)) == []
    assert order(many, suspect("kinds", explained=1, unexplained=2)) == ["kinds"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The size of tensor a ({}) must match the size of tensor b ({})", (7, 14)),
        (
            "Given groups=1, weight of size [256, 128, {0}, {0}], expected input[2, 64, 7, 6] to have 128 channels",
            (1, 3),
        ),
        ("'Net' object has no attribute '{}'", ("bn", "norm")),
    ],
)
def test_an_exception_is_the_same_in_other_words(one: str, other: tuple[object, object]) -> None:
    """Which operand comes first, which of two paths is gone first, and what things are called: all this is spelling."""
    told = [Problem("RuntimeError", one.format(*values), (), None) for values in (other, other[::-1])]
    assert told[0] != told[1]
    assert ending(told[0]) == ending(told[1])
    assert ending(told[0]) != ending(replace(told[0], type="TypeError"))


def test_two_mistakes_at_once() -> None:
    """Each name should explain what no name before it does; what explains the same as another is not guessed."""
    big, small = suspect("big", explained=3, unexplained=1), suspect("small", explained=1, unexplained=3)
    assert order(small, big) == ["big"]
    other = replace(suspect("other", unexplained=3), explained=frozenset(["else"]))
    assert order(small, other, big) == ["big", "other"]
    twin = replace(other, variation=replace(other.variation, misconception="twin"))
    assert order(small, other, twin, big) == ["big"]
    assert order(other, twin) == ["other", "twin"]
    triplet = replace(other, variation=replace(other.variation, misconception="triplet"))
    assert order(other, twin, triplet) == []
    assert order(other, twin, triplet, replace(other, seen_in_source=1)) == ["other"]
