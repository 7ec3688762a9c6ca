"""Dependence of responses with holes in their histories: correlation, rank correlation, Gerber's statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.ewm import decay, ewm_product, loss_weights
from factorlasso_core.gerber import gerber

# Absolute thresholds of the reference below which a variance counts as none.
TOTAL_VARIANCE_FLOOR = 1e-10
VARIANCE_FLOOR = 1e-12
CANCELLATION = 1e-13  # share of a sum of squares that is lost when its mean is taken out afterwards
TWINS = 1e-14  # correlations that differ from ±1 by less are ±1: what is left is the rounding of the sums


def dependence(
    y: Array,
    *,
    measure: str = "pearson",
    span: float | None = None,
    normalization: str = "reference",
    gerber_threshold: float = 0.5,
) -> Array:
    """Return how alike the columns of ``y`` move, (N, N), in [-1, 1], zero where it is undefined.

    Args:
        y: (T, N) demeaned responses, NaN where missing.
        measure: ``"pearson"``; ``"spearman"``, the same on :func:`ranks`; or ``"gerber"``.
        span: EWMA span of the rows; None: equal weights.
        normalization: Of an EWMA correlation, see :func:`correlation`. Under ``"reference"`` ranks enter with
            their level, as in the reference: they are all positive, so every correlation is large. Under
            ``"pairwise"`` they are centred on the middle rank first.
        gerber_threshold: In [0, 1], see :func:`~factorlasso_core.gerber.gerber`; ignored by the others.
    """
    if measure == "gerber":
        return _tidy(gerber(y, span, gerber_threshold))
    if measure == "spearman":
        y = ranks(y)
        if normalization == "pairwise":
            y = y - 0.5 * ((~np.isnan(y)).sum(axis=0) + 1)
    return correlation(y, span, normalization)


def ranks(y: Array) -> Array:
    """Return the rank of each value in its whole column, (T, N): 1 for the lowest, ties averaged, NaN kept.

    A column is ranked once, not again for each pair, so with holes this is not the Spearman of pandas.
    """
    return pd.DataFrame(y).rank().to_numpy()


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
        result = np.nan_to_num(sample_correlation(y), nan=0.0)
    elif normalization == "pairwise":
        result = np.nan_to_num(_pair_weighted(y, loss_weights(len(y), span)), nan=0.0)
    else:
        result = ewm_correlation(y, span)
    np.fill_diagonal(result, 1.0)
    return np.clip(result, -1.0, 1.0)


def ewm_correlation(y: Array, span: float, hold: float = 1.0) -> Array:
    """Return the reference's EWMA correlation, (N, N), zero where it is undefined; see :func:`ewm_covariance`.

    A pair that is held while a leg moves on keeps the covariance of larger days, so values beyond 1 occur.
    """
    return from_covariance(ewm_covariance(y, span, hold))


def sample_correlation(y: Array) -> Array:
    """Return the pairwise-complete sample correlation, (N, N): each pair about its own means on its common rows.

    It is NaN where a leg does not vary on them, on the diagonal too.
    """
    present = ~np.isnan(y)
    if len(y) and present.all():
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


def _tidy(result: Array) -> Array:
    """The matrix with columns that move as one at exactly one; NaN stays.

    Rounding would set twins apart, and where all are twins the largest distance is the unit of the cut.
    """
    return np.where(np.abs(np.abs(result) - 1.0) < TWINS, np.sign(result), result)


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
    """Correlation where both legs vary by more than the floor of the left one, (N, N) or (N, 1), else NaN."""
    defined = (left > floor) & (right > floor.T)
    root = np.sqrt(np.where(defined, left * right, 1.0))
    return np.where(defined, _tidy(cross / root), np.nan)


def ewm_covariance(y: Array, span: float, hold: float = 1.0) -> Array:
    """Return the reference's EWMA covariance, (N, N): zero start, pairs move where both are present.

    ``S_t = d S_{t-1} + (1 - d) z_t z_t'`` on the pairs present in row t, ``S_t = hold S_{t-1}`` on the others.
    """
    return ewm_product(y, y, decay(span), np.zeros((y.shape[1], y.shape[1])), hold)


def from_covariance(covariance: Array) -> Array:
    """Return the correlation of a covariance, (N, N), with the reference's absolute floors of variance; not clipped."""
    variance = np.diag(covariance)
    if variance.sum() <= TOTAL_VARIANCE_FLOOR:
        return np.eye(len(variance))
    defined = variance > VARIANCE_FLOOR
    scale = np.where(defined, 1.0 / np.sqrt(np.where(defined, variance, 1.0)), 0.0)
    result = _tidy(covariance * scale[:, None] * scale[None, :])
    np.fill_diagonal(result, 1.0)
    return result
