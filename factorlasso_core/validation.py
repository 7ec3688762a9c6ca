"""Many candidates on every fold: what they leave unexplained of the rows that followed.

One engine behind the selectors and the dashboard. What is kept of a candidate are its errors, not its fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.digest import array_bytes, digest
from factorlasso_core.folds import Fold, FoldOptions
from factorlasso_core.options import FitSpec
from factorlasso_core.path import Task
from factorlasso_core.scoring import squared_errors, variation
from factorlasso_core.solve import PROVED
from factorlasso_core.stages import Stages
from factorlasso_core.trials import Trial, trials
from factorlasso_core.version import VERSION

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Held:
    """What candidates leave unexplained of the test rows of a fold.

    Attributes:
        error: (K, N) mean squared error, NaN where nothing was predicted.
        variance: (N,) of the responses on the same rows, NaN where constant. before: (N,) on the training rows.
        nonzero: (K,) number of non-zero loadings, NaN for candidates that failed. gap: (K,) see :class:`Trial`.
        failed: Pairs of candidate and reason.
    """

    error: Array
    variance: Array
    before: Array
    nonzero: Array
    gap: Array
    failed: tuple[tuple[int, Exception], ...]


@dataclass(frozen=True, eq=False)
class Validation:
    """What K candidates leave unexplained on F folds.

    Attributes:
        folds: The windows. held: One entry a fold.
    """

    folds: tuple[Fold, ...]
    held: tuple[Held, ...]

    @cached_property
    def r_squared(self) -> Array:
        """R² of every response about its mean on the test rows, (K, F, N)."""
        return np.stack([1.0 - fold.error / fold.variance for fold in self.held], axis=1)

    @cached_property
    def relative_error(self) -> Array:
        """Mean squared error in units of the response's variance on the training rows, (K, F, N); lower is better.

        Unlike R² it does not punish a quiet test window: the yardstick is what was known before.
        """
        return np.stack([fold.error / fold.before for fold in self.held], axis=1)

    @property
    def nonzero(self) -> Array:
        """Number of non-zero loadings, (K, F)."""
        return np.stack([fold.nonzero for fold in self.held], axis=1)

    @property
    def gap(self) -> Array:
        """Largest relative duality gap over the responses, (K, F)."""
        return np.stack([fold.gap for fold in self.held], axis=1)

    @property
    def unproved(self) -> int:
        """How many fits were not proved optimal."""
        return int((self.gap > PROVED).sum())

    @property
    def failures(self) -> list[Failure]:
        """Candidates that could not be scored, fold by fold."""
        return [Failure(*pair, number) for number, fold in enumerate(self.held) for pair in fold.failed]


@dataclass(frozen=True)
class Failure:
    """A candidate, by position, that could not be scored on a fold, and why."""

    candidate: int
    error: Exception
    fold: int


def unwatched(share: float) -> None:
    """Progress nobody watches."""


def validate(
    task: Task,
    specs: Sequence[FitSpec],
    options: FoldOptions,
    stages: Stages | None = None,
    progress: Callable[[float], object] = unwatched,
) -> Validation:
    """Fit every candidate on the training rows of every fold and measure it on the test rows.

    Args:
        task: The model and the data. specs: Candidates, which differ in λ, α and cutoff only.
        options: The folds. stages: A cache to work through, in which a fold is found again.
        progress: Called after every fold with the share that is done.

    Raises:
        BeliefsError, DataError: As :func:`factorlasso_core.fit.fit`; also fewer rows than folds need.
    """
    folds = options.split(task.panel.shape[0])
    held: list[Held] = []
    for found in over_folds(task, specs, folds, _held, stages, "held"):
        held.append(found)
        progress(len(held) / len(folds))
    return Validation(folds, tuple(held))


def over_folds(
    task: Task,
    specs: Sequence[FitSpec],
    folds: Sequence[Fold],
    measure: Callable[[Task, Sequence[FitSpec], Fold, Stages], T],
    stages: Stages | None,
    stage: str,
) -> Iterator[T]:
    """Yield a measure of the candidates on every fold.

    Args:
        stages: Each fold is a stage of the name ``stage``. With None nothing outlives its fold.
    """
    if stages is None:
        yield from (measure(task, specs, fold, Stages()) for fold in folds)
        return
    key = task_key(task, specs)
    for fold in folds:
        yield stages.get(stage, digest(key, repr(fold)), partial(measure, task, specs, fold, stages))


def task_key(task: Task, specs: Sequence[FitSpec]) -> str:
    """Return the digest of data, solver and candidates that differ in λ, α and cutoff only."""
    varied = [[s.penalty.reg_lambda, s.penalty.l1_weight, s.clustering.cutoff_fraction] for s in specs]
    candidates = digest(specs[0].digest(), array_bytes(np.array(varied)))
    return digest(task.panel.key, task.beliefs.key, candidates, task.solver, *task.fallbacks, VERSION)


def _held(task: Task, specs: Sequence[FitSpec], fold: Fold, stages: Stages) -> Held:
    """What candidates leave unexplained on a fold, fitted in blocks whose loadings fit into memory."""
    starts, parts = zip(*((at, held_out(found)) for at, found in trials(task, specs, fold, stages)), strict=True)
    return Held(
        error=frozen(np.concatenate([part.error for part in parts])),
        variance=parts[0].variance,
        before=parts[0].before,
        nonzero=frozen(np.concatenate([part.nonzero for part in parts])),
        gap=frozen(np.concatenate([part.gap for part in parts])),
        failed=tuple((at + place, why) for at, part in zip(starts, parts, strict=True) for place, why in part.failed),
    )


def held_out(found: Trial) -> Held:
    """Return what the candidates of a fold leave unexplained of its test rows."""
    unseen, beta = found.unseen, found.candidates.beta
    whole = ~np.isnan(unseen.x).any(axis=1, keepdims=True)
    known = np.where(whole, unseen.y, np.nan)
    count = np.maximum((~np.isnan(known)).sum(axis=0), 1)
    nonzero = np.count_nonzero(np.nan_to_num(beta, nan=0.0), axis=(1, 2)).astype(float)
    nonzero[list(found.failed)] = np.nan
    before = ~np.isnan(found.past.y)
    return Held(
        error=frozen(squared_errors(unseen.x, unseen.y, beta, found.constants) / count),
        variance=frozen(variation(known) / count),
        before=frozen(variation(found.past.y) / np.maximum(before.sum(axis=0), 1)),
        nonzero=frozen(nonzero),
        gap=frozen(found.gap),
        failed=tuple(found.failed.items()),
    )
