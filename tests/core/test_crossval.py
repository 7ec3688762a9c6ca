"""λ is chosen on rows the fit has not seen, and what is not known never scores."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from factorlasso_core import LassoModel, LassoModelType, steps, trials
from factorlasso_core.comparison import Footing
from factorlasso_core.crossval import LassoModelCV
from factorlasso_core.errors import (
    DataError,
    FactorLassoError,
    NotFittedError,
    OptionError,
    SelectionError,
    SolverError,
)
from factorlasso_core.folds import expanding_window_splits
from factorlasso_core.scoring import mean_of_known, predictions, r_squared

NAN = np.nan
LAMBDAS = [0.5, 0.01, 0.1]
rng = np.random.default_rng(0)
DATES = pd.date_range("2015-01-31", periods=123, freq="ME")
X = pd.DataFrame(rng.standard_normal((123, 3)) + 0.5, index=DATES, columns=["f1", "f2", "f3"])
Y = pd.DataFrame(
    X.to_numpy() @ [[1.0, 0.5, 0.0, 0.0], [0.0, 0.5, -1.0, 0.0], [0.0, 0.0, 0.0, 0.8]]
    + 0.5 * rng.standard_normal((123, 4)) + 1.0,
    index=DATES, columns=["p", "q", "r", "s"],
)  # fmt: skip
LATE = Y.assign(q=Y["q"].where(np.arange(123) >= 50))
HCGL = LassoModelType.HIERARCHICAL_CLUSTER_GROUP_LASSO


def from_row(first: int) -> pd.DataFrame:
    """The responses, known from a row on."""
    return Y.where(np.repeat(np.arange(123)[:, None] >= first, 4, axis=1))


def selected(y: pd.DataFrame = Y, lambdas: Any = LAMBDAS, n_splits: int = 3, **parameters: Any) -> LassoModelCV:
    """A fitted selector, its warnings silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LassoModelCV(lambdas, n_splits, **parameters).fit(X, y)


def by_hand(y: pd.DataFrame, **parameters: Any) -> np.ndarray:
    """The score of every λ on every fold, one fit at a time."""
    table = np.full((3, 3), NAN)
    for fold, (train, test) in enumerate(expanding_window_splits(123, 3)):
        for place, value in enumerate(LAMBDAS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                model = LassoModel(reg_lambda=value, **parameters).fit(X.iloc[train], y.iloc[train])
            table[place, fold] = model.score(X.iloc[test], y.iloc[test])
    return table


def caught(
    y: pd.DataFrame, n_splits: int = 3, verbose: bool = False, **parameters: Any
) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        LassoModelCV(**{"lambdas": LAMBDAS, "n_splits": n_splits, "refit": False, **parameters}).fit(X, y, verbose)
    return found


SLOW = LassoModel(solver="CLARABEL")


@pytest.fixture
def failing(monkeypatch):
    """Makes a solver that takes one λ at a time, ``SLOW``, fail at given λ on training windows of given lengths.

    Elsewhere it answers as the fast one does.
    """

    def install(*cells: tuple[float, int]) -> None:
        original = trials.fit

        def fit(panel, beliefs, spec, *, stages, **settings):
            if (spec.penalty.reg_lambda, panel.shape[0]) in cells:
                raise SolverError("made to fail.")
            return original(panel, beliefs, spec, stages=stages)

        monkeypatch.setattr(trials, "fit", fit)

    return install


# Folds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "splits"), [(2, 1), (10, 4), (11, 4), (100, 9), (7, 6)])
def test_training_windows_grow_and_test_windows_follow_them(rows, splits):
    folds = list(expanding_window_splits(rows, splits))
    size = rows // (splits + 1)
    assert len(folds) == splits
    for fold, (train, test) in enumerate(folds):
        np.testing.assert_array_equal(train, np.arange(size * (fold + 1)))
        np.testing.assert_array_equal(test, np.arange(size * (fold + 1), size * (fold + 2)))
    assert rows - folds[-1][1][-1] - 1 == rows % (splits + 1)  # the rest at the end is never tested


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ((10, 0), OptionError, "n_splits=0 .*at least 1"), ((10, -1), OptionError, "n_splits=-1 "),
    ((3, 3), DataError, "n_splits=3 needs at least 4 rows, not 3"), ((0, 1), DataError, "at least 2 rows"),
    ((10, 2.0), TypeError, "n_splits=2.0 is not a whole"), ((10.0, 2), TypeError, "n_samples=10.0 is not a whole"),
    ((10, True), TypeError, "n_splits=True"),
])  # fmt: skip
def test_folds_that_cannot_be_are_refused_at_once(arguments, error, words):
    with pytest.raises(error, match=words):
        expanding_window_splits(*arguments)


