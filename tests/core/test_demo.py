"""The demos are what their provenance says, and the simulated truth is the truth of the shipped data."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo_data import build
from factorlasso_core import demo as demo_module
from factorlasso_core.demo import DEMOS, Demo, Truth, load_demo
from factorlasso_core.errors import DataError, OptionError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def synthetic() -> Demo:
    return load_demo("synthetic")


@pytest.fixture(scope="module")
def truth(synthetic: Demo) -> Truth:
    assert synthetic.truth is not None
    return synthetic.truth


@pytest.fixture(scope="module")
def french() -> Demo:
    return load_demo("french")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(build.HERE / "synthetic", tmp_path / "synthetic")
    shutil.copy(build.HERE / "PROVENANCE.json", tmp_path)
    return tmp_path


def ols(responses: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Loadings N x M, intercepts and R2 of each response on all factors."""
    design = np.column_stack([np.ones(len(factors)), factors])
    fitted = np.linalg.lstsq(design, responses, rcond=None)[0]
    residuals = responses - design @ fitted
    betas = pd.DataFrame(fitted[1:].T, index=responses.columns, columns=factors.columns)
    alphas = pd.Series(fitted[0], index=responses.columns)
    return betas, alphas, 1 - residuals.var() / responses.var()


def residuals_of(synthetic: Demo, truth: Truth) -> pd.DataFrame:
    """What clean responses hold beyond their true factor part and intercept."""
    return truth.clean_responses - synthetic.factors @ truth.betas.T - truth.alphas / 12


# Both demos


def test_synthetic_comes_first_and_every_title_loads() -> None:
    assert list(DEMOS) == ["synthetic", "french"]
    assert [load_demo(key).title for key in DEMOS] == list(DEMOS.values())


@pytest.mark.parametrize("key", DEMOS)
def test_frames_are_float64_on_common_month_ends(key: str) -> None:
    demo = load_demo(key)
    for table in (demo.responses, demo.factors):
        assert set(table.dtypes) == {np.dtype("float64")}
        assert isinstance(table.index, pd.DatetimeIndex)
        assert (table.index.name, table.index.unit, table.index.tz) == ("date", "ns", None)
        assert table.index.is_month_end.all()
        assert table.index.is_monotonic_increasing
        assert table.index.is_unique
        assert table.columns.is_unique
    assert demo.responses.index.equals(demo.factors.index)
    assert demo.groups is not None
    assert demo.groups.index.equals(demo.responses.columns)


@pytest.mark.parametrize("key", DEMOS)
def test_note_gives_units_and_both_ends_of_the_sample(key: str) -> None:
    demo = load_demo(key)
    assert "decimals" in demo.note
    assert f"{demo.responses.index[0]:%Y-%m} to {demo.responses.index[-1]:%Y-%m}" in demo.note


def test_each_load_gives_fresh_frames() -> None:
    first = load_demo("synthetic")
    first.responses.iloc[0, 0] = 99.0
    assert load_demo("synthetic").responses.iloc[0, 0] != 99.0


def test_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="'synthetic', 'french'"):
        load_demo("crsp")


# Synthetic: what is shipped


def test_synthetic_shape_and_sample(synthetic: Demo) -> None:
    assert synthetic.responses.shape == (300, 40)
    assert synthetic.factors.shape == (300, 6)
    assert synthetic.responses.index[-1] == pd.Timestamp("2025-12-31")
    assert not synthetic.factors.isna().to_numpy().any()


def test_synthetic_classes_have_the_planned_sizes(synthetic: Demo) -> None:
    assert synthetic.groups is not None
    sizes = synthetic.groups.value_counts(sort=False)
    assert sizes.to_list() == [8, 5, 5, 3, 6, 4, 4, 4, 1]


