"""What the factors observed since the fit say about responses that are not known yet.

``ŷ_t = B x_t + a``: the loadings of the fit, and for each response the latest level a of what its factors
left over, ``e_t = y_t - B x_t`` in units of the panel. Nothing is estimated anew but a.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError
from factorlasso_core.ewm import decay, ewm_recursion, loss_weights
from factorlasso_core.options.base import check, is_real
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit


@dataclass(frozen=True, eq=False)
class LassoNowcastResult:
    """A nowcast of H dates, in units of the panel.

    Attributes:
        prediction, factor_component: (H, N), with and without the level a. target_factors: (H, M) as given.
        stat_alpha: (N,) a. betas: (N, M). residuals: (T, N) e over the rows of the fit.
        diagnostics: One row per response: dates of its first and last residual; its observations, those that
            entered the loss and Kish's effective number of them, ``(Σω)²/Σω²``; spans; both constants; the
            in-sample statistics; and its non-zero loadings.
    """

    prediction: pd.DataFrame
    factor_component: pd.DataFrame
    target_factors: pd.DataFrame
    stat_alpha: pd.Series
    betas: pd.DataFrame
    residuals: pd.DataFrame
    diagnostics: pd.DataFrame


def nowcast(fit: Fit, x: pd.DataFrame, *, alpha_span: float | None = None) -> LassoNowcastResult:
    """Predict responses on dates after the last of a fit.

    Args:
        fit: A demeaned fit whose factors are complete and whose responses are all known on its last date.
        x: (H, M) factors on later dates, columns as in the fit.
        alpha_span: EWMA span of the level a, >= 1; 1 takes the last residual. None takes the span of the fit;
            without one there, a is the mean. The EWMA of a response starts at its first residual, and a hole
            repeats its last value without decay.

    Raises:
        OptionError: ``alpha_span`` is out of range. DataError: The fit or ``x`` cannot be used, with the cure.
        TypeError: ``x`` is no frame of numbers, or it or the fit has no dates.
    """
    check("alpha_span", alpha_span, alpha_span is None or (is_real(alpha_span) and alpha_span >= 1),
           "None or a finite number of at least 1")  # fmt: skip
    _check_fit(fit)
    factors = _checked_factors(fit.panel, x)
    panel, span = fit.panel, fit.spec.loss.span if alpha_span is None else float(alpha_span)
    unexplained = residuals(fit)
    left = unexplained.to_numpy()
    level = _level(left, span)
    component = factors @ fit.beta.T
    return LassoNowcastResult(
        prediction=pd.DataFrame(component + level, index=x.index, columns=panel.responses),
        factor_component=pd.DataFrame(component, index=x.index, columns=panel.responses),
        target_factors=x.copy(),
        stat_alpha=panel.by_response(level, "stat_alpha"),
        betas=fit.betas,
        residuals=unexplained,
        diagnostics=_diagnostics(fit, left, level, span),
    )


def residuals(fit: Fit) -> pd.DataFrame:
    """Return ``y - x β'`` in units of the panel, (T, N); NaN where the response or one of its factors is missing."""
    panel = fit.panel
    return pd.DataFrame(panel.y - panel.x @ fit.beta.T, index=panel.index, columns=panel.responses)


def factors_complete(panel: Panel) -> bool:
    """Whether every factor is known on every row."""
    return not np.isnan(panel.x).any()


def final_response_complete(panel: Panel) -> bool:
    """Whether every response is known on the last row."""
    return not np.isnan(panel.y[-1]).any()


def _check_fit(fit: Fit) -> None:
    """Refuse a fit without a level to carry forward."""
    panel = fit.panel
    if not fit.spec.loss.demean:
        raise DataError("A nowcast adds the level of each response to its factors: fit with demean=True.")
    if fit.problem is None:
        raise DataError(f"Nothing was estimated on {fit.data.rows} prepared rows: fit a longer panel before a nowcast.")
    if not isinstance(panel.index, pd.DatetimeIndex):
        raise TypeError("The rows of the fit are not dates: fit frames with a DatetimeIndex before a nowcast.")
    if not _in_order(panel.index):
        raise DataError("The dates of the fit are not in order, or one stands twice: sort the panel and fit again.")
    if not factors_complete(panel):
        row, column = np.argwhere(np.isnan(panel.x))[0]
        raise DataError(
            f"The factor {panel.factors[column]!r} is missing at {panel.index[row]}: "
            "fit on rows where every factor is known before a nowcast."
        )
    if not final_response_complete(panel):
        late = panel.responses[np.isnan(panel.y[-1])][0]
        raise DataError(
            f"The response {late!r} is missing at {panel.index[-1]}, the last date of the fit: "
            "fit up to a date on which every response is known."
        )


