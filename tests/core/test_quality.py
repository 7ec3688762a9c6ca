"""The quality report: what it counts is what pandas, SciPy and statsmodels count, and planted trouble is found."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from factorlasso_core import Panel
from factorlasso_core.demo import load_demo
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.quality import (
    QualityOptions,
    coverage,
    factor_condition,
    quality_report,
    repeated_rows,
    stale_runs,
    twins,
)

MONTHS = pd.date_range("2005-01-31", periods=120, freq="ME")


def panel(y: dict[str, Any] | None = None, x: dict[str, Any] | None = None, index: pd.Index = MONTHS) -> Panel:
    """Plain noise, with the given columns added."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((len(index), 5))
    responses = pd.DataFrame(noise[:, :3], index, ["r0", "r1", "r2"]).assign(**(y or {}))
    return Panel.from_frames(pd.DataFrame(noise[:, 3:], index, ["f0", "f1"]).assign(**(x or {})), responses)


def column(seed: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(len(MONTHS))


def codes(report: Any) -> list[str]:
    return [note.code for note in report.findings]


# ---------------------------------------------------------------- coverage


def test_coverage_by_year_is_the_share_of_pandas():
    values = pd.DataFrame(np.random.default_rng(0).standard_normal((120, 4)), MONTHS)
    values = values.mask(np.random.default_rng(1).random(values.shape) < 0.2)
    values.iloc[:70, 2] = np.nan
    found = coverage(MONTHS, values.notna().to_numpy(), most=20)
    expected = values.notna().groupby(MONTHS.year).mean()
    np.testing.assert_allclose(found.share.T, expected.to_numpy())
    assert found.labels == tuple(map(str, range(2005, 2015)))
    inside = [values[c].loc[values[c].first_valid_index() : values[c].last_valid_index()].isna().sum() for c in values]
    assert found.holes.tolist() == inside


@pytest.mark.parametrize(("most", "label", "count"), [(200, "2005-01", 120), (60, "2005-Q1", 40), (12, "2005", 10),
                                                      (4, "2005-01-31", 4)])  # fmt: skip
def test_the_finest_periods_that_fit_are_taken(most, label, count):
    found = coverage(MONTHS, np.ones((120, 1), dtype=bool), most)
    assert (found.labels[0], len(found.labels)) == (label, count)
    assert (found.share == 1).all()


def test_quarterly_series_are_measured_on_their_own_dates():
    present = np.ones((120, 2), dtype=bool)
    present[:, 1] = MONTHS.month % 3 == 0
    present[59, 1] = False  # the last of 2009
    found = coverage(MONTHS, present, 120)
    assert [one.name for one in found.calendars] == ["monthly", "quarterly"]
    assert np.isnan(found.share[1]).sum() == 80 and found.share[1][59] == 0
    assert found.expected.tolist() == [120, 40] and found.holes.tolist() == [0, 1]
    yearly = coverage(MONTHS, present, 12).share
    np.testing.assert_allclose(yearly[1], [1, 1, 1, 1, 0.75, 1, 1, 1, 1, 1])


def test_rows_without_dates_are_cut_into_spells():
    found = coverage(pd.RangeIndex(10), np.eye(10, 2, dtype=bool), 5)
    assert found.labels == ("0", "2", "4", "6", "8") and found.share[0].tolist() == [0.5, 0, 0, 0, 0]


# ---------------------------------------------------------------- stale runs


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, float("nan")]), min_size=1, max_size=40), st.integers(2, 4))
def test_stale_runs_are_those_counted_one_by_one(items, least):
    values = np.array([items, items[::-1]]).T
    expected = []
    for k in range(2):
        known = [(i, v) for i, v in enumerate(values[:, k]) if v == v]
        start = 0
        for i in range(1, len(known) + 1):
            if i == len(known) or known[i][1] != known[start][1]:
                if i - start >= least:
                    expected.append([k, known[start][0], known[i - 1][0], i - start, known[start][1] + 0.0])
                start = i
    assert stale_runs(values, least).to_numpy().tolist() == expected


# ---------------------------------------------------------------- twins and rows


def brute_twins(values: np.ndarray, limit: float) -> set[tuple[int, int]]:
    correlation = pd.DataFrame(values).corr(min_periods=6).abs().to_numpy()
    first, second = np.nonzero(np.triu(correlation >= limit, 1))
    return set(zip(first.tolist(), second.tolist(), strict=True))


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("rows", [40, 900])
def test_twins_are_the_pairs_pandas_finds(rows, missing):
    rng = np.random.default_rng(rows)
    values = rng.standard_normal((rows, 30))
    values[:, 11] = values[:, 3]
    values[:, 12] = -100 * values[:, 4] + 7
    values[:, 13] = values[:, 5] + 0.005 * rng.standard_normal(rows)
    values[:, 14] = values[:, 6] + 0.1 * rng.standard_normal(rows)  # not near enough
    values[rng.random(values.shape) < missing] = np.nan
    found = twins(values)
    pairs = set(zip(found["first"], found["second"], strict=True))
    assert pairs == brute_twins(values, 0.9999)
    if missing < 0.9:
        assert pairs == {(3, 11), (4, 12), (5, 13)}
        assert found["kind"].tolist() == ["identical", "proportional", "proportional"]


