"""What a fitted ``LassoModel`` shows, under the names of the reference, as frames of the caller's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.result import Fit


@dataclass(frozen=True, eq=False)
class LassoEstimationResult:
    """In-sample result under the reference's names.

    Attributes:
        estimated_beta: (N, M). alpha, ss_total, ss_res, r2: (N,), see :class:`InSample`.
    """

    estimated_beta: Array
    alpha: Array
    ss_total: Array
    ss_res: Array
    r2: Array


def fitted_attributes(result: Fit, x: pd.DataFrame, y: pd.DataFrame) -> dict[str, Any]:
    """Return every fitted attribute by name; ``x`` and ``y`` are the frames that were fitted."""
    panel, stats, spec = result.panel, result.statistics, result.spec
    return {
        "fit_": result,
        "certificate_": result.certificate,
        "x_": x,
        "y_": y,
        "coef_": result.betas,
        "intercept_": panel.by_response(result.intercept, "intercept"),
        "alpha_const_": panel.by_response(result.alpha, "alpha_const"),
        "estimation_result_": LassoEstimationResult(result.beta, stats.alpha, stats.ss_total, stats.ss_res, stats.r2),
        "clusters_": result.clusters,
        "linkage_": None if result.clustering is None else np.array(result.clustering.tree.linkage),
        "cutoff_": result.cutoff,
        "effective_span_": spec.loss.span,
        "effective_cluster_correlation_span_": spec.clustering.span or spec.loss.span,
        "fit_demeaned_": spec.loss.demean,
        "n_features_in_": len(panel.factors),
        **_loss(result),
        **_signs(result),
        **_priors(result),
    }


def _loss(result: Fit) -> dict[str, Any]:
    """Rows, weights and divisor of the loss."""
    data, panel = result.data, result.panel
    guided = result.spec.model_type is LassoModelType.UNILASSO  # it counts every row once
    mass = (data.masks.sum(axis=1, dtype=float) if guided else data.mass)[data.pattern]
    own = guided or data.normalization == "weight_sum"
    divisor = mass if own else np.full(len(mass), float(data.rows))
    return {
        "n_loss_rows_": data.rows,
        "loss_weight_mass_": panel.by_response(mass, "loss_weight_mass"),
        "loss_denominator_": panel.by_response(divisor, "loss_denominator"),
    }


def _signs(result: Fit) -> dict[str, Any]:
    """The signs in force and the evidence for them, None where there is none."""
    panel, found, excluded = result.panel, result.evidence, result.beliefs.excluded
    said = found is not None or result.beliefs.signs is not None or excluded is not None
    attributes: dict[str, Any] = {
        "derived_signs_": panel.cells(result.box.signs) if said else None,
        "excluded_factor_mask_": None if excluded is None else panel.cells(excluded),
        "effective_sign_span_": None if found is None else found.span,
        "sign_penalty_weights_": None,
        "sign_block_weights_": None,
    }
    names = ("slope", "t", "effective_n", "counts")
    public = ("sign_slopes_", "sign_t_stats_", "sign_effective_n_", "sign_valid_counts_")
    for name, attribute in zip(names, public, strict=True):
        cells = None if found is None else found.slopes.by_response(getattr(found.slopes, name))
        attributes[attribute] = None if cells is None else panel.cells(cells)
    attributes["detected_signs_"] = None if found is None else panel.cells(found.detected)
    if found is not None and found.weights is not None:
        attributes["sign_penalty_weights_"] = panel.cells(found.weights.cell)
        attributes["sign_block_weights_"] = None if result.labels is None else result.block_weights
    return attributes


def _priors(result: Fit) -> dict[str, Any]:
    """The OLS prior and what became of it, None where it was not asked for."""
    panel, ols = result.panel, result.ols
    names = ("ols_betas_", "ols_r2_", "ols_beta_prior_", "effective_beta_prior_")
    cells = (None,) * 4 if ols is None else (ols.fits.slope, ols.fits.r2, ols.prior, result.prior)
    return {
        **{name: None if held is None else panel.cells(held) for name, held in zip(names, cells, strict=True)},
        "ols_prior_span_": None if ols is None else result.spec.loss.span,
        "effective_factor_for_prior_": None if ols is None else ols.factors_used(panel),
        "named_set_diagnostics_": None if ols is None else ols.diagnostics(panel),
    }
