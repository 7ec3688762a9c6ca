"""How well loadings explain the responses they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.prepare import Prepared


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


def in_sample(data: Prepared, beta: Array) -> InSample:
    """Compute the statistics of loadings (N, M) with the weights of the loss, normalised per response."""
    residual = data.y - data.x @ beta.T
    alpha = data.average(residual)
    if data.own_means:
        residual = residual - alpha
        alpha = np.zeros_like(alpha)
    ss_res, ss_total, empty = data.average(residual * residual), data.spread, ~data.valid.any(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(ss_total > 0, 1.0 - ss_res / ss_total, np.nan)
    values = (np.where(empty, np.nan, value) for value in (alpha, ss_total, ss_res, r2))
    return InSample(*map(frozen, values))
