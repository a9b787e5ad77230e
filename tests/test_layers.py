"""How the parameters of two models differ, in words; and that no naming, nesting or order is a difference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import GOOD, batch_norm, changed, described, linear, question, row, small

from grader.checks import layers, parameters
from grader.evidence import Answered, Evidence
from grader.model import Finding, Verdict
from grader.wire.records import Described, HiddenRow, TensorRow

ORDER = ("linear1", "bn1", "linear2", "bn2", "out")
FIRST, SECOND, OUT = linear("linear1", 784, 300), linear("linear2", 300, 100), linear("out", 100, 10)
BN1, BN2 = batch_norm("bn1", 300), batch_norm("bn2", 100)
WHOLE = (*FIRST, *BN1, *SECOND, *BN2, *OUT)


def judge(*rows: TensorRow, reference: tuple[TensorRow, ...] = WHOLE, order: Any = ORDER, **more: Any) -> Finding:
    """Judge a model with these tensors beside one with those of the reference."""
    student, expected = (Evidence({"trace.0": Answered(d)}) for d in (described(*rows, order=order, **more), ours()))
    if reference is not WHOLE:
        expected = Evidence({"trace.0": Answered(described(*reference, order=ORDER))})
    asked = question(student, reference=expected)
    return parameters.judge(replace(asked, exercise=replace(asked.exercise, cases=asked.exercise.cases[:1])))


def ours() -> Described:
    """The reference's description."""
    return described(*WHOLE, order=ORDER)


def renamed(rows: tuple[TensorRow, ...], owner: str, layer: str = "") -> tuple[TensorRow, ...]:
    """The same tensors kept by another module."""
    return tuple(
        replace(r, owner=owner, path=f"{owner}.{r.path.rpartition('.')[2]}".lstrip("."), layer=layer or r.layer)
        for r in rows
    )


def test_the_same_parameters_pass_and_are_summed_up() -> None:
    """Equal parameters should pass, with their number."""
    found = judge(*WHOLE)
    assert found.verdict is Verdict.PASSED
    assert found.rationale == "267 410 parameters in 5 layers."


@pytest.mark.parametrize(
    "rows",
    [
        tuple(reversed(WHOLE)),
        (*renamed(FIRST, "net.0.fc"), *BN1, *SECOND, *renamed(BN2, "norms.x"), *OUT),
        (*renamed(FIRST, "", "Small"), *BN1, *SECOND, *BN2, *OUT),
        tuple(replace(r, dtype="float64", stored=r.shape[::-1]) for r in WHOLE),
        tuple(r for r in WHOLE if r.parameter),
        (*WHOLE, row("linear1.mask", (300, 784), "other", "Linear", parameter=False)),
    ],
    ids=["order", "nesting", "own parameters", "stored transposed", "no buffers", "a buffer more"],
)
def test_spelling_is_no_difference(rows: tuple[TensorRow, ...]) -> None:
    """Names, nesting, order, storage and buffers are free, so they should not matter."""
    assert judge(*rows).verdict is Verdict.PASSED


DIFFERENCES: list[tuple[str, tuple[TensorRow, ...], str]] = [
    ("no first norm", (*FIRST, *SECOND, *BN2, *OUT), "600 fewer: the first BatchNorm (over 300) is missing."),
    ("no second norm", (*FIRST, *BN1, *SECOND, *OUT), "200 fewer: the second BatchNorm (over 100) is missing."),
    (
        "no norms",
        (*FIRST, *SECOND, *OUT),
        "800 fewer: the first BatchNorm (over 300) is missing; the second BatchNorm (over 100) is missing.",
    ),
    (
        "no last layer",
        (*FIRST, *BN1, *SECOND, *BN2),
        "1 010 fewer: the third Linear (100 → 10) is missing.",
    ),
    (
        "other sizes",
        (*FIRST, *BN1, *SECOND, *BN2, *linear("out", 100, 1)),
        "909 fewer: the third Linear (100 → 10) is (1, 100) + (1,) (`out`), not (10, 100) + (10,).",
    ),
    (
        "the same number",
        (*FIRST, *BN1, *SECOND, *BN2, OUT[0], row("out.scale", (10,), "scale", "Linear")),
        "The same number, placed otherwise: the third Linear (100 → 10) has no bias; "
        "there is a Linear over 10 too many (`out`).",
    ),
    ("nothing", (), "267 410 fewer: the first Linear (784 → 300) is missing; "),
]


