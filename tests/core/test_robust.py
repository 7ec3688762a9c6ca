"""Robust level and spread: those of SciPy, whatever is missing, and usable where most values are equal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from factorlasso_core.robust import NORMAL, NORMAL_MEAN, robust_scale, robust_z


def ragged(rows: int, columns: int, missing: float = 0.3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_t(3, (rows, columns)) * 10.0 ** rng.integers(-6, 6, columns)
    values[rng.random(values.shape) < missing] = np.nan
    return values


@pytest.mark.parametrize("rows", [1, 2, 3, 50, 51])
def test_median_and_deviation_are_those_of_scipy(rows):
    values = ragged(rows, 30)
    known = ~np.isnan(values).all(axis=0)
    found = robust_scale(values)
    np.testing.assert_allclose(found.centre[known], np.nanmedian(values[:, known], axis=0), rtol=1e-15)
    expected = stats.median_abs_deviation(values[:, known], scale="normal", nan_policy="omit")
    np.testing.assert_allclose(found.spread[known], expected, rtol=1e-12)
    assert np.isnan(found.centre[~known]).all() and np.isnan(found.spread[~known]).all()


def test_the_constants_are_those_of_the_normal_law():
    assert pytest.approx(1 / stats.norm.ppf(0.75), rel=1e-14) == NORMAL
    assert pytest.approx(np.sqrt(np.pi / 2), rel=1e-14) == NORMAL_MEAN


def test_z_is_free_of_units_and_level():
    values = ragged(80, 5)
    np.testing.assert_allclose(robust_z(values * 1e-3 + 7), robust_z(values), rtol=1e-6, atol=1e-6)


def test_one_spike_among_equal_values_is_far_away():
    values = np.zeros((100, 1))
    values[40] = 5.0
    spread = robust_scale(values).spread[0]
    assert spread == pytest.approx(NORMAL_MEAN * 0.05)
    assert robust_z(values)[40, 0] == pytest.approx(5.0 / spread) and robust_z(values)[0, 0] == 0


def test_a_series_that_rests_most_of_the_time_is_measured_by_its_moves():
    rng = np.random.default_rng(1)
    moves = rng.standard_normal(400)
    values = np.zeros((1000, 1))
    values[:400, 0] = moves
    expected = NORMAL * np.median(np.abs(moves))
    assert robust_scale(values).spread[0] == pytest.approx(expected)


def test_constants_have_no_spread_and_no_outliers():
    values = np.column_stack([np.full(20, 0.1), np.full(20, np.nan), np.arange(20.0)])
    values[3, 0] = np.nan
    found, z = robust_scale(values), robust_z(values)
    assert found.spread[0] == 0 and np.isnan(found.spread[1])
    assert np.nanmax(np.abs(z[:, 0])) == 0 and np.isnan(z[3, 0]) and np.isnan(z[:, 1]).all()


def test_wide_tables_are_worked_through_in_blocks():
    values = ragged(500, 700, missing=0.1)
    part = robust_scale(values[:, 300:420])
    whole = robust_scale(values)
    np.testing.assert_array_equal(whole.centre[300:420], part.centre)
    np.testing.assert_array_equal(whole.spread[300:420], part.spread)


def test_a_table_without_rows():
    assert np.isnan(robust_scale(np.empty((0, 2))).centre).all()
