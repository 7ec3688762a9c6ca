"""Calendars are recognised from dates alone, and values gather over them as pandas gathers them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core.calendars import Calendar, calendar_of, over_periods, own_calendars
from factorlasso_core.errors import DataError

MONTH, QUARTER = Calendar("month", 1, 0), Calendar("month", 3, 2)


@pytest.mark.parametrize(
    ("freq", "name"),
    [
        ("B", "every row"),
        ("D", "every row"),
        ("W-FRI", "weekly"),
        ("W-SUN", "weekly"),
        ("2W-FRI", "every 2 weeks"),
        ("ME", "monthly"),
        ("MS", "monthly"),
        ("BME", "monthly"),
        ("QE", "quarterly"),
        ("QE-JAN", "quarterly"),
        ("BQE", "quarterly"),
        ("2QE", "half-yearly"),
        ("YE", "yearly"),
        ("YE-JUN", "yearly"),
    ],
)
@pytest.mark.parametrize("periods", [6, 40])
def test_calendars_of_pandas_are_recognised(freq, name, periods):
    index = pd.date_range("2001-03-31", periods=periods, freq=freq)
    assert calendar_of(index).name == name
    assert calendar_of(index.tz_localize("America/New_York")).name == name


def test_few_irregular_and_undated_rows_are_their_own_periods():
    rng = np.random.default_rng(0)
    scattered = pd.DatetimeIndex(np.sort(rng.choice(pd.date_range("1990", "2020"), 12, replace=False)))
    for index in (scattered, pd.RangeIndex(20), pd.date_range("2020-01-31", periods=3, freq="QE")):
        assert calendar_of(index) == Calendar()
        np.testing.assert_array_equal(Calendar().periods(index), np.arange(len(index)))


@pytest.mark.parametrize(("freq", "calendar"), [("M", MONTH), ("Q", QUARTER), ("Y", Calendar("month", 12, 11)),
                                                ("W-SUN", Calendar("week"))])  # fmt: skip
def test_periods_and_their_ends_are_those_of_pandas(freq, calendar):
    index = pd.date_range("1965-05-03", "1985-02-11", freq="B")
    expected = index.to_period(freq)
    numbers = calendar.periods(index)
    np.testing.assert_array_equal(np.diff(numbers), np.diff(expected.astype("int64")))
    ends = calendar.ends(numbers)
    assert (ends == expected.end_time.normalize()).all()


def test_due_rows_are_the_last_of_whole_periods():
    index = pd.date_range("2020-01-31", periods=8, freq="ME")
    assert QUARTER.due(index).tolist() == [False, False, True, False, False, True, False, False]
    days = pd.date_range("2020-01-01", "2020-03-31", freq="D")
    assert days[MONTH.due(days)].strftime("%m-%d").tolist() == ["01-31", "02-29", "03-31"]


def test_a_series_on_coarser_dates_has_its_own_calendar():
    index = pd.date_range("2000-01-31", periods=120, freq="ME")
    present = np.ones((120, 5), dtype=bool)
    present[:, 1] = index.month % 3 == 0
    present[:, 2] = index.month == 6
    present[:, 3] = np.random.default_rng(0).random(120) < 0.5  # gaps, no calendar
    present[:100, 4] = False  # a late start
    names = [one.name for one in own_calendars(index, present)]
    assert names == ["monthly", "quarterly", "yearly", "monthly", "monthly"]
    assert own_calendars(index, present)[1] == QUARTER


def test_one_value_a_week_by_chance_is_no_weekly_series():
    index = pd.bdate_range("2020-01-06", periods=100)
    rng = np.random.default_rng(0)
    present = np.zeros((100, 200), dtype=bool)
    for column in range(200):
        present[np.arange(0, 100, 5) + rng.integers(0, 5, 20), column] = True
    names = [one.name for one in own_calendars(index, present)]
    assert names.count("weekly") <= 4
    fridays = np.zeros((100, 1), dtype=bool)
    fridays[4::5] = True
    fridays[[14, 44, 64]] = False  # holidays, one of them reported a day early
    fridays[13] = True
    assert own_calendars(index, fridays)[0].name == "weekly"


def test_monthly_values_in_a_daily_table():
    index = pd.bdate_range("2010-01-01", "2014-12-31")
    last = np.append(index.month[1:] != index.month[:-1], True)
    present = np.column_stack([np.ones(len(index), dtype=bool), last])
    assert [one.name for one in own_calendars(index, present)] == ["every row", "monthly"]


@pytest.mark.parametrize(
    ("how", "oracle"), [("compound", lambda v: (1 + v).prod() - 1), ("sum", np.sum), ("mean", np.mean)]
)
@pytest.mark.parametrize(("calendar", "freq"), [(MONTH, "M"), (QUARTER, "Q")])
def test_values_gather_as_in_pandas(how, oracle, calendar, freq):
    index = pd.bdate_range("2010-01-01", "2013-12-31")
    values = np.random.default_rng(0).standard_normal((len(index), 3)) * 0.01
    numbers, found = over_periods(values, index, calendar, how, 1.0)
    expected = pd.DataFrame(values, index).groupby(index.to_period(freq)).agg(oracle)
    np.testing.assert_allclose(found, expected.to_numpy(), rtol=1e-10, atol=1e-15)
    assert (calendar.ends(numbers) == expected.index.end_time.normalize()).all()


def test_a_period_counts_when_enough_of_it_is_known():
    index = pd.date_range("2020-02-29", periods=11, freq="ME")  # starts and ends inside a quarter
    values = np.full((11, 2), 0.01)
    values[5, 1] = np.nan  # July
    _, strict = over_periods(values, index, QUARTER)
    assert np.isnan(strict[:, 0]).tolist() == [True, False, False, False]
    assert np.isnan(strict[:, 1]).tolist() == [True, False, True, False]
    _, loose = over_periods(values, index, QUARTER, complete=0.6)
    np.testing.assert_allclose(loose[2, 1], 1.01**2 - 1)


def test_part_of_a_month_of_days_is_no_month():
    index = pd.bdate_range("2020-01-20", "2020-06-10")
    _, found = over_periods(np.full((len(index), 1), 0.001), index, MONTH)
    assert np.isnan(found[:, 0]).tolist() == [True, False, False, False, False, True]


def test_a_series_of_the_same_or_coarser_dates_keeps_its_values_and_one_that_straddles_is_unknown():
    index = pd.date_range("2000-01-31", periods=60, freq="ME")
    values = np.full((60, 3), np.nan)
    values[:, 0] = 0.01
    values[index.month % 3 == 0, 1] = 0.05  # calendar quarters
    values[index.month % 3 == 1, 2] = 0.07  # quarters that end in January
    _, quarters = over_periods(values, index, QUARTER)
    np.testing.assert_allclose(quarters[:, 1], 0.05)
    assert np.isnan(quarters[:, 2]).all()
    _, months = over_periods(values, index, MONTH)
    np.testing.assert_allclose(months, values)


def test_rows_out_of_order_and_total_losses_are_refused():
    index = pd.date_range("2020-01-31", periods=6, freq="ME")
    with pytest.raises(DataError, match="not in order"):
        over_periods(np.zeros((6, 1)), index[::-1], QUARTER)
    with pytest.raises(DataError, match=r"-1\.5 at 2020-01-31 .* convert percent"):
        over_periods(np.full((6, 1), -1.5), index, QUARTER)
    assert over_periods(np.full((6, 1), -1.5), index, QUARTER, "sum")[1][0, 0] == -4.5
