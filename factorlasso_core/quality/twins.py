"""Series that are the same as another one, and rows that are the same as an earlier one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, blocks, largest

LEAST_ROWS = 6  # common rows below which nothing is compared
SAMPLE = 192  # rows on which pairs are looked for before they are compared on all rows
SAMPLE_WORK = SAMPLE * 550**2  # rows times pairs: few series are looked at on more rows
SLACK = 5.0  # the sample may fall short of the limit by so many times what the limit leaves
ROUNDS = 4  # samples, so that series known on few rows are compared too
MOST_SERIES, MOST_PAIRS = 2_000, 5_000
COLUMNS = ("first", "second", "kind", "correlation", "rows")


def twins(values: Array, limit: float = 0.9999) -> pd.DataFrame:
    """Find pairs of columns of (T, K) that are equal, or as good as multiples of each other.

    Among many series pairs are looked for on rows spread over the sample, and each one found is compared on all
    common rows; two long series known on hardly any common row may then be missed. At most 5,000 pairs are
    returned, of at most 2,000 columns; constants are left out.

    Args:
        values: NaN where missing. limit: Absolute correlation from which a pair counts, in (0, 1).

    Returns:
        Positions of both columns, ``"identical"`` where every common value is equal, else ``"proportional"``;
        the correlation and the number of rows both are known on.
    """
    few = values[:, :MOST_SERIES]
    first, second = _candidates(few, 1.0 - SLACK * (1.0 - limit))
    correlation, rows, equal = _compared(few, first[:MOST_PAIRS], second[:MOST_PAIRS])
    with np.errstate(invalid="ignore"):
        kept = (np.abs(correlation) >= limit) & (rows >= LEAST_ROWS)
    kind = np.where(equal, "identical", "proportional")
    parts = (first[:MOST_PAIRS], second[:MOST_PAIRS], kind, correlation, rows)
    return pd.DataFrame({name: part[kept] for name, part in zip(COLUMNS, parts, strict=True)})


def repeated_rows(values: Array) -> Array:
    """Return which rows of (T, K) are equal to an earlier one, the same cells missing, with two or more values, (T,).

    >>> repeated_rows(np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])).tolist()
    [False, False, True]
    """
    key = np.concatenate([_row_keys(values[part]) for part in blocks(len(values), values.shape[1])])
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[group] != np.arange(len(values)))
    result = np.zeros(len(values), dtype=bool)
    for part in blocks(len(again), values.shape[1]):
        rows = again[part]
        here, there = values[rows], values[first[group[rows]]]
        known = ~np.isnan(here)
        same = ((here == there) | (~known & np.isnan(there))).all(axis=1)
        result[rows] = same & (known.sum(axis=1) >= 2)
    return result


def _row_keys(values: Array) -> Array:
    """A 64-bit number for each row, the same for equal rows, (T,): splitmix64 of every value, weighted by column."""
    bits = np.ascontiguousarray(np.where(np.isnan(values), np.nan, values + 0.0)).view(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    weights = np.random.default_rng(0).integers(2**63, size=values.shape[1], dtype=np.uint64) * np.uint64(2)
    return np.asarray(((bits ^ (bits >> np.uint64(31))) * (weights + np.uint64(1))).sum(axis=1))


def to_unit(values: Array) -> Array:
    """Columns divided by their largest magnitude, whose squares neither overflow nor vanish; zeros stay."""
    scale = largest(values)
    return np.asarray(values / np.where(scale > 0, scale, 1.0))


def _candidates(values: Array, limit: float) -> tuple[Array, Array]:
    """Pairs whose correlation on a sample of the rows reaches a limit, in order.

    Columns the sample hardly knows are compared once more with all others, on a sample of their own rows.
    """
    present = ~np.isnan(values)
    found = np.zeros((values.shape[1],) * 2, dtype=bool)
    sought = present.sum(axis=0) >= LEAST_ROWS
    size = max(SAMPLE, SAMPLE_WORK // values.shape[1] ** 2)
    for _ in range(ROUNDS):
        if not sought.any():
            break
        rows = _spread_rows(present[:, sought], size)
        found[:, sought] |= _alike(values[rows], sought, limit)
        sought &= present[rows].sum(axis=0) < LEAST_ROWS
    first, second = np.nonzero(np.triu(found | found.T, 1))
    return first, second


def _spread_rows(present: Array, size: int) -> Array:
    """About so many rows on which many columns are known, spread over time."""
    counts = np.count_nonzero(present, axis=1)
    best = np.argsort(-counts, kind="stable")[: max(size, len(present) // 4)]
    return np.sort(best)[:: max(1, len(best) // size)]


def _alike(sample: Array, sought: Array, limit: float) -> Array:
    """Whether the pairwise-complete correlation of each column with each of some reaches a limit, (K, S)."""
    present, sample = ~np.isnan(sample), to_unit(sample)
    middle = np.divide(np.where(present, sample, 0.0).sum(axis=0), np.maximum(present.sum(axis=0), 1))
    z, v = np.where(present, sample - middle, 0.0), present.astype(float)
    zs, vs = z[:, sought], v[:, sought]
    count = v.T @ vs
    with np.errstate(invalid="ignore", divide="ignore"):
        sums, others = z.T @ vs, v.T @ zs
        spread = (z * z).T @ vs - sums * sums / count
        other = v.T @ (zs * zs) - others * others / count
        cross = z.T @ zs - sums * others / count
        alike = np.abs(cross) >= limit * np.sqrt(spread) * np.sqrt(other)
    return np.asarray(alike & (spread > 0) & (other > 0) & (count >= LEAST_ROWS))


def _compared(values: Array, first: Array, second: Array) -> tuple[Array, Array, Array]:
    """Correlation on common rows, their number, and whether all values on them are equal, of pairs of columns."""
    correlation, rows = np.full(len(first), np.nan), np.zeros(len(first), dtype=np.int64)
    equal = np.zeros(len(first), dtype=bool)
    for part in blocks(len(first), len(values)):
        a, b = values[:, first[part]], values[:, second[part]]
        common = ~(np.isnan(a) | np.isnan(b))
        rows[part] = common.sum(axis=0)
        equal[part] = ((a == b) | ~common).all(axis=0)
        u, w = (_centred(to_unit(side), common, rows[part]) for side in (a, b))
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.sqrt((u * u).sum(axis=0) * (w * w).sum(axis=0))
            correlation[part] = np.clip((u * w).sum(axis=0) / scale, -1.0, 1.0)
    return correlation, rows, equal


def _centred(side: Array, common: Array, rows: Array) -> Array:
    filled = np.where(common, side, 0.0)
    return np.where(common, filled - filled.sum(axis=0) / np.maximum(rows, 1), 0.0)
