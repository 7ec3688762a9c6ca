"""The proximal map of the penalty inside a box, for many rows at once, in any diagonal metric.

For each row: minimise ``Σ_j ½ m_j (d_j - u_j)² + r‖d‖ + Σ_j c_j |d_j|`` over ``low <= d <= high``.
With ρ = ‖d‖ the solution is ``d_j = clip(σ_j ρ / (ρ + r/m_j))``, ``σ = soft(u, c/m)``, so one root is left.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array

EPS = float(np.finfo(float).eps)


def norm(values: Array) -> Array:
    """Euclidean norm of every row."""
    return np.sqrt((values * values).sum(axis=1))


def soft(values: Array, threshold: Array) -> Array:
    """Shrink towards zero by the threshold."""
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def allowed(values: Array, low: Array, high: Array) -> Array:
    """The part of a direction the box leaves open at zero."""
    return np.where(values < 0, np.where(low < 0, values, 0.0), np.where(high > 0, values, 0.0))


def holds_zero(low: Array, high: Array) -> Array:
    """Rows whose box contains zero."""
    return np.all((low <= 0) & (high >= 0), axis=1)


def prox(u: Array, metric: Array, row: Array, cell: Array, low: Array, high: Array) -> Array:
    """Return the proximal map of every row, (n, M); ``metric`` is positive, one value a cell."""
    sigma = soft(u, cell / metric)
    out = np.clip(sigma, low, high)
    if not row.any():
        return out
    # With one metric and every finite side at zero the map composes: drop forbidden signs, shrink the row.
    cone = np.all(((low == 0) | np.isinf(low)) & ((high == 0) | np.isinf(high)), axis=1)
    even = np.all(metric == metric[:, :1], axis=1)
    simple = (row > 0) & cone & even
    length, threshold = norm(out), row / metric[:, 0]
    shrink = np.maximum(1.0 - np.divide(threshold, length, out=np.ones_like(length), where=length > 0), 0.0)
    out = np.where(simple[:, None], out * shrink[:, None], out)
    general = np.flatnonzero((row > 0) & ~simple)
    if len(general):
        out[general] = _by_root(sigma[general], metric[general], row[general], low[general], high[general])
    return out


def _by_root(sigma: Array, metric: Array, row: Array, low: Array, high: Array) -> Array:
    """The root ρ of ``‖clip(σ ρ/(ρ + r/m))‖ = ρ`` by safeguarded Newton."""
    threshold = row[:, None] / metric
    zero = holds_zero(low, high) & (norm(metric * allowed(sigma, low, high)) <= row)
    bottom, top = np.zeros(len(sigma)), norm(np.clip(sigma, low, high))
    rho = np.where(top > 0, top, 1.0)
    for _ in range(60):
        scaled = sigma * (rho[:, None] / (rho[:, None] + threshold))
        d = np.clip(scaled, low, high)
        length = norm(d)
        # ρ/‖d(ρ)‖ - 1 increases and is nearly linear, so Newton needs few steps.
        bend = np.where(d == scaled, d * d, 0.0) * threshold / (rho[:, None] * (rho[:, None] + threshold))
        bottom, top = np.where(length > rho, rho, bottom), np.where(length > rho, top, rho)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = rho - length * (rho - length) / (length - rho * bend.sum(axis=1) / length)
        better = np.where((newton >= bottom) & (newton <= top), newton, 0.5 * (bottom + top))
        moved = (np.abs(better - rho) > 2 * EPS * rho) & (better > 0) & ~zero
        rho = np.where(moved, better, rho)
        if not moved.any():
            break
    scaled = sigma * (rho[:, None] / (rho[:, None] + threshold))
    return np.where(zero[:, None], 0.0, np.clip(scaled, low, high))
