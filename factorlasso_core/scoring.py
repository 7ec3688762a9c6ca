"""How well responses are predicted: over the cells where both sides are known, and nowhere else."""

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
    error = (np.where(known, actual, 0.0) - np.where(known, predicted, 0.0)) ** 2
    return np.asarray(1.0 - error.sum(axis=0) / variation(np.where(known, actual, np.nan)))


def variation(values: Array) -> Array:
    """Return ``Σ_t (v - v̄)²`` of each column's known cells, (N,); NaN for a column without two different values."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    total = (np.where(known, filled - mean, 0.0) ** 2).sum(axis=0)
    # A mean that rounds leaves a constant column some variation: two different values are the test.
    highest = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    varies = highest > np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    return np.where(varies & (total > 0), total, np.nan)


def squared_errors(x: Array, y: Array, beta: Array, alpha: Array) -> Array:
    """Return ``Σ_t (y_t - x_t·β - α)²`` of many candidates at once, (K, N).

    The sum runs over the rows where a response and all factors are known; NaN without any.

    Args:
        x: (T, M), y: (T, N), NaN where missing. beta: (K, N, M). alpha: (K, N).
    """
    whole = ~np.isnan(x).any(axis=1)
    x, y = x[whole], y[whole]
    known = ~np.isnan(y)
    errors = np.full(alpha.shape, np.nan)
    for rows, members in _patterns(known):
        errors[:, members] = _errors(x[rows], y[np.ix_(rows, members)], beta[:, members], alpha[:, members])
    return errors


def _patterns(known: Array) -> list[tuple[Array, Array]]:
    """Sets of rows (as positions) and the columns known on exactly these; columns known nowhere are left out."""
    if known.size and known.all():
        return [(np.arange(len(known)), np.arange(known.shape[1]))]
    found: dict[bytes, list[int]] = {}
    for column, mask in enumerate(np.packbits(known.T, axis=1)):
        found.setdefault(mask.tobytes(), []).append(column)
    groups = [np.array(columns) for columns in found.values()]
    pairs = ((np.flatnonzero(known[:, columns[0]]), columns) for columns in groups)
    return [(rows, columns) for rows, columns in pairs if rows.size]


def _errors(x: Array, y: Array, beta: Array, alpha: Array) -> Array:
    """The sums of complete arrays, in time that does not grow with candidates times rows.

    With x and y about their means and ``x = QR``, the sum is ``‖Q'y - Rβ‖² + ‖y - QQ'y‖² + T (ȳ - x̄·β - α)²``:
    squares only, so that nothing cancels where the fit is close.
    """
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    q, r = np.linalg.qr(x - x_mean)
    y = y - y_mean
    inside = q.T @ y  # (M, N)
    outside = ((y - q @ inside) ** 2).sum(axis=0)
    reach = beta @ np.vstack([r, x_mean]).T  # (K, N, M + 1): one product for Rβ and x̄·β
    along = ((reach[..., :-1] - inside.T) ** 2).sum(axis=-1)
    return along + outside + len(x) * (y_mean - reach[..., -1] - alpha) ** 2


def mean_of_known(values: Array) -> Array:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
