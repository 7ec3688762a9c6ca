"""Dependence, clusters and the first component of labelled data, with the keywords and values of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.clusters import RESIDUAL_SLACK, build_tree, first_component
from factorlasso_core.dependence import dependence, ewm_correlation, ranks, sample_correlation
from factorlasso_core.enums import (
    LINKAGE_METHODS,
    ClusterCorrelationTransform,
    DependenceMeasure,
    DistanceTransform,
)
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.ewm import decay
from factorlasso_core.functions.ewma import NanBackfill

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True, eq=False)
class ClusterCorrelationTransformResult:
    """A correlation matrix without its first principal component.

    Attributes:
        correlation: (N, N) frame, labels as given; rows of isolated assets are zero off the diagonal.
        removed_eigenvalue: The largest eigenvalue; zero for a single asset, which is returned as it is.
        removed_variance_share: That over N. eigengap: Its distance to the second; NaN for a single asset.
        minimum_residual_variance: Smallest share of an asset's variance that is left.
        dominant_component_unique: Whether the eigengap is more than rounding.
        missing_offdiagonal_pairs: Pairs that were NaN and counted as zero.
        isolated_assets: Labels of the assets of which nothing is left.
    """

    correlation: pd.DataFrame
    removed_eigenvalue: float
    removed_variance_share: float
    minimum_residual_variance: float
    eigengap: float
    dominant_component_unique: bool
    missing_offdiagonal_pairs: int
    isolated_assets: tuple[object, ...]


def compute_dependence_matrix(
    a: Any,
    dependence_measure: DependenceMeasure | str = DependenceMeasure.PEARSON,
    span: float | None = None,
    gerber_threshold: float = 0.5,
    nan_backfill: NanBackfill = NanBackfill.FFILL,
) -> Array:
    """Return how alike the columns of ``a`` move, (N, N).

    Args:
        a: (T, N) demeaned values, NaN where missing; infinite values count as missing, but have a rank.
        dependence_measure: Correlation, correlation of whole-column ranks, or Gerber's statistic.
        span: EWMA span in rows, >= 1; None: equal weights. A pair without a sample correlation is then NaN,
            with a span it is zero. As in the reference, EWMA ranks are not centred, and an EWMA correlation
            can lie beyond 1 where a pair is held while a leg moves on.
        gerber_threshold: In [0, 1], standard deviations; read for Gerber's statistic only.
        nan_backfill: What a missing value does to the EWMA covariance of its pairs; Gerber's does not read it.

    Raises:
        OptionError: An option outside its range. DataError: Not a matrix of numbers. TypeError: Text for a number.

    Example:
        >>> compute_dependence_matrix(np.array([[1.0, 2.0], [-1.0, -1.0], [0.0, 1.0]]), "spearman").round(3).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    measure = _member(DependenceMeasure, "dependence_measure", dependence_measure)
    _check_span(span)
    values = _matrix(a)
    if measure is DependenceMeasure.GERBER:
        return compute_gerber_matrix(values, span, gerber_threshold)
    backfill = _member(NanBackfill, "nan_backfill", nan_backfill)
    levels = ranks(values) if measure is DependenceMeasure.SPEARMAN else _finite(values)
    if span is None:
        return sample_correlation(levels)
    return ewm_correlation(levels, span, backfill.share(decay(span)))


def compute_gerber_matrix(a: Any, span: float | None = None, gerber_threshold: float = 0.5) -> Array:
    """Return the Gerber matrix of the columns of ``a``, (N, N); see :func:`~factorlasso_core.gerber.gerber`.

    Raises:
        OptionError: An option outside its range. DataError: Not a matrix of numbers, or no rows.
        TypeError: Text for a number.

    Example:
        >>> compute_gerber_matrix(np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, -2.0], [0.0, 0.1]]))[0, 1].round(3)
        np.float64(0.333)
    """
    _check_span(span)
    if not 0 <= _real("gerber_threshold", gerber_threshold) <= 1:
        raise OptionError("gerber_threshold", gerber_threshold, "in [0, 1]")
    values = _finite(_matrix(a))
    if len(values) == 0:
        raise DataError("Gerber's statistic needs rows to compare and there are none: give at least one.")
    return dependence(values, measure="gerber", span=span, gerber_threshold=gerber_threshold)


def compute_clusters_from_corr_matrix(
    corr_matrix: pd.DataFrame,
    cutoff_fraction: float = 0.5,
    linkage_method: str = "ward",
    distance_transform: DistanceTransform | str = DistanceTransform.ONE_MINUS_RHO,
    n_clusters: int | None = None,
) -> tuple[pd.Series, Array, float]:
    """Cluster the columns of a correlation matrix.

    Args:
        corr_matrix: (N, N) frame; NaN counts as zero, only the upper triangle is read.
        cutoff_fraction: Height of the cut as a share of the largest distance, in (0, 1].
        linkage_method: One of the seven of scipy. distance_transform: How a correlation becomes a distance.
        n_clusters: Cut into at most so many clusters instead, >= 1.

    Returns:
        Cluster numbers 1..G by column, scipy's (N-1, 4) linkage, and the height of the cut; with
        ``n_clusters`` the height of the last accepted merge, zero if there is none.

    Raises:
        OptionError: An option outside its range. DataError: The frame is not square, or empty.
        TypeError: No frame, or text for a number.

    Example:
        >>> c = pd.DataFrame([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]], index=list("abc"), columns=list("abc"))
        >>> compute_clusters_from_corr_matrix(c)[0].to_dict()
        {'a': 1, 'b': 1, 'c': 2}
    """
    fraction = _real("cutoff_fraction", cutoff_fraction)
    if not 0 < fraction <= 1:
        raise OptionError("cutoff_fraction", cutoff_fraction, "in (0, 1]")
    if not isinstance(linkage_method, str) or linkage_method not in LINKAGE_METHODS:
        raise OptionError("linkage_method", linkage_method, "one of " + ", ".join(map(repr, LINKAGE_METHODS)))
    transform = _member(DistanceTransform, "distance_transform", distance_transform)
    _check_count(n_clusters)
    tree = build_tree(_square(corr_matrix), method=linkage_method, transform=transform.value)
    if n_clusters is None:
        labels, cutoff = tree.cut(fraction), tree.height(fraction)
    else:
        labels, cutoff = tree.cut_into(n_clusters), tree.height_of(n_clusters)
    if len(labels) > 1:
        labels = labels.astype(np.intc)  # the reference passes on the type of scipy
    return pd.Series(labels, index=corr_matrix.columns), np.array(tree.linkage), cutoff


