"""Flagged outliers moved to the fence, or taken out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.ingest import Note
from factorlasso_core.robust import beyond, robust_scale, robust_z

NOTHING = (np.empty((0, 0)),) * 3 + (np.empty((0, 0), dtype=bool),)


class OutlierTreatment(NamedTuple):
    """What became of outliers.

    Attributes:
        table: The table after it. changed: One row per value: series, row, value before and after, z.
        notes: What was done.
    """

    table: pd.DataFrame
    changed: pd.DataFrame
    notes: tuple[Note, ...]


def treat_outliers(frame: pd.DataFrame, how: str, limit: float, what: str = "table") -> OutlierTreatment:
    """Winsorise or drop the values whose robust z-score exceeds a limit.

    Args:
        frame: The table. how: ``"keep"``, ``"winsorise"`` (to ``median ± limit · spread``) or ``"drop"``.
        limit: Of ``|value - median|/spread``, see :func:`factorlasso_core.robust.robust_scale`.

    >>> frame = pd.DataFrame({"r": [0.0, 1.0, 2.0, 3.0, 4.0, 500.0]})
    >>> treat_outliers(frame, "drop", 7.0).changed["before"].tolist()
    [500.0]
    """
    if how == "keep":
        return OutlierTreatment(frame, _changes(frame, *NOTHING), ())
    values = frame.to_numpy(dtype=float, copy=True)
    scale = robust_scale(values)
    z = robust_z(values, scale)
    flagged = beyond(z, limit)
    if not flagged.any():
        return OutlierTreatment(frame, _changes(frame, *NOTHING), ())
    before = values.copy()
    fence = scale.centre + np.sign(z) * limit * scale.spread
    values[flagged] = fence[flagged] if how == "winsorise" else np.nan
    done = f"moved to {limit:g} robust deviations from the median" if how == "winsorise" else "taken out"
    series = int(flagged.any(axis=0).sum())
    message = f"Outliers in {series} series of the {what} are {done}."
    code = "winsorised" if how == "winsorise" else "outliers_dropped"
    notes = (Note(code, message, what, int(flagged.sum())),)
    after = pd.DataFrame(values, frame.index, frame.columns)
    return OutlierTreatment(after, _changes(frame, before, values, z, flagged), notes)


def _changes(frame: pd.DataFrame, before: Array, after: Array, z: Array, flagged: Array) -> pd.DataFrame:
    column, row = np.nonzero(flagged.T)
    return pd.DataFrame({
        "series": frame.columns[column],
        "row": frame.index[row],
        "before": before[row, column],
        "after": after[row, column],
        "z": z[row, column],
    })  # fmt: skip
