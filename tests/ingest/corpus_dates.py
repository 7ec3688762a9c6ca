"""Dates in all the ways they are written, in text files and in sheets."""

from __future__ import annotations

from datetime import date, datetime

from factorlasso_core.ingest import ReadOptions
from tests.ingest.cases import Case, no, ok, series
from tests.ingest.files import book, text

ENDS = ("2020-01-31", "2020-02-29")
SERIALS = (43861, 43890)


def csv(*days: object) -> bytes:
    return text([("date", "EQ"), *((day, at + 1) for at, day in enumerate(days))])


def sheet(*days: object, **more: object) -> bytes:
    return book([("date", "EQ"), *((day, at + 1) for at, day in enumerate(days))], **more)  # type: ignore[arg-type]


def good(name: str, days: tuple[object, ...], *codes: str, to: tuple[str, ...] = ENDS, **more: object) -> Case:
    """Return a text file with dates as written, and the days they must become."""
    table = series(to, [(at + 1,) for at in range(len(to))], ("EQ",))
    return ok(f"{name}.csv", csv(*days), *codes, table=table, **more)  # type: ignore[arg-type]


def bad(name: str, days: tuple[object, ...], code: str, *words: str, row: int = 2, **more: object) -> Case:
    return no(f"{name}.csv", csv(*days), code, *words, place=(row, "date"), **more)