def test_missing_share_follows_from_late_starts_and_quarters(synthetic: Demo) -> None:
    late = 96 + 120 + 180 + 240 + 264
    private = 3 * 200 + 150 + 100
    assert int(synthetic.responses.isna().to_numpy().sum()) == late + private
    assert synthetic.responses.isna().to_numpy().mean() == pytest.approx(0.146, abs=5e-4)


def test_only_private_assets_have_holes_and_only_between_quarter_ends(synthetic: Demo, truth: Truth) -> None:
    assert synthetic.groups is not None
    private = synthetic.groups.index[synthetic.groups == "Private"]
    assert truth.smoothed == tuple(private)
    for name, column in synthetic.responses.items():
        start = column.first_valid_index()
        observed = column.loc[start:].notna()
        expected = observed.index.is_quarter_end if name in private else True
        assert (observed == expected).all(), name


def test_shortest_response_has_36_months(synthetic: Demo, truth: Truth) -> None:
    lengths = synthetic.responses.drop(columns=list(truth.smoothed)).notna().sum()
    assert lengths.min() == 36


# Synthetic: the truth


def test_truth_is_29_percent_non_zero_and_respects_the_class_signs(truth: Truth) -> None:
    assert truth.betas.shape == (40, 6)
    assert (truth.betas != 0).to_numpy().sum() == 70  # of 240
    assert np.array_equal(truth.signs, np.sign(truth.betas))
    assert set(np.unique(truth.signs.drop(columns="FX_USD"))) == {0, 1}
    assert set(truth.signs["FX_USD"]) == {-1, 0}


def test_classes_nest_in_seven_true_clusters(synthetic: Demo, truth: Truth) -> None:
    assert synthetic.groups is not None
    assert truth.clusters.nunique() == 7
    pairs = set(zip(synthetic.groups, truth.clusters, strict=True))
    assert len(pairs) == 9  # one cluster for each class
    assert {("DM Equity", "Equity"), ("EM Equity", "Equity")} < pairs
    assert {("Govt Bonds", "Rates"), ("Linkers", "Rates")} < pairs


def test_factor_correlation_is_a_correlation_with_small_unnamed_entries() -> None:
    matrix = build.factor_correlation()
    assert len(build.CORRELATIONS) == 15  # every pair is written down
    assert np.linalg.eigvalsh(matrix).min() > 0.3
    assert np.array_equal(np.diag(matrix), np.ones(6))
    unnamed = [("Equity", "Inflation"), ("Rates", "Credit"), ("Rates", "FX_USD")]
    unnamed += [("Credit", "Inflation"), ("Inflation", "FX_USD")]
    assert all(abs(build.CORRELATIONS[pair]) <= 0.10 for pair in unnamed)


def test_ols_on_the_true_support_recovers_the_loadings(synthetic: Demo, truth: Truth) -> None:
    errors, scaled = [], []
    for response, betas in truth.betas.iterrows():
        support = betas.index[betas != 0]
        design = np.column_stack([np.ones(300), synthetic.factors[support]])
        y = truth.clean_responses[response].to_numpy()
        estimate = np.linalg.lstsq(design, y, rcond=None)[0]
        variance = np.sum((y - design @ estimate) ** 2) / (300 - design.shape[1])
        deviations = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))[1:]
        errors.extend(estimate[1:] - betas[support])
        scaled.extend((estimate[1:] - betas[support]) / deviations)
    assert np.sqrt(np.mean(np.square(errors))) < 0.06
    assert np.abs(scaled).max() < 4.0  # 70 t ratios with 300 months: beyond 4 is a wrong truth
    assert 0.6 < np.mean(np.square(scaled)) < 1.6


def test_residual_volatility_is_the_recorded_one(synthetic: Demo, truth: Truth) -> None:
    measured = residuals_of(synthetic, truth).std() * np.sqrt(12)
    assert (measured / truth.residual_vols).between(0.8, 1.25).all()


