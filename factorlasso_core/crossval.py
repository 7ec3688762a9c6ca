"""Choosing λ by how well what was fitted to the past predicts what followed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.frames import Table
from factorlasso_core.path import at_lambdas
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.selection import Cells, Selection
from factorlasso_core.validation import validate


@dataclass(eq=False, repr=False)
class LassoModelCV(Selection):
    """Choose λ by out-of-sample R² on expanding windows.

    Every λ is fitted on the training rows of every fold of :func:`expanding_window_splits` (demeaning,
    clusters, signs and prior included) and scored on the rows that follow as :meth:`LassoModel.score` does.
    The best λ has the highest mean score; of equal ones it is the first in the grid.

    What is not known never scores. A response without a prediction, or constant, on a fold enters no mean
    there; this does not depend on λ. A fold where nothing could be scored is left out for every λ. A λ that
    failed on single folds takes no part, unless most failed there: then the fold is left out; see
    :class:`~factorlasso_core.comparison.Footing`. One warning tells how much was left out.

    Args:
        lambdas: Grid, default 20 points from 1e-6 to 1e-1; repeated values are used once, with a warning.
        n_splits: Number of folds. base_model: LassoModel whose λ is chosen; default one with defaults.
        refit: Fit the base model at the best λ to all rows.
        use_lambda_path: Of no effect: everything that does not depend on λ is always computed once a fold.

    Attributes:
        best_lambda_, best_score_: The choice and its mean score.
        best_model_: Model refitted on all rows, None with ``refit=False``.
        cv_scores_: Frame of R², λ (``reg_lambda``) by ``fold``, NaN where nothing was scored.
        response_scores_: Frame of R² of single responses, (λ, fold) by response.
        left_out_: Frame of counts, λ by fold, of responses that did not enter the score.

    Raises:
        OptionError, TypeError: A parameter outside its range, at construction and in ``set_params``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame(rng.standard_normal((120, 3)), columns=["a", "b", "c"])
        >>> y = pd.DataFrame({"r1": x["a"], "r2": 0.5 * x["b"]}) + 0.1 * rng.standard_normal((120, 2))
        >>> LassoModelCV(lambdas=[1.0, 0.01, 0.1], n_splits=3).fit(x, y).best_lambda_
        0.01
    """

    cv_scores_: pd.DataFrame = field(init=False)
    response_scores_: pd.DataFrame = field(init=False)

    def fit(self, x: Table, y: Table, verbose: bool = False) -> LassoModelCV:
        """Score every λ on every fold, choose, and refit.

        Args:
            x, y: As :meth:`LassoModel.fit` takes them.
            verbose: Warn of every cell that could not be scored, and print the choice.

        Raises:
            DataError, BeliefsError: As :meth:`LassoModel.fit`; also fewer rows than folds need.
            SelectionError: (RuntimeError) Nothing could be compared. The selector is left as it was.
        """
        task, grid = self._task(x, y), self._grid()
        responses = task.panel.responses
        found = validate(task, at_lambdas(task.spec, grid), self._folds())
        by_response = found.r_squared
        scores, left_out = mean_of_known(by_response), np.isnan(by_response).sum(axis=2)
        cells = Cells(scores, left_out, len(responses), found.failures, found.unproved)
        footing = self._compared(cells, grid, verbose=verbose)
        place = footing.best
        attributes = {
            "best_lambda_": grid[place],
            "best_score_": float(footing.means[place]),
            "best_model_": self._best(x, y, grid[place]) if self.refit else None,
            "cv_scores_": self._table(scores, grid),
            "left_out_": self._table(left_out, grid),
            "response_scores_": self._by_response(by_response, grid, responses),
        }
        vars(self).update(attributes)
        if verbose:
            print(f"best λ {self.best_lambda_:.6g}, mean R² {self.best_score_:.6g}")
        return self

    def _by_response(self, values: Array, grid: list[float], responses: pd.Index) -> pd.DataFrame:
        index = pd.MultiIndex.from_product([grid, range(self.n_splits)], names=["reg_lambda", "fold"])
        return pd.DataFrame(values.reshape(len(index), -1), index=index, columns=responses)
