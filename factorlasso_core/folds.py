"""Time-ordered folds: what a model that knows only the past scores on the rows that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError, OptionError, SolverError
from factorlasso_core.panel import Panel
from factorlasso_core.path import Task, rows_of
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known, predictions
from factorlasso_core.stages import Stages

# What one λ on one fold may fail with; anything else concerns all of them and is raised at once.
FAILURES = (SolverError, DataError, np.linalg.LinAlgError)


def expanding_window_splits(n_samples: int, n_splits: int) -> Iterator[tuple[Array, Array]]:
    """Yield row positions of training and test windows, oldest first.

    With ``h = n_samples // (n_splits + 1)``, fold i (from 0) trains on the first ``h (i + 1)`` rows and is
    tested on the ``h`` rows behind them. What the division leaves over, at the end, is never tested.

    Raises:
        TypeError: An argument is not a whole number. OptionError: ``n_splits`` is below 1.
        DataError: Fewer than ``n_splits + 1`` rows.

    >>> [(len(train), test.tolist()) for train, test in expanding_window_splits(7, 2)]
    [(2, [2, 3]), (4, [4, 5])]
    """
    _require_whole("n_samples", n_samples)
    check_splits(n_splits)
    size = n_samples // (n_splits + 1)
    if size < 1:
        raise DataError(f"n_splits={n_splits} needs at least {n_splits + 1} rows, not {n_samples}: use fewer folds.")
    ends = (size * (fold + 1) for fold in range(n_splits))
    return ((np.arange(end), np.arange(end, end + size)) for end in ends)


def check_splits(n_splits: int) -> None:
    """Raise unless the number of folds is a whole number of at least 1."""
    _require_whole("n_splits", n_splits)
    if n_splits < 1:
        raise OptionError("n_splits", n_splits, "at least 1")


def _require_whole(name: str, value: object) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is not a whole number.")


@dataclass(frozen=True)
class Failure:
    """A λ that could not be scored on a fold, and why."""

    reg_lambda: float
    fold: int
    error: Exception


@dataclass(frozen=True, eq=False)
class Cells:
    """What every λ scored on every fold.

    Attributes:
        scores: (Λ, F, width), NaN where unknown. failures: Cells that could not be computed.
        unproved: How many fits were not proved optimal.
    """

    scores: Array
    failures: list[Failure]
    unproved: int


def score_cells(
    task: Task, lambdas: Sequence[float], n_splits: int, score: Callable[[Fit, Panel], Array], width: int
) -> Cells:
    """Fit every λ on the training rows of every fold and score it on the test rows.

    Within a fold only the solve depends on λ; the stages before it run once.

    Args:
        score: From a fit and the panel of unseen rows to ``width`` numbers.
    """
    scores = np.full((len(lambdas), n_splits, width), np.nan)
    failures: list[Failure] = []
    unproved = 0
    for fold, (train, test) in enumerate(expanding_window_splits(task.panel.shape[0], n_splits)):
        past, unseen, stages = task.on(train), rows_of(task.panel, test), Stages(_WithoutFits())
        for place, value in enumerate(lambdas):
            try:
                result = past.fit(value, stages)
                scores[place, fold] = score(result, unseen)
            except FAILURES as error:
                failures.append(Failure(value, fold, error.with_traceback(None)))
                continue
            unproved += any(notice.code == "unproved" for notice in result.notices)
    return Cells(scores, failures, unproved)


class _WithoutFits(dict[str, Any]):
    """Keeps the stages that λ share and forgets the fits, each of which is used once."""

    def __setitem__(self, name: str, value: Any) -> None:
        if not name.startswith("solve:"):
            super().__setitem__(name, value)


def forecast(result: Fit, unseen: Panel) -> Array:
    """Return what a fit predicts for the responses of a panel, (T, N), NaN where it does not."""
    return predictions(unseen.x, result.beta, result.alpha if result.spec.loss.demean else None)


@dataclass(frozen=True, eq=False)
class Footing:
    """On which folds λ are compared, and which of them can be.

    Means over different folds cannot be set against each other. So, until every score that is left is
    known, the λ or the folds with the largest share of unknown scores are left out: a fold that nearly
    no λ was scored on goes for all of them, and a λ that fails here and there goes by itself. Of equal
    shares the λ go.

    Attributes:
        folds: (F,) booleans. entrants: (Λ,) booleans; both are empty where nothing can be compared.
        means: (Λ,) over the folds, NaN for λ left out.
    """

    folds: Array
    entrants: Array
    means: Array

    @classmethod
    def of(cls, scores: Array) -> Footing:
        """Find the common footing of scores (Λ, F)."""
        unknown = np.isnan(scores)
        entrants, folds = (np.ones(size, dtype=bool) for size in scores.shape)
        while unknown[np.ix_(entrants, folds)].any():
            _leave_out(unknown, entrants, folds)
        return cls(folds, entrants, np.where(entrants, mean_of_known(scores[:, folds]), np.nan))


def _leave_out(unknown: Array, entrants: Array, folds: Array) -> None:
    """Drop, in place, the λ or the folds that lack most; everything where that would leave none of either."""
    by_lambda = unknown[:, folds].mean(axis=1) * entrants
    by_fold = unknown[entrants].mean(axis=0) * folds
    most = max(by_lambda.max(), by_fold.max())
    for share, kept in ((by_lambda, entrants), (by_fold, folds)):
        if 0 < (share == most).sum() < kept.sum():
            kept[share == most] = False
            return
    entrants[:] = folds[:] = False
