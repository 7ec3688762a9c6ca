"""Correlation to distance, to tree, to clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, is_monotonic, leaves_list, linkage, maxdists
from scipy.linalg import eigh
from scipy.spatial.distance import squareform

from factorlasso_core.arrays import Array, frozen

RESIDUAL_FLOOR = 1e-12  # residual variance, of 1, up to which a response has nothing left
RESIDUAL_SLACK = 1e-10  # how far a residual may leave the range of a correlation matrix by rounding

TRANSFORMS: dict[str, Callable[[Array], Array]] = {
    "one_minus_rho": lambda rho: 1.0 - rho,
    "chord": lambda rho: np.sqrt(2.0 * (1.0 - rho)),
    "arccos": np.arccos,
}


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

    @property
    def monotone(self) -> bool:
        """Whether no merge lies below one it contains; centroid and median linkage can have such inversions."""
        return len(self.linkage) == 0 or bool(is_monotonic(self.linkage))

    @property
    def reach(self) -> Array:
        """Height of the highest merge inside each branch, (N-1,): the lowest cut that keeps it whole."""
        return self.linkage[:, 2] if self.monotone else maxdists(self.linkage)

    def height(self, fraction: float) -> float:
        """Height of the cut at a fraction of the largest pairwise distance."""
        return fraction * self.largest_distance

    def cut(self, fraction: float) -> Array:
        """Return cluster numbers 1..G, (N,): responses whose branch lies at or below the cut share one."""
        return self._labels(self.height(fraction), "distance")

    def count(self, fraction: float) -> int:
        """Number of clusters at a cut: each branch at or below it joins two."""
        return len(self.leaves) - int((self.reach <= self.height(fraction)).sum())

    def cut_into(self, n: int) -> Array:
        """Return cluster numbers 1..G, (N,), of the partition into at most ``n`` clusters, n >= 1.

        Merges at one height are taken together, so G can be less than ``n``.
        """
        return self._labels(min(n, len(self.leaves)), "maxclust")

    def height_of(self, n: int) -> float:
        """Height of the last merge that :meth:`cut_into` accepts; zero if it accepts none."""
        merges = len(self.leaves) - int(self.cut_into(n).max())
        return float(self.linkage[merges - 1, 2]) if merges else 0.0

    def _labels(self, limit: float, criterion: str) -> Array:
        if len(self.leaves) == 1:
            return np.ones(1, dtype=int)
        return fcluster(self.linkage, limit, criterion=criterion).astype(int)


def build_tree(correlation: Array, *, method: str = "ward", transform: str = "one_minus_rho") -> Tree:
    """Cluster on distances made of correlations, as the reference does.

    Every method works on the distances as they are; centroid, median and Ward take them for Euclidean.

    Args:
        correlation: (N, N), N >= 1; NaN counts as zero, the diagonal and the lower triangle are not read.
        method: One of ``LINKAGE_METHODS``. transform: A key of ``TRANSFORMS``.
    """
    n = len(correlation)
    if n == 1:
        return Tree(frozen(np.empty((0, 4))), 0.0, frozen(np.zeros(1, dtype=int)))
    condensed = squareform(correlation, force="tovector", checks=False)
    condensed[np.isnan(condensed)] = 0.0
    condensed = TRANSFORMS[transform](np.clip(condensed, -1.0, 1.0, out=condensed))
    merges = linkage(condensed, method=method)
    return Tree(frozen(merges), float(condensed.max()), frozen(leaves_list(merges).astype(int)))


def with_outsiders(inner: Tree, counted: Array) -> Tree:
    """Return the tree of all responses: those that were not clustered join one by one at the top.

    Args:
        inner: Tree of the responses that were clustered. counted: (N,) which they are, at least one.
    """
    n, members, outside = len(counted), np.flatnonzero(counted), np.flatnonzero(~counted)
    names = np.concatenate([members, n + np.arange(len(inner.linkage))])
    merges = inner.linkage.copy()
    merges[:, :2] = names[merges[:, :2].astype(int)]
    top = 1.05 * max(float(merges[:, 2].max(initial=0.0)), inner.largest_distance) or 1.0
    root, rows = int(names[-1]), list(merges)
    for response in outside:
        rows.append(np.array([response, root, top, len(members) + len(rows) - len(merges) + 1.0]))
        root = n + len(rows) - 1
    return Tree(
        frozen(np.array(rows).reshape(-1, 4)),
        inner.largest_distance,
        frozen(np.concatenate([outside[::-1], members[inner.leaves]])),
    )


@dataclass(frozen=True, eq=False)
class FirstComponent:
    """A correlation matrix with its first principal component taken out.

    Attributes:
        correlation: (N, N) correlation of what is left; an isolated response has zeros.
        eigenvalue: The largest one; zero for a single response, from which nothing is taken.
        gap: Its distance to the second; NaN for a single response.
        variance: (N,) share of each response's variance that is left.
        excess: How far the rest left the range of a correlation matrix before it was clipped; above rounding
            only if the matrix is not positive semidefinite, as correlations of ragged histories can be.
    """

    correlation: Array
    eigenvalue: float
    gap: float
    variance: Array
    excess: float

    @property
    def unique(self) -> bool:
        """Whether the component is determined: its eigenvalue stands apart from the second."""
        return not self.gap <= RESIDUAL_SLACK * self.eigenvalue

    @property
    def isolated(self) -> Array:
        """Responses of which nothing is left, (N,) booleans."""
        return self.variance <= RESIDUAL_FLOOR


def first_component(correlation: Array) -> FirstComponent:
    """Take the first principal component out: ``Q = C - μ u u'`` of the largest eigenvalue, rescaled.

    Args:
        correlation: (N, N), N >= 1, symmetrised first; NaN counts as zero, the diagonal as one.
    """
    n = len(correlation)
    c = np.clip(np.nan_to_num(0.5 * (correlation + correlation.T), nan=0.0), -1.0, 1.0)
    np.fill_diagonal(c, 1.0)
    if n == 1:
        return FirstComponent(frozen(c), 0.0, np.nan, frozen(np.ones(1)), 0.0)
    values, vectors = eigh(c, subset_by_index=[n - 2, n - 1])
    rest = c - values[1] * np.outer(vectors[:, 1], vectors[:, 1])
    variance = np.diag(rest).copy()
    kept = variance > RESIDUAL_FLOOR
    scale = np.where(kept, 1.0 / np.sqrt(np.where(kept, variance, 1.0)), 0.0)
    rest *= scale[:, None] * scale[None, :]
    excess = max(-float(variance.min()), float(np.abs(rest).max()) - 1.0, 0.0)
    np.fill_diagonal(rest, 1.0)
    rest = np.clip(rest, -1.0, 1.0)
    return FirstComponent(frozen(rest), float(values[1]), float(values[1] - values[0]), frozen(variance), excess)


def remove_first_component(correlation: Array) -> Array:
    """Return the correlation matrix of what the first principal component leaves, (N, N), read-only."""
    return first_component(correlation).correlation
