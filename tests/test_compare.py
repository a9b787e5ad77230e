"""Arrays compare as close only where shape, finiteness and values agree; twins may come in any order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from grader.checks.compare import EMPTY, Difference, difference, digests_match, unmatched
from grader.wire.records import DIGEST_WIDTH

ORDINARY = st.floats(-1e6, 1e6, width=64)
SHAPES = numpy_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ROWS = st.integers(0, 8).flatmap(
    lambda count: numpy_strategies.arrays(np.float64, (count, DIGEST_WIDTH), elements=ORDINARY)
)


@given(numpy_strategies.arrays(np.float64, SHAPES, elements=ORDINARY))
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
    """NaN should not equal NaN, nor infinity infinity: a reference like that proves nothing."""
    assert difference(np.array([bad]), np.array([bad]), 1e9) is not None


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
    with pytest.raises(ValueError, match="shapes"):
        difference(np.ones(got), np.ones(expected), 1.0)


def test_empty_arrays_of_one_shape_are_equal() -> None:
    """Two arrays without elements should be equal, without a warning."""
    assert difference(np.zeros((0, 3)), np.zeros((0, 3)), 0.0) is None


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


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "int8", "uint8", "bool"])
def test_dtypes_are_compared_as_numbers(dtype: str) -> None:
    """Arrays of any dtype should compare by value, without wrapping around."""
    ones, zeros = np.ones(3, dtype), np.zeros(3, dtype)
    assert difference(ones, np.ones(3), 1e-9) is None
    found = difference(zeros, np.ones(3), 1e-9)
    assert found is not None
    assert found.largest == 1.0
    assert difference(zeros, ones, 1e-9) is not None


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
