"""Priors from the data themselves: what every factor explains alone, and how beliefs go on top.

On the panel as it is given, not demeaned, with the weights of the loss: each response is regressed on
each factor alone, with an intercept, over the rows where both are present. The prior of a response is
the slope on the factor with the highest R², or on the factors the analyst names, and zero elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.errors import BeliefsError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.panel import Panel

LEAST_ROWS = 3  # joint rows below which a slope with intercept is not estimated
CANCELLATION = 1e-3  # share of a sum of squares below which its mean is taken out first, pair by pair
STILL = 1e-14  # share of the level below which movement is rounding
TIE = 1e-12  # R² nearer than this are equal, and the first factor is taken
COLLINEAR = 1e-15  # share of a variance another factor leaves unexplained, below which it leaves none

Labels = tuple[Hashable, ...]
Positions = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class UnivariateFits:
    """Regressions of every response on every factor alone, with intercept.

    Attributes:
        slope, r2: (N, M), NaN where there are too few joint rows or one side stands still on them.
    """

    slope: Array
    r2: Array


@dataclass(frozen=True)
class NamedSet:
    """The factors named for the prior of one response, and what became of them.

    Attributes:
        requested, used: Positions of factors, empty where the factor is chosen by R².
        status: ``automatic``, ``named`` (one factor), ``named_set_accepted``, ``named_set_demoted`` (to its
            first factor) or ``conditioning_disabled`` (a set taken whatever its inflation).
        largest_vif: Variance inflation factor of a set, 1 otherwise, infinite where it cannot be estimated.
    """

    requested: Positions = ()
    used: Positions = ()
    status: str = "automatic"
    largest_vif: float = 1.0


@dataclass(frozen=True, eq=False)
class OlsPrior:
    """The prior the data give.

    Attributes:
        fits: The univariate regressions. prior: (N, M), finite. named: (N,) one entry a response.
    """

    fits: UnivariateFits
    prior: Array
    named: tuple[NamedSet, ...]

    def factors_used(self, panel: Panel) -> dict[Hashable, Labels]:
        """Return the labels of the named factors in force by response, empty where R² chose."""
        labels = panel.factors.to_list()
        sets = zip(panel.responses.to_list(), self.named, strict=True)
        return {response: tuple(labels[place] for place in chosen.used) for response, chosen in sets}

    def diagnostics(self, panel: Panel) -> pd.DataFrame:
        """Return a frame by response of what was named, what is used, why, and its inflation."""
        labels = panel.factors.to_list()
        columns = {
            "requested_set": [tuple(labels[place] for place in chosen.requested) for chosen in self.named],
            "named_set": list(self.factors_used(panel).values()),
            "named_set_status": [chosen.status for chosen in self.named],
            "largest_vif": [chosen.largest_vif for chosen in self.named],
        }
        return pd.DataFrame(columns, index=panel.responses.rename("response"))


def laid_over(base: Array, explicit: Array | None) -> Array:
    """Return the analyst's cells over a base, (N, M); NaN says nothing."""
    return base if explicit is None else np.where(np.isnan(explicit), base, explicit)


def combined_prior(ols: Array, explicit: Array | None, lower: Array, upper: Array) -> Array:
    """Return the prior in force, (N, M): explicit cells win, cells outside the box are zero.

    A response whose cell is dropped gets no other factor instead.

    Args:
        ols: (N, M) prior of the data. explicit: (N, M) of the analyst, NaN where there is none, or None.
        lower, upper: (N, M) bounds from the signs in force; they contain zero.
    """
    prior = laid_over(ols, explicit)
    return frozen(np.where((prior < lower) | (prior > upper), 0.0, prior))


