"""Demeaning, masking and weighting follow the rules of the reference (R1), and the constant follows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.arrays import BLOCK_CELLS
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import Prepared, prepare
from tests.core.test_ewm import recursion

NAN = np.nan
SPANS = [None, 3.0, 24.0]


def ragged_panel(seed: int = 0, rows: int = 40, factors: int = 3, responses: int = 4) -> Panel:
    """Holes, a late start, an early end, empty and partly missing factor rows."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, factors)) + 2.0
    y = rng.standard_normal((rows, responses)) - 1.0
    y[rng.random(y.shape) < 0.1] = NAN
    y[: rows // 3, 1], y[-5:, 2] = NAN, NAN
    x[5], x[rows // 2, 0], x[0, 1], x[-1, 2] = NAN, NAN, NAN, NAN
    return Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y))


def prepared(panel: Panel, **options) -> Prepared:
    return prepare(panel, LossOptions(**options))


def panel_of(x, y) -> Panel:
    return Panel.from_frames(pd.DataFrame(np.asarray(x, float)), pd.DataFrame(np.asarray(y, float)))


# Masks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["impute", "drop"])
def test_a_cell_is_valid_where_the_response_and_its_factors_are(rows):
    p = ragged_panel()
    data = prepared(p, factor_rows=rows)
    for t in range(40):
        present = [not np.isnan(v) for v in p.x[t]]
        usable = all(present) if rows == "drop" else any(present)
        for k in range(4):
            assert data.valid[t, k] == (usable and not np.isnan(p.y[t, k]))


def test_a_row_without_any_factor_is_valid_for_nobody():
    assert not prepared(ragged_panel()).valid[5].any()


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("demean", [True, False])
def test_masked_cells_are_exactly_zero(span, demean):
    p = ragged_panel()
    data = prepared(p, span=span, demean=demean)
    first = len(p.x) - data.rows
    assert (data.y[~data.valid] == 0).all()
    assert (data.x[np.isnan(p.x[first:])] == 0).all()
    assert np.isnan(data.y_or_nan).sum() == (~data.valid).sum()
    np.testing.assert_array_equal(data.y_or_nan[data.valid], data.y[data.valid])


def test_a_partly_missing_row_stays_with_the_missing_factor_at_its_mean():
    x, y = [[1, 10], [NAN, 20], [5, 60]], [[1], [2], [6]]
    data = prepared(panel_of(x, y))
    assert data.valid.all()
    assert data.x.tolist() == [[-2, -20], [0, -10], [2, 30]]


def test_dropping_takes_the_same_row_out_and_keeps_the_means():
    x, y = [[1, 10], [NAN, 20], [5, 60]], [[1], [2], [6]]
    kept, dropped = prepared(panel_of(x, y)), prepared(panel_of(x, y), factor_rows="drop")
    assert dropped.valid[:, 0].tolist() == [True, False, True]
    np.testing.assert_array_equal(dropped.x, kept.x)
    assert dropped.y[:, 0].tolist() == [-2, 0, 3]


def test_observations_count_responses_whatever_the_factors_and_the_span_do():
    p = ragged_panel()
    expected = [sum(not np.isnan(v) for v in column) for column in p.y.T]
    for options in ({}, {"span": 12.0}, {"factor_rows": "drop"}, {"demean": False}):
        assert prepared(p, **options).observations.tolist() == expected


# Means --------------------------------------------------------------------------------------------


def test_without_a_span_the_mean_is_over_what_is_there():
    p = ragged_panel()
    data = prepared(p)
    expected = np.nan_to_num(p.x - np.nanmean(p.x, axis=0))
    np.testing.assert_allclose(data.x, expected, atol=1e-15)
    centred = p.y - np.nanmean(p.y, axis=0)
    np.testing.assert_allclose(data.y[data.valid], centred[data.valid], atol=1e-15)


def test_a_response_in_a_row_without_factors_still_enters_its_mean():
    x, y = [[1.0], [NAN], [3.0]], [[1.0], [10.0], [1.0]]
    assert prepared(panel_of(x, y)).y[:, 0].tolist() == [-3.0, 0.0, -3.0]


@pytest.mark.parametrize("span", [3.0, 24.0])
def test_with_a_span_the_running_mean_is_taken_off_and_the_first_row_dropped(span):
    p = ragged_panel()
    data = prepared(p, span=span)
    assert data.rows == len(p.x) - 1
    for column in range(3):
        z = p.x[:, column] - recursion(p.x[:, column], span)
        np.testing.assert_allclose(data.x[:, column], np.nan_to_num(z)[1:], atol=1e-13)
    for column in range(4):
        z = np.where(data.valid[:, column], (p.y[:, column] - recursion(p.y[:, column], span))[1:], 0)
        np.testing.assert_allclose(data.y[:, column], z, atol=1e-13)


