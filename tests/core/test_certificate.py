"""The gap bounds the distance to the minimum for any candidate, whoever found it."""

from __future__ import annotations

import ast
import dataclasses
import itertools
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from factorlasso_core import fast
from factorlasso_core.blocks import RowBlocks
from factorlasso_core.certificate import certify
from factorlasso_core.moments import moments
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import Penalty
from factorlasso_core.prepare import prepare
from factorlasso_core.problem import Problem
from factorlasso_core.signs import Box

NAN, INF = np.nan, np.inf
EXACT = settings(deadline=None, max_examples=60, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


def row_penalty(row, cell) -> Penalty:
    return Penalty(RowBlocks(), row[:, None], cell)


def problem(x, y, *, row=0.0, cell=0.0, prior=0.0, lower=-INF, upper=INF, **options) -> Problem:
    """A problem from plain arrays; scalars and rows are broadcast to responses by factors."""
    panel = Panel.from_frames(pd.DataFrame(np.asarray(x, float)), pd.DataFrame(np.asarray(y, float)))
    data = prepare(panel, LossOptions(**{"demean": False, **options}))
    shape = (panel.shape[1], panel.shape[2])
    cell, prior, lower, upper = (np.array(np.broadcast_to(v, shape), dtype=float) for v in (cell, prior, lower, upper))
    penalty = row_penalty(np.array(np.broadcast_to(row, shape[:1]), dtype=float), cell)
    return Problem(data, moments(data), penalty, prior, Box(lower, upper, np.zeros(shape, dtype=np.int8)))


def random_problem(seed: int, factors: int | None = None, kind: str = "any") -> Problem:
    """Ragged data, short data, twins and silent factors; any penalty, prior and box."""
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 5)) if factors is None else factors
    rows, n = int(rng.choice([3, 6, 25])), int(rng.integers(1, 4))
    x = rng.standard_normal((rows, m))
    if m > 1 and rng.random() < 0.3:
        x[:, 1] = x[:, 0]
    if rng.random() < 0.15:
        x[:, -1] = 0.0
    truth = rng.standard_normal((n, m)) * (rng.random((n, m)) < 0.6)
    y = x @ truth.T + rng.choice([0.0, 0.5]) * rng.standard_normal((rows, n))
    if rng.random() < 0.5:
        y[rng.random(y.shape) < 0.15] = NAN
    size = rng.choice([0.0, 1e-3, 0.1, 1.0])
    kind = str(rng.choice(["cell", "row", "both"])) if kind == "any" else kind
    lower, upper = np.full((n, m), -INF), np.full((n, m), INF)
    side = rng.random((n, m))
    lower[side < 0.3], upper[side > 0.7] = 0.0, 0.0
    lower[side > 0.9] = 0.0
    if rng.random() < 0.3:  # sides elsewhere than at zero
        lower, upper = lower - 0.2 * rng.random((n, m)), upper + 0.3 * rng.random((n, m))
    return problem(
        x, y,
        row=0.0 if kind == "cell" else size * (0.2 + rng.random(n)),
        cell=0.0 if kind == "row" else size * rng.random((n, m)),
        prior=rng.choice([0.0, 1.0]) * rng.standard_normal((n, m)) * (rng.random((n, m)) < 0.6),
        lower=lower, upper=upper,
        span=rng.choice(np.array([None, 10.0])),
    )  # fmt: skip


def scale(p: Problem) -> np.ndarray:
    """What the relative gap divides by, at the prior: a size to measure rounding against, (N,)."""
    return np.maximum(p.moments.loss(p.box.clip(p.prior)), p.objective(p.box.clip(p.prior)))


