"""Sentences of the *Select* page: why there is nothing to show, and what to know before believing what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from factorlasso_core import Fit
from factorlasso_core.errors import DataError, FactorLassoError, SelectionError
from factorlasso_core.folds import FoldOptions
from factorlasso_core.rules import MINIMUM_ROWS
from factorlasso_core.tuning import SETTINGS, SPHERICITY, Curve, by_response
from pages.shared import feedback
from pages.shared.select_settings import CONTROLS, value

MOST_FOR_SPHERICITY = 150  # responses: every pair of them is correlated for every λ and fold
COMMON_ROWS = int(SETTINGS["min_periods"])
MANY_ROWS = 10**6  # more than any data have: what fails with them does not fail for want of rows
LONGER = "a longer sample on *Data*"


# Why there is nothing ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Needs:
    """What folds must have: rows to train on in one of them at least, and rows in every test window."""

    train: int
    test: int = 1

    def why_not(self, rows: int, options: FoldOptions) -> str | None:
        """What so many rows lack under these options; None where they lack nothing."""
        try:
            folds = options.split(rows)
        except DataError:
            size = rows // (options.n_splits + 1)
            if size:
                return f"The gap of {options.gap} rows leaves nothing before the first test window, at row {size + 1}"
            return f"{options.n_splits} folds need at least {options.n_splits + 1} rows, and the sample has {rows}"
        longest, tested = max(len(fold.train) for fold in folds), len(folds[0].test)
        if longest < self.train:
            return f"The longest training window has {longest} rows, and a fit needs {self.train}"
        if tested < self.test:
            return f"A test window has {tested} rows, and residual correlation needs {self.test}"
        return None


def obstacle(fit: Fit, options: FoldOptions, score: str) -> str | None:
    """Why these folds cannot be scored, with cures that work; None where nothing is known to be in the way."""
    rows, responses, _ = fit.panel.shape
    if score == SPHERICITY and not 2 <= responses <= MOST_FOR_SPHERICITY:
        return (
            f"Residual correlation compares every pair of 2 to {MOST_FOR_SPHERICITY} responses; these data have "
            f"{responses}: choose another score."
        )
    lost = fit.spec.loss.span is not None and fit.spec.loss.demean  # the row where the running mean starts
    least = Needs(MINIMUM_ROWS + lost, COMMON_ROWS if score == SPHERICITY else 1)
    needs = replace(least, train=max(least.train, (fit.spec.warmup_period or 0) + lost))
    why = needs.why_not(rows, options)
    return None if why is None else f"{why}: take {_either(list(_cures(rows, options, needs, least)))}."


def _cures(rows: int, options: FoldOptions, needs: Needs, least: Needs) -> Iterator[str]:
    """Single changes that work, each of them tried."""

    def works(**change: int) -> bool:
        return needs.why_not(rows, replace(options, **change)) is None

    low, high = (int(getattr(CONTROLS["cv_folds"], end)) for end in ("low", "high"))
    counts = [count for count in range(low, high + 1) if works(n_splits=count)]
    if counts:
        yield f"{min(counts, key=lambda count: abs(count - options.n_splits))} folds"
    gap = next((gap for gap in range(options.gap - 1, -1, -1) if works(gap=gap)), None)
    if gap is not None:
        yield f"a gap of at most {gap} rows" if gap else "no gap"
    if options.scheme == "rolling" and works(window=needs.train):
        yield f"a rolling window of at least {needs.train} rows"
    if needs != least and least.why_not(rows, options) is None:
        yield "a shorter warm-up on *Model*"
    if needs.why_not(MANY_ROWS, options) is None:
        yield LONGER
    if needs.test > 1 and replace(needs, test=1).why_not(rows, options) is None:
        yield "another score"


def _either(cures: list[str]) -> str:
    """Cures joined by *or*."""
    return " or ".join(filter(None, [", ".join(cures[:-1]), cures[-1]]))


def failure(error: FactorLassoError, score: str) -> str:
    """An error of the core in words of the page."""
    if not isinstance(error, SelectionError):
        return feedback.plain(error)
    if score == SPHERICITY:
        return (
            f"Residual correlation could not be tested for any λ: it needs pairs of responses with {COMMON_ROWS} rows "
            f"in common in a test window. Take fewer folds, {LONGER} or another score."
        )
    return (
        "On no fold could a response be both fitted and scored: the responses begin too late for its training rows, "
        f"or nothing varies in its test rows. Take {LONGER}, other folds, or a shorter warm-up on *Model*."
    )


# What to know before believing the curve -------------------------------------------------------------


def remarks(found: Curve) -> Iterator[str]:
    """What the reader should know before believing the curve."""
    yield from _edges(found)
    if not found.passed:
        yield "No λ passes the test of residual correlation: λ.pass stands for the least correlated one."
    yield from _left_out(found)
    validation = found.validation
    if validation.unproved:
        yield f"{validation.unproved} of {validation.gap.size} fits are not proved optimal."
    if validation.failures:
        last = feedback.plain(validation.failures[-1].error)
        yield f"{len(validation.failures)} fits failed, the last because: {last}"


def _edges(found: Curve) -> Iterator[str]:
    """Candidates at an end of the grid, with what would widen it."""
    places = {"λ.min": found.best}
    if found.score == SPHERICITY and found.passed and found.sparsest != found.best:
        places["λ.pass"] = found.sparsest
    for name, place in places.items():
        edge = found.edge(place)
        if edge is not None:
            yield f"{name} is the {edge} of the grid: {_wider(edge, bool(found.nonzero[place]))}."


def _wider(edge: str, loaded: bool) -> str:
    tops, decades = (list(CONTROLS[key].labels) for key in ("cv_top", "cv_decades"))
    if edge == "largest":
        if not loaded:
            return "every loading is zero there, so a larger λ would change nothing"
        return "begin at a larger λ" if value("cv_top") != tops[-1] else "no larger λ can be asked for"
    if value("cv_decades") != decades[-1]:
        return "span more decades"
    return "begin at a smaller λ" if value("cv_top") != tops[0] else "the penalty hardly matters"


def _left_out(found: Curve) -> Iterator[str]:
    """Folds, λ and responses that are in no mean."""
    absent = np.flatnonzero(~found.folds) + 1
    if absent.size:
        name, verb = ("Fold", "is") if absent.size == 1 else ("Folds", "are")
        yield f"{name} {', '.join(map(str, absent))} {verb} left out: not every λ could be scored there."
    if found.folds.sum() == 1:
        alone = "" if found.score == SPHERICITY else ", so λ.1se is λ.min"
        yield f"With a single fold compared there is no standard error{alone}."
    missing = int(np.isnan(found.means).sum())
    if missing:
        yield f"{missing} λ {'is' if missing == 1 else 'are'} left out: not scored on every fold."
    left_out = np.isnan(by_response(found.validation, found.score)).sum(axis=2)[:, found.folds]
    if found.score != SPHERICITY and left_out.max(initial=0):
        count = found.validation.r_squared.shape[2]
        yield f"Up to {left_out.max()} of {count} responses are not scored on a fold: in warm-up, missing or constant."
