"""The penalty ``Ω(d) = Σ_k [ r_k ‖d_k‖₂ + Σ_j c_kj |d_kj| ]`` of the deviation from the prior.

LASSO has ``r = 0``. GROUP_LASSO and HCGL put ``r_k = (1-α) λ w_g`` on the row of a response in group g
and ``c = α λ``: the group enters as a weight, the norm is over one response's loadings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.options import PenaltyOptions


@dataclass(frozen=True, eq=False)
class RowPenalty:
    """Row norm and elementwise weights.

    Attributes:
        row: (N,) r >= 0. cell: (N, M) c >= 0.
    """

    row: Array
    cell: Array

    def value(self, d: Array) -> Array:
        """Return Ω of every row, (N,)."""
        return self.row * np.sqrt((d * d).sum(axis=1)) + (self.cell * np.abs(d)).sum(axis=1)


def group_weights(labels: Array, rule: str) -> Array:
    """Return the weight w of each response's group, (N,).

    Args:
        labels: (N,) group of each response.
        rule: ``"normalized"`` for ``sqrt(|g|/G)``, ``"yuan_lin"`` for ``sqrt(|g|)``.

    >>> group_weights(np.array(["a", "a", "b"]), "yuan_lin").round(3).tolist()
    [1.414, 1.414, 1.0]
    """
    codes, groups = pd.factorize(labels)
    sizes = np.bincount(codes)
    return np.sqrt(sizes[codes] / (len(groups) if rule == "normalized" else 1))


def lasso_penalty(options: PenaltyOptions, shape: tuple[int, int]) -> RowPenalty:
    """λ on every cell; α and the group rule have no meaning here."""
    return RowPenalty(frozen(np.zeros(shape[0])), frozen(np.full(shape, float(options.reg_lambda))))


def group_penalty(options: PenaltyOptions, labels: Array, factors: int) -> RowPenalty:
    """Share α of λ on the cells, the rest on the rows, weighted by group."""
    weights = group_weights(labels, options.group_penalty)
    row = (1.0 - options.l1_weight) * options.reg_lambda * weights
    return RowPenalty(frozen(row), frozen(np.full((len(labels), factors), options.l1_weight * options.reg_lambda)))
