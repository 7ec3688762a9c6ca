"""Text files: dialects, encodings, dressed numbers, titles and footers, other layouts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from factorlasso_core.ingest import ReadOptions
from tests.ingest.cases import DAYS, GOOD, HEADER, NAMES, ROWS, TABLE, Case, labelled, no, ok, series
from tests.ingest.files import text

PLAIN = text(TABLE)
LATIN = text((("date", "Zürich", "BD"), *ROWS), encoding="cp1252")
COMMA = text([[str(cell).replace(".", ",") if cell is not None else "" for cell in row] for row in TABLE], ";")
ONE = ("EQ",)


def column(*cells: str, sep: str = ",", name: str = "EQ") -> bytes:
    """Return a file of one column of numbers as written."""
    return text([("date", name), *((day, cell) for day, cell in zip(DAYS, cells, strict=False))], sep)


def numbers(*values: float | None) -> pd.DataFrame:
    """Return the table of one column."""
    return series(DAYS[: len(values)], [(value,) for value in values], ONE)


def named(*names: str) -> pd.DataFrame:
    """Return the usual table under other names."""
    return GOOD.set_axis(list(names), axis="columns")


def renamed_header(*names: str) -> bytes:
    """Return the usual file under other names, quoted."""
    return text((("date", *(f'"{name}"' for name in names)), *ROWS))


RNG = np.random.default_rng(6)
MONTHS = tuple(pd.date_range("2018-01-31", periods=24, freq="ME").strftime("%Y-%m-%d"))
LEVELS = tuple((100.0 + month,) for month in range(24))
PERCENTS = tuple((float(value),) for value in np.round(RNG.normal(0, 4, 24), 2))


def months(values: tuple[tuple[float], ...]) -> bytes:
    return text([("date", "EQ"), *((day, value[0]) for day, value in zip(MONTHS, values, strict=True))])


DIALECTS = [
    ok("plain.csv", PLAIN),
    ok("crlf.csv", text(TABLE, end="\r\n")),
    ok("cr.csv", text(TABLE, end="\r")),
    ok("semicolon.csv", text(TABLE, ";")),
    ok("tab.txt", text(TABLE, "\t")),
    ok("bar.txt", text(TABLE, "|")),
    ok("bom.csv", b"\xef\xbb\xbf" + PLAIN),
    ok("utf16le.csv", b"\xff\xfe" + text(TABLE, encoding="utf-16-le"), "encoding", words=("UTF-16",)),
    ok("utf16be.csv", b"\xfe\xff" + text(TABLE, encoding="utf-16-be"), "encoding"),
    ok("utf32.csv", text(TABLE, encoding="utf-32"), "encoding", words=("UTF-32",)),
    ok("cp1252.csv", LATIN, "encoding", table=named("Zürich", "BD"), words=("row 1", "accents")),
    ok("sep.csv", b"sep=;\n" + text(TABLE, ";"), "sep_line"),
    ok("quoted.csv", text([[f'"{cell}"' if cell is not None else "" for cell in row] for row in TABLE])),
    ok("spaces.csv", text([[f" {cell} " if cell is not None else " " for cell in row] for row in TABLE])),
    ok("no key name.csv", PLAIN.replace(b"date", b"")),
    ok("blank end.csv", PLAIN + b"\n\n,,\n"),
    ok("trailing.csv", PLAIN.replace(b"\n2", b",\n2").replace(b"BD,", b"BD"), "trailing_delimiter"),
    ok("blank column.csv", text([(a, b, None, c) for a, b, c in TABLE]), "blank_column"),
    ok("pandas index.csv", text([(None if i == 0 else i - 1, *row) for i, row in enumerate(TABLE)]), "index_column"),
    ok("blank rows.csv", PLAIN.replace(b"\n2020-03", b"\n\n,,\n2020-03"), "blank_rows"),
    ok("title.csv", b"Monthly returns\nSource: a bank\n\n" + PLAIN, "title_lines", words=("Monthly returns",)),
    ok("footer.csv", PLAIN + b"\nAverage,0.1,0.2\n", "footer", words=("row 6", "Average")),
    ok("remark.csv", PLAIN + b"\n\nSource: a bank\n", "footer", words=("Source",)),
    ok("unsorted.csv", text((HEADER, *reversed(ROWS))), "sorted"),
    ok("repeated.csv", text((*TABLE, ROWS[-1])), "repeated_rows"),
    ok("called.xlsx", PLAIN, "renamed", words=(".xlsx", "text file")),
    ok("asked delimiter.csv", PLAIN, options=ReadOptions(delimiter=",")),
    ok("asked row.csv", b"a,b,c\n" + PLAIN, "title_lines", options=ReadOptions(header_row=2)),
    no("extra field.csv", PLAIN + b"\n2020-05-31,1,2,3", "field_count", "4 fields", "has 3", place=(6, None)),
    no("extra fields.csv", text((HEADER, *((*row, 1) for row in ROWS))), "field_count", place=(2, None)),
    no("short row.csv", PLAIN + b"\n2020-05-31,1", "field_count", "2 fields", place=(6, None)),
    no("open quote.csv", PLAIN + b'\n2020-05-31,"1,2', "csv", "quotation", place=(6, None)),
    no("bad quote.csv", PLAIN + b'\n2020-05-31,"1"2,2', "csv", place=(6, None)),
    no("nul.csv", PLAIN + b"\n2020-05-31,1,\x002", "nul", "NUL", place=(6, None)),
    no("utf16 unmarked.csv", text(TABLE, encoding="utf-16-le"), "nul", "UTF-8", place=(1, None)),
    no("utf16 broken.csv", b"\xff\xfe" + text(TABLE, encoding="utf-16-le")[:-1], "encoding", "UTF-16"),
    no("no encoding.csv", PLAIN.replace(b"EQ", b"\xff\x81"), "encoding", "UTF-8", place=(1, None)),
    no("two delimiters.csv", b"date;A,B\n2020-01-31;1,2", "ambiguous_delimiter", "delimiter", place=(1, None)),
    no("one column.csv", b"date\n2020-01-31", "no_delimiter", place=(1, None)),
    no("empty.csv", b"", "empty", "empty"),
    no("spaces only.csv", b" \n\n", "empty"),
    no("no rows.csv", b"date,EQ", "no_rows", "no row of data"),
    no("no header.csv", text(ROWS), "no_header", "names above", place=(1, None)),
    no("no name.csv", PLAIN.replace(b"EQ", b""), "label", "name is empty", place=(1, "2")),
    no("same names.csv", PLAIN.replace(b"BD", b"EQ"), "duplicate_column", "columns 2 and 3", place=(1, "EQ")),
    no("same date.csv", PLAIN + b"\n2020-01-31,1,2", "duplicate_date", "rows 2 and 6", place=(6, "date")),
    no("damaged date.csv", PLAIN + b"\n2020-0x-31,1,2", "bad_date", "'2020-0x-31'", place=(6, "date")),
    no("first date.csv", PLAIN.replace(b"2020-01-31", b"foo"), "bad_date", "'foo'", place=(2, "date")),
    no("first no date.csv", PLAIN.replace(b"2020-01-31", b""), "bad_date", "no date", place=(2, "date")),
    no("no date.csv", PLAIN + b"\n,1,2", "bad_date", "there is no date", place=(6, "date")),
    no("remark inside.csv", PLAIN.replace(b"\n2020-03", b"\nTotal,1,2\n2020-03"), "bad_date", place=(4, "date")),
    no("asked row.csv", PLAIN, "header", "header_row", options=ReadOptions(header_row=90), place=(90, None)),
    no("asked column.csv", PLAIN, "no_column", "'when'", options=ReadOptions(date_column="when")),
]

DRESSED = [
    ok("decimal comma.csv", COMMA, "decimal_comma"),
    ok("comma asked.csv", COMMA, "decimal_comma", options=ReadOptions(decimal=",")),
    ok("comma quoted.csv", column('"0,5"', '"-1,25"'), "decimal_comma", table=numbers(0.5, -1.25)),
    ok("thousands.csv", column('"1,234.50"', '"12,345.00"', "2"), "thousands", table=numbers(1234.5, 12345, 2)),
    ok(
        "german.csv",
        column("1.234,50", "-2.345.678,5", "3", sep=";"),
        "decimal_comma",
        "thousands",
        table=numbers(1234.5, -2345678.5, 3),
    ),
    ok("swiss.csv", column("1'234.5", "1’234’567.25"), "thousands", table=numbers(1234.5, 1234567.25)),
    ok(
        "french.csv",
        column("1\u202f234,5", "2 345,25", "3\u00a0456", sep=";"),
        "decimal_comma",
        "thousands",
        table=numbers(1234.5, 2345.25, 3456),
    ),
    ok("millions.csv", column('"1,234,567"', "2"), "thousands", table=numbers(1234567, 2)),
    ok("parentheses.csv", column("(0.5)", "0.25"), "parentheses", table=numbers(-0.5, 0.25)),
    ok("currency.csv", column("$5.5", "-$2", "3 EUR"), "currency", table=numbers(5.5, -2, 3)),
    ok(
        "accounting.csv",
        column('"($1,234.50)"', "1"),
        "currency",
        "parentheses",
        "thousands",
        table=numbers(-1234.5, 1),
    ),
    ok("typographic minus.csv", column("\u22120.5", "0.25"), "minus_sign", table=numbers(-0.5, 0.25)),
    ok("dash minus.csv", column("\u20130.5", "1"), "minus_sign", table=numbers(-0.5, 1)),
    ok("trailing minus.csv", column("0.5-", "1"), "minus_sign", table=numbers(-0.5, 1)),
    ok("percent.csv", column("1.2%", "-30 %", "0"), "percent", table=numbers(0.012, -0.3, 0)),
    ok("percent comma.csv", column("1,2%", "0,5 %", sep=";"), "decimal_comma", "percent", table=numbers(0.012, 0.005)),
    ok("percent loss.csv", column("(1.2%)", "3%"), "parentheses", "percent", table=numbers(-0.012, 0.03)),
    ok(
        "missing.csv",
        column("1", "NA", "#N/A", ""),
        "missing_marker",
        "missing_marker",
        table=numbers(1, None, None, None),
    ),
    ok("empty column.csv", column("", "", ""), "empty_column", table=numbers(None, None, None)),
    ok("exact.csv", column("0.1", "1e-300", "-123456789.123456789"), table=numbers(0.1, 1e-300, -123456789.123456789)),
    ok(
        "thousands asked.csv",
        column('"1,234"', "2"),
        "thousands",
        table=numbers(1234, 2),
        options=ReadOptions(decimal="."),
    ),
    no("thousands or not.csv", column('"1,234"', "2"), "ambiguous_number", "decimal", place=(2, "EQ")),
    no("points or not.csv", column("1.234", "2.345", sep=";"), "ambiguous_number", "decimal"),
    no(
        "both decimals.csv",
        text([("date", "A", "B"), (DAYS[0], "1,5", "2.5")], ";"),
        "mixed_numbers",
        "decimal",
        place=(2, "A"),
    ),
    no("some percents.csv", column("1", "2%"), "mixed_numbers", "percent", place=(3, "EQ")),
    no("text.csv", column("1", "x"), "not_a_number", "'x'", place=(3, "EQ")),
    no("text column.csv", column("up", "down"), "text_column", "'up'", place=(2, "EQ")),
    no("excel error.csv", column("1", "#DIV/0!"), "excel_error", "error of Excel", place=(3, "EQ")),
    no("infinite.csv", column("1", "-inf"), "too_large", "finite", place=(3, "EQ")),
    no("overflow.csv", column("1", "1e400"), "too_large", "'1e400'", place=(3, "EQ")),
    no("underscore.csv", column("1_000", "1"), "not_a_number", place=(2, "EQ")),
    no("other digits.csv", column("\u0661", "1"), "not_a_number", place=(2, "EQ")),
    no("hexadecimal.csv", column("0x10", "1"), "not_a_number", place=(2, "EQ")),
    no("broken groups.csv", column('"1,23,456.5"', "1"), "not_a_number", place=(2, "EQ")),
    no("two signs.csv", column("--0.5", "1"), "not_a_number", place=(2, "EQ")),
    no("half parentheses.csv", column("(0.5", "1"), "not_a_number", place=(2, "EQ")),
]

LONG = [
    (day, name, value) for day, *values in ROWS for name, value in zip(NAMES, values, strict=True) if value is not None
]
TURNED = [("name", *DAYS), *((name, *(row[at + 1] for row in ROWS)) for at, name in enumerate(NAMES))]
LEVELLED = [("", "Equity", "Equity"), ("date", "US", "EU"), *ROWS]
SHAPES = [
    ok("long.csv", text([("date", "asset", "return"), *LONG]), "long_layout", words=("2 columns",)),
    ok(
        "long wide.csv",
        text([("id", "date", "asset", "return", "volume"), *((i, *row, 9) for i, row in enumerate(LONG))]),
        "long_layout",
        options=ReadOptions(layout="long", name_column="asset", value_column="return"),
    ),
    no(
        "long twice.csv",
        text([("date", "asset", "r"), *LONG, (DAYS[0], "EQ", 9)]),
        "duplicate_date",
        "'EQ'",
        place=(9, None),
    ),
    no(
        "long which.csv",
        text([("date", "asset", "r", "s"), *((*row, 1) for row in LONG)]),
        "long",
        "value_column",
        options=ReadOptions(layout="long"),
        place=(1, None),
    ),
    ok("transposed.csv", text(TURNED), "transposed"),
    ok("transposed title.csv", b"Returns\n" + text(TURNED), "title_lines", "transposed"),
    ok(
        "transposed quarters.csv",
        text([("", "2020Q1", "2020Q2"), ("EQ", 1, 2)]),
        "quarter_end",
        "transposed",
        table=series(("2020-03-31", "2020-06-30"), ((1,), (2,)), ONE),
    ),
    no(
        "transposed text.csv",
        text([*TURNED[:2], ("BD", 1, "x", 2, 3)]),
        "not_a_number",
        "'x'",
        "series BD",
        place=(None, "3"),
    ),
    ok("two rows.csv", text(LEVELLED), "two_row_header", words=("row 1",), table=named("US", "EU")),
    ok(
        "levels.csv",
        text([("", "US", "EU"), ("date", "Equity", "Equity"), *ROWS]),
        "two_row_header",
        words=("Equity",),
        table=named("US", "EU"),
    ),
    ok(
        "joined.csv",
        text([("", "US", "", "EU"), ("date", "r", "v", "r"), *((*row, 1.5) for row in ROWS)]),
        "two_row_header",
        words=("put together",),
        table=GOOD.set_axis(["US / r", "US / v"], axis=1).assign(**{"EU / r": 1.5}),
    ),
    ok(
        "pandas levels.csv",
        text([("class", "A", "A"), ("name", *NAMES), ("date", "", ""), *ROWS]),
        "title_lines",
        "two_row_header",
    ),
    ok("units row.csv", text([HEADER, ("", "%", "%"), *ROWS]), "two_row_header", words=("'%'",)),
    ok(
        "look percent.csv",
        months(PERCENTS),
        "looks_like_percent",
        words=("units='percent'",),
        table=series(MONTHS, PERCENTS, ONE),
    ),
    ok(
        "look prices.csv",
        months(LEVELS),
        "looks_like_prices",
        words=("units='prices'",),
        table=series(MONTHS, LEVELS, ONE),
    ),
    ok("as they are.csv", months(PERCENTS), table=series(MONTHS, PERCENTS, ONE), options=ReadOptions(units="decimal")),
    ok(
        "percent asked.csv",
        months(PERCENTS),
        "converted_percent",
        table=series(MONTHS, PERCENTS, ONE) / 100.0,
        options=ReadOptions(units="percent"),
    ),
    ok(
        "prices asked.csv",
        months(LEVELS),
        "converted_prices",
        table=series(MONTHS[1:], [(b[0] / a[0] - 1,) for a, b in pairwise(LEVELS)], ONE),
        options=ReadOptions(units="prices"),
    ),
    no(
        "no price.csv", column("1", "0"), "price", "above zero", options=ReadOptions(units="prices"), place=(None, "EQ")
    ),
    ok("sentinel.csv", column("0.5", "-99.99"), "sentinel", words=("-99.99",), table=numbers(0.5, -99.99)),
]

LONG_NAME = "N" * 40_000
NAMED = [
    ok(
        "html.csv",
        renamed_header("<img src=x onerror=alert(1)>", "BD"),
        table=named("<img src=x onerror=alert(1)>", "BD"),
    ),
    ok(
        "markdown.csv",
        renamed_header("**b** [x](http://x) $x^2$", "BD"),
        table=named("**b** [x](http://x) $x^2$", "BD"),
    ),
    ok("formula.csv", renamed_header("'=1+1", "'@x"), table=named("=1+1", "@x")),
    ok("newline.csv", renamed_header("US\nEquity", "BD"), "label_cleaned", table=named("US Equity", "BD")),
    ok("control.csv", renamed_header("E\x07Q\x1b", "BD"), "label_cleaned", table=named("EQ", "BD")),
    ok("long name.csv", renamed_header(LONG_NAME, "BD"), "label_cleaned", table=named(LONG_NAME[:199] + "…", "BD")),
    ok("right to left.csv", renamed_header("\u202eQE", "\u05d0\u05d1"), table=named("\u202eQE", "\u05d0\u05d1")),
    ok("words.csv", renamed_header("NA", "null"), table=named("NA", "null")),
    ok("numbers.csv", renamed_header("1", "2"), table=named("1", "2")),
    no("same when cleaned.csv", renamed_header("E\x07Q", "EQ"), "duplicate_column", place=(1, "EQ")),
]

SIGNS = labelled(("A", "B"), ("F1", "F2"), ((1, -1), (0, None)))
BELIEFS = [
    ok("signs.csv", b",F1,F2\nA,+,-\nB,0,\n", kind="signs", table=SIGNS),
    ok("signs minus.csv", "label;F1;F2\nA;1;\u2212\nB;0;\n".encode(), kind="signs", table=SIGNS),
    ok(
        "prior.csv",
        b",F1,F2\nA,1%,2%\nB,3%,NA\n",
        "missing_marker",
        "percent",
        kind="prior",
        table=labelled(("A", "B"), ("F1", "F2"), ((0.01, 0.02), (0.03, None))),
    ),
    ok(
        "groups.csv",
        b"label,group\nA,x\nB,NA\n",
        kind="groups",
        table=pd.DataFrame({"group": ["x", "NA"]}, index=pd.Index(["A", "B"], name="label")),
    ),
    ok(
        "signs turned.csv",
        b",A,B\nF1,+,0\nF2,-,\n",
        "transposed",
        kind="signs",
        table=SIGNS,
        options=ReadOptions(layout="transposed"),
    ),
    ok("signs title.csv", b"Our view\n,F1,F2\nA,+,-\nB,0,\n", "title_lines", kind="signs", table=SIGNS),
    ok(
        "characteristics.csv",
        b"asset,date,size,value\nA,2020-01-31,1,0.5\nB,2020-01-31,2,\nA,2020-02-29,3,1.5\n",
        kind="characteristics",
        table=pd.DataFrame(
            {"size": [1.0, 2.0, 3.0], "value": [0.5, None, 1.5]},
            index=pd.MultiIndex.from_arrays(
                [pd.DatetimeIndex(["2020-01-31", "2020-01-31", "2020-02-29"]).as_unit("ns"), ["A", "B", "A"]],
                names=["date", "name"],
            ),
        ),
    ),
    no("no sign.csv", b",F1,F2\nA,+,2\n", "sign", "not a sign", kind="signs", place=(2, "F2")),
    no("same label.csv", b",F1\nA,+\nA,-\n", "duplicate_row", "rows 2 and 3", kind="signs", place=(3, "1")),
    no("blank label.csv", b",F1\nA,1\n,2\n", "label", kind="prior", place=(3, "1")),
    no("gap.csv", b",F1\nA,1\n\nB,2\n", "blank_row", kind="prior", place=(3, None)),
    no("no group.csv", b"label,class\nA,x\n", "groups_columns", "group", kind="groups", place=(1, None)),
    no("no signs.csv", b"A,+,-\nB,1,0\n", "no_header", kind="signs", place=(1, None)),
    no("no kind.csv", PLAIN, "kind", "not a kind", kind="returns"),
]

CASES: list[Case] = [*DIALECTS, *DRESSED, *SHAPES, *NAMED, *BELIEFS]
