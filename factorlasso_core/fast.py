"""First-party solver: all responses at once, exact zeros, machine precision.

Works on the deviation ``d = β - β⁰``: minimise ``½ d'Ad - h'd + r‖d‖ + Σ c_j|d_j|`` on ``[low, high]``,
``h = g - Aβ⁰``. Three steps, repeated on the responses that are not finished:

1. A row is finished at once where d = 0 satisfies the optimality conditions, or where there is neither
   penalty nor box: least squares.
2. A burst of accelerated proximal gradient (FISTA with adaptive restart, O'Donoghue and Candès 2015)
   finds which cells are at zero or at a bound.
3. Newton steps on the cells that are left, where the objective is smooth, bring machine precision; a
   step that would cross zero or a bound stops there. A step is kept only if the objective falls.

A response leaves the batch when the proximal gradient residual is at rounding level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.moments import Moments, gram_times
from factorlasso_core.problem import Problem, Solution
from factorlasso_core.prox import EPS, allowed, holds_zero, norm, prox, soft

TOLERANCE = 1e-13  # proximal gradient residual of a cell as a share of what its gradient sums
BURST = 20  # first burst of gradient steps; later ones are longer
ROUNDS = 24
WORK = 1e11  # multiplications in gradient steps after which a solve gives up and says so
BLOCK_CELLS = 2**23  # cells of the Hessians held at a time
NEWTON_STEPS = 6
RIDGE = 1e-13
UNEVEN = 30.0  # ratio of Gram diagonals from which gradient steps are scaled cell by cell


@dataclass(frozen=True, eq=False)
class _Rows:
    """The subproblems of the responses still in the batch, (n, M) unless noted."""

    gram: Array  # (P, M, M)
    pattern: Array  # (n,)
    h: Array
    terms: Array  # magnitudes h was subtracted from: its rounding
    row: Array  # (n,)
    cell: Array
    low: Array
    high: Array
    metric: Array  # diagonal that majorises the Gram matrix: gradient steps divide by it

    def take(self, keep: Array) -> _Rows:
        """The subproblems of some of the rows."""
        parts = (getattr(self, name)[keep] for name in ("h", "terms", "row", "cell", "low", "high", "metric"))
        return _Rows(self.gram, self.pattern[keep], *parts)

    def gradient(self, d: Array) -> Array:
        """Gradient of the smooth part at d."""
        return gram_times(self.gram, self.pattern, d) - self.h

    def prox(self, u: Array) -> Array:
        """Proximal map of the penalty and the box in the metric of the steps."""
        return prox(u, self.metric, self.row, self.cell, self.low, self.high)

    def objective(self, d: Array) -> tuple[Array, Array]:
        """Objective of every row and the size of its terms, against which rounding is judged."""
        quadratic = 0.5 * (d * gram_times(self.gram, self.pattern, d)).sum(axis=1)
        linear = (self.h * d).sum(axis=1)
        penalty = self.row * norm(d) + (self.cell * np.abs(d)).sum(axis=1)
        return quadratic - linear + penalty, quadratic + np.abs(linear) + penalty


def solve(problem: Problem) -> Solution:
    """Solve every response to machine precision; never fails, reports what did not converge."""
    rows = _rows(problem)
    d = _polish_all(rows, _start(problem, rows))
    beta = _on_the_nose(problem, rows, d.values)
    return Solution(beta=beta, converged=d.converged, iterations=d.iterations, solver="fast")


def _rows(problem: Problem) -> _Rows:
    moments, box = problem.moments, problem.box
    weight = gram_times(np.abs(moments.gram), moments.pattern, np.abs(problem.prior))
    return _Rows(
        gram=moments.gram,
        pattern=moments.pattern,
        terms=np.abs(moments.linear) + weight,
        h=moments.linear - moments.times_gram(problem.prior),
        row=problem.penalty.row,
        cell=problem.penalty.cell,
        low=box.lower - problem.prior,
        high=box.upper - problem.prior,
        metric=_metric(moments)[moments.pattern],
    )


def _start(problem: Problem, rows: _Rows) -> Array:
    """The deviation nearest to zero in the box; without penalty and box the least squares solution nearest to it."""
    bare = (rows.row == 0) & ~rows.cell.any(axis=1) & np.all(np.isinf(rows.low) & np.isinf(rows.high), axis=1)
    start = np.clip(np.zeros_like(rows.h), rows.low, rows.high)
    return np.where(bare[:, None], problem.moments.least_squares(rows.h), start) if bare.any() else start


def _metric(moments: Moments) -> Array:
    """A diagonal D with A <= D for every pattern, (P, M): even where the factors are alike, else scaled by cell."""
    largest = moments.spectrum[0][:, -1:]
    even = np.broadcast_to(np.where(largest > 0, largest, 1.0), moments.gram.shape[:2])
    size = np.sqrt(np.maximum(np.einsum("pjj->pj", moments.gram), 0.0))
    unit = np.where(size > 0, size, 1.0)
    # Gershgorin bounds the matrix scaled to unit diagonal; an empty factor takes any positive value.
    bound = (np.abs(moments.gram) / (unit[:, :, None] * unit[:, None, :])).sum(axis=2).max(axis=1)
    scaled = np.where(size > 0, bound[:, None] * size**2, even)
    smallest = np.where(size > 0, size, np.inf).min(axis=1)
    uneven = size.max(axis=1) ** 2 > UNEVEN * smallest**2
    return np.where(uneven[:, None], scaled, even)


def _on_the_nose(problem: Problem, rows: _Rows, d: Array) -> Array:
    """β⁰ + d, with cells at zero deviation or at a bound set exactly there."""
    beta = problem.box.clip(problem.prior + d)
    beta = np.where(d == 0, problem.prior, beta)
    beta = np.where(d == rows.low, problem.box.lower, beta)
    return np.where(d == rows.high, problem.box.upper, beta) + 0.0


@dataclass(eq=False)
class _State:
    values: Array
    converged: Array
    iterations: int = 0


def _polish_all(rows: _Rows, d: Array) -> _State:
    """Bursts and Newton steps on the unfinished rows until none is left or the rounds are used up."""
    state = _State(d, np.where(d.any(axis=1), _residual(rows, d) <= TOLERANCE, _zero_is_optimal(rows)))
    left = np.flatnonzero(~state.converged)
    length, work = BURST, 0.0
    for _ in range(ROUNDS):
        work += length * len(left) * d.shape[1] ** 2
        if not len(left) or work > WORK:
            break
        part, now = rows.take(left), state.values[left]
        now = _newton(part, _burst(part, now, length))
        state.values[left] = now
        state.iterations += length
        done = _residual(part, now) <= TOLERANCE
        state.converged[left[done]] = True
        left = left[~done]
        length = min(2 * length, 2000)
    return state


def _zero_is_optimal(rows: _Rows) -> Array:
    """Rows where the deviation zero satisfies the optimality conditions, (n,)."""
    return holds_zero(rows.low, rows.high) & (norm(allowed(soft(rows.h, rows.cell), rows.low, rows.high)) <= rows.row)


def _burst(rows: _Rows, d: Array, length: int) -> Array:
    """FISTA for a number of steps; a row whose momentum points uphill starts its momentum anew."""
    step = 1.0 / rows.metric
    ahead, t = d, np.ones(len(d))
    for _ in range(length):
        new = rows.prox(ahead - step * rows.gradient(ahead))
        uphill = (rows.metric * (ahead - new) * (new - d)).sum(axis=1) > 0
        t = np.where(uphill, 1.0, t)
        t_next = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))
        ahead = new + ((t - 1.0) / t_next)[:, None] * (new - d)
        d, t = new, t_next
    return d


def _residual(rows: _Rows, d: Array) -> Array:
    """Largest proximal gradient residual of a cell as a share of the terms its gradient sums, (n,)."""
    moved = rows.metric * np.abs(rows.prox(d - rows.gradient(d) / rows.metric) - d)
    terms = gram_times(np.abs(rows.gram), rows.pattern, np.abs(d))
    size = rows.terms + terms + rows.metric * np.abs(d)
    return np.divide(moved, size, out=np.where(moved > 0, np.inf, 0.0), where=size > 0).max(axis=1)


def _newton(rows: _Rows, d: Array) -> Array:
    """Newton steps on the free cells of every row; rows at the penalty's kink stay."""
    block = max(1, BLOCK_CELLS // d.shape[1] ** 2)
    if len(d) > block:
        parts = [np.arange(at, min(at + block, len(d))) for at in range(0, len(d), block)]
        return np.concatenate([_newton(rows.take(part), d[part]) for part in parts])
    left = np.arange(len(d))
    d = d.copy()
    for _ in range(NEWTON_STEPS):
        part, now = rows.take(left), d[left]
        new, moved = _newton_step(part, now)
        d[left] = new
        left = left[moved]
        if not len(left):
            break
    return d


def _free(rows: _Rows, d: Array) -> Array:
    """Cells where the objective is smooth at d."""
    at_kink = (d == 0) & ((rows.cell > 0) | ((rows.row > 0) & ~d.any(axis=1))[:, None])
    return (d > rows.low) & (d < rows.high) & ~at_kink


def _newton_step(rows: _Rows, d: Array) -> tuple[Array, Array]:
    """One step, whole with overshooting cells set to their kink or bound, or cut at the first of them.

    Returns the new rows and which of them moved by more than rounding.
    """
    free = _free(rows, d)
    step = _direction(rows, d, free)
    whole = np.clip(d + step, rows.low, rows.high)
    whole = np.where(free & (rows.cell > 0) & (whole * d < 0), 0.0, whole)
    truncated = _to_first_stop(rows, d, step)
    value, size = rows.objective(d)
    best, best_value = d, value + 4 * EPS * size
    for candidate in (truncated, whole):
        candidate_value = rows.objective(candidate)[0]
        better = candidate_value <= best_value
        best = np.where(better[:, None], candidate, best)
        best_value = np.where(better, candidate_value, best_value)
    moved = np.abs(best - d).max(axis=1) > 4 * EPS * np.abs(d).max(axis=1)
    return best, moved


def _direction(rows: _Rows, d: Array, free: Array) -> Array:
    """Newton direction on the free cells, zero elsewhere."""
    length = norm(d)
    pull = np.divide(rows.row, length, out=np.zeros_like(length), where=length > 0)
    unit = np.divide(d, length[:, None], out=np.zeros_like(d), where=length[:, None] > 0)
    slope = rows.gradient(d) + pull[:, None] * d + rows.cell * np.sign(d)
    hessian = rows.gram[rows.pattern] - pull[:, None, None] * unit[:, :, None] * unit[:, None, :]
    cell = np.arange(d.shape[1])
    hessian[:, cell, cell] += pull[:, None]
    hessian *= free[:, :, None] & free[:, None, :]
    # A ridge at rounding level keeps collinear factors solvable; along them only the kinks decide.
    hessian[:, cell, cell] *= 1.0 + RIDGE
    hessian[:, cell, cell] += hessian[:, cell, cell] <= 0
    return -np.linalg.solve(hessian, np.where(free, slope, 0.0)[:, :, None])[:, :, 0]


def _to_first_stop(rows: _Rows, d: Array, step: Array) -> Array:
    """Go along the step until the first cell meets its kink or bound, and leave that cell exactly there."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        to_kink = np.where((rows.cell > 0) & (step * d < 0), -d / step, np.inf)
        side = np.where(step < 0, rows.low, rows.high)
        to_side = np.where(step != 0, (side - d) / step, np.inf)
    stop = np.minimum(to_kink, to_side)
    length = np.minimum(stop.min(axis=1), 1.0)[:, None]
    moved = np.clip(d + length * step, rows.low, rows.high)
    met = (stop <= length) & (step != 0)
    return np.where(met, np.where(to_kink <= to_side, 0.0, side), moved)
