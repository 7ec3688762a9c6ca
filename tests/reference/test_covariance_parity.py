"""The covariance containers against those of the reference, factorlasso 1.0.6, on the same tables.

Both only combine tables they are given, so everything is compared to 1e-12. Where ours joins by label and
the reference by position, tables are handed over in one order.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core.covariance import (
    CurrentFactorCovarData,
    ResidualCorrelationData,
    ResidualType,
    RollingFactorCovarData,
    VarianceColumns,
    estimate_residual_correlation,
)

ASSETS = [f"r{i}" for i in range(12)]
FACTORS = ["eq", "bd", "cr"]
DATES = pd.date_range("2000-01-31", periods=80, freq="ME")
KINDS = [kind.value for kind in ResidualType]
EXACT: dict[str, Any] = {"rtol": 0.0, "atol": 1e-12, "check_freq": False}


def raw_residuals(seed: int, rows: int = 80, common: float = 1.0) -> pd.DataFrame:
    """Residuals that share three hidden drivers, a few of them missing."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, 12)) + common * random.standard_normal((rows, 3))[:, np.arange(12) % 3]
    values[: rows // 4, 1] = np.nan
    values[rows // 2, 2:4] = np.nan
    return pd.DataFrame(0.02 * values, index=DATES[:rows], columns=ASSETS)


def metadata(**changes: Any) -> pd.DataFrame:
    given = {"frequency": "ME", "beta_span": 50.0, "annualisation_factor": 12.0, "residual_scale": 1.0, **changes}
    return pd.DataFrame(given, index=ASSETS)


def tables(seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    root = random.standard_normal((3, 3))
    variances = pd.DataFrame(
        {
            "ewma_var": random.random(12) + 0.5,
            "residual_var": random.random(12) + 0.1,
            "insample_alpha": random.standard_normal(12),
            "r2": random.random(12),
        },
        index=ASSETS,
    )
    return {
        "x_covar": pd.DataFrame(root @ root.T / 50, index=FACTORS, columns=FACTORS),
        "y_betas": pd.DataFrame(random.standard_normal((12, 3)), index=ASSETS, columns=FACTORS),
        "y_variances": variances,
        "estimation_date": DATES[-1],
        "residuals": raw_residuals(seed),
        "clusters": pd.Series(np.arange(12) % 2 + 1, index=ASSETS),
        "linkages": pd.DataFrame(
            [[0.0, 1.0, 0.25, 2.0], [2.0, 3.0, 1 / 3, 2.0]],
            index=["ME:step_0", "ME:step_1"],
            columns=["left", "right", "distance", "n_samples"],
        ),
        "cutoffs": pd.Series({"ME": 0.5}, name="cluster_cutoff"),
        "derived_signs": pd.DataFrame(np.sign(random.standard_normal((12, 3))), index=ASSETS, columns=FACTORS),
        "residual_metadata": metadata(),
    }


def pair(seed: int = 0, **changes: Any) -> tuple[CurrentFactorCovarData, factorlasso.CurrentFactorCovarData]:
    """The same snapshot in both packages."""
    given = {**tables(seed), **changes}
    ours, theirs = (
        estimate(raw_residuals(seed), metadata(), DATES[-1], missing_policy="zero_innovation")
        for estimate in (estimate_residual_correlation, factorlasso.estimate_residual_correlation)
    )
    return (
        CurrentFactorCovarData(**{"residual_correlation": ours, **given}),
        factorlasso.CurrentFactorCovarData(**{"residual_correlation": theirs, **given}),
    )


def same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ours, theirs, **EXACT)


def refused(call: Any) -> bool:
    """Whether the reference does not give an answer."""
    try:
        call()
    except Exception:
        return True
    return False


# One date -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("weight", "share"), [(1.0, 1.0), (0.7, 0.4), (0.0, 1.0), (2.0, 0.0)])
def test_covariances(kind: str, seed: int, weight: float, share: float) -> None:
    ours, theirs = pair(seed)
    options = {"residual_type": kind, "residual_corr_weight": 1.0 if kind == "orthogonal" else share}
    for assets in (None, ["r5", "r0", "r9"]):
        same(ours.get_y_covar(weight, assets, **options), theirs.get_y_covar(weight, assets, **options))
        same(ours.get_residual_covar(weight, assets, **options), theirs.get_residual_covar(weight, assets, **options))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("common", [0.3, 0.5, 0.8])
def test_the_clusters_of_residuals_are_cut_at_the_same_height(seed: int, common: float) -> None:
    residuals = raw_residuals(seed, common=common)
    found = estimate_residual_correlation(residuals, metadata(), DATES[-1], missing_policy="zero_innovation")
    known = factorlasso.estimate_residual_correlation(
        residuals, metadata(), DATES[-1], missing_policy="zero_innovation"
    )
    ours, theirs = pair()
    ours = dataclasses.replace(ours, residual_correlation=found)
    theirs = dataclasses.replace(theirs, residual_correlation=known)
    same(
        ours.get_residual_covar(residual_type="residual_cluster"),
        theirs.get_residual_covar(residual_type="residual_cluster"),
    )


def test_responses_without_residual_variance_are_not_pooled() -> None:
    changed = tables()["y_variances"]
    changed.loc["r0", "residual_var"] = 0.0
    changed.loc["r1", "residual_var"] = np.nan
    ours, theirs = pair(y_variances=changed)
    kept = [asset for asset in ASSETS if asset != "r1"]
    for kind in KINDS:
        same(
            ours.get_residual_covar(assets=kept, residual_type=kind),
            theirs.get_residual_covar(assets=kept, residual_type=kind),
        )


def test_volatilities_alphas_and_the_snapshot() -> None:
    ours, theirs = pair()
    same(ours.get_model_vols(), theirs.get_model_vols())
    same(ours.get_model_vols(["r3"]), theirs.get_model_vols(["r3"]))
    same(ours.y_covar, theirs.y_covar)
    frequencies = pd.Series(["QE", "ME"] * 6, index=ASSETS)
    for span, by in ((120, None), (1, None), ({"ME": 24}, None), ({"QE": 8, "ME": 24}, frequencies)):
        pd.testing.assert_series_equal(
            ours.estimate_alpha(span, by), theirs.estimate_alpha(span, by), rtol=0, atol=1e-14
        )
        same(ours.get_snapshot(None, span, by), theirs.get_snapshot(None, span, by))
    same(ours.get_snapshot(["r7", "r1"]), theirs.get_snapshot(["r7", "r1"]))


def test_the_snapshot_without_residuals() -> None:
    ours, theirs = pair(residuals=None)
    same(ours.get_snapshot(), theirs.get_snapshot())


@pytest.mark.parametrize("wanted", [["r4", "r2", "r1"], pd.Index(["r0", "r3"]), {"r2": "two", "r0": "zero"}])
def test_filters(wanted: Any) -> None:
    ours, theirs = (snapshot.filter_on_tickers(wanted) for snapshot in pair())
    for field in ("y_betas", "y_variances", "residuals", "derived_signs", "residual_metadata", "linkages"):
        same(getattr(ours, field), getattr(theirs, field))
    pd.testing.assert_series_equal(ours.clusters, theirs.clusters)
    for kind in KINDS:
        same(ours.get_y_covar(residual_type=kind), theirs.get_y_covar(residual_type=kind))
    again = [snapshot.filter_on_tickers(list(ours.y_betas.index[:2])) for snapshot in (ours, theirs)]
    same(*(snapshot.get_residual_covar(residual_type="residual_cluster") for snapshot in again))


def test_the_enumerations_have_the_same_members() -> None:
    for ours, theirs in ((VarianceColumns, factorlasso.VarianceColumns), (ResidualType, factorlasso.ResidualType)):
        assert {member.name: member.value for member in ours} == {member.name: member.value for member in theirs}


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("get_y_covar", {"assets": ["r0", "nobody"]}),
        ("get_model_vols", {"assets": ["nobody"]}),
        ("filter_on_tickers", {"assets": ["nobody"]}),
        ("estimate_alpha", {"alpha_span": {"QE": 4}}),
        ("estimate_alpha", {"alpha_span": {"ME": 4}, "asset_frequencies": ["ME"]}),
        ("estimate_alpha", {"alpha_span": None}),
        ("get_residual_covar", {"residual_type": "none"}),
        ("get_residual_covar", {"residual_corr_weight": 1.5, "residual_type": "empirical"}),
        ("get_y_covar", {"residual_corr_weight": 0.5}),
    ],
)
def test_mistakes_raise_the_same_kind_of_error(method: str, arguments: dict[str, Any]) -> None:
    ours, theirs = pair()
    with pytest.raises((KeyError, TypeError, ValueError)) as known:
        getattr(theirs, method)(**arguments)
    with pytest.raises(known.type):
        getattr(ours, method)(**arguments)


