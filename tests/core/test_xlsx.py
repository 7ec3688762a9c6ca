"""Workbooks and CSV: exact, safe from formulas, legal for Excel."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.ingest import read_table
from factorlasso_core.xlsx import Sheet, escape_label, to_csv_safe, unescape_label, write_xlsx

HOSTILE = ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "#N/A", "'=x", "''=x", "a,b", 'a"b']
BETAS = pd.DataFrame([[0.1, np.nan, -0.0], [1 / 3, 1e-300, 2.5e17]], index=["A", "B"], columns=["EQ", "BD", "CR"])


def opened(*sheets: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(write_xlsx(sheets)))


def body(sheet: Sheet) -> list[tuple[object, ...]]:
    return list(opened(sheet).worksheets[0].iter_rows(values_only=True))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_every_bit_of_a_float_survives(values: list[float]) -> None:
    rows = body(Sheet("x", pd.DataFrame({"v": values}), index=False))
    back = np.array([row[0] for row in rows[1:]])
    assert back.dtype == np.float64
    assert back.tobytes() == np.array(values).tobytes()


def test_betas_read_back_are_the_betas_written() -> None:
    rng = np.random.default_rng(1)
    betas = pd.DataFrame(rng.standard_normal((50, 7)) * 10.0 ** rng.integers(-12, 3, (50, 7)))
    betas = betas.set_axis([f"A{i}" for i in range(50)]).set_axis([f"F{i}" for i in range(7)], axis=1)
    for data in (write_xlsx([Sheet("betas", betas, number_format="0.0000")]), to_csv_safe(betas)):
        np.testing.assert_array_equal(read_table(data, kind="prior").table, betas)


def test_values_of_every_type() -> None:
    table = pd.DataFrame(
        {
            "float": [np.float32(0.5), np.inf],
            "int": np.array([7, -3], dtype=np.int8),
            "bool": [True, False],
            "object": [None, Ellipsis],
            "na": pd.array([1, pd.NA], dtype="Int64"),
            "date": pd.to_datetime(["2020-01-31", None]),
            "zone": pd.to_datetime(["2020-01-31 16:00", "2020-02-29 00:00"]).tz_localize("Asia/Tokyo"),
            "day": [date(2020, 1, 31), datetime(2020, 1, 31, 1)],
            "period": pd.period_range("2020-01", periods=2, freq="M"),
        }
    )
    header, first, second = body(Sheet("x", table, index=False))
    assert header == tuple(table.columns)
    day = datetime(2020, 1, 31)
    assert first == (0.5, 7, True, None, 1, day, datetime(2020, 1, 31, 16), day, day)
    assert second[:6] == ("inf", -3, False, "Ellipsis", None, None)
    assert second[8] == datetime(2020, 2, 29)


def test_dates_are_dates() -> None:
    sheet = opened(Sheet("x", BETAS.set_axis(pd.to_datetime(["2020-01-31 00:00", "2020-02-29 12:30"])))).active
    assert sheet["A2"].number_format == "yyyy-mm-dd"
    assert sheet["A3"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert sheet["A2"].is_date


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(text: str) -> None:
    table = pd.DataFrame({text: [text]}, index=pd.Index([text], name=text))
    sheet = opened(Sheet("x", table)).active
    for coordinate in ("A1", "B1", "A2", "B2"):
        assert (sheet[coordinate].value, sheet[coordinate].data_type) == (text, "s")
    assert sheet["B2"].quotePrefix is (text.lstrip("'")[0] in "=+-@")


def test_no_formula_is_ever_written() -> None:
    data = write_xlsx([Sheet("=x", pd.DataFrame(dict.fromkeys(HOSTILE, HOSTILE), index=HOSTILE))])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml").replace(b"<formula", b"")


def test_characters_xml_forbids_are_left_out_and_long_text_is_cut() -> None:
    table = pd.DataFrame({"a\x00b": ["x\x07\ud800\uffff\ty", "z" * 40_000]}, dtype=object)
    header, first, second = body(Sheet("x", table, index=False))
    assert header == ("ab",)
    assert first == ("x\ty",)
    assert len(second[0]) == 32_767


def test_sheet_names_are_legal_and_unique() -> None:
    titles = ["a/b:c*?[d]\\", "", "'q'", "x" * 40, "X" * 40, "History", "betas", "BETAS", "\x07\n"]
    names = opened(*(Sheet(title, BETAS) for title in titles)).sheetnames
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(1 <= len(name) <= 31 for name in names)
    assert not any(set(name) & set("[]:*?/\\") for name in names)
    assert names[6:8] == ["betas", "BETAS (2)"]
    assert names[5] != "History"


def test_layout() -> None:
    formats = {"EQ": "0.00%"}
    sheet = opened(
        Sheet("x", BETAS, number_format=formats, autofilter=True, colour_scale=True, allowed=("1", "-1", "0"))
    ).active
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:D3"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet["B1"].font.bold
    assert (sheet["B2"].number_format, sheet["C3"].number_format) == ("0.00%", "General")
    assert 8 <= sheet.column_dimensions["A"].width <= 40
    (rule,) = sheet.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"1,-1,0"', "B2:D3")
    (scale,) = sheet.conditional_formatting
    low, middle, high = scale.rules[0].colorScale.cfvo
    assert (float(low.val), float(middle.val)) == (-float(high.val), 0.0)
    values = np.abs(BETAS.to_numpy())
    assert float(high.val) == pytest.approx(np.quantile(values[np.isfinite(values)], 0.98))


def test_plain_sheets_have_no_decoration() -> None:
    empty = BETAS.iloc[:0]
    zeros = BETAS * 0
    book = opened(
        Sheet("a", empty, colour_scale=True, allowed=("1",)),
        Sheet("b", zeros.fillna(0.0), colour_scale=True),
        Sheet("c", BETAS, index=False, freeze=None),
    )
    for sheet in book.worksheets:
        assert not len(sheet.conditional_formatting)
        assert not sheet.data_validations.dataValidation
    assert book["c"].freeze_panes is None
    assert book["c"].max_column == 3


def test_several_index_levels_and_column_levels() -> None:
    index = pd.MultiIndex.from_tuples([("A", 1), ("B", 2)], names=["asset", None])
    columns = pd.MultiIndex.from_tuples([("EQ", "beta"), ("EQ", "sign"), ("BD", "beta")])
    rows = body(Sheet("x", BETAS.set_axis(index).set_axis(columns, axis=1)))
    assert rows[0] == ("asset", None, "EQ / beta", "EQ / sign", "BD / beta")
    assert rows[1][:3] == ("A", 1, 0.1)


def test_duplicate_columns_are_written() -> None:
    rows = body(Sheet("x", BETAS.set_axis(["A", "A", "B"], axis=1), index=False))
    assert rows[0] == ("A", "A", "B")


def test_what_excel_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sheet"):
        write_xlsx([])
    for allowed in (("a,b",), ('"',), ("x" * 256,)):
        with pytest.raises(ValueError, match="allowed values"):
            Sheet("x", BETAS, allowed=allowed)


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "  =1", "'=1", "''+x", "' =x"])
def test_dangerous_text_is_neutralised_and_taken_back(text: str) -> None:
    assert escape_label(text) == "'" + text
    assert unescape_label(escape_label(text)) == text


@given(st.text("=+-@'\t\r\n ab", max_size=6))
def test_escaping_is_undone(text: str) -> None:
    assert unescape_label(escape_label(text)) == text
    assert not escape_label(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_signs_prior_and_groups_come_back() -> None:
    labels = pd.Index(HOSTILE, name="label")
    values = np.resize([1.0, -1.0, 0.0, np.nan], (len(HOSTILE), len(HOSTILE)))
    signs = pd.DataFrame(values, index=labels, columns=HOSTILE)
    groups = pd.DataFrame({"group": HOSTILE[::-1]}, index=labels)
    for kind, table in (("signs", signs), ("prior", signs / 3), ("groups", groups)):
        for data in (to_csv_safe(table), write_xlsx([Sheet(kind, table)])):
            loaded = read_table(data, kind=kind)
            pd.testing.assert_frame_equal(loaded.table, table, check_exact=True)
            assert loaded.notes == ()


def test_sign_cells_are_plain_numbers() -> None:
    table = pd.DataFrame([[1.0, -1.0, 0.0, np.nan]], index=["A"], columns=list("wxyz"))
    assert to_csv_safe(table).splitlines()[1] == b"A,1,-1,0,"


def test_csv_of_other_values() -> None:
    table = pd.DataFrame({"d": pd.to_datetime(["2020-01-31 00:00", "2020-01-31 16:00"]), "x": [-0.0, 0.1], "b": True})
    assert to_csv_safe(table.set_axis(["=r", "s"])).decode().splitlines() == [
        ",d,x,b",
        "'=r,2020-01-31,-0.0,True",
        "s,2020-01-31 16:00:00,0.1,True",
    ]
