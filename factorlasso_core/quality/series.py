"""The table of a quality report: one row per series, and what stands out in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, largest
from factorlasso_core.quality.coverage import Coverage
from factorlasso_core.quality.pool import Pool


def series_table(pool: Pool, cover: Coverage, runs: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per series; see :class:`factorlasso_core.quality.QualityReport`.

    Args:
        runs, pairs: Stale runs and twins by position.
    """
    count, rows = pool.count, len(pool.index)
    first, last = pool.present.argmax(axis=0), rows - 1 - pool.present[::-1].argmax(axis=0)
    whole = pool.present[:, pool.roles == "factor"].all(axis=1)
    longest, stale = _run_lengths(runs, len(count))
    table = {
        "role": pool.roles,
        "calendar": [one.name for one in cover.calendars],
        "first": pool.index[first].where(count > 0),
        "last": pool.index[last].where(count > 0),
        "observations": count,
        "coverage": np.minimum(count / np.maximum(cover.expected, 1), 1.0),
        "holes": cover.holes,
        "common_rows": pool.present[whole].sum(axis=0),
        "median": pool.scale.centre,
        "spread": pool.scale.spread,
        "outliers": np.count_nonzero(pool.flagged, axis=0),
        "largest_z": np.where(count > 0, largest(pool.z), np.nan),
        "longest_stale": longest,
        "stale_values": stale,
        "twins": np.bincount(pairs[["first", "second"]].to_numpy(dtype=np.intp).ravel(), minlength=len(count)),
        "remark": _remarks(pool, cover, pairs),
    }
    return pd.DataFrame(table, index=pd.Index(pool.names, name="series"))


def _run_lengths(runs: pd.DataFrame, series: int) -> tuple[Array, Array]:
    """Longest stale run, and values in all of them, of each series, (K,)."""
    column, length = runs["column"].to_numpy(dtype=np.intp), runs["length"].to_numpy(dtype=np.int64)
    longest, total = np.zeros(series, dtype=np.int64), np.zeros(series, dtype=np.int64)
    np.maximum.at(longest, column, length)
    np.add.at(total, column, length)
    return longest, total


def _remarks(pool: Pool, cover: Coverage, pairs: pd.DataFrame) -> list[str]:
    """What stands out in each series, in words."""
    other: dict[int, int] = {}
    for a, b in zip(pairs["first"].tolist(), pairs["second"].tolist(), strict=True):
        other.setdefault(a, b)
        other.setdefault(b, a)
    usual = max(sorted(set(cover.calendars)), key=cover.calendars.count)
    resting = 2 * (pool.cells == pool.scale.centre).sum(axis=0) > pool.count
    own = [one.name if one != usual else "" for one in cover.calendars]
    return ["; ".join(_words(pool, k, bool(resting[k]), own[k], other.get(k))) for k in range(len(own))]


def _words(pool: Pool, k: int, resting: bool, calendar: str, twin: int | None) -> Iterator[str]:
    """Remarks on one series; ``calendar`` is empty where it is the usual one."""
    if pool.count[k] == 0:
        yield "empty"
    elif pool.constant[k]:
        yield "constant"
    elif resting:
        yield "more than half of the values are equal"
    if calendar:
        yield f"{calendar} values"
    if twin is not None:
        yield f"twin of {pool.names[twin]}" + (" (factor)" if pool.roles[twin] == "factor" else "")
