"""``LassoModel`` among scikit-learn's tools: cloned, pickled, in pipelines, grids, folds and scorers."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.errors import OptionError

HCGL = LassoModelType.HIERARCHICAL_CLUSTER_GROUP_LASSO
DATES = pd.date_range("2010-01-31", periods=120, freq="ME")
FOLDS = TimeSeriesSplit(4)


def planted() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two kinds of responses, each on one factor of four, in small units."""
    random = np.random.default_rng(5)
    x = pd.DataFrame(0.04 * random.standard_normal((120, 4)) + 0.01, index=DATES).add_prefix("f")
    loadings = np.array([[1.0, 0, 0, 0], [0.9, 0, 0, 0], [0, 0, -1.2, 0], [0, 0, -1.0, 0]])
    noise = 0.03 * random.standard_normal((120, 4))
    return x, pd.DataFrame(x.to_numpy() @ loadings.T + noise, index=DATES, columns=list("pqrs"))


X, Y = planted()
SIGNS = pd.DataFrame(
    [[1, np.nan, np.nan, np.nan]] * 2 + [[np.nan, np.nan, -1, 0]] * 2, index=Y.columns, columns=X.columns
)


def pipeline(model: LassoModel, output: str = "default") -> Pipeline:
    scaler = StandardScaler().set_output(transform=output)
    return Pipeline([("scale", scaler), ("model", model)])


# Parameters ---------------------------------------------------------------------------------------


def test_a_clone_has_the_parameters_and_not_the_fit():
    groups = pd.Series(["a", "a", "b", "b"], index=Y.columns)
    model = LassoModel(
        LassoModelType.GROUP_LASSO, groups, 1e-4, factors_beta_loading_signs=SIGNS, factors_beta_prior=0.1 * SIGNS
    ).fit(X, Y)
    copy = clone(model)
    assert not hasattr(copy, "coef_")
    assert copy.factors_beta_prior is not model.factors_beta_prior  # frames are copied
    pd.testing.assert_frame_equal(copy.factors_beta_loading_signs, SIGNS)
    pd.testing.assert_frame_equal(copy.fit(X, Y).coef_, model.coef_)


def test_a_bad_parameter_leaves_the_model_as_it_was():
    model = LassoModel(reg_lambda=1e-3)
    for bad in ({"l1_weight": 2.0}, {"reg_lambda": 1e-4, "span": 0.5}, {"model__reg_lambda": 1.0}):
        with pytest.raises(OptionError):
            model.set_params(**bad)
    assert model.get_params() == LassoModel(reg_lambda=1e-3).get_params()


def test_parameters_of_a_model_in_a_pipeline_are_reached_and_checked():
    pipe = pipeline(LassoModel()).set_params(model__reg_lambda=1e-3, model__model_type=HCGL, model__cutoff_fraction=0.3)
    assert pipe["model"].cutoff_fraction == 0.3 and pipe.get_params()["model__reg_lambda"] == 1e-3
    with pytest.raises(OptionError, match="cutoff_fraction"):
        pipe.set_params(model__cutoff_fraction=0)


@pytest.mark.parametrize("fitted", [False, True])
def test_a_model_goes_through_a_pickle(fitted):
    model = LassoModel(HCGL, reg_lambda=1e-4, span=30, factors_beta_loading_signs=SIGNS, auto_sign_constraints=True)
    if fitted:
        model.fit(X, Y)
    back = pickle.loads(pickle.dumps(model))
    assert repr(back) == repr(model) and hasattr(back, "fit_") == fitted
    pd.testing.assert_frame_equal(back.factors_beta_loading_signs, SIGNS)
    if fitted:
        pd.testing.assert_frame_equal(back.predict(X), model.predict(X))
        pd.testing.assert_series_equal(back.clusters_, model.clusters_)
        assert (
            back.certificate_.relative_gap == model.certificate_.relative_gap and back.fit_.digest == model.fit_.digest
        )
    pd.testing.assert_frame_equal(back.fit(X, Y).coef_, model.fit(X, Y).coef_)


