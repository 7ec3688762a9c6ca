"""Responses and factors on the same dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note

MONTHLY = (25.0, 35.0)  # median days between rows
RANGES_SHOWN = 3


def join_panel(responses: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Note, ...]]:
    """Return both tables on their common dates, and notes of what was left out.

    Monthly tables whose dates differ within the month are matched by calendar month and dated at its
    last day, where that matches more rows than the dates themselves.

    Raises:
        InputError: A table has no dates, or no date is in both.
    """
    for name, table in (("responses", responses), ("factors", factors)):
        _check_dates(name, table)
    notes: list[Note] = []
    if _gain_by_month(responses.index, factors.index):
        responses, factors = _at_month_end(responses), _at_month_end(factors)
        message = "Dates differ within the month: rows are matched by month and dated at its last day."
        notes.append(Note("joined_by_month", message, "responses and factors"))
    common = responses.index.intersection(factors.index)
    if common.empty:
        raise _no_overlap(responses.index, factors.index)
    notes += _frequency(responses.index, factors.index)
    notes += _left_out("responses", "factors", responses.index, common)
    notes += _left_out("factors", "responses", factors.index, common)
    notes += _same_names(responses, factors)
    return responses.loc[common], factors.loc[common], tuple(notes)


def _check_dates(name: str, table: pd.DataFrame) -> None:
    index = table.index
    dated = isinstance(index, pd.DatetimeIndex) and index.tz is None and not index.hasnans
    if not dated or not len(index) or not index.is_monotonic_increasing or not index.is_unique:
        raise InputError(
            f"the {name} need at least one row, and dates that increase from row to row",
            cure="Read them with read_table.",
            code="no_dates",
        )


def _gain_by_month(ours: pd.Index, theirs: pd.Index) -> bool:
    if not (_is_monthly(ours) and _is_monthly(theirs)):
        return False
    months = _months(ours).intersection(_months(theirs))
    return len(months) > len(ours.intersection(theirs))


def _is_monthly(index: pd.Index) -> bool:
    return MONTHLY[0] <= _spacing(index) <= MONTHLY[1] and bool(_months(index).is_unique)


def _spacing(index: pd.Index) -> float:
    """Return the median days between rows, NaN for a single row."""
    gaps = np.diff(index.to_numpy()) / np.timedelta64(1, "D")
    return float(np.median(gaps)) if len(gaps) else float("nan")


def _months(index: pd.Index) -> pd.PeriodIndex:
    return pd.DatetimeIndex(index).to_period("M")


def _at_month_end(table: pd.DataFrame) -> pd.DataFrame:
    ends = pd.DatetimeIndex(table.index) + pd.offsets.MonthEnd(0)
    return table.set_axis(ends.rename(table.index.name), axis="index")


def _no_overlap(ours: pd.Index, theirs: pd.Index) -> InputError:
    return InputError(
        f"no date is in both files: the responses run from {_range(ours)}, the factors from {_range(theirs)}",
        cure="Load files of the same period and frequency.",
        code="no_overlap",
    )


def _range(index: pd.Index) -> str:
    return f"{index[0]:%Y-%m-%d} to {index[-1]:%Y-%m-%d}"


def _frequency(ours: pd.Index, theirs: pd.Index) -> list[Note]:
    """Note a monthly table joined with a daily one: the daily rows are not compounded."""
    mine, other = _spacing(ours), _spacing(theirs)
    if not max(mine, other) > 3 * min(mine, other):
        return []
    message = (
        f"Responses come every {mine:g} days and factors every {other:g}: rows are matched by date, and "
        "returns are not added up over the days between."
    )
    return [Note("frequency", message, "responses and factors")]


def _left_out(name: str, other: str, index: pd.Index, common: pd.Index) -> list[Note]:
    missing = np.flatnonzero(~index.isin(common))
    if not len(missing):
        return []
    runs = np.split(missing, 1 + np.flatnonzero(np.diff(missing) > 1))
    ranges = [_range(index[run]) for run in runs[:RANGES_SHOWN]]
    if len(runs) > RANGES_SHOWN:
        ranges.append(f"{len(runs) - RANGES_SHOWN} more ranges")
    message = f"{len(missing)} rows of the {name} have no {other}: {', '.join(ranges)}."
    return [Note(f"{name}_left_out", message, name, len(missing))]


def _same_names(responses: pd.DataFrame, factors: pd.DataFrame) -> list[Note]:
    shared = [str(name) for name in responses.columns if name in factors.columns]
    if not shared:
        return []
    message = f"Names that are both a response and a factor: {', '.join(shared[:5])}"
    message += " and more." if len(shared) > 5 else "."
    return [Note("shared_names", message, "responses and factors", len(shared))]
