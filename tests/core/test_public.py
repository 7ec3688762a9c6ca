"""Whoever has code for the reference changes the import: its names are here, with its keywords and its defaults."""

from __future__ import annotations

import dataclasses
import inspect
from enum import Enum
from typing import Any

import factorlasso
import pytest

import factorlasso_core

NAMES = [
    "LassoModelType",
    "LassoModel",
    "LassoModelCV",
    "LassoModelDiagonalityCV",
    "LassoEstimationResult",
    "LassoNowcastResult",
    "FactorBootstrapResult",
    "bootstrap_factor_betas",
    "solve_lasso_cvx_problem",
    "solve_group_lasso_cvx_problem",
    "solve_group_lasso_path",
    "solve_cooperative_group_lasso_cvx_problem",
    "solve_unilasso_cvx_problem",
    "get_x_y_np",
    "compute_ewm",
    "compute_ewm_covar",
    "compute_expanding_power",
    "set_group_loadings",
    "DependenceMeasure",
    "DistanceTransform",
    "ClusterCorrelationTransform",
    "ClusterSmootherType",
    "compute_dependence_matrix",
    "compute_gerber_matrix",
    "compute_clusters_from_corr_matrix",
    "remove_first_principal_component",
    "apply_cluster_correlation_transform",
    "get_linkage_array",
    "get_clusters_by_freq",
    "get_linkages_by_freq",
    "get_cutoffs_by_freq",
    "derive_sign_constraints",
    "validate_cluster_signs",
    "ResidualDiagnostics",
    "diagnose_residuals",
    "residual_correlation",
    "marchenko_pastur_edge",
    "null_threshold",
    "raw_offdiagonal_mass",
    "missing_factor_components",
    "effective_sparsity",
    "Sparsity",
    "suggest_tolerance",
    "VarianceColumns",
    "ResidualType",
    "CurrentFactorCovarData",
    "RollingFactorCovarData",
    "estimate_residual_correlation",
    "ResidualCorrelationData",
]
FUNCTIONS = [name for name in NAMES if inspect.isfunction(getattr(factorlasso_core, name))]
RECORDS = [name for name in NAMES if dataclasses.is_dataclass(getattr(factorlasso_core, name))]
ENUMS = [name for name in NAMES if inspect.isclass(kind := getattr(factorlasso_core, name)) and issubclass(kind, Enum)]
METHODS = [
    (name, method)
    for name in RECORDS
    for method, held in inspect.getmembers(getattr(factorlasso, name, None), inspect.isfunction)
    if not method.startswith("_")
]


def plain(value: Any) -> Any:
    """A default by what it means: enums by value, fields that make one by what they make."""
    return getattr(value, "value", value)


def keywords(function: Any) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: plain(p.default) for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD}


def assert_takes(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(theirs) <= set(ours)
    differing = {name for name in theirs if ours[name] != theirs[name] and name != "solver"}
    assert not differing


def test_every_name_is_public_here() -> None:
    assert len(NAMES) == 49 and set(NAMES) <= set(factorlasso_core.__all__)
    assert set(FUNCTIONS + RECORDS + ENUMS) == set(NAMES)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if hasattr(factorlasso, name)])
def test_a_function_takes_the_keywords_of_the_reference_with_their_defaults(name) -> None:
    assert_takes(keywords(getattr(factorlasso_core, name)), keywords(getattr(factorlasso, name)))


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_a_method_takes_the_keywords_of_the_reference_with_their_defaults(name, method) -> None:
    ours = getattr(getattr(factorlasso_core, name), method)
    assert_takes(keywords(ours), keywords(getattr(getattr(factorlasso, name), method)))


@pytest.mark.parametrize("name", [name for name in RECORDS if hasattr(factorlasso, name)])
def test_a_record_has_the_fields_of_the_reference(name) -> None:
    theirs = {field.name for field in dataclasses.fields(getattr(factorlasso, name))}
    ours = {field.name for field in dataclasses.fields(getattr(factorlasso_core, name))}
    given = {name for name in theirs if not name.endswith("_") and not name.startswith("_")}
    assert given <= ours


@pytest.mark.parametrize("name", [name for name in ENUMS if hasattr(factorlasso, name)])
def test_an_enumeration_has_the_members_of_the_reference(name) -> None:
    ours = getattr(factorlasso_core, name).__members__
    theirs = getattr(factorlasso, name).__members__
    assert {key: ours[key].value for key in theirs} == {key: kind.value for key, kind in theirs.items()}
