"""From beliefs to a box on every loading, and the rule each side of it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from factorlasso_core.arrays import Array, frozen


class Rule(IntEnum):
    """Why a cell is bounded as it is."""

    FREE = 0
    USER = 1
    NONNEG = 2


@dataclass(frozen=True, eq=False)
class Box:
    """Bounds ``lower <= β <= upper``, (N, M) each, infinite where a side is open.

    Attributes:
        rule: (N, M) codes of :class:`Rule`.
    """

    lower: Array
    upper: Array
    rule: Array

    def clip(self, beta: Array) -> Array:
        """Return the nearest loadings inside the box."""
        return np.clip(beta, self.lower, self.upper)


def sign_box(signs: Array | None, nonneg: bool, shape: tuple[int, int]) -> Box:
    """Intersect the analyst's signs with ``nonneg``.

    Args:
        signs: (N, M) of -1, 0, 1 and NaN for free, or None.
        nonneg: Every loading >= 0. A cell that must be both <= 0 and >= 0 is zero.
        shape: (N, M).
    """
    s = np.full(shape, np.nan) if signs is None else signs
    lower = np.where(s >= 0, 0.0, -np.inf)
    upper = np.where(s <= 0, 0.0, np.inf)
    if nonneg:
        lower = np.zeros(shape)
    rule = np.where(~np.isnan(s), Rule.USER, Rule.NONNEG if nonneg else Rule.FREE)
    return Box(frozen(lower), frozen(upper), frozen(rule.astype(np.int8)))