TWO = series(ENDS, ((1,), (2,)), ("EQ",))
FIRSTS = tuple(f"01/{month:02d}/2020" for month in range(1, 13))
ISO_FIRSTS = tuple(f"2020-{month:02d}-01" for month in range(1, 13))
CASES: list[Case] = [
    good("iso slashes", ("2020/1/31", "2020/2/29")),
    good("iso dots", ("2020.01.31", "2020.02.29")),
    good("compact", ("20200131", "20200229")),
    good("month start", ("2020-01-01", "2020-02-01"), to=("2020-01-01", "2020-02-01")),
    good("business days", ("2020-02-28", "2020-05-29"), to=("2020-02-28", "2020-05-29")),
    good("months", ("2020-01", "2020-02"), "month_end"),
    good("months compact", ("202001", "202002"), "month_end"),
    good("months M", ("2020M01", "2020M02"), "month_end"),
    good("months local", ("01/2020", "02/2020"), "month_end"),
    good("months short", ("Jan-20", "Feb-20"), "month_end", "two_digit_year", words=("two digits",)),
    good("months words", ("January 2020", "February 2020"), "month_end"),
    good("months apostrophe", ("Jan '20", "Feb '20"), "month_end", "two_digit_year"),
    good("months last century", ("Nov-99", "Dec-99"), "month_end", "two_digit_year", to=("1999-11-30", "1999-12-31")),
    good("day words", ("31 Jan 2020", "29 Feb 2020")),
    good("day words short", ("31-Jan-20", "29-Feb-20"), "two_digit_year"),
    good("american words", ('"Jan 31, 2020"', '"February 29, 2020"')),
    good("quarters", ("2020Q1", "2020Q2"), "quarter_end", to=("2020-03-31", "2020-06-30")),
    good("quarters spaced", ("Q1 2020", "Q2 2020"), "quarter_end", to=("2020-03-31", "2020-06-30")),
    good("quarters dashed", ("2020-Q1", "2020-Q2"), "quarter_end", to=("2020-03-31", "2020-06-30")),
    good("quarters short", ("1Q20", "2Q20"), "quarter_end", "two_digit_year", to=("2020-03-31", "2020-06-30")),
    good("years", ("2018", "2019"), "year_end", to=("2018-12-31", "2019-12-31")),
    good("serials", SERIALS, "serial_dates", words=("1900",)),
    good("local", ("31/01/2020", "29/02/2020"), "date_order", words=("day/month/year", "row 2")),
    good("american", ("01/31/2020", "02/29/2020"), "date_order", words=("month/day/year", "row 2")),
    good("german", ("31.1.2020", "29.2.2020"), "date_order"),
    good(
        "decided late",
        ("01/02/2020", "02/02/2020", "13/02/2020"),
        "date_order",
        words=("row 4",),
        to=("2020-02-01", "2020-02-02", "2020-02-13"),
    ),
    good("short local", ("31/01/20", "29/02/20", "31/03/20"), "date_order", "two_digit_year", to=(*ENDS, "2020-03-31")),
    good("same both ways", ("01/01/2020", "02/02/2020"), "date_order", to=("2020-01-01", "2020-02-02")),
    good("day first", FIRSTS[:11], "date_order", to=ISO_FIRSTS[:11], options=ReadOptions(day_first=True)),
    good(
        "month first", FIRSTS[:2], "date_order", to=("2020-01-01", "2020-01-02"), options=ReadOptions(day_first=False)
    ),
    good("format", ("20/01/31", "20/02/29"), options=ReadOptions(date_format="%y/%m/%d")),
    good("stamps", ("2020-01-31 16:00", "2020-02-29T23:59:59.999"), "time_dropped"),
    good("midnight", ("2020-01-31 00:00:00", "2020-02-29T00:00")),
    good("pm", ("1/31/2020 4:00:00 PM", "2/29/2020 4:00 PM"), "date_order", "time_dropped"),
    good("twelve am", ("1/31/2020 12:00:00 AM", "2/29/2020 12:00 AM"), "date_order"),
    good("zones", ("2020-01-31T00:00:00Z", "2020-02-29 00:00+02:00"), "zone_dropped", words=("local calendar date",)),
    good(
        "summer time",
        ("2020-03-28T23:30+01:00", "2020-03-29T23:30+02:00"),
        "time_dropped",
        "zone_dropped",
        to=("2020-03-28", "2020-03-29"),
    ),
    ok("date second.csv", text([("EQ", "date"), (1, ENDS[0]), (2, ENDS[1])]), table=TWO),
    ok(
        "date asked.csv",
        text([("id", "EQ", "when"), (7, 1, "2020"), (8, 2, "2021")]),
        "year_end",
        table=series(("2020-12-31", "2021-12-31"), ((7, 1), (8, 2)), ("id", "EQ")),
        options=ReadOptions(date_column="when"),
    ),
    ok("real dates.xlsx", sheet(datetime(2020, 1, 31), date(2020, 2, 29)), table=TWO),
    ok("text dates.xlsx", sheet(*ENDS), table=TWO),
    ok("mixed but clear.xlsx", sheet(datetime(2020, 1, 31), "2020-02-29"), table=TWO),
    ok("stamps.xlsx", sheet(datetime(2020, 1, 31, 16), datetime(2020, 2, 29, 16)), "time_dropped", table=TWO),
    ok("serials.xlsx", sheet(*SERIALS), "serial_dates", table=TWO),
    ok("months.xlsx", sheet(202001, 202002), "month_end", table=TWO),
    ok("1904.xlsx", sheet(datetime(2020, 1, 31), datetime(2020, 2, 29), late=True), table=TWO),
    ok(
        "1904 serials.xlsx",
        sheet(*(day - 1462 for day in SERIALS), late=True),
        "serial_dates",
        table=TWO,
        words=("1904",),
    ),
    bad("ambiguous", FIRSTS, "ambiguous_dates", "day/month/year", "month/day/year", "day_first"),
    bad("ambiguous short", ("01/02/03", "02/03/04"), "ambiguous_dates", "day_first"),
    bad("contradiction", ("31/01/2020", "01/31/2020"), "mixed_dates", "row 2", "row 3", row=3),
    bad(
        "wrongly asked",
        ("31/01/2020", "29/02/2020"),
        "mixed_dates",
        "month/day/year",
        row=2,
        options=ReadOptions(day_first=False),
    ),
    bad("two ways", ("2020-01-31", "28/02/2020"), "mixed_dates", "another way than in row 2", row=3),
    bad("months and days", ("2020-01", "2020-02-15"), "mixed_dates", row=3),
    bad("serials and days", ("2020-01-31", "43890"), "mixed_dates", row=3),
    bad("no such day", ("2020-01-31", "2020-02-30"), "bad_date", "calendar", row=3),
    bad("no such month", ("202013", "202014"), "bad_date", "'202013'"),
    bad("too early", ("1899-12-31", "1900-01-31"), "date_range", "1900"),
    bad("too late", ("2020-01-31", "2999-12-31"), "date_range", row=3),
    bad("year zero", ("0001-01-01", "0002-01-01"), "date_range"),
    no("half converted.xlsx", sheet(datetime(2020, 2, 1), "13/02/2020"), "mixed_dates", place=(3, "date")),
    no("format misfit.csv", csv(*ENDS), "bad_date", options=ReadOptions(date_format="%d.%m.%Y"), place=(2, "date")),
]
