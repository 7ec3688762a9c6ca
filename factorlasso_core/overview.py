"""What a panel holds, before anything is fitted: frequency, gaps, and which rows count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.ingest.periods import spacing
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel

# Name, rows per year, and the range of median spacings in days that means it.
_FREQUENCIES = (
    ("daily", 252, 0.5, 4.0),
    ("weekly", 52, 6.0, 8.0),
    ("monthly", 12, 27.0, 32.0),
    ("quarterly", 4, 88.0, 93.0),
    ("yearly", 1, 360.0, 370.0),
)


@dataclass(frozen=True)
class Frequency:
    """Name of the sampling frequency and rows per year; ``"irregular"`` and None where there is none."""

    name: str
    per_year: int | None


def frequency(index: pd.Index) -> Frequency:
    """Recognise the frequency from the median spacing of dates.

    >>> frequency(pd.date_range("2020-01-31", periods=24, freq="ME")).name
    'monthly'
    """
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 3:
        return Frequency("unknown", None)
    days = spacing(index)
    for name, per_year, low, high in _FREQUENCIES:
        if low <= days <= high:
            return Frequency(name, per_year)
    return Frequency("irregular", None)


def describe_series(panel: Panel, warmup_period: int | None) -> pd.DataFrame:
    """One row per series: role, first and last date, observations, missing share, mean, deviation, remark."""
    parts = [_describe(panel.x, panel.factors, panel.index, "factor", None)]
    parts.insert(0, _describe(panel.y, panel.responses, panel.index, "response", warmup_period))
    return pd.concat(parts)


def _describe(values: Array, labels: pd.Index, index: pd.Index, role: str, warmup_period: int | None) -> pd.DataFrame:
    present = ~np.isnan(values)
    count = present.sum(axis=0)
    filled = np.where(present, values, 0.0)
    mean = np.divide(filled.sum(axis=0), count, out=np.full(len(labels), np.nan), where=count > 0)
    square = np.where(present, (values - mean) ** 2, 0.0).sum(axis=0)
    deviation = np.sqrt(np.divide(square, count - 1, out=np.full(len(labels), np.nan), where=count > 1))
    first, last = present.argmax(axis=0), len(index) - 1 - present[::-1].argmax(axis=0)
    return pd.DataFrame(
        {
            "role": role,
            "first": index[first].where(count > 0),
            "last": index[last].where(count > 0),
            "observations": count,
            "missing": 1.0 - count / len(index),
            "mean": mean,
            "deviation": deviation,
            "remark": [_remark(n, d, m, warmup_period) for n, d, m in zip(count, deviation, mean, strict=True)],
        },
        index=labels.astype(str),
    )


def _remark(count: int, deviation: float, mean: float, warmup_period: int | None) -> str:
    if count == 0:
        return "empty"
    if warmup_period is not None and count < warmup_period:
        return f"fewer than {warmup_period} observations: loadings are set to zero"
    if deviation <= 1e-14 * abs(mean) or deviation == 0:
        return "constant"
    return ""


@dataclass(frozen=True)
class RowUse:
    """How many rows of a panel count in a fit, and why the others do not.

    Attributes:
        total, used: Rows of the panel; rows where at least one response enters the loss.
        reasons: One sentence per kind of row that is left out or repaired.
    """

    total: int
    used: int
    reasons: tuple[str, ...]


def row_use(panel: Panel, spec: FitSpec) -> RowUse:
    """Count the rows that enter the loss under the given options."""
    factors = ~np.isnan(panel.x)
    dropped = spec.loss.factor_rows == "drop"
    none = np.all(~factors, axis=1)
    partly = np.logical_and(~np.all(factors, axis=1), ~none)
    silent = np.all(np.isnan(panel.y), axis=1) & ~none
    used = ~none & ~silent & ~(partly & dropped)
    running = spec.loss.span is not None and spec.loss.demean and spec.loss.centering == "panel"
    if running:
        used = used & (np.arange(len(used)) > 0)
    kept = "left out" if dropped else "kept, the missing factor at its mean"
    texts = (
        (none.sum(), "without any factor: left out"),
        (partly.sum(), f"with some factors missing: {kept}"),
        (silent.sum(), "with factors but no response: left out"),
        (int(running), "that starts the running mean, the first: left out"),
    )
    return RowUse(len(used), int(used.sum()), tuple(f"{n} row{'s' if n > 1 else ''} {text}" for n, text in texts if n))
