"""Picks the solver, and attaches the certificate to whatever it returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from factorlasso_core import fast, reference
from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.certificate import Certificate, certify
from factorlasso_core.errors import SolverError
from factorlasso_core.problem import Problem, Solution

FAST = "fast"
PROVED = 1e-9  # relative duality gap up to which a response counts as solved
HESSIAN_CELLS = 2**20  # responses x M x M solved at a time: what stays near the processor
JOINED_CELLS = 2**15  # loadings of problems that are solved together
T = TypeVar("T")


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

    def of(self, responses: slice | Array) -> Solved:
        """The part of some responses, in whole units."""
        return Solved(_part(self.solution, responses), _part(self.certificate, responses))


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
            if name == FAST:
                return _in_runs(problem)
            return _certified(problem, reference.solve(problem, name))
        except SolverError as error:
            failure = error
    raise failure


def solve_each(problems: Sequence[Problem], solver: str = FAST, fallbacks: Sequence[str] = ()) -> Iterator[Solved]:
    """Solve problems of one loss; the first-party solver takes many of them at once.

    Raises:
        SolverError: See :func:`solve`.
    """
    for solved, count in solve_joined(problems, solver, fallbacks):
        n = len(solved.solution.beta) // count
        yield from (solved.of(slice(k * n, (k + 1) * n)) for k in range(count))


def solve_joined(
    problems: Sequence[Problem], solver: str = FAST, fallbacks: Sequence[str] = ()
) -> Iterator[tuple[Solved, int]]:
    """Solve problems of one loss, some at a time: solutions with the responses of one problem behind those of another.

    Returns:
        Solutions, and of how many problems.

    Raises:
        SolverError: See :func:`solve`.
    """
    cells = JOINED_CELLS if solver == FAST else 0
    for run in blocks(len(problems), problems[0].prior.size if problems else 1, cells):
        part = problems[run]
        yield solve(part[0] if len(part) == 1 else Problem.joined(part), solver, fallbacks), len(part)


def _in_runs(problem: Problem) -> Solved:
    """The first-party solver on one run of units after the other, so that what it holds is bounded."""
    n, m = problem.prior.shape
    size = max(1, HESSIAN_CELLS // m**2)
    if n <= size:
        return _certified(problem, fast.solve(problem))
    runs = problem.penalty.blocks.runs(n, size)
    found = [_certified(part, fast.solve(part)) for part in map(problem.take, runs)]
    solution = _whole([solved.solution for solved in found], runs, n)
    return Solved(solution, _whole([solved.certificate for solved in found], runs, n))


def _certified(problem: Problem, solution: Solution) -> Solved:
    frozen(solution.beta)
    frozen(solution.converged)
    return Solved(solution, certify(problem, solution.beta))


def _part(found: T, responses: slice | Array) -> T:
    """The same with every array cut down to some responses."""
    return type(found)(**{name: _cut(value, responses) for name, value in vars(found).items()})


def _cut(value: Any, responses: slice | Array) -> Any:
    return frozen(value[responses]) if isinstance(value, np.ndarray) else value


def _whole(parts: Sequence[T], runs: Sequence[Array], n: int) -> T:
    """The arrays of all runs of responses in one, the largest of the counts, and the name they all have."""
    held = {name: [getattr(part, name) for part in parts] for name in vars(parts[0])}
    return type(parts[0])(**{name: _put_together(values, runs, n) for name, values in held.items()})


def _put_together(values: list[Any], runs: Sequence[Array], n: int) -> Any:
    if not isinstance(values[0], np.ndarray):
        return max(values)
    whole = np.empty((n, *values[0].shape[1:]), values[0].dtype)
    for run, part in zip(runs, values, strict=True):
        whole[run] = part
    return frozen(whole)
