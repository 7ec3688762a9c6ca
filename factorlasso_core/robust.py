"""Level and spread of columns that no outlier moves, and how far each value lies from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from factorlasso_core.arrays import Array, blocks

NORMAL = 1.482602218505602  # standard deviation of a normal law over its median absolute deviation
NORMAL_MEAN = 1.2533141373155001  # and over its mean absolute deviation
ENOUGH = 0.1  # share of moves among mostly equal values from which their own spread is taken
ROUNDING = 1e-9
STILL = 1e-14  # spread, as a share of the level, that is rounding


class RobustScale(NamedTuple):
    """Median (K,) and spread (K,) of columns, in their own units.

    The spread is 1.4826 times the median absolute deviation. Where more than half of the values are equal that
    is zero: then it is taken over the values that differ from the median, or where these are less than a tenth,
    it is 1.2533 times the mean absolute deviation (Iglewicz and Hoaglin, 1993, How to Detect and Handle
    Outliers). Zero for constants, NaN without values.
    """

    centre: Array
    spread: Array


def robust_scale(values: Array) -> RobustScale:
    """Compute median and robust spread of what is present in each column of (T, K).

    >>> robust_scale(np.array([[1.0], [2.0], [3.0], [4.0], [500.0]])).centre.tolist()
    [3.0]
    """
    centre, spread = np.empty(values.shape[1]), np.empty(values.shape[1])
    for part in blocks(values.shape[1], len(values)):
        columns = np.ascontiguousarray(values[:, part].T)
        count = columns.shape[1] - np.isnan(columns).sum(axis=1)
        centre[part] = _medians(np.sort(columns, axis=1), count)
        distance = np.abs(columns - centre[part, None])
        spread[part] = NORMAL * _medians(np.sort(distance, axis=1), count)
        flat = ~(spread[part] > STILL * np.abs(centre[part])) & (count > 0)
        if flat.any():
            spread[part][flat] = _spread_of_moves(distance[flat], centre[part][flat], count[flat])
    return RobustScale(centre, spread)


def robust_z(values: Array, scale: RobustScale | None = None) -> Array:
    """Return ``(value - median)/spread`` of every value, (T, K): zero in constants, NaN where missing."""
    centre, spread = robust_scale(values) if scale is None else scale
    return np.asarray((values - centre) / np.where(spread == 0, np.inf, spread))


def beyond(z: Array, limit: float) -> Array:
    """Return which values lie farther than a limit; one moved to the limit does not, whatever rounding does."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(z) > limit * (1.0 + ROUNDING))


def _medians(ordered: Array, count: Array) -> Array:
    """Medians of rows whose ``count`` first values are in order, NaN without any."""
    rows, last = np.arange(len(ordered)), np.maximum(count - 1, 0)
    if ordered.shape[1] == 0:
        return np.full(len(ordered), np.nan)
    low, high = ordered[rows, last // 2], ordered[rows, (last + 1) // 2]
    return np.where(count > 0, low + 0.5 * (high - low), np.nan)


def _spread_of_moves(distance: Array, centre: Array, count: Array) -> Array:
    """Spread of rows whose median distance is zero."""
    still = STILL * np.abs(centre)
    moves = np.where(distance > still[:, None], distance, np.nan)
    number = moves.shape[1] - np.isnan(moves).sum(axis=1)
    typical = NORMAL * _medians(np.sort(moves, axis=1), number)
    mean = NORMAL_MEAN * np.nansum(moves, axis=1) / count
    return np.where(number >= ENOUGH * count, typical, mean)
