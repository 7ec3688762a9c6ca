"""How sparse loadings are, and where a solver's dust ends and the loadings begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError, OptionError


@dataclass(frozen=True, eq=False)
class Sparsity:
    """Counts of loadings that are not zero; assets are rows, factors are columns.

    Attributes:
        n_nonzero, n_total: Loadings above the cut, and all of them.
        density: ``n_nonzero / n_total``; NaN without loadings.
        per_asset, max_per_asset: Mean and largest number of loadings of a row; the mean is NaN without rows.
        per_factor: Number of loadings of each column.
        empty_factors, empty_assets: Labels of the columns and rows without any loading.
        n_nonfinite: Cells that are NaN or infinite; they count as zero above.
        tol_used: The cut.
    """

    n_nonzero: int
    n_total: int
    density: float
    per_asset: float
    max_per_asset: int
    per_factor: pd.Series = field(repr=False)
    empty_factors: list[Any] = field(repr=False)
    empty_assets: list[Any] = field(repr=False)
    n_nonfinite: int
    tol_used: float

    @property
    def is_rank_deficient(self) -> bool:
        """Whether some factor loads on nothing, so that the loadings cannot have full column rank."""
        return bool(self.empty_factors)

    def to_dict(self) -> dict[str, float]:
        """The scalars, with the number of empty factors and assets in place of their labels."""
        return {
            "n_nonzero": self.n_nonzero,
            "n_total": self.n_total,
            "density": self.density,
            "per_asset": self.per_asset,
            "max_per_asset": self.max_per_asset,
            "n_empty_factors": len(self.empty_factors),
            "n_empty_assets": len(self.empty_assets),
            "n_nonfinite": self.n_nonfinite,
            "tol_used": self.tol_used,
        }


def effective_sparsity(
    betas: ArrayLike | pd.DataFrame | pd.Series,
    tol: float = 0.0,
    rtol: float = 1e-4,
    raise_on_nonfinite: bool = False,
) -> Sparsity:
    """Count the loadings above ``max(tol, rtol · max|β|)``.

    The relative cut is for loadings of an interior-point solver, which are never exactly zero. Those of
    this package's own solver are: with ``tol = rtol = 0`` the count is that of ``β != 0``.

    Args:
        betas: (N, M) loadings; a series or vector is one factor.
        tol: Absolute cut, in the units of the loadings.
        rtol: Cut as a share of the largest finite magnitude.
        raise_on_nonfinite: Refuse cells that are NaN or infinite rather than count them.

    Raises:
        OptionError: ``tol`` or ``rtol`` is negative or NaN.
        DataError: ``betas`` is not a table of numbers, or holds cells that were refused.

    >>> effective_sparsity([[0.8, 0.0], [0.5, 1e-9]]).n_nonzero
    2
    """
    for name, value in (("tol", tol), ("rtol", rtol)):
        if not value >= 0:
            raise OptionError(name, value, "a number of at least 0")
    frame = float_frame("betas", betas)
    size = np.abs(frame.to_numpy())
    nonfinite = int((~np.isfinite(size)).sum())
    if raise_on_nonfinite and nonfinite:
        raise DataError(
            f"{nonfinite} of {size.size} loadings are not finite: give the loadings of a fit that was solved, "
            "or count them with raise_on_nonfinite=False."
        )
    size[~np.isfinite(size)] = 0.0
    cut = max(float(tol), float(rtol) * float(size.max(initial=0.0)))
    return _counted(frame, size > cut, nonfinite, cut)


def _counted(frame: pd.DataFrame, kept: Array, nonfinite: int, cut: float) -> Sparsity:
    """The counts of a mask of kept loadings, (N, M)."""
    per_asset, per_factor = kept.sum(axis=1), kept.sum(axis=0)
    return Sparsity(
        n_nonzero=int(kept.sum()),
        n_total=kept.size,
        density=float(kept.mean()) if kept.size else np.nan,
        per_asset=float(per_asset.mean()) if len(kept) else np.nan,
        max_per_asset=int(per_asset.max(initial=0)),
        per_factor=pd.Series(per_factor, index=frame.columns, dtype=int),
        empty_factors=frame.columns[per_factor == 0].tolist(),
        empty_assets=frame.index[per_asset == 0].tolist(),
        n_nonfinite=nonfinite,
        tol_used=cut,
    )


def suggest_tolerance(betas: ArrayLike | pd.DataFrame | pd.Series) -> dict[str, float]:
    """Find the widest gap between the sorted magnitudes of the loadings, on a log scale.

    Args:
        betas: (N, M) loadings; zeros and cells that are not finite are left out.

    Returns:
        The magnitudes below and above the gap (``gap_lo``, ``gap_hi``), its width in powers of ten
        (``gap_orders``), their geometric mean (``suggested_tol``) and that as a share of the largest
        magnitude (``suggested_rtol``). The lowest of equal gaps is taken.

    Raises:
        DataError: Fewer than two loadings are finite and not zero.
    """
    size = np.abs(float_frame("betas", betas).to_numpy())
    size = np.sort(size[np.isfinite(size) & (size > 0)])
    if len(size) < 2:
        raise DataError(f"A gap needs at least 2 finite loadings that are not zero: betas has {len(size)}.")
    widths = np.diff(np.log10(size))
    at = int(widths.argmax())
    low, high = float(size[at]), float(size[at + 1])
    tol = float(np.sqrt(low) * np.sqrt(high))  # the product of two small numbers would underflow
    return {
        "gap_lo": low,
        "gap_hi": high,
        "gap_orders": float(widths[at]),
        "suggested_tol": tol,
        "suggested_rtol": tol / float(size[-1]),
    }


def float_frame(name: str, values: ArrayLike | pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Return a table as a frame of floats; a vector becomes one column, an array gets counted labels.

    Raises:
        DataError: More than two dimensions, or cells that are not numbers.
    """
    try:
        given = values if isinstance(values, pd.DataFrame | pd.Series) else np.asarray(values, dtype=float)
        frame = pd.DataFrame(given)
        cells = frame.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must be rows by columns of numbers: {error}.") from error
    return pd.DataFrame(cells, index=frame.index, columns=frame.columns)
