"""Responses and factors side by side, with what every part of the report starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.panel import Panel
from factorlasso_core.robust import RobustScale, beyond, robust_scale, robust_z

STILL = 1e-14  # range, as a share of the level, up to which a series is constant


@dataclass(frozen=True, eq=False)
class Pool:
    """Responses, then factors.

    Attributes:
        cells: (T, K) values, NaN where missing. present: (T, K) booleans. index: (T,).
        names, roles: (K,) texts. scale: Medians and robust spreads. z: (T, K) robust z-scores.
        flagged: (T, K) booleans, outliers. count: (K,) known values. constant: (K,) booleans.
    """

    cells: Array
    present: Array
    index: pd.Index
    names: Array
    roles: Array
    scale: RobustScale
    z: Array
    flagged: Array
    count: Array
    constant: Array

    def series(self, places: Array) -> dict[str, Array]:
        """Names and roles of some series, as the first columns of a table."""
        return {"series": self.names[places], "role": self.roles[places]}


def pooled(panel: Panel, outlier_z: float) -> Pool:
    """Put the two sides of a panel beside each other."""
    cells = np.hstack([panel.y, panel.x])
    present = ~np.isnan(cells)
    scale = robust_scale(cells)
    z = robust_z(cells, scale)
    return Pool(
        cells=cells,
        present=present,
        index=panel.index,
        names=np.array([str(name) for name in (*panel.responses, *panel.factors)], dtype=object),
        roles=np.repeat(["response", "factor"], panel.shape[1:]),
        scale=scale,
        z=z,
        flagged=beyond(z, outlier_z),
        count=present.sum(axis=0),
        constant=_constant(cells),
    )


def _constant(cells: Array) -> Array:
    """Which series have values that are all the same, (K,); not those without any."""
    high = np.fmax.reduce(cells, axis=0, initial=-np.inf)
    low = np.fmin.reduce(cells, axis=0, initial=np.inf)
    with np.errstate(invalid="ignore"):
        level = np.maximum(np.abs(high), np.abs(low))
        return np.asarray((high >= low) & (high - low <= STILL * level))
