"""First-party solver: all responses at once, exact zeros, machine precision.

Works on the deviation from the prior (:class:`~factorlasso_core.deviation.Deviation`). Three steps, repeated
on the units (a response; a cluster where the penalty couples its members) that are not finished:

1. A unit is finished at once where the deviation zero satisfies the optimality conditions, or where the solution
   has a closed form: neither penalty nor box (least squares), or a pure row norm without a box.
2. A burst of accelerated proximal gradient (FISTA with adaptive restart, O'Donoghue and Candès 2015)
   finds which cells are at zero or at a bound.
3. Newton steps on the cells that are left, where the objective is smooth, bring machine precision; a
   step that would cross zero or a bound stops there. A step is kept only if the objective falls.

A unit leaves the batch when the proximal gradient residual is at rounding level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.blocks import RowBlocks
from factorlasso_core.deviation import Deviation
from factorlasso_core.newton import newton
from factorlasso_core.problem import Problem, Solution
from factorlasso_core.secular import row_norm_minimum

TOLERANCE = 1e-13  # proximal gradient residual of a cell as a share of what its gradient sums
BURST = 20  # first burst of gradient steps; later ones are longer
ROUNDS = 24
WORK = 1e11  # multiplications in gradient steps after which a solve gives up and says so


def solve(problem: Problem) -> Solution:
    """Solve every response to machine precision; never fails, reports what did not converge."""
    rows = Deviation.of(problem)
    d = _polish_all(rows, _start(problem, rows))
    beta = _on_the_nose(problem, rows, d.values)
    return Solution(beta=beta, converged=d.converged, iterations=d.iterations, solver="fast")


def _start(problem: Problem, rows: Deviation) -> Array:
    """The deviation nearest to zero in the box, or the solution where it has a closed form: without bounds and L1 term.

    That is least squares, nearest to the prior, where there is no penalty, and else that of a pure row norm.
    """
    start = np.clip(np.zeros_like(rows.h), rows.low, rows.high)
    open_ = np.all(np.isinf(rows.low) & np.isinf(rows.high), axis=1) & ~rows.penalty.cell.any(axis=1)
    normed = rows.penalty.block.any(axis=1)
    bare = np.flatnonzero(open_ & ~normed)
    if len(bare):
        start[bare] = problem.moments.least_squares(rows.h)[bare]
    pure = np.flatnonzero(open_ & normed)
    if len(pure) and isinstance(rows.penalty.blocks, RowBlocks):
        start[pure] = row_norm_minimum(problem.moments.of(pure), rows.h[pure], rows.penalty.block[pure, 0])
    return start


def _on_the_nose(problem: Problem, rows: Deviation, d: Array) -> Array:
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


def _polish_all(rows: Deviation, d: Array) -> _State:
    """Bursts and Newton steps on the unfinished units until none is left or the rounds are used up."""
    moved = rows.over_unit(np.logical_or, np.any(d, axis=1))
    state = _State(d, np.where(moved, rows.residual(d) <= TOLERANCE, rows.zero_is_optimal()))
    left = np.flatnonzero(~state.converged)
    length, work = BURST, 0.0
    for _ in range(ROUNDS):
        work += length * len(left) * d.shape[1] ** 2
        if not len(left) or work > WORK:
            break
        part, now = rows.take(left), state.values[left]
        now = newton(part, _burst(part, now, length))
        state.values[left] = now
        state.iterations += length
        done = part.residual(now) <= TOLERANCE
        state.converged[left[done]] = True
        left = left[~done]
        length = min(2 * length, 2000)
    return state


def _burst(rows: Deviation, d: Array, length: int) -> Array:
    """FISTA for a number of steps; a unit whose momentum points uphill starts its momentum anew."""
    step, prox = 1.0 / rows.metric, rows.prox
    ahead, t = d, np.ones(len(d))
    for _ in range(length):
        new = prox(ahead - step * rows.gradient(ahead))
        uphill = rows.over_unit(np.add, (rows.metric * (ahead - new) * (new - d)).sum(axis=1)) > 0
        t = np.where(uphill, 1.0, t)
        t_next = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))
        ahead = new + ((t - 1.0) / t_next)[:, None] * (new - d)
        d, t = new, t_next
    return d
