"""Paths and selectors against those of the reference, factorlasso 1.0.6.

A score is a function of the loadings, and the reference's are inexact. So its tables are compared twice:
with what our rules give at the reference's *own* loadings, to rounding; and with our own tables, to
what its solver can reach. That is 1e-11 for LASSO with tight tolerances; for group models, whose cone
problems it cannot solve as tightly, 1e-7 on data times 10,000 (R² knows no scale, λ goes with the square).
"""

from __future__ import annotations

import dataclasses
import importlib
from functools import cache
from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel
from factorlasso_core.crossval import LassoModelCV
from factorlasso_core.diagonality import LassoModelDiagonalityCV
from factorlasso_core.folds import expanding_window_splits
from factorlasso_core.scoring import mean_of_known, predictions, r_squared
from tests.reference.support import TYPES, frames, make_panel, quiet, reference_type, some_groups, tolerance

NAN = np.nan
LAMBDAS = [1.0, 0.03, 0.3, 0.1]
CASES = [(kind, span, ragged) for kind in ("LASSO", "GROUP_LASSO", "HCGL") for span in (None, 24) for ragged in (0, 1)]
SELECTORS = {"LassoModelCV": LassoModelCV, "LassoModelDiagonalityCV": LassoModelDiagonalityCV}


@cache
def data(ragged: int = 0, shared: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Factors and responses: ragged on request, but with long histories; three share a factor on request."""
    x, y = frames(make_panel(3, rows=200))
    random = np.random.default_rng(1)
    y = y + shared * np.outer(random.standard_normal(200), np.arange(7) < 3)
    if ragged:
        y = y.mask(random.random(y.shape) < 0.05)
        y.iloc[:20, 1] = NAN
    return x, y


def our_model(kind: str, **parameters: Any) -> LassoModel:
    groups = some_groups(make_panel(3, rows=200)) if kind == "GROUP_LASSO" else None
    return LassoModel(TYPES[kind], groups, **parameters)


def their_model(kind: str, **parameters: Any) -> factorlasso.LassoModel:
    groups = some_groups(make_panel(3, rows=200)) if kind == "GROUP_LASSO" else None
    return factorlasso.LassoModel(reference_type(TYPES[kind]), groups, **parameters)


def precision(kind: str) -> tuple[float, float, float]:
    """Scale of the data, tolerance of the reference, and the error of R² that leaves."""
    return (1.0, 1e-14, 1e-11) if kind == "LASSO" else (1e4, 1e-12, 1e-7)


def their_search(kind: str, name: str, data: Any, span: float | None, grid: list[float], **settings: Any) -> Any:
    """The reference's selector, fitted to data at the precision of a model."""
    scale, tight, _ = precision(kind)
    model = their_model(kind, span=span)
    selector = getattr(factorlasso, name)([value * scale**2 for value in grid], 3, model, **settings)
    with quiet(), tolerance(tight):
        return selector.fit(*(scale * table for table in data))


# Signatures and folds -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SELECTORS)
def test_the_parameters_and_defaults_are_those_of_the_reference(name):
    fields = dataclasses.fields(getattr(factorlasso, name))
    expected = {field.name: field.default for field in fields if not field.name.endswith("_")}
    assert list(SELECTORS[name]().get_params().items()) == list(expected.items())


@pytest.mark.parametrize("name", SELECTORS)
def test_every_fitted_attribute_of_the_reference_is_there(name):
    fields = dataclasses.fields(getattr(factorlasso, name))
    found = SELECTORS[name](LAMBDAS, 3).fit(*data())
    assert {field.name for field in fields} - {"_"} <= set(vars(found))


@pytest.mark.parametrize(("rows", "splits"), [(11, 3), (120, 5), (6, 5), (100, 1), (97, 8)])
def test_the_folds_are_those_of_the_reference(rows, splits):
    theirs = importlib.import_module("factorlasso.model_selection._cv").expanding_window_splits(rows, splits)
    ours = list(expanding_window_splits(rows, splits))
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(test, their_test)


@pytest.mark.parametrize("name", SELECTORS)
@pytest.mark.parametrize(("settings", "error"), [
    ({"lambdas": []}, ValueError), ({"lambdas": 0.1}, TypeError),
    ({"n_splits": 0}, ValueError), ({"n_splits": 2.5}, TypeError),
])  # fmt: skip
def test_what_the_reference_refuses_is_refused_by_the_same_type(name, settings, error):
    x, y = data()
    with pytest.raises(error), quiet():
        getattr(factorlasso, name)(**{"lambdas": [0.1], **settings}).fit(x, y)
    with pytest.raises(error):
        SELECTORS[name](**{"lambdas": [0.1], **settings}).fit(x, y)


@pytest.mark.parametrize(("lambdas", "error"), [([], ValueError), (["a"], ValueError), (0.1, TypeError)])
def test_a_path_the_reference_refuses_is_refused_by_the_same_type(lambdas, error):
    for model in (factorlasso.LassoModel(), LassoModel()):
        with pytest.raises(error), quiet():
            model.fit_reg_lambda_path(*data(), lambdas)


# Paths --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "span", "ragged"), CASES)
def test_a_path_has_the_loadings_and_the_attributes_of_the_references_path(kind, span, ragged):
    x, y = data(ragged)
    scale, tight, error = precision(kind)
    ours = our_model(kind).fit_reg_lambda_path(x, y, LAMBDAS, span=span)
    with quiet(), tolerance(tight):
        theirs = their_model(kind).fit_reg_lambda_path(scale * x, scale * y, [v * scale**2 for v in LAMBDAS], span=span)
    for one, other in zip(ours, theirs, strict=True):
        assert one.reg_lambda == pytest.approx(other.reg_lambda / scale**2) and one.effective_span_ == span
        np.testing.assert_allclose(one.coef_, other.coef_, atol=100 * error)
        np.testing.assert_allclose(one.alpha_const_, other.alpha_const_ / scale, atol=100 * error)
        assert (one.linkage_ is None) == (other.linkage_ is None)


# R² -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "span", "ragged"), CASES)
def test_the_table_and_the_choice_are_those_of_the_reference(kind, span, ragged):
    x, y = data(ragged)
    ours = LassoModelCV(LAMBDAS, 3, our_model(kind, span=span)).fit(x, y)
    theirs = their_search(kind, "LassoModelCV", (x, y), span, LAMBDAS)
    np.testing.assert_allclose(ours.cv_scores_, theirs.cv_scores_, atol=precision(kind)[2], rtol=0)
    assert ours.best_lambda_ == pytest.approx(theirs.best_lambda_ / precision(kind)[0] ** 2)
    assert ours.best_score_ == pytest.approx(theirs.best_score_, abs=precision(kind)[2])
    assert ours.cv_scores_.index.name == theirs.cv_scores_.index.name
    pd.testing.assert_index_equal(ours.cv_scores_.columns, theirs.cv_scores_.columns)


@pytest.mark.parametrize(("kind", "span", "ragged"), CASES)
def test_at_the_references_own_loadings_our_score_is_its_score(kind, span, ragged):
    x, y = data(ragged)
    with quiet():
        theirs = factorlasso.LassoModelCV([0.1], 3, their_model(kind, span=span), refit=False).fit(x, y)
        for fold, (train, test) in enumerate(expanding_window_splits(200, 3)):
            model = their_model(kind, span=span, reg_lambda=0.1).fit(x.iloc[train], y.iloc[train])
            beta, alpha = model.coef_.to_numpy(), model.alpha_const_.to_numpy()
            predicted = predictions(x.iloc[test].to_numpy(), beta, alpha)
            score = mean_of_known(r_squared(y.iloc[test].to_numpy(), predicted))
            assert score == pytest.approx(theirs.cv_scores_.iloc[0, fold], abs=1e-13)


def test_where_the_reference_rewards_what_was_not_predicted_ours_does_not():
    x, y = data()
    early = y.where(np.repeat(np.arange(200)[:, None] >= 45, 7, axis=1))  # 5 observations before the first test
    with quiet():
        theirs = factorlasso.LassoModelCV(LAMBDAS, 3, refit=False).fit(x, early)
    with pytest.warns(UserWarning, match="fold 0 not scored"):
        ours = LassoModelCV(LAMBDAS, 3, refit=False).fit(x, early)
    assert (theirs.cv_scores_[0] == 1.0).all() and ours.cv_scores_[0].isna().all()
    assert ours.best_score_ < theirs.best_score_


# Diagonality --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize(("kind", "span", "ragged"), [("LASSO", None, 0), ("LASSO", 24, 1), ("HCGL", None, 1)])
def test_the_diagnostics_and_the_choice_are_those_of_the_reference(kind, span, ragged, shared):
    x, y = data(ragged, shared)
    settings = {"significance": 0.01, "min_periods": 20}
    grid = LAMBDAS[1:]  # at 1 all loadings may be zero, and the reference counts the dust it has for zeros
    ours = LassoModelDiagonalityCV(grid, 3, our_model(kind, span=span), **settings).fit(x, y)
    theirs = their_search(kind, "LassoModelDiagonalityCV", (x, y), span, grid, **settings)
    rtol = 1e-10 if kind == "LASSO" else 1e-6
    np.testing.assert_allclose(ours.fold_scores_, theirs.fold_scores_, rtol=rtol)
    assert ours.diagnostics_.columns.tolist() == theirs.diagnostics_.columns.tolist()
    np.testing.assert_allclose(ours.diagnostics_.astype(float), theirs.diagnostics_.astype(float), rtol=rtol)
    assert ours.best_lambda_ == pytest.approx(theirs.best_lambda_ / precision(kind)[0] ** 2)
    assert (ours.best_score_, ours.threshold_) == pytest.approx((theirs.best_score_, theirs.threshold_), rel=rtol)
    assert ours.passed_ is theirs.passed_ is (shared == 0.0)
    assert list(ours.missing_factors_) == list(theirs.missing_factors_)
    if shared:
        pd.testing.assert_frame_equal(ours.missing_factors_, theirs.missing_factors_, rtol=1e-5)
    assert (len(ours.missing_factors_) == 0) is ours.passed_


def test_a_fold_the_reference_cannot_test_is_tested_on_the_other_responses():
    x, y = data()
    late = y.assign(r1=y["r1"].where(np.arange(200) >= 100))  # nothing is known of r1 on the first fold
    with quiet():
        theirs = factorlasso.LassoModelDiagonalityCV(LAMBDAS, 3).fit(x, late)
    with pytest.warns(UserWarning, match="up to 1 of 7 responses"):
        ours = LassoModelDiagonalityCV(LAMBDAS, 3).fit(x, late)
    assert theirs.fold_scores_[0].isna().all() and ours.fold_scores_.notna().all(axis=None)
