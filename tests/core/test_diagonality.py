"""λ is chosen by what the held-out residuals share: the sparsest model that leaves nothing behind."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from factorlasso_core import LassoModel, trials
from factorlasso_core.diagonality import LassoModelDiagonalityCV
from factorlasso_core.errors import DataError, NotFittedError, OptionError, SelectionError, SolverError
from factorlasso_core.folds import expanding_window_splits
from factorlasso_core.residuals import diagnose_residuals, missing_factor_components
from factorlasso_core.sparsity import effective_sparsity

NAN = np.nan
LAMBDAS = [0.05, 1.0, 0.2, 3.0]
MEANS = ["sphericity", "threshold", "top_eigenvalue", "mp_edge", "n_above_edge", "mean_abs_offdiag", "raw_offdiag_ss"]
rng = np.random.default_rng(0)
DATES = pd.date_range("2000-01-31", periods=240, freq="ME")
X = pd.DataFrame(rng.standard_normal((240, 3)), index=DATES, columns=["f1", "f2", "f3"])
Y = pd.DataFrame(
    X.to_numpy() @ (rng.standard_normal((3, 6)) * (rng.random((3, 6)) < 0.8)) + 0.7 * rng.standard_normal((240, 6)),
    index=DATES, columns=[f"r{k}" for k in range(6)],
)  # fmt: skip
PLANTED = Y + np.outer(rng.standard_normal(240), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0])


def selected(y: pd.DataFrame = Y, lambdas: Any = LAMBDAS, n_splits: int = 3, **parameters: Any) -> Any:
    """A fitted selector, its warnings silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LassoModelDiagonalityCV(lambdas, n_splits, **parameters).fit(X, y)


def by_hand(y: pd.DataFrame, value: float, significance: float = 0.05, **parameters: Any) -> pd.DataFrame:
    """What the residuals of single fits of the past share, one row a fold."""
    rows = []
    for train, test in expanding_window_splits(240, 3):
        model = LassoModel(reg_lambda=value, **parameters).fit(X.iloc[train], y.iloc[train])
        held = effective_sparsity(model.coef_, rtol=0.0)
        found = diagnose_residuals(y.iloc[test] - model.predict(X.iloc[test]), held.per_asset, significance)
        counts = {"n_nonzero": held.n_nonzero, "n_empty_factors": len(held.empty_factors)}
        rows.append({name: getattr(found, name) for name in MEANS} | counts)
    return pd.DataFrame(rows)


@pytest.mark.parametrize("y", [Y, PLANTED], ids=["nothing shared", "one factor shared"])
@pytest.mark.parametrize("parameters", [{}, {"span": 24}])
def test_every_cell_is_the_test_of_a_single_fit_of_the_past(y, parameters):
    found = selected(y, base_model=LassoModel(**parameters), significance=0.1)
    for value in LAMBDAS:
        rows = by_hand(y, value, 0.1, **parameters)
        np.testing.assert_allclose(found.fold_scores_.loc[value], rows["sphericity"], rtol=1e-9)
        np.testing.assert_allclose(found.diagnostics_.loc[value].iloc[:9].astype(float), rows.mean(), rtol=1e-9)


def test_the_tables_are_labelled():
    found = selected()
    columns = ["fold_sphericity_mean", *MEANS[1:], "n_nonzero", "n_empty_factors", "passes"]
    assert found.diagnostics_.columns.tolist() == columns and found.diagnostics_["passes"].dtype == bool
    for table in (found.diagnostics_, found.fold_scores_, found.left_out_):
        assert table.index.tolist() == LAMBDAS and table.index.name == "reg_lambda"
    assert found.fold_scores_.columns.equals(pd.RangeIndex(3)) and found.fold_scores_.columns.name == "fold"


def test_a_lambda_passes_when_both_means_stay_within_their_limits():
    table = selected(Y).diagnostics_
    within = (table["fold_sphericity_mean"] <= table["threshold"]) & (table["top_eigenvalue"] <= table["mp_edge"])
    assert table["passes"].equals(within.rename("passes")) and 0 < within.sum() < 4