# What it says of itself ---------------------------------------------------------------------------


def test_it_is_a_regressor_of_several_responses_that_takes_missing_values():
    tags = get_tags(LassoModel())
    assert is_regressor(LassoModel()) and tags.estimator_type == "regressor" and tags.requires_fit
    assert tags.target_tags.multi_output and tags.target_tags.required and not tags.target_tags.one_d_labels
    assert tags.input_tags.allow_nan and not tags.input_tags.sparse
    assert get_tags(pipeline(LassoModel())).target_tags.multi_output


def test_it_says_whether_it_is_fitted():
    model = LassoModel(reg_lambda=1e-4)
    with pytest.raises(NotFittedError, match="LassoModel"):
        check_is_fitted(model)
    pipe = pipeline(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(pipe)
    check_is_fitted(pipe.fit(X, Y))
    assert model.__sklearn_is_fitted__()


def test_it_knows_the_number_and_the_names_of_its_features():
    model = LassoModel(reg_lambda=1e-4).fit(X, Y)
    assert model.n_features_in_ == 4 and list(model.feature_names_in_) == list(X)
    numbered = model.fit(X.set_axis(range(4), axis=1), Y)
    assert not hasattr(numbered, "feature_names_in_")


def test_a_model_that_is_never_asked_for_its_tags_needs_no_scikit_learn():
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import numpy as np; from factorlasso_core import LassoModel; r = np.random.default_rng(0)\n"
        "print(LassoModel().fit(r.standard_normal((40, 2)), r.standard_normal((40, 2))).__sklearn_is_fitted__())"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "True\n"


# Pipelines ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["default", "pandas"])
@pytest.mark.parametrize("table", [pd.DataFrame, np.asarray], ids=["frames", "arrays"])
def test_a_pipeline_is_its_steps_by_hand(output, table):
    x, y = table(X), table(Y)
    pipe = pipeline(LassoModel(HCGL, reg_lambda=1e-4, span=40), output).fit(x, y)
    scaled = StandardScaler().set_output(transform=output).fit_transform(x)
    by_hand = LassoModel(HCGL, reg_lambda=1e-4, span=40).fit(scaled, y)
    np.testing.assert_array_equal(pipe["model"].coef_, by_hand.coef_)
    np.testing.assert_array_equal(pipe.predict(x), by_hand.predict(scaled))
    assert pipe.score(x, y) == by_hand.score(scaled, y) > 0.3
    assert pipe.n_features_in_ == pipe["model"].n_features_in_ == 4


def test_labels_survive_a_step_that_returns_an_array():
    predicted = pipeline(LassoModel(reg_lambda=1e-4)).fit(X, Y).predict(X)
    assert list(predicted) == list(Y)
    named = pipeline(LassoModel(reg_lambda=1e-4), "pandas").fit(X, Y)
    assert list(named["model"].feature_names_in_) == list(X) and named.predict(X).index.equals(DATES)


def test_missing_values_pass_through_a_scaler():
    x, y = X.copy(), Y.copy()
    x.iloc[3, 1], x.iloc[50] = np.nan, np.nan
    y.iloc[:30, 0] = np.nan
    pipe = make_pipeline(StandardScaler(), LassoModel(reg_lambda=1e-4)).fit(x, y)
    assert np.isfinite(pipe[-1].coef_.to_numpy()).all() and pipe.score(x, y) > 0.3
    assert pipe.predict(x).isna().all(axis=1).sum() == 2


def test_a_pipeline_can_be_drawn():
    drawn = sklearn.utils.estimator_html_repr(pipeline(LassoModel(reg_lambda=1e-4)))
    assert "LassoModel" in drawn and "reg_lambda" in drawn


# Grids and folds ----------------------------------------------------------------------------------


LAMBDAS, CUTOFFS = [1e-6, 2e-4, 1.0], [0.4, 1.0]


def mean_score(x: Any, y: Any, **parameters: Any) -> float:
    """The mean over the folds by hand."""
    scores = []
    for train, test in FOLDS.split(X):
        rows = [table.iloc if hasattr(table, "iloc") else table for table in (x, y)]
        model = LassoModel(HCGL, **parameters).fit(*(part[train] for part in rows))
        scores.append(model.score(*(part[test] for part in rows)))
    return float(np.mean(scores))


@pytest.mark.parametrize("table", [pd.DataFrame, np.asarray], ids=["frames", "arrays"])
def test_a_grid_over_time_ordered_folds_is_the_loop_by_hand(table):
    x, y = table(X), table(Y)
    grid = GridSearchCV(LassoModel(HCGL), {"reg_lambda": LAMBDAS, "cutoff_fraction": CUTOFFS}, cv=FOLDS).fit(x, y)
    by_hand = [mean_score(x, y, **parameters) for parameters in grid.cv_results_["params"]]
    np.testing.assert_allclose(grid.cv_results_["mean_test_score"], by_hand, rtol=1e-14)
    assert grid.best_params_["reg_lambda"] == 2e-4  # neither all of the noise nor nothing
    assert grid.best_score_ == max(by_hand) and grid.best_score_ > 0.4
    assert grid.score(x, y) == grid.best_estimator_.score(x, y) and grid.n_features_in_ == 4
    assert grid.predict(x).shape == (120, 4)


def test_a_grid_reaches_a_model_in_a_pipeline_and_its_type():
    options = {"model__reg_lambda": [1e-3, 10.0], "model__model_type": [HCGL, LassoModelType.LASSO]}
    grid = GridSearchCV(pipeline(LassoModel(), "pandas"), options, cv=FOLDS).fit(X, Y)
    assert grid.best_params_["model__reg_lambda"] == 1e-3
    assert list(grid.feature_names_in_) == list(X) == list(grid.best_estimator_["model"].coef_)


def test_cross_validation_scores_are_those_of_the_model():
    scores = cross_val_score(LassoModel(reg_lambda=1e-4), X, Y, cv=FOLDS)
    by_hand = [
        LassoModel(reg_lambda=1e-4).fit(X.iloc[train], Y.iloc[train]).score(X.iloc[test], Y.iloc[test])
        for train, test in FOLDS.split(X)
    ]
    np.testing.assert_array_equal(scores, by_hand)


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_squared_error"])
def test_scorers_of_scikit_learn_take_the_predictions(scoring):
    scores = cross_val_score(LassoModel(reg_lambda=1e-4), X, Y, cv=FOLDS, scoring=scoring)
    arrays = cross_val_score(LassoModel(reg_lambda=1e-4), X.to_numpy(), Y.to_numpy(), cv=FOLDS, scoring=scoring)
    np.testing.assert_allclose(scores, arrays, rtol=1e-12)
    if scoring == "r2":
        own = cross_val_score(LassoModel(reg_lambda=1e-4), X, Y, cv=FOLDS)
        np.testing.assert_allclose(scores, own, rtol=1e-12)


def test_predictions_out_of_fold_importances_and_scaled_targets():
    model = LassoModel(reg_lambda=1e-4)
    assert cross_val_predict(model, X, Y, cv=5).shape == (120, 4)
    importance = permutation_importance(model.fit(X, Y), X, Y, n_repeats=3, random_state=0)
    assert set(np.argsort(importance["importances_mean"])[-2:]) == {0, 2}
    scaled = TransformedTargetRegressor(LassoModel(reg_lambda=1e-3), transformer=StandardScaler())
    assert scaled.fit(X.to_numpy(), Y.to_numpy()).score(X.to_numpy(), Y.to_numpy()) > 0.4


def test_metadata_routing_does_not_stand_in_the_way():
    with sklearn.config_context(enable_metadata_routing=True):
        grid = GridSearchCV(LassoModel(), {"reg_lambda": [1e-4, 1.0]}, cv=FOLDS).fit(X, Y)
        assert grid.best_params_ == {"reg_lambda": 1e-4}
        # scikit-learn's Pipeline.score passes on a sample_weight nobody gave; a scorer does not.
        options = {"model__reg_lambda": [1e-3, 10.0]}
        grid = GridSearchCV(pipeline(LassoModel()), options, cv=FOLDS, scoring="r2").fit(X, Y)
        assert grid.best_params_ == {"model__reg_lambda": 1e-3}


# One response -------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y["p"], Y["p"].to_numpy()], ids=["series", "array"])
@pytest.mark.parametrize("kind", list(LassoModelType), ids=lambda kind: kind.name)
def test_a_response_alone_is_predicted_as_a_frame_of_one_column(kind, y):
    groups = pd.Series(["a"], index=["p" if hasattr(y, "name") else "y0"]) if kind.needs_groups else None
    model = LassoModel(kind, groups, 1e-4).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == (120, 1) and list(predicted) == list(model.coef_.index)
    assert model.score(X, y) == pytest.approx(sklearn.metrics.r2_score(y, predicted), rel=1e-12)


@pytest.mark.parametrize("y", [Y["p"], Y["p"].to_numpy()], ids=["series", "array"])
def test_a_response_alone_goes_through_pipelines_grids_and_scorers(y):
    pipe = pipeline(LassoModel(reg_lambda=1e-4)).fit(X, y)
    assert pipe.score(X, y) > 0.4
    grid = GridSearchCV(pipe, {"model__reg_lambda": [1e-3, 10.0]}, cv=FOLDS).fit(X, y)
    assert grid.best_params_ == {"model__reg_lambda": 1e-3}
    by_scorer = cross_val_score(pipe, X, y, cv=FOLDS, scoring="r2")
    np.testing.assert_allclose(by_scorer, cross_val_score(pipe, X, y, cv=FOLDS), rtol=1e-12)


# scikit-learn's own checks ------------------------------------------------------------------------


WORDS = "refused with a typed error in this package's words, not scikit-learn's"
FRAMES = "predictions are frames with the labels of the responses, for one response too"
LISTS = "frames, series and arrays only, as in the reference: a list has neither labels nor a type"
AT_ONCE = "parameters are checked where they are set, as in the reference, so that a bad one never waits for a fit"
BY_DESIGN = {
    "check_estimators_unfitted": "predict before fit raises this package's NotFittedError, a RuntimeError as in the "
    "reference; check_is_fitted raises scikit-learn's",
    "check_do_not_raise_errors_in_init_or_set_params": AT_ONCE,
    "check_set_params": AT_ONCE,
    "check_parameters_default_constructible": "model_type is an enum, as in the reference",
    "check_n_features_in_after_fitting": WORDS,
    "check_complex_data": WORDS,
    "check_fit2d_predict1d": WORDS,
    "check_estimator_sparse_tag": WORDS,
    "check_estimator_sparse_array": WORDS,
    "check_estimator_sparse_matrix": WORDS,
    "check_dtype_object": "columns of type object are refused: numbers kept as objects hide text",
    "check_estimators_empty_data_messages": LISTS,
    "check_regressors_train": LISTS,
    "check_regressor_data_not_an_array": LISTS,
    "check_requires_y_none": "y=None is a TypeError",
    "check_regressor_multioutput": FRAMES,
    "check_supervised_y_2d": FRAMES,
    "check_supervised_y_no_nan": "a missing response is left out of the loss",
    "check_fit1d": "a vector of factors is one factor, as in the reference",
}


@pytest.mark.parametrize("kind", [LassoModelType.LASSO, HCGL], ids=lambda kind: kind.name)
def test_the_checks_of_scikit_learn_pass_but_for_those_that_contradict_the_design(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks fit few rows, set bad parameters and ask for BaseEstimator
        results = check_estimator(LassoModel(kind), expected_failed_checks=BY_DESIGN, on_skip=None, on_fail=None)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert failed == {}
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(BY_DESIGN)
    assert sum(result["status"] == "passed" for result in results) >= 30
