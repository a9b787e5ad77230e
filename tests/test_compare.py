"""Arrays compare as close only where shape, finiteness and values agree; twins may come in any order."""

from __future__ import annotations

import math
import sys
import types
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from grader import checks
from grader.checks import compare
from grader.checks.compare import EMPTY, Difference, difference, digests_match, unmatched
from grader.model import Finding, Verdict
from grader.wire.records import DIGEST_WIDTH

ORDINARY = st.floats(-1e6, 1e6, width=64)
SHAPES = numpy_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ROWS = st.integers(0, 8).flatmap(
    lambda count: numpy_strategies.arrays(np.float64, (count, DIGEST_WIDTH), elements=ORDINARY)
)


@given(numpy_strategies.arrays(np.float64, SHAPES.filter(lambda s: 0 not in s), elements=ORDINARY))
def test_equal_arrays_do_not_differ(array: np.ndarray) -> None:
    """An array should equal its copy, whatever its shape, even without tolerance."""
    assert difference(array.copy(), array, 0.0) is None


@given(numpy_strategies.arrays(np.float64, SHAPES.filter(lambda s: 0 not in s), elements=ORDINARY), st.data())
def test_one_other_value_is_found(array: np.ndarray, data: st.DataObject) -> None:
    """One value out of tolerance should be found at its place, with its distance."""
    index = data.draw(st.tuples(*(st.integers(0, size - 1) for size in array.shape)))
    other = array.copy()
    other[index] += 1 + 1e-3 * np.abs(array).sum()
    found = difference(other, array, 1e-6)
    assert found is not None
    assert found.index == index
    assert found.finite
    assert found.largest == pytest.approx(other[index] - array[index])
    assert (found.expected, found.got) == (array[index], other[index])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_close(bad: float) -> None:
    """NaN and infinity should differ from a number, and the difference say that it is not a finite one."""
    found = difference(np.array([1.0, bad]), np.array([1.0, 2.0]), 1e9)
    assert found is not None
    assert (found.index, found.finite, found.largest) == ((1,), False, math.inf)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_not_even_where_the_reference_is_the_same(bad: float) -> None:
    """A reference that is not finite proves nothing, and should be refused: that is not the student's doing."""
    with pytest.raises(ValueError, match="nothing finite"):
        difference(np.array([bad]), np.array([bad]), 1e9)


def test_the_first_difference_is_reported_with_the_largest() -> None:
    """The place should be that of the first difference in reading order, the amount that of the largest."""
    expected = np.ones((2, 3))
    got = expected + np.array([[0, 0, 0.5], [0, -2, 0]])
    assert difference(got, expected, 1e-3) == Difference((0, 2), 1.0, 1.5, 2.0, True)


@pytest.mark.parametrize(
    ("got", "expected"), [((4,), (4, 1)), ((1,), (4,)), ((), (1,)), ((0,), (1,)), ((0, 4), (1, 4)), ((2, 3), (3, 2))]
)
def test_shapes_never_broadcast(got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Another shape should be refused, even one that NumPy would stretch to fit."""
    with pytest.raises(ValueError, match="beside"):
        difference(np.ones(got), np.ones(expected), 1.0)


def test_an_empty_reference_is_refused() -> None:
    """Nothing should be equal for want of elements."""
    with pytest.raises(ValueError, match="nothing"):
        difference(np.zeros((0, 3)), np.zeros((0, 3)), 0.0)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_tolerance_is_relative_to_the_scale_of_the_whole(scale: float) -> None:
    """A value near zero should be allowed the rounding of its neighbours, and no more, at any scale."""
    expected = np.array([0.0, 1.0, -1.0, 1.0]) * scale
    within, beyond = expected.copy(), expected.copy()
    within[0], beyond[0] = 0.8e-3 * scale, 1.2e-3 * scale
    assert difference(within, expected, 1e-3) is None
    assert difference(beyond, expected, 1e-3) is not None


def test_tolerance_comes_from_the_reference_alone() -> None:
    """A student should not gain room by answering with large numbers."""
    small, large = np.array([0.0, 1e-3]), np.array([0.0, 1e3])
    assert difference(large, small, 0.5) is not None


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_floats_of_another_precision_are_compared(dtype: str) -> None:
    """A coarser float should compare by value: how much coarser it may be, the tolerance says."""
    ones, zeros = np.ones(3, dtype), np.zeros(3, dtype)
    assert difference(ones, np.ones(3), 1e-9) is None
    found = difference(zeros, np.ones(3), 1e-9)
    assert found is not None
    assert found.largest == 1.0
    assert difference(zeros, ones, 1e-9) is not None


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "bool"])
def test_other_kinds_of_numbers_are_refused(dtype: str) -> None:
    """Integers and booleans should not stand for floats, whatever their values, but compare with their like."""
    for got, expected in ((np.ones(3, dtype), np.ones(3)), (np.ones(3), np.ones(3, dtype))):
        with pytest.raises(ValueError, match="beside"):
            difference(got, expected, 1.0)
    assert difference(np.ones(3, dtype), np.ones(3, dtype), 0.0) is None
    assert difference(np.zeros(3, dtype), np.ones(3, dtype), 1e-3) is not None


def test_large_integers_do_not_wrap() -> None:
    """The distance between the ends of int8 should be what it is, not what fits into int8."""
    found = difference(np.array([127], np.int8), np.array([-128], np.int8), 1e-3)
    assert found is not None
    assert found.largest == 255.0


def test_the_largest_numbers_compare_without_a_warning() -> None:
    """An output at the edge of float64 should be a difference, and nothing for the grader's error stream."""
    assert difference(np.array([1.7e308]), np.array([-1.7e308]), 1e-3) is not None
    assert difference(np.array([1.7e308, 0.0]), np.array([1.6e308, 0.0]), 1e-3) is not None
    assert difference(np.array([1.7e308, 0.0]), np.array([1.7e308, 1.0]), 1e-3) is None
    assert difference(np.array([np.inf]), np.array([1.7e308]), 1e-3) is not None


@given(ROWS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_rows_in_any_order_find_their_partners(rows: np.ndarray, random: object) -> None:
    """Twins in another order should all find a partner."""
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]  # Hypothesis types its randoms as object
    assert unmatched(rows[order], rows, 1e-9, 1e-12) == []


@given(ROWS.filter(len), st.data())
@settings(deadline=None)
def test_a_perturbed_row_is_found(rows: np.ndarray, data: st.DataObject) -> None:
    """One row that is unlike all others should be the one without a partner, wherever it stands."""
    order = data.draw(st.permutations(range(len(rows))))
    place = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, DIGEST_WIDTH - 1))
    got = rows[order].copy()
    got[place, column] += 1e8
    assert unmatched(got, rows, 1e-9, 1e-12) == [place]


