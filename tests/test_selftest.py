"""`grade selftest`: what holds together passes; a planted false alarm and a planted miss make it fail."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader import cli, trials
from grader import course as courses
from grader import tally as tally_module
from grader.course import Course
from grader.errors import CourseError, UsageError
from grader.mutation import equivalent
from grader.plan import Settings
from grader.report import rates as rates_report
from grader.sandbox.host import Zygote
from grader.selftest import SelfTest, exit_code
from grader.store import Store
from grader.tally import Kind, Outcome, Standard, Tally, Trial, rates
from grader.trials import Plan

EXERCISE = "linear_functional"


@pytest.fixture(scope="module")
def small(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of one assignment without a bank, in a folder of its own."""
    root = tmp_path_factory.mktemp("course")
    for folder in ("assignments/layers", "reference/layers", "tests/corpus/layers"):
        shutil.copytree(course.root / folder, root / folder, ignore=shutil.ignore_patterns("mistakes", "wrong"))
    return courses.load(root)


@pytest.fixture(scope="module")
def selftest(small: Course, zygote: Zygote, cache: Path) -> Iterator[SelfTest]:
    """A self-test of that course in the real sandbox."""
    with SelfTest(small, zygote, Settings(31), Store(cache), 2) as test:
        yield test


def chosen(course: Course, *names: str) -> trials.Chosen:
    """Exercises of the one assignment."""
    (assignment,) = course.assignments
    return [(assignment, tuple(e for e in assignment.exercises if e.name in (names or (EXERCISE,))))]


def trial(kind: Kind, source: bytes, exercise: str = EXERCISE, beside: tuple[str, ...] = (), **more: str) -> Trial:
    """A trial of the one assignment."""
    return Trial(kind, "layers", exercise, "planted", source, beside, **more)


def test_a_course_that_holds_together(small: Course, selftest: SelfTest) -> None:
    """Solution, stub, variations and a few mutants come as they should, and every rate is met."""
    plan = Plan(chosen(small), 4, 0, small.root / "tests" / "corpus")
    outcomes = list(selftest.run(trials.everything(small, plan)))
    found = rates(outcomes, Standard(mutants=1.0))
    assert [rate.title for rate in found if not rate.met] == []
    assert exit_code(outcomes, found) == 0
    assert {outcome.trial.kind for outcome in outcomes} == set(Kind) - {Kind.MISTAKE}
    assert sum(outcome.trial.kind is Kind.MUTANT for outcome in outcomes) == 4
    assert all(outcome.good for outcome in outcomes)


def test_a_planted_false_alarm_fails_it(small: Course, selftest: SelfTest) -> None:
    """A variation that loses a mark, and an equivalent mutant that does."""
    wrong = next(trials.mutants(small, chosen(small), 1, 0)).source
    for planted in (
        trial(Kind.CORRECT, wrong, "", (EXERCISE,)),
        trial(Kind.MUTANT, wrong, harmless="it is said to be"),
        trial(Kind.SOLUTION, wrong, "", (EXERCISE,)),
    ):
        outcome = selftest.outcome(planted)
        assert not outcome.good
        assert exit_code([outcome], rates([outcome], Standard())) == 1


def test_a_planted_miss_fails_it(small: Course, selftest: SelfTest) -> None:
    """A mistake of the bank that behaves like the solution, and a mutant that does."""
    (assignment,) = small.assignments
    for kind in (Kind.MISTAKE, Kind.MUTANT):
        outcome = selftest.outcome(trial(kind, assignment.solution))
        assert not outcome.caught
        assert exit_code([outcome], rates([outcome], Standard(mutants=0.9))) == 1


def test_what_a_mistake_costs_elsewhere_fails_it(small: Course, selftest: SelfTest) -> None:
    """An exercise that has nothing to do with the mistake loses its marks."""
    (assignment,) = small.assignments
    source = assignment.solution + b"\n\ndef linear_functional(x, weight, bias):\n    return x\n"
    source += b"\n\ndef linear_module(a, b):\n    return None\n"
    outcome = selftest.outcome(trial(Kind.MISTAKE, source, beside=("linear_module", "conv_relu_pool")))
    assert outcome.caught
    assert all(lost.startswith("linear_module: ") for lost in outcome.collateral)
    assert outcome.collateral
    assert exit_code([outcome], rates([outcome], Standard())) == 1


