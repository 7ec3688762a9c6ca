"""Choosing λ by whether what the factors leave over is unrelated across responses."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.comparison import Footing, largest
from factorlasso_core.errors import DataError
from factorlasso_core.folds import Fold
from factorlasso_core.frames import Table
from factorlasso_core.options import FitSpec
from factorlasso_core.options.base import check, check_whole, is_real
from factorlasso_core.panel import Panel
from factorlasso_core.path import Task, at_lambdas
from factorlasso_core.residuals import diagnose_residuals, missing_factor_components
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known, predictions
from factorlasso_core.selection import Cells, Selection
from factorlasso_core.solve import FAST, PROVED
from factorlasso_core.sparsity import effective_sparsity
from factorlasso_core.stages import Stages
from factorlasso_core.trials import FAILURES, Trial, trials
from factorlasso_core.validation import Failure, over_folds

# What is measured on every fold; the names are those of the reference's table.
MEASURES = (
    "fold_sphericity_mean",
    "threshold",
    "top_eigenvalue",
    "mp_edge",
    "n_above_edge",
    "mean_abs_offdiag",
    "raw_offdiag_ss",
    "n_nonzero",
    "n_empty_factors",
)
COMPONENTS = ("component", "eigenvalue", "series", "loading")


@dataclass(eq=False, repr=False)
class LassoModelDiagonalityCV(Selection):
    """Choose the largest λ whose held-out residuals look unrelated across responses.

    On every fold of :func:`expanding_window_splits` the residuals of the test rows go through
    :func:`diagnose_residuals`. A λ passes if the mean sphericity stays within the mean threshold and the
    mean largest eigenvalue within the mean Marchenko–Pastur edge. The best λ is the largest that passes;
    where none does, the one with the smallest mean sphericity, the first of equal ones.

    A response without a single residual on a fold is left out there. Folds that could not be tested are
    left out for every λ; a λ that failed on single folds takes no part and does not pass; see
    :class:`~factorlasso_core.comparison.Footing`. One warning tells how much was left out.

    Args:
        lambdas, n_splits, base_model, refit, use_lambda_path: As in :class:`LassoModelCV`.
        significance: Probability of rejecting residuals that share nothing.
        zero_rtol: Loadings up to this share of the largest count as zero where a CVXPY solver made them.
            Those of ``solver="fast"`` are exact, and every loading other than zero counts.
        min_periods: A pair of responses needs this many common rows.

    Attributes:
        best_lambda_, best_score_: The choice and its mean sphericity. threshold_: Its mean threshold.
        passed_: Whether it passes. best_model_: Model refitted on all rows, None with ``refit=False``.
        diagnostics_: Frame by λ of means over the folds, with the verdict ``passes``.
        fold_scores_: Frame of sphericity, λ (``reg_lambda``) by ``fold``.
        left_out_: Frame of counts, λ by fold, of responses that did not enter the test.
        missing_factors_: Where the choice does not pass, what the residuals of a fit to all rows share;
            see :func:`missing_factor_components`. Otherwise empty.

    Raises:
        OptionError, TypeError: A parameter outside its range, at construction and in ``set_params``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame(rng.standard_normal((240, 2)), columns=["a", "b"])
        >>> y = pd.DataFrame({f"r{k}": x["a"] - k * x["b"] for k in range(5)}) + rng.standard_normal((240, 5))
        >>> LassoModelDiagonalityCV(lambdas=[0.01, 0.1, 5.0], n_splits=3).fit(x, y).best_lambda_
        0.1
    """

    use_lambda_path: bool = True
    significance: float = 0.05
    zero_rtol: float = 1e-4
    min_periods: int = 30

    passed_: bool = field(init=False)
    threshold_: float = field(init=False)
    diagnostics_: pd.DataFrame = field(init=False)
    fold_scores_: pd.DataFrame = field(init=False)
    missing_factors_: pd.DataFrame = field(init=False)

    @staticmethod
    def _check(parameters: dict[str, Any]) -> None:
        Selection._check(parameters)
        share, rtol, periods = (parameters[name] for name in ("significance", "zero_rtol", "min_periods"))
        check("significance", share, is_real(share) and 0 < share < 1, "between 0 and 1, both excluded")
        check("zero_rtol", rtol, is_real(rtol) and rtol >= 0, "a number >= 0")
        check("min_periods", periods, periods is not None, "an integer >= 0")
        check_whole("min_periods", periods, 0)

    def fit(self, x: Table, y: Table, verbose: bool = False) -> LassoModelDiagonalityCV:
        """Test every λ on every fold, choose, and refit.

        Args:
            x, y: As :meth:`LassoModel.fit` takes them.
            verbose: Warn of every cell that could not be tested, and print the choice.

        Raises:
            DataError, BeliefsError: As :meth:`LassoModel.fit`; also fewer rows than folds need.
            SelectionError: (RuntimeError) Nothing could be compared. The selector is left as it was.
        """
        task, grid = self._task(x, y), self._grid()
        settings = {name: getattr(self, name) for name in ("significance", "zero_rtol", "min_periods")}
        folds = self._folds().split(task.panel.shape[0])
        specs = at_lambdas(task.spec, grid)
        tests = list(over_folds(task, specs, folds, partial(residual_tests, **settings), None, "residuals"))
        values = np.stack([test.measures for test in tests], axis=1)
        left_out = np.stack([test.left_out for test in tests], axis=1)
        failures = [Failure(*pair, fold) for fold, test in enumerate(tests) for pair in test.failed]
        unproved = sum(test.unproved for test in tests)
        cells = Cells(values[:, :, 0], left_out, task.panel.shape[1], failures, unproved)
        footing = self._compared(cells, grid, verbose=verbose)
        table = _diagnostics(values, footing, grid)
        place = _choice(table, footing)
        chosen, model = table.iloc[place], self._best(x, y, grid[place])
        attributes = {
            "best_lambda_": grid[place],
            "best_score_": float(chosen["fold_sphericity_mean"]),
            "best_model_": model if self.refit else None,
            "left_out_": self._table(left_out, grid),
            "passed_": bool(chosen["passes"]),
            "threshold_": float(chosen["threshold"]),
            "diagnostics_": table,
            "fold_scores_": self._table(cells.scores, grid),
            "missing_factors_": self._missing(model.fit_, bool(chosen["passes"])),
        }
        vars(self).update(attributes)
        if verbose:
            print(f"best λ {self.best_lambda_:.6g}, mean sphericity {self.best_score_:.6g} of {self.threshold_:.6g}")
        return self

    def _missing(self, result: Fit, passed: bool) -> pd.DataFrame:
        """What the residuals of a fit share, empty where they are not asked or too few."""
        if not passed:
            exact = result.solved is None or result.solved.solution.solver == FAST
            constants = result.alpha if result.spec.loss.demean else np.zeros_like(result.alpha)
            residuals, fitted = _residuals(result.panel, result.beta, constants, 0.0 if exact else self.zero_rtol)
            with suppress(DataError):
                return missing_factor_components(residuals, min_periods=self.min_periods, n_fitted_per_asset=fitted)
        return pd.DataFrame(columns=list(COMPONENTS))


@dataclass(frozen=True, eq=False)
class FoldTests:
    """What the residuals of K candidates share on the test rows of a fold.

    Attributes:
        measures: (K, len(MEASURES)), NaN for candidates that could not be tested. left_out: (K,) responses
            without a residual. unproved: How many fits were not proved optimal.
        failed: Pairs of candidate and reason.
    """

    measures: Array
    left_out: Array
    unproved: int
    failed: tuple[tuple[int, Exception], ...]


def residual_tests(
    task: Task,
    specs: Sequence[FitSpec],
    fold: Fold,
    stages: Stages,
    *,
    significance: float,
    zero_rtol: float,
    min_periods: int,
) -> FoldTests:
    """Test the residuals of every candidate on a fold; see :class:`LassoModelDiagonalityCV` for the settings."""
    measures, left_out = np.full((len(specs), len(MEASURES)), np.nan), np.full(len(specs), task.panel.shape[1])
    failed: dict[int, Exception] = {}
    unproved = 0
    for start, found in trials(task, specs, fold, stages):
        failed |= {start + place: error for place, error in found.failed.items()}
        unproved += int((found.gap > PROVED).sum())
        for place in (place for place in range(len(found.candidates.beta)) if place not in found.failed):
            try:
                measures[start + place], tested = _tested(found, place, significance, zero_rtol, min_periods)
            except FAILURES as error:
                failed[start + place] = error.with_traceback(None)
                continue
            left_out[start + place] -= tested
    return FoldTests(frozen(measures), frozen(left_out), unproved, tuple(failed.items()))


def _tested(found: Trial, place: int, significance: float, zero_rtol: float, min_periods: int) -> tuple[Array, int]:
    """The measures of one candidate, and how many responses entered them."""
    beta, rtol = found.candidates.beta[place], 0.0 if found.exact else zero_rtol
    residuals, fitted = _residuals(found.unseen, beta, found.constants[place], rtol)
    return _measures(residuals, fitted, beta, rtol, significance, min_periods), residuals.shape[1]


def _measures(
    residuals: pd.DataFrame, fitted: float, beta: Array, rtol: float, significance: float, min_periods: int
) -> Array:
    """The numbers of ``MEASURES``, in their order."""
    found = diagnose_residuals(residuals, fitted, significance, min_periods)
    held = effective_sparsity(beta, rtol=rtol)
    return np.array(
        [
            found.sphericity,
            found.threshold,
            found.top_eigenvalue,
            found.mp_edge,
            found.n_above_edge,
            found.mean_abs_offdiag,
            found.raw_offdiag_ss,
            held.n_nonzero,
            len(held.empty_factors),
        ]
    )


def _residuals(panel: Panel, beta: Array, constants: Array, rtol: float) -> tuple[pd.DataFrame, float]:
    """Residuals of the responses that have any, and how many loadings each of these has on average."""
    values = panel.y - predictions(panel.x, beta, constants)
    some = ~np.isnan(values).all(axis=0)
    fitted = effective_sparsity(beta[some], rtol=rtol).per_asset if some.any() else 0.0
    return pd.DataFrame(values[:, some], columns=panel.responses[some]), fitted


def passing(measures: Array, footing: Footing) -> Array:
    """Return which candidates stay within both limits in the mean over the compared folds, (K,) booleans.

    Args:
        measures: (K, F, len(MEASURES)). footing: On which folds, and who takes part.
    """
    sphericity, threshold, top, edge = _means(measures, footing)[:, :4].T
    return np.asarray((sphericity <= threshold) & (top <= edge) & footing.entrants)


def _means(measures: Array, footing: Footing) -> Array:
    """Measures averaged over the compared folds, (K, len(MEASURES))."""
    return mean_of_known(measures[:, footing.folds].transpose(0, 2, 1))


def _diagnostics(measures: Array, footing: Footing, grid: list[float]) -> pd.DataFrame:
    """Means over the compared folds, and the verdict, by λ."""
    index = pd.Index(grid, name="reg_lambda")
    table = pd.DataFrame(_means(measures, footing), index=index, columns=list(MEASURES))
    return table.assign(passes=passing(measures, footing))


def _choice(table: pd.DataFrame, footing: Footing) -> int:
    """Position of the largest λ that passes, else of the first smallest sphericity."""
    passes = table["passes"].to_numpy()
    return largest(table.index.to_numpy(), passes) if passes.any() else int(np.nanargmin(footing.means))
