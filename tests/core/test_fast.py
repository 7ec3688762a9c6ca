"""The first-party solver finds the minimum: exact zeros, exact bounds, whatever else is in the batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize

from factorlasso_core.blocks import RowBlocks
from factorlasso_core.fast import solve
from factorlasso_core.penalty import Penalty
from factorlasso_core.problem import Problem
from factorlasso_core.prox import Prox
from tests.core.test_certificate import only, problem, random_problem

NAN, INF = np.nan, np.inf
EXACT = settings(deadline=None, max_examples=80, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def regression(seed: int, rows: int = 50, factors: int = 4, responses: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, factors)) + 0.7 * rng.standard_normal((rows, 1))
    truth = rng.standard_normal((responses, factors)) * (rng.random((responses, factors)) < 0.5)
    return x, x @ truth.T + 0.5 * rng.standard_normal((rows, responses))


def soft(value: float, threshold: float) -> float:
    return float(np.sign(value) * max(abs(value) - threshold, 0.0))


def row_violation(z, d, row, cell, low, high) -> float:
    """How far -z is from a subgradient of r‖d‖ + Σ c|d| on the box; zero exactly at a minimum."""
    if not d.any():
        excess = [soft(zj, cj) for zj, cj in zip(z, cell, strict=True)]
        allowed = [e for e, lo, hi in zip(excess, low, high, strict=True) if (lo < 0 if e < 0 else hi > 0)]
        return max(0.0, float(np.linalg.norm(allowed)) - row)
    worst, norm = 0.0, float(np.linalg.norm(d))
    for zj, dj, cj, lo, hi in zip(z, d, cell, low, high, strict=True):
        left = zj - row * dj / norm
        left = left - cj * np.sign(dj) if dj != 0 else soft(left, cj)
        if dj == lo:
            left = max(left, 0.0)
        if dj == hi:
            left = min(left, 0.0)
        worst = max(worst, abs(left))
    return worst


def violation(p: Problem, beta: np.ndarray) -> float:
    """Largest violation of the optimality conditions, from the data, as a share of the gradient's size."""
    worst = 0.0
    for k in range(len(beta)):
        weights = 2 * p.data.weights * p.data.valid[:, k] / p.data.rows
        z = p.data.x.T @ (weights * (p.data.y[:, k] - p.data.x @ beta[k]))
        size = np.abs(p.data.x.T * weights) @ (np.abs(p.data.y[:, k]) + np.abs(p.data.x) @ np.abs(beta[k]))
        low, high = p.box.lower[k] - p.prior[k], p.box.upper[k] - p.prior[k]
        d = np.where(beta[k] == p.box.lower[k], low, beta[k] - p.prior[k])
        d = np.where(beta[k] == p.box.upper[k], high, d)
        found = row_violation(z, d, p.penalty.block[k, 0], p.penalty.cell[k], low, high)
        worst = max(worst, found / max(size.max(), 1e-300))
    return worst


# The proximal map -------------------------------------------------------------------------------------


