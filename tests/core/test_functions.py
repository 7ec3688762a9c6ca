"""The public helpers: running means and covariances, powers, groups, tables by frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.dependence import ewm_covariance
from factorlasso_core.errors import BeliefsError, DataError, OptionError
from factorlasso_core.ewm import ewm_mean, ewm_product, ewm_recursion, loss_weights
from factorlasso_core.functions import (
    InitType,
    NanBackfill,
    compute_ewm,
    compute_ewm_covar,
    compute_expanding_power,
    get_clusters_by_freq,
    get_cutoffs_by_freq,
    get_linkage_array,
    get_linkages_by_freq,
    set_group_loadings,
)

NAN = np.nan


def ragged(seed: int, rows: int = 25, columns: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, columns))
    values[random.random(values.shape) < random.choice([0.0, 0.3, 0.9])] = NAN
    for column, start in enumerate(random.integers(0, rows, columns)):
        values[: start if random.random() < 0.5 else 0, column] = NAN
    return values


# Running means ----------------------------------------------------------------------------------


def recursion(values, d, start, hold, wait) -> list[float]:
    """One column, cell by cell."""
    out, state, begun = [], start, not np.isnan(values[0])
    out.append(state if begun else NAN)
    for value in values[1:]:
        begun = begun or not np.isnan(value)
        if not np.isnan(value):
            state = d * state + (1 - d) * value
        elif begun or not wait:
            state = hold * state
        out.append(state if begun or not wait else NAN)
    return out


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.99), st.sampled_from([0.0, 0.4, 1.0]), st.booleans())
def test_the_running_mean_is_its_recursion_on_any_ragged_array(seed, d, hold, wait):
    values, start = ragged(seed), np.array([0.0, 1.0, -2.0, 10.0])
    expected = np.column_stack([recursion(values[:, k], d, start[k], hold, wait) for k in range(4)])
    np.testing.assert_allclose(ewm_recursion(values, d, start, hold, wait), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("values", "means"),
    [([1, NAN, 3], [1, 1, 2]), ([NAN, NAN, 1, 1, 1], [NAN, NAN, 0.5, 0.75, 0.875]), ([5], [5])],
    ids=["hole", "late start", "one row"],
)
def test_the_mean_at_span_three_is(values, means):
    np.testing.assert_array_equal(compute_ewm(np.array(values, dtype=float), span=3), means)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(1, 200))
def test_the_default_mean_is_the_one_that_demeans_panels(seed, span):
    np.testing.assert_allclose(compute_ewm(ragged(seed), span), ewm_mean(ragged(seed), span), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("init_type", "first"), [("ZERO", 0.0), ("X0", 2.0), ("MEAN", 4.0), ("VAR", 8 / 3)], ids=str)
def test_the_first_row_is_the_start(init_type, first):
    data = np.array([2.0, NAN, 6.0, 4.0])
    assert compute_ewm(data, span=3, init_type=InitType[init_type])[0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("backfill", "means"),
    [
        ("FFILL", [4, 4, 4, 3]),
        ("DEFLATED_FFILL", [4, 2, 1, 1.5]),
        ("ZERO_FILL", [4, 0, 0, 1]),
        ("NAN_FILL", [4, 0, 0, 1]),
    ],
)
def test_a_hole_is_filled_as_told(backfill, means):
    data = np.array([4, NAN, NAN, 2.0])
    assert compute_ewm(data, span=3, nan_backfill=NanBackfill[backfill]).tolist() == means


def test_without_a_span_the_decay_is_094():
    data = ragged(3)
    np.testing.assert_array_equal(compute_ewm(data), compute_ewm(data, ewm_lambda=0.94))
    np.testing.assert_array_equal(compute_ewm(data, span=3), compute_ewm(data, ewm_lambda=0.5))


def test_what_comes_in_comes_out():
    dates = pd.date_range("2020-01-31", periods=25, freq="ME", name="month")
    frame = pd.DataFrame(ragged(4), index=dates, columns=list("abcd"))
    result = compute_ewm(frame, span=5)
    assert result.index.equals(dates) and result.index.name == "month" and list(result) == list("abcd")
    pd.testing.assert_series_equal(compute_ewm(frame["b"], span=5), result["b"])
    np.testing.assert_array_equal(compute_ewm(frame.to_numpy(), span=5), result)


def test_starts_in_a_series_go_to_their_columns():
    frame = pd.DataFrame(np.ones((2, 2)), columns=["a", "b"])
    assert compute_ewm(frame, span=3, init_value=pd.Series({"b": 7.0, "a": 3.0})).iloc[0].tolist() == [3.0, 7.0]
    with pytest.raises(KeyError, match="b"):
        compute_ewm(frame, span=3, init_value=pd.Series({"a": 3.0}))


def test_a_column_without_values_stays_empty_and_silent():
    data = np.column_stack([np.arange(3.0), np.full(3, NAN)])
    for init_type in InitType:
        assert np.isnan(compute_ewm(data, span=3, init_type=init_type)[:, 1]).all()


def test_taking_means_leaves_the_data_alone():
    frame = pd.DataFrame(ragged(5))
    before = frame.copy()
    compute_ewm(frame, span=5)
    compute_ewm_covar(frame.to_numpy(), span=5)
    pd.testing.assert_frame_equal(frame, before)


# Covariances ------------------------------------------------------------------------------------


def product(left, right, d, start, hold) -> np.ndarray:
    """The recursion cell by cell."""
    state = start.copy()
    for a, b in zip(left, right, strict=True):
        both = ~np.isnan(a)[:, None] & ~np.isnan(b)[None, :]
        state = np.where(both, d * state + (1 - d) * np.outer(np.nan_to_num(a), np.nan_to_num(b)), hold * state)
    return state


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.99), st.sampled_from(["zero", "half", "decay", "one"]), st.booleans())
def test_the_product_is_its_recursion_on_any_ragged_arrays(seed, d, hold, started):
    left, right = ragged(seed), ragged(seed + 1, columns=3)
    share = {"zero": 0.0, "half": 0.5, "decay": d, "one": 1.0}[hold]
    start = started * np.random.default_rng(seed).standard_normal((4, 3))
    expected = product(left, right, d, start, share)
    np.testing.assert_allclose(ewm_product(left, right, d, start, share), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_the_default_covariance_is_the_one_that_clusters_responses(seed):
    values = ragged(seed)
    np.testing.assert_allclose(compute_ewm_covar(values, span=9), ewm_covariance(values, 9), rtol=1e-12, atol=1e-14)


def test_a_covariance_of_itself_is_symmetric_and_of_two_is_transposed():
    a, b = ragged(6), ragged(7)
    np.testing.assert_allclose(compute_ewm_covar(a), compute_ewm_covar(a).T, rtol=1e-13)
    np.testing.assert_allclose(compute_ewm_covar(a, b), compute_ewm_covar(b, a).T, rtol=1e-13)


def test_rows_one_by_one_give_the_covariance_of_all():
    values, state = ragged(8), None
    for row in values:
        state = compute_ewm_covar(row, span=6, covar0=state)
    np.testing.assert_allclose(state, compute_ewm_covar(values, span=6), rtol=1e-12, atol=1e-14)


def test_a_correlation_has_ones_on_its_diagonal_and_zeros_for_what_stands_still():
    values = np.random.default_rng(9).standard_normal((50, 3))
    values[:, 1] = 0.0
    found = compute_ewm_covar(values, span=20, is_corr=True)
    assert np.diag(found).tolist() == [1, 1, 1] and found[1, [0, 2]].tolist() == [0, 0]
    covariance = compute_ewm_covar(values, span=20)
    assert found[0, 2] == pytest.approx(covariance[0, 2] / np.sqrt(covariance[0, 0] * covariance[2, 2]))


def test_variances_below_the_floors_of_the_reference_count_as_none():
    values = np.random.default_rng(11).standard_normal((50, 2)) + 0.3
    assert compute_ewm_covar(values * 1e-6, span=20, is_corr=True).tolist() == np.eye(2).tolist()
    assert compute_ewm_covar(values * [1, 1e-7], span=20, is_corr=True)[0, 1] == 0.0
    assert compute_ewm_covar(values * [1, 1e-5], span=20, is_corr=True)[0, 1] != 0.0


def test_one_update_is_a_covariance_even_when_correlation_is_asked_for():
    assert compute_ewm_covar(np.array([2.0, 4.0]), span=3, is_corr=True).tolist() == [[2, 4], [4, 8]]


def test_a_frame_gives_the_covariance_of_its_columns():
    frame = pd.DataFrame(ragged(10))
    np.testing.assert_array_equal(compute_ewm_covar(frame, span=5), compute_ewm_covar(frame.to_numpy(), span=5))


# Powers -----------------------------------------------------------------------------------------


def test_powers_count_up_from_one_and_reversed_they_end_with_it():
    assert compute_expanding_power(4, 0.5).tolist() == [1, 0.5, 0.25, 0.125]
    np.testing.assert_array_equal(compute_expanding_power(40, 0.92, reverse_columns=True), loss_weights(40, 24))


# Groups -----------------------------------------------------------------------------------------


def test_every_asset_is_in_its_group_alone():
    groups = pd.Series({"a": "Equity", "b": "Bond", "c": "Equity"})
    loadings = set_group_loadings(groups)
    assert loadings.columns.tolist() == ["Equity", "Bond"]
    assert loadings.idxmax(axis=1).tolist() == groups.tolist() and (loadings.sum(axis=1) == 1).all()


def test_a_group_that_is_left_out_of_the_order_has_no_column():
    loadings = set_group_loadings(pd.Series({"a": "Equity", "b": "Bond"}), ["Bond", "Gold"])
    assert loadings.loc["a"].tolist() == [0, 0] and loadings["Gold"].tolist() == [0, 0]


@pytest.mark.parametrize("missing", [None, NAN, pd.NA])
def test_an_asset_without_a_group_is_named(missing):
    with pytest.raises(BeliefsError, match="'b' has no group"):
        set_group_loadings(pd.Series({"a": "Equity", "b": missing}))


# Tables by frequency ----------------------------------------------------------------------------

MERGES = pd.DataFrame(
    [[0, 1, 0.5, 2], [2, 3, 0.7, 3], [0, 1, 0.1, 2]],
    columns=["left", "right", "distance", "n_samples"],
    index=["ME:step_0", "ME:step_1", "QE:step_0"],
)


def test_the_merges_of_a_frequency_are_what_scipy_writes():
    assert get_linkage_array(MERGES, "ME").tolist() == [[0, 1, 0.5, 2], [2, 3, 0.7, 3]]
    assert {freq: merges.shape for freq, merges in get_linkages_by_freq(MERGES).items()} == {"ME": (2, 4), "QE": (1, 4)}
    assert get_linkages_by_freq(MERGES.iloc[:0]) == {}


def test_a_frequency_is_a_whole_name_not_a_beginning():
    with pytest.raises(KeyError, match="'M': linkages has 'ME', 'QE'"):
        get_linkage_array(MERGES, "M")


def test_a_merge_without_a_frequency_is_named():
    with pytest.raises(KeyError, match="'step_7' of linkages names no frequency"):
        get_linkages_by_freq(MERGES.rename(index={"ME:step_1": "step_7"}))


def test_clusters_are_split_by_frequency_and_lose_it():
    clusters = pd.Series({"a": "ME:1", "b": "QE:2", "c": "ME:3", "d": None}, name="cluster")
    found = get_clusters_by_freq(clusters)
    assert {freq: part.to_dict() for freq, part in found.items()} == {"ME": {"a": "1", "c": "3"}, "QE": {"b": "2"}}
    assert found["ME"].name == "cluster"


def test_a_cluster_without_a_frequency_is_named():
    with pytest.raises(DataError, match="Cluster '7' of 'b' names no frequency"):
        get_clusters_by_freq(pd.Series({"a": "ME:1", "b": "7"}))


def test_cutoffs_are_plain_numbers_by_frequency():
    found = get_cutoffs_by_freq(pd.Series({"ME": 0.5, "QE": 1}))
    assert found == {"ME": 0.5, "QE": 1.0} and all(type(value) is float for value in found.values())


def test_two_cutoffs_of_one_frequency_are_refused():
    with pytest.raises(DataError, match="'ME' has two cutoffs"):
        get_cutoffs_by_freq(pd.Series([0.1, 0.2], index=["ME", "ME"]))


# Refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "option"),
    [
        (lambda: compute_ewm(np.ones(3), span=0.9), "span"),
        (lambda: compute_ewm(np.ones(3), span=NAN), "span"),
        (lambda: compute_ewm(np.ones(3), ewm_lambda=1.0), "ewm_lambda"),
        (lambda: compute_ewm(np.ones(3), ewm_lambda=NAN), "ewm_lambda"),
        (lambda: compute_ewm(np.ones(3), init_type=2), "init_type"),
        (lambda: compute_ewm(np.ones(3), nan_backfill="ffill"), "nan_backfill"),
        (lambda: compute_ewm(np.ones((3, 2)), init_value=np.ones(3)), "init_value"),
        (lambda: compute_ewm_covar(np.ones((3, 2)), ewm_lambda=-0.1), "ewm_lambda"),
        (lambda: compute_ewm_covar(np.ones((3, 2)), nan_backfill=3), "nan_backfill"),
        (lambda: compute_expanding_power(0, 0.5), "n"),
        (lambda: compute_expanding_power(3, np.inf), "power_lambda"),
        (lambda: compute_expanding_power(3, 0.0), "power_lambda"),
    ],
)
def test_an_option_out_of_range_is_named(call, option):
    with pytest.raises(OptionError, match=f"^{option}="):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compute_ewm(np.array(["a", "b"])), "^data must hold numbers"),
        (lambda: compute_ewm_covar(np.ones((3, 2)), np.ones((3, 1))), r"\(3, 2\) and b of shape \(3, 1\)"),
        (lambda: compute_ewm_covar(np.ones((3, 2, 2))), r"both must be \(T, N\)"),
        (lambda: compute_ewm_covar(np.array(3.0)), r"both must be \(T, N\)"),
        (lambda: compute_ewm_covar(np.ones((3, 2)), covar0=np.eye(3)), r"must be \(2, 2\)"),
        (lambda: get_cutoffs_by_freq(pd.Series({"ME": "high"})), "^cutoffs must hold numbers"),
    ],
)
def test_data_that_do_not_fit_are_refused_with_the_cure(call, message):
    with pytest.raises(DataError, match=message):
        call()


@pytest.mark.parametrize("data", [np.empty((0, 2)), np.array(1.0), pd.DataFrame({"a": []})])
def test_a_mean_needs_a_row(data):
    with pytest.raises(IndexError, match="no rows"):
        compute_ewm(data, span=3)
