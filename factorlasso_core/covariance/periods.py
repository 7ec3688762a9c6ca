"""Values of native periods summed over coarser common periods."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.align import named
from factorlasso_core.errors import DataError


def common_returns(values: pd.DataFrame, frequencies: pd.Series, common: str, end: pd.Timestamp) -> pd.DataFrame:
    """Return sums over common periods, NaN where a native value is missing, from the first to the last known.

    Native periods are those of the frequency's own calendar from the first date on; values on other
    dates are not used.

    Args:
        values: (T, N) on sorted dates. frequencies: (N,) pandas alias of each column.
        common: Alias of the common periods. end: Last date of any period.

    Raises:
        DataError: Native periods cross common ones or are coarser, or a column has fewer than two sums.
    """
    start = values.index[0]
    grid = pd.date_range(start, end, freq=common)
    result = np.full((len(grid), values.shape[1]), np.nan)
    for frequency in pd.unique(frequencies):
        columns = np.flatnonzero((frequencies == frequency).to_numpy())
        native = pd.date_range(start, end, freq=frequency)
        if len(grid) and len(native):
            _check_nested(native, grid, str(frequency), common)
            part = values.iloc[:, columns].reindex(native).to_numpy()
            result[:, columns] = _summed(part, native, grid, _starts_whole(native, grid))
    short = np.isfinite(result).sum(axis=0) < 2
    if short.any():
        raise DataError(
            f"{named(values.columns, short)} has fewer than two complete periods of {common!r}: "
            "give more history, or a finer frequency."
        )
    known = np.flatnonzero(np.isfinite(result).any(axis=1))
    inside = slice(known[0], known[-1] + 1)
    return pd.DataFrame(result[inside], index=grid[inside], columns=values.columns)


def _summed(values: Array, native: pd.DatetimeIndex, grid: pd.DatetimeIndex, whole: bool) -> Array:
    """Sums of the native values up to each point of the grid and after the one before, (G, K)."""
    edges = np.searchsorted(native.asi8, grid.asi8, side="right")
    result = np.full((len(grid), values.shape[1]), np.nan)
    begin = np.concatenate([[0], edges[:-1]])
    for row, (first, last) in enumerate(zip(begin, edges, strict=True)):
        if last > first and (row or whole):
            result[row] = values[first:last].sum(axis=0)
    return np.where(np.isfinite(result), result, np.nan)


def _starts_whole(native: pd.DatetimeIndex, grid: pd.DatetimeIndex) -> bool:
    """Whether no native period of the first common one lies before the data."""
    return bool(native[0] - _step(native) <= grid[0] - _step(grid))


def _check_nested(native: pd.DatetimeIndex, grid: pd.DatetimeIndex, name: str, common: str) -> None:
    """Refuse native periods with business days on both sides of a common boundary."""
    offset = _step(native)
    points = native.union(pd.DatetimeIndex([native[0] - offset, native[-1] + offset]))
    after = np.searchsorted(points.asi8, grid.asi8)
    split = (after > 0) & (after < len(points)) & (points[np.minimum(after, len(points) - 1)] != grid)
    before, edge = (_days(days) for days in (points[after[split] - 1], grid[split]))
    if (np.busday_count(before + 1, edge + 1) > 0).any():
        raise DataError(
            f"Periods of {name!r} cross the ends of periods of {common!r}: give residuals of finer periods, "
            "or a frequency whose periods hold whole ones."
        )
    inside = np.diff(np.searchsorted(points.asi8, grid.asi8, side="right"))
    if (inside == 0).any():
        raise DataError(f"Periods of {common!r} are shorter than those of {name!r}: choose a coarser frequency.")


def _step(dates: pd.DatetimeIndex) -> Any:
    return dates.freq


def _days(dates: pd.DatetimeIndex) -> Array:
    return dates.tz_localize(None).to_numpy().astype("datetime64[D]")
