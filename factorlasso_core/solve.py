"""Picks the solver, and attaches the certificate to whatever it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factorlasso_core import fast, reference
from factorlasso_core.arrays import frozen
from factorlasso_core.certificate import Certificate, certify
from factorlasso_core.errors import SolverError
from factorlasso_core.problem import Problem, Solution

FAST = "fast"
PROVED = 1e-9  # relative duality gap up to which a response counts as solved


@dataclass(frozen=True, eq=False)
class Solved:
    """A solution with its proof."""

    solution: Solution
    certificate: Certificate

    @property
    def status(self) -> str:
        """The verdict of the proof, which outranks the solver's own."""
        if self.certificate.relative_gap <= PROVED:
            return "proved optimal"
        return f"not proved optimal (relative gap {self.certificate.relative_gap:.1e}); {self.solution.status}"


def solve(problem: Problem, solver: str = FAST, fallbacks: Sequence[str] = ()) -> Solved:
    """Solve and certify.

    Args:
        problem: What to solve.
        solver: ``"fast"`` for the first-party solver, or the name of a CVXPY solver.
        fallbacks: Further solvers, tried in order when one fails.

    Raises:
        SolverError: Every solver failed; the last one's error.
    """
    for name in (solver, *fallbacks):
        try:
            solution = fast.solve(problem) if name == FAST else reference.solve(problem, name)
        except SolverError as error:
            failure = error
            continue
        frozen(solution.beta)
        frozen(solution.converged)
        return Solved(solution, certify(problem, solution.beta))
    raise failure
