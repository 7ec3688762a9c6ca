"""How often dates come, and the last day of the period each of them stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd

EARLY = 7  # a date up to this day of its month may stand for the whole of the month or quarter
# Median days between rows, from and to, of each frequency.
SPACINGS = {
    "daily": (0.5, 4.0),
    "weekly": (5.0, 9.0),
    "monthly": (25.0, 35.0),
    "quarterly": (80.0, 100.0),
    "yearly": (350.0, 380.0),
}
QUARTER_STARTS = (1, 4, 7, 10)


def spacing(index: pd.Index) -> float:
    """Return the median days between rows, NaN for a single row."""
    gaps = np.diff(pd.DatetimeIndex(index).as_unit("ns").asi8) / 86_400e9
    return float(np.median(gaps)) if len(gaps) else float("nan")


def frequency(index: pd.Index) -> str:
    """Return ``daily``, ``weekly``, ``monthly``, ``quarterly`` or ``yearly``, and ``""`` for anything else.

    >>> frequency(pd.date_range("2020-01-01", periods=5, freq="MS"))
    'monthly'
    """
    days = spacing(index)
    return next((name for name, (least, most) in SPACINGS.items() if least <= days <= most), "")


def period_ends(index: pd.Index) -> pd.DatetimeIndex:
    """Return the last day of the period of each date: month, quarter or year, and Friday of the week.

    Dates at the start of calendar quarters or of years stand for what they begin, all others for the month
    they lie in, so that quarters of a fiscal year keep their own ends. Daily dates stay as they are.
    """
    dates = pd.DatetimeIndex(index)
    often = frequency(index)
    early = bool((dates.day <= EARLY).all())
    if often == "weekly":
        return dates + pd.to_timedelta(
            np.where(dates.day_of_week <= 4, 4 - dates.day_of_week, 11 - dates.day_of_week), unit="D"
        )
    if often == "yearly" and early and bool((dates.month == 1).all()):
        return dates + pd.offsets.YearEnd(0)
    if often == "quarterly" and early and bool(np.isin(dates.month, QUARTER_STARTS).all()):
        return dates + pd.offsets.QuarterEnd(0)
    return dates + pd.offsets.MonthEnd(0) if often in ("monthly", "quarterly", "yearly") else dates
