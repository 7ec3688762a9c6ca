"""Snapshots by date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from factorlasso_core.covariance.align import numbers, parts
from factorlasso_core.covariance.alpha import Span
from factorlasso_core.covariance.columns import ResidualType, VarianceColumns
from factorlasso_core.covariance.current import CurrentFactorCovarData
from factorlasso_core.errors import DataError

Frames = dict[pd.Timestamp, pd.DataFrame]


@dataclass
class RollingFactorCovarData:
    """Snapshots by date, whatever order they were added in.

    Iteration, ``dates`` and every result run from the oldest to the newest. A table over dates has the
    union of the responses as columns, sorted where the dates differ in them, NaN where a date has none.

    Attributes:
        data: Snapshot by date; keys become Timestamps.

    Raises:
        TypeError: A value is not a snapshot.
    """

    data: dict[pd.Timestamp, CurrentFactorCovarData] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given, self.data = self.data, {}
        for date, estimation in given.items():
            self.add(date, estimation)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[pd.Timestamp]:
        return iter(self.dates)

    def __contains__(self, date: Any) -> bool:
        return pd.Timestamp(date) in self.data

    def __getitem__(self, date: Any) -> CurrentFactorCovarData:
        return self.data[pd.Timestamp(date)]

    def add(self, date: pd.Timestamp, estimation: CurrentFactorCovarData) -> None:
        """Add the snapshot of a date, or replace it."""
        if not isinstance(estimation, CurrentFactorCovarData):
            kind = type(estimation).__name__
            raise TypeError(f"The snapshot of {date} must be a CurrentFactorCovarData, not {kind}.")
        self.data[pd.Timestamp(date)] = estimation

    @property
    def dates(self) -> pd.DatetimeIndex:
        """The dates in order."""
        return pd.DatetimeIndex(sorted(self.data))

    @property
    def n_observations(self) -> int:
        """Number of dates."""
        return len(self.data)

    def get_latest(self) -> CurrentFactorCovarData:
        """Return the newest snapshot.

        Raises:
            DataError: There is none.
        """
        if not self.data:
            raise DataError("There is no snapshot yet: add one first.")
        return self.data[max(self.data)]

    def get_x_covars(self) -> Frames:
        """Return the factor covariance by date."""
        return {date: snapshot.x_covar for date, snapshot in self._ordered()}

    def get_y_covars(
        self,
        residual_var_weight: float = 1.0,
        assets: Iterable[Any] | None = None,
        *,
        residual_type: ResidualType | str = ResidualType.ORTHOGONAL,
        dates: Iterable[Any] | None = None,
        residual_corr_weight: float = 1.0,
    ) -> Frames:
        """Return ``B F B' + w D`` by date; see :meth:`CurrentFactorCovarData.get_y_covar`.

        Args:
            dates: Dates wanted, each answered by the last snapshot known by then; None for those of the data.

        Raises:
            DataError: No snapshot was known by a date.
        """
        labels = None if assets is None else list(assets)
        return {
            date: snapshot.get_y_covar(
                residual_var_weight, labels, residual_type=residual_type, residual_corr_weight=residual_corr_weight
            )
            for date, snapshot in self._known_by(dates)
        }

    def get_residual_covars(
        self,
        residual_var_weight: float = 1.0,
        assets: Iterable[Any] | None = None,
        *,
        residual_type: ResidualType | str = ResidualType.ORTHOGONAL,
        residual_corr_weight: float = 1.0,
        dates: Iterable[Any] | None = None,
    ) -> Frames:
        """Return ``w D`` by date; see :meth:`CurrentFactorCovarData.get_residual_covar` and :meth:`get_y_covars`."""
        labels = None if assets is None else list(assets)
        return {
            date: snapshot.get_residual_covar(
                residual_var_weight, labels, residual_type=residual_type, residual_corr_weight=residual_corr_weight
            )
            for date, snapshot in self._known_by(dates)
        }

    def get_residual_correlations(self) -> Frames:
        """Return the prepared residual correlation of the dates that have one."""
        found = ((date, snapshot.residual_correlation) for date, snapshot in self._ordered())
        return {date: data.get_corr() for date, data in found if data is not None}

    def get_y_betas(self) -> Frames:
        """Return the loadings by date."""
        return {date: snapshot.y_betas for date, snapshot in self._ordered()}

    def get_snapshot(self, alpha_span: Span = 120) -> Frames:
        """Return the table of everything by date; see :meth:`CurrentFactorCovarData.get_snapshot`."""
        return {date: snapshot.get_snapshot(alpha_span=alpha_span) for date, snapshot in self._ordered()}

    def get_residual_vars(self) -> pd.DataFrame:
        """Return residual variances, dates by responses."""
        return self._variance(VarianceColumns.RESIDUAL_VARS)

    def get_ewma_vars(self) -> pd.DataFrame:
        """Return total variances of the data, dates by responses."""
        return self._variance(VarianceColumns.EWMA_VARIANCE)

    def get_r2(self) -> pd.DataFrame:
        """Return in-sample R², dates by responses."""
        return self._variance(VarianceColumns.R2)

    def get_systematic_vars(self) -> pd.DataFrame:
        """Return ``diag(B F B')``, dates by responses."""
        return self._over_dates(_systematic)

    def get_total_vols(self) -> pd.DataFrame:
        """Return ``sqrt(diag(B F B' + D))``, dates by responses."""
        return self._over_dates(lambda snapshot: snapshot.get_model_vols()[VarianceColumns.TOTAL_VOL.value])

    def get_residual_vols(self) -> pd.DataFrame:
        """Return residual volatilities, dates by responses."""
        return self._over_dates(lambda snapshot: snapshot.get_model_vols()[VarianceColumns.RESID_VOL.value])

    def get_alphas(
        self,
        alpha_span: Span = 120,
        asset_frequencies: str | pd.Series | None = None,
        default_freq: str = "ME",
    ) -> pd.DataFrame:
        """Return statistical alphas, dates by responses; the in-sample alpha at dates without residuals."""

        def alpha(snapshot: CurrentFactorCovarData) -> pd.Series:
            if snapshot.residuals is None:
                return _column(snapshot, VarianceColumns.INSAMPLE_ALPHA)
            return snapshot.estimate_alpha(alpha_span, asset_frequencies, default_freq)

        return self._over_dates(alpha)

    def get_factor_var(self, factor: str) -> pd.Series:
        """Return the variance of one factor by date.

        Raises:
            KeyError: A date does not have it.
        """
        values = {date: snapshot.x_covar.loc[factor, factor] for date, snapshot in self._ordered()}
        return pd.Series(values, name=factor, dtype=float if values else object)

    def get_beta(self, factor: str) -> pd.DataFrame:
        """Return the loadings on one factor, dates by responses.

        Raises:
            KeyError: A date does not have it.
        """
        return self._over_dates(lambda snapshot: snapshot.y_betas[factor])

    def filter_on_tickers(self, tickers: Iterable[Any] | Mapping[Any, Any]) -> RollingFactorCovarData:
        """Return the same for some responses; see :meth:`CurrentFactorCovarData.filter_on_tickers`."""
        wanted = tickers if isinstance(tickers, Mapping | str) else list(tickers)
        return RollingFactorCovarData({date: item.filter_on_tickers(wanted) for date, item in self._ordered()})

    def _ordered(self) -> Iterator[tuple[pd.Timestamp, CurrentFactorCovarData]]:
        for date in self.dates:
            yield date, self.data[date]

    def _known_by(self, dates: Iterable[Any] | None) -> Iterator[tuple[pd.Timestamp, CurrentFactorCovarData]]:
        known = self.dates
        for date in known if dates is None else sorted({pd.Timestamp(date) for date in dates}):
            position = int(known.searchsorted(date, side="right"))
            if not position:
                raise DataError(f"No snapshot was known by {date}: the first is of {known[0] if len(known) else None}.")
            yield date, self.data[known[position - 1]]

    def _variance(self, column: VarianceColumns) -> pd.DataFrame:
        return self._over_dates(lambda snapshot: _column(snapshot, column))

    def _over_dates(self, row: Callable[[CurrentFactorCovarData], pd.Series]) -> pd.DataFrame:
        return pd.DataFrame({date: row(snapshot) for date, snapshot in self._ordered()}).T


def _systematic(snapshot: CurrentFactorCovarData) -> pd.Series:
    arrays = parts(snapshot.x_covar, snapshot.y_betas, snapshot.y_variances, None)
    return pd.Series(arrays.systematic_variance, index=arrays.assets)


def _column(snapshot: CurrentFactorCovarData, column: VarianceColumns) -> pd.Series:
    """One column of the variances over the responses of the snapshot."""
    table, labels = snapshot.y_variances, snapshot.y_betas.index
    values = numbers(table, "y_variances", labels, pd.Index([column.value]))
    return pd.Series(values[:, 0], index=labels, name=column.value)
