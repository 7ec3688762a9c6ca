"""Build the synthetic multi-asset demo, or check that the committed files are what this script makes.

    python -m demo_data.build            write demo_data/synthetic/ and demo_data/PROVENANCE.json
    python -m demo_data.build --check    rebuild in memory, compare, exit 1 at the first difference

300 months to 2025-12, 6 factors, 40 assets in 9 classes that form 7 true clusters. Every random number
comes from one ``default_rng(7)``, in this order (another order gives other data):

1. volatility   T shocks t(6) of the common GARCH state
2. factors      T x M shocks t(8)
3. loadings     class by class, and in a class factor by factor: one normal per asset
4. vols         N normals: spread of the residual volatilities
5. clusters     T x 7 normals: the common part of the residuals of a true cluster
6. residuals    T x N shocks t(6)

Factors, loadings, volatilities and residuals are rounded before they are used, so the files hold the
truth itself: ``clean = alpha / 12 + factors @ betas' + residual`` needs no unrounded number.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
SEED = 7
DECIMALS = 6
TOLERANCE = 1e-12
DATES = pd.date_range(end="2025-12-31", periods=300, freq="ME", name="date")

FACTORS = ("Equity", "Rates", "Credit", "Inflation", "Commodities", "FX_USD")
FACTOR_VOL = np.array([0.155, 0.065, 0.055, 0.035, 0.16, 0.07])  # a year
FACTOR_SHARPE = np.array([0.40, 0.25, 0.30, 0.0, 0.10, 0.0])  # a year
CORRELATIONS = {
    ("Equity", "Rates"): -0.25,
    ("Equity", "Credit"): 0.55,
    ("Equity", "Inflation"): 0.05,
    ("Equity", "Commodities"): 0.30,
    ("Equity", "FX_USD"): -0.35,
    ("Rates", "Credit"): -0.10,
    ("Rates", "Inflation"): -0.30,
    ("Rates", "Commodities"): -0.20,
    ("Rates", "FX_USD"): 0.05,
    ("Credit", "Inflation"): 0.10,
    ("Credit", "Commodities"): 0.25,
    ("Credit", "FX_USD"): -0.25,
    ("Inflation", "Commodities"): 0.40,
    ("Inflation", "FX_USD"): -0.10,
    ("Commodities", "FX_USD"): -0.30,
}
GARCH_SHOCK, GARCH_MEMORY = 0.08, 0.88
LEAST_SHARE = 0.3  # a loading keeps the sign of its mean and at least this share of its size
VOL_SPREAD = 0.25  # of log residual volatility within a class
SMOOTHING = 0.5  # weight of the previous reported quarter


@dataclass(frozen=True)
class AssetClass:
    """One row of the loadings table; ``loadings`` gives mean and standard deviation by factor."""

    name: str
    cluster: str
    residual_vol: float
    common_share: float
    loadings: Mapping[str, tuple[float, float]]
    assets: tuple[str, ...]


CLASSES = (
    AssetClass(
        "DM Equity",
        "Equity",
        0.045,
        0.35,
        {"Equity": (1.0, 0.15)},
        (
            "US Equity",
            "Canada Equity",
            "UK Equity",
            "Eurozone Equity",
            "Switzerland Equity",
            "Japan Equity",
            "Australia Equity",
            "Nordic Equity",
        ),
    ),
    AssetClass(
        "EM Equity",
        "Equity",
        0.08,
        0.35,
        {"Equity": (1.15, 0.15), "Commodities": (0.15, 0.05), "FX_USD": (-0.45, 0.10)},
        ("China EM Equity", "India EM Equity", "Brazil EM Equity", "Mexico EM Equity", "Vietnam EM Equity"),
    ),
    AssetClass(
        "Govt Bonds",
        "Rates",
        0.015,
        0.25,
        {"Rates": (1.0, 0.35)},
        ("US Govt", "Germany Govt", "UK Govt", "Japan Govt", "Australia Govt"),
    ),
    AssetClass(
        "Linkers",
        "Rates",
        0.018,
        0.25,
        {"Rates": (0.9, 0.2), "Inflation": (0.8, 0.15)},
        ("US Linkers", "UK Linkers", "Eurozone Linkers"),
    ),
    AssetClass(
        "Credit",
        "Credit",
        0.02,
        0.40,
        {"Rates": (0.35, 0.08), "Credit": (1.1, 0.2)},
        ("US Credit", "Eurozone Credit", "UK Credit", "Canada Credit", "EM Credit", "Asia Credit"),
    ),
    AssetClass(
        "Commodities",
        "Commodities",
        0.06,
        0.40,
        {"Commodities": (1.0, 0.15), "Inflation": (0.5, 0.1)},
        ("Energy Cmdty", "Metals Cmdty", "Grains Cmdty", "Livestock Cmdty"),
    ),
    AssetClass(
        "Hedge Funds",
        "Hedge Funds",
        0.04,
        0.60,
        {"Equity": (0.15, 0.03), "Credit": (0.25, 0.06)},
        ("HF Multi-Strategy", "HF Event Driven", "HF Relative Value", "HF Credit"),
    ),
    AssetClass(
        "Private",
        "Private",
        0.05,
        0.30,
        {"Equity": (0.75, 0.15), "Credit": (0.30, 0.10)},
        ("Private Buyout", "Private Growth", "Private Venture", "Private Secondaries"),
    ),
    AssetClass("Cash", "Cash", 0.002, 0.0, {}, ("US Cash",)),
)
ASSETS = tuple(asset for group in CLASSES for asset in group.assets)
CLUSTERS = tuple(dict.fromkeys(group.cluster for group in CLASSES))
QUARTERLY = next(group.assets for group in CLASSES if group.name == "Private")

ALPHAS = {"HF Multi-Strategy": 0.02, "Private Buyout": 0.03}  # a year
MONTHS_BLANK = {
    "Vietnam EM Equity": 96,
    "Eurozone Linkers": 120,
    "Asia Credit": 180,
    "HF Credit": 240,
    "Private Secondaries": 150,
    "Nordic Equity": 264,
}
OUTLIERS = (  # response, month counted from 0, what is added to its return
    ("UK Equity", 130, 0.45),
    ("Germany Govt", 77, -0.20),
    ("Eurozone Credit", 210, 0.30),
    ("HF Event Driven", 44, -0.25),
    ("Energy Cmdty", 255, 0.90),
)


def unit_t(rng: np.random.Generator, freedom: int, shape: int | tuple[int, int]) -> np.ndarray:
    """Draw Student t numbers scaled to unit variance."""
    return rng.standard_t(freedom, shape) * np.sqrt((freedom - 2) / freedom)


def rounded(values: np.ndarray) -> np.ndarray:
    """Round as the files do, without a negative zero."""
    return np.round(values, DECIMALS) + 0.0


def by_asset(attribute: str) -> np.ndarray:
    """Repeat a value of each class for each of its assets."""
    return np.array([getattr(group, attribute) for group in CLASSES for _ in group.assets])


def factor_correlation() -> pd.DataFrame:
    """Return the M x M correlation of the factor shocks."""
    table = pd.DataFrame(np.eye(len(FACTORS)), index=FACTORS, columns=FACTORS)
    for (first, second), value in CORRELATIONS.items():
        table.loc[first, second] = table.loc[second, first] = value
    return table


def draw_volatility(rng: np.random.Generator) -> np.ndarray:
    """Return the common volatility state, length T, of unconditional mean square one."""
    shocks = unit_t(rng, 6, len(DATES))
    variance = np.ones(len(DATES))
    for t in range(1, len(DATES)):
        carried = GARCH_SHOCK * shocks[t - 1] ** 2 + GARCH_MEMORY
        variance[t] = 1 - GARCH_SHOCK - GARCH_MEMORY + carried * variance[t - 1]
    return np.sqrt(variance)


def draw_factors(rng: np.random.Generator) -> pd.DataFrame:
    """Return T x M factor returns: fat tails, volatility clustering, premium = Sharpe x vol."""
    state = draw_volatility(rng)
    shocks = unit_t(rng, 8, (len(DATES), len(FACTORS)))
    mixed = shocks @ np.linalg.cholesky(factor_correlation().to_numpy()).T
    returns = state[:, None] * mixed * FACTOR_VOL / np.sqrt(12) + FACTOR_SHARPE * FACTOR_VOL / 12
    return pd.DataFrame(rounded(returns), index=DATES, columns=FACTORS)


def draw_betas(rng: np.random.Generator) -> pd.DataFrame:
    """Return N x M true loadings; what the class table does not name is exactly zero."""
    betas = pd.DataFrame(0.0, index=pd.Index(ASSETS, name="response"), columns=FACTORS)
    for group in CLASSES:
        for factor, (mean, deviation) in group.loadings.items():
            sizes = np.sign(mean) * rng.normal(mean, deviation, len(group.assets))
            kept = np.sign(mean) * np.maximum(sizes, LEAST_SHARE * abs(mean))
            betas.loc[list(group.assets), factor] = rounded(kept)
    return betas


def draw_residual_vols(rng: np.random.Generator) -> pd.Series:
    """Return the annual residual volatility of each asset."""
    spread = np.exp(VOL_SPREAD * rng.standard_normal(len(ASSETS)))
    return pd.Series(rounded(by_asset("residual_vol") * spread), index=ASSETS)


def draw_residuals(rng: np.random.Generator, vols: pd.Series) -> np.ndarray:
    """Return T x N residuals; those of a true cluster share a common part beyond the factors."""
    common = rng.standard_normal((len(DATES), len(CLUSTERS)))
    own = unit_t(rng, 6, (len(DATES), len(ASSETS)))
    member = [CLUSTERS.index(cluster) for cluster in by_asset("cluster")]
    share = by_asset("common_share")
    unit = np.sqrt(share) * common[:, member] + np.sqrt(1 - share) * own
    return rounded(unit * vols.to_numpy() / np.sqrt(12))


def with_outliers(responses: pd.DataFrame) -> pd.DataFrame:
    """Add the planted data errors to single returns."""
    spoiled = responses.copy()
    for response, month, size in OUTLIERS:
        spoiled.loc[DATES[month], response] += size
    return spoiled


def with_quarterly_reports(responses: pd.DataFrame) -> pd.DataFrame:
    """Replace private assets by smoothed quarterly returns, stored at quarter ends."""
    monthly = responses[list(QUARTERLY)].to_numpy()
    reported = (1 + monthly).reshape(len(DATES) // 3, 3, len(QUARTERLY)).prod(axis=1) - 1
    for k in range(1, len(reported)):
        reported[k] = (1 - SMOOTHING) * reported[k] + SMOOTHING * reported[k - 1]
    stored = np.full_like(monthly, np.nan)
    stored[2::3] = reported
    return responses.assign(**dict(zip(QUARTERLY, stored.T, strict=True)))


def with_ragged_starts(responses: pd.DataFrame) -> pd.DataFrame:
    """Blank the first months of the responses that start late."""
    ragged = responses.copy()
    for response, months in MONTHS_BLANK.items():
        ragged.loc[DATES[:months], response] = np.nan
    return ragged


def classes_table() -> pd.DataFrame:
    """Return the asset class and the true cluster of each response."""
    return pd.DataFrame(
        {"asset_class": by_asset("name"), "cluster": by_asset("cluster")},
        index=pd.Index(ASSETS, name="response"),
    )


def truth_record(vols: pd.Series) -> dict[str, Any]:
    """Return what is true beyond loadings and clusters; volatilities and alphas are annual."""
    return {
        "seed": SEED,
        "alphas": {asset: ALPHAS.get(asset, 0.0) for asset in ASSETS},
        "residual_vols": vols.to_dict(),
        "smoothing_phi": SMOOTHING,
        "smoothed": list(QUARTERLY),
        "outliers": [
            {"response": response, "date": DATES[month].date().isoformat(), "size": size}
            for response, month, size in OUTLIERS
        ],
    }


def csv_text(table: pd.DataFrame) -> str:
    """Render a table with the decimals of the files; missing cells are blank."""
    numbers = table.apply(lambda column: rounded(column) if column.dtype.kind == "f" else column)
    return numbers.to_csv(float_format=f"%.{DECIMALS}f", date_format="%Y-%m-%d", lineterminator="\n")


def json_text(record: Mapping[str, Any]) -> str:
    """Render a record as indented JSON."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def build_synthetic() -> dict[str, str]:
    """Return the text of every synthetic file by name."""
    rng = np.random.default_rng(SEED)
    factors = draw_factors(rng)
    betas = draw_betas(rng)
    vols = draw_residual_vols(rng)
    alphas = pd.Series(ALPHAS).reindex(ASSETS, fill_value=0.0)
    clean = factors @ betas.T + alphas / 12 + draw_residuals(rng, vols)
    responses = with_ragged_starts(with_quarterly_reports(with_outliers(clean)))
    return {
        "responses.csv": csv_text(responses),
        "factors.csv": csv_text(factors),
        "truth_betas.csv": csv_text(betas),
        "classes.csv": csv_text(classes_table()),
        "truth.json": json_text(truth_record(vols)),
        "clean_responses.csv": csv_text(clean),
    }