def test_no_partner_serves_twice() -> None:
    """Two equal rows should not both be matched by one, and a row too many should be left over."""
    row = np.arange(1.0, DIGEST_WIDTH + 1)
    other = row + 5
    assert unmatched(np.stack([row, row]), np.stack([row, other]), 1e-6, 0.0) == [1]
    assert unmatched(np.stack([row, other, row]), np.stack([row, other]), 1e-6, 0.0) == [2]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_rows_that_are_not_finite_find_no_partner(bad: float) -> None:
    """A gradient that is absent or infinite should be without a partner."""
    rows = np.ones((2, DIGEST_WIDTH))
    got = rows.copy()
    got[1, 2] = bad
    assert unmatched(got, rows, 1e-3, 1e-3) == [1]


def test_without_rows_there_is_nothing_to_match() -> None:
    """Rows should be lonely where there is no reference, and none where there are no rows."""
    assert unmatched(EMPTY, np.ones((2, DIGEST_WIDTH)), 1e-3, 0.0) == []
    assert unmatched(np.ones((2, DIGEST_WIDTH)), EMPTY, 1e-3, 0.0) == [0, 1]


@given(numpy_strategies.arrays(np.float64, DIGEST_WIDTH, elements=ORDINARY))
def test_a_digest_matches_itself(row: np.ndarray) -> None:
    """Equal digests should match without any tolerance."""
    assert digests_match(row, row, 0.0, 0.0)


def test_digests_match_within_the_norm_of_the_tensor() -> None:
    """Projections should be allowed rounding in proportion to the norm, plus the floor, and no more."""
    expected = np.array([100.0, 10.0, 0.0, 0.0, 0.0])
    for got, close in ((0.09, True), (0.11, False)):
        assert digests_match(expected + [0, 0, got, 0, 0], expected, 1e-3, 0.0) is close
    assert digests_match(expected + [0, 0, 0.11, 0, 0], expected, 1e-3, 0.02)
    assert not digests_match(expected + [0, 0, math.nan, 0, 0], expected, 1.0, 1e9)


