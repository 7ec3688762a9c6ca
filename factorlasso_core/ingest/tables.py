"""From cells to the table of each kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Loaded, Note, Row, cell_text, shown
from factorlasso_core.ingest.dates import looks_like_date, parse_dates
from factorlasso_core.ingest.labels import clean_label, column_labels, missing_header, row_labels
from factorlasso_core.ingest.long import characteristics, long_series
from factorlasso_core.ingest.numbers import Numbers
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.units import in_units
from factorlasso_core.ingest.written import DateReader

INDEX = "label"
SIGNS = {"": np.nan, "+": 1.0, "-": -1.0}
UNIT = re.compile(r"[+-]?[01](?:\.0*)?", re.ASCII)
MINUS = "\u2212"
FRACTION = re.compile(r"[+-]?\d*\.\d+", re.ASCII)


def series_table(grid: Grid, options: ReadOptions, reader: DateReader) -> Loaded:
    """Return dates by columns, float64, dates strictly increasing."""
    if looks_like_date(grid.header[0]):
        raise missing_header(grid)
    if grid.name_column is not None:
        table, style = long_series(grid, options, reader)
    else:
        keys, labels, numbers = _numbers(grid)
        values = numbers.finish()
        column = grid.found.key
        dates = parse_dates(keys, numbers.lines, grid.place, column, reader)
        grid.notes[len(grid.notes) :] = dates.notes
        index, values = _increasing(dates.index, values, numbers.lines, grid, column)
        table, style = pd.DataFrame(values, index=index, columns=pd.Index(labels)), dates.style
    table, units = in_units(table, options.units, grid)
    return _loaded(table, grid, dates=style, units=units)


def prior_table(grid: Grid, options: ReadOptions, reader: DateReader) -> Loaded:
    """Return labels by factors, float64, NaN where there is no prior."""
    _refuse_header(grid, lambda text: bool(FRACTION.fullmatch(text)))
    keys, labels, numbers = _numbers(grid)
    index = _labels_index(keys, numbers.lines, grid)
    return _loaded(pd.DataFrame(numbers.finish(), index=index, columns=pd.Index(labels)), grid)


def signs_table(grid: Grid, options: ReadOptions, reader: DateReader) -> Loaded:
    """Return labels by factors with 1, -1, 0, and NaN where the sign is free."""
    _refuse_header(grid, lambda text: _sign(text) is not None)
    labels = column_labels(grid)
    rows = _some_rows(grid)
    index = _labels_index([cells[0] for _, cells in rows], [line for line, _ in rows], grid)
    values = np.array([_sign_row(line, cells, labels, grid) for line, cells in rows])
    return _loaded(pd.DataFrame(values, index=index, columns=pd.Index(labels)), grid)


def groups_table(grid: Grid, options: ReadOptions, reader: DateReader) -> Loaded:
    """Return one column ``group`` of names, by label."""
    if len(column_labels(grid)) != 1 or cell_text(grid.header[1]).casefold() != "group":
        raise grid.place.fault(
            "a groups file has two columns, and the second is named group",
            cure="Put group above the second column, and delete the others.",
            row=grid.header_row,
            code="groups_columns",
        )
    rows = _some_rows(grid)
    index = _labels_index([cells[0] for _, cells in rows], [line for line, _ in rows], grid)
    groups = [clean_label(cells[1], grid, row=line, column="group", what="group") for line, cells in rows]
    return _loaded(pd.DataFrame({"group": groups}, index=index), grid)


def characteristics_table(grid: Grid, options: ReadOptions, reader: DateReader) -> Loaded:
    """Return float64 columns by (date, name), or by label where the file has no dates."""
    if grid.name_column is None:
        return prior_table(grid, options, reader)
    table, style = characteristics(grid, reader)
    return _loaded(table, grid, dates=style)


TABLES: dict[str, Callable[[Grid, ReadOptions, DateReader], Loaded]] = {
    "responses": series_table,
    "factors": series_table,
    "signs": signs_table,
    "prior": prior_table,
    "groups": groups_table,
    "characteristics": characteristics_table,
}


def _loaded(table: pd.DataFrame, grid: Grid, *, dates: str = "", units: str = "") -> Loaded:
    comma = any(note.code == "decimal_comma" for note in grid.notes)
    found = replace(grid.found, dates=dates, units=units, decimal="," if comma else ".")
    return Loaded(table, tuple(grid.notes), found)


def _numbers(grid: Grid) -> tuple[list[object], list[str], Numbers]:
    """Return the first cell of each row, the names of the other columns, and their numbers."""
    labels = column_labels(grid)
    keys: list[object] = []
    numbers = Numbers(grid, labels)
    for line, cells in grid.rows:
        keys.append(cells[0])
        numbers.add(line, cells[1:])
    if not keys:
        raise _no_rows(grid)
    return keys, labels, numbers


def _some_rows(grid: Grid) -> list[Row]:
    rows = list(grid.rows)
    if not rows:
        raise _no_rows(grid)
    return rows


def _no_rows(grid: Grid) -> InputError:
    return grid.place.fault("there is no row of data below the names", cure="Add the data.", code="no_rows")


def _refuse_header(grid: Grid, is_data: Callable[[str], bool]) -> None:
    """Refuse a first row in which every name is a value: the header is missing."""
    body = [cell_text(cell) for cell in grid.header[1:]]
    if any(body) and all(is_data(text) for text in body):
        raise missing_header(grid)


def _labels_index(cells: Sequence[object], lines: Sequence[int], grid: Grid) -> pd.Index:
    return pd.Index(row_labels(cells, lines, grid), name=INDEX)


def _sign_row(line: int, cells: Sequence[object], labels: Sequence[str], grid: Grid) -> list[float]:
    signs = [_sign(cell_text(cell)) for cell in cells[1:]]
    if None in signs:
        position = signs.index(None)
        raise grid.place.fault(
            f"{shown(cells[position + 1])}{grid.place.cell(line, position + 1)} is not a sign",
            cure="Write + or 1, - or -1, 0 to exclude, and nothing to leave the sign free.",
            row=line,
            column=labels[position],
            code="sign",
        )
    return [np.nan if sign is None else sign for sign in signs]


def _sign(text: str) -> float | None:
    """Return the sign a cell stands for, NaN for a free one, None for anything else."""
    text = text.replace(MINUS, "-")
    if text in SIGNS:
        return SIGNS[text]
    return float(text) + 0.0 if UNIT.fullmatch(text) else None  # + 0.0 makes -0 a plain 0


def _increasing(
    dates: pd.DatetimeIndex, values: NDArray[np.float64], lines: Sequence[int], grid: Grid, column: str
) -> tuple[pd.DatetimeIndex, NDArray[np.float64]]:
    """Sort by date, and drop rows that repeat the one before with the same values."""
    where, notes = str(grid.place), grid.notes
    if not dates.is_monotonic_increasing:
        order = np.argsort(dates.to_numpy(), kind="stable")
        dates, values, lines = dates[order], values[order], [lines[i] for i in order]
        notes.append(Note("sorted", "Rows are sorted by date.", where, len(dates)))
    repeats: list[int] = (1 + np.flatnonzero(dates[1:] == dates[:-1])).tolist()
    for position in repeats:
        if not np.array_equal(values[position], values[position - 1], equal_nan=True):
            raise grid.place.fault(
                f"the date {dates[position]:%Y-%m-%d} stands in rows {lines[position - 1]} and "
                f"{lines[position]} with different values",
                cure="Keep one row for each date, or set layout to long if a column holds names.",
                row=lines[position],
                column=column,
                code="duplicate_date",
            )
    if not repeats:
        return dates, values
    notes.append(Note("repeated_rows", "Rows that repeat another are left out.", where, len(repeats)))
    return dates.delete(repeats), np.delete(values, repeats, axis=0)
