"""What the *Select* page asks: folds, score, rule and grid, held in the session and in the link."""

from __future__ import annotations

from typing import Any

import numpy as np

from factorlasso_core.folds import FoldOptions
from factorlasso_core.tuning import BEST, ERROR, R2, SPARSE, SPHERICITY
from pages.shared import state
from pages.shared.controls import Choice, Control, Number

SCORES = {R2: "R² out of sample", ERROR: "squared error", SPHERICITY: "residual correlation"}
DECADES = {str(count): f"{count} decade{'s' * (count > 1)}" for count in range(1, 6)}

CONTROLS: dict[str, Control] = {
    control.key: control
    for control in (
        Choice("cv_scheme", "expanding", {"expanding": "expanding window", "rolling": "rolling window"}),
        Number("cv_folds", 5, 2, 20, 1),
        Number("cv_gap", 0, 0, 120, 1),
        Number("cv_window", 0, 0, 5000, 1),
        Choice("cv_score", R2, SCORES),
        Choice("cv_rule", BEST, {BEST: "best mean", SPARSE: "largest λ within 1 s.e."}),
        Number("cv_points", 40, 5, 100, 1),
        Choice("cv_top", "1", {"0.1": "λ_ref / 10", "1": "λ_ref", "10": "10 λ_ref"}),
        Choice("cv_decades", "3", DECADES),
    )
}
PARAMETERS = tuple(control.parameter for control in CONTROLS.values())


def value(key: str) -> Any:
    """Value of a control of this module."""
    return state.value(key, CONTROLS[key].default)


def draw(key: str, label: str, help: str, *, disabled: bool = False) -> None:
    """Draw a control of this module."""
    CONTROLS[key].draw(label, help, disabled)


def folds() -> FoldOptions:
    """The folds asked for."""
    rolling = value("cv_scheme") == "rolling"
    window = value("cv_window") if rolling else 0
    return FoldOptions(value("cv_scheme"), value("cv_folds"), value("cv_gap"), window or None)


def lambdas(unit: float) -> list[float]:
    """The grid, largest first, with four significant digits so that a link carries a short number.

    Args:
        unit: λ_ref of the data.
    """
    top, count = float(value("cv_top")) * unit, value("cv_points")
    grid = np.geomspace(top, top * 10.0 ** -float(value("cv_decades")), count)
    return [float(f"{step:.3e}") for step in grid]