def _checked_factors(panel: Panel, x: Any) -> Array:
    """The factors of the nowcast as an array, (H, M), once they are known to continue those of the fit."""
    if not isinstance(x, pd.DataFrame):
        raise TypeError(f"x must be a DataFrame of factors by date, not {type(x).__name__}.")
    if not isinstance(x.index, pd.DatetimeIndex):
        raise TypeError(f"The rows of x must be dates, a DatetimeIndex, not {type(x.index).__name__}.")
    if len(x) == 0:
        raise DataError("x has no rows: give the factors of at least one date.")
    if not x.columns.equals(panel.factors):
        names = ", ".join(map(str, panel.factors[:10])) + (", …" if len(panel.factors) > 10 else "")
        raise DataError(f"The columns of x are not the factors of the fit in their order: give {names}.")
    _check_dates(panel.index, x.index)
    for label, dtype in zip(x.columns, x.dtypes, strict=True):
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
            raise TypeError(f"The factor {label!r} of x does not hold real numbers (its type is {dtype}).")
    values = np.array(x.to_numpy(dtype=float, na_value=np.nan))
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f"The factor {x.columns[column]!r} of x is missing or infinite at {x.index[row]}: "
            "give a finite value, or leave the date out."
        )
    return values


def _check_dates(fitted: pd.Index, dates: pd.DatetimeIndex) -> None:
    if not _in_order(dates):
        raise DataError("The dates of x are not in order, or one is missing or stands twice: sort x by date.")
    zones = [getattr(index, "tz", None) for index in (fitted, dates)]
    if str(zones[0]) != str(zones[1]):
        raise DataError(f"The dates of the fit are in time zone {zones[0]}, those of x in {zones[1]}: use one.")
    if dates[0] <= fitted[-1]:
        raise DataError(f"x starts at {dates[0]}: give dates after {fitted[-1]}, the last of the fit.")


def _in_order(index: pd.Index) -> bool:
    return index.is_unique and index.is_monotonic_increasing and not index.hasnans


def _level(left: Array, span: float | None) -> Array:
    """The latest level of each column of (T, N): its mean, or its EWMA from its first value on."""
    if span is None:
        return np.nanmean(left, axis=0)
    first = left[(~np.isnan(left)).argmax(axis=0), np.arange(left.shape[1])]
    return ewm_recursion(left, decay(span), first, hold=1.0)[-1]


def _diagnostics(fit: Fit, left: Array, level: Array, span: float | None) -> pd.DataFrame:
    panel, stats, own = fit.panel, fit.statistics, fit.spec.loss.span
    weights = fit.data.valid * loss_weights(fit.data.rows, own)[:, None]
    n = len(panel.responses)
    return pd.DataFrame(
        {
            "fit_start_date": panel.index[(~np.isnan(left)).argmax(axis=0)],
            "fit_end_date": panel.index[np.full(n, len(panel.index) - 1)],
            "n_response_obs_to_cutoff": fit.data.observations,
            "n_obs_used": fit.data.valid.sum(axis=0),
            "effective_n_obs": effective_number(weights),
            "beta_span": np.full(n, own, dtype=object),
            "alpha_span": np.full(n, span, dtype=object),
            "fit_demeaned": True,
            "stat_alpha": level,
            "alpha_const": fit.alpha,
            "factorlasso_fit_ss_total_ewma_demeaned": stats.ss_total,
            "factorlasso_fit_ss_res_ewma_demeaned": stats.ss_res,
            "factorlasso_fit_r2_ewma_demeaned": stats.r2,
            "n_nonzero_betas": np.count_nonzero(fit.beta, axis=1),
        },
        index=panel.responses,
    )


def effective_number(weights: Array) -> Array:
    """Return Kish's effective number of observations ``(Σω)²/Σω²`` of each column, (N,); 0 without any."""
    total, squares = weights.sum(axis=0), (weights * weights).sum(axis=0)
    return np.divide(total * total, squares, out=np.zeros_like(total), where=squares > 0)
