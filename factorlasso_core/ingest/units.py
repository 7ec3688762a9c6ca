"""What the numbers of a table look like: said and offered, converted only when asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from factorlasso_core.ingest.base import Grid, Note

LEAST = 12  # values a column needs before anything is said about it
PERSISTENT = 0.95  # lag-one correlation of levels; returns stay far below
LARGE = 0.5  # median size of a return in decimals; percent numbers lie above
SENTINELS = (-99.0, -99.99, -999.0, -999.25, -999.99, -9999.0, 9999.0, 99999.0)
OFFER = {
    "prices": "look like prices or index levels and are read as they are; units='prices' makes returns of them",
    "percent": "look like percent numbers and are read as they are; units='percent' divides them by 100",
}


def in_units(table: pd.DataFrame, units: str | None, grid: Grid) -> tuple[pd.DataFrame, str]:
    """Return the table in the units asked for, and what it looked like; notes go to the grid."""
    values = table.to_numpy()
    prices = look_like_prices(values)
    _note_sentinels(values, prices, table.columns, grid)
    if units in ("percent", "prices"):
        return _converted(table, units, grid), units
    if units == "decimal":
        return table, ""
    look = {"prices": prices, "percent": look_like_percent(values) & ~prices}
    for name, flags in look.items():
        if flags.any():
            names = table.columns[flags].tolist()
            message = f"{len(names)} of {table.shape[1]} columns {OFFER[name]}."
            grid.notes.append(Note(f"looks_like_{name}", message, grid.place.spread(names), len(names)))
    return table, next((name for name, flags in look.items() if flags.mean() > 0.5), "")


def look_like_prices(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which columns are positive throughout and as persistent as levels."""
    seen = np.isfinite(values)
    positive = (seen.sum(axis=0) >= LEAST) & ~np.any(values <= 0, axis=0)
    found = np.zeros(values.shape[1], dtype=bool)
    found[positive] = _lag_one(values[:, positive]) > PERSISTENT
    return found


def _lag_one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each column with itself one row before, 0 where there is none."""
    both = np.isfinite(values[1:]) & np.isfinite(values[:-1])
    count = np.maximum(both.sum(axis=0), 1)
    now, before = (np.where(both, part, 0.0) for part in (values[1:], values[:-1]))
    now, before = (np.where(both, part - part.sum(axis=0) / count, 0.0) for part in (now, before))
    scale = np.sqrt((now**2).sum(axis=0) * (before**2).sum(axis=0))
    return np.divide((now * before).sum(axis=0), scale, out=np.zeros(values.shape[1]), where=scale > 0)


def look_like_percent(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which columns have too large a median size for returns in decimals."""
    seen = np.isfinite(values).sum(axis=0)
    return (seen >= LEAST) & (2 * (np.abs(values) > LARGE).sum(axis=0) > seen)


def _note_sentinels(values: NDArray[np.float64], prices: NDArray[np.bool_], names: pd.Index, grid: Grid) -> None:
    """Note numbers that often stand for a missing value; they are kept."""
    if not (np.any(values <= -99) or np.any(values >= 9999)):
        return
    found = np.isin(values, SENTINELS) & ~prices
    columns = found.any(axis=0)
    if columns.any():
        message = "Numbers such as -99.99 or -999 often stand for missing values; they are read as numbers."
        count = int(found.sum())
        grid.notes.append(Note("sentinel", message, grid.place.spread(names[np.flatnonzero(columns)].tolist()), count))


def _converted(table: pd.DataFrame, units: str, grid: Grid) -> pd.DataFrame:
    """Return percent numbers over 100, or the returns from each price to the next."""
    if units == "percent":
        message = "All numbers are divided by 100, as asked."
        grid.notes.append(Note("converted_percent", message, str(grid.place), int(table.count().sum())))
        return table / 100.0
    values = table.to_numpy()
    wrong = np.argwhere(values <= 0)
    if len(wrong):
        row, column = wrong[0].tolist()
        problem = f"{values[row, column]:g} on {table.index[row]:%Y-%m-%d} is no price: a price is above zero"
        raise grid.place.fault(
            problem, cure="Read it without units='prices'.", column=str(table.columns[column]), code="price"
        )
    message = "Returns are made of prices, as asked; the first row has none, and there is none over a gap."
    grid.notes.append(Note("converted_prices", message, str(grid.place), int(table.count().sum())))
    return pd.DataFrame(values[1:] / values[:-1] - 1.0, index=table.index[1:], columns=table.columns)