# What a student may return instead of the reference's array, the relative tolerance, and the only right verdict.
TABLE: dict[str, tuple[np.ndarray, np.ndarray, float, str]] = {
    "the same": (np.ones(4), np.ones(4), 0.0, "close"),
    "rounding": (np.ones(4) + 1e-13, np.ones(4), 0.0, "close"),
    "all NaN": (np.full(4, np.nan), np.ones(4), 1e9, "differs"),
    "one NaN": (np.array([np.nan, 0.5]), np.array([1.0, 0.5]), 1e9, "differs"),
    "infinite": (np.full(4, np.inf), np.ones(4), 1e9, "differs"),
    "infinite beside the largest": (np.array([np.inf]), np.array([1.7e308]), 2.0, "differs"),
    "both infinite": (np.full(4, np.inf), np.full(4, np.inf), 1e-3, "refused"),
    "one infinite reference": (np.ones(2), np.array([np.inf, 1.0]), 1e-3, "refused"),
    "reference NaN": (np.ones(2), np.array([np.nan, 1.0]), 1e-3, "refused"),
    "empty beside one": (np.empty(0), np.ones(1), 1e9, "refused"),
    "empty row beside a row": (np.empty((0, 1)), np.ones((1, 4)), 1e9, "refused"),
    "both empty": (np.empty((0, 3)), np.empty((0, 3)), 1e9, "refused"),
    "scalar beside many": (np.ones(()), np.ones(4), 1e9, "refused"),
    "column beside row": (np.ones((4, 1)), np.ones(4), 1e9, "refused"),
    "integers beside floats": (np.ones(4, np.int64), np.ones(4), 1e9, "refused"),
    "booleans beside floats": (np.ones(4, bool), np.ones(4), 1e9, "refused"),
    "zero beside one": (np.zeros(1), np.ones(1), 1.0, "close"),
    "one beside zero": (np.ones(1), np.zeros(1), 1.0, "differs"),
    "large beside small": (np.array([0.0, 1e3]), np.array([0.0, 1e-3]), 0.5, "differs"),
    "near zero beside large": (np.array([1e-4, 1.0]), np.array([0.0, 1.0]), 1e-3, "close"),
    "in proportion to itself": (np.array([100.09, *np.zeros(999)]), np.array([100.0, *np.zeros(999)]), 1e-3, "close"),
    "wraps around": (np.array([0], np.uint8), np.array([255], np.uint8), 0.01, "differs"),
    "1e38": (np.array([1e38, 1.0]), np.ones(2), 1e-3, "differs"),
    "another sign": (-np.ones(4), np.ones(4), 1e-3, "differs"),
    "minus zero": (-np.zeros(4), np.zeros(4), 0.0, "close"),
}


def verdict(comparator: Any, got: np.ndarray, expected: np.ndarray, relative: float) -> str:
    """What a comparator says of one row of the table; "refused" is its ValueError, and anything else is an accident."""
    try:
        return "close" if comparator.difference(got, expected, relative) is None else "differs"
    except ValueError as error:
        return "refused" if "beside" in str(error) or "to compare with" in str(error) else "an accident"
    except IndexError:
        return "an accident"


@pytest.mark.parametrize("name", TABLE)
def test_every_disguise_has_its_verdict(name: str) -> None:
    """NaN, infinities, empty arrays, other shapes, kinds and scales should each get the one right verdict."""
    got, expected, relative, right = TABLE[name]
    assert verdict(compare, got, expected, relative) == right


def missing_is_comparable(comparator: Any) -> bool:
    """Whether a comparator takes a missing array for one that can be compared."""
    try:
        return bool(comparator.comparable(None, np.ones(4)))
    except AttributeError:
        return True


def test_nothing_is_not_comparable() -> None:
    """A missing array should be comparable with nothing."""
    assert not missing_is_comparable(compare)


ROW = np.array([100.0, 10.0, 1.0, 0.0, -1.0])


def digest_verdicts(comparator: Any) -> list[object]:
    """What a comparator says of some digests: each line shows one of its rules."""
    infinite = np.array([np.inf, 1.0, 1.0, 1.0, 1.0])
    twins = np.stack([ROW, ROW + 50, ROW - 50, ROW + 90, ROW - 90])
    # Nearest by the sum of distances is the first, but only the second lies within the room of every column.
    near = np.stack([ROW + [0, 0, 0.3, 0, 0], ROW + [0.09, 0.09, 0.09, 0.09, 0.09]])
    return [
        comparator.digests_match(ROW, ROW, 0.0, 0.0),
        comparator.digests_match(ROW + [0, 0, 0, 0.09, 0], ROW, 1e-3, 0.0),
        comparator.digests_match(ROW + [0, 0, 0, 0.11, 0], ROW, 1e-3, 0.0),
        comparator.digests_match(ROW + [0, 0, 0, 0.11, 0], ROW, 1e-3, 0.02),
        comparator.digests_match(np.array([1.0, 5.004, 0, 0, 0]), np.array([1.0, 5.0, 0, 0, 0]), 1e-3, 0.0),
        comparator.digests_match(ROW * np.nan, ROW, 1e9, 1e9),
        comparator.digests_match(ROW, infinite, 1e-3, 0.0),
        comparator.unmatched(np.stack([ROW, ROW]), np.stack([ROW, ROW + 50]), 1e-3, 0.0),
        comparator.unmatched(twins[::-1], twins, 1e-3, 0.0),
        comparator.unmatched(ROW[None], near, 1e-3, 0.0),
        comparator.unmatched(np.stack([ROW, ROW]), ROW[None], 1e-3, 0.0),
    ]


