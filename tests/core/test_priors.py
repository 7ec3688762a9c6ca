"""The prior of the data is a regression with intercept on the rows two series share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core.errors import BeliefsError, OptionError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.named import named_factors
from factorlasso_core.panel import Panel
from factorlasso_core.priors import (
    NamedSet,
    OlsPrior,
    combined_prior,
    ols_prior,
    univariate_fits,
)

NAN = np.nan
FREE = np.full((2, 3), np.inf)


def arrays(seed: int = 0, rows: int = 40, holes: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, 3)) + 0.4 * rng.standard_normal((rows, 1)) + 2.0
    y = x @ np.array([[1.0, 0.0, 0.3, 0.0], [0.0, -1.0, 0.3, 0.5], [0.2, 0.0, 0.0, 0.5]])
    y = y + rng.standard_normal(y.shape) - 5.0
    x[rng.random(x.shape) < holes] = NAN
    y[rng.random(y.shape) < holes] = NAN
    return x, y


def panel_of(x: np.ndarray, y: np.ndarray) -> Panel:
    return Panel.from_frames(pd.DataFrame(x).add_prefix("f"), pd.DataFrame(y).add_prefix("r"))


def regression(columns: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Slopes and R² of weighted least squares with an intercept, on the rows where all is present."""
    joint = ~np.isnan(columns).any(axis=1) & ~np.isnan(y)
    root = np.sqrt(weights[joint])
    design = np.column_stack([np.ones(joint.sum()), columns[joint]])
    beta = np.linalg.lstsq(design * root[:, None], y[joint] * root, rcond=None)[0]
    residual = y[joint] - design @ beta
    about = y[joint] - np.average(y[joint], weights=root**2)
    return beta[1:], 1.0 - (root * residual) @ (root * residual) / ((root * about) @ (root * about))


def inflation(a: np.ndarray, b: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    joint = ~np.isnan(a + b + y)
    covariance = np.cov(a[joint], b[joint], aweights=weights[joint])
    return float(1.0 / (1.0 - covariance[0, 1] ** 2 / (covariance[0, 0] * covariance[1, 1])))


# Univariate fits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [None, 8.0])
@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_every_pair_is_its_own_weighted_regression(span, holes):
    x, y = arrays(holes=holes)
    weights = loss_weights(len(x), span)
    fits = univariate_fits(x, y, weights)
    for k in range(4):
        for j in range(3):
            slope, r2 = regression(x[:, [j]], y[:, k], weights)
            assert fits.slope[k, j] == pytest.approx(slope[0], rel=1e-11)
            assert fits.r2[k, j] == pytest.approx(r2, rel=1e-10, abs=1e-13)


def test_levels_and_units_far_from_one_lose_nothing():
    x, y = arrays(1)
    plain = univariate_fits(x, y, np.ones(len(x)))
    for unit in (1e-120, 1e-6, 1e90):
        scaled = univariate_fits(unit * x, y, np.ones(len(x)))
        np.testing.assert_allclose(unit * scaled.slope, plain.slope, rtol=1e-12)
        np.testing.assert_allclose(scaled.r2, plain.r2, rtol=1e-11, atol=1e-15)
    whole, responses = np.round(1e3 * x), np.round(1e3 * y)  # so that adding a level rounds nothing away
    raised = univariate_fits(whole + 2.0**40, responses - 2.0**40, np.ones(len(x)))
    np.testing.assert_allclose(raised.slope, univariate_fits(whole, responses, np.ones(len(x))).slope, rtol=1e-9)


def test_a_pair_that_hardly_moves_on_its_joint_rows_is_not_lost_to_cancellation():
    x, y = arrays(2, holes=0.0)
    y[:20, 0] = NAN
    calm = x.copy()
    calm[20:, 0] = 0.3 + 1e-7 * x[20:, 0]
    expected = univariate_fits(x[20:], y[20:], np.ones(20)).slope[0, 0]
    slope = univariate_fits(calm, y, np.ones(40)).slope
    assert 1e-7 * slope[0, 0] == pytest.approx(expected, rel=1e-7)  # 0.3 + … is stored to 1e-17
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -2.7, 1e5 + 0.1])
@pytest.mark.parametrize("span", [None, 7.0])
def test_what_stands_still_on_the_joint_rows_is_not_estimated(value, span):
    x, y = arrays(3)
    weights = loss_weights(40, span)
    x[:, 1] = value
    y[17:, 2], y[:, 3] = NAN, value
    x[:17, 0] = value  # still on the rows of response 2 only
    fits = univariate_fits(x, y, weights)
    expected = np.zeros((4, 3), dtype=bool)
    expected[:, 1] = expected[3] = expected[2, 0] = True
    np.testing.assert_array_equal(np.isnan(fits.slope), expected)
    np.testing.assert_array_equal(np.isnan(fits.r2), expected)