def test_residuals_correlate_inside_a_cluster_only(synthetic: Demo, truth: Truth) -> None:
    correlation = residuals_of(synthetic, truth).corr().to_numpy()
    labels = truth.clusters.to_numpy()
    together = labels[:, None] == labels
    other = ~np.eye(40, dtype=bool)
    assert correlation[together & other].mean() > 0.3
    assert abs(correlation[~together].mean()) < 0.03


def test_responses_are_the_clean_ones_but_for_the_listed_outliers(synthetic: Demo, truth: Truth) -> None:
    monthly = synthetic.responses.columns.drop(list(truth.smoothed))
    added = (synthetic.responses - truth.clean_responses)[monthly].fillna(0.0)
    for outlier in truth.outliers.itertuples():
        assert added.loc[outlier.date, outlier.response] == pytest.approx(outlier.size, abs=2e-6)
        added.loc[outlier.date, outlier.response] = 0.0
    assert len(truth.outliers) == 5
    assert added.abs().to_numpy().max() < 1e-12


def test_private_returns_are_smoothed_compounded_quarters(synthetic: Demo, truth: Truth) -> None:
    phi = truth.smoothing_phi
    for name in truth.smoothed:
        growth = (1 + truth.clean_responses[name]).to_numpy().reshape(-1, 3).prod(axis=1)
        reported = synthetic.responses[name].to_numpy()[2::3]
        recovered = (reported[1:] - phi * reported[:-1]) / (1 - phi)
        valid = ~np.isnan(recovered)
        assert recovered[valid] == pytest.approx((growth - 1)[1:][valid], abs=1e-5)


# Synthetic: the generator and its check


def test_check_passes_from_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo_data.build", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_write_makes_files_that_pass_the_check(tmp_path: Path) -> None:
    assert build.main(["--folder", str(tmp_path)]) == 0
    assert build.main(["--folder", str(tmp_path), "--check"]) == 0


def test_check_accepts_windows_line_ends(copied: Path) -> None:
    path = copied / "synthetic" / "factors.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert build.main(["--folder", str(copied), "--check"]) == 0


def replace(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def last_row_dropped(text: str) -> str:
    return "\n".join(text.splitlines()[:-1]) + "\n"


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("responses.csv", replace("-0.049898", "-0.049897"), "2001-01-31, US Equity"),
        ("factors.csv", replace("2001-02-28", "2001-02-27"), "2001-02-27, Equity"),
        ("factors.csv", replace("Inflation", "Prices"), "Prices"),
        ("clean_responses.csv", last_row_dropped, "end of file"),
        ("classes.csv", replace("US Equity,DM Equity", "US Equity,EM Equity"), "US Equity, asset_class"),
        ("truth_betas.csv", replace("0.000000", "0"), "/synthetic/sha256/truth_betas.csv"),
        ("truth.json", replace('"size": 0.45', '"size": 0.46'), "/outliers/0/size"),
        ("truth.json", replace("{", ""), "not readable as JSON"),
    ],
)
def test_check_names_the_first_difference(
    copied: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    edit: Callable[[str], str],
    said: str,
) -> None:
    path = copied / "synthetic" / name
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert build.main(["--folder", str(copied), "--check"]) == 1
    printed = capsys.readouterr().out
    assert name in printed
    assert said in printed


def test_check_names_a_missing_file(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "synthetic" / "factors.csv").unlink()
    assert build.main(["--folder", str(copied), "--check"]) == 1
    assert "factors.csv: missing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edit", "said"),
    [(replace('"licence": "MIT"', '"licence": "GPL"'), "licence"), (replace("{", ""), "synthetic/numpy")],
)
def test_check_covers_the_provenance(
    copied: Path, capsys: pytest.CaptureFixture[str], edit: Callable[[str], str], said: str
) -> None:
    path = copied / "PROVENANCE.json"
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert build.main(["--folder", str(copied), "--check"]) == 1
    assert said in capsys.readouterr().out


def test_missing_folder_is_one_sentence_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "_DEMO_DATA", tmp_path)
    with pytest.raises(DataError, match=r"work from a checkout .*python -m demo_data\.build"):
        load_demo("synthetic")


