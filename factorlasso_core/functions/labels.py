"""Groups as loadings, and clusterings of several sampling frequencies kept in one table.

A fit per frequency (``ME``, ``QE``, …) gives clusters, trees and cuts for each. Together they are a series of labels
``FREQ:cluster`` by asset, a frame of merges indexed ``FREQ:step_i``, and a series of cut heights by frequency.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import BeliefsError, DataError

LINKAGE_COLUMNS = ["left", "right", "distance", "n_samples"]


def set_group_loadings(group_data: pd.Series, group_order: Iterable[Any] | None = None) -> pd.DataFrame:
    """Return membership as a matrix of 0 and 1, assets by groups.

    Args:
        group_data: Group label of each asset.
        group_order: Columns of the result; None is the order of first appearance. Groups it leaves out
            have no column, and labels nobody carries get a column of zeros.

    Raises:
        BeliefsError: ``group_data`` is not a series, or an asset has no label.

    >>> set_group_loadings(pd.Series({"a": "equity", "b": "bond"})).loc["b"].tolist()
    [0.0, 1.0]
    """
    if not isinstance(group_data, pd.Series):
        raise BeliefsError(f"group_data must be a Series of labels by asset, not {type(group_data).__name__}.")
    if group_data.isna().any():
        asset = group_data.index[group_data.isna()][0]
        raise BeliefsError(f"Asset {asset!r} has no group: give every asset a label in group_data.")
    labels = group_data.to_numpy(dtype=object)
    columns = list(dict.fromkeys(labels if group_order is None else group_order))
    codes = pd.Index(columns, dtype=object).get_indexer(labels)
    member = (codes[:, None] == np.arange(len(columns))).astype(float)
    return pd.DataFrame(member, index=group_data.index, columns=pd.Index(columns))


def get_linkage_array(linkages: pd.DataFrame, freq: str) -> Array:
    """Return the merges of one frequency as scipy writes them, (N − 1, 4), in the order of the rows.

    Args:
        linkages: Columns ``left, right, distance, n_samples``, rows ``FREQ:step_i``.

    Raises:
        KeyError: No row of this frequency, or a column is missing.
    """
    rows = _frequencies(linkages) == freq
    if not rows.any():
        known = sorted(set(_frequencies(linkages)) - {""})
        raise KeyError(f"No merges of frequency {freq!r}: linkages has {', '.join(map(repr, known)) or 'none'}.")
    return linkages.loc[rows, LINKAGE_COLUMNS].to_numpy(dtype=float)


def get_linkages_by_freq(linkages: pd.DataFrame) -> dict[str, Array]:
    """Return the merges of every frequency, in the order of first appearance; see :func:`get_linkage_array`.

    Raises:
        KeyError: A row is not named ``FREQ:step_i``, or a column is missing.
    """
    frequencies = _frequencies(linkages)
    if "" in frequencies:
        row = linkages.index[list(frequencies).index("")]
        raise KeyError(f"Row {row!r} of linkages names no frequency: it must read FREQ:step_i.")
    return {freq: get_linkage_array(linkages, freq) for freq in dict.fromkeys(frequencies)}


def get_clusters_by_freq(clusters: pd.Series) -> dict[str, pd.Series]:
    """Return the cluster labels of every frequency, as text without it, by asset.

    Args:
        clusters: Labels ``FREQ:cluster`` by asset; assets without one are left out.

    Raises:
        DataError: A label names no frequency.
    """
    labels = clusters.dropna().astype(str)
    unnamed = ~labels.str.contains(":", regex=False).to_numpy(dtype=bool)
    if unnamed.any():
        asset, label = labels.index[unnamed][0], labels[unnamed].iloc[0]
        raise DataError(f"Cluster {label!r} of {asset!r} names no frequency: it must read FREQ:cluster.")
    parts = labels.str.partition(":", expand=True)
    if labels.empty:
        return {}
    return {freq: parts.loc[parts[0] == freq, 2].rename(clusters.name) for freq in parts[0].unique()}


def get_cutoffs_by_freq(cutoffs: pd.Series) -> dict[str, float]:
    """Return the cut heights by frequency.

    Raises:
        DataError: A frequency occurs twice, or a height is not a number.
    """
    if cutoffs.index.has_duplicates:
        raise DataError(f"Frequency {cutoffs.index[cutoffs.index.duplicated()][0]!r} has two cutoffs: keep one.")
    try:
        return dict(zip(cutoffs.index, map(float, cutoffs), strict=True))
    except (TypeError, ValueError) as error:
        raise DataError(f"cutoffs must hold numbers: {error}.") from error


def _frequencies(linkages: pd.DataFrame) -> Array:
    """What each row name holds before its first colon, empty without one."""
    split = (str(name).partition(":") for name in linkages.index)
    return np.array([freq if colon else "" for freq, colon, _ in split], dtype=object)
