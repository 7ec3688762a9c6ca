"""A table on a coarser common frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.adjust.units import Result, listed
from factorlasso_core.calendars import Calendar, calendar_of, over_periods, own_calendars
from factorlasso_core.errors import DataError
from factorlasso_core.ingest import Note

TARGETS = {
    "weekly": Calendar("week", 1, 0),
    "monthly": Calendar("month", 1, 0),
    "quarterly": Calendar("month", 3, 2),
    "yearly": Calendar("month", 12, 11),
}
WORDS = {"compound": "compounded", "sum": "added up", "mean": "averaged"}


def resample(
    frame: pd.DataFrame, frequency: str, how: str = "compound", complete: float = 0.8, what: str = "table"
) -> Result:
    """Gather every series over the weeks, months, quarters or years of the calendar.

    Rows are dated at the last day of the period; a week ends on Sunday. A period counts for a series where
    enough of the values expected by the series' own dates are there. Periods nothing is known of at the
    start and the end are left out. A series on dates coarser than asked keeps its own values.

    Args:
        frame: Dates in order. frequency: A key of ``TARGETS``. how: ``"compound"``, ``"sum"`` or ``"mean"``.
        complete: Share of the expected values that must be there, in (0, 1].

    Raises:
        DataError: The rows are no dates, are coarser than asked, or a value cannot be compounded.
    """
    target = TARGETS[frequency]
    _check(frame, frequency, target, what)
    values = frame.to_numpy(dtype=float)
    numbers, gathered = over_periods(values, frame.index, target, how, complete)
    known = np.flatnonzero((~np.isnan(gathered)).any(axis=1))
    if not len(known):
        raise DataError(f"No period of the {what} is complete at {frequency} frequency: choose a finer one.")
    inside = slice(known[0], known[-1] + 1)
    table = pd.DataFrame(gathered[inside], target.ends(numbers[inside]).rename(frame.index.name), frame.columns)
    message = f"Values {WORDS[how]} to {frequency} frequency: {len(frame)} rows become {len(table)}."
    notes = [Note("resampled", message, what, len(table))]
    partial = _partial(values, gathered, target.periods(frame.index))
    if partial:
        message = f"Periods with less than {complete:.0%} of their values are left empty."
        notes.append(Note("partial_periods", message, what, partial))
    return table, (*notes, *_coarser(frame, target, what))


def _check(frame: pd.DataFrame, frequency: str, target: Calendar, what: str) -> None:
    if not isinstance(frame.index, pd.DatetimeIndex):
        raise DataError(f"The rows of the {what} are not dates: they have no {frequency} frequency.")
    own = calendar_of(frame.index)
    if own.months > target.months:
        raise DataError(f"The {what} is {own.name}: it cannot become {frequency}; choose a coarser frequency.")


def _partial(values: np.ndarray, gathered: np.ndarray, periods: np.ndarray) -> int:
    """Cells of the result that are empty although something is known in their period."""
    starts = np.unique(periods, return_index=True)[1]
    some = np.logical_or.reduceat(~np.isnan(values), starts, axis=0)
    return int((some & np.isnan(gathered)).sum())


def _coarser(frame: pd.DataFrame, target: Calendar, what: str) -> tuple[Note, ...]:
    own = own_calendars(frame.index, frame.notna().to_numpy())
    slow = frame.columns[[one.months > target.months for one in own]]
    if not len(slow):
        return ()
    message = f"Series on coarser dates keep their own values: {listed(slow)}."
    return (Note("coarser_series", message, what, len(slow)),)
