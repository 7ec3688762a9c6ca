"""What univariate regressions say about signs, and what follows for the penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.digest import array_bytes, canonical_json, digest
from factorlasso_core.ewm import loss_weights
from factorlasso_core.groups import Groups
from factorlasso_core.options import FitSpec, SignOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import AdaptiveWeights
from factorlasso_core.signs import block_weights, cell_weights, detected_signs, row_weights
from factorlasso_core.slopes import Slopes, slopes
from factorlasso_core.stages import Stages
from factorlasso_core.steps import prepared


@dataclass(frozen=True, eq=False)
class Evidence:
    """Univariate evidence, before the analyst's own beliefs are laid over it.

    Attributes:
        slopes: Per pool. detected: (N, M) signs of -1, 0, 1; 0 where the gate closed.
        weights: Adaptive multipliers of the penalty, or None. span: EWMA span of the slopes, or None.
    """

    slopes: Slopes
    detected: Array
    weights: AdaptiveWeights | None
    span: float | None

    @property
    def slope(self) -> Array:
        """Slope of each response's pool, (N, M)."""
        return self.slopes.by_response(self.slopes.slope)

    @property
    def t(self) -> Array:
        """t statistic of each response's pool, (N, M)."""
        return self.slopes.by_response(self.slopes.t)


def evidence(stages: Stages, panel: Panel, spec: FitSpec, groups: Groups | None) -> Evidence | None:
    """Derive signs and adaptive weights, None where the analyst did not ask for them.

    A group is one pool: its members share their evidence. Without groups every response is its own pool.
    """
    options = spec.signs
    if not options.derive:
        return None
    n = panel.shape[1]
    pools = np.arange(n) if groups is None else groups.codes
    counted = np.ones(n, dtype=bool) if groups is None else groups.counted
    span = options.span_for(spec.loss)
    found = _slopes(stages, panel, spec, pools, counted, span)
    detected = found.by_response(detected_signs(found, options.threshold_t))
    weights = _weights(found, detected, options, pools) if options.adaptive else None
    return Evidence(found, frozen(detected), weights, span)


def _slopes(stages: Stages, panel: Panel, spec: FitSpec, pools: Array, counted: Array, span: float | None) -> Slopes:
    variance = spec.signs.variance
    key = digest(
        panel.key,
        spec.loss.digest(),
        canonical_json([span, variance]),
        array_bytes(pools),
        array_bytes(counted),
    )

    def compute() -> Slopes:
        data = prepared(stages, panel, spec.loss)
        present = ~np.isnan(panel.x)[panel.shape[0] - data.rows :]
        weights = None if span is None else loss_weights(data.rows, span)
        valid = data.valid & counted
        return slopes(data.x, present, np.where(valid, data.y, 0.0), valid, pools, weights=weights, variance=variance)

    return stages.get("signs", key, compute)


def _weights(found: Slopes, detected: Array, options: SignOptions, pools: Array) -> AdaptiveWeights:
    cell = cell_weights(found.by_response(found.slope), detected, options.gamma, options.floor)
    block = block_weights(cell, detected, pools)[pools]
    return AdaptiveWeights(frozen(cell), frozen(row_weights(cell, detected)), frozen(block))
