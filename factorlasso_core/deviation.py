"""A problem in the deviation ``d = β - β⁰``: minimise ``½ d'Ad - h'd + Ω(d)`` on ``[low, high]``, ``h = g - Aβ⁰``.

The solver's working form: any number of responses, in whole units, with the proximal map that goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.moments import Moments, gram_times
from factorlasso_core.penalty import Penalty
from factorlasso_core.problem import Problem
from factorlasso_core.prox import Prox, soft

UNEVEN = 30.0  # ratio of Gram diagonals from which gradient steps are scaled cell by cell


@dataclass(frozen=True, eq=False)
class Deviation:
    """The subproblems of the responses still in the batch, (n, M) unless noted.

    Attributes:
        gram: (P, M, M). pattern: (n,). h, low, high: As above. penalty: Ω.
        terms: Magnitudes h was subtracted from, against which its rounding is judged.
        metric: Diagonal that majorises the Gram matrix: gradient steps divide by it.
    """

    gram: Array
    pattern: Array
    penalty: Penalty
    h: Array
    terms: Array
    low: Array
    high: Array
    metric: Array

    @classmethod
    def of(cls, problem: Problem) -> Deviation:
        """The whole problem."""
        moments, box, penalty = problem.moments, problem.box, problem.penalty
        weight = gram_times(np.abs(moments.gram), moments.pattern, np.abs(problem.prior))
        return cls(
            gram=moments.gram,
            pattern=moments.pattern,
            penalty=penalty,
            h=moments.linear - moments.times_gram(problem.prior),
            terms=np.abs(moments.linear) + weight,
            low=box.lower - problem.prior,
            high=box.upper - problem.prior,
            metric=penalty.blocks.by_unit(np.maximum, _metric(moments)[moments.pattern]),
        )

    def take(self, keep: Array) -> Deviation:
        """The subproblems of some responses, given by position in whole units."""
        parts = (getattr(self, name)[keep] for name in ("h", "terms", "low", "high", "metric"))
        return Deviation(self.gram, self.pattern[keep], self.penalty.take(keep), *parts)

    @cached_property
    def prox(self) -> Prox:
        """Proximal map of the penalty and the box in the metric of the steps."""
        return Prox(self.penalty, self.metric, self.low, self.high)

    def over_unit(self, reduce: np.ufunc, values: Array) -> Array:
        """One value per response reduced over its unit, (n,)."""
        return self.penalty.blocks.by_unit(reduce, values)

    def times_gram(self, d: Array) -> Array:
        """``A_k d_k`` of every response."""
        return gram_times(self.gram, self.pattern, d)

    def gradient(self, d: Array) -> Array:
        """Gradient of the smooth part at d."""
        return self.times_gram(d) - self.h

    def objective(self, d: Array) -> tuple[Array, Array]:
        """Objective of every unit, handed to its members, and the size of its terms: its rounding; (n,) each."""
        quadratic = 0.5 * (d * self.times_gram(d)).sum(axis=1)
        linear = (self.h * d).sum(axis=1)
        penalty = self.penalty.value(d)
        both = np.stack([quadratic - linear + penalty, quadratic + np.abs(linear) + penalty], axis=1)
        value, size = self.over_unit(np.add, both).T
        return value, size

    def zero_is_optimal(self) -> Array:
        """Responses of units where the deviation zero satisfies the optimality conditions, (n,)."""
        blocks_stay = self.prox.zero_is_optimal(soft(self.h, self.penalty.cell))
        return self.over_unit(np.logical_and, np.all(blocks_stay, axis=1))

    def residual(self, d: Array) -> Array:
        """Largest proximal gradient residual of a cell of the unit as a share of what its gradient sums, (n,)."""
        moved = self.metric * np.abs(self.prox(d - self.gradient(d) / self.metric) - d)
        terms = gram_times(np.abs(self.gram), self.pattern, np.abs(d))
        size = self.terms + terms + self.metric * np.abs(d)
        share = np.divide(moved, size, out=np.where(moved > 0, np.inf, 0.0), where=size > 0)
        return self.over_unit(np.maximum, share.max(axis=1))

    @cached_property
    def kinked(self) -> Array:
        """Cells whose penalty has a kink at zero even while their block is not zero."""
        return (self.penalty.cell > 0) | (self.penalty.blocks.signed & (self.penalty.block > 0))

    def free(self, d: Array) -> Array:
        """Cells where the objective is smooth at d."""
        alone = (self.penalty.block > 0) & (self.penalty.length(d) == 0)
        return (d > self.low) & (d < self.high) & ~((d == 0) & (self.kinked | alone))


def _metric(moments: Moments) -> Array:
    """A diagonal D with A <= D for every pattern, (P, M): even where the factors are alike, else scaled by cell."""
    largest = moments.spectrum[0][:, -1:]
    even = np.broadcast_to(np.where(largest > 0, largest, 1.0), moments.gram.shape[:2])
    size = np.sqrt(np.maximum(np.einsum("pjj->pj", moments.gram), 0.0))
    unit = np.where(size > 0, size, 1.0)
    # Gershgorin bounds the matrix scaled to unit diagonal; an empty factor takes any positive value.
    bound = (np.abs(moments.gram) / (unit[:, :, None] * unit[:, None, :])).sum(axis=2).max(axis=1)
    scaled = np.where(size > 0, bound[:, None] * size**2, even)
    smallest = np.where(size > 0, size, np.inf).min(axis=1)
    uneven = size.max(axis=1) ** 2 > UNEVEN * smallest**2
    return np.where(uneven[:, None], scaled, even)
