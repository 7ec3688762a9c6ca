"""The bootstrap from options to result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.frames import Table, aligned_frames
from factorlasso_core.model import LassoModel
from factorlasso_core.panel import Panel
from factorlasso_core.resample.draws import (
    Wild,
    check_options,
    check_panel,
    check_size,
    gaussian_numbers,
    given_numbers,
    row_times,
    wild,
)
from factorlasso_core.resample.fits import FIT_COLUMNS, Block, fits_of_draws
from factorlasso_core.resample.result import FactorBootstrapResult

Progress = Callable[[int, int], None]
HELD = {
    True: "factors, missing cells, λ and what the analyst gave are held, everything else is fitted anew",
    False: "everything but the loss is held: clusters, signs, adaptive weights and prior are those of the data",
}


def bootstrap_factor_betas(
    model: LassoModel,
    x: Table,
    y: Table,
    *,
    draws: int = 2000,
    seed: int = 0,
    bandwidth: float = 3.0,
    calendar: Any = None,
    multipliers: pd.DataFrame | None = None,
    progress: Progress | None = None,
    recluster: bool = True,
) -> FactorBootstrapResult:
    """Fit a model to the data and to draws of it.

    Args:
        model: Parameters of the fits; it is left as it is. Clusters it was given from outside are kept.
        x, y: (T, M) factors and (T, N) responses on rows in order.
        draws: At least 20. seed: Whole number >= 0; the same seed gives the same draws on the same machine.
        bandwidth: Distance from which dates are independent, in the units of ``calendar``.
        calendar: (T,) increasing positions of the rows; None counts the rows.
        multipliers: (draws, T) frame of ξ with the rows of ``x`` as columns, in place of seed and bandwidth.
        progress: Called with the draws done and their total after every block.
        recluster: Whether each draw finds its own clusters, signs, adaptive weights and prior, which also
            gives the co-association of the clusters. If not, those of the data are held and many draws are
            solved at once. UniLasso has nothing to hold.

    Raises:
        OptionError: An argument is out of range. DataError: The data cannot be drawn from, with the cure.
        TypeError: ``model`` is no LassoModel, or ``calendar`` no numbers.
    """
    if not isinstance(model, LassoModel):
        raise TypeError(f"model must be a LassoModel, not {type(model).__name__}.")
    check_options(draws, seed, bandwidth, recluster)
    panel = Panel.from_frames(*aligned_frames(x, y))
    check_panel(panel, model.warmup_period)
    check_size(draws, panel)
    times = row_times(calendar, len(panel.index))
    if multipliers is None:
        xi = gaussian_numbers(times, draws, seed, bandwidth)
    else:
        xi = given_numbers(multipliers, draws, panel.index)
    data = wild(model, x, y)
    found = _collected(data, fits_of_draws(data, xi, recluster), draws, progress)
    how = {
        "method": f"{'full_estimator' if recluster else 'fixed_partition'}_dependent_wild",
        "draws": int(draws),
        "seed": int(seed),
        "bandwidth": float(bandwidth),
        "supplied_multipliers": multipliers is not None,
        "calendar": times.tolist(),
        "coverage": "not_validated",
        "scope": HELD[bool(recluster)],
        "residual_adjustment": "centred in the weights of the loss, not scaled for degrees of freedom",
        "failed_draws": int((~found.diagnostics["converged"]).sum()),
    }
    return _labelled(data, found, how)


def _labelled(data: Wild, found: _Collected, how: dict[str, Any]) -> FactorBootstrapResult:
    panel = data.start.panel
    index = pd.MultiIndex.from_product([range(len(found.beta)), panel.responses], names=["draw", "asset"])
    draws = pd.DataFrame(found.beta.reshape(-1, len(panel.factors)), index=index, columns=panel.factors)
    return FactorBootstrapResult(data.start.betas, draws, found.diagnostics, data.support, how, found.coassociation)


@dataclass(frozen=True, eq=False)
class _Collected:
    beta: Array
    diagnostics: pd.DataFrame
    coassociation: pd.DataFrame | None


def _collected(data: Wild, blocks: Iterator[Block], draws: int, progress: Progress | None) -> _Collected:
    """Put blocks of draws together as they come."""
    responses, factors = data.start.beta.shape
    beta = np.empty((draws, responses, factors), dtype=np.float32)
    changes, converged, gap = (
        np.empty((draws, len(FIT_COLUMNS)), dtype=int),
        np.empty(draws, dtype=bool),
        np.empty(draws),
    )
    together, done = None, 0
    for block in blocks:
        part = slice(done, done + len(block.beta))
        beta[part], changes[part], converged[part], gap[part] = block.beta, block.changes, block.converged, block.gap
        if block.groups is not None:
            shared = (block.groups[:, :, None] == block.groups[:, None, :]).sum(axis=0)
            together = shared if together is None else together + shared
        done = part.stop
        if progress is not None:
            progress(done, draws)
    table = pd.DataFrame(changes, columns=list(FIT_COLUMNS), index=pd.RangeIndex(draws, name="draw"))
    table["partition_changed"] = table["partition_changed"].astype(bool)
    names = data.start.panel.responses
    shares = None if together is None else pd.DataFrame(together / draws, index=names, columns=names)
    return _Collected(beta, table.assign(converged=converged, relative_gap=gap), shares)
