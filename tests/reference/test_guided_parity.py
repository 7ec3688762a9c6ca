"""The univariate-guided lasso against the reference, factorlasso 1.0.6.

The reference's cone solver stops at an absolute gap of 1e-8; so objectives of stage 2 are compared as it
is, and loadings after its tolerance is tightened.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import factorlasso
import numpy as np
import pytest

from factorlasso_core import Panel, fast
from factorlasso_core.arrays import Array
from factorlasso_core.certificate import certify
from factorlasso_core.guided import guide
from factorlasso_core.options import LossOptions, PenaltyOptions
from factorlasso_core.penalty import lasso_penalty
from factorlasso_core.prepare import prepare
from factorlasso_core.problem import Problem
from factorlasso_core.signs import sign_box
from tests.reference.support import frames, make_panel, quiet, to_panel, tolerance

VARIANTS = [(loo, positive) for loo in (True, False) for positive in (True, False)]


@dataclass(frozen=True, eq=False)
class Pair:
    """Loadings and stage 2 objectives of both."""

    ours: Array
    theirs: Array
    our_objective: float
    their_objective: float
    relative_gap: float


def fit_both(
    panel: Panel, loo: bool, positive: bool, share: float, span: float | None = None, tight: float | None = None
) -> Pair:
    """Fit both with λ a share of the largest gradient of stage 2."""
    guided = guide(prepare(panel, LossOptions(span=span)), loo)
    reg_lambda, shape = share * float(np.abs(guided.moments.linear).max()), guided.slope.shape
    penalty, box = lasso_penalty(shape).at(PenaltyOptions(reg_lambda=reg_lambda)), sign_box(None, positive, shape)
    problem = Problem(guided.data, guided.moments, penalty, np.zeros(shape), box)
    theta = fast.solve(problem).beta
    model = factorlasso.LassoModel(
        model_type=factorlasso.LassoModelType.UNILASSO,
        reg_lambda=reg_lambda,
        span=span,
        unilasso_loo=loo,
        unilasso_non_negative=positive,
        warmup_period=None,
    )
    with quiet(), tolerance(tight) if tight else contextlib.nullcontext():
        theirs = model.fit(*frames(panel)).coef_.to_numpy()
    their_theta = np.divide(theirs, guided.slope, out=np.zeros(shape), where=guided.slope != 0)
    return Pair(
        guided.loadings(theta),
        theirs,
        float(problem.objective(theta).sum()),
        float(problem.objective(box.clip(their_theta)).sum()),
        certify(problem, theta).relative_gap,
    )


@pytest.mark.parametrize(("loo", "positive"), VARIANTS)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("span", [None, 24.0])
def test_the_reference_gives_the_same_loadings_when_it_does_not_stop_early(loo, positive, ragged, span):
    panel = make_panel(4, ragged=ragged)
    for share in (0.0, 0.01, 0.1, 0.5):
        pair = fit_both(panel, loo, positive, share, span, tight=1e-14)
        np.testing.assert_allclose(pair.ours, pair.theirs, rtol=0, atol=1e-9)
        assert pair.relative_gap <= 1e-13


@pytest.mark.parametrize(("loo", "positive"), VARIANTS)
@pytest.mark.parametrize("scale", [1.0, 0.03])
def test_where_the_reference_stops_early_ours_is_lower(loo, positive, scale):
    panel = make_panel(5, scale, ragged=True)
    for share in (0.02, 0.2, 0.7):
        pair = fit_both(panel, loo, positive, share)
        assert pair.our_objective < pair.their_objective
        np.testing.assert_allclose(pair.ours, pair.theirs, rtol=0, atol=3e-3)


@pytest.mark.parametrize("span", [None, 12.0])
def test_both_fit_a_response_from_five_valid_rows_on(span):
    panel = make_panel(6, rows=40, responses=3)
    x, y = np.array(panel.x), np.array(panel.y)
    x[20] = np.nan  # a row without factors does not count
    for k, last in enumerate((24, 25, 26)):  # four, five and six valid rows
        y[:20, k], y[last + 1 :, k] = np.nan, np.nan
    pair = fit_both(to_panel(x, y), True, True, 0.05, span, tight=1e-14)
    assert (pair.ours[0] == 0).all() and (pair.theirs[0] == 0).all()
    assert pair.ours[1:].any(axis=1).all()
    np.testing.assert_allclose(pair.ours, pair.theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("loo", "positive"), VARIANTS)
def test_both_are_finite_where_one_row_alone_carries_a_factor(loo, positive):
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal((30, 3))
    x[:, 1] = np.nan
    x[4:6, 1] = 1.0, -1.0  # demeaned: one valid row of response 0 is not zero
    y[5, 0], y[:, 2] = np.nan, 0.4
    panel = to_panel(x, y)
    pair = fit_both(panel, loo, positive, 0.05, tight=1e-14)
    assert np.isfinite(pair.ours).all() and (pair.ours[2] == 0).all()
    assert not loo or pair.ours[0, 1] == 0
    np.testing.assert_allclose(pair.ours, pair.theirs, rtol=0, atol=1e-9)


def test_a_single_response_is_fitted_alike():
    pair = fit_both(make_panel(8, responses=1), True, True, 0.1, tight=1e-14)
    assert pair.ours.any()
    np.testing.assert_allclose(pair.ours, pair.theirs, rtol=0, atol=1e-9)
