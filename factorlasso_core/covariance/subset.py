"""Tables of a snapshot for some responses, under other names if wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from factorlasso_core.covariance.align import chosen, new_names
from factorlasso_core.covariance.residual import ResidualCorrelationData


class Selection:
    """Some responses in order, and what they are called afterwards.

    Args:
        assets: Labels, or a mapping of old to new names. known: All responses.

    Raises:
        KeyError: A response is not known. DataError: One stands twice, before or after.
    """

    def __init__(self, assets: Iterable[Any] | Mapping[Any, Any], known: pd.Index) -> None:
        self._labels = chosen(assets, known)
        self._names = pd.Series(new_names(assets, self._labels), index=self._labels)

    def rows(self, table: Any) -> Any:
        """The selected rows that a frame or series has, renamed; None for None."""
        return self._part(table, 0)

    def columns(self, table: pd.DataFrame | None) -> pd.DataFrame | None:
        """The selected columns that a frame has, renamed; None for None."""
        return self._part(table, 1)

    def both(self, table: pd.DataFrame) -> pd.DataFrame:
        """The selected rows and columns that a square frame has, renamed."""
        return self._part(self._part(table, 0), 1)

    def correlation(self, data: ResidualCorrelationData | None) -> ResidualCorrelationData | None:
        """The selected part of a residual correlation; None when it has none of them."""
        if data is None:
            return None
        kept = self._names[self._labels.isin(data.correlation.index)]
        return data.filter_on_tickers(kept.to_dict()) if len(kept) else None

    def _part(self, table: Any, axis: int) -> Any:
        if table is None:
            return None
        kept = self._labels[self._labels.isin(table.axes[axis])]
        names = pd.Index(self._names.loc[kept], name=table.axes[axis].name)
        return (table[kept] if axis else table.loc[kept]).set_axis(names, axis=axis)
