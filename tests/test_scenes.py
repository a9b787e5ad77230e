"""Functions and loops: the arithmetic of chance, and verdicts on made-up observations."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from grader.checks import aspects, chance, figure, scenes
from grader.checks.question import Question
from grader.course import Course
from grader.evidence import Answered, Evidence
from grader.model import Verdict
from grader.wire.records import Fact, Observed, Problem

N = 6000  # values in the dropout scene: 100 × 60
RANDOM = np.random.default_rng(5)


def tail(n: int, p: float, low: int, high: int) -> float:
    """Exact probability that a Binomial(n, p) variable lies outside [low, high]."""
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in (*range(low), *range(high + 1, n + 1))
    ]
    return math.fsum(math.exp(value) for value in logs)


@pytest.mark.parametrize("share", chance.SHARES)
def test_a_correct_dropout_leaves_its_bounds_less_than_once_in_a_million(share: float) -> None:
    """Three shares, four passes each: twelve counts, each outside with at most 1e-8, so all inside but for 1.2e-7."""
    low, high = chance.binomial_bounds(N, share)
    assert tail(N, share, low, high) <= chance.MISS
    assert len(chance.SHARES) * 4 * chance.MISS < 1e-6


@pytest.mark.parametrize("share", chance.SHARES)
def test_the_bounds_still_tell_a_wrong_share(share: float) -> None:
    """A share that is off by a tenth is outside, except with a probability below one in ten thousand."""
    low, high = chance.binomial_bounds(N, share)
    for wrong in (share - 0.1, share + 0.1):
        inside = 1 - tail(N, wrong, low, high)
        assert inside < 1e-4


def test_shuffled_orders_coincide_almost_never() -> None:
    """Two shuffles of 23 samples are equal, or the identity, with a probability below 1e-21."""
    assert Fraction(3, math.factorial(23)) < Fraction(1, 10**21)


def question(course: Course, name: str, arrays: dict[str, np.ndarray], facts: dict[str, str]) -> Question:
    """A question whose student and reference observed the same."""
    seen = Answered(Observed(tuple(Fact(*item) for item in facts.items()), None), arrays)
    evidence = Evidence({"scene": seen})
    return Question(course.exercise(name), evidence, evidence, frozenset(), "cpu")


def with_student(asked: Question, **changes: np.ndarray | str) -> Question:
    """The same question, with other observations of the student's."""
    seen = asked.student.outcomes["scene"]
    assert isinstance(seen, Answered)
    arrays = seen.arrays | {k.replace("_", " "): v for k, v in changes.items() if isinstance(v, np.ndarray)}
    words = {k.replace("_", " "): v for k, v in changes.items() if isinstance(v, str)}
    facts = tuple(Fact(fact.name, words.get(fact.name, fact.value)) for fact in seen.record.facts)
    return replace(asked, student=Evidence({"scene": Answered(Observed(facts, None), arrays)}))


@pytest.fixture
def dropout(course: Course) -> Question:
    """What a correct dropout shows."""
    x = RANDOM.standard_normal((100, 60))
    arrays = {"x": x}
    for share in chance.SHARES:
        masks = RANDOM.random((4, 100, 60)) >= share
        arrays |= {
            f"train {share}": x * masks / (1 - share),
            f"gradient {share}": masks[0] / (1 - share),
            f"eval {share}": x,
        }
    return question(course, "FunctionalDropout", arrays, {})


def test_a_correct_dropout_passes(dropout: Question) -> None:
    """Share, scale, masks, gradients and both modes."""
    for check in ("behaviour", "modes"):
        assert scenes.judge(dropout, check).verdict is Verdict.PASSED


def test_wrong_dropouts_fail(dropout: Question) -> None:
    """p as the share kept, no scaling, one mask for ever, never off: each is named."""
    arrays = dropout.reference.arrays("scene")
    x, passes = arrays["x"], arrays["train 0.2"]
    wrong = {
        "dropped": {"train_0.2": np.where(passes == 0, x * 5, 0)},
        "not scaled": {"train_0.2": np.where(passes == 0, 0, x[None])},
        "same values": {"train_0.2": np.stack([passes[0]] * 4)},
        "gradient": {"gradient_0.2": np.ones_like(x)},
    }
    for says, change in wrong.items():
        finding = scenes.judge(with_student(dropout, **change), "behaviour")
        assert finding.verdict is Verdict.FAILED
        assert says in finding.rationale
    always = with_student(dropout, **{"eval_0.5": arrays["train 0.5"][0]})
    assert scenes.judge(always, "modes").verdict is Verdict.FAILED
    never = with_student(dropout, **{"train_0.5": np.stack([x] * 4)})
    assert scenes.judge(never, "modes").verdict is Verdict.FAILED


