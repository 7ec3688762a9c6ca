"""The closed form of a pure row norm meets its optimality conditions, and the solver starts from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import FitSpec, LassoModelType, Panel, PenaltyOptions, fit
from factorlasso_core.moments import Moments
from factorlasso_core.secular import row_norm_minimum


def problem(seed: int) -> tuple[Moments, np.ndarray, np.ndarray]:
    """Grams of any rank and unit, several responses to a pattern, penalties from tiny to beyond the kink."""
    rng = np.random.default_rng(seed)
    m, patterns, n = int(rng.integers(1, 7)), int(rng.integers(1, 4)), 8
    x = rng.standard_normal((patterns, 9, m)) * 10.0 ** rng.uniform(-4, 3)
    if m > 1 and rng.random() < 0.4:
        x[:, :, 1] = x[:, :, 0]
    gram, pattern = x.transpose(0, 2, 1) @ x, rng.integers(0, patterns, n)
    h = np.einsum("ntm,nt->nm", x[pattern], rng.standard_normal((n, 9)))
    row = np.linalg.norm(h, axis=1) * rng.choice([1e-30, 1e-17, 1e-9, 1e-3, 0.5, 0.999999, 1.0, 3.0], n)
    return Moments(gram, pattern, h, np.ones(n)), h, row


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_the_gradient_balances_the_norm_or_the_row_is_zero(seed):
    moments, h, row = problem(seed)
    d = row_norm_minimum(moments, h, row)
    length = np.linalg.norm(d, axis=1)
    at_zero = length == 0
    share = np.linalg.norm(h, axis=1) / row
    assert at_zero[share < 1 - 1e-12].all() and not at_zero[share > 1 + 1e-12].any()
    pull = np.divide(row, length, out=np.zeros_like(row), where=~at_zero)
    left = moments.times_gram(d) + pull[:, None] * d - h
    assert (np.abs(left[~at_zero]) <= 1e-9 * np.linalg.norm(h, axis=1)[~at_zero, None]).all()
    # Nothing lies where the data say nothing.
    values, vectors = moments.spectrum
    inside = (values > 1e-13 * values[:, -1:])[moments.pattern]
    coordinates = np.einsum("nji,nj->ni", vectors[moments.pattern], d)
    assert (np.abs(coordinates[~inside]) <= 1e-12 * np.repeat(length, (~inside).sum(axis=1))).all()


@pytest.mark.parametrize("row", [0.0, 1e-200])
def test_without_a_penalty_to_speak_of_it_is_least_squares_row_by_row(row):
    moments, h, _ = problem(3)
    mixed = np.where(np.arange(8) % 2, row, 1e-3)
    found = row_norm_minimum(moments, h, mixed)
    np.testing.assert_array_equal(found[1::2], moments.least_squares(h)[1::2])
    np.testing.assert_allclose(found[::2], row_norm_minimum(moments, h, np.full(8, 1e-3))[::2], rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("seed", range(12))
def test_collinear_factors_under_a_tiny_penalty_leave_no_trace_of_rounding(alpha, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((120, 6))
    x[:, 5] = x[:, 0] - x[:, 1]
    y = x @ rng.standard_normal((6, 8)) + rng.standard_normal((120, 8))
    panel = Panel.from_frames(pd.DataFrame(1e6 * x), pd.DataFrame(1e6 * y))
    result = fit(panel, spec=FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, penalty=PenaltyOptions(1e-5, alpha)))
    assert np.abs(result.beta).max() < 10
    assert result.certificate.relative_gap <= 1e-9


@pytest.mark.parametrize("ragged", [False, True])
def test_a_fit_with_a_pure_row_norm_needs_no_gradient_step(ragged):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((90, 5)), rng.standard_normal((90, 12))
    y += x @ rng.standard_normal((5, 12))
    if ragged:
        y[rng.random(y.shape) < 0.05] = np.nan
    panel = Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y))
    spec = FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, penalty=PenaltyOptions(0.3))
    result = fit(panel, spec=spec)
    assert result.solved.solution.iterations == 0 and result.solved.solution.converged.all()
    assert result.certificate.relative_gap < 1e-14
