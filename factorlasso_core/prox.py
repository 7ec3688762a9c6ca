"""The proximal map of the penalty inside a box, for many blocks at once, in any diagonal metric.

For each block: minimise ``Σ ½ m_i (d_i - u_i)² + r‖d‖ + Σ c_i |d_i|`` over ``low <= d <= high``. With
ρ = ‖d‖ the solution is ``d_i = clip(σ_i ρ / (ρ + r/m_i))``, ``σ = soft(u, c/m)``, so one root is left.
The map keeps signs, so the positive and the negative part of a signed block have a map each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.penalty import Penalty

EPS = float(np.finfo(float).eps)


def soft(values: Array, threshold: Array) -> Array:
    """Shrink towards zero by the threshold."""
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def allowed(values: Array, low: Array, high: Array) -> Array:
    """The part of a direction the box leaves open at zero."""
    return np.where(values < 0, np.where(low < 0, values, 0.0), np.where(high > 0, values, 0.0))


@dataclass(frozen=True, eq=False)
class Prox:
    """The map of one penalty, box and metric; what does not depend on the point is worked out once.

    Attributes:
        penalty: Ω. metric: (n, M) positive m. low, high: (n, M) box on the deviation.
    """

    penalty: Penalty
    metric: Array
    low: Array
    high: Array

    def __call__(self, u: Array) -> Array:
        """Return the proximal map of u, (n, M)."""
        sigma = soft(u, self._cell)
        out = np.clip(sigma, self.low, self.high)
        if not self._blocks_count:
            return out
        length = self.penalty.length(out, sigma)
        shrink = np.maximum(1.0 - np.divide(self._shrinkage, length, out=np.ones_like(length), where=length > 0), 0.0)
        out = out * shrink
        if self._general is not None:
            members, part = self._general
            rooted = part.by_root(sigma[members])
            out[members] = np.where(self._simple[members], out[members], rooted)
        return out

    @cached_property
    def _cell(self) -> Array:
        return self.penalty.cell / self.metric

    @cached_property
    def _blocks_count(self) -> bool:
        return bool(self.penalty.block.any())

    @cached_property
    def _simple(self) -> Array:
        """Cells whose block's map composes: one metric and every finite side at zero, (n, M) or (n, 1)."""
        if self.penalty.blocks.signed:
            return np.ones_like(self.metric, dtype=bool)  # no box, and an even metric by construction
        cone = ((self.low == 0) | np.isinf(self.low)) & ((self.high == 0) | np.isinf(self.high))
        blocks, m = self.penalty.blocks, self.metric
        count = blocks.total(np.ones_like(m), m)
        first = blocks.total(m, m) / count
        even = np.abs(m - first) <= 1e-14 * first
        return (blocks.total((~(cone & even)).astype(float), m) == 0) | (self.penalty.block == 0)

    @cached_property
    def _shrinkage(self) -> Array:
        """r/m of blocks that compose, zero for the others, in the shape of ``block``."""
        return np.where(self._simple, self.penalty.block / self.penalty.blocks.one(self.metric), 0.0)

    @cached_property
    def _general(self) -> tuple[Array, Prox] | None:
        """The units with a block that needs the root, and their own map."""
        open_ = self.penalty.blocks.by_unit(np.logical_or, ~np.all(self._simple, axis=1))
        members = np.flatnonzero(open_)
        if not len(members):
            return None
        return members, self.take(members)

    def take(self, responses: Array) -> Prox:
        """The map of some responses, in whole units."""
        return Prox(self.penalty.take(responses), self.metric[responses], self.low[responses], self.high[responses])

    @cached_property
    def _zero_is_inside(self) -> Array:
        """Cells whose block's box holds zero."""
        outside = (self.low > 0) | (self.high < 0)
        return self.penalty.blocks.total(outside.astype(float), self.metric) == 0

    def zero_is_optimal(self, pull: Array) -> Array:
        """Cells whose block is best at zero when it is pulled by ``pull`` = σ m, in the shape of ``block``."""
        length = self.penalty.length(allowed(pull, self.low, self.high), pull)
        return self._zero_is_inside & (length <= self.penalty.block)

    def by_root(self, sigma: Array) -> Array:
        """The root ρ of ``‖clip(σ ρ/(ρ + r/m))‖ = ρ`` of every block by safeguarded Newton."""
        threshold = self.penalty.block / self.metric
        zero = self.zero_is_optimal(self.metric * sigma)
        top = self.penalty.length(np.clip(sigma, self.low, self.high), sigma)
        bottom = np.zeros_like(top)
        rho = np.where(top > 0, top, 1.0)
        for _ in range(60):
            scaled = sigma * (rho / (rho + threshold))
            d = np.clip(scaled, self.low, self.high)
            length = self.penalty.length(d, sigma)
            # ρ/‖d(ρ)‖ - 1 increases and is nearly linear, so Newton needs few steps.
            bend = np.where(d == scaled, d * d, 0.0) * threshold / (rho * (rho + threshold))
            bend = self.penalty.blocks.total(bend, sigma)
            bottom, top = np.where(length > rho, rho, bottom), np.where(length > rho, top, rho)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                newton = rho - length * (rho - length) / (length - rho * bend / length)
            better = np.where((newton >= bottom) & (newton <= top), newton, 0.5 * (bottom + top))
            moved = (np.abs(better - rho) > 2 * EPS * rho) & (better > 0) & ~zero
            rho = np.where(moved, better, rho)
            if not moved.any():
                break
        scaled = sigma * (rho / (rho + threshold))
        return np.where(zero, 0.0, np.clip(scaled, self.low, self.high))