def test_twins_among_short_series_are_found():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((1_000, 40))
    values[:, 38] = 2 * values[:, 39]
    values[12:, 38:] = np.nan
    values[20:, 37] = np.nan
    values[:20, 37] = np.nan
    values[500:512, 37] = values[500:512, 2]
    found = twins(values)
    assert set(zip(found["first"], found["second"], strict=True)) == {(38, 39), (2, 37)}


def test_repeated_rows_are_the_duplicates_of_pandas():
    rng = np.random.default_rng(0)
    values = rng.integers(-1, 2, (200, 4)).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[values == 0] *= rng.choice([-1, 1], int((values == 0).sum()))  # both zeros
    frame = pd.DataFrame(values)
    expected = frame.duplicated() & (frame.notna().sum(axis=1) >= 2)
    np.testing.assert_array_equal(repeated_rows(values), expected)


# ---------------------------------------------------------------- factors


def test_variance_inflation_is_that_of_statsmodels():
    from statsmodels.stats.outliers_influence import variance_inflation_factor
    from statsmodels.tools import add_constant

    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6)) + 3
    x[4, 2] = np.nan
    found = factor_condition(x, pd.Index(list("abcdef")))
    whole = add_constant(x[~np.isnan(x).any(axis=1)])
    expected = [variance_inflation_factor(whole, j) for j in range(1, 7)]
    np.testing.assert_allclose(found.inflation, expected, rtol=1e-9)
    assert found.rows == 199
    standard = (whole[:, 1:] - whole[:, 1:].mean(axis=0)) / whole[:, 1:].std(axis=0)
    assert found.condition == pytest.approx(np.linalg.cond(standard), rel=1e-9)
    np.testing.assert_allclose(found.correlation, pd.DataFrame(x).dropna().corr().to_numpy(), atol=1e-12)


def test_exact_dependence_constants_and_no_rows():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 5))
    x[:, 2], x[:, 4] = x[:, 0] - 2 * x[:, 1], 0.1
    found = factor_condition(x, pd.Index(list("abcde")))
    assert np.isinf(found.inflation[["a", "b", "c"]]).all() and found.condition == np.inf
    assert found.inflation["d"] == pytest.approx(1.0, abs=0.2) and np.isnan(found.inflation["e"])
    assert np.isnan(found.correlation["e"]).all()
    empty = factor_condition(np.full((3, 2), np.nan), pd.Index(["a", "b"]))
    assert (empty.rows, np.isnan(empty.condition)) == (0, True)
    assert factor_condition(x[:, :1], pd.Index(["a"])).condition == 1.0


# ---------------------------------------------------------------- the report


def test_a_clean_panel_has_no_findings():
    report = quality_report(panel())
    assert report.findings == () and (report.series["remark"] == "").all()
    assert (report.series["coverage"] == 1).all() and not report.series["outliers"].any()
    assert len(report.outliers) == len(report.stale) == len(report.twins) == len(report.repeated) == 0


def test_each_planted_trouble_is_reported_once_by_name():
    spiked, stale, late = column(1), column(2), column(3)
    spiked[50] = 40.0
    stale[70:75] = 0.25
    late[:100] = np.nan
    quarterly = np.where(MONTHS.month % 3 == 0, column(4), np.nan)
    base = panel()
    report = quality_report(panel(
        {"spiked": spiked, "stale": stale, "late": late, "quarterly": quarterly, "still": 0.1, "empty": np.nan,
         "copy": base.y[:, 0], "factor": 3 * base.x[:, 0]},
        {"sum": base.x.sum(axis=1)},
    ))  # fmt: skip
    table = report.series
    assert table.loc["spiked", "outliers"] == 1 and report.outliers[["series", "row"]].to_numpy().tolist() == [
        ["spiked", MONTHS[50]]
    ]
    assert report.stale[["series", "values", "value"]].to_numpy().tolist() == [["stale", 5, 0.25]]
    assert table.loc["stale", ["longest_stale", "stale_values"]].tolist() == [5, 5]
    assert table.loc[["still", "empty", "quarterly"], "remark"].tolist() == ["constant", "empty", "quarterly values"]
    assert table.loc["copy", "remark"] == "twin of r0" and table.loc["factor", "remark"] == "twin of f0 (factor)"
    assert table.loc["late", "common_rows"] == 20
    assert table.loc["quarterly", ["observations", "coverage", "holes"]].tolist() == [40, 1.0, 0]
    assert codes(report) == [
        "empty_series", "constant_series", "little_overlap", "own_dates", "dependent_factors", "response_is_factor",
        "duplicates", "outliers", "stale_runs",
    ]  # fmt: skip


