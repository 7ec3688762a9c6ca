"""The model as CVXPY reads it: the formula sheet, never tuned, for audits and tests.

Written from the data, not from the moments, so that it shares nothing with the fast solver.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from factorlasso_core.blocks import RowBlocks
from factorlasso_core.errors import SolverError
from factorlasso_core.guided import Guided
from factorlasso_core.prepare import Prepared
from factorlasso_core.problem import Problem, Solution


def solve(problem: Problem, solver: str, **settings: Any) -> Solution:
    """Minimise loss plus penalty over all responses in one cone program.

    Args:
        problem: What to solve.
        solver: Name of an installed CVXPY solver, such as ``"CLARABEL"``.
        settings: Passed to ``cvxpy.Problem.solve``.

    Raises:
        SolverError: The solver is not installed, or found no solution.
    """
    import cvxpy as cp

    solver = solver.upper()
    if solver not in cp.installed_solvers():
        installed = ", ".join(sorted(cp.installed_solvers()))
        raise SolverError(f"The solver {solver!r} is not installed: choose 'fast' or one of {installed}.")
    beta = cp.Variable(problem.prior.shape)
    statement = cp.Problem(cp.Minimize(_loss(problem, beta) + _penalty(problem, beta)), _box(problem, beta))
    try:
        statement.solve(solver=solver, **settings)
    except cp.error.SolverError as error:
        raise SolverError(f"{solver} failed: {error}. Try solver='fast', or another λ.") from error
    if beta.value is None:
        raise SolverError(f"{solver} found no solution (status {statement.status}). Try solver='fast'.")
    exact = np.full(len(problem.prior), statement.status == cp.OPTIMAL)
    iterations = statement.solver_stats.num_iters or 0
    return Solution(problem.box.clip(beta.value), exact, int(iterations), solver)


def _loss(problem: Problem, beta: Any) -> Any:
    """The loss of the data; for UniLasso that of its second stage."""
    data = problem.data
    return _guided_loss(data, beta) if isinstance(data, Guided) else _weighted_loss(data, beta)


def _guided_loss(data: Guided, theta: Any) -> Any:
    """``Σ_k (1/n_k) ‖y_k - η_k θ_k‖²`` over each response's own rows; a response without a fit has no loss."""
    import cvxpy as cp

    designs = ((k, *data.design(k)) for k in range(len(data.slope)))
    parts = [cp.sum_squares(y - eta @ theta[k]) / len(y) for k, eta, y in designs if len(y)]
    return cp.sum(cp.hstack(parts)) if parts else cp.Constant(0.0)


def _weighted_loss(data: Prepared, beta: Any) -> Any:
    """``Σ_k Σ_t w_tk (y_tk - a_k - x_t·β_k)²`` with the divisor inside w, a only with own centring."""
    import cvxpy as cp

    weights = data.weights[:, None] * data.valid
    mass = weights.sum(axis=0)
    divisor = np.full(len(mass), data.rows) if data.normalization == "sample" else np.where(mass > 0, mass, 1)
    residual = data.y - data.x @ beta.T
    if data.own_means:
        intercept = cp.Variable((1, len(mass)))
        residual = residual - np.ones((data.rows, 1)) @ intercept
    return cp.sum_squares(cp.multiply(np.sqrt(weights / divisor), residual))


def _penalty(problem: Problem, beta: Any) -> Any:
    """``Σ_b r_b ‖d_b‖₂ + Σ c_kj |d_kj|`` with ``d = β - β⁰``."""
    import cvxpy as cp

    penalty, d = problem.penalty, beta - problem.prior
    total = cp.sum(cp.multiply(penalty.cell, cp.abs(d)))
    if not penalty.block.any():
        return total
    if isinstance(penalty.blocks, RowBlocks):
        return total + penalty.block[:, 0] @ cp.norm(d, 2, axis=1)
    cluster = penalty.blocks.cluster
    for members in (np.flatnonzero(cluster == g) for g in np.unique(cluster)):
        for part in (cp.pos(d[members]), cp.neg(d[members])) if penalty.blocks.signed else (d[members],):
            total = total + penalty.block[members[0]] @ cp.norm(part, 2, axis=0)
    return total


def _box(problem: Problem, beta: Any) -> list[Any]:
    """Finite sides of the box."""
    lower, upper = np.isfinite(problem.box.lower), np.isfinite(problem.box.upper)
    constraints = []
    if lower.any():
        constraints.append(beta[lower] >= problem.box.lower[lower])
    if upper.any():
        constraints.append(beta[upper] <= problem.box.upper[upper])
    return constraints
