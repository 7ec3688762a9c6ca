"""From beliefs and univariate evidence to a box on every loading, and to penalty weights.

Rules of a cell, strongest first: excluded, the analyst's own sign, the sign found in the data. ``nonneg``
is intersected with whatever they say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.slopes import Slopes


class Rule(IntEnum):
    """Why a cell is bounded as it is."""

    FREE = 0
    USER = 1
    NONNEG = 2
    DERIVED = 3
    GATED = 4
    EXCLUDED = 5


@dataclass(frozen=True, eq=False)
class Box:
    """Bounds ``lower <= β <= upper``, (N, M) each, infinite where a side is open.

    Attributes:
        rule: (N, M) codes of :class:`Rule`.
    """

    lower: Array
    upper: Array
    rule: Array

    @property
    def signs(self) -> Array:
        """The same box as signs, (N, M): 1, -1, 0 for pinned to zero, NaN for free."""
        below, above = self.lower < 0, self.upper > 0
        return np.where(below & above, np.nan, above.astype(float) - below)

    def clip(self, beta: Array) -> Array:
        """Return the nearest loadings inside the box."""
        return np.clip(beta, self.lower, self.upper)

    def take(self, responses: Array) -> Box:
        """The bounds of some responses, given by position."""
        return Box(self.lower[responses], self.upper[responses], self.rule[responses])

    @classmethod
    def joined(cls, parts: Sequence[Box]) -> Box:
        """The bounds of all responses of the parts."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("lower", "upper", "rule")))


def sign_box(signs: Array | None, nonneg: bool, shape: tuple[int, int]) -> Box:
    """Intersect the analyst's signs with ``nonneg``; see :func:`sign_rules`."""
    return sign_rules(shape, explicit=signs, nonneg=nonneg)


def sign_rules(
    shape: tuple[int, int],
    *,
    explicit: Array | None = None,
    detected: Array | None = None,
    free_factors: Array | None = None,
    excluded: Array | None = None,
    nonneg: bool = False,
    prior: Array | None = None,
    prior_overrides: bool = False,
) -> Box:
    """Lay the rules over each other: excluded over explicit over automatic, ``nonneg`` intersected.

    Args:
        shape: (N, M) of every matrix below; each may be None, which says nothing.
        explicit: The analyst's signs, -1, 0, 1 and NaN for silent.
        detected: Signs found in the data, -1, 0 for gated, 1.
        free_factors: (M,) True where signs found in the data do not count.
        excluded: True where the loading is zero whatever else is said.
        nonneg: Every loading >= 0. A cell that must be both <= 0 and >= 0 is zero.
        prior: Prior loadings. With ``prior_overrides`` a finite non-zero one replaces the sign found
            in the data, a gated zero too, by its own; never an explicit sign. The rule of factorlasso 1.0.6.
    """
    signs, rule = np.full(shape, np.nan), np.full(shape, int(Rule.NONNEG if nonneg else Rule.FREE), dtype=np.int8)
    if detected is not None:
        found = _overridden(detected, prior) if prior_overrides and prior is not None else detected
        automatic = np.broadcast_to(True if free_factors is None else ~free_factors, shape)
        signs = np.where(automatic, found, signs)
        derived = np.where(nonneg & (found < 0), Rule.NONNEG, Rule.DERIVED)  # then it is nonneg that leaves zero
        rule = np.where(automatic, np.where(found == 0, Rule.GATED, derived), rule)
    if explicit is not None:
        given = ~np.isnan(explicit)
        signs, rule = np.where(given, explicit, signs), np.where(given, Rule.USER, rule)
    if excluded is not None:
        signs, rule = np.where(excluded, 0.0, signs), np.where(excluded, Rule.EXCLUDED, rule)
    lower = np.zeros(shape) if nonneg else np.where(signs >= 0, 0.0, -np.inf)
    return Box(frozen(lower), frozen(np.where(signs <= 0, 0.0, np.inf)), frozen(rule.astype(np.int8)))


def kept_signs(slope: Array) -> Box:
    """Bounds of a model whose loadings keep the sign of their univariate slope; without a slope they are zero.

    Args:
        slope: (N, M).
    """
    lower = np.where(slope >= 0, 0.0, -np.inf)
    rule = np.where(slope == 0, Rule.GATED, Rule.DERIVED).astype(np.int8)
    return Box(frozen(lower), frozen(np.where(slope <= 0, 0.0, np.inf)), frozen(rule))


def _overridden(detected: Array, prior: Array) -> Array:
    return np.where(np.isfinite(prior) & (prior != 0), np.sign(prior), detected)


def detected_signs(evidence: Slopes, threshold: float | None) -> Array:
    """Return the sign of each slope, (P, M), 0 where ``|t|`` is below the gate or the slope is zero.

    Args:
        threshold: The gate; a t equal to it passes. None or <= 0 lets everything pass, +inf nothing,
            not even an exact fit.
    """
    signs = np.sign(evidence.slope)
    if threshold is None or threshold <= 0:
        return signs
    passed = np.abs(evidence.t) >= threshold if math.isfinite(threshold) else False
    return np.where(passed, signs, 0.0)


def cell_weights(slope: Array, detected: Array, gamma: float, floor: float) -> Array:
    """Adaptive weights ``1/max(|b|, floor)**gamma`` of the L1 term, (N, M); 1 where the sign is gated.

    They are not normalised, so they depend on the units of x and y.

    Args:
        slope, detected: (N, M), the row of its pool for each response.
        gamma: >= 0. floor: > 0.
    """
    seen = detected != 0
    size = np.where(seen, np.maximum(np.abs(slope), floor), 1.0)
    return size**-gamma


def row_weights(cell: Array, detected: Array) -> Array:
    """Return the weight of each row's L2 norm, (N,): root mean square over its ungated cells, 1 if none."""
    seen = detected != 0
    return _root_mean((cell * cell * seen).sum(axis=1), seen.sum(axis=1))


def block_weights(cell: Array, detected: Array, clusters: Array) -> Array:
    """Return the weight of each block's L2 norm, (G, M), for clusters (N,) numbered 0..G-1.

    Per cluster and factor the root mean square over the ungated cells, 1 if there is none.
    """
    seen = (detected != 0).astype(float)
    squares, count = (
        np.stack([np.bincount(clusters, weights=column) for column in values.T], axis=1)
        for values in (cell * cell * seen, seen)
    )
    return _root_mean(squares, count)


def _root_mean(squares: Array, count: Array) -> Array:
    return np.sqrt(np.divide(squares, count, out=np.ones(squares.shape), where=count > 0))
