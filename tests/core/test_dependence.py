"""Correlations are those of pandas, of the reference's recursion, or of the pair's own weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.dependence import correlation, ewm_covariance

NAN = np.nan


def ragged(seed: int, rows: int = 60, columns: int = 5) -> np.ndarray:
    """Correlated columns: complete, late start, early end, holes, and all of them."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((rows, 1)) + rng.standard_normal((rows, columns))
    y[: rows // 3, 1], y[-rows // 4 :, 2] = NAN, NAN
    y[rng.random(rows) < 0.2, 3] = NAN
    y[: rows // 5, 4], y[-3:, 4] = NAN, NAN
    y[rng.random(rows) < 0.2, 4] = NAN
    return y


def recursion(y: np.ndarray, span: float) -> np.ndarray:
    """The covariance of estimator.md 4.1: a pair moves on the rows where both are present."""
    d, n = 1 - 2 / (span + 1), y.shape[1]
    state = np.zeros((n, n))
    for row in y:
        for i in range(n):
            for j in range(n):
                if not np.isnan(row[i]) and not np.isnan(row[j]):
                    state[i, j] = d * state[i, j] + (1 - d) * row[i] * row[j]
    return state


def normalised(covariance: np.ndarray) -> np.ndarray:
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)


# Sample -------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(8, 80), st.floats(-5, 5))
def test_without_a_span_it_is_the_correlation_of_pandas_on_ragged_data(seed, rows, level):
    y = ragged(seed, rows) + level
    np.testing.assert_allclose(correlation(y, None), pd.DataFrame(y).corr().fillna(0), atol=1e-12)


def test_without_a_span_it_is_the_correlation_of_numpy_on_complete_data():
    y = np.random.default_rng(1).standard_normal((40, 6)) + 3
    np.testing.assert_allclose(correlation(y, None), np.corrcoef(y.T), atol=1e-13)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e7])
def test_the_sample_correlation_does_not_feel_units(scale):
    y = ragged(2)
    np.testing.assert_allclose(correlation(scale * y, None), correlation(y, None), atol=1e-12)


def test_without_a_span_the_normalisation_has_no_meaning():
    y = ragged(3)
    np.testing.assert_array_equal(correlation(y, None, "pairwise"), correlation(y, None, "reference"))


# The reference's EWMA -----------------------------------------------------------------------------


@settings(deadline=None, max_examples=30, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.floats(1.5, 80))
def test_with_a_span_the_covariance_is_the_recursion_row_by_row(seed, rows, span):
    y = ragged(seed, rows)
    np.testing.assert_allclose(ewm_covariance(y, span), recursion(y, span), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("span", [4, 24, 150])
def test_with_a_span_the_correlation_is_the_normalised_recursion(span):
    y = ragged(4)
    expected = np.clip(normalised(recursion(y, span)), -1, 1)
    np.testing.assert_allclose(correlation(y, span), expected, atol=1e-12)


def test_a_pair_that_never_meets_and_an_empty_column_stay_at_zero():
    y = ragged(5)
    y[:30, 0], y[30:, 1], y[:, 2] = NAN, NAN, NAN
    for span, rule in ((None, "reference"), (12, "reference"), (12, "pairwise")):
        c = correlation(y, span, rule)
        assert c[0, 1] == c[1, 0] == 0
        assert (c[2, [0, 1, 3, 4]] == 0).all() and c[2, 2] == 1


def test_the_reference_shrinks_a_late_starter_by_the_weight_it_missed():
    rng = np.random.default_rng(6)
    y = np.repeat(rng.standard_normal((200, 1)), 2, axis=1)
    y[:190, 1] = NAN
    d, z = 1 - 2 / 61, y[:, 0]
    weights = d ** np.arange(199.0, -1, -1)
    share = (weights * z**2)[190:].sum() / (weights * z**2).sum()
    assert share < 0.7
    assert correlation(y, 60)[0, 1] == pytest.approx(np.sqrt(share), rel=1e-12)


def test_the_floors_of_the_reference_are_absolute():
    y = np.random.default_rng(7).standard_normal((50, 3)) @ [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    np.testing.assert_array_equal(correlation(1e-7 * y, 12), np.eye(3))  # all variance below 1e-10
    small = y * [1, 1e-7, 1]  # one variance below 1e-12
    c = correlation(small, 12)
    assert c[0, 1] == c[1, 2] == 0 and c[1, 1] == 1
    assert c[0, 2] == pytest.approx(correlation(y, 12)[0, 2], rel=1e-12)


# Pairwise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [4, 24, 150])
def test_pairwise_divides_each_pair_by_its_own_weights(span):
    y, d = ragged(8), 1 - 2 / (span + 1)
    c = correlation(y, span, "pairwise")
    for i in range(5):
        for j in range(5):
            cross = left = right = 0.0
            for t in range(60):
                if not np.isnan(y[t, i] * y[t, j]):
                    weight = d ** (59 - t)
                    cross += weight * y[t, i] * y[t, j]
                    left += weight * y[t, i] ** 2
                    right += weight * y[t, j] ** 2
            assert c[i, j] == pytest.approx(cross / np.sqrt(left * right), abs=1e-12)


def test_pairwise_recovers_the_sample_value_of_a_late_starter():
    rng = np.random.default_rng(9)
    y = rng.standard_normal((200, 2)) @ [[1.0, 0.9], [0.0, 0.44]]
    whole = correlation(y[188:], 60, "pairwise")[0, 1]
    y[:188, 1] = NAN
    assert correlation(y, 60, "pairwise")[0, 1] == pytest.approx(whole, rel=1e-12)
    assert correlation(y, 60, "reference")[0, 1] < 0.8 * whole


def test_on_complete_data_both_rules_with_a_span_agree():
    y = np.random.default_rng(10).standard_normal((80, 4))
    np.testing.assert_allclose(correlation(y, 20, "pairwise"), correlation(y, 20), atol=1e-12)


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1e6])
def test_pairwise_does_not_feel_units(scale):
    y = ragged(11)
    np.testing.assert_allclose(correlation(scale * y, 20, "pairwise"), correlation(y, 20, "pairwise"), atol=1e-12)


