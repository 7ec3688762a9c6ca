"""Percent to decimals, prices to returns, returns to excess returns: frame to frame, with notes."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from factorlasso_core.adjust.options import ALL, Columns
from factorlasso_core.arrays import Array
from factorlasso_core.calendars import Calendar, over_periods, own_calendars
from factorlasso_core.errors import DataError
from factorlasso_core.ingest import Note

NAMED = 5  # columns a note names

Result = tuple[pd.DataFrame, tuple[Note, ...]]


def places(frame: pd.DataFrame, columns: Columns) -> Array:
    """Positions of columns given by label, or of all.

    Raises:
        DataError: A label is not in the table.
    """
    if isinstance(columns, str) and columns == ALL:
        return np.arange(frame.shape[1])
    missing = [label for label in columns if label not in frame.columns]
    if missing:
        raise DataError(f"There is no series {missing[0]!r} to convert: choose among {listed(frame.columns)}.")
    return np.asarray(frame.columns.get_indexer(pd.Index(list(columns), dtype=object)), dtype=np.intp)


def listed(labels: pd.Index) -> str:
    """The first labels, and how many more."""
    names = ", ".join(map(str, labels[:NAMED]))
    return names + (f" and {len(labels) - NAMED} more" if len(labels) > NAMED else "")


def to_decimal(frame: pd.DataFrame, columns: Columns, what: str = "table") -> Result:
    """Divide columns by 100.

    >>> to_decimal(pd.DataFrame({"r": [1.5]}), "all")[0]["r"].tolist()
    [0.015]
    """
    chosen = places(frame, columns)
    if not len(chosen):
        return frame, ()
    values = frame.to_numpy(dtype=float, copy=True)
    values[:, chosen] /= 100.0
    message = f"Percent to decimals: values divided by 100 in {listed(frame.columns[chosen])}."
    return _like(frame, values), (Note("percent_to_decimal", message, what, len(chosen)),)


def to_returns(frame: pd.DataFrame, columns: Columns, kind: str = "simple", what: str = "table") -> Result:
    """Replace prices by returns since the period before, each series on its own dates.

    A series known once a quarter gets quarterly returns; elsewhere a return needs the prices of two periods in
    a row, because one that spans a gap would pass for that of a single period. The first row goes if nothing
    is left on it.

    Args:
        frame: Prices, dates in order. columns: Labels or ``"all"``. kind: ``"simple"`` or ``"log"``.

    Raises:
        DataError: A price is zero or negative, a label is unknown, the dates are not in order, or there is one.

    >>> to_returns(pd.DataFrame({"p": [100.0, 101.0]}), "all")[0]["p"].round(12).tolist()
    [0.01]
    """
    chosen = places(frame, columns)
    if not len(chosen):
        return frame, ()
    if not len(frame) or not frame.index.is_monotonic_increasing:
        raise DataError("There are no rows, or they are not in order: sort the table by date first.")
    values = frame.to_numpy(dtype=float, copy=True)
    prices = values[:, chosen]
    _check_prices(prices, frame, chosen)
    values[:, chosen], gaps = _returns(prices, frame.index, kind)
    first = int(bool(np.isnan(values[0]).all()))
    if len(frame) == first:
        raise DataError(f"There is one row of prices in the {what}, and a return needs two: give more dates.")
    names = listed(frame.columns[chosen])
    notes = [Note("price_to_return", f"Prices to {kind} returns in {names}.", what, len(chosen))]
    if gaps:
        message = "Returns over a gap in the prices are left empty: they span more than one period."
        notes.append(Note("gaps_in_prices", message, what, gaps))
    return _like(frame, values).iloc[first:], tuple(notes)


def _check_prices(prices: Array, frame: pd.DataFrame, chosen: Array) -> None:
    if (prices <= 0).any():
        row, column = np.argwhere(prices <= 0)[0]
        raise DataError(
            f"The price of {frame.columns[chosen[column]]!r} is {prices[row, column]:g} at {frame.index[row]}: "
            "prices are above zero; correct it, or do not convert this series."
        )


def _returns(prices: Array, index: pd.Index, kind: str) -> tuple[Array, int]:
    """Returns of prices (T, K), and how many prices have an earlier one but no return."""
    present = ~np.isnan(prices)
    rows = np.arange(len(prices))[:, None]
    before = np.maximum.accumulate(np.where(present, rows, -1), axis=0)
    before = np.vstack([np.full((1, prices.shape[1]), -1), before[:-1]])
    ratio = prices / np.take_along_axis(prices, np.maximum(before, 0), axis=0)
    numbers = _periods(index, own_calendars(index, present))
    joined = numbers - np.take_along_axis(numbers, np.maximum(before, 0), axis=0) == 1
    follows = present & (before >= 0)
    returns = np.log(ratio) if kind == "log" else ratio - 1.0
    return np.where(follows & joined, returns, np.nan), int((follows & ~joined).sum())


def _periods(index: pd.Index, own: tuple[Calendar, ...]) -> Array:
    """Number of the period of every cell, (T, K), by the calendar of its column."""
    numbers = np.empty((len(index), len(own)), dtype=np.int64)
    for one in set(own):
        numbers[:, [found == one for found in own]] = one.periods(index)[:, None]
    return numbers


def in_excess(frame: pd.DataFrame, over: pd.Series, how: str = "compound", what: str = "table") -> Result:
    """Subtract a series from every column, gathered over the periods of columns on coarser dates.

    Args:
        frame: Returns. over: The series, in the same units and per row of its own index, such as a riskless
            return; matched by period. how: How it gathers over a longer period.

    Raises:
        DataError: No period is in both.
    """
    values = frame.to_numpy(dtype=float, copy=True)
    present = ~np.isnan(values)
    own = own_calendars(frame.index, present)
    for one in sorted(set(own)):
        columns = [k for k, found in enumerate(own) if found == one]
        values[:, columns] -= _matched(frame.index, over, one, how)[:, None]
    lost = int((present & np.isnan(values)).sum())
    if lost and lost == int(present.sum()):
        raise DataError(f"The series {over.name!r} has no value in any period of the {what}: choose another one.")
    notes = [Note("excess", f"Excess over {over.name}: it is subtracted from every series.", what, frame.shape[1])]
    if lost:
        message = f"Values where {over.name} is not known are left empty: their excess is unknown."
        notes.append(Note("excess_unknown", message, what, lost))
    return _like(frame, values), tuple(notes)


def _matched(index: pd.Index, over: pd.Series, calendar: Calendar, how: str) -> Array:
    """The series over the period of each row, (T,), NaN where it is not known."""
    if calendar.unit == "row":
        return over.reindex(index).to_numpy(dtype=float)
    numbers, values = over_periods(over.to_numpy(dtype=float)[:, None], over.index, calendar, how)
    return pd.Series(values[:, 0], numbers).reindex(calendar.periods(index)).to_numpy()


def without(frame: pd.DataFrame, label: Hashable) -> pd.DataFrame:
    """The table without a column, if it has it."""
    return frame.drop(columns=[label]) if label in frame.columns else frame


def _like(frame: pd.DataFrame, values: Array) -> pd.DataFrame:
    return pd.DataFrame(values, frame.index, frame.columns)
