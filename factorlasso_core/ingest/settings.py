"""The options of the readers: every limit with its reason, and what a user may overrule."""

from __future__ import annotations

from dataclasses import dataclass, fields

from factorlasso_core.options.base import Options, check, check_choice, check_flag

LAYOUTS = ("wide", "long", "transposed")
UNITS = ("decimal", "percent", "prices")
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
DECIMALS = (".", ",")


@dataclass(frozen=True)
class ReadLimits(Options):
    """Every limit of the readers, so that no upload can exhaust the process all users share.

    Args:
        file_bytes: Size of the file, the same as the upload limit of the app.
        unpacked_bytes: Size of all parts of a workbook, or of all Parquet pages, once inflated; a
            spreadsheet of a million numbers needs about 40 MB.
        zip_ratio: Inflated over packed size from 1 MB on; real sheets stay below 40.
        zip_entries: Parts of a workbook; real ones have tens.
        record_bytes: Longest line of a text file, and longest stretch of a workbook part without a new row
            or text; rows of 5,000 numbers have 0.3 MB. The parser holds one stretch as objects, at up to 150
            times its size.
        records: Rows and shared texts of a workbook: the parser keeps every text, at 60 bytes and more.
        rows: Data rows: 500 years of days; a spreadsheet above it is not a return panel.
        long_rows: Data rows of a long table, one for each number: 2,000 dates of 1,000 series.
        columns: Columns; the problem size the solvers are made for is 500.
        cells: Rows times columns: 160 MB as float64.
        turned_cells: Cells of a transposed table, which is held as objects before it is turned.
    """

    file_bytes: int = 50_000_000
    unpacked_bytes: int = 200_000_000
    zip_ratio: int = 100
    zip_entries: int = 1_000
    record_bytes: int = 2_000_000
    records: int = 3_000_000
    rows: int = 200_000
    long_rows: int = 2_000_000
    columns: int = 5_000
    cells: int = 20_000_000
    turned_cells: int = 4_000_000

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            check(name, value, isinstance(value, int) and value > 0, "a positive integer")


@dataclass(frozen=True)
class ReadOptions(Options):
    """What a user may say about a file; None leaves it to the reader, which says what it found.

    Args:
        sheet: Title of the sheet of a workbook.
        header_row: Row with the names of the columns, counted from 1 as a spreadsheet shows it.
        date_column: Name of the column with the dates, or with the labels.
        name_column, value_column: Names of these columns of a long table.
        date_format: How dates are written, in the signs of ``strptime``: ``%d/%m/%y``.
        day_first: Whether 01/02/2020 is the first of February.
        decimal: The decimal sign, ``"."`` or ``","``.
        delimiter: What stands between the fields of a text file.
        layout: ``"wide"``, ``"long"`` (date, name, value) or ``"transposed"`` (one row per series).
        units: ``"decimal"`` takes the numbers as they are, ``"percent"`` divides them by 100,
            ``"prices"`` turns levels into returns; None takes them as they are and says what they look like.
        limits: Sizes above which a file is refused.
    """

    sheet: str | None = None
    header_row: int | None = None
    date_column: str | None = None
    name_column: str | None = None
    value_column: str | None = None
    date_format: str | None = None
    day_first: bool | None = None
    decimal: str | None = None
    delimiter: str | None = None
    layout: str | None = None
    units: str | None = None
    limits: ReadLimits = ReadLimits()

    def __post_init__(self) -> None:
        for name in ("sheet", "date_column", "name_column", "value_column", "date_format"):
            value = getattr(self, name)
            check(name, value, value is None or (isinstance(value, str) and value != ""), "None or a text")
        row = self.header_row
        whole = isinstance(row, int) and not isinstance(row, bool) and row >= 1
        check("header_row", row, row is None or whole, "None or an integer >= 1")
        if self.day_first is not None:
            check_flag("day_first", self.day_first)
        for name, choices in (
            ("decimal", DECIMALS),
            ("delimiter", tuple(DELIMITERS)),
            ("layout", LAYOUTS),
            ("units", UNITS),
        ):
            if getattr(self, name) is not None:
                check_choice(name, getattr(self, name), choices)
        check("limits", self.limits, isinstance(self.limits, ReadLimits), "a ReadLimits")
