"""How well responses are predicted: R² over the cells where both sides are known, and nowhere else."""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array


def predictions(x: Array, beta: Array, alpha: Array | None = None) -> Array:
    """Return ``x β' + α``, (T, N): a missing factor gives a missing row, a missing constant a missing column."""
    values = x @ beta.T
    return values if alpha is None else values + alpha


def r_squared(actual: Array, predicted: Array) -> Array:
    """Return R² of each response about its plain mean, (N,).

    Only cells where both the response and its prediction are known enter either sum, so that what was
    not predicted never counts as predicted well. NaN for a response without such cells, or constant on them.
    """
    known = np.isfinite(actual) & ~np.isnan(predicted)
    observed = np.where(known, actual, 0.0)
    mean = observed.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    total = (np.where(known, observed - mean, 0.0) ** 2).sum(axis=0)
    error = ((observed - np.where(known, predicted, 0.0)) ** 2).sum(axis=0)
    # A mean that rounds leaves a constant response some variation: two different values are the test.
    highest = np.where(known, actual, -np.inf).max(axis=0, initial=-np.inf)
    varies = highest > np.where(known, actual, np.inf).min(axis=0, initial=np.inf)
    share = np.divide(error, total, out=np.full(len(total), np.nan), where=varies & (total > 0))
    return np.asarray(1.0 - share)


def mean_of_known(values: Array) -> Array:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
