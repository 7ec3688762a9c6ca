"""Correlation to distance, to Ward tree, to clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform

from factorlasso_core.arrays import Array, frozen


@dataclass(frozen=True, eq=False)
class Tree:
    """A hierarchical clustering of the responses before any cut.

    Attributes:
        linkage: (N-1, 4) as scipy writes it: left, right, height, size.
        largest_distance: Largest pairwise distance; the unit of the cutoff. Ward heights can exceed it.
        leaves: (N,) responses in the order of the drawn tree; it does not depend on the cut.
    """

    linkage: Array
    largest_distance: float
    leaves: Array

    def height(self, fraction: float) -> float:
        """Height of the cut at a fraction of the largest pairwise distance."""
        return fraction * self.largest_distance

    def cut(self, fraction: float) -> Array:
        """Return cluster numbers 1..G, (N,): responses whose merge lies at or below the cut share one."""
        if len(self.leaves) == 1:
            return np.ones(1, dtype=int)
        return fcluster(self.linkage, self.height(fraction), criterion="distance").astype(int)

    def count(self, fraction: float) -> int:
        """Number of clusters at a cut; Ward heights are monotone, so merges below the cut are counted."""
        return len(self.leaves) - int((self.linkage[:, 2] <= self.height(fraction)).sum())


def build_tree(correlation: Array) -> Tree:
    """Cluster by Ward's rule on the distance ``1 - correlation``, as the reference does.

    Args:
        correlation: (N, N), NaN counts as zero.
    """
    n = len(correlation)
    if n == 1:
        return Tree(frozen(np.empty((0, 4))), 0.0, frozen(np.zeros(1, dtype=int)))
    distance = np.clip(1.0 - np.nan_to_num(correlation, nan=0.0), 0.0, 2.0)
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(distance, checks=False)
    merges = linkage(condensed, method="ward")
    return Tree(frozen(merges), float(condensed.max()), frozen(leaves_list(merges).astype(int)))
