"""The one generator of benchmark panels: correlated factors, sparse loadings, monthly-return scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core import Panel
from factorlasso_core.arrays import Array

FACTOR_CORRELATION = 0.5
DEVIATION = 0.03
LAMBDA = 1e-4
SIGNS = {1.0: 0.2, -1.0: 0.2, 0.0: 0.1, np.nan: 0.5}  # how often each sign is held
GROUP_SIZE = 10


def make_panel(
    rows: int = 500, responses: int = 500, factors: int = 20, *, ragged: bool = False, seed: int = 0
) -> Panel:
    """Return a panel with loadings that are zero in 70% of the cells.

    Args:
        ragged: Thirty different start dates in the first 60% of the sample, and 2% random holes.
    """
    random = np.random.default_rng(seed)
    correlation = FACTOR_CORRELATION + (1 - FACTOR_CORRELATION) * np.eye(factors)
    x = DEVIATION * random.standard_normal((rows, factors)) @ np.linalg.cholesky(correlation).T
    loadings = random.standard_normal((responses, factors)) * (random.random((responses, factors)) < 0.3)
    y = x @ loadings.T + DEVIATION * random.standard_normal((rows, responses))
    if ragged:
        starts = random.integers(0, int(0.6 * rows), 30)[np.arange(responses) % 30]
        y[np.arange(rows)[:, None] < starts] = np.nan
        y[random.random(y.shape) < 0.02] = np.nan
    return Panel.from_frames(*to_frames(x, y))


def to_frames(x: Array, y: Array) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name factors (T, M) and responses (T, N), month by month, without copying them."""
    index = pd.date_range("1980-01-31", periods=len(x), freq="ME")
    return (
        pd.DataFrame(x, index, [f"Factor {j + 1}" for j in range(x.shape[1])], copy=False),
        pd.DataFrame(y, index, [f"Response {k + 1}" for k in range(y.shape[1])], copy=False),
    )


def make_signs(panel: Panel, seed: int = 1) -> pd.DataFrame:
    """Random signs, responses by factors: 1, -1, 0 and free as often as ``SIGNS`` says."""
    shape = (len(panel.responses), len(panel.factors))
    return panel.cells(np.random.default_rng(seed).choice(list(SIGNS), size=shape, p=list(SIGNS.values())))


def make_prior(panel: Panel, seed: int = 2) -> pd.DataFrame:
    """A random prior of deviation 0.3 in every cell, which may lie outside the signs."""
    return panel.cells(0.3 * np.random.default_rng(seed).standard_normal((len(panel.responses), len(panel.factors))))


def make_groups(responses: pd.Index) -> pd.Series:
    """Labels of groups of ten, whose weight under ``"yuan_lin"`` does not depend on how many there are."""
    return pd.Series(np.arange(len(responses)) // GROUP_SIZE, index=responses)
