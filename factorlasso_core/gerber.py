"""Gerber's statistic: agreement of large moves, whatever their size.

Source: Gerber, Markowitz, Ernst, Miao, Javid, Sargen, "The Gerber statistic", Journal of Portfolio Management 2022.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.ewm import loss_weights


def gerber(y: Array, span: float | None = None, threshold: float = 0.5) -> Array:
    """Return the Gerber matrix of the columns of ``y``, (N, N), one on the diagonal.

    A value is up at ``threshold`` standard deviations or more, down at minus as many or less, else noise. A
    pair's statistic is the weight of its agreeing rows less that of its opposing ones, over the weight of the
    rows where both are present and not both noise; zero where there is none.

    Args:
        y: (T, N) demeaned responses, T >= 1, NaN where missing; levels are compared, no mean is taken out.
        span: EWMA span of the rows' weights; None weighs them equally.
        threshold: In [0, 1], in standard deviations (weighted, about the weighted mean) of each column.
    """
    weights = loss_weights(len(y), span)
    share = (weights / weights.sum())[:, None]
    present = ~np.isnan(y)
    z = np.where(present, y, 0.0)
    limit = threshold * _deviation(z, present, share)
    up, down = present & (z >= limit), present & (z <= -limit)
    sign = up.astype(float) - down  # a zero under the limit zero is both: a move of no direction
    moving = (up | down).astype(float)
    noise = present - moving
    # A sum of weights that are not negative: no difference of two sums, so a pair without moves has exactly none.
    weight = (share * moving).T @ present.astype(float) + (share * noise).T @ moving
    result = (share * sign).T @ sign / np.where(weight > 0, weight, 1.0)
    np.fill_diagonal(result, 1.0)
    return np.clip(result, -1.0, 1.0)


def _deviation(z: Array, present: Array, share: Array) -> Array:
    """Weighted standard deviation of each column about its weighted mean, (N,); zero without values."""
    mass = (share * present).sum(axis=0)
    mass[mass == 0] = 1.0
    mean = (share * z).sum(axis=0) / mass
    return np.sqrt((share * present * (z - mean) ** 2).sum(axis=0) / mass)
