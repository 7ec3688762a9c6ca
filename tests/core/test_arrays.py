"""Blocks cover everything once; the largest magnitude passes over holes."""

from __future__ import annotations

import numpy as np
import pytest

from factorlasso_core.arrays import blocks, frozen, largest

NAN = np.nan


@pytest.mark.parametrize("count", [0, 1, 7, 100])
@pytest.mark.parametrize(("size", "cells"), [(1, 1), (3, 10), (50, 10), (0, 10), (1, 1000)])
def test_blocks_cover_every_item_once_and_hold_no_more_than_their_cells(count, size, cells):
    parts = list(blocks(count, size, cells))
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(count))
    assert all(part.stop - part.start == 1 or (part.stop - part.start) * size <= cells for part in parts)


@pytest.mark.parametrize(
    ("column", "expected"),
    [([1, -3, NAN], 3), ([NAN, NAN, NAN], 0), ([-0.0, 0, 0], 0), ([2, 1, 0], 2), ([-1, -2, -3], 3)],
)
def test_the_largest_magnitude_of_a_column_passes_over_holes(column, expected):
    assert largest(np.array(column, dtype=float)[:, None]).tolist() == [expected]


def test_of_no_rows_the_largest_magnitude_is_zero():
    assert largest(np.empty((0, 2))).tolist() == [0, 0]


def test_a_frozen_array_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        frozen(np.zeros(2))[0] = 1.0
