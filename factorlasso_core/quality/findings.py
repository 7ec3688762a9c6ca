"""What a quality report found, as sentences with counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from factorlasso_core.ingest import Note
from factorlasso_core.quality.factors import FactorCondition

NAMED = 3  # series a sentence names
HIGH_INFLATION, HIGH_CONDITION = 10.0, 30.0  # customary limits; Belsley, Kuh and Welsch (1980) for the second
FEW_ROWS = 24  # rows in common with the factors below which a response is named


def findings(
    series: pd.DataFrame, outliers: pd.DataFrame, stale: pd.DataFrame, twins: pd.DataFrame, repeated: pd.Index,
    factors: FactorCondition,
) -> Iterator[Note]:  # fmt: skip
    """Yield one sentence for each kind of trouble there is, the gravest first."""
    yield from _of_series(series)
    yield from _of_factors(factors)
    both = twins[twins["role"] != twins["other_role"]]
    if len(both):
        pairs = [f"{a} and {b}" for a, b in zip(both["series"], both["other"], strict=True)]
        yield _note("response_is_factor", f"A response is as good as a factor: {_named(pairs)}.", len(both))
    same = twins[twins["role"] == twins["other_role"]]
    if len(same):
        pairs = [f"{a} and {b}" for a, b in zip(same["series"], same["other"], strict=True)]
        yield _note("duplicates", f"Series that are the same or proportional: {_named(pairs)}.", len(same))
    if len(repeated):
        days = [str(getattr(label, "date", lambda label=label: label)()) for label in repeated]
        yield _note("repeated_rows", f"Rows that repeat an earlier one in every series: {_named(days)}.", len(repeated))
    if len(outliers):
        names = list(dict.fromkeys(outliers["series"]))
        message = f"Values far from the median of their series, in {_named(names)}."
        yield _note("outliers", message, len(outliers))
    if len(stale):
        names = list(dict.fromkeys(stale["series"]))
        yield _note("stale_runs", f"Runs of one and the same value, in {_named(names)}.", len(stale))


def _of_series(series: pd.DataFrame) -> Iterator[Note]:
    names, role = series.index.to_numpy(), series["role"].to_numpy()
    remark = series["remark"].str
    for word, code in (("empty", "empty_series"), ("constant", "constant_series")):
        hit = remark.startswith(word).to_numpy()
        for kind in ("factor", "response"):
            if (which := hit & (role == kind)).any():
                yield _note(code, f"{kind.capitalize()}s that are {word}: {_named(names[which])}.", int(which.sum()))
    few = (role == "response") & (series["observations"] > 0) & (series["common_rows"] < FEW_ROWS)
    if (which := few.to_numpy()).any():
        message = f"Responses with fewer than {FEW_ROWS} rows in common with all factors: {_named(names[which])}."
        yield _note("little_overlap", message, int(which.sum()))
    slow = remark.contains(" values", regex=False) & ~remark.contains("more than half", regex=False)
    if (which := slow.to_numpy()).any():
        kinds = ", ".join(sorted(set(series.loc[which, "calendar"])))
        yield _note("own_dates", f"Series on coarser dates ({kinds}): {_named(names[which])}.", int(which.sum()))
    holes = int(series["holes"].sum())
    if holes:
        which = (series["holes"] > 0).to_numpy()
        yield _note("holes", f"Values missing inside the history of {_named(names[which])}.", holes)


def _of_factors(factors: FactorCondition) -> Iterator[Note]:
    inflation = factors.inflation.to_numpy()
    high = np.nan_to_num(inflation, nan=0.0) > HIGH_INFLATION
    exact = np.isinf(inflation)
    if exact.any():
        names = factors.inflation.index[exact]
        yield _note("dependent_factors", f"Factors that depend on each other exactly: {_named(names)}.", len(names))
    elif high.any():
        names = factors.inflation.index[high]
        message = f"Factors the others explain to more than 90%: {_named(names)}."
        yield _note("collinear_factors", message, len(names))
    elif factors.condition > HIGH_CONDITION:
        yield _note("ill_conditioned", f"The condition of the factors is {factors.condition:.0f}, above 30.", 0)


def _named(names: object) -> str:
    """The first names, and how many more."""
    texts = [str(name) for name in names]  # type: ignore[attr-defined]
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


def _note(code: str, message: str, count: int) -> Note:
    return Note(code, message, "panel", count)
