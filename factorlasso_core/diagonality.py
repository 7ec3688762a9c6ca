"""Choosing λ by whether what the factors leave over is unrelated across responses."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError
from factorlasso_core.folds import Footing, forecast
from factorlasso_core.frames import Table
from factorlasso_core.options.base import check, check_whole, is_real
from factorlasso_core.panel import Panel
from factorlasso_core.residuals import diagnose_residuals, missing_factor_components
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.selection import Selection
from factorlasso_core.solve import FAST
from factorlasso_core.sparsity import Sparsity, effective_sparsity

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
    :class:`Footing`. One warning tells how much was left out.

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
        n = task.panel.shape[1]
        settings = {name: getattr(self, name) for name in ("significance", "zero_rtol", "min_periods")}
        cells = self._score_cells(task, grid, partial(_measures, **settings), len(MEASURES) + 1, verbose)
        left_out = np.where(np.isnan(cells.scores[:, :, -1]), n, cells.scores[:, :, -1]).astype(int)
        footing = self._compared(cells.scores[:, :, 0], cells, left_out, grid, n)
        table = _diagnostics(cells.scores[:, :, :-1], footing, grid)
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
            "fold_scores_": self._table(cells.scores[:, :, 0], grid),
            "missing_factors_": self._missing(model.fit_, bool(chosen["passes"])),
        }
        vars(self).update(attributes)
        if verbose:
            print(f"best λ {self.best_lambda_:.6g}, mean sphericity {self.best_score_:.6g} of {self.threshold_:.6g}")
        return self

    def _missing(self, result: Fit, passed: bool) -> pd.DataFrame:
        """What the residuals of a fit share, empty where they are not asked or too few."""
        if not passed:
            residuals, fitted = _residuals(result, result.panel, self.zero_rtol)
            with suppress(DataError):
                return missing_factor_components(residuals, min_periods=self.min_periods, n_fitted_per_asset=fitted)
        return pd.DataFrame(columns=list(COMPONENTS))


def _measures(result: Fit, unseen: Panel, significance: float, zero_rtol: float, min_periods: int) -> Array:
    """The measures of a fit on unseen rows, and how many responses have no residual there."""
    residuals, fitted = _residuals(result, unseen, zero_rtol)
    found = diagnose_residuals(residuals, fitted, significance, min_periods)
    held = _sparsity(result, result.beta, zero_rtol)
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
            len(result.beta) - residuals.shape[1],
        ]
    )


def _residuals(result: Fit, panel: Panel, zero_rtol: float) -> tuple[pd.DataFrame, float]:
    """Residuals of the responses that have any, and how many loadings each of these has on average."""
    values = panel.y - forecast(result, panel)
    some = ~np.isnan(values).all(axis=0)
    fitted = _sparsity(result, result.beta[some], zero_rtol).per_asset if some.any() else 0.0
    return pd.DataFrame(values[:, some], columns=panel.responses[some]), fitted


def _sparsity(result: Fit, beta: Array, zero_rtol: float) -> Sparsity:
    exact = result.solved is None or result.solved.solution.solver == FAST
    return effective_sparsity(beta, rtol=0.0 if exact else zero_rtol)


def _diagnostics(values: Array, footing: Footing, grid: list[float]) -> pd.DataFrame:
    """Means over the compared folds, and the verdict, by λ."""
    means = mean_of_known(values[:, footing.folds].transpose(0, 2, 1))
    table = pd.DataFrame(means, index=pd.Index(grid, name="reg_lambda"), columns=list(MEASURES))
    within = (table["fold_sphericity_mean"] <= table["threshold"]) & (table["top_eigenvalue"] <= table["mp_edge"])
    return table.assign(passes=within & footing.entrants)


def _choice(table: pd.DataFrame, footing: Footing) -> int:
    """Position of the largest λ that passes, else of the first smallest sphericity."""
    passing = np.flatnonzero(table["passes"])
    if passing.size:
        return int(passing[np.argmax(table.index.to_numpy()[passing])])
    return int(np.nanargmin(footing.means))
