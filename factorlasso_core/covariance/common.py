"""Residuals of assets with different sampling frequencies, on common periods, and their EWMA correlation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.align import named
from factorlasso_core.covariance.alpha import span_of
from factorlasso_core.covariance.periods import common_returns
from factorlasso_core.covariance.residual import ResidualCorrelationData
from factorlasso_core.dependence import ewm_covariance
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.ewm import decay, ewm_mean

POLICIES = ("pairwise_ffill", "zero_innovation")
FREQUENCY, SPAN, PERIODS, SCALE = "frequency", "beta_span", "annualisation_factor", "residual_scale"
COLUMNS = (FREQUENCY, SPAN, PERIODS, SCALE)


def estimate_residual_correlation(
    residuals: pd.DataFrame,
    metadata: pd.DataFrame,
    estimation_date: pd.Timestamp,
    frequency: str | None = None,
    span: float | None = None,
    periods_per_year: float | None = None,
    *,
    missing_policy: str = "pairwise_ffill",
) -> ResidualCorrelationData:
    """Estimate the EWMA correlation of residuals on periods that all assets share.

    Residuals are divided by their scale and summed over each common period; a period in which a native
    value is missing is missing. From the sums r the running EWMA mean is subtracted, ``z = r - m``, and
    the correlation is that of the zero-start EWMA of ``z z'``.

    Args:
        residuals: (T, N) on sorted, unique dates, NaN where missing. Rows after ``estimation_date`` are not used.
        metadata: A row for each asset with the columns ``frequency`` (pandas alias of its native periods),
            ``beta_span`` (in native periods, may be missing), ``annualisation_factor`` (native periods a
            year) and ``residual_scale`` (what residuals are divided by).
        estimation_date: When the estimate is made.
        frequency: Of the common periods; None takes the native frequency with the fewest periods a year.
        span: In common periods; None converts the ``beta_span`` that all assets with the fewest periods a
            year share, so that a year decays as much as before.
        periods_per_year: Of the common periods; needed when ``frequency`` is nobody's own.
        missing_policy: A missing pair keeps its covariance (``"pairwise_ffill"``; the result may then not be
            positive semidefinite, which is refused), or a missing z is zero (``"zero_innovation"``).

    Raises:
        OptionError: An option is out of range. DataError: Metadata or dates are unusable, native periods
            cross common ones, or an asset has fewer than two complete periods or no variance.
    """
    if missing_policy not in POLICIES:
        raise OptionError("missing_policy", missing_policy, "one of " + ", ".join(map(repr, POLICIES)))
    date = pd.Timestamp(estimation_date)
    _check_residuals(residuals)
    if pd.isna(date):
        raise OptionError("estimation_date", estimation_date, "a date")
    native = _native(metadata, residuals.columns)
    alias, per_year = _common_frequency(native, frequency, periods_per_year)
    rows = _common_span(native, per_year) if span is None else span_of("span", span)
    known = residuals.loc[residuals.index <= date]
    if not len(known):
        raise DataError(f"No residual was observed by the estimation date {date}: choose a later one.")
    scaled = known.astype(float).div(native[SCALE].astype(float), axis="columns")
    returns = common_returns(scaled, native[FREQUENCY], alias, date)
    correlation = _correlation(returns, rows, missing_policy)
    if missing_policy != POLICIES[0]:  # kept with the estimate, as in the reference
        native = native.assign(correlation_missing_policy=missing_policy)
    return ResidualCorrelationData(correlation, returns, native, alias, rows, returns.index[-1], date)


def _check_residuals(residuals: pd.DataFrame) -> None:
    if not isinstance(residuals, pd.DataFrame) or residuals.empty:
        raise DataError("residuals must be a DataFrame with at least one row and one column.")
    dates = residuals.index
    if not (isinstance(dates, pd.DatetimeIndex) and dates.is_monotonic_increasing and dates.is_unique):
        raise DataError("residuals must have dates as rows, in order and each once: sort them and drop duplicates.")
    if not residuals.columns.is_unique:
        twice = residuals.columns[residuals.columns.duplicated()][0]
        raise DataError(f"residuals has the column {twice!r} twice: keep one.")
    for asset, dtype in residuals.dtypes.items():
        if not pd.api.types.is_numeric_dtype(dtype):
            raise DataError(f"The residuals of {asset!r} are not numbers (their type is {dtype}).")


def _native(metadata: pd.DataFrame, assets: pd.Index) -> pd.DataFrame:
    """The metadata of the assets in their order, with checked numbers."""
    if not isinstance(metadata, pd.DataFrame):
        raise DataError(f"metadata must be a DataFrame with a row for each asset, not {type(metadata).__name__}.")
    lost = [column for column in COLUMNS if column not in metadata]
    if lost:
        raise DataError(f"metadata has no column {lost[0]!r}: it needs {', '.join(COLUMNS)}.")
    if not metadata.index.is_unique:
        raise DataError(f"metadata has the asset {metadata.index[metadata.index.duplicated()][0]!r} twice: keep one.")
    missing = ~assets.isin(metadata.index)
    if missing.any():
        raise DataError(f"metadata has no row for {named(assets, missing)}: add it.")
    native = metadata.loc[assets]
    for column in (PERIODS, SCALE):
        values = _floats(native[column])
        bad = ~((values > 0) & np.isfinite(values))
        if bad.any():
            raise DataError(f"{column} of {named(assets, bad)} in metadata must be a finite number > 0.")
    nameless = native[FREQUENCY].isna().to_numpy()
    if nameless.any():
        raise DataError(f"frequency of {named(assets, nameless)} in metadata is missing: give a pandas alias.")
    return native


def _floats(column: pd.Series) -> Array:
    try:
        return column.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{column.name} in metadata holds something that is not a number: {error}.") from error


def _common_frequency(native: pd.DataFrame, frequency: Any, per_year: float | None) -> tuple[str, float]:
    """Alias of the common periods, and how many a year has."""
    factors = _floats(native[PERIODS])
    coarsest = float(factors.min())
    if frequency is None:
        slowest = pd.unique(native[FREQUENCY][factors == coarsest])
        if len(slowest) > 1:
            raise DataError(f"{slowest[0]!r} and {slowest[1]!r} both have {coarsest:g} periods a year: give frequency.")
        frequency = slowest[0]
    alias = _alias(frequency)
    own = np.unique(factors[(native[FREQUENCY].map(_alias) == alias).to_numpy()])
    if len(own) > 1:
        raise DataError(f"Assets of frequency {alias!r} have different annualisation_factor: give all the same.")
    if per_year is None:
        if not len(own):
            raise OptionError("periods_per_year", None, f"given, for no asset has the frequency {alias!r}")
        per_year = float(own[0])
    elif len(own) and not np.isclose(per_year, own[0], rtol=1e-9, atol=0.0):
        raise OptionError("periods_per_year", per_year, f"{own[0]:g}, as metadata says for {alias!r}")
    if not 0 < per_year <= coarsest:
        raise OptionError("periods_per_year", per_year, f"> 0 and at most {coarsest:g}, the fewest of any asset")
    return frequency if isinstance(frequency, str) else alias, float(per_year)


def _alias(frequency: Any) -> str:
    try:
        return str(to_offset(frequency).freqstr)
    except (ValueError, TypeError, AttributeError) as error:
        raise OptionError("frequency", frequency, "a pandas alias of an offset, such as 'ME'") from error


def _common_span(native: pd.DataFrame, per_year: float) -> float:
    """The span of the assets with the fewest periods a year, in common periods."""
    factors = _floats(native[PERIODS])
    coarsest = factors.min()
    spans = np.unique(_floats(native[SPAN])[factors == coarsest])
    if len(spans) != 1 or not 1 <= spans[0] < np.inf:
        raise DataError("beta_span in metadata is missing or differs between assets: give span.")
    if np.isclose(per_year, coarsest, rtol=1e-12, atol=0.0):
        return float(spans[0])
    return float(2.0 / (1.0 - decay(spans[0]) ** (coarsest / per_year)) - 1.0)


def _correlation(returns: pd.DataFrame, span: float, policy: str) -> pd.DataFrame:
    values = returns.to_numpy()
    z = values - ewm_mean(values, span)
    covariance = ewm_covariance(np.nan_to_num(z, nan=0.0) if policy == "zero_innovation" else z, span)
    variance = np.diag(covariance)
    flat = ~((variance > 0) & np.isfinite(variance))
    if flat.any():
        raise DataError(
            f"The residuals of {named(returns.columns, flat)} do not vary about their EWMA mean: leave it out."
        )
    root = np.sqrt(variance)
    result = covariance / np.outer(root, root)
    result = 0.5 * (result + result.T)
    np.fill_diagonal(result, 1.0)
    return pd.DataFrame(result, index=returns.columns, columns=returns.columns)
