"""Choosing λ, α and cutoff by what was held out: the curve over λ, and the map over α and cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.comparison import Footing
from factorlasso_core.diagonality import FoldTests, passing, residual_tests
from factorlasso_core.digest import digest
from factorlasso_core.errors import SelectionError
from factorlasso_core.folds import FoldOptions
from factorlasso_core.options import FitSpec
from factorlasso_core.path import Task
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.stages import Stages
from factorlasso_core.validation import Validation, at_lambdas, over_folds, validate
from factorlasso_core.version import VERSION

R2, ERROR, SPHERICITY = "r2", "error", "sphericity"
SCORES = (R2, ERROR, SPHERICITY)
SETTINGS = {"significance": 0.05, "zero_rtol": 0.0, "min_periods": 30}  # of the sphericity; as its selector's


@dataclass(frozen=True, eq=False)
class Curve:
    """The score of one model at every λ.

    Attributes:
        score: One of ``SCORES``; the first is better when higher, the others when lower.
        lambdas: (K,). scores: (K, F), NaN where unknown. validation: The errors behind them.
        means, errors: (K,) over the compared folds, with standard errors; NaN for λ left out.
        folds: (F,) booleans, which are compared.
        best: Position of the best mean, the first of equal ones. sparsest: That of the largest λ within one
            standard error of it; with the sphericity, of the largest λ that passes.
        limit: (K,) mean threshold of the sphericity, None otherwise.
        passed: Whether ``sparsest`` passes; always with other scores.
    """

    score: str
    lambdas: Array
    scores: Array
    validation: Validation
    means: Array
    errors: Array
    folds: Array
    best: int
    sparsest: int
    limit: Array | None = None
    passed: bool = True

    @property
    def nonzero(self) -> Array:
        """Mean number of non-zero loadings over the compared folds, (K,)."""
        return mean_of_known(self.validation.nonzero[:, self.folds])

    @property
    def at_edge(self) -> str | None:
        """``"smallest"`` or ``"largest"`` where the best λ, or the one that passes, is that of the grid."""
        edges = {self.lambdas.min(): "smallest", self.lambdas.max(): "largest"}
        return edges.get(self.lambdas[self.sparsest if self.limit is not None else self.best])

    def by_response(self, place: int) -> Array:
        """R² of every response at a λ on the compared folds, (F, N); the relative error where that is the score."""
        return by_response(self.validation, self.score)[place][self.folds]


def by_response(found: Validation, score: str) -> Array:
    """Return the score of single responses, (K, F, N); R² where the score has none."""
    return found.relative_error if score == ERROR else found.r_squared


def curve(
    task: Task, lambdas: Sequence[float], options: FoldOptions, score: str = R2, stages: Stages | None = None
) -> Curve:
    """Score one model at every λ.

    Args:
        task: The model and the data. lambdas: Distinct. options: The folds. score: One of ``SCORES``.
        stages: A cache; another score or rule of the same model is then answered without a fit, except
            that the first sphericity fits once more.

    Raises:
        DataError, BeliefsError: As :func:`validate`. SelectionError: No λ could be compared.
    """
    specs = at_lambdas(task.spec, lambdas)
    found = validate(task, specs, options, stages)
    if score != SPHERICITY:
        scores = mean_of_known(by_response(found, score))
        return _curve(found, lambdas, scores, score)
    measure = partial(residual_tests, **SETTINGS)  # type: ignore[arg-type]
    tests = list(over_folds(task, specs, found.folds, measure, stages, "residuals"))
    return _residual_curve(found, lambdas, tests)


def _curve(found: Validation, lambdas: Sequence[float], scores: Array, score: str) -> Curve:
    direction = 1.0 if score == R2 else -1.0
    footing, values = _footing(direction * scores, found), np.array(lambdas)
    return Curve(
        score, values, scores, found, direction * footing.means, footing.errors, footing.folds,
        footing.best, footing.sparsest(values),
    )  # fmt: skip


def _residual_curve(found: Validation, lambdas: Sequence[float], tests: Sequence[FoldTests]) -> Curve:
    """The curve of the mean sphericity, by the rule of :class:`LassoModelDiagonalityCV`."""
    measures = np.stack([test.measures for test in tests], axis=1)
    plain = _curve(found, lambdas, measures[:, :, 0], SPHERICITY)
    footing = _footing(-plain.scores, found)
    passes = np.flatnonzero(passing(measures, footing))
    sparsest = int(passes[np.argmax(plain.lambdas[passes])]) if passes.size else plain.best
    limit = mean_of_known(measures[:, plain.folds, 1])
    return replace(plain, sparsest=sparsest, limit=limit, passed=bool(passes.size))


def _footing(scores: Array, found: Validation) -> Footing:
    footing = Footing.of(scores)
    if not footing.entrants.any():
        reason = f" The last failure was: {found.failures[-1].error}" if found.failures else ""
        raise SelectionError(
            "No λ was scored on the same folds as another: use fewer folds, a smaller gap or a shorter warm-up."
            + reason
        )
    return footing


def score_table(found: Curve) -> pd.DataFrame:
    """Return the curve as a table by λ, largest first: mean, standard error, loadings, proof, and every fold."""
    gap = found.validation.gap
    columns = {
        "mean": found.means,
        "standard_error": found.errors,
        "nonzero": found.nonzero,
        "relative_gap": np.fmax.reduce(gap, axis=1, initial=np.nan),
    }
    columns |= {f"fold_{number}": scores for number, scores in enumerate(found.scores.T, start=1)}
    return pd.DataFrame(columns, index=pd.Index(found.lambdas, name="reg_lambda")).sort_index(ascending=False)


@dataclass(frozen=True)
class Grid:
    """Points of a map; no cutoffs where the model cuts no tree."""

    lambdas: tuple[float, ...]
    alphas: tuple[float, ...]
    cutoffs: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[float | None, ...]:
        """The cutoffs, None alone where there are none."""
        return self.cutoffs or (None,)


@dataclass(frozen=True, eq=False)
class Landscape:
    """The best score over λ at every α and cutoff.

    Attributes:
        score: ``"r2"`` or ``"error"``. grid: The points, A alphas and C columns.
        scores: (A, C) best mean over λ, NaN where unknown. lambdas: (A, C) the λ it is reached at.
    """

    score: str
    grid: Grid
    scores: Array
    lambdas: Array

    @property
    def best(self) -> tuple[int, int]:
        """Row and column of the best score."""
        place = int(np.nanargmax(self.scores if self.score == R2 else -self.scores))
        return divmod(place, self.scores.shape[1])


def landscape(
    task: Task,
    grid: Grid,
    options: FoldOptions,
    score: str = R2,
    stages: Stages | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> Landscape:
    """Find the best λ at every α and cutoff; which folds are compared is settled at each by itself.

    Args:
        task: The model and the data. grid: The points. options: The folds. score: ``"r2"`` or ``"error"``.
        stages: A cache for the whole map. progress: Called after every fold with the share that is done.

    Raises:
        DataError, BeliefsError: As :func:`validate`. SelectionError: Nothing could be compared anywhere.
    """
    model = _at(task.spec, 0.0, 0.0, grid.columns[0]).digest()
    key = digest(task.panel.key, task.beliefs.key, model, repr(grid), options.digest(), score, VERSION)
    return (stages or Stages()).get("map", key, lambda: _landscape(task, grid, options, score, progress))


def _landscape(
    task: Task, grid: Grid, options: FoldOptions, score: str, progress: Callable[[float], object]
) -> Landscape:
    """Every point at once on each fold, so that a fold is prepared once; then the best λ of each cell."""
    shape = (len(grid.alphas), len(grid.columns), len(grid.lambdas))
    points = product(grid.alphas, grid.columns, grid.lambdas)
    specs = [_at(task.spec, value, alpha, cutoff) for alpha, cutoff, value in points]
    found = validate(task, specs, options, progress=progress)
    by_cell = mean_of_known(by_response(found, score)).reshape(*shape, len(found.folds))
    scores, lambdas = np.full(shape[:2], np.nan), np.full(shape[:2], np.nan)
    for cell in np.ndindex(*shape[:2]):
        footing = Footing.of(by_cell[cell] if score == R2 else -by_cell[cell])
        if footing.entrants.any():
            scores[cell] = by_cell[cell][footing.best, footing.folds].mean()
            lambdas[cell] = grid.lambdas[footing.best]
    if np.isnan(scores).all():
        raise SelectionError("No α and cutoff could be scored: use fewer folds, or a smaller gap.")
    return Landscape(score, grid, frozen(scores), frozen(lambdas))


def _at(spec: FitSpec, lam: float, alpha: float, cutoff: float | None) -> FitSpec:
    spec = replace(spec, penalty=replace(spec.penalty, reg_lambda=lam, l1_weight=alpha))
    return spec if cutoff is None else replace(spec, clustering=replace(spec.clustering, cutoff_fraction=cutoff))