@pytest.fixture
def loaders(course: Course) -> Question:
    """What correct loaders show."""
    arrays: dict[str, np.ndarray] = {}
    for name, size in (("train", 23), ("test", 11)):
        for epoch in (1, 2):
            order = RANDOM.permutation(size) if name == "train" else np.arange(size)
            arrays[f"{name} order {epoch}"] = order.astype(float)
            arrays[f"{name} batches {epoch}"] = np.array([4.0] * (size // 4) + [size % 4])
    facts = {
        f"{name} {what}": value
        for name in ("train", "test")
        for what, value in (("type", "DataLoader"), ("pairs", "True"))
    }
    return question(course, "make_loaders", arrays, facts)


def test_loaders_are_judged_by_what_they_give(loaders: Question) -> None:
    """Right ones pass; dropped samples, a fixed order, a shuffled test set and mixed pairs fail."""
    assert scenes.judge(loaders, "behaviour").verdict is Verdict.PASSED
    in_order = np.arange(23.0)
    wrong = (
        {"train_order_1": in_order[:20]},
        {"train_order_1": in_order},
        {"train_order_1": loaders.student.arrays("scene")["train order 2"]},
        {"test_order_2": np.arange(11.0)[::-1]},
        {"test_batches_1": np.array([11.0])},
        {"train_pairs": "False"},
        {"test_type": "list"},
    )
    for change in wrong:
        assert scenes.judge(with_student(loaders, **change), "behaviour").verdict is Verdict.FAILED, change  # type: ignore[arg-type]


def test_a_figure_is_judged_by_its_lines_and_labels(course: Course) -> None:
    """Curves swapped in order are fine; a missing one, another x axis, no label, or a window are not."""
    epochs = np.array([1.0, 2, 3, 4])
    arrays = {"line 0": figure.ACCURACY * 100, "epochs 0": epochs, "line 1": figure.LOSS, "epochs 1": epochs}
    facts = dict.fromkeys(("x labels", "y labels", "labels fit", "explained"), "True")
    facts |= {"empty panels": "0", "shown": "False"}
    right = question(course, "plot_history", arrays, facts)
    assert scenes.judge(right, "behaviour").verdict is Verdict.PASSED
    wrong = (
        {"line_1": figure.LOSS[:1]},
        {"epochs_0": epochs * 10},
        {"x_labels": "False"},
        {"y_labels": "False"},
        {"labels_fit": "False"},
        {"explained": "False"},
        {"empty_panels": "2"},
        {"shown": "True"},
    )
    for change in wrong:
        assert scenes.judge(with_student(right, **change), "behaviour").verdict is Verdict.FAILED, change  # type: ignore[arg-type]


def test_an_exception_for_one_name_is_told(course: Course) -> None:
    """Where one part of a scene ended with an exception, that is what the check says, whatever else was seen."""
    right = question(course, "make_criterion", {"classification": np.ones(1)}, {"unknown": "ValueError"})
    problem = Problem("TypeError", "MSELoss.forward() got no target", (), None)
    seen = Answered(Observed((Fact("unknown", "ValueError"),), problem), {"classification": np.ones(1)})
    finding = scenes.judge(replace(right, student=Evidence({"scene": seen})), "behaviour")
    assert finding.verdict is Verdict.FAILED
    assert "got no target" in f"{finding.rationale} {finding.got}"


def test_what_waits_for_another_check_is_skipped(course: Course) -> None:
    """Weights after a run say nothing while the gradients are wrong: skipped, not failed a second time."""
    arrays = {"losses": np.ones(3), "weights": np.ones((3, 5)), "updates": np.ones((3, 5))}
    asked = question(course, "training_step", arrays, {"returned": "float"})
    leaked = with_student(asked, updates=np.full((3, 5), 2.0), weights=np.zeros((3, 5)))
    assert scenes.judge(leaked, "gradients").verdict is Verdict.FAILED
    assert scenes.judge(leaked, "behaviour").verdict is Verdict.SKIPPED
    assert scenes.judge(replace(leaked, passed=frozenset(["gradients"])), "behaviour").verdict is Verdict.FAILED


def test_every_scene_of_the_course_is_judged(course: Course) -> None:
    """Each exercise with a scene has an aspect for every check that the scene decides, and a call to show."""
    for assignment in course.assignments:
        for exercise in assignment.exercises:
            if exercise.scene:
                assert scenes.covers(exercise.scene, "behaviour")
                assert exercise.scene in aspects.CALLS