@pytest.mark.parametrize(("rows", "words"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES])
def test_a_difference_is_told_in_layers(rows: tuple[TensorRow, ...], words: str) -> None:
    """What is missing, other or too many should be said by kind, sizes and the student's own name."""
    found = judge(*rows)
    assert found.verdict is Verdict.FAILED
    assert found.rationale.startswith(words) if words.endswith(" ") else found.rationale == words
    assert found.expected == "267 410 parameters in 5 layers"


LOOSE = renamed((FIRST[1], SECOND[1]), "b", "ParameterList")
MISTOLD: list[tuple[str, tuple[TensorRow, ...], str]] = [
    (
        "no bias",
        (FIRST[0], *BN1, *SECOND, *BN2, *OUT),
        "300 fewer: the first Linear (784 → 300) has no bias.",
    ),
    (
        "a layer more",
        (*WHOLE, *linear("more", 10, 10)),
        "110 more: there is a Linear 10 → 10 too many (`more`).",
    ),
    (
        "a norm for a norm",
        (*FIRST, *BN1, *SECOND, *batch_norm("bn2", 300), *OUT),
        "400 more: the second BatchNorm (over 100) is (300,) + (300,) (`bn2`), not (100,) + (100,).",
    ),
    (
        "a norm without scale",
        (*FIRST, *BN1, *SECOND, BN2[1], *OUT),
        "100 fewer: the second BatchNorm (over 100) is (100,) (`bn2`), not (100,) + (100,).",
    ),
    (
        "no bias, and a norm of another width",
        (FIRST[0], *batch_norm("bn1", 5), *SECOND, *BN2, *OUT),
        "890 fewer: the first Linear (784 → 300) has no bias; "
        "the first BatchNorm (over 300) is (5,) + (5,) (`bn1`), not (300,) + (300,).",
    ),
    (
        "no bias, and a norm that learns nothing",
        (FIRST[0], *BN1[2:], *SECOND, *BN2, *OUT),
        "900 fewer: the first Linear (784 → 300) has no bias; the first BatchNorm (over 300) is missing.",
    ),
    (
        "a layer twice",
        (*FIRST, *BN1, *linear("again", 784, 300), *SECOND, *BN2, *OUT),
        "235 500 more: there is a Linear 784 → 300 too many (`again`).",
    ),
    (
        "two layers for one",
        (*FIRST, *BN1, *linear("a", 300, 200), *linear("b", 200, 100), *BN2, *OUT),
        "50 200 more: the second Linear (300 → 100) is (100, 200) + (100,) (`b`), not (100, 300) + (100,); "
        "there is a Linear 300 → 200 too many (`a`).",
    ),
    (
        "one norm missing, one without scale",
        (*FIRST, *SECOND, BN2[1], *OUT),
        "700 fewer: the first BatchNorm (over 300) is missing; "
        "the second BatchNorm (over 100) is (100,) (`bn2`), not (100,) + (100,).",
    ),
    (
        "a layer that the model keeps itself, and one more",
        (*renamed((*FIRST, *OUT), "", "Small"), *BN1, *SECOND, *BN2, *linear("more", 10, 10)),
        "110 more: there is a Linear 10 → 10 too many (`more`).",
    ),
    (
        "layers that the model keeps itself, one without bias",
        (*renamed((*FIRST, OUT[0]), "", "Small"), *BN1, *SECOND, *BN2),
        "10 fewer: the third Linear (100 → 10) has no bias.",
    ),
    (
        "all that the model keeps itself, without the last layer",
        renamed((*FIRST, *BN1[:2], *SECOND, *BN2[:2]), "", "Small"),
        "1 010 fewer: the third Linear (100 → 10) is missing.",
    ),
    (
        "lists of weights and of biases, one too short",
        (*renamed((FIRST[0], SECOND[0], OUT[0]), "w", "ParameterList"), *LOOSE, *BN1, *BN2),
        "10 fewer: the third Linear (100 → 10) has no bias.",
    ),
    (
        "a bias that is kept one module further out",
        (*renamed(FIRST[:1], "wrap.inner"), *renamed(FIRST[1:], "wrap", "Wrap"), *BN1, *SECOND, *BN2),
        "1 010 fewer: the third Linear (100 → 10) is missing.",
    ),
]


