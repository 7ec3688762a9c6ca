"""What the draws of a wild bootstrap are made of: numbers of the dates, predictions, centred residuals."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.frames import Table
from factorlasso_core.model import LassoModel
from factorlasso_core.nowcast import effective_number
from factorlasso_core.options.base import check, check_flag, is_real
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit

LEAST_DRAWS = 20
LEAST_OBSERVATIONS = 3  # of every response
LARGEST = 2**30  # bytes of draws and multipliers held; of the covariance of the dates


def check_options(draws: Any, seed: Any, bandwidth: Any, recluster: Any) -> None:
    """Refuse options out of range."""
    for name, value, least in (("draws", draws, LEAST_DRAWS), ("seed", seed, 0)):
        whole = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
        check(name, value, whole, f"a whole number of at least {least}")
    check("bandwidth", bandwidth, is_real(bandwidth) and bandwidth > 0, "a finite number above 0")
    check_flag("recluster", recluster)


def check_panel(panel: Panel, warmup: int | None) -> None:
    """Refuse rows without order, factors without a prediction, and responses too short to be fitted."""
    if not panel.index.is_unique or not panel.index.is_monotonic_increasing:
        raise DataError("The rows are not in order, or one stands twice: sort the panel before drawing from it.")
    unknown = np.isnan(panel.x)
    broken = np.flatnonzero(unknown.any(axis=1) & ~(unknown.all(axis=1) & np.isnan(panel.y).all(axis=1)))
    if len(broken):
        raise DataError(
            f"A factor is missing at {panel.index[broken[0]]}, so the responses there have no prediction: "
            "leave such rows out."
        )
    least = max(LEAST_OBSERVATIONS, warmup or 0)
    short = (~np.isnan(panel.y)).sum(axis=0) < least
    if short.any():
        raise DataError(
            f"The response {panel.responses[short][0]!r} has fewer than {least} observations"
            f"{f', as have {short.sum() - 1} more' if short.sum() > 1 else ''}: leave it out."
        )


def check_size(draws: int, panel: Panel) -> None:
    """Refuse what would not fit into memory, before it is tried."""
    rows, n, m = panel.shape
    size = draws * (4 * n * m + 16 * rows)
    if size > LARGEST:
        raise DataError(
            f"{draws} draws of {n} x {m} loadings on {rows} rows need {size / 2**30:.1f} GiB, more than "
            f"{LARGEST / 2**30:.0f}: take fewer draws, or responses in parts with the same seed."
        )


def row_times(calendar: Any, rows: int) -> Array:
    """Positions of the rows in the units of the bandwidth, (T,)."""
    if calendar is None:
        return np.arange(float(rows))
    values = np.asarray(calendar)
    if not np.issubdtype(values.dtype, np.number):
        raise TypeError("calendar must hold numbers, the positions of the rows in the units of bandwidth.")
    values = values.astype(float)
    increasing = values.shape == (rows,) and np.isfinite(values).all() and bool((np.diff(values) > 0).all())
    if not increasing:
        raise DataError(f"calendar must be {rows} finite increasing numbers, one for every row of the panel.")
    return values


def gaussian_numbers(times: Array, draws: int, seed: int, bandwidth: float) -> Array:
    """Gaussian ξ with the Bartlett covariance, (D, T)."""
    size = 8 * len(times) ** 2
    if size > LARGEST:
        raise DataError(
            f"The covariance of {len(times)} rows needs {size / 2**30:.1f} GiB, more than {LARGEST / 2**30:.0f}: "
            "give multipliers."
        )
    covariance = np.maximum(0.0, 1.0 - np.abs(times[:, None] - times) / bandwidth)
    values, vectors = np.linalg.eigh(covariance)  # the root the reference takes, so that seeds mean the same
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.random.default_rng(int(seed)).standard_normal((draws, len(times))) @ root.T


def given_numbers(multipliers: Any, draws: int, rows: pd.Index) -> Array:
    """The caller's own ξ, (D, T)."""
    if not isinstance(multipliers, pd.DataFrame) or len(multipliers) != draws or not multipliers.columns.equals(rows):
        raise DataError(f"multipliers must be a frame of {draws} draws whose columns are the rows of x in their order.")
    values = multipliers.to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(values).all():
        raise DataError("A multiplier is missing or infinite: give a finite number for every draw and row.")
    return values


@dataclass(frozen=True, eq=False)
class Wild:
    """The fit of the data and what draws are made of.

    Attributes:
        start: The fit. fallbacks: Solvers tried after its own. fitted, residual: (T, N) ŷ and e - ē, NaN where
            missing. support: By response; see :class:`FactorBootstrapResult`.
    """

    start: Fit
    fallbacks: tuple[str, ...]
    fitted: Array
    residual: Array
    support: pd.DataFrame

    def responses(self, xi: Array) -> Array:
        """Draws of the responses, (T, B, N), for ξ of (B, T)."""
        return self.fitted[:, None, :] + self.residual[:, None, :] * xi.T[:, :, None]


def wild(model: LassoModel, x: Table, y: Table) -> Wild:
    """Fit a copy of the model to the data, and take its predictions and residuals.

    Raises:
        DataError: Too few rows to estimate anything.
    """
    fitted = model.copy().fit(x, y, external_clusters=_clusters_from_outside(model))
    start = fitted.fit_
    if start.problem is None:
        raise DataError(f"Nothing can be estimated on {start.data.rows} prepared rows: give a longer panel.")
    prediction = fitted.predict(x).to_numpy()
    residual = start.panel.y - prediction
    weights = ~np.isnan(residual) * loss_weights(len(residual), start.spec.loss.span)[:, None]
    share = weights / weights.sum(axis=0)
    residual = residual - np.einsum("tk,tk->k", share, np.nan_to_num(residual))
    variance = np.einsum("tk,tk->k", share, np.nan_to_num(residual) ** 2)
    support = {
        "observations": (weights > 0).sum(axis=0),
        "effective_observations": effective_number(weights),
        "residual_std": np.sqrt(variance),
    }
    return Wild(
        start,
        tuple(model.solver_fallbacks or ()),
        prediction,
        residual,
        pd.DataFrame(support, index=start.panel.responses),
    )


def _clusters_from_outside(model: LassoModel) -> pd.Series | None:
    """Clusters the model was fitted with in place of a tree, which no parameter holds."""
    held = getattr(model, "fit_", None)
    if held is None or held.beliefs.clusters is None:
        return None
    return pd.Series(held.beliefs.clusters, index=held.panel.responses)
