"""A fit as composed, separately cacheable stages: prepare, moments, tree, signs, rules, solve.

Each stage is keyed by the content it depends on and nothing else. A move of λ or α recomputes only the
solve; a move of the cutoff recomputes the cut, the weights and the solve; only data, span and the other
loss options go further back. Same inputs, same result, whatever was fitted before: nothing is warm-started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.batch import solutions
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.diagnostics import InSample, in_sample
from factorlasso_core.digest import digest
from factorlasso_core.options import FitSpec, LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.problem import Problem
from factorlasso_core.result import Fit, cell_states, notices
from factorlasso_core.rules import Rules, settle
from factorlasso_core.signs import kept_signs
from factorlasso_core.solve import FAST, Solved, solve
from factorlasso_core.stages import Stages
from factorlasso_core.steps import panel_moments
from factorlasso_core.version import VERSION


def fit(
    panel: Panel,
    beliefs: Beliefs | None = None,
    spec: FitSpec | None = None,
    *,
    solver: str = FAST,
    fallbacks: Sequence[str] = (),
    stages: Stages | None = None,
) -> Fit:
    """Fit a sparse factor model to a panel.

    Args:
        panel: Responses and factors. beliefs: Signs, prior and groups; default none.
        spec: Options; default plain LASSO. solver: ``"fast"`` or the name of a CVXPY solver.
        fallbacks: Further solvers tried in order. stages: A cache to work through.

    Raises:
        BeliefsError: Groups are needed and missing, or beliefs have another shape or no place in the model.
        DataError: The problem would not fit into memory. SolverError: The CVXPY solver failed.

    Example:
        >>> import pandas as pd
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc"))
        >>> y = pd.DataFrame({"r": x["a"] + 0.1 * rng.standard_normal(60)})
        >>> result = fit(Panel.from_frames(x, y), spec=FitSpec())
        >>> bool(result.certificate.relative_gap < 1e-9)
        True
    """
    beliefs, spec, stages = beliefs or Beliefs(), spec or FitSpec(), stages or Stages()
    identity = fit_digest(panel, beliefs, spec, solver)

    def compute() -> Fit:
        rules = settle(panel, beliefs, spec, stages)
        problem = rules.problem(spec.penalty) if rules.enough else None
        solved = None if problem is None else solve(problem, solver, fallbacks)
        return _finished(panel, beliefs, spec, solver, identity, rules, problem, solved)

    result = stages.get("solve", digest(identity, solver, *fallbacks), compute)
    # Labels 1 and "1" have one digest: an answer from the cache goes out under the caller's own.
    return result if result.panel is panel else replace(result, panel=panel)


def fit_each(
    panel: Panel,
    beliefs: Beliefs,
    specs: Sequence[FitSpec],
    *,
    solver: str = FAST,
    fallbacks: Sequence[str] = (),
    stages: Stages | None = None,
) -> list[Fit]:
    """Fit many options, which differ in penalty and cut, to one panel: the solver takes them together.

    The loadings are those of :func:`fit` but for rounding, so they neither come from its stage nor go there.

    Raises:
        BeliefsError, DataError, SolverError: See :func:`fit`.
    """
    found = solutions(panel, beliefs, specs, stages or Stages(), solver, fallbacks)
    return [
        _finished(panel, beliefs, spec, solver, fit_digest(panel, beliefs, spec, solver), *parts)
        for spec, parts in zip(specs, found, strict=True)
    ]


def fit_digest(panel: Panel, beliefs: Beliefs, spec: FitSpec, solver: str = FAST) -> str:
    """Identity of a fit: data, beliefs, options, solver family and version; no time, no cache state."""
    return digest(panel.key, beliefs.key, spec.digest(), "fast" if solver == FAST else "cvxpy", VERSION)


def reference_lambda(panel: Panel, stages: Stages | None = None) -> float:
    """The scale of λ that depends on the data alone: ``max |g_kj|`` without span, signs or prior.

    In LASSO mode this is the smallest λ at which every loading is zero.
    """
    return float(np.abs(panel_moments(stages or Stages(), panel, LossOptions()).linear).max(initial=0.0))


def _finished(
    panel: Panel,
    beliefs: Beliefs,
    spec: FitSpec,
    solver: str,
    identity: str,
    rules: Rules,
    problem: Problem | None,
    solved: Solved | None,
) -> Fit:
    """Everything a fit shows, from what was settled and solved."""
    short, groups, first = rules.short, rules.groups, rules.first
    beta = rules.loadings(None if solved is None else solved.solution.beta)
    statistics = _statistics(rules, beta)
    return Fit(
        panel=panel,
        beliefs=beliefs,
        spec=spec,
        solver=solver,
        digest=identity,
        beta=beta,
        state=frozen(cell_states(problem, solved, short, panel.shape[1:])),
        intercept=statistics.alpha,
        alpha=frozen(rules.constants(beta)),
        statistics=statistics,
        data=rules.data,
        box=rules.box if first is None or not spec.guided.non_negative else kept_signs(first.slope),
        prior=rules.prior,
        problem=problem,
        solved=solved,
        evidence=rules.evidence,
        ols=rules.ols,
        clustering=None if groups is None else groups.clustering,
        labels=None if groups is None else groups.labels,
        cutoff=None if groups is None else groups.cutoff,
        short=short,
        counted=frozen(np.ones_like(short)) if groups is None else groups.counted,
        notices=notices(panel, rules.data, problem, solved, short),
    )


def _statistics(rules: Rules, beta: Array) -> InSample:
    result = in_sample(rules.data, rules.loss, beta)
    if not rules.short.any():
        return result
    values = (np.where(rules.short, np.nan, value) for value in vars(result).values())
    return InSample(*map(frozen, values))