def ols_prior(
    panel: Panel,
    span: float | None = None,
    warmup_period: int | None = None,
    named: Sequence[Positions] | None = None,
    max_vif: float | None = 2.5,
    excluded: Array | None = None,
) -> OlsPrior:
    """Compute the prior of every response from the panel.

    Args:
        panel: Observations in their own units.
        span: EWMA span of the weights, None for equal ones.
        warmup_period: Joint rows a regression needs, at least three.
        named: (N,) positions of up to two factors the prior of a response rests on, empty or None for the
            best. Two are regressed on together, over the rows where both and the response are present.
        max_vif: Variance inflation above which two named factors fall back to the first; None: never.
        excluded: (N, M) booleans, cells that may not be chosen, or None.

    Raises:
        BeliefsError: A named factor is excluded for its response.
    """
    weights, least = loss_weights(len(panel.x), span), max(LEAST_ROWS, warmup_period or 0)
    fits = univariate_fits(panel.x, panel.y, weights, least)
    prior, sets = _highest_r2(fits, excluded), [NamedSet()] * len(panel.responses)
    for k, requested in enumerate(named or ()):
        if not requested:
            continue
        if excluded is not None:
            _check_allowed(panel, k, requested, excluded[k])
        columns = list(requested)
        alone = np.nan_to_num(fits.slope[k, columns], nan=0.0)
        together = _together(panel.x[:, columns], panel.y[:, k], weights, least) if len(columns) == 2 else None
        sets[k], slopes = _chosen(requested, alone, together, max_vif)
        prior[k] = 0.0
        prior[k, columns] = slopes
    return OlsPrior(fits, frozen(prior), tuple(sets))


def _highest_r2(fits: UnivariateFits, excluded: Array | None) -> Array:
    """The slope on the factor that explains most, zero on the others, (N, M)."""
    r2 = np.nan_to_num(fits.r2, nan=-1.0)
    if excluded is not None:
        r2 = np.where(excluded, -1.0, r2)
    top = r2.max(axis=1)
    first = (r2 >= (top * (1.0 - TIE))[:, None]).argmax(axis=1)
    prior = np.zeros(r2.shape)
    rows = np.flatnonzero(top >= 0)
    prior[rows, first[rows]] = fits.slope[rows, first[rows]]
    return prior


def _check_allowed(panel: Panel, k: int, requested: Positions, excluded: Array) -> None:
    """Refuse to rest a prior on a factor that may not enter."""
    for column in requested:
        if excluded[column]:
            raise BeliefsError(
                f"The factor {panel.factors[column]!r} is excluded for the response {panel.responses[k]!r} and named "
                "for its prior too: take it out of excluded_factors or of factor_for_prior."
            )


def _chosen(
    requested: Positions, alone: Array, together: tuple[Array, float] | None, max_vif: float | None
) -> tuple[NamedSet, Array]:
    """What becomes of the named factors, and their slopes."""
    if together is None:
        return NamedSet(requested, requested, "named"), alone
    slopes, vif = together
    if max_vif is None:
        return NamedSet(requested, requested, "conditioning_disabled", vif), slopes
    if vif <= max_vif:
        return NamedSet(requested, requested, "named_set_accepted", vif), slopes
    return NamedSet(requested, requested[:1], "named_set_demoted", vif), alone * [1.0, 0.0]


def _together(x: Array, y: Array, weights: Array, least: int) -> tuple[Array, float]:
    """Slopes on two factors with an intercept, (2,), and their inflation: zeros and infinity if not estimable."""
    joint = ~np.isnan(y) & ~np.isnan(x).any(axis=1)
    if joint.sum() < least:
        return np.zeros(2), np.inf
    w, values = weights[joint], np.column_stack([x, y])[joint]
    a, b, r = _moving(values, np.ones_like(values, dtype=bool), w).T
    aa, bb = w @ (a * a), w @ (b * b)
    if not (aa > 0 and bb > 0):
        return np.zeros(2), np.inf
    # What the first leaves of the others is taken cell by cell: the normal equations would cancel.
    b_on_a, r_on_a = w @ (a * b) / aa, w @ (a * r) / aa
    left = b - b_on_a * a
    own = w @ (left * left)
    if own <= COLLINEAR * bb:
        return np.zeros(2), np.inf
    second = w @ (left * (r - r_on_a * a)) / own
    return np.array([r_on_a - second * b_on_a, second]), float(bb / own)


