"""Options of the clustering."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from factorlasso_core.enums import (
    LINKAGE_METHODS,
    ClusterCorrelationTransform,
    DependenceMeasure,
    DistanceTransform,
)
from factorlasso_core.options.base import Options, check, check_choice, check_flag, check_span, check_whole, is_real

DISTANCES, DEPENDENCES, TRANSFORMS = (
    tuple(kind.value for kind in choices)
    for choices in (DistanceTransform, DependenceMeasure, ClusterCorrelationTransform)
)


@dataclass(frozen=True)
class ClusterOptions(Options):
    """How responses are clustered (HCGL, FCGL, clustered cooperative).

    Attributes:
        cutoff_fraction: Height of the cut as a share of the largest pairwise distance, in (0, 1].
        n_clusters: Cut into at most this many clusters instead; None follows the cutoff.
        linkage_method: Rule by which the distance to a merged cluster follows, one of scipy's seven.
        distance_transform: Distance from a correlation ρ: ``"one_minus_rho"``, ``"chord"``
            ``sqrt(2(1-ρ))``, ``"arccos"``.
        correlation_transform: ``"remove_pc1"`` takes the first principal component out first.
        dependence_measure: ``"pearson"``, ``"spearman"`` (on ranks), ``"gerber"`` (joint large moves).
        gerber_threshold: Size of a large move in standard deviations, in [0, 1].
        span: EWMA span for the correlations alone; None follows the span of the loss.
        correlation_normalization: ``"reference"`` keeps the zero-start EWMA covariance of the
            reference; ``"pairwise"`` divides by the weights of each pair, which does not shrink
            the correlation of late starters. Without a span both are the sample correlation.
        exclude_short: Leave responses in warm-up out of clusters, group sizes and pools.
    """

    NAMES: ClassVar[dict[str, str]] = {
        "correlation_transform": "cluster_correlation_transform",
        "span": "cluster_correlation_span",
    }

    cutoff_fraction: float = 0.5
    n_clusters: int | None = None
    linkage_method: str = "ward"
    distance_transform: str = "one_minus_rho"
    correlation_transform: str = "none"
    dependence_measure: str = "pearson"
    gerber_threshold: float = 0.5
    span: float | None = None
    correlation_normalization: str = "reference"
    exclude_short: bool = False

    def __post_init__(self) -> None:
        value = self.cutoff_fraction
        check("cutoff_fraction", value, is_real(value) and 0 < value <= 1, "in (0, 1]")
        check_whole("n_clusters", self.n_clusters, 1)
        check_choice("linkage_method", self.linkage_method, LINKAGE_METHODS)
        check_choice("distance_transform", self.distance_transform, DISTANCES)
        check_choice("cluster_correlation_transform", self.correlation_transform, TRANSFORMS)
        check_choice("dependence_measure", self.dependence_measure, DEPENDENCES)
        threshold = self.gerber_threshold
        check("gerber_threshold", threshold, is_real(threshold) and 0 <= threshold <= 1, "in [0, 1]")
        check_span("cluster_correlation_span", self.span)
        check_choice("correlation_normalization", self.correlation_normalization, ("reference", "pairwise"))
        check_flag("exclude_short", self.exclude_short)
        self.coerce(float, "cutoff_fraction", "gerber_threshold", "span")
        self.coerce(int, "n_clusters")
        self.coerce(bool, "exclude_short")
        self.coerce(str, "linkage_method", "distance_transform", "correlation_transform", "dependence_measure")

    @property
    def tree_digest(self) -> str:
        """Digest of what the tree depends on: everything but the cut."""
        return replace(self, cutoff_fraction=0.5, n_clusters=None).digest()

    @property
    def dependence_digest(self) -> str:
        """Digest of what the correlations depend on: everything but the linkage and the cut."""
        tree = replace(self, cutoff_fraction=0.5, n_clusters=None)
        return replace(tree, linkage_method=LINKAGE_METHODS[0], distance_transform=DISTANCES[0]).digest()
