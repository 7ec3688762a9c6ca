"""Public helpers on frames and arrays, by the names of the reference."""

from factorlasso_core.functions.clustering import (
    ClusterCorrelationTransformResult,
    apply_cluster_correlation_transform,
    compute_clusters_from_corr_matrix,
    compute_dependence_matrix,
    compute_gerber_matrix,
    remove_first_principal_component,
)
from factorlasso_core.functions.ewma import (
    InitType,
    NanBackfill,
    compute_ewm,
    compute_ewm_covar,
    compute_expanding_power,
)
from factorlasso_core.functions.labels import (
    get_clusters_by_freq,
    get_cutoffs_by_freq,
    get_linkage_array,
    get_linkages_by_freq,
    set_group_loadings,
)
from factorlasso_core.functions.signs import derive_sign_constraints, validate_cluster_signs

__all__ = [
    "ClusterCorrelationTransformResult",
    "InitType",
    "NanBackfill",
    "apply_cluster_correlation_transform",
    "compute_clusters_from_corr_matrix",
    "compute_dependence_matrix",
    "compute_ewm",
    "compute_ewm_covar",
    "compute_expanding_power",
    "compute_gerber_matrix",
    "derive_sign_constraints",
    "get_clusters_by_freq",
    "get_cutoffs_by_freq",
    "get_linkage_array",
    "get_linkages_by_freq",
    "remove_first_principal_component",
    "set_group_loadings",
    "validate_cluster_signs",
]