def univariate_fits(x: Array, y: Array, weights: Array, least_rows: int = LEAST_ROWS) -> UnivariateFits:
    """Regress every response on every factor alone, with intercept, over the rows where both are present.

    A series counts as still where all its joint rows lie within rounding of their mean.

    Args:
        x: (T, M), y: (T, N), NaN where missing. weights: (T,).
        least_rows: Joint rows below which nothing is estimated.
    """
    enough = (~np.isnan(y)).T.astype(float) @ ~np.isnan(x) >= least_rows
    xx, yy, xy, doubtful = _by_products(x, y, weights)
    for j in np.flatnonzero((enough & doubtful).any(axis=0)):
        k = np.flatnonzero(enough[:, j] & doubtful[:, j])
        xx[k, j], yy[k, j], xy[k, j] = _pair_by_pair(x[:, j], y[:, k], weights)
    defined = enough & (xx > 0) & (yy > 0)
    slope = np.divide(xy, xx, out=np.full(xx.shape, np.nan), where=defined)
    # The product of two quotients: a product of two variances could underflow.
    back = np.divide(xy, yy, out=np.full(xx.shape, np.nan), where=defined)
    return UnivariateFits(frozen(slope), frozen(np.clip(slope * back, 0.0, 1.0)))


def _by_products(x: Array, y: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """Weighted sums of squares and products about the joint means, (N, M) each, and where they are in doubt."""
    present_x, present_y = (~np.isnan(x)).astype(float), (~np.isnan(y)).astype(float)
    mean_x, mean_y = (_mean(v, w, weights) for v, w in ((x, present_x), (y, present_y)))
    x, y = (np.nan_to_num(v - mean, nan=0.0) for v, mean in ((x, mean_x), (y, mean_y)))
    w, wy = (present_y * weights[:, None]).T, (y * weights[:, None]).T
    mass, sum_x, sum_y = w @ present_x, w @ x, wy @ present_x
    raw_xx, raw_yy = w @ (x * x), (wy * y.T) @ present_x
    inverse = np.divide(1.0, mass, out=np.zeros_like(mass), where=mass > 0)
    xx, yy = raw_xx - sum_x * (sum_x * inverse), raw_yy - sum_y * (sum_y * inverse)
    level_x, level_y = (STILL / CANCELLATION * np.abs(mean) for mean in (mean_x, mean_y))
    doubtful = (xx <= CANCELLATION * raw_xx + mass * level_x**2) | (
        yy <= CANCELLATION * raw_yy + mass * level_y[:, None] ** 2
    )
    return xx, yy, wy @ x - sum_x * (sum_y * inverse), doubtful


def _pair_by_pair(x: Array, y: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The same sums of one factor with some responses, (n,) each, centred on their joint rows first."""
    joint = ~np.isnan(x)[:, None] & ~np.isnan(y)
    x = _moving(np.broadcast_to(x[:, None], y.shape), joint, weights)
    y = _moving(y, joint, weights)
    return weights @ (x * x), weights @ (y * y), weights @ (x * y)


def _moving(values: Array, valid: Array, weights: Array) -> Array:
    """Values less the weighted mean of their valid rows, zero elsewhere and where only rounding moves."""
    present = valid.astype(float)
    values = np.where(valid, values, 0.0)
    centred = np.where(valid, values - _mean(values, present, weights), 0.0)
    centred = np.where(valid, centred - _mean(centred, present, weights), 0.0)
    still = np.abs(centred).max(axis=0) <= STILL * np.abs(values).max(axis=0)
    return np.where(still, 0.0, centred)


def _mean(values: Array, present: Array, weights: Array) -> Array:
    """Weighted mean of each column over what is present, zero without weight."""
    mass = weights @ present
    total = weights @ np.where(present > 0, values, 0.0)
    return np.divide(total, mass, out=np.zeros_like(mass), where=mass > 0)
