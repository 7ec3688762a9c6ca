"""Names of the columns of a snapshot, and the kinds of residual covariance."""

from __future__ import annotations

from enum import StrEnum


class VarianceColumns(StrEnum):
    """Columns of ``y_variances`` and of the tables made from it.

    Variances and alphas are per year if the snapshot is annualised, volatilities are their square roots.
    """

    EWMA_VARIANCE = "ewma_var"
    RESIDUAL_VARS = "residual_var"
    INSAMPLE_ALPHA = "insample_alpha"
    R2 = "r2"
    ALPHA = "stat_alpha"
    TOTAL_VOL = "total_vol"
    SYST_VOL = "sys_vol"
    RESID_VOL = "resid_vol"
    CLUSTER = "cluster"


class ResidualType(StrEnum):
    """What residuals of different responses share.

    ``ORTHOGONAL``: nothing. ``EMPIRICAL``: the prepared residual correlation. ``EXPOSURE_CLUSTER`` and
    ``RESIDUAL_CLUSTER``: its mean inside each cluster and nothing between clusters, with the clusters of
    the model, or those found in the residual correlation itself.
    """

    ORTHOGONAL = "orthogonal"
    EMPIRICAL = "empirical"
    EXPOSURE_CLUSTER = "exposure_cluster"
    RESIDUAL_CLUSTER = "residual_cluster"
