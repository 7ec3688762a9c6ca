"""The dates of a table: one way of writing them per column, and no guesses."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note, Place, cell_text, shown
from factorlasso_core.ingest.written import DateReader, Written, full_year, written

FIRST_YEAR = 1900
CURE = "Write every date as yyyy-mm-dd."
ASK = "Say which with day_first or date_format, or write every date as yyyy-mm-dd."
# Positions of year, month and day, and the largest first, second and third part each order allows.
ORDERS = {"day/month/year": (2, 1, 0), "month/day/year": (2, 0, 1), "year/month/day": (0, 1, 2)}
FULL, SHORT = ("day/month/year", "month/day/year"), tuple(ORDERS)
PERIODS = {
    "month": ("month_end", "Months are dated at their last day."),
    "quarter": ("quarter_end", "Quarters are dated at their last day."),
    "year": ("year_end", "Years are dated at their last day."),
}


@dataclass(frozen=True)
class Dates:
    """The dates of a column, what was done to them, and how they were written."""

    index: pd.DatetimeIndex
    notes: list[Note]
    style: str


@dataclass(frozen=True)
class Column:
    """A column of dates: where it is and how it is to be read."""

    place: Place
    name: str
    reader: DateReader


def looks_like_date(cell: object) -> bool:
    """Return whether a header cell is a date, so that the header is missing."""
    found = written(cell)
    return found is not None and (found.firm or found.style in ("day", "month"))


def parse_dates(
    cells: Sequence[object],
    rows: Sequence[int],
    place: Place,
    column: str,
    reader: DateReader = DateReader(),  # noqa: B008 - frozen
) -> Dates:
    """Return midnight of every date, without time zone.

    Raises:
        InputError: A cell is no date, or the column can be read in two ways.
    """
    where = Column(place, column, reader)
    read = [read_date(cell, row, where) for cell, row in zip(cells, rows, strict=True)]
    _check_one_style(read, rows, where)
    notes, style, order = _notes(read, where), read[0].style, (2, 1, 0)
    if style in ("local", "short"):
        name, note = _order(read, rows, where)
        notes.append(note)
        style, order = name, ORDERS[name]
    days = [_day(item, cell, row, order, where) for item, cell, row in zip(read, cells, rows, strict=True)]
    index = pd.DatetimeIndex(np.array(days, dtype="datetime64[D]").astype("datetime64[ns]"), name="date")
    return Dates(index, notes, style)


def read_date(cell: object, row: int, where: Column) -> Written:
    """Return how a cell writes a date, or refuse it."""
    read = where.reader.look(cell)
    if read is None:
        raise bad_date(cell, row, where)
    return read


def bad_date(cell: object, row: int, where: Column) -> InputError:
    """Return the error for a cell that is no date."""
    problem = f"{shown(cell)} is not a date" if cell_text(cell) else "there is no date"
    cure = f"{CURE} Delete totals and remarks between the rows."
    return where.place.fault(problem, cure=cure, row=row, column=where.name, code="bad_date")


def _check_one_style(read: Sequence[Written], rows: Sequence[int], where: Column) -> None:
    for item, row in zip(read, rows, strict=True):
        if item.style != read[0].style:
            raise where.place.fault(
                f"the date is written in another way than in row {rows[0]}",
                cure=CURE,
                row=row,
                column=where.name,
                code="mixed_dates",
            )


def _notes(read: Sequence[Written], where: Column) -> list[Note]:
    place, style = f"{where.place}, column {where.name}", read[0].style
    serial = f"Numbers are read as days since {1904 if where.reader.late_epoch else 1900}, as spreadsheets count."
    short = f"Years of two digits are read as {full_year(0)} to {date.today().year + 1}, and before that as 19.."
    done = (
        ("time_dropped", "The time of day of dates is left out.", sum(item.timed for item in read)),
        (
            "zone_dropped",
            "Time zones of dates are left out; the local calendar date is kept.",
            sum(item.zoned for item in read),
        ),
        (*PERIODS.get(style, ("", "")), len(read) if style in PERIODS else 0),
        ("serial_dates", serial, len(read) if style == "serial" else 0),
        ("two_digit_year", short, len(read) if style == "short" else sum(item.pivot for item in read)),
    )
    return [Note(code, message, place, count) for code, message, count in done if count]


def _order(read: Sequence[Written], rows: Sequence[int], where: Column) -> tuple[str, Note]:
    """Return which of day, month and year stands where, which some row of the column must decide."""
    names = FULL if read[0].style == "local" else SHORT
    if where.reader.day_first is not None:
        names = (FULL[not where.reader.day_first],)
    wrong = {name: _first_wrong(read, rows, ORDERS[name]) for name in names}
    fits = [name for name in names if wrong[name] is None]
    if not fits:
        raise _contradiction(wrong, rows, where)
    fits = fits[:1] if len({tuple(_in_order(item, ORDERS[name]) for item in read) for name in fits}) == 1 else fits
    if len(fits) > 1 and len(rows) > 2:  # a year in front is rare: it must at least give dates in order
        fits = [name for name in fits if name in FULL or _in_time(read, ORDERS[name])]
    if len(fits) > 1:
        raise where.place.fault(
            "every date can be read as " + " or as ".join(fits),
            cure=ASK,
            row=rows[0],
            column=where.name,
            code="ambiguous_dates",
        )
    others = [row for row in wrong.values() if row is not None]
    why = f", which row {max(others)} decides." if others else "."
    return fits[0], Note(
        "date_order", f"Dates are read as {fits[0]}{why}", f"{where.place}, column {where.name}", len(read)
    )


def _contradiction(wrong: dict[str, int | None], rows: Sequence[int], where: Column) -> InputError:
    found = sorted(row for row in wrong.values() if row is not None)
    problem = (
        f"the day stands first in row {found[0]} but second in row {found[-1]}"
        if len(wrong) == 2
        else f"the date is not {' or '.join(wrong)}"
    )
    return where.place.fault(problem, cure=CURE, row=found[-1], column=where.name, code="mixed_dates")


def _first_wrong(read: Sequence[Written], rows: Sequence[int], order: tuple[int, int, int]) -> int | None:
    """Return the first row whose month or day would be too large, or None."""
    for item, row in zip(read, rows, strict=True):
        _, month, day = (item.parts[at] for at in order)
        if month > 12 or day > 31:
            return row
    return None


def _in_order(item: Written, order: tuple[int, int, int]) -> tuple[int, int, int]:
    year, month, day = (item.parts[at] for at in order)
    return (full_year(year) if item.style == "short" else year), month, day


def _in_time(read: Sequence[Written], order: tuple[int, int, int]) -> bool:
    days = [_in_order(item, order) for item in read]
    return days in (sorted(days), sorted(days, reverse=True))


def _day(item: Written, cell: object, row: int, order: tuple[int, int, int], where: Column) -> date:
    """Return the calendar date, or refuse one that does not exist or lies outside 1900 to next year."""
    try:
        found = where.reader.serial(item.parts[0]) if item.style == "serial" else date(*_ymd(item, order))
    except ValueError as error:
        problem = f"{shown(cell)} is not a date of the calendar"
        raise where.place.fault(problem, cure=CURE, row=row, column=where.name, code="bad_date") from error
    last = date.today().year + 1
    if not FIRST_YEAR <= found.year <= last:
        raise where.place.fault(
            f"{shown(cell)} is outside the years {FIRST_YEAR} to {last}",
            cure=CURE,
            row=row,
            column=where.name,
            code="date_range",
        )
    return found


def _ymd(item: Written, order: tuple[int, int, int]) -> tuple[int, int, int]:
    if item.style in ("local", "short"):
        return _in_order(item, order)
    if item.style == "day":
        return item.parts[0], item.parts[1], item.parts[2]
    year = item.parts[0]
    month = {"month": item.parts[-1], "quarter": 3 * item.parts[-1], "year": 12}[item.style]
    if not (year and 1 <= month <= 12):
        raise ValueError(month)
    return year, month, calendar.monthrange(year, month)[1]
