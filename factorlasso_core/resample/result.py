"""Loadings of every draw of a bootstrap, and the intervals they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError
from factorlasso_core.options.base import check, check_choice, is_real

BLOCK_CELLS = 2**22  # draws x loadings whose quantiles are taken at a time


@dataclass(frozen=True, eq=False)
class FactorBootstrapResult:
    """Loadings of every draw, and what the draws say about the estimate.

    Attributes:
        estimate: (N, M) loadings of the data. draws: (draw, asset) by factor, float32.
        fit_diagnostics: One row per draw: number of clusters; what differs from the fit of the data in
            partition, prior, signs and adaptive weights; whether the solver converged on every response, and
            the largest relative duality gap.
        response_support: Per response its observations, Kish's effective number of them, and the standard
            deviation of its residuals in the weights of the loss.
        metadata: How the draws were made.
        coassociation: (N, N) share of the draws in which two responses are in one cluster; None where no
            draw found clusters of its own.
    """

    estimate: pd.DataFrame
    draws: pd.DataFrame
    fit_diagnostics: pd.DataFrame
    response_support: pd.DataFrame
    metadata: dict[str, Any]
    coassociation: pd.DataFrame | None = None

    def intervals(self, confidence: float = 0.95, method: str = "percentile") -> pd.DataFrame:
        """Return an interval for every loading, one row per (asset, factor).

        Args:
            confidence: Share of the draws inside, in (0, 1).
            method: ``"percentile"``, the quantiles of the draws; or ``"basic"``, the same mirrored at the estimate.

        Their coverage is not known: a penalised estimate is biased, and the draws inherit the bias. Shown beside
        the bounds: mean of the draws, its distance from the estimate, and the share of draws that are exactly zero.

        Raises:
            OptionError: ``confidence`` or ``method`` is out of range.
        """
        cube, estimate = self._cube, self.estimate.to_numpy()
        parts = np.array_split(np.arange(len(estimate)), max(1, cube.size // BLOCK_CELLS))
        found = [
            _limits(cube[:, part].reshape(len(cube), -1), estimate[part].ravel(), confidence, method)
            for part in parts
            if len(part)
        ]
        index = pd.MultiIndex.from_product([self.estimate.index, self.estimate.columns], names=["asset", "factor"])
        return pd.concat(found, ignore_index=True).set_axis(index)

    def portfolio_intervals(
        self, weights: pd.Series, confidence: float = 0.95, method: str = "percentile"
    ) -> pd.DataFrame:
        """Return an interval for every loading of a portfolio, ``Σ_k w_k β_k``, one row per factor.

        The draws of all responses are joint, so that what their errors share is in the interval.

        Args:
            weights: One finite weight per response, by label, in any order and of any sum.
            confidence, method: As in :meth:`intervals`.

        Raises:
            OptionError: As :meth:`intervals`. DataError: The weights do not name every response once.
        """
        w = _aligned_weights(weights, self.estimate.index)
        draws = np.einsum("k,dkm->dm", w, self._cube)
        return _limits(draws, w @ self.estimate.to_numpy(), confidence, method).set_axis(self.estimate.columns)

    @property
    def _cube(self) -> Array:
        """The draws as (D, N, M)."""
        return self.draws.to_numpy().reshape(-1, *self.estimate.shape)


def _limits(draws: Array, estimate: Array, confidence: float, method: str) -> pd.DataFrame:
    """Bounds and what goes with them for draws (D, K) of estimates (K,)."""
    check("confidence", confidence, is_real(confidence) and 0 < confidence < 1, "between 0 and 1, both excluded")
    check_choice("method", method, ("percentile", "basic"))
    values = draws.astype(float)
    tail = 0.5 * (1.0 - confidence)
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    if method == "basic":
        low, high = 2.0 * estimate - high, 2.0 * estimate - low
    mean = values.mean(axis=0)
    return pd.DataFrame(
        {
            "estimate": estimate,
            "lower": low,
            "upper": high,
            "bootstrap_mean": mean,
            "bootstrap_bias": mean - estimate,
            "near_zero_frequency": (values == 0).mean(axis=0),
            "probability": float(confidence),
            "method": method,
            "status": "coverage_not_validated",
        }
    )


def _aligned_weights(weights: Any, assets: pd.Index) -> Array:
    if not isinstance(weights, pd.Series) or not weights.index.is_unique or set(weights.index) != set(assets):
        raise DataError("weights must be a Series that names every response exactly once: reindex it with a fill.")
    values = weights.reindex(assets).to_numpy(dtype=float)
    if not np.isfinite(values).all():
        raise DataError(f"The weight of {assets[~np.isfinite(values)][0]!r} is missing or infinite: give a number.")
    return values
