"""Nothing passes the gate but finite or missing numbers with names, and its key sees all of them."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import BeliefsError, DataError
from factorlasso_core.panel import Panel

DATES = pd.date_range("2020-01-31", periods=6, freq="ME", name="date")
X = pd.DataFrame(np.arange(12.0).reshape(6, 2) / 7, index=DATES, columns=["Equity", "Rates"])
Y = pd.DataFrame(np.arange(18.0).reshape(6, 3) / 11 - 1, index=DATES, columns=["a", "b", "c"])


def panel(x: pd.DataFrame = X, y: pd.DataFrame = Y) -> Panel:
    return Panel.from_frames(x, y)


def cells(value: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame(value, index=Y.columns, columns=X.columns)


def changed(frame: pd.DataFrame, row: int, column: int, value: float) -> pd.DataFrame:
    values = frame.to_numpy(copy=True)
    values[row, column] = value
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)


# The gate -----------------------------------------------------------------------------------------


def test_a_panel_holds_the_values_and_labels_it_was_given():
    p = panel()
    assert p.shape == (6, 3, 2)
    assert np.array_equal(p.x, X) and np.array_equal(p.y, Y)
    assert list(p.factors) == list(X) and list(p.responses) == list(Y) and p.index.equals(DATES)


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "Float64", "bool", "uint8"])
def test_every_real_type_becomes_float64(dtype):
    frame = pd.DataFrame({"f": [0, 1, 1]}).astype(dtype)
    p = Panel.from_frames(frame, pd.DataFrame({"r": [1.0, 2.0, 3.0]}))
    assert p.x.dtype == np.float64
    assert p.x[:, 0].tolist() == [0.0, 1.0, 1.0]


def test_a_missing_value_of_a_nullable_type_becomes_nan():
    p = Panel.from_frames(pd.DataFrame({"f": pd.array([1, None], dtype="Int64")}), pd.DataFrame({"r": [1.0, 2]}))
    assert np.isnan(p.x[1, 0])


def test_the_arrays_of_a_panel_cannot_be_written():
    p = panel()
    for values in (p.x, p.y, p.window(DATES[1]).x, p.window(DATES[1]).y):
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 1.0


def test_a_later_change_of_the_callers_frames_does_not_reach_the_panel():
    x, y = X.copy(), Y.copy()
    p = panel(x, y)
    key, before = p.key, p.x.copy()
    x.iloc[0, 0], y.iloc[0, 0] = 99.0, 99.0
    x.to_numpy()
    assert np.array_equal(p.x, before) and p.y[0, 0] == Y.iloc[0, 0]
    assert panel().key == key


@pytest.mark.parametrize("side", ["x", "y"])
def test_an_infinite_value_is_refused_by_name_and_row(side):
    frames = {"x": X, "y": Y}
    frames[side] = changed(frames[side], 3, 1, -np.inf)
    name = frames[side].columns[1]
    with pytest.raises(DataError, match=f"'{name}' is infinite at 2020-04-30"):
        panel(**frames)


@pytest.mark.parametrize("values", [["1", "2"], [1.0, "2"], [1j, 2.0], pd.to_datetime(["2020", "2021"])])
def test_what_is_not_a_real_number_is_refused_by_name(values):
    with pytest.raises(DataError, match="'word' does not hold real numbers"):
        Panel.from_frames(pd.DataFrame({"word": values}), pd.DataFrame({"r": [1.0, 2.0]}))


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(DataError, match="factor name 'Equity' stands twice"):
        panel(X.set_axis(["Equity", "Equity"], axis=1))
    with pytest.raises(DataError, match="response name 'b' stands twice"):
        panel(y=Y.set_axis(["b", "a", "b"], axis=1))


def test_a_panel_needs_rows_and_columns():
    with pytest.raises(DataError, match="no rows"):
        panel(X.iloc[:0], Y.iloc[:0])
    with pytest.raises(DataError, match="no factor"):
        panel(X[[]], Y)
    with pytest.raises(DataError, match="no response"):
        panel(X, Y[[]])


def test_rows_that_do_not_match_are_refused_with_both_counts():
    with pytest.raises(DataError, match=r"\(6 rows\) and responses \(5 rows\)"):
        panel(X, Y.iloc[:5])
    with pytest.raises(DataError, match="different row labels"):
        panel(X, Y.iloc[::-1])


# Its key ------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.booleans(), st.integers(0, 5), st.integers(0, 1), st.booleans())
def test_one_cell_off_by_one_bit_or_missing_is_another_key(side, row, column, missing):
    frame = X if side else Y
    value = np.nan if missing else np.nextafter(frame.iloc[row, column], np.inf)
    other = changed(frame, row, column, value)
    assert panel(**{"x" if side else "y": other}).key != panel().key


def test_minus_zero_and_the_kind_of_nan_are_no_other_key():
    zero, minus = changed(X, 0, 0, 0.0), changed(X, 0, 0, -0.0)
    assert panel(zero).key == panel(minus).key
    odd = np.array([0xFFF8000000000001], dtype=np.uint64).view(float)[0]
    assert panel(changed(X, 2, 1, np.nan)).key == panel(changed(X, 2, 1, odd)).key


@pytest.mark.parametrize("names", [["Equity", "rates"], ["Rates", "Equity"], ["Equit", "yRates"]])
def test_one_label_makes_another_key(names):
    assert panel(X.set_axis(names, axis=1)).key != panel().key


def test_a_name_that_moves_from_factor_to_response_makes_another_key():
    left = Panel.from_frames(X.set_axis(["a", "b"], axis=1), Y.set_axis(["c", "d", "e"], axis=1))
    right = Panel.from_frames(X.set_axis(["a", "c"], axis=1), Y.set_axis(["b", "d", "e"], axis=1))
    assert left.key != right.key


def test_one_date_makes_another_key():
    dates = DATES.as_unit("ns").to_numpy().copy()
    dates[3] += np.timedelta64(1, "ns")
    later = pd.DatetimeIndex(dates)
    assert panel(X.set_axis(later), Y.set_axis(later)).key != panel().key


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_resolution_of_the_dates_is_no_other_key(unit):
    dates = DATES.as_unit(unit)
    assert panel(X.set_axis(dates), Y.set_axis(dates)).key == panel().key


@pytest.mark.parametrize(
    "lay",
    [
        lambda f: pd.DataFrame(np.asfortranarray(f.to_numpy()), index=f.index, columns=f.columns),
        lambda f: pd.concat([f[[c]] for c in reversed(f.columns)], axis=1)[list(f.columns)],
        lambda f: f.iloc[::-1].iloc[::-1],
        lambda f: pd.concat([f.iloc[:3], f.iloc[3:]]),
    ],
    ids=["fortran", "columns in blocks", "reversed twice", "rows in blocks"],
)
def test_the_layout_in_memory_is_no_other_key(lay):
    assert panel(lay(X), lay(Y)).key == panel().key


def test_a_panel_read_back_from_csv_has_the_same_key():
    def through(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(frame.to_csv()), index_col=0, parse_dates=True)

    x, y = (X * 7 / 8).round(3), (Y * 11 / 16).round(4).mask(Y > 0.5)  # short decimals that are exact
    assert panel(through(x), through(y)).key == panel(x, y).key


def test_whole_numbers_stored_as_integers_are_no_other_key():
    whole = X.round().abs()
    assert panel(whole.astype("int64")).key == panel(whole).key


def test_the_order_of_the_rows_counts():
    assert panel(X.iloc[::-1], Y.iloc[::-1]).key != panel().key


# Windows and frames -------------------------------------------------------------------------------


def test_a_window_holds_both_its_ends():
    w = panel().window("2020-02-29", "2020-04-30")
    assert w.index.equals(DATES[1:4])
    assert np.array_equal(w.x, X.iloc[1:4]) and np.array_equal(w.y, Y.iloc[1:4])


def test_an_open_window_is_the_panel():
    assert panel().window().key == panel().key


def test_a_window_is_the_panel_of_the_cut_frames():
    assert panel().window(DATES[2]).key == panel(X.iloc[2:], Y.iloc[2:]).key


def test_a_window_without_observations_is_refused_with_its_ends():
    with pytest.raises(DataError, match=r"between 2031-.* and 2032-.*widen the sample window"):
        panel().window("2031-01-01", "2032-01-01")


def test_plain_dates_cut_an_index_with_a_time_zone():
    dates = DATES.tz_localize("Europe/Zurich")
    w = panel(X.set_axis(dates), Y.set_axis(dates)).window("2020-02-29", "2020-04-30")
    assert w.index.equals(dates[1:4])


def test_a_window_of_rows_that_are_not_in_order_is_refused():
    with pytest.raises(DataError):
        panel(X.iloc[::-1].iloc[[0, 2, 1]], Y.iloc[::-1].iloc[[0, 2, 1]]).window("2020-05-15", "2020-12-31")


def test_results_come_back_under_the_names_of_the_panel():
    p = panel()
    values = np.arange(6.0).reshape(3, 2)
    frame, series = p.cells(values), p.by_response(values[:, 1], "beta")
    assert frame.loc["b", "Rates"] == 3.0 and frame.shape == (3, 2)
    assert series["c"] == 5.0 and series.name == "beta"
    frame.iloc[0, 0] = series.iloc[0] = 9.0
    assert values[0].tolist() == [0.0, 1.0]


# Beliefs ------------------------------------------------------------------------------------------


def test_beliefs_are_selected_by_label_from_any_order_and_superset():
    prior = pd.DataFrame(
        np.arange(12.0).reshape(4, 3), index=["z", "c", "b", "a"], columns=["Rates", "Other", "Equity"]
    )
    signs = prior - 5
    groups = pd.Series({"q": "x", "c": "u", "b": "v", "a": "u"})
    b = Beliefs.for_panel(panel(), signs=signs, prior=prior, groups=groups)
    assert b.prior.tolist() == [[11, 9], [8, 6], [5, 3]]
    assert b.signs.tolist() == [[1, 1], [1, 1], [0, -1]]
    assert list(b.groups) == ["u", "v", "u"]


def test_no_beliefs_are_none():
    b = Beliefs.for_panel(panel())
    assert b.signs is None and b.prior is None and b.groups is None


def test_signs_become_minus_one_zero_one_or_free():
    signs = cells()
    signs.iloc[:, 0] = [2.0, -0.5, 1e-8]
    signs.iloc[:, 1] = [np.nan, -1e-9, 1.1e-8]
    values = Beliefs.for_panel(panel(), signs=signs).signs
    assert values[:, 0].tolist() == [1, -1, 0]
    assert np.isnan(values[0, 1]) and values[1:, 1].tolist() == [0, 1]


def test_an_empty_prior_cell_says_nothing_which_is_not_zero():
    prior = cells(0.5)
    prior.iloc[1, 1] = np.nan
    held = Beliefs.for_panel(panel(), prior=prior)
    np.testing.assert_array_equal(held.prior, [[0.5, 0.5], [0.5, np.nan], [0.5, 0.5]])
    assert held.key != Beliefs.for_panel(panel(), prior=prior.fillna(0.0)).key


@pytest.mark.parametrize("what", ["signs", "prior"])
def test_a_response_or_factor_without_an_entry_is_named(what):
    with pytest.raises(BeliefsError, match="no entry for the response 'b' and 1 more"):
        Beliefs.for_panel(panel(), **{what: cells().loc[["a"]]})
    with pytest.raises(BeliefsError, match="no entry for the factor 'Rates': add"):
        Beliefs.for_panel(panel(), **{what: cells()[["Equity"]]})


@pytest.mark.parametrize("what", ["signs", "prior"])
def test_a_belief_that_cannot_be_read_is_refused(what):
    with pytest.raises(BeliefsError, match="must be a DataFrame of responses by factors, not ndarray"):
        Beliefs.for_panel(panel(), **{what: np.ones((3, 2))})
    with pytest.raises(BeliefsError, match="the response 'a' twice"):
        Beliefs.for_panel(panel(), **{what: pd.concat([cells(), cells().loc[["a"]]])})
    with pytest.raises(BeliefsError, match="not a number"):
        Beliefs.for_panel(panel(), **{what: cells().astype(object).replace(1.0, "up")})
    with pytest.raises(BeliefsError, match=r"infinite at \(b, Rates\)"):
        Beliefs.for_panel(panel(), **{what: changed(cells(), 1, 1, np.inf)})


def test_groups_need_one_label_for_every_response():
    with pytest.raises(BeliefsError, match="must be a Series of labels by response, not dict"):
        Beliefs.for_panel(panel(), groups={"a": 1})
    with pytest.raises(BeliefsError, match="'b' has no group"):
        Beliefs.for_panel(panel(), groups=pd.Series({"a": 1, "c": 2}))
    with pytest.raises(BeliefsError, match="'c' has no group"):
        Beliefs.for_panel(panel(), groups=pd.Series({"a": "u", "b": "v", "c": None}))
    with pytest.raises(BeliefsError, match="'a' twice"):
        Beliefs.for_panel(panel(), groups=pd.Series([1, 2, 3, 4], index=list("aabc")))


def test_the_key_of_beliefs_sees_every_cell_and_which_matrix_it_stands_in():
    def key(**given) -> str:
        return Beliefs.for_panel(panel(), **given).key

    keys = [
        key(),
        key(signs=cells()),
        key(prior=cells()),
        key(signs=changed(cells(), 0, 0, np.nan)),
        key(signs=changed(cells(), 0, 0, 0)),
        key(signs=changed(cells(), 0, 0, -1)),
        key(prior=changed(cells(), 2, 1, 1 + 2**-52)),
        key(groups=pd.Series({"a": "u", "b": "v", "c": "u"})),
        key(groups=pd.Series({"a": "u", "b": "u", "c": "u"})),
    ]
    assert len(set(keys)) == len(keys)


def test_two_sign_matrices_that_mean_the_same_have_one_key():
    left, right = (Beliefs.for_panel(panel(), signs=cells(value)) for value in (1.0, 7.5))
    assert left.key == right.key


def test_beliefs_cannot_be_written_and_do_not_follow_the_callers_frames():
    signs, prior = cells(), cells(0.5)
    b = Beliefs.for_panel(panel(), signs=signs, prior=prior, groups=pd.Series({"a": 1, "b": 1, "c": 2}))
    signs.iloc[:, :], prior.iloc[:, :] = -1.0, 0.0
    assert (b.signs == 1).all() and (b.prior == 0.5).all()
    for values in (b.signs, b.prior, b.groups):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def test_groups_do_not_follow_the_callers_series():
    groups = pd.Series(["u", "v", "v"], index=Y.columns, dtype=object)
    b = Beliefs.for_panel(panel(), groups=groups)
    groups.iloc[0] = "v"
    assert list(b.groups) == ["u", "v", "v"]


def test_a_different_grouping_is_another_key():
    mixed = Beliefs.for_panel(panel(), groups=pd.Series([1, "1", 1], index=Y.columns, dtype=object))
    one = Beliefs.for_panel(panel(), groups=pd.Series(["1", "1", "1"], index=Y.columns, dtype=object))
    assert mixed.key != one.key
