"""The penalty ``Ω(d) = Σ_b r_b ‖d_b‖₂ + Σ_kj c_kj |d_kj|`` of the deviation from the prior.

The blocks b are what tells the models apart (λ the penalty, α the L1 share, w_g the weight of group g):

- LASSO, UniLasso: no blocks, ``r = 0``, ``c = λ``.
- GROUP_LASSO, HCGL: the row of each response, ``r = (1-α) λ w_g``. The group enters as a weight only.
- FCGL: the loadings of one cluster on one factor, ``r = (1-α) λ w_g``. This couples the cluster's responses.
- Cooperative: as FCGL, the positive and the negative part of each block with a norm of its own.

In all but the first ``c = α λ``. Adaptive weights multiply r and c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.blocks import Blocks, FactorBlocks, RowBlocks, SignedBlocks
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import PenaltyOptions


@dataclass(frozen=True, eq=False)
class Penalty:
    """Weighted block norms and weighted absolute values.

    Attributes:
        blocks: Which cells share a norm.
        block: r >= 0 of the block of each cell, (N, M), or (N, 1) for rows.
        cell: (N, M) c >= 0.
    """

    blocks: Blocks
    block: Array
    cell: Array

    def length(self, d: Array, signs: Array | None = None) -> Array:
        """Return the norm of each cell's block, in the shape of ``block``."""
        return np.sqrt(self.blocks.total(d * d, d if signs is None else signs))

    def pull(self, d: Array) -> Array:
        """Return ``r/‖d_b‖`` of each cell's block, zero where the block is zero."""
        length = self.length(d)
        return np.divide(self.block, length, out=np.zeros_like(length), where=length > 0)

    def value(self, d: Array) -> Array:
        """Return Ω as the share of every response, (N,): a block's norm divides like its squares."""
        smooth = np.vecdot(self.pull(d) * d, d) if self.block.any() else 0.0
        return smooth + np.vecdot(self.cell, np.abs(d))

    def take(self, responses: Array) -> Penalty:
        """The penalty of some responses, given by position in whole units."""
        return Penalty(self.blocks.take(responses), self.block[responses], self.cell[responses])

    @classmethod
    def joined(cls, parts: Sequence[Penalty]) -> Penalty:
        """The penalty of all responses of the parts, which stay units of their own."""
        blocks = parts[0].blocks.joined([part.blocks for part in parts])
        return cls(blocks, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("block", "cell")))


@dataclass(frozen=True, eq=False)
class AdaptiveWeights:
    """Multipliers of the penalty: ``cell`` (N, M), ``row`` (N,), and ``block`` (N, M) of each cell's block."""

    cell: Array
    row: Array
    block: Array


def group_weights(labels: Array, rule: str, counted: Array | None = None) -> Array:
    """Return the weight w of each response's group, (N,).

    Args:
        labels: (N,) group of each response.
        rule: ``"normalized"`` for ``sqrt(|g|/G)``, ``"yuan_lin"`` for ``sqrt(|g|)``.
        counted: (N,) responses that count in ``|g|`` and G, by default all; the others get the weight 1.

    >>> group_weights(np.array(["a", "a", "b"]), "yuan_lin").round(3).tolist()
    [1.414, 1.414, 1.0]
    """
    codes = pd.factorize(labels)[0]
    counts = np.ones(len(codes)) if counted is None else counted.astype(float)
    sizes = np.bincount(codes, weights=counts)
    weights = np.sqrt(sizes[codes] / (np.count_nonzero(sizes) if rule == "normalized" else 1))
    return np.where(counts > 0, weights, 1.0)


@dataclass(frozen=True, eq=False)
class PenaltyShape:
    """A penalty but for λ and α.

    Attributes:
        blocks: Which cells share a norm.
        block: Weight of the norm of each cell's block, (N, M), or (N, 1) for rows. cell: (N, M) weight of each cell.
        mixed: Whether α is the share of λ on the cells; otherwise all of it is.
    """

    blocks: Blocks
    block: Array
    cell: Array
    mixed: bool = True

    def at(self, options: PenaltyOptions) -> Penalty:
        """Return the penalty at λ and α."""
        size, share = options.reg_lambda, options.l1_weight if self.mixed else 1.0
        return Penalty(self.blocks, frozen((1.0 - share) * size * self.block), frozen(share * size * self.cell))


def lasso_penalty(shape: tuple[int, ...], weights: AdaptiveWeights | None = None) -> PenaltyShape:
    """Every cell by itself; α and the group rule have no meaning here."""
    cell = np.ones(shape) if weights is None else weights.cell
    return PenaltyShape(RowBlocks(), frozen(np.zeros((shape[0], 1))), frozen(cell), mixed=False)


def group_penalty(
    model_type: LassoModelType,
    rule: str,
    labels: Array,
    factors: int,
    weights: AdaptiveWeights | None = None,
    counted: Array | None = None,
) -> PenaltyShape:
    """The blocks of the model type, weighted by group.

    Args:
        rule: See :func:`group_weights`. labels: (N,) group of each response. factors: M.
        weights: Adaptive multipliers. counted: (N,) responses that count in group sizes; by default all.
    """
    by_group = group_weights(labels, rule, counted)
    codes = pd.factorize(labels)[0]
    if counted is not None:  # who does not count is in nobody's block
        codes = np.where(counted, codes, codes.max() + 1 + np.arange(len(codes)))
    across = SignedBlocks if model_type.is_cooperative else FactorBlocks
    blocks = across(codes) if model_type.couples_responses else RowBlocks()
    return mixed_penalty(by_group, blocks, (len(labels), factors), weights)


def mixed_penalty(
    by_group: Array, blocks: Blocks, shape: tuple[int, int], weights: AdaptiveWeights | None = None
) -> PenaltyShape:
    """Blocks weighted by group, and cells.

    Args:
        by_group: (N,) w of each response's group. shape: (N, M). weights: Adaptive multipliers.
    """
    rows = isinstance(blocks, RowBlocks)
    block = np.array(np.broadcast_to(by_group[:, None], (shape[0], 1) if rows else shape))
    if weights is None:
        return PenaltyShape(blocks, frozen(block), frozen(np.ones(shape)))
    block *= weights.row[:, None] if rows else weights.block
    return PenaltyShape(blocks, frozen(block), weights.cell)
