"""A prepared correlation of residuals, with what it was made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from factorlasso_core.covariance.align import check_table, chosen, have_order, named, new_names, numbers
from factorlasso_core.errors import DataError

SLACK = 1e-8  # by which rounding may move a correlation matrix off its properties
SHEETS = ("residual_corr", "common_residuals", "residual_corr_metadata", "residual_corr_info")


@dataclass(frozen=True, eq=False)
class ResidualCorrelationData:
    """A residual correlation known at a date.

    Attributes:
        correlation: (N, N) assets by assets, finite, symmetric, positive semidefinite, unit diagonal.
        residual_returns: (T, N) residuals of common periods it was estimated on, NaN where incomplete.
        asset_metadata: One row for each asset: frequency, span and scale of its own residuals.
        frequency: Of the common periods. span: EWMA span in common periods.
        observation_date: End of the last common period. estimation_date: When the estimate was known.

    Raises:
        DataError: The matrix is no correlation, labels differ, or the last observation lies after the estimation.
    """

    correlation: pd.DataFrame
    residual_returns: pd.DataFrame
    asset_metadata: pd.DataFrame
    frequency: str
    span: float
    observation_date: pd.Timestamp
    estimation_date: pd.Timestamp

    schema_version: ClassVar[int] = 2

    def __post_init__(self) -> None:
        check_table("correlation", self.correlation, square=True)
        check_table("asset_metadata", self.asset_metadata)
        check_table("residual_returns", self.residual_returns)
        assets = self.correlation.index
        for name, labels in (
            ("residual_returns", self.residual_returns.columns),
            ("asset_metadata", self.asset_metadata.index),
        ):
            apart = labels.symmetric_difference(assets, sort=False)
            if len(apart):
                raise DataError(f"{name} and correlation differ in {apart[0]!r}: both must hold the same assets.")
        _check_correlation(self.correlation)
        if self.observation_date > self.estimation_date:
            raise DataError(
                f"The last observation, {self.observation_date}, was not known at the estimation date "
                f"{self.estimation_date}: move one of them."
            )

    @property
    def observation_count(self) -> int:
        """Number of common periods."""
        return len(self.residual_returns)

    def get_corr(self, date: pd.Timestamp | None = None, assets: Iterable[Any] | None = None) -> pd.DataFrame:
        """Return the correlation as it was known at a date.

        Args:
            date: None for no check. assets: Labels in the order wanted; None for all.

        Raises:
            DataError: The estimate was not known by then. KeyError: An asset is not in it.
        """
        if date is not None and pd.Timestamp(date) < self.estimation_date:
            raise DataError(
                f"The residual correlation was estimated on {self.estimation_date}, after {date}: "
                "ask for a later date, or estimate it earlier."
            )
        labels = chosen(assets, self.correlation.index)
        ordered = have_order(self.correlation, labels, labels)
        return self.correlation.copy() if ordered else self.correlation.loc[labels, labels]

    def filter_on_tickers(self, assets: Iterable[Any] | Mapping[Any, Any]) -> ResidualCorrelationData:
        """Return the same for some assets, renamed if a mapping of old to new names is given.

        Raises:
            KeyError: An asset is not in it. DataError: One stands twice, or none is left.
        """
        labels = chosen(assets, self.correlation.index)
        if not len(labels):
            raise DataError("assets is empty: name at least one.")
        names = new_names(assets, labels)
        return ResidualCorrelationData(
            self.correlation.loc[labels, labels].set_axis(names, axis=0).set_axis(names, axis=1),
            self.residual_returns[labels].set_axis(names, axis=1),
            self.asset_metadata.loc[labels].set_axis(names, axis=0),
            self.frequency,
            self.span,
            self.observation_date,
            self.estimation_date,
        )

    def to_sheets(self) -> dict[str, pd.DataFrame]:
        """Return the tables a workbook holds it in, by sheet."""
        info = {
            "schema_version": self.schema_version,
            "frequency": self.frequency,
            "span": self.span,
            "observation_date": self.observation_date.isoformat(),
            "estimation_date": self.estimation_date.isoformat(),
            "observation_count": self.observation_count,
        }
        value = pd.Series(info, name="value", dtype=object).to_frame()
        return dict(zip(SHEETS, (self.correlation, self.residual_returns, self.asset_metadata, value), strict=True))

    @classmethod
    def from_sheets(cls, sheets: Mapping[str, pd.DataFrame]) -> ResidualCorrelationData:
        """Make it of the tables of :meth:`to_sheets`.

        Raises:
            DataError: A sheet or an entry is missing, or it was written by a newer version.
        """
        for name in SHEETS:
            if name not in sheets:
                raise DataError(f"The sheet {name!r} is missing: the residual correlation cannot be read without it.")
        correlation, residuals, metadata, info = (sheets[name] for name in SHEETS)
        entries = info["value"].to_dict() if "value" in info else {}
        for entry in ("schema_version", "frequency", "span", "observation_date", "estimation_date"):
            if entry not in entries:
                raise DataError(f"The sheet 'residual_corr_info' has no entry {entry!r}: add it with its value.")
        if str(entries["schema_version"]) != str(cls.schema_version):
            raise DataError(
                f"The sheet 'residual_corr_info' has schema_version {entries['schema_version']}, "
                f"and only {cls.schema_version} can be read: write the file again."
            )
        try:
            span = float(entries["span"])
            dates = [pd.Timestamp(entries[name]) for name in ("observation_date", "estimation_date")]
        except (ValueError, TypeError) as error:
            raise DataError(f"The sheet 'residual_corr_info' holds no span or date: {error}.") from error
        return cls(correlation, residuals, metadata, str(entries["frequency"]), span, *dates)


def _check_correlation(correlation: pd.DataFrame) -> None:
    values = numbers(correlation, "correlation", correlation.index, correlation.index)
    if not len(values):
        raise DataError("The residual correlation is empty: give at least one asset.")
    if not np.isfinite(values).all():
        lost = named(correlation.index, np.asarray(~np.isfinite(values).all(axis=1)))
        raise DataError(f"The residual correlation of {lost} is not finite: leave it out.")
    if np.abs(values - values.T).max() > SLACK or np.abs(np.diag(values) - 1.0).max() > SLACK:
        raise DataError("The residual correlation must be symmetric with ones on its diagonal.")
    lowest = np.linalg.eigvalsh(values)[0]
    if lowest < -SLACK:
        raise DataError(
            f"The residual correlation is not positive semidefinite (its lowest eigenvalue is {lowest:.3g}): "
            "pairs with different histories do that, so use missing_policy='zero_innovation'."
        )
