"""A fit as composed, separately cacheable stages: prepare, moments, correlation and tree, solve.

Each stage is keyed by the content it depends on and nothing else. A move of λ or α recomputes only the
solve; a move of the cutoff recomputes the cut, the weights and the solve; only data, span and the other
loss options go further back. Same inputs, same result, whatever was fitted before: nothing is warm-started.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.clusters import build_tree
from factorlasso_core.dependence import correlation
from factorlasso_core.diagnostics import InSample, in_sample
from factorlasso_core.digest import digest
from factorlasso_core.errors import BeliefsError, DataError
from factorlasso_core.moments import Moments, moments
from factorlasso_core.options import FitSpec, LassoModelType, LossOptions
from factorlasso_core.panel import Beliefs, Panel
from factorlasso_core.penalty import RowPenalty, group_penalty, lasso_penalty
from factorlasso_core.prepare import Prepared, prepare
from factorlasso_core.problem import Problem
from factorlasso_core.result import MINIMUM_ROWS, Clustering, Fit, cell_states, notices
from factorlasso_core.signs import sign_box
from factorlasso_core.solve import FAST, solve
from factorlasso_core.stages import Stages
from factorlasso_core.version import VERSION

LARGEST_CORRELATION = 2**30  # bytes of one N x N matrix; clustering needs several


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
        BeliefsError: GROUP_LASSO without groups, or beliefs of another shape.
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
    _check_beliefs(panel, beliefs)
    if spec.model_type is LassoModelType.GROUP_LASSO and beliefs.groups is None:
        raise BeliefsError("GROUP_LASSO needs a group for every response: give group labels or choose HCGL.")
    identity = fit_digest(panel, beliefs, spec, solver)
    key = digest(identity, solver, *fallbacks)
    result = stages.get("solve", key, lambda: _fit(panel, beliefs, spec, solver, fallbacks, stages, identity))
    # Labels 1 and "1" have one digest: an answer from the cache goes out under the caller's own.
    return result if result.panel is panel else replace(result, panel=panel)


def _check_beliefs(panel: Panel, beliefs: Beliefs) -> None:
    """Refuse beliefs made for a panel of another shape, which broadcasting would stretch in silence."""
    _, responses, factors = panel.shape
    for name, shape in (("signs", (responses, factors)), ("prior", (responses, factors)), ("groups", (responses,))):
        held = getattr(beliefs, name)
        if held is not None and held.shape != shape:
            raise BeliefsError(f"The {name} have shape {held.shape}, the panel needs {shape}: use Beliefs.for_panel.")


def fit_digest(panel: Panel, beliefs: Beliefs, spec: FitSpec, solver: str = FAST) -> str:
    """Identity of a fit: data, beliefs, options, solver family and version; no time, no cache state."""
    return digest(panel.key, beliefs.key, spec.digest(), "fast" if solver == FAST else "cvxpy", VERSION)


def prepared(stages: Stages, panel: Panel, options: LossOptions) -> Prepared:
    """The prepare stage."""
    return stages.get("prepare", digest(panel.key, options.digest()), lambda: prepare(panel, options))


def panel_moments(stages: Stages, panel: Panel, options: LossOptions) -> Moments:
    """The moments stage."""
    key = digest(panel.key, options.digest())
    return stages.get("moments", key, lambda: moments(prepared(stages, panel, options)))


def cluster_tree(stages: Stages, panel: Panel, spec: FitSpec) -> Clustering:
    """The clustering stage: correlation of the prepared responses and the tree, before any cut."""

    size = 8 * panel.shape[1] ** 2
    if size > LARGEST_CORRELATION:
        raise DataError(
            f"Clustering {panel.shape[1]} responses needs matrices of {size / 2**30:.1f} GiB each, more than "
            f"{LARGEST_CORRELATION / 2**30:.0f}: give groups and use GROUP_LASSO, or cluster fewer responses."
        )

    def compute() -> Clustering:
        y = prepared(stages, panel, spec.loss).y_or_nan
        matrix = correlation(y, spec.loss.span, spec.clustering.correlation_normalization)
        return Clustering(frozen(matrix), build_tree(matrix))

    key = digest(panel.key, spec.loss.digest(), spec.clustering.correlation_normalization)
    return stages.get("tree", key, compute)


def reference_lambda(panel: Panel, stages: Stages | None = None) -> float:
    """The scale of λ that depends on the data alone: ``max |g_kj|`` without span, signs or prior.

    In LASSO mode this is the smallest λ at which every loading is zero.
    """
    return float(np.abs(panel_moments(stages or Stages(), panel, LossOptions()).linear).max(initial=0.0))


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
    shape = (panel.shape[1], panel.shape[2])
    prior = frozen(np.zeros(shape)) if beliefs.prior is None else beliefs.prior
    box = sign_box(beliefs.signs, spec.nonneg, shape)
    clustering, labels, cutoff = _groups(panel, beliefs, spec, stages)
    short = _in_warm_up(data, spec.warmup_period)
    problem, solved = None, None
    if data.rows >= MINIMUM_ROWS:
        loss = panel_moments(stages, panel, spec.loss)
        problem = Problem(data, loss, _penalty(spec, labels, shape), prior, box)
        solved = solve(problem, solver, fallbacks)
    beta = np.full(shape, np.nan) if solved is None else solved.solution.beta.copy()
    beta[short] = 0.0
    statistics = _statistics(data, beta, short)
    return Fit(
        panel=panel,
        beliefs=beliefs,
        spec=spec,
        solver=solver,
        digest=key,
        beta=frozen(beta),
        state=frozen(cell_states(problem, solved, beta, short)),
        intercept=statistics.alpha,
        alpha=frozen(_constants(data, beta, short)),
        statistics=statistics,
        data=data,
        box=box,
        problem=problem,
        solved=solved,
        clustering=clustering,
        labels=labels,
        cutoff=cutoff,
        short=frozen(short),
        notices=notices(panel, data, problem, solved, short),
    )


def _groups(
    panel: Panel, beliefs: Beliefs, spec: FitSpec, stages: Stages
) -> tuple[Clustering | None, Array | None, float | None]:
    """Tree, labels and height of the cut; a single response has no groups and is plain LASSO."""
    if panel.shape[1] == 1 or spec.model_type is LassoModelType.LASSO:
        return None, None, None
    if spec.model_type is LassoModelType.GROUP_LASSO:
        return None, beliefs.groups, None
    clustering = cluster_tree(stages, panel, spec)
    fraction = spec.clustering.cutoff_fraction
    return clustering, frozen(clustering.tree.cut(fraction)), clustering.tree.height(fraction)


def _penalty(spec: FitSpec, labels: Array | None, shape: tuple[int, int]) -> RowPenalty:
    if labels is None:
        return lasso_penalty(spec.penalty, shape)
    return group_penalty(spec.penalty, labels, shape[1])


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
