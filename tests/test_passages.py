"""What passes through layers: noted by the worker, believed within bounds, and set beside the reference's."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import made_up
import pytest
import torch
from made_up import changed, described, question, replaced, row
from torch import nn

from grader import evidence as ev
from grader import exhibits
from grader.evidence import Answered, Evidence
from grader.model import Finding, LayerRow, Verdict
from grader.sandbox.channel import Answer
from grader.sandbox.limits import Death
from grader.submission import Submission
from grader.wire import frames, strict
from grader.wire.records import MOST_GIVEN, MOST_PASSAGES, Passage, Passed
from grader.worker import build

X = torch.zeros(2, 3)


class Twice(nn.Module):
    """A layer that is called again on what it gave, one that nobody calls, and a function between them."""

    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Linear(3, 3)
        self.square = nn.Linear(3, 3)
        self.last = nn.Linear(6, 4)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.relu(self.square(self.square(x)).repeat(3, 2)))


class Pair(nn.Module):
    """A layer with a parameter of its own that takes many things, and gives two."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor, *others: Any, factor: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
        return x * self.scale * factor, x


class Holds(nn.Module):
    """A model that calls a layer with these arguments."""

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__()
        self.pair, self.others, self.named = Pair(), others, named

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pair(x, *self.others, **self.named)[0]


def tensor(*shape: int) -> Passed:
    """A tensor of this shape."""
    return Passed("Tensor", shape)


def test_the_first_call_of_each_layer_is_noted_in_order() -> None:
    """Layers that own parameters should tell their first call, in order; one that is not called should tell none."""
    student: Any = SimpleNamespace(subjects={"0": Twice()}, roles={})
    told, _ = build.tables(student, {"subject": "0"}, {"x": X.numpy()})
    assert told.passages == (
        Passage("square", (tensor(2, 3),), tensor(2, 3)),
        Passage("last", (tensor(6, 6),), tensor(6, 4)),
    )
    assert told.order == ("square", "relu", "last")
    assert build.tables(student, {"subject": "0"}, {})[0].passages == ()
    assert not any(module._forward_hooks for module in student.subjects["0"].modules())


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (Holds(), (tensor(2, 3),)),
        (Holds(None, factor=2.0), (tensor(2, 3), Passed("NoneType", ()), Passed("float", ()))),
        (Holds(*"abcd"), (tensor(2, 3), Passed("str", ()), Passed("str", ()), Passed("…", ()))),
        (Holds(torch.zeros([1] * 9)), (tensor(2, 3), Passed("Tensor…", ()))),
    ],
)
def test_what_is_no_single_tensor_is_named(model: nn.Module, given: tuple[Passed, ...]) -> None:
    """Other arguments and results should be told by their type, and few of them; what is told should be accepted."""
    passages = build.trace(model, X).passages
    assert passages == (Passage("pair", given, Passed("tuple", ())),)
    table = dataclasses.replace(described(*made_up.small()), passages=passages)
    assert ev.validate("tables", Answer(strict.plain(table), {})) == Answered(table)


def test_a_model_that_is_one_layer_and_one_of_many_layers() -> None:
    """The root should tell what it is given where it owns parameters; of very many layers the first should be told."""
    assert build.trace(nn.Linear(3, 5), X).passages == (Passage("", (tensor(2, 3),), tensor(2, 5)),)
    many = nn.Sequential(*(nn.Linear(3, 3) for _ in range(MOST_PASSAGES + 9)))
    paths = [passage.path for passage in build.trace(many, X).passages]
    assert paths == [str(number) for number in range(MOST_PASSAGES)]


ONE = Passage("linear", (tensor(4, 3),), tensor(4, 2))


@pytest.mark.parametrize(
    "passages",
    [
        (ONE,) * (MOST_PASSAGES + 1),
        (dataclasses.replace(ONE, given=(tensor(4, 3),) * (MOST_GIVEN + 1)),),
        *(
            (dataclasses.replace(ONE, gave=gave),)
            for gave in (tensor(-1), tensor(1 << 41), tensor(*[1] * 9), tensor(1 << 62, 1 << 62), Passed("tuple", (2,)))
        ),
    ],
)
def test_calls_that_nobody_noted_are_refused(passages: tuple[Passage, ...]) -> None:
    """Too many calls or arguments, and shapes that no tensor has, should be a violation."""
    table = dataclasses.replace(described(*made_up.small()), passages=passages)
    found = ev.validate("tables", Answer(strict.plain(table), {}))
    assert isinstance(found, Death)
    assert "the worker's answer was not one" in found.detail


def test_a_worker_must_tell_and_what_was_kept_before_need_not() -> None:
    """An answer without calls should be refused; evidence that was kept before they were noted should be read."""
    table = described(*made_up.small())
    body = {name: value for name, value in strict.plain(table).items() if name != "passages"}
    assert isinstance(ev.validate("tables", Answer(body, {})), Death)
    header, arrays = ev.plain(made_up.GOOD)
    del header["outcomes"]["trace.0"]["record"]["passages"]
    kept = ev.load(frames.encode(header, arrays))
    assert kept.outcomes["trace.0"] == changed(made_up.GOOD, "trace.0", passages=()).outcomes["trace.0"]
    assert kept.outcomes["trace.1"] == made_up.GOOD.outcomes["trace.1"]


