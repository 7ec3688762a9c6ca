"""What happened to the data goes into the workbook: every note, every switch, the whole report."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pandas as pd

from factorlasso_core import Fit, Panel, fit
from factorlasso_core.adjust import ALL, AdjustOptions, TableAdjust, adjust
from factorlasso_core.ingest import Note
from factorlasso_core.quality import QualityReport, quality_report
from factorlasso_core.workbook import DataRecord, adjustment_table, build_workbook, notes_table
from factorlasso_core.workbook.record import coverage_table
from factorlasso_core.workbook.record_words import COLUMNS, OPTIONS, SHEETS

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MONTHS = pd.date_range("2010-01-31", periods=72, freq="ME")
OPTION_NAMES = {*OPTIONS, "json", "digest"}


def record() -> tuple[Fit, DataRecord]:
    """A panel with every kind of trouble, adjusted and fitted."""
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.standard_normal((72, 3)), MONTHS, ["=f", "g", "vif"])
    y = pd.DataFrame(rng.standard_normal((72, 3)), MONTHS, ["=1+1", "b", "c"])
    y["twin"] = y["b"]
    y.iloc[10, 0], y.iloc[30:34, 2] = 90.0, 0.5
    y.iloc[20], x.iloc[20] = y.iloc[19], x.iloc[19]
    options = AdjustOptions(responses=TableAdjust(percent=ALL), factors=TableAdjust(percent=ALL), outliers="winsorise")
    done = adjust(y, x, options)
    panel = Panel.from_frames(done.factors, done.responses)
    notes = (Note("sorted", "=cmd()", "a.csv", 0), *done.notes)
    return fit(panel), DataRecord(notes, options, done.changed, quality_report(panel))


RESULT, RECORD = record()
BOOK = openpyxl.load_workbook(io.BytesIO(build_workbook(RESULT, created=NOON, record=RECORD)))


def table(title: str) -> pd.DataFrame:
    head, *body = BOOK[title].iter_rows(values_only=True)
    return pd.DataFrame(body, columns=list(head))


def quality() -> QualityReport:
    assert RECORD.quality is not None
    return RECORD.quality


def test_every_sheet_is_there_in_order_and_explained():
    assert quality().outliers.empty  # the only one was winsorised
    expected = [title for title in SHEETS if title != "outliers"]
    assert [name for name in BOOK.sheetnames if name in SHEETS] == expected
    cover = {row[0]: row[1] for row in BOOK["README"].iter_rows(values_only=True)}
    assert all(cover[f"→ {title}"] == SHEETS[title] for title in expected)
    assert set(SHEETS) == set(COLUMNS)


def test_every_column_is_explained():
    entries = table("dictionary")
    assert entries["meaning"].notna().all()
    labels = {*map(str, RESULT.panel.factors), *quality().coverage.labels} - {"vif"}
    for title in SHEETS.keys() & set(BOOK.sheetnames):
        header = {name for name in table(title).columns if name not in labels}
        listed = entries["column"][(entries["sheet"] == title) & ~entries["column"].str.startswith("(")]
        assert header == set(listed), title


def test_without_a_record_the_workbook_is_the_same_as_before():
    plain = openpyxl.load_workbook(io.BytesIO(build_workbook(RESULT, created=NOON)))
    assert not set(plain.sheetnames) & set(SHEETS)
    empty = openpyxl.load_workbook(io.BytesIO(build_workbook(RESULT, created=NOON, record=DataRecord())))
    assert empty.sheetnames == plain.sheetnames


def test_notes_are_written_as_text_in_order():
    notes = table("notes")
    assert notes["code"].tolist() == ["sorted", "percent_to_decimal", "percent_to_decimal", "winsorised"]
    assert notes["what_was_done"][0] == "=cmd()" and BOOK["notes"]["D2"].data_type == "s"
    assert np.isnan(notes["count"][0]) and notes["count"][3] == 1


def test_adjustments_can_be_made_again_from_the_sheet():
    sheet = table("adjustments").set_index("name")
    assert set(sheet.index) == OPTION_NAMES
    assert sheet["value"]["responses.percent"] == "all" and sheet["default"]["responses.percent"] == "none"
    assert sheet["value"]["outliers"] == "winsorise" and sheet["value"]["outlier_z"] == 7.0
    assert sheet["value"]["digest"] == RECORD.adjustments.digest()
    held = json.loads(sheet["value"]["json"])
    again = AdjustOptions(
        responses=TableAdjust(percent=held["responses"]["percent"]),
        factors=TableAdjust(percent=held["factors"]["percent"]),
        outliers=held["outliers"],
        outlier_z=float.fromhex(held["outlier_z"]),
    )
    assert again == RECORD.adjustments


def test_labels_of_columns_are_listed():
    sheet = adjustment_table(AdjustOptions(factors=TableAdjust(prices=("a", "b")), excess_over="RF")).set_index("name")
    assert sheet["value"]["factors.prices"] == "a, b" and sheet["value"]["excess_over"] == "RF"


def test_numbers_are_those_of_the_report():
    found, report = table("quality"), quality()
    np.testing.assert_array_equal(found["median"], report.series["median"])
    assert found["series"].tolist() == report.series.index.tolist()
    treated = table("outliers_treated")
    assert treated[["series", "before"]].to_numpy().tolist() == [["=1+1", 0.9]]
    assert treated["after"][0] == RESULT.panel.y[10, 0]
    share = table("coverage").iloc[:, 3:].to_numpy(dtype=float)
    np.testing.assert_array_equal(share, report.coverage.share)
    assert table("duplicates")["kind"].tolist() == ["identical"]
    assert pd.Timestamp(table("repeated_rows")["row"][0]) == MONTHS[20]
    assert table("stale_runs")["values"].tolist() == [4]
    factors = BOOK["factor_quality"]
    assert [cell.value for cell in factors[1]] == ["factor", "vif", "=f", "g", "vif"]
    assert factors["C1"].data_type == "s" and factors["C2"].value == 1.0


def test_tables_without_rows():
    assert notes_table(()).columns.tolist() == list(COLUMNS["notes"])
    assert coverage_table(quality()).shape == (7, 2 + len(quality().coverage.labels))
