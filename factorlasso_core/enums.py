"""Named choices of the clustering, with the values of the reference.

Those with text for values compare and hash as that text, so a kernel that takes ``"spearman"`` takes
``DependenceMeasure.SPEARMAN`` as well.
"""

from __future__ import annotations

from enum import Enum, StrEnum

LINKAGE_METHODS = ("single", "complete", "average", "weighted", "centroid", "median", "ward")


class DependenceMeasure(StrEnum):
    """How alike two responses are: sample or EWMA correlation, that of their ranks, or Gerber's statistic."""

    PEARSON = "pearson"
    SPEARMAN = "spearman"
    GERBER = "gerber"


class DistanceTransform(StrEnum):
    """Distance of two responses with correlation ρ: ``1 - ρ``, ``sqrt(2(1 - ρ))`` or ``arccos ρ``."""

    ONE_MINUS_RHO = "one_minus_rho"
    CHORD = "chord"
    ARCCOS = "arccos"


class ClusterCorrelationTransform(StrEnum):
    """What is done to the correlation before clustering: nothing, or its first component is taken out."""

    NONE = "none"
    REMOVE_PC1 = "remove_pc1"


class ClusterSmootherType(Enum):
    """How partitions are carried from one date to the next; a single fit knows only ``NONE``."""

    NONE = 1
    HOLD = 2
    PARTITION_BONUS = 3
    SIMILARITY_EWMA = 4
