"""What every reader shares: limits, notes, and where in a file a fault is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import pandas as pd

from factorlasso_core.errors import InputError

Row = tuple[int, Sequence[object]]


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


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table that was read, and the notes of what was done to it."""

    table: pd.DataFrame
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class ReadLimits:
    """Every limit of the readers, so that no upload can exhaust the process all users share.

    Args:
        file_bytes: Size of the file, the same as the upload limit of the app.
        unpacked_bytes: Size of all parts of a workbook, or of all Parquet pages, once inflated; a
            spreadsheet of a million numbers needs about 40 MB.
        zip_ratio: Inflated over packed size from 1 MB on; real sheets stay below 40.
        zip_entries: Parts of a workbook; real ones have tens.
        record_bytes: Longest stretch of a workbook part without a new row or text; rows of 5,000
            numbers have 0.3 MB. The parser holds one stretch as objects, at up to 150 times its size.
        rows: Data rows: 500 years of days; a spreadsheet above it is not a return panel.
        columns: Columns; the problem size the solvers are made for is 500.
        cells: Rows times columns: 160 MB as float64.
    """

    file_bytes: int = 50_000_000
    unpacked_bytes: int = 200_000_000
    zip_ratio: int = 100
    zip_entries: int = 1_000
    record_bytes: int = 2_000_000
    rows: int = 200_000
    columns: int = 5_000
    cells: int = 20_000_000


def _letter(position: int) -> str:
    """Name of a column in a sheet."""
    from openpyxl.utils import get_column_letter  # slow to import, and needed only where something is wrong

    return str(get_column_letter(position + 1))


@dataclass(frozen=True)
class Place:
    """The file, and in a workbook the sheet, that is being read."""

    file: str
    sheet: str | None = None

    def __str__(self) -> str:
        return self.file if self.sheet is None else f"{self.file}, sheet {self.sheet}"

    def column(self, position: int) -> str:
        """Return how a user finds a column whose name is not known: its letter, or its number."""
        return str(position + 1) if self.sheet is None else _letter(position)

    def cell(self, row: int, position: int) -> str:
        """Return ' in cell B7' for a sheet; other files have no cell names."""
        return "" if self.sheet is None else f" in cell {_letter(position)}{row}"

    def fault(
        self, problem: str, *, code: str, cure: str = "", row: int | None = None, column: str | None = None
    ) -> InputError:
        """Return the error that names this place."""
        return InputError(problem, cure=cure, file=self.file, sheet=self.sheet, row=row, column=column, code=code)


@dataclass(frozen=True)
class Grid:
    """The cells of a file before they are given a meaning.

    Every row is as wide as the header, is not blank, and carries the number a user sees. With
    ``comma`` numbers may have a decimal comma; with ``escaped`` labels may carry the apostrophe that
    ``to_csv_safe`` puts before a formula sign.
    """

    place: Place
    header: Sequence[object]
    rows: Iterator[Row]
    notes: tuple[Note, ...] = ()
    comma: bool = False
    escaped: bool = False


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


def is_blank(cells: Iterable[object]) -> bool:
    """Return whether nothing is written in any of the cells."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def check_header(header: Sequence[object], place: Place, limits: ReadLimits) -> None:
    """Refuse a header that cannot name a table before a single row is read."""
    if is_blank(header):
        raise place.fault("the first row is blank", cure="Put the column names there.", row=1, code="header")
    if len(header) > limits.columns:
        raise place.fault(
            f"there are {len(header):,} columns, more than the {limits.columns:,} that can be read",
            code="too_many_columns",
        )


def bounded(rows: Iterable[Row], place: Place, width: int, limits: ReadLimits) -> Iterator[Row]:
    """Yield the rows up to the limits, without the blank ones at the end."""
    blank, count = 0, 0
    for number, cells in rows:
        if is_blank(cells):
            blank = blank or number
            continue
        if blank:
            raise place.fault(
                f"this row is blank but row {number} is not",
                cure="Delete the blank row, or what stands below the table.",
                row=blank,
                code="blank_row",
            )
        count += 1
        if count > limits.rows or count * width > limits.cells:
            raise place.fault(
                f"the table is larger than {limits.rows:,} rows or {limits.cells:,} cells",
                row=number,
                code="too_many_rows",
            )
        yield number, cells
