"""The dates of a table: one way of writing them per column, and no guesses."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from factorlasso_core.ingest.base import Note, Place, cell_text, shown

FIRST_YEAR = 1900
TIME = r"(?P<time>[T ] ?(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)?"
ZONE = r"(?P<zone> ?(?:Z|UTC|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?"
DAY = re.compile(rf"(\d{{4}})([-/])(\d\d?)\2(\d\d?){TIME}{ZONE}", re.ASCII)
COMPACT_DAY = re.compile(rf"(\d{{4}})()(\d\d)(\d\d){TIME}{ZONE}", re.ASCII)
MONTH = re.compile(r"(\d{4})[-/]?(\d\d)", re.ASCII)
LOCAL = re.compile(rf"(\d\d?)([-/.])(\d\d?)\2(\d{{4}}){TIME}{ZONE}", re.ASCII)
CURE = "Write every date as yyyy-mm-dd."


@dataclass(frozen=True)
class Written:
    """A date as written: 'day' is (year, month, day), 'month' is (year, month), 'local' is (a, b, year)."""

    style: str
    parts: tuple[int, ...]
    timed: bool = False
    zoned: bool = False


def looks_like_date(cell: object) -> bool:
    """Return whether a header cell is a date, so that the header is missing."""
    return _written(cell) is not None


def parse_dates(
    cells: Sequence[object], rows: Sequence[int], place: Place, column: str
) -> tuple[pd.DatetimeIndex, list[Note]]:
    """Return midnight of every date, without time zone.

    Raises:
        InputError: A cell is no date, or the column can be read in two ways.
    """
    read = [_read(cell, row, place, column) for cell, row in zip(cells, rows, strict=True)]
    _check_one_style(read, rows, place, column)
    notes = _notes(read, f"{place}, column {column}")
    day_first = False
    if read[0].style == "local":
        day_first, note = _day_first(read, rows, place, column)
        notes.append(note)
    days = [_day(item, cell, row, day_first, place, column) for item, cell, row in zip(read, cells, rows, strict=True)]
    return pd.DatetimeIndex(np.array(days, dtype="datetime64[D]").astype("datetime64[ns]"), name="date"), notes


def _written(cell: object) -> Written | None:
    if isinstance(cell, datetime):
        timed = (cell.hour, cell.minute, cell.second, cell.microsecond) != (0, 0, 0, 0)
        return Written("day", (cell.year, cell.month, cell.day), timed, cell.tzinfo is not None)
    if isinstance(cell, date):
        return Written("day", (cell.year, cell.month, cell.day))
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None
    text = cell_text(cell)
    if found := DAY.fullmatch(text) or COMPACT_DAY.fullmatch(text):
        parts = (int(found[1]), int(found[3]), int(found[4]))
        return Written("day", parts, _is_timed(found), bool(found["zone"]))
    if found := MONTH.fullmatch(text):
        return Written("month", (int(found[1]), int(found[2])))
    if found := LOCAL.fullmatch(text):
        parts = (int(found[1]), int(found[3]), int(found[4]))
        return Written("local", parts, _is_timed(found), bool(found["zone"]))
    return None


def _is_timed(found: re.Match[str]) -> bool:
    return any(sign in "123456789" for sign in found["time"] or "")


def _read(cell: object, row: int, place: Place, column: str) -> Written:
    read = _written(cell)
    if read is None:
        problem = f"{shown(cell)} is not a date" if cell_text(cell) else "there is no date"
        cure = f"{CURE} Delete totals and remarks below the table."
        raise place.fault(problem, cure=cure, row=row, column=column, code="bad_date")
    return read


def _check_one_style(read: Sequence[Written], rows: Sequence[int], place: Place, column: str) -> None:
    for item, row in zip(read, rows, strict=True):
        if item.style != read[0].style:
            raise place.fault(
                f"the date is written in another way than in row {rows[0]}",
                cure=CURE,
                row=row,
                column=column,
                code="mixed_dates",
            )


def _notes(read: Sequence[Written], where: str) -> list[Note]:
    timed, zoned = sum(item.timed for item in read), sum(item.zoned for item in read)
    notes = []
    if timed:
        notes.append(Note("time_dropped", "The time of day of dates is left out.", where, timed))
    if zoned:
        message = "Time zones of dates are left out; the local calendar date is kept."
        notes.append(Note("zone_dropped", message, where, zoned))
    if read[0].style == "month":
        notes.append(Note("month_end", "Months are dated at their last day.", where, len(read)))
    return notes


def _day_first(read: Sequence[Written], rows: Sequence[int], place: Place, column: str) -> tuple[bool, Note]:
    """Return whether the day stands first, which some row of the column must decide."""
    day = [row for item, row in zip(read, rows, strict=True) if item.parts[0] > 12]
    month = [row for item, row in zip(read, rows, strict=True) if item.parts[1] > 12]
    if day and month:
        raise place.fault(
            f"the day stands first in row {day[0]} but second in row {month[0]}",
            cure=CURE,
            row=max(day[0], month[0]),
            column=column,
            code="mixed_dates",
        )
    if not day and not month:
        raise place.fault(
            "every date can be read as day/month or as month/day",
            cure=CURE,
            row=rows[0],
            column=column,
            code="ambiguous_dates",
        )
    order, row = ("day/month/year", day[0]) if day else ("month/day/year", month[0])
    message = f"Dates are read as {order}, which row {row} decides."
    return bool(day), Note("date_order", message, f"{place}, column {column}", len(read))


def _day(item: Written, cell: object, row: int, day_first: bool, place: Place, column: str) -> date:
    """Return the calendar date, or refuse one that does not exist or lies outside 1900 to next year."""
    try:
        found = date(*_ymd(item, day_first))
    except ValueError as error:
        problem = f"{shown(cell)} is not a date of the calendar"
        raise place.fault(problem, cure=CURE, row=row, column=column, code="bad_date") from error
    last = date.today().year + 1
    if not FIRST_YEAR <= found.year <= last:
        raise place.fault(
            f"{shown(cell)} is outside the years {FIRST_YEAR} to {last}",
            cure=CURE,
            row=row,
            column=column,
            code="date_range",
        )
    return found


def _ymd(item: Written, day_first: bool) -> tuple[int, int, int]:
    if item.style == "month":
        year, month = item.parts
        if not (year and 1 <= month <= 12):
            raise ValueError(month)
        return year, month, calendar.monthrange(year, month)[1]
    if item.style == "day":
        return item.parts[0], item.parts[1], item.parts[2]
    first, second, year = item.parts
    return (year, second, first) if day_first else (year, first, second)
