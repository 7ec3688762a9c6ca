"""A nowcast is the loadings times new factors plus the latest level of what they leave over."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.errors import DataError, NotFittedError, OptionError
from factorlasso_core.nowcast import effective_number

NAN = np.nan
DATES = pd.date_range("2015-01-31", periods=66, freq="ME")
rng = np.random.default_rng(0)
ALL = pd.DataFrame(rng.standard_normal((66, 3)) + 0.3, index=DATES, columns=["a", "b", "c"])
X, NEW = ALL.iloc[:60], ALL.iloc[60:]
TRUTH = np.array([[1.0, 0.0, 0.0], [0.5, -1.0, 0.0], [0.0, 0.0, 0.8]])
Y = pd.DataFrame(X.to_numpy() @ TRUTH.T + 2.0 + 0.2 * rng.standard_normal((60, 3)), X.index, ["p", "q", "r"])
HOLES = Y.assign(q=Y["q"].where(np.arange(60) >= 10), r=Y["r"].where(~np.isin(np.arange(60), [20, 21, 58])))


def fitted(y: pd.DataFrame = HOLES, x: pd.DataFrame = X, **parameters: Any) -> LassoModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LassoModel(**{"reg_lambda": 0.05, **parameters}).fit(x, y)


def recursion(residuals: pd.Series, span: float) -> float:
    """The EWMA of a response by hand: it starts at its first value, and a hole changes nothing."""
    values = residuals.dropna().to_numpy()
    level, d = values[0], 1.0 - 2.0 / (span + 1.0)
    for value in values[1:]:
        level = d * level + (1.0 - d) * value
    return float(level)


# What it is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_type", [LassoModelType.LASSO, LassoModelType.FACTOR_CLUSTER_GROUP_LASSO])
@pytest.mark.parametrize("span", [None, 12.0])
@pytest.mark.parametrize("alpha_span", [None, 1, 7.5])
def test_the_prediction_is_the_factor_component_plus_the_latest_level(model_type, span, alpha_span):
    model = fitted(model_type=model_type, span=span)
    result = model.nowcast(NEW, alpha_span=alpha_span)
    used = alpha_span or span
    left = HOLES - X @ model.coef_.T
    level = left.mean() if used is None else left.apply(recursion, span=used)
    np.testing.assert_allclose(result.stat_alpha, level, rtol=1e-12)
    np.testing.assert_allclose(result.factor_component, NEW @ model.coef_.T, rtol=0, atol=1e-14)
    np.testing.assert_allclose(result.prediction, NEW @ model.coef_.T + level, rtol=1e-12)
    assert (result.diagnostics["alpha_span"].isna()).all() if used is None else True


def test_its_tables_carry_the_labels_of_the_fit_and_of_the_new_dates():
    result = fitted().nowcast(NEW)
    for table in (result.prediction, result.factor_component):
        assert table.index.equals(NEW.index) and table.columns.equals(Y.columns)
    assert result.stat_alpha.index.equals(Y.columns) and result.diagnostics.index.equals(Y.columns)
    assert result.residuals.index.equals(X.index)
    pd.testing.assert_frame_equal(result.target_factors, NEW)
    assert result.target_factors is not NEW


def test_a_span_of_one_takes_the_last_residual():
    model = fitted()
    np.testing.assert_allclose(model.nowcast(NEW, alpha_span=1).stat_alpha, model.nowcast_residuals_.iloc[-1])


def test_without_spans_it_is_the_prediction_of_the_model():
    model = fitted()
    np.testing.assert_allclose(model.nowcast(NEW).prediction, model.predict(NEW), rtol=1e-12)


def test_a_response_in_warm_up_is_its_own_level():
    y = Y.assign(p=Y["p"].where(np.arange(60) >= 52))
    result = fitted(y).nowcast(NEW)
    np.testing.assert_allclose(result.prediction["p"], y["p"].mean(), rtol=1e-12)
    assert result.diagnostics.loc["p", "n_nonzero_betas"] == 0
    assert np.isnan(result.diagnostics.loc["p", "alpha_const"])


def test_the_diagnostics_count_what_was_used():
    found = fitted(span=12).nowcast(NEW).diagnostics
    assert found["n_response_obs_to_cutoff"].tolist() == [60, 50, 57]
    assert found["n_obs_used"].tolist() == [59, 50, 56]
    assert found["fit_start_date"].tolist() == [DATES[0], DATES[10], DATES[0]]
    assert (found["fit_end_date"] == DATES[59]).all()
    weights = (11 / 13) ** np.arange(58, -1, -1.0)
    np.testing.assert_allclose(found.loc["p", "effective_n_obs"], weights.sum() ** 2 / (weights**2).sum())


def test_the_model_keeps_the_residuals_and_whether_a_nowcast_can_be_made():
    model = fitted()
    pd.testing.assert_frame_equal(model.nowcast_residuals_, Y.where(HOLES.notna()) - X @ model.coef_.T)
    assert model.nowcast_factors_complete_ and model.nowcast_final_response_complete_
    last = fitted(Y.assign(p=Y["p"].where(X.index < X.index[-1])))
    assert last.nowcast_factors_complete_ and not last.nowcast_final_response_complete_
    assert not fitted(x=X.where(X < 2.0)).nowcast_factors_complete_


def test_weights_of_zero_have_no_effective_number():
    assert effective_number(np.array([[1.0, 0.0], [1.0, 0.0]])).tolist() == [2.0, 0.0]


# What it refuses ----------------------------------------------------------------------------------


def later(**changes: Any) -> pd.DataFrame:
    return NEW.assign(**changes)


@pytest.mark.parametrize(
    ("x", "error", "cure"),
    [
        (NEW.to_numpy(), TypeError, "DataFrame"),
        (NEW.iloc[0], TypeError, "DataFrame"),
        (NEW.reset_index(drop=True), TypeError, "DatetimeIndex"),
        (NEW.iloc[:0], DataError, "at least one date"),
        (NEW[["b", "a", "c"]], DataError, "give a, b, c"),
        (NEW[["a", "b"]], DataError, "give a, b, c"),
        (later(d=1.0), DataError, "give a, b, c"),
        (NEW.iloc[::-1], DataError, "sort x"),
        (pd.concat([NEW, NEW]).sort_index(), DataError, "sort x"),
        (NEW.set_axis(NEW.index[:-1].append(pd.DatetimeIndex([pd.NaT]))), DataError, "sort x"),
        (NEW.tz_localize("UTC"), DataError, "time zone"),
        (ALL.iloc[59:], DataError, "dates after"),
        (later(a=NEW["a"].where(NEW.index > NEW.index[0])), DataError, "'a' of x is missing"),
        (later(b=np.inf), DataError, "infinite"),
        (later(b="text"), TypeError, "'b'"),
    ],
)  # fmt: skip
def test_factors_that_do_not_continue_those_of_the_fit_are_refused(x, error, cure):
    with pytest.raises(error, match=cure):
        fitted().nowcast(x)


@pytest.mark.parametrize(
    ("x", "y", "parameters", "error", "cure"),
    [
        (X, Y, {"demean": False}, DataError, "demean=True"),
        (X.where(X < 2.0), Y, {}, DataError, "every factor is known"),
        (X, Y.assign(r=Y["r"].where(Y.index < Y.index[-1])), {}, DataError, "every response is known"),
        (X.iloc[:4], Y.iloc[:4], {"warmup_period": None}, DataError, "longer panel"),
        (X.iloc[::-1], Y.iloc[::-1], {}, DataError, "sort the panel"),
        (X.reset_index(drop=True), Y.reset_index(drop=True), {}, TypeError, "DatetimeIndex"),
    ],
)
def test_fits_without_a_level_to_carry_forward_are_refused(x, y, parameters, error, cure):
    with pytest.raises(error, match=cure):
        fitted(y, x, **parameters).nowcast(NEW)


@pytest.mark.parametrize("span", [0, 0.5, -1, NAN, np.inf, "a", True])
def test_a_span_out_of_range_is_refused(span):
    with pytest.raises(OptionError, match="alpha_span"):
        fitted().nowcast(NEW, alpha_span=span)


def test_a_model_must_be_fitted_first():
    with pytest.raises(NotFittedError):
        LassoModel().nowcast(NEW)
