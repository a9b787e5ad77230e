"""Automatic mistakes: many, each different, all of them Python, and the same every time."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from grader import mutation, trials
from grader.course import Course
from grader.mutation import OPERATORS, Mutant, equivalent, mutants

LOOP = '''
def loop(model: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """Doc."""
    for i in range(3):
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
    return loss.item()
'''


@pytest.fixture(scope="module")
def everything(course: Course) -> dict[str, tuple[Mutant, ...]]:
    """All mutants of the course, by exercise."""
    return {e.id: mutants(a.solution.decode(), e.name) for a in course.assignments for e in a.exercises}


def changed(source: str, name: str, operator: str) -> set[str]:
    """What one operator does to an exercise."""
    return {mutant.change for mutant in mutants(source, name) if mutant.operator == operator}


def test_there_are_at_least_a_thousand(everything: dict[str, tuple[Mutant, ...]]) -> None:
    """From the solutions alone; every exercise has some."""
    assert sum(map(len, everything.values())) >= 1_000
    assert len(everything) == 23
    assert min(map(len, everything.values())) >= 5


def test_every_operator_applies_somewhere(everything: dict[str, tuple[Mutant, ...]]) -> None:
    """An operator without a mutant measures nothing."""
    used = Counter(mutant.operator for found in everything.values() for mutant in found)
    assert set(used) == set(OPERATORS)


def test_all_differ_from_their_origin_and_from_each_other(
    course: Course, everything: dict[str, tuple[Mutant, ...]]
) -> None:
    """As trees: spelling alone makes no mutant. Outside of its exercise a mutant is the solution."""
    for assignment in course.assignments:
        source = assignment.solution.decode()
        for exercise in assignment.exercises:
            found = everything[exercise.id]
            assert len({mutant.source for mutant in found}) == len(found)
            # Parsing them all would take ten seconds.
            origin = ast.dump(mutation.exercise_in(source, exercise.name))
            trees = [ast.dump(mutation.exercise_in(mutant.source, exercise.name)) for mutant in found[::9]]
            assert len({origin, *trees}) == 1 + len(trees)
            assert _others(found[-1].source, exercise.name) == _others(source, exercise.name)


def _others(source: str, name: str) -> list[str]:
    return [ast.dump(node) for node in ast.parse(source).body if getattr(node, "name", None) != name]


def test_they_are_the_same_every_time(course: Course, everything: dict[str, tuple[Mutant, ...]]) -> None:
    """The same mutants in the same order, and the same sample for a seed."""
    layers = course.assignment("layers")
    anew = mutants.__wrapped__  # past the cache
    again = {e.id: anew(layers.solution.decode(), e.name) for e in layers.exercises}
    assert again == {name: found for name, found in everything.items() if name in again}
    chosen = [(layers, layers.exercises)]
    assert list(trials.mutants(course, chosen, 12, 3)) == list(trials.mutants(course, chosen, 12, 3))
    assert list(trials.mutants(course, chosen, 12, 3)) != list(trials.mutants(course, chosen, 12, 4))


def test_a_sample_is_spread_evenly(course: Course) -> None:
    """Over exercises, and within each over operators."""
    chosen = [(assignment, assignment.exercises) for assignment in course.assignments]
    sample = list(trials.mutants(course, chosen, 69, 0))
    assert len(sample) == 69
    assert set(Counter(trial.exercise for trial in sample).values()) == {3}
    assert all(count == 1 for count in Counter((trial.exercise, trial.name) for trial in sample).values())


@pytest.mark.parametrize(
    ("operator", "change"),
    [
        ("delete-statement", "- optimizer.zero_grad()"),
        ("permute-statements", "+ optimizer.step() | - optimizer.step()"),
        ("across-border", "- return loss.item() | + return loss.item()"),
        ("drop-parentheses", "- optimizer.step() | + optimizer.step"),
        ("drop-method", "- return loss.item() | + return loss"),
        ("drop-return", "- return loss.item() | + loss.item()"),
        ("recreate", "+ model = __import__('copy').deepcopy(model)"),
        ("swap-arguments", "+ loss = criterion(targets, model(inputs))"),
        ("epochs", "+ for i in range(3 - 1):"),
    ],
)
def test_an_operator_does_what_it_says(operator: str, change: str) -> None:
    """A loop with the mistake that the operator is named for."""
    found = changed(LOOP, "loop", operator)
    assert any(set(change.split(" | ")) <= set(one.split(" | ")) for one in found), found


def test_what_is_equivalent_is_recognised() -> None:
    """Clearing gradients before or after the loss, moving twice; but never an update before its gradient."""
    reasons = {mutant.change: equivalent.reason(LOOP, mutant) for mutant in mutants(LOOP, "loop")}
    same = [change for change, why in reasons.items() if why]
    assert "+ optimizer.zero_grad()" in same
    assert "+ loss = criterion(model(inputs), targets) | - loss = criterion(model(inputs), targets)" in same
    assert not any("step" in change for change in same)


def test_the_list_of_equivalent_mutants_is_not_stale(course: Course, everything: dict[str, tuple[Mutant, ...]]) -> None:
    """Every entry is a mutant that there is, which no rule explains, and has a reason."""
    for assignment in course.assignments:
        source = assignment.solution.decode()
        for (name, change), reason in trials.harmless(course, assignment).items():
            found = [m for m in everything[f"{assignment.id}.{name}"] if m.change == change]
            assert found, f"{name} has no mutant any more: {change}"
            assert reason
            assert not equivalent.reason(source, found[0]), f"a rule explains it: {change}"