# Over dates ---------------------------------------------------------------------------------------


def rolling() -> tuple[RollingFactorCovarData, factorlasso.RollingFactorCovarData]:
    ours, theirs = RollingFactorCovarData(), factorlasso.RollingFactorCovarData()
    for seed, date in ((2, DATES[-1]), (0, DATES[40]), (1, DATES[60])):
        full = pair(seed, estimation_date=date, residual_correlation=None)
        for target, snapshot in zip((ours, theirs), full, strict=True):
            part = snapshot.filter_on_tickers(ASSETS[: 12 - 3 * seed])
            target.add(date, dataclasses.replace(part, residuals=None) if seed == 1 else part)
    return ours, theirs


@pytest.mark.parametrize(
    "name",
    [
        "get_residual_vars",
        "get_ewma_vars",
        "get_r2",
        "get_systematic_vars",
        "get_total_vols",
        "get_residual_vols",
        "get_alphas",
    ],
)
def test_tables_over_dates(name: str) -> None:
    ours, theirs = rolling()
    same(getattr(ours, name)(), getattr(theirs, name)())


def test_the_rest_over_dates() -> None:
    ours, theirs = rolling()
    assert ours.dates.equals(theirs.dates)
    assert list(ours) == list(theirs)
    assert len(ours) == len(theirs) == ours.n_observations == theirs.n_observations
    same(ours.get_latest().y_betas, theirs.get_latest().y_betas)
    same(ours.get_beta("bd"), theirs.get_beta("bd"))
    pd.testing.assert_series_equal(ours.get_factor_var("bd"), theirs.get_factor_var("bd"), check_freq=False)
    for name in ("get_x_covars", "get_y_covars", "get_residual_covars", "get_y_betas", "get_snapshot"):
        found, known = getattr(ours, name)(), getattr(theirs, name)()
        assert sorted(found) == sorted(known)
        for date in found:
            same(found[date], known[date])
    wanted = pd.DatetimeIndex([DATES[62], DATES[45], DATES[60]])
    found, known = (both.get_y_covars(0.5, ["r1", "r0"], dates=wanted) for both in (ours, theirs))
    assert list(found) == list(known)
    for date in found:
        same(found[date], known[date])
    filtered = [both.filter_on_tickers({"r1": "one", "r0": "zero"}) for both in (ours, theirs)]
    same(*(both.get_total_vols() for both in filtered))