FRENCH_PROVENANCE = {
    "origin": "datasets/french/french.csv.bz2 of the installed linearmodels package, read at run time",
    "committed_files": [],
    "checked_with": "linearmodels 7.1",
    "sha256_of_bundled_file": "fab6482f4f011a2fcec2fd087d740eef3c5bcc24a39459569a4224516fca1b6e",
    "attribution": "Data: Kenneth R. French data library (Eugene F. Fama and Kenneth R. French).",
    "citation": (
        "Kenneth R. French, Data Library, Tuck School of Business at Dartmouth, "
        "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/data_library.html"
    ),
    "rights": "Data (c) Fama and French; the linearmodels package is under the NCSA licence.",
    "sample": "1949-01 to 2017-03, monthly, 819 rows, none missing",
    "transformation": (
        "30 portfolios (12 industries, 9 size/value, 9 size/momentum) in excess of RF; factors MktRF, SMB, "
        "HML, Mom as they are; decimals as in the file; dates moved from month start to month end"
    ),
}


def provenance(files: Mapping[str, str], numpy_version: str) -> dict[str, Any]:
    """Return where each demo comes from, with the digest of each committed file."""
    synthetic = {
        "origin": "simulated; no market data",
        "script": "python -m demo_data.build",
        "seed": SEED,
        "numpy": numpy_version,
        "licence": "MIT",
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()},
    }
    return {"synthetic": synthetic, "french": FRENCH_PROVENANCE}


