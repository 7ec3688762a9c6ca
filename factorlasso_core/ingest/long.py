"""Long tables: one row for each date and name."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Note, cell_text, shown
from factorlasso_core.ingest.dates import parse_dates
from factorlasso_core.ingest.labels import clean_label, column_labels
from factorlasso_core.ingest.numbers import Numbers
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.written import DateReader


@dataclass(frozen=True, eq=False)
class LongRows:
    """Rows of a long table.

    Args:
        days: The distinct dates, increasing. names: the distinct names, as they first come.
        day, name: Position of the date and of the name of each row. body: rows by columns.
        lines: Where each row stands in the file. style: how the dates are written.
    """

    days: pd.DatetimeIndex
    names: list[str]
    day: NDArray[np.int64]
    name: NDArray[np.int64]
    body: NDArray[np.float64]
    lines: Sequence[int]
    style: str


def long_series(grid: Grid, options: ReadOptions, reader: DateReader) -> tuple[pd.DataFrame, str]:
    """Return dates by names from rows of date, name and value, and how the dates are written.

    Raises:
        InputError: Two rows give a name different values on one date, or no column holds the values.
    """
    rows = _read(grid, [_value_position(grid, column_labels(grid), options)], reader)
    _check_size(len(rows.days), len(rows.names), grid)
    _distinct(rows, grid)
    table = np.full((len(rows.days), len(rows.names)), np.nan)
    table[rows.day, rows.name] = rows.body[:, 0]
    message = f"The table is long: rows of date, name and value become {len(rows.names):,} columns."
    grid.notes.append(Note("long_layout", message, str(grid.place), len(rows.lines)))
    return pd.DataFrame(table, index=rows.days, columns=pd.Index(rows.names)), rows.style


def characteristics(grid: Grid, reader: DateReader) -> tuple[pd.DataFrame, str]:
    """Return the other columns by (date, name), sorted, and how the dates are written."""
    labels = column_labels(grid)
    body = [position for position in range(1, len(grid.header)) if position != grid.name_column]
    if not body:
        raise grid.place.fault("there is no column of numbers", cure="Add one.", row=grid.header_row, code="no_columns")
    rows = _read(grid, body, reader)
    keep = _distinct(rows, grid)
    keep = keep[np.lexsort((rows.name[keep], rows.day[keep]))]
    names = np.array(rows.names, dtype=object)[rows.name[keep]]
    index = pd.MultiIndex.from_arrays([rows.days[rows.day[keep]], names], names=["date", "name"])
    columns = pd.Index([labels[position - 1] for position in body])
    return pd.DataFrame(rows.body[keep], index=index, columns=columns), rows.style


def _value_position(grid: Grid, labels: Sequence[str], options: ReadOptions) -> int:
    """Return the column of values: the one asked for, or the only one that is left."""
    if options.value_column is not None:
        if options.value_column not in labels:
            problem = f"there is no column {shown(options.value_column)}"
            raise grid.place.fault(problem, cure="Choose a name of the header.", row=grid.header_row, code="no_column")
        return labels.index(options.value_column) + 1
    left = [position for position in range(1, len(grid.header)) if position != grid.name_column]
    if len(left) != 1:
        problem = f"{len(left)} columns may hold the values of the long table"
        raise grid.place.fault(problem, cure="Say which with value_column.", row=grid.header_row, code="long")
    return left[0]


def _read(grid: Grid, body: Sequence[int], reader: DateReader) -> LongRows:
    """Read all rows; dates and names that repeat are kept once."""
    narrow = _narrow(grid, body)
    numbers = Numbers(narrow, column_labels(narrow))
    day, name, at = array("q"), array("q"), grid.name_column or 0
    days: dict[Any, tuple[int, int]] = {}
    names: dict[str, int] = {}
    for line, cells in grid.rows:
        day.append(days.setdefault(cells[0], (len(days), line))[0])
        text = cell_text(cells[at])
        if text not in names:
            names[text] = len(names)
            _check_size(len(days), len(names), grid)
        name.append(names[text])
        numbers.add(line, [cells[position] for position in body])
    if not days:
        raise grid.place.fault("there is no row of data below the names", cure="Add the data.", code="no_rows")
    found = parse_dates(list(days), [line for _, line in days.values()], grid.place, grid.found.key, reader)
    index, codes = _sorted(found.index)
    grid.notes.extend(found.notes)
    labels, order = _labels(names, numbers.lines, name, grid)
    return LongRows(
        index, labels, codes[np.array(day)], order[np.array(name)], numbers.finish(), numbers.lines, found.style
    )


def _narrow(grid: Grid, body: Sequence[int]) -> Grid:
    """Return a grid of the key and some columns, for messages that name them."""
    columns = grid.place.columns or tuple(range(len(grid.header)))
    place = replace(grid.place, columns=(columns[0], *(columns[position] for position in body)))
    return replace(grid, place=place, header=[grid.header[0], *(grid.header[position] for position in body)])


def _sorted(index: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, NDArray[np.int64]]:
    """Return the distinct dates in order, and where each of the given ones stands among them."""
    days, codes = np.unique(index.to_numpy(), return_inverse=True)
    return pd.DatetimeIndex(days, name="date"), codes


def _labels(
    names: dict[str, int], lines: Sequence[int], used: Sequence[int], grid: Grid
) -> tuple[list[str], NDArray[np.int64]]:
    """Return clean names, and the position of each name as it is written; two spellings may be one name."""
    first = np.unique(np.array(used), return_index=True)[1]
    column = grid.place.column(grid.name_column or 0)
    clean = [
        clean_label(text, grid, row=lines[row], column=column, what="series")
        for text, row in zip(names, first.tolist(), strict=True)
    ]
    positions = {label: at for at, label in enumerate(dict.fromkeys(clean))}
    return list(positions), np.array([positions[label] for label in clean])


def _check_size(days: int, names: int, grid: Grid) -> None:
    if names > grid.limits.columns or days * names > grid.limits.cells:
        raise grid.place.fault(
            f"the table has more than {grid.limits.columns:,} names or {grid.limits.cells:,} cells",
            code="too_many_columns",
        )


def _distinct(rows: LongRows, grid: Grid) -> NDArray[np.int64]:
    """Return one row for each date and name; refuse two that differ."""
    codes = rows.day * len(rows.names) + rows.name
    order = np.argsort(codes, kind="stable")
    again = np.flatnonzero(np.diff(codes[order]) == 0)
    for first, second in zip(order[again].tolist(), order[again + 1].tolist(), strict=True):
        if not np.array_equal(rows.body[first], rows.body[second], equal_nan=True):
            raise _conflict(rows, first, second, grid)
    if len(again):
        message = "Rows that repeat another are left out."
        grid.notes.append(Note("repeated_rows", message, str(grid.place), len(again)))
    keep: NDArray[np.int64] = np.delete(order, again + 1)
    return keep


def _conflict(rows: LongRows, first: int, second: int, grid: Grid) -> InputError:
    name, day = rows.names[rows.name[second]], rows.days[rows.day[second]]
    return grid.place.fault(
        f"{shown(name)} on {day:%Y-%m-%d} stands in rows {rows.lines[first]} and {rows.lines[second]} "
        "with different values",
        cure="Keep one row for each date and name.",
        row=rows.lines[second],
        code="duplicate_date",
    )
