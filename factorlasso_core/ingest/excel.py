"""XLSX: the first visible sheet, read as a stream of rows by openpyxl."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import Any

import openpyxl

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.archive import DAMAGE, OPEN_AND_SAVE, check_archive
from factorlasso_core.ingest.base import (
    Grid,
    Note,
    Place,
    ReadLimits,
    Row,
    bounded,
    cell_text,
    check_header,
    is_blank,
)

LONGEST_TITLE = 31
TITLES_SHOWN = 10
LAST_ROW = 1_048_576  # of any Excel sheet
BLOCK = 256  # rows taken from openpyxl at a time
# What openpyxl lets through when the XML inside is not what it expects.
PARSE_FAULTS = (*DAMAGE, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError)


def excel_grid(data: bytes, place: Place, limits: ReadLimits) -> Grid:
    """Return the cells of the first visible sheet, with the values Excel last calculated."""
    if not openpyxl.DEFUSEDXML:
        raise place.fault(
            "workbooks are not read without the package defusedxml", cure="Install it.", code="no_defusedxml"
        )
    has_formulas = check_archive(data, place, limits)
    book = _open(data, place)
    sheet, notes = _choose_sheet(book, place)
    place = Place(place.file, sheet.title[:LONGEST_TITLE])
    raw = _values(sheet, place, limits)
    if has_formulas:
        raw = _calculated(raw, data, place)
    _, cells = next(raw, (1, ()))
    header = _without_tail(cells)
    check_header(header, place, limits)
    rows = _fitted(raw, len(header), place)
    return Grid(place, header, bounded(rows, place, len(header), limits), notes)


def _open(data: bytes, place: Place, *, formulas: bool = False) -> Any:
    try:
        with _quiet():
            return openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=not formulas, keep_links=False)
    except PARSE_FAULTS as error:
        raise _damaged(error, place) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop openpyxl's warnings of parts it leaves out (validation, styles, print areas): none is data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _damaged(error: BaseException, place: Place) -> InputError:
    chain = [error, error.__cause__, error.__context__]
    if any(type(link).__module__.startswith("defusedxml") for link in chain):
        return place.fault("the workbook holds XML entities, which are unsafe", cure=OPEN_AND_SAVE, code="unsafe_xml")
    return place.fault("the workbook is damaged or written in an unknown way", cure=OPEN_AND_SAVE, code="damaged")


def _choose_sheet(book: Any, place: Place) -> tuple[Any, tuple[Note, ...]]:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise place.fault("no sheet is visible", cure="Unhide the sheet with the table.", code="no_sheet")
    count = len(book.worksheets)
    if count == 1:
        return visible[0], ()
    titles = [
        sheet.title[:LONGEST_TITLE] + ("" if sheet.sheet_state == "visible" else " (hidden)")
        for sheet in book.worksheets[:TITLES_SHOWN]
    ]
    titles += [f"{count - TITLES_SHOWN} more"] if count > TITLES_SHOWN else []
    chosen = visible[0].title[:LONGEST_TITLE]
    message = f"Sheet {chosen} is read, the first visible one of: {', '.join(titles)}."
    return visible[0], (Note("sheet_chosen", message, place.file, count),)


def _values(sheet: Any, place: Place, limits: ReadLimits) -> Iterator[Row]:
    """Yield the rows of the sheet, each as wide as its own last cell."""
    visited = 0
    for number, cells in _iterate(sheet, place, values_only=True):
        visited += len(cells)
        if number > LAST_ROW or visited > limits.cells:
            raise place.fault(
                f"the used area of the sheet is larger than {limits.cells:,} cells",
                cure="Copy the table alone into a new workbook.",
                row=number,
                code="too_many_rows",
            )
        yield number, cells


def _iterate(sheet: Any, place: Place, *, values_only: bool) -> Iterator[tuple[int, Sequence[Any]]]:
    sheet.reset_dimensions()  # the size a file declares may be anything
    rows = enumerate(sheet.iter_rows(max_row=LAST_ROW + 1, values_only=values_only), start=1)
    while block := _step(rows, place):
        yield from block


def _step(rows: Iterator[tuple[int, Sequence[Any]]], place: Place) -> list[tuple[int, Sequence[Any]]]:
    try:
        with _quiet():  # around each step: filters are global, and must not leak out of a generator
            return list(islice(rows, BLOCK))
    except PARSE_FAULTS as error:
        raise _damaged(error, place) from error


def _without_tail(cells: Sequence[object]) -> Sequence[object]:
    width = len(cells)
    while width and is_blank(cells[width - 1 : width]):
        width -= 1
    return cells[:width]


def _fitted(rows: Iterator[Row], width: int, place: Place) -> Iterator[Row]:
    """Give every row the width of the header; a value beyond it has no name."""
    for number, cells in rows:
        outside = _without_tail(cells[width:])
        if outside:
            position = width + len(outside) - 1
            raise place.fault(
                f"there is a value{place.cell(number, position)}, outside the table, whose first row has {width} names",
                cure="Name the column in the first row, or delete the value.",
                row=number,
                column=place.column(position),
                code="outside_table",
            )
        short = width - len(cells)
        yield number, (*cells, *(None,) * short) if short > 0 else cells[:width]


def _calculated(rows: Iterator[Row], data: bytes, place: Place) -> Iterator[Row]:
    """Refuse an empty cell that holds a formula: its value was never calculated.

    A second pass over the formulas runs beside the first, because openpyxl gives one or the other.
    """
    sheet, _ = _choose_sheet(_open(data, place, formulas=True), place)
    formulas = _iterate(sheet, place, values_only=False)
    header: Sequence[object] = ()
    for number, cells in rows:
        header = cells if number == 1 else header
        if None in cells:
            found = next((cells for line, cells in formulas if line == number), ())
            _check_formulas(found, cells, number, header, place)
        yield number, cells


def _check_formulas(
    found: Sequence[Any], cells: Sequence[object], number: int, header: Sequence[object], place: Place
) -> None:
    for position, (formula, cell) in enumerate(zip(found, cells, strict=False)):
        if cell is None and formula.data_type == "f":
            name = cell_text(header[position]) if position < len(header) else ""
            raise place.fault(
                f"the formula{place.cell(number, position)} has no calculated value",
                cure="Open the file in Excel and save it.",
                row=number,
                column=name or place.column(position),
                code="formula_without_value",
            )