def test_a_late_start_keeps_almost_its_level_at_inception():
    x, y = np.arange(5.0)[:, None], [[NAN], [NAN], [8.0], [8.0], [8.0]]
    assert prepared(panel_of(x, y), span=3.0).y[:, 0].tolist() == [0.0, 4.0, 2.0, 1.0]


@pytest.mark.parametrize("span", SPANS)
def test_without_demeaning_only_missing_cells_change_and_no_row_goes(span):
    p = ragged_panel()
    data = prepared(p, span=span, demean=False)
    assert data.rows == len(p.x)
    np.testing.assert_array_equal(data.x, np.nan_to_num(p.x))
    np.testing.assert_array_equal(data.y, np.where(data.valid, p.y, 0.0))


@pytest.mark.parametrize("span", SPANS)
def test_own_centring_keeps_every_row_and_leaves_the_rest_to_the_moments(span):
    p = ragged_panel()
    data = prepared(p, span=span, centering="per_response")
    assert data.own_means and data.rows == len(p.x)
    np.testing.assert_array_equal(data.weights, prepared(p, span=span, demean=False).weights)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("value", [0.1, -1.7, 1e-8, 3e9, 0.0])
@pytest.mark.parametrize("centering", ["panel", "per_response"])
def test_a_constant_column_becomes_exactly_zero(span, value, centering):
    p = ragged_panel(rows=60)
    x, y = p.x.copy(), p.y.copy()
    x[:, 1] = np.where(np.isnan(x[:, 1]), NAN, value)
    x[0, 1] = value  # a late starter is not constant for a running mean that starts at zero
    y[:, 0] = value
    y[7, 0] = NAN
    data = prepared(panel_of(x, y), span=span, centering=centering)
    assert (data.x[:, 1] == 0).all() and (data.y[:, 0] == 0).all()
    assert (data.x[:, 0] != 0).any() and (data.y[:, 3] != 0).any()


@pytest.mark.parametrize("span", [None, 3.0, 7.3, 24.0, 250.0])
@pytest.mark.parametrize("rows", [7, 60, 777])
def test_any_constant_becomes_exactly_zero_however_it_rounds(span, rows):
    values = np.exp(np.random.default_rng(rows).uniform(-20, 20, 400))
    panel = panel_of(np.repeat(values[None], rows, axis=0), np.ones((rows, 1)))
    assert (prepared(panel, span=span).x == 0).all()


def test_a_constant_column_of_a_long_panel_becomes_exactly_zero():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5000, 3)), rng.standard_normal((5000, 2))
    x[:, 1] = 1.7
    assert (prepared(panel_of(x, y)).x[:, 1] == 0).all()


def test_a_small_variation_about_a_large_mean_is_kept():
    x = 1e6 + np.array([[1e-6], [-1e-6], [2e-6], [-2e-6]])
    assert (prepared(panel_of(x, np.ones((4, 1)))).x != 0).any()


def test_an_empty_column_is_zero_and_has_no_mean():
    x, y = np.ones((6, 2)), np.arange(6.0)[:, None] * [[1.0, NAN]]
    x[:, 1] = NAN
    data = prepared(panel_of(x, y))
    assert (data.x[:, 1] == 0).all() and (data.y[:, 1] == 0).all()
    assert not data.valid[:, 1].any()
    assert np.isnan(data.y_means[1]) and np.isnan(data.x_means[1]).all()


# Weights and the constant -------------------------------------------------------------------------


@pytest.mark.parametrize("span", SPANS)
def test_means_for_the_constant_are_weighted_over_each_responses_valid_rows(span):
    p = ragged_panel()
    data = prepared(p, span=span)
    d = None if span is None else 1 - 2 / (span + 1)
    for k in range(4):
        mass, y_sum, x_sum = 0.0, 0.0, np.zeros(3)
        for t in range(40):
            if np.isnan(p.y[t, k]) or np.isnan(p.x[t]).all():
                continue
            weight = 1.0 if d is None else d ** (39 - t)
            mass += weight
            y_sum += weight * p.y[t, k]
            x_sum += weight * np.nan_to_num(p.x[t])
        assert data.y_means[k] == pytest.approx(y_sum / mass, rel=1e-12)
        np.testing.assert_allclose(data.x_means[k], x_sum / mass, rtol=1e-12)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(SPANS),
    st.booleans(),
    st.sampled_from(["panel", "per_response"]),
    st.sampled_from(["impute", "drop"]),
)
def test_with_the_constant_the_weighted_residual_mean_is_zero_for_any_loadings(seed, span, demean, centering, rows):
    p = ragged_panel(seed)
    data = prepared(p, span=span, demean=demean, centering=centering if demean else "panel", factor_rows=rows)
    beta = np.random.default_rng(seed).standard_normal((4, 3))
    alpha = data.y_means - (beta * data.x_means).sum(axis=1)
    usable = ~np.isnan(p.x).any(axis=1) if rows == "drop" else ~np.isnan(p.x).all(axis=1)
    weights = np.ones(40) if span is None else (1 - 2 / (span + 1)) ** np.arange(39.0, -1, -1)
    residual = p.y - alpha - np.nan_to_num(p.x) @ beta.T
    for k in range(4):
        here = usable & ~np.isnan(p.y[:, k])
        assert np.average(residual[here, k], weights=weights[here]) == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("demean", [True, False])
