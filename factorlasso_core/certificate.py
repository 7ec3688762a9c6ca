"""How far any candidate is from optimal, proved without knowing how it was found.

For one response (one cluster, where the penalty ties its members together) let ``d = β - β⁰`` and
``z = g - Aβ`` (minus the gradient of the loss). Split

    z = p + μ + e

with p in the dual ball of the penalty (``‖soft(p, c)‖₂ <= r`` on every block; on signed blocks for the
positive and the negative part), μ multipliers of the box (μ_j <= 0 only where the lower side is finite,
>= 0 only where the upper side is), e what is left. Then

    gap = [Ω(d) - p·d] + [Σ_j μ⁺(upper - β) + μ⁻(β - lower)] + ½ e'A⁺e

is the primal value minus a value of the Fenchel dual: an upper bound on how much the objective at β
exceeds the minimum, for *any* such split; infinite if e leaves the range of A. Four splits are tried and
the smallest gap kept: each is exact at an optimum, and which is sharpest nearby depends on the candidate.

The relative gap divides by the larger of the objective and the loss at the clipped prior, so that it
means the same for noise-free data, λ = 0 and any units; where both vanish, by the rounding of the loss at
zero. Only the moments of the data are shared with the solvers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factorlasso_core.arrays import Array, frozen, row_largest
from factorlasso_core.moments import Moments, gram_times
from factorlasso_core.penalty import Penalty
from factorlasso_core.problem import Problem

ROUNDING = 1e-15
RANGE_TOLERANCE = 1e-12  # of ‖g‖: how far e may leave the range of A
HELD_TOLERANCE = 1e-9  # of the largest |g|: a smaller multiplier does not hold a bound


@dataclass(frozen=True, eq=False)
class Certificate:
    """Proof of optimality of one candidate.

    Attributes:
        gap: (N,) duality gap in units of the objective; relative: (N,) the same per unit of it. Where the
            penalty ties the members of a cluster together, the cluster's, at each of them.
        residual: (N,) largest violation of the optimality conditions as a share of the largest |g|.
        multipliers: (N, M) the smallest multiplier each bound can have in a proof of optimality,
            which is what the objective gains per unit that this bound alone is relaxed; negative at
            a lower bound.
        held: (N, M) whether a bound holds the cell.
    """

    gap: Array
    relative: Array
    residual: Array
    multipliers: Array
    held: Array

    @property
    def relative_gap(self) -> float:
        """Largest relative gap over the responses."""
        return float(self.relative.max(initial=0.0))

    @property
    def kkt_residual(self) -> float:
        """Largest relative KKT residual over the responses."""
        return float(self.residual.max(initial=0.0))


@dataclass(frozen=True, eq=False)
class _Point:
    """A candidate with everything the splits need, all (n, M) unless noted."""

    beta: Array
    d: Array
    z: Array
    lower: Array
    upper: Array
    size: Array  # (n,) norm of the largest gradient met, against which a residual is small
    penalty: Penalty

    @cached_property
    def boxed(self) -> bool:
        """Whether any cell has a bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    def take(self, rows: Array) -> _Point:
        names = ("beta", "d", "z", "lower", "upper", "size")
        return _Point(**{name: getattr(self, name)[rows] for name in names}, penalty=self.penalty.take(rows))

    def over_unit(self, reduce: np.ufunc, values: Array) -> Array:
        return self.penalty.blocks.by_unit(reduce, values)


def certify(problem: Problem, beta: Array) -> Certificate:
    """Certify candidate loadings, (N, M); outside the box the gap is infinite."""
    moments, box, start = problem.moments, problem.box, problem.box.clip(problem.prior)
    linear, pulled = moments.linear, moments.times_gram(beta)
    begun = moments.times_gram(start) if start.any() else start
    size = np.sqrt(np.max([_squares(linear), _squares(pulled), _squares(begun)], axis=0))
    d = beta - problem.prior
    point = _Point(beta, d, linear - pulled, box.lower, box.upper, size, problem.penalty)
    scale = point.over_unit(np.maximum, row_largest(np.maximum(np.abs(linear), np.abs(begun))))
    p, mu, prices = _active_split(point)
    residual = point.over_unit(np.maximum, row_largest(np.abs(point.z - p - mu)))
    gap = _smallest_gap(problem, point, p, mu)
    # Neither value is known better than to the rounding of the loss at zero, from which it is subtracted.
    objective = moments.loss(beta, pulled) + problem.penalty.value(d)
    values = np.stack([objective, moments.loss(start, begun), ROUNDING * moments.constant], axis=1)
    floor = point.over_unit(np.add, values).max(axis=1)
    if point.boxed:
        outside = np.any((beta < point.lower) | (beta > point.upper), axis=1)
        gap[point.over_unit(np.logical_or, outside)] = np.inf
    return Certificate(
        gap=frozen(gap),
        relative=frozen(_ratio(gap, floor)),
        residual=frozen(_ratio(residual, scale)),
        multipliers=frozen(prices),
        held=frozen(np.abs(prices) > HELD_TOLERANCE * scale[:, None]),
    )


