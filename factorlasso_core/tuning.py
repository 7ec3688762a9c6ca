"""Choosing λ, α and cutoff by what was held out: the curve over λ, and the map over α and cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.comparison import Footing, largest, nothing_compared
from factorlasso_core.diagonality import FoldTests, passing, residual_tests
from factorlasso_core.digest import digest
from factorlasso_core.folds import FoldOptions
from factorlasso_core.options import FitSpec
from factorlasso_core.options.base import check_choice
from factorlasso_core.path import Task, at_lambdas
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.stages import Stages
from factorlasso_core.validation import Validation, over_folds, task_key, unwatched, validate

R2, ERROR, SPHERICITY = "r2", "error", "sphericity"
SCORES = (R2, ERROR, SPHERICITY)
COLUMNS = {R2: "r2", ERROR: "relative_error", SPHERICITY: "sphericity"}  # of tables, one name for one meaning
BEST, SPARSE = "best", "sparse"
RULES = (BEST, SPARSE)
DIGITS = 4  # behind the point, of scores as they are shown: what is equal in them is not told apart
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

    def chosen(self, rule: str) -> int:
        """Position of the λ that one of ``RULES`` chooses; the sphericity has a rule of its own, its test."""
        check_choice("rule", rule, RULES)
        return self.best if rule == BEST and self.score != SPHERICITY else self.sparsest

    def edge(self, place: int) -> str | None:
        """``"smallest"`` or ``"largest"`` where a λ is that of the grid."""
        edges = {self.lambdas.min(): "smallest", self.lambdas.max(): "largest"}
        return edges.get(self.lambdas[place])

    def by_response(self, place: int) -> Array:
        """The score of single responses at a λ on the compared folds, (F, N); see :func:`part_score`."""
        return by_response(self.validation, self.score)[place][self.folds]


def part_score(score: str) -> str:
    """Return the score of single responses, and of maps: R² where the score is one of all responses together."""
    return R2 if score == SPHERICITY else score


def by_response(found: Validation, score: str) -> Array:
    """Return the score of single responses, (K, F, N); see :func:`part_score`."""
    return found.relative_error if part_score(score) == ERROR else found.r_squared


def curve(
    task: Task,
    lambdas: Sequence[float],
    options: FoldOptions,
    score: str = R2,
    stages: Stages | None = None,
    progress: Callable[[float], object] = unwatched,
) -> Curve:
    """Score one model at every λ.

    Args:
        task: The model and the data. lambdas: Distinct. options: The folds. score: One of ``SCORES``.
        stages: A cache; another score or rule of the same model is then answered without a fit, except
            that the first sphericity fits once more.
        progress: Called after every fold with the share that is done.

    Raises:
        OptionError: Another score. DataError, BeliefsError: As :func:`validate`.
        SelectionError: No λ could be compared.
    """
    check_choice("score", score, SCORES)
    specs, rounds = at_lambdas(task.spec, lambdas), 2 if score == SPHERICITY else 1
    found = validate(task, specs, options, stages, lambda share: progress(share / rounds))
    if score != SPHERICITY:
        scores = mean_of_known(by_response(found, score))
        return _curve(found, lambdas, scores, score)
    measure = partial(residual_tests, **SETTINGS)  # type: ignore[arg-type]
    tests: list[FoldTests] = []
    for test in over_folds(task, specs, found.folds, measure, stages, "residuals"):
        tests.append(test)
        progress(0.5 + 0.5 * len(tests) / len(found.folds))
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
    passes = passing(measures, footing)
    sparsest = largest(plain.lambdas, passes) if passes.any() else plain.best
    limit = mean_of_known(measures[:, plain.folds, 1])
    return replace(plain, sparsest=sparsest, limit=limit, passed=bool(passes.any()))


def _footing(scores: Array, found: Validation) -> Footing:
    footing = Footing.of(scores)
    if not footing.entrants.any():
        raise nothing_compared(scores, _last_failure(found))
    return footing


def _last_failure(found: Validation) -> Exception | None:
    return found.failures[-1].error if found.failures else None


def score_table(found: Curve) -> pd.DataFrame:
    """Return the curve as a table by λ, largest first: mean, standard error, loadings, proof, and every fold.

    The columns of the score carry its name in ``COLUMNS``; the sphericity has its ``threshold`` beside it.
    """
    name, gap = COLUMNS[found.score], found.validation.gap
    columns = {name: found.means, "standard_error": found.errors}
    columns |= {} if found.limit is None else {"threshold": found.limit}
    columns |= {"nonzero": found.nonzero, "relative_gap": np.fmax.reduce(gap, axis=1, initial=np.nan)}
    columns |= {f"{name}_fold_{number}": scores for number, scores in enumerate(found.scores.T, start=1)}
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
        errors: (A, C) standard errors of these means over the folds, NaN with a single fold.
    """

    score: str
    grid: Grid
    scores: Array
    lambdas: Array
    errors: Array

    @property
    def best(self) -> tuple[int, int]:
        """Row and column of the best score, the first of equal ones."""
        place = int(np.nanargmax(_upward(self.scores, self.score)))
        return divmod(place, self.scores.shape[1])

    @property
    def equal(self) -> Array:
        """(A, C) booleans: where the score is the best one to ``DIGITS`` digits."""
        return np.asarray(np.round(self.scores, DIGITS) == np.round(self.scores[self.best], DIGITS))

    @property
    def flat(self) -> bool:
        """Whether every score lies within one standard error of the best."""
        upward = _upward(self.scores, self.score)
        return bool(np.nanmin(upward) >= upward[self.best] - self.errors[self.best])

    def nearest(self, alpha: float, cutoff: float) -> tuple[int, int]:
        """Row and column of the cell nearest to a point, of any score."""
        return self._nearest(alpha, cutoff, np.ones(self.scores.shape, dtype=bool))

    def best_near(self, alpha: float, cutoff: float) -> tuple[int, int]:
        """Row and column of the best score, of equal ones that nearest to a point."""
        return self._nearest(alpha, cutoff, self.equal)

    def _nearest(self, alpha: float, cutoff: float, among: Array) -> tuple[int, int]:
        across = np.array(self.grid.cutoffs or (cutoff,))
        distance = np.hypot(np.array(self.grid.alphas)[:, None] - alpha, across - cutoff)
        return divmod(int(np.where(among, distance, np.inf).argmin()), self.scores.shape[1])


