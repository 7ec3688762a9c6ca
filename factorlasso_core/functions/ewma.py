"""Exponentially weighted means and covariances of frames, series and arrays.

A span s decays by ``λ = 1 − 2/(s + 1)`` a row; given both, the span wins. Infinite cells count as missing.
"""

from __future__ import annotations

import math
from enum import Enum
from operator import index
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from factorlasso_core.arrays import Array
from factorlasso_core.dependence import from_covariance
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.ewm import decay, ewm_product, ewm_recursion

Table = TypeVar("Table", pd.DataFrame, pd.Series, Array)


class InitType(Enum):
    """Where a running mean starts: zero, its first row, or the mean or variance of its whole column."""

    ZERO = 1
    X0 = 2
    MEAN = 3
    VAR = 4


class NanBackfill(Enum):
    """What a missing value leaves of the state: all of it, the part one row of decay leaves, or nothing.

    The last two are one rule under two names, as in the reference.
    """

    FFILL = 1
    DEFLATED_FFILL = 2
    ZERO_FILL = 3
    NAN_FILL = 4

    def share(self, d: float) -> float:
        """Share of the state that is left, with the decay per row."""
        return {NanBackfill.FFILL: 1.0, NanBackfill.DEFLATED_FFILL: d}.get(self, 0.0)


def compute_ewm(
    data: Table,
    span: float | None = None,
    ewm_lambda: float = 0.94,
    init_value: float | Array | None = None,
    init_type: InitType = InitType.X0,
    nan_backfill: NanBackfill = NanBackfill.FFILL,
) -> Table:
    """Return the running EWMA mean of each column, as the type that was given.

    ``m_0`` is the start and ``m_t = λ m_{t-1} + (1 − λ) v_t`` after it, so the first row enters through
    the start only. Rows before the first value of a column are NaN and leave its start alone; the start
    of a column whose first row is missing is 0 under ``X0``. Under ``ZERO_FILL`` and ``NAN_FILL`` a missing
    row is 0 instead, apart from the first.

    Args:
        data: (T,) or (T, K), NaN where missing.
        span, ewm_lambda: The decay; λ is read only without a span.
        init_value: The start, a number or one per column; a series is matched to a frame's columns by label.
        init_type: The start where ``init_value`` is None.
        nan_backfill: What a missing value does to the mean.

    Raises:
        OptionError: A span below 1, λ outside [0, 1), a start of the wrong shape, an unknown rule.
        IndexError: There is no row.
        KeyError: A series of starts that misses a column.
        DataError: Cells that are not numbers.

    >>> compute_ewm(np.array([1.0, np.nan, 3.0]), span=3).tolist()
    [1.0, 1.0, 2.0]
    """
    d = _decay(span, ewm_lambda)
    _check_member("init_type", init_type, InitType)
    _check_member("nan_backfill", nan_backfill, NanBackfill)
    values = _finite("data", data)
    if not (values.ndim and len(values)):
        raise IndexError("data has no rows: give at least one.")
    if isinstance(data, pd.DataFrame) and isinstance(init_value, pd.Series):
        init_value = init_value.loc[data.columns]
    start = _moment(values, init_type) if init_value is None else _given_start(init_value, values.shape[1:])
    resets = nan_backfill in (NanBackfill.ZERO_FILL, NanBackfill.NAN_FILL)
    means = ewm_recursion(values, d, start, nan_backfill.share(d), wait=not resets)
    if isinstance(data, pd.DataFrame):
        return pd.DataFrame(means, index=data.index, columns=data.columns)
    if isinstance(data, pd.Series):
        return pd.Series(means, index=data.index, name=data.name)
    return means


