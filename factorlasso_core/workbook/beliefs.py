"""What the analyst believes, as tables and CSV files that can be loaded again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core.panel import Beliefs, Panel
from factorlasso_core.xlsx import to_csv_safe


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


def groups_table(panel: Panel, beliefs: Beliefs) -> pd.DataFrame | None:
    """Return one column ``group`` by response, or None without groups."""
    if beliefs.groups is None:
        return None
    return _labelled(panel.by_response(beliefs.groups, "group").to_frame())


def beliefs_csv(panel: Panel, beliefs: Beliefs) -> dict[str, bytes]:
    """Return CSV files by name, one for each belief that is held, safe to open in a spreadsheet."""
    files = {}
    if beliefs.signs is not None:
        files["signs.csv"] = to_csv_safe(signs_table(panel, beliefs))
    if beliefs.prior is not None:
        files["prior.csv"] = to_csv_safe(prior_table(panel, beliefs))
    groups = groups_table(panel, beliefs)
    if groups is not None:
        files["groups.csv"] = to_csv_safe(groups)
    return files


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename_axis(index="response", columns=None)
