"""Exponentially weighted means and weights, vectorised over columns."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from factorlasso_core.arrays import Array


def decay(span: float) -> float:
    """Return the decay per row, ``1 - 2/(span + 1)``.

    >>> decay(3)
    0.5
    """
    return 1.0 - 2.0 / (span + 1.0)


def loss_weights(rows: int, span: float | None) -> Array:
    """Return the weight of each row's squared error, (rows,): 1 for the last, decaying backwards."""
    return np.ones(rows) if span is None else decay(span) ** np.arange(rows - 1, -1, -1.0)


def ewm_mean(values: Array, span: float) -> Array:
    """Return the running EWMA mean of each column, (T, K).

    The recursion is ``m_t = d m_{t-1} + (1 - d) v_t`` with ``m_0 = v_0``. A column that starts late
    starts from zero; a hole repeats the last mean without decay; rows before the first value are NaN.

    >>> ewm_mean(np.array([[np.nan], [np.nan], [1.0], [1.0]]), span=3)[:, 0].tolist()
    [nan, nan, 0.5, 0.75]
    """
    missing = np.isnan(values)
    started = np.logical_or.accumulate(~missing, axis=0)
    holed = (missing & started).any(axis=0)
    means = np.empty_like(values)
    means[:, ~holed] = _filtered(np.where(started, values, 0.0)[:, ~holed], decay(span))
    if holed.any():
        means[:, holed] = _stepped(values[:, holed], decay(span))
    means[~started] = np.nan
    return means


def _filtered(values: Array, d: float) -> Array:
    """The recursion where nothing is missing after the start; leading zeros keep the state at zero."""
    if not values.size:
        return values
    return lfilter([1.0 - d], [1.0, -d], values, axis=0, zi=d * values[:1])[0]


def _stepped(values: Array, d: float) -> Array:
    """The recursion row by row; a missing value leaves the state as it is."""
    means = np.empty_like(values)
    state = np.nan_to_num(values[0], nan=0.0)
    for row, value in enumerate(values):
        state = np.where(np.isnan(value), state, d * state + (1.0 - d) * value)
        means[row] = state
    return means