def compute_ewm_covar(
    a: Array,
    b: Array | None = None,
    span: float | None = None,
    ewm_lambda: float = 0.94,
    covar0: Array | None = None,
    is_corr: bool = False,
    nan_backfill: NanBackfill = NanBackfill.FFILL,
) -> Array:
    """Return the last EWMA covariance of the columns, (N, N), without taking out means.

    ``S_t = λ S_{t-1} + (1 − λ) a_t b_t'`` for the pairs present in row t. The start is zero and the weights are not
    normalised, so a short history is low by the factor ``1 − λ^T``.

    Args:
        a: (T, N) values, or (N,) for one update of ``covar0``.
        b: As ``a``, for a cross-covariance; None is ``a``.
        span, ewm_lambda: The decay; λ is read only without a span.
        covar0: (N, N) start; None and cells that are not finite are zero.
        is_corr: Return the correlation, with ones on the diagonal and zeros where a variance is below 1e-12;
            the identity where variances add up to less than 1e-10. Not read for one update. Holes can push
            a cell beyond ±1.
        nan_backfill: What a pair with a missing value does to its cell.

    Raises:
        OptionError: A span below 1, λ outside [0, 1), an unknown rule.
        DataError: Shapes that do not match, or cells that are not numbers.
    """
    d = _decay(span, ewm_lambda)
    _check_member("nan_backfill", nan_backfill, NanBackfill)
    left = _finite("a", a)
    right = left if b is None else _finite("b", b)
    if left.ndim not in (1, 2) or left.shape != right.shape:
        raise DataError(f"a of shape {left.shape} and b of shape {right.shape}: both must be (T, N), or (N,).")
    n = left.shape[-1]
    start = np.zeros((n, n)) if covar0 is None else np.nan_to_num(_finite("covar0", covar0), nan=0.0)
    if start.shape != (n, n):
        raise DataError(f"covar0 of shape {start.shape} does not fit {n} columns: it must be ({n}, {n}).")
    covariance = ewm_product(np.atleast_2d(left), np.atleast_2d(right), d, start, nan_backfill.share(d))
    return from_covariance(covariance) if is_corr and left.ndim == 2 else covariance


def compute_expanding_power(n: int, power_lambda: float, reverse_columns: bool = False) -> Array:
    """Return ``1, p, p², …`` up to ``p^(n−1)``, (n,); reversed, the last is 1.

    Raises:
        OptionError: ``n`` is below 1, or ``power_lambda`` is not a finite number above 0.
        TypeError: ``n`` is not a whole number.

    >>> compute_expanding_power(3, 0.5, reverse_columns=True).tolist()
    [0.25, 0.5, 1.0]
    """
    if index(n) < 1:
        raise OptionError("n", n, "at least 1")
    if not (math.isfinite(power_lambda) and power_lambda > 0):
        raise OptionError("power_lambda", power_lambda, "a finite number above 0")
    powers = float(power_lambda) ** np.arange(n)
    return powers[::-1].copy() if reverse_columns else powers


def _decay(span: float | None, ewm_lambda: float) -> float:
    """The decay per row of a span, or else λ itself."""
    if span is not None:
        if not (math.isfinite(span) and span >= 1):
            raise OptionError("span", span, "None or a finite number of at least 1")
        return decay(span)
    if not 0 <= ewm_lambda < 1:
        raise OptionError("ewm_lambda", ewm_lambda, "at least 0 and below 1")
    return float(ewm_lambda)


def _check_member(name: str, value: object, kind: type[Enum]) -> None:
    if not isinstance(value, kind):
        raise OptionError(name, value, "one of " + ", ".join(map(str, kind)))


def _finite(name: str, data: Any) -> Array:
    """A copy as floats with NaN for what is not finite."""
    try:
        if isinstance(data, pd.DataFrame | pd.Series):
            values = data.to_numpy(dtype=float, na_value=np.nan)
        else:
            values = np.asarray(data, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must hold numbers: {error}.") from error
    return np.where(np.isfinite(values), values, np.nan)


def _given_start(init_value: ArrayLike, shape: tuple[int, ...]) -> Array:
    """A start for every column."""
    start = np.asarray(init_value, dtype=float)
    try:
        return np.broadcast_to(start, shape)
    except ValueError:
        raise OptionError("init_value", init_value, f"a number or an array of shape {shape}") from None


def _moment(values: Array, init_type: InitType) -> Array:
    """The start computed from the columns; NaN for the moments of a column without values."""
    if init_type is InitType.ZERO:
        return np.zeros(values.shape[1:])
    if init_type is InitType.X0:
        return np.nan_to_num(values[0], nan=0.0)
    count = (~np.isnan(values)).sum(axis=0)
    count = np.where(count > 0, count, np.nan)
    mean = np.nansum(values, axis=0) / count
    if init_type is InitType.MEAN:
        return mean
    return np.nansum((values - mean) ** 2, axis=0) / count
