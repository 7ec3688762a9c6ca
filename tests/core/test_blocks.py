"""Blocks over a cluster: sums, the proximal map, the solver and the certificate when responses are coupled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from factorlasso_core import fast, reference
from factorlasso_core.blocks import Blocks, FactorBlocks, RowBlocks, SignedBlocks
from factorlasso_core.certificate import certify
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.moments import moments
from factorlasso_core.options import LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import Penalty, group_penalty, lasso_penalty
from factorlasso_core.prepare import prepare
from factorlasso_core.problem import Problem
from factorlasso_core.prox import Prox
from factorlasso_core.signs import Box
from factorlasso_core.solve import solve

INF = np.inf
FCGL, COOPERATIVE = LassoModelType.FACTOR_CLUSTER_GROUP_LASSO, LassoModelType.COOPERATIVE_GROUP_LASSO
SEEDS = st.integers(0, 2**32 - 1)


def open_box(shape: tuple[int, int]) -> Box:
    return Box(np.full(shape, -INF), np.full(shape, INF), np.zeros(shape, dtype=np.int8))


def coupled(seed: int, model: LassoModelType | None = None, unit: float | None = None) -> Problem:
    """Ragged data, twins and any units; a random penalty that couples clusters, with prior and (FCGL) signs."""
    rng = np.random.default_rng(seed)
    n, m, t = int(rng.integers(1, 10)), int(rng.integers(1, 6)), int(rng.integers(8, 50))
    labels = rng.integers(0, int(rng.integers(1, 4)), n)
    x = rng.standard_normal((t, m))
    if m > 1 and rng.random() < 0.3:
        x[:, 1] = x[:, 0]
    beta = rng.standard_normal((4, m))[labels] + 0.3 * rng.standard_normal((n, m))
    y = x @ beta.T + rng.choice([0.1, 1.0, 3.0]) * rng.standard_normal((t, n))
    if rng.random() < 0.5:
        y[rng.random((t, n)) < 0.2] = np.nan
    scale = 10.0 ** rng.uniform(-6, 4) if unit is None else unit
    panel = Panel.from_frames(pd.DataFrame(scale * x), pd.DataFrame(scale * y))
    data = prepare(panel, LossOptions(span=[None, 20.0][int(rng.integers(2))]))
    loss = moments(data)
    lam = np.abs(loss.linear).max() * rng.choice([0.0, *10.0 ** rng.uniform(-5, 0.5, 9)])
    kind = model or [FCGL, COOPERATIVE][int(rng.integers(2))]
    penalty = group_penalty(kind, "normalized", labels, m).at(PenaltyOptions(lam, rng.choice([0.0, 0.1, 0.5, 1.0])))
    prior = rng.choice([0.0, 1.0]) * rng.standard_normal((n, m))
    box = open_box((n, m))
    if kind is FCGL and rng.random() < 0.6:
        signs = rng.choice([-1, 0, 1, np.nan], (n, m))
        box = Box(np.where(signs >= 0, 0.0, -INF), np.where(signs <= 0, 0.0, INF), box.rule)
    return Problem(data, loss, penalty, prior, box)


# Sums ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [[0, 0, 1], [5, 2, 5, 2, 9], [1, 1, 1], [3, 1, 2]])
def test_a_block_is_summed_over_its_cluster_factor_by_factor(labels):
    values = np.random.default_rng(0).standard_normal((len(labels), 3))
    total = FactorBlocks(np.array(labels)).total(values, values)
    for k, label in enumerate(labels):
        members = [i for i, other in enumerate(labels) if other == label]
        np.testing.assert_allclose(total[k], values[members].sum(axis=0), rtol=1e-14)


def test_a_signed_block_sums_the_cells_of_one_sign_and_a_cell_without_sign_has_none():
    signs = np.array([[1.0, -1.0], [1.0, 0.0], [-1.0, -1.0]])
    values = np.array([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]])
    total = SignedBlocks(np.zeros(3, dtype=int)).total(values, signs)
    np.testing.assert_array_equal(total, [[5.0, 34.0], [5.0, 0.0], [16.0, 34.0]])


@pytest.mark.parametrize("blocks", [RowBlocks(), FactorBlocks(np.array([1, 0, 1, 2])), SignedBlocks(np.arange(4))])
def test_some_responses_of_whole_units_keep_their_sums(blocks: Blocks):
    values = np.random.default_rng(1).standard_normal((4, 2))
    keep = np.array([0, 2, 3])
    np.testing.assert_array_equal(
        blocks.take(keep).total(values[keep], values[keep]), blocks.total(values, values)[keep]
    )
    assert blocks.one(values).shape == blocks.total(values, values).shape


def test_the_value_of_the_penalty_is_the_written_sum_for_coupled_models():
    rng = np.random.default_rng(2)
    labels, d = np.array(["a", "b", "a"]), rng.standard_normal((3, 2))
    for kind, parts in ((FCGL, [d]), (COOPERATIVE, [np.maximum(d, 0), np.maximum(-d, 0)])):
        found = group_penalty(kind, "normalized", labels, 2).at(PenaltyOptions(0.7, 0.2)).value(d).sum()
        norms = sum(
            np.sqrt(len(g) / 2) * np.linalg.norm(part[g, j]) for part in parts for g in ([0, 2], [1]) for j in (0, 1)
        )
        assert found == pytest.approx(0.8 * 0.7 * norms + 0.2 * 0.7 * np.abs(d).sum(), rel=1e-13)


# The proximal map ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_no_minimum_scipy_finds_lies_below_the_proximal_map_of_a_block(seed):
    rng = np.random.default_rng(seed)
    n, m = 5, 2
    labels = np.array([0, 1, 0, 0, 1])
    signed = seed % 3 == 2
    low, high = np.full((n, m), -INF), np.full((n, m), INF)
    if not signed:
        low = np.where(rng.random((n, m)) < 0.5, -rng.random((n, m)) + 0.3, low)
        high = np.where(rng.random((n, m)) < 0.5, 1 + rng.random((n, m)), high)
    metric = np.full((n, m), 2.0) if signed else rng.choice([0.5, 1.0, 4.0], (n, m))
    blocks = SignedBlocks(labels) if signed else FactorBlocks(labels)
    penalty = Penalty(blocks, np.array([0.9, 0.4, 0.9, 0.9, 0.4])[:, None] * np.ones((n, m)), 0.1 * np.ones((n, m)))
    u = 2 * rng.standard_normal((n, m))
    d = Prox(penalty, metric, low, high)(u)
    assert ((d >= low) & (d <= high)).all()

    def value(flat):
        v = flat.reshape(n, m)
        return 0.5 * (metric * (v - u) ** 2).sum() + penalty.value(v).sum()

    box = list(zip(low.ravel(), high.ravel(), strict=True))
    for start in (d, np.clip(u, low, high), np.clip(0.5 * u, low, high)):
        found = minimize(value, start.ravel(), method="L-BFGS-B", bounds=box)
        assert value(d.ravel()) <= found.fun + 1e-12


# Solver and certificate ---------------------------------------------------------------------------


@settings(deadline=None, max_examples=150, derandomize=True)
@given(SEEDS)
def test_every_coupled_problem_is_proved_optimal(seed):
    problem = coupled(seed)
    solution = fast.solve(problem)
    assert solution.converged.all()
    assert ((solution.beta >= problem.box.lower) & (solution.beta <= problem.box.upper)).all()
    assert certify(problem, solution.beta).relative_gap <= 1e-12


@settings(deadline=None, max_examples=60, derandomize=True)
@given(SEEDS)
def test_the_gap_bounds_what_a_worse_candidate_loses(seed):
    problem = coupled(seed)
    rng = np.random.default_rng(seed)
    best = fast.solve(problem).beta
    noise = rng.standard_normal(best.shape) * (rng.random(best.shape) < 0.5)
    candidate = problem.box.clip(best + 10.0 ** rng.uniform(-8, 0) * noise)
    blocks = problem.penalty.blocks
    lost = blocks.by_unit(np.add, problem.objective(candidate) - problem.objective(best))
    size = blocks.by_unit(np.add, problem.objective(candidate))
    assert (certify(problem, candidate).gap >= lost - 1e-12 * size).all()


@pytest.mark.parametrize("seed", range(12))
def test_cvxpy_finds_nothing_lower(seed):
    problem = coupled(seed, unit=1.0)
    ours = problem.objective(fast.solve(problem).beta).sum()
    theirs = problem.objective(reference.solve(problem, "CLARABEL").beta).sum()
    assert ours <= theirs * (1 + 1e-12)
    assert theirs <= ours * (1 + 1e-6) + 1e-7  # the two statements are of one problem


@pytest.mark.parametrize("seed", range(6))
def test_clusters_of_one_are_the_lasso(seed):
    """FCGL with singleton clusters is LASSO at λ sqrt(1/N), for any prior and signs."""
    base = coupled(seed, FCGL)
    n, m = base.prior.shape
    lam = 0.1 * np.abs(base.moments.linear).max()
    single = group_penalty(FCGL, "normalized", np.arange(n), m).at(PenaltyOptions(lam))
    left = fast.solve(Problem(base.data, base.moments, single, base.prior, base.box)).beta
    plain = lasso_penalty((n, m)).at(PenaltyOptions(lam * np.sqrt(1 / n)))
    right = fast.solve(Problem(base.data, base.moments, plain, base.prior, base.box)).beta
    objective = Problem(base.data, base.moments, plain, base.prior, base.box).objective
    np.testing.assert_allclose(objective(left), objective(right), rtol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_a_factor_cluster_solution_of_one_sign_is_the_cooperative_one(seed):
    rng = np.random.default_rng(seed)
    x, labels = rng.standard_normal((80, 3)), np.array([0, 0, 1, 1, 1])
    y = x @ (1 + rng.random((5, 3))).T + 0.1 * rng.standard_normal((80, 5))
    data = prepare(Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y)), LossOptions())
    loss = moments(data)
    found = []
    for kind in (FCGL, COOPERATIVE):
        penalty = group_penalty(kind, "normalized", labels, 3).at(PenaltyOptions(0.3, 0.1))
        found.append(fast.solve(Problem(data, loss, penalty, np.zeros((5, 3)), open_box((5, 3)))).beta)
    assert (found[0] > 0).all()
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@pytest.mark.parametrize("kind", [FCGL, COOPERATIVE])
def test_the_order_of_the_responses_does_not_matter(kind):
    problem = coupled(11, kind)
    order = np.random.default_rng(0).permutation(len(problem.prior))
    loss, box, penalty = problem.moments, problem.box, problem.penalty
    shuffled = Problem(
        problem.data,
        type(loss)(loss.gram, loss.pattern[order], loss.linear[order], loss.constant[order]),
        Penalty(type(penalty.blocks)(penalty.blocks.cluster[order]), penalty.block[order], penalty.cell[order]),
        problem.prior[order],
        Box(box.lower[order], box.upper[order], box.rule[order]),
    )
    np.testing.assert_allclose(fast.solve(shuffled).beta, fast.solve(problem).beta[order], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("kind", [FCGL, COOPERATIVE])
def test_runs_keep_clusters_together(kind, monkeypatch):
    problem = coupled(11, kind)
    whole = solve(problem)
    monkeypatch.setattr("factorlasso_core.solve.HESSIAN_CELLS", 1)
    parts = solve(problem)
    np.testing.assert_allclose(parts.solution.beta, whole.solution.beta, rtol=1e-9, atol=1e-13)
    assert parts.certificate.relative.shape == whole.certificate.relative.shape
    assert parts.certificate.relative_gap <= 1e-9


@pytest.mark.parametrize("kind", [FCGL, COOPERATIVE])
def test_above_the_largest_dual_norm_every_loading_is_exactly_the_prior(kind):
    problem = coupled(7, kind)
    pull = problem.moments.linear - problem.moments.times_gram(problem.prior)
    blocks = problem.penalty.blocks
    largest = np.sqrt(blocks.total(pull**2, pull)).max()
    for factor, at_prior in ((1.001, True), (0.9, False)):
        penalty = Penalty(blocks, np.full(pull.shape, factor * largest), np.zeros(pull.shape))
        solved = fast.solve(Problem(problem.data, problem.moments, penalty, problem.prior, open_box(pull.shape)))
        assert (solved.beta == problem.prior).all() == at_prior
