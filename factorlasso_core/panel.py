"""The one gate for data: what passes here is finite or NaN, aligned, labelled and read-only.

Nothing behind the gate asks again whether an array has the right shape or type.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.digest import digest, label_bytes
from factorlasso_core.errors import DataError


@dataclass(frozen=True, eq=False)
class Panel:
    """Responses and factors on one time index.

    Attributes:
        x: Factors, (T, M), NaN where missing.
        y: Responses, (T, N), NaN where missing.
        factors, responses: Labels of the columns.
        index: Labels of the rows, the last one the most recent.

    Example:
        >>> Panel.from_frames(pd.DataFrame({"f": [1.0, 2.0]}), pd.DataFrame({"r": [0.5, 1.0]})).shape
        (2, 1, 1)
    """

    x: Array
    y: Array
    factors: pd.Index
    responses: pd.Index
    index: pd.Index

    @classmethod
    def from_frames(cls, x: pd.DataFrame, y: pd.DataFrame) -> Panel:
        """Check two frames and make a panel of them.

        Args:
            x: Factors, one column each; y: responses, on an equal index.

        Raises:
            DataError: Empty, unequal index, duplicate labels, text or infinite values.
        """
        if len(x) == 0:
            raise DataError("The panel has no rows: give at least one observation.")
        if not x.index.equals(y.index):
            raise DataError(
                f"Factors ({len(x)} rows) and responses ({len(y)} rows) have different row labels: "
                "align them on one index first."
            )
        return cls(_matrix(x, "factor"), _matrix(y, "response"), x.columns, y.columns, x.index)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows T, responses N, factors M."""
        return self.y.shape[0], self.y.shape[1], self.x.shape[1]

    @cached_property
    def key(self) -> str:
        """Digest over all values, labels and dates; the same panel from any file has the same key."""
        names = (label_bytes(labels.to_list()) for labels in (self.factors, self.responses))
        return digest(self.x, self.y, *names, _index_bytes(self.index))

    def window(self, start: Any = None, end: Any = None) -> Panel:
        """Return the rows from ``start`` to ``end``, both included."""
        if isinstance(self.index, pd.DatetimeIndex):
            start, end = (_edge(edge, self.index.tz) for edge in (start, end))
        if not self.index.is_monotonic_increasing:
            raise DataError("The rows are not in order: sort the panel before choosing a window.")
        rows = self.index.slice_indexer(start, end)
        if len(self.index[rows]) == 0:
            raise DataError(f"No observation lies between {start} and {end}: widen the sample window.")
        return Panel(frozen(self.x[rows]), frozen(self.y[rows]), self.factors, self.responses, self.index[rows])

    def cells(self, values: Array) -> pd.DataFrame:
        """Return an (N, M) array as a frame, responses by factors."""
        return pd.DataFrame(np.array(values), index=self.responses, columns=self.factors)

    def by_response(self, values: Array, name: Hashable) -> pd.Series:
        """Return an (N,) array as a named series over the responses."""
        return pd.Series(np.array(values), index=self.responses, name=name)


def _edge(edge: Any, zone: Any) -> pd.Timestamp | None:
    """A date as a stamp in the zone of the index."""
    if edge is None:
        return None
    stamp = pd.Timestamp(edge)
    return stamp.tz_localize(zone) if stamp.tz is None and zone is not None else stamp


def _matrix(frame: pd.DataFrame, what: str) -> Array:
    """Float64 copy of a frame whose labels are unique and whose values are finite or NaN."""
    if frame.shape[1] == 0:
        raise DataError(f"There is no {what}: give at least one column.")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"The {what} name {twice!r} stands twice: give every column its own name.")
    for dtype in set(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_complex_dtype(dtype):
            label = frame.columns[frame.dtypes == dtype][0]
            raise DataError(f"The {what} {label!r} does not hold real numbers (its type is {dtype}).")
    values = np.array(frame.to_numpy(dtype=float, na_value=np.nan), order="C")
    if any(np.isinf(values[rows]).any() for rows in blocks(*values.shape)):
        row, column = np.argwhere(np.isinf(values))[0]
        raise DataError(
            f"The {what} {frame.columns[column]!r} is infinite at {frame.index[row]}: "
            "replace the value, or leave it empty if it is unknown."
        )
    return frozen(values)


def _index_bytes(index: pd.Index) -> bytes:
    if isinstance(index, pd.DatetimeIndex):
        local = index.tz_localize(None) if index.tz is not None else index
        return local.as_unit("ns").asi8.astype("<i8").tobytes()
    return label_bytes(index.to_list())
