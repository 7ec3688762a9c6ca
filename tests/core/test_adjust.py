"""Adjustments: each does what it says and no more, and says what it did."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import Panel
from factorlasso_core.adjust import (
    ALL,
    AdjustOptions,
    TableAdjust,
    adjust,
    in_excess,
    resample,
    to_decimal,
    to_returns,
    treat_outliers,
)
from factorlasso_core.calendars import own_calendars
from factorlasso_core.demo import load_demo
from factorlasso_core.errors import DataError, OptionError

MONTHS = pd.date_range("2005-01-31", periods=60, freq="ME")
QUARTER_END = MONTHS.month % 3 == 0


def frame(columns: str = "abc", index: pd.DatetimeIndex = MONTHS, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).standard_normal((len(index), len(columns))) * 0.03
    return pd.DataFrame(values, index, list(columns))


# ---------------------------------------------------------------- options


def test_the_default_changes_nothing():
    y, x = frame(), frame("fg", seed=1)
    done = adjust(y, x, AdjustOptions())
    assert done.responses is y and done.factors is x and done.notes == () and len(done.changed) == 0


def test_options_are_recorded_by_a_digest_that_sees_each_of_them():
    changes = [
        AdjustOptions(),
        AdjustOptions(responses=TableAdjust(prices=ALL)),
        AdjustOptions(responses=TableAdjust(prices=("all",))),
        AdjustOptions(factors=TableAdjust(prices=ALL)),
        AdjustOptions(factors=TableAdjust(percent=("a", "b"))),
        AdjustOptions(factors=TableAdjust(aggregate="sum")),
        AdjustOptions(responses=TableAdjust(prices=ALL, returns="log", aggregate="sum")),
        AdjustOptions(outliers="winsorise"),
        AdjustOptions(outlier_z=6),
        AdjustOptions(outlier_tables="both"),
        AdjustOptions(excess_over="RF"),
        AdjustOptions(excess_tables="both"),
        AdjustOptions(frequency="quarterly"),
        AdjustOptions(complete=0.5),
    ]
    assert len({options.digest() for options in changes}) == len(changes)
    assert AdjustOptions(outlier_z=6).digest() == AdjustOptions(outlier_z=6.0).digest()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: TableAdjust(prices="a"), "prices"),
        (lambda: TableAdjust(percent=["a"]), "percent"),
        (lambda: TableAdjust(prices=("a",), percent=("a",)), "percent"),
        (lambda: TableAdjust(prices=ALL, percent=("a",)), "percent"),
        (lambda: TableAdjust(returns="arithmetic"), "returns"),
        (lambda: TableAdjust(prices=ALL, returns="log"), "aggregate"),
        (lambda: AdjustOptions(outliers="clip"), "outliers"),
        (lambda: AdjustOptions(outlier_z=0), "outlier_z"),
        (lambda: AdjustOptions(outlier_tables="factors"), "outlier_tables"),
        (lambda: AdjustOptions(frequency="daily"), "frequency"),
        (lambda: AdjustOptions(complete=0), "complete"),
    ],
)
def test_options_out_of_range_are_refused(make, name):
    with pytest.raises(OptionError, match=f"^{name}="):
        make()


# ---------------------------------------------------------------- units


def test_percent_becomes_decimals_in_the_columns_named():
    done, notes = to_decimal(frame(), ("a", "c"), "responses")
    np.testing.assert_array_equal(done["a"], frame()["a"] / 100)
    np.testing.assert_array_equal(done["b"], frame()["b"])
    assert [(n.code, n.place, n.count) for n in notes] == [("percent_to_decimal", "responses", 2)]
    with pytest.raises(DataError, match="no series 'z' to convert: choose among a, b, c"):
        to_decimal(frame(), ("z",))


@pytest.mark.parametrize("kind", ["simple", "log"])
def test_returns_of_whole_prices_are_those_of_pandas(kind):
    prices = 100 * (1 + frame()).cumprod()
    done, notes = to_returns(prices, ALL, kind)
    expected = prices.pct_change() if kind == "simple" else np.log(prices).diff()
    np.testing.assert_allclose(done.to_numpy(), expected.iloc[1:].to_numpy(), rtol=1e-12, atol=1e-15)
    assert done.index.equals(prices.index[1:]) and [n.code for n in notes] == ["price_to_return"]


def test_other_columns_keep_their_first_row():
    done, _ = to_returns(frame().assign(a=100.0), ("a",))
    assert len(done) == 60 and np.isnan(done["a"].iloc[0]) and done["b"].iloc[0] == frame()["b"].iloc[0]


def test_a_return_over_a_gap_is_left_empty_and_counted():
    prices = 100 * (1 + frame()).cumprod()
    prices.iloc[10:13, 1] = np.nan
    done, notes = to_returns(prices, ALL)
    assert done["b"].isna().to_numpy().nonzero()[0].tolist() == [9, 10, 11, 12]
    assert [(n.code, n.count) for n in notes] == [("price_to_return", 3), ("gaps_in_prices", 1)]


def test_quarterly_prices_among_monthly_ones_give_quarterly_returns():
    prices = 100 * (1 + frame()).cumprod()
    prices.loc[~QUARTER_END, "b"] = np.nan
    done, notes = to_returns(prices, ALL)
    expected = prices["b"].dropna().pct_change().dropna()
    pd.testing.assert_series_equal(done["b"].dropna(), expected, check_freq=False)
    assert [n.code for n in notes] == ["price_to_return"]


def test_prices_that_are_not_above_zero_are_refused_by_name_and_date():
    prices = frame().abs() + 1
    prices.iloc[7, 2] = 0.0
    with pytest.raises(DataError, match=r"price of 'c' is 0 at 2005-08-31"):
        to_returns(prices, ALL)


def test_one_price_gives_no_return():
    with pytest.raises(DataError, match="a return needs two"):
        to_returns(frame().iloc[:1].abs(), ALL)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(0, 0.9))
def test_returns_times_prices_are_the_prices(seed, rows, missing):
    rng = np.random.default_rng(seed)
    prices = pd.DataFrame(np.exp(rng.standard_normal((rows, 3))), pd.bdate_range("2020-01-01", periods=rows))
    prices = prices.mask(rng.random(prices.shape) < missing)
    done = to_returns(prices, ALL)[0].reindex(prices.index)
    daily = [one.unit == "row" for one in own_calendars(prices.index, prices.notna().to_numpy())]
    prices, done = prices.loc[:, daily], done.loc[:, daily]
    known = done.notna().to_numpy()
    expected = prices.notna() & prices.shift().notna()
    np.testing.assert_array_equal(known, expected.to_numpy())
    np.testing.assert_allclose(((1 + done) * prices.shift()).to_numpy()[known], prices.to_numpy()[known], rtol=1e-12)


# ---------------------------------------------------------------- excess


def test_excess_subtracts_the_series_row_by_row():
    over = frame("r", seed=5)["r"]
    done, notes = in_excess(frame(), over)
    np.testing.assert_allclose(done.to_numpy(), frame().sub(over, axis=0).to_numpy(), rtol=1e-9, atol=1e-15)
    assert [n.code for n in notes] == ["excess"]


def test_quarterly_returns_lose_the_series_of_the_quarter():
    over = frame("r", seed=5)["r"]
    y = frame()
    y.loc[~QUARTER_END, "b"] = np.nan
    done, _ = in_excess(y, over)
    quarter = (1 + over).groupby(MONTHS.to_period("Q")).prod() - 1
    np.testing.assert_allclose(done["b"].dropna(), y["b"].dropna() - quarter.to_numpy(), rtol=1e-9, atol=1e-14)


def test_the_series_is_matched_by_month_and_counted_where_unknown():
    over = frame("r", seed=5)["r"].set_axis(MONTHS - pd.offsets.BDay(2)).iloc[3:]
    done, notes = in_excess(frame(), over, what="responses")
    assert done.isna().sum().tolist() == [3, 3, 3]
    assert [(n.code, n.count) for n in notes] == [("excess", 3), ("excess_unknown", 9)]
    with pytest.raises(DataError, match="'r' has no value in any period"):
        in_excess(frame(), over.set_axis(over.index - pd.DateOffset(years=30)))


def test_the_chosen_series_leaves_the_panel():
    y, x = frame(), frame("fgr", seed=1)
    done = adjust(y, x, AdjustOptions(excess_over="r"))
    assert list(done.factors) == ["f", "g"]
    np.testing.assert_array_equal(done.factors["f"], x["f"])
    both = adjust(y, x, AdjustOptions(excess_over="r", excess_tables="both"))
    np.testing.assert_allclose(both.factors["f"], x["f"] - x["r"], rtol=1e-9, atol=1e-15)
    inside = adjust(y, x, AdjustOptions(excess_over="a"))
    assert list(inside.responses) == ["b", "c"] and list(inside.factors) == ["f", "g", "r"]
    with pytest.raises(DataError, match="no series 'z'"):
        adjust(y, x, AdjustOptions(excess_over="z"))
    with pytest.raises(DataError, match="'a' is the only response"):
        adjust(y[["a"]], x, AdjustOptions(excess_over="a"))


# ---------------------------------------------------------------- outliers


def test_planted_outliers_of_the_demo_are_found_and_nothing_else():
    demo = load_demo("synthetic")
    done = treat_outliers(demo.responses, "drop", AdjustOptions().outlier_z, "responses")
    planted = {(row.response, row.date) for row in demo.truth.outliers.itertuples()}
    assert set(zip(done.changed["series"], done.changed["row"], strict=True)) == planted
    assert int(done.table.isna().sum().sum() - demo.responses.isna().sum().sum()) == len(planted)
    assert [(n.code, n.place, n.count) for n in done.notes] == [("outliers_dropped", "responses", 5)]


def test_winsorised_values_stop_at_the_fence_on_their_own_side():
    y = frame()
    y.iloc[4, 0], y.iloc[9, 1] = 3.0, -2.0
    done = treat_outliers(y, "winsorise", 6.0)
    spread = 1.482602218505602 * (y - y.median()).abs().median()
    assert done.table.iloc[4, 0] == pytest.approx(y["a"].median() + 6 * spread["a"])
    assert done.table.iloc[9, 1] == pytest.approx(y["b"].median() - 6 * spread["b"])
    assert done.changed[["before", "series"]].to_numpy().tolist() == [[3.0, "a"], [-2.0, "b"]]
    same = done.table.to_numpy() == y.to_numpy()
    assert (~same).sum() == 2
    again = treat_outliers(done.table, "winsorise", 6.0)
    assert again.table is done.table


def test_outliers_of_factors_are_left_alone_unless_asked():
    y, x = frame(), frame("f", seed=1)
    x.iloc[3] = 5.0
    left = adjust(y, x, AdjustOptions(outliers="drop"))
    assert left.factors is x and len(left.changed) == 0
    done = adjust(y, x, AdjustOptions(outliers="drop", outlier_tables="both"))
    assert done.changed[["table", "series", "before"]].to_numpy().tolist() == [["factors", "f", 5.0]]
    assert np.isnan(done.factors.iloc[3, 0])


# ---------------------------------------------------------------- frequency


@pytest.mark.parametrize(("frequency", "period"), [("monthly", "M"), ("quarterly", "Q"), ("yearly", "Y")])
def test_days_gather_as_in_pandas(frequency, period):
    days = pd.bdate_range("2010-01-01", "2013-12-31")
    table = frame(index=days)
    done, notes = resample(table, frequency)
    expected = (1 + table).groupby(days.to_period(period)).prod() - 1
    np.testing.assert_allclose(done.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=1e-14)
    assert (done.index == expected.index.end_time.normalize()).all()
    assert [(n.code, n.count) for n in notes] == [("resampled", len(done))]


def test_partial_periods_are_left_out_or_empty_and_counted():
    table = frame(index=pd.date_range("2005-02-28", periods=30, freq="ME"))
    table.iloc[10, 1] = np.nan
    done, notes = resample(table, "quarterly")
    assert done.index[0] == pd.Timestamp("2005-06-30") and len(done) == 9
    assert np.isnan(done["b"]).sum() == 1
    assert [(n.code, n.count) for n in notes] == [("resampled", 9), ("partial_periods", 7)]


def test_finer_frequencies_and_rows_without_dates_are_refused():
    with pytest.raises(DataError, match="is monthly: it cannot become weekly"):
        resample(frame(), "weekly")
    with pytest.raises(DataError, match="not dates"):
        resample(frame().reset_index(drop=True), "monthly")
    with pytest.raises(DataError, match="No period"):
        resample(frame().iloc[:6], "yearly")


def test_series_on_coarser_dates_keep_their_values_with_a_note():
    table = frame()
    table.loc[~QUARTER_END, "b"] = np.nan
    same, notes = resample(table, "quarterly")
    np.testing.assert_array_equal(same["b"].dropna(), table["b"].dropna())
    assert "coarser_series" not in [n.code for n in notes]
    monthly, notes = resample(table, "monthly")
    np.testing.assert_array_equal(monthly["b"].dropna(), table["b"].dropna())
    assert "coarser_series" in [n.code for n in notes]


def test_everything_at_once_runs_in_order_and_makes_a_panel():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2010-01-01", "2019-12-31")
    factor = pd.DataFrame(rng.standard_normal((len(days), 2)) * 0.5 + 0.02, days, ["f", "rf"])
    factor["rf"] = 0.004
    prices = pd.DataFrame(
        100 * (1 + factor["f"].to_numpy()[:, None] / 100 * [1.0, 2.0]).cumprod(axis=0), days, ["a", "b"]
    )
    options = AdjustOptions(
        responses=TableAdjust(prices=ALL), factors=TableAdjust(percent=ALL), excess_over="rf", excess_tables="both",
        outliers="winsorise", outlier_tables="both", frequency="monthly",
    )  # fmt: skip
    done = adjust(prices, factor, options)
    codes = [note.code for note in done.notes]
    assert codes == ["price_to_return", "percent_to_decimal", "excess", "excess", "resampled", "resampled"]
    panel = Panel.from_frames(done.factors, done.responses)
    assert panel.shape == (120, 2, 1)
    np.testing.assert_allclose(panel.y[1:, 0], panel.x[1:, 0], atol=1e-12)


def test_tables_out_of_order_are_refused():
    with pytest.raises(DataError, match="factors have no rows, rows that are not in order"):
        adjust(frame(), frame("f").iloc[::-1], AdjustOptions())


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_tables_are_adjusted_or_refused_in_one_sentence(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    tables = []
    for name in ("y", "x"):
        freq = data.draw(st.sampled_from(["D", "B", "W-FRI", "ME", "BQE", "YE-JUN"]))
        index = pd.date_range("1999-11-07", periods=data.draw(st.integers(1, 90)), freq=freq)
        values = np.exp(rng.standard_normal((len(index), 3))) * data.draw(st.sampled_from([0.01, 1.0, -1.0]))
        values[rng.random(values.shape) < data.draw(st.sampled_from([0.0, 0.3, 0.7, 1.0]))] = np.nan
        tables.append(pd.DataFrame(values, index, [f"{name}{k}" for k in range(3)]))
    units = st.builds(
        TableAdjust,
        prices=st.sampled_from([(), ALL, ("x0",), ("y1",)]),
        aggregate=st.sampled_from(["compound", "sum", "mean"]),
    )
    options = data.draw(st.builds(
        AdjustOptions, responses=units, factors=units, outliers=st.sampled_from(["keep", "winsorise", "drop"]),
        outlier_tables=st.sampled_from(["responses", "both"]), excess_over=st.sampled_from([None, "y0", "x2"]),
        frequency=st.sampled_from([None, "weekly", "monthly", "quarterly", "yearly"]), complete=st.floats(0.1, 1),
    ))  # fmt: skip
    before = [table.copy() for table in tables]
    try:
        done = adjust(*tables, options)
    except DataError as refused:
        sentence = str(refused)
    else:
        sentence = "."
        for table in (done.responses, done.factors):
            assert not np.isinf(table.to_numpy()).any() and table.index.is_unique
        assert done.notes or (done.responses is tables[0] and done.factors is tables[1])
    assert sentence.endswith(".")
    for table, same in zip(tables, before, strict=True):
        pd.testing.assert_frame_equal(table, same)
