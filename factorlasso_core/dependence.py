"""Correlation of responses with holes in their histories."""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.ewm import decay, loss_weights

# Absolute thresholds of the reference below which a variance counts as none.
TOTAL_VARIANCE_FLOOR = 1e-10
VARIANCE_FLOOR = 1e-12
CANCELLATION = 1e-13  # share of a sum of squares that is lost when its mean is taken out afterwards


def correlation(y: Array, span: float | None, normalization: str = "reference") -> Array:
    """Return the correlation matrix of the columns of ``y``, (N, N), zero where it is undefined.

    Args:
        y: (T, N) demeaned responses, NaN where missing.
        span: None for the pairwise-complete sample correlation; else EWMA with this span.
        normalization: With a span, ``"reference"`` is the zero-start recursion that updates a pair
            only on rows where both are present and never divides by the weights, so late starters
            are shrunk; ``"pairwise"`` divides by the weights of each pair.
    """
    if span is None:
        result = _pearson(y)
    elif normalization == "pairwise":
        result = _pair_weighted(y, loss_weights(len(y), span))
    else:
        result = _from_covariance(ewm_covariance(y, span))
    np.fill_diagonal(result, 1.0)
    return np.clip(result, -1.0, 1.0)


def _pearson(y: Array) -> Array:
    """Pairwise-complete sample correlation: each pair about its own means on its common rows."""
    present = ~np.isnan(y)
    if present.all():
        z = y - y.mean(axis=0)
        square = np.einsum("tn,tn->n", z, z)
        return _normalised(z.T @ z, square[:, None], square[None, :], floor=len(y) * _noise(y)[:, None])
    v = present.astype(float)
    mean = np.where(present, y, 0.0).sum(axis=0) / np.maximum(v.sum(axis=0), 1.0)
    z = np.where(present, y - mean, 0.0)
    count = np.maximum(v.T @ v, 1.0)
    sums = z.T @ v  # (i, j): sum of i over the rows where j is present too
    raw = (z * z).T @ v
    squares = raw - sums**2 / count
    cross = z.T @ z - sums * sums.T / count
    # A series that stands still on the rows it shares with another leaves what the subtraction rounds.
    return _normalised(cross, squares, squares.T, floor=CANCELLATION * raw + count * _noise(y)[:, None])


def _pair_weighted(y: Array, weights: Array) -> Array:
    """EWMA correlation with each pair divided by its own weights; no mean removal, y is demeaned."""
    v = (~np.isnan(y)).astype(float)
    z = np.nan_to_num(y, nan=0.0)
    squares = (z * z * weights[:, None]).T @ v
    mass = (v * weights[:, None]).T @ v
    return _normalised((z * weights[:, None]).T @ z, squares, squares.T, floor=mass * _noise(y)[:, None])


def _noise(y: Array) -> Array:
    """Square that rounding alone can leave in a cell of each column, (N,)."""
    return (1e-14 * np.nanmax(np.abs(y), axis=0, initial=0.0, where=~np.isnan(y))) ** 2


def _normalised(cross: Array, left: Array, right: Array, floor: Array) -> Array:
    """Correlation where both legs vary by more than the floor of the left one, (N, N) or (N, 1)."""
    defined = (left > floor) & (right > floor.T)
    root = np.sqrt(np.where(defined, left * right, 1.0))
    return np.where(defined, cross / root, 0.0)


def ewm_covariance(y: Array, span: float) -> Array:
    """Return the reference's EWMA covariance, (N, N): zero start, pairs move where both are present.

    ``S_t = d S_{t-1} + (1 - d) z_t z_t'`` on the pairs present in row t, ``S_t = S_{t-1}`` on the others.
    Columns without holes after their start need one weighted product; only the others are stepped.
    """
    present = ~np.isnan(y)
    started = np.logical_or.accumulate(present, axis=0)
    holed = (started & ~present).any(axis=0)
    z = np.where(present, y, 0.0)
    weights = (1.0 - decay(span)) * loss_weights(len(y), span)
    covariance = (z * weights[:, None]).T @ z
    if holed.any():
        stepped = _stepped(z, present, np.flatnonzero(holed), decay(span))
        covariance[holed] = stepped
        covariance[:, holed] = stepped.T
    return covariance


def _stepped(z: Array, present: Array, columns: Array, d: float) -> Array:
    """Rows of the covariance for the columns with holes, (H, N), row of data by row of data.

    With z zero where missing, a pair's update is ``S (1 - (1-d) v_i v_j) + (1-d) z_i z_j`` whether it is
    present or not, so whole matrices move and nothing is gathered.
    """
    state = np.zeros((len(columns), z.shape[1]))
    change = np.empty_like(state)
    for value, here in zip(z, present.astype(float), strict=True):
        np.multiply.outer((d - 1.0) * here[columns], here, out=change)
        change += 1.0
        state *= change
        np.multiply.outer((1.0 - d) * value[columns], value, out=change)
        state += change
    return state


def _from_covariance(covariance: Array) -> Array:
    """Correlation with the reference's absolute variance floors."""
    variance = np.diag(covariance)
    if variance.sum() <= TOTAL_VARIANCE_FLOOR:
        return np.eye(len(variance))
    defined = variance > VARIANCE_FLOOR
    scale = np.where(defined, 1.0 / np.sqrt(np.where(defined, variance, 1.0)), 0.0)
    return covariance * scale[:, None] * scale[None, :]