def table(*passages: Passage, rows: Any = None) -> Evidence:
    """What a model answers whose first forward pass had these calls."""
    made = described(*(made_up.small() if rows is None else rows))
    return replaced(made_up.GOOD, trace_0=Answered(dataclasses.replace(made, passages=passages)))


def through(first: Passed, middle: Passed, last: Passed, middle_too: Passed | None = None) -> Evidence:
    """What a model answers whose Linear and BatchNorm are passed these."""
    return table(Passage("linear", (first,), middle), Passage("bn", (middle_too or middle,), last))


def rows(student: Evidence, reference: Evidence | None = None, verdict: Verdict = Verdict.FAILED) -> list[LayerRow]:
    """The rows of the two layers, where `forward` ended so."""
    reference = reference or through(tensor(4, 3), tensor(4, 2), tensor(4, 2))
    findings = {"forward": Finding(verdict)}
    asked = question(student, reference=reference)
    return list(exhibits.collect(asked, findings, (), Submission("x", {}), "x.py").layers)


def test_shapes_stand_beside_the_reference() -> None:
    """Each row should tell input and output of both sides."""
    first, second = rows(through(tensor(4, 3), tensor(4, 2), tensor(4, 2)))
    assert (first.passed, first.expected_passed) == (("(4, 3)", "(4, 2)"),) * 2
    assert second.passed == ("(4, 2)", "(4, 2)")
    assert not first.apart
    assert not second.apart


@pytest.mark.parametrize(
    ("student", "apart"),
    [
        (through(tensor(4, 3), tensor(8, 2), tensor(8, 2)), [True, False]),
        (through(tensor(4, 3), tensor(4, 2), tensor(8, 2), tensor(8, 2)), [False, True]),
        (through(tensor(8, 3), tensor(8, 2), tensor(4, 2)), [True, False]),
        (through(tensor(4, 3), tensor(2, 4), tensor(4, 2)), [True, False]),
        (through(tensor(4, 1, 3), tensor(2, 2, 2), tensor(4, 2, 1)), [False, False]),
        (through(Passed("list", ()), Passed("tuple", ()), Passed("Tensor…", ())), [False, False]),
        (table(Passage("linear", (tensor(4, 3),), tensor(4, 2))), [False, True]),
        (table(), [False, False]),
    ],
)
def test_a_layer_is_apart_where_shapes_part(student: Evidence, apart: list[bool]) -> None:
    """The first layer whose shapes part should be marked, and one that is not called; none below, none that flattens
    elsewhere, and none of which nothing is known."""
    assert [each.apart for each in rows(student)] == apart


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.SKIPPED])
def test_right_values_make_every_shape_right(verdict: Verdict) -> None:
    """Where outputs have the right values, no layer should be marked for its shapes."""
    found = rows(through(tensor(9, 3), tensor(9, 2), tensor(9, 2)), verdict=verdict)
    assert [each.apart for each in found] == [verdict is not Verdict.PASSED, False]


def test_a_layer_of_other_parameters_is_not_compared_by_shapes() -> None:
    """A row that differs already should show the shapes of both, and not be marked twice."""
    other = table(Passage("w", (tensor(9, 3),), tensor(9, 2)), rows=(row("w.weight", (2, 9), "weight", "Linear"),))
    found = rows(other)
    assert [each.apart for each in found if not each.same] == [False] * len(found)
    assert ("(9, 3)", "(9, 2)") in [each.passed for each in found]


def test_the_order_of_layers_is_a_matter_of_style() -> None:
    """Who registers the shortcut first has the same layers, beside the same ones; what is another one stays another."""
    first, second, third = (made_up.linear(path, 3, width) for path, width in (("a", 2), ("b", 4), ("c", 5)))
    reference = table(Passage("a", (tensor(4, 3),), tensor(4, 2)), rows=(*first, *second, *third))
    found = rows(table(rows=(*third, *second, *first)), reference)
    assert [(each.name, each.same, each.got == each.expected) for each in found] == [
        (name, True, True) for name in ("c", "b", "a")
    ]
    assert found[2].expected_passed == ("(4, 3)", "(4, 2)")
    other = made_up.linear("other", 3, 9)
    found = rows(table(rows=(*third, *other, *first)), reference)
    assert [(each.name, each.same) for each in found if each.same] == [("c", True), ("a", True)]
    assert sum(bool(each.got) for each in found) == sum(bool(each.expected) for each in found) == 3


def test_what_a_worker_calls_its_types_is_cut() -> None:
    """A name of thousands of characters should not go into a thousand rows."""
    (first, _) = rows(through(Passed("x" * 4_000, ()), tensor(4, 2), tensor(4, 2)))
    assert len(first.passed[0]) < 100


def test_evidence_without_shapes_gives_the_rows_of_before() -> None:
    """What was kept before calls were noted should be shown without shapes, and nothing be held against it."""
    found = rows(changed(made_up.GOOD, "trace.0", passages=()))
    assert [(each.passed, each.apart, each.same) for each in found] == [(("", ""), False, True)] * 2