def _ratio(value: Array, scale: Array) -> Array:
    """value/scale, with 0/0 = 0 and x/0 = inf."""
    out = np.where(value > 0, np.inf, 0.0)
    return np.divide(value, scale, out=out, where=(scale > 0) & np.isfinite(value))


def _smallest_gap(problem: Problem, point: _Point, p: Array, mu: Array) -> Array:
    """Gap of the active split, improved by the others on the rows where it is not already negligible."""
    moments = problem.moments
    gap = _gap(point, p, mu, moments, moments.pattern)
    left = np.flatnonzero(~(gap <= 1e-14 * point.over_unit(np.add, moments.constant)))
    others: tuple[Callable[[_Point], tuple[Array, Array]], ...] = (
        _nearby_split,
        _projected_split,
        _scaled_split,
    )
    for split in others if len(left) else ():
        part = point.take(left)
        gap[left] = np.minimum(gap[left], _gap(part, *split(part), moments, moments.pattern[left]))
    return gap


def _soft(values: Array, threshold: Array) -> Array:
    return np.sign(values) * np.maximum(np.abs(values) - threshold, 0.0)


def _squares(values: Array) -> Array:
    return np.vecdot(values, values)


def _one_sided(values: Array, low: Array, high: Array) -> Array:
    """Keep what a bound can push: negative values where ``low`` holds, positive where ``high`` does."""
    return np.where(low, np.minimum(values, 0.0), 0.0) + np.where(high, np.maximum(values, 0.0), 0.0)


def _gradient_part(point: _Point) -> Array:
    """The subgradient of Ω at d nearest to z, in the dual ball by construction; blocks at d = 0 left out."""
    cell = point.penalty.cell
    smooth = point.penalty.pull(point.d) * point.d
    kink = np.clip(point.z, -cell, cell)
    return smooth + np.where(point.d != 0, np.sign(point.d) * cell, kink)


def _at_zero(point: _Point, signs: Array) -> Array:
    """Cells whose block is at d = 0, in the shape of a block's values; signs say whose block that is."""
    return point.penalty.blocks.total((point.d != 0).astype(float), signs) == 0


def _signs(point: _Point, excess: Array) -> Array:
    """Which part of a signed block a cell is in: that of its deviation, or of the pull on it."""
    return np.where(point.d != 0, point.d, excess)


def _resting(point: _Point) -> Array:
    """Positions of the responses of units with a block at d = 0, whose split is not settled by the gradient alone."""
    signs = _signs(point, point.z) if point.penalty.blocks.signed else point.d
    return np.flatnonzero(point.over_unit(np.logical_or, np.asarray(_at_zero(point, signs).any(axis=1))))


