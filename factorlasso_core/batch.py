"""One panel and its beliefs under many options at once: what paths, grids and folds are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.problem import Problem
from factorlasso_core.rules import Rules, settle_each
from factorlasso_core.solve import FAST, Solved, solve_each, solve_joined
from factorlasso_core.stages import Stages


@dataclass(frozen=True, eq=False)
class Candidates:
    """Loadings under K options, with their proofs.

    Attributes:
        beta: (K, N, M) loadings, NaN where nothing was estimated, zero in warm-up.
        alpha: (K, N) the regression constant, NaN in warm-up.
        relative_gap: (K, N) relative duality gap, NaN where nothing was solved.
    """

    beta: Array
    alpha: Array
    relative_gap: Array


def fit_many(panel: Panel, beliefs: Beliefs, specs: Sequence[FitSpec], stages: Stages | None = None) -> Candidates:
    """Fit many options, which may differ in penalty and cut, by the first-party solver, and keep the loadings.

    Args:
        specs: At least one.

    Raises:
        BeliefsError, DataError: See :func:`factorlasso_core.fit.fit`.
    """
    settled = settle_each(panel, beliefs, specs, stages or Stages())
    rules, shape = settled[0], (len(specs), *panel.shape[1:])
    solution, gap = None, np.full(shape[:2], np.nan)
    if rules.enough:
        parts = [solved for solved, _ in solve_joined(_problems(settled, specs))]
        solution = np.concatenate([part.solution.beta for part in parts]).reshape(shape)
        gap = np.concatenate([part.certificate.relative for part in parts]).reshape(shape[:2])
    # Options that differ in penalty and cut share the data, so one of them speaks for all.
    beta = np.broadcast_to(rules.loadings(solution), shape)
    return Candidates(frozen(beta), frozen(rules.constants(beta)), frozen(gap))


def solutions(
    panel: Panel,
    beliefs: Beliefs,
    specs: Sequence[FitSpec],
    stages: Stages,
    solver: str = FAST,
    fallbacks: Sequence[str] = (),
) -> Iterator[tuple[Rules, Problem | None, Solved | None]]:
    """Settle and solve every option, the problems together as far as the solver takes them.

    Options with too few rows have neither problem nor solution.
    """
    settled = settle_each(panel, beliefs, specs, stages)
    if not all(rules.enough for rules in settled):
        yield from ((rules, None, None) for rules in settled)
        return
    problems = _problems(settled, specs)
    yield from zip(settled, problems, solve_each(problems, solver, fallbacks), strict=True)


def _problems(settled: Sequence[Rules], specs: Sequence[FitSpec]) -> list[Problem]:
    """What the solver gets for every option."""
    return [rules.problem(spec.penalty) for rules, spec in zip(settled, specs, strict=True)]
