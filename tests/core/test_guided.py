"""Stage 1 is refitting without the row, stage 2 is the lasso on what that predicts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import fast, guided, moments
from factorlasso_core.certificate import certify
from factorlasso_core.errors import DataError
from factorlasso_core.fit import fit
from factorlasso_core.guided import Guided, guide
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import FitSpec, LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import lasso_penalty
from factorlasso_core.prepare import Prepared, prepare
from factorlasso_core.problem import Problem
from factorlasso_core.signs import Rule, sign_box

NAN = np.nan


def prepared(x: np.ndarray, y: np.ndarray, **options) -> Prepared:
    return prepare(Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y)), LossOptions(**options))


def data_of(seed: int = 0, rows: int = 30, factors: int = 4, responses: int = 6, *, holes=0.2, **options) -> Prepared:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, factors)) + 0.5 * rng.standard_normal((rows, 1))
    y = x @ rng.standard_normal((factors, responses)) + rng.standard_normal((rows, responses))
    if holes:
        y[rng.random(y.shape) < holes] = NAN
        y[4:, 1] = NAN  # four rows: too few
        y[5:, 2] = NAN
        x[7], x[9, 1] = NAN, NAN
    return prepared(x, y, **options)


def problem_of(g: Guided, reg_lambda: float, nonneg: bool = True) -> Problem:
    shape = g.slope.shape
    penalty = lasso_penalty(shape).at(PenaltyOptions(reg_lambda=reg_lambda))
    return Problem(g.data, g.moments, penalty, np.zeros(shape), sign_box(None, nonneg, shape))


def slope_through_origin(x: np.ndarray, y: np.ndarray) -> float:
    return float(x @ y / (x @ x)) if (x @ x) > 0 else 0.0


# Stage 1 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [None, 8.0])
@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_a_row_is_predicted_by_the_slope_of_the_other_rows(holes, span):
    data = data_of(holes=holes, span=span)
    g = guide(data)
    for k in range(6):
        rows = np.flatnonzero(data.valid[:, k])
        eta, y = g.design(k)
        if len(rows) < 5:
            assert eta.shape == (0, 4) and y.shape == (0,) and (g.slope[k] == 0).all()
            continue
        np.testing.assert_array_equal(y, data.y[rows, k])
        for j in range(4):
            assert g.slope[k, j] == pytest.approx(slope_through_origin(data.x[rows, j], y), rel=1e-12)
            for i, t in enumerate(rows):
                others = rows[rows != t]
                b = slope_through_origin(data.x[others, j], data.y[others, k])
                assert eta[i, j] == pytest.approx(data.x[t, j] * b, rel=1e-10, abs=1e-13)


def test_without_leaving_out_a_row_is_predicted_by_the_slope_of_all():
    data = data_of(1)
    g = guide(data, loo=False)
    for k in (0, 2, 3, 4, 5):
        np.testing.assert_allclose(g.design(k)[0], (data.x * g.slope[k])[data.valid[:, k]], rtol=1e-13)


def test_a_row_that_is_nearly_all_of_a_factor_is_predicted_from_the_rest_without_cancellation():
    rng = np.random.default_rng(2)
    x, y = 1e-9 * rng.standard_normal((20, 1)), rng.standard_normal((20, 2))
    x[3] = 5.0
    data = prepared(x, y, demean=False)
    eta = guide(data).design(1)[0]
    others = np.arange(20) != 3
    assert eta[3, 0] == pytest.approx(5.0 * slope_through_origin(x[others, 0], y[others, 1]), rel=1e-12)


@pytest.mark.parametrize("dust", [0.0, 1e-16])
def test_a_row_that_alone_carries_a_factor_is_predicted_as_zero(dust):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((20, 2)), rng.standard_normal((20, 3))
    x[:, 1] = dust
    x[6, 1] = 2.0
    y += x[:, :1]
    g = guide(prepared(x, y, demean=False))
    assert g.design(0)[0][6, 1] == 0
    assert g.slope[0, 1] == pytest.approx(y[6, 0] / 2.0)
    theta = fast.solve(problem_of(g, 1e-3)).beta
    assert (theta[:, 1] == 0).all() and (theta[:, 0] > 0).any()


def test_factors_and_responses_that_stand_still_get_exact_zeros():
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((40, 3)), rng.standard_normal((40, 4))
    x[:, 1], y[:, 2] = 0.7, -0.3
    for loo in (True, False):
        for nonneg in (True, False):
            g = guide(prepared(x, y), loo)
            assert np.isfinite(g.moments.gram).all() and np.isfinite(g.moments.linear).all()
            for reg_lambda in (0.0, 1e-4, 0.1):
                problem = problem_of(g, reg_lambda, nonneg)
                solution = fast.solve(problem)
                beta = g.loadings(solution.beta)
                assert (beta[:, 1] == 0).all() and (beta[2] == 0).all()
                assert solution.converged.all() and certify(problem, solution.beta).relative_gap <= 1e-12


# Stage 2 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loo", [True, False])
@pytest.mark.parametrize("options", [{}, {"span": 8.0}, {"normalization": "weight_sum", "span": 8.0}])
def test_the_quadratic_is_the_mean_squared_error_of_the_design(loo, options):
    g = guide(data_of(5, **options), loo)
    theta = np.random.default_rng(5).standard_normal(g.slope.shape)
    loss = g.moments.loss(theta)
    for k in range(6):
        eta, y = g.design(k)
        expected = np.mean((y - eta @ theta[k]) ** 2) if len(y) else 0.0
        assert loss[k] == pytest.approx(expected, rel=1e-12)


def test_gram_matrices_are_symmetric_one_a_response_and_cannot_be_written():
    g = guide(data_of(6))
    np.testing.assert_array_equal(g.moments.gram, g.moments.gram.transpose(0, 2, 1))
    assert g.moments.gram.shape == (6, 4, 4) and g.moments.pattern.tolist() == [0, 1, 2, 3, 4, 5]
    for values in (g.slope, g.moments.gram, g.moments.linear, g.moments.constant):
        assert not values.flags.writeable


def test_weights_of_the_rows_do_not_enter():
    data = data_of(7)
    other = dataclasses.replace(data, weights=np.linspace(0.1, 1.0, data.rows))
    np.testing.assert_array_equal(guide(other).moments.gram, guide(data).moments.gram)
    np.testing.assert_array_equal(guide(other).slope, guide(data).slope)


def test_the_last_penalty_that_leaves_something_is_the_largest_gradient():
    g = guide(data_of(8))
    top = g.moments.linear.max()
    assert (fast.solve(problem_of(g, top * (1 + 1e-12))).beta == 0).all()
    assert (fast.solve(problem_of(g, top * (1 - 1e-6))).beta != 0).sum() == 1


@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_loadings_keep_the_sign_of_their_slopes_and_the_certificate_proves_them(holes):
    g = guide(data_of(9, holes=holes))
    problem = problem_of(g, 0.05 * np.abs(g.moments.linear).max())
    theta = fast.solve(problem).beta
    assert certify(problem, theta).relative_gap <= 1e-14
    beta = g.loadings(theta)
    assert ((beta == 0) | (np.sign(beta) == np.sign(g.slope))).all() and (beta != 0).any()
    assert not np.signbit(beta[beta == 0]).any()


def test_rescaling_factors_rescales_loadings_and_nothing_else():
    rng = np.random.default_rng(10)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal((30, 4))
    unit = np.array([1e-3, 1.0, 250.0])
    g, scaled = guide(prepared(x, y)), guide(prepared(x * unit, y))
    np.testing.assert_allclose(scaled.moments.gram, g.moments.gram, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(scaled.slope * unit, g.slope, rtol=1e-12)


# Blocks and centring ------------------------------------------------------------------------------


@pytest.mark.parametrize("holes", [0.0, 0.2])
@pytest.mark.parametrize("cells", [1, 30 * 4 * 2, 30 * 4 * 4])
def test_blocks_of_any_size_give_the_same(cells, holes, monkeypatch):
    data = data_of(11, holes=holes)
    whole = guide(data)
    monkeypatch.setattr(guided, "BLOCK_CELLS", cells)
    parts = guide(data)
    np.testing.assert_allclose(parts.slope, whole.slope, rtol=1e-13)
    np.testing.assert_allclose(parts.moments.gram, whole.moments.gram, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(parts.moments.linear, whole.moments.linear, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(parts.moments.constant, whole.moments.constant, rtol=1e-13)


def test_the_fit_names_who_is_too_short_and_bounds_and_prices_are_those_of_the_loadings():
    rng = np.random.default_rng(21)
    x = pd.DataFrame(rng.standard_normal((60, 3))).add_prefix("f")
    y = pd.DataFrame(x.to_numpy() @ rng.standard_normal((3, 3)) + rng.standard_normal((60, 3))).add_prefix("r")
    y.iloc[4:, 1] = NAN
    spec = FitSpec(LassoModelType.UNILASSO, penalty=PenaltyOptions(0.05), warmup_period=None)
    result = fit(Panel.from_frames(x, y), spec=spec)
    assert {notice.code for notice in result.notices} == {"few"} and "r1" in result.notices[0].message
    slope = result.problem.data.slope
    np.testing.assert_array_equal(result.box.signs, np.sign(slope))
    assert (result.beta * slope >= 0).all() and (result.box.rule[1] == Rule.GATED).all()
    prices = result.certificate.multipliers
    moving = slope != 0
    np.testing.assert_allclose(result.multipliers[moving] * slope[moving], prices[moving], rtol=1e-12, atol=1e-300)


def test_a_problem_that_does_not_fit_into_memory_is_refused(monkeypatch):
    monkeypatch.setattr(moments, "LARGEST_GRAMS", 700)
    with pytest.raises(DataError, match="6 responses and 4 factors"):
        guide(data_of(14))


def test_a_panel_without_prepared_rows_estimates_nothing():
    x, y = pd.DataFrame({"a": [1.0]}), pd.DataFrame({"r": [2.0]})
    spec = FitSpec(LassoModelType.UNILASSO, loss=LossOptions(span=10.0), warmup_period=None)
    result = fit(Panel.from_frames(x, y), spec=spec)
    assert np.isnan(result.beta).all() and [notice.code for notice in result.notices] == ["too-short"]


def test_old_observations_count_in_a_model_without_weights():
    rng = np.random.default_rng(5)
    x = pd.DataFrame(rng.standard_normal((900, 2)))
    y = pd.DataFrame({"r": x[0] + 0.5 * x[1]}).where(np.arange(900)[:, None] < 450)
    result = fit(Panel.from_frames(x, y), spec=FitSpec(LassoModelType.UNILASSO, loss=LossOptions(span=1.5)))
    assert not result.notices and (result.beta > 0.4).all()
