"""Which responses form a group: given by the analyst, or found by clustering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.clusters import Tree, build_tree, remove_first_component, with_outsiders
from factorlasso_core.dependence import dependence
from factorlasso_core.digest import array_bytes, digest
from factorlasso_core.errors import BeliefsError, DataError
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.stages import Stages
from factorlasso_core.steps import correlation_loss, prepared

LARGEST_CORRELATION = 2**30  # bytes of one N x N matrix; clustering needs several


@dataclass(frozen=True, eq=False)
class Clustering:
    """Correlation the clusters were made from, and the tree.

    Attributes:
        correlation: (N, N), zero for responses that were left out. tree: All responses; those left out
            join at its top. inner: The tree of the others, which is what is cut. counted: (N,) the others.
    """

    correlation: Array
    tree: Tree
    inner: Tree
    counted: Array


@dataclass(frozen=True, eq=False)
class Groups:
    """The partition a fit uses.

    Attributes:
        labels: (N,) group of each response. counted: (N,) responses that count in group sizes and pools.
        clustering, cutoff: The tree and the absolute height of its cut; None where groups were given.
    """

    labels: Array
    counted: Array
    clustering: Clustering | None = None
    cutoff: float | None = None

    @property
    def codes(self) -> Array:
        """Groups numbered from 0 in order of appearance, (N,)."""
        return pd.factorize(self.labels)[0]


def group(stages: Stages, panel: Panel, beliefs: Beliefs, spec: FitSpec, short: Array) -> Groups | None:
    """Return the groups of a model, None for plain LASSO and UniLasso.

    Args:
        short: (N,) responses in warm-up, left out with ``exclude_short``.

    Raises:
        BeliefsError: Groups are needed and missing, or clusters given to a model that finds its own.
    """
    kind = spec.model_type.for_responses(panel.shape[1])
    _check_given(spec.model_type, beliefs)
    if kind.is_lasso:
        return None
    counted = _counted(spec, short)
    given = beliefs.groups if kind.needs_groups else beliefs.clusters
    if given is not None:
        return Groups(given, counted)
    clustering = cluster_tree(stages, panel, spec, counted)
    inner, options = clustering.inner, spec.clustering
    if options.n_clusters is None:
        found, cutoff = inner.cut(options.cutoff_fraction), inner.height(options.cutoff_fraction)
    else:
        found, cutoff = inner.cut_into(options.n_clusters), inner.height_of(options.n_clusters)
    labels = np.zeros(len(counted), dtype=found.dtype)
    labels[clustering.counted] = found
    return Groups(frozen(labels), clustering.counted, clustering, cutoff)


def _check_given(kind: LassoModelType, beliefs: Beliefs) -> None:
    if kind.needs_groups and beliefs.groups is None:
        other = "COOPERATIVE_CLUSTER_GROUP_LASSO" if kind.is_cooperative else "HCGL"
        raise BeliefsError(f"{kind.name} needs a group for every response: give group labels or choose {other}.")
    if beliefs.clusters is not None and kind is LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO:
        raise BeliefsError(f"{kind.name} finds its own clusters: use COOPERATIVE_GROUP_LASSO with given groups.")


def _counted(spec: FitSpec, short: Array) -> Array:
    """Responses that take part in clusters, (N,); with nobody left the rule has nothing to say."""
    left_out = short if spec.clustering.exclude_short and not short.all() else np.zeros_like(short)
    return frozen(~left_out)


def cluster_tree(stages: Stages, panel: Panel, spec: FitSpec, counted: Array) -> Clustering:
    """The tree stage: linkage of the distances, before any cut."""
    size = 8 * panel.shape[1] ** 2
    if size > LARGEST_CORRELATION:
        raise DataError(
            f"Clustering {panel.shape[1]} responses needs matrices of {size / 2**30:.1f} GiB each, more than "
            f"{LARGEST_CORRELATION / 2**30:.0f}: give groups and use GROUP_LASSO, or cluster fewer responses."
        )
    key = digest(panel.key, spec.loss.digest(), spec.clustering.tree_digest, array_bytes(counted))
    return stages.get("tree", key, lambda: _cluster(stages, panel, spec, counted))


def _cluster(stages: Stages, panel: Panel, spec: FitSpec, counted: Array) -> Clustering:
    options = spec.clustering
    inside = _correlation(stages, panel, spec, counted)
    inner = build_tree(inside, method=options.linkage_method, transform=options.distance_transform)
    if counted.all():
        return Clustering(inside, inner, inner, counted)
    correlation = np.eye(len(counted))
    correlation[np.ix_(counted, counted)] = inside
    return Clustering(frozen(correlation), with_outsiders(inner, counted), inner, counted)


def _correlation(stages: Stages, panel: Panel, spec: FitSpec, counted: Array) -> Array:
    """The correlation stage: dependence of the responses that count."""
    loss = correlation_loss(spec)
    key = digest(panel.key, loss.digest(), spec.clustering.dependence_digest, array_bytes(counted))

    def compute() -> Array:
        y = prepared(stages, panel, loss).y_or_nan
        return frozen(_dependence(y if counted.all() else y[:, counted], spec))

    return stages.get("correlation", key, compute)


def _dependence(y: Array, spec: FitSpec) -> Array:
    options = spec.clustering
    matrix = dependence(
        y,
        measure=options.dependence_measure,
        span=correlation_loss(spec).span,
        normalization=options.correlation_normalization,
        gerber_threshold=options.gerber_threshold,
    )
    return remove_first_component(matrix) if options.correlation_transform == "remove_pc1" else matrix
