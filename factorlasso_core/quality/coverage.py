"""How much of each series is known, by year, quarter or month, measured on the series' own dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.calendars import Calendar, own_calendars

BINS = ((1, "{:%Y-%m}"), (3, ""), (12, "{:%Y}"))  # months, and how a period is named; quarters by number


@dataclass(frozen=True, eq=False)
class Coverage:
    """Known values by series and period.

    Attributes:
        share: (K, B) known over expected, in [0, 1]; NaN where nothing is expected: a quarterly series in a month
            inside its quarter.
        labels: (B,) names of the periods. starts: (B,) first row of each.
        calendars: (K,) on which dates each series is known. expected: (K,) values on these dates in all.
        holes: (K,) expected values missing between the first and the last known one.
    """

    share: Array
    labels: tuple[str, ...]
    starts: Array
    calendars: tuple[Calendar, ...]
    expected: Array
    holes: Array


def coverage(index: pd.Index, present: Array, most: int = 60) -> Coverage:
    """Count the values of each series by period, the finest of month, quarter and year with at most ``most``.

    Rows that are no dates, and more than ``most`` years, are cut into spells of equal length.

    Args:
        index: (T,) rows in order. present: (T, K) booleans. most: Periods, >= 1.
    """
    labels, starts = _bins(index, most)
    own = own_calendars(index, present)
    length, series = len(index), present.shape[1]
    due = np.zeros((len(starts), series))
    total, inside = np.zeros(series), np.zeros(series, dtype=np.int64)
    count = present.sum(axis=0)
    first, last = present.argmax(axis=0), length - 1 - present[::-1].argmax(axis=0)
    for one in set(own):
        columns = np.flatnonzero([found == one for found in own])
        rows = one.due(index)
        due[:, columns] = np.add.reduceat(rows, starts, dtype=np.int64)[:, None]
        total[columns] = rows.sum()
        periods = one.periods(index)
        reached = np.searchsorted(np.unique(periods), periods)  # periods the table has rows in
        inside[columns] = reached[last[columns]] - reached[first[columns]] + 1
    known = np.add.reduceat(present, starts, axis=0, dtype=np.int64)
    share = np.divide(known, due, out=np.where(known > 0, 1.0, np.nan), where=due > 0)
    return Coverage(
        share=frozen(np.minimum(share, 1.0).T),
        labels=labels,
        starts=frozen(starts),
        calendars=own,
        expected=frozen(np.maximum(total, count)),
        holes=frozen(np.where(count > 0, np.maximum(inside - count, 0), 0)),
    )


def _bins(index: pd.Index, most: int) -> tuple[tuple[str, ...], Array]:
    """Names and first rows of the periods."""
    if isinstance(index, pd.DatetimeIndex):
        months = index.tz_localize(None).to_numpy().astype("datetime64[M]").astype(np.int64)
        for length, form in BINS:
            _, starts = np.unique(months // length, return_index=True)
            if len(starts) <= most:
                dates = index[starts]
                named = [form.format(day) if form else f"{day.year}-Q{day.quarter}" for day in dates]
                return tuple(named), starts
    starts = np.unique(np.linspace(0, len(index), min(len(index), most), endpoint=False).astype(np.intp))
    return tuple(_day(label) for label in index[starts]), starts


def _day(label: object) -> str:
    return f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)