# Scores -------------------------------------------------------------------------------------------


def test_r_squared_is_about_the_plain_mean_of_the_cells_that_are_known_on_both_sides():
    actual = np.array([[1.0, 1.0], [2.0, NAN], [4.0, 3.0], [9.0, 4.0]])
    predicted = np.array([[1.5, 2.0], [2.0, 9.0], [3.0, 3.0], [NAN, 3.0]])
    mean, other = 7 / 3, 8 / 3
    first = 1 - (0.25 + 1) / ((1 - mean) ** 2 + (2 - mean) ** 2 + (4 - mean) ** 2)
    second = 1 - (1 + 1) / ((1 - other) ** 2 + (3 - other) ** 2 + (4 - other) ** 2)
    np.testing.assert_allclose(r_squared(actual, predicted), [first, second], rtol=1e-14)


def test_nothing_predicted_nothing_observed_and_nothing_to_explain_are_no_score():
    actual = np.column_stack([np.arange(10.0), np.full(10, NAN), np.full(10, 0.1), np.r_[1.0, np.full(9, NAN)]])
    predicted = np.column_stack([np.full(10, NAN), np.ones(10), np.arange(10.0), np.zeros(10)])
    assert np.isnan(r_squared(actual, predicted)).all()
    assert r_squared(actual[:0], predicted[:0]).shape == (4,)


def test_an_infinite_observation_is_unknown_and_an_infinite_prediction_infinitely_wrong():
    actual, predicted = np.array([1.0, 2.0, 3.0, np.inf])[:, None], np.array([1.0, 2.0, 4.0, 0.0])[:, None]
    assert r_squared(actual, predicted)[0] == 0.5
    predicted[0] = np.inf
    assert r_squared(actual, predicted)[0] == -np.inf


def test_a_prediction_needs_every_factor_and_a_constant():
    beta, alpha = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, NAN])
    x = np.array([[1.0, 1.0], [NAN, 1.0]])
    np.testing.assert_array_equal(predictions(x, beta), [[3.0, 0.0], [NAN, NAN]])
    np.testing.assert_array_equal(predictions(x, beta, alpha), [[4.0, NAN], [NAN, NAN]])


def test_the_mean_of_nothing_known_is_unknown():
    np.testing.assert_array_equal(mean_of_known(np.array([[1.0, NAN, 2.0], [NAN, NAN, NAN]])), [1.5, NAN])


# The table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y", [Y, LATE, Y.mask(np.random.default_rng(1).random(Y.shape) < 0.1)], ids=["Y", "late", "holes"]
)
@pytest.mark.parametrize("parameters", [
    {}, {"model_type": HCGL, "l1_weight": 0.2}, {"span": 24}, {"demean": False}, {"centering": "per_response"},
    {"model_type": LassoModelType.UNILASSO}, {"auto_sign_constraints": True, "warmup_period": 30},
], ids=str)  # fmt: skip
def test_every_cell_is_the_score_of_a_single_fit_of_the_past(y, parameters):
    found = selected(y, base_model=LassoModel(**parameters))
    np.testing.assert_allclose(found.cv_scores_, by_hand(y, **parameters), rtol=1e-12)
    mean = found.cv_scores_.mean(axis=1)
    assert found.best_lambda_ == mean.idxmax() and found.best_score_ == pytest.approx(mean.max(), rel=1e-14)


def test_the_tables_are_labelled():
    found = selected()
    assert found.cv_scores_.index.tolist() == LAMBDAS and found.cv_scores_.index.name == "reg_lambda"
    assert found.cv_scores_.columns.equals(pd.RangeIndex(3)) and found.cv_scores_.columns.name == "fold"
    assert found.left_out_.index.equals(found.cv_scores_.index) and found.left_out_.columns.name == "fold"
    assert found.response_scores_.index.names == ["reg_lambda", "fold"]
    assert found.response_scores_.columns.tolist() == list(Y) and found.response_scores_.shape == (9, 4)