def nearby(p: Problem, beta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A feasible candidate at a random distance: all cells, some cells, or dust on the zeros."""
    size = 10.0 ** rng.integers(-12, 1)
    noise = size * rng.standard_normal(beta.shape)
    where = rng.choice(["all", "some", "zeros"])
    if where == "some":
        noise *= rng.random(beta.shape) < 0.3
    if where == "zeros":
        noise *= beta == p.prior
    return p.box.clip(beta + noise)


# An optimum found without the solver ------------------------------------------------------------------


def enumerated(p: Problem, k: int, ridge: float = 0.0) -> np.ndarray:
    """Row k minimising loss, cell penalty and ridge: the best of all choices of kinks, bounds and signs."""
    gram = p.moments.gram[p.moments.pattern[k]] + ridge * np.eye(p.prior.shape[1])
    prior, lower, upper, cell = p.prior[k], p.box.lower[k], p.box.upper[k], p.penalty.cell[k]
    h = p.moments.linear[k] + ridge * prior
    best, best_value = p.box.clip(p.prior)[k], INF
    for status in itertools.product(("prior", "lower", "upper", 1.0, -1.0), repeat=len(prior)):
        places = {"prior": prior, "lower": lower, "upper": upper}
        fixed = np.array([places[s][j] if isinstance(s, str) else NAN for j, s in enumerate(status)])
        if np.isinf(fixed).any():
            continue
        free = np.isnan(fixed)
        b = np.where(free, 0.0, fixed)
        if free.any():
            sign = np.array([s for s in status if not isinstance(s, str)])
            rhs = h[free] - gram[free][:, ~free] @ b[~free] - cell[free] * sign
            b[free] = np.linalg.lstsq(gram[np.ix_(free, free)], rhs, rcond=1e-12)[0]
        b = np.clip(b, lower, upper)
        value = 0.5 * b @ gram @ b - h @ b + cell @ np.abs(b - prior)
        if value < best_value:
            best, best_value = b, value
    return best


def optimum(p: Problem, k: int) -> float:
    """Smallest objective of row k; the norm is the minimum over ρ of (‖d‖²/ρ + ρ)/2."""

    def value(b: np.ndarray) -> float:
        beta = p.box.clip(p.prior)
        beta[k] = b
        return float(p.objective(beta)[k])

    row = p.penalty.block[k, 0]
    if row == 0:
        return value(enumerated(p, k))
    rough = minimize_scalar(
        lambda s: value(enumerated(p, k, row * np.exp(-s))), bounds=(-25, 8), method="bounded",
        options={"xatol": 1e-7},
    )  # fmt: skip
    return min(rough.fun, value(p.box.clip(p.prior)[k]), value(enumerated(p, k, row * np.exp(25))))


@pytest.mark.parametrize("kind", ["cell", "row", "both"])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_proved_optimal_is_the_optimum_found_by_enumeration(seed, kind):
    p = random_problem(seed, factors=2, kind=kind)
    beta = fast.solve(p).beta
    assert certify(p, beta).relative_gap < 1e-12
    for k in range(len(beta)):
        assert p.objective(beta)[k] == pytest.approx(optimum(p, k), rel=1e-9, abs=1e-12 * scale(p)[k])


# A true upper bound -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150, derandomize=True)
@given(SEEDS)
def test_the_gap_is_never_less_than_what_a_feasible_candidate_is_above_the_optimum(seed):
    p = random_problem(seed)
    rng, beta = np.random.default_rng(seed), fast.solve(p).beta
    for _ in range(5):
        candidate = nearby(p, beta, rng)
        above = p.objective(candidate) - p.objective(beta)
        rounding = 1e-13 * np.maximum(scale(p), p.objective(candidate))
        assert (certify(p, candidate).gap >= above - rounding).all()


@settings(deadline=None, max_examples=100, derandomize=True)
@given(SEEDS)
def test_the_gap_bounds_any_two_feasible_candidates_against_each_other(seed):
    p = random_problem(seed)
    rng = np.random.default_rng(seed)
    left, right = (p.box.clip(rng.standard_normal(p.prior.shape)) for _ in range(2))
    above = p.objective(left) - p.objective(right)
    assert (certify(p, left).gap >= above * (1 - 1e-12)).all()


@EXACT
@given(SEEDS)
def test_the_gap_is_negligible_at_the_optimum_whatever_the_rank_penalty_and_noise(seed):
    p = random_problem(seed)
    proof = certify(p, fast.solve(p).beta)
    assert proof.relative_gap < 1e-12
    assert proof.kkt_residual < 1e-10


@pytest.mark.parametrize("seed", range(8))
def test_the_gap_closes_as_a_candidate_approaches_the_optimum(seed):
    p = problem(*_full_rank(seed), row=0.05, cell=0.02, lower=0.0)
    beta = fast.solve(p).beta
    away = p.box.clip(beta + np.abs(np.random.default_rng(seed).standard_normal(beta.shape)))
    gaps = [certify(p, beta + 10.0**-e * (away - beta)).gap.sum() for e in (0, 2, 4, 6)]
    assert gaps[0] > 10 * gaps[1] > 100 * gaps[2] > 1000 * gaps[3]


def _full_rank(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40, 3))
    return x, x @ rng.standard_normal((3, 4)) + rng.standard_normal((40, 4))


def test_without_penalty_and_box_the_gap_is_exactly_the_distance():
    x, y = _full_rank(0)
    p = problem(x, y)
    candidate = np.random.default_rng(0).standard_normal((4, 3))
    least = np.linalg.lstsq(x, y, rcond=None)[0].T
    expected = ((y - x @ candidate.T) ** 2).mean(axis=0) - ((y - x @ least.T) ** 2).mean(axis=0)
    np.testing.assert_allclose(certify(p, candidate).gap, expected, rtol=1e-10)


def test_outside_the_box_the_gap_is_infinite_however_near():
    p = problem(*_full_rank(1), cell=0.1, lower=0.0)
    beta = fast.solve(p).beta
    beta[2, 1] = -5e-324
    proof = certify(p, beta)
    assert np.isinf(proof.gap[2]) and np.isinf(proof.relative[2]) and np.isinf(proof.relative_gap)
    assert (proof.relative[[0, 1, 3]] < 1e-12).all()


def test_the_relative_gap_divides_by_the_objective_or_the_loss_at_the_clipped_prior():
    x, y = _full_rank(2)
    p = problem(x, y, cell=0.1, prior=-1.0, lower=0.0)
    for beta in (np.zeros((4, 3)), np.full((4, 3), 9.0)):
        proof = certify(p, beta)
        floor = np.maximum(p.objective(beta), (y**2).mean(axis=0))
        np.testing.assert_allclose(proof.relative, proof.gap / floor, rtol=1e-12)
        assert proof.relative_gap == proof.relative.max()


@EXACT
@given(SEEDS, st.integers(-12, 12))
def test_units_change_the_gap_by_their_square_and_the_relative_gap_not_at_all(seed, power):
    p, c = random_problem(seed), 2.0**power
    m = p.moments
    data = dataclasses.replace(p.data, x=c * p.data.x, y=c * p.data.y)
    penalty = row_penalty(c**2 * p.penalty.block[:, 0], c**2 * p.penalty.cell)
    other = dataclasses.replace(p, data=data, moments=moments(data), penalty=penalty)
    beta = nearby(p, fast.solve(p).beta, np.random.default_rng(seed))
    left, right = certify(p, beta), certify(other, beta)
    assert np.array_equal(other.moments.gram, c**2 * m.gram)
    np.testing.assert_array_equal(right.gap, c**2 * left.gap)
    np.testing.assert_array_equal(right.relative, left.relative)
    np.testing.assert_array_equal(right.held, left.held)


@EXACT
@given(SEEDS)
def test_the_proof_of_a_response_does_not_feel_the_others(seed):
    p = random_problem(seed)
    beta = nearby(p, fast.solve(p).beta, np.random.default_rng(seed))
    together = certify(p, beta)
    for k in range(len(beta)):
        alone = certify(only(p, [k]), beta[[k]])
        # The brackets of the gap are differences of terms of the size of the objective.
        np.testing.assert_allclose(alone.gap, together.gap[[k]], rtol=1e-6, atol=1e-14 * scale(p)[k])


def only(p: Problem, rows: list[int]) -> Problem:
    """The same problem for some of its responses."""
    m = p.moments
    part = dataclasses.replace(m, pattern=m.pattern[rows], linear=m.linear[rows], constant=m.constant[rows])
    data = dataclasses.replace(p.data, y=p.data.y[:, rows], valid=p.data.valid[:, rows])
    penalty = row_penalty(p.penalty.block[rows, 0], p.penalty.cell[rows])
    box = Box(p.box.lower[rows], p.box.upper[rows], p.box.rule[rows])
    return Problem(data, part, penalty, p.prior[rows], box)


# Degenerate data --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [0.0, 1e-8, 0.1])
@pytest.mark.parametrize("cell", [0.0, 1e-8, 0.1])
def test_more_factors_than_rows_and_twins_are_proved_too(row, cell):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((4, 7))
    x[:, 5] = x[:, 0]
    p = problem(x, rng.standard_normal((4, 2)), row=row, cell=cell)
    proof = certify(p, fast.solve(p).beta)
    assert proof.relative_gap < 1e-12
    assert (certify(p, np.ones((2, 7))).gap > 0).all()


def test_noise_free_data_without_penalty_are_proved_though_the_objective_is_rounding():
    x = np.random.default_rng(4).standard_normal((30, 3))
    truth = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 0.0]])
    p = problem(x, x @ truth.T)
    beta = fast.solve(p).beta
    assert (np.abs(p.objective(beta)) < 1e-14 * p.moments.constant).all()
    assert certify(p, beta).relative_gap < 1e-24
    assert certify(p, truth + 1e-3).relative_gap > 1e-8


def test_no_data_have_no_gap():
    p = problem(np.zeros((5, 2)), np.zeros((5, 1)), cell=0.1)
    proof = certify(p, np.zeros((1, 2)))
    assert (proof.relative_gap, proof.kkt_residual) == (0.0, 0.0)
    assert not proof.held.any()


def test_no_response_has_no_gap():
    p = only(random_problem(5), [])
    proof = certify(p, p.prior)
    assert (proof.relative_gap, proof.kkt_residual) == (0.0, 0.0)


def _constant_response_with_a_prior(seed: int, cell: float) -> Problem:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((5, 6)), np.full((5, 1), 1.7)
    return problem(x, y, prior=rng.standard_normal((1, 6)), cell=cell, demean=True)


def test_a_constant_response_with_a_prior_is_proved_at_lambda_zero():
    for seed in range(20):
        p = _constant_response_with_a_prior(seed, 0.0)
        assert certify(p, fast.solve(p).beta).relative_gap < 1e-12


def test_a_constant_response_with_a_prior_has_a_finite_kkt_residual():
    for seed in range(20):
        p = _constant_response_with_a_prior(seed, 1e-3)
        assert certify(p, fast.solve(p).beta).kkt_residual < 1e-10


# Multipliers ------------------------------------------------------------------------------------------


def relaxed(p: Problem, by: np.ndarray) -> Problem:
    """The box widened by a matrix, on the side each multiplier points to."""
    box = Box(p.box.lower - by, p.box.upper + by, p.box.rule)
    return dataclasses.replace(p, box=box)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("row", "cell"), [(0.0, 0.0), (0.0, 0.05), (0.02, 0.0), (0.02, 0.05), (1.5, 0.05)])
def test_a_relaxed_bound_gains_its_multiplier_per_unit(seed, row, cell):
    rng = np.random.default_rng(seed)
    x, y = _full_rank(seed)
    prior = rng.standard_normal((4, 3)) * (rng.random((4, 3)) < 0.4)
    p = problem(x, y, row=row, cell=cell, prior=prior, lower=rng.choice([0, -INF], (4, 3)))
    p = dataclasses.replace(p, box=Box(p.box.lower, rng.choice([0, INF], (4, 3)), p.box.rule))
    beta = fast.solve(p).beta
    mu, before, h = certify(p, beta).multipliers, p.objective(beta), 1e-8
    for k, j in np.argwhere(np.isfinite(p.box.lower) | np.isfinite(p.box.upper)):
        by = np.zeros((4, 3))
        by[k, j] = h
        wide = relaxed(p, by)
        gain = (before[k] - wide.objective(fast.solve(wide).beta)[k]) / h
        assert gain == pytest.approx(abs(mu[k, j]), abs=2e-5)


def test_the_sign_of_a_multiplier_tells_the_side():
    x, y = _full_rank(7)
    least = np.linalg.lstsq(x, y, rcond=None)[0].T
    p = problem(x, y, lower=np.where(least < 0, 0.0, -INF), upper=np.where(least > 0, 0.0, INF))
    mu = certify(p, fast.solve(p).beta).multipliers
    held = np.abs(mu) > 1e-12
    assert held.any()
    assert (np.sign(mu[held]) == np.sign(least[held])).all()


def test_a_pinned_cell_is_held_on_the_side_the_data_push():
    x = np.array([[1.0], [-1.0]])
    for slope in (2.0, -3.0):
        proof = certify(problem(x, slope * x, lower=0.0, upper=0.0), np.zeros((1, 1)))
        assert proof.multipliers[0, 0] == pytest.approx(2 * slope, rel=1e-15)
        assert proof.held[0, 0]


@pytest.mark.parametrize(("size", "expected"), [(0.0, 6.0), (2.0, 4.0), (5.9, 0.1), (6.0, 0.0), (60.0, 0.0)])
@pytest.mark.parametrize("kind", ["row", "cell"])
def test_the_bound_carries_only_what_the_penalty_does_not(size, expected, kind):
    x = np.array([[1.0], [-1.0]])
    p = problem(x, -3 * x, lower=0.0, **{kind: size})
    proof = certify(p, np.zeros((1, 1)))
    assert proof.gap[0] == 0
    assert proof.multipliers[0, 0] == pytest.approx(-expected, abs=1e-14)
    assert proof.held[0, 0] == (expected > 0)


@pytest.mark.parametrize(
    ("row", "expected"), [(0.0, (-3, -4)), (2.0, (-1, -2)), (3.5, (0, -0.5)), (4.5, (0, 0)), (9.0, (0, 0))]
)
def test_each_bound_of_a_row_at_its_prior_has_the_smallest_multiplier_it_can_have_alone(row, expected):
    x = np.sqrt(2) * np.eye(4)[:, :2]  # A is the identity
    p = problem(x, x @ [[-3.0], [-4.0]], row=row, lower=0.0)
    proof = certify(p, np.zeros((1, 2)))
    assert proof.gap[0] < 1e-15
    np.testing.assert_allclose(proof.multipliers, [expected], atol=1e-14)
    assert proof.held.tolist() == [[e != 0 for e in expected]]


def test_certificates_cannot_be_written():
    p = random_problem(8)
    proof = certify(p, fast.solve(p).beta)
    assert not any(value.flags.writeable for value in vars(proof).values())


# Independence -----------------------------------------------------------------------------------------


def core_imports(module: str, seen: set[str]) -> set[str]:
    """Modules of the core a module imports, directly or through others."""
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.startswith("factorlasso_core.") and name not in seen:
                core_imports(name, seen | {name})
                seen.add(name)
                seen |= core_imports(name, seen)
    return seen


def test_the_certificate_shares_no_code_with_any_solver():
    imported = core_imports("factorlasso_core.certificate", set())
    assert "factorlasso_core.moments" in imported
    assert not imported & {f"factorlasso_core.{name}" for name in ("fast", "prox", "reference", "solve", "fit")}
