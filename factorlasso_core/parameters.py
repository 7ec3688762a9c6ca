"""The parameters of ``LassoModel``: named and ordered as in the reference, checked together, sorted into options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from factorlasso_core.enums import ClusterSmootherType
from factorlasso_core.errors import OptionError
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.named import named_factors
from factorlasso_core.options import FitSpec

# Names of the reference without a meaning here: kept, and refused unless at their default.
WITHOUT_MEANING = (
    "cluster_smoother_type",
    "smoother_delta",
    "smoother_lambda",
    "recluster_freq",
    "cluster_correlation_span_freq_dict",
    "expert_prior_bound_n_std",
    "expert_prior_hac_lags",
    "expert_prior_hac_lags_freq_dict",
    "expert_prior_exposure_budget",
    "expert_prior_bound_centre",
    "expert_prior_bound_scope",
    "expert_prior_budget_rule",
)
# Beliefs a model type does not take.
NO_SIGNS = ("factors_beta_loading_signs", "excluded_factors", "auto_sign_excluded_factors")
NO_PRIOR = ("factors_beta_prior", "factor_for_prior")


@dataclass(eq=False, repr=False)
class Parameters:
    """Every parameter with its default; see :class:`~factorlasso_core.model.LassoModel` for what they mean."""

    model_type: LassoModelType = LassoModelType.LASSO
    group_data: pd.Series | None = None
    reg_lambda: float = 1e-5
    span: float | None = None
    span_freq_dict: Any = None
    cutoff_fraction: float = 0.5
    linkage_method: str = "ward"
    distance_transform: str = "one_minus_rho"
    cluster_correlation_transform: str = "none"
    dependence_measure: str = "pearson"
    gerber_threshold: float = 0.5
    n_clusters: int | None = None
    cluster_smoother_type: ClusterSmootherType = ClusterSmootherType.NONE
    smoother_delta: float = 0.05
    smoother_lambda: float = 0.7
    recluster_freq: Any = None
    group_penalty: str = "normalized"
    l1_weight: float = 0.0
    demean: bool = True
    solver: str = "fast"
    solver_fallbacks: Sequence[str] | None = None
    warmup_period: int | None = 12
    nonneg: bool = False
    factors_beta_loading_signs: pd.DataFrame | None = None
    factors_beta_prior: pd.DataFrame | None = None
    auto_sign_constraints: bool = False
    auto_sign_threshold_t: float | None = 0.75
    auto_sign_adaptive_weights: bool = False
    auto_sign_adaptive_gamma: float = 1.0
    auto_sign_adaptive_floor: float = 1e-3
    unilasso_loo: bool = True
    unilasso_non_negative: bool = True
    cluster_correlation_span: float | None = None
    cluster_correlation_span_freq_dict: Any = None
    auto_sign_excluded_factors: Iterable[Any] | None = None
    apply_ols_prior: bool = False
    prior_selection_type: str = "highest_r2"
    factor_for_prior: Mapping[Any, Any] | pd.Series | None = None
    auto_sign_ewma_span: float | None = None
    auto_sign_use_fit_span: bool = False
    auto_sign_variance: str = "independent"
    loss_normalization: str = "sample"
    expert_prior_bound_n_std: Any = None
    expert_prior_hac_lags: Any = 0
    expert_prior_hac_lags_freq_dict: Any = None
    expert_prior_exposure_budget: Any = None
    expert_prior_bound_centre: str = "prior"
    expert_prior_bound_scope: str = "all"
    max_named_factors: int = 2
    named_set_max_vif: float | None = 2.5
    expert_prior_budget_rule: str = "n_std"
    excluded_factors: Mapping[Any, Any] | pd.Series | None = None
    centering: str = "panel"
    factor_rows: str = "impute"
    correlation_normalization: str = "reference"
    exclude_short: bool = False
    prior_overrides_signs: bool = False

    def __post_init__(self) -> None:
        check_parameters(vars(self))

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return every parameter at its default, in order."""
        return {field.name: field.default for field in fields(cls)}


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise if a parameter is out of range, or asks for what its neighbours rule out or nobody offers."""
    defaults = Parameters.defaults()
    for name in WITHOUT_MEANING:
        value = getattr(parameters[name], "value", parameters[name])  # the reference's enums count by value
        default = getattr(defaults[name], "value", defaults[name])
        if hasattr(value, "shape") or value != default:
            raise NotImplementedError(f"{name}={value!r} is not supported: leave it at {default!r}.")
    kind = FitSpec.from_parameters(parameters).model_type
    if parameters["prior_selection_type"] != "highest_r2":
        raise OptionError("prior_selection_type", parameters["prior_selection_type"], "'highest_r2'")
    if kind.needs_groups and parameters["group_data"] is None:
        raise OptionError("group_data", None, f"a Series of labels by response when model_type is {kind.name}")
    if parameters["factor_for_prior"] is not None and not parameters["apply_ols_prior"]:
        raise _refused(parameters, "factor_for_prior", "None unless apply_ols_prior is True")
    named_factors(parameters["factor_for_prior"], parameters["max_named_factors"])
    named_factors(parameters["excluded_factors"], None, "excluded_factors")
    _check_solvers(parameters)
    for name in _not_taken(kind):
        if _says_something(name, parameters[name]):
            raise _refused(parameters, name, f"None when model_type is {kind.name}")


def _says_something(name: str, value: Any) -> bool:
    """Whether a belief is held: an empty list, or one of missing entries, is none."""
    if name in ("excluded_factors", "factor_for_prior"):
        return bool(named_factors(value, None, name))
    return len(list(value)) > 0 if name == "auto_sign_excluded_factors" and value is not None else value is not None


def _check_solvers(parameters: Mapping[str, Any]) -> None:
    solver, fallbacks = parameters["solver"], parameters["solver_fallbacks"]
    if not isinstance(solver, str):
        raise OptionError("solver", solver, "'fast' or the name of a CVXPY solver")
    listed = fallbacks is None or (isinstance(fallbacks, list | tuple) and all(isinstance(n, str) for n in fallbacks))
    if not listed:
        raise OptionError("solver_fallbacks", fallbacks, "None or a list of names of solvers")


def _not_taken(kind: LassoModelType) -> tuple[str, ...]:
    return NO_SIGNS * (not kind.takes_signs) + NO_PRIOR * (not kind.takes_prior)


def _refused(parameters: Mapping[str, Any], name: str, allowed: str) -> OptionError:
    value = parameters[name]
    return OptionError(name, type(value) if hasattr(value, "shape") else value, allowed)