def test_one_unit_of_rounding_is_not_movement():
    x, y = arrays(4, holes=0.0)
    x[:, 0] = 0.1
    x[20, 0] = np.nextafter(0.1, 1.0)
    assert np.isnan(univariate_fits(x, y, np.ones(40)).slope[:, 0]).all()


@pytest.mark.parametrize("least", [3, 5])
def test_joint_rows_are_counted_pair_by_pair(least):
    x, y = arrays(5, holes=0.0)
    x[:20, 0], y[20 + least :, 0], y[19 + least :, 1] = NAN, NAN, NAN
    slope = univariate_fits(x, y, np.ones(40), least).slope
    assert np.isfinite(slope[0, 0]) and np.isnan(slope[1, 0]) and np.isfinite(slope[:, 1:]).all()


def test_old_rows_whose_weights_are_tiny_are_still_a_regression():
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((900, 1)), rng.standard_normal((900, 1))
    y[100:] = NAN
    fits = univariate_fits(x, y, loss_weights(900, 3.0))
    own = univariate_fits(x[:100], y[:100], loss_weights(100, 3.0))
    assert fits.slope[0, 0] == pytest.approx(own.slope[0, 0], rel=1e-9)
    assert fits.r2[0, 0] == pytest.approx(own.r2[0, 0], rel=1e-9)
    gone = univariate_fits(x, y, loss_weights(900, 1.5))  # weights that vanish altogether
    assert np.isnan(gone.slope).all() and np.isnan(gone.r2).all()


# Selection ----------------------------------------------------------------------------------------


def test_the_prior_is_the_slope_on_the_factor_that_explains_most():
    panel = panel_of(*arrays(7))
    prior = ols_prior(panel, span=20.0)
    assert isinstance(prior, OlsPrior)
    best = prior.fits.r2.argmax(axis=1)
    expected = np.zeros((4, 3))
    expected[np.arange(4), best] = prior.fits.slope[np.arange(4), best]
    np.testing.assert_array_equal(prior.prior, expected)
    assert prior.named == (NamedSet(),) * 4
    assert prior.factors_used(panel) == {"r0": (), "r1": (), "r2": (), "r3": ()}
    assert not prior.prior.flags.writeable


@pytest.mark.parametrize("unit", [1.0, -1.0, 3.0, 0.1, 7.0, 1 / 3])
def test_of_equal_factors_the_first_is_taken(unit):
    x, y = arrays(8, holes=0.0)
    x[:, 2] = unit * x[:, 0]
    y[:, 0] = 2.0 * x[:, 0] + 0.5 * y[:, 1]
    prior = ols_prior(panel_of(x, y)).prior
    assert prior[0, 0] != 0 and (prior[0, 1:] == 0).all()


def test_short_responses_and_excluded_cells_are_passed_over():
    x, y = arrays(9, holes=0.0)
    y[11:, 0] = NAN
    excluded = np.zeros((4, 3), dtype=bool)
    excluded[1, 1] = excluded[2] = True
    prior = ols_prior(panel_of(x, y), warmup_period=12, excluded=excluded)
    assert (prior.prior[0] == 0).all() and np.isnan(prior.fits.slope[0]).all()
    assert prior.prior[1, 1] == 0 and prior.prior[1].any() and np.isfinite(prior.fits.slope[1, 1])
    assert (prior.prior[2] == 0).all() and prior.prior[3].any()
    assert ols_prior(panel_of(x, y), warmup_period=None).prior[0].any()


