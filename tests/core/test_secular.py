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
    row = np.linalg.norm(h, axis=1) * rng.choice([1e-9, 1e-3, 0.5, 0.999999, 1.0, 3.0], n)
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


def test_a_penalty_whose_powers_underflow_is_left_to_the_solver():
    moments, h, _ = problem(3)
    assert (row_norm_minimum(moments, h, np.full(8, 1e-200)) == 0).all()


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