@pytest.mark.parametrize(("rows", "words"), [row[1:] for row in MISTOLD], ids=[row[0] for row in MISTOLD])
def test_a_difference_is_told_of_the_layer_that_it_is_in(rows: tuple[TensorRow, ...], words: str) -> None:
    """A layer that is whole should not be named because its neighbour, of the same width, is not."""
    assert judge(*rows).rationale == words


def test_many_differences_are_counted_and_not_listed() -> None:
    """After three differences the number of the others should be enough."""
    assert judge().rationale.endswith(", and 2 differences more.")


def test_convolutions_are_told_by_their_window() -> None:
    """A convolution should be called one, with its window, whatever class it is of."""
    weight, bias = row("a.weight", (6, 4, 3, 3), "weight", "Own"), row("a.bias", (6,), "shift", "Own")
    found = judge(weight, reference=(weight, bias), order=("a",))
    assert found.rationale == "6 fewer: the 3×3 convolution 4 → 6 has no bias."


def test_layers_come_in_order_of_use() -> None:
    """Which layer is the first should follow its use, not where the constructor put it."""
    found = judge(*linear("b", 5, 4), *linear("a", 3, 5), reference=(), order=("a", "b"))
    assert found.rationale == "44 more: there is a Linear 3 → 5 too many (`a`); there is a Linear 5 → 4 too many (`b`)."


def test_a_plain_list_is_named_as_the_reason() -> None:
    """Where a list hides all layers, the list should be the reason and the hint."""
    found = judge(hidden=(HiddenRow("layers", "list", 267_410),))
    assert found.rationale == "267 410 fewer: `layers` is a plain list, whose contents the module does not know."
    assert found.hint == "`layers` is a plain list. Which containers tell the module what is inside them?"


def test_a_plain_list_of_some_layers_is_a_hint() -> None:
    """Where a list hides some layers, those should be missing and the list be the hint."""
    found = judge(*FIRST, *BN1, *SECOND, *BN2, hidden=(HiddenRow("rest", "dict", 1010),))
    assert found.rationale == "1 010 fewer: the third Linear (100 → 10) is missing."
    assert found.hint.startswith("`rest` is a plain dict.")


def test_a_tensor_that_is_no_parameter_is_a_hint() -> None:
    """A tensor that asks for gradients but is not registered should be named."""
    found = judge(FIRST[0], *BN1, *SECOND, *BN2, *OUT, hidden=(HiddenRow("bias", "Tensor", 300),))
    assert found.hint == "`bias` asks for gradients, but that does not register it with the module."


def test_a_shared_object_is_a_hint() -> None:
    """Two names for one object should be named as the reason why there is too little."""
    shared = tuple(replace(r, aliases=(f"again.{r.path.rpartition('.')[2]}",)) for r in BN1)
    found = judge(*FIRST, *shared, *SECOND, *OUT)
    assert found.hint == "`bn1.weight` and `again.weight` are one object: how many sets of weights is that?"


