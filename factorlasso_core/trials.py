"""Many candidates on the training rows of one fold, solved at once where the solver can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, blocks
from factorlasso_core.batch import Candidates, fit_many
from factorlasso_core.errors import DataError, SolverError
from factorlasso_core.fit import fit
from factorlasso_core.folds import Fold
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.path import Task, rows_of
from factorlasso_core.solve import FAST
from factorlasso_core.stages import Stages

# What one candidate on one fold may fail with; anything else concerns all of them and is raised at once.
FAILURES = (SolverError, DataError, np.linalg.LinAlgError)
MOST_LOADINGS = 2**23  # of all candidates that are solved at once: 64 MiB


@dataclass(frozen=True, eq=False)
class Trial:
    """Candidates fitted to the training rows of a fold.

    Attributes:
        past, unseen: Panels of the training and the test rows.
        candidates: Loadings, NaN for candidates that failed. failed: Why, by position of the candidate.
        demean: Whether predictions carry the constant. exact: Whether zero loadings are exact.
    """

    past: Panel
    unseen: Panel
    candidates: Candidates
    failed: dict[int, Exception]
    demean: bool
    exact: bool

    @property
    def constants(self) -> Array:
        """What predictions add to ``x β'``, (K, N)."""
        return self.candidates.alpha if self.demean else np.zeros_like(self.candidates.alpha)

    @property
    def gap(self) -> Array:
        """Largest relative duality gap of each candidate over the responses it was estimated for, (K,)."""
        known = np.where(np.isnan(self.candidates.alpha), np.nan, self.candidates.relative_gap)
        return np.fmax.reduce(known, axis=1, initial=np.nan)


def trial(task: Task, specs: Sequence[FitSpec], fold: Fold, stages: Stages) -> Trial:
    """Fit candidates to the training rows of a fold."""
    past, unseen = (rows_of(task.panel, np.asarray(rows)) for rows in (fold.train, fold.test))
    exact = task.solver == FAST
    candidates, failed = (_together if exact else _one_by_one)(replace(task, panel=past), specs, stages)
    return Trial(past, unseen, candidates, failed, task.spec.loss.demean, exact)


def trials(task: Task, specs: Sequence[FitSpec], fold: Fold, stages: Stages) -> Iterator[tuple[int, Trial]]:
    """Yield trials of as many candidates as fit into memory, each with the position of its first candidate."""
    _, n, m = task.panel.shape
    for part in blocks(len(specs), n * m, MOST_LOADINGS):
        yield part.start, trial(task, specs[part], fold, stages)


def _together(task: Task, specs: Sequence[FitSpec], stages: Stages) -> tuple[Candidates, dict[int, Exception]]:
    try:
        return fit_many(task.panel, task.beliefs, specs, stages), {}
    except FAILURES as error:
        failed: dict[int, Exception] = {place: error.with_traceback(None) for place in range(len(specs))}
        return _stacked([_nothing(task.panel)] * len(specs)), failed


def _one_by_one(task: Task, specs: Sequence[FitSpec], stages: Stages) -> tuple[Candidates, dict[int, Exception]]:
    """Fit by a solver that takes one candidate at a time, and may fail at any of them."""
    shared = Stages(_WithoutFits())
    parts: list[tuple[Array, Array, Array]] = []
    failed: dict[int, Exception] = {}
    for place, spec in enumerate(specs):
        try:
            found = fit(task.panel, task.beliefs, spec, solver=task.solver, fallbacks=task.fallbacks, stages=shared)
            gap = None if found.certificate is None else found.certificate.relative
            parts.append((found.beta, found.alpha, np.full(len(found.beta), np.nan) if gap is None else gap))
        except FAILURES as error:
            parts.append(_nothing(task.panel))
            failed[place] = error.with_traceback(None)
    return _stacked(parts), failed


def _nothing(panel: Panel) -> tuple[Array, Array, Array]:
    """Loadings, constant and gap of a candidate that failed."""
    _, n, m = panel.shape
    return np.full((n, m), np.nan), np.full(n, np.nan), np.full(n, np.nan)


def _stacked(parts: Sequence[tuple[Array, Array, Array]]) -> Candidates:
    return Candidates(*map(np.stack, zip(*parts, strict=True)))


class _WithoutFits(dict[str, Any]):
    """Keeps the stages that candidates share and forgets the fits, each of which is used once."""

    def __setitem__(self, name: str, value: Any) -> None:
        if not name.startswith("solve:"):
            super().__setitem__(name, value)
