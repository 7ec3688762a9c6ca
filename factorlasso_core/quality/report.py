"""The whole report on a panel: one table of series, and a table for each kind of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.errors import DataError
from factorlasso_core.ingest import Note
from factorlasso_core.panel import Panel
from factorlasso_core.quality.coverage import Coverage, coverage
from factorlasso_core.quality.factors import FactorCondition, factor_condition
from factorlasso_core.quality.findings import findings
from factorlasso_core.quality.options import QualityOptions
from factorlasso_core.quality.pool import Pool, pooled
from factorlasso_core.quality.runs import stale_runs
from factorlasso_core.quality.series import series_table
from factorlasso_core.quality.twins import MOST_PAIRS, MOST_SERIES, repeated_rows, twins


@dataclass(frozen=True, eq=False)
class QualityReport:
    """What is remarkable in a panel; responses come first, then factors.

    Attributes:
        series: One row per series, index its name: role, calendar, first and last date, observations, coverage
            (share of the expected values), holes, rows in common with all factors (of a factor: with all others),
            median, robust spread, outliers, largest |z|, longest stale run, values in stale runs, twins, remark.
        coverage: Known values by series and period.
        outliers: One row per value with ``|z|`` above the limit: series, role, row, value, median, z; largest first.
        stale: One row per run: series, role, first, last, values, value; longest first, constants left out.
        twins: One row per pair: series, role, other, other_role, kind, correlation, rows.
        repeated: Labels of the rows that are equal to an earlier one in every series.
        factors: Correlation, condition and variance inflation of the factors.
        findings: The same as sentences, for people.
        options: The limits in force. key: Digest of the panel. rows: Its rows T.
    """

    series: pd.DataFrame
    coverage: Coverage
    outliers: pd.DataFrame
    stale: pd.DataFrame
    twins: pd.DataFrame
    repeated: pd.Index
    factors: FactorCondition
    findings: tuple[Note, ...]
    options: QualityOptions
    key: str
    rows: int


def quality_report(panel: Panel, options: QualityOptions | None = None) -> QualityReport:
    """Report on coverage, stale runs, outliers, duplicates, constants, factors and their overlap with responses.

    Args:
        panel: The panel, its rows in order of time. options: From where on something is reported.

    Raises:
        DataError: The dates are not in order.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame({"f": rng.standard_normal(60)})
        >>> y = pd.DataFrame({"r": x["f"] * 2, "still": 1.0})
        >>> report = quality_report(Panel.from_frames(x, y))
        >>> report.series["remark"].tolist()
        ['twin of f (factor)', 'constant', 'twin of r']
    """
    options = options or QualityOptions()
    if isinstance(panel.index, pd.DatetimeIndex) and not panel.index.is_monotonic_increasing:
        raise DataError("The rows are not in order: sort the panel by date before its quality is reported.")
    pool = pooled(panel, options.outlier_z)
    cover = coverage(panel.index, pool.present, options.periods)
    runs = stale_runs(pool.cells, options.stale_run)
    runs = runs[~pool.constant[runs["column"].to_numpy(dtype=np.intp)]]
    pairs = twins(pool.cells, options.twin)
    repeated = panel.index[repeated_rows(pool.cells)]
    factors = factor_condition(panel.x, panel.factors)
    table = series_table(pool, cover, runs, pairs)
    outliers, stale, alike = _outliers(pool), _stale(pool, runs), _pairs(pool, pairs)
    found = [*findings(table, outliers, stale, alike, repeated, factors), *_not_compared(len(pool.count), len(pairs))]
    return QualityReport(
        table, cover, outliers, stale, alike, repeated, factors, tuple(found), options, panel.key, len(panel.index)
    )


def _not_compared(series: int, pairs: int) -> Iterator[Note]:
    """Say so where duplicates were not looked for everywhere."""
    if series > MOST_SERIES or pairs >= MOST_PAIRS:
        message = f"Duplicates were looked for among the first {MOST_SERIES:,} series, {MOST_PAIRS:,} pairs at most."
        yield Note("not_compared", message, "panel", max(0, series - MOST_SERIES))


def _outliers(pool: Pool) -> pd.DataFrame:
    row, column = np.nonzero(pool.flagged)
    order = np.argsort(-np.abs(pool.z[row, column]), kind="stable")
    row, column = row[order], column[order]
    body = {"row": pool.index[row], "value": pool.cells[row, column], "median": pool.scale.centre[column]}
    return pd.DataFrame(pool.series(column) | body | {"z": pool.z[row, column]})


def _stale(pool: Pool, runs: pd.DataFrame) -> pd.DataFrame:
    runs = runs.sort_values("length", ascending=False, kind="stable")
    column, first, last = (runs[name].to_numpy(dtype=np.intp) for name in ("column", "first", "last"))
    dates = {"first": pool.index[first], "last": pool.index[last]}
    length, value = runs["length"].to_numpy(dtype=np.int64), runs["value"].to_numpy(dtype=float)
    return pd.DataFrame(pool.series(column) | dates | {"values": length, "value": value})


def _pairs(pool: Pool, pairs: pd.DataFrame) -> pd.DataFrame:
    first, second = (pairs[name].to_numpy(dtype=np.intp) for name in ("first", "second"))
    others = {"other": pool.names[second], "other_role": pool.roles[second]}
    rest = {name: pairs[name].to_numpy() for name in ("kind", "correlation", "rows")}
    return pd.DataFrame(pool.series(first) | others | rest)
