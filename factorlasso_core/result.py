"""What a fit is, what became of every cell, and what the analyst should know about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.certificate import Certificate
from factorlasso_core.diagnostics import InSample
from factorlasso_core.evidence import Evidence
from factorlasso_core.groups import Clustering
from factorlasso_core.guided import LEAST_ROWS, Guided
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import Prepared
from factorlasso_core.priors import OlsPrior
from factorlasso_core.problem import Problem
from factorlasso_core.rules import MINIMUM_ROWS
from factorlasso_core.signs import Box
from factorlasso_core.solve import PROVED, Solved

UNPROVED = {
    True: "Not proved optimal to a relative gap of 1e-9; the factors are nearly collinear for these responses, "
    "so raise λ or drop a factor",
    False: "Not proved optimal to a relative gap of 1e-9; the solver stopped early, so use solver='fast' for these",
}


class State(IntEnum):
    """What became of a cell."""

    ACTIVE = 0
    AT_PRIOR = 1
    ZERO_BY_PENALTY = 2
    HELD_BY_BOUND = 3
    WARM_UP = 4
    NO_DATA = 5


@dataclass(frozen=True)
class Notice:
    """Something the analyst should know about a fit: a stable code and one sentence."""

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Fit:
    """Everything a fit produced, read-only.

    Attributes:
        panel, beliefs, spec, solver: What was fitted. digest: Identity of the fit.
        beta: (N, M) loadings; exact zeros are exact. state: (N, M) codes of :class:`State`.
        intercept: (N,) mean residual of the demeaned fit. alpha: (N,) the regression constant in
            units of the panel per row.
        statistics: In-sample statistics, NaN for responses in warm-up.
        problem, solved: What was solved and its proof; None with fewer than 5 prepared rows.
        box: Bounds and the rule of each cell. prior: (N, M) prior in force. data: Prepared arrays.
        evidence: Univariate slopes, derived signs and adaptive weights; None where not asked for.
        ols: Where the prior of the data comes from; None where not asked for.
        clustering, labels, cutoff: Tree, (N,) group labels and absolute height of the cut; None where
            the model has none. short: (N,) responses in warm-up. counted: (N,) those that count in groups.
    """

    panel: Panel
    beliefs: Beliefs
    spec: FitSpec
    solver: str
    digest: str
    beta: Array
    state: Array
    intercept: Array
    alpha: Array
    statistics: InSample
    data: Prepared
    box: Box
    prior: Array
    problem: Problem | None
    solved: Solved | None
    evidence: Evidence | None
    ols: OlsPrior | None
    clustering: Clustering | None
    labels: Array | None
    cutoff: float | None
    short: Array
    counted: Array
    notices: tuple[Notice, ...]

    @property
    def certificate(self) -> Certificate | None:
        """The proof of optimality, or None when nothing was solved."""
        return None if self.solved is None else self.solved.certificate

    @property
    def multipliers(self) -> Array:
        """What the objective would gain per unit a loading's bound is relaxed, (N, M); negative at a lower bound.

        Zero where no bound holds. In UniLasso, whose solver works on ``θ = β/slope``, per unit of β as everywhere.
        """
        if self.problem is None or self.solved is None:
            return np.zeros(self.beta.shape)
        prices, data = self.solved.certificate.multipliers, self.problem.data
        if not isinstance(data, Guided):
            return prices
        return np.divide(prices, data.slope, out=np.zeros_like(prices), where=data.slope != 0)

    @property
    def block_weights(self) -> Array | None:
        """Adaptive weight of every block, (G, M), groups in the order they first occur; None without any."""
        if self.evidence is None or self.evidence.weights is None or not self.spec.model_type.couples_responses:
            return None
        groups = np.zeros(len(self.beta)) if self.labels is None else self.labels
        return self.evidence.weights.block[~pd.Series(groups).duplicated().to_numpy()]

    @property
    def betas(self) -> pd.DataFrame:
        """Loadings as a frame of the caller's own, responses by factors."""
        return self.panel.cells(self.beta)

    @property
    def clusters(self) -> pd.Series | None:
        """Group label by response without the responses in warm-up, or None."""
        if self.labels is None:
            return None
        return self.panel.by_response(self.labels, "cluster")[~self.short]

    @property
    def n_clusters(self) -> int | None:
        """Number of groups the penalty used."""
        return None if self.labels is None else len(pd.unique(self.labels[self.counted]))

    @property
    def zero_share(self) -> float:
        """Share of cells that are exactly zero."""
        return float((self.beta == 0).mean())

    @property
    def objective(self) -> float:
        """Value of the objective summed over responses; NaN when nothing was solved."""
        if self.problem is None or self.solved is None:
            return float("nan")
        return float(self.problem.objective(self.solved.solution.beta).sum())


def cell_states(problem: Problem | None, solved: Solved | None, short: Array, shape: tuple[int, ...]) -> Array:
    """Return the code of every cell, (N, M); for UniLasso what became of its θ."""
    state = np.full(shape, State.NO_DATA, dtype=np.int8)
    if problem is not None and solved is not None:
        beta = solved.solution.beta
        at_prior = beta == problem.prior
        state[:] = State.ACTIVE
        state[at_prior] = State.AT_PRIOR
        state[(beta == 0) & at_prior] = State.ZERO_BY_PENALTY
        at_bound = (beta == problem.box.lower) | (beta == problem.box.upper)
        state[at_bound & (~at_prior | solved.certificate.held)] = State.HELD_BY_BOUND
        grams = problem.moments.gram
        flat = (np.einsum("pjj->pj", grams) == 0)[problem.moments.pattern]
        state[flat & (solved.certificate.multipliers == 0)] = State.NO_DATA
    state[short] = State.WARM_UP
    return state


def notices(
    panel: Panel, data: Prepared, problem: Problem | None, solved: Solved | None, short: Array
) -> tuple[Notice, ...]:
    """What the analyst should know: who was left out and why, and what was not proved."""
    found = [_about("warm-up", "Too few observations, loadings set to zero", panel.responses, short)]
    if problem is None or solved is None:
        message = f"Only {data.rows} prepared rows: at least {MINIMUM_ROWS} are needed, nothing was estimated."
        found.append(Notice("too-short", message))
    else:
        guided = isinstance(problem.data, Guided)  # it counts every row once
        counting = data.masks if guided else data.masks & (data.weights > 0)
        count = np.count_nonzero(counting, axis=1)[data.pattern]
        empty = (count == 0) & ~short
        few = guided & (count < LEAST_ROWS) & ~empty & ~short
        constant = (problem.moments.constant == 0) & ~empty & ~short & ~few
        flat = np.all(data.x == 0, axis=0)
        unproved = ~(solved.certificate.relative <= PROVED) & ~short
        found += [
            _about("few", f"Fewer than {LEAST_ROWS} observations, loadings set to zero", panel.responses, few),
            _about("empty", "No usable observation", panel.responses, empty),
            _about("constant", "Constant, nothing to explain", panel.responses, constant),
            _about("flat-factor", "Factor does not vary, loadings left at the prior", panel.factors, flat),
            _about("unproved", UNPROVED[solved.solution.solver == "fast"], panel.responses, unproved),
        ]
    return tuple(notice for notice in found if notice is not None)


def _about(code: str, what: str, index: pd.Index, concerned: Array) -> Notice | None:
    """``what: a, b, c and 4 more``, ten names at most; None when it concerns nobody."""
    if not concerned.any():
        return None
    labels = index[concerned]
    more = f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    return Notice(code, f"{what}: {', '.join(map(str, labels[:10]))}{more}.")
