"""Univariate-guided lasso: every factor alone first, then a lasso on what each predicts.

For response k on its own n_k valid rows, all rows weighing the same and no intercept:

1. slopes of each factor alone, ``b_j = Σ_t x_tj y_t / Σ_t x_tj²``, and what factor j predicts for row t
   without having seen it, ``η_tj = x_tj (Σxy - x_tj y_t) / (Σx² - x_tj²)``, or ``x_tj b_j`` in sample;
2. ``min_θ (1/n_k) ‖y - ηθ‖² + λ ‖θ‖₁``, with ``θ >= 0`` where a loading may not turn against its slope.

The loadings are ``β_j = θ_j b_j``. Chatterjee, Hastie and Tibshirani (2025), *Univariate-guided sparse
regression*, there with intercepts. Stage 2 is a LASSO whose quadratic form is another for every response;
it is stated as :class:`Moments`, so that solvers and certificate serve it unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.moments import Moments, check_grams
from factorlasso_core.prepare import Prepared

LEAST_ROWS = 5  # valid rows below which a response is not fitted
BLOCK_CELLS = 2**20  # responses x factors x rows held at a time
DUST = 1e-28  # share of a square below which what is left of a sum of squares is rounding


@dataclass(frozen=True, eq=False)
class Guided:
    """Stage 1 of every response, and stage 2 as a quadratic.

    Attributes:
        data: The prepared arrays. loo: Whether a row's predictions leave the row out.
        slope: (N, M) b, zero for a factor that is zero on the response's rows and for a response with
            fewer than five valid rows.
        moments: Stage 2 in θ, one Gram matrix a response; zero for fewer than five valid rows.
    """

    data: Prepared
    loo: bool
    slope: Array
    moments: Moments

    def design(self, k: int) -> tuple[Array, Array]:
        """Return η (n_k, M) and y (n_k,) of stage 2, both empty for fewer than five valid rows."""
        rows = self.data.valid[:, k]
        if rows.sum() < LEAST_ROWS:
            return np.empty((0, self.data.x.shape[1])), np.empty(0)
        x, y, _ = _block(self.data, slice(k, k + 1))
        return _stage_one(x, y, self.loo)[1][0].T[rows], y[0, rows]

    def loadings(self, theta: Array) -> Array:
        """Return ``β = θ b``, (N, M)."""
        return theta * self.slope + 0.0  # a negative slope times zero is zero without a sign


def guide(data: Prepared, loo: bool = True) -> Guided:
    """Compute stage 1 of every response and the moments of stage 2.

    The weights of the rows and the divisor of the loss are not used: this model has neither. A row
    that alone carries a factor predicts zero when it is left out, as nothing is left to estimate from.

    Args:
        data: Prepared arrays. loo: Leave each row out of its own predictions.

    Raises:
        DataError: The Gram matrices of all responses would not fit into memory.
    """
    (rows, factors), responses = data.x.shape, data.y.shape[1]
    cure = "UniLasso holds one a response, so use fewer factors, or fit the responses in parts"
    check_grams(responses, factors, "responses", cure)
    slope, linear = np.zeros((responses, factors)), np.zeros((responses, factors))
    gram, constant = np.zeros((responses, factors, factors)), np.zeros(responses)
    for part in blocks(responses, rows * factors, BLOCK_CELLS):
        x, y, count = _block(data, part)
        scale = np.divide(1.0, count, out=np.zeros(len(count)), where=count >= LEAST_ROWS)
        b, eta = _stage_one(x, y, loo)
        slope[part] = b * (scale > 0)[:, None]
        gram[part] = _symmetric(eta @ eta.transpose(0, 2, 1)) * (2.0 * scale)[:, None, None]
        linear[part] = (eta @ y[:, :, None])[:, :, 0] * (2.0 * scale)[:, None]
        constant[part] = (y * y).sum(axis=1) * scale
    quadratic = Moments(frozen(gram), frozen(np.arange(responses)), frozen(linear), frozen(constant))
    return Guided(data, loo, frozen(slope), quadratic)


def _block(data: Prepared, part: slice) -> tuple[Array, Array, Array]:
    """Factors (n or 1, M, T), zero in rows that do not count, responses (n, T) and their valid rows (n,).

    Complete responses share one copy of the factors.
    """
    valid, y = data.valid[:, part].T, data.y[:, part].T
    count = valid.sum(axis=1)
    x = data.x.T[None] if valid.all() else data.x.T * valid[:, None, :]
    return x, y, count


def _stage_one(x: Array, y: Array, loo: bool) -> tuple[Array, Array]:
    """Slopes b, (n, M), and predictions η, (n, M, T)."""
    squares, products = x * x, x * y[:, None, :]
    b = _ratio(products.sum(axis=2), squares.sum(axis=2), 0.0)
    if not loo:
        return b, x * b[:, :, None]
    peak = squares.argmax(axis=2, keepdims=True)
    rest = _without_each(squares, peak)
    return b, x * _ratio(_without_each(products, peak), rest, DUST * squares)


def _ratio(numerator: Array, denominator: Array, floor: Array | float) -> Array:
    """The quotient, zero where the denominator is not above the floor."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > floor)


def _without_each(terms: Array, peak: Array) -> Array:
    """Sum over the last axis without each of its cells in turn.

    Only the factor's largest cell can be most of its sum of squares, so only there would subtracting it
    from the total cancel; there the others are summed on their own.
    """
    others = terms.copy()
    np.put_along_axis(others, peak, 0.0, axis=2)
    rest = others.sum(axis=2, keepdims=True)
    out = rest + np.take_along_axis(terms, peak, axis=2) - terms
    np.put_along_axis(out, peak, rest, axis=2)
    return out


def _symmetric(matrices: Array) -> Array:
    return 0.5 * (matrices + matrices.transpose(0, 2, 1))
