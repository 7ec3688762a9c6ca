"""One factor at a time: slope and t statistic of every pool of responses on every factor.

The responses of a pool share one slope per factor. Nothing here knows gates, signs or weights of a
penalty: this is the evidence those are made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen

VARIANCES = ("independent", "date")
CLOSE = 1e-4  # below this share of the total, a sum of squared residuals is summed from the residuals
NOISE = 1e-14  # relative size of a residual that rounding alone leaves of an exact fit


@dataclass(frozen=True, eq=False)
class Slopes:
    """Univariate evidence, (P, M) each: a row per pool, a column per factor.

    Attributes:
        slope: Least-squares slope through the origin, 0 where the factor never moves.
        t: Its t statistic; 0 where the slope is 0 or at most one date counts, ±inf for an exact fit.
        effective_n: Kish's effective number of dates on which factor and pool are observed.
        counts: Number of cells (date, response) with factor and response observed.
        pools: (N,) pool of each response, 0..P-1.
    """

    slope: Array
    t: Array
    effective_n: Array
    counts: Array
    pools: Array

    def by_response(self, values: Array) -> Array:
        """Repeat the row of each pool for its responses: (P, M) to (N, M)."""
        return values[self.pools]


@dataclass(frozen=True, eq=False)
class _Cells:
    """What the estimators of the variance look at.

    Attributes:
        x, present: (T, M). y, seen: (T, N), zero and one. pools: (N,). weights: (T,) o or None.
    """

    x: Array
    present: Array
    y: Array
    seen: Array
    pools: Array
    weights: Array | None

    def pooled(self, values: Array) -> Array:
        """Sum the entries of each pool along the first axis, (N, ·) to (P, ·)."""
        if np.array_equal(self.pools, np.arange(len(self.pools))):
            return values
        order = np.argsort(self.pools, kind="stable")
        first = np.searchsorted(self.pools[order], np.arange(self.pools.max() + 1))
        return np.add.reduceat(values[order], first, axis=0)

    def weighted(self, values: Array) -> Array:
        """Multiply the rows of (T, ·) by o."""
        return values if self.weights is None else values * self.weights[:, None]


def slopes(
    x: Array,
    x_present: Array,
    y: Array,
    valid: Array,
    pools: Array,
    *,
    weights: Array | None = None,
    variance: str = "independent",
) -> Slopes:
    """Regress every pool on every factor alone, without intercept, where both are observed.

    With o the weights (1 if None), n_t the valid responses of the pool on date t:
    ``D = Σ o x² n``, ``b = Σ o x Σ_k v y / D``.

    Args:
        x: (T, M) prepared factors, zero where missing. x_present: (T, M) False where missing.
        y: (T, N) prepared responses, zero where not valid. valid: (T, N).
        pools: (N,) codes 0..P-1, every code in use; ``arange(N)`` pools nothing.
        weights: (T,) o >= 0, or None.
        variance: ``"independent"`` takes all cells as independent; ``"date"`` sums the score over the
            responses of a date first, so that what they share on a date is counted once.

    Source: the automatic signs of factorlasso 1.0.6; the sandwich forms are White's and Kish's.
    """
    cells = _Cells(x, x_present.astype(float), y, valid.astype(float), pools, weights)
    members = cells.pooled(cells.seen.T)  # (P, T): n
    spread = members @ cells.weighted(x * x)
    slope = _ratio(cells.pooled(y.T @ cells.weighted(x)), spread)
    effective = _effective(cells, (members > 0).astype(float))
    if variance == "date":
        scores = _date_scores(cells, slope, members, effective)
    elif weights is None:
        scores = _plain_variance(cells, slope, members) * spread
    else:
        scores = _cell_scores(cells, slope, members)
    t = _t(slope, _ratio(_ratio(scores, spread), spread), effective)
    counts = members @ cells.present
    return Slopes(frozen(slope), frozen(t), frozen(effective), frozen(counts), frozen(pools.copy()))


def _plain_variance(cells: _Cells, slope: Array, members: Array) -> Array:
    """Variance of the residuals, (P, M); each response that is observed takes one degree of freedom."""
    residuals = _residual_squares(cells.y, cells.seen, slope[cells.pools], cells.present, cells.x)
    freedom = members @ cells.present - _observed(cells)
    return cells.pooled(residuals) / np.maximum(freedom, 1.0)


def _cell_scores(cells: _Cells, slope: Array, members: Array) -> Array:
    """Sum of squared scores of the cells, corrected by their effective number E: E/(E - q)."""
    kernel = cells.weighted(cells.x) ** 2
    scores = cells.pooled(_residual_squares(cells.y, cells.seen, slope[cells.pools], kernel, cells.x))
    return scores * _correction(_effective(cells, members), _observed(cells))


def _date_scores(cells: _Cells, slope: Array, members: Array, effective: Array) -> Array:
    """Sum of squared scores of the dates, corrected by their effective number n: n/(n - 1)."""
    kernel = cells.weighted(cells.x) ** 2
    scores = _residual_squares(cells.pooled(cells.y.T).T, members.T, slope, kernel, cells.x)
    return scores * _correction(effective, 1.0)


def _correction(size: Array, used: Array | float) -> Array:
    """Small-sample factor ``size/(size - used)``, 1 where nothing would be left."""
    return np.divide(size, size - used, out=np.ones_like(size), where=size > used)


def _residual_squares(y: Array, seen: Array, slope: Array, kernel: Array, x: Array) -> Array:
    """Return ``Σ_t κ_tj (y_tc - b_cj x_tj n_tc)²``, (C, M), for columns c of y and of the counts ``seen``.

    The square is expanded into three matrix products; where that cancels, the residuals are formed.
    """
    total = (y * y).T @ kernel
    moved = x * kernel
    sums = total - slope * (2.0 * ((y * seen).T @ moved) - slope * ((seen * seen).T @ (moved * x)))
    close = sums < CLOSE * total
    for factor in np.flatnonzero(close.any(axis=0)):
        columns = close[:, factor]
        fitted = seen[:, columns] * np.outer(x[:, factor], slope[columns, factor])
        sums[columns, factor] = kernel[:, factor] @ (y[:, columns] - fitted) ** 2
    return np.where(sums <= NOISE**2 * total, 0.0, sums)


def _observed(cells: _Cells) -> Array:
    """Responses of each pool with at least one cell on the factor, q, (P, M)."""
    return cells.pooled((cells.seen.T @ cells.present > 0).astype(float))


def _effective(cells: _Cells, seen: Array) -> Array:
    """Kish's number ``(Σ o s)² / Σ o² s`` of what is seen, (P, T), where the factor is present."""
    once = seen @ cells.weighted(cells.present)
    return _ratio(once * once, once if cells.weights is None else seen @ cells.weighted(cells.weighted(cells.present)))


def _t(slope: Array, variance: Array, effective: Array) -> Array:
    """``b / se``; an exact fit of a slope that is not zero is beyond any gate."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = slope / np.sqrt(variance)
    return np.where((slope == 0) | (effective <= 1), 0.0, t)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, zero where the denominator is."""
    return np.divide(numerator, denominator, out=np.zeros_like(denominator), where=denominator != 0)
