"""XLSX: the rows of a sheet, as a stream from openpyxl."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import islice
from typing import Any

import openpyxl

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.archive import DAMAGE, OPEN_AND_SAVE, check_archive, unsafe_xml
from factorlasso_core.ingest.base import Found, Note, Place, Raw, Row, is_blank
from factorlasso_core.ingest.formulas import calculated
from factorlasso_core.ingest.settings import ReadOptions

LONGEST_TITLE = 31
TITLES_SHOWN = 10
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of any Excel sheet
CALCULATE = re.compile(rb"""fullCalcOnLoad\s*=\s*["'](?:1|true)""")  # openpyxl takes a missing one for true
BLOCK = 256  # rows taken from openpyxl at a time
# What openpyxl lets through when the XML inside is not what it expects.
PARSE_FAULTS = (*DAMAGE, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError)


class Workbook:
    """A workbook that passed the guards, with the values Excel last calculated."""

    def __init__(self, data: bytes, place: Place, options: ReadOptions) -> None:
        if not openpyxl.DEFUSEDXML:
            cure = "Install it."
            raise place.fault("workbooks are not read without the package defusedxml", cure=cure, code="no_defusedxml")
        self.data, self.place, self.options = data, place, options
        self.has_formulas = check_archive(data, place, options.limits)
        self.book = _open(data, place)
        self.visible = {sheet.title: sheet for sheet in self.book.worksheets if sheet.sheet_state == "visible"}
        if not self.visible:
            raise place.fault("no sheet is visible", cure="Unhide the sheet with the table.", code="no_sheet")

    @property
    def late_epoch(self) -> bool:
        """Whether its dates count from 1904."""
        return bool(self.book.epoch.year == 1904)

    def macros(self) -> tuple[Note, ...]:
        """Return a note if the workbook carries a program."""
        if not any("vbaproject" in name.casefold() for name in self.book._archive.namelist()):
            return ()
        return (Note("macros_ignored", "The workbook holds macros; they are not run.", self.place.file),)

    def choose(self, kind: str) -> tuple[str, tuple[Note, ...]]:
        """Return the sheet to read: the one asked for, the one named after the kind, or the first with content."""
        titles, asked = list(self.visible), self.options.sheet
        if asked is not None and asked not in self.visible:
            cure = f"Choose one of: {self._titles(visible=True)}."
            raise self.place.fault(f"there is no visible sheet {asked[:LONGEST_TITLE]!r}", cure=cure, code="no_sheet")
        count = len(self.book.worksheets)
        if asked is not None or count == 1:
            return asked or titles[0], ()
        named = [title for title in titles if title.strip().casefold() == kind]
        filled = [title for title in titles if not self._is_empty(title)] if not named else []
        chosen = (named or filled or titles)[0]
        why = "named after what it holds" if named else "the first visible one with content"
        message = f"Sheet {chosen[:LONGEST_TITLE]} is read, {why}, of: {self._titles()}."
        return chosen, (Note("sheet_chosen", message, self.place.file, count),)

    def _titles(self, *, visible: bool = False) -> str:
        shown = [
            sheet.title[:LONGEST_TITLE] + ("" if sheet.sheet_state == "visible" else " (hidden)")
            for sheet in self.book.worksheets
            if not visible or sheet.sheet_state == "visible"
        ]
        more = [f"{len(shown) - TITLES_SHOWN} more"] if len(shown) > TITLES_SHOWN else []
        return ", ".join(shown[:TITLES_SHOWN] + more)

    def _is_empty(self, title: str) -> bool:
        return all(is_blank(cells) for _, cells in islice(self._cells(title), BLOCK))

    def rows(self, title: str, notes: tuple[Note, ...] = ()) -> Raw:
        """Return the rows of a sheet, each as wide as its own last cell."""
        place = Place(self.place.file, title[:LONGEST_TITLE])
        rows = self._cells(title)
        if self.has_formulas:
            rows = calculated(rows, self._formulas(title, place), place, self._is_uncalculated())
        found = Found("xlsx", sheet=title, sheets=tuple(self.visible))
        return Raw(place, rows, found, (*self.macros(), *notes), late_epoch=self.late_epoch)

    def _cells(self, title: str) -> Iterator[Row]:
        place, visited = Place(self.place.file, title[:LONGEST_TITLE]), 0
        for number, cells in _iterate(self.visible[title], place, values_only=True):
            visited += len(cells)
            if number > LAST_ROW or len(cells) > LAST_COLUMN or visited > self.options.limits.cells:
                raise place.fault(
                    f"the used area of the sheet is larger than {self.options.limits.cells:,} cells",
                    cure="Copy the table alone into a new workbook.",
                    row=number,
                    code="too_many_rows",
                )
            yield number, cells

    def _formulas(self, title: str, place: Place) -> Iterator[Row]:
        """Yield the rows once more, with formulas: openpyxl gives them or the values, not both."""
        sheet = next(sheet for sheet in _open(self.data, place, formulas=True).worksheets if sheet.title == title)
        return _iterate(sheet, place, values_only=False)

    def _is_uncalculated(self) -> bool:
        """Whether the writer asks Excel to calculate on opening, as one that could not do it itself."""
        archive = self.book._archive
        names = [name for name in archive.namelist() if name.casefold().endswith("workbook.xml")]
        return any(CALCULATE.search(archive.read(name)) for name in names)


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
        return unsafe_xml(place)
    return place.fault("the workbook is damaged or written in an unknown way", cure=OPEN_AND_SAVE, code="damaged")


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
