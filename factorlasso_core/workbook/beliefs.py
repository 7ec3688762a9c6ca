"""What the analyst believes, as tables that can be loaded again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.beliefs import Beliefs
from factorlasso_core.panel import Panel


def signs_table(panel: Panel, beliefs: Beliefs) -> pd.DataFrame:
    """Return the sign constraints, responses by factors: 1, -1, 0 and NaN for free.

    >>> x, y = pd.DataFrame({"f": [1.0, 2.0]}), pd.DataFrame({"r": [0.5, 1.0]})
    >>> signs_table(Panel.from_frames(x, y), Beliefs()).loc["r", "f"]
    np.float64(nan)
    """
    free = np.full((panel.shape[1], panel.shape[2]), np.nan)
    return _labelled(panel.cells(free if beliefs.signs is None else beliefs.signs))


def prior_table(panel: Panel, beliefs: Beliefs) -> pd.DataFrame:
    """Return the prior loadings, responses by factors; zero where there is none."""
    none = np.zeros((panel.shape[1], panel.shape[2]))
    return _labelled(panel.cells(none if beliefs.prior is None else beliefs.prior))


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename_axis(index="response", columns=None)