def test_digests_follow_every_rule() -> None:
    """Norm, own size, floor, finiteness and one partner each should decide as they are meant to."""
    assert digest_verdicts(compare) == [True, True, False, True, True, False, False, [1], [], [], [1]]


# Each of the comparator's conditions, taken out or turned round.
MUTATIONS = [
    ("got is not None and ", ""),
    ("got.shape == expected.shape and ", ""),
    (" and got.dtype.kind == expected.dtype.kind", ""),
    ("if not comparable(got, expected):", "if False:"),
    ("not expected.size or ", ""),
    ("if not expected.size or not np.isfinite(expected).all():", "if not expected.size:"),
    ("got, expected = got.astype(np.float64), expected.astype(np.float64)", "pass"),
    ("np.isfinite(got) & (distance <= room)", "distance <= room"),
    ("~(np.isfinite(got) & (distance <= room))", "distance > room"),
    ("relative * np.abs(expected) + relative * _scale(expected)", "relative * _scale(expected)"),
    ("relative * np.abs(expected) + relative * _scale(expected)", "relative * np.abs(expected)"),
    ("relative * np.abs(expected) + relative * _scale(expected)", "relative * np.abs(got) + relative * _scale(got)"),
    (" + 1e-12", ""),
    ("np.abs(got - expected)\n        room", "got - expected\n        room"),
    ("    if not np.isfinite(expected).all():\n        return False", "    if False:\n        return False"),
    ("np.abs(expected[..., :1]) + np.abs(expected)", "np.abs(expected)"),
    ("np.abs(expected[..., :1]) + np.abs(expected)", "np.abs(expected[..., :1])"),
    ("+ floor", ""),
    ("(np.abs(got - expected) <= room).all()", "not (np.abs(got - expected) > room).any()"),
    ("(np.abs(got - expected) <= room).all()", "(np.abs(got - expected) <= room).any()"),
    ("del free[partner]", "pass"),
    ('.argsort(kind="stable")[:3]', '.argsort(kind="stable")[:1]'),
    ('.argsort(kind="stable")[:3]', '.argsort(kind="stable")[::-1][:3]'),
]


@pytest.mark.parametrize(("rule", "instead"), MUTATIONS)
def test_without_one_of_its_rules_the_comparator_is_caught(rule: str, instead: str) -> None:
    """Whichever condition is taken out of the comparator, a row of the tables above should get another verdict."""
    source = Path(compare.__file__).read_text(encoding="utf-8")
    assert source.count(rule) == 1, f"{rule!r} stands there {source.count(rule)} times"
    mutant = types.ModuleType("mutant")
    sys.modules["mutant"] = mutant  # where dataclasses look for the module of a class
    exec(compile(source.replace(rule, instead), "mutant", "exec"), vars(mutant))
    with np.errstate(all="ignore"):
        wrong = [name for name, (*row, right) in TABLE.items() if verdict(mutant, *row) != right]
        assert wrong or missing_is_comparable(mutant) or digest_verdicts(mutant) != digest_verdicts(compare)


def test_the_comparator_itself_is_not_caught() -> None:
    """The tables should find nothing wrong with the comparator as it is, or they would prove nothing above."""
    assert [name for name, (*row, right) in TABLE.items() if verdict(compare, *row) != right] == []  # type: ignore[misc]


def judged(check: str, **changes: Any) -> Finding:
    """What a check says when the first pass in train mode, or in eval mode for `forward`, was another."""
    probe = "eval.0.0" if check == "forward" else "train.0.0"
    return checks.run(made_up.question(made_up.changed(made_up.GOOD, probe, **changes)))[check]


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_other_kinds_of_numbers_fail_as_such(dtype: str) -> None:
    """An output of integers or booleans should fail by its dtype, in words, and not by our comparator's refusal."""
    output = made_up.GOOD.arrays("eval.0.0")["output"]
    finding = judged("forward", arrays={"output": output.astype(dtype)})
    assert finding.verdict is Verdict.FAILED
    assert (finding.expected, finding.got) == ("float64", dtype)


def test_no_gradients_are_not_equal_gradients() -> None:
    """A pass that names no parameters, or others than the model has, should not pass for want of a partner."""
    none = judged("gradients", arrays={"gradients": EMPTY}, gradient_of=())
    assert none.verdict is Verdict.FAILED
    assert none.got == "0 gradients"
    others = judged("gradients", gradient_of=("a", "b", "c", "d"))
    assert others.verdict is Verdict.FAILED
    assert "`a`, `b`, `c`, `d`" in others.rationale
