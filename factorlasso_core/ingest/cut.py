"""The rows of a table cut out of the rows of a file, with remarks below it set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note, Place, Row, cell_text, is_blank, shown
from factorlasso_core.ingest.cells import plain_number
from factorlasso_core.ingest.dates import Column, bad_date
from factorlasso_core.ingest.written import DateReader

MOST_FOOTERS = 30
MISSING_NAME = "the column name is empty"


@dataclass
class Cut:
    """How rows of a file become rows of a table.

    Args:
        columns: Position of each column, the key first. spare: positions without a name, which must be blank.
        fields: Number of fields every record must have, None where rows are as long as they are written.
        line: Row of the names. notes: the list to add to. key_name: what the key column is called.
    """

    place: Place
    columns: Sequence[int]
    spare: Sequence[int]
    fields: int | None
    line: int
    notes: list[Note]
    key_name: str
    trailing: int = 0

    def __post_init__(self) -> None:
        self.width = max(self.columns, default=0) + 1
        self.straight = list(self.columns) == list(range(self.width)) and not self.spare
        self.straight = self.straight and self.fields in (None, self.width)

    def row(self, line: int, cells: Sequence[Any]) -> Row:
        """Return the cells of one row in the order of the columns."""
        if self.straight and len(cells) == self.width:
            return line, cells
        self._check(line, cells)
        return line, [cells[position] if position < len(cells) else None for position in self.columns]

    def _check(self, line: int, cells: Sequence[Any]) -> None:
        """Refuse a value that belongs to no column, and a record with another number of fields."""
        if self.fields is not None and len(cells) != self.fields:
            if len(cells) < self.fields or not is_blank(cells[self.fields :]):
                raise self._field_count(line, len(cells), self.fields)
            self.trailing += 1
        place = Place(self.place.file, self.place.sheet, turned=self.place.turned)
        for position in self.spare:
            if not is_blank(cells[position : position + 1]):
                raise place.fault(MISSING_NAME, row=self.line, column=place.column(position), code="label")
        if is_blank(cells[self.width :]):
            return
        for position in range(self.width, len(cells)):
            if not is_blank(cells[position : position + 1]):
                raise self._outside(line, position, place)

    def _outside(self, line: int, position: int, place: Place) -> InputError:
        if self.fields is not None:
            return place.fault(MISSING_NAME, row=self.line, column=place.column(position), code="label")
        return place.fault(
            f"there is a value{place.cell(line, position)}, outside the table, whose header has {self.width} columns",
            cure="Name the column in the header, or delete the value.",
            row=line,
            column=place.column(position),
            code="outside_table",
        )

    def _field_count(self, line: int, found: int, expected: int) -> InputError:
        return self.place.fault(
            f"this line has {found} fields but the line of names has {expected}",
            cure="Check it for a missing or an extra delimiter.",
            row=line,
            code="field_count",
        )

    def finish(self) -> None:
        """Note what was left out."""
        if self.trailing:
            message = "Delimiters without anything behind them, at the end of lines, are left out."
            self.notes.append(Note("trailing_delimiter", message, str(self.place), self.trailing))
        inside = [position for position in self.spare if position > min(self.columns)]
        if inside:
            message = "Columns without a name and without values are left out."
            self.notes.append(Note("blank_column", message, str(self.place), len(inside)))


def labelled_rows(rows: Iterator[Row], cut: Cut, limit: int) -> Iterator[Row]:
    """Yield the rows of a table of labels, without the blank ones at its end."""
    blank, count = 0, 0
    for line, cells in rows:
        if is_blank(cells):
            blank = blank or line
            continue
        if blank and count:
            raise cut.place.fault(
                f"this row is blank but row {line} is not",
                cure="Delete the blank row, or what stands below the table.",
                row=blank,
                code="blank_row",
            )
        count += 1
        _check_count(count, limit, line, cut.place)
        yield cut.row(line, cells)
    cut.finish()


def dated_rows(rows: Iterator[Row], cut: Cut, reader: DateReader, limit: int) -> Iterator[Row]:
    """Yield the rows of a table of dates; what follows the last date is set aside with a note."""
    key = cut.columns[0]
    waiting: list[Row] = []
    blank = blanks = count = 0
    for line, cells in rows:
        if is_blank(cells):
            blank += 1
            continue
        if key < len(cells) and reader.look(cells[key]) is not None:
            if waiting:
                raise _no_date(waiting[0], cut, reader)
            blanks, blank, count = blanks + (blank if count else 0), 0, count + 1
            _check_count(count, limit, line, cut.place)
            yield cut.row(line, cells)
            continue
        waiting.append((line, cells))
        if len(waiting) > MOST_FOOTERS or _is_damaged(cells, key) or not count:
            raise _no_date(waiting[0], cut, reader)
    if blanks:
        cut.notes.append(Note("blank_rows", "Blank rows are left out.", str(cut.place), blanks))
    _note_footers(waiting, cut)
    cut.finish()


def _check_count(count: int, limit: int, line: int, place: Place) -> None:
    if count > limit:
        raise place.fault(f"the table is larger than {limit:,} rows", row=line, code="too_many_rows")


def _no_date(row: Row, cut: Cut, reader: DateReader) -> InputError:
    """Return the error for a row whose date cannot be read."""
    line, cells = row
    key = cut.columns[0]
    if cut.fields is not None and len(cells) != cut.fields and len(cells) > 1:
        return cut._field_count(line, len(cells), cut.fields)
    if is_blank(cells[key : key + 1]):
        cut.row(line, cells)  # a value outside the table is a fault of its own
    return bad_date(cells[key] if key < len(cells) else None, line, Column(cut.place, cut.key_name, reader))


def _is_damaged(cells: Sequence[Any], key: int) -> bool:
    """Return whether a row below the table is data with a bad date, and not a remark or an average."""
    numbers = any(number is not None and number == number for number in map(plain_number, _others(cells, key)))
    text = cell_text(cells[key]) if key < len(cells) else ""
    digits = sum(sign.isdigit() for sign in text)
    return numbers and (not text or (digits >= 3 and 2 * digits >= len(text)))


def _others(cells: Sequence[Any], key: int) -> list[Any]:
    return [cell for position, cell in enumerate(cells) if position != key]


def _note_footers(waiting: Sequence[Row], cut: Cut) -> None:
    if not waiting:
        return
    texts = [shown(next(cell for cell in cells if not is_blank([cell]))) for _, cells in waiting[:3]]
    more = " and more" if len(waiting) > 3 else ""
    message = f"Rows below the data, from row {waiting[0][0]} on, are left out: {', '.join(texts)}{more}."
    cut.notes.append(Note("footer", message, str(cut.place), len(waiting)))