def test_a_cell_is_the_mean_over_the_responses_that_have_a_score():
    found = selected(LATE)
    responses = found.response_scores_
    np.testing.assert_allclose(responses.mean(axis=1), found.cv_scores_.to_numpy().ravel(), rtol=1e-14)
    np.testing.assert_array_equal(responses.isna().sum(axis=1), found.left_out_.to_numpy().ravel())


def test_the_choice_is_refitted_on_all_rows():
    found = selected(base_model=LassoModel(model_type=HCGL, span=24))
    alone = LassoModel(model_type=HCGL, span=24, reg_lambda=found.best_lambda_).fit(X, Y)
    assert found.best_model_.reg_lambda == found.best_lambda_
    pd.testing.assert_frame_equal(found.best_model_.coef_, alone.coef_, check_exact=True)
    pd.testing.assert_frame_equal(found.predict(X), alone.predict(X), check_exact=True)
    assert found.score(X, Y) == alone.score(X, Y)


def test_of_equal_scores_the_first_in_the_grid_wins():
    for lambdas in ([90.0, 80.0, 100.0], [80.0, 100.0, 90.0]):  # all loadings are zero
        found = selected(lambdas=lambdas)
        assert found.cv_scores_.nunique().eq(1).all() and found.best_lambda_ == lambdas[0]


def test_without_a_grid_twenty_powers_are_tried():
    found = LassoModelCV(n_splits=2).fit(X, Y)
    np.testing.assert_allclose(found.cv_scores_.index, np.logspace(-6, -1, 20), rtol=1e-15)


def test_a_repeated_value_is_used_once_and_said():
    with pytest.warns(UserWarning, match="repeats 2 of its 5 values") as found:
        once = LassoModelCV([0.1, 0.5, 0.1, 0.01, 0.5], 3).fit(X, Y)
    assert once.cv_scores_.index.tolist() == [0.1, 0.5, 0.01] and found[0].filename == __file__
    pd.testing.assert_frame_equal(once.cv_scores_.loc[LAMBDAS], selected().cv_scores_)


def test_arrays_score_like_frames():
    arrays = LassoModelCV(LAMBDAS, 3).fit(X.to_numpy(), Y.to_numpy())
    np.testing.assert_array_equal(arrays.cv_scores_, selected().cv_scores_)
    assert arrays.predict(X.to_numpy()).shape == (123, 4)


def test_the_path_keyword_changes_nothing():
    pd.testing.assert_frame_equal(selected(use_lambda_path=True).cv_scores_, selected().cv_scores_, check_exact=True)


@pytest.mark.parametrize("stage", ["prepare", "moments"])
def test_what_does_not_depend_on_lambda_is_computed_once_a_fold(monkeypatch, stage):
    calls, original = [], getattr(steps, stage)
    monkeypatch.setattr(steps, stage, lambda *given: calls.append(1) or original(*given))
    selected(refit=False)
    assert len(calls) == 3


def test_a_fit_that_has_scored_is_not_kept(monkeypatch):
    kept, original = set(), trials.fit

    def fit(*given, stages, **settings):
        result = original(*given, stages=stages)
        kept.update(name.split(":")[0] for name in stages.cache)
        return result

    monkeypatch.setattr(trials, "fit", fit)
    selected(base_model=LassoModel(model_type=HCGL, solver="CLARABEL"), refit=False)
    assert {"prepare", "moments", "tree"} <= kept and "solve" not in kept


def test_rows_behind_the_last_fold_do_not_score():
    other = LassoModelCV(LAMBDAS, 3).fit(X.iloc[:120], Y.iloc[:120])
    pd.testing.assert_frame_equal(other.cv_scores_, selected().cv_scores_, check_exact=True)


# What is not known --------------------------------------------------------------------------------


def test_a_response_without_a_prediction_is_left_out_and_counted():
    found, others = selected(LATE), selected(Y.drop(columns="q"))
    np.testing.assert_allclose(found.cv_scores_[0], others.cv_scores_[0], rtol=1e-12)
    assert found.left_out_.to_numpy().tolist() == [[1, 1, 0]] * 3  # 0, 10 and 40 observations are known
    assert found.response_scores_["q"].isna().sum() == 6


