"""Signs of loadings found in raw data, factor by factor, for use outside a model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import BeliefsError, DataError, OptionError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.panel import Panel
from factorlasso_core.signs import detected_signs
from factorlasso_core.slopes import VARIANCES, Slopes, slopes

Table = pd.DataFrame | pd.Series | Array
Labels = pd.Series | Array | Sequence[Hashable]


def derive_sign_constraints(
    x: pd.DataFrame | Array,
    y: Table,
    clusters: Labels | None = None,
    master_constraints: Mapping[Any, Any] | None = None,
    auto_sign_threshold_t: float | None = 0.75,
    return_slopes: bool = False,
    ewma_span: float | None = None,
    variance_estimator: str = "independent",
) -> pd.DataFrame | Array | tuple[pd.DataFrame | Array, pd.DataFrame | Array]:
    """Find one sign per factor from its slope on all responses together, where ``|t|`` reaches a gate.

    Nothing is demeaned; cells where factor or response is missing are left out.

    Args:
        x: Factors, (T, M). y: Responses, (T, N) or (T,).
        clusters: A label per factor; factors of one label share the slope of their mean, taken on rows
            where all of them are observed. A Series labelled by the factors is matched by label.
        master_constraints: {name or position of a factor: -1, 0, 1, or None or NaN for free}; it has
            the last word.
        auto_sign_threshold_t: The gate; None or <= 0 keeps every sign, +inf none.
        return_slopes: Return the slopes as well.
        ewma_span: Weights of the dates; None: equal.
        variance_estimator: ``"independent"`` cells, or ``"date"`` for clusters by date.

    Returns:
        Signs 1, -1, 0 (gated) and NaN (freed): a frame of equal rows, (N, M), if both x and y are from
        pandas, else (M,); with ``return_slopes`` a pair of signs and slopes of that shape.

    Raises:
        DataError: x and y cannot be paired. BeliefsError: clusters or constraints that cannot be used.
        KeyError, IndexError: A name or position that is not a factor.

    Example:
        >>> x = np.array([[1.0, 0.5], [-1.0, 1.0], [2.0, -1.0], [-2.0, -0.5]])
        >>> derive_sign_constraints(x, x[:, 0] + 0.1, master_constraints={1: None}).tolist()
        [1.0, nan]
    """
    _check_threshold(auto_sign_threshold_t)
    panel = _panel(x, y)
    labels = _labels(clusters, panel.factors)
    evidence = _evidence(panel, labels, ewma_span, variance_estimator)
    signs = detected_signs(evidence, auto_sign_threshold_t)[0]
    names = panel.factors if isinstance(x, pd.DataFrame) else None
    for key, value in (master_constraints or {}).items():
        signs[_position(key, names, len(signs))] = _constraint(key, value)
    if not return_slopes:
        return _shaped(signs, x, y)
    return _shaped(signs, x, y), _shaped(evidence.slope[0], x, y)


def validate_cluster_signs(
    x: pd.DataFrame | Array,
    y: Table,
    clusters: Labels,
    warn: bool = True,
    ewma_span: float | None = None,
) -> Array:
    """Return the positions of factors whose slope has the opposite sign of their cluster's slope.

    Args:
        x, y, clusters, ewma_span: As in :func:`derive_sign_constraints`.
        warn: Warn with the names of the factors found.
    """
    panel = _panel(x, y)
    labels = _labels(clusters, panel.factors)
    own, shared = (_evidence(panel, group, ewma_span).slope[0] for group in (None, labels))
    found = np.flatnonzero(np.sign(own) * np.sign(shared) < 0)
    if warn and len(found):
        names = ", ".join(map(repr, panel.factors[found]))
        warnings.warn(
            f"The slope of factor {names} has the opposite sign of its cluster's: the cluster may not belong together.",
            UserWarning,
            stacklevel=2,
        )
    return found


def _panel(x: pd.DataFrame | Array, y: Table) -> Panel:
    """Pair x and y row by row; rows must have the same labels only if both are labelled."""
    factors, responses = _frame(x, 2), _frame(y, 1, 2)
    if len(factors) != len(responses):
        raise DataError(f"x has {len(factors)} rows and y has {len(responses)}: give one row of each per date.")
    if not isinstance(x, pd.DataFrame):
        factors.index = responses.index
    elif not isinstance(y, pd.DataFrame | pd.Series):
        responses.index = factors.index
    return Panel.from_frames(factors, responses)


def _frame(values: Table, *dimensions: int) -> pd.DataFrame:
    if isinstance(values, pd.DataFrame):
        return values
    if isinstance(values, pd.Series):
        return values.to_frame()
    array = np.asarray(values)
    if array.ndim not in dimensions:
        raise DataError(f"An array of shape {array.shape} is not a table: give one column per series.")
    return pd.DataFrame(array.reshape(len(array), -1))


def _labels(clusters: Labels | None, factors: pd.Index) -> Array | None:
    """Cluster code of each factor, (M,)."""
    if clusters is None:
        return None
    if isinstance(clusters, Mapping):  # its keys would be taken for labels
        raise TypeError("clusters must be a Series or a list of labels, not a mapping: give pd.Series(clusters).")
    if isinstance(clusters, pd.Series) and clusters.index.is_unique and set(clusters.index) == set(factors):
        clusters = clusters.loc[factors]
    codes = np.asarray(pd.factorize(pd.Series(list(clusters), dtype=object))[0])
    if len(codes) != len(factors):
        raise BeliefsError(f"There are {len(codes)} cluster labels for {len(factors)} factors: give one for each.")
    if (codes < 0).any():
        raise BeliefsError(f"The factor {factors[int(codes.argmin())]!r} has no cluster: give it a label.")
    return codes


def _evidence(panel: Panel, labels: Array | None, span: float | None, variance: str = VARIANCES[0]) -> Slopes:
    """Slopes of all responses together on each factor, or on the mean factor of its cluster, (1, M)."""
    if variance not in VARIANCES:
        raise OptionError("variance_estimator", variance, "'independent' or 'date'")
    if span is not None and not (_is_number(span) and math.isfinite(span) and span >= 1):
        raise OptionError("ewma_span", span, "None or a finite number >= 1")
    x = panel.x if labels is None else _cluster_means(panel.x, labels)
    valid = ~np.isnan(panel.y)
    return slopes(
        np.nan_to_num(x, nan=0.0),
        ~np.isnan(x),
        np.where(valid, panel.y, 0.0),
        valid,
        np.zeros(panel.shape[1], dtype=int),
        weights=None if span is None else loss_weights(len(x), span),
        variance=variance,
    )


def _cluster_means(x: Array, labels: Array) -> Array:
    """Each factor replaced by the mean of its cluster, missing where a member is, (T, M)."""
    member = labels[:, None] == labels
    return np.stack([x[:, row].mean(axis=1) for row in member], axis=1)


def _position(key: Any, names: pd.Index | None, size: int) -> int:
    """Numbers are positions, everything else is a name."""
    if isinstance(key, Real) and float(key).is_integer():
        if 0 <= float(key) < size:
            return int(float(key))
        raise IndexError(f"master_constraints names position {key}, but there are {size} factors, counted from 0.")
    if names is None:
        raise BeliefsError(f"master_constraints names {key!r}, but x has no column names: give the position.")
    found = np.flatnonzero([name == key for name in names])
    if not len(found):
        raise KeyError(f"master_constraints names {key!r}, which is not a column of x.")
    return int(found[0])


def _constraint(key: Any, value: Any) -> float:
    if value is None or (_is_number(value) and math.isnan(value)):
        return math.nan
    if not _is_number(value) or value not in (-1, 0, 1):
        raise BeliefsError(f"master_constraints[{key!r}]={value!r} is not a sign: give -1, 0, 1, or None for free.")
    return float(value)


def _check_threshold(value: Any) -> None:
    if value is not None and (not _is_number(value) or math.isnan(value)):
        raise OptionError("auto_sign_threshold_t", value, "None or a number")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | np.bool_)


def _shaped(row: Array, x: pd.DataFrame | Array, y: Table) -> pd.DataFrame | Array:
    """One row per response if both were labelled, else the row itself."""
    if not isinstance(x, pd.DataFrame) or not isinstance(y, pd.DataFrame | pd.Series):
        return row.copy()
    index = y.columns if isinstance(y, pd.DataFrame) else pd.RangeIndex(1)
    return pd.DataFrame(np.tile(row, (len(index), 1)), index=index, columns=x.columns)
