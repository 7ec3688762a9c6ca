"""A fit as composed, separately cacheable stages: prepare, moments, tree, signs, solve.

Each stage is keyed by the content it depends on and nothing else. A move of λ or α recomputes only the
solve; a move of the cutoff recomputes the cut, the weights and the solve; only data, span and the other
loss options go further back. Same inputs, same result, whatever was fitted before: nothing is warm-started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.diagnostics import InSample, in_sample
from factorlasso_core.digest import array_bytes, canonical_json, digest
from factorlasso_core.errors import BeliefsError
from factorlasso_core.evidence import Evidence, evidence
from factorlasso_core.groups import Groups, group
from factorlasso_core.guided import Guided
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import FitSpec, LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import Penalty, group_penalty, lasso_penalty
from factorlasso_core.prepare import Prepared
from factorlasso_core.priors import OlsPrior, combined_prior, laid_over, ols_prior
from factorlasso_core.problem import Problem
from factorlasso_core.result import MINIMUM_ROWS, Fit, cell_states, notices
from factorlasso_core.signs import Box, kept_signs, sign_rules
from factorlasso_core.solve import FAST, Solved, solve
from factorlasso_core.stages import Stages
from factorlasso_core.steps import guided, panel_moments, prepared
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
    beliefs.check_shape(panel)
    _check_composition(beliefs, spec)
    identity = fit_digest(panel, beliefs, spec, solver)
    key = digest(identity, solver, *fallbacks)
    result = stages.get("solve", key, lambda: _fit(panel, beliefs, spec, solver, fallbacks, stages, identity))
    # Labels 1 and "1" have one digest: an answer from the cache goes out under the caller's own.
    return result if result.panel is panel else replace(result, panel=panel)


def _check_composition(beliefs: Beliefs, spec: FitSpec) -> None:
    """Refuse beliefs the model has no place for."""
    most = max(map(len, beliefs.named or ()), default=0)
    if most > (allowed := spec.prior.max_named_factors):
        raise BeliefsError(f"{most} factors are named for one response and max_named_factors is {allowed}.")
    kind = spec.model_type
    places = {"signs": kind.takes_signs, "excluded": kind.takes_signs, "prior": kind.takes_prior}
    for name in (name for name, there in places.items() if not there):
        if getattr(beliefs, name) is not None:
            raise BeliefsError(f"{kind.name} takes no {name}: leave it out, or choose another model.")


def fit_digest(panel: Panel, beliefs: Beliefs, spec: FitSpec, solver: str = FAST) -> str:
    """Identity of a fit: data, beliefs, options, solver family and version; no time, no cache state."""
    return digest(panel.key, beliefs.key, spec.digest(), "fast" if solver == FAST else "cvxpy", VERSION)


def reference_lambda(panel: Panel, stages: Stages | None = None) -> float:
    """The scale of λ that depends on the data alone: ``max |g_kj|`` without span, signs or prior.

    In LASSO mode this is the smallest λ at which every loading is zero.
    """
    return float(np.abs(panel_moments(stages or Stages(), panel, LossOptions()).linear).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class _Rules:
    """Everything that is settled before the solve."""

    groups: Groups | None
    evidence: Evidence | None
    ols: OlsPrior | None
    prior: Array
    box: Box
    penalty: Penalty


def _rules(panel: Panel, beliefs: Beliefs, spec: FitSpec, stages: Stages, short: Array) -> _Rules:
    """Groups, then what the data say about signs and prior, then the analyst's word over both."""
    shape = panel.shape[1:]
    groups = group(stages, panel, beliefs, spec, short)
    found = evidence(stages, panel, spec, groups)
    ols = _ols(stages, panel, beliefs, spec)
    wished = _prior(beliefs, ols, shape)
    box = sign_rules(
        shape,
        explicit=beliefs.signs,
        detected=None if found is None else found.detected,
        free_factors=beliefs.unsigned,
        excluded=beliefs.excluded,
        nonneg=spec.nonneg or (spec.model_type is LassoModelType.UNILASSO and spec.guided.non_negative),
        prior=wished,
        prior_overrides=spec.signs.prior_overrides,
    )
    prior = wished if ols is None else combined_prior(ols.prior, beliefs.prior, box.lower, box.upper)
    return _Rules(groups, found, ols, prior, box, _penalty(spec, groups, found, shape))


