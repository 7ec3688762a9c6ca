"""Errors of many candidates at once are those of each by itself."""

from __future__ import annotations

import numpy as np
import pytest

from factorlasso_core.scoring import predictions, squared_errors, variation

NAN = np.nan
rng = np.random.default_rng(0)
BETA, ALPHA = rng.standard_normal((7, 5, 3)), rng.standard_normal((7, 5))


def by_hand(x: np.ndarray, y: np.ndarray, beta: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    errors = [(y - predictions(x, one, constant)) ** 2 for one, constant in zip(beta, alpha, strict=True)]
    known = ~np.isnan(y) & ~np.isnan(x).any(axis=1, keepdims=True)
    return np.where(known.any(axis=0), np.nansum(errors, axis=1), NAN)


def holed(values: np.ndarray, share: float) -> np.ndarray:
    return np.where(np.random.default_rng(1).random(values.shape) < share, NAN, values)


@pytest.mark.parametrize("rows", [1, 2, 3, 40])
@pytest.mark.parametrize(("in_x", "in_y"), [(0.0, 0.0), (0.0, 0.2), (0.1, 0.0), (0.1, 0.2), (1.0, 0.0), (0.0, 1.0)])
def test_the_sums_are_those_of_the_residuals(rows, in_x, in_y):
    x, y = holed(rng.standard_normal((rows, 3)) + 5.0, in_x), holed(rng.standard_normal((rows, 5)), in_y)
    np.testing.assert_allclose(squared_errors(x, y, BETA, ALPHA), by_hand(x, y, BETA, ALPHA), rtol=1e-10)


def test_nothing_cancels_where_the_fit_is_close():
    x = 1e3 + rng.standard_normal((50, 3))
    y = predictions(x, BETA[0], ALPHA[0]) + 1e-6 * rng.standard_normal((50, 5))
    found = squared_errors(x, y, BETA[:1], ALPHA[:1])
    np.testing.assert_allclose(found, by_hand(x, y, BETA[:1], ALPHA[:1]), rtol=1e-4)


def test_a_candidate_that_is_unknown_has_no_error_and_touches_no_other():
    x, y, beta, alpha = rng.standard_normal((20, 3)), rng.standard_normal((20, 5)), BETA.copy(), ALPHA.copy()
    beta[2], alpha[4, 1] = NAN, NAN
    found = squared_errors(x, y, beta, alpha)
    assert np.isnan(found[2]).all() and np.isnan(found).sum() == 6 and np.isnan(found[4, 1])
    known = ~np.isnan(found)
    np.testing.assert_array_equal(found[known], squared_errors(x, y, BETA, ALPHA)[known])


def test_a_constant_column_has_no_variation_to_explain():
    values = np.column_stack([np.full(10, 0.1), np.arange(10.0), np.full(10, NAN), np.r_[1.0, np.full(9, NAN)]])
    np.testing.assert_array_equal(variation(values), [NAN, 82.5, NAN, NAN])
