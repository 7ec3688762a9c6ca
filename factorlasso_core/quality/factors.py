"""Whether the factors can be told apart: correlation, condition, variance inflation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.quality.twins import to_unit

SINGULAR = 1e-12  # eigenvalue, as a share of the largest, below which factors are linearly dependent
INVOLVED = 1e-6  # weight of a factor in such a dependence from which it takes part
STILL = 1e-14  # deviation, as a share of the level, that is rounding


@dataclass(frozen=True, eq=False)
class FactorCondition:
    """How close factors are to linear dependence.

    Attributes:
        correlation: (M, M) sample correlations over the rows where every factor is known; NaN for constants.
        inflation: (M,) variance inflation factors ``1/(1 - R²_j)`` of each factor on the others, the diagonal of
            the inverse correlation; infinite for factors that depend on each other exactly.
        condition: Largest over smallest singular value of the standardised factors; above 30 they are close to
            dependent (Belsley, Kuh and Welsch, 1980, Regression Diagnostics); NaN with fewer than two rows.
        rows: How many rows that is.
    """

    correlation: pd.DataFrame
    inflation: pd.Series
    condition: float
    rows: int


def factor_condition(x: Array, labels: pd.Index) -> FactorCondition:
    """Compute correlation, inflation and condition of factors (T, M), constants left out.

    >>> factor_condition(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]]), pd.Index(["a", "b"])).rows
    3
    """
    whole = to_unit(x[~np.isnan(x).any(axis=1)])
    factors = x.shape[1]
    matrix, inflation = np.full((factors, factors), np.nan), np.full(factors, np.nan)
    moving = _moving(whole)
    condition = float("nan")
    if moving.any():
        inner = np.atleast_2d(np.corrcoef(whole[:, moving], rowvar=False))
        np.fill_diagonal(inner, 1.0)
        matrix[np.ix_(moving, moving)] = inner
        inflation[moving], condition = _inflation(inner)
    return FactorCondition(
        pd.DataFrame(matrix, labels, labels), pd.Series(inflation, labels, name="vif"), condition, len(whole)
    )


def _moving(whole: Array) -> Array:
    """Which factors vary, (M,)."""
    if len(whole) < 2:
        return np.zeros(whole.shape[1], dtype=bool)
    return np.asarray(np.ptp(whole, axis=0) > STILL * np.abs(whole).max(axis=0))


def _inflation(correlation: Array) -> tuple[Array, float]:
    """Variance inflation factors and condition of a correlation matrix."""
    values, vectors = np.linalg.eigh(correlation)
    dependent = values <= SINGULAR * values[-1]
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=~dependent)
    inflation = np.maximum((vectors * vectors) @ inverse, 1.0)
    inflation[(np.abs(vectors[:, dependent]) > INVOLVED).any(axis=1)] = np.inf
    return inflation, float("inf") if dependent.any() else float(np.sqrt(values[-1] / values[0]))
