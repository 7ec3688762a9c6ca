"""The array type of the package, how arrays are shared, and how wide ones are worked through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
BLOCK_CELLS = 2**17  # a block of doubles and its temporaries stay in the second-level cache


def frozen(values: Array) -> Array:
    """Return the array marked read-only, so that one object can be shared without copies."""
    values.flags.writeable = False
    return values


def row_sums(values: Array) -> Array:
    """Return the sums over the last axis of (n, M), (n,): many times faster than ``sum`` where M is small."""
    return values @ np.ones(values.shape[1])


def row_largest(values: Array) -> Array:
    """Return the largest value of each row of (n, M), M >= 1, (n,); along columns NumPy is faster."""
    return np.ascontiguousarray(values.T).max(axis=0)


def blocks(count: int, size: int, cells: int = BLOCK_CELLS) -> Iterator[slice]:
    """Yield slices that cover ``count`` items of ``size`` cells each, as many at a time as ``cells`` hold.

    >>> list(blocks(5, size=10, cells=20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, cells // max(1, size))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def largest(values: Array) -> Array:
    """Return the largest magnitude of what is present in each column, zero without any, (K,)."""
    return np.maximum(np.fmax.reduce(values, axis=0, initial=0.0), -np.fmin.reduce(values, axis=0, initial=0.0))
