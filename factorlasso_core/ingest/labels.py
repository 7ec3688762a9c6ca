"""Names of columns and rows: cleaned with a note, never invented."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Note, Place, cell_text, shown
from factorlasso_core.xlsx import unescape_label

LONGEST = 200
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
CUT = "…"


def clean_label(cell: object, grid: Grid, *, row: int, column: str, what: str) -> str:
    """Return a name on one line, without control characters, of at most 200 characters; or refuse an empty one.

    Args:
        what: What the name is of, for the message: 'column', 'row' or 'group'.
    """
    text = cell_text(cell)
    if grid.escaped:
        text = unescape_label(text).strip()
    name = printable(text)
    if not name:
        raise grid.place.fault(f"the {what} name is empty", row=row, column=column, code="label")
    if name != text:
        message = f"The {what} name {shown(name)} is without its line breaks, control characters or its end."
        grid.notes.append(Note("label_cleaned", message, f"{grid.place}, row {row}", 1))
    return name


def printable(text: str) -> str:
    """Return a text with line breaks as spaces, without control characters, cut at 200 characters.

    >>> printable("US\\nEquity")
    'US Equity'
    """
    if text.isprintable() and len(text) <= LONGEST:
        return text
    line = "".join(" " if sign in "\t\n\r\v\f\x85\u2028\u2029" else sign for sign in text[: 4 * LONGEST])
    clean = "".join(sign for sign in line if unicodedata.category(sign) not in UNPRINTABLE).strip()
    clean = " ".join(clean.split(" ")) if "  " not in clean else " ".join(clean.split())
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1] + CUT


def column_labels(grid: Grid) -> list[str]:
    """Return the names of all columns after the first, checked to be distinct."""
    place = grid.place
    if len(grid.header) < 2:
        raise place.fault(
            "the header holds one name, so there is no column of data",
            cure="Put the names of all columns in one row, above the data.",
            row=grid.header_row,
            code="no_columns",
        )
    labels: list[str] = []
    first: dict[str, int] = {}
    for position, cell in enumerate(grid.header[1:], start=1):
        name = clean_label(cell, grid, row=grid.header_row, column=place.column(position), what="column")
        if name in first:
            raise place.fault(
                f"columns {place.column(first[name])} and {place.column(position)} have the same name",
                cure="Give every column its own name.",
                row=grid.header_row,
                column=name,
                code="duplicate_column",
            )
        first[name] = position
        labels.append(name)
    return labels


def row_labels(cells: Sequence[object], rows: Sequence[int], grid: Grid) -> list[str]:
    """Return the names of all rows, checked to be distinct."""
    first: dict[str, int] = {}
    for cell, row in zip(cells, rows, strict=True):
        name = clean_label(cell, grid, row=row, column=grid.place.column(0), what="row")
        if name in first:
            raise grid.place.fault(
                f"the name {shown(name)} stands in rows {first[name]} and {row}",
                cure="Give every row its own name.",
                row=row,
                column=grid.place.column(0),
                code="duplicate_row",
            )
        first[name] = row
    return list(first)


def key_label(cell: object, place: Place) -> str:
    """Return the name of the first column, or where it stands: nothing depends on that name."""
    return printable(cell_text(cell)) or place.column(0)


def missing_header(grid: Grid) -> InputError:
    """Return the error for a first row that looks like data."""
    return grid.place.fault(
        "the first row holds data, not the names of the columns",
        cure="Insert a row of names above it.",
        row=grid.header_row,
        code="no_header",
    )
