"""Covariance data: joined by label, exact in files, and true to the fit they come from."""

from __future__ import annotations

import dataclasses
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from factorlasso_core import DataError, FitSpec, OptionError, Panel, fit
from factorlasso_core.covariance import (
    CurrentFactorCovarData,
    ResidualCorrelationData,
    ResidualType,
    RollingFactorCovarData,
    VarianceColumns,
    estimate_residual_correlation,
    factor_covariance,
)
from factorlasso_core.covariance.cells import decode, encode, tag, untag
from factorlasso_core.covariance.grids import Layout, to_cells
from factorlasso_core.covariance.shared import cluster_mean
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import LossOptions, PenaltyOptions

ASSETS, FACTORS = list("abcd"), ["eq", "bd"]
DATES = pd.date_range("2001-01-31", periods=36, freq="ME")
NAN = np.nan


def residual_table(seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).standard_normal((36, 4))
    values[:6, 2] = NAN
    return pd.DataFrame(values, index=DATES, columns=ASSETS)


def description(**changes: Any) -> pd.DataFrame:
    row = {"frequency": "ME", "beta_span": 24.0, "annualisation_factor": 12.0, "residual_scale": 1.0, **changes}
    return pd.DataFrame(row, index=ASSETS)


def prepared() -> ResidualCorrelationData:
    return estimate_residual_correlation(residual_table(), description(), DATES[-1], missing_policy="zero_innovation")


def snapshot(**changes: Any) -> CurrentFactorCovarData:
    random = np.random.default_rng(3)
    variances = {"ewma_var": random.random(4), "residual_var": [0.1, 0.2, 0.3, 0.4], "insample_alpha": 0.01, "r2": 0.5}
    fields: dict[str, Any] = {
        "x_covar": pd.DataFrame([[0.04, 0.01], [0.01, 0.09]], index=FACTORS, columns=FACTORS),
        "y_betas": pd.DataFrame(random.standard_normal((4, 2)), index=ASSETS, columns=FACTORS),
        "y_variances": pd.DataFrame(variances, index=ASSETS),
        "estimation_date": DATES[-1],
        "residuals": residual_table(),
        "clusters": pd.Series([1, 1, 2, 2], index=ASSETS),
    }
    return CurrentFactorCovarData(**{**fields, **changes})


# Joined by label ----------------------------------------------------------------------------------


def test_the_order_of_tables_does_not_matter():
    plain = snapshot()
    shuffled = snapshot(
        x_covar=plain.x_covar.iloc[::-1, ::-1], y_variances=plain.y_variances.iloc[[2, 0, 3, 1]].assign(more=1.0)
    )
    np.testing.assert_array_equal(shuffled.y_covar, plain.y_covar)
    pd.testing.assert_frame_equal(shuffled.get_model_vols(), plain.get_model_vols())
    pd.testing.assert_frame_equal(shuffled.get_snapshot(), plain.get_snapshot())


def test_a_covariance_is_what_the_formula_says():
    plain = snapshot()
    beta, factors = plain.y_betas.to_numpy(), plain.x_covar.to_numpy()
    by_hand = beta @ factors @ beta.T + np.diag([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(plain.y_covar, by_hand, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(plain.y_covar, plain.y_covar.T)
    np.testing.assert_allclose(np.diag(plain.y_covar), plain.get_model_vols()["total_vol"] ** 2, rtol=1e-14)
    np.testing.assert_allclose(plain.get_y_covar(0), beta @ factors @ beta.T, rtol=0, atol=1e-15)


@pytest.mark.parametrize("form", [list, pd.Index, np.array, tuple, pd.Series])
def test_assets_may_be_any_list(form: Any):
    plain, wanted = snapshot(residual_correlation=prepared()), form(["c", "a"])
    for found in (
        plain.get_y_covar(assets=wanted),
        plain.get_residual_covar(assets=wanted, residual_type="empirical"),
        plain.get_model_vols(wanted),
        plain.get_snapshot(wanted),
        plain.filter_on_tickers(wanted).y_betas,
        plain.residual_correlation.get_corr(assets=wanted),
        RollingFactorCovarData({DATES[0]: plain}).get_y_covars(assets=wanted)[DATES[0]],
        RollingFactorCovarData({DATES[0]: plain}).filter_on_tickers(wanted)[DATES[0]].y_betas,
    ):
        assert list(found.index) == ["c", "a"]


def test_an_iterator_of_assets_serves_every_date():
    rolling = RollingFactorCovarData({DATES[0]: snapshot(), DATES[1]: snapshot()})
    assert {len(found) for found in rolling.get_y_covars(assets=iter("ab")).values()} == {2}
    assert {len(found.y_betas) for found in rolling.filter_on_tickers(iter("ab")).data.values()} == {2}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"x_covar": pd.DataFrame([[1.0]], ["eq"], ["eq"])}, "'bd'"),
        ({"y_variances": pd.DataFrame({"residual_var": [1.0]}, index=["b"])}, "'a' and 2 more"),
        ({"y_variances": pd.DataFrame({"r2": 1.0}, index=ASSETS)}, "'residual_var'"),
        ({"y_variances": pd.DataFrame({"residual_var": [1, NAN, -1, 1]}, index=ASSETS)}, "'b' and 1 more"),
        ({"y_variances": pd.DataFrame({"residual_var": list("wxyz")}, index=ASSETS)}, "not a number"),
        ({"y_betas": pd.DataFrame([[1, NAN]] * 4, index=ASSETS, columns=FACTORS)}, "'a' and 3 more"),
        ({"x_covar": pd.DataFrame([[1, NAN], [NAN, 1]], FACTORS, FACTORS)}, "'eq' and 1 more"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], named: str):
    with pytest.raises(DataError, match=named):
        snapshot(**changes).get_y_covar()


