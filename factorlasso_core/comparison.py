"""Setting candidates against each other: on which folds, by which mean, and which one is chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.errors import SelectionError
from factorlasso_core.scoring import mean_of_known


@dataclass(frozen=True, eq=False)
class Footing:
    """On which folds candidates are compared, and which of them can be.

    Means over different folds cannot be set against each other. So, until every score that is left is
    known, the candidates or the folds with the largest share of unknown scores are left out: a fold that
    nearly no candidate was scored on goes for all of them, and a candidate that fails here and there goes
    by itself. Of equal shares the candidates go.

    Attributes:
        folds: (F,) booleans. entrants: (K,) booleans; both are empty where nothing can be compared.
        means: (K,) over the folds, NaN for candidates left out.
        errors: (K,) standard errors of the means, NaN with a single fold.
    """

    folds: Array
    entrants: Array
    means: Array
    errors: Array

    @classmethod
    def of(cls, scores: Array) -> Footing:
        """Find the common footing of scores (K, F)."""
        unknown = np.isnan(scores)
        entrants, folds = (np.ones(size, dtype=bool) for size in scores.shape)
        while unknown[np.ix_(entrants, folds)].any():
            _leave_out(unknown, entrants, folds)
        compared = np.where(entrants[:, None], scores[:, folds], np.nan)
        means, count = mean_of_known(compared), int(folds.sum())
        spread = ((compared - means[:, None]) ** 2).sum(axis=1) / max(count - 1, 1)
        errors = np.sqrt(spread / count) if count > 1 else np.full(len(scores), np.nan)
        return cls(folds, entrants, means, errors)

    @property
    def best(self) -> int:
        """Position of the highest mean, the first of equal ones."""
        return int(np.nanargmax(self.means))

    def sparsest(self, lambdas: Array) -> int:
        """Position of the largest λ whose mean is within one standard error of the best; the best with one fold.

        The error is that of the best mean over the folds; see Hastie, Tibshirani and Friedman 2009, 7.10.
        """
        best = self.best
        if np.isnan(self.errors[best]):
            return best
        return largest(lambdas, self.means >= self.means[best] - self.errors[best])


def largest(lambdas: Array, among: Array) -> int:
    """Return the position of the largest λ among some, at least one, given as booleans; the first of equal ones."""
    places = np.flatnonzero(among)
    return int(places[np.argmax(lambdas[places])])


def nothing_compared(scores: Array, last: Exception | None) -> SelectionError:
    """Return the error that says why nothing of scores (K, F) can be compared; the last failure is its cause."""
    if np.isnan(scores).all():
        words = "No λ was scored on any fold: give more rows, or use fewer folds or a shorter warm-up."
    else:
        words = "No two λ were scored on the same folds, so none can be compared: use the fast solver, or fewer folds."
    error = SelectionError(words if last is None else f"{words} The last failure was: {last}")
    error.__cause__ = last
    return error


def _leave_out(unknown: Array, entrants: Array, folds: Array) -> None:
    """Drop, in place, the candidates or the folds that lack most; everything where that would leave none of either."""
    by_candidate = unknown[:, folds].mean(axis=1) * entrants
    by_fold = unknown[entrants].mean(axis=0) * folds
    most = max(by_candidate.max(), by_fold.max())
    for share, kept in ((by_candidate, entrants), (by_fold, folds)):
        if 0 < (share == most).sum() < kept.sum():
            kept[share == most] = False
            return
    entrants[:] = folds[:] = False
