"""How well loadings explain the responses they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.moments import Moments, gram_times
from factorlasso_core.prepare import Prepared, inverse

CLOSE = 1e-3  # share of its terms below which the quadratic form of a loss loses more than three digits


@dataclass(frozen=True, eq=False)
class InSample:
    """In-sample statistics on the prepared arrays, (N,) each, NaN without valid rows.

    Attributes:
        alpha: Weighted mean residual of the demeaned fit; not the regression constant.
        ss_total: Weighted variance of the response per row; ss_res: weighted mean squared residual
            about zero, both in squared units of the panel and the weights of the loss.
        r2: ``1 - ss_res/ss_total``; NaN for a constant response, which has nothing to explain.
    """

    alpha: Array
    ss_total: Array
    ss_res: Array
    r2: Array


def in_sample(data: Prepared, loss: Moments, beta: Array) -> InSample:
    """Compute the statistics of loadings (N, M) with the weights of the loss, normalised per response.

    Args:
        data: The prepared arrays. loss: Their moments, which spare a pass over all residuals.
    """
    own = data.pattern
    alpha = np.zeros(len(own)) if data.own_means else data.y_level - np.vecdot(data.x_level[own], beta)
    ss_res, ss_total, empty = _mean_squares(data, loss, beta), data.spread, data.mass[own] == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(ss_total > 0, 1.0 - ss_res / ss_total, np.nan)
    values = (np.where(empty, np.nan, value) for value in (alpha, ss_total, ss_res, r2))
    return InSample(*map(frozen, values))


def _mean_squares(data: Prepared, loss: Moments, beta: Array) -> Array:
    """Weighted mean squared residual, (N,): the loss, and where its terms cancel the residuals themselves."""
    linear, quadratic = np.vecdot(loss.linear, beta), 0.5 * np.vecdot(beta, loss.times_gram(beta))
    value = loss.constant - linear + quadratic
    size = np.abs(beta)  # the terms of the quadratic form cancel among themselves where factors are nearly alike
    terms = loss.constant + 0.5 * np.vecdot(size, gram_times(np.abs(loss.gram), loss.pattern, size))
    close = np.flatnonzero(value < CLOSE * terms)
    squares = value * inverse(data.mass * data.scale)[data.pattern]
    for part in blocks(len(close), data.rows):
        squares[close[part]] = _residual_squares(data, beta, close[part])
    return squares


def _residual_squares(data: Prepared, beta: Array, responses: Array) -> Array:
    """Weighted mean squared residual of some responses, given by position, about their mean with own means."""
    share = data.valid[:, responses] * data.weights[:, None] * inverse(data.mass)[data.pattern[responses]]
    residual = data.y[:, responses] - data.x @ beta[responses].T
    if data.own_means:
        residual -= np.einsum("tn,tn->n", share, residual)
    return np.einsum("tn,tn,tn->n", share, residual, residual)
