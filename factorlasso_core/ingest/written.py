"""A single date as somebody wrote it, before it is known which day it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from factorlasso_core.ingest.base import cell_text

LONGEST = 60  # characters of a date; a longer cell is not looked at
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAME = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
TIME = r"(?P<time>[T ] ?(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?: ?[AP]M)?)?"
ZONE = r"(?P<zone> ?(?:Z|UTC|GMT|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?"
END = TIME + ZONE
DAY = r"(?P<day>\d\d?)"
YEAR = r"(?P<year>\d{4})"
ANY_YEAR = r"'?(?P<year>\d{4}|\d\d)"


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text, re.ASCII | re.IGNORECASE) for text in texts)


DAYS = _patterns(
    rf"{YEAR}(?P<cut>[-/.])(?P<month>\d\d?)(?P=cut){DAY}{END}",
    rf"{YEAR}(?P<month>\d\d)(?P<day>\d\d){END}",
    rf"{DAY}[-/. ]{NAME}[-/., ]+{ANY_YEAR}{END}",
    rf"{NAME}[ -]{DAY},? +{ANY_YEAR}{END}",
    rf"{YEAR}[-/ ]{NAME}[-/ ]{DAY}{END}",
)
MONTH = _patterns(
    rf"{YEAR}[-/]?(?P<month>\d\d)",
    rf"{YEAR}(?:[-/]|[- ]?M)(?P<month>\d\d?)",
    rf"(?P<month>\d\d?)[-/]{YEAR}",
    rf"{NAME}[-/., ]*{ANY_YEAR}",
    rf"{YEAR}[-/ ]?{NAME}",
)
QUARTER = _patterns(
    rf"{YEAR}[-/ ]?Q(?P<quarter>[1-4])", rf"Q(?P<quarter>[1-4])[-/ ]?{ANY_YEAR}", rf"(?P<quarter>[1-4])Q[- ]?{ANY_YEAR}"
)
LOCAL = _patterns(rf"(?P<a>\d\d?)(?P<cut>[-/.])(?P<b>\d\d?)(?P=cut)(?P<c>\d{{4}}|\d\d){END}")
SERIAL = re.compile(r"(\d{5})(\.\d{1,12})?", re.ASCII)
BARE_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)


@dataclass(frozen=True)
class Written:
    """A date as written.

    Args:
        style: ``day`` (year, month, day), ``month`` (year, month), ``quarter`` (year, quarter), ``year``,
            ``serial`` (days since the epoch of a spreadsheet), ``local`` (day and month in an unknown
            order, year) or ``short`` (the same with a year of two digits, at either end).
        firm: Whether it can be nothing but a date; a bare number may be anything.
        pivot: Whether the century was added.
    """

    style: str
    parts: tuple[int, ...]
    timed: bool = False
    zoned: bool = False
    firm: bool = True
    pivot: bool = False


def written(cell: object) -> Written | None:
    """Return how a cell writes a date, or None if it does not."""
    if isinstance(cell, datetime):
        timed = (cell.hour, cell.minute, cell.second, cell.microsecond) != (0, 0, 0, 0)
        return Written("day", (cell.year, cell.month, cell.day), timed, cell.tzinfo is not None)
    if isinstance(cell, date):
        return Written("day", (cell.year, cell.month, cell.day))
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None
    text = cell_text(cell)
    return _of_text(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1 << 14)
def _of_text(text: str) -> Written | None:
    if not text or not any(sign.isdigit() for sign in text):
        return None
    for style, patterns in (("day", DAYS), ("month", MONTH), ("quarter", QUARTER)):
        for pattern in patterns:
            if found := pattern.fullmatch(text):
                return _calendar(style, found.groupdict(), firm=not text.isdigit())
    if found := LOCAL[0].fullmatch(text):
        parts = found.groupdict()
        style = "local" if len(parts["c"]) == 4 else "short"
        numbers = (int(parts["a"]), int(parts["b"]), int(parts["c"]))
        return Written(style, numbers, _is_timed(parts), bool(parts["zone"]))
    if found := SERIAL.fullmatch(text):
        return Written("serial", (int(found[1]),), bool(found[2]), firm=False)
    return Written("year", (int(text),), firm=False) if BARE_YEAR.fullmatch(text) else None


def _calendar(style: str, parts: dict[str, str], *, firm: bool) -> Written:
    pivot = len(parts["year"]) == 2
    year = full_year(int(parts["year"])) if pivot else int(parts["year"])
    month = MONTHS.index(parts["name"][:3].lower()) + 1 if parts.get("name") else int(parts.get("month") or 0)
    numbers = {"day": (year, month, int(parts.get("day") or 0)), "month": (year, month)}
    found = numbers.get(style) or (year, int(parts["quarter"]))
    return Written(style, found, _is_timed(parts), bool(parts.get("zone")), firm, pivot)


def _is_timed(parts: dict[str, str]) -> bool:
    """Return whether a time of day is more than midnight."""
    time = (parts.get("time") or "").upper()
    if time.endswith("AM"):
        time = time.replace("12:", "0:")
    return any(sign in "123456789" for sign in time)


def full_year(short: int) -> int:
    """Return a year of two digits with its century: at most next year.

    >>> full_year(20), full_year(99)
    (2020, 1999)
    """
    century = 100 * ((date.today().year + 1) // 100)
    return century + short if century + short <= date.today().year + 1 else century - 100 + short


@dataclass(frozen=True)
class DateReader:
    """How to read the dates of one column: a format that was given, or whatever can be recognised."""

    form: str | None = None
    day_first: bool | None = None
    late_epoch: bool = False

    def look(self, cell: object) -> Written | None:
        """Return how a cell writes a date, or None if it does not."""
        if self.form is None or isinstance(cell, date):
            return written(cell)
        try:
            return written(datetime.strptime(cell_text(cell), self.form).replace(tzinfo=None))
        except ValueError:
            return None

    def serial(self, days: int) -> date:
        """Return the day of a serial number."""
        return (date(1904, 1, 1) if self.late_epoch else date(1899, 12, 30)) + timedelta(days=days)
