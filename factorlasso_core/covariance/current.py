"""The covariance of responses at one date, ``B F B' + D``, and everything known about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.align import Parts, check_table, chosen, numbers, parts
from factorlasso_core.covariance.alpha import Span, residual_alpha
from factorlasso_core.covariance.columns import ResidualType, VarianceColumns
from factorlasso_core.covariance.residual import ResidualCorrelationData
from factorlasso_core.covariance.shared import (
    check_weights,
    labels_of,
    pooled_correlation,
    residual_covariance,
    residual_kind,
)
from factorlasso_core.covariance.subset import Selection
from factorlasso_core.errors import DataError

SNAPSHOT = (VarianceColumns.R2, VarianceColumns.INSAMPLE_ALPHA)
TABLES = ("residuals", "linkages", "derived_signs", "residual_metadata")
SERIES = ("clusters", "cutoffs")


@dataclass(frozen=True, eq=False)
class CurrentFactorCovarData:
    """Loadings, factor covariance and residual variances of one date.

    Tables are joined by label, in whatever order each has them; ``x_covar`` and ``y_variances`` may hold
    more labels than ``y_betas``. Units are the caller's: nothing is annualised here.

    Attributes:
        x_covar: (M, M) factor covariance. y_betas: (N, M) loadings.
        y_variances: (N, K) with the columns of :class:`VarianceColumns`; covariances need ``residual_var``.
            If ``clusters`` is given it gains the column ``cluster``, unless it has one.
        estimation_date: When the estimate was known; dates become a Timestamp, anything else stays.
        residuals: (T, N). clusters: Label by response.
        linkages: Merges ``left, right, distance, n_samples`` of all responses that were clustered, rows
            ``FREQ:step_i``. cutoffs: Height of the cut by frequency.
        derived_signs: (N, M) sign constraints of the loadings.
        residual_metadata: What ``estimate_residual_correlation`` asks for, by response.
        residual_correlation: Prepared correlation, for residual types other than orthogonal.

    Raises:
        TypeError: A field is of another type. DataError: A label stands twice.
    """

    x_covar: pd.DataFrame
    y_betas: pd.DataFrame
    y_variances: pd.DataFrame
    estimation_date: Any = None
    residuals: pd.DataFrame | None = None
    clusters: pd.Series | None = None
    linkages: pd.DataFrame | None = None
    cutoffs: pd.Series | None = None
    derived_signs: pd.DataFrame | None = None
    residual_metadata: pd.DataFrame | None = None
    residual_correlation: ResidualCorrelationData | None = None
    # Pooled correlations from before a filter: what a cluster shares must not depend on who is looked at.
    _residual_cluster_targets: Mapping[str, pd.DataFrame] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("x_covar", "y_betas", "y_variances"):
            check_table(name, getattr(self, name), square=name == "x_covar")
        for name in TABLES:
            if getattr(self, name) is not None:
                _check_optional(name, getattr(self, name))
        for name in SERIES:
            series = getattr(self, name)
            if series is not None and not (isinstance(series, pd.Series) and series.index.is_unique):
                raise TypeError(f"{name} must be a Series with each label once, not {type(series).__name__}.")
        if isinstance(self.estimation_date, date | np.datetime64):
            object.__setattr__(self, "estimation_date", pd.Timestamp(self.estimation_date))
        if self.clusters is not None and VarianceColumns.CLUSTER not in self.y_variances:
            column = {VarianceColumns.CLUSTER.value: self.clusters.reindex(self.y_variances.index)}
            object.__setattr__(self, "y_variances", self.y_variances.assign(**column))

    def get_y_covar(
        self,
        residual_var_weight: float = 1.0,
        assets: Iterable[Any] | None = None,
        *,
        residual_type: ResidualType | str = ResidualType.ORTHOGONAL,
        residual_corr_weight: float = 1.0,
    ) -> pd.DataFrame:
        """Return ``B F B' + w D`` of the responses, (n, n); D as in :meth:`get_residual_covar`.

        Raises:
            OptionError: A weight or the type is out of range. KeyError: An asset is not a response.
            DataError: A label is missing in a table, or a loading or residual variance is unknown.
        """
        kind = residual_kind(residual_type)
        check_weights(kind, residual_var_weight, residual_corr_weight)
        arrays = self._parts(assets)
        covariance = arrays.systematic
        if residual_var_weight:
            if kind is ResidualType.ORTHOGONAL:
                arrays.check_residual()
                covariance[np.diag_indices_from(covariance)] += residual_var_weight * arrays.residual
            else:
                covariance += self._residual(arrays, residual_var_weight, kind, residual_corr_weight)
        return pd.DataFrame(covariance, index=arrays.assets, columns=arrays.assets)

    def get_residual_covar(
        self,
        residual_var_weight: float = 1.0,
        assets: Iterable[Any] | None = None,
        *,
        residual_type: ResidualType | str = ResidualType.ORTHOGONAL,
        residual_corr_weight: float = 1.0,
    ) -> pd.DataFrame:
        """Return ``w D``, (n, n), with ``D = S [(1 - ρ) I + ρ R] S`` and S the residual volatilities.

        Args:
            residual_var_weight: w >= 0. assets: Labels in the order wanted; None for all responses.
            residual_type: R is the identity, the prepared correlation or its mean inside clusters.
            residual_corr_weight: ρ in [0, 1]; 1 for orthogonal residuals.

        Raises:
            OptionError: A weight or the type is out of range. KeyError: An asset is not a response.
            DataError: A residual variance is unknown, or the correlation or a cluster label is missing.
        """
        kind = residual_kind(residual_type)
        check_weights(kind, residual_var_weight, residual_corr_weight)
        arrays = self._parts(assets)
        values = self._residual(arrays, residual_var_weight, kind, residual_corr_weight)
        return pd.DataFrame(values, index=arrays.assets, columns=arrays.assets)

    @property
    def y_covar(self) -> pd.DataFrame:
        """``B F B' + D`` of all responses, with orthogonal residuals."""
        return self.get_y_covar()

    def get_model_vols(self, assets: Iterable[Any] | None = None) -> pd.DataFrame:
        """Return total, systematic and residual volatility, (n, 3); NaN where a loading or variance is."""
        arrays = self._parts(assets)
        systematic = arrays.systematic_variance
        residual = np.where(arrays.residual >= 0, arrays.residual, np.nan)
        vols = {
            VarianceColumns.TOTAL_VOL.value: np.sqrt(systematic + residual),
            VarianceColumns.SYST_VOL.value: np.sqrt(systematic),
            VarianceColumns.RESID_VOL.value: np.sqrt(residual),
        }
        return pd.DataFrame(vols, index=arrays.assets)

    def estimate_alpha(
        self,
        alpha_span: Span = 120,
        asset_frequencies: str | pd.Series | None = None,
        default_freq: str = "ME",
    ) -> pd.Series:
        """Return the last EWMA mean of each residual series; see :func:`residual_alpha`."""
        return residual_alpha(self.residuals, alpha_span, asset_frequencies, default_freq)

    def get_snapshot(
        self,
        assets: Iterable[Any] | None = None,
        alpha_span: Span = 120,
        asset_frequencies: str | pd.Series | None = None,
        default_freq: str = "ME",
    ) -> pd.DataFrame:
        """Return loadings, r2, both alphas and the volatilities, (n, M + 6).

        Without residuals ``stat_alpha`` repeats the in-sample alpha; a response that has none among those
        given gets NaN.

        Raises:
            DataError: ``y_variances`` lacks a column or a response. KeyError: An asset is not a response.
        """
        labels = chosen(assets, self.y_betas.index)
        lacking = [column.value for column in SNAPSHOT if column not in self.y_variances]
        if lacking:
            raise DataError(f"y_variances has no column {lacking[0]!r}: a snapshot needs r2 and insample_alpha.")
        columns = pd.Index([column.value for column in SNAPSHOT])
        r2, insample = numbers(self.y_variances, "y_variances", labels, columns).T
        alpha: Any = insample
        if self.residuals is not None:
            alpha = self.estimate_alpha(alpha_span, asset_frequencies, default_freq).reindex(labels).to_numpy()
        fitted = {
            VarianceColumns.R2.value: r2,
            VarianceColumns.ALPHA.value: alpha,
            VarianceColumns.INSAMPLE_ALPHA.value: insample,
        }
        rest = pd.DataFrame(fitted, index=labels)
        return pd.concat([self.y_betas.loc[labels], rest, self.get_model_vols(labels)], axis="columns")

    def filter_on_tickers(self, assets: Iterable[Any] | Mapping[Any, Any]) -> CurrentFactorCovarData:
        """Return the same for some responses, in the order given, renamed by a mapping of old to new names.

        Tables that know only part of them keep that part. Linkages and cutoffs stay, for they speak of all
        responses that were clustered, and so do the pooled residual correlations.

        Raises:
            KeyError: A response is not known. DataError: One stands twice.
        """
        some = Selection(assets, self.y_betas.index)
        targets = {kind: some.both(target) for kind, target in self._pooled().items()}
        return replace(
            self,
            y_betas=some.rows(self.y_betas),
            y_variances=some.rows(self.y_variances),
            residuals=some.columns(self.residuals),
            clusters=some.rows(self.clusters),
            derived_signs=some.rows(self.derived_signs),
            residual_metadata=some.rows(self.residual_metadata),
            residual_correlation=some.correlation(self.residual_correlation),
            _residual_cluster_targets=targets or None,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write an Excel workbook that :meth:`load` reads back exactly; see :mod:`.files`."""
        from factorlasso_core.covariance.files import save_snapshot  # with openpyxl, which is slow to import

        save_snapshot(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> CurrentFactorCovarData:
        """Read a workbook of :meth:`save`, or one that the reference wrote; see :mod:`.files`.

        Raises:
            DataError: A sheet is missing, or a cell holds something else. FileNotFoundError: No such file.
        """
        from factorlasso_core.covariance.files import load_snapshot

        return cls(**load_snapshot(path))

    def _parts(self, assets: Iterable[Any] | None) -> Parts:
        return parts(self.x_covar, self.y_betas, self.y_variances, assets)

    def _residual(self, arrays: Parts, weight: float, kind: ResidualType, share: float) -> Array:
        shared = None if kind is ResidualType.ORTHOGONAL else self._shared(kind)
        return residual_covariance(arrays, weight, share, shared)

    def _shared(self, kind: ResidualType) -> pd.DataFrame:
        """R of a residual type that is not orthogonal."""
        if self.residual_correlation is None:
            raise DataError(
                f"residual_type={kind.value!r} needs residual_correlation: make it with estimate_residual_correlation."
            )
        when = self.estimation_date if isinstance(self.estimation_date, pd.Timestamp) else None
        correlation = self.residual_correlation.get_corr(when)
        if kind is ResidualType.EMPIRICAL:
            return correlation
        held = (self._residual_cluster_targets or {}).get(kind.value)
        return pooled_correlation(kind, self._varying(correlation), self.clusters) if held is None else held

    def _varying(self, correlation: pd.DataFrame) -> pd.DataFrame:
        """The correlation of the responses with a residual variance above zero: only they are pooled."""
        labels = self.y_betas.index[self.y_betas.index.isin(correlation.index)]
        residual = self._parts(labels).residual
        labels = labels[(residual > 0) & np.isfinite(residual)]
        return correlation.loc[labels, labels]

    def _pooled(self) -> dict[str, pd.DataFrame]:
        """Pooled correlations by type: those held, else those that can be made."""
        if self._residual_cluster_targets is not None:
            return dict(self._residual_cluster_targets)
        if self.residual_correlation is None:
            return {}
        correlation = self._varying(self.residual_correlation.correlation)
        labelled = labels_of(self.clusters, correlation.index).notna().all()
        kinds = [ResidualType.EXPOSURE_CLUSTER, ResidualType.RESIDUAL_CLUSTER][0 if labelled else 1 :]
        return {kind.value: pooled_correlation(kind, correlation, self.clusters) for kind in kinds}


def _check_optional(name: str, table: Any) -> None:
    if name == "residuals":  # rows are dates, which may repeat
        if not isinstance(table, pd.DataFrame) or not table.columns.is_unique:
            raise TypeError(f"{name} must be a DataFrame with each column once, not {type(table).__name__}.")
    else:
        check_table(name, table)