# Named factors ------------------------------------------------------------------------------------


def test_a_named_factor_replaces_the_choice():
    panel = panel_of(*arrays(10))
    prior = ols_prior(panel, named=[(2,), (), (), (0,)])
    for k, j in ((0, 2), (3, 0)):
        np.testing.assert_array_equal(prior.prior[k], np.where(np.arange(3) == j, prior.fits.slope[k], 0.0))
    np.testing.assert_array_equal(prior.prior[1:3], ols_prior(panel).prior[1:3])
    assert prior.factors_used(panel) == {"r0": ("f2",), "r1": (), "r2": (), "r3": ("f0",)}


@pytest.mark.parametrize("span", [None, 9.0])
def test_two_named_factors_are_regressed_on_together(span):
    x, y = arrays(11)
    prior = ols_prior(panel_of(x, y), span, named=[(), (2, 0), (), ()])
    weights = loss_weights(len(x), span)
    slopes, _ = regression(x[:, [0, 2]], y[:, 1], weights)
    np.testing.assert_allclose(prior.prior[1, [0, 2]], slopes, rtol=1e-11)
    assert prior.prior[1, 1] == 0
    chosen = prior.named[1]
    assert chosen.requested == chosen.used == (2, 0) and chosen.status == "named_set_accepted"
    assert chosen.largest_vif == pytest.approx(inflation(x[:, 0], x[:, 2], y[:, 1], weights), rel=1e-11)


def test_an_inflated_pair_falls_back_to_its_first_factor_and_the_bound_itself_is_accepted():
    x, y = arrays(12)
    x[:, 1] = x[:, 0] + 0.2 * x[:, 1]
    panel, named = panel_of(x, y), [(1, 0), (), (), ()]
    fallen = ols_prior(panel, named=named)
    vif = fallen.named[0].largest_vif
    assert vif > 2.5 and fallen.named[0].status == "named_set_demoted" and fallen.named[0].used == (1,)
    np.testing.assert_array_equal(fallen.prior[0], [0.0, fallen.fits.slope[0, 1], 0.0])
    together, _ = regression(x[:, :2], y[:, 0], np.ones(len(x)))
    for bound, status in ((vif, "named_set_accepted"), (None, "conditioning_disabled")):
        kept = ols_prior(panel, named=named, max_vif=bound)
        assert kept.named[0].status == status and kept.named[0].used == (1, 0)
        np.testing.assert_allclose(kept.prior[0, :2], together, rtol=1e-9)
    assert ols_prior(panel, named=named, max_vif=vif * (1 - 1e-9)).named[0].status == "named_set_demoted"


def test_a_nearly_collinear_pair_is_solved_without_cancellation():
    x, y = arrays(13, holes=0.0)
    x[:, 1] = x[:, 0] + 2.0**-20 * np.round(x[:, 1], 2)
    y[:, 0] = 3.0 * x[:, 0] - 2.0 * x[:, 1]
    prior = ols_prior(panel_of(x, y), named=[(0, 1), (), (), ()], max_vif=None)
    np.testing.assert_allclose(prior.prior[0, :2], [3.0, -2.0], rtol=1e-6)


def test_a_pair_that_cannot_be_estimated_falls_back_or_says_nothing():
    x, y = arrays(14, holes=0.0)
    panels = {}
    for name, column in (("twins", 3.0 * x[:, 0]), ("still", np.full(40, 0.3)), ("apart", x[:, 1].copy())):
        panels[name] = x.copy()
        panels[name][:, 1] = column
    panels["apart"][:20, 0], panels["apart"][20:, 1] = NAN, NAN
    named = [(0, 1), (), (), ()]
    for values in panels.values():
        fallen = ols_prior(panel_of(values, y), warmup_period=12, named=named)
        assert fallen.named[0] == NamedSet((0, 1), (0,), "named_set_demoted", np.inf)
        assert fallen.prior[0, 0] == fallen.fits.slope[0, 0] and (fallen.prior[0, 1:] == 0).all()
        silent = ols_prior(panel_of(values, y), warmup_period=12, named=named, max_vif=None)
        assert silent.named[0].status == "conditioning_disabled" and (silent.prior[0] == 0).all()


