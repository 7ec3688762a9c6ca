"""Bootstrap bands of the loadings of a fit: computed on request, kept with the fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from factorlasso_core import Fit, LassoModel, Stages
from factorlasso_core.arrays import Array, frozen
from factorlasso_core.errors import FactorLassoError
from factorlasso_core.resample import bootstrap_factor_betas
from pages.shared import compute

DRAWS, CONFIDENCE = 200, 0.95
MOST_CELLS = 20_000  # loadings whose draws a page can wait for


@dataclass(frozen=True, eq=False)
class Bands:
    """Percentile intervals of all loadings, clusters and signs held: (N, M) each.

    Attributes:
        lower, upper: Bounds. zeros: Share of the draws that are exactly zero.
    """

    lower: Array
    upper: Array
    zeros: Array


def held(fit: Fit, *, shared: bool) -> Bands | None:
    """The bands of a fit if they were computed."""
    return Stages(compute.cache(shared)).held("bands", fit.digest)


def computed(fit: Fit, *, shared: bool) -> Bands | str:
    """The bands of a fit, or why there are none."""
    with compute.counted(shared) as stages:
        try:
            return stages.get("bands", fit.digest, lambda: _bands(fit))
        except FactorLassoError as error:
            return str(error)


def _bands(fit: Fit) -> Bands:
    panel = fit.panel
    x, y = (pd.DataFrame(v, panel.index, names) for v, names in ((panel.x, panel.factors), (panel.y, panel.responses)))
    result = bootstrap_factor_betas(model_of(fit), x, y, draws=DRAWS, seed=0, recluster=False)
    table = result.intervals(CONFIDENCE)
    names = ("lower", "upper", "near_zero_frequency")
    return Bands(*(frozen(table[name].to_numpy(dtype=float).reshape(fit.beta.shape)) for name in names))


def model_of(fit: Fit) -> LassoModel:
    """The model whose fit this is."""
    panel, beliefs = fit.panel, fit.beliefs
    given: dict[str, Any] = {
        "factors_beta_loading_signs": None if beliefs.signs is None else panel.cells(beliefs.signs),
        "factors_beta_prior": None if beliefs.prior is None else panel.cells(beliefs.prior),
        "group_data": None if beliefs.groups is None else panel.by_response(beliefs.groups, "group"),
        "excluded_factors": None if beliefs.excluded is None else _listed(panel, beliefs.excluded),
        "auto_sign_excluded_factors": None if beliefs.unsigned is None else list(panel.factors[beliefs.unsigned]),
        "factor_for_prior": None if beliefs.named is None else _named(panel, beliefs.named),
    }
    return LassoModel(**fit.spec.parameters(), **given)


def _listed(panel: Any, mask: Array) -> dict[Any, list[Any]]:
    return {
        response: list(panel.factors[row]) for response, row in zip(panel.responses, mask, strict=True) if row.any()
    }


def _named(panel: Any, places: tuple[tuple[int, ...], ...]) -> dict[Any, list[Any]]:
    named = zip(panel.responses, places, strict=True)
    return {response: list(panel.factors[list(at)]) for response, at in named if at}