def test_a_fold_without_any_prediction_is_left_out_for_every_lambda():
    y = from_row(22)
    found = selected(y)  # 8 observations before the first test row, fewer than the warm-up asks for
    assert found.cv_scores_[0].isna().all() and found.cv_scores_[[1, 2]].notna().all(axis=None)
    assert found.best_score_ == pytest.approx(found.cv_scores_.loc[found.best_lambda_, [1, 2]].mean(), rel=1e-14)
    assert found.left_out_[0].tolist() == [4, 4, 4]


def test_early_folds_without_enough_rows_never_score():
    found = selected(Y.iloc[:, :], n_splits=40)  # windows of 3 rows
    assert found.cv_scores_.loc[:, :2].isna().all(axis=None) and found.cv_scores_.loc[:, 4:].notna().all(axis=None)
    assert (found.cv_scores_ < 1).where(found.cv_scores_.notna(), True).all(axis=None)


def test_a_fold_that_fails_keeps_its_lambda_from_the_choice(failing):
    best = selected().best_lambda_
    failing((best, 60))
    found = selected(base_model=SLOW, refit=False)
    assert np.isnan(found.cv_scores_.loc[best, 1]) and found.cv_scores_.notna().sum().sum() == 8
    assert found.best_lambda_ != best and found.left_out_.loc[best, 1] == 4
    assert found.best_score_ == found.cv_scores_.drop(index=best).mean(axis=1).max()


def test_a_failing_cell_is_warned_of_one_by_one_on_request(failing):
    failing((0.5, 60), (0.1, 60))
    assert [one.category for one in caught(Y, base_model=SLOW)] == [UserWarning]
    found = caught(Y, verbose=True, base_model=SLOW)
    assert [one.category for one in found] == [RuntimeWarning, RuntimeWarning, UserWarning]
    assert str(found[0].message) == "λ=0.5 has no score on fold 1: made to fail."
    assert {one.filename for one in found} == {__file__}


@pytest.mark.parametrize(("name", "model"), [("fit", SLOW), ("fit_many", None)])
def test_an_error_in_what_was_asked_is_no_failing_cell(monkeypatch, name, model):
    def broken(*given, **settings):
        raise KeyError("a bug")

    monkeypatch.setattr(trials, name, broken)
    with pytest.raises(KeyError, match="a bug"):
        selected(base_model=model)


def test_what_keeps_the_fast_solver_from_a_fold_leaves_it_out_for_every_lambda(monkeypatch):
    original = trials.fit_many

    def fit_many(panel, *given):
        if panel.shape[0] == 60:
            raise DataError("too large.")
        return original(panel, *given)

    monkeypatch.setattr(trials, "fit_many", fit_many)
    (told,) = caught(Y)
    assert "fold 1 not scored for every λ" in str(told.message) and "3 of 9 cells failed" in str(told.message)
    assert selected().cv_scores_.notna().all().tolist() == [True, False, True]


def test_without_any_score_there_is_no_choice(failing):
    failing(*((value, rows) for value in LAMBDAS for rows in (30, 60, 90)))
    with pytest.raises(SelectionError, match=r"any fold: give more rows.* The last failure was: made to fail") as error:
        selected(base_model=SLOW)
    assert isinstance(error.value, FactorLassoError) and isinstance(error.value, RuntimeError)
    assert isinstance(error.value.__cause__, SolverError)


def test_without_enough_history_there_is_no_choice_either():
    with pytest.raises(SelectionError, match="fewer folds or a shorter warm-up") as error:
        selected(from_row(88))
    assert error.value.__cause__ is None


def test_lambdas_scored_on_different_folds_are_not_compared(failing):
    failing((0.5, 30), (0.01, 60), (0.1, 90))
    with pytest.raises(SelectionError, match="No two λ were scored on the same folds"):
        selected(base_model=SLOW)