def test_named_factors_of_a_response_that_stands_still_have_no_slope():
    x, y = arrays(15, holes=0.0)
    y[:, 0] = 1.7
    for names in ((0,), (0, 2)):
        assert (ols_prior(panel_of(x, y), named=[names, (), (), ()]).prior[0] == 0).all()


def test_the_diagnostics_are_one_row_a_response_by_label():
    panel = panel_of(*arrays(16))
    frame = ols_prior(panel, named=[(1,), (), (0, 1), ()]).diagnostics(panel)
    assert frame.index.name == "response" and frame.index.tolist() == ["r0", "r1", "r2", "r3"]
    assert frame.columns.tolist() == ["requested_set", "named_set", "named_set_status", "largest_vif"]
    assert frame.loc["r2", "requested_set"] == ("f0", "f1") and frame.loc["r0", "named_set"] == ("f1",)
    assert frame.loc["r1", "named_set_status"] == "automatic" and frame.loc["r1", "requested_set"] == ()


# Errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [[], (), {"f0"}, {"f0": 1}, np.array(["f0"]), ["f0", None], [["f0"]], ["f0", "f0"]])
def test_entries_that_are_not_labels_are_refused(value):
    with pytest.raises(OptionError, match=r"factor_for_prior\['r0'\]"):
        named_factors({"r0": value})


def test_a_longer_list_than_allowed_is_refused_even_for_an_unknown_response():
    with pytest.raises(OptionError, match="at most 1 factors"):
        named_factors({"elsewhere": ["f0", "f1"]}, most=1)


@pytest.mark.parametrize("value", ["r0", ["f0"], [("r0", "f0")], 3])
def test_only_a_mapping_or_a_series_names_factors(value):
    with pytest.raises(TypeError, match="factor_for_prior"):
        named_factors(value)


def test_a_series_names_factors_and_every_response_once():
    assert named_factors(pd.Series({"r0": "f1", "r1": NAN, "r2": None})) == {"r0": ("f1",)}
    with pytest.raises(OptionError, match="r0"):
        named_factors(pd.Series(["f0", "f1"], index=["r0", "r0"]))


def test_missing_entries_name_nothing():
    assert named_factors(None) == {} == named_factors({"r0": None, "r1": NAN, "r2": pd.NA, "r3": pd.NaT})


def test_a_factor_cannot_be_named_and_excluded():
    excluded = np.zeros((4, 3), dtype=bool)
    excluded[1, 2] = True
    with pytest.raises(BeliefsError, match=r"'f2' is excluded .* 'r1'"):
        ols_prior(panel_of(*arrays(19)), named=[(), (0, 2), (), ()], excluded=excluded)


# Together with beliefs ----------------------------------------------------------------------------


def test_explicit_cells_win_also_with_zero():
    ols = np.array([[1.5, 0.0, 0.0], [0.0, 0.0, 1.1]])
    explicit = np.array([[NAN, NAN, 0.7], [-0.2, NAN, 0.0]])
    prior = combined_prior(ols, explicit, -FREE, FREE)
    np.testing.assert_array_equal(prior, [[1.5, 0.0, 0.7], [-0.2, 0.0, 0.0]])
    np.testing.assert_array_equal(combined_prior(ols, None, -FREE, FREE), ols)
    assert not prior.flags.writeable


def test_cells_outside_their_signs_are_zero_and_nothing_takes_their_place():
    ols = np.array([[1.5, 0.0, 0.0], [0.0, 0.0, 1.1]])
    explicit = np.array([[NAN, 0.3, 0.7], [-0.2, NAN, NAN]])
    lower = np.array([[-np.inf, 0.0, 0.0], [0.0, -np.inf, 0.0]])
    upper = np.array([[0.0, np.inf, 0.0], [np.inf, np.inf, np.inf]])
    prior = combined_prior(ols, explicit, lower, upper)
    np.testing.assert_array_equal(prior, [[0.0, 0.3, 0.0], [0.0, 0.0, 1.1]])