def test_a_response_without_variance_can_be_left_out():
    unknown = snapshot().y_variances.copy()
    unknown.loc["b", "residual_var"] = NAN
    plain = snapshot(y_variances=unknown)
    assert plain.get_y_covar(assets=["a", "c", "d"]).notna().all(axis=None)
    assert plain.get_y_covar(0).notna().all(axis=None)
    assert plain.get_model_vols().isna().any(axis=1).tolist() == [False, True, False, False]


def test_a_factor_covariance_that_is_none_is_refused():
    bad = pd.DataFrame([[1.0, 2.0], [2.0, 1.0]], FACTORS, FACTORS)
    ones = pd.DataFrame([[1.0, -1.0]], index=["a"], columns=FACTORS)
    with pytest.raises(DataError, match="'a' a negative variance"):
        snapshot(x_covar=bad, y_betas=ones).get_model_vols()


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("x_covar", np.eye(2), TypeError, "x_covar must be a DataFrame"),
        ("x_covar", pd.DataFrame(np.eye(2), FACTORS, ["eq", "cr"]), DataError, "on one side only"),
        ("y_betas", pd.DataFrame(np.ones((2, 2)), ["a", "a"], FACTORS), DataError, "row 'a' twice"),
        ("y_betas", pd.DataFrame(np.ones((1, 2)), ["a"], ["eq", "eq"]), DataError, "column 'eq' twice"),
        ("clusters", [1, 2], TypeError, "clusters must be a Series"),
        ("cutoffs", pd.Series([1, 2], index=["ME", "ME"]), TypeError, "each label once"),
        ("residuals", pd.DataFrame([[1, 2]], columns=["a", "a"]), TypeError, "each column once"),
        ("derived_signs", 3, TypeError, "derived_signs must be a DataFrame"),
    ],
)
def test_unusable_fields_are_refused_at_once(field: str, value: Any, error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        snapshot(**{field: value})


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"assets": "ab"}, TypeError, "a list of labels"),
        ({"assets": ["a", "z", "y"]}, KeyError, "'z' and 1 more"),
        ({"assets": ["a", "a"]}, DataError, "'a' stands twice"),
        ({"residual_var_weight": -1}, OptionError, "residual_var_weight=-1"),
        ({"residual_var_weight": NAN}, OptionError, "residual_var_weight"),
        ({"residual_type": "empirical"}, DataError, "estimate_residual_correlation"),
        ({"residual_type": "none"}, OptionError, "'residual_cluster'"),
        ({"residual_corr_weight": 0.5}, OptionError, "1 for orthogonal"),
    ],
)
@pytest.mark.parametrize("method", ["get_y_covar", "get_residual_covar"])
def test_mistakes_are_named(method: str, arguments: dict[str, Any], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        getattr(snapshot(), method)(**arguments)


# Residuals that share something -------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ResidualType))
def test_shared_residuals_keep_their_variances_and_stay_a_covariance(kind: ResidualType):
    plain = snapshot(residual_correlation=prepared())
    found = plain.get_residual_covar(2.0, residual_type=kind)
    np.testing.assert_allclose(np.diag(found), [0.2, 0.4, 0.6, 0.8], rtol=1e-15)
    assert np.linalg.eigvalsh(found)[0] > 0
    whole = plain.get_y_covar(2.0, residual_type=kind.value) - plain.get_y_covar(0.0)
    np.testing.assert_allclose(whole, found, rtol=0, atol=1e-15)


@settings(max_examples=60, deadline=None)
@given(arrays(float, (9, 6), elements=st.floats(-3, 3)), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_means_inside_clusters_are_means_and_keep_a_correlation_semidefinite(values: np.ndarray, labels: list[int]):
    values = values + 1e-3 * np.eye(9)[:, :6]
    root = values / np.linalg.norm(values, axis=0)
    found = cluster_mean(root.T @ root, np.array(labels))
    assert np.linalg.eigvalsh(found)[0] > -1e-9
    for i in range(6):
        for j in range(i):
            mates = [(k, m) for k in range(6) for m in range(k) if labels[k] == labels[m] == labels[i]]
            mean = np.mean([root[:, k] @ root[:, m] for k, m in mates]) if labels[i] == labels[j] else 0.0
            assert found[i, j] == found[j, i] == pytest.approx(mean, abs=1e-12)


def test_what_a_cluster_shares_does_not_depend_on_who_is_looked_at():
    plain = snapshot(residual_correlation=prepared(), clusters=pd.Series(["x", "x", "x", "y"], index=ASSETS))
    for kind in ("exposure_cluster", "residual_cluster"):
        whole = plain.get_residual_covar(residual_type=kind).loc[["c", "a"], ["c", "a"]]
        twice = plain.filter_on_tickers(["a", "c", "d"]).filter_on_tickers({"c": "C", "a": "A"})
        np.testing.assert_allclose(twice.get_residual_covar(residual_type=kind), whole, rtol=1e-15)


def test_a_response_without_cluster_is_named_only_when_clusters_are_used():
    plain = snapshot(residual_correlation=prepared(), clusters=pd.Series([1, 1, 2], index=list("abc")))
    with pytest.raises(DataError, match="'d'"):
        plain.get_residual_covar(residual_type="exposure_cluster")
    part = plain.filter_on_tickers(["d", "a"])
    assert part.clusters.to_dict() == {"a": 1}
    assert part.get_residual_covar(residual_type="residual_cluster").shape == (2, 2)


def test_a_response_without_correlation_is_named():
    plain = snapshot(residual_correlation=prepared().filter_on_tickers(["a", "b"]))
    with pytest.raises(DataError, match="'c' and 1 more"):
        plain.get_y_covar(residual_type="empirical")
    assert plain.get_y_covar(assets=["b"], residual_type="empirical").shape == (1, 1)
    assert plain.filter_on_tickers(["c"]).residual_correlation is None


def test_a_correlation_of_the_future_is_refused():
    plain = snapshot(residual_correlation=prepared(), estimation_date=DATES[-2])
    with pytest.raises(DataError, match="estimated on"):
        plain.get_y_covar(residual_type="empirical")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"correlation": pd.DataFrame([[1, 0.9], [0.9, 1]], ["a", "b"], ["a", "c"])}, "one side only"),
        ({"correlation": pd.DataFrame([[1.0, 0.2], [0.3, 1]], ["a", "b"], ["a", "b"])}, "symmetric"),
        ({"correlation": pd.DataFrame([[1.0, 2.0], [2.0, 1]], ["a", "b"], ["a", "b"])}, "semidefinite"),
        ({"correlation": pd.DataFrame([[1.0, NAN], [NAN, 1]], ["a", "b"], ["a", "b"])}, "not finite"),
        (
            {"correlation": pd.DataFrame(), "residual_returns": pd.DataFrame(), "asset_metadata": pd.DataFrame()},
            "empty",
        ),
        ({"asset_metadata": description()}, "'c'"),
        ({"observation_date": DATES[-1], "estimation_date": DATES[0]}, "not known"),
    ],
)
def test_what_is_no_residual_correlation_is_refused(changes: dict[str, Any], words: str):
    with pytest.raises(DataError, match=words):
        dataclasses.replace(prepared().filter_on_tickers(["a", "b"]), **changes)