def write(folder: Path) -> None:
    """Write the synthetic files and PROVENANCE.json."""
    files = build_synthetic()
    (folder / "synthetic").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "synthetic" / name).write_text(text, encoding="utf-8", newline="\n")
    record = json_text(provenance(files, np.__version__))
    (folder / "PROVENANCE.json").write_text(record, encoding="utf-8", newline="\n")


def csv_cells(text: str) -> Iterator[tuple[str, str]]:
    """Yield place and text of each cell, the header first."""
    rows = csv.reader(text.splitlines())
    header = next(rows, [])
    yield "header", ",".join(header)
    for row in rows:
        for column, value in zip_longest(header[1:], row[1:], fillvalue=""):
            yield f"{row[0] if row else ''}, {column}", value


def json_leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield place and value of each leaf of parsed JSON."""
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from json_leaves(item, f"{place}/{key}")
    else:
        yield place, value


def same(first: Any, second: Any) -> bool:
    """Compare numbers within the tolerance and everything else exactly."""
    try:
        return first == second or abs(float(first) - float(second)) <= TOLERANCE
    except (TypeError, ValueError):
        return False


def compare(name: str, expected: Iterator[tuple[str, Any]], found: Iterator[tuple[str, Any]]) -> str:
    """Return the first difference between two sequences of places and values, or nothing."""
    for built, held in zip_longest(expected, found, fillvalue=("end of file", None)):
        if built[0] != held[0]:
            return f"{name}: the file has {held[0]!r} where the build has {built[0]!r}"
        if not same(built[1], held[1]):
            return f"{name}: {built[0]}: the file has {held[1]!r}, the build gives {built[1]!r}"
    return ""


def compare_text(name: str, expected: str, found: str) -> str:
    """Return the first difference between two files of the same kind, or nothing."""
    if name.endswith(".csv"):
        return compare(name, csv_cells(expected), csv_cells(found))
    try:
        return compare(name, json_leaves(json.loads(expected)), json_leaves(json.loads(found)))
    except json.JSONDecodeError as error:
        return f"{name}: not readable as JSON ({error})"


def first_difference(folder: Path) -> str:
    """Return the first difference between the folder and a fresh build, or nothing."""
    built = build_synthetic()
    paths = {name: folder / "synthetic" / name for name in built}
    record = folder / "PROVENANCE.json"
    for path in (*paths.values(), record):
        if not path.is_file():
            return f"{path.name}: missing"
    # Read as text: a checkout with CRLF line ends holds the same content and must have the same digest.
    held = {name: path.read_text(encoding="utf-8") for name, path in paths.items()}
    for name, text in built.items():
        if difference := compare_text(name, text, held[name]):
            return difference
    return provenance_difference(record.read_text(encoding="utf-8"), held)


def provenance_difference(found: str, held: Mapping[str, str]) -> str:
    """Return the first difference in PROVENANCE.json, digests of the held files included."""
    try:
        numpy_version = json.loads(found)["synthetic"]["numpy"]
    except (ValueError, KeyError, TypeError):
        return "PROVENANCE.json: no synthetic/numpy entry can be read"
    return compare_text("PROVENANCE.json", json_text(provenance(held, numpy_version)), found)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Build or check the synthetic multi-asset demo.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the demo data live")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.folder)
        return 0
    difference = first_difference(options.folder)
    print(difference or "The demo data are what this script builds.")
    if difference:
        print(f"Built with numpy {np.__version__}; to replace the files: python -m demo_data.build")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
