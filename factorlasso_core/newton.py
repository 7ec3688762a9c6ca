"""Newton steps on the cells where the objective is smooth; a step is kept only if the objective falls."""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.blocks import FactorBlocks, RowBlocks
from factorlasso_core.deviation import Deviation
from factorlasso_core.prox import EPS

BLOCK_CELLS = 2**23  # cells of the Hessians held at a time
STEPS = 6
RIDGE = 1e-13


def newton(rows: Deviation, d: Array) -> Array:
    """A few steps on every unit, (n, M); units at the penalty's kink stay."""
    parts = _batches(rows, max(1, BLOCK_CELLS // d.shape[1] ** 2))
    if len(parts) == 1:
        return _steps(rows, d)
    out = d.copy()
    for part in parts:
        out[part] = _steps(rows.take(part), d[part])
    return out


def _batches(rows: Deviation, size: int) -> list[Array]:
    """Positions of the responses in runs of about ``size`` that keep units together."""
    n = len(rows.h)
    if n <= size:
        return [np.arange(n)]
    blocks = rows.penalty.blocks
    order = np.argsort(blocks.cluster, kind="stable") if isinstance(blocks, FactorBlocks) else np.arange(n)
    first = blocks.by_unit(np.minimum, np.argsort(order))[order]  # where the unit of each begins in this order
    run = first // size
    return np.split(order, np.flatnonzero(np.diff(run)) + 1)


def _steps(rows: Deviation, d: Array) -> Array:
    left = np.arange(len(d))
    d = d.copy()
    for step in range(STEPS):
        part, now = (rows, d) if step == 0 else (rows.take(left), d[left])
        new, moved = _step(part, now)
        d[left] = new
        left = left[moved]
        if not len(left):
            break
    return d


def _step(rows: Deviation, d: Array) -> tuple[Array, Array]:
    """One step, whole with overshooting cells set to their kink or bound, or cut at the first of them.

    Returns the new rows and which of them belong to units that moved by more than rounding.
    """
    free = rows.free(d)
    step = -_direction(rows, d, free)
    whole = np.clip(d + step, rows.low, rows.high)
    whole = np.where(free & rows.kinked & (whole * d < 0), 0.0, whole)
    value, size = rows.objective(d)
    best, best_value = d, value + 4 * EPS * size
    for candidate in (_to_first_stop(rows, d, step), whole):
        candidate_value = rows.objective(candidate)[0]
        better = candidate_value <= best_value
        best = np.where(better[:, None], candidate, best)
        best_value = np.where(better, candidate_value, best_value)
    change, length = rows.over_unit(np.maximum, np.stack([np.abs(best - d), np.abs(d)], axis=2).max(axis=1)).T
    return best, change > 4 * EPS * length


def _direction(rows: Deviation, d: Array, free: Array) -> Array:
    """``H⁻¹ ∇`` on the free cells, zero elsewhere, with ``H = A + Σ_b (r/‖d_b‖)(I - u_b u_b')``."""
    pull = rows.penalty.pull(d)
    slope = np.where(free, rows.gradient(d) + pull * d + rows.penalty.cell * np.sign(d), 0.0)
    length = rows.penalty.length(d)
    unit = np.where(free, np.divide(d, length, out=np.zeros_like(d), where=length > 0), 0.0)
    hessian = rows.gram[rows.pattern]
    cell = np.arange(d.shape[1])
    hessian[:, cell, cell] += pull
    blocks = rows.penalty.blocks
    if isinstance(blocks, RowBlocks) and pull.any():
        hessian -= pull[:, :, None] * (unit[:, :, None] * unit[:, None, :])
    hessian *= free[:, :, None] & free[:, None, :]
    # A ridge at rounding level keeps collinear factors solvable; along them only the kinks decide.
    hessian[:, cell, cell] *= 1.0 + RIDGE
    hessian[:, cell, cell] += hessian[:, cell, cell] <= 0
    if isinstance(blocks, RowBlocks):
        return np.linalg.solve(hessian, slope[:, :, None])[:, :, 0]
    return _across(blocks, np.linalg.inv(hessian), np.sqrt(pull) * unit, slope)


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
