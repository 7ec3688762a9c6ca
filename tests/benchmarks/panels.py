"""The one generator of benchmark panels: correlated factors, sparse loadings, monthly-return scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core import Panel

FACTOR_CORRELATION = 0.5
DEVIATION = 0.03
LAMBDA = 1e-4


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
    index = pd.date_range("1980-01-31", periods=rows, freq="ME")
    return Panel.from_frames(
        pd.DataFrame(x, index, [f"Factor {j + 1}" for j in range(factors)]),
        pd.DataFrame(y, index, [f"Response {k + 1}" for k in range(responses)]),
    )
