"""Dependence of responses with holes in their histories: correlation, rank correlation, Gerber's statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, blocks, largest
from factorlasso_core.ewm import counting_weights, decay, ewm_product
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
        result = sample_correlation(y)
    elif normalization == "pairwise":
        result = _pair_weighted(y, counting_weights(len(y), span))
    else:
        result = ewm_correlation(y, span)
    result[np.isnan(result)] = 0.0
    np.fill_diagonal(result, 1.0)
    return np.clip(result, -1.0, 1.0, out=result)


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
    count = np.maximum(present.sum(axis=0), 1)
    if len(y) and present.all():
        z = y - y.mean(axis=0)
        return _scaled(z.T @ z, floor=count * _noise(y))
    v = present.astype(float)
    z = np.where(present, y, 0.0)
    z = np.where(present, z - z.sum(axis=0) / count, 0.0)
    common, noise = np.maximum(_common_rows(present), 1.0), _noise(y)[:, None]
    # (i, j): of i over the rows where j is present too
    sums, squares, cross = z.T @ v, (z * z).T @ v, z.T @ z
    for rows in blocks(*cross.shape):
        # A series that stands still on the rows it shares with another leaves what the subtraction rounds.
        floor = CANCELLATION * squares[rows] + common[rows] * noise[rows]
        squares[rows] -= sums[rows] ** 2 / common[rows]
        squares[rows][squares[rows] <= floor] = np.nan
        cross[rows] -= sums[rows] * sums[:, rows].T / common[rows]
    return _normalised(cross, squares)


def _common_rows(present: Array) -> Array:
    """Number of rows each pair shares, (N, N), counted in single precision, which holds whole numbers to 2^24."""
    v = present.astype(np.float32 if len(present) < 2**24 else float)
    return v.T @ v


def _tidy(result: Array) -> Array:
    """The matrix, changed in place, with columns that move as one at exactly one; NaN stays.

    Rounding would set twins apart, and where all are twins the largest distance is the unit of the cut.
    """
    for rows in blocks(*result.shape):
        part = result[rows]
        twins = np.abs(np.abs(part) - 1.0) < TWINS
        part[twins] = np.sign(part[twins])
    return result


def _pair_weighted(y: Array, weights: Array) -> Array:
    """EWMA correlation with each pair divided by its own weights; no mean removal, y is demeaned."""
    present, root = ~np.isnan(y), np.sqrt(weights)[:, None]
    z, v = np.where(present, y, 0.0) * root, present * root
    cross = z.T @ z
    if present.all():
        return _scaled(cross, floor=weights.sum() * _noise(y))
    squares = (z * z).T @ present.astype(float)
    squares[squares <= (v.T @ v) * _noise(y)[:, None]] = np.nan
    return _normalised(cross, squares)


def _noise(y: Array) -> Array:
    """Square that rounding alone can leave in a cell of each column, (N,)."""
    return (1e-14 * largest(y)) ** 2


def _scaled(cross: Array, floor: Array) -> Array:
    """Correlation, in place, of sums over the same rows; NaN where a leg varies by no more than its floor, (N,)."""
    squares = cross.diagonal()
    return _rescaled(cross, _inverse_root(squares, squares > floor, np.nan))


def _inverse_root(squares: Array, defined: Array, otherwise: float) -> Array:
    return np.where(defined, 1.0 / np.sqrt(np.where(defined, squares, 1.0)), otherwise)


def _rescaled(matrix: Array, scale: Array) -> Array:
    """The matrix times ``scale scale'``, in place."""
    for rows in blocks(*matrix.shape):
        matrix[rows] *= scale[rows, None] * scale
    return _tidy(matrix)


def _normalised(cross: Array, squares: Array) -> Array:
    """Correlation, in place, of sums over the rows of each pair; NaN where a leg has no square, (N, N) each.

    Args:
        squares: Entry (i, j) is the sum of squares of i over the rows it shares with j; NaN if it stands still.
    """
    for rows in blocks(*cross.shape):
        cross[rows] /= np.sqrt(squares[rows]) * np.sqrt(squares[:, rows].T)  # their product could underflow
    return _tidy(cross)


def ewm_covariance(y: Array, span: float, hold: float = 1.0) -> Array:
    """Return the reference's EWMA covariance, (N, N): zero start, pairs move where both are present.

    ``S_t = d S_{t-1} + (1 - d) z_t z_t'`` on the pairs present in row t, ``S_t = hold S_{t-1}`` on the others.
    """
    return ewm_product(y, y, decay(span), np.zeros((y.shape[1], y.shape[1])), hold)


def from_covariance(covariance: Array) -> Array:
    """Make a correlation of a covariance, (N, N), with the reference's absolute floors of variance; not clipped.

    The covariance is changed in place.
    """
    variance = np.diag(covariance)
    if variance.sum() <= TOTAL_VARIANCE_FLOOR:
        return np.eye(len(variance))
    defined = variance > VARIANCE_FLOOR
    result = _rescaled(covariance, _inverse_root(variance, defined, 0.0))
    np.fill_diagonal(result, 1.0)
    return result
