"""Nowcast, bootstrap and signs after the fit against the reference, factorlasso 1.0.6."""

from __future__ import annotations

from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel
from factorlasso_core.resample import FactorBootstrapResult, bootstrap_factor_betas
from tests.reference.support import TYPES, frames, make_panel, quiet, tolerance

# All at unit scale, where the reference is accurate: cell models agree to the rounding of float32 draws,
# cone problems to what its solver reaches.
CELLWISE, CONES = 2e-7, 2e-6
NAN = np.nan
X, Y = frames(make_panel(3, rows=60, responses=6, factors=3))
Y = Y.assign(r1=Y["r1"].where(np.arange(60) >= 10), r2=Y["r2"].where(~np.isin(np.arange(60), [30, 31, 32])))
FIT = slice(0, 55)
GROUPS = pd.Series(list("ABABAA"), index=Y.columns)
DERIVED = {"auto_sign_constraints": True, "auto_sign_adaptive_weights": True}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("LASSO", {}),
    ("LASSO", {"span": 24, "loss_normalization": "weight_sum"}),
    ("LASSO", {"demean": False}),
    ("LASSO", {"apply_ols_prior": True, "auto_sign_constraints": True, "auto_sign_threshold_t": 3.0}),
    ("LASSO", DERIVED),
    ("UNILASSO", {}),
    ("GROUP_LASSO", {"group_data": GROUPS, "l1_weight": 0.3}),
    ("HCGL", {"l1_weight": 0.2}),
    ("HCGL", {"l1_weight": 0.2, "span": 30, **DERIVED}),
    ("FCGL", {"l1_weight": 0.2, "cutoff_fraction": 0.4, **DERIVED}),
    ("COOP", {"group_data": GROUPS}),
    ("COOP_CLUSTER", {"l1_weight": 0.2}),
]
NAMES = [f"{kind} {' '.join(options)}" for kind, options in CASES]


def models(kind: str, options: dict[str, Any]) -> tuple[LassoModel, factorlasso.LassoModel]:
    """The same model of both; a prior turns derived signs in the reference, in ours on request."""
    given = {"reg_lambda": 0.1, **options}
    ours = LassoModel(model_type=TYPES[kind], prior_overrides_signs=True, **given)
    name = "HIERARCHICAL_CLUSTER_GROUP_LASSO" if kind == "HCGL" else TYPES[kind].name
    return ours, factorlasso.LassoModel(model_type=factorlasso.LassoModelType[name], **given)


def near(kind: str) -> float:
    return CELLWISE if kind in ("LASSO", "UNILASSO") else CONES


def tight(kind: str) -> Any:
    return tolerance(1e-13 if kind in ("LASSO", "UNILASSO") else 1e-11)


# Nowcast ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "options"), [case for case in CASES if case[1].get("demean", True)])
@pytest.mark.parametrize("alpha_span", [None, 7.5])
def test_a_nowcast_is_the_references(kind, options, alpha_span):
    ours, theirs = models(kind, options)
    with quiet(), tight(kind):
        theirs.fit(X[FIT], Y[FIT])
    expected = theirs.nowcast(X[55:], alpha_span=alpha_span)
    found = ours.fit(X[FIT], Y[FIT]).nowcast(X[55:], alpha_span=alpha_span)
    for name in ("prediction", "factor_component", "target_factors", "betas", "residuals"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name), rtol=0, atol=20 * near(kind))
    pd.testing.assert_series_equal(found.stat_alpha, expected.stat_alpha, rtol=0, atol=20 * near(kind))
    mine, its = (result.diagnostics.drop(columns="n_nonzero_betas") for result in (found, expected))
    assert mine.columns.equals(its.columns)
    for column in mine:
        if mine[column].dtype == float:
            np.testing.assert_allclose(mine[column], its[column], rtol=0, atol=40 * near(kind))
        else:
            assert mine[column].tolist() == its[column].tolist()


