"""What a caller hands over, as frames on one index: frames, series or arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError

Table = pd.DataFrame | pd.Series | Array


def as_frame(data: Table, prefix: str, columns: Any = None) -> pd.DataFrame:
    """A frame of what was given; arrays get the names ``x0, x1, …`` or the given ones."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame()
    if not isinstance(data, np.ndarray):
        raise TypeError(f"{prefix} must be a DataFrame, Series or array, not {type(data).__name__}.")
    if data.ndim not in (1, 2):
        raise DataError(f"{prefix} has {data.ndim} dimensions: give rows by columns.")
    values = data[:, None] if data.ndim == 1 else data
    names = [f"{prefix}{j}" for j in range(values.shape[1])] if columns is None else columns
    if len(names) != values.shape[1]:
        raise DataError(f"{prefix} has {values.shape[1]} columns where the fitted model has {len(names)}.")
    return pd.DataFrame(values, columns=names)


def aligned_frames(x: Table, y: Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was given as frames on one index."""
    return on_one_index(as_frame(x, "x"), as_frame(y, "y"))


def on_one_index(left: pd.DataFrame, right: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two frames of one length: one whose rows are only counted takes the labels of the other."""
    if len(left) == len(right) and not left.index.equals(right.index):
        plain = pd.RangeIndex(len(left))
        if left.index.equals(plain):
            left = left.set_axis(right.index)
        elif right.index.equals(plain):
            right = right.set_axis(left.index)
    return left, right
