"""Responses and factors on the same dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Found, Loaded, Note
from factorlasso_core.ingest.periods import frequency, period_ends, spacing

RANGES_SHOWN = 3
BOTH = "responses and factors"


def join_panel(responses: pd.DataFrame, factors: pd.DataFrame) -> Loaded:
    """Return both tables on their common dates, and notes of how many are common and what was left out.

    Tables whose dates differ within the week, month, quarter or year are matched by that period and dated at
    its last day, where that matches more rows than the dates themselves. Rows are matched, never added up.

    Returns:
        A table with two levels of columns: ``responses`` or ``factors``, then the name, so that
        ``joined.table["factors"]`` are the factors.

    Raises:
        InputError: A table has no dates, or no date is in both.
    """
    for name, table in (("responses", responses), ("factors", factors)):
        _check_dates(name, table)
    notes: list[Note] = []
    ours, theirs = period_ends(responses.index), period_ends(factors.index)
    if _gains(responses.index, factors.index, ours, theirs):
        responses, factors = responses.set_axis(ours), factors.set_axis(theirs)
        message = "Dates differ within the period: rows are matched by period and dated at its last day."
        notes.append(Note("joined_by_period", message, BOTH))
    common = responses.index.intersection(factors.index)
    if common.empty:
        raise _no_overlap(responses.index, factors.index)
    notes.append(_common(common, len(responses), len(factors)))
    notes += _frequency(responses.index, factors.index)
    notes += _left_out("responses", "factors", responses.index, common)
    notes += _left_out("factors", "responses", factors.index, common)
    notes += _same_names(responses, factors)
    table = pd.concat({"responses": responses.loc[common], "factors": factors.loc[common]}, axis="columns", sort=False)
    return Loaded(table.rename_axis(index="date"), tuple(notes), Found())


def _gains(ours: pd.Index, theirs: pd.Index, our_ends: pd.Index, their_ends: pd.Index) -> bool:
    """Return whether periods match more rows than dates, and no two rows of a table share one.

    Where one table is coarser it is enough that they match as many: a quarter dated at its first day is not
    its first month.
    """
    if not (our_ends.is_unique and their_ends.is_unique):
        return False
    by_period, by_date = len(our_ends.intersection(their_ends)), len(ours.intersection(theirs))
    both = {frequency(ours), frequency(theirs)}
    moved = not (our_ends.equals(ours) and their_ends.equals(theirs))
    return by_period > by_date or (moved and len(both) > 1 and not both & {"", "daily"} and by_period == by_date)


def _common(common: pd.Index, ours: int, theirs: int) -> Note:
    message = (
        f"{len(common)} rows are common, {_range(common)}, of {ours} of the responses and {theirs} of the factors."
    )
    return Note("common_rows", message, BOTH, len(common))


def _check_dates(name: str, table: pd.DataFrame) -> None:
    index = table.index
    dated = isinstance(index, pd.DatetimeIndex) and index.tz is None and not index.hasnans
    if not dated or not len(index) or not index.is_monotonic_increasing or not index.is_unique:
        raise InputError(
            f"the {name} need at least one row, and dates that increase from row to row",
            cure="Read them with read_table.",
            code="no_dates",
        )


def _no_overlap(ours: pd.Index, theirs: pd.Index) -> InputError:
    return InputError(
        f"no date is in both files: the responses run from {_range(ours)}, the factors from {_range(theirs)}",
        cure="Load files of the same period and frequency.",
        code="no_overlap",
    )


def _range(index: pd.Index) -> str:
    return f"{index[0]:%Y-%m-%d} to {index[-1]:%Y-%m-%d}"


def _frequency(ours: pd.Index, theirs: pd.Index) -> list[Note]:
    """Note tables of different frequency: the rows of the finer one are not compounded."""
    mine, other = spacing(ours), spacing(theirs)
    if not max(mine, other) > 2 * min(mine, other):
        return []
    message = (
        f"Responses are {_often(ours)} and factors {_often(theirs)}: rows are matched by date, and "
        "returns are not added up over the days between."
    )
    return [Note("frequency", message, BOTH)]


def _often(index: pd.Index) -> str:
    return frequency(index) or f"{spacing(index):g} days apart"


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
