"""The dates a series is known on: daily, weekly, monthly, quarterly, and sums of finer series over them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError

LEAST = 6  # values from which a calendar of its own is recognised
SPARSE = 0.6  # share of the rows of its own span below which a series is on coarser dates
REGULAR = 0.5  # share of the periods of a calendar that must be known
EVEN, OFF = 0.75, 0.2  # share of steps that are a whole multiple of the usual one, but for a share of it
MONTHS = {1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}
UNITS = ("row", "week", "month")
HOW = ("compound", "sum", "mean")


@dataclass(frozen=True, order=True)
class Calendar:
    """Periods of ``stride`` weeks or months, numbered, the same number for every date inside one.

    Attributes:
        unit: ``"row"`` for daily, irregular or undated rows, each its own period; ``"week"`` from Monday to
            Sunday; ``"month"``.
        stride: Units per period. phase: Remainder of the number of the last unit of a period; months count
            from January 1970, so 2 is a quarter that ends in March.
    """

    unit: str = "row"
    stride: int = 1
    phase: int = 0

    @property
    def name(self) -> str:
        """How a user calls it."""
        if self.unit == "row":
            return "every row"
        known = MONTHS if self.unit == "month" else {1: "weekly"}
        return known.get(self.stride, f"every {self.stride} {self.unit}s")

    @property
    def months(self) -> float:
        """Length of a period in months; a row counts as a day."""
        return self.stride * {"row": 12 / 252, "week": 12 / 52, "month": 1.0}[self.unit]

    def periods(self, index: pd.Index) -> Array:
        """Number of the period of each row, (T,): the same for all dates inside it."""
        return -((self.phase - _units(index, self.unit)) // self.stride)

    def ends(self, periods: Array) -> pd.DatetimeIndex:
        """Last day of numbered weeks or months."""
        last = periods * self.stride + self.phase + 1
        if self.unit == "week":
            days = (7 * last - 4).astype("datetime64[D]")
        else:
            days = last.astype("datetime64[M]").astype("datetime64[D]") - np.timedelta64(1, "D")
        return pd.DatetimeIndex(days.astype("datetime64[ns]"))

    def due(self, index: pd.Index) -> Array:
        """Which rows are the last of a whole period, (T,): where a series of this calendar is expected."""
        if self.unit == "row":
            return np.ones(len(index), dtype=bool)
        units, periods = _units(index, self.unit), self.periods(index)
        last = np.append(periods[1:] != periods[:-1], True)
        return last & (units == periods * self.stride + self.phase)


def calendar_of(index: pd.Index) -> Calendar:
    """Recognise the calendar of dates: at most one a month or week, at an even distance, few periods left out.

    >>> calendar_of(pd.date_range("2020-03-31", periods=8, freq="QE")).name
    'quarterly'
    """
    if not isinstance(index, pd.DatetimeIndex) or len(index) < LEAST or not _even(index):
        return Calendar()
    for unit in ("month", "week"):
        units = _units(index, unit)
        steps = np.diff(units)
        if (steps > 0).all():
            stride = int(np.gcd.reduce(steps))
            if len(index) >= REGULAR * (1 + (units[-1] - units[0]) // stride):
                return Calendar(unit, stride, int(units[-1]) % stride)
    return Calendar()


def _even(index: pd.DatetimeIndex) -> bool:
    """Whether most steps between dates are whole multiples of the usual one."""
    steps = np.diff(index.tz_localize(None).to_numpy()) / np.timedelta64(1, "D")
    ratio = steps / max(float(np.median(steps)), 0.5)
    return bool(np.mean(np.abs(ratio - np.maximum(np.round(ratio), 1.0)) <= OFF) >= EVEN)


def own_calendars(index: pd.Index, present: Array) -> tuple[Calendar, ...]:
    """Return the calendar of each column, (K,): that of the rows unless its values stand on coarser dates.

    Args:
        index: Dates in order. present: (T, K) booleans.
    """
    table, count = calendar_of(index), present.sum(axis=0)
    if not isinstance(index, pd.DatetimeIndex):
        return (table,) * present.shape[1]
    span = len(index) - present.argmax(axis=0) - present[::-1].argmax(axis=0)
    sparse = (count >= LEAST) & (count < SPARSE * span)
    found = [table] * present.shape[1]
    for column in np.flatnonzero(sparse):
        own = calendar_of(index[present[:, column]])
        found[column] = own if own.unit != "row" else table
    return tuple(found)


def over_periods(
    values: Array, index: pd.Index, calendar: Calendar, how: str = "compound", complete: float = 0.8
) -> tuple[Array, Array]:
    """Gather values over the periods of a calendar.

    Args:
        values: (T, K), NaN where missing. index: (T,) dates in order. calendar: Of weeks or months.
        how: ``"compound"`` is ``Π(1+v) - 1``, ``"sum"`` ``Σv``, ``"mean"`` the mean of what is present.
        complete: Share of the values expected in a period that must be present, in (0, 1]; the rest counts as zero.

    Returns:
        Numbers of the periods (B,), and values (B, K), NaN in periods that are not complete.

    Raises:
        DataError: The rows are not in order, or a return to be compounded loses more than everything.
    """
    if not index.is_monotonic_increasing:
        raise DataError("The rows are not in order: sort the table by date first.")
    present = ~np.isnan(values)
    if how == "compound" and (values <= -1).any():
        row, column = np.argwhere(values <= -1)[0]
        raise DataError(
            f"The value {values[row, column]:g} at {index[row]} loses everything and cannot be compounded: "
            "convert percent to decimals, or add the values up instead."
        )
    numbers, starts, rows = np.unique(calendar.periods(index), return_index=True, return_counts=True)
    known = np.add.reduceat(present, starts, axis=0, dtype=np.int64)
    filled = np.where(present, np.log1p(values) if how == "compound" else values, 0.0)
    total = np.add.reduceat(filled, starts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        result = total / known if how == "mean" else total
    if how == "compound":  # a single value stays as it is, to the bit
        result = np.where(known == 1, np.add.reduceat(np.where(present, values, 0.0), starts, axis=0), np.expm1(total))
    expected = np.maximum(_expected(index, own_calendars(index, present), calendar, rows), 1)
    return numbers, np.where(known >= complete * expected, result, np.nan)


def _expected(index: pd.Index, own: tuple[Calendar, ...], calendar: Calendar, rows: Array) -> Array:
    """Values a whole period holds, (B, K): by the calendar of each column where it is one of months."""
    table = calendar_of(index)
    counted = rows.copy()
    if len(rows) > 2:  # the table may start or end inside a period
        counted[[0, -1]] = np.maximum(rows[[0, -1]], rows[1:-1].min())
    expected = np.empty((len(rows), len(own)))
    for one in set(own):
        columns = [k for k, found in enumerate(own) if found == one]
        same = one.unit == calendar.unit
        expected[:, columns] = counted[:, None] if one == table and not same else _whole(one, calendar)
    return expected


def _whole(one: Calendar, calendar: Calendar) -> float:
    """Periods of one calendar in a period of another: 1 for longer ones, infinity for shorter ones that straddle it."""
    if one.months >= calendar.months and one != calendar:
        same_length = one.months == calendar.months
        return np.inf if same_length else 1.0
    if one.unit == calendar.unit and (calendar.stride % one.stride or (calendar.phase - one.phase) % one.stride):
        return np.inf
    return float(math.floor(calendar.months / one.months))


def _units(index: pd.Index, unit: str) -> Array:
    """Number of the row, week or month of each date, (T,)."""
    if unit == "row" or not isinstance(index, pd.DatetimeIndex):
        return np.arange(len(index))
    local = index.tz_localize(None).to_numpy()
    if unit == "month":
        return local.astype("datetime64[M]").astype(np.int64)
    return np.asarray((local.astype("datetime64[D]").astype(np.int64) + 3) // 7)