def test_a_stub_that_earns_something_fails_it(small: Course, selftest: SelfTest) -> None:
    """A stub is not attempted, and worth nothing."""
    (assignment,) = small.assignments
    outcome = selftest.outcome(trial(Kind.STUB, assignment.solution, "", (EXERCISE,)))
    assert outcome.broken == ("linear_functional: graded, 15 points",)
    assert exit_code([outcome], rates([outcome], Standard())) == 1


def test_names_are_counted() -> None:
    """First, among the first three, or others instead; only what is stated decides."""
    mistake = trial(Kind.MISTAKE, b"", misconception="no-bias")
    named = [("no-bias",), ("other", "third", "no-bias"), ("a", "b", "c", "no-bias"), ()]
    outcomes = [Outcome(mistake, ("forward",), named=names) for names in named]
    tally = Tally(tuple(outcomes))
    assert (tally.named_first, tally.named_soon, tally.misnamed) == (1, 2, 1)
    assert exit_code(outcomes, rates(outcomes, Standard())) == 0
    assert exit_code(outcomes, rates(outcomes, Standard(named_first=0.25))) == 0
    assert exit_code(outcomes, rates(outcomes, Standard(named_first=0.5))) == 1
    right = Outcome(trial(Kind.CORRECT, b""), named=("no-bias",))
    assert not right.good  # a name for what is right is a false alarm, too


def test_an_error_of_ours_is_told_apart() -> None:
    """It is neither a mistake that was caught nor a false alarm: the exit code is 4."""
    outcome = Outcome(trial(Kind.MUTANT, b""), broken=("linear_functional: a check broke",))
    assert exit_code([outcome], rates([outcome], Standard())) == 4


def test_what_is_told_is_in_the_language_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles of rates and reasons of ours should be said once, what the course says stay as it is."""
    for module in (tally_module, rates_report):
        monkeypatch.setattr(module, "_", lambda text: f"<{text}>")
    reason = next(iter(equivalent.RULES))
    caught = Outcome(trial(Kind.MUTANT, b"", harmless=reason), lost=("forward",))
    found, out = rates([caught], Standard()), Console(file=io.StringIO(), width=400)
    rates_report.show(Tally((caught,)), {}, found, [], out)
    told = out.file.getvalue()  # type: ignore[attr-defined]
    assert f"equivalent: <{reason}>" in told
    assert "<equivalent mutants that keep full marks>" in told
    assert "<<<" not in told  # a sentence around it is one more


def test_what_the_course_states_is_read(small: Course, tmp_path: Path) -> None:
    """Shares from 0 to 1, of what there is; nothing stated is not an error."""
    assert trials.standard(small) == Standard()
    course = replace(small, root=tmp_path)
    (tmp_path / "reference").mkdir()
    file = tmp_path / "reference" / "selftest.toml"
    file.write_text("mutants = 0.9\nnamed_first = 1\n")
    assert trials.standard(course) == Standard(mutants=0.9, named_first=1)
    for wrong in ("mutants = 95", "mutnats = 0.9", "mutants = true", "mutants ="):
        file.write_text(wrong)
        with pytest.raises(CourseError, match=r"selftest\.toml"):
            trials.standard(course)


def test_who_uses_an_exercise_may_lose_marks_with_it(course: Course) -> None:
    """RestNet18 is made of the blocks, and fit of the loops."""
    assert trials.uses(course.assignment("residual_blocks"))["RestNet18"] == {"RestNetBasicBlock", "RestNetDownBlock"}
    assert trials.uses(course.assignment("training"))["fit"] == {"train_one_epoch", "evaluate"}


def test_variations_that_are_not_there_are_not_passed_over(small: Course, tmp_path: Path) -> None:
    """A folder that was asked for must hold some; a package has none, and says so."""
    with pytest.raises(UsageError, match="holds no variations"):
        trials.variations(small, tmp_path)
    assert trials.variations(replace(small, root=tmp_path), None) is None


def test_the_command(small: Course, cache: Path) -> None:
    """One table, the survivors, the rates, and an exit code."""
    arguments = ["selftest", "--course", str(small.root), "--exercise", EXERCISE, "--mutants", "2", "--jobs", "2"]
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    assert "✓ solutions with full marks: 1 of 1 (100 %, at least 100 %)" in result.output
    assert "mutants that are caught: 2 of 2" in result.output
    assert CliRunner().invoke(cli.main, ["selftest", "--mutants", "some"]).exit_code == 2
