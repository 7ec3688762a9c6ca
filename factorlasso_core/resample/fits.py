"""Fits of the draws: with everything but the loss held, many at once; or one by one from the data on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.fit import fit
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.moments import moments
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import AdaptiveWeights, Penalty
from factorlasso_core.prepare import prepare
from factorlasso_core.problem import Problem
from factorlasso_core.resample.draws import Wild
from factorlasso_core.result import Fit
from factorlasso_core.signs import Box
from factorlasso_core.solve import solve

BLOCK_CELLS = 2**20  # dates x responses drawn and solved at a time: what stays in a processor's cache
ROUNDING = 1e-12  # relative difference up to which weights and priors count as the same
FIT_COLUMNS = (
    "clusters",
    "partition_changed",
    "prior_cells_changed",
    "prior_selection_cells_changed",
    "sign_cells_changed",
    "adaptive_cells_changed",
    "block_weights_changed",
)


@dataclass(frozen=True, eq=False)
class Block:
    """B draws.

    Attributes:
        beta: (B, N, M). changes: (B, 7) what :data:`FIT_COLUMNS` names. converged: (B,) on every response.
        gap: (B,) largest relative duality gap. groups: (B, N) clusters found, or None.
    """

    beta: Array
    changes: Array
    converged: Array
    gap: Array
    groups: Array | None = None


def fits_of_draws(wild: Wild, xi: Array, recluster: bool) -> Iterator[Block]:
    """Fit all draws, (D, T), in blocks; where nothing but the loss follows from the responses, many at once."""
    start = wild.start
    follows = start.clustering is not None or start.evidence is not None or start.ols is not None
    alone = start.spec.model_type is LassoModelType.UNILASSO or (recluster and follows)
    return _refitted(wild, xi) if alone else _held(wild, xi)


def _held(wild: Wild, xi: Array) -> Iterator[Block]:
    """Solve blocks of draws with everything but the loss as in the fit of the data.

    The draws of a block are responses of one problem. Factors and gaps are the same in all of them, so they
    share their Gram matrices; only the linear terms are new.
    """
    start, shape = wild.start, wild.start.beta.shape
    changes = _changes(start, start)
    for block in blocks(len(xi), wild.fitted.size, BLOCK_CELLS):
        part = xi[block]
        solved = solve(_stacked(wild, part), start.solver, wild.fallbacks)
        converged, gap = (
            values.reshape(len(part), -1) for values in (solved.solution.converged, solved.certificate.relative)
        )
        beta = solved.solution.beta.reshape(len(part), *shape)
        yield Block(beta, np.tile(changes, (len(part), 1)), np.all(converged, axis=1), gap.max(axis=1))


def _stacked(wild: Wild, xi: Array) -> Problem:
    """The problem of (B, T) draws as B·N responses, those of one draw next to each other."""
    start, copies = wild.start, len(xi)
    held, panel = start.problem, start.panel
    assert held is not None
    y = frozen(wild.responses(xi).reshape(len(panel.index), -1))
    labels = pd.RangeIndex(y.shape[1])
    data = prepare(Panel(panel.x, y, panel.factors, labels, panel.index), start.spec.loss)
    penalty, box = Penalty.joined([held.penalty] * copies), Box.joined([held.box] * copies)
    return Problem(data, moments(data), penalty, np.tile(held.prior, (copies, 1)), box)


def _refitted(wild: Wild, xi: Array) -> Iterator[Block]:
    """Fit every draw from the data on."""
    start = wild.start
    for numbers in xi:
        panel = replace(start.panel, y=frozen(wild.responses(numbers[None])[:, 0]))
        found = fit(panel, start.beliefs, start.spec, solver=start.solver, fallbacks=wild.fallbacks)
        assert found.solved is not None
        done, gap = found.solved.solution.converged.all(), found.solved.certificate.relative_gap
        groups = None if found.clustering is None or found.labels is None else found.labels[None]
        yield Block(found.beta[None], _changes(found, start)[None], np.array([done]), np.array([gap]), groups)


def _changes(found: Fit, start: Fit) -> Array:
    """What :data:`FIT_COLUMNS` names, (7,)."""
    partition = cells = blocks = 0
    if found.labels is not None and start.labels is not None:
        partition = not np.array_equal(pd.factorize(found.labels)[0], pd.factorize(start.labels)[0])
    if start.evidence is not None and start.evidence.weights is not None:
        cells = _differing(*(_weights(result).cell for result in (found, start)))
        if found.block_weights is not None and start.block_weights is not None:
            blocks = _differing(found.block_weights, start.block_weights)
    chosen = [np.zeros(1) if result.ols is None else 1.0 * (result.ols.prior != 0) for result in (found, start)]
    prior, signs = _differing(found.prior, start.prior), _differing(*(_bounds(result) for result in (found, start)))
    return np.array([found.n_clusters or 0, partition, prior, _differing(*chosen), signs, cells, blocks])


def _bounds(result: Fit) -> Array:
    """Signs the solver got, (N, M)."""
    assert result.problem is not None
    return result.problem.box.signs


def _weights(result: Fit) -> AdaptiveWeights:
    assert result.evidence is not None and result.evidence.weights is not None
    return result.evidence.weights


def _differing(new: Array, old: Array) -> int:
    """Number of cells that differ by more than rounding; all of the larger array where the shapes differ."""
    if new.shape != old.shape:
        return max(new.size, old.size)
    return int(np.sum(~np.isclose(new, old, rtol=ROUNDING, atol=0.0, equal_nan=True)))
