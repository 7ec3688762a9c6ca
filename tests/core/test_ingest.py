"""Files to tables: what is read is exact, what is changed is noted, the rest is refused in one sentence."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.errors import InputError
from factorlasso_core.ingest import Loaded, Note, ReadLimits, ReadOptions, join_panel, read_table
from factorlasso_core.ingest import reader as reader_module
from factorlasso_core.xlsx import Sheet, to_csv_safe, write_xlsx
from tests.ingest.files import SHEET, directory, parquet, repacked, zip_of

GOOD = "date,EQ,BD\n2020-01-31,0.01,-0.02\n2020-02-29,1e-3,\n"
KINDS = ("responses", "factors", "signs", "prior", "groups")


def csv_file(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def book(rows: list[list[object]], **cells: object) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for coordinate, value in cells.items():
        workbook.active[coordinate] = value
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def frame_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def read(data: bytes, kind: str = "responses", **options: object) -> Loaded:
    return read_table(data, kind=kind, name="returns", **options)


def codes(loaded: Loaded) -> list[str]:
    return [note.code for note in loaded.notes]


def note(loaded: Loaded, code: str) -> Note:
    return next(item for item in loaded.notes if item.code == code)


def refusal(data: object, kind: str = "responses", **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        read_table(data, kind=kind, name="returns", **options)
    assert str(caught.value).startswith("returns")
    return caught.value


SMALL = book([["date", "EQ"], [datetime(2020, 1, 31), 0.25]])

# ---------------------------------------------------------------- what is read


def test_csv_gives_floats_by_increasing_dates() -> None:
    table = read(GOOD.encode()).table
    assert table.index.name == "date"
    assert table.index.dtype == "datetime64[ns]"
    assert list(table.columns) == ["EQ", "BD"]
    assert (table.dtypes == np.float64).all()
    np.testing.assert_array_equal(table, [[0.01, -0.02], [1e-3, np.nan]])
    assert read(GOOD.encode()).notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        (GOOD + "\n\n,,\n  \n").replace("\n  \n", "\n").encode(),
        GOOD.replace("EQ", '" EQ "').replace("0.01", '"0.01"').encode(),
        GOOD.replace("date", "").encode(),
        GOOD.replace("0.01", " 0.01 ").replace("1e-3", "+.001").encode(),
        b'"date";"EQ";"BD"\n2020-01-31;0.01;-0.02\n2020-02-29;0.001;\n',
        book([["date", "EQ", "BD"], ["2020-01-31", 0.01, -0.02], ["2020-02-29", 0.001, None]]),
        book([["date", "EQ", "BD"], ["2020-01-31", "0.01", -0.02], ["2020-02-29", "0.001", None]]),
        book([[None, "EQ", "BD"], [date(2020, 1, 31), 0.01, "-0.02"], [20200229, 0.001, None], [None, " "]]),
    ],
)
def test_dialects_give_the_same_table(data: bytes) -> None:
    pd.testing.assert_frame_equal(read(data).table, read(GOOD.encode()).table)


@pytest.mark.parametrize("where", ["str", "path", "bytes", "file", "read file", "raw file"])
def test_sources(where: str, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(GOOD.encode())
    file = io.BytesIO(GOOD.encode())
    file.seek(7)
    raw = path.open("rb", buffering=0)
    sources = {
        "str": str(path),
        "path": path,
        "bytes": GOOD.encode(),
        "file": io.BytesIO(GOOD.encode()),
        "read file": file,
        "raw file": raw,
    }
    with raw:
        assert read_table(sources[where], kind="factors").table.shape == (2, 2)


@pytest.mark.parametrize(
    ("written", "expected", "code"),
    [
        (["2020-01-31", "2020-02-29"], ["2020-01-31", "2020-02-29"], None),
        (["2020/1/31", "2020-02-29"], ["2020-01-31", "2020-02-29"], None),
        (["20200131", "20200229"], ["2020-01-31", "2020-02-29"], None),
        (["2020-01", "2020/02"], ["2020-01-31", "2020-02-29"], "month_end"),
        (["202001", "202002"], ["2020-01-31", "2020-02-29"], "month_end"),
        (["2020-01-31 00:00:00", "2020-02-29T00:00"], ["2020-01-31", "2020-02-29"], None),
        (["2020-01-31 16:00", "2020-02-29T23:59:59.999"], ["2020-01-31", "2020-02-29"], "time_dropped"),
        (["2020-01-31T00:00:00Z", "2020-02-29 00:00+02:00"], ["2020-01-31", "2020-02-29"], "zone_dropped"),
        (["01/02/2020", "31/03/2020"], ["2020-02-01", "2020-03-31"], "date_order"),
        (["01/02/2020", "03/31/2020"], ["2020-01-02", "2020-03-31"], "date_order"),
        (["31.12.2019", "1.1.2020"], ["2019-12-31", "2020-01-01"], "date_order"),
    ],
)
def test_dates(written: list[str], expected: list[str], code: str | None) -> None:
    loaded = read(csv_file("date,EQ", *(f"{day},1" for day in written)))
    assert loaded.table.index.strftime("%Y-%m-%d").tolist() == expected
    assert codes(loaded) == ([code] if code else [])


def test_the_row_that_decides_the_order_of_dates_is_named() -> None:
    loaded = read(csv_file("date,EQ", "01/02/2020,1", "31/03/2020,2"))
    assert "day/month/year" in note(loaded, "date_order").message
    assert "row 3" in note(loaded, "date_order").message


def test_missing_markers_are_counted_by_kind() -> None:
    loaded = read(csv_file("date,A,B", "2020-01-31,NA,#N/A", "2020-02-29,,NA", "2020-03-31,1,null"))
    assert loaded.table.isna().sum().sum() == 5
    counts = {item.message.split()[0]: item.count for item in loaded.notes if item.code == "missing_marker"}
    assert counts == {"NA": 2, "#N/A": 1, "null": 1}
    assert note(loaded, "empty_column").place == "returns, column B"


@pytest.mark.parametrize("marker", ["NA", "N/A", "NaN", "nan", "#N/A", "null", "", "  "])
def test_missing_marker(marker: str) -> None:
    assert read(csv_file("date,A,B", f"2020-01-31,{marker},1")).table["A"].isna().all()


def test_percents_are_fractions_when_the_whole_column_has_them() -> None:
    loaded = read(csv_file("date,A,B", "2020-01-31,1.2%,1.2", "2020-02-29,-30 %,2", "2020-03-31,NA,3"))
    assert loaded.table["A"].tolist()[:2] == [0.012, -0.3]
    assert loaded.table["B"].tolist() == [1.2, 2.0, 3.0]
    assert note(loaded, "percent").place == "returns, column A"


def test_decimal_comma_is_read_in_semicolon_files() -> None:
    loaded = read(csv_file("date;A;B", "2020-01-31;0,5;-1,25e-3", "2020-02-29;2;1,5%").replace(b"1,5%", b"3"))
    np.testing.assert_array_equal(loaded.table, [[0.5, -1.25e-3], [2.0, 3.0]])
    assert codes(loaded) == ["decimal_comma"]
    assert note(loaded, "decimal_comma").count == 2
    percents = read(csv_file("date;A", "2020-01-31;1,2%"))
    assert percents.table.iloc[0, 0] == 0.012
    assert codes(percents) == ["decimal_comma", "percent"]


def test_unsorted_and_repeated_rows_are_noted() -> None:
    loaded = read(csv_file("date,A,B", "2020-02-29,2,", "2020-01-31,1,1", "2020-02-29,2,", "2020-02-29,2,"))
    assert loaded.table["A"].tolist() == [1.0, 2.0]
    assert note(loaded, "sorted").count == 4
    assert note(loaded, "repeated_rows").count == 2


def test_signs_in_all_spellings() -> None:
    loaded = read(csv_file(",F1,F2,F3", "A,+,-,0", "B,,1,-1", "C,1.0,\u2212,\u22121.0", "D,+1,-0,0.0"), "signs")
    expected = [[1, -1, 0], [np.nan, 1, -1], [1, -1, -1], [1, 0, 0]]
    np.testing.assert_array_equal(loaded.table, expected)
    assert not np.signbit(loaded.table.loc["D"]).any()
    assert loaded.table.index.name == "label"
    from_sheet = read(book([[None, "F1", "F2", "F3"], ["A", 1, -1.0, "+"], ["B", None, 0, "\u2212"]]), "signs")
    np.testing.assert_array_equal(from_sheet.table, [[1, -1, 1], [np.nan, 0, -1]])


def test_prior_and_groups() -> None:
    prior = read(csv_file("label,F1,F2", "A,0.5,", "NA,-1,NA"), "prior").table
    assert prior.index.tolist() == ["A", "NA"]  # a name, not a missing value
    np.testing.assert_array_equal(prior, [[0.5, np.nan], [-1, np.nan]])
    groups = read(csv_file("label,Group", "A,Equity ", "B,null"), "groups").table
    assert groups.columns.tolist() == ["group"]
    assert groups["group"].tolist() == ["Equity", "null"]


def test_numeric_names_in_a_sheet_are_read_as_shown() -> None:
    loaded = read(book([["date", 2020, 7.0, 0.5], ["2020-01-31", 1, 2, 3]]))
    assert loaded.table.columns.tolist() == ["2020", "7", "0.5"]


def test_hidden_first_sheet_is_not_read() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title, workbook.active.sheet_state = "old", "hidden"
    workbook.active.append(["date", "EQ"])
    workbook.active.append(["2020-01-31", 2.0])
    shown = workbook.create_sheet("new")
    shown.append(["date", "EQ"])
    shown.append(["2020-01-31", 1.0])
    loaded = read(saved(workbook))
    assert loaded.table["EQ"].tolist() == [1.0]
    assert "Sheet new is read" in note(loaded, "sheet_chosen").message
    assert "old (hidden)" in note(loaded, "sheet_chosen").message


def test_formula_with_a_stored_value_is_read() -> None:
    data = book([["date", "EQ", "BD"], ["2020-01-31", 0.5, None]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        xml = archive.read(SHEET)
    stored = repacked(data, {SHEET: xml.replace(b"<v>0.5</v>", b"<f>1/2</f><v>0.5</v>")})
    assert read(stored).table["EQ"].tolist() == [0.5]


def test_declared_dimension_is_not_believed() -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = archive.read(SHEET)
    for size in (b"A1", b"A1:XFD1048576"):
        changed = repacked(SMALL, {SHEET: xml.replace(b'ref="A1:B2"', b'ref="' + size + b'"')})
        assert read(changed).table.shape == (1, 1)


def test_workbook_parts_openpyxl_warns_of_are_left_out() -> None:
    extension = (
        b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"/></extLst></worksheet>'
    )
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = archive.read(SHEET)
    assert read(repacked(SMALL, {SHEET: xml.replace(b"</worksheet>", extension)})).table.shape == (1, 1)


PARQUET_FRAME = pd.DataFrame(
    {"A": [0.1, np.nan], "B": [1, 2]},
    index=pd.DatetimeIndex(["2020-01-31", "2020-02-29"], name="date"),
)


@pytest.mark.parametrize(
    "index",
    [
        PARQUET_FRAME.index,
        PARQUET_FRAME.index.rename(None),
        pd.Index(["2020-01-31", "2020-02-29"], name="date"),
        pd.Index([date(2020, 1, 31), date(2020, 2, 29)], name="date"),
        pd.Index([20200131, 20200229], name="date"),
        PARQUET_FRAME.index.tz_localize("America/New_York"),
    ],
)
@pytest.mark.parametrize("as_column", [False, True])
def test_parquet(index: pd.Index, as_column: bool) -> None:
    frame = PARQUET_FRAME.set_axis(index)
    loaded = read(frame_parquet(frame.reset_index() if as_column else frame))
    expected = PARQUET_FRAME.astype(float)
    pd.testing.assert_frame_equal(loaded.table, expected, check_index_type=False, check_freq=False)
    assert codes(loaded) == (["zone_dropped"] if getattr(index, "tz", None) else [])


def test_parquet_signs_and_groups() -> None:
    index = pd.Index(["A", "B"], name="label")
    signs = pd.DataFrame({"F1": [1.0, np.nan], "F2": ["+", "-"]}, index=index)
    np.testing.assert_array_equal(read(frame_parquet(signs), "signs").table, [[1, 1], [np.nan, -1]])
    groups = pd.DataFrame({"group": pd.Categorical(["x", "y"])}, index=index)
    assert read(frame_parquet(groups), "groups").table["group"].tolist() == ["x", "y"]


# ---------------------------------------------------------------- what is refused

BAD_CSV = {
    "extra field": (csv_file("date,A", "2020-01-31,1", "2020-02-29,1,2"), "field_count", 3, None),
    "short row": (csv_file("date,A,B", "2020-01-31,1"), "field_count", 2, None),
    "extra field in every row": (
        csv_file("date,A", "2020-01-31,1,2", "2020-02-29,1,2"),
        "field_count",
        2,
        None,
    ),
    "one delimiter too few": (csv_file("date", "2020-01-31"), "no_delimiter", 1, None),
    "two delimiters": (csv_file("date;A,B", "2020-01-31;1,2"), "ambiguous_delimiter", 1, None),
    "bad quotes": (csv_file("date,A", '2020-01-31,"1"2'), "csv", 2, None),
    "open quote": (csv_file("date,A", '2020-01-31,"1'), "csv", 2, None),
    "huge field": (csv_file("date,A", "2020-01-31," + "1" * 200_000), "csv", 2, None),
    "no rows": (csv_file("date,A"), "no_rows", None, None),
    "no name": (csv_file("date,A,", "2020-01-31,1,2"), "label", 1, "3"),
    "duplicate name": (csv_file("date,A,B, A", "2020-01-31,1,2,3"), "duplicate_column", 1, "A"),
    "no header": (csv_file("2020-01-31,1", "2020-02-29,2"), "no_header", 1, None),
    "utf-16 without mark": ("date,A\n2020-01-31,1\n".encode("utf-16-le"), "nul", 1, None),
    "nul": (csv_file("date,A", "2020-01-31,1\0"), "nul", 2, None),
    "empty": (b"", "empty", None, None),
    "only spaces": (b" \n\n", "empty", None, None),
    "web page": (b"<html><table><tr><td>1</td></tr></table></html>", "markup", None, None),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "ole", None, None),
    "no date": (csv_file("date,A", ",1"), "bad_date", 2, "date"),
    "two-digit year": (csv_file("date,A", "11/12/10,1"), "ambiguous_dates", 2, "date"),
    "no such day": (csv_file("date,A", "2020-01-31,1", "2020-02-30,1"), "bad_date", 3, "date"),
    "no such month": (csv_file("date,A", "202013,1"), "bad_date", 2, "date"),
    "bad time": (csv_file("date,A", "2020-01-31 25:00,1"), "bad_date", 2, "date"),
    "too early": (csv_file("date,A", "1899-12-31,1"), "date_range", 2, "date"),
    "too late": (csv_file("date,A", "2999-12-31,1"), "date_range", 2, "date"),
    "year zero": (csv_file("date,A", "0000-00,1"), "bad_date", 2, "date"),
    "ambiguous": (csv_file("date,A", "01/02/2020,1", "02/03/2020,1"), "ambiguous_dates", 2, "date"),
    "contradictory": (csv_file("date,A", "31/01/2020,1", "01/31/2020,1"), "mixed_dates", 3, "date"),
    "two ways of writing": (csv_file("date,A", "2020-01-31,1", "28/02/2020,1"), "mixed_dates", 3, "date"),
    "months and days": (csv_file("date,A", "2020-01,1", "2020-02-15,1"), "mixed_dates", 3, "date"),
    "duplicate date": (
        csv_file("date,A", "2020-01-31,1", "2020-02-29,1", "2020-01-31,2"),
        "duplicate_date",
        4,
        "date",
    ),
    "text": (csv_file("date,A,B", "2020-01-31,1,2", "2020-02-29,1,x"), "not_a_number", 3, "B"),
    "text column": (csv_file("date,A,B", "2020-01-31,1,up", "2020-02-29,1,down"), "text_column", 2, "B"),
    "underscore": (csv_file("date,A", "2020-01-31,1_000", "2020-02-29,1"), "not_a_number", 2, "A"),
    "other digits": (csv_file("date,A", "2020-01-31,\u0661", "2020-02-29,1"), "not_a_number", 2, "A"),
    "hexadecimal": (csv_file("date,A", "2020-01-31,0x10", "2020-02-29,1"), "not_a_number", 2, "A"),
    "infinity": (csv_file("date,A", "2020-01-31,1", "2020-02-29,-inf"), "too_large", 3, "A"),
    "overflow": (csv_file("date,A", "2020-01-31,1", "2020-02-29,1e400"), "too_large", 3, "A"),
    "too large": (csv_file("date,A", "2020-01-31,1", "2020-02-29,-1.1e100"), "too_large", 3, "A"),
    "excel error": (csv_file("date,A", "2020-01-31,1", "2020-02-29,#DIV/0!"), "excel_error", 3, "A"),
    "some percents": (csv_file("date,A", "2020-01-31,1", "2020-02-29,1%"), "mixed_numbers", 3, "A"),
    "percent and text": (csv_file("date,A", "2020-01-31,x", "2020-02-29,1%"), "not_a_number", 2, "A"),
    "both decimals": (csv_file("date;A;B", "2020-01-31;1,5;2", "2020-02-29;2;2.5"), "mixed_numbers", 2, "A"),
    "comma and point percent": (csv_file("date;A;B", "2020-01-31;1,5;2.5%"), "mixed_numbers", 2, "A"),
}


@pytest.mark.parametrize("case", BAD_CSV, ids=str)
def test_bad_csv_is_refused_where_it_is_bad(case: str) -> None:
    data, code, row, column = BAD_CSV[case]
    error = refusal(data)
    assert (error.code, error.row, error.column) == (code, row, column)
    assert row is None or f"row {row}" in str(error)
    assert column is None or f"column {column}" in str(error)
    assert str(error).endswith(".")
    assert "\n" not in str(error)


BAD_BELIEFS = {
    "no sign": ("signs", csv_file(",F1,F2", "A,+,2"), "sign", 2, "F2"),
    "word for a sign": ("signs", csv_file(",F1,F2", "A,+,positive"), "sign", 2, "F2"),
    "missing marker": ("signs", csv_file(",F1", "A,NA"), "sign", 2, "F1"),
    "no header of signs": ("signs", csv_file("A,+,-", "B,1,0"), "no_header", 1, None),
    "no header of the prior": ("prior", csv_file("A,0.5,-.25", "B,1.0,0"), "no_header", 1, None),
    "duplicate label": ("signs", csv_file(",F1", "A,+", "A,-"), "duplicate_row", 3, "1"),
    "empty label": ("prior", csv_file(",F1", "A,1", ",2"), "label", 3, "1"),
    "no prior": ("prior", csv_file(",F1,F2", "A,1,x", "B,1,2"), "not_a_number", 2, "F2"),
    "blank group": ("groups", csv_file("label,group", "A,x", "B,"), "label", 3, "group"),
    "two groups": ("groups", csv_file("label,group,more", "A,x,y"), "groups_columns", 1, None),
    "no header of groups": ("groups", csv_file("A,x", "B,y"), "groups_columns", 1, None),
    "no rows of signs": ("signs", csv_file(",F1"), "no_rows", None, None),
}


@pytest.mark.parametrize("case", BAD_BELIEFS, ids=str)
def test_bad_beliefs_are_refused_where_they_are_bad(case: str) -> None:
    kind, data, code, row, column = BAD_BELIEFS[case]
    error = refusal(data, kind)
    assert (error.code, error.row, error.column) == (code, row, column)


HEADER: list[object] = ["date", "EQ", "BD"]
BAD_BOOKS = {
    "error cell": (book([HEADER, ["2020-01-31", 1, "#REF!"]]), "excel_error", 2, "BD", "C2"),
    "truth value": (book([HEADER, ["2020-01-31", True, 1]]), "truth_value", 2, "EQ", "B2"),
    "date in the body": (
        book([HEADER, ["2020-01-31", datetime(2020, 1, 1), 1]]),
        "date_in_body",
        2,
        "EQ",
        "B2",
    ),
    "real and written dates": (
        book([HEADER, [datetime(2020, 2, 1), 1, 1], ["13/02/2020", 1, 1]]),
        "mixed_dates",
        3,
        "date",
        "",
    ),
    "formula": (book([HEADER, ["2020-01-31", 1, "=1+1"]]), "formula_without_value", 2, "BD", "C2"),
    "formula as name": (
        book([["date", "EQ", "=1+1"], ["2020-01-31", 1, 1]]),
        "formula_without_value",
        1,
        "C",
        "C1",
    ),
    "value beside the table": (book([HEADER, ["2020-01-31", 1, 2]], F9=1), "outside_table", 9, "F", "F9"),
    "value below the table": (book([HEADER, ["2020-01-31", 1, 2]], B9=1), "bad_date", 9, "date", "row 9"),
    "value beside a row": (book([HEADER, ["2020-01-31", 1, 2, None, 5]]), "outside_table", 2, "E", "E2"),
    "no name": (book([["date", None, "BD"], ["2020-01-31", 1, 2]]), "label", 1, "B", ""),
    "empty": (book([]), "header", 1, None, ""),
    "infinite": (book([HEADER, ["2020-01-31", 1, 1e101]]), "too_large", 2, "BD", "C2"),
    "text column": (book([HEADER, ["2020-01-31", 1, "x"]]), "text_column", 2, "BD", "C2"),
}


@pytest.mark.parametrize("case", BAD_BOOKS, ids=str)
def test_bad_workbook_is_refused_where_it_is_bad(case: str) -> None:
    data, code, row, column, cell = BAD_BOOKS[case]
    error = refusal(data)
    assert (error.code, error.row, error.column, error.sheet) == (code, row, column, "Sheet")
    assert "sheet Sheet" in str(error)
    assert cell in str(error)


def test_missing_error_value_in_a_sheet_is_missing() -> None:
    loaded = read(book([HEADER, ["2020-01-31", 1, "#N/A"], ["2020-02-29", 1, 2]]))
    assert note(loaded, "missing_marker").count == 1


def test_workbook_without_visible_sheet() -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = archive.read("xl/workbook.xml")
    hidden = repacked(SMALL, {"xl/workbook.xml": xml.replace(b'state="visible"', b'state="hidden"')})
    assert refusal(hidden).code == "no_sheet"


def lying(data: bytes) -> bytes:
    """Return a zip whose directory says every part holds one byte."""
    return directory(data, 24, (1).to_bytes(4, "little"))


ENTITIES = b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
LONG_ROW = b"<worksheet><sheetData><row>" + b"<c/>" * 3_000_000
BAD_ZIPS = {
    "not a workbook": (zip_of({"word/document.xml": b"<a/>"}), "not_xlsx"),
    "empty zip": (zip_of({}), "not_xlsx"),
    "binary workbook": (zip_of({"xl/workbook.bin": b"x"}), "not_xlsx"),
    "too many parts": (zip_of({f"xl/{i}": b"" for i in range(1001)}), "zip_bomb"),
    "bomb": (zip_of({"xl/a.xml": bytes(5_000_000)}), "zip_bomb"),
    "bomb that lies": (lying(zip_of({"xl/a.xml": bytes(5_000_000)})), "damaged"),
    "one endless row": (
        repacked(SMALL, {SHEET: LONG_ROW, "xl/noise": np.random.default_rng(0).bytes(200_000)}),
        "zip_bomb",
    ),
    "other packing": (zip_of({"xl/a.xml": b"<a/>"}, zipfile.ZIP_LZMA), "damaged"),
    "encrypted": (directory(SMALL, 8, b"\x01"), "encrypted"),
    "truncated": (SMALL[: len(SMALL) // 2], "damaged"),
    "only the magic": (b"PK\x03\x04", "damaged"),
    "entities": (repacked(SMALL, {SHEET: ENTITIES}), "unsafe_xml"),
    "entities in styles": (repacked(SMALL, {"xl/styles.xml": ENTITIES}), "unsafe_xml"),
    "broken XML": (repacked(SMALL, {SHEET: b"<worksheet><sheetData><row>"}), "damaged"),
    "no parts": (zip_of({"xl/a.xml": b"<a/>"}), "damaged"),
}


@pytest.mark.parametrize("case", BAD_ZIPS, ids=str)
def test_bad_archive_is_refused(case: str) -> None:
    data, code = BAD_ZIPS[case]
    assert refusal(data).code == code


def test_sizes_beyond_the_limits_are_refused() -> None:
    five = csv_file("date,A,B", *(f"2020-01-{day:02d},1,2" for day in range(1, 6)))
    cases = {
        "too_large_file": (five, ReadLimits(file_bytes=20)),
        "too_many_columns": (five, ReadLimits(columns=2)),
        "too_many_rows": (five, ReadLimits(rows=4)),
        "zip_bomb": (SMALL, ReadLimits(unpacked_bytes=1000)),
    }
    for code, (data, limits) in cases.items():
        assert refusal(data, options=ReadOptions(limits=limits)).code == code
    assert refusal(five, options=ReadOptions(limits=ReadLimits(cells=14))).code == "too_many_rows"
    assert read(five, options=ReadOptions(limits=ReadLimits(cells=15, rows=5, columns=3))).table.shape == (5, 2)
    for limits in (
        ReadLimits(rows=1),
        ReadLimits(columns=2),
        ReadLimits(cells=5),
        ReadLimits(unpacked_bytes=9),
    ):
        assert refusal(frame_parquet(PARQUET_FRAME), options=ReadOptions(limits=limits)).code == "too_many_rows"


@pytest.mark.parametrize(("value", "refused"), [(" ", False), (1.0, True)])
def test_one_far_cell_costs_nothing(value: object, refused: bool) -> None:
    data = book([["date", "EQ"], ["2020-01-31", 1]], XFD1048576=value)
    assert len(data) < 8_000
    tracemalloc.start()
    if refused:
        error = refusal(data)
        assert "XFD1048576" in str(error)
    else:
        assert read(data).table.shape == (1, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_forged_row_number_ends() -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = archive.read(SHEET)
    far = xml.replace(b"</sheetData>", b'<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData>')
    assert refusal(repacked(SMALL, {SHEET: far})).code in {"too_many_rows", "blank_row"}


def test_bad_parquet_is_refused() -> None:
    days = pa.array([date(2020, 1, 31)])
    cases = {
        "duplicate_column": pa.Table.from_arrays([days, pa.array([1.0]), pa.array([2.0])], ["date", "A", "A"]),
        "column_type": pa.table({"date": days, "A": ["x"]}),
        "no_columns": pa.table({"date": days}),
        "too_large": pa.table({"date": days, "A": [np.inf]}),
        "bad_date": pa.table({"date": pa.array([None], pa.date32()), "A": [1.0]}),
        "no_rows": pa.table({"date": pa.array([], pa.date32()), "A": pa.array([], pa.float64())}),
    }
    for code, table in cases.items():
        assert refusal(parquet(table)).code == code
    for unfit in (pa.array([True]), pa.array([[1.0]]), pa.array([b"x"])):
        error = refusal(parquet(pa.table({"date": days, "A": unfit})))
        assert (error.code, error.column) == ("column_type", "A")
    levels = PARQUET_FRAME.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    assert refusal(frame_parquet(levels)).code == "multi_index"
    whole = frame_parquet(PARQUET_FRAME)
    assert refusal(whole[:-20]).code == "damaged"
    assert refusal(b"PAR1" + bytes(20)).code == "damaged"


def test_long_cells_are_cut_in_the_message() -> None:
    error = refusal(csv_file("date,A,B", "2020-01-31," + "x" * 500 + ",1", "2020-02-29,1,1"))
    assert "x" * 40 + "…" in str(error)
    assert "x" * 41 not in str(error)


def test_place_in_a_file_without_name() -> None:
    with pytest.raises(InputError, match=r"^factors file: the file is empty\.$"):
        read_table(b"", kind="factors")
    with pytest.raises(InputError, match=r"^in\.csv: "):
        read_table(b"", kind="factors", name="C:\\secret\\in.csv")


def test_sources_that_cannot_be_read(tmp_path: Path) -> None:
    for source in (tmp_path / "none.csv", tmp_path, str(tmp_path / "none.csv"), io.StringIO(GOOD)):
        assert refusal(source).code == "open"
    assert refusal(GOOD.encode(), "returns").code == "kind"


def test_missing_defusedxml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert openpyxl.DEFUSEDXML is True
    monkeypatch.setattr(openpyxl, "DEFUSEDXML", False)
    assert refusal(SMALL).code == "no_defusedxml"


def test_unknown_faults_get_an_id(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(reader_module, "text_rows", broken)
    error = refusal(GOOD.encode())
    assert error.code == "unexpected"
    assert "secret" not in str(error)
    fault = str(error).split("(error ")[1][:8]
    assert int(fault, 16) >= 0
    assert fault in caplog.text
    assert "secret" in caplog.text


# ---------------------------------------------------------------- nothing but InputError


def survives(data: bytes, kind: str) -> None:
    """Read, or refuse with a reason that is known."""
    try:
        loaded = read_table(data, kind=kind, name="fuzz")
    except InputError as error:
        if error.code == "unexpected":
            raise
        return
    assert not loaded.table.empty
    assert loaded.table.index.is_unique
    assert loaded.table.columns.is_unique


def mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in edits:
        at %= len(data) + 1
        data = data[:at] + new + data[at + length :]
    return data


EDITS = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 6), st.binary(max_size=6)), max_size=6)
TEXT_EDITS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 6), st.text(',;\t"\n\r01-+eE%./N#=\u2212 ', max_size=6)),
    max_size=6,
)
VALID_CSV = {
    "responses": GOOD,
    "factors": "date;A\n31/01/2020;1,5\n29/02/2020;2\n",
    "signs": ",F1,F2\nA,+,-\nB,0,\n",
    "prior": ",F1,F2\nA,1%,2\nB,3%,NA\n",
    "groups": "label,group\nA,x\nB,y\n",
}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(KINDS), st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"a,b\n"]))
def test_random_bytes(data: bytes, kind: str, head: bytes) -> None:
    survives(head + data, kind)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(KINDS), TEXT_EDITS)
def test_mutated_csv(kind: str, edits: list[tuple[int, int, str]]) -> None:
    survives(mutated(VALID_CSV[kind].encode(), [(a, n, new.encode()) for a, n, new in edits]), kind)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["responses", "signs"]), EDITS)
def test_mutated_workbook(kind: str, edits: list[tuple[int, int, bytes]]) -> None:
    survives(mutated(SMALL, edits), kind)


@settings(max_examples=200, deadline=None)
@given(EDITS)
def test_mutated_sheet(edits: list[tuple[int, int, bytes]]) -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        xml = archive.read(SHEET)
    survives(repacked(SMALL, {SHEET: mutated(xml, edits)}), "responses")


@settings(max_examples=200, deadline=None)
@given(EDITS)
def test_mutated_parquet(edits: list[tuple[int, int, bytes]]) -> None:
    survives(mutated(frame_parquet(PARQUET_FRAME), edits), "responses")


FLOATS = st.floats(-1e100, 1e100) | st.just(np.nan)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=2, max_size=5))
def test_every_format_gives_the_same_bits(rows: list[list[float]]) -> None:
    days = pd.date_range("2020-01-31", periods=len(rows), freq="D", unit="ns", name="date")
    frame = pd.DataFrame(rows, index=days, columns=["=A", "-B", "C"])
    for data in (to_csv_safe(frame), write_xlsx([Sheet("returns", frame)]), frame_parquet(frame)):
        pd.testing.assert_frame_equal(
            read(data).table, frame, check_exact=True, check_freq=False, check_column_type=False
        )


# ---------------------------------------------------------------- joining


def panel(dates: list[str] | pd.DatetimeIndex, *names: str) -> pd.DataFrame:
    index = pd.DatetimeIndex(dates, name="date")
    values = np.arange(len(index) * len(names), dtype=float).reshape(len(index), len(names))
    return pd.DataFrame(values, index=index, columns=list(names))


MONTHS = pd.date_range("2020-01-31", periods=12, freq="ME")


def joined(responses: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Note]]:
    loaded = join_panel(responses, factors)
    return loaded.table["responses"], loaded.table["factors"], {item.code: item for item in loaded.notes}


def test_equal_dates_join_as_they_are() -> None:
    y, x = panel(MONTHS, "A"), panel(MONTHS, "F", "A")
    responses, factors, notes = joined(y, x[["F"]])
    pd.testing.assert_frame_equal(responses, y, check_freq=False, check_names=False)
    pd.testing.assert_frame_equal(factors, x[["F"]], check_freq=False, check_names=False)
    assert list(notes) == ["common_rows"]
    assert notes["common_rows"].count == 12
    assert "12 rows are common, 2020-01-31 to 2020-12-31" in notes["common_rows"].message


def test_rows_in_only_one_table_are_counted_with_their_ranges() -> None:
    responses, factors, found = joined(panel(MONTHS[2:], "A"), panel(MONTHS[:10], "F"))
    assert responses.index.tolist() == factors.index.tolist() == MONTHS[2:10].tolist()
    assert found["common_rows"].count == 8
    assert found["responses_left_out"].count == 2
    assert "2020-11-30 to 2020-12-31" in found["responses_left_out"].message
    assert "2020-01-31 to 2020-02-29" in found["factors_left_out"].message


def test_gaps_are_listed_as_ranges() -> None:
    _, _, notes = joined(panel(MONTHS, "A"), panel(MONTHS[[1, 4, 6, 8, 10]], "F"))
    note = notes["responses_left_out"]
    assert note.count == 7
    assert "2020-03-31 to 2020-04-30" in note.message
    assert "and" not in note.message
    assert "3 more ranges" in note.message


@pytest.mark.parametrize(
    ("ours", "theirs", "ends"),
    [
        ("ME", "MS", "ME"),
        ("ME", "BME", "ME"),
        ("BMS", "BME", "ME"),
        ("QE", "QS", "QE"),
        ("BQE", "QE", "QE"),
        ("QE-JAN", "BQE-JAN", "QE-JAN"),
        ("YE", "YS", "YE"),
        ("W-MON", "W-THU", "W-FRI"),
    ],
)
def test_tables_join_by_period(ours: str, theirs: str, ends: str) -> None:
    start = pd.Timestamp("2000-01-01")
    y, x, last = (pd.date_range(start, periods=12, freq=freq) for freq in (ours, theirs, ends))
    responses, factors, notes = joined(panel(y, "A"), panel(x, "F"))
    assert responses.index.tolist() == factors.index.tolist()
    assert set(responses.index) <= set(last)
    assert len(responses) >= 11
    assert responses.index.name == "date"
    assert "joined_by_period" in notes


def test_quarterly_responses_find_the_last_month_of_their_quarter() -> None:
    quarters = pd.date_range("2020-01-01", periods=4, freq="QS")
    responses, _, notes = joined(panel(quarters, "A"), panel(pd.date_range("2020-01-01", periods=12, freq="MS"), "F"))
    assert responses.index.strftime("%m-%d").tolist() == ["03-31", "06-30", "09-30", "12-31"]
    assert "Responses are quarterly and factors monthly" in notes["frequency"].message
    assert notes["factors_left_out"].count == 8


def test_monthly_and_daily_join_on_dates_with_a_note() -> None:
    days = pd.date_range("2020-01-01", "2020-12-31", freq="D")
    responses, factors, notes = joined(panel(MONTHS, "A"), panel(days, "F"))
    assert len(responses) == len(factors) == 12
    assert list(notes) == ["common_rows", "frequency", "factors_left_out"]


def test_shared_names_are_noted() -> None:
    responses, factors, notes = joined(panel(MONTHS, "A", "F"), panel(MONTHS, "F"))
    assert list(notes) == ["common_rows", "shared_names"]
    assert (responses.shape[1], factors.shape[1]) == (2, 1)


def test_no_common_date_is_refused_with_both_ranges() -> None:
    with pytest.raises(InputError) as caught:
        join_panel(panel(MONTHS[:3], "A"), panel(MONTHS[6:], "F"))
    assert caught.value.code == "no_overlap"
    assert "2020-01-31 to 2020-03-31" in str(caught.value)
    assert "2020-07-31 to 2020-12-31" in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [panel([], "A"), pd.DataFrame({"A": [1.0]}), panel(MONTHS[::-1], "A"), panel(MONTHS[[0, 0]], "A")],
)
def test_tables_without_increasing_dates_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="the responses need"):
        join_panel(table, panel(MONTHS, "F"))
