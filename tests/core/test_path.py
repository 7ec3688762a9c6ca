"""A path is the single fits, with everything before the solve done once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Beliefs, FitSpec, LassoModel, LassoModelType, Panel, SolverError, Stages, fast
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.fit import fit
from factorlasso_core.path import Task, fit_path, rows_of

NAN = np.nan
LAMBDAS = [0.3, 0.02, 1.0, 0.0, 0.3]
rng = np.random.default_rng(0)
DATES = pd.date_range("2015-01-31", periods=80, freq="ME")
X = pd.DataFrame(rng.standard_normal((80, 3)) + 0.5, index=DATES, columns=["f1", "f2", "f3"])
Y = pd.DataFrame(
    X.to_numpy() @ [[1.0, 0.5, 0.0, 0.0], [0.0, 0.5, -1.0, 0.0], [0.0, 0.0, 0.0, 0.8]]
    + 0.2 * rng.standard_normal((80, 4)) + 1.0,
    index=DATES, columns=["p", "q", "r", "s"],
).mask(rng.random((80, 4)) < 0.03)  # fmt: skip
SHORT = Y.assign(q=Y["q"].where(np.arange(80) >= 75))
GROUPS = pd.Series(["a", "b", "a", "b"], index=Y.columns)
PARAMETERS: dict[str, dict[str, Any]] = {
    "LASSO": {"auto_sign_constraints": True, "auto_sign_adaptive_weights": True},
    "UNILASSO": {},
    "GROUP_LASSO": {"l1_weight": 0.3, "nonneg": True},
    "HIERARCHICAL_CLUSTER_GROUP_LASSO": {"span": 24, "apply_ols_prior": True},
    "FACTOR_CLUSTER_GROUP_LASSO": {"auto_sign_constraints": True},
    "COOPERATIVE_GROUP_LASSO": {},
    "COOPERATIVE_CLUSTER_GROUP_LASSO": {"l1_weight": 0.2, "centering": "per_response"},
}


def make_model(kind: str, **parameters: Any) -> LassoModel:
    model_type = LassoModelType[kind]
    groups = GROUPS if model_type.needs_groups else None
    return LassoModel(model_type, groups, **{**PARAMETERS[kind], **parameters})


def fitted(model: LassoModel, **arguments: Any) -> LassoModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(X, Y, **arguments)


# The kernel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PARAMETERS)
def test_every_fit_of_a_path_is_the_single_fit(kind):
    task = make_model(kind).task(X, Y)
    path = fit_path(task.panel, task.beliefs, task.spec, LAMBDAS)
    assert [result.spec.penalty.reg_lambda for result in path] == LAMBDAS
    for value, result in zip(LAMBDAS, path, strict=True):
        alone = make_model(kind, reg_lambda=value).task(X, Y).fit()
        for name in ("beta", "alpha", "intercept"):
            np.testing.assert_allclose(getattr(result, name), getattr(alone, name), rtol=1e-12, atol=1e-15)
        for name in ("state", "prior"):
            np.testing.assert_array_equal(getattr(result, name), getattr(alone, name))
        assert result.certificate.relative_gap <= 1e-9
        assert result.digest == alone.digest and result.spec == alone.spec


def test_everything_before_the_solve_is_done_once():
    task, stages = make_model("FACTOR_CLUSTER_GROUP_LASSO").task(X, Y), Stages()
    fit_path(task.panel, task.beliefs, task.spec, LAMBDAS, stages=stages)
    assert dict(stages.misses) == dict.fromkeys(("prepare", "moments", "correlation", "tree", "signs", "rules"), 1)


def test_a_path_solves_many_penalties_at_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "factorlasso_core.fast._burst", lambda rows, d, n, real=fast._burst: calls.append(n) or real(rows, d, n)
    )
    task = make_model("LASSO").task(X, Y)
    fit_path(task.panel, task.beliefs, task.spec, LAMBDAS)
    together = len(calls)
    for value in LAMBDAS:
        task.fit(value)
    assert 0 < together < len(calls) - together


def test_a_path_goes_through_the_solver_it_is_told():
    task = make_model("LASSO").task(X, Y)
    with pytest.raises(SolverError, match="'NOBODY' is not installed"):
        fit_path(task.panel, task.beliefs, task.spec, [0.1], solver="NOBODY")
    path = fit_path(task.panel, task.beliefs, task.spec, [0.1, 0.2], solver="NOBODY", fallbacks=("CLARABEL",))
    assert [result.solved.solution.solver for result in path] == ["CLARABEL", "CLARABEL"]


@pytest.mark.parametrize("lambdas", [0.1, None, "0.1"])
def test_a_single_number_is_no_path(lambdas):
    with pytest.raises(TypeError, match="lambdas must be a sequence"):
        fit_path(Panel.from_frames(X, Y), Beliefs(), FitSpec(), lambdas)


@pytest.mark.parametrize("bad", [-1e-9, NAN, np.inf, "a", None, True])
def test_a_bad_value_anywhere_in_a_path_is_refused_before_any_fit(bad):
    stages = Stages()
    with pytest.raises(OptionError, match=r"reg_lambda=.*>= 0"):
        fit_path(Panel.from_frames(X, Y), Beliefs(), FitSpec(), [0.1, bad], stages=stages)
    assert not stages.misses


def test_a_task_on_some_rows_is_the_fit_of_these_rows():
    task = make_model("LASSO").task(X, Y)
    rows = np.arange(10, 60)
    part = rows_of(task.panel, rows)
    assert not part.x.flags.writeable and not part.y.flags.writeable
    alone = make_model("LASSO").task(X.iloc[rows], Y.iloc[rows])
    assert part.key == alone.panel.key and part.index.equals(DATES[10:60])
    np.testing.assert_array_equal(task.on(rows).fit(0.1).beta, alone.fit(0.1).beta)


def test_a_task_fits_at_its_own_lambda_unless_told_otherwise():
    panel = Panel.from_frames(X, Y)
    task = Task(panel, Beliefs(), FitSpec())
    np.testing.assert_array_equal(task.fit().beta, fit(panel).beta)
    assert task.fit(0.25).spec.penalty.reg_lambda == 0.25


# LassoModel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PARAMETERS)
def test_the_models_of_a_path_are_those_fitted_one_by_one(kind):
    model = make_model(kind)
    path = model.fit_reg_lambda_path(X, Y, LAMBDAS)
    assert [one.reg_lambda for one in path] == LAMBDAS
    for value, one in zip(LAMBDAS, path, strict=True):
        alone = fitted(model.copy({"reg_lambda": value}))
        assert set(vars(one)) == set(vars(alone))
        pd.testing.assert_frame_equal(one.coef_, alone.coef_, rtol=1e-12, atol=1e-15)
        pd.testing.assert_series_equal(one.alpha_const_, alone.alpha_const_, rtol=1e-12, atol=1e-15)
        assert one.score(X, Y) == pytest.approx(alone.score(X, Y), rel=1e-12)
        left, right = one.get_params(), alone.get_params()
        assert all(left[name] is right[name] or left[name] == right[name] for name in left)


def test_the_model_that_fits_a_path_stays_as_it_is():
    model = LassoModel(reg_lambda=0.7)
    model.fit_reg_lambda_path(X, Y, [0.1])
    assert not hasattr(model, "coef_") and model.reg_lambda == 0.7
    before = dict(vars(fitted(model)))
    path = model.fit_reg_lambda_path(X, Y, [0.1])
    assert vars(model) == before and path[0].coef_ is not model.coef_


def test_spans_of_a_call_win_over_those_of_the_model():
    model = make_model("HIERARCHICAL_CLUSTER_GROUP_LASSO")
    (one,) = model.fit_reg_lambda_path(X, Y, [0.1], span=12, cluster_correlation_span=36)
    alone = fitted(model.copy({"reg_lambda": 0.1}), span=12, cluster_correlation_span=36)
    assert (one.span, one.effective_span_, one.effective_cluster_correlation_span_) == (24, 12, 36)
    np.testing.assert_array_equal(one.coef_, alone.coef_)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, iter])
def test_lambdas_may_come_in_any_sequence(kind):
    path = LassoModel().fit_reg_lambda_path(X, Y, kind([1, 0.5]))
    assert [one.reg_lambda for one in path] == [1.0, 0.5]


@pytest.mark.parametrize(("lambdas", "error", "words"), [
    ([], OptionError, r"^reg_lambdas=\[\].*at least one"), ([0.1, -1], OptionError, "^reg_lambda=-1 "),
    (0.1, TypeError, "^reg_lambdas .* not float"),
])  # fmt: skip
def test_lambdas_that_are_none_are_refused(lambdas, error, words):
    with pytest.raises(error, match=words):
        LassoModel().fit_reg_lambda_path(X, Y, lambdas)


def test_data_are_checked_as_by_a_single_fit():
    with pytest.raises(DataError, match="different row labels"):
        LassoModel().fit_reg_lambda_path(X, Y.iloc[1:], [0.1])
    arrays = LassoModel().fit_reg_lambda_path(X.to_numpy(), Y.to_numpy(), [0.1])
    np.testing.assert_array_equal(arrays[0].coef_, LassoModel(reg_lambda=0.1).fit(X, Y).coef_)


def test_a_notice_is_given_once_for_the_whole_path():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path = LassoModel().fit_reg_lambda_path(X, SHORT, LAMBDAS)
    assert [str(one.message) for one in caught] == ["Too few observations, loadings set to zero: q."]
    assert caught[0].filename == __file__ and all((one.coef_.loc["q"] == 0).all() for one in path)


def test_verbose_prints_a_line_for_every_model(capsys):
    LassoModel().fit_reg_lambda_path(X, Y, [0.1, 0.2], verbose=True)
    assert capsys.readouterr().out.count("proved optimal\n") == 2
    LassoModel().fit_reg_lambda_path(X, Y, [0.1, 0.2])
    assert capsys.readouterr().out == ""