def _upward(scores: Array, score: str) -> Array:
    """Scores of which the higher is the better."""
    return scores if score == R2 else -scores


def landscape(
    task: Task,
    grid: Grid,
    options: FoldOptions,
    score: str = R2,
    stages: Stages | None = None,
    progress: Callable[[float], object] = unwatched,
) -> Landscape:
    """Find the best λ at every α and cutoff; which folds are compared is settled at each by itself.

    Args:
        task: The model and the data. grid: The points. options: The folds. score: ``"r2"`` or ``"error"``.
        stages: A cache for the whole map. progress: Called with the share that is done, before the first
            fold and after every one; never where the map is found.

    Raises:
        OptionError: Another score. DataError, BeliefsError: As :func:`validate`.
        SelectionError: Nothing could be compared anywhere.
    """
    check_choice("score", score, (R2, ERROR))
    model = _at(task.spec, 0.0, 0.0, grid.columns[0])
    key = digest(task_key(task, [model]), repr(grid), options.digest(), score)
    return (stages or Stages()).get("map", key, lambda: _landscape(task, grid, options, score, progress))


def _landscape(
    task: Task, grid: Grid, options: FoldOptions, score: str, progress: Callable[[float], object]
) -> Landscape:
    """Every point at once on each fold, so that a fold is prepared once; then the best λ of each cell."""
    progress(0.0)
    shape = (len(grid.alphas), len(grid.columns), len(grid.lambdas))
    points = product(grid.alphas, grid.columns, grid.lambdas)
    specs = [_at(task.spec, value, alpha, cutoff) for alpha, cutoff, value in points]
    found = validate(task, specs, options, progress=progress)
    by_cell = mean_of_known(by_response(found, score)).reshape(*shape, len(found.folds))
    scores, lambdas, errors = (np.full(shape[:2], np.nan) for _ in range(3))
    for cell in np.ndindex(*shape[:2]):
        footing = Footing.of(_upward(by_cell[cell], score))
        if footing.entrants.any():
            best = footing.best
            scores[cell] = by_cell[cell][best, footing.folds].mean()
            lambdas[cell], errors[cell] = grid.lambdas[best], footing.errors[best]
    if np.isnan(scores).all():
        raise nothing_compared(by_cell, _last_failure(found))
    return Landscape(score, grid, frozen(scores), frozen(lambdas), frozen(errors))


def _at(spec: FitSpec, lam: float, alpha: float, cutoff: float | None) -> FitSpec:
    spec = spec.with_penalty(reg_lambda=lam, l1_weight=alpha)
    return spec if cutoff is None else replace(spec, clustering=replace(spec.clustering, cutoff_fraction=cutoff))
