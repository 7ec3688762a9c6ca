"""A cross-validation as tables, and as the bytes of an Excel workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from factorlasso_core.folds import FoldOptions
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.tuning import COLUMNS, ERROR, SETTINGS, SPHERICITY, Curve, Landscape, part_score, score_table
from factorlasso_core.version import VERSION
from factorlasso_core.workbook.selection_words import OWN_RULE, RULES, SCORES, SHEETS, columns
from factorlasso_core.workbook.tables import parameters
from factorlasso_core.xlsx import Sheet, write_xlsx

SCORE = "0.0000"
FORMATS = {"standard_error": SCORE, "threshold": SCORE, "nonzero": "0.0", "relative_gap": "0.0E+00"}
FOLD = re.compile(r"_fold_\d+$")


def response_table(found: Curve, place: int, fit: Fit) -> pd.DataFrame:
    """Return the score of every response at a λ, worst first: cluster, mean over the folds, and every fold.

    The columns carry the name of the score, which is R² where the curve's is one of all responses together.

    Args:
        found: The curve. place: Position of the λ. fit: The fit whose responses and clusters they are.
    """
    values, name = found.by_response(place), COLUMNS[part_score(found.score)]
    table = pd.DataFrame({name: mean_of_known(values.T)}, index=fit.panel.responses.rename("response"))
    if fit.labels is not None:
        table.insert(0, "cluster", pd.Series(fit.labels, index=table.index, dtype=object).where(fit.counted, None))
    for number, row in zip(np.flatnonzero(found.folds) + 1, values, strict=True):
        table[f"{name}_fold_{number}"] = row
    return table.sort_values(name, ascending=found.score != ERROR, kind="stable")


def cluster_table(responses: pd.DataFrame, score: str) -> pd.DataFrame:
    """Return size and mean score of every cluster of a table of responses, worst first; empty without clusters."""
    name = COLUMNS[part_score(score)]
    if "cluster" not in responses:
        return pd.DataFrame(columns=["size", name])
    parts = responses.groupby("cluster", sort=False)[name]
    table = pd.DataFrame({"size": parts.size(), name: parts.mean()})
    return table.sort_values(name, ascending=score != ERROR, kind="stable")


def fold_table(found: Curve, index: pd.Index) -> pd.DataFrame:
    """Return first and last row, and number of rows, of every training and test window, and whether it is compared."""
    rows = [
        (number, bool(used), index[f.train[0]], index[f.train[-1]], len(f.train), f.test.start - f.train.stop,
         index[f.test[0]], index[f.test[-1]], len(f.test))
        for number, (f, used) in enumerate(zip(found.validation.folds, found.folds, strict=True), start=1)
    ]  # fmt: skip
    names = ["fold", "compared", "train_first", "train_last", "train_rows", "gap_rows",
             "test_first", "test_last", "test_rows"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def map_table(found: Landscape) -> pd.DataFrame:
    """Return the map with one row per α and cutoff: the best score, its standard error, and the λ it is reached at."""
    grid = found.grid
    table = pd.DataFrame({"l1_weight": np.repeat(grid.alphas, len(grid.columns))})
    if grid.cutoffs:
        table["cutoff_fraction"] = np.tile(grid.cutoffs, len(grid.alphas))
    return table.assign(**{
        COLUMNS[found.score]: found.scores.ravel(),
        "standard_error": found.errors.ravel(),
        "reg_lambda": found.lambdas.ravel(),
    })  # fmt: skip


def selection_workbook(
    found: Curve, rule: str, fit: Fit, options: FoldOptions, *, created: datetime, source: str = "",
    landscape: Landscape | None = None,
) -> bytes:  # fmt: skip
    """Return a workbook of a cross-validation: what was asked, curve, folds, responses, clusters, map, dictionary.

    Args:
        found: The curve. rule: One of :data:`factorlasso_core.tuning.RULES`. fit: The fit on screen.
        options: The folds. created: When; a time without a zone is taken as UTC. source: Where the data came from.
        landscape: The map; without one the first sheet says so.
    """
    time = created.astimezone(UTC).replace(tzinfo=None) if created.tzinfo is not None else created
    responses = response_table(found, found.chosen(rule), fit)
    clusters = cluster_table(responses, found.score)
    body = [
        Sheet("curve", score_table(found), number_format=_formats(score_table(found)), freeze="B2"),
        Sheet("folds", fold_table(found, fit.panel.index), index=False, freeze="A2"),
        Sheet("responses", responses, number_format=_formats(responses), autofilter=True),
    ]
    if len(clusters):
        body.append(Sheet("clusters", clusters, number_format=_formats(clusters)))
    if landscape is not None:
        table = map_table(landscape)
        body.append(Sheet("map", table, index=False, number_format=_formats(table), freeze="A2"))
    body.append(Sheet("parameters", parameters(fit), index=False))
    about = [*_about(found, rule, fit, options, source), *_map_words(landscape)]
    about += [(f"→ {sheet.title}", SHEETS[sheet.title]) for sheet in body]
    first = Sheet("selection", pd.DataFrame(about, columns=["item", "value"], dtype=object), index=False, freeze="A2",
                  links={f"→ {sheet.title}": sheet.title for sheet in body})  # fmt: skip
    return write_xlsx([first, *body, _dictionary([first, *body], found.score)], created=time)


def _formats(table: pd.DataFrame) -> dict[str, str]:
    """Formats by column: scores with four digits, labels and counts as they are."""
    scores = [name for name in map(str, table) if FOLD.sub("", name) in COLUMNS.values()]
    return FORMATS | dict.fromkeys(scores, SCORE)


def _dictionary(sheets: list[Sheet], score: str) -> Sheet:
    """Unit and meaning of every column that is in the workbook."""
    given = {sheet.title: _names(sheet) for sheet in sheets}
    rows = [
        (title, column, entry.unit, entry.meaning)
        for title, entries in columns(score).items()
        for column, entry in entries.items()
        if title == "dictionary" or column in given.get(title, ())
    ]
    table = pd.DataFrame(rows, columns=list(columns(score)["dictionary"]))
    return Sheet("dictionary", table, index=False, freeze="A2", autofilter=True)


def _names(sheet: Sheet) -> set[str]:
    """Columns of a sheet, those of single folds under one name."""
    names = [*sheet.table.columns, *(sheet.table.index.names if sheet.index else ())]
    return {FOLD.sub("_fold_(number)", str(name)) for name in names}


def _map_words(landscape: Landscape | None) -> Iterator[tuple[str, object]]:
    """Whether there is a map, and what it is over."""
    if landscape is None:
        yield "map", "not computed: open it on the page before the download"
        return
    grid = landscape.grid
    yield "map_score", SCORES[landscape.score].meaning
    yield "map_points", f"{len(grid.alphas)} α, {len(grid.cutoffs)} cutoffs, {len(grid.lambdas)} λ"
    yield "map_lambdas", _listed(grid.lambdas)


def _about(found: Curve, rule: str, fit: Fit, options: FoldOptions, source: str) -> Iterator[tuple[str, object]]:
    """What was compared, how, and what came out."""
    spec, own = fit.spec, found.score == SPHERICITY
    yield "what", f"cross-validation of λ for {spec.model_type.name}"
    yield "source", source
    yield "score", SCORES[found.score].meaning
    yield from SETTINGS.items() if own else ()
    yield "rule", OWN_RULE if own else RULES[rule]
    yield "scheme", options.scheme
    yield "folds", options.n_splits
    yield "folds_compared", _listed(np.flatnonzero(found.folds) + 1)
    yield "gap_rows", options.gap
    if options.scheme == "rolling":
        yield "rolling_window", "as many rows as the first fold has" if options.window is None else options.window
    yield "training_rows", _listed(len(fold.train) for fold in found.validation.folds)
    yield "test_rows", len(found.validation.folds[0].test)
    yield "span", "none" if spec.loss.span is None else spec.loss.span
    yield "warmup_period", "none" if spec.warmup_period is None else spec.warmup_period
    yield "lambda_count", len(found.lambdas)
    yield "lambda_largest", found.lambdas.max()
    yield "lambda_smallest", found.lambdas.min()
    yield "best_lambda", found.lambdas[found.best]
    yield "best_mean", found.means[found.best]
    yield "best_standard_error", found.errors[found.best]
    yield "lambda_pass" if own else "lambda_1se", found.lambdas[found.sparsest]
    yield from [("lambda_pass_passes", found.passed)] if own else ()
    yield "chosen_lambda", found.lambdas[found.chosen(rule)]
    yield "fits_not_proved", found.validation.unproved
    yield "current_lambda", spec.penalty.reg_lambda
    yield "l1_weight", spec.penalty.l1_weight
    yield "cutoff_fraction", spec.clustering.cutoff_fraction
    yield "data_digest", fit.panel.key
    yield "beliefs_digest", fit.beliefs.key
    yield "spec_digest", spec.digest()
    yield "factorlasso-workbench", VERSION


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