def test_periods_that_do_not_hold_whole_ones_are_refused():
    days = pd.date_range("2001-01-01", periods=100, freq="2D")
    residuals = pd.DataFrame(np.random.default_rng(0).standard_normal((100, 4)), index=days, columns=ASSETS)
    with pytest.raises(DataError, match="'2D' cross the ends of periods of 'ME'"):
        estimate_residual_correlation(residuals, description(frequency="2D"), days[-1], "ME", 5, 6)


def test_quarters_are_sums_of_whole_quarters():
    found = estimate_residual_correlation(
        residual_table().iloc[1:], description(residual_scale=2.0), DATES[-2], "QE", periods_per_year=4
    )
    expected = (residual_table().iloc[3:33] / 2).resample("QE").sum(min_count=3)
    pd.testing.assert_frame_equal(found.residual_returns, expected, check_freq=False)
    # A year decays as before: (11.5/12.5)**12 = (1 - 2/(span + 1))**4 with a monthly span of 24.
    assert (1 - 2 / (found.span + 1)) ** 4 == pytest.approx((1 - 2 / 25) ** 12, rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"residuals": residual_table().iloc[::-1]}, "in order"),
        ({"residuals": residual_table().reset_index(drop=True)}, "dates as rows"),
        ({"residuals": residual_table().iloc[:0]}, "at least one row"),
        ({"residuals": residual_table()[["a", "a"]]}, "twice"),
        ({"residuals": residual_table().assign(b="x")}, "'b' are not numbers"),
        ({"residuals": residual_table().assign(b=0.0)}, "'b' do not vary"),
        ({"residuals": residual_table().assign(b=np.inf)}, "'b' has fewer than two"),
        ({"metadata": None}, "must be a DataFrame"),
        ({"metadata": description().drop(columns="beta_span")}, "'beta_span'"),
        ({"metadata": description().iloc[:2]}, "'c' and 1 more"),
        ({"metadata": pd.concat([description()] * 2)}, "'a' twice"),
        ({"metadata": description(residual_scale="x")}, "not a number"),
        ({"metadata": description(frequency=None)}, "frequency of 'a' and 3 more"),
        ({"metadata": description(beta_span=None)}, "give span"),
        ({"estimation_date": pd.Timestamp("1990-01-01")}, "No residual was observed"),
        ({"estimation_date": pd.NaT}, "estimation_date"),
        ({"missing_policy": "drop"}, "'zero_innovation'"),
        ({"span": 0.5}, "span=0.5"),
        ({"frequency": "often"}, "pandas alias"),
        ({"frequency": "QE"}, "periods_per_year=None"),
        ({"periods_per_year": 6}, "12, as metadata says"),
        ({"frequency": "W-FRI", "periods_per_year": 52}, "at most 12"),
    ],
)
def test_estimates_that_cannot_be_made_say_why(changes: dict[str, Any], words: str):
    given: dict[str, Any] = {
        "residuals": residual_table(), "metadata": description(), "estimation_date": DATES[-1], **changes
    }  # fmt: skip
    with pytest.raises(ValueError, match=words):
        estimate_residual_correlation(**given)


