"""How the cells of a loadings matrix are divided into the blocks whose norms are penalised.

A block's value is handed back to each of its cells, so that everything stays an array over cells, whatever
the blocks look like. Responses that share a block are one *unit*: they can only be solved, stopped and
certified together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from factorlasso_core.arrays import Array, frozen, row_sums


class RowBlocks:
    """The loadings of one response are one block; every response is a unit of its own."""

    signed = False  # whether positive and negative cells are in blocks of their own

    def total(self, values: Array, signs: Array) -> Array:
        """Sum of each cell's block, (n, 1); ``signs`` (n, M) tells signed blocks apart."""
        return row_sums(values)[:, None]

    def one(self, values: Array) -> Array:
        """Values that are alike within a block in the shape :meth:`total` returns: the first factor's, (n, 1)."""
        return values[:, :1]

    def by_unit(self, reduce: np.ufunc, values: Array) -> Array:
        """One value per response, (n,), reduced over its unit and handed to every member: the values themselves."""
        return values

    def take(self, responses: Array) -> RowBlocks:
        """The blocks of some responses, given by position in whole units."""
        return self

    @classmethod
    def joined(cls, parts: Sequence[Any]) -> RowBlocks:
        """The blocks of all responses of the parts."""
        return cls()

    def runs(self, n: int, size: int) -> list[Array]:
        """Positions of n responses in runs of about ``size`` that keep units together."""
        return np.split(np.arange(n), range(size, n, size))


@dataclass(frozen=True, eq=False)
class FactorBlocks:
    """The loadings of the responses of one cluster on one factor are one block; a cluster is a unit.

    Attributes:
        cluster: (n,) cluster of each response; any integers, kept as 0, 1, ...
    """

    signed: ClassVar[bool] = False

    cluster: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "cluster", frozen(np.unique(self.cluster, return_inverse=True)[1]))

    @cached_property
    def _order(self) -> Array:
        return np.argsort(self.cluster, kind="stable")

    @cached_property
    def _starts(self) -> Array:
        return np.searchsorted(self.cluster[self._order], np.arange(self.cluster.max(initial=-1) + 1))

    def by_unit(self, reduce: np.ufunc, values: Array) -> Array:
        """Reduce over the first axis within each cluster."""
        return self.of_unit(reduce, values)[self.cluster]

    def of_unit(self, reduce: np.ufunc, values: Array) -> Array:
        """Reduce over the first axis, one value per cluster."""
        return reduce.reduceat(values[self._order], self._starts, axis=0)

    def total(self, values: Array, signs: Array) -> Array:
        """Sum over the members of the cluster, (n, M)."""
        return self.by_unit(np.add, values)

    def one(self, values: Array) -> Array:
        """The values as they are: a block has as many rows as members."""
        return values

    def take(self, responses: Array) -> FactorBlocks:
        """The blocks of some clusters."""
        return type(self)(self.cluster[responses])

    @classmethod
    def joined(cls, parts: Sequence[Any]) -> FactorBlocks:
        """The clusters of all parts, those of one behind those of the other."""
        sizes = [part.cluster.max(initial=-1) + 1 for part in parts]
        first = np.cumsum([0, *sizes[:-1]])
        return cls(np.concatenate([at + part.cluster for at, part in zip(first, parts, strict=True)]))

    def runs(self, n: int, size: int) -> list[Array]:
        """Positions of the n responses in runs of about ``size`` that keep clusters together."""
        run = (self._starts // size)[self.cluster[self._order]]
        return np.split(self._order, np.flatnonzero(np.diff(run)) + 1)


class SignedBlocks(FactorBlocks):
    """As :class:`FactorBlocks`, with positive and negative loadings in blocks of their own."""

    signed: ClassVar[bool] = True

    def total(self, values: Array, signs: Array) -> Array:
        """Sum over the members whose sign is that of the cell; a cell without a sign has no block."""
        plus = self.by_unit(np.add, np.where(signs > 0, values, 0.0))
        minus = self.by_unit(np.add, np.where(signs < 0, values, 0.0))
        return np.where(signs > 0, plus, np.where(signs < 0, minus, 0.0))


Blocks = RowBlocks | FactorBlocks
