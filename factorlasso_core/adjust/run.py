"""All adjustments of a panel in their one order: units, excess, outliers, frequency."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from factorlasso_core.adjust.options import AdjustOptions, TableAdjust
from factorlasso_core.adjust.outliers import treat_outliers
from factorlasso_core.adjust.resample import resample
from factorlasso_core.adjust.units import Result, in_excess, to_decimal, to_returns, without
from factorlasso_core.errors import DataError
from factorlasso_core.ingest import Note


class Adjusted(NamedTuple):
    """Two tables after the adjustments.

    Attributes:
        responses, factors: As they go into ``join_panel``. notes: Everything that was done.
        changed: The outliers that were treated: table, series, row, value before and after, z.
    """

    responses: pd.DataFrame
    factors: pd.DataFrame
    notes: tuple[Note, ...]
    changed: pd.DataFrame


def adjust(responses: pd.DataFrame, factors: pd.DataFrame, options: AdjustOptions) -> Adjusted:
    """Make the adjustments that are asked for; the default options return the tables themselves.

    Args:
        responses, factors: Floats by date, as ``read_table`` gives them, each on its own dates in order.

    Raises:
        DataError: A step cannot be done; it names the series, the date, and what to do.

    Example:
        >>> frame = pd.DataFrame({"a": [1.0, 2.0]})
        >>> adjust(frame, frame, AdjustOptions(responses=TableAdjust(percent="all"))).responses["a"].tolist()
        [0.01, 0.02]
    """
    for what, table in (("responses", responses), ("factors", factors)):
        if not len(table) or not table.index.is_unique or not table.index.is_monotonic_increasing:
            raise DataError(f"The {what} have no rows, rows that are not in order, or a date twice: sort them first.")
    y, y_notes = _units(responses, options.responses, "responses")
    x, x_notes = _units(factors, options.factors, "factors")
    y, x, notes = _excess(y, x, options)
    notes = (*y_notes, *x_notes, *notes)
    changed = []
    tables = {"responses": (y, options.responses), "factors": (x, options.factors)}
    done = {}
    for what, (table, units) in tables.items():
        how = options.outliers if what == "responses" or options.outlier_tables == "both" else "keep"
        treated = treat_outliers(table, how, options.outlier_z, what)
        changed.append(treated.changed.assign(table=what))
        done[what], more = _resampled(treated.table, units, options, what)
        notes = (*notes, *treated.notes, *more)
    order = ["table", "series", "row", "before", "after", "z"]
    return Adjusted(done["responses"], done["factors"], notes, pd.concat(changed, ignore_index=True)[order])


def _units(table: pd.DataFrame, units: TableAdjust, what: str) -> Result:
    table, percent = to_decimal(table, units.percent, what)
    table, prices = to_returns(table, units.prices, units.returns, what)
    return table, (*percent, *prices)


def _excess(
    y: pd.DataFrame, x: pd.DataFrame, options: AdjustOptions
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Note, ...]]:
    """Both tables less the chosen series, which leaves its table."""
    label = options.excess_over
    if label is None:
        return y, x, ()
    found = [(t, u) for t, u in ((x, options.factors), (y, options.responses)) if label in t.columns]
    if not found:
        raise DataError(f"There is no series {label!r} to take the excess over: choose a response or a factor.")
    table, units = found[0]
    over, how = table[label], units.aggregate
    y, notes = in_excess(without(y, label), over, how, "responses")
    x = without(x, label)
    if options.excess_tables == "both":
        x, more = in_excess(x, over, how, "factors")
        notes = (*notes, *more)
    for name, left in (("response", y), ("factor", x)):
        if left.shape[1] == 0:
            raise DataError(f"{label!r} is the only {name}: without it there is none left to fit.")
    return y, x, notes


def _resampled(table: pd.DataFrame, units: TableAdjust, options: AdjustOptions, what: str) -> Result:
    if options.frequency is None:
        return table, ()
    return resample(table, options.frequency, units.aggregate, options.complete, what)