# Alphas, snapshots, parts -------------------------------------------------------------------------


@pytest.mark.parametrize("span", [12, 12.0, np.int64(12), np.float32(12), {"ME": np.int32(12)}])
def test_any_number_is_a_span(span: Any):
    pd.testing.assert_series_equal(snapshot().estimate_alpha(span), snapshot().estimate_alpha(12))
    quarterly = snapshot().estimate_alpha({"ME": 3, "QE": span} if np.isscalar(span) else 12, "QE")
    pd.testing.assert_series_equal(quarterly, snapshot().estimate_alpha(12))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"alpha_span": 0.5}, OptionError, "alpha_span=0.5"),
        ({"alpha_span": True}, TypeError, "number of rows"),
        ({"alpha_span": {"QE": 4}}, KeyError, "'ME' of 'a'"),
        ({"alpha_span": {"ME": 4}, "asset_frequencies": ["ME"]}, TypeError, "not list"),
    ],
)
def test_spans_that_are_none(arguments: dict[str, Any], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        snapshot().estimate_alpha(**arguments)


def test_no_column_of_a_snapshot_stands_twice():
    columns = [*FACTORS, "r2", "stat_alpha", "insample_alpha", "total_vol", "sys_vol", "resid_vol"]
    without = snapshot(residuals=None).get_snapshot()
    assert list(snapshot().get_snapshot().columns) == list(without.columns) == columns
    assert (without["stat_alpha"] == without["insample_alpha"]).all()
    assert (
        snapshot(residuals=residual_table()[["a"]]).get_snapshot()["stat_alpha"].notna().tolist()
        == [True] + [False] * 3
    )
    with pytest.raises(DataError, match="'r2'"):
        snapshot(y_variances=snapshot().y_variances.drop(columns="r2")).get_snapshot()
    with pytest.raises(DataError, match="no residuals"):
        snapshot(residuals=None).estimate_alpha()


def test_clusters_join_the_variances_once():
    assert snapshot().y_variances[VarianceColumns.CLUSTER.value].tolist() == [1, 1, 2, 2]
    part = snapshot(clusters=pd.Series({"d": "x"})).y_variances["cluster"]
    assert part.isna().tolist() == [True, True, True, False]
    given = snapshot().y_variances.assign(cluster=7)
    assert snapshot(y_variances=given).y_variances["cluster"].tolist() == [7] * 4


@pytest.mark.parametrize("given", [date(2003, 12, 31), np.datetime64("2003-12-31"), pd.Timestamp("2003-12-31")])
def test_dates_become_timestamps(given: Any):
    assert snapshot(estimation_date=given).estimation_date == pd.Timestamp("2003-12-31")
    assert snapshot(estimation_date=35).estimation_date == 35


def test_two_responses_cannot_get_one_name():
    with pytest.raises(DataError, match="'X'"):
        snapshot().filter_on_tickers({"a": "X", "b": "X"})


def test_rolling_data_take_snapshots_by_any_kind_of_date():
    rolling = RollingFactorCovarData({"2001-03-31": snapshot()})
    rolling.add(date(2001, 1, 31), snapshot())
    assert list(rolling) == [pd.Timestamp("2001-01-31"), pd.Timestamp("2001-03-31")]
    assert rolling["2001-01-31"] is rolling.data[pd.Timestamp("2001-01-31")]
    assert "2001-01-31" in rolling and "2001-02-01" not in rolling
    assert list(rolling.get_residual_covars(dates=["2001-02-10"])) == [pd.Timestamp("2001-02-10")]
    with pytest.raises(DataError, match="No snapshot was known by 2000"):
        rolling.get_y_covars(dates=["2000-12-31"])
    with pytest.raises(TypeError, match="not int"):
        rolling.add(DATES[0], 3)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no snapshot yet"):
        RollingFactorCovarData().get_latest()
    assert rolling.get_residual_correlations() == {}


# Files --------------------------------------------------------------------------------------------

AWKWARD = ["=1+1", "#N/A", " a ", "NA", "_x0041_", "ü€😀", "x\ny\r\x07", "1"]


def everything() -> CurrentFactorCovarData:
    """A snapshot with every field, and in them what files tend to lose."""
    names = pd.Index(AWKWARD[:4], name="response")
    wild = np.array([[0.1, -0.0], [1 / 3, 1e-300], [2.5e17, np.nextafter(1, 2)], [np.pi, 5e-324]])
    base = snapshot(residual_correlation=prepared()).filter_on_tickers(dict(zip(ASSETS, names, strict=True)))
    return dataclasses.replace(
        base,
        x_covar=pd.DataFrame(
            [[0.04, 0.01], [0.01, 1 / 7]],
            index=pd.Index([10, 20], name="factor"),
            columns=pd.Index([10, 20], name=1),
        ),
        y_betas=pd.DataFrame(wild, index=names, columns=pd.Index([10, 20], name="factor")),
        estimation_date=pd.Timestamp("2003-12-31 17:30:00.123456789"),
        residuals=base.residuals.where(base.residuals > -2).assign(**{"1": np.inf}).tz_localize("Asia/Tokyo"),
        clusters=pd.Series(["1", None, "_x0041_", "x\r\n"], index=names, name="group"),
        linkages=pd.DataFrame(
            [[0, 1, 0.25, 2]], index=["ME:step_0"], columns=["left", "right", "distance", "n_samples"]
        ),
        cutoffs=pd.Series({"ME": 0.1 + 0.2}, name="cut"),
        derived_signs=pd.DataFrame([[1.0, NAN], [-1.0, 0.0]], index=names[:2], columns=[10, 20]),
        residual_metadata=pd.DataFrame(
            {
                "when": pd.to_datetime(["2001-01-31", None, "2001-01-31 10:00:00.001", "2050-01-01"], format="ISO8601"),
                "count": np.array([1, 2, 3, 4], dtype="int16"),
                "flag": [True, False, True, True],
                "mixed": pd.Series([1, 2.0, "x", None], dtype=object).to_numpy(),
                "nothing": pd.Series([None, NAN, pd.NaT, pd.NA], dtype=object).to_numpy(),
            },
            index=names,
        ),
    )


def assert_same(found: CurrentFactorCovarData, known: CurrentFactorCovarData) -> None:
    for field in dataclasses.fields(known):
        a, b = getattr(found, field.name), getattr(known, field.name)
        if isinstance(b, pd.DataFrame):
            pd.testing.assert_frame_equal(a, b, check_exact=True)
            assert all(bits(a.iloc[:, j]) == bits(b.iloc[:, j]) for j in range(b.shape[1]))
        elif isinstance(b, pd.Series):
            pd.testing.assert_series_equal(a, b, check_exact=True)
        elif isinstance(b, ResidualCorrelationData):
            for part in ("correlation", "residual_returns", "asset_metadata"):
                pd.testing.assert_frame_equal(getattr(a, part), getattr(b, part), check_exact=True)
            for part in ("frequency", "span", "observation_date", "estimation_date"):
                assert getattr(a, part) == getattr(b, part)
        elif isinstance(b, dict):
            assert list(a) == list(b)
            for kind in b:
                pd.testing.assert_frame_equal(a[kind], b[kind], check_exact=True)
        else:
            assert type(a) is type(b) and a == b


def bits(column: pd.Series) -> bytes | list[tuple[type, str]]:
    if column.dtype.kind in "fiub":
        return column.to_numpy().tobytes()
    return [(type(value), repr(value)) for value in column]


@pytest.mark.parametrize("full", [True, False])
def test_nothing_is_lost_in_a_file(tmp_path: Path, full: bool):
    known = everything() if full else CurrentFactorCovarData(**{
        name: getattr(snapshot(), name) for name in ("x_covar", "y_betas", "y_variances")
    })  # fmt: skip
    known.save(tmp_path / "snapshot.xlsx")
    found = CurrentFactorCovarData.load(str(tmp_path / "snapshot.xlsx"))
    assert_same(found, known)
    if full:
        kind = "residual_cluster"
        assert known._residual_cluster_targets is not None
        pd.testing.assert_frame_equal(
            found.get_residual_covar(residual_type=kind), known.get_residual_covar(residual_type=kind)
        )


@pytest.mark.parametrize(
    "clusters",
    [
        pd.Series([1, 2, 1, 2], index=ASSETS),
        pd.Series(["1", "2", "1", "2"], index=ASSETS, name="cluster"),
        pd.Series([3, 1], index=["d", "a"]),
        pd.Series([1, "1"], index=["a", "b"], dtype=object),
        pd.Series([1.5, NAN], index=["a", "nobody"]),
        pd.Series([], dtype="int64"),
    ],
)
@pytest.mark.parametrize("when", [None, 35, "then", pd.Timestamp("2003-12-31", tz="UTC"), pd.Timestamp("0900-01-01")])
def test_labels_keep_their_kind(tmp_path: Path, clusters: pd.Series, when: Any):
    known = snapshot(clusters=clusters, estimation_date=when)
    known.save(tmp_path / "snapshot.xlsx")
    assert_same(CurrentFactorCovarData.load(tmp_path / "snapshot.xlsx"), known)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(), max_size=20),
        st.datetimes(timezones=st.none()).map(pd.Timestamp),
        st.sampled_from([pd.NaT, pd.NA]),
    )
)
def test_a_tagged_value_is_plain_text_and_comes_back(value: Any):
    text = tag(value, "x")
    assert text.isascii() and text.isprintable() and "_x" not in text
    back = untag(text)
    assert type(back) is type(value) and repr(back) == repr(value)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans()), max_size=6))