def test_a_failed_search_leaves_the_selector_as_it_was(failing):
    found = selected(base_model=SLOW)
    before = dict(vars(found))
    with pytest.raises(DataError, match="different row labels"):
        found.fit(X, Y.iloc[1:])
    failing(*((value, rows) for value in LAMBDAS for rows in (30, 60, 90)))
    with pytest.raises(SelectionError):
        found.fit(X, Y)
    assert vars(found) == before


FOOTINGS = {
    "complete": (["xx", "xx"], [0, 1], [0, 1]),
    "a fold nobody was scored on": ([".xx", ".xx"], [0, 1], [1, 2]),
    "a fold only one was scored on": ([".xx", ".xx", "xxx"], [0, 1, 2], [1, 2]),
    "one failed once": (["xxx", "x.x", "xxx"], [0, 2], [0, 1, 2]),
    "one failed everywhere": (["xxx", "...", "xxx"], [0, 2], [0, 1, 2]),
    "both": ([".xx", "..x", ".xx"], [0, 2], [1, 2]),
    "alone": ([".x.x"], [0], [1, 3]),
    "two failed once each": (["xxx", "x.x", "xx."], [0], [0, 1, 2]),
    "everyone failed once": (["x.", ".x"], [], []),
    "nothing": (["..", ".."], [], []),
}


@pytest.mark.parametrize("name", FOOTINGS)
def test_what_is_compared_is_known_for_everyone_who_takes_part(name):
    lines, entrants, folds = FOOTINGS[name]
    scores = np.array([[10.0 * row + column if mark == "x" else NAN for column, mark in enumerate(line)]
                       for row, line in enumerate(lines)])  # fmt: skip
    footing = Footing.of(scores)
    assert np.flatnonzero(footing.entrants).tolist() == entrants and np.flatnonzero(footing.folds).tolist() == folds
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(footing.means)), entrants)
    for row in entrants:
        assert footing.means[row] == pytest.approx(scores[row, folds].mean())


# Warnings -----------------------------------------------------------------------------------------


def test_a_search_that_leaves_nothing_out_is_silent():
    assert caught(Y) == []


@pytest.mark.parametrize(("y", "words"), [
    (LATE, "up to 1 of 4 responses not scored on a fold"),
    (Y.assign(s=2.5), "up to 1 of 4 responses not scored on a fold"),
    (from_row(22), "fold 0 not scored for every λ and left out"),
])  # fmt: skip
def test_what_was_left_out_is_told_once(y, words):
    (found,) = caught(y)
    assert str(found.message).startswith("LassoModelCV: ") and words in str(found.message)
    assert found.category is UserWarning and found.filename == __file__


def test_the_warning_names_the_lambda_that_failed_and_the_last_reason(failing):
    failing((0.5, 60), (0.1, 90))
    (found,) = caught(Y, base_model=SLOW)
    assert "λ=0.5, 0.1 not scored on every fold" in str(found.message)
    assert str(found.message).endswith("2 of 9 cells failed, the last because: made to fail.")


def test_a_fit_that_is_not_proved_is_counted():
    (found,) = caught(Y, base_model=LassoModel(solver="CLARABEL"))
    assert "of 9 fits not proved optimal" in str(found.message)


def test_verbose_prints_the_choice(capsys):
    found = LassoModelCV(LAMBDAS, 3).fit(X, Y, verbose=True)
    assert capsys.readouterr().out == f"best λ {found.best_lambda_:.6g}, mean R² {found.best_score_:.6g}\n"


# Parameters ---------------------------------------------------------------------------------------

