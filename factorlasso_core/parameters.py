"""The parameters of ``LassoModel``: checked together, then sorted into options."""

from __future__ import annotations

from typing import Any

from factorlasso_core.errors import OptionError
from factorlasso_core.options import ClusterOptions, FitSpec, LassoModelType, LossOptions, PenaltyOptions

# Names of the reference that have no meaning here, or none yet: kept, and refused unless at their default.
DEFAULT_ONLY: dict[str, Any] = {
    "linkage_method": "ward",
    "distance_transform": "one_minus_rho",
    "cluster_correlation_transform": "none",
    "dependence_measure": "pearson",
    "gerber_threshold": 0.5,
    "n_clusters": None,
    "cluster_smoother_type": None,
    "smoother_delta": 0.05,
    "smoother_lambda": 0.7,
    "recluster_freq": None,
    "auto_sign_constraints": False,
    "auto_sign_threshold_t": 0.75,
    "auto_sign_adaptive_weights": False,
    "auto_sign_adaptive_gamma": 1.0,
    "auto_sign_adaptive_floor": 0.001,
    "unilasso_loo": True,
    "unilasso_non_negative": True,
    "cluster_correlation_span": None,
    "cluster_correlation_span_freq_dict": None,
    "auto_sign_excluded_factors": None,
    "apply_ols_prior": False,
    "prior_selection_type": "highest_r2",
    "factor_for_prior": None,
    "auto_sign_ewma_span": None,
    "auto_sign_use_fit_span": False,
    "auto_sign_variance": "independent",
    "expert_prior_bound_n_std": None,
    "expert_prior_hac_lags": 0,
    "expert_prior_hac_lags_freq_dict": None,
    "expert_prior_exposure_budget": None,
    "expert_prior_bound_centre": "prior",
    "expert_prior_bound_scope": "all",
    "max_named_factors": 2,
    "named_set_max_vif": 2.5,
    "expert_prior_budget_rule": "n_std",
    "excluded_factors": None,
}


def known_names(unsupported: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments, all of them names of the reference."""
    for name in unsupported:
        if name not in DEFAULT_ONLY:
            raise TypeError(f"LassoModel got an unexpected parameter {name!r}.")
    return unsupported


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raise if a parameter is out of range or asks for something this version does not do."""
    for name, default in DEFAULT_ONLY.items():
        value = getattr(parameters[name], "value", parameters[name])  # the reference's enums count by value
        neutral = name == "cluster_smoother_type" and value == 1
        if not neutral and (hasattr(value, "shape") or value != default):
            raise NotImplementedError(f"{name}={value!r} is not supported: leave it at {default!r}.")
    spec = to_spec(parameters)
    if spec.model_type is LassoModelType.GROUP_LASSO and parameters["group_data"] is None:
        raise OptionError("group_data", None, "a Series of labels by response when model_type is GROUP_LASSO")


def to_spec(parameters: dict[str, Any]) -> FitSpec:
    """Return the options the parameters stand for; OptionError when one is out of range."""
    p = parameters
    return FitSpec(
        model_type=p["model_type"],
        loss=LossOptions(p["span"], p["demean"], p["centering"], p["loss_normalization"], p["factor_rows"]),
        clustering=ClusterOptions(p["cutoff_fraction"], p["correlation_normalization"]),
        penalty=PenaltyOptions(p["reg_lambda"], p["l1_weight"], p["group_penalty"]),
        nonneg=p["nonneg"],
        warmup_period=p["warmup_period"],
    )