def test_what_a_nowcast_needs_is_kept_as_in_the_reference():
    x, y = X.copy(), Y.copy()
    x.iloc[3], x.iloc[7, 1], y.iloc[-1, 0] = NAN, NAN, NAN
    y.loc[y.index[:-8], "r5"] = NAN  # in warm-up
    ours, theirs = models("LASSO", {})
    with quiet(), tight("LASSO"):
        theirs.fit(x, y)
        ours.fit(x, y)
    pd.testing.assert_frame_equal(ours.nowcast_residuals_, theirs.nowcast_residuals_, rtol=0, atol=2e-7)
    for name in ("nowcast_factors_complete_", "nowcast_final_response_complete_"):
        assert getattr(ours, name) is getattr(theirs, name) is False


NEW = X[55:]


@pytest.mark.parametrize(
    "x",
    [
        NEW.to_numpy(), NEW.iloc[0], NEW.reset_index(drop=True), NEW.iloc[:0], NEW[["f1", "f0", "f2"]], NEW[["f0"]],
        NEW.assign(f9=1.0), NEW.iloc[::-1], pd.concat([NEW, NEW]), NEW.tz_localize("UTC"), X[54:],
        NEW.assign(f0=NAN), NEW.assign(f0=np.inf), NEW.astype(str),
    ],
)  # fmt: skip
def test_a_nowcast_refuses_what_the_reference_refuses(x):
    ours, theirs = models("LASSO", {})
    with quiet():
        theirs.fit(X[FIT], Y[FIT])
    with pytest.raises((ValueError, TypeError)) as expected:
        theirs.nowcast(x)
    with pytest.raises(expected.type):
        ours.fit(X[FIT], Y[FIT]).nowcast(x)


@pytest.mark.parametrize("unfit", ["demean", "factors", "response", "order", "dates"])
def test_a_nowcast_refuses_the_fits_the_reference_refuses(unfit):
    x, y = X[FIT].copy(), Y[FIT].copy()
    if unfit == "factors":
        x.iloc[3, 1] = NAN
    if unfit == "response":
        y.iloc[-1, 2] = NAN
    if unfit == "order":
        twice = x.index[:-1].append(x.index[-2:-1])
        x, y = x.set_axis(twice), y.set_axis(twice)
    if unfit == "dates":
        x, y = x.reset_index(drop=True), y.reset_index(drop=True)
    ours, theirs = models("LASSO", {"demean": unfit != "demean"})
    with quiet():
        theirs.fit(x, y)
    with pytest.raises((ValueError, TypeError)) as expected:
        theirs.nowcast(NEW)
    with pytest.raises(expected.type):
        ours.fit(x, y).nowcast(NEW)


# Bootstrap ----------------------------------------------------------------------------------------


def both(kind: str, options: dict[str, Any], **how: Any) -> tuple[FactorBootstrapResult, Any]:
    ours, theirs = models(kind, options)
    with quiet(), tight(kind):
        expected = factorlasso.bootstrap_factor_betas(theirs, X, Y, draws=20, **how)
    return bootstrap_factor_betas(ours, X, Y, draws=20, **how), expected


@pytest.mark.parametrize(("kind", "options"), CASES, ids=NAMES)
def test_the_draws_of_a_seed_are_the_references(kind, options):
    found, expected = both(kind, options, seed=5)
    np.testing.assert_allclose(found.draws, expected.draws, rtol=0, atol=near(kind))
    np.testing.assert_allclose(found.estimate, expected.estimate, rtol=0, atol=near(kind))
    np.testing.assert_allclose(found.response_support, expected.response_support, rtol=0, atol=near(kind))
    assert found.draws.index.equals(expected.draws.index) and found.draws.index.names == expected.draws.index.names
    assert found.response_support.columns.equals(expected.response_support.columns)
    shared = list(expected.fit_diagnostics.columns)
    assert list(found.fit_diagnostics.columns)[: len(shared)] == shared
    pd.testing.assert_frame_equal(found.fit_diagnostics[shared], expected.fit_diagnostics)
    assert list(found.metadata) == list(expected.metadata)
    words = ("scope", "residual_adjustment")
    for name in set(found.metadata) - set(words):
        assert found.metadata[name] == expected.metadata[name]