def test_nothing_over_dates() -> None:
    ours, theirs = RollingFactorCovarData(), factorlasso.RollingFactorCovarData()
    assert len(ours.get_r2()) == len(theirs.get_r2()) == 0
    assert ours.get_y_covars() == theirs.get_y_covars() == {}
    assert len(ours.get_factor_var("eq")) == len(ours.get_beta("eq")) == len(ours.dates) == 0
    assert RollingFactorCovarData({}) == ours


# Residual correlation -----------------------------------------------------------------------------

PERIODS = [
    ("ME", 12, "ME", 12),
    ("ME", 12, "QE", 4),
    ("ME", 12, "2ME", 6),
    ("ME", 12, "YE", 1),
    ("ME", 12, "BQE", 4),
    ("BME", 12, "ME", 12),
    ("BME", 12, "QE", 4),
    ("QE-JAN", 4, "YE-JAN", 1),
    ("QE-JAN", 4, "YE", 1),
    ("MS", 12, "QS", 4),
    ("MS", 12, "ME", 12),
    ("SME", 24, "ME", 12),
    ("W-FRI", 52, "4W-FRI", 13),
    ("W-FRI", 52, "ME", 12),
    ("W-FRI", 52, "W-WED", 52),
    ("B", 260, "W-SUN", 52),
    ("B", 260, "D", 250),
    ("D", 365, "W-FRI", 52),
    ("D", 365, "BME", 12),
    ("QE", 4, "ME", 12),
]


