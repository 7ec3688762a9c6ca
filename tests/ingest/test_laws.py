"""Laws of the reader: one table however it is laid out, one number however it is dressed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.errors import InputError, OptionError
from factorlasso_core.ingest import (
    KINDS,
    ReadLimits,
    ReadOptions,
    join_panel,
    preview,
    read_table,
    read_workbook,
)
from tests.ingest.cases import DAYS, GOOD, TABLE
from tests.ingest.files import book, repacked, text

CELL = st.one_of(st.none(), st.floats(-10, 10).map(lambda value: round(value, 6)))
TABLES = st.lists(st.tuples(CELL, CELL, st.floats(0.1, 0.4).map(lambda value: round(value, 4))), min_size=3, max_size=8)


def equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.index.equals(other.index) and list(one) == list(other) and np.array_equal(one, other, equal_nan=True)


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_every_layout_of_a_table_reads_alike(rows: list[tuple[float | None, ...]]) -> None:
    days = [f"2020-{month:02d}-15" for month in range(1, len(rows) + 1)]
    wide = [("date", "A", "B", "C"), *((day, *row) for day, row in zip(days, rows, strict=True))]
    turned = [("", *days), *((name, *(row[at] for row in rows)) for at, name in enumerate("ABC"))]
    long = [("when", "who", "what")] + [
        (day, name, row[at]) for day, row in zip(days, rows, strict=True) for at, name in enumerate("ABC")
    ]
    expected = read_table(text(wide), kind="factors").table
    for layout in (wide, turned, long):
        for data in (text(layout), text(layout, ";"), book(layout), book(layout, first="C4")):
            assert equal(read_table(data, kind="factors").table, expected)


NUMBER = st.decimals(-(10**7), 10**7, places=4)
DRESSES = {
    "plain": lambda number: f"{number}",
    "groups": lambda number: f'"{number:,}"',
    "german": lambda number: f'"{number:,}"'.translate(str.maketrans(",.", ".,")),
    "parentheses": lambda number: f'"({-number:,})"' if number < 0 else f'"{number:,}"',
    "currency": lambda number: f'"{"-" if number < 0 else ""}${abs(number):,}"',
    "minus": lambda number: f"{number}".replace("-", "\u2212"),
    "percent": lambda number: f"{number}%",
}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(DRESSES)), st.lists(NUMBER, min_size=1, max_size=6))
def test_a_number_is_exact_in_every_dress_or_asked_about(dress: str, numbers: list[Decimal]) -> None:
    rows = [(f"2020-01-{day:02d}", DRESSES[dress](number)) for day, number in enumerate(numbers, start=1)]
    scale = Decimal(100) if dress == "percent" else Decimal(1)
    data = text([("date", "EQ"), *rows], ";")
    try:
        loaded = read_table(data, kind="factors")
    except InputError:  # a column of nothing but 1,234 can be read in two ways: asked, and then answered
        decimal = "," if dress == "german" else "."
        with pytest.raises(InputError, match="may be thousands"):
            read_table(data, kind="factors")
        loaded = read_table(data, kind="factors", options=ReadOptions(decimal=decimal))
    assert loaded.table["EQ"].tolist() == [float(number / scale) for number in numbers]


ONE = book(
    TABLE, title="Responses", others={"factors": [("date", "F"), *((day, 1.5) for day in DAYS)], "notes": [("x",)]}
)


def test_one_workbook_holds_everything() -> None:
    loaded = read_workbook(ONE, name="all.xlsx")
    assert list(loaded) == ["factors", "responses"]
    assert equal(loaded["responses"].table, GOOD)
    assert [note.code for note in loaded["factors"].notes] == ["sheets_left_out"]
    assert "notes" in loaded["factors"].notes[0].message
    assert loaded["responses"].notes == ()
    assert join_panel(loaded["responses"].table, loaded["factors"].table).table.shape == (4, 3)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (text(TABLE), "not_xlsx", "no Excel workbook"),
        (book(TABLE), "no_sheet", "named after"),
        (book(TABLE, title="signs", others={"Signs ": TABLE}), "no_sheet", "same name"),
        (book(TABLE, title="signs"), "sign", "sheet signs, row 2, column EQ"),
    ],
)
def test_a_workbook_without_everything_is_refused(data: bytes, code: str, words: str) -> None:
    with pytest.raises(InputError, match=r"^all\.xlsx") as caught:
        read_workbook(data, name="all.xlsx")
    assert caught.value.code == code
    assert words in str(caught.value)


def test_what_was_found_can_be_shown_and_overruled() -> None:
    data = text([("Returns of 2020",), ("date", "EQ"), ("31.01.2020", "0,5")], ";")
    found = read_table(data, kind="factors").found
    assert (found.format, found.delimiter, found.header_row, found.key) == ("csv", "semicolon", 2, "date")
    assert (found.layout, found.dates, found.decimal) == ("wide", "day/month/year", ",")
    assert preview(data, kind="factors", rows=2) == [(1, ["Returns of 2020"]), (2, ["date", "EQ"])]
    sheets = read_table(ONE, kind="factors").found
    assert (sheets.sheet, sheets.sheets) == ("factors", ("factors", "notes", "Responses"))


def test_options_are_checked_at_birth_and_have_a_digest() -> None:
    for name, value in (
        ("layout", "tall"),
        ("decimal", "'"),
        ("header_row", 0),
        ("day_first", "yes"),
        ("sheet", ""),
        ("units", "bp"),
        ("limits", None),
    ):
        with pytest.raises(OptionError, match=name):
            ReadOptions(**{name: value})
    with pytest.raises(OptionError, match="rows"):
        ReadLimits(rows=0)
    assert ReadOptions(day_first=True).digest() != ReadOptions().digest() == ReadOptions(limits=ReadLimits()).digest()
    assert set(KINDS) == {"responses", "factors", "signs", "prior", "groups", "characteristics"}


def test_nothing_of_a_workbook_with_macros_is_run_or_lost() -> None:
    assert openpyxl.DEFUSEDXML is True
    loaded = read_table(repacked(book(TABLE), {"xl/vbaProject.bin": b"\xd0\xcf"}), kind="factors", name="x.xlsm")
    assert [note.code for note in loaded.notes] == ["macros_ignored"]
    assert equal(loaded.table, GOOD)