@pytest.mark.parametrize("kind", ["LASSO", "HCGL"])
def test_supplied_numbers_and_a_calendar_mean_the_same(kind):
    xi = pd.DataFrame(np.random.default_rng(1).standard_normal((20, 60)), columns=X.index)
    found, expected = both(kind, {}, multipliers=xi)
    np.testing.assert_allclose(found.draws, expected.draws, rtol=0, atol=near(kind))
    assert found.metadata["supplied_multipliers"] is expected.metadata["supplied_multipliers"] is True
    found, expected = both(kind, {}, calendar=np.cumsum(np.r_[1.0, np.tile([1.0, 3.0], 30)[:-1]]), bandwidth=2.5)
    np.testing.assert_allclose(found.draws, expected.draws, rtol=0, atol=near(kind))
    assert found.metadata["calendar"] == expected.metadata["calendar"]


@pytest.mark.parametrize("method", ["percentile", "basic"])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_intervals_of_the_same_draws_are_the_references(method, confidence):
    found, expected = both("LASSO", {"reg_lambda": 0.5})
    names = [field for field in vars(expected) if field != "draws"]
    theirs = factorlasso.FactorBootstrapResult(
        draws=found.draws.astype(float), **{name: getattr(expected, name) for name in names}
    )
    ours = FactorBootstrapResult(draws=found.draws, **{name: getattr(expected, name) for name in names})
    weights = pd.Series(np.arange(6.0) - 2.0, index=Y.columns[::-1])
    for mine, its in (
        (ours.intervals(confidence, method), theirs.intervals(confidence, method)),
        (
            ours.portfolio_intervals(weights, confidence, method),
            theirs.portfolio_intervals(weights, confidence, method),
        ),
    ):
        pd.testing.assert_frame_equal(mine, its, rtol=1e-12, atol=1e-14)


XI = pd.DataFrame(np.ones((20, 60)), columns=X.index)


@pytest.mark.parametrize(
    "how",
    [
        {"draws": 19}, {"draws": 20.0}, {"seed": -1}, {"seed": None}, {"bandwidth": 0}, {"bandwidth": NAN},
        {"calendar": range(59)}, {"calendar": [0.0] * 60}, {"calendar": X.index}, {"calendar": "ME"},
        {"multipliers": XI.to_numpy()}, {"multipliers": XI.T}, {"multipliers": XI.iloc[:5]},
        {"multipliers": XI * NAN}, {"x": X.iloc[::-1]}, {"y": Y.iloc[::-1]}, {"x": X.where(X < 2)},
        {"y": Y.iloc[:, [0, 0]]}, {"y": Y.assign(r3=Y["r3"].where(np.arange(60) > 50))}, {"model": "LASSO"},
    ],
    ids=str,
)  # fmt: skip
def test_the_bootstrap_refuses_what_the_reference_refuses(how):
    ours, theirs = ({"model": model, "x": X, "y": Y, "draws": 20, **how} for model in models("LASSO", {}))
    with pytest.raises((ValueError, TypeError)) as expected:
        factorlasso.bootstrap_factor_betas(**theirs)
    with pytest.raises(expected.type):
        bootstrap_factor_betas(**ours)


# Words and pictures -------------------------------------------------------------------------------


class Axes:
    """Remembers what was drawn."""

    def imshow(self, values: Any, **how: Any) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: None


def test_signs_are_drawn_on_the_axes_which_are_handed_back():
    with quiet():
        fitted = [model.fit(X, Y) for model in models("LASSO", {"auto_sign_constraints": True})]
    assert all(isinstance(model.summary(), str) for model in fitted)
    ours, axes = fitted[0], Axes()
    assert ours.plot_signs(axes) is axes
    np.testing.assert_array_equal(axes.values, fitted[1].derived_signs_)


def test_a_model_without_signs_has_none_to_draw():
    for model in models("LASSO", {}):
        with quiet(), pytest.raises(RuntimeError):
            model.fit(X, Y).plot_signs()
