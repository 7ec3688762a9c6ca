"""A problem in the deviation ``d = β - β⁰``: minimise ``½ d'Ad - h'd + Ω(d)`` on ``[low, high]``, ``h = g - Aβ⁰``.

The solver's working form: any number of responses, in whole units, with the proximal map that goes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.moments import Moments, gram_times, used_patterns
from factorlasso_core.penalty import Penalty
from factorlasso_core.problem import Problem
from factorlasso_core.prox import Prox

TOLERANCE = 1e-13  # move of a cell, as a share of what its gradient sums, that is rounding
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
        used, pattern = used_patterns(self.pattern[keep], len(self.gram))
        return Deviation(self.gram if used is None else self.gram[used], pattern, self.penalty.take(keep), *parts)

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

    def objective(self, d: Array, gradient: Array | None = None) -> tuple[Array, Array]:
        """Objective of every unit, handed to its members, and the size of its terms: its rounding; (n,) each."""
        linear = np.vecdot(self.h, d)
        quadratic = 0.5 * (linear + np.vecdot(d, self.gradient(d) if gradient is None else gradient))
        penalty = self.penalty.value(d)
        both = np.stack([quadratic - linear + penalty, quadratic + np.abs(linear) + penalty], axis=1)
        value, size = self.over_unit(np.add, both).T
        return value, size

    def prox_step(self, d: Array) -> tuple[Array, Array]:
        """Return d after one proximal gradient step, (n, M), and whether d is optimal but for rounding, (n,).

        It is where the step moves no cell of the unit, times its metric, by more than ``TOLERANCE`` of what the
        cell's gradient sums.
        """
        ahead = self.prox(d - self.gradient(d) / self.metric)
        magnitude = np.abs(d)
        size = self.terms + gram_times(self._magnitudes, self.pattern, magnitude) + self.metric * magnitude
        still = np.all(self.metric * np.abs(ahead - d) <= TOLERANCE * size, axis=1)
        return ahead, self.over_unit(np.logical_and, still)

    @cached_property
    def _magnitudes(self) -> Array:
        return np.abs(self.gram)

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
