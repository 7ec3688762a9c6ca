"""Exponentially weighted means and weights, vectorised over columns."""

from __future__ import annotations

import math

import numpy as np

from factorlasso_core.arrays import Array, blocks

RESCALING = 1e3  # largest rescaling of a state inside a block of rows: it costs three digits of sixteen
LEAST_WEIGHT = 1e-100
LEAST_DECAY = 1e-200  # a decay of zero, of which a square root can be a divisor


def decay(span: float) -> float:
    """Return the decay per row, ``1 - 2/(span + 1)``.

    >>> decay(3)
    0.5
    """
    return 1.0 - 2.0 / (span + 1.0)


def loss_weights(rows: int, span: float | None) -> Array:
    """Return the weight of each row's squared error, (rows,): 1 for the last, decaying backwards."""
    return np.ones(rows) if span is None else decay(span) ** np.arange(rows - 1, -1, -1.0)


def counting_weights(rows: int, span: float | None) -> Array:
    """Return :func:`loss_weights` with those below ``LEAST_WEIGHT`` zero: sums of them cannot be divided by."""
    weights = loss_weights(rows, span)
    return np.where(weights < LEAST_WEIGHT, 0.0, weights)


def ewm_mean(values: Array, span: float) -> Array:
    """Return the running EWMA mean of each column, (T, K).

    The recursion is ``m_t = d m_{t-1} + (1 - d) v_t`` with ``m_0 = v_0``. A column that starts late
    starts from zero; a hole repeats the last mean without decay; rows before the first value are NaN.

    >>> ewm_mean(np.array([[np.nan], [np.nan], [1.0], [1.0]]), span=3)[:, 0].tolist()
    [nan, nan, 0.5, 0.75]
    """
    present = ~np.isnan(values)
    means = np.where(present, values, 0.0)
    gains = (1.0 - decay(span)) * present  # a missing value leaves the state as it is
    for before, mean, gain in zip(means, means[1:], gains[1:], strict=False):
        mean -= before  # the row held the values until here
        mean *= gain
        mean += before
    means[~np.logical_or.accumulate(present, axis=0)] = np.nan
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
    those take one product a block of rows.

    Args:
        left, right: (T, P) and (T, Q), NaN where missing.
        start: (P, Q) the state before the first row.
        hold: Share of the state that a missing pair leaves.
    """
    same = right is left
    here = ~np.isnan(left)
    there = here if same else ~np.isnan(right)
    if hold == 0:  # what counts is the unbroken run up to the last row
        start = start * np.outer(here.all(axis=0), there.all(axis=0))
        here, there = (np.logical_and.accumulate(mask[::-1], axis=0)[::-1] for mask in (here, there))
    a = np.where(here, left, 0.0)
    b = a if same else np.where(there, right, 0.0)
    if hold not in (0, d):
        gaps = _gaps(here, start)
        others = gaps if same else _gaps(there, start)
        if gaps.any() or others.any():
            return _held_product(a, b, gaps, others, d, start, hold)
    return _product(a, b, d, start)  # a missing pair decays as if it had been zero, or there is none


def _product(a: Array, b: Array, d: float, start: Array) -> Array:
    """The recursion of products where every row counts, in one product."""
    root = np.sqrt(d ** np.arange(len(a) - 1, -1, -1.0))[:, None]
    left = a * root
    right = left if b is a else b * root  # of one array with itself BLAS computes one triangle
    state: Array = left.T @ right
    state *= 1.0 - d
    state += d ** len(a) * start
    return state


def _gaps(present: Array, start: Array) -> Array:
    """Where values are missing; rows before a late start are not, while the state is zero."""
    missing = ~present
    if missing.any() and not start.any():
        missing &= np.logical_or.accumulate(present, axis=0)
    return missing


def _held_product(a: Array, b: Array, gaps: Array, others: Array, d: float, start: Array, hold: float) -> Array:
    """The recursion of products, with values zero where missing, a block of rows at a time.

    What a row leaves of the state of a pair is the product of a share of each column, ``√d`` where present and
    ``hold/√d`` in a gap, so a block is one product of columns rescaled by their shares. Only a pair in a gap on
    both sides keeps ``d/hold`` of that: such pairs are put right at their rows.
    """
    d = max(d, LEAST_DECAY)
    share, in_gap, rows = d**0.5, hold / d**0.5, _block_rows(d, hold)
    state = start.copy()
    for part in blocks(len(a), 1, rows):
        scale = np.cumprod(np.where(gaps[part], in_gap, share), axis=0)
        other_scale = scale if others is gaps else np.cumprod(np.where(others[part], in_gap, share), axis=0)
        left, right = (1.0 - d) * a[part] / scale, b[part] / other_scale
        for row in np.flatnonzero(gaps[part].any(axis=1) & others[part].any(axis=1)):
            here, there = gaps[part][row].nonzero()[0], others[part][row].nonzero()[0]
            before = left[:row, here].T @ right[:row, there]
            pairs = np.ix_(here, there)
            state[pairs] = d / hold * (state[pairs] + before) - before
        state += left.T @ right
        state *= scale[-1][:, None]
        state *= other_scale[-1]
    return state


def _block_rows(d: float, hold: float) -> int:
    """Rows over which the shares of a pair stay within a factor of ``RESCALING``."""
    fastest = max(abs(math.log(d)), abs(math.log(hold * hold / d)))
    return max(1, min(64, int(math.log(RESCALING) / fastest)))