def _ols(stages: Stages, panel: Panel, beliefs: Beliefs, spec: FitSpec) -> OlsPrior | None:
    """The prior of the data, a stage of its own; None where it was not asked for."""
    if not spec.prior.ols:
        return None
    options: dict[str, Any] = {
        "span": spec.loss.span,
        "warmup_period": spec.warmup_period,
        "named": beliefs.named,
        "max_vif": spec.prior.max_vif,
    }
    excluded = beliefs.excluded
    key = digest(panel.key, canonical_json(options), b"" if excluded is None else array_bytes(excluded))
    return stages.get("ols", key, lambda: ols_prior(panel, **options, excluded=excluded))


def _prior(beliefs: Beliefs, ols: OlsPrior | None, shape: tuple[int, ...]) -> Array:
    """The analyst's prior where there is one, else that of the data, else zero."""
    return frozen(laid_over(np.zeros(shape) if ols is None else ols.prior, beliefs.prior))


def _penalty(spec: FitSpec, groups: Groups | None, found: Evidence | None, shape: tuple[int, ...]) -> Penalty:
    weights = None if found is None else found.weights
    if groups is None:
        return lasso_penalty(spec.penalty, shape, weights)
    return group_penalty(spec.model_type, spec.penalty, groups.labels, shape[1], weights, groups.counted)


def _fit(
    panel: Panel,
    beliefs: Beliefs,
    spec: FitSpec,
    solver: str,
    fallbacks: Sequence[str],
    stages: Stages,
    key: str,
) -> Fit:
    data = prepared(stages, panel, spec.loss)
    short = _in_warm_up(data, spec.warmup_period)
    rules = _rules(panel, beliefs, spec, stages, short)
    first = guided(stages, panel, spec) if spec.model_type is LassoModelType.UNILASSO else None
    problem, solved, beta = None, None, np.full(panel.shape[1:], np.nan)
    if data.rows >= MINIMUM_ROWS:
        problem = _problem(stages, panel, spec, rules, first)
        solved = solve(problem, solver, fallbacks)
        beta = _loadings(solved, first)
    beta[short] = 0.0
    statistics = _statistics(data, beta, short)
    groups = rules.groups
    return Fit(
        panel=panel,
        beliefs=beliefs,
        spec=spec,
        solver=solver,
        digest=key,
        beta=frozen(beta),
        state=frozen(cell_states(problem, solved, short, panel.shape[1:])),
        intercept=statistics.alpha,
        alpha=frozen(_constants(data, beta, short)),
        statistics=statistics,
        data=data,
        box=rules.box if first is None or not spec.guided.non_negative else kept_signs(first.slope),
        prior=rules.prior,
        problem=problem,
        solved=solved,
        evidence=rules.evidence,
        ols=rules.ols,
        clustering=None if groups is None else groups.clustering,
        labels=None if groups is None else groups.labels,
        cutoff=None if groups is None else groups.cutoff,
        short=frozen(short),
        counted=frozen(np.ones_like(short)) if groups is None else groups.counted,
        notices=notices(panel, data, problem, solved, short),
    )


def _problem(stages: Stages, panel: Panel, spec: FitSpec, rules: _Rules, first: Guided | None) -> Problem:
    """The problem the solver gets; for UniLasso that of its second stage."""
    if first is not None:
        return Problem(first, first.moments, rules.penalty, rules.prior, rules.box)
    data, loss = prepared(stages, panel, spec.loss), panel_moments(stages, panel, spec.loss)
    return Problem(data, loss, rules.penalty, rules.prior, rules.box)


def _loadings(solved: Solved, first: Guided | None) -> Array:
    """Loadings of the factors from the solver's variables, a writable copy."""
    return solved.solution.beta.copy() if first is None else first.loadings(solved.solution.beta)


def _in_warm_up(data: Prepared, period: int | None) -> Array:
    """Responses with fewer observations than the warm-up asks for, (N,)."""
    return np.asarray(data.observations < (0 if period is None else period))


def _statistics(data: Prepared, beta: Array, short: Array) -> InSample:
    result = in_sample(data, beta)
    values = (np.where(short, np.nan, value) for value in vars(result).values())
    return InSample(*map(frozen, values))


def _constants(data: Prepared, beta: Array, short: Array) -> Array:
    """The regression constant: weighted mean of the response less the loadings times those of its factors."""
    constant = data.y_means - (np.nan_to_num(beta, nan=0.0) * data.x_means).sum(axis=1)
    return np.where(short, np.nan, constant)
