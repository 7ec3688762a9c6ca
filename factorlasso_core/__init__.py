"""Sparse factor models, solved exactly and proved optimal."""

from factorlasso_core.attributes import LassoEstimationResult
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.certificate import Certificate, certify
from factorlasso_core.covariance import (
    CurrentFactorCovarData,
    ResidualCorrelationData,
    ResidualType,
    RollingFactorCovarData,
    VarianceColumns,
    estimate_residual_correlation,
    factor_covariance,
)
from factorlasso_core.crossval import LassoModelCV
from factorlasso_core.diagonality import LassoModelDiagonalityCV
from factorlasso_core.enums import (
    ClusterCorrelationTransform,
    ClusterSmootherType,
    DependenceMeasure,
    DistanceTransform,
)
from factorlasso_core.errors import (
    BeliefsError,
    DataError,
    FactorLassoError,
    InputError,
    NotFittedError,
    OptionError,
    SelectionError,
    SolverError,
)
from factorlasso_core.fit import fit, reference_lambda
from factorlasso_core.folds import expanding_window_splits
from factorlasso_core.functions import (
    ClusterCorrelationTransformResult,
    InitType,
    NanBackfill,
    apply_cluster_correlation_transform,
    compute_clusters_from_corr_matrix,
    compute_dependence_matrix,
    compute_ewm,
    compute_ewm_covar,
    compute_expanding_power,
    compute_gerber_matrix,
    derive_sign_constraints,
    get_clusters_by_freq,
    get_cutoffs_by_freq,
    get_linkage_array,
    get_linkages_by_freq,
    remove_first_principal_component,
    set_group_loadings,
    validate_cluster_signs,
)
from factorlasso_core.functions.solvers import (
    solve_cooperative_group_lasso_cvx_problem,
    solve_group_lasso_cvx_problem,
    solve_group_lasso_path,
    solve_lasso_cvx_problem,
    solve_unilasso_cvx_problem,
)
from factorlasso_core.ingest import Loaded, Note, ReadLimits, ReadOptions, join_panel, read_table, read_workbook
from factorlasso_core.model import LassoModel
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.nowcast import LassoNowcastResult
from factorlasso_core.options import (
    ClusterOptions,
    FitSpec,
    GuidedOptions,
    LossOptions,
    PenaltyOptions,
    PriorOptions,
    SignOptions,
)
from factorlasso_core.panel import Panel
from factorlasso_core.path import fit_path
from factorlasso_core.prepare import get_x_y_np
from factorlasso_core.resample import FactorBootstrapResult, bootstrap_factor_betas
from factorlasso_core.residuals import (
    ResidualDiagnostics,
    diagnose_residuals,
    marchenko_pastur_edge,
    missing_factor_components,
    null_threshold,
    raw_offdiagonal_mass,
    residual_correlation,
)
from factorlasso_core.result import Fit, State
from factorlasso_core.signs import Rule
from factorlasso_core.sparsity import Sparsity, effective_sparsity, suggest_tolerance
from factorlasso_core.stages import Stages
from factorlasso_core.version import VERSION as __version__

__all__ = [
    "Beliefs",
    "BeliefsError",
    "Certificate",
    "ClusterCorrelationTransform",
    "ClusterCorrelationTransformResult",
    "ClusterOptions",
    "ClusterSmootherType",
    "CurrentFactorCovarData",
    "DataError",
    "DependenceMeasure",
    "DistanceTransform",
    "FactorBootstrapResult",
    "FactorLassoError",
    "Fit",
    "FitSpec",
    "GuidedOptions",
    "InitType",
    "InputError",
    "LassoEstimationResult",
    "LassoModel",
    "LassoModelCV",
    "LassoModelDiagonalityCV",
    "LassoModelType",
    "LassoNowcastResult",
    "Loaded",
    "LossOptions",
    "NanBackfill",
    "NotFittedError",
    "Note",
    "OptionError",
    "Panel",
    "PenaltyOptions",
    "PriorOptions",
    "ReadLimits",
    "ReadOptions",
    "ResidualCorrelationData",
    "ResidualDiagnostics",
    "ResidualType",
    "RollingFactorCovarData",
    "Rule",
    "SelectionError",
    "SignOptions",
    "SolverError",
    "Sparsity",
    "Stages",
    "State",
    "VarianceColumns",
    "__version__",
    "apply_cluster_correlation_transform",
    "bootstrap_factor_betas",
    "certify",
    "compute_clusters_from_corr_matrix",
    "compute_dependence_matrix",
    "compute_ewm",
    "compute_ewm_covar",
    "compute_expanding_power",
    "compute_gerber_matrix",
    "derive_sign_constraints",
    "diagnose_residuals",
    "effective_sparsity",
    "estimate_residual_correlation",
    "expanding_window_splits",
    "factor_covariance",
    "fit",
    "fit_path",
    "get_clusters_by_freq",
    "get_cutoffs_by_freq",
    "get_linkage_array",
    "get_linkages_by_freq",
    "get_x_y_np",
    "join_panel",
    "marchenko_pastur_edge",
    "missing_factor_components",
    "null_threshold",
    "raw_offdiagonal_mass",
    "read_table",
    "read_workbook",
    "reference_lambda",
    "remove_first_principal_component",
    "residual_correlation",
    "set_group_loadings",
    "solve_cooperative_group_lasso_cvx_problem",
    "solve_group_lasso_cvx_problem",
    "solve_group_lasso_path",
    "solve_lasso_cvx_problem",
    "solve_unilasso_cvx_problem",
    "suggest_tolerance",
    "validate_cluster_signs",
]
