"""The prior of the data against the reference, factorlasso 1.0.6."""

from __future__ import annotations

from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import BeliefsError, OptionError, Panel
from factorlasso_core.arrays import Array
from factorlasso_core.named import named_factors
from factorlasso_core.priors import combined_prior, ols_prior
from factorlasso_core.signs import sign_box
from tests.reference.support import frames, make_panel, quiet, some_prior, some_signs, to_panel

NAMED: dict[Any, Any] = {
    "r0": ["f0", "f1"],
    "r1": ("f2", "f3"),
    "r2": "f4",
    "r3": ["f1"],
    "r4": None,
    "r6": ["f1", "f0"],
    "elsewhere": "nothing",
}


def reference_model(panel: Panel, **options: Any) -> factorlasso.LassoModel:
    """The reference fitted with its data-driven prior."""
    x, y = frames(panel)
    size = float(np.nanmean(panel.x**2))
    model = factorlasso.LassoModel(**{"reg_lambda": 0.1 * size, "apply_ols_prior": True, **options})
    with quiet():
        return model.fit(x, y)


def positions(panel: Panel, named: Any) -> list[tuple[int, ...]]:
    """Named factors by response as positions; names of responses that are not there are passed over."""
    labels = named_factors(named)
    return [tuple(panel.factors.get_indexer(list(labels.get(name, ())))) for name in panel.responses]


def near(ours: Array, theirs: pd.DataFrame) -> None:
    """Equal to ten digits of the largest, missing where the other is."""
    size = np.nanmax(np.abs(theirs.to_numpy()), initial=1e-300)
    np.testing.assert_allclose(ours, theirs.to_numpy(), rtol=1e-10, atol=1e-12 * size)


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("span", [None, 3, 24.5])
@pytest.mark.parametrize("warmup", [None, 12, 60])
@pytest.mark.parametrize("scale", [1.0, 0.03])
def test_fits_choices_and_diagnostics_are_the_references(ragged, span, warmup, scale):
    panel = make_panel(4, scale, ragged=ragged)
    theirs = reference_model(panel, span=span, warmup_period=warmup, factor_for_prior=NAMED)
    ours = ols_prior(panel, span, warmup, positions(panel, NAMED))
    near(ours.fits.slope, theirs.ols_betas_)
    near(ours.fits.r2, theirs.ols_r2_)
    near(ours.prior, theirs.ols_beta_prior_)
    pd.testing.assert_frame_equal(ours.diagnostics(panel), theirs.named_set_diagnostics_, rtol=1e-10)
    assert ours.factors_used(panel) == theirs.effective_factor_for_prior_


@pytest.mark.parametrize("max_vif", [None, 1.0, 2.5, 1e6])
def test_pairs_of_any_inflation_are_treated_alike(max_vif):
    rng = np.random.default_rng(5)
    panel = make_panel(5, responses=6, factors=4)
    x, y = np.array(panel.x), np.array(panel.y)
    for k, noise in enumerate((1.0, 0.3, 1e-2, 1e-4)):
        y[:, k] = x[:, 0] + 0.5 * x[:, 1] + rng.standard_normal(len(y))
        x[:, 1] = x[:, 0] + noise * rng.standard_normal(len(x))
        named = {f"r{k}": ["f0", "f1"], "r5": ["f1", "f2"]}
        panel = to_panel(x, y)
        theirs = reference_model(panel, factor_for_prior=named, named_set_max_vif=max_vif)
        ours = ols_prior(panel, None, 12, positions(panel, named), max_vif)
        np.testing.assert_allclose(ours.prior, theirs.ols_beta_prior_.to_numpy(), rtol=1e-6, atol=1e-9)
        pd.testing.assert_frame_equal(ours.diagnostics(panel), theirs.named_set_diagnostics_, rtol=1e-6)


def test_series_that_stand_still_on_their_joint_rows_are_missing_alike():
    panel = make_panel(6, rows=50)
    x, y = np.array(panel.x), np.array(panel.y)
    x[:, 1], y[:, 2], y[30:, 3], x[:30, 4] = 0.1, 1 / 3, np.nan, -2.7
    panel = to_panel(x, y)
    for span in (None, 7.0):
        theirs, ours = reference_model(panel, span=span), ols_prior(panel, span, 12)
        assert np.isnan(ours.fits.slope).sum() == 7 + 4 + 1
        near(ours.fits.slope, theirs.ols_betas_)
        near(ours.prior, theirs.ols_beta_prior_)


@pytest.mark.parametrize("with_prior", [False, True])
@pytest.mark.parametrize("with_signs", [False, True])
@pytest.mark.parametrize("nonneg", [False, True])
def test_the_prior_in_force_is_the_references(with_prior, with_signs, nonneg):
    panel = make_panel(7, ragged=True)
    explicit = some_prior(panel) if with_prior else None
    signs = some_signs(panel) if with_signs else None
    if nonneg and signs is not None:  # the reference lets a matrix cancel nonneg: hand it the intersection
        signs, nonneg = signs.where(signs.isna() | (signs > 0), 0.0).fillna(1.0), False
    options = {"factors_beta_prior": explicit, "factors_beta_loading_signs": signs, "nonneg": nonneg}
    theirs = reference_model(panel, span=30.0, **options)
    ours = ols_prior(panel, 30.0, 12)
    box = sign_box(None if signs is None else signs.to_numpy(), nonneg, ours.prior.shape)
    values = None if explicit is None else explicit.to_numpy()
    near(combined_prior(ours.prior, values, box.lower, box.upper), theirs.effective_beta_prior_)


def test_excluded_factors_are_not_chosen_by_either():
    panel = make_panel(8)
    best = ols_prior(panel, None, 12).prior[0].nonzero()[0][0]
    excluded = np.zeros((7, 5), dtype=bool)
    excluded[0, best] = excluded[3] = True
    given = {"r0": [f"f{best}"], "r3": [f"f{j}" for j in range(5)]}
    theirs = reference_model(panel, excluded_factors=given)
    near(ols_prior(panel, None, 12, excluded=excluded).prior, theirs.ols_beta_prior_)


@pytest.mark.parametrize(
    "named", [{"r0": []}, {"r0": ["f0", "f1", "f2"]}, {"r0": ["f0", "f0"]}, {"r0": {"f0"}}, {"r0": ["f0", None]}]
)
def test_both_refuse_the_same_names(named):
    with pytest.raises(ValueError, match="factor_for_prior"):
        factorlasso.LassoModel(apply_ols_prior=True, factor_for_prior=named)
    with pytest.raises(OptionError, match="factor_for_prior"):
        named_factors(named)


def test_both_refuse_a_prior_on_an_excluded_factor():
    panel, excluded = make_panel(9), np.zeros((7, 5), dtype=bool)
    excluded[1, 2] = True
    with pytest.raises(ValueError, match="excluded"):
        reference_model(panel, excluded_factors={"r1": ["f2"]}, factor_for_prior={"r1": "f2"})
    with pytest.raises(BeliefsError, match="excluded"):
        ols_prior(panel, None, 12, positions(panel, {"r1": "f2"}), excluded=excluded)


def test_both_refuse_what_is_no_mapping():
    for named in ("r0", [("r0", "f0")]):
        with pytest.raises(TypeError):
            factorlasso.LassoModel(apply_ols_prior=True, factor_for_prior=named)
        with pytest.raises(TypeError):
            named_factors(named)  # type: ignore[arg-type]
