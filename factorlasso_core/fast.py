"""First-party solver: all responses at once, exact zeros, machine precision.

Works on the deviation from the prior (:class:`~factorlasso_core.deviation.Deviation`), from the better of two
starts: zero, and the minimum without bounds and L1 term, which has a closed form (least squares, or a pure row
norm). Units (a response; a cluster where the penalty couples its members) for which the start is optimal are
finished. Two steps are repeated on the others:

1. A burst of accelerated proximal gradient (FISTA with adaptive restart, O'Donoghue and Candès 2015)
   finds which cells are at zero or at a bound.
2. Newton steps on the cells that are left, where the objective is smooth, bring machine precision.

A unit leaves the batch when the proximal gradient residual is at rounding level.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.blocks import RowBlocks
from factorlasso_core.deviation import Deviation
from factorlasso_core.moments import Moments
from factorlasso_core.newton import newton
from factorlasso_core.problem import Problem, Solution
from factorlasso_core.secular import row_norm_minimum

BURST = 5.0  # gradient steps of the first burst for a Gram matrix of condition one; they grow with its root
SHORTEST, LONGEST_FIRST, LONGEST = 10, 60, 2000  # later bursts are longer than the first
ROUNDS = 24
WORK = 1e11  # multiplications in gradient steps after which a solve gives up and says so


def solve(problem: Problem) -> Solution:
    """Solve every response to machine precision; never fails, reports what did not converge."""
    rows = Deviation.of(problem)
    d, converged, iterations = _polish(rows, _start(problem, rows), _first_burst(problem.moments))
    beta = _on_the_nose(problem, rows, d)
    return Solution(beta=beta, converged=converged, iterations=iterations, solver="fast")


def _start(problem: Problem, rows: Deviation) -> Array:
    """The better of zero and the minimum without bounds and L1 term, both brought into the box, (n, M)."""
    moments, penalty = problem.moments, rows.penalty
    zero = np.zeros_like(rows.h)
    if isinstance(penalty.blocks, RowBlocks) and penalty.block.any():
        far = row_norm_minimum(moments, rows.h, penalty.block[:, 0])
    else:
        far = moments.least_squares(rows.h)
    near, far = (np.clip(d, rows.low, rows.high) for d in (zero, far))
    farther = rows.objective(far)[0] < rows.objective(near)[0]
    return np.where(farther[:, None], far, near)


def _first_burst(moments: Moments) -> int:
    """Gradient steps after which most zeros are found: they follow the condition of the middle of the spectrum."""
    values = moments.spectrum[0]
    middle = np.median(values, axis=1)
    condition = np.divide(values[:, -1], middle, out=np.ones_like(middle), where=middle > 0).max()
    return int(np.clip(BURST * np.sqrt(condition), SHORTEST, LONGEST_FIRST))


def _on_the_nose(problem: Problem, rows: Deviation, d: Array) -> Array:
    """β⁰ + d, with cells at zero deviation or at a bound set exactly there."""
    beta = problem.box.clip(problem.prior + d)
    beta = np.where(d == 0, problem.prior, beta)
    beta = np.where(d == rows.low, problem.box.lower, beta)
    return np.where(d == rows.high, problem.box.upper, beta) + 0.0


def _polish(rows: Deviation, d: Array, length: int) -> tuple[Array, Array, int]:
    """Bursts, the first of a given length, and Newton steps on the unfinished units, up to a bound on the work.

    Returns:
        The deviations (n, M), whether each response is finished (n,), and the gradient steps of the longest.
    """
    ahead, converged = rows.prox_step(d)
    left = np.flatnonzero(~converged)
    work, iterations = 0.0, 0
    d = np.where(converged[:, None], d, ahead)
    for _ in range(ROUNDS):
        work += length * len(left) * d.shape[1] ** 2
        if not len(left) or work > WORK:
            break
        part = rows.take(left)
        d[left], converged[left] = newton(part, _burst(part, d[left], length))
        left = left[~converged[left]]
        iterations += length
        length = min(2 * length, LONGEST)
    return d, converged, iterations


def _burst(rows: Deviation, d: Array, length: int) -> Array:
    """FISTA for a number of steps; a unit whose momentum points uphill starts its momentum anew."""
    step, prox = 1.0 / rows.metric, rows.prox
    ahead, t = d, np.ones(len(d))
    for _ in range(length):
        new = prox(ahead - step * rows.gradient(ahead))
        uphill = rows.over_unit(np.add, np.vecdot(rows.metric * (ahead - new), new - d)) > 0
        t = np.where(uphill, 1.0, t)
        t_next = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))
        ahead = new + ((t - 1.0) / t_next)[:, None] * (new - d)
        d, t = new, t_next
    return d
