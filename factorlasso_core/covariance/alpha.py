"""Statistical alpha: the last EWMA mean of each residual series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.align import numbers
from factorlasso_core.covariance.columns import VarianceColumns
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.ewm import ewm_mean

Span = float | Mapping[str, float]


def residual_alpha(
    residuals: pd.DataFrame | None, alpha_span: Span, asset_frequencies: str | pd.Series | None, default_freq: str
) -> pd.Series:
    """Return the last EWMA mean of every column, ``stat_alpha``, in the units of the residuals.

    Args:
        residuals: (T, K), NaN where missing; infinite counts as missing.
        alpha_span: Span in rows, or a span for each frequency.
        asset_frequencies: Frequency of all columns, or by column; used with spans by frequency.
        default_freq: Frequency of columns that have none.

    Raises:
        DataError: There are no residuals. OptionError: A span is below 1. KeyError: A frequency has no span.
        TypeError: A span or the frequencies are of another type.
    """
    if residuals is None or not len(residuals):
        raise DataError("There are no residuals to estimate alpha from: give residuals when the snapshot is made.")
    values = numbers(residuals, "residuals", residuals.index, residuals.columns)
    values = np.where(np.isfinite(values), values, np.nan)
    spans = _spans(alpha_span, residuals.columns, asset_frequencies, default_freq)
    last = np.empty(len(spans))
    for span in np.unique(spans):
        last[spans == span] = ewm_mean(values[:, spans == span], float(span))[-1]
    return pd.Series(last, index=residuals.columns, name=VarianceColumns.ALPHA.value)


def _spans(alpha_span: Span, assets: pd.Index, frequencies: Any, default: str) -> Array:
    if not isinstance(alpha_span, Mapping):
        return np.full(len(assets), span_of("alpha_span", alpha_span))
    own = np.full(len(assets), default, dtype=object)
    if isinstance(frequencies, str):
        own[:] = frequencies
    elif isinstance(frequencies, pd.Series):
        given = frequencies.reindex(assets)
        known = given.notna().to_numpy()
        own[known] = given.to_numpy(dtype=object)[known]
    elif frequencies is not None:
        kind = type(frequencies).__name__
        raise TypeError(f"asset_frequencies must be a text, a Series by asset or None, not {kind}.")
    for frequency, asset in zip(own, assets, strict=True):
        if frequency not in alpha_span:
            raise KeyError(f"alpha_span has no span for the frequency {frequency!r} of {asset!r}: add one.")
    return np.array([span_of("alpha_span", alpha_span[frequency]) for frequency in own])


def span_of(name: str, value: Any) -> float:
    """Return a span as a float; any kind of real number is fine.

    Raises:
        TypeError: It is no number. OptionError: It is below 1 or not finite.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number of rows, not {type(value).__name__}.")
    if not 1 <= value < np.inf:
        raise OptionError(name, value, "a finite number >= 1")
    return float(value)
