"""The closed form of a pure row norm: one scalar equation a response, solved for all responses at once.

Without bounds and without an L1 term the minimum of ``½ d'Ad - h'd + r‖d‖`` is zero where ``‖h‖ <= r``, and else
``d = ρ (ρA + rI)⁻¹ h`` with the root ρ = ‖d‖ of ``‖(ρΛ + r)⁻¹ Q'h‖ = 1`` for ``A = QΛQ'``. The inverse of the left
side is concave in ρ, so Newton's steps end at or below the root from either side, and then rise to it without
safeguards.
"""

from __future__ import annotations

import numpy as np

from factorlasso_core.arrays import Array, row_sums
from factorlasso_core.moments import Moments, gram_times

SMALLEST = 1e-100  # r up to which its powers underflow: such a row is least squares but for rounding
STEPS = 50  # a few are enough but where eigenvalues lie many decades apart
SETTLED = 1e-8  # relative step after which the next one is rounding, since convergence is quadratic


def row_norm_minimum(moments: Moments, h: Array, row: Array) -> Array:
    """Return the minimisers, (n, M), of ``½ d'A_k d - h_k·d + r_k‖d‖``.

    It is a start for the solver, which checks it. Of several minimisers it is the smallest.

    Args:
        moments: Gram matrices, one entry of ``pattern`` a row of h. h: (n, M). row: (n,) r >= 0.
    """
    values, vectors = moments.spectrum
    eigenvalues = np.maximum(values, 0.0)[moments.pattern]
    w = gram_times(vectors.transpose(0, 2, 1), moments.pattern, h)
    # Outside the range of A, w is rounding; where that exceeds r there would be no root.
    w = np.where(moments.inside_range[moments.pattern], w, 0.0)
    length = np.sqrt(np.vecdot(w, w))
    bare = row <= SMALLEST
    moves = (length > row) & ~bare
    row = np.where(moves, row, 1.0)
    rho = np.where(moves, _guess(w, length, row, eigenvalues), 0.0)
    for _ in range(STEPS):
        below = 1.0 / (eigenvalues * rho[:, None] + row[:, None])
        share = np.square(below * w)
        squares = row_sums(share)
        slope = np.vecdot(share, eigenvalues * below)
        step = np.divide((np.sqrt(squares) - 1.0) * squares, slope, out=np.zeros_like(rho), where=moves & (slope > 0))
        rho = np.maximum(rho + step, 0.0)
        if not (np.abs(step) > SETTLED * rho).any():
            break
    scaled = w * (rho[:, None] / (eigenvalues * rho[:, None] + row[:, None]))
    found = gram_times(vectors, moments.pattern, scaled)
    if bare.any():
        found[bare] = moments.least_squares(h)[bare]
    return found


def _guess(w: Array, length: Array, row: Array, eigenvalues: Array) -> Array:
    """The root if A were a multiple of the identity, that of w's Rayleigh quotient; (n,)."""
    quotient = np.vecdot(w, eigenvalues * w)
    return np.divide((length - row) * length**2, quotient, out=np.zeros_like(length), where=quotient > 0)