@pytest.mark.parametrize("lambdas", [LAMBDAS, sorted(LAMBDAS), sorted(LAMBDAS)[::-1]])
def test_the_largest_lambda_that_passes_is_chosen_in_any_order(lambdas):
    found = selected(lambdas=lambdas)
    passing = found.diagnostics_.index[found.diagnostics_["passes"]]
    assert found.passed_ is True and found.best_lambda_ == max(passing)
    chosen = found.diagnostics_.loc[found.best_lambda_]
    assert (found.best_score_, found.threshold_) == (chosen["fold_sphericity_mean"], chosen["threshold"])
    assert list(found.missing_factors_) == ["component", "eigenvalue", "series", "loading"]
    assert len(found.missing_factors_) == 0


@pytest.mark.parametrize("refit", [True, False])
def test_where_none_passes_the_least_shared_is_chosen_and_what_is_missing_is_named(refit):
    found = selected(PLANTED, refit=refit)
    assert found.passed_ is False and not found.diagnostics_["passes"].any()
    assert found.best_lambda_ == found.diagnostics_["fold_sphericity_mean"].idxmin()
    model = LassoModel(reg_lambda=found.best_lambda_).fit(X, PLANTED)
    held = effective_sparsity(model.coef_, rtol=0.0).per_asset
    expected = missing_factor_components(PLANTED - model.predict(X), n_fitted_per_asset=held)
    pd.testing.assert_frame_equal(found.missing_factors_, expected)
    assert set(expected["series"]) == {"r0", "r1", "r2"}
    assert (found.best_model_ is None) is not refit


def test_of_equal_scores_the_first_in_the_grid_is_chosen():
    for lambdas in ([90.0, 80.0, 100.0], [100.0, 80.0, 90.0]):  # all loadings are zero, and none passes
        assert selected(lambdas=lambdas).best_lambda_ == lambdas[0]


def test_the_choice_is_refitted_on_all_rows():
    found = selected()
    alone = LassoModel(reg_lambda=found.best_lambda_).fit(X, Y)
    pd.testing.assert_frame_equal(found.predict(X), alone.predict(X), check_exact=True)
    assert found.score(X, Y) == alone.score(X, Y)


def test_loadings_are_counted_exactly_and_those_of_a_cone_solver_above_the_dust():
    exact = selected(lambdas=[1.0]).diagnostics_.loc[1.0]
    dust, cut = (
        selected(lambdas=[1.0], base_model=LassoModel(solver="CLARABEL"), zero_rtol=rtol).diagnostics_.loc[1.0]
        for rtol in (0.0, 1e-4)
    )
    assert dust["n_nonzero"] > exact["n_nonzero"] == cut["n_nonzero"]
    assert exact.equals(selected(lambdas=[1.0], zero_rtol=0.5).diagnostics_.loc[1.0])


def test_a_response_without_a_residual_on_a_fold_is_left_out_there():
    late = Y.assign(r2=Y["r2"].where(np.arange(240) >= 100))
    found, others = selected(late), selected(Y.drop(columns="r2"))
    assert found.left_out_.to_numpy().tolist() == [[1, 0, 0]] * 4
    np.testing.assert_allclose(found.fold_scores_[0], others.fold_scores_[0], rtol=1e-12)
    assert found.fold_scores_.notna().all(axis=None)


def test_a_fold_that_cannot_be_tested_is_left_out_for_every_lambda():
    gap = Y.assign(r2=Y["r2"].where((np.arange(240) < 61) | (np.arange(240) >= 118)))
    found = selected(gap)  # three residuals on the first fold: enough for an empty model only
    assert found.fold_scores_[0].notna().tolist() == [False, False, False, True]
    means = found.fold_scores_[[1, 2]].mean(axis=1)
    np.testing.assert_allclose(found.diagnostics_["fold_sphericity_mean"], means, rtol=1e-14)
    assert found.passed_ and found.best_lambda_ == selected().best_lambda_
    with pytest.warns(UserWarning, match=r"fold 0 not scored.*3 of 12 cells failed.*degrees of freedom"):
        LassoModelDiagonalityCV(LAMBDAS, 3).fit(X, gap)


