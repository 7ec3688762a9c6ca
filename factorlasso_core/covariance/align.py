"""Labels of a snapshot brought to one order, once, so that no table is ever used by position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.covariance.columns import VarianceColumns
from factorlasso_core.errors import DataError


def chosen(assets: Iterable[Any] | None, known: pd.Index, what: str = "assets") -> pd.Index:
    """Return the labels asked for, in the order asked for; all when None.

    Raises:
        KeyError: A label is not known. DataError: One stands twice. TypeError: A text, not a list of them.
    """
    if assets is None:
        return known
    if isinstance(assets, str):
        raise TypeError(f"{what} must be a list of labels, not the text {assets!r}: write [{assets!r}].")
    labels = list(assets)
    positions = known.get_indexer(pd.Index(labels, dtype=object))
    missing = np.flatnonzero(positions < 0)
    if len(missing):
        raise KeyError(f"{labels[missing[0]]!r}{_more(len(missing))} in {what} is not a response of this snapshot.")
    result = known[positions]
    if not result.is_unique:
        raise DataError(f"{result[result.duplicated()][0]!r} stands twice in {what}: name every response once.")
    return result


def new_names(assets: Iterable[Any] | Mapping[Any, Any], labels: pd.Index) -> pd.Index:
    """Return the labels as a mapping renames them, or as they are.

    Raises:
        DataError: Two assets get one name.
    """
    if not isinstance(assets, Mapping):
        return labels
    names = pd.Index([assets[label] for label in labels], name=labels.name)
    if not names.is_unique:
        raise DataError(f"Two responses would be named {names[names.duplicated()][0]!r}: give each its own name.")
    return names


def check_table(name: str, table: Any, *, square: bool = False) -> None:
    """Refuse what is not a frame of unique labels; a square one carries the same labels on both sides."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame, not {type(table).__name__}.")
    for side, labels in (("row", table.index), ("column", table.columns)):
        if not labels.is_unique:
            raise DataError(f"{name} has the {side} {labels[labels.duplicated()][0]!r} twice: keep one.")
    if square:
        apart = table.index.symmetric_difference(table.columns, sort=False)
        if len(apart):
            raise DataError(f"{name} has {apart[0]!r} on one side only: it must be square.")


def numbers(table: pd.DataFrame, name: str, rows: pd.Index, columns: pd.Index) -> Array:
    """Return a table as float64 in the given order of labels.

    Raises:
        DataError: A label is missing, or a value is not a number.
    """
    for side, have, need in (("row", table.index, rows), ("column", table.columns, columns)):
        missing = np.flatnonzero(~need.isin(have))
        if len(missing):
            raise DataError(f"{name} has no {side} for {need[missing[0]]!r}{_more(len(missing))}: add it.")
    part = table if have_order(table, rows, columns) else table.loc[rows, columns]
    try:
        return part.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something that is not a number: {error}.") from error


def have_order(table: pd.DataFrame, rows: pd.Index, columns: pd.Index) -> bool:
    """Whether a table has exactly these labels in this order."""
    return table.index.equals(rows) and table.columns.equals(columns)


def named(labels: pd.Index, chosen: Array) -> str:
    """``'a' and 3 more``, for messages about the labels a mask picks."""
    found = labels[chosen]
    return f"{found[0]!r}{_more(len(found))}"


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""


@dataclass(frozen=True, eq=False)
class Parts:
    """The arrays of a covariance in one order of labels.

    Attributes:
        assets: Labels, (n,). beta: (n, M). factors: (M, M) factor covariance.
        residual: (n,) residual variances, NaN where unknown.
    """

    assets: pd.Index
    beta: Array
    factors: Array
    residual: Array

    @property
    def systematic_variance(self) -> Array:
        """``diag(B F B')``, (n,), without the matrix; NaN where a loading is.

        Raises:
            DataError: It is negative beyond rounding, so the factor covariance is none.
        """
        half = self.beta @ self.factors
        variance = np.einsum("nj,nj->n", half, self.beta)
        slack = 1e-12 * np.einsum("nj,nj->n", np.abs(half), np.abs(self.beta))
        if (variance < -slack).any():
            raise DataError(
                f"x_covar gives {named(self.assets, np.asarray(variance < -slack))} a negative variance: it must be "
                "positive semidefinite."
            )
        return np.where(variance < 0, 0.0, variance)

    @property
    def systematic(self) -> Array:
        """``B F B'``, (n, n), exactly symmetric.

        Raises:
            DataError: A loading is missing.
        """
        lost = np.asarray(np.isnan(self.beta).any(axis=1))
        if lost.any():
            raise DataError(
                f"y_betas has no loading for {named(self.assets, lost)}: leave it out with assets or filter_on_tickers."
            )
        covariance = (self.beta @ self.factors) @ self.beta.T
        covariance += covariance.T
        covariance *= 0.5
        return covariance

    def check_residual(self) -> None:
        """Refuse residual variances that are unknown or negative.

        Raises:
            DataError: Names the response.
        """
        bad = ~((self.residual >= 0) & (self.residual < np.inf))
        if bad.any():
            raise DataError(
                f"y_variances has no finite {VarianceColumns.RESIDUAL_VARS} >= 0 for {named(self.assets, bad)}: "
                "leave it out with assets or filter_on_tickers, or set residual_var_weight=0."
            )


def parts(
    x_covar: pd.DataFrame, y_betas: pd.DataFrame, y_variances: pd.DataFrame, assets: Iterable[Any] | None
) -> Parts:
    """Bring the three tables of a covariance to one order of responses and factors.

    Raises:
        DataError: A response has no variance, a factor has no covariance, or a factor covariance is not finite.
    """
    labels, factors = chosen(assets, y_betas.index), y_betas.columns
    covariance = numbers(x_covar, "x_covar", factors, factors)
    unknown = np.asarray(~np.isfinite(covariance).all(axis=1))
    if unknown.any():
        raise DataError(f"x_covar has no finite covariance for {named(factors, unknown)}: fill it.")
    residual = numbers(y_variances, "y_variances", labels, pd.Index([VarianceColumns.RESIDUAL_VARS.value]))
    return Parts(labels, numbers(y_betas, "y_betas", labels, factors), covariance, residual[:, 0])
