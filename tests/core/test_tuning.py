"""λ, α and cutoff by what was held out: the curve, its rules, the map, and what a second look costs."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from factorlasso_core import (
    Beliefs,
    ClusterOptions,
    FitSpec,
    LassoModel,
    LassoModelType,
    Panel,
    PenaltyOptions,
    Stages,
    fit,
    trials,
)
from factorlasso_core.crossval import LassoModelCV
from factorlasso_core.diagonality import LassoModelDiagonalityCV
from factorlasso_core.errors import DataError, OptionError, SelectionError, SolverError
from factorlasso_core.folds import FoldOptions
from factorlasso_core.path import Task, rows_of
from factorlasso_core.tuning import COLUMNS, Grid, Landscape, curve, landscape, score_table
from factorlasso_core.workbook import selection_words
from factorlasso_core.workbook.selection import cluster_table, fold_table, map_table, response_table, selection_workbook

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS
LAMBDAS = [float(value) for value in np.geomspace(2.0, 2e-3, 9)]
rng = np.random.default_rng(0)
DATES = pd.date_range("2000-01-31", periods=180, freq="ME")
X = pd.DataFrame(rng.standard_normal((180, 4)), DATES, list("abcd"))
Y = pd.DataFrame(
    X.to_numpy() @ (rng.standard_normal((4, 8)) * (rng.random((4, 8)) < 0.6)) + rng.standard_normal((180, 8)),
    DATES, [f"r{k}" for k in range(8)],
)  # fmt: skip
SPEC = FitSpec(HCGL, clustering=ClusterOptions(0.5), penalty=PenaltyOptions(0.1, 0.2))


def task(y: pd.DataFrame = Y, spec: FitSpec = SPEC) -> Task:
    return Task(Panel.from_frames(X, y), Beliefs(), spec)


FOUND = curve(task(), LAMBDAS, FoldOptions())
MODEL = LassoModel(HCGL, l1_weight=0.2, cutoff_fraction=0.5)


# The curve ----------------------------------------------------------------------------------------


def test_the_curve_of_the_defaults_is_that_of_the_selector():
    search = LassoModelCV(LAMBDAS, 5, MODEL).fit(X, Y)
    np.testing.assert_array_equal(FOUND.scores, search.cv_scores_)
    assert FOUND.lambdas[FOUND.best] == search.best_lambda_ and FOUND.means[FOUND.best] == search.best_score_
    np.testing.assert_allclose(FOUND.errors, FOUND.scores.std(axis=1, ddof=1) / np.sqrt(5), rtol=1e-12)
    assert FOUND.lambdas[FOUND.sparsest] >= FOUND.lambdas[FOUND.best]


def test_the_curve_of_the_residual_correlation_is_that_of_its_selector():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = LassoModelDiagonalityCV(LAMBDAS, 5, MODEL).fit(X, Y)
    found = curve(task(), LAMBDAS, FoldOptions(), "sphericity")
    np.testing.assert_allclose(found.scores, search.fold_scores_, rtol=1e-12)
    np.testing.assert_allclose(found.limit, search.diagnostics_["threshold"], rtol=1e-12)
    assert found.lambdas[found.sparsest] == search.best_lambda_ and found.passed is search.passed_
    assert found.best == np.nanargmin(found.means)


@pytest.mark.parametrize("options", [FoldOptions("rolling", 4, 3, 40), FoldOptions(gap=5, n_splits=3)])
def test_every_score_is_that_of_a_single_fit_of_the_training_rows(options):
    squared = curve(task(), LAMBDAS[::4], options, "error")
    plain = curve(task(), LAMBDAS[::4], options)
    for number, fold in enumerate(options.split(180)):
        past, unseen = (rows_of(task().panel, np.asarray(rows)) for rows in (fold.train, fold.test))
        for place, value in enumerate(LAMBDAS[::4]):
            alone = fit(past, spec=replace(SPEC, penalty=replace(SPEC.penalty, reg_lambda=value)))
            error = ((unseen.y - unseen.x @ alone.beta.T - alone.alpha) ** 2).mean(axis=0)
            assert squared.scores[place, number] == pytest.approx((error / past.y.var(axis=0)).mean(), rel=1e-9)
            assert plain.scores[place, number] == pytest.approx((1 - error / unseen.y.var(axis=0)).mean(), rel=1e-9)
            assert plain.validation.nonzero[place, number] == np.count_nonzero(alone.beta)


def test_a_lower_error_is_better_and_the_sparser_choice_lies_within_one_error():
    found = curve(task(), LAMBDAS, FoldOptions(), "error")
    assert found.best == found.means.argmin()
    within = found.means <= found.means[found.best] + found.errors[found.best]
    assert found.lambdas[found.sparsest] == found.lambdas[within].max()


EDGES = {"smallest": LAMBDAS[:3], "largest": [0.001, 0.0001], None: LAMBDAS}


@pytest.mark.parametrize("edge", EDGES)
def test_a_best_lambda_at_the_edge_of_the_grid_is_said(edge):
    found = curve(task(), EDGES[edge], FoldOptions())
    assert found.edge(found.best) == edge


def test_the_rule_chooses_between_the_two_candidates_except_where_the_test_is_the_rule():
    found = replace(FOUND, best=3, sparsest=1)
    assert (found.chosen("best"), found.chosen("sparse")) == (3, 1)
    assert replace(found, score="sphericity").chosen("best") == 1
    with pytest.raises(OptionError, match="rule="):
        found.chosen("median")


def test_a_score_that_does_not_exist_is_refused():
    with pytest.raises(OptionError, match="score='rmse'"):
        curve(task(), LAMBDAS, FoldOptions(), "rmse")
    with pytest.raises(OptionError, match="score='sphericity'"):
        landscape(task(), Grid((1.0,), (0.0,), (0.3,)), FoldOptions(), "sphericity")


@pytest.mark.parametrize(("score", "shares"), [("error", [0.5, 1.0]), ("sphericity", [0.25, 0.5, 0.75, 1.0])])
def test_progress_reaches_the_end_once(score, shares):
    seen: list[float] = []
    curve(task(), LAMBDAS[:2], FoldOptions(n_splits=2), score, progress=seen.append)
    assert seen == shares


def test_what_is_left_out_has_no_mean_and_a_fold_nobody_scored_is_not_compared():
    late = Y.where(np.repeat(np.arange(180)[:, None] >= 25, 8, axis=1))  # five observations in the first fold
    found = curve(task(late), LAMBDAS, FoldOptions())
    assert found.folds.tolist() == [False, True, True, True, True]
    np.testing.assert_allclose(found.means, found.scores[:, 1:].mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(found.nonzero, found.validation.nonzero[:, 1:].mean(axis=1))


def test_without_anything_to_compare_the_cure_is_named():
    late = Y.where(np.repeat(np.arange(180)[:, None] >= 160, 8, axis=1))
    with pytest.raises(SelectionError, match="use fewer folds"):
        curve(task(late), LAMBDAS, FoldOptions())
    with pytest.raises(DataError, match="use fewer folds"):
        curve(task(), LAMBDAS, FoldOptions(gap=100))


# What is computed again ---------------------------------------------------------------------------


def test_another_score_or_rule_fits_nothing_again_and_a_move_back_neither(monkeypatch):
    calls, original = [], trials.fit_many
    monkeypatch.setattr(trials, "fit_many", lambda *given: calls.append(1) or original(*given))
    stages = Stages()
    curve(task(), LAMBDAS, FoldOptions(), "r2", stages)
    assert len(calls) == 5
    curve(task(), LAMBDAS, FoldOptions(), "error", stages)
    assert len(calls) == 5 and stages.hits["held"] == 5
    moved = replace(SPEC, penalty=replace(SPEC.penalty, l1_weight=0.5))
    curve(task(spec=moved), LAMBDAS, FoldOptions(), "r2", stages)
    assert len(calls) == 10
    curve(task(), LAMBDAS, FoldOptions(), "r2", stages)
    assert len(calls) == 10


@pytest.mark.parametrize("other", [
    {"lambdas": LAMBDAS[:-1]}, {"options": FoldOptions(gap=1)}, {"options": FoldOptions("rolling")},
    {"y": Y + 1e-9}, {"spec": replace(SPEC, clustering=ClusterOptions(0.3))}, {"spec": replace(SPEC, nonneg=True)},
], ids=str)  # fmt: skip
def test_what_changes_the_scores_changes_the_key(other):
    stages = Stages()
    curve(task(), LAMBDAS, FoldOptions(), stages=stages)
    given = task(other.get("y", Y), other.get("spec", SPEC))
    curve(given, other.get("lambdas", LAMBDAS), other.get("options", FoldOptions()), stages=stages)
    assert stages.hits["held"] <= 1  # the first fold of a rolling window may be that of an expanding one


def test_loadings_that_would_not_fit_into_memory_are_made_in_blocks(monkeypatch):
    sizes, original = [], trials.fit_many
    monkeypatch.setattr(trials, "fit_many", lambda *given: sizes.append(len(given[2])) or original(*given))
    whole = curve(task(), LAMBDAS, FoldOptions(), "sphericity")
    sizes.clear()
    monkeypatch.setattr(trials, "MOST_LOADINGS", 4 * 8 * 4)  # four candidates of 8 responses and 4 factors
    found = curve(task(), LAMBDAS, FoldOptions(), "sphericity")
    assert sizes == [4, 4, 1] * 10  # once for the errors, once for what the residuals share
    np.testing.assert_allclose(found.scores, whole.scores, rtol=1e-9)
    np.testing.assert_allclose(found.validation.r_squared, FOUND.validation.r_squared, rtol=1e-12)


def test_fits_and_loadings_are_not_kept():
    stages = Stages()
    curve(task(), LAMBDAS, FoldOptions(), stages=stages)
    assert not any(name.startswith("solve:") for name in stages.cache)
    held = [entry for name, entry in stages.cache.items() if name.startswith("held:")]
    assert len(held) == 5 and all(entry.error.shape == (9, 8) for entry in held)


# The map ------------------------------------------------------------------------------------------


def test_every_cell_of_the_map_is_the_best_of_its_own_curve():
    grid = Grid((1.0, 0.1, 0.01), (0.0, 0.4), (0.2, 0.5, 0.8))
    seen: list[float] = []
    found = landscape(task(), grid, FoldOptions(), progress=seen.append)
    for row, alpha in enumerate(grid.alphas):
        for column, cutoff in enumerate(grid.cutoffs):
            model = replace(SPEC, clustering=ClusterOptions(cutoff), penalty=PenaltyOptions(0.1, alpha))
            alone = curve(task(spec=model), grid.lambdas, FoldOptions())
            assert found.scores[row, column] == pytest.approx(alone.means[alone.best], rel=1e-12)
            assert found.lambdas[row, column] == alone.lambdas[alone.best]
    assert found.scores[found.best] == found.scores.max()
    assert found.errors[row, column] == pytest.approx(alone.errors[alone.best], rel=1e-12)  # of the last cell
    assert seen == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_map_does_not_depend_on_the_current_point_and_is_found_again():
    grid, stages = Grid((1.0, 0.1), (0.0, 1.0), (0.3,)), Stages()
    first = landscape(task(), grid, FoldOptions(), "error", stages)
    moved = replace(SPEC, clustering=ClusterOptions(0.9), penalty=PenaltyOptions(0.7, 0.6))
    assert landscape(task(spec=moved), grid, FoldOptions(), "error", stages) is first
    assert landscape(task(), grid, FoldOptions(), "r2", stages) is not first
    assert first.scores[first.best] == first.scores.min()


@pytest.mark.parametrize("other", [{"solver": "CLARABEL"}, {"fallbacks": ("SCS",)}])
def test_a_map_by_another_solver_is_another_map(monkeypatch, other):
    grid, stages = Grid((1.0, 0.1), (0.0, 1.0), (0.3,)), Stages()
    landscape(task(), grid, FoldOptions(), stages=stages)
    monkeypatch.setattr("factorlasso_core.tuning._landscape", _refuse)
    landscape(task(), grid, FoldOptions(), stages=stages)
    with pytest.raises(SolverError, match="refused"):
        landscape(replace(task(), **other), grid, FoldOptions(), stages=stages)


def test_a_model_that_cuts_no_tree_has_a_map_of_one_column():
    given = Beliefs.for_panel(task().panel, groups=pd.Series(list("aabbaabb"), Y.columns))
    model = replace(SPEC, model_type=LassoModelType.GROUP_LASSO)
    found = landscape(Task(task().panel, given, model), Grid((1.0, 0.1), (0.0, 0.5, 1.0)), FoldOptions())
    assert found.scores.shape == (3, 1) and list(map_table(found)) == [
        "l1_weight",
        "r2",
        "standard_error",
        "reg_lambda",
    ]


def _map(scores: list[list[float]], score: str = "r2", error: float = 0.1) -> Landscape:
    rows, columns = np.shape(scores)
    alphas = tuple(np.linspace(0.0, 1.0, rows).tolist())
    cutoffs = tuple(np.linspace(0.2, 0.8, columns).tolist())
    return Landscape(score, Grid((1.0,), alphas, cutoffs), np.array(scores), np.ones((rows, columns)),
                     np.full((rows, columns), error))  # fmt: skip


def test_of_cells_that_are_equal_as_shown_the_best_is_the_one_nearest_to_the_current_point():
    found = _map([[0.1, 0.2, 0.3], [0.5, 0.50001, 0.5]])
    assert found.equal.tolist() == [[False] * 3, [True] * 3]
    assert [found.best_near(1.0, cutoff) for cutoff in (0.2, 0.5, 0.8)] == [(1, 0), (1, 1), (1, 2)]
    assert found.best_near(0.0, 0.75) == (1, 2) and found.nearest(0.1, 0.75) == (0, 2)


@pytest.mark.parametrize("score", ["r2", "error"])
def test_a_map_within_one_standard_error_of_its_best_is_flat(score):
    assert _map([[0.1, 0.15], [0.12, np.nan]], score).flat
    assert not _map([[0.1, 0.25], [0.12, 0.1]], score).flat
    assert not _map([[0.1, 0.15], [0.12, 0.1]], score, np.nan).flat


def test_a_map_of_nothing_names_the_last_failure(monkeypatch):
    monkeypatch.setattr(trials, "fit_many", _refuse)
    with pytest.raises(SelectionError, match="The last failure was: refused") as caught:
        landscape(task(), Grid((1.0,), (0.0,), (0.3,)), FoldOptions())
    assert isinstance(caught.value.__cause__, SolverError)


def _refuse(*given: object) -> None:
    raise SolverError("refused")


# Tables and files ---------------------------------------------------------------------------------


def test_the_tables_hold_what_the_page_shows():
    table = score_table(FOUND)
    assert table.index.tolist() == LAMBDAS and (table["relative_gap"] <= 1e-9).all()
    np.testing.assert_allclose(table.filter(like="r2_fold_").mean(axis=1), table["r2"], rtol=1e-12)
    result = fit(task().panel, spec=SPEC)
    responses = response_table(FOUND, FOUND.best, result)
    assert responses["r2"].is_monotonic_increasing and set(responses.index) == set(Y)
    assert responses["r2"].mean() == pytest.approx(FOUND.means[FOUND.best], rel=1e-12)
    clusters = cluster_table(responses, "r2")
    assert clusters["size"].sum() == 8
    assert (clusters["size"] * clusters["r2"]).sum() == pytest.approx(responses["r2"].sum())
    folds = fold_table(replace(FOUND, folds=np.arange(5) > 0), DATES)
    assert folds["test_first"].tolist() == [DATES[k] for k in (30, 60, 90, 120, 150)]
    assert folds["train_rows"].tolist() == [30, 60, 90, 120, 150]
    assert folds["compared"].tolist() == [False, True, True, True, True]


def written(found, result, options=None, mapped=None):
    created = datetime(2026, 1, 31, tzinfo=UTC)
    return selection_workbook(found, "sparse", result, options or FoldOptions(), created=created, landscape=mapped)


def about(raw: bytes) -> dict[str, object]:
    return {row[0].value: row[1].value for row in load_workbook(io.BytesIO(raw))["selection"]}


def test_the_workbook_reads_back_exactly_and_runs_no_formula():
    y, options = Y.rename(columns={"r0": "=1+1"}), FoldOptions("rolling", gap=2, window=40)
    found, result = curve(task(y), LAMBDAS, options), fit(task(y).panel, spec=SPEC)
    mapped = landscape(task(y), Grid((1.0, 0.1), (0.0, 1.0), (0.3,)), options)
    raw = written(found, result, options=options, mapped=mapped)
    book = load_workbook(io.BytesIO(raw))
    names = ["selection", "curve", "folds", "responses", "clusters", "map", "parameters", "dictionary"]
    assert book.sheetnames == names
    held = pd.read_excel(io.BytesIO(raw), sheet_name="curve", index_col=0)
    np.testing.assert_array_equal(held["r2"], found.means)
    told = about(raw)
    assert told["chosen_lambda"] == found.lambdas[found.sparsest] and told["gap_rows"] == 2
    assert told["training_rows"] == "28, 40, 40, 40, 40" and told["rolling_window"] == 40
    assert told["rule"].startswith("largest λ whose mean") and told["warmup_period"] == 12 and told["span"] == "none"
    assert (told["lambda_largest"], told["lambda_smallest"], told["lambda_count"]) == (LAMBDAS[0], LAMBDAS[-1], 9)
    cells = [cell for row in book["responses"] for cell in row if cell.value == "=1+1"]
    assert cells and all(cell.data_type != "f" for cell in cells)
    labels = [row[1] for row in book["responses"].iter_rows(min_row=2)]
    assert all(cell.value == int(cell.value) and cell.number_format == "General" for cell in labels)


def test_without_a_map_the_workbook_says_so():
    assert about(written(FOUND, fit(task().panel, spec=SPEC)))["map"].startswith("not computed")


@pytest.mark.parametrize("score", COLUMNS)
def test_every_column_of_the_workbook_has_one_meaning_in_its_dictionary(score):
    found = curve(task(), LAMBDAS, FoldOptions(), score)
    mapped = landscape(task(), Grid((1.0,), (0.0,), (0.3,)), FoldOptions(), "error" if score == "error" else "r2")
    raw = written(found, fit(task().panel, spec=SPEC), mapped=mapped)
    sheets = pd.read_excel(io.BytesIO(raw), sheet_name=None)
    explained = set(zip(sheets["dictionary"]["sheet"], sheets["dictionary"]["column"], strict=True))
    for title, sheet in sheets.items():
        for column in sheet:
            assert (title, column.split("_fold_")[0]) in explained or (title, column) in explained
            assert column not in ("score", "mean")
    assert COLUMNS[score] in sheets["curve"] and ("relative_error" if score == "error" else "r2") in sheets["responses"]
    assert len(explained) == len(sheets["dictionary"])
    assert {"higher", "lower"} & set(str(about(raw)["score"]).split()) and set(selection_words.SCORES) == set(COLUMNS)
