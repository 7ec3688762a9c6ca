"""Workbooks and Parquet files: sheets, merged headers, errors, formulas, types."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa

from factorlasso_core.ingest import ReadLimits, ReadOptions
from factorlasso_core.xlsx import Sheet, write_xlsx
from tests.ingest.cases import DAYS, GOOD, HEADER, NAMES, ROWS, TABLE, Case, no, ok, series
from tests.ingest.files import book, edited, parquet, repacked

TWICE = [HEADER, *((day, *(None if value is None else 2 * value for value in values)) for day, *values in ROWS)]
SMALL = book(TABLE)
STORED = edited(SMALL, "<v>0.0125</v>", "<f>1/80</f><v>0.0125</v>")
ZEROS = edited(edited(SMALL, "<v>0.0125</v>", "<f>A1</f><v>0</v>"), "<v>-0.5</v>", "<f>A2</f><v>0</v>")
CALM = edited(ZEROS, 'fullCalcOnLoad="1"', "", "xl/workbook.xml")


def with_cell(value: object, row: int = 2, column: int = 1) -> bytes:
    """Return the usual workbook with one cell replaced."""
    rows = [list(cells) for cells in TABLE]
    rows[row - 1][column] = value
    return book(rows)


def frame(index: pd.Index) -> bytes:
    buffer = BytesIO()
    GOOD.set_axis(index, axis="index").to_parquet(buffer)
    return buffer.getvalue()


BOOKS = [
    ok("plain.xlsx", SMALL),
    ok("ours.xlsx", write_xlsx([Sheet("returns", GOOD)])),
    ok("numbers as text.xlsx", book([[None if cell is None else str(cell) for cell in row] for row in TABLE])),
    ok("table at C4.xlsx", book(TABLE, first="C4")),
    ok("title.xlsx", book([("Returns of 2020",), (), *TABLE], first="B2"), "title_lines", words=("Returns of 2020",)),
    ok("footer.xlsx", book([*TABLE, (), ("Source: a bank",)]), "footer"),
    ok("average.xlsx", book([*TABLE, ("Average", 0.1, 0.2)]), "footer", words=("Average", "row 6")),
    ok("spacer.xlsx", book([(a, b, None, c) for a, b, c in TABLE]), "blank_column"),
    ok(
        "merged.xlsx",
        book([("", "US", None, "EU"), ("date", "r", "v", "r"), *((*row, 1.5) for row in ROWS)], merged=["B1:C1"]),
        "two_row_header",
        table=GOOD.set_axis(["US / r", "US / v"], axis=1).assign(**{"EU / r": 1.5}),
    ),
    ok(
        "merged down.xlsx",
        book([("date", "US", "EU"), (None, "r", "r"), *ROWS], merged=["A1:A2"]),
        "two_row_header",
        table=GOOD.set_axis(["US", "EU"], axis=1),
    ),
    ok(
        "line break.xlsx",
        book([("date", "US\nEquity", "BD"), *ROWS]),
        "label_cleaned",
        table=GOOD.set_axis(["US Equity", "BD"], axis=1),
    ),
    ok(
        "hidden.xlsx",
        book(TABLE, others={"old": TWICE}, hidden=["old"]),
        "sheet_chosen",
        words=("Sheet Sheet is read", "old (hidden)"),
    ),
    ok("named.xlsx", book(TABLE, title="Responses", others={"cover": TWICE}), "sheet_chosen", words=("Responses",)),
    ok("empty first.xlsx", book(TABLE, others={"cover": []}), "sheet_chosen", words=("Sheet Sheet is read",)),
    ok("asked.xlsx", book(TABLE, title="mine", others={"other": TWICE}), options=ReadOptions(sheet="mine")),
    ok("calculated.xlsx", STORED),
    ok("true zeros.xlsx", CALM, table=series(DAYS, ((0, 0), *((a, b) for _, a, b in ROWS[1:])))),
    ok("percent cell.xlsx", book(TABLE, formats={"B2": "0.00%"})),
    ok(
        "percent text.xlsx",
        book([("date", "EQ"), (DAYS[0], "1.2%"), (DAYS[1], "-3%")]),
        "percent",
        table=series(DAYS[:2], ((0.012,), (-0.03,)), ("EQ",)),
    ),
    ok(
        "missing.xlsx",
        with_cell("#N/A"),
        "missing_marker",
        table=series(DAYS, ((None, -0.5), *((a, b) for _, a, b in ROWS[1:]))),
    ),
    ok("macros.xlsm", repacked(SMALL, {"xl/vbaProject.bin": b"x"}), "macros_ignored", words=("not run",)),
    ok("called.csv", SMALL, "renamed", words=("Excel workbook",)),
    ok("wrong size.xlsx", edited(SMALL, 'ref="A1:C5"', 'ref="A1"')),
    ok("huge size.xlsx", edited(SMALL, 'ref="A1:C5"', 'ref="A1:XFD1048576"')),
    ok(
        "transposed.xlsx",
        book([("name", *DAYS), *((name, *(row[at + 1] for row in ROWS)) for at, name in enumerate(NAMES))]),
        "transposed",
    ),
    ok(
        "long.xlsx",
        book([("date", "asset", "r"), *((d, n, v) for d, *vs in ROWS for n, v in zip(NAMES, vs, strict=True))]),
        "long_layout",
    ),
    no("formula.xlsx", with_cell("=1+1", 3, 2), "formula_without_value", "cell C3", "save it", place=(3, "BD")),
    no("placeholder.xlsx", ZEROS, "formula_placeholder", "never calculated", place=(2, "EQ")),
    no("reference error.xlsx", with_cell("#REF!"), "excel_error", "cell B2", place=(2, "EQ")),
    no("division.xlsx", with_cell("#DIV/0!", 4, 2), "excel_error", "cell C4", place=(4, "BD")),
    no("truth.xlsx", with_cell(True), "truth_value", place=(2, "EQ")),
    no("date inside.xlsx", with_cell(datetime(2020, 1, 1)), "date_in_body", place=(2, "EQ")),
    no("outside.xlsx", book([*TABLE[:2], (*TABLE[2], None, 5)]), "outside_table", "cell E3", place=(3, "E")),
    no("below.xlsx", book([*TABLE, (), (None, 5)]), "bad_date", place=(7, "date")),
    no("no name.xlsx", book([("date", None, "BD"), *ROWS]), "label", place=(1, "B")),
    no("same names.xlsx", book([("date", "EQ", "EQ"), *ROWS]), "duplicate_column", "columns B and C", place=(1, "EQ")),
    no("infinite.xlsx", with_cell(1e101), "too_large", place=(2, "EQ")),
    no("no sheet.xlsx", SMALL, "no_sheet", "'none'", options=ReadOptions(sheet="none")),
    no("all hidden.xlsx", edited(SMALL, 'state="visible"', 'state="hidden"', "xl/workbook.xml"), "no_sheet", "Unhide"),
    no("nothing.xlsx", book([]), "header", "blank", place=(1, None)),
    no("second table.xlsx", book([*TABLE, (), ("date", "X", "Y"), *ROWS]), "bad_date", "'date'", place=(7, "date")),
    no(
        "too many columns.xlsx",
        SMALL,
        "too_many_columns",
        "3 columns",
        options=ReadOptions(limits=ReadLimits(columns=2)),
        place=(1, None),
    ),
    no(
        "too many rows.xlsx",
        SMALL,
        "too_many_rows",
        "3 rows",
        options=ReadOptions(limits=ReadLimits(rows=3)),
        place=(5, None),
    ),
]

STAMPS = pd.DatetimeIndex(DAYS, name="date")
DATE_LIST = pa.array([date.fromisoformat(day) for day in DAYS])
FLOATS = pa.array(GOOD["EQ"].to_numpy())


def columns(**arrays: object) -> bytes:
    return parquet(pa.table({"date": DATE_LIST, **arrays}))


PARQUETS = [
    ok("plain.parquet", frame(STAMPS)),
    ok("no name.parquet", frame(STAMPS.rename(None))),
    ok("text.parquet", frame(pd.Index(DAYS, name="date"))),
    ok("objects.parquet", frame(pd.Index([date.fromisoformat(day) for day in DAYS], name="date"))),
    ok("integers.parquet", frame(pd.Index([int(day.replace("-", "")) for day in DAYS], name="date"))),
    ok("zone.parquet", frame(STAMPS.tz_localize("America/New_York")), "zone_dropped"),
    ok("parquet called.csv", frame(STAMPS), "renamed", words=("Parquet",)),
    ok("single.parquet", columns(EQ=FLOATS.cast(pa.float32())), table=GOOD[["EQ"]].astype(np.float32).astype(float)),
    ok(
        "long.parquet",
        parquet(
            pa.table(
                {
                    "date": [day for day in DAYS for _ in NAMES],
                    "asset": [*NAMES] * 4,
                    "r": [value for _, *row in ROWS for value in row],
                }
            )
        ),
        "long_layout",
    ),
    no(
        "decimal.parquet",
        columns(EQ=pa.array([None] * 4, pa.decimal128(5, 2))),
        "column_type",
        "decimal",
        place=(None, "EQ"),
    ),
    no("truth.parquet", columns(EQ=[True] * 4), "column_type", "bool", place=(None, "EQ")),
    no("lists.parquet", columns(EQ=[[1.0]] * 4), "column_type", place=(None, "EQ")),
    no("infinite.parquet", columns(EQ=[1.0, np.inf, 1.0, 1.0]), "too_large", place=(2, "EQ")),
    no(
        "same names.parquet",
        parquet(pa.Table.from_arrays([DATE_LIST, FLOATS, FLOATS], ["date", "A", "A"])),
        "duplicate_column",
        place=(None, "A"),
    ),
    no("no columns.parquet", columns(), "no_columns", place=(0, None)),
    no("cut.parquet", frame(STAMPS)[:-20], "damaged", "incomplete"),
    no("levels.parquet", frame(pd.MultiIndex.from_product([["a", "b"], [1, 2]])), "multi_index", "2 levels"),
    no(
        "too long.parquet",
        frame(STAMPS),
        "too_many_rows",
        "3 rows",
        place=(4, None),
        options=ReadOptions(limits=ReadLimits(rows=3)),
    ),
]

CASES: list[Case] = [*BOOKS, *PARQUETS]
