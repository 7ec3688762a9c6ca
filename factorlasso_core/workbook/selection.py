"""A cross-validation as tables, and as the bytes of an Excel workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from factorlasso_core.folds import Fold, FoldOptions
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.tuning import ERROR, SPHERICITY, Curve, Landscape, score_table
from factorlasso_core.version import VERSION
from factorlasso_core.xlsx import Sheet, write_xlsx

MEANING = {
    "r2": "R² of a response on the test rows about its mean there; mean over responses; higher is better",
    "error": "mean squared error on the test rows in units of the response's variance on the training rows; "
    "mean over responses; lower is better",
    "sphericity": "sum of squared correlations of held-out residuals times their degrees of freedom; lower is better",
}
FORMATS = {"mean": "0.0000", "standard_error": "0.0000", "nonzero": "0.0", "relative_gap": "0.0E+00"}


def response_table(found: Curve, place: int, fit: Fit) -> pd.DataFrame:
    """Return the score of every response at a λ, worst first: cluster, mean over the folds, and every fold.

    Args:
        found: The curve. place: Position of the λ. fit: The fit whose responses and clusters they are.
    """
    values = found.by_response(place)
    table = pd.DataFrame({"score": mean_of_known(values.T)}, index=fit.panel.responses.rename("response"))
    if fit.labels is not None:
        table.insert(0, "cluster", pd.Series(fit.labels, index=table.index, dtype=object).where(fit.counted))
    for number, row in zip(np.flatnonzero(found.folds) + 1, values, strict=True):
        table[f"fold_{number}"] = row
    return table.sort_values("score", ascending=found.score != ERROR, kind="stable")


def cluster_table(responses: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return mean score and size of every cluster of a table of responses, worst first; empty without clusters."""
    if "cluster" not in responses:
        return pd.DataFrame(columns=["size", "score"])
    parts = responses.groupby("cluster", sort=False)["score"]
    table = pd.DataFrame({"size": parts.size(), "score": parts.mean()})
    return table.sort_values("score", ascending=score != ERROR, kind="stable")


def fold_table(folds: tuple[Fold, ...], index: pd.Index) -> pd.DataFrame:
    """Return first and last row, and number of rows, of every training and test window."""
    rows = [
        (number, index[f.train[0]], index[f.train[-1]], len(f.train), f.test.start - f.train.stop,
         index[f.test[0]], index[f.test[-1]], len(f.test))
        for number, f in enumerate(folds, start=1)
    ]  # fmt: skip
    names = ["fold", "train_first", "train_last", "train_rows", "gap_rows", "test_first", "test_last", "test_rows"]
    return pd.DataFrame(rows, columns=names)


def map_table(found: Landscape) -> pd.DataFrame:
    """Return the map with one row per α and cutoff: the best score and the λ it is reached at."""
    grid = found.grid
    table = pd.DataFrame({"l1_weight": np.repeat(grid.alphas, len(grid.columns))})
    if grid.cutoffs:
        table["cutoff_fraction"] = np.tile(grid.cutoffs, len(grid.alphas))
    return table.assign(score=found.scores.ravel(), reg_lambda=found.lambdas.ravel())


def selection_workbook(
    found: Curve, place: int, fit: Fit, options: FoldOptions, *, created: datetime, source: str = "",
    landscape: Landscape | None = None,
) -> bytes:  # fmt: skip
    """Return a workbook of a cross-validation: settings, curve, folds, responses, clusters and, if given, the map.

    Args:
        found: The curve. place: Position of the chosen λ. fit: The fit on screen. options: The folds.
        created: When; a time without a zone is taken as UTC. source: Where the data came from.
    """
    time = created.astimezone(UTC).replace(tzinfo=None) if created.tzinfo is not None else created
    about = pd.DataFrame(list(_about(found, place, fit, options, source)), columns=["item", "value"], dtype=object)
    responses = response_table(found, place, fit)
    clusters = cluster_table(responses, found.score)
    plain = "0.0000"
    sheets = [
        Sheet("selection", about, index=False, freeze="A2"),
        Sheet("curve", score_table(found), number_format=FORMATS | _of_folds(found), freeze="B2"),
        Sheet("folds", fold_table(found.validation.folds, fit.panel.index), index=False, freeze="A2"),
        Sheet("responses", responses, number_format=plain, autofilter=True),
    ]
    if len(clusters):
        sheets.append(Sheet("clusters", clusters, number_format={"score": plain}))
    if landscape is not None:
        sheets.append(Sheet("map", map_table(landscape), index=False, number_format={"score": plain}, freeze="A2"))
    return write_xlsx(sheets, created=time)


def _of_folds(found: Curve) -> dict[str, str]:
    return {f"fold_{number}": "0.0000" for number in range(1, found.scores.shape[1] + 1)}


def _about(found: Curve, place: int, fit: Fit, options: FoldOptions, source: str) -> Iterator[tuple[str, object]]:
    """What was compared, how, and what came out."""
    spec = fit.spec
    yield "what", f"cross-validation of λ for {spec.model_type.name}"
    yield "source", source
    yield "score", MEANING[found.score]
    yield "scheme", options.scheme
    yield "folds", options.n_splits
    yield "gap_rows", options.gap
    if options.scheme == "rolling":
        yield "training_rows", len(found.validation.folds[-1].train)
    yield "best_lambda", found.lambdas[found.best]
    yield "best_mean", found.means[found.best]
    yield "best_standard_error", found.errors[found.best]
    yield "lambda_pass" if found.score == SPHERICITY else "lambda_1se", found.lambdas[found.sparsest]
    yield "chosen_lambda", found.lambdas[place]
    yield "fits_not_proved", found.validation.unproved
    yield "current_lambda", spec.penalty.reg_lambda
    yield "l1_weight", spec.penalty.l1_weight
    yield "cutoff_fraction", spec.clustering.cutoff_fraction
    yield "data_digest", fit.panel.key
    yield "beliefs_digest", fit.beliefs.key
    yield "spec_digest", spec.digest()
    yield "factorlasso-workbench", VERSION
