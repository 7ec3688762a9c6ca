"""Problems solved in runs, or joined, are the problems solved whole and one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Beliefs, FitSpec, LassoModelType, Panel, PenaltyOptions, SolverError, solve
from factorlasso_core.problem import Problem
from factorlasso_core.rules import settle
from factorlasso_core.stages import Stages

KINDS = [LassoModelType.LASSO, LassoModelType.GROUP_LASSO_CLUSTERS, LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO]
LAMBDAS = (1.0, 0.1, 0.02)


def problems(kind: LassoModelType, ragged: bool = False) -> list[Problem]:
    rng = np.random.default_rng(5)
    x = pd.DataFrame(rng.standard_normal((50, 4)))
    y = pd.DataFrame(x.to_numpy() @ rng.standard_normal((4, 11)) + rng.standard_normal((50, 11)))
    if ragged:
        y = y.mask(rng.random(y.shape) < 0.1)
    rules = settle(Panel.from_frames(x, y), Beliefs(), FitSpec(kind), Stages())
    return [rules.problem(PenaltyOptions(value, 0.2)) for value in LAMBDAS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ragged", [False, True])
def test_joined_problems_keep_their_order_and_their_proofs(kind, ragged):
    single = [solve.solve(problem) for problem in problems(kind, ragged)]
    for found, alone in zip(solve.solve_each(problems(kind, ragged)), single, strict=True):
        np.testing.assert_allclose(found.solution.beta, alone.solution.beta, rtol=1e-10, atol=1e-14)
        np.testing.assert_array_equal(found.certificate.held, alone.certificate.held)
        assert found.certificate.relative_gap <= 1e-9 and found.solution.converged.all()
        assert not found.solution.beta.flags.writeable


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cells", [1, 50])
def test_runs_are_the_whole(kind, cells, monkeypatch):
    problem = problems(kind, ragged=True)[1]
    whole = solve.solve(problem)
    monkeypatch.setattr(solve, "HESSIAN_CELLS", cells)
    parts = solve.solve(problem)
    np.testing.assert_allclose(parts.solution.beta, whole.solution.beta, rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(parts.certificate.held, whole.certificate.held)
    assert parts.certificate.relative_gap <= 1e-9 and parts.solution.solver == "fast"


def test_as_many_problems_are_joined_as_the_bound_allows(monkeypatch):
    many = problems(LassoModelType.LASSO)
    counts = [count for _, count in solve.solve_joined(many)]
    assert counts == [3]
    monkeypatch.setattr(solve, "JOINED_CELLS", 2 * many[0].prior.size)
    assert [count for _, count in solve.solve_joined(many)] == [2, 1]
    assert list(solve.solve_each([])) == []


def test_other_solvers_take_one_problem_at_a_time():
    many = problems(LassoModelType.LASSO)
    found = list(solve.solve_joined(many, "NOBODY", ("CLARABEL",)))
    assert [count for _, count in found] == [1, 1, 1]
    assert {solved.solution.solver for solved, _ in found} == {"CLARABEL"}
    with pytest.raises(SolverError, match="'NOBODY' is not installed"):
        list(solve.solve_each(many, "NOBODY"))
