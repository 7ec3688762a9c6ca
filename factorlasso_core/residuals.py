"""Whether residuals are uncorrelated across series, as a factor model assumes, and what they share if not.

With R the pairwise-complete correlation of p series, ν degrees of freedom and m defined pairs:
``ν Σ_{i<j} r²_ij`` is χ² with m degrees of freedom when nothing is shared (Schott 2005, doi:10.1093/biomet/92.4.951),
and no eigenvalue of R exceeds the edge ``(1 + √(p/ν))²`` (Marchenko and Pastur 1967).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.linalg import eigh
from scipy.special import chdtri

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.sparsity import float_frame

# Share of its sum of squares that a series must keep on the rows of a pair once its mean there is taken
# out; with less, subtracting the mean afterwards costs digits and the pair is computed directly.
KEPT = 1e-4

Table = ArrayLike | pd.DataFrame | pd.Series


@dataclass(frozen=True, eq=False)
class ResidualDiagnostics:
    """What residuals share across series.

    Attributes:
        sphericity, threshold: ``ν Σ r²`` over the defined pairs, and its χ² quantile when nothing is shared.
        top_eigenvalue, mp_edge, n_above_edge: Largest eigenvalue of the correlation (undefined pairs count
            as zero), the Marchenko–Pastur edge, and the number of eigenvalues above it.
        mean_abs_offdiag, max_abs_offdiag, raw_offdiag_ss: Mean and largest ``|r|``, and ``Σ r²``, of the pairs.
        nu: Degrees of freedom, the shortest history less the loadings fitted per series less one.
        n_obs, n_series, n_pairs: Rows of the shortest history, series, defined pairs.
        correlation: (p, p) labelled, NaN where undefined.
    """

    sphericity: float
    threshold: float
    top_eigenvalue: float
    mp_edge: float
    n_above_edge: int
    mean_abs_offdiag: float
    max_abs_offdiag: float
    raw_offdiag_ss: float
    nu: float
    n_obs: int
    n_series: int
    n_pairs: int
    correlation: pd.DataFrame = field(repr=False)

    @property
    def passes(self) -> bool:
        """Whether both the sphericity and the largest eigenvalue stay within what noise alone gives."""
        return self.sphericity <= self.threshold and self.top_eigenvalue <= self.mp_edge

    def to_dict(self) -> dict[str, float]:
        """The statistics and the verdict, without the correlation and its number of pairs."""
        left_out = ("n_pairs", "correlation")
        return {k: v for k, v in vars(self).items() if k not in left_out} | {"passes": self.passes}


def diagnose_residuals(
    resid: Table, n_fitted_per_asset: float = 0.0, significance: float = 0.05, min_periods: int = 30
) -> ResidualDiagnostics:
    """Test whether residuals are uncorrelated across series.

    Args:
        resid: (T, p) residuals, NaN or infinite where missing.
        n_fitted_per_asset: Loadings fitted per series, on average; see ``effective_sparsity(...).per_asset``.
        significance: Probability of rejecting residuals that share nothing.
        min_periods: A pair needs this many common rows.

    Raises:
        OptionError: An argument is out of range.
        DataError: Fewer than two series, no defined pair, or no more than one degree of freedom.
    """
    _require("n_fitted_per_asset", n_fitted_per_asset, _real(n_fitted_per_asset, 0), "a finite number of at least 0")
    frame = _panel(resid)
    correlation = residual_correlation(frame, min_periods)
    pairs = _pairs(correlation.to_numpy())
    if not pairs.size:
        raise DataError(
            f"No pair of the {len(correlation)} series has {min_periods} common rows on which both vary: "
            "lower min_periods or give longer histories."
        )
    observed, nu = _degrees_of_freedom(frame, n_fitted_per_asset)
    edge = marchenko_pastur_edge(len(correlation), nu)
    eigenvalues = np.linalg.eigvalsh(_without_holes(correlation))
    mass = float(pairs @ pairs)
    return ResidualDiagnostics(
        sphericity=nu * mass,
        threshold=null_threshold(pairs.size, significance),
        top_eigenvalue=float(eigenvalues[-1]),
        mp_edge=edge,
        n_above_edge=int((eigenvalues > edge).sum()),
        mean_abs_offdiag=float(np.abs(pairs).mean()),
        max_abs_offdiag=float(np.abs(pairs).max()),
        raw_offdiag_ss=mass,
        nu=nu,
        n_obs=observed,
        n_series=len(correlation),
        n_pairs=pairs.size,
        correlation=correlation,
    )


def residual_correlation(resid: Table, min_periods: int = 30) -> pd.DataFrame:
    """Return the correlation of each pair of series on their common rows, (p, p), labelled.

    A cell is NaN where a pair has fewer than ``min_periods`` common rows, or where one of the two does
    not vary on them; so is the diagonal of a series that is too short or constant.

    Raises:
        OptionError: ``min_periods`` is not a whole number of at least 0.
        DataError: Fewer than two series, or cells that are not numbers.
    """
    good = isinstance(min_periods, Integral) and min_periods >= 0
    _require("min_periods", min_periods, good, "a whole number of at least 0")
    frame = _panel(resid)
    values = _pairwise(frame.to_numpy(), min_periods)
    return pd.DataFrame(values, index=frame.columns, columns=frame.columns)


def raw_offdiagonal_mass(resid: Table, min_periods: int = 30) -> float:
    """Return ``Σ_{i<j} r²_ij`` over the defined pairs of :func:`residual_correlation`; 0 without any."""
    pairs = _pairs(residual_correlation(resid, min_periods).to_numpy())
    return float(pairs @ pairs)


def marchenko_pastur_edge(n_series: int, nu: float) -> float:
    """Return ``(1 + √(p/ν))²``, the largest eigenvalue that noise gives p series with ν degrees of freedom.

    >>> marchenko_pastur_edge(4, 16)
    2.25

    Raises:
        OptionError: ``n_series`` is negative or ``nu`` is not positive.
    """
    _require("n_series", n_series, n_series >= 0, "at least 0")
    _require("nu", nu, nu > 0, "above 0")
    return float((1.0 + math.sqrt(n_series / nu)) ** 2)


def null_threshold(n_pairs: int, significance: float = 0.05) -> float:
    """Return the χ² quantile that the sphericity of unrelated series exceeds with this probability.

    Raises:
        OptionError: ``n_pairs`` is not positive or ``significance`` lies outside (0, 1).
    """
    _require("n_pairs", n_pairs, n_pairs > 0, "above 0")
    _require("significance", significance, 0 < significance < 1, "between 0 and 1, both excluded")
    return float(chdtri(n_pairs, significance))


def missing_factor_components(
    resid: Table,
    n_components: int | None = None,
    loading_floor: float = 0.25,
    min_periods: int = 30,
    n_fitted_per_asset: float = 0.0,
) -> pd.DataFrame:
    """List the series that move together in the largest eigenvectors of the residual correlation.

    Args:
        resid, min_periods, n_fitted_per_asset: As in :func:`diagnose_residuals`.
        n_components: Number of eigenvectors; None takes those above the edge, but at least one.
        loading_floor: Entries of an eigenvector below this magnitude are left out.

    Returns:
        One row per series and component, largest magnitude first, with columns ``component`` (from 1),
        ``eigenvalue``, ``series``, ``loading``; the largest entry of an eigenvector is positive.

    Raises:
        OptionError, DataError: As :func:`diagnose_residuals`; also ``n_components`` below 1.
    """
    whole = n_components is None or (isinstance(n_components, Integral) and n_components >= 1)
    _require("n_components", n_components, whole, "None or a whole number of at least 1")
    _require("loading_floor", loading_floor, not math.isnan(loading_floor), "a number")
    found = diagnose_residuals(resid, n_fitted_per_asset, min_periods=min_periods)
    count = min(n_components or max(found.n_above_edge, 1), found.n_series)
    first = found.n_series - count
    values, vectors = eigh(_without_holes(found.correlation), subset_by_index=[first, found.n_series - 1])
    return _listed(values[::-1], vectors[:, ::-1].T, found.correlation.columns, loading_floor)


def _listed(values: Array, vectors: Array, labels: pd.Index, floor: float) -> pd.DataFrame:
    """Eigenvectors (C, p) as rows of a table, signed and ordered by magnitude, small entries left out."""
    order = np.argsort(-np.abs(vectors), axis=1, kind="stable")
    ranked = np.take_along_axis(vectors, order, axis=1)
    ranked = ranked * np.where(ranked[:, :1] < 0, -1.0, 1.0)
    component, position = np.nonzero(np.abs(ranked) >= floor)
    return pd.DataFrame(
        {
            "component": component + 1,
            "eigenvalue": values[component],
            "series": labels[order[component, position]],
            "loading": ranked[component, position],
        }
    )


def _panel(resid: Table) -> pd.DataFrame:
    """Residuals as a frame of at least two series; infinite cells count as missing."""
    frame = float_frame("resid", resid)
    if frame.shape[1] < 2:
        raise DataError(f"Residuals have {frame.shape[1]} series: give at least 2, one per column.")
    return frame.where(np.isfinite(frame))


def _degrees_of_freedom(frame: pd.DataFrame, fitted: float) -> tuple[int, float]:
    """Rows of the shortest history, and what the fit and the mean leave of them."""
    counts = frame.notna().sum().to_numpy()
    shortest = int(counts.argmin())
    observed = int(counts[shortest])
    nu = observed - float(fitted) - 1.0
    if not nu > 1:
        raise DataError(
            f"Series {frame.columns[shortest]!r} has {observed} observations for {fitted:g} fitted loadings, which "
            f"leaves {nu:g} degrees of freedom and more than 1 is needed: drop it or give a longer history."
        )
    return observed, nu


def _pairs(correlation: Array) -> Array:
    """Defined correlations above the diagonal."""
    upper = correlation[np.triu(np.ones(correlation.shape, dtype=bool), 1)]
    return upper[np.isfinite(upper)]


def _without_holes(correlation: pd.DataFrame) -> Array:
    """The correlation with undefined pairs at zero and ones on the diagonal."""
    filled = np.nan_to_num(correlation.to_numpy(), nan=0.0)
    np.fill_diagonal(filled, 1.0)
    return filled


def _pairwise(y: Array, min_periods: int) -> Array:
    """Correlation of the columns of (T, p) on their common rows, NaN where undefined."""
    y = np.where(_varies(y), y, np.nan)  # a constant is undefined with every other; no pair of it needs a look
    v = (~np.isnan(y)).astype(float)
    z = _scaled(y)
    count = v.T @ v
    enough = count >= max(min_periods, 1)
    count = np.maximum(count, 1.0)
    sums = z.T @ v  # (i, j): sum of i over the rows where j is present too
    raw = (z * z).T @ v
    squares = raw - sums**2 / count
    doubtful = squares <= KEPT * raw
    doubtful = enough & (doubtful | doubtful.T)
    product = np.where(enough & ~doubtful, squares * squares.T, np.nan)
    result = (z.T @ z - sums * sums.T / count) / np.sqrt(product)
    for i in np.flatnonzero(doubtful.any(axis=1)):
        others = np.flatnonzero(doubtful[i])
        result[i, others] = _direct(y[:, i], y[:, others])
    np.fill_diagonal(result, np.where(np.isnan(np.diag(result)), np.nan, 1.0))
    return np.clip(result, -1.0, 1.0)


def _scaled(y: Array) -> Array:
    """Each column less its mean, in units of its largest deviation so that no square under- or overflows."""
    present = ~np.isnan(y)
    mean = np.where(present, y, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    z = np.where(present, y - mean, 0.0)
    largest = np.abs(z).max(axis=0, initial=0.0)
    return z / np.where(largest > 0, largest, 1.0)


def _direct(series: Array, others: Array) -> Array:
    """Correlation of one series with others, each pair about its own means on its common rows."""
    both = ~np.isnan(series[:, None]) & ~np.isnan(others)
    left, right = np.where(both, series[:, None], np.nan), np.where(both, others, np.nan)
    defined = _varies(left) & _varies(right)
    a, b = _scaled(left), _scaled(right)
    product = np.where(defined, (a * a).sum(axis=0) * (b * b).sum(axis=0), np.nan)
    return (a * b).sum(axis=0) / np.sqrt(product)


def _varies(y: Array) -> Array:
    """Whether a column holds two different values, (p,); a test on sums of squares would see rounding."""
    return np.fmax.reduce(y, axis=0, initial=-np.inf) > np.fmin.reduce(y, axis=0, initial=np.inf)


def _real(value: object, least: float) -> bool:
    return isinstance(value, Real) and math.isfinite(value) and float(value) >= least


def _require(name: str, value: object, good: bool, allowed: str) -> None:
    if not good:
        raise OptionError(name, value, allowed)
