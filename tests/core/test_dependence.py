"""Dependence is that of pandas, of the reference's recursion, of the pair's own weights, or counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.dependence import (
    correlation,
    dependence,
    ewm_correlation,
    ewm_covariance,
    ranks,
    sample_correlation,
)
from factorlasso_core.enums import DependenceMeasure
from factorlasso_core.gerber import gerber

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


def recursion(y: np.ndarray, span: float, kept: float = 1.0) -> np.ndarray:
    """The covariance of estimator.md 4.1: a pair moves on the rows where both are present, else is kept in part."""
    d, n = 1 - 2 / (span + 1), y.shape[1]
    state = np.zeros((n, n))
    for row in y:
        for i in range(n):
            for j in range(n):
                if not np.isnan(row[i]) and not np.isnan(row[j]):
                    state[i, j] = d * state[i, j] + (1 - d) * row[i] * row[j]
                else:
                    state[i, j] *= kept
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


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_columns_that_are_one_in_other_units_have_correlation_exactly_one(span, rule):
    for seed in range(20):
        y = ragged(seed)[:, 3]
        c = correlation(np.column_stack([y, 3.7 * y, -y / 7]), span, rule)
        np.testing.assert_array_equal(c, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])


# Missing values in the recursion ------------------------------------------------------------------


@pytest.mark.parametrize("kept", [1.0, 1 - 2 / 13, 0.5, 0.0])
def test_a_pair_that_is_missing_is_held_decays_or_starts_again(kept):
    for seed in range(5):
        y = ragged(seed)
        y[-1, 4] = 1.0  # moves again after its holes
        np.testing.assert_allclose(ewm_covariance(y, 12, kept), recursion(y, 12, kept), rtol=1e-10, atol=1e-15)


def test_a_pair_that_starts_again_at_the_last_row_has_no_correlation():
    y = ragged(20)
    assert (ewm_correlation(y, 12, 0.0)[2, [0, 1, 3, 4]] == 0).all()
    assert (ewm_correlation(y, 12, 0.5)[2, [0, 1, 3]] != 0).all()


def test_a_sample_correlation_that_is_undefined_is_nan_on_the_diagonal_too():
    y = ragged(21)
    y[:, 0], y[:20, 1], y[20:, 2] = 0.1, NAN, NAN
    c = sample_correlation(y)
    assert np.isnan(c[0]).all() and np.isnan(c[1, 2]) and c[3, 4] == correlation(y, None)[3, 4]
    assert np.isnan(sample_correlation(np.empty((0, 2)))).all()


# Ranks --------------------------------------------------------------------------------------------


def test_ranks_are_of_the_whole_column_with_ties_averaged_and_holes_kept():
    y = np.array([[3.0, NAN], [1.0, 5.0], [1.0, -1.0], [NAN, np.inf]])
    np.testing.assert_array_equal(ranks(y), [[3, NAN], [1.5, 2], [1.5, 1], [NAN, 3]])


def test_on_complete_data_spearman_is_that_of_pandas():
    y = np.random.default_rng(22).standard_normal((50, 5)).round(1)  # with ties
    expected = pd.DataFrame(y).corr(method="spearman")
    np.testing.assert_allclose(dependence(y, measure="spearman"), expected, atol=1e-12)


@pytest.mark.parametrize(("span", "rule"), RULES)
def test_ranks_do_not_feel_a_monotone_change_of_the_data(span, rule):
    y = ragged(23)
    expected = dependence(y, measure="spearman", span=span, normalization=rule)
    np.testing.assert_array_equal(dependence(np.exp(y), measure="spearman", span=span, normalization=rule), expected)


def test_the_reference_keeps_the_level_of_ranks_and_pairwise_takes_it_out():
    y = np.random.default_rng(24).standard_normal((400, 2))  # independent
    assert dependence(y, measure="spearman", span=100)[0, 1] > 0.6
    assert abs(dependence(y, measure="spearman", span=100, normalization="pairwise")[0, 1]) < 0.2


def test_with_equal_weights_everywhere_the_pairwise_ranks_are_the_sample_ones():
    y = np.random.default_rng(25).standard_normal((60, 4))
    weighted = dependence(y, measure="spearman", span=1e9, normalization="pairwise")
    np.testing.assert_allclose(weighted, dependence(y, measure="spearman"), atol=1e-6)


# Gerber -------------------------------------------------------------------------------------------


def counted(y: np.ndarray, span: float | None, threshold: float) -> np.ndarray:
    """The statistic pair by pair and row by row."""
    rows, n = y.shape
    weight = np.ones(rows) if span is None else (1 - 2 / (span + 1)) ** np.arange(rows - 1.0, -1, -1)
    move = np.full(y.shape, "missing", dtype=object)
    for i in range(n):
        here = ~np.isnan(y[:, i])
        mean = np.average(y[here, i], weights=weight[here])
        limit = threshold * np.sqrt(np.average((y[here, i] - mean) ** 2, weights=weight[here]))
        move[here, i] = ["up" if z >= limit else "down" if z <= -limit else "noise" for z in y[here, i]]
    result = np.eye(n)
    for i, j in np.argwhere(~np.eye(n, dtype=bool)):
        balance = total = 0.0
        for w, one, other in zip(weight, move[:, i], move[:, j], strict=True):
            if "missing" in (one, other) or one == other == "noise":
                continue
            total += w
            if "noise" not in (one, other):
                balance += w if one == other else -w
        result[i, j] = balance / total if total else 0.0
    return result


@pytest.mark.parametrize("span", [None, 20])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_gerber_is_the_statistic_counted_row_by_row(span, threshold):
    for seed in range(4):
        y = ragged(seed)
        np.testing.assert_allclose(gerber(y, span, threshold), counted(y, span, threshold), atol=1e-14)


def test_gerber_does_not_feel_the_size_of_what_is_over_the_limit():
    y = ragged(26)
    wild = np.where(np.abs(y) > 3 * np.nanstd(y, axis=0), np.nan, y)
    far = y.copy()
    far[10] *= 1.0 + 1e-9  # the standard deviation hardly moves
    np.testing.assert_allclose(gerber(far), gerber(y), atol=1e-14)
    assert np.abs(gerber(wild)).max() == 1


def test_a_zero_under_a_limit_of_zero_moves_in_no_direction():
    y = np.array([[1.0, 1.0], [-1.0, 0.0], [0.0, -2.0], [2.0, 3.0]])
    assert gerber(y, None, 0.0)[0, 1] == 0.5  # two of four rows agree, none opposes, none is noise


def test_a_column_of_zeros_and_an_empty_one_have_no_gerber_statistic():
    y = ragged(27)
    y[:, 0], y[:, 1] = 0.0, NAN
    for span in (None, 12):
        np.testing.assert_array_equal(gerber(y, span)[:2], np.eye(5)[:2])


def test_gerber_of_twins_is_exactly_one_through_dependence():
    y = np.repeat(ragged(28)[:, 3:4], 3, axis=1)
    for span in (None, 7, 33):
        np.testing.assert_array_equal(dependence(y, measure="gerber", span=span), np.ones((3, 3)))


@pytest.mark.parametrize("measure", list(DependenceMeasure))
@pytest.mark.parametrize("span", [None, 20])
def test_every_measure_is_a_symmetric_matrix_that_permutes_with_its_columns(measure, span):
    y, order = ragged(29), [3, 1, 4, 0, 2]
    c = dependence(y, measure=measure, span=span)
    np.testing.assert_allclose(c, c.T, atol=1e-15)
    assert (np.diag(c) == 1).all() and np.abs(c).max() == 1
    np.testing.assert_allclose(dependence(y[:, order], measure=measure, span=span), c[np.ix_(order, order)], atol=1e-13)


def test_without_a_measure_it_is_the_correlation():
    y = ragged(30)
    for span, rule in RULES:
        np.testing.assert_array_equal(dependence(y, span=span, normalization=rule), correlation(y, span, rule))


def test_the_threshold_of_gerber_means_nothing_to_the_others():
    y = ragged(31)
    changed = [dependence(y, measure=m, gerber_threshold=0.9) != dependence(y, measure=m) for m in DependenceMeasure]
    assert [bool(c.any()) for c in changed] == [False, False, True]
