"""Covariance of responses from a factor model, ``B F B' + D``: snapshots, their history, residual correlation."""

from factorlasso_core.covariance.bridge import factor_covariance
from factorlasso_core.covariance.columns import ResidualType, VarianceColumns
from factorlasso_core.covariance.common import estimate_residual_correlation
from factorlasso_core.covariance.current import CurrentFactorCovarData
from factorlasso_core.covariance.residual import ResidualCorrelationData
from factorlasso_core.covariance.rolling import RollingFactorCovarData

__all__ = [
    "CurrentFactorCovarData",
    "ResidualCorrelationData",
    "ResidualType",
    "RollingFactorCovarData",
    "VarianceColumns",
    "estimate_residual_correlation",
    "factor_covariance",
]