# French


def test_french_shape_sample_and_families(french: Demo) -> None:
    assert french.responses.shape == (819, 30)
    assert list(french.factors) == ["MktRF", "SMB", "HML", "Mom"]
    assert french.responses.index[0] == pd.Timestamp("1949-01-31")
    assert french.responses.index[-1] == pd.Timestamp("2017-03-31")
    assert not french.responses.isna().to_numpy().any()
    assert not french.factors.isna().to_numpy().any()
    assert french.groups is not None
    sizes = french.groups.value_counts(sort=False).to_dict()
    assert sizes == {"Industry": 12, "Size/Value": 9, "Size/Momentum": 9}
    assert french.truth is None


def test_french_responses_are_in_excess_of_the_risk_free_rate(french: Demo) -> None:
    raw = pd.read_csv(demo_module._french_file())
    assert french.responses["Utils"].to_numpy() == pytest.approx((raw["Utils"] - raw["RF"]).to_numpy())
    industry = french.responses.loc[:, french.groups == "Industry"].mean(axis=1).to_frame("average")
    intercept = ols(industry, french.factors)[1]["average"] * 12
    raw_industry = industry.add(raw["RF"].to_numpy(), axis=0)
    # Raw returns carry the whole risk-free rate (4.1% a year) in their intercept.
    assert intercept == pytest.approx(0.0092, abs=5e-4)
    assert ols(raw_industry, french.factors)[1]["average"] * 12 == pytest.approx(0.0503, abs=5e-4)


def test_french_returns_are_decimals(french: Demo) -> None:
    volatility = french.responses.std() * np.sqrt(12)
    assert volatility.between(0.10, 0.30).all()
    assert (french.factors["MktRF"].mean() * 12) == pytest.approx(0.077, abs=5e-3)


def test_french_loadings_have_the_known_signs(french: Demo) -> None:
    betas, _, r_squared = ols(french.responses, french.factors)
    for size in ("S1", "S3", "S5"):
        assert betas.loc[f"{size}V5", "HML"] > 0.5 > 0 > betas.loc[f"{size}V1", "HML"]
        assert betas.loc[f"{size}M5", "Mom"] > 0.2 > 0 > -0.5 > betas.loc[f"{size}M1", "Mom"]
    for sort in ("V1", "V3", "V5", "M1", "M3", "M5"):
        assert betas.loc[f"S1{sort}", "SMB"] > 0.8 > 0 > betas.loc[f"S5{sort}", "SMB"]
    assert betas["MktRF"].between(0.5, 1.3).all()
    assert r_squared.idxmin() == "Utils"
    assert r_squared.min() == pytest.approx(0.42, abs=5e-3)
    assert r_squared["S1V5"] == pytest.approx(0.947, abs=5e-3)


def test_french_attribution_is_in_the_note_and_in_the_provenance(french: Demo) -> None:
    record = json.loads((build.HERE / "PROVENANCE.json").read_text(encoding="utf-8"))["french"]
    for text in (french.note, record["attribution"], record["citation"]):
        assert "Kenneth R. French" in text
    assert record["committed_files"] == []
    assert record["sample"].startswith("1949-01 to 2017-03")


def test_french_file_is_the_one_of_the_provenance() -> None:
    installed = f"linearmodels {importlib.metadata.version('linearmodels')}"
    if installed != build.FRENCH_PROVENANCE["checked_with"]:
        pytest.skip(f"provenance was checked with another release than {installed}")
    digest = hashlib.sha256(demo_module._french_file().read_bytes()).hexdigest()
    assert digest == build.FRENCH_PROVENANCE["sha256_of_bundled_file"]


def test_loading_does_not_import_linearmodels() -> None:
    code = (
        "import sys; from factorlasso_core.demo import load_demo; "
        "load_demo('french'); print('linearmodels' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_french_without_linearmodels_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install linearmodels"):
        load_demo("french")