def test_the_last_row_weighs_one_however_many_rows_are_left(span, demean):
    weights = prepared(ragged_panel(), span=span, demean=demean).weights
    assert weights[-1] == 1.0
    expected = 1.0 if span is None else 1 - 2 / (span + 1)
    np.testing.assert_allclose(weights[:-1] / weights[1:], expected, rtol=1e-12)


def test_prepared_arrays_cannot_be_written():
    data = prepared(ragged_panel(), span=12.0)
    for name, value in vars(data).items():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, name


def test_preparing_leaves_the_panel_alone():
    p = ragged_panel()
    key = p.key
    prepared(p, span=12.0)
    assert Panel(p.x, p.y, p.factors, p.responses, p.index).key == key


def test_one_row_with_a_span_leaves_no_rows():
    data = prepared(panel_of([[1.0]], [[2.0]]), span=3.0)
    assert data.rows == 0 and data.weights.size == 0


@pytest.mark.parametrize("holes", [False, True])
def test_levels_and_spread_are_weighted_means_and_variance_over_the_valid_rows(holes):
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((40, 2)), rng.standard_normal((40, 4))
    if holes:
        y[:30, 1], y[:, 2], y[:30, 3] = NAN, NAN, NAN
    data = prepare(panel_of(x, y), LossOptions(span=10.0))
    weights = data.valid * data.weights[:, None]
    for k in range(4):
        p = data.pattern[k]
        np.testing.assert_array_equal(data.masks[p], data.valid[:, k])
        assert data.mass[p] == pytest.approx(weights[:, k].sum(), rel=1e-14)
        if not weights[:, k].any():
            assert data.y_level[k] == data.spread[k] == 0 and not data.x_level[p].any()
            continue
        mean = np.average(data.y[:, k], weights=weights[:, k])
        spread = np.average((data.y[:, k] - mean) ** 2, weights=weights[:, k])
        assert data.y_level[k] == pytest.approx(mean, abs=1e-14)
        assert data.spread[k] == pytest.approx(spread, rel=1e-12)
        np.testing.assert_allclose(data.x_level[p], np.average(data.x, axis=0, weights=weights[:, k]), atol=1e-14)
    assert data.pattern.tolist() == ([0, 1, 2, 1] if holes else [0, 0, 0, 0])


def test_the_scale_of_the_loss_is_one_over_its_divisor():
    y = np.random.default_rng(9).standard_normal((20, 2))
    y[:5, 1] = NAN
    panel = panel_of(np.random.default_rng(10).standard_normal((20, 2)), y)
    assert prepare(panel, LossOptions()).scale.tolist() == [1 / 20, 1 / 20]
    assert prepare(panel, LossOptions(normalization="weight_sum")).scale.tolist() == [1 / 20, 1 / 15]
    assert prepare(panel_of([[1.0]], [[2.0]]), LossOptions(span=3.0)).scale.tolist() == [0.0]


@pytest.mark.parametrize("span", SPANS)
def test_responses_of_a_wide_panel_are_prepared_as_they_are_alone(span):
    panel = ragged_panel(rows=300, responses=1000)  # several blocks of columns
    together = prepared(panel, span=span)
    for k in (0, BLOCK_CELLS // 300 - 1, BLOCK_CELLS // 300, 999):
        alone = prepared(Panel(panel.x, panel.y[:, [k]], panel.factors, panel.responses[[k]], panel.index), span=span)
        np.testing.assert_array_equal(together.valid[:, k], alone.valid[:, 0])
        np.testing.assert_allclose(together.y[:, k], alone.y[:, 0], rtol=1e-12, atol=1e-15)
        for name in ("observations", "x_means", "y_means", "y_level", "spread"):
            left, right = getattr(together, name)[k], getattr(alone, name)[0]
            np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-15, err_msg=name)
