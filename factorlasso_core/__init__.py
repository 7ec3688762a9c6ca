"""Sparse factor models, solved exactly and proved optimal."""

from factorlasso_core.attributes import LassoEstimationResult
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.certificate import Certificate, certify
from factorlasso_core.errors import (
    BeliefsError,
    DataError,
    FactorLassoError,
    InputError,
    NotFittedError,
    OptionError,
    SolverError,
)
from factorlasso_core.fit import fit, reference_lambda
from factorlasso_core.model import LassoModel
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import ClusterOptions, FitSpec, LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit, State
from factorlasso_core.signs import Rule
from factorlasso_core.stages import Stages
from factorlasso_core.version import VERSION as __version__

__all__ = [
    "Beliefs",
    "BeliefsError",
    "Certificate",
    "ClusterOptions",
    "DataError",
    "FactorLassoError",
    "Fit",
    "FitSpec",
    "InputError",
    "LassoEstimationResult",
    "LassoModel",
    "LassoModelType",
    "LossOptions",
    "NotFittedError",
    "OptionError",
    "Panel",
    "PenaltyOptions",
    "Rule",
    "SolverError",
    "Stages",
    "State",
    "__version__",
    "certify",
    "fit",
    "reference_lambda",
]