def random_prox(seed: int, zero_sides: bool) -> tuple[Prox, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, m = 4, int(rng.integers(1, 6))
    low, high = -rng.random((n, m)), rng.random((n, m))
    shift = rng.choice([0.0, 1.0], (n, 1)) * rng.standard_normal((n, m))  # zero may lie outside
    low, high = (0 * low, 0 * high) if zero_sides else (low + shift, high + shift)
    low, high = (np.where(rng.random((n, m)) < 0.4, sign * INF, side) for sign, side in ((-1, low), (1, high)))
    if not zero_sides:
        pinned = rng.random((n, m)) < 0.1
        middle = rng.standard_normal((n, m))
        low, high = np.where(pinned, middle, low), np.where(pinned, middle, high)
    metric = rng.choice([0.3, 1.0, 8.0], (n, 1)) * rng.choice([np.ones((n, m)), 10 ** rng.uniform(-3, 3, (n, m))])
    row = rng.choice([0.0, 0.1, 1.0, 5.0], n) * rng.random(n)
    penalty = Penalty(RowBlocks(), row[:, None], rng.choice([0.0, 0.5]) * rng.random((n, m)))
    rows = Prox(penalty, metric, low, high)
    return rows, 2 * rng.standard_normal((n, m))


@settings(deadline=None, max_examples=200, derandomize=True)
@given(SEEDS, st.booleans())
def test_the_proximal_map_meets_its_optimality_conditions_in_any_box(seed, zero_sides):
    rows, u = random_prox(seed, zero_sides)
    d = rows(u)
    assert ((d >= rows.low) & (d <= rows.high)).all()
    for k in range(len(u)):
        z = rows.metric[k] * (u[k] - d[k])
        size = max(1.0, (rows.metric[k] * np.abs(u[k])).max())
        row, cell = rows.penalty.block[k, 0], rows.penalty.cell[k]
        assert row_violation(z, d[k], row, cell, rows.low[k], rows.high[k]) < 1e-12 * size


@pytest.mark.parametrize("seed", range(15))
def test_no_minimum_scipy_finds_lies_below_the_proximal_map(seed):
    rows, u = random_prox(seed, zero_sides=False)
    d = rows(u)
    for k in range(len(u)):
        row, cell, metric = rows.penalty.block[k, 0], rows.penalty.cell[k], rows.metric[k]

        def value(v, k=k, row=row, cell=cell, metric=metric):
            return 0.5 * (metric * (v - u[k]) ** 2).sum() + row * np.linalg.norm(v) + (cell * np.abs(v)).sum()

        box = list(zip(rows.low[k], rows.high[k], strict=True))
        found = minimize(value, np.clip(u[k], rows.low[k], rows.high[k]), method="L-BFGS-B", bounds=box)
        assert value(d[k]) <= found.fun + 1e-12 * max(1.0, found.fun)


# Against other methods --------------------------------------------------------------------------------


@EXACT
@given(SEEDS)
def test_every_random_problem_meets_its_optimality_conditions(seed):
    p = random_problem(seed)
    solution = solve(p)
    assert solution.converged.all() and solution.status == "converged" and solution.solver == "fast"
    assert ((solution.beta >= p.box.lower) & (solution.beta <= p.box.upper)).all()
    assert violation(p, solution.beta) < 1e-11


@pytest.mark.parametrize("seed", range(4))
def test_without_penalty_it_is_least_squares(seed):
    x, y = regression(seed)
    np.testing.assert_allclose(solve(problem(x, y)).beta, np.linalg.lstsq(x, y, rcond=None)[0].T, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_without_penalty_in_a_box_it_is_bounded_least_squares(seed):
    x, y = regression(seed)
    rng = np.random.default_rng(seed)
    lower, upper = -rng.random((6, 4)), rng.random((6, 4))
    beta = solve(problem(x, y, lower=lower, upper=upper)).beta
    for k in range(6):
        found = lsq_linear(x, y[:, k], (lower[k], upper[k]), method="bvls", tol=1e-15)
        np.testing.assert_allclose(beta[k], found.x, atol=1e-10)


@pytest.mark.parametrize("size", [1e-3, 0.1, 0.5])
def test_the_lasso_is_what_coordinate_descent_converges_to(size):
    x, y = regression(1)
    rng = np.random.default_rng(1)
    prior, lower = rng.standard_normal((6, 4)), np.where(rng.random((6, 4)) < 0.5, -INF, 0.0)
    p = problem(x, y, cell=size, prior=prior, lower=lower)
    gram, g = 2 * x.T @ x / 50, 2 * y.T @ x / 50
    beta = np.zeros((6, 4))
    for _ in range(2000):
        for j in range(4):
            partial = (g[:, j] - beta @ gram[:, j]) / gram[j, j] + beta[:, j] - prior[:, j]
            shrunk = np.sign(partial) * np.maximum(np.abs(partial) - size / gram[j, j], 0)
            beta[:, j] = np.maximum(prior[:, j] + shrunk, lower[:, j])
    np.testing.assert_allclose(solve(p).beta, beta, atol=1e-12)


@pytest.mark.parametrize("row", [0.05, 0.4, 1.5])
def test_one_group_row_is_the_root_of_its_secular_equation(row):
    x, y = regression(2)
    gram, g = 2 * x.T @ x / 50, 2 * y.T @ x / 50
    beta = solve(problem(x, y, row=row)).beta
    for k in range(6):
        norm = np.linalg.norm(beta[k])
        if norm == 0:
            assert np.linalg.norm(g[k]) <= row
        else:
            ridge = np.linalg.solve(gram + row / norm * np.eye(4), g[k])
            np.testing.assert_allclose(beta[k], ridge, atol=1e-11)


@EXACT
@given(SEEDS, st.floats(0, 3, allow_subnormal=False), st.sampled_from(["row", "cell"]), st.floats(-2, 2))
def test_with_one_factor_it_is_a_soft_threshold_about_the_prior(seed, size, kind, prior):
    x, y = regression(seed, factors=1, responses=3)
    beta = solve(problem(x, y, prior=prior, lower=0.0, **{kind: size})).beta
    for k in range(3):
        a, g = 2 * (x[:, 0] ** 2).mean(), 2 * (x[:, 0] * y[:, k]).mean()
        expected = max(prior + soft(g / a - prior, size / a), 0.0)
        assert beta[k, 0] == pytest.approx(expected, abs=1e-13)


def test_a_lambda_below_the_normal_range_is_a_lambda():
    for seed in range(10):
        x, y = regression(seed, factors=1)
        np.testing.assert_allclose(solve(problem(x, y, row=2e-311)).beta, solve(problem(x, y)).beta, rtol=1e-12)


# Exactness --------------------------------------------------------------------------------------------


def test_zeros_are_exact_and_positive():
    x, y = regression(3)
    beta = solve(problem(x, y, cell=0.3, lower=[0, -INF, 0, -INF], upper=[INF, 0, INF, 0])).beta
    assert 3 < (beta == 0).sum() < beta.size
    assert not np.signbit(beta[beta == 0]).any()
    assert np.abs(beta[beta != 0]).min() > 1e-6


def test_a_prior_of_minus_zero_is_zero():
    x, y = regression(3)
    for penalty in ({"cell": 1e6}, {"row": 1e6}):
        beta = solve(problem(x, y, prior=-0.0, **penalty)).beta
        assert (beta == 0).all() and not np.signbit(beta).any()


def test_a_row_that_leaves_does_so_as_a_whole():
    x, y = regression(4)
    g = np.linalg.norm(2 * y.T @ x / 50, axis=1)
    row = np.where(np.arange(6) % 2, 1.0001, 0.9999) * g
    beta = solve(problem(x, y, row=row)).beta
    assert (beta[1::2] == 0).all() and (beta[::2] != 0).all()


def test_cells_at_a_bound_or_at_the_prior_are_exactly_there():
    x, y = regression(5)
    rng = np.random.default_rng(5)
    prior = rng.standard_normal((6, 4))
    lower, upper = prior - rng.random((6, 4)) / 3, prior + rng.random((6, 4)) / 3
    for penalty in ({"cell": 0.2}, {"row": 0.2, "cell": 0.1}):
        p = problem(x, y, prior=prior, lower=lower, upper=upper, **penalty)
        beta = solve(p).beta
        at = (beta == prior) | (beta == lower) | (beta == upper)
        near = np.minimum.reduce([np.abs(beta - v) for v in (prior, lower, upper)]) < 1e-9
        assert at.sum() > 5 and (at == near).all()


@pytest.mark.parametrize("side", [-1, 1])
def test_a_bound_far_from_the_prior_is_met_to_the_last_bit(side):
    x, y = regression(5, responses=40)
    bound = side * 0.01 * (1 + np.random.default_rng(5).random((40, 4)))
    box = {"upper": bound} if side > 0 else {"lower": bound}
    beta = solve(problem(x, y, prior=side * 3.3, cell=100.0, **box)).beta
    np.testing.assert_array_equal(beta, bound)


@pytest.mark.parametrize("kind", ["row", "cell"])
def test_a_large_penalty_leaves_exactly_the_prior_clipped_to_the_box(kind):
    x, y = regression(6)
    prior = np.random.default_rng(6).standard_normal((6, 4))
    free = solve(problem(x, y, prior=prior, **{kind: 1e6}))
    np.testing.assert_array_equal(free.beta, prior)
    p = problem(x, y, prior=prior, lower=0.0, upper=[[INF, 0.0, 0.5, INF]], cell=1e6)
    np.testing.assert_array_equal(solve(p).beta, p.box.clip(prior))


def test_the_smallest_lambda_that_clears_a_lasso_row_is_its_largest_gradient():
    x, y = regression(7)
    largest = np.abs(2 * y.T @ x / 50).max(axis=1)
    assert (solve(problem(x, y, cell=largest[:, None] * (1 + 1e-12))).beta == 0).all()
    assert (solve(problem(x, y, cell=largest[:, None] * (1 - 1e-6))).beta != 0).any(axis=1).all()


@pytest.mark.parametrize("penalty", [{}, {"cell": 0.1}, {"row": 0.1}, {"row": 0.1, "cell": 0.05}])
def test_a_prior_outside_the_box_pulls_to_the_nearest_side(penalty):
    x, y = regression(8)
    p = problem(x, y, prior=-2.0, lower=0.0, upper=0.7, **penalty)
    beta = solve(p).beta
    assert ((beta >= 0) & (beta <= 0.7)).all()
    assert violation(p, beta) < 1e-12


# Degenerate data --------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", [{}, {"cell": 0.05}, {"row": 0.05}, {"row": 0.02, "cell": 0.02}])
def test_twins_give_the_fit_of_one_of_them(penalty):
    x, y = regression(9, factors=2)
    twins = np.column_stack([x, x[:, 0], x[:, 0]])
    p = problem(twins, y, **penalty)
    solution = solve(p)
    assert solution.converged.all() and violation(p, solution.beta) < 1e-12
    if "row" not in penalty:
        alone = solve(problem(x, y, **penalty)).beta
        merged = np.column_stack([solution.beta[:, [0, 2, 3]].sum(axis=1), solution.beta[:, 1]])
        np.testing.assert_allclose(merged, alone, atol=1e-9)


def test_the_row_norm_gives_twins_the_same_loading():
    x, y = regression(10, factors=2)
    beta = solve(problem(np.column_stack([x, x[:, 0]]), y, row=0.1)).beta
    np.testing.assert_allclose(beta[:, 0], beta[:, 2], atol=1e-10)


@pytest.mark.parametrize("penalty", [{}, {"cell": 0.05}, {"row": 0.05}])
def test_a_factor_that_is_zero_keeps_its_loading_at_the_clipped_prior(penalty):
    x, y = regression(11)
    x[:, 2] = 0.0
    prior = np.array([0.0, 0.0, -0.4, 0.0])
    for lower in (-INF, 0.0):
        if penalty.get("row"):
            prior = 0 * prior  # the row norm pulls the others through a prior that cannot move
        beta = solve(problem(x, y, prior=prior, lower=lower, **penalty)).beta
        assert (beta[:, 2] == max(prior[2], lower)).all()
        assert (beta[:, 0] != 0).any()


@pytest.mark.parametrize("penalty", [{}, {"cell": 1e-6}, {"cell": 0.05}, {"row": 0.05}, {"row": 1e-6, "cell": 1e-6}])
def test_more_factors_than_rows_are_solved(penalty):
    x, y = regression(12, rows=8, factors=20, responses=5)
    p = problem(x, y, **penalty)
    solution = solve(p)
    assert solution.converged.all()
    assert violation(p, solution.beta) < 1e-12


def test_a_response_without_data_keeps_the_clipped_prior():
    x, y = regression(13)
    y[:, 1] = NAN
    for penalty in ({}, {"cell": 0.1}, {"row": 0.1}):
        p = problem(x, y, prior=[[0.5, -0.5, 0.0, 1.0]], lower=[[0.0, 0.0, -INF, -INF]], **penalty)
        assert solve(p).beta[1].tolist() == [0.5, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e5])
@pytest.mark.parametrize("kind", ["row", "cell"])
def test_units_do_not_matter_if_lambda_goes_with_their_square(scale, kind):
    x, y = regression(14)
    expected = solve(problem(x, y, **{kind: 0.2})).beta
    beta = solve(problem(scale * x, scale * y, **{kind: scale**2 * 0.2})).beta
    np.testing.assert_allclose(beta, expected, atol=1e-11)
    np.testing.assert_array_equal(beta == 0, expected == 0)


# One response and the others --------------------------------------------------------------------------


@EXACT
@given(SEEDS)
def test_a_response_solved_alone_is_the_response_solved_with_others(seed):
    p = random_problem(seed, factors=3)
    unique = [k for k in range(len(p.prior)) if p.moments.spectrum[0][p.moments.pattern[k], 0] > 1e-6]
    together = solve(p).beta
    for k in unique:
        np.testing.assert_allclose(solve(only(p, [k])).beta[0], together[k], rtol=1e-12, atol=1e-12)


def test_permuting_responses_permutes_the_loadings_bit_for_bit_in_value():
    x, y = regression(15, responses=12)
    y[::7, ::3] = NAN
    p = problem(x, y, row=0.1, cell=0.05, lower=0.0)
    order = np.random.default_rng(15).permutation(12).tolist()
    np.testing.assert_allclose(solve(only(p, order)).beta, solve(p).beta[order], rtol=0, atol=1e-13)


def test_permuting_factors_permutes_the_loadings():
    x, y = regression(16)
    order = [2, 0, 3, 1]
    for penalty in ({"cell": 0.1}, {"row": 0.1, "cell": 0.02}):
        left = solve(problem(x[:, order], y, **penalty)).beta
        np.testing.assert_allclose(left, solve(problem(x, y, **penalty)).beta[:, order], atol=1e-12)


def test_turning_a_factor_around_turns_its_loadings():
    x, y = regression(17)
    turn = np.array([1, -1, 1, 1])
    left = solve(problem(x * turn, y, row=0.1, cell=0.05)).beta
    np.testing.assert_allclose(left, turn * solve(problem(x, y, row=0.1, cell=0.05)).beta, atol=1e-12)


def test_the_same_problem_gives_the_same_bytes():
    p = random_problem(18)
    assert solve(p).beta.tobytes() == solve(p).beta.tobytes()


def test_solving_leaves_the_problem_alone():
    p = random_problem(19)
    parts = [p.moments.gram, p.moments.linear, p.penalty.block, p.penalty.cell, p.prior, p.box.lower, p.box.upper]
    before = [values.copy() for values in parts]
    solve(p)
    assert all(np.array_equal(a, b) for a, b in zip(parts, before, strict=True))


def test_no_response_is_no_work():
    solution = solve(only(random_problem(20), []))
    assert solution.beta.shape[0] == 0 and solution.iterations == 0 and solution.converged.all()


def test_a_response_that_stopped_early_is_counted_in_the_status():
    solution = dataclasses.replace(solve(random_problem(21)), converged=np.array([True, False, False]))
    assert solution.status.startswith("2 of 3 responses stopped before the solver's tolerance")