def test_frozen_parameters_cannot_learn() -> None:
    """The right parameters should fail where some are excluded from training, and be named."""
    frozen = tuple(replace(r, trainable=False) for r in FIRST)
    found = judge(*frozen, *BN1, *SECOND, *BN2, *OUT)
    assert (found.verdict, found.got) == (Verdict.FAILED, "frozen")
    assert found.rationale == "`linear1.weight`, `linear1.bias` cannot learn."


def test_a_lazy_layer_that_was_never_used_is_named() -> None:
    """A lazy parameter without a shape should be the reason, not a layer that is missing."""
    found = judge(*FIRST, *BN1, *SECOND, *BN2, uninitialised=("out.weight", "out.bias"))
    assert found.rationale == "1 010 fewer: `out.weight`, `out.bias` never got a shape."


def test_every_case_is_compared() -> None:
    """A size that is right for the first constructor call and fixed should fail at the second."""
    found = parameters.judge(question(changed(GOOD, "trace.1", tensors=small(0))))
    assert found.verdict is Verdict.FAILED
    assert found.asked == "Small(5, 4)"


def test_a_table_made_before_any_pass_will_do() -> None:
    """Where no forward pass worked, parameters should be judged all the same."""
    student = Evidence({id: outcome for id, outcome in GOOD.outcomes.items() if not id.startswith("trace")})
    assert parameters.judge(question(student)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("kind", "rows", "title"),
    [
        ("Linear", linear("a", 3, 2), "Linear 3 → 2"),
        ("LazyLinear", linear("a", 3, 2), "Linear 3 → 2"),
        ("Mine", linear("a", 3, 2), "Linear 3 → 2"),
        ("Mine", batch_norm("a", 2)[:2], "BatchNorm over 2"),
        ("Conv2d", (row("a.weight", (2, 3, 1, 1), "weight", "Conv2d"),), "1×1 convolution 3 → 2"),
        ("Mine", (row("a.gain", (), "scale", "Mine"),), "layer"),
        ("LayerNorm", (row("a.weight", (7,), "scale", "LayerNorm"),), "LayerNorm over 7"),
    ],
)
def test_layers_have_the_names_of_the_handouts(kind: str, rows: tuple[TensorRow, ...], title: str) -> None:
    """A layer should be called what it is, by its class or, where the student wrote it, by its tensors."""
    (layer,) = layers.layers(described(*(replace(r, layer=kind) for r in rows)))
    assert layer.title == title


def test_tensors_in_one_module_make_up_all_layers() -> None:
    """A model that keeps every parameter itself should differ in nothing, in whatever order it has them."""
    own = layers.layers(described(*reversed(renamed(tuple(r for r in WHOLE if r.parameter), "", "Small"))))
    assert len(own) == 1
    assert layers.differences(layers.layers(ours()), own) == []
    assert layers.differences(own, layers.layers(ours())) != []


@given(st.sets(st.sampled_from([r for r in WHOLE if r.parameter]), min_size=1), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_whatever_is_missing_is_told(gone: set[TensorRow], random: Any) -> None:
    """Without some tensors, in any order and kept by the layers or by the model, something should be said to lack."""
    left = [r for r in WHOLE if r.parameter and r not in gone]
    random.shuffle(left)
    own = [renamed((r,), "", "Small")[0] if random.random() < 0.3 else r for r in left]
    first = layers.differences(layers.layers(ours()), layers.layers(described(*own)))[0]
    assert any(words in first for words in ("is missing", " has no ", " is ("))


def test_equal_layers_differ_in_nothing() -> None:
    """A model compared with itself should give no words."""
    assert layers.differences(layers.layers(ours()), layers.layers(ours())) == []


def test_absurd_shapes_are_no_error_of_ours() -> None:
    """A table with shapes that no tensor has should fail the student, not break the check or a report."""
    absurd = row("linear1.weight", (1 << 62,) * 300, "weight", "Linear")
    assert judge(absurd).verdict is Verdict.FAILED