def test_a_column_of_anything_comes_back(values: list[Any]):
    column = pd.Series(values, dtype=object)
    back = decode(*encode(column, "x"))
    assert [(type(v), repr(v)) for v in back] == [(type(v), repr(v)) for v in column]


@pytest.mark.parametrize(
    "values",
    [
        pd.MultiIndex.from_tuples([("a", 1)]),
        pd.Series([1, 2], dtype="category"),
        pd.Series([1 + 2j]),
        pd.Series([object()]),
        pd.Series(["_x" * 6_000]),
        pd.DatetimeIndex([None]),
    ],
)
def test_what_a_file_does_not_keep_is_refused(values: Any):
    with pytest.raises(DataError, match=r"a workbook|a cell"):
        encode(values, "x", labels=isinstance(values, pd.Index))


def test_a_table_wider_than_a_worksheet_is_refused():
    with pytest.raises(DataError, match="16,383"):
        to_cells("residuals", pd.DataFrame(np.zeros((1, 16_384))), Layout())


def edited(path: Path, change: Any) -> Path:
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def note(book: Any, sheet: str, part: str, text: str) -> None:
    """Write something else into the layout of a file."""
    row = next(row for row in book["factorlasso_core"].iter_rows() if (row[0].value, row[1].value) == (sheet, part))
    row[2].value = text


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    snapshot(residual_correlation=prepared()).save(tmp_path / "snapshot.xlsx")
    return tmp_path / "snapshot.xlsx"


