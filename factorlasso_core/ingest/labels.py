"""Names of columns and rows: cleaned, never repaired."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, cell_text, shown
from factorlasso_core.xlsx import unescape_label

LONGEST = 200
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def clean_label(cell: object, grid: Grid, *, row: int, column: str, what: str) -> str:
    """Return a name without the spaces around it, or refuse it.

    Args:
        what: What the name is of, for the message: 'column', 'row' or 'group'.
    """
    text = cell_text(cell)
    if grid.escaped:
        text = unescape_label(text).strip()
    problem = _problem(text)
    if problem:
        raise grid.place.fault(f"the {what} name {problem}", row=row, column=column, code="label")
    return text


def _problem(text: str) -> str:
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"{shown(text)} is longer than {LONGEST} characters"
    if any(unicodedata.category(sign) in UNPRINTABLE for sign in text):
        return f"{shown(text)} holds control characters"
    return ""


def column_labels(grid: Grid) -> list[str]:
    """Return the names of all columns after the first, checked to be distinct."""
    place = grid.place
    if len(grid.header) < 2:
        raise place.fault(
            "the first row holds one name, so there is no column of data",
            cure="Put the names of all columns in the first row, and no title above them.",
            row=1,
            code="no_columns",
        )
    labels: list[str] = []
    first: dict[str, int] = {}
    for position, cell in enumerate(grid.header[1:], start=1):
        name = clean_label(cell, grid, row=1, column=place.column(position), what="column")
        if name in first:
            raise place.fault(
                f"columns {place.column(first[name])} and {place.column(position)} have the same name",
                cure="Give every column its own name.",
                row=1,
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


def key_name(grid: Grid) -> str:
    """Return the name of the first column, or where it stands: nothing depends on that name."""
    text = cell_text(grid.header[0])
    return grid.place.column(0) if _problem(text) else text


def missing_header(grid: Grid) -> InputError:
    """Return the error for a first row that looks like data."""
    return grid.place.fault(
        "the first row holds data, not the names of the columns",
        cure="Insert a row of names above it.",
        row=1,
        code="no_header",
    )