@pytest.mark.parametrize("policy", ["pairwise_ffill", "zero_innovation"])
@pytest.mark.parametrize(("own", "per_year", "common", "common_per_year"), PERIODS)
def test_common_periods(own: str, per_year: float, common: str, common_per_year: float, policy: str) -> None:
    random = np.random.default_rng(5)
    dates = pd.date_range("2000-01-03", "2005-12-31", freq=own)
    residuals = pd.DataFrame(random.standard_normal((len(dates), 3)), index=dates, columns=list("abc"))
    residuals.iloc[: len(dates) // 5, 0] = np.nan
    residuals.iloc[len(dates) // 2, 1] = np.nan
    description = pd.DataFrame(
        {"frequency": own, "beta_span": 80.0, "annualisation_factor": per_year, "residual_scale": [1.0, 2.0, 4.0]},
        index=list("abc"),
    )
    arguments = (residuals, description, pd.Timestamp("2005-11-15"), common, None, common_per_year)
    if refused(lambda: factorlasso.estimate_residual_correlation(*arguments, missing_policy=policy)):
        with pytest.raises(ValueError, match=r"Periods|positive semidefinite|periods_per_year"):
            estimate_residual_correlation(*arguments, missing_policy=policy)
        return
    theirs = factorlasso.estimate_residual_correlation(*arguments, missing_policy=policy)
    ours = estimate_residual_correlation(*arguments, missing_policy=policy)
    same(ours.correlation, theirs.correlation)
    same(ours.residual_returns, theirs.residual_returns)
    same(ours.asset_metadata, theirs.asset_metadata)
    assert ours.span == pytest.approx(theirs.span, rel=1e-12)
    assert (ours.frequency, ours.observation_date, ours.estimation_date, ours.observation_count) == (
        theirs.frequency,
        theirs.observation_date,
        theirs.estimation_date,
        theirs.observation_count,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency": ["QE"] + ["ME"] * 11, "annualisation_factor": [4.0] + [12.0] * 11},
        {"frequency": ["QE"] + ["ME"] * 11, "annualisation_factor": [4.0] + [12.0] * 11, "beta_span": range(20, 32)},
        {"residual_scale": np.arange(1.0, 13.0)},
        {"beta_span": [12.0] * 11 + [24.0]},
        {"beta_span": np.nan},
        {"frequency": ["QE"] + ["ME"] * 11},
        {"annualisation_factor": [4.0] + [12.0] * 11},
        {"annualisation_factor": 0.0},
        {"residual_scale": np.inf},
        {"frequency": "nonsense"},
    ],
)
def test_descriptions_of_assets(changes: dict[str, Any]) -> None:
    residuals, description = raw_residuals(3).bfill(), metadata(**changes)
    if refused(lambda: factorlasso.estimate_residual_correlation(residuals, description, DATES[-1])):
        with pytest.raises(ValueError, match=r"metadata|frequency|annualisation_factor|give"):
            estimate_residual_correlation(residuals, description, DATES[-1])
        return
    theirs = factorlasso.estimate_residual_correlation(residuals, description, DATES[-1])
    ours = estimate_residual_correlation(residuals, description, DATES[-1])
    same(ours.correlation, theirs.correlation)
    assert ours.span == pytest.approx(theirs.span, rel=1e-12)


def test_prepared_correlations_are_cut_named_and_stored_alike() -> None:
    ours, theirs = (snapshot.residual_correlation for snapshot in pair())
    same(ours.get_corr(DATES[-1], ["r3", "r1"]), theirs.get_corr(DATES[-1], ["r3", "r1"]))
    found, known = (data.filter_on_tickers({"r3": "a", "r1": "b"}) for data in (ours, theirs))
    for field in ("correlation", "residual_returns", "asset_metadata"):
        same(getattr(found, field), getattr(known, field))
    sheets, known_sheets = ours.to_sheets(), theirs.to_sheets()
    assert list(sheets) == list(known_sheets)
    assert list(sheets["residual_corr_info"].index) == list(known_sheets["residual_corr_info"].index)
    back = ResidualCorrelationData.from_sheets(known_sheets)
    same(back.correlation, theirs.correlation)
    assert factorlasso.ResidualCorrelationData.from_sheets(sheets).span == ours.span
    for data in (ours, theirs):
        with pytest.raises(ValueError, match=r"estimated on|not available"):
            data.get_corr(DATES[-2])


# Files --------------------------------------------------------------------------------------------

FRAMES = ("x_covar", "y_betas", "y_variances", "residuals", "linkages", "derived_signs", "residual_metadata")
LOOSE: dict[str, Any] = {"check_dtype": False, "check_names": False, "check_freq": False, "check_index_type": False}


@pytest.mark.parametrize("part", [None, ["r4", "r1", "r7"]])
@pytest.mark.parametrize("direction", ["theirs to ours", "ours to theirs"])
def test_files_are_read_by_the_other_package(tmp_path: Path, part: list[str] | None, direction: str) -> None:
    ours, theirs = (snapshot if part is None else snapshot.filter_on_tickers(part) for snapshot in pair())
    path = str(tmp_path / "snapshot.xlsx")
    if direction == "theirs to ours":
        theirs.save(path)
        back = CurrentFactorCovarData.load(path)
    else:
        ours.save(path)
        back = factorlasso.CurrentFactorCovarData.load(path)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(back, name), getattr(ours, name), rtol=1e-14, atol=0, **LOOSE)
    pd.testing.assert_series_equal(back.clusters, ours.clusters, check_names=False, check_index_type=False)
    pd.testing.assert_series_equal(back.cutoffs, ours.cutoffs, check_index_type=False)
    assert back.estimation_date == ours.estimation_date
    assert back.residual_correlation.frequency == "ME" and back.residual_correlation.observation_count == 80
    for kind in KINDS:
        pd.testing.assert_frame_equal(
            back.get_y_covar(residual_type=kind), ours.get_y_covar(residual_type=kind), rtol=0, atol=1e-12, **LOOSE
        )


def test_a_file_of_the_reference_with_little_in_it(tmp_path: Path) -> None:
    given = {name: tables()[name] for name in ("x_covar", "y_betas", "y_variances")}
    labels = pd.Series([f"ME:{i % 3}" for i in range(11)], index=ASSETS[1:])
    path = str(tmp_path / "snapshot.xlsx")
    factorlasso.CurrentFactorCovarData(**given).save(path)
    back = CurrentFactorCovarData.load(path)
    assert back.clusters is None and back.estimation_date is None and back.residual_correlation is None
    factorlasso.CurrentFactorCovarData(**given, clusters=labels).save(path)
    assert CurrentFactorCovarData.load(path).clusters.to_dict() == labels.to_dict()
    factorlasso.CurrentFactorCovarData(**given, clusters=labels.str[-1].astype(int)).save(path)
    back = CurrentFactorCovarData.load(path)
    assert back.clusters.to_dict() == labels.str[-1].astype(int).to_dict()
    assert back.clusters.dtype == np.dtype("int64")
