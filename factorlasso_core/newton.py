"""Newton steps on the cells where the objective is smooth, each after a proximal gradient step.

The gradient step says which cells are at zero or at a bound, and releases those that should not be; Newton does the
rest. A unit is finished when the gradient step moves none of its cells by more than rounding.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.blocks import FactorBlocks
from factorlasso_core.deviation import Deviation
from factorlasso_core.prox import EPS

STEPS = 12
RIDGE = 1e-13
TOGETHER = 256  # responses whose systems are solved at one size
SPARSE = 0.6  # share of free cells up to which smaller systems are worth their indexing


def newton(rows: Deviation, d: Array, steps: int = STEPS) -> tuple[Array, Array]:
    """Go up to ``steps`` steps from d, (n, M); finished units leave the batch.

    Returns:
        The deviations (n, M), and whether each response is finished, (n,).
    """
    out, finished = d.copy(), np.zeros(len(d), dtype=bool)
    left = np.arange(len(d))
    for _ in range(steps):
        ahead, done = rows.prox_step(d)
        if done.any():
            out[left[done]], finished[left[done]] = d[done], True
            keep = np.flatnonzero(~done)
            left, rows, ahead = left[keep], rows.take(keep), ahead[keep]
        if not len(left):
            return out, finished
        d = _step(rows, ahead)
    out[left] = d
    return out, finished


def _step(rows: Deviation, d: Array) -> Array:
    """One whole step, with overshooting cells set to their kink or bound; where that fails a cut one, or none."""
    gradient, free = rows.gradient(d), rows.free(d)
    step = -_direction(rows, d, free, gradient)
    new = np.clip(d + step, rows.low, rows.high)
    new = np.where(free & rows.kinked & (new * d < 0), 0.0, new)
    value, size = rows.objective(d, gradient)
    most = value + 4 * EPS * size
    worse = np.flatnonzero(~(rows.objective(new)[0] <= most))
    if len(worse):
        part, here = rows.take(worse), d[worse]
        cut = _to_first_stop(part, here, step[worse])
        lower = part.objective(cut)[0] <= most[worse]
        new[worse] = np.where(lower[:, None], cut, here)
    return new


def _direction(rows: Deviation, d: Array, free: Array, gradient: Array) -> Array:
    """``H⁻¹ ∇`` on the free cells, zero elsewhere, with ``H = A + Σ_b (r/‖d_b‖)(I - u_b u_b')``."""
    pull, blocks = rows.penalty.pull(d), rows.penalty.blocks
    slope = np.where(free, gradient + pull * d + rows.penalty.cell * np.sign(d), 0.0)
    length = rows.penalty.length(d)
    unit = np.where(free, np.divide(d, length, out=np.zeros_like(d), where=length > 0), 0.0)
    if isinstance(blocks, FactorBlocks):
        hessian = _block_diagonal(_grams(rows, np.arange(len(d))), free, pull)
        return _across(blocks, np.linalg.inv(hessian), np.sqrt(pull) * unit, slope)
    return _by_row(rows, free, pull, unit, slope)


def _by_row(rows: Deviation, free: Array, pull: Array, unit: Array, slope: Array) -> Array:
    """The direction where every response is a unit: responses with supports of about one size are solved together."""
    out, count = np.zeros_like(slope), np.count_nonzero(free, axis=1)
    order = np.argsort(count, kind="stable")
    for part in np.split(order, range(TOGETHER, len(order), TOGETHER)):
        size = count[part[-1]]
        at: tuple[Array, ...] = (part,)
        if size <= SPARSE * free.shape[1]:
            at = (part[:, None], np.argsort(~free[part], axis=1, kind="stable")[:, :size])
        hessian = _block_diagonal(_grams(rows, *at), free[at], pull[part])
        out[at] = _less_one(hessian, pull[part, 0], unit[at], slope[at])
    return out


def _grams(rows: Deviation, members: Array, cells: Array | None = None) -> Array:
    """Gram matrices of some responses, (n, M, M) or one for all; on some cells of each, (n, m), these alone."""
    if cells is None:
        return rows.gram if len(rows.gram) == 1 else rows.gram[rows.pattern[members]]
    left, right = cells[:, :, None], cells[:, None, :]
    # With a single matrix two indices are faster than three.
    return (
        rows.gram[0][left, right] if len(rows.gram) == 1 else rows.gram[rows.pattern[members][:, :, None], left, right]
    )


def _block_diagonal(gram: Array, free: Array, pull: Array) -> Array:
    """``A + diag(r/‖d_b‖)`` on the free cells of every response and the identity on the others, (n, m, m)."""
    mask, cell = free.astype(float), np.arange(free.shape[1])
    hessian = gram * mask[:, :, None]
    hessian *= mask[:, None, :]
    # A ridge at rounding level keeps collinear factors solvable; along them only the kinks decide.
    diagonal = (hessian[:, cell, cell] + pull * mask) * (1.0 + RIDGE)
    hessian[:, cell, cell] = np.where(diagonal > 0, diagonal, 1.0)
    return hessian


def _less_one(b: Array, pull: Array, unit: Array, slope: Array) -> Array:
    """``(B - p uu')⁻¹ s`` of every response by Sherman and Morrison's formula."""
    if not pull.any():
        return np.linalg.solve(b, slope[:, :, None])[:, :, 0]
    solved = np.linalg.solve(b, np.stack([slope, unit], axis=2))
    bare, along = solved[:, :, 0], solved[:, :, 1]
    rest = 1.0 - pull * np.vecdot(unit, along) + RIDGE
    return bare + (pull * np.vecdot(unit, bare) / rest)[:, None] * along


def _across(blocks: FactorBlocks, inverse: Array, v: Array, slope: Array) -> Array:
    """``(B - VV')⁻¹ s`` for blocks that run over responses: Woodbury, so only M x M systems are solved.

    B is block diagonal over responses, V has one column per block of the unit, and each cell is in one block.
    """
    parts = (np.where(v > 0, v, 0.0), np.where(v < 0, v, 0.0)) if blocks.signed else (v,)
    columns = np.concatenate(parts, axis=1)  # (n, Q)
    inner = np.block([[blocks.of_unit(np.add, a[:, :, None] * inverse * b[:, None, :]) for b in parts] for a in parts])
    rest = np.eye(columns.shape[1]) - inner
    cell = np.arange(columns.shape[1])
    rest[:, cell, cell] += RIDGE
    bare = (inverse @ slope[:, :, None])[:, :, 0]
    right = blocks.of_unit(np.add, columns * np.tile(bare, (1, len(parts))))
    weight = np.linalg.solve(rest, right[:, :, None])[:, :, 0][blocks.cluster]
    back = (columns * weight).reshape(len(v), len(parts), -1).sum(axis=1)
    return bare + (inverse @ back[:, :, None])[:, :, 0]


def _to_first_stop(rows: Deviation, d: Array, step: Array) -> Array:
    """Go along the step until the unit's first cell meets its kink or bound, and leave that cell exactly there."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        to_kink = np.where(rows.kinked & (step * d < 0), -d / step, np.inf)
        side = np.where(step < 0, rows.low, rows.high)
        to_side = np.where(step != 0, (side - d) / step, np.inf)
    stop = np.minimum(to_kink, to_side)
    length = rows.over_unit(np.minimum, np.minimum(stop.min(axis=1), 1.0))[:, None]
    moved = np.clip(d + length * step, rows.low, rows.high)
    met = (stop <= length) & (step != 0)
    return np.where(met, np.where(to_kink <= to_side, 0.0, side), moved)