BAD = {
    "no grid": ({"lambdas": []}, OptionError, "^lambdas="),
    "negative": ({"lambdas": [0.1, -1]}, OptionError, "^reg_lambda=-1"),
    "text": ({"lambdas": ["a"]}, OptionError, "^reg_lambda='a'"),
    "number": ({"lambdas": 0.1}, TypeError, "^lambdas must be"),
    "no folds": ({"n_splits": 0}, OptionError, "^n_splits=0"),
    "half a fold": ({"n_splits": 2.5}, TypeError, "^n_splits=2.5"),
    "model": ({"base_model": 3}, OptionError, "^base_model=3"),
    "refit": ({"refit": 1}, OptionError, "^refit=1"),
    "path": ({"use_lambda_path": None}, OptionError, "^use_lambda_path=None"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_parameter_is_refused_at_birth_and_later(name):
    parameters, error, words = BAD[name]
    with pytest.raises(error, match=words):
        LassoModelCV(**parameters)
    search = LassoModelCV(LAMBDAS)
    with pytest.raises(error, match=words):
        search.set_params(**{"refit": False, **parameters})
    assert search.get_params() == LassoModelCV(LAMBDAS).get_params()


def test_more_folds_than_rows_are_refused():
    with pytest.raises(DataError, match="n_splits=200 needs at least 201 rows, not 123"):
        LassoModelCV(LAMBDAS, 200).fit(X, Y)


def test_parameters_reach_into_the_base_model():
    model = LassoModel(span=24)
    search = LassoModelCV(LAMBDAS, base_model=model)
    assert search.get_params()["base_model__span"] == 24 and "base_model__span" not in search.get_params(deep=False)
    assert search.set_params(base_model__span=12, n_splits=3) is search
    assert (model.span, search.n_splits) == (12, 3)
    other = LassoModel()
    search.set_params(base_model=other, base_model__l1_weight=0.5)
    assert search.base_model is other and other.l1_weight == 0.5


def test_set_params_sets_all_or_none():
    model = LassoModel(span=24)
    search = LassoModelCV(LAMBDAS, base_model=model)
    for bad in ({"n_splits": 3, "base_model__span": 0}, {"base_model__span": 12, "n_splits": 0}):
        with pytest.raises(OptionError):
            search.set_params(**bad)
        assert (model.span, search.n_splits) == (24, 5)


@pytest.mark.parametrize("name", ["folds", "best_lambda_", "base_model__span"])
def test_a_name_nobody_knows_is_refused(name):
    with pytest.raises(OptionError, match=f"parameter=.*{name}.*n_splits"):
        LassoModelCV().set_params(**{name: 3})


def test_sklearn_can_clone_it():
    found = selected(base_model=LassoModel(span=24))
    twin = clone(found)
    assert not hasattr(twin, "best_lambda_") and twin.base_model is not found.base_model
    assert twin.get_params(deep=False).keys() == found.get_params(deep=False).keys()
    assert (twin.lambdas, twin.base_model.span) == (LAMBDAS, 24)
    assert clone(LassoModelCV(np.array(LAMBDAS))).lambdas.tolist() == LAMBDAS
    check_is_fitted(found)
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(twin)


def test_a_grid_that_can_be_read_once_is_kept():
    assert LassoModelCV(value for value in LAMBDAS).lambdas == LAMBDAS
    assert LassoModelCV().set_params(lambdas=iter(LAMBDAS)).lambdas == LAMBDAS


def test_selectors_survive_pickling():
    search = LassoModelCV(LAMBDAS, base_model=LassoModel(span=24))
    twin = pickle.loads(pickle.dumps(search))
    assert twin.lambdas == LAMBDAS and twin.base_model.span == 24 and not hasattr(twin, "best_model_")
    found = selected()
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(found)).predict(X), found.predict(X))


def test_repr_shows_what_differs_from_the_defaults():
    assert repr(LassoModelCV()) == "LassoModelCV()"
    found = selected(base_model=LassoModel(span=24.0))
    assert repr(found) == "LassoModelCV(lambdas=[0.5, 0.01, 0.1], n_splits=3, base_model=LassoModel(span=24.0))"
    assert repr(LassoModelCV(np.array(LAMBDAS))) == "LassoModelCV(lambdas=<ndarray>)"


def test_before_a_fit_there_is_nothing_to_predict_with():
    for call in (LassoModelCV().predict, lambda x: LassoModelCV().score(x, Y)):
        with pytest.raises(NotFittedError, match="LassoModelCV is not fitted yet"):
            call(X)


def test_without_a_refit_no_model_is_left_from_before():
    found = selected()
    found.set_params(refit=False).fit(X, Y)
    assert found.best_model_ is None and found.best_lambda_ == selected().best_lambda_
    with pytest.raises(NotFittedError, match="refit=False"):
        found.predict(X)


def test_the_base_model_stays_unfitted():
    model = LassoModel(reg_lambda=0.7)
    found = selected(base_model=model)
    assert not hasattr(model, "coef_") and model.reg_lambda == 0.7 and found.best_model_ is not model
