"""The running mean is the recursion of the reference, value by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.ewm import counting_weights, decay, ewm_mean, ewm_product, loss_weights

NAN = np.nan


def recursion(values: np.ndarray, span: float) -> np.ndarray:
    """One column, as estimator.md 2.3 says it."""
    d = 1 - 2 / (span + 1)
    out, state, started = np.full(len(values), NAN), 0.0, False
    for t, value in enumerate(values):
        if not np.isnan(value):
            state = value if t == 0 else d * state + (1 - d) * value
            started = True
        if started:
            out[t] = state
    return out


def ragged(seed: int, rows: int, columns: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, columns))
    values[rng.random((rows, columns)) < rng.choice([0.0, 0.3, 0.9])] = NAN
    for column, start in enumerate(rng.integers(0, rows + 1, columns)):
        values[: start if rng.random() < 0.5 else 0, column] = NAN
    return values


@pytest.mark.parametrize(("span", "expected"), [(1, 0.0), (3, 0.5), (24, 0.92), (199, 0.99)])
def test_the_decay_of_a_span_is_one_minus_two_over_span_plus_one(span, expected):
    assert decay(span) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("values", "means"),
    [
        ([1, NAN, 3], [1, 1, 2]),
        ([NAN, NAN, 1, 1, 1], [NAN, NAN, 0.5, 0.75, 0.875]),
        ([4, 2, NAN, NAN, 7], [4, 3, 3, 3, 5]),
        ([NAN, 2, NAN, 4], [NAN, 1, 1, 2.5]),
        ([5], [5]),
        ([NAN, NAN], [NAN, NAN]),
        ([8, NAN, NAN], [8, 8, 8]),
    ],
    ids=["hole", "late start", "long hole", "late start and hole", "one row", "empty", "early end"],
)
def test_the_mean_at_span_three_is(values, means):
    result = ewm_mean(np.array(values, dtype=float)[:, None], span=3)[:, 0]
    np.testing.assert_array_equal(result, means)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 5), st.floats(1.01, 200))
def test_the_mean_is_the_recursion_on_any_ragged_array(seed, rows, columns, span):
    values = ragged(seed, rows, columns)
    expected = np.column_stack([recursion(column, span) for column in values.T])
    np.testing.assert_allclose(ewm_mean(values, span), expected, rtol=1e-12, atol=1e-14)


def test_a_late_start_is_the_recursion_on_leading_zeros():
    values = np.random.default_rng(1).standard_normal((30, 1))
    late, zeros = values.copy(), values.copy()
    late[:10], zeros[:10] = NAN, 0.0
    np.testing.assert_array_equal(ewm_mean(late, 12)[10:], ewm_mean(zeros, 12)[10:])


def test_on_a_complete_column_the_mean_is_the_one_of_pandas():
    values = np.random.default_rng(2).standard_normal((60, 2))
    expected = pd.DataFrame(values).ewm(span=24, adjust=False).mean()
    np.testing.assert_allclose(ewm_mean(values, 24), expected, rtol=1e-12)


def test_a_column_does_not_feel_its_neighbours():
    values = ragged(5, 25, 4)
    together = ewm_mean(values, 6)
    for column in range(4):
        np.testing.assert_array_equal(together[:, [column]], ewm_mean(values[:, [column]], 6))


def test_taking_the_mean_leaves_the_values_alone():
    values = ragged(6, 20, 3)
    before = values.copy()
    ewm_mean(values, 5)
    np.testing.assert_array_equal(values, before)


def test_without_a_span_every_row_weighs_one():
    assert loss_weights(4, None).tolist() == [1, 1, 1, 1]


def test_with_a_span_the_last_row_weighs_one_and_each_earlier_one_a_decay_less():
    assert loss_weights(4, 3).tolist() == [0.125, 0.25, 0.5, 1.0]
    weights = loss_weights(50, 24)
    np.testing.assert_allclose(weights, [0.92 ** (49 - t) for t in range(50)], rtol=1e-13)


def test_no_rows_have_no_weights():
    assert len(loss_weights(0, 12)) == len(loss_weights(0, None)) == 0


def test_weights_that_underflow_do_not_count_and_the_others_are_the_same():
    whole, counting = loss_weights(900, 1.5), counting_weights(900, 1.5)
    assert (counting[whole < 1e-100] == 0).all() and (counting == 0).any()
    np.testing.assert_array_equal(counting[counting > 0], whole[counting > 0])
    assert counting_weights(4, None).tolist() == [1, 1, 1, 1]


def product(left: np.ndarray, right: np.ndarray, d: float, start: np.ndarray, hold: float) -> np.ndarray:
    """The recursion of products cell by cell."""
    state = start.copy()
    for a, b in zip(left, right, strict=True):
        both = ~np.isnan(a)[:, None] & ~np.isnan(b)[None, :]
        state = np.where(both, d * state + (1 - d) * np.outer(np.nan_to_num(a), np.nan_to_num(b)), hold * state)
    return state


@pytest.mark.parametrize("span", [1.001, 1.5, 3, 12, 60, 250, 1e5])
@pytest.mark.parametrize("hold", [1.0, 0.7])
def test_over_many_rows_products_in_blocks_are_the_recursion(span, hold):
    rng = np.random.default_rng(3)
    values = rng.standard_normal((400, 7)) * 10.0 ** rng.integers(-6, 3, 7)
    values[rng.random(values.shape) < [0, 0, 0.02, 0.1, 0.5, 0.9, 0]] = NAN
    values[100:230, 1:4] = NAN  # a gap they share
    values[:150, 5], values[300:, 6] = NAN, NAN  # a late start, an early end
    start = rng.standard_normal((7, 7)) * rng.integers(0, 2)
    expected = product(values, values, decay(span), start, hold)
    found = ewm_product(values, values, decay(span), start, hold)
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_array_less(np.abs(found - expected), 1e-11 * np.maximum(size, np.abs(expected)) + 1e-300)


def test_what_ended_long_ago_together_is_held_to_the_last_digit():
    values = np.random.default_rng(4).standard_normal((3000, 3))
    values[100:, :2] = NAN
    zero = np.zeros((3, 3))
    found = ewm_product(values, values, decay(5), zero, 1.0)
    expected = ewm_product(values[:100], values[:100], decay(5), zero, 1.0)
    np.testing.assert_allclose(found[:2, :2], expected[:2, :2], rtol=1e-11)