def test_a_lambda_that_fails_on_a_fold_neither_passes_nor_wins(monkeypatch):
    best, original = selected().best_lambda_, trials.fit

    def fit(panel, beliefs, spec, *, stages, **settings):
        if (spec.penalty.reg_lambda, panel.shape[0]) == (best, 120):
            raise SolverError("made to fail.")
        return original(panel, beliefs, spec, stages=stages)

    monkeypatch.setattr(trials, "fit", fit)
    found = selected(base_model=LassoModel(solver="CLARABEL"), refit=False)
    assert found.best_lambda_ < best and not found.diagnostics_.loc[best, "passes"]
    assert np.isfinite(found.diagnostics_.loc[best, "fold_sphericity_mean"])


@pytest.mark.parametrize("y", [Y[["r0"]], Y.iloc[:, :2].where(np.repeat(np.arange(240)[:, None] >= 230, 2, axis=1))])
def test_without_two_series_there_is_no_choice(y):
    with pytest.raises(SelectionError, match=r"any fold.*at least 2") as error:
        selected(y)
    assert isinstance(error.value.__cause__, DataError)


def test_residuals_too_few_to_name_what_they_share_leave_the_table_empty():
    y = PLANTED.assign(r5=PLANTED["r5"].where(np.arange(240) < 3))
    found = selected(y, base_model=LassoModel(warmup_period=None))
    assert found.passed_ is False and len(found.missing_factors_) == 0


def test_a_search_that_leaves_nothing_out_is_silent_and_verbose_prints_the_choice(capsys):
    found = LassoModelDiagonalityCV(LAMBDAS, 3).fit(X, Y, verbose=True)
    words = f"best λ {found.best_lambda_:.6g}, mean sphericity {found.best_score_:.6g} of {found.threshold_:.6g}\n"
    assert capsys.readouterr().out == words


BAD = {
    "significance": [0, 1, NAN, True, "a"], "zero_rtol": [-1, NAN, None], "min_periods": [-1, 2.5, None],
    "lambdas": [[]], "n_splits": [0], "base_model": ["LASSO"], "refit": [None], "use_lambda_path": [1],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_parameter_is_refused_at_birth_and_later(name, value):
    search = LassoModelDiagonalityCV(LAMBDAS)
    for call in (LassoModelDiagonalityCV, search.set_params):
        with pytest.raises(OptionError, match=f"^{name}="):
            call(**{name: value})
    assert search.get_params() == LassoModelDiagonalityCV(LAMBDAS).get_params()


def test_it_clones_pickles_and_shows_itself():
    search = LassoModelDiagonalityCV(LAMBDAS, base_model=LassoModel(span=24), significance=0.01)
    for twin in (clone(search), pickle.loads(pickle.dumps(search))):
        assert (twin.lambdas, twin.base_model.span, twin.significance) == (LAMBDAS, 24, 0.01)
        assert twin.use_lambda_path is True and not hasattr(twin, "best_lambda_")
    assert repr(LassoModelDiagonalityCV()) == "LassoModelDiagonalityCV()"
    assert repr(LassoModelDiagonalityCV(min_periods=20)) == "LassoModelDiagonalityCV(min_periods=20)"


def test_before_a_fit_there_is_nothing_to_predict_with():
    with pytest.raises(NotFittedError, match="LassoModelDiagonalityCV is not fitted yet"):
        LassoModelDiagonalityCV().predict(X)
    with pytest.raises(NotFittedError, match="refit=False"):
        selected(refit=False).score(X, Y)
