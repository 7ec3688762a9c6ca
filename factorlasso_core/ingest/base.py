"""What every reader shares: notes, and where in a file a fault is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import pandas as pd

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.settings import ReadLimits

__all__ = ["Found", "Grid", "Loaded", "Note", "Place", "Raw", "ReadLimits", "Row", "cell_text", "is_blank", "shown"]

Row = tuple[int, Sequence[Any]]
LISTED = 3


@dataclass(frozen=True)
class Note:
    """Something a reader did that the user should know: nothing is changed in silence.

    Args:
        code: Short stable identifier of what was done.
        message: One sentence.
        place: File, sheet and column it concerns.
        count: How many cells or rows it concerns, 0 when counting says nothing.
    """

    code: str
    message: str
    place: str = ""
    count: int = 0


@dataclass(frozen=True)
class Found:
    """What a reader took a file for, for a user to look at and to overrule with ``ReadOptions``.

    Args:
        format: ``csv``, ``xlsx`` or ``parquet``.
        sheet: Title of the sheet that was read; empty outside workbooks.
        sheets: Titles of all visible sheets.
        delimiter: What stands between the fields of a text file, in a word.
        header_row: Row with the names, as a spreadsheet counts; the lower one of two.
        layout: ``wide``, ``long`` or ``transposed``.
        key: Name of the column of dates or labels.
        dates: How the dates are written, in words.
        decimal: The decimal sign where it is not a point.
        units: ``percent`` or ``prices`` where the numbers look like that.
    """

    format: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    delimiter: str = ""
    header_row: int = 0
    layout: str = "wide"
    key: str = ""
    dates: str = ""
    decimal: str = "."
    units: str = ""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table that was read, the notes of what was done to it, and what it was taken for."""

    table: pd.DataFrame
    notes: tuple[Note, ...]
    found: Found = Found()


def _letter(position: int) -> str:
    """Name of a column in a sheet."""
    from openpyxl.utils import get_column_letter  # slow to import, and needed only where something is wrong

    return str(get_column_letter(position + 1)) if position < 18_278 else str(position + 1)


@dataclass(frozen=True)
class Place:
    """The file, and in a workbook the sheet, that is being read.

    ``columns`` are the positions in the file of the columns of the table, where they differ;
    ``turned`` are the rows of the file that became columns, when the table was transposed.
    """

    file: str
    sheet: str | None = None
    columns: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"

    def _at(self, position: int) -> int:
        return self.columns[position] if position < len(self.columns) else position

    def column(self, position: int) -> str:
        """Return how a user finds a column whose name is not known: its letter, or its number."""
        at = self._at(position)
        if self.turned:
            return f"of row {self.turned[at]}"
        return str(at + 1) if self.sheet is None else _letter(at)

    def cell(self, row: int, position: int) -> str:
        """Return ' in cell B7' for a sheet; other files have no cell names."""
        if self.sheet is None:
            return ""
        at = self._at(position)
        return f" in cell {_letter(row - 1)}{self.turned[at]}" if self.turned else f" in cell {_letter(at)}{row}"

    def fault(
        self, problem: str, *, code: str, cure: str = "", row: int | None = None, column: str | None = None
    ) -> InputError:
        """Return the error that names this place."""
        if self.turned and row is not None:  # what stands in a row of the turned table stands in a column of the file
            line = _letter(row - 1) if self.sheet is not None else str(row)
            problem, row, column = f"{problem} (series {column})" if column else problem, None, line
        return InputError(problem, cure=cure, file=self.file, sheet=self.sheet, row=row, column=column, code=code)

    def spread(self, names: Sequence[str]) -> str:
        """Return the place of a note on several columns."""
        listed = ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
        return f"{self}, column{'s' if len(names) > 1 else ''} {listed}"


@dataclass(frozen=True)
class Raw:
    """The rows of a file as they stand there, each with the number a user sees; blank ones among them.

    Args:
        rows: Cells of each row, as many as it has.
        fields: Whether every row should have the same number of cells, as the records of a CSV file.
        escaped: Whether labels may carry the apostrophe that ``to_csv_safe`` puts before a formula sign.
        semicolon: Whether fields are cut by a semicolon, as where the decimal sign is a comma.
        late_epoch: Whether serial numbers of dates count from 1904.
    """

    place: Place
    rows: Iterator[Row]
    found: Found
    notes: tuple[Note, ...] = ()
    fields: bool = False
    escaped: bool = False
    semicolon: bool = False
    late_epoch: bool = False


@dataclass(frozen=True)
class Grid:
    """The cells of a table before they are given a meaning: the key column first, rows as wide as the header.

    Args:
        header: Names of the columns. header_row: the row of the file they stand in.
        rows: Rows of the table, none of them blank.
        notes: A list the readers add to.
        name_column: Position of the names of a long table, or None.
        decimal: The decimal sign if it is known.
    """

    place: Place
    header: Sequence[object]
    header_row: int
    rows: Iterator[Row]
    notes: list[Note]
    found: Found
    limits: ReadLimits
    name_column: int | None = None
    decimal: str | None = None
    escaped: bool = False
    semicolon: bool = False


def cell_text(cell: object) -> str:
    """Return a cell as the text a user sees in it: 2020.0 in a sheet is shown as 2020."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return str(cell).strip()


def shown(cell: object) -> str:
    """Return a cell as an error message quotes it."""
    text = cell_text(cell)
    return repr(text if len(text) <= 40 else text[:40] + "…")


def is_blank(cells: Sequence[Any]) -> bool:
    """Return whether nothing is written in any of the cells."""
    if cells and type(cells[0]) is str and cells[0].strip():
        return False  # as nearly always: the first cell of a row is its date
    return all(isinstance(cell, str) and not cell.strip() for cell in set(cells) - {None, ""})