def _room(point: _Point, excess: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """What the box can push of the excess, and the length the block's ball leaves for the rest of it."""
    pushed = _one_sided(excess, low, high)
    free = point.penalty.length(excess - pushed, _signs(point, excess))
    return pushed, np.sqrt(np.maximum(point.penalty.block**2 - free**2, 0.0))


def _blocks_at_prior(point: _Point, p: Array, mu: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Replace p and μ on blocks with d = 0: the smallest μ that brings z into the ball, then the projection.

    Returns:
        p, μ, and the price of each bound: the multiplier it would have alone.
    """
    excess = _soft(point.z, point.penalty.cell)
    signs = _signs(point, excess)
    zero = _at_zero(point, signs)
    pushed, room = _room(point, excess, low, high)
    held = point.penalty.length(pushed, signs)
    keep = np.minimum(np.divide(room, held, out=np.zeros_like(held), where=held > 0), 1.0)
    mu_zero = pushed * (1.0 - keep)
    p_zero = _projection(point.z - mu_zero, point)
    return np.where(zero, p_zero, p), np.where(zero, mu_zero, mu), np.where(zero, _soft(pushed, room), mu)


def _projection(v: Array, point: _Point) -> Array:
    """Nearest point of the dual ball ``{p: ‖soft(p, c)‖ <= r on every block}``."""
    excess = _soft(v, point.penalty.cell)
    length, block = point.penalty.length(excess), point.penalty.block
    shrink = np.minimum(np.divide(block, length, out=np.ones_like(length), where=length > block), 1.0)
    return v - excess * (1.0 - shrink)


def _split(point: _Point, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Exact at an optimum: subgradient at d, multipliers where ``low`` or ``high`` say that a bound may push.

    Returns:
        p, μ, and the price of each bound, (n, M) each.
    """
    p = _gradient_part(point)
    mu = _one_sided(point.z - p, low, high) if point.boxed else np.zeros_like(p)
    prices, resting = mu.copy(), _resting(point)
    if len(resting):
        parts = (values[resting] for values in (p, mu, low, high))
        p[resting], mu[resting], prices[resting] = _blocks_at_prior(point.take(resting), *parts)
    return p, mu, prices


def _active_split(point: _Point) -> tuple[Array, Array, Array]:
    """Multipliers only where β sits on its bound."""
    return _split(point, point.beta <= point.lower, point.beta >= point.upper)


def _nearby_split(point: _Point) -> tuple[Array, Array]:
    """As the active split, with multipliers at every finite bound: for candidates just short of one."""
    return _split(point, np.isfinite(point.lower), np.isfinite(point.upper))[:2]


def _projected_split(point: _Point) -> tuple[Array, Array]:
    """p the projection of z - μ: for candidates with dust where the optimum has zeros."""
    _, mu = _nearby_split(point)
    return _projection(point.z - mu, point), mu


def _scaled_split(point: _Point) -> tuple[Array, Array]:
    """The nearby split's z - μ of a unit shrunk into the ball: e is a multiple of it, always in the range of A."""
    _, mu = _nearby_split(point)
    v = point.z - mu
    low, high = np.zeros((len(v), 1)), np.ones((len(v), 1))
    for _ in range(60):
        middle = 0.5 * (low + high)
        inside = _fits(v * middle, point)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    s = np.where(_fits(v, point), 1.0, low)
    return v * s, mu * s


def _fits(v: Array, point: _Point) -> Array:
    """Whether the whole unit lies in the dual ball, (n, 1)."""
    excess = _soft(v, point.penalty.cell)
    inside = np.all(point.penalty.length(excess) <= point.penalty.block, axis=1)
    return point.over_unit(np.logical_and, inside)[:, None]


def _gap(point: _Point, p: Array, mu: Array, moments: Moments, pattern: Array) -> Array:
    """The three parts of the gap, each non-negative for a feasible β, summed over the unit."""
    penalty = point.penalty.value(point.d) - np.vecdot(p, point.d)
    bounds = _reach(point, mu) if point.boxed else np.zeros_like(penalty)
    rest = _inverse_norm(point.z - p - mu, point, moments, pattern)
    parts = point.over_unit(np.add, np.stack([penalty, bounds, 0.5 * rest], axis=1))
    return np.maximum(parts, 0.0).sum(axis=1)


def _reach(point: _Point, mu: Array) -> Array:
    """``σ_box(μ) - μ·β``: multipliers times the way to their bounds, (n,)."""
    # Only finite sides carry a multiplier; the product with an infinite side is 0 * inf.
    to_upper = np.where(mu > 0, point.upper - point.beta, 0.0)
    to_lower = np.where(mu < 0, point.beta - point.lower, 0.0)
    return np.vecdot(np.abs(mu), to_upper + to_lower)


def _inverse_norm(e: Array, point: _Point, moments: Moments, pattern: Array) -> Array:
    """``e'A⁺e``, infinite where e has a part outside the range of A, (n,)."""
    values, vectors = moments.spectrum
    inside = moments.inside_range
    coordinates = gram_times(vectors.transpose(0, 2, 1), pattern, e)
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=inside)[pattern]
    outside = np.sqrt(_squares(np.where(inside[pattern], 0.0, coordinates)))
    finite = outside <= RANGE_TOLERANCE * point.size
    return np.where(finite, np.vecdot(inverse * coordinates, coordinates), np.inf)