def test_repeated_rows_and_holes_are_counted():
    base = panel()
    y, x = base.y.copy(), base.x.copy()
    y[40], x[40] = y[39], x[39]
    y[60:63, 1] = np.nan
    report = quality_report(Panel.from_frames(
        pd.DataFrame(x, MONTHS, base.factors), pd.DataFrame(y, MONTHS, base.responses)))  # fmt: skip
    assert report.repeated.tolist() == [MONTHS[40]]
    assert report.series.loc["r1", "holes"] == 3
    assert [(n.code, n.count) for n in report.findings] == [("holes", 3), ("repeated_rows", 1)]
    assert "2008-05-31" in report.findings[1].message


def test_numbers_of_the_table_are_those_of_pandas():
    demo = load_demo("synthetic")
    report = quality_report(Panel.from_frames(demo.factors, demo.responses))
    both = pd.concat([demo.responses, demo.factors], axis=1)
    table = report.series
    np.testing.assert_array_equal(table["observations"], both.count())
    np.testing.assert_allclose(table["median"], both.median(), rtol=1e-12)
    assert table["first"].tolist() == [both[c].first_valid_index() for c in both]
    assert table["last"].tolist() == [both[c].last_valid_index() for c in both]
    planted = {(row.response, row.date) for row in demo.truth.outliers.itertuples()}
    assert set(zip(report.outliers["series"], report.outliers["row"], strict=True)) == planted
    assert set(table.index[table["calendar"] == "quarterly"]) == set(demo.truth.smoothed)


def test_the_report_does_not_depend_on_the_order_of_the_series():
    demo = load_demo("synthetic")
    whole = quality_report(Panel.from_frames(demo.factors, demo.responses))
    turned = quality_report(Panel.from_frames(demo.factors, demo.responses.iloc[:, ::-1]))
    pd.testing.assert_frame_equal(whole.series, turned.series.loc[whole.series.index])


def test_names_may_be_anything_and_stand_on_both_sides():
    base = panel({"f0": column(3)})
    report = quality_report(base)
    assert report.series.index.tolist() == ["r0", "r1", "r2", "f0", "f0", "f1"]
    numbered = Panel.from_frames(
        pd.DataFrame(base.x, columns=[1, "1"]), pd.DataFrame(base.y, columns=[0, (1, 2), "<b>", None])
    )
    assert quality_report(numbered).series.index.tolist() == ["0", "(1, 2)", "<b>", "None", "1", "1"]


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_short_panels_have_a_report(rows):
    x = pd.DataFrame({"f": np.arange(rows, dtype=float)})
    report = quality_report(Panel.from_frames(x, pd.DataFrame({"r": np.full(rows, np.nan)})))
    assert report.series["observations"].tolist() == [0, rows]


@pytest.mark.parametrize(
    ("name", "value"),
    [("outlier_z", 0), ("stale_run", 1), ("stale_run", None), ("twin", 1.0), ("twin", 0.9), ("periods", 0)],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(OptionError, match=f"^{name}="):
        QualityOptions(**{name: value})


def test_disorder_is_refused_and_what_is_not_compared_is_said():
    base = panel()
    with pytest.raises(DataError, match="sort the panel by date"):
        quality_report(Panel(base.x, base.y, base.factors, base.responses, base.index[::-1]))
    wide = pd.DataFrame(np.random.default_rng(0).standard_normal((20, 2_010)))
    assert codes(quality_report(Panel.from_frames(wide[[0]], wide.add_prefix("r"))))[-1] == "not_compared"


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_large_panel_is_reported_in_a_fifth_of_a_second(missing):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2015-01-01", periods=2_000)
    y = rng.standard_t(4, (2_000, 500)) * 0.01
    y[rng.random(y.shape) < missing] = np.nan
    x = pd.DataFrame(rng.standard_normal((2_000, 20)), days, [f"f{j}" for j in range(20)])
    big = Panel.from_frames(x, pd.DataFrame(y, days, [f"r{k}" for k in range(500)]))
    quality_report(big)
    spent = []
    with threadpool_limits(limits=1, user_api="blas"):  # as in the app
        for _ in range(3):
            start = time.process_time()  # of this process: other work on the machine does not count
            quality_report(big)
            spent.append(time.process_time() - start)
    assert min(spent) < 0.2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_panel_has_a_report(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    rows = data.draw(st.integers(1, 120))
    freq = data.draw(st.sampled_from(["D", "B", "W-FRI", "ME", "BQE", "YE-JUN", None]))
    index = pd.RangeIndex(rows) if freq is None else pd.date_range("1699-11-07", periods=rows, freq=freq, unit="s")
    sides = []
    for name in ("f", "r"):
        values = rng.standard_normal((rows, data.draw(st.integers(1, 4)))) * 10.0 ** rng.integers(-100, 100)
        values = np.round(values, data.draw(st.sampled_from([0, 12])))
        values[rng.random(values.shape) < data.draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))] = np.nan
        sides.append(pd.DataFrame(values, index).add_prefix(name))
    report = quality_report(Panel.from_frames(*sides))
    share = report.coverage.share
    assert ((share >= 0) & (share <= 1) | np.isnan(share)).all()
    assert report.series["coverage"].between(0, 1).all() and (report.series["holes"] >= 0).all()
    assert report.series["outliers"].sum() == len(report.outliers)
    assert all(note.message.endswith(".") for note in report.findings)
