"""The sides of a comparison: ours warm, cold, along a path and in cross-validation; the reference; scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import factorlasso
import numpy as np
from scipy.optimize import brentq
from sklearn.linear_model import Lasso

from factorlasso_core import (
    Fit,
    LassoModel,
    LassoModelCV,
    Stages,
    certify,
    fit_path,
)
from factorlasso_core.arrays import Array
from factorlasso_core.folds import FoldOptions
from factorlasso_core.path import Task, at_lambdas
from factorlasso_core.solve import PROVED
from factorlasso_core.validation import validate
from tests.benchmarks.panels import LAMBDA
from tests.benchmarks.timing import Side
from tests.benchmarks.work import Work, gap, moved, worst

# Ours ---------------------------------------------------------------------------------------------


def warm(work: Work) -> Side:
    """A move of λ: everything but the solve is in the cache, and no solve is.

    What is timed is the penalty, the solve, its certificate, the in-sample statistics and the state of every cell.
    """
    task, cache = prepared(work)
    return Side(lambda step: task.fit(moved(step), Stages(dict(cache))), gap)


def cold(work: Work) -> Side:
    """Everything from the two frames."""
    return Side(lambda step: work.ours(moved(step)).fit(work.x, work.y), _model_gap)


def warm_path(work: Work, lambdas: Sequence[float]) -> Side:
    """Every λ of a path: everything but the solves is in the cache."""
    task, cache = prepared(work)
    return Side(lambda step: _along(task, lambdas, Stages(dict(cache))), _path_gap)


def cold_path(work: Work, lambdas: Sequence[float]) -> Side:
    """Every λ of a path, from the two frames."""
    return Side(lambda step: _along(work.ours().task(work.x, work.y), lambdas, Stages()), _path_gap)


def prepared(work: Work) -> tuple[Task, dict[str, Any]]:
    """The work with a cache that holds all its stages, and one solve at a λ that no run asks for."""
    task, stages = work.ours().task(work.x, work.y), Stages()
    task.fit(2 * LAMBDA, stages)
    return task, dict(stages.cache)


def _along(task: Task, lambdas: Sequence[float], stages: Stages) -> list[Fit]:
    return fit_path(task.panel, task.beliefs, task.spec, lambdas, stages=stages)


def _path_gap(path: list[Fit]) -> float:
    return worst(map(gap, path))


def _model_gap(model: LassoModel) -> float:
    return gap(model.fit_)


def lambda_max(work: Work) -> float:
    """The smallest λ at which every loading is zero, for a model with row norms and neither signs nor prior.

    There ``‖soft(g_k, c_k)‖₂ <= r_k`` for every response; c and r are proportional to λ.
    """
    result = work.ours().task(work.x, work.y).fit()
    assert result.problem is not None
    pull, penalty = np.abs(result.problem.moments.linear), result.problem.penalty
    block = penalty.block[:, 0]

    def excess(scale: float) -> float:
        return float((np.linalg.norm(np.maximum(pull - scale * penalty.cell, 0.0), axis=1) - scale * block).max())

    highest = 1.01 * float((np.linalg.norm(pull, axis=1) / block).max())
    return LAMBDA * brentq(excess, 0.0, highest, xtol=1e-300, rtol=1e-14) * (1.0 + 1e-12)


# The reference ------------------------------------------------------------------------------------


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the reference and CVXPY say about their solver."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def reference_model(work: Work, reg_lambda: float = LAMBDA) -> factorlasso.LassoModel:
    """The reference's unfitted model."""
    kind = factorlasso.LassoModelType[work.model]
    return factorlasso.LassoModel(model_type=kind, reg_lambda=reg_lambda, **work.parameters)


def reference(work: Work) -> Side:
    """The reference's whole fit; it keeps nothing between fits."""

    def run(step: int) -> Any:
        with _quiet():
            return reference_model(work, moved(step)).fit(x=work.x, y=work.y)

    return Side(run)


# Cross-validation ---------------------------------------------------------------------------------


def cross_validation(work: Work, lambdas: Sequence[float], folds: int) -> Side:
    """Our selector of λ, from the two frames.

    It keeps scores and no fits, so the gap is that of its engine on the same folds, run once outside the clock.
    """
    task = work.ours().task(work.x, work.y)
    on_folds = worst(validate(task, at_lambdas(task.spec, lambdas), FoldOptions(n_splits=folds)).gap.ravel())

    def run(step: int) -> LassoModelCV:
        return LassoModelCV(lambdas=lambdas, n_splits=folds, base_model=work.ours()).fit(work.x, work.y)

    return Side(run, lambda selector: worst([on_folds, _model_gap(selector.best_model_)]))


def reference_cross_validation(work: Work, lambdas: Sequence[float], folds: int) -> Side:
    """The reference's selector of λ at its fastest, which builds the cone program of a fold once for all λ."""

    def run(step: int) -> Any:
        with _quiet():
            base = reference_model(work)
            selector = factorlasso.LassoModelCV(
                lambdas=list(lambdas), n_splits=folds, base_model=base, use_lambda_path=True
            )
            return selector.fit(x=work.x, y=work.y)

    return Side(run)


# scikit-learn -------------------------------------------------------------------------------------


def scikit_learn(work: Work) -> Side:
    """Multi-output coordinate descent on our prepared arrays, stopped where its gap is that of a proved fit.

    Its objective has 1/(2T) where ours has 1/T, hence α = λ/2. The Gram matrix is given, the input unchecked and
    not copied; what is timed is ``X'Y`` and the descent. The tolerance is the loosest power of ten at which
    the relative gap, by our certificate, is at most 1e-9 at both ends of the λ that are asked for.
    """
    task, cache = prepared(work)
    data = task.fit(LAMBDA, Stages(dict(cache))).data
    x, y = np.asfortranarray(data.x), np.asfortranarray(data.y)
    gram = x.T @ x

    def descend(reg_lambda: float, tolerance: float) -> tuple[float, Array]:
        model = Lasso(reg_lambda / 2, fit_intercept=False, precompute=gram, copy_X=False, max_iter=10**6, tol=tolerance)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # not converged
            return reg_lambda, model.fit(x, y, check_input=False).coef_

    def reached(answer: tuple[float, Array]) -> float:
        reg_lambda, beta = answer
        problem = task.fit(reg_lambda, Stages(dict(cache))).problem
        assert problem is not None
        return certify(problem, beta).relative_gap

    def enough(tolerance: float) -> bool:
        return all(reached(descend(end, tolerance)) <= PROVED for end in (LAMBDA, 1.01 * LAMBDA))

    tolerance = next(filter(enough, (10.0**-power for power in range(1, 16))))
    return Side(lambda step: descend(moved(step), tolerance), reached)
