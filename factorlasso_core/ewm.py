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


def ewm_recursion(values: Array, d: float, start: Array, hold: float, wait: bool = True) -> Array:
    """Return the running mean of each column from a given start, of the shape of ``values`` (T, ...).

    ``m_0 = start`` whatever the first value is; then ``m_t = d m_{t-1} + (1 - d) v_t`` where a value is
    present and ``m_t = hold m_{t-1}`` where it is missing. A missing first row is NaN.

    Args:
        start: Shape of a row of ``values``; a start of NaN makes the values after it count as missing.
        hold: Share of the state that a missing value leaves.
        wait: Rows before the first value of a column are NaN and leave its start as it is; otherwise
            they are missing values like any other.
    """
    waiting = np.logical_and.accumulate(np.isnan(values), axis=0)
    waiting[1:] &= wait
    means = np.empty_like(values)
    means[0] = state = start
    for row in range(1, len(values)):
        left = hold * state if hold > 0 else 0.0  # zero even where the state is NaN
        step = d * state + (1.0 - d) * values[row]
        state = np.where(np.isfinite(step), step, np.where(waiting[row], state, left))
        means[row] = state
    means[waiting] = np.nan
    return means


def ewm_product(left: Array, right: Array, d: float, start: Array, hold: float) -> Array:
    """Return the last state of the EWMA of ``left_t right_t'``, (P, Q).

    ``S_t = d S_{t-1} + (1 - d) l_t r_t'`` for the pairs present in row t, ``S_t = hold S_{t-1}`` for the
    others. This is one weighted product, but for columns with holes where ``hold`` is neither 0 nor ``d``:
    those are stepped.

    Args:
        left, right: (T, P) and (T, Q), NaN where missing.
        start: (P, Q) the state before the first row.
        hold: Share of the state that a missing pair leaves.
    """
    here, there = ~np.isnan(left), ~np.isnan(right)
    if hold == 0:  # what counts is the unbroken run up to the last row
        start = start * np.outer(here.all(axis=0), there.all(axis=0))
        here, there = (np.logical_and.accumulate(mask[::-1], axis=0)[::-1] for mask in (here, there))
    a, b = np.where(here, left, 0.0), np.where(there, right, 0.0)
    weights = (1.0 - d) * d ** np.arange(len(a) - 1, -1, -1.0)
    state = (a * weights[:, None]).T @ b + d ** len(a) * start
    if hold in (0, d):  # a missing pair decays as if it had been zero
        return state
    rows, columns = _holed(here, start), _holed(there, start)
    state[rows] = _stepped_product((a[:, rows], b), (here[:, rows], there), d, start[rows], hold)
    block = np.ix_(~rows, columns)
    masked = here[:, ~rows], there[:, columns]
    state[block] = _stepped_product((a[:, ~rows], b[:, columns]), masked, d, start[block], hold)
    return state


def _holed(present: Array, start: Array) -> Array:
    """Columns with holes; a late start is none while the state is zero."""
    holes = ~present
    if not start.any():
        holes &= np.logical_or.accumulate(present, axis=0)
    return np.asarray(holes.any(axis=0))


def _stepped_product(
    values: tuple[Array, Array], present: tuple[Array, Array], d: float, start: Array, hold: float
) -> Array:
    """The recursion of products row by row, with values zero where missing."""
    state = start.copy()
    if not state.size:
        return state
    change = np.empty_like(state)
    here, there = (mask.astype(float) for mask in present)
    for a, b, left, right in zip(*values, here, there, strict=True):
        np.multiply.outer((d - hold) * left, right, out=change)
        change += hold
        state *= change
        np.multiply.outer((1.0 - d) * a, b, out=change)
        state += change
    return state
