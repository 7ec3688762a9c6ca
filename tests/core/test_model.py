"""LassoModel has the reference's names and defaults, checks what it is given, and keeps its word."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import warnings
from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import BeliefsError, DataError, NotFittedError, OptionError, SolverError
from factorlasso_core.fit import fit
from factorlasso_core.options import FitSpec, LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.parameters import WITHOUT_MEANING

NAN = np.nan
LASSO, GROUP, HCGL = (LassoModelType[n] for n in ("LASSO", "GROUP_LASSO", "GROUP_LASSO_CLUSTERS"))
OURS_ALONE = {"centering", "factor_rows", "correlation_normalization", "exclude_short", "prior_overrides_signs"}
REFERENCE = {
    field.name: field.default for field in dataclasses.fields(factorlasso.LassoModel) if not field.name.endswith("_")
}
rng = np.random.default_rng(0)
DATES = pd.date_range("2015-01-31", periods=80, freq="ME")
X = pd.DataFrame(rng.standard_normal((80, 3)) + 0.5, index=DATES, columns=["f1", "f2", "f3"])
Y = pd.DataFrame(
    X.to_numpy() @ [[1.0, 0.5, 0.0, 0.0], [0.0, 0.5, -1.0, 0.0], [0.0, 0.0, 0.0, 0.8]]
    + 0.2 * rng.standard_normal((80, 4)) + 1.0,
    index=DATES, columns=["p", "q", "r", "s"],
)  # fmt: skip
SHORT = Y.assign(q=Y["q"].where(np.arange(80) >= 70))


def cells(value: float) -> pd.DataFrame:
    return pd.DataFrame(value, index=Y.columns, columns=X.columns)


def fitted(y: pd.DataFrame = Y, **parameters: Any) -> LassoModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LassoModel(**{"reg_lambda": 0.05, **parameters}).fit(X, y)


def plain(value: Any) -> Any:
    """An enum of the reference by what it means here."""
    return LassoModelType[value.name] if isinstance(value, factorlasso.LassoModelType) else value


# Parameters ---------------------------------------------------------------------------------------


def test_every_parameter_of_the_reference_is_one_of_ours_and_ours_are_named():
    assert set(LassoModel().get_params()) == set(REFERENCE) | OURS_ALONE


@pytest.mark.parametrize("name", sorted(set(REFERENCE) - {"solver"}))
def test_a_default_is_the_one_of_the_reference(name):
    ours, theirs = LassoModel().get_params()[name], plain(REFERENCE[name])
    assert getattr(ours, "value", ours) == getattr(theirs, "value", theirs) or ours is theirs


def test_the_solver_differs_by_design():
    assert (LassoModel().solver, REFERENCE["solver"]) == ("fast", "CLARABEL")


def test_the_parameters_stand_in_the_order_of_the_reference_with_ours_behind_them():
    names = list(inspect.signature(LassoModel).parameters)
    assert names == list(LassoModel().get_params())
    assert names[: len(REFERENCE)] == list(REFERENCE)


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_the_references_own_default_is_accepted(name):
    model = LassoModel(**{name: plain(REFERENCE[name])})
    assert model.get_params()[name] == plain(REFERENCE[name])


OTHER_VALUES = {
    "cluster_smoother_type": 2, "smoother_delta": 0.1, "smoother_lambda": 0.5, "recluster_freq": "QE",
    "cluster_correlation_span_freq_dict": {}, "expert_prior_bound_n_std": 1.0, "expert_prior_hac_lags": 2,
    "expert_prior_hac_lags_freq_dict": {"ME": 1}, "expert_prior_exposure_budget": 1.0,
    "expert_prior_bound_centre": "zero", "expert_prior_bound_scope": "named", "expert_prior_budget_rule": "other",
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT_MEANING)
def test_what_has_no_meaning_here_is_refused_by_name_unless_at_its_default(name):
    with pytest.raises(NotImplementedError, match=f"^{name}="):
        LassoModel(**{name: OTHER_VALUES[name]})
    model = LassoModel()
    with pytest.raises(NotImplementedError, match=f"^{name}="):
        model.set_params(**{name: OTHER_VALUES[name]})


@pytest.mark.parametrize("value", [pd.Series(["f1"], index=["p"]), pd.DataFrame({"f1": [1]}), np.array(["a", "b"])])
def test_a_table_where_only_the_default_is_known_is_refused_by_name_too(value):
    with pytest.raises(NotImplementedError, match=r"^expert_prior_exposure_budget="):
        LassoModel(expert_prior_exposure_budget=value)


@pytest.mark.parametrize("name", ["dependence_measure", "distance_transform", "cluster_correlation_transform"])
def test_a_word_may_be_any_enumeration_of_text(name):
    kind = type(REFERENCE[name])  # the reference's own: its str() is not its value
    for member in kind:
        ours = LassoModel(HCGL, reg_lambda=0.05, **{name: member}).fit(X, Y)
        same = LassoModel(HCGL, reg_lambda=0.05, **{name: member.value}).fit(X, Y)
        assert ours.fit_.digest == same.fit_.digest


@pytest.mark.parametrize(
    ("name", "value"), [("solver", None), ("solver", 5), ("solver_fallbacks", "SCS"), ("solver_fallbacks", [1])]
)
def test_solvers_are_names(name, value):
    with pytest.raises(OptionError, match=f"^{name}="):
        LassoModel(**{name: value})


def test_a_solver_may_be_written_in_small_letters():
    assert fitted(solver="clarabel").fit_.solved.solution.solver == "CLARABEL"


@pytest.mark.parametrize(("name", "value"), [("prior_selection_type", "x"), ("factor_for_prior", {"p": "f1"})])
def test_what_was_set_by_hand_is_checked_at_the_fit(name, value):
    model = LassoModel()
    setattr(model, name, value)
    with pytest.raises(OptionError, match=f"^{name}="):
        model.fit(X, Y)
    assert not hasattr(model, "coef_")


BAD = {
    "reg_lambda": (-1e-9, ">= 0"), "span": (1, "greater than 1"), "cutoff_fraction": (0, r"\(0, 1\]"),
    "group_penalty": ("size", "yuan_lin"), "l1_weight": (1.5, r"\[0, 1\]"), "demean": ("yes", "True or False"),
    "warmup_period": (-1, ">= 0"), "nonneg": (1, "True or False"), "loss_normalization": ("mass", "weight_sum"),
    "centering": ("own", "per_response"), "factor_rows": ("skip", "drop"), "model_type": ("LASSO", "LassoModelType"),
    "correlation_normalization": ("pair", "pairwise"), "linkage_method": ("mean", "average"),
    "distance_transform": ("rho", "chord"), "cluster_correlation_transform": ("pc1", "remove_pc1"),
    "dependence_measure": ("kendall", "gerber"), "gerber_threshold": (2, r"\[0, 1\]"), "n_clusters": (0, ">= 1"),
    "cluster_correlation_span": (1, "greater than 1"), "exclude_short": (1, "True or False"),
    "auto_sign_constraints": (1, "True or False"), "auto_sign_threshold_t": (NAN, "None or a number"),
    "auto_sign_ewma_span": (0, "greater than 1"), "auto_sign_variance": ("dates", "date"),
    "auto_sign_adaptive_gamma": (-1, ">= 0"), "auto_sign_adaptive_floor": (0, "> 0"),
    "unilasso_loo": (0, "True or False"), "apply_ols_prior": (1, "True or False"),
    "prior_selection_type": ("lowest", "highest_r2"), "max_named_factors": (3, "1 or 2"),
    "named_set_max_vif": (0.5, ">= 1"), "factor_for_prior": ({"p": "f1"}, "apply_ols_prior"),
    "prior_overrides_signs": (1, "True or False"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_value_is_refused_by_name_with_its_range_at_birth_and_later(name):
    value, words = BAD[name]
    with pytest.raises(OptionError, match=f"^{name}=.*{words}"):
        LassoModel(**{name: value})
    with pytest.raises(OptionError, match=f"^{name}=.*{words}"):
        LassoModel().set_params(**{name: value})


def test_the_group_lasso_needs_its_groups_at_birth():
    with pytest.raises(OptionError, match=r"group_data=None is not allowed.*GROUP_LASSO"):
        LassoModel(GROUP)
    assert LassoModel(GROUP, pd.Series(1, index=Y.columns)).model_type is GROUP


def test_a_name_nobody_knows_is_refused():
    with pytest.raises(TypeError, match="'lambda_'"):
        LassoModel(lambda_=1.0)
    with pytest.raises(OptionError, match=r"parameter=\['lam', 'spam'\].*reg_lambda"):
        LassoModel().set_params(spam=1, lam=2)


@pytest.mark.parametrize("name", ["coef_", "x_", "clusters_"])
def test_fitted_state_is_no_parameter(name):
    with pytest.raises(TypeError, match=name):
        LassoModel(**{name: None})
    assert name not in fitted().get_params()


def test_set_params_sets_all_of_them_or_none():
    model = LassoModel(reg_lambda=0.1)
    before = model.get_params()
    with pytest.raises(OptionError, match="l1_weight"):
        model.set_params(reg_lambda=0.2, l1_weight=5)
    assert model.get_params() == before
    assert model.set_params(reg_lambda=0.2, l1_weight=0.5) is model
    assert (model.reg_lambda, model.l1_weight) == (0.2, 0.5)


def test_set_params_takes_together_what_is_only_legal_together():
    groups = pd.Series(1, index=Y.columns)
    assert LassoModel().set_params(model_type=GROUP, group_data=groups).group_data is groups


def test_get_params_returns_the_objects_that_were_given():
    prior, spans = cells(0.1), {"ME": 12}
    parameters = LassoModel(factors_beta_prior=prior, span_freq_dict=spans).get_params(deep=False)
    assert parameters["factors_beta_prior"] is prior and parameters["span_freq_dict"] is spans


def test_sklearn_can_clone_it():
    model = fitted(model_type=HCGL, reg_lambda=0.3, factors_beta_prior=cells(0.1))
    twin = clone(model)
    assert twin is not model and not hasattr(twin, "coef_")
    left, right = model.get_params(), twin.get_params()
    pd.testing.assert_frame_equal(left.pop("factors_beta_prior"), right.pop("factors_beta_prior"))
    assert left == right


def test_a_copy_is_unfitted_and_takes_changes():
    model = fitted()
    twin = model.copy({"l1_weight": 0.4})
    assert not hasattr(twin, "coef_") and hasattr(model, "coef_")
    assert (twin.reg_lambda, twin.l1_weight, model.l1_weight) == (0.05, 0.4, 0.0)
    assert model.copy().get_params() == model.get_params()
    with pytest.raises(OptionError, match="l1_weight"):
        model.copy({"l1_weight": 4})


def test_an_unfitted_model_survives_pickling():
    model = LassoModel(HCGL, reg_lambda=0.3, span=24)
    assert pickle.loads(pickle.dumps(model)).get_params() == model.get_params()


def test_a_fitted_model_survives_pickling():
    model = fitted(model_type=HCGL)
    twin = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(twin.coef_, model.coef_)
    pd.testing.assert_frame_equal(twin.predict(X), model.predict(X))


def test_repr_shows_what_differs_from_the_defaults_and_never_a_table():
    assert repr(LassoModel()) == "LassoModel()"
    model = fitted(span=24.0, factors_beta_prior=cells(0.1))
    assert repr(model) == "LassoModel(reg_lambda=0.05, span=24.0, factors_beta_prior=<DataFrame>)"


# What goes in -------------------------------------------------------------------------------------


def test_arrays_frames_and_series_give_the_same_loadings():
    frames = fitted().coef_.to_numpy()
    arrays = LassoModel(reg_lambda=0.05).fit(X.to_numpy(), Y.to_numpy())
    np.testing.assert_array_equal(arrays.coef_, frames)
    assert list(arrays.coef_.columns) == ["x0", "x1", "x2"] and list(arrays.coef_.index) == ["y0", "y1", "y2", "y3"]
    series = LassoModel(reg_lambda=0.05).fit(X["f1"], Y["p"])
    assert series.coef_.shape == (1, 1) and series.coef_.index[0] == "p" and series.coef_.columns[0] == "f1"
    flat = LassoModel(reg_lambda=0.05).fit(X["f1"].to_numpy(), Y["p"].to_numpy())
    np.testing.assert_array_equal(flat.coef_, series.coef_)


@pytest.mark.parametrize("data", [[[1.0]], {"a": [1.0]}, "text", None, 3.0])
def test_anything_else_is_refused_by_its_type(data):
    with pytest.raises(TypeError, match=f"must be a DataFrame, Series or array, not {type(data).__name__}"):
        LassoModel().fit(data, Y)
    with pytest.raises(TypeError, match="y must be"):
        LassoModel().fit(X, data)


def test_a_side_without_row_labels_takes_those_of_the_other():
    bare = X.reset_index(drop=True)
    for x, y in ((X, Y.to_numpy()), (X.to_numpy(), Y), (bare, Y), (X, Y.reset_index(drop=True))):
        model = LassoModel(reg_lambda=0.05).fit(x, y)
        assert model.x_.index.equals(DATES) and model.y_.index.equals(DATES)
        np.testing.assert_array_equal(model.coef_, fitted().coef_)


def test_two_sides_with_different_labels_are_never_aligned():
    with pytest.raises(DataError, match="different row labels"):
        LassoModel().fit(X, Y.set_axis(DATES + pd.Timedelta(days=1)))
    with pytest.raises(DataError, match="different row labels"):
        LassoModel().fit(X, Y.iloc[::-1])
    with pytest.raises(DataError, match=r"\(80 rows\).*\(79 rows\)"):
        LassoModel().fit(X.to_numpy(), Y.iloc[1:])


def test_arrays_without_rows_are_refused_like_frames_without_rows():
    with pytest.raises(DataError, match="no rows"):
        LassoModel().fit(X.iloc[:0], Y.iloc[:0])
    with pytest.raises(DataError, match="no rows"):
        LassoModel().fit(np.empty((0, 3)), np.empty((0, 4)))


def test_an_array_of_three_axes_is_refused():
    with pytest.raises((DataError, TypeError)):
        LassoModel().fit(np.ones((80, 2, 3)) * X.to_numpy()[:, :2, None], Y.to_numpy())


def test_groups_are_read_only_where_the_model_uses_them():
    wrong = pd.Series({"p": 1})
    np.testing.assert_array_equal(fitted(group_data=wrong).coef_, fitted().coef_)
    with pytest.raises(BeliefsError, match="no group"):
        LassoModel(GROUP, wrong).fit(X, Y)


def test_the_fit_is_the_one_of_the_function_below():
    signs, prior = cells(1.0), cells(0.2)
    model = fitted(model_type=HCGL, span=24, l1_weight=0.3, factors_beta_loading_signs=signs, factors_beta_prior=prior)
    panel = Panel.from_frames(X, Y)
    spec = FitSpec(HCGL, LossOptions(24.0), penalty=PenaltyOptions(0.05, 0.3))
    direct = fit(panel, Beliefs.for_panel(panel, signs=signs, prior=prior), spec)
    np.testing.assert_array_equal(model.coef_, direct.betas)
    assert model.fit_.spec == spec and model.effective_span_ == 24


def test_the_span_of_a_call_wins_over_the_models_and_is_checked():
    model = LassoModel(reg_lambda=0.05, span=60).fit(X, Y, span=12)
    assert (model.effective_span_, model.span) == (12, 60)
    np.testing.assert_array_equal(model.coef_, fitted(span=12).coef_)
    with pytest.raises(OptionError, match=r"^span=1 "):
        model.fit(X, Y, span=1)


def test_verbose_prints_one_line_with_the_gap(capsys):
    LassoModel(reg_lambda=0.05).fit(X, Y, verbose=True)
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "relative gap" in line and "proved optimal" in line


def test_verbose_says_when_nothing_was_solved(capsys):
    with pytest.warns(UserWarning, match="nothing was estimated"):
        LassoModel(warmup_period=None).fit(X.iloc[:3], Y.iloc[:3], verbose=True)
    assert capsys.readouterr().out == "nothing solved\n"


# What comes out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [None, 24])
def test_fitted_attributes_have_the_shapes_and_names_of_the_reference(span):
    model = fitted(model_type=HCGL, span=span, factors_beta_loading_signs=cells(1.0))
    rows = 80 if span is None else 79
    assert model.coef_.shape == (4, 3)
    assert list(model.coef_.index) == list(Y) and list(model.coef_.columns) == list(X)
    assert model.intercept_.name == "intercept" and model.alpha_const_.name == "alpha_const"
    assert list(model.intercept_.index) == list(model.alpha_const_.index) == list(Y)
    assert model.valid_mask_.shape == (rows, 4) and set(np.unique(model.valid_mask_)) == {1.0}
    assert list(model.clusters_.index) == list(Y) and model.linkage_.shape == (3, 4)
    assert 0 < model.cutoff_ <= 1 and model.effective_span_ == span
    assert model.derived_signs_.equals(cells(1.0)) and model.fit_demeaned_ is True
    assert model.n_features_in_ == 3 and list(model.feature_names_in_) == list(X)
    assert model.x_ is X and model.y_ is Y
    result = model.estimation_result_
    assert result.estimated_beta.shape == (4, 3)
    for name in ("alpha", "ss_total", "ss_res", "r2"):
        assert getattr(result, name).shape == (4,)
    assert model.certificate_.relative_gap < 1e-12


def test_a_model_without_clusters_or_signs_says_none():
    model = fitted()
    assert (model.clusters_, model.linkage_, model.cutoff_, model.derived_signs_) == (None, None, None, None)


def test_a_second_fit_forgets_the_first():
    model = fitted(model_type=HCGL, factors_beta_loading_signs=cells(1.0))
    model.set_params(model_type=LASSO, factors_beta_loading_signs=None).fit(X, Y)
    assert model.clusters_ is None and model.derived_signs_ is None


def test_the_older_names_are_the_fitted_attributes():
    model = fitted(model_type=HCGL)
    for old, new in (("estimated_betas", "coef_"), ("clusters", "clusters_"), ("linkage", "linkage_"),
                     ("cutoff", "cutoff_"), ("x", "x_"), ("y", "y_")):  # fmt: skip
        assert getattr(model, old) is getattr(model, new)


@pytest.mark.parametrize("call", [lambda m: m.predict(X), lambda m: m.score(X, Y)], ids=["predict", "score"])
def test_before_a_fit_there_is_nothing_to_predict_with(call):
    with pytest.raises(NotFittedError, match="call fit"):
        call(LassoModel())


@pytest.mark.parametrize("name", ["coef_", "estimated_betas", "clusters", "x"])
def test_before_a_fit_there_is_no_fitted_attribute(name):
    assert not hasattr(LassoModel(), name)


def test_two_models_fitted_alike_are_told_apart_without_comparing_frames():
    left, right = fitted(), fitted()
    assert left == left and left != right and len({left, right}) == 2


# Transactions and warnings ------------------------------------------------------------------------


BROKEN = {
    "data": lambda m: m.fit(X, Y.replace(Y.iloc[0, 0], np.inf)),
    "labels": lambda m: m.fit(X, Y.iloc[1:]),
    "beliefs": lambda m: m.set_params(factors_beta_prior=cells(1.0).iloc[:2]).fit(X, Y),
    "span": lambda m: m.fit(X, Y, span=0.5),
    "solver": lambda m: m.set_params(solver="NOPE").fit(X, Y),
    "a warning made an error": lambda m: m.fit(X, SHORT),
}


@pytest.mark.parametrize("attempt", BROKEN.values(), ids=BROKEN)
def test_a_fit_that_raises_leaves_the_fitted_state_as_it_was(attempt):
    model = fitted(model_type=HCGL)
    before = {name: value for name, value in vars(model).items() if name.endswith("_")}
    with pytest.raises((ValueError, SolverError, UserWarning)):
        attempt(model)
    after = {name: value for name, value in vars(model).items() if name.endswith("_")}
    assert before.keys() == after.keys()
    assert all(before[name] is after[name] for name in before)


def test_a_first_fit_that_raises_leaves_an_unfitted_model():
    model = LassoModel(solver="NOPE")
    with pytest.raises(SolverError):
        model.fit(X, Y)
    assert not any(name.endswith("_") for name in vars(model))


def test_a_fallback_is_used_when_the_solver_fails():
    model = fitted(solver="NOPE", solver_fallbacks=["fast"])
    np.testing.assert_array_equal(model.coef_, fitted().coef_)


def test_responses_in_warm_up_are_warned_of_by_name():
    with pytest.warns(UserWarning, match="Too few observations, loadings set to zero: q") as caught:
        LassoModel(reg_lambda=0.05).fit(X, SHORT)
    assert len(caught) == 1 and caught[0].filename == __file__


def test_data_too_short_are_warned_of():
    with pytest.warns(UserWarning, match="at least 5 are needed"):
        model = LassoModel(warmup_period=None).fit(X.iloc[:4], Y.iloc[:4])
    assert model.coef_.isna().all(axis=None) and model.certificate_ is None
    assert model.predict(X).isna().all(axis=None) and np.isnan(model.score(X, Y))


def test_a_clean_fit_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LassoModel(reg_lambda=0.05).fit(X, Y)


# Prediction ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [None, 24])
def test_a_prediction_is_loadings_times_factors_plus_the_constant(span):
    model = fitted(span=span)
    predicted = model.predict(X)
    for t in (0, 41):
        for k, name in enumerate(Y):
            by_hand = sum(model.coef_.iloc[k, j] * X.iloc[t, j] for j in range(3)) + model.alpha_const_[name]
            assert predicted.loc[DATES[t], name] == pytest.approx(by_hand, rel=1e-14)
    assert predicted.index.equals(DATES) and list(predicted) == list(Y)


def test_without_demeaning_there_is_no_constant_in_a_prediction():
    model = fitted(demean=False)
    np.testing.assert_allclose(model.predict(X), X @ model.coef_.T, rtol=1e-14)
    model.set_params(demean=True)  # the fit decides, not what the parameter became later
    np.testing.assert_allclose(model.predict(X), X @ model.coef_.T, rtol=1e-14)


def test_the_mean_residual_in_sample_is_zero():
    np.testing.assert_allclose((Y - fitted().predict(X)).mean(), 0, atol=1e-14)


def test_factors_are_taken_by_name_in_any_order_and_superset():
    model = fitted()
    wide = X.assign(other=9.0)[["other", "f3", "f1", "f2"]]
    pd.testing.assert_frame_equal(model.predict(wide), model.predict(X))


def test_arrays_are_taken_by_position():
    model = fitted()
    np.testing.assert_array_equal(model.predict(X.to_numpy()), model.predict(X))
    assert model.predict(X.to_numpy()).index.equals(pd.RangeIndex(80))
    with pytest.raises(DataError, match="2 columns where the fitted model has 3"):
        model.predict(X.to_numpy()[:, :2])


def test_a_missing_factor_is_named():
    with pytest.raises(DataError, match="'f2' is not in x"):
        fitted().predict(X.drop(columns="f2"))


def test_a_missing_value_of_a_factor_gives_a_missing_row():
    x = X.copy()
    x.iloc[3, 1] = NAN
    predicted = fitted().predict(x)
    assert predicted.iloc[3].isna().all()
    assert predicted.drop(DATES[3]).notna().all(axis=None)


def test_a_response_in_warm_up_has_no_prediction():
    predicted = fitted(SHORT).predict(X)
    assert predicted["q"].isna().all() and predicted.drop(columns="q").notna().all(axis=None)


def test_a_series_is_a_prediction_for_one_factor():
    model = LassoModel(reg_lambda=0.05).fit(X["f1"], Y)
    pd.testing.assert_frame_equal(model.predict(X["f1"]), model.predict(X))


# Score --------------------------------------------------------------------------------------------


def test_the_score_is_the_mean_r2_about_the_plain_mean():
    model = fitted()
    x, y = X.iloc[50:], Y.iloc[50:].mask(Y.iloc[50:] > 3)
    values = []
    for name in Y:
        error = (y[name] - model.predict(x)[name]).dropna()
        actual = y[name].dropna()
        values.append(1 - (error**2).sum() / ((actual - actual.mean()) ** 2).sum())
    assert model.score(x, y) == pytest.approx(np.mean(values), rel=1e-13)


def test_a_score_can_be_negative():
    assert fitted().score(X, -Y) < 0


def test_cells_without_a_prediction_enter_neither_sum():
    model, x = fitted(), X.copy()
    x.iloc[10:30, 0] = NAN
    keep = ~np.isin(np.arange(80), np.arange(10, 30))
    assert model.score(x, Y) == pytest.approx(model.score(X[keep], Y[keep]), rel=1e-13)


def test_a_response_without_a_prediction_is_left_out_not_scored_one():
    model = fitted(SHORT)
    others = Y.drop(columns="q")
    x = X.loc[:, ["f1", "f2", "f3"]]
    alone = LassoModel(reg_lambda=0.05).fit(X, others).score(x, others)
    assert model.score(X, Y) == pytest.approx(alone, rel=1e-12)


def test_a_constant_response_has_no_score():
    model = fitted()
    assert model.score(X, Y.assign(q=2.0)) == pytest.approx(model.score(X, Y.assign(q=NAN)), rel=1e-13)


def test_without_any_prediction_the_score_is_nan():
    nobody = SHORT.assign(p=NAN, r=NAN, s=NAN)
    with pytest.warns(UserWarning, match="Too few observations"):
        model = LassoModel().fit(X, nobody)
    assert np.isnan(model.score(X, Y)) and np.isnan(fitted().score(X * NAN, Y))


def test_a_response_missing_from_a_score_is_named():
    with pytest.raises(DataError, match="'q'"):
        fitted().score(X, Y.drop(columns="q"))


def test_arrays_are_scored_by_position():
    model = fitted()
    assert model.score(X.to_numpy(), Y.to_numpy()) == model.score(X, Y.to_numpy()) == model.score(X, Y)


def test_an_array_of_factors_is_scored_against_labelled_responses():
    model = fitted()
    assert model.score(X.to_numpy(), Y) == model.score(X, Y)
