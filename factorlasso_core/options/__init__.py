"""Frozen options of a fit: ranges checked at birth, canonical JSON, a digest.

Arrays are never options: what the analyst believes about single cells (signs, prior, groups) is
:class:`~factorlasso_core.panel.Beliefs`. Each class below feeds one stage of the fit, so that the
key of a stage names exactly the options it depends on.
"""

from factorlasso_core.options.clustering import ClusterOptions
from factorlasso_core.options.loss import LARGEST_LAMBDA, GuidedOptions, LossOptions, PenaltyOptions
from factorlasso_core.options.signs import PriorOptions, SignOptions
from factorlasso_core.options.spec import FitSpec

__all__ = [
    "LARGEST_LAMBDA",
    "ClusterOptions",
    "FitSpec",
    "GuidedOptions",
    "LossOptions",
    "PenaltyOptions",
    "PriorOptions",
    "SignOptions",
]
