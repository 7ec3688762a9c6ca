"""The objectives of the models on bare arrays, by the names of the reference.

Nothing is demeaned, clustered or derived here: factors x (T, M) and responses y (T, N) are taken as they are,
and the loss is ``Σ_k (1/T) Σ_t ω_t v_tk (y_tk - x_t·β_k)²``. Common to all functions:

- ``valid_mask`` (T, N) of 0/1 or booleans is v; None: v is 1 where y is not NaN.
- ``reg_lambda`` λ >= 0. ``span``: EWMA span of ω in rows, > 1; None: ω = 1. ``loss_normalization``:
  ``"sample"`` divides by T, ``"weight_sum"`` by ``Σ_t ω_t v_tk``.
- ``solver``: ``"fast"`` or the name of a CVXPY solver; ``solver_fallbacks``: further ones, tried in order.
  ``verbose``: print one line a solve.
- ``factors_beta_prior`` β⁰, NaN as zero, and ``factors_beta_loading_signs`` (> 0: β >= 0, < 0: β <= 0, 0: β = 0, NaN:
  free) are (N, M), or (M,) for every response alike. ``beta_lower_bounds``, ``beta_upper_bounds`` (N, M), NaN or
  infinite where open. Signs, bounds and ``nonneg`` all hold; they are intersected.
- ``penalty_weights`` (N, M) multiply the L1 term. Weights are >= 0.
- ``group_loadings`` (N, G) of 0/1 says which responses are in a group. The weight of group g is ``sqrt(|g|/G)``
  (``group_penalty="normalized"``, empty groups count in G) or ``sqrt(|g|)`` (``"yuan_lin"``). A response in no group
  has no group term.

Returned is a :class:`LassoEstimationResult` of read-only arrays: loadings (N, M) and the in-sample statistics of
:func:`~factorlasso_core.diagnostics.in_sample`, (N,), NaN for a response without a valid row. With fewer than five
rows everything is NaN, with a ``UserWarning``. There is a warning, too, where optimality is not proved.

Raises of all: DataError (shapes, missing or infinite values), BeliefsError (signs, prior, bounds), OptionError,
all of them ValueErrors; SolverError.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.attributes import LassoEstimationResult
from factorlasso_core.blocks import SignedBlocks
from factorlasso_core.diagnostics import in_sample
from factorlasso_core.errors import OptionError
from factorlasso_core.functions.statement import (
    block_kind,
    blocks_penalty,
    cell_shape,
    cell_weights,
    checked_box,
    checked_data,
    checked_prior,
    group_weights,
    membership,
)
from factorlasso_core.guided import Guided, guide
from factorlasso_core.moments import Moments, moments
from factorlasso_core.options import GuidedOptions, PenaltyOptions
from factorlasso_core.penalty import Penalty, lasso_penalty
from factorlasso_core.prepare import Prepared
from factorlasso_core.problem import Problem
from factorlasso_core.rules import MINIMUM_ROWS
from factorlasso_core.signs import Box, sign_box
from factorlasso_core.solve import FAST, PROVED, Solved, solve_each


def solve_lasso_cvx_problem(
    x: Array,
    y: Array,
    valid_mask: Array | None = None,
    reg_lambda: float = 1e-8,
    span: float | None = None,
    verbose: bool = False,
    solver: str = FAST,
    solver_fallbacks: Sequence[str] | None = None,
    nonneg: bool = False,
    factors_beta_loading_signs: Array | None = None,
    factors_beta_prior: Array | None = None,
    penalty_weights: Array | None = None,
    loss_normalization: str = "sample",
    beta_lower_bounds: Array | None = None,
    beta_upper_bounds: Array | None = None,
) -> LassoEstimationResult:
    """Minimise ``loss + λ Σ_kj c_kj |β_kj - β⁰_kj|``, c the penalty weights; see the module for the arguments.

    Example:
        >>> x = np.eye(5)[:, :2]
        >>> y = x @ np.array([[2.0], [0.1]])
        >>> solve_lasso_cvx_problem(x, y, reg_lambda=0.2).estimated_beta
        array([[1.5, 0. ]])
    """
    data = checked_data(x, y, valid_mask, span, loss_normalization)
    shape = cell_shape(data)
    weights = cell_weights(penalty_weights, shape)
    prior = checked_prior(factors_beta_prior, shape)
    box = checked_box(factors_beta_loading_signs, nonneg, beta_lower_bounds, beta_upper_bounds, shape)
    penalty = lasso_penalty(shape, weights).at(PenaltyOptions(reg_lambda))
    return _solved(data, prior, box, [penalty], _How(solver, solver_fallbacks, verbose))[0]


def solve_group_lasso_cvx_problem(
    x: Array,
    y: Array,
    group_loadings: Array,
    valid_mask: Array | None = None,
    reg_lambda: float = 1e-8,
    span: float | None = None,
    nonneg: bool = False,
    verbose: bool = False,
    solver: str = FAST,
    solver_fallbacks: Sequence[str] | None = None,
    factors_beta_loading_signs: Array | None = None,
    factors_beta_prior: Array | None = None,
    group_penalty: str = "normalized",
    l1_weight: float = 0.0,
    penalty_weights: Array | None = None,
    row_weights: Array | None = None,
    block_mode: str = "row",
    col_weights: Array | None = None,
    loss_normalization: str = "sample",
    beta_lower_bounds: Array | None = None,
    beta_upper_bounds: Array | None = None,
) -> LassoEstimationResult:
    """Minimise ``loss + (1-α) λ Σ_g w_g P_g(β - β⁰) + α λ Σ_kj c_kj |β_kj - β⁰_kj|``, α = ``l1_weight``.

    Args:
        block_mode: ``"row"``: ``P_g = Σ_{k in g} ρ_k ‖d_k‖₂`` over the loadings of each response; a response in
            several groups pays for each. ``"cluster_factor"``: ``P_g = Σ_j C_gj ‖d_{g,j}‖₂`` over the loadings of
            the group on each factor; no response may be in two groups.
        row_weights: (N,) ρ, used by rows. col_weights: (G, M) C, used by cluster × factor blocks.
        Others: see the module.
    """
    data = checked_data(x, y, valid_mask, span, loss_normalization)
    shape, member = cell_shape(data), membership(group_loadings, data)
    weights = group_weights(member, shape, penalty_weights, row_weights, col_weights)
    prior = checked_prior(factors_beta_prior, shape)
    box = checked_box(factors_beta_loading_signs, nonneg, beta_lower_bounds, beta_upper_bounds, shape)
    options = PenaltyOptions(reg_lambda, l1_weight, group_penalty)
    penalty = blocks_penalty(options, block_kind(block_mode), member, weights)
    return _solved(data, prior, box, [penalty], _How(solver, solver_fallbacks, verbose))[0]


def solve_group_lasso_path(
    x: Array,
    y: Array,
    group_loadings: Array,
    reg_lambdas: Iterable[float],
    valid_mask: Array | None = None,
    span: float | None = None,
    nonneg: bool = False,
    verbose: bool = False,
    solver: str = FAST,
    solver_fallbacks: Sequence[str] | None = None,
    factors_beta_loading_signs: Array | None = None,
    factors_beta_prior: Array | None = None,
    group_penalty: str = "normalized",
    l1_weight: float = 0.0,
    penalty_weights: Array | None = None,
    row_weights: Array | None = None,
    block_mode: str = "row",
    col_weights: Array | None = None,
    loss_normalization: str = "sample",
    beta_lower_bounds: Array | None = None,
    beta_upper_bounds: Array | None = None,
) -> list[LassoEstimationResult]:
    """Solve :func:`solve_group_lasso_cvx_problem` for several λ, in the order given, on moments computed once.

    No λ starts from the solution of another, so each result is the one of a solve on its own.

    Args:
        reg_lambdas: At least one λ >= 0.
        Others: see :func:`solve_group_lasso_cvx_problem`.
    """
    data = checked_data(x, y, valid_mask, span, loss_normalization)
    shape, member, kind = cell_shape(data), membership(group_loadings, data), block_kind(block_mode)
    weights = group_weights(member, shape, penalty_weights, row_weights, col_weights)
    prior = checked_prior(factors_beta_prior, shape)
    box = checked_box(factors_beta_loading_signs, nonneg, beta_lower_bounds, beta_upper_bounds, shape)
    options = [PenaltyOptions(value, l1_weight, group_penalty) for value in reg_lambdas]
    if not options:
        raise OptionError("reg_lambdas", reg_lambdas, "at least one number >= 0")
    penalties = [blocks_penalty(option, kind, member, weights) for option in options]
    return _solved(data, prior, box, penalties, _How(solver, solver_fallbacks, verbose))


def solve_cooperative_group_lasso_cvx_problem(
    x: Array,
    y: Array,
    group_loadings: Array,
    *,
    valid_mask: Array | None = None,
    reg_lambda: float = 1e-8,
    span: float | None = None,
    verbose: bool = False,
    solver: str = FAST,
    solver_fallbacks: Sequence[str] | None = None,
    factors_beta_prior: Array | None = None,
    group_penalty: str = "normalized",
    l1_weight: float = 0.0,
    col_weights: Array | None = None,
    loss_normalization: str = "sample",
) -> LassoEstimationResult:
    """Minimise ``loss + (1-α) λ Σ_g w_g Σ_j C_gj (‖(d_{g,j})₊‖₂ + ‖(d_{g,j})₋‖₂) + α λ ‖d‖₁`` with ``d = β - β⁰``.

    Args:
        group_loadings: (N, G); no response may be in two groups. col_weights: (G, M) C.
        Others: see the module.
    """
    data = checked_data(x, y, valid_mask, span, loss_normalization)
    shape, member = cell_shape(data), membership(group_loadings, data)
    weights = group_weights(member, shape, None, None, col_weights)
    prior = checked_prior(factors_beta_prior, shape)
    penalty = blocks_penalty(PenaltyOptions(reg_lambda, l1_weight, group_penalty), SignedBlocks, member, weights)
    how = _How(solver, solver_fallbacks, verbose)
    return _solved(data, prior, sign_box(None, False, shape), [penalty], how)[0]


def solve_unilasso_cvx_problem(
    x: Array,
    y: Array,
    *,
    valid_mask: Array | None = None,
    reg_lambda: float = 1e-8,
    span: float | None = None,
    verbose: bool = False,
    solver: str = FAST,
    solver_fallbacks: Sequence[str] | None = None,
    loo: bool = True,
    non_negative: bool = True,
) -> LassoEstimationResult:
    """Fit the univariate-guided lasso of :mod:`factorlasso_core.guided` to every response on its own valid rows.

    Args:
        span: Weights of the statistics alone; both stages weigh rows alike.
        loo: Stage 2 regresses on leave-one-out univariate fits, not on the fits themselves.
        non_negative: Stage 2 keeps every univariate sign.
        Others: see the module.
    """
    variant = GuidedOptions(loo, non_negative)
    data = checked_data(x, y, valid_mask, span, "sample")
    shape = cell_shape(data)
    penalty, box = lasso_penalty(shape).at(PenaltyOptions(reg_lambda)), sign_box(None, variant.non_negative, shape)
    how = _How(solver, solver_fallbacks, verbose, guided=True, loo=variant.loo)
    return _solved(data, checked_prior(None, shape), box, [penalty], how)[0]


@dataclass(frozen=True)
class _How:
    """The way to a solution, and whether it goes through the stage one of UniLasso."""

    solver: str
    fallbacks: Sequence[str] | None
    verbose: bool
    guided: bool = False
    loo: bool = True


def _solved(data: Prepared, prior: Array, box: Box, penalties: list[Penalty], how: _How) -> list[LassoEstimationResult]:
    """One result per penalty; called by a public function, whose caller is warned."""
    if data.rows < MINIMUM_ROWS:
        message = f"Only {data.rows} rows: at least {MINIMUM_ROWS} are needed, nothing was estimated."
        warnings.warn(message, UserWarning, stacklevel=3)
        return [_nothing(prior.shape) for _ in penalties]
    first = guide(data, how.loo) if how.guided else None
    loss = moments(data)
    stated: tuple[Prepared | Guided, Moments] = (data, loss) if first is None else (first, first.moments)
    results = []
    problems = [Problem(*stated, penalty, prior, box) for penalty in penalties]
    for problem, solved in zip(problems, solve_each(problems, how.solver, how.fallbacks or ()), strict=True):
        gap = solved.certificate.relative_gap
        if not gap <= PROVED:
            message = f"Not proved optimal: the relative duality gap is {gap:.1e}; use solver='fast', or raise λ."
            warnings.warn(message, UserWarning, stacklevel=3)
        if how.verbose:
            print(_one_line(problem, solved))
        results.append(_result(data, loss, solved, first))
    return results


def _result(data: Prepared, loss: Moments, solved: Solved, first: Guided | None) -> LassoEstimationResult:
    beta = solved.solution.beta if first is None else frozen(first.loadings(solved.solution.beta))
    return LassoEstimationResult(beta, **vars(in_sample(data, loss, beta)))


def _nothing(shape: tuple[int, ...]) -> LassoEstimationResult:
    beta, *rest = (frozen(np.full(size, np.nan)) for size in (shape, *[shape[:1]] * 4))
    return LassoEstimationResult(beta, *rest)


def _one_line(problem: Problem, solved: Solved) -> str:
    objective = float(problem.objective(solved.solution.beta).sum())
    return f"objective {objective:.10g}, relative gap {solved.certificate.relative_gap:.1e}, {solved.status}"