def remove_first_principal_component(corr_matrix: pd.DataFrame) -> ClusterCorrelationTransformResult:
    """Take the first principal component out of a correlation matrix.

    Args:
        corr_matrix: (N, N) frame with one set of unique labels, entries in [-1, 1]; it is symmetrised, NaN
            off the diagonal counts as zero and the diagonal as one.

    Raises:
        TypeError: No frame. DataError: Not square, labels that differ or repeat, an infinite entry or one
            outside [-1, 1], a diagonal with NaN, or a matrix too far from positive semidefinite.

    Example:
        >>> c = pd.DataFrame([[1, 0.5], [0.5, 1]], index=["a", "b"], columns=["a", "b"])
        >>> remove_first_principal_component(c).removed_eigenvalue
        1.5
    """
    values = _square(corr_matrix)
    labels = corr_matrix.columns
    if not labels.is_unique or not labels.equals(corr_matrix.index):
        raise DataError("corr_matrix needs the same unique labels on rows and columns, in one order: reindex it.")
    values = 0.5 * (values + values.T)
    if not np.isfinite(np.diag(values)).all():
        label = labels[~np.isfinite(np.diag(values))][0]
        raise DataError(f"corr_matrix has no number on the diagonal at {label!r}: set it to 1 or drop the label.")
    missing = np.isnan(values)
    np.fill_diagonal(values, 1.0)
    if np.abs(values[~missing]).max() > 1.0 + RESIDUAL_SLACK:
        raise DataError("corr_matrix has an entry outside [-1, 1]: give correlations, not covariances.")
    part = first_component(values)
    if part.excess > RESIDUAL_SLACK:
        raise DataError("corr_matrix is not positive semidefinite: drop the responses with the shortest histories.")
    return ClusterCorrelationTransformResult(
        correlation=pd.DataFrame(np.array(part.correlation), index=corr_matrix.index, columns=labels),
        removed_eigenvalue=part.eigenvalue,
        removed_variance_share=part.eigenvalue / len(values),
        minimum_residual_variance=float(part.variance.min()),
        eigengap=part.gap,
        dominant_component_unique=part.unique,
        missing_offdiagonal_pairs=int(missing.sum()) // 2,
        isolated_assets=tuple(labels[part.isolated]),
    )


def apply_cluster_correlation_transform(
    corr_matrix: pd.DataFrame,
    transform: ClusterCorrelationTransform | str = ClusterCorrelationTransform.NONE,
) -> pd.DataFrame:
    """Return the correlation matrix to cluster on: the given object itself, or without its first component.

    Raises:
        OptionError: An unknown transform. TypeError, DataError: See :func:`remove_first_principal_component`.
    """
    chosen = _member(ClusterCorrelationTransform, "transform", transform)
    if chosen is ClusterCorrelationTransform.NONE:
        return corr_matrix
    return remove_first_principal_component(corr_matrix).correlation


# The edge -----------------------------------------------------------------------------------------


def _member(kind: type[Choice], name: str, value: object) -> Choice:
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(repr(member.value) if isinstance(member, str) else str(member) for member in kind)
        raise OptionError(name, value, f"one of {names}") from None


def _real(name: str, value: object) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}.")
    return float(value)


def _check_span(span: float | None) -> None:
    if span is not None and not 1 <= _real("span", span) < np.inf:
        raise OptionError("span", span, "None or a finite number of at least 1")


def _check_count(n_clusters: object) -> None:
    whole = isinstance(n_clusters, Integral) and not isinstance(n_clusters, bool)
    if n_clusters is not None and not (whole and n_clusters >= 1):  # type: ignore[operator]
        raise OptionError("n_clusters", n_clusters, "None or an integer of at least 1")


def _matrix(a: Any) -> Array:
    try:
        values = np.asarray(a, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"The data hold something that is not a number: {error}.") from error
    if values.ndim != 2:
        raise DataError(f"The data have {values.ndim} dimensions: give rows by columns.")
    return values


def _finite(values: Array) -> Array:
    """The values with NaN for what is infinite."""
    return np.where(np.isfinite(values), values, np.nan)


def _square(frame: object) -> Array:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"corr_matrix must be a DataFrame, not {type(frame).__name__}.")
    values = _matrix(frame)
    if len(values) == 0 or values.shape[0] != values.shape[1]:
        raise DataError(f"corr_matrix has shape {values.shape}: give a square frame of at least one label.")
    return values
