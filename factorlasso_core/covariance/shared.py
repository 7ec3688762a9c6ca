"""What residuals of different responses share: a prepared correlation, or its mean inside clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.clusters import build_tree
from factorlasso_core.covariance.align import Parts, named
from factorlasso_core.covariance.columns import ResidualType
from factorlasso_core.errors import DataError, OptionError

RESIDUAL_CUTOFF = 0.6  # of the largest distance, at which the reference cuts the tree of residuals


def residual_kind(value: Any) -> ResidualType:
    """Return the member a name stands for.

    Raises:
        OptionError: There is none.
    """
    try:
        return ResidualType(value)
    except ValueError as error:
        allowed = "one of " + ", ".join(repr(kind.value) for kind in ResidualType)
        raise OptionError("residual_type", value, allowed) from error


def check_weights(kind: ResidualType, residual: float, correlation: float) -> None:
    """Refuse weights of residual variances and correlations that are out of range or without effect."""
    if not 0 <= residual < np.inf:
        raise OptionError("residual_var_weight", residual, "a finite number >= 0")
    if not 0 <= correlation <= 1:
        raise OptionError("residual_corr_weight", correlation, "in [0, 1]")
    if kind is ResidualType.ORTHOGONAL and correlation != 1:
        raise OptionError("residual_corr_weight", correlation, "1 for orthogonal residuals, which share nothing")


def residual_covariance(parts: Parts, weight: float, share: float, shared: pd.DataFrame | None) -> Array:
    """Return ``w S [(1 - ρ) I + ρ R] S``, (n, n), S the residual volatilities.

    Args:
        weight: w. share: ρ. shared: R, square, on more responses or fewer; None for the identity.

    Raises:
        DataError: A residual variance is unknown, or R lacks a response whose residual varies.
    """
    parts.check_residual()
    if shared is None:
        return np.diag(weight * parts.residual)
    missing = ~parts.assets.isin(shared.index) & (parts.residual > 0)
    if missing.any():
        raise DataError(
            f"The residual correlation has no entry for {named(parts.assets, missing)}: estimate it again "
            "with it, or leave it out with assets."
        )
    whole = shared.reindex(index=parts.assets, columns=parts.assets, fill_value=0.0)
    vol = np.sqrt(parts.residual)
    result = weight * share * whole.to_numpy(dtype=float) * np.outer(vol, vol)
    result[np.diag_indices_from(result)] = weight * parts.residual
    return result


def pooled_correlation(kind: ResidualType, correlation: pd.DataFrame, clusters: pd.Series | None) -> pd.DataFrame:
    """Return a correlation with each pair replaced by the mean of its cluster, (N, N).

    Args:
        kind: Whether the clusters are the given ones or those of the correlation itself.
        correlation: (N, N). clusters: Label by response.

    Raises:
        DataError: A response has no cluster.
    """
    labels, values = correlation.index, correlation.to_numpy(dtype=float)
    if kind is ResidualType.RESIDUAL_CLUSTER:
        groups = residual_clusters(values)
    else:
        given = labels_of(clusters, labels)
        without = given.isna().to_numpy()
        if without.any():
            raise DataError(
                f"residual_type='exposure_cluster' needs a cluster for {named(labels, without)}: add it to clusters."
            )
        groups = given.to_numpy(dtype=object)
    return pd.DataFrame(cluster_mean(values, groups), index=labels, columns=labels)


def labels_of(clusters: pd.Series | None, labels: pd.Index) -> pd.Series:
    """The cluster of each label, missing where it has none."""
    return (pd.Series(dtype=object) if clusters is None else clusters).reindex(labels)


def cluster_mean(correlation: Array, labels: Array) -> Array:
    """Return the correlation with each pair replaced by the signed mean of its cluster, (N, N).

    Pairs of different clusters have zero, the diagonal is one. It is positive semidefinite if the given
    one is, for a mean inside n members cannot lie below ``-1/(n-1)``.

    Args:
        correlation: (N, N) with unit diagonal. labels: (N,).

    >>> cluster_mean(np.array([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]]), np.array([1, 1, 2])).tolist()
    [[1.0, 0.2, 0.0], [0.2, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    result = np.zeros_like(correlation)
    codes = pd.factorize(labels)[0]
    for code in range(codes.max(initial=-1) + 1):
        members = np.flatnonzero(codes == code)
        n = len(members)
        if n > 1:
            block = np.ix_(members, members)
            inside = correlation[block]  # a copy
            np.fill_diagonal(inside, 0.0)
            result[block] = inside.sum() / (n * (n - 1))
    np.fill_diagonal(result, 1.0)
    return result


def residual_clusters(correlation: Array) -> Array:
    """Cluster residuals by Ward's rule on ``1 - ρ`` at 0.6 of the largest distance, as the reference does, (N,)."""
    return build_tree(correlation).cut(RESIDUAL_CUTOFF) if len(correlation) else np.empty(0, dtype=int)
