"""The closed form of a pure row norm: one scalar equation a response, solved for all responses at once.

Without bounds and without an L1 term the minimum of ``½ d'Ad - h'd + r‖d‖`` is zero where ``‖h‖ <= r``, and else
``d = ρ (ρA + rI)⁻¹ h`` with the root ρ = ‖d‖ of ``‖(ρΛ + r)⁻¹ Q'h‖ = 1`` for ``A = QΛQ'``. The inverse of the left
side is concave in ρ, so Newton's steps from zero rise to the root without safeguards.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.moments import Moments, gram_times
from factorlasso_core.prox import EPS

SMALLEST = 1e-100  # r below which its powers underflow: such a row is left to the solver
STEPS = 50  # a dozen are enough but where eigenvalues lie many decades apart


def row_norm_minimum(moments: Moments, h: Array, row: Array) -> Array:
    """Return the minimisers, (n, M), of ``½ d'A_k d - h_k·d + r_k‖d‖``.

    It is a start for the solver, which checks it: rows with r below ``SMALLEST`` come back as zero.

    Args:
        moments: Gram matrices, one entry of ``pattern`` a row of h. h: (n, M). row: (n,) r > 0.
    """
    values, vectors = moments.spectrum
    eigenvalues = np.maximum(values, 0.0)[moments.pattern]
    w = gram_times(vectors.transpose(0, 2, 1), moments.pattern, h)
    squares, rho = w * w, np.zeros(len(h))
    moves = (np.sqrt(squares.sum(axis=1)) > row) & (row > SMALLEST)
    row = np.where(moves, row, 1.0)
    for _ in range(STEPS):
        below = 1.0 / (eigenvalues * rho[:, None] + row[:, None])
        share = squares * below * below
        length = np.sqrt(share.sum(axis=1))
        slope = (share * eigenvalues * below).sum(axis=1)
        open_ = moves & (length > 1.0) & (slope > 0)
        step = np.divide((length - 1.0) * length * length, slope, out=np.zeros_like(rho), where=open_)
        rho = rho + step
        if not (step > EPS * rho).any():
            break
    scaled = w * rho[:, None] / (eigenvalues * rho[:, None] + row[:, None])
    return gram_times(vectors, moments.pattern, np.where(moves[:, None], scaled, 0.0))
