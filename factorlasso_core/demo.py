"""The demo data sets: a simulated multi-asset panel with known truth, and the French portfolios.

Both are plain frames; the simulated one is read from the checkout's ``demo_data`` folder (made by
``python -m demo_data.build``), the other from the data file of the installed linearmodels package.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from factorlasso_core.errors import DataError, OptionError

DEMOS: Mapping[str, str] = MappingProxyType(
    {
        "synthetic": "Multi-asset, synthetic",
        "french": "French 30 portfolios",
    }
)

_DEMO_DATA = Path(__file__).resolve().parents[1] / "demo_data"
_FRENCH_FACTORS = ["MktRF", "SMB", "HML", "Mom"]
_FRENCH_SORTS = {"V": "Size/Value", "M": "Size/Momentum"}


@dataclass(frozen=True)
class Truth:
    """What generated a simulated panel.

    Attributes:
        betas: True loadings, N x M; what is not a true loading is exactly zero.
        clusters: True cluster of each response.
        alphas: Annual intercepts.
        residual_vols: Annual residual volatilities.
        outliers: Planted data errors: ``response``, ``date``, ``size`` (added to that return).
        smoothed: Responses reported as smoothed quarterly returns.
        smoothing_phi: Weight of the previous quarter in a smoothed report.
        clean_responses: Monthly responses before outliers, late starts and smoothing, T x N.
    """

    betas: pd.DataFrame
    clusters: pd.Series
    alphas: pd.Series
    residual_vols: pd.Series
    outliers: pd.DataFrame
    smoothed: tuple[str, ...]
    smoothing_phi: float
    clean_responses: pd.DataFrame

    @property
    def signs(self) -> pd.DataFrame:
        """Signs of the true loadings in {-1, 0, 1}, N x M."""
        return (self.betas > 0).astype("int64") - (self.betas < 0).astype("int64")


@dataclass(frozen=True)
class Demo:
    """One demo: decimal returns by date, the analyst's own groups, and the truth where it is known.

    Attributes:
        key: ``"synthetic"`` or ``"french"``.
        title: Name to show in a list.
        responses: T x N returns with a month-end ``DatetimeIndex`` named ``date``; NaN where missing.
        factors: T x M factor returns on the same dates.
        groups: Asset class or portfolio family of each response.
        truth: What generated the data, or None for market data.
        note: What it is, its units, its sample and its source, in plain sentences.
    """

    key: str
    title: str
    responses: pd.DataFrame
    factors: pd.DataFrame
    groups: pd.Series | None
    truth: Truth | None
    note: str


def load_demo(key: str) -> Demo:
    """Return fresh frames of one demo.

    Args:
        key: One of ``DEMOS``.

    Raises:
        OptionError: ``key`` is not one of ``DEMOS``.
        DataError: The files of the demo are not on this machine.

    >>> load_demo("synthetic").responses.shape
    (300, 40)
    """
    if key not in _LOADERS:
        raise OptionError("key", key, f"one of {', '.join(map(repr, DEMOS))}")
    return _LOADERS[key]()


def _load_synthetic() -> Demo:
    classes = _read_synthetic("classes.csv")
    responses = _read_synthetic("responses.csv", dated=True)
    return Demo(
        key="synthetic",
        title=DEMOS["synthetic"],
        responses=responses,
        factors=_read_synthetic("factors.csv", dated=True),
        groups=classes["asset_class"],
        truth=_read_truth(classes["cluster"]),
        note=(
            f"Simulated monthly returns of 40 assets on 6 factors, {_sample(responses)}, as decimals "
            "(0.01 is 1%); four private assets report smoothed quarterly returns. No market data: the true "
            "loadings, clusters and five planted outliers are known, so a fit can be compared with them."
        ),
    )


def _load_french() -> Demo:
    table = pd.read_csv(_french_file(), index_col="dates", parse_dates=True)
    table.index = pd.DatetimeIndex(table.index + pd.offsets.MonthEnd(0), name="date").as_unit("ns")
    portfolios = table.columns.drop([*_FRENCH_FACTORS, "RF"])
    # The file's portfolios are raw returns: their intercepts would be the risk-free rate.
    responses = table[portfolios].sub(table["RF"], axis=0)
    return Demo(
        key="french",
        title=DEMOS["french"],
        responses=responses,
        factors=table[_FRENCH_FACTORS],
        groups=pd.Series(map(_french_family, portfolios), index=portfolios, name="family"),
        truth=None,
        note=(
            "Monthly returns of 30 US stock portfolios in excess of the risk-free rate on the market, size, "
            f"value and momentum factors, as decimals (0.01 is 1%); the sample is {_sample(responses)}. "
            "Data: Kenneth R. French data library (Eugene F. Fama and Kenneth R. French), as shipped with "
            "the linearmodels package."
        ),
    )


_LOADERS: Mapping[str, Callable[[], Demo]] = {"synthetic": _load_synthetic, "french": _load_french}


def _sample(table: pd.DataFrame) -> str:
    """First and last month of a dated table."""
    return f"{table.index[0]:%Y-%m} to {table.index[-1]:%Y-%m}"


def _synthetic_path(name: str) -> Path:
    """Path of one committed file, which an installed wheel does not carry."""
    path = _DEMO_DATA / "synthetic" / name
    if not path.is_file():
        raise DataError(
            f"The synthetic demo needs demo_data/synthetic/{name}, which is not there: work from a checkout "
            "of the project, or run `python -m demo_data.build` in its top folder."
        )
    return path


def _read_synthetic(name: str, *, dated: bool = False) -> pd.DataFrame:
    """One committed table, its first column as index."""
    table = pd.read_csv(_synthetic_path(name), index_col=0, parse_dates=dated)
    if dated:
        table.index = pd.DatetimeIndex(table.index, name="date").as_unit("ns")
    return table


def _read_truth(clusters: pd.Series) -> Truth:
    """The truth files of the synthetic demo."""
    record: dict[str, Any] = json.loads(_synthetic_path("truth.json").read_text(encoding="utf-8"))
    outliers = pd.DataFrame(record["outliers"])
    return Truth(
        betas=_read_synthetic("truth_betas.csv"),
        clusters=clusters,
        alphas=pd.Series(record["alphas"], name="alpha"),
        residual_vols=pd.Series(record["residual_vols"], name="residual_vol"),
        outliers=outliers.assign(date=pd.DatetimeIndex(outliers["date"]).as_unit("ns")),
        smoothed=tuple(record["smoothed"]),
        smoothing_phi=record["smoothing_phi"],
        clean_responses=_read_synthetic("clean_responses.csv", dated=True),
    )


def _french_file() -> Path:
    """The data file inside linearmodels, found without importing it: the import takes seconds."""
    spec = importlib.util.find_spec("linearmodels")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "datasets" / "french" / "french.csv.bz2"
        if path.is_file():
            return path
    raise DataError(
        "The French demo needs the data file of the linearmodels package, which is not there: run "
        "`pip install linearmodels`."
    )


def _french_family(portfolio: str) -> str:
    """Family by name: S1V5 and S1M5 are sorts on size and a second trait, the rest are industries."""
    return _FRENCH_SORTS[portfolio[2]] if re.fullmatch(r"S\d[VM]\d", portfolio) else "Industry"
