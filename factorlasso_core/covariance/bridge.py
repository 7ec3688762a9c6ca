"""From a fit to the covariance of its responses.

Everything is measured on the rows of the panel, in its own units, with the weights ω of the fit's loss
(EWMA with the fit's span, else equal), so that B, F and D speak of the same returns:

    F   = p Σ_t ω_t (x_t − x̄)(x_t − x̄)' / Σ_t ω_t        rows where every factor is present
    D_k = p Σ_t ω_t (e_tk − ē_k)² / Σ_t ω_t                 rows of response k, see below
    e   = y − α − β x                                        α the regression constant of the fit

with x̄, ē the ω-weighted means and p the periods per year; α is subtracted with ``demean=False`` too. Where
all factors are present ē is zero, because α makes it so, and D is the weighted mean square of e. A row
counts for response k if the fit's loss counts it, and no factor with a non-zero loading is missing in it.
F is a Gram matrix, hence positive semidefinite; pairwise rows would not give that.

The recipe of the reference, ``residual_var = p·ss_res``, is ``basis="prepared"``. It agrees on complete
panels without a span. With one, the fit's arrays have their *running* mean subtracted, which takes part of
the variance of the response away, about ``1 − 2λ²/(1 + λ)`` of it, but none of F's; the model would then
understate D.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.align import named
from factorlasso_core.covariance.columns import VarianceColumns
from factorlasso_core.covariance.common import COLUMNS as METADATA
from factorlasso_core.covariance.current import CurrentFactorCovarData
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.result import Fit

BASES = ("panel", "prepared")
LINKAGE = ["left", "right", "distance", "n_samples"]
COLUMNS = [
    VarianceColumns.EWMA_VARIANCE.value,
    VarianceColumns.RESIDUAL_VARS.value,
    VarianceColumns.INSAMPLE_ALPHA.value,
    VarianceColumns.R2.value,
]
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
CALENDARS = ("ME", "BME", "MS", "QE", "BQE", "QS", "YE", "BYE", "D")
UNNAMED = "ALL"  # stands for the frequency of rows that have none


def factor_covariance(
    fit: Fit,
    *,
    periods_per_year: float,
    factor_span: float | None = None,
    include_short: bool = False,
    basis: str = "panel",
    frequency: str | None = None,
) -> CurrentFactorCovarData:
    """Return the covariance data of a fit at the last row of its panel, annualised.

    Args:
        fit: The fit. periods_per_year: p, rows of the panel a year (12, 52, 260); variances and alphas are
            multiplied by it.
        factor_span: EWMA span of F in rows, > 1; None: the weights of the fit's loss.
        include_short: Keep responses in warm-up or without data, with zero loadings and NaN statistics;
            covariances then name them as an error until ``assets`` leaves them out. By default they are left out.
        basis: ``"panel"`` as in the text of this module; ``"prepared"`` takes ``ewma_var``, ``residual_var``
            and ``r2`` from the in-sample statistics of the fit, as the reference's recipe does.
        frequency: pandas alias of the rows. Given, clusters are labelled ``FREQ:label``; None finds it from
            the dates for linkages and cutoffs, and leaves the labels of clusters as they are.

    Returns:
        ``insample_alpha`` is p times the regression constant (the recipe of the reference takes the mean
        residual of the demeaned fit instead, which is zero without gaps or span). ``residuals`` are e, not
        annualised, NaN where a row does not count. ``linkages`` number all responses of the fit, those left
        out too. ``derived_signs`` are the bounds of the solver as signs.

    Raises:
        OptionError: An option is out of range. DataError: Nothing was estimated, or fewer than two rows have
            all factors.
    """
    per_year = _positive("periods_per_year", periods_per_year, 0.0)
    span = fit.spec.loss.span if factor_span is None else _positive("factor_span", factor_span, 1.0)
    if basis not in BASES:
        raise OptionError("basis", basis, "one of " + ", ".join(map(repr, BASES)))
    if np.isnan(fit.beta[~fit.short]).any():
        raise DataError("The fit has no loadings, because too few rows were prepared: give a longer panel.")
    panel = fit.panel
    moment = _factor_moment(fit, per_year, span)
    errors, counted = _residuals(fit)
    variances = _variances(fit, errors, counted, per_year, basis)
    kept = np.isfinite(variances[:, 1]) | include_short
    if not kept.any():
        raise DataError("No response has an estimate: give longer histories or set a shorter warmup_period.")
    freq = _frequency(panel.index) if frequency is None else frequency
    responses = panel.responses[kept]
    return CurrentFactorCovarData(
        x_covar=pd.DataFrame(moment, index=panel.factors, columns=panel.factors),
        y_betas=fit.betas[kept],
        y_variances=pd.DataFrame(variances[kept], index=responses, columns=COLUMNS),
        estimation_date=panel.index[-1],
        residuals=pd.DataFrame(errors[:, kept], index=panel.index, columns=responses),
        clusters=_clusters(fit, responses, frequency),
        linkages=_linkages(fit, freq or UNNAMED),
        cutoffs=None if fit.cutoff is None else pd.Series({freq or UNNAMED: fit.cutoff}, name="cluster_cutoff"),
        derived_signs=_signs(fit, kept),
        residual_metadata=_metadata(responses, freq, fit.spec.loss.span, per_year),
    )


def _positive(name: str, value: Any, above: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not above < float(value) < np.inf:
        raise OptionError(name, value, f"a finite number > {above:g}")
    return float(value)


def _variances(fit: Fit, errors: Array, counted: Array, per_year: float, basis: str) -> Array:
    """Statistics in the order of ``COLUMNS``, (N, 4), NaN for responses in warm-up."""
    if basis == "prepared":
        total, residual, r2 = fit.statistics.ss_total, fit.statistics.ss_res, fit.statistics.r2
    else:
        weights = loss_weights(len(errors), fit.spec.loss.span)
        total = _weighted_variance(np.where(counted, fit.panel.y, np.nan), weights)
        residual = _weighted_variance(errors, weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = np.where(total > 0, 1.0 - residual / total, np.nan)
    columns = (per_year * total, per_year * residual, per_year * fit.alpha, r2)
    return np.column_stack([np.where(fit.short, np.nan, column) for column in columns])


def _residuals(fit: Fit) -> tuple[Array, Array]:
    """``y − α − β x`` on the rows of the panel, NaN where a row does not count; and which do, (T0, N) each."""
    x, y, beta = fit.panel.x, fit.panel.y, np.nan_to_num(fit.beta, nan=0.0)
    missing = np.isnan(x)
    drop = fit.spec.loss.factor_rows == "drop"
    usable = ~np.asarray(missing.any(axis=1) if drop else missing.all(axis=1))
    counted = ~np.isnan(y) & usable[:, None] & ~fit.short
    if missing.any():
        counted &= (missing.astype(float) @ (beta != 0).T.astype(float)) == 0
    errors = y - fit.alpha - np.nan_to_num(x, nan=0.0) @ beta.T
    return np.where(counted, errors, np.nan), counted


def _weighted_variance(values: Array, weights: Array) -> Array:
    """Variance of each column about its weighted mean over what is present, (N,); NaN where nothing is."""
    present = ~np.isnan(values)
    share = np.where(present, weights[:, None], 0.0)
    with np.errstate(invalid="ignore"):
        share /= share.sum(axis=0)
    filled = np.where(present, values, 0.0)
    return (share * (filled - (share * filled).sum(axis=0)) ** 2).sum(axis=0)


def _factor_moment(fit: Fit, per_year: float, span: float | None) -> Array:
    """F, (M, M), on the rows where every factor is present."""
    x = fit.panel.x
    complete = ~np.isnan(x).any(axis=1)
    if complete.sum() < 2:
        gaps = np.isnan(x).sum(axis=0)
        worst = np.asarray(gaps == gaps.max())
        raise DataError(f"Fewer than two rows have all factors: fill or leave out {named(fit.panel.factors, worst)}.")
    share = loss_weights(len(x), span)[complete]
    share = share / share.sum()
    centred = x[complete] - share @ x[complete]
    root = centred * np.sqrt(per_year * share)[:, None]
    return root.T @ root


def _clusters(fit: Fit, responses: pd.Index, frequency: str | None) -> pd.Series | None:
    """Labels of the responses that are kept, with the frequency in front if one was stated."""
    if fit.clusters is None:
        return None
    clusters = fit.clusters[fit.clusters.index.isin(responses)]
    if frequency is None:
        return clusters
    labels = [f"{frequency}:{label}" for label in clusters]
    return pd.Series(labels, index=clusters.index, name=clusters.name)


def _signs(fit: Fit, kept: Array) -> pd.DataFrame | None:
    """The bounds of the solver as signs; None when every loading was free."""
    signs = fit.box.signs
    return None if np.isnan(signs).all() else fit.panel.cells(signs)[kept]


def _linkages(fit: Fit, freq: str) -> pd.DataFrame | None:
    if fit.clustering is None:
        return None
    merges = fit.clustering.tree.linkage
    steps = [f"{freq}:step_{i}" for i in range(len(merges))]
    return pd.DataFrame(np.array(merges), index=steps, columns=LINKAGE)


def _metadata(responses: pd.Index, freq: str | None, span: float | None, per_year: float) -> pd.DataFrame | None:
    """What ``estimate_residual_correlation`` asks for, when the rows have a frequency."""
    if freq is None:
        return None
    row = dict(zip(METADATA, (freq, np.nan if span is None else span, per_year, 1.0), strict=True))
    return pd.DataFrame(row, index=responses)


def _frequency(index: pd.Index) -> str | None:
    """pandas alias of regular dates, else None."""
    if not isinstance(index, pd.DatetimeIndex):
        return None
    if index.freqstr is not None:
        return str(index.freqstr)
    weekly = f"W-{DAYS[index[0].weekday()]}"
    for alias in ("B", weekly, *CALENDARS):  # pandas' own guess is about to change its type
        regular = pd.date_range(index[0], periods=len(index), freq=alias)
        if len(index) > 2 and bool((regular == index).all()):
            return alias
    return None