def test_pairwise_keeps_the_correlation_of_a_pair_that_ended_long_ago():
    rng = np.random.default_rng(12)
    y = rng.standard_normal((1000, 2)) @ [[1.0, 0.9], [0.0, 0.44]]
    y[500:, 1] = NAN
    then = correlation(y[:500], 12, "pairwise")[0, 1]
    assert correlation(y, 12, "pairwise")[0, 1] == pytest.approx(then, rel=1e-9)


# Any rule -----------------------------------------------------------------------------------------

RULES = [(None, "reference"), (12, "reference"), (12, "pairwise")]


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_a_correlation_matrix_is_symmetric_bounded_and_one_on_the_diagonal(span, rule):
    for seed in range(10):
        c = correlation(ragged(seed, rows=12), span, rule)
        np.testing.assert_allclose(c, c.T, atol=1e-15)
        assert (np.diag(c) == 1).all() and np.abs(c).max() == 1


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_a_column_and_its_opposite_have_correlation_minus_one(span, rule):
    z = np.random.default_rng(13).standard_normal(50)
    c = correlation(np.column_stack([z, -2 * z, z]), span, rule)
    np.testing.assert_allclose(c, [[1, -1, 1], [-1, 1, -1], [1, -1, 1]], atol=1e-12)


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_a_column_of_zeros_has_no_correlation(span, rule):
    y = ragged(14)
    y[:, 0] = 0.0
    assert (correlation(y, span, rule)[0, 1:] == 0).all()


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_a_single_response_correlates_with_itself(span, rule):
    assert correlation(ragged(15)[:, :1], span, rule).tolist() == [[1.0]]


@pytest.mark.parametrize(("span", "rule"), RULES[1:])
def test_without_rows_nothing_correlates(span, rule):
    np.testing.assert_array_equal(correlation(np.empty((0, 3)), span, rule), np.eye(3))


def test_a_pair_with_one_common_row_has_no_sample_correlation():
    y = np.random.default_rng(16).standard_normal((20, 2))
    y[11:, 0], y[:10, 1] = NAN, NAN
    assert correlation(y, None)[0, 1] == 0


def test_permuting_responses_permutes_the_matrix():
    y, order = ragged(17), [3, 1, 4, 0, 2]
    for span, rule in RULES:
        turned = correlation(y[:, order], span, rule)
        np.testing.assert_allclose(turned, correlation(y, span, rule)[np.ix_(order, order)], atol=1e-13)


def test_a_leg_that_stands_still_where_the_pair_meets_has_no_sample_correlation():
    rng = np.random.default_rng(18)
    for _ in range(200):
        y = rng.standard_normal((36, 2))
        y[:6, 0], y[18:, 1] = rng.standard_normal(), NAN  # moves only where the other is missing
        y[6:18, 0] = NAN
        assert correlation(y - np.nanmean(y, axis=0), None)[0, 1] == 0
