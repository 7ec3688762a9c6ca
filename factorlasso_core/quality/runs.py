"""Stale runs: the same value again and again, on the dates a series is known on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, blocks

COLUMNS = ("column", "first", "last", "length", "value")


def stale_runs(values: Array, least: int = 3) -> pd.DataFrame:
    """Find runs of equal values, missing ones between them left out, in (T, K).

    Args:
        values: NaN where missing. least: Values from which a run counts, >= 2.

    Returns:
        One row per run, by column and time: position of the column, of the first and the last row, number of
        values, and the value.

    >>> stale_runs(np.array([[1.0], [2.0], [2.0], [np.nan], [2.0]]), 3)[["first", "last", "length"]].to_numpy().tolist()
    [[1, 4, 3]]
    """
    parts = [_runs(values[:, part], least).assign(block=part.start) for part in blocks(values.shape[1], len(values))]
    found = pd.concat(parts, ignore_index=True)
    found["column"] += found.pop("block")
    return found


def _runs(values: Array, least: int) -> pd.DataFrame:
    """The runs of some columns."""
    by_column = np.ascontiguousarray(values.T)
    place = np.flatnonzero(~np.isnan(by_column))  # column by column, in order of time
    known = by_column.reshape(-1)[place]
    begins = np.ones(len(place), dtype=bool)
    np.not_equal(known[1:], known[:-1], out=begins[1:])
    begins[1:] |= place[1:] // len(values) != place[:-1] // len(values)
    start = np.flatnonzero(begins)
    length = np.diff(start, append=len(place))
    long = length >= least
    start, length = start[long], length[long]
    column, first = np.divmod(place[start], len(values))
    last = place[start + length - 1] % len(values)
    return pd.DataFrame(dict(zip(COLUMNS, (column, first, last, length, known[start] + 0.0), strict=True)))
