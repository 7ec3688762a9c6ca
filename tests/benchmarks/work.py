"""What is fitted in a benchmark: two frames, a model type and its parameters, the same for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core import Fit, LassoModel, LassoModelType
from tests.benchmarks.panels import LAMBDA, make_groups, make_panel, make_prior, make_signs, to_frames

LASSO = "LASSO"
HCGL = "HIERARCHICAL_CLUSTER_GROUP_LASSO"
FCGL = "FACTOR_CLUSTER_GROUP_LASSO"
Shape = tuple[int, int, int]  # rows T, responses N, factors M


@dataclass(frozen=True, eq=False)
class Work:
    """A model and the frames it meets.

    Attributes:
        x, y: Factors and responses. model: Name of the model type, as both libraries know it.
        parameters: What else both constructors are given.
    """

    x: pd.DataFrame
    y: pd.DataFrame
    model: str = LASSO
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def ours(self, reg_lambda: float = LAMBDA) -> LassoModel:
        """Our unfitted model."""
        return LassoModel(model_type=LassoModelType[self.model], reg_lambda=reg_lambda, **self.parameters)


def make_work(
    shape: Shape,
    model: str = LASSO,
    alpha: float = 0.0,
    *,
    signs: bool = False,
    prior: bool = False,
    ragged: bool = False,
) -> Work:
    """Generate a panel and the beliefs asked for."""
    panel = make_panel(*shape, ragged=ragged)
    parameters: dict[str, Any] = {"l1_weight": alpha}
    if signs:
        parameters["factors_beta_loading_signs"] = make_signs(panel)
    if prior:
        parameters["factors_beta_prior"] = make_prior(panel)
    return Work(*to_frames(panel.x, panel.y), model, parameters)


def grouped(x: pd.DataFrame, y: pd.DataFrame, model: str) -> Work:
    """A model of many responses; GROUP_LASSO gets labels with which every response has the same penalty."""
    given = {"group_data": make_groups(y.columns), "group_penalty": "yuan_lin"}
    return Work(x, y, model, given if LassoModelType[model].needs_groups else {})


def moved(step: int) -> float:
    """The λ of a step: next to ``LAMBDA``, never the same twice."""
    return LAMBDA * (1.0 + 1e-4 * (step + 1))


def gap(result: Fit) -> float:
    """Relative duality gap of a fit, the largest over its responses; infinite where nothing was proved."""
    return float("inf") if result.certificate is None else result.certificate.relative_gap


def worst(gaps: Iterable[float]) -> float:
    """The largest gap; NaN where one is."""
    return float(np.max(list(gaps)))