@pytest.mark.parametrize("name", ["x_covar", "y_betas", "y_variances", "residual_corr", "residual_corr_info"])
def test_a_missing_sheet_is_named(saved: Path, name: str):
    with pytest.raises(DataError, match=f"'{name}' is missing"):
        CurrentFactorCovarData.load(edited(saved, lambda book: book.remove(book[name])))


@pytest.mark.parametrize("keep_layout", [True, False])
def test_a_formula_is_never_a_number(saved: Path, keep_layout: bool):
    def attack(book: Any) -> None:
        book["y_betas"]["B2"] = '=HYPERLINK("http://x","1")'
        if not keep_layout:
            book.remove(book["factorlasso_core"])

    with pytest.raises(DataError, match=r"y_betas.*'eq'"):
        CurrentFactorCovarData.load(edited(saved, attack))


def test_without_its_layout_a_file_is_read_like_one_of_the_reference(saved: Path):
    found = CurrentFactorCovarData.load(edited(saved, lambda book: book.remove(book["factorlasso_core"])))
    known = snapshot()
    for name in ("x_covar", "y_betas", "y_variances", "residuals"):
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(known, name), check_freq=False, check_index_type=False
        )
    assert found.clusters.to_dict() == known.clusters.to_dict() and found.estimation_date == known.estimation_date


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda book: book["residual_corr_info"].delete_rows(4), "no entry 'span'|was changed|has labels"),
        (lambda book: book["residual_corr_info"].__setitem__("B2", 9), "schema_version 9"),
        (lambda book: book["y_variances"].__setitem__("B3", "many"), "changed outside in column 'ewma_var'"),
        (lambda book: book["residuals"].__setitem__("A3", "soon"), "'residuals' has labels"),
        (lambda book: book["residual_corr_info"].__setitem__("B4", "wide"), "no span or date"),
        (lambda book: note(book, "snapshot_metadata", "value", "x"), "changed outside at snapshot_metadata"),
        (lambda book: note(book, "clusters", "series name", "t:1:s:../../etc/passwd"), "changed outside at clusters"),
        (lambda book: note(book, "y_betas", "index", "[" * 30_000), "'y_betas' has labels"),
        (lambda book: note(book, "y_betas", "values", '{"dtype": "O", "form": 1}'), None),
        (lambda book: note(book, "y_betas", "values", '{"dtype": "datetime64[parsec]"}'), "'y_betas' was changed"),
        (lambda book: book["clusters"].__setitem__("C1", "more"), "'clusters' was changed outside"),
        (lambda book: book["clusters"].delete_cols(2), "one column"),
    ],
)
def test_a_file_changed_outside_says_where(saved: Path, change: Any, words: str | None):
    if words is None:  # a harmless change of a type
        assert CurrentFactorCovarData.load(edited(saved, change)).y_betas["eq"].dtype == object
        return
    with pytest.raises(DataError, match=words):
        CurrentFactorCovarData.load(edited(saved, change))


