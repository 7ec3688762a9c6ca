"""Frames as sheets of cells, and sheets of cells as frames, with a layout that keeps labels, names and types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from factorlasso_core.covariance.cells import decode, encode, tag, untag
from factorlasso_core.errors import DataError

LAYOUT = "factorlasso_core"  # title of the sheet that holds the layout
MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_383  # of a worksheet, beside the header and the labels
# What a layout that was tampered with can raise; a deeply nested note exhausts the parser.
FAULTS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, OSError, RecursionError)
Grid = list[tuple[Any, ...]]


@dataclass
class Layout:
    """What each sheet was: notes by sheet and part, kept as rows of text."""

    notes: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, grid: Grid) -> Layout:
        """The layout of its own sheet."""
        return cls({(str(row[0]), str(row[1])): str(row[2]) for row in grid[1:] if len(row) >= 3})

    def table(self) -> pd.DataFrame:
        """The layout as its sheet shows it."""
        rows = [(sheet, part, note) for (sheet, part), note in self.notes.items()]
        return pd.DataFrame(rows, columns=["sheet", "part", "note"], dtype=object)

    def value(self, sheet: str, part: str) -> Any:
        """A value that was noted with a tag.

        Raises:
            DataError: The note is none.
        """
        try:
            return untag(self.notes[sheet, part])
        except FAULTS as error:
            raise DataError(f"The sheet {LAYOUT!r} was changed outside at {sheet}, {part}: {error}.") from error

    def knows(self, sheet: str) -> bool:
        """Whether the sheet was written with this layout."""
        return (sheet, "index") in self.notes


def to_cells(sheet: str, frame: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Return a frame of cells with the labels as first column, and note in the layout what they were.

    Raises:
        DataError: It does not fit on a worksheet, or holds something a workbook does not keep.
    """
    if len(frame) > MOST_ROWS or frame.shape[1] > MOST_COLUMNS:
        raise DataError(
            f"{sheet} has {len(frame):,} rows and {frame.shape[1]:,} columns, more than a worksheet holds "
            f"({MOST_ROWS:,} by {MOST_COLUMNS:,}): keep fewer with filter_on_tickers."
        )
    labels, index = encode(frame.index, f"The index of {sheet}", labels=True)
    header, columns = encode(frame.columns, f"The header of {sheet}", labels=True)
    cells = [encode(frame.iloc[:, j], f"Column {name!r} of {sheet}") for j, name in enumerate(frame.columns)]
    notes = {"index": index, "columns": columns}
    metas = [meta for _, meta in cells]
    if metas and all(meta == metas[0] for meta in metas):
        notes["values"] = metas[0]
    else:
        notes |= {f"column {j}": meta for j, meta in enumerate(metas)}
    layout.notes |= {(sheet, part): json.dumps(note) for part, note in notes.items()}
    layout.notes[sheet, "index name"] = tag(frame.index.name, f"The index name of {sheet}")
    layout.notes[sheet, "columns name"] = tag(frame.columns.name, f"The columns name of {sheet}")
    body = [pd.Series(values, dtype=object) for values in (labels, *(values for values, _ in cells))]
    corner = frame.index.name if isinstance(frame.index.name, str) else ""
    return pd.concat(body, axis="columns").set_axis([corner, *map(str, header)], axis="columns")


def from_cells(sheet: str, grid: Grid, layout: Layout) -> pd.DataFrame:
    """Return the frame that :func:`to_cells` was given.

    Raises:
        DataError: The cells are not what the layout says.
    """
    header, rows = _shape(grid)

    def note(part: str) -> Any:
        return json.loads(layout.notes[sheet, part])

    try:
        columns = decode(header[1:], note("columns")).rename(layout.value(sheet, "columns name"))
        index = decode([row[0] for row in rows], note("index")).rename(layout.value(sheet, "index name"))
    except FAULTS as error:
        raise DataError(f"The sheet {sheet!r} has labels that were changed outside: {error}.") from error
    uniform = (sheet, "values") in layout.notes
    body = {}
    for j, name in enumerate(columns):
        try:
            values = decode([row[j + 1] for row in rows], note("values" if uniform else f"column {j}"))
        except FAULTS as error:
            raise DataError(f"The sheet {sheet!r} was changed outside in column {name!r}: {error}.") from error
        body[j] = pd.Series(values, index=index)
    return pd.DataFrame(body, index=index).set_axis(columns, axis="columns")


def plain_frame(sheet: str, grid: Grid, *, numeric: bool) -> pd.DataFrame:
    """Return the frame of a sheet without a layout, as the reference writes it: labels in the first column.

    Args:
        numeric: Whether every column holds numbers; otherwise whole numbers, numbers and text are told apart.

    Raises:
        DataError: A number is expected and something else found, or a column has no name.
    """
    header, rows = _shape(grid)
    if None in header[1:]:
        raise DataError(f"The sheet {sheet!r} has a column without a name: name it or delete it.")
    index = pd.Index([row[0] for row in rows], name=header[0] or None)
    body = {}
    for j, name in enumerate(header[1:]):
        cells = [row[j + 1] for row in rows]
        body[j] = pd.Series(_numbers(sheet, name, cells) if numeric else _guessed(cells), index=index)
    return pd.DataFrame(body, index=index).set_axis(pd.Index(header[1:]), axis="columns")


def _numbers(sheet: str, name: Any, cells: Sequence[Any]) -> pd.Index:
    try:
        return decode(cells, {"dtype": "float64", "form": "plain"})
    except FAULTS as error:
        raise DataError(f"The sheet {sheet!r} has in column {name!r} what is not a number: {error}.") from error


def _guessed(cells: Sequence[Any]) -> pd.Index:
    """Whole numbers if all are, else numbers, else text as it stands."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if cells and kinds <= {int, float}:
        whole = kinds == {int} and None not in cells
        return decode(cells, {"dtype": "int64" if whole else "float64", "form": "plain"})
    return pd.Index([None if cell is None else cell for cell in cells], dtype=None if kinds == {str} else object)


def _shape(grid: Grid) -> tuple[tuple[Any, ...], Grid]:
    """Header without empty cells at its end, and the rows as wide as it without empty rows at the end."""
    header = grid[0] if grid else (None,)
    width = max((j + 1 for j, cell in enumerate(header) if cell is not None), default=1)
    rows = [(*row, *(None,) * (width - len(row)))[:width] for row in grid[1:]]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    return header[:width], rows


def tables(grids: Mapping[str, Grid], layout: Layout, texts: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Return the frame of every sheet, those in ``texts`` with columns that may hold text."""
    return {
        sheet: from_cells(sheet, grid, layout)
        if layout.knows(sheet)
        else plain_frame(sheet, grid, numeric=sheet not in texts)
        for sheet, grid in grids.items()
    }