def test_what_is_no_workbook_is_refused(tmp_path: Path):
    path = tmp_path / "snapshot.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(DataError, match=r"damaged|workbook"):
        CurrentFactorCovarData.load(path)
    with pytest.raises(FileNotFoundError):
        CurrentFactorCovarData.load(tmp_path / "nothing.xlsx")


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (lambda part: part[: len(part) // 2], "damaged"),
        (lambda part: b'<!DOCTYPE x [<!ENTITY a "b">]>' + part, "damaged"),
    ],
)
def test_hostile_or_broken_parts_are_refused(saved: Path, attack: Any, words: str):
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = attack(parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(DataError, match=words):
        CurrentFactorCovarData.load(saved)


def test_sheets_without_layout_are_checked_too(saved: Path):
    def strip(book: Any) -> None:
        book.remove(book["factorlasso_core"])
        book["snapshot_metadata"]["B2"] = "in spring"

    assert CurrentFactorCovarData.load(edited(saved, strip)).estimation_date == "in spring"
    with pytest.raises(DataError, match="'x_covar' has a column without a name"):
        CurrentFactorCovarData.load(edited(saved, lambda book: book["x_covar"].__setitem__("B1", None)))


def test_entries_of_a_correlation_are_checked():
    sheets = prepared().to_sheets()
    info = sheets["residual_corr_info"]
    with pytest.raises(DataError, match="'span'"):
        ResidualCorrelationData.from_sheets({**sheets, "residual_corr_info": info.drop(index="span")})
    with pytest.raises(DataError, match="'schema_version'"):
        ResidualCorrelationData.from_sheets({**sheets, "residual_corr_info": pd.DataFrame()})


# From a fit ---------------------------------------------------------------------------------------


def fitted(span: float | None = None, ragged: bool = False, **options: Any) -> Any:
    random = np.random.default_rng(7)
    x = 0.03 * random.standard_normal((120, 3)) + 0.005
    y = x @ random.standard_normal((3, 6)) * (random.random(6) > 0.2) + 0.02 * random.standard_normal((120, 6))
    if ragged:
        y[:60, 1], y[10, 2], y[:-6, 5] = NAN, NAN, NAN
        x[3, 0] = NAN
        x[20] = NAN
    index = pd.date_range("2010-01-31", periods=120, freq="ME")
    panel = Panel.from_frames(
        pd.DataFrame(x, index=index, columns=list("efg")),
        pd.DataFrame(y, index=index, columns=[f"r{i}" for i in range(6)]),
    )
    given: dict[str, Any] = {"model_type": LassoModelType.GROUP_LASSO_CLUSTERS, **options}
    penalty = PenaltyOptions(reg_lambda=1e-5, l1_weight=0.2)
    return fit(panel, spec=FitSpec(loss=LossOptions(span=span), penalty=penalty, **given))


@pytest.mark.parametrize("span", [None, 36.0])
@pytest.mark.parametrize("ragged", [False, True])
def test_a_fit_gives_the_covariance_its_definition_says(span: float | None, ragged: bool):
    result = fitted(span, ragged)
    found = factor_covariance(result, periods_per_year=12)
    kept = ~result.short
    x, y = result.panel.x, result.panel.y[:, kept]
    weights = np.ones(120) if span is None else (1 - 2 / (span + 1)) ** np.arange(119, -1, -1.0)
    whole = ~np.isnan(x).any(axis=1)
    factors = 12 * np.cov(x[whole].T, aweights=weights[whole], ddof=0)
    np.testing.assert_allclose(found.x_covar, factors, rtol=1e-12)
    beta = result.beta[kept]
    errors = y - result.alpha[kept] - np.nan_to_num(x) @ beta.T
    errors[np.isnan(x).all(axis=1)] = NAN
    if ragged:
        errors[3, beta[:, 0] != 0] = NAN
    np.testing.assert_array_equal(np.isnan(found.residuals), np.isnan(errors))
    np.testing.assert_allclose(found.residuals, errors, rtol=0, atol=1e-15)
    for k, error in enumerate(errors.T):
        seen = ~np.isnan(error)
        mean = np.average(error[seen], weights=weights[seen])
        variance = 12 * np.average((error[seen] - mean) ** 2, weights=weights[seen])
        assert found.y_variances["residual_var"].iloc[k] == pytest.approx(variance, rel=1e-12)
        if not ragged:
            assert abs(mean) < 1e-16
    by_hand = beta @ factors @ beta.T + np.diag(found.y_variances["residual_var"])
    np.testing.assert_allclose(found.y_covar, by_hand, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.diag(found.y_covar), found.get_model_vols()["total_vol"] ** 2, rtol=1e-12)
    assert np.linalg.eigvalsh(found.x_covar)[0] > 0
    assert found.estimation_date == result.panel.index[-1]


def test_the_recipe_of_the_reference_agrees_on_a_complete_panel_without_span():
    result = fitted()
    ours, theirs = (factor_covariance(result, periods_per_year=12, basis=basis) for basis in ("panel", "prepared"))
    np.testing.assert_allclose(theirs.y_variances["residual_var"], 12 * result.statistics.ss_res, rtol=1e-15)
    np.testing.assert_allclose(theirs.y_variances["ewma_var"], 12 * result.statistics.ss_total, rtol=1e-15)
    columns = ["ewma_var", "residual_var", "insample_alpha", "r2"]
    np.testing.assert_allclose(ours.y_variances[columns], theirs.y_variances[columns], rtol=1e-10)
    np.testing.assert_allclose(ours.y_variances["insample_alpha"], 12 * result.alpha, rtol=1e-15)


def test_least_squares_splits_the_variance_exactly():
    result = fitted(36.0, model_type=LassoModelType.LASSO)
    exact = fit(result.panel, spec=FitSpec(loss=LossOptions(span=36.0, centering="per_response"),
                                           penalty=PenaltyOptions(reg_lambda=0.0)))  # fmt: skip
    found = factor_covariance(exact, periods_per_year=52)
    np.testing.assert_allclose(np.diag(found.y_covar), found.y_variances["ewma_var"], rtol=1e-9)


def test_groups_travel_in_the_layout_of_the_reference():
    result = fitted(ragged=True)
    plain = factor_covariance(result, periods_per_year=12)
    assert plain.clusters.to_dict() == result.clusters.to_dict()
    assert plain.linkages.columns.tolist() == ["left", "right", "distance", "n_samples"]
    assert plain.linkages.index.tolist() == [f"ME:step_{i}" for i in range(5)]
    np.testing.assert_array_equal(plain.linkages, result.clustering.tree.linkage)
    assert plain.cutoffs.to_dict() == {"ME": result.cutoff}
    named = factor_covariance(result, periods_per_year=12, frequency="QE")
    assert named.clusters.to_dict() == {k: f"QE:{v}" for k, v in result.clusters.items()}
    assert named.linkages.index[0] == "QE:step_0" and named.cutoffs.index.tolist() == ["QE"]
    single = factor_covariance(fitted(model_type=LassoModelType.LASSO), periods_per_year=12)
    assert single.clusters is None and single.linkages is None and single.cutoffs is None
    assert single.derived_signs is None


def test_rows_need_no_dates(tmp_path: Path):
    panel = fitted().panel
    for index, freq in (
        (pd.RangeIndex(120), None),
        (pd.DatetimeIndex(list(panel.index)), "ME"),
        (pd.DatetimeIndex(list(pd.date_range("2020-01-01", periods=120, freq="W-WED"))), "W-WED"),
        (panel.index.union([pd.Timestamp("2000-01-01")])[:120], None),
    ):
        plain = Panel.from_frames(
            pd.DataFrame(panel.x, index, panel.factors), pd.DataFrame(panel.y, index, panel.responses)
        )
        spec = FitSpec(model_type=LassoModelType.GROUP_LASSO_CLUSTERS)
        found = factor_covariance(fit(plain, spec=spec), periods_per_year=12)
        assert found.estimation_date == index[-1] and found.cutoffs.index.tolist() == [freq or "ALL"]
        assert (found.residual_metadata is None) == (freq is None)
        found.save(tmp_path / "fit.xlsx")
        assert_same(CurrentFactorCovarData.load(tmp_path / "fit.xlsx"), found)


def test_bounds_become_signs():
    found = factor_covariance(fitted(nonneg=True), periods_per_year=12)
    assert (found.derived_signs == 1).all(axis=None)


def test_responses_in_warm_up_are_left_out_or_named():
    result = fitted(ragged=True)
    assert result.short.tolist() == [False] * 5 + [True]
    assert "r5" not in factor_covariance(result, periods_per_year=12).y_betas.index
    whole = factor_covariance(result, periods_per_year=12, include_short=True)
    assert (whole.y_betas.loc["r5"] == 0).all()
    assert whole.y_variances.loc["r5", "residual_var":"r2"].isna().all()
    with pytest.raises(DataError, match="'r5'"):
        whole.get_y_covar()
    part = whole.get_y_covar(assets=[f"r{i}" for i in range(5)])
    pd.testing.assert_frame_equal(part, factor_covariance(result, periods_per_year=12).y_covar)


def test_the_factors_may_have_a_span_of_their_own():
    result = fitted()
    found = factor_covariance(result, periods_per_year=12, factor_span=np.int64(24))
    weights = (1 - 2 / 25) ** np.arange(119, -1, -1.0)
    np.testing.assert_allclose(found.x_covar, 12 * np.cov(result.panel.x.T, aweights=weights, ddof=0), rtol=1e-12)


def test_the_residuals_of_a_fit_make_a_correlation_and_a_file(tmp_path: Path):
    found = factor_covariance(fitted(36.0), periods_per_year=12)
    correlation = estimate_residual_correlation(found.residuals, found.residual_metadata, found.estimation_date)
    known = dataclasses.replace(found, residual_correlation=correlation)
    assert correlation.span == 36.0 and correlation.observation_count == 120
    known.save(tmp_path / "fit.xlsx")
    assert_same(CurrentFactorCovarData.load(tmp_path / "fit.xlsx"), known)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"periods_per_year": 0}, "periods_per_year=0"),
        ({"periods_per_year": True}, "periods_per_year=True"),
        ({"periods_per_year": "12"}, "periods_per_year='12'"),
        ({"periods_per_year": np.inf}, "periods_per_year"),
        ({"periods_per_year": 12, "factor_span": 1}, "factor_span=1"),
        ({"periods_per_year": 12, "basis": "both"}, "'prepared'"),
    ],
)
def test_options_of_the_bridge_are_checked(arguments: dict[str, Any], words: str):
    with pytest.raises(OptionError, match=words):
        factor_covariance(fitted(), **arguments)
    with pytest.raises(TypeError, match="periods_per_year"):
        factor_covariance(fitted())  # type: ignore[call-arg]


def test_what_has_no_estimate_has_no_covariance():
    panel = fitted().panel
    short = Panel.from_frames(
        pd.DataFrame(panel.x[:4], columns=panel.factors), pd.DataFrame(panel.y[:4], columns=panel.responses)
    )
    with pytest.raises(DataError, match="too few rows"):
        factor_covariance(fit(short, spec=FitSpec(warmup_period=None)), periods_per_year=12)
    with pytest.raises(DataError, match="No response"):
        factor_covariance(fit(short), periods_per_year=12)
    gaps = panel.x.copy()
    gaps[::2, 0], gaps[1::2, 1] = NAN, NAN
    holed = Panel.from_frames(pd.DataFrame(gaps, columns=panel.factors), pd.DataFrame(panel.y, columns=panel.responses))
    with pytest.raises(DataError, match="Fewer than two rows"):
        factor_covariance(fit(holed), periods_per_year=12)
