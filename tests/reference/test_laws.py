"""Laws every fit obeys, whatever solves it, and hard problems that must be proved or owned up to.

No number here comes from a reference. Each law is a consequence of the objective
``Σ_k (1/T) Σ_t ω_t v_tk (y_tk - x_t·β_k)² + Ω(β - β⁰)`` on the box of the signs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factorlasso_core import (
    Beliefs,
    ClusterOptions,
    Fit,
    FitSpec,
    LossOptions,
    Panel,
    PenaltyOptions,
    fit,
    reference_lambda,
)
from factorlasso_core.arrays import Array
from factorlasso_core.ewm import loss_weights
from factorlasso_core.penalty import group_weights
from factorlasso_core.result import PROVED
from tests.reference.support import (
    SCALES,
    TYPES,
    assert_exact,
    frames,
    make_panel,
    own_gradient,
    some_groups,
    some_prior,
    some_signs,
    to_panel,
)

CLOSE = {"rtol": 1e-9, "atol": 1e-10}
GROUPED = ["GROUP_LASSO", "HCGL"]
every_type = pytest.mark.parametrize("model", TYPES)
every_grouped_type = pytest.mark.parametrize("model", GROUPED)
every_scale = pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)


def solved(panel: Panel, model: str, size: float, alpha: float = 0.0, **more: object) -> Fit:
    """Fit with λ = ``size`` and see it proved; ``more`` is signs, prior, groups and fields of the spec."""
    held = {name: more.pop(name) for name in ("signs", "prior", "groups") if name in more}
    rule = str(more.pop("group_penalty", "normalized"))
    beliefs = Beliefs.for_panel(panel, **{"groups": some_groups(panel), **held})
    spec = FitSpec(TYPES[model], penalty=PenaltyOptions(size, alpha, rule), **{"warmup_period": None, **more})
    result = fit(panel, beliefs, spec)
    assert result.certificate.relative_gap <= PROVED
    return result


# Where everything is zero -------------------------------------------------------------------------


@every_scale
def test_lasso_is_exactly_zero_from_the_reference_lambda_on_and_not_before(scale: float) -> None:
    panel = make_panel(scale=scale)
    largest = reference_lambda(panel)
    assert (solved(panel, "LASSO", largest).beta == 0).all()
    assert (solved(panel, "LASSO", 3 * largest).beta == 0).all()
    assert (solved(panel, "LASSO", largest * (1 - 1e-9)).beta != 0).sum() == 1


@every_grouped_type
@every_scale
def test_a_group_fit_is_exactly_zero_from_its_largest_row_gradient_on_and_not_before(model: str, scale: float) -> None:
    panel = make_panel(scale=scale)
    start = solved(panel, model, 1.0)
    weights = group_weights(start.labels, "normalized")
    largest = (np.linalg.norm(start.problem.moments.linear, axis=1) / weights).max()
    assert (solved(panel, model, largest * (1 + 1e-12)).beta == 0).all()
    below = solved(panel, model, largest * (1 - 1e-9)).beta
    assert below.any(axis=1).sum() == 1
    assert below[below.any(axis=1)].all()  # the row norm lets a response in with all its factors


@every_type
def test_a_huge_penalty_leaves_the_prior_clipped_to_the_signs_exactly(model: str) -> None:
    panel = make_panel(ragged=True)
    signs, prior = some_signs(panel), some_prior(panel)
    result = solved(panel, model, 1e6, 0.3, signs=signs, prior=prior)
    np.testing.assert_array_equal(result.beta, result.box.clip(prior.fillna(0.0).to_numpy()))


@every_type
@pytest.mark.parametrize("share", [1e-9, 0.1, 10.0])
def test_a_prior_that_explains_the_data_is_returned_unchanged(model: str, share: float) -> None:
    panel, prior = explained_by_prior()
    result = solved(panel, model, share * reference_lambda(panel), 0.2, prior=panel.cells(prior))
    np.testing.assert_array_equal(result.beta, prior)


def explained_by_prior() -> tuple[Panel, Array]:
    """Fewer rows than factors, and a prior without residuals."""
    random = np.random.default_rng(0)
    x, prior = random.standard_normal((8, 12)), random.standard_normal((4, 12))
    return to_panel(x, x @ prior.T), prior


# Without a penalty --------------------------------------------------------------------------------


@every_type
@every_scale
def test_without_a_penalty_the_fit_is_least_squares_with_an_intercept(model: str, scale: float) -> None:
    panel = make_panel(scale=scale)
    design = np.column_stack([np.ones(len(panel.x)), panel.x])
    expected = np.linalg.lstsq(design, panel.y, rcond=None)[0]
    result = solved(panel, model, 0.0)
    np.testing.assert_allclose(result.beta, expected[1:].T, **CLOSE)
    np.testing.assert_allclose(result.alpha, expected[0], rtol=0, atol=1e-10 * scale)


@every_type
def test_without_a_penalty_and_with_fewer_rows_than_factors_the_fit_is_perfect_and_proved(model: str) -> None:
    panel = make_panel(rows=8, factors=12)
    result = solved(panel, model, 0.0)
    assert (result.problem.moments.loss(result.beta) <= 1e-12 * result.problem.moments.constant).all()
    np.testing.assert_allclose(result.statistics.r2, 1.0, rtol=0, atol=1e-12)


@every_type
def test_without_a_penalty_the_fit_is_the_minimiser_nearest_to_the_prior(model: str) -> None:
    """Directions the data say nothing about stay where the prior puts them."""
    panel, prior = explained_by_prior()
    beliefs = Beliefs.for_panel(panel, prior=panel.cells(prior), groups=some_groups(panel))
    beta = fit(panel, beliefs, FitSpec(TYPES[model], penalty=PenaltyOptions(0.0), warmup_period=None)).beta
    np.testing.assert_allclose(beta, prior, **CLOSE)


def test_without_a_penalty_twin_factors_share_their_loading() -> None:
    """Least squares leaves the split open; the fit nearest to the prior, zero, splits evenly."""
    panel = make_panel()
    beta = solved(to_panel(np.column_stack([panel.x, panel.x[:, 0]]), panel.y), "LASSO", 0.0).beta
    np.testing.assert_allclose(beta[:, 0], beta[:, -1], **CLOSE)


@pytest.mark.parametrize("scale", [1.0, 0.7, 0.03])
def test_without_a_penalty_a_fit_without_residuals_is_proved(scale: float) -> None:
    """Eight responses that the prior explains: loss and objective are zero up to rounding of either sign."""
    random = np.random.default_rng(0)
    x, prior = random.standard_normal((60, 3)), random.standard_normal((8, 3))
    panel = to_panel(scale * x, scale * x @ prior.T)
    spec = FitSpec(penalty=PenaltyOptions(0.0))
    result = fit(panel, Beliefs.for_panel(panel, prior=panel.cells(prior)), spec)
    np.testing.assert_allclose(result.beta, prior, **CLOSE)
    assert result.certificate.relative_gap <= PROVED


def test_of_many_perfect_fits_a_vanishing_penalty_picks_one_of_least_size() -> None:
    """Among interpolating loadings the lasso limit has least ‖β‖₁, so no more than the minimum-norm fit."""
    panel = make_panel(rows=8, factors=12)
    x, y = panel.x - panel.x.mean(axis=0), panel.y - panel.y.mean(axis=0)
    least_norm = np.linalg.lstsq(x, y, rcond=None)[0].T
    beta = solved(panel, "LASSO", 1e-7 * reference_lambda(panel)).beta
    np.testing.assert_allclose(x @ beta.T, y, rtol=0, atol=1e-5)
    assert (np.abs(beta).sum(axis=1) <= np.abs(least_norm).sum(axis=1)).all()
    assert ((beta != 0).sum(axis=1) <= 7).all()  # no more than the rank of the demeaned factors


# Equivalences of the models -----------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["normalized", "yuan_lin"])
def test_with_one_factor_a_group_fit_is_lasso_at_the_weighted_penalty(rule: str) -> None:
    panel = make_panel(factors=1, ragged=False)
    size = 0.2 * reference_lambda(panel)
    grouped = solved(panel, "GROUP_LASSO", size, group_penalty=rule)
    for k, weight in enumerate(group_weights(grouped.labels, rule)):
        alone = solved(panel, "LASSO", size * weight)
        np.testing.assert_allclose(grouped.beta[k], alone.beta[k], **CLOSE)


@every_grouped_type
def test_with_the_whole_penalty_on_cells_a_group_fit_is_lasso(model: str) -> None:
    panel = make_panel(ragged=True)
    size, beliefs = 0.05 * reference_lambda(panel), {"signs": some_signs(panel), "prior": some_prior(panel)}
    grouped, plain = (solved(panel, name, size, 1.0, **beliefs) for name in (model, "LASSO"))
    np.testing.assert_array_equal(grouped.beta, plain.beta)


@every_grouped_type
def test_yuan_lin_is_normalized_at_the_penalty_times_the_root_of_the_number_of_groups(model: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.05 * reference_lambda(panel)
    yuan_lin = solved(panel, model, size, group_penalty="yuan_lin")
    normalized = solved(panel, model, size * np.sqrt(yuan_lin.n_clusters))
    assert yuan_lin.n_clusters > 1
    np.testing.assert_allclose(yuan_lin.beta, normalized.beta, **CLOSE)


@every_grouped_type
def test_a_single_response_is_fitted_by_lasso_in_every_mode(model: str) -> None:
    panel = make_panel(responses=1)
    size = 0.1 * reference_lambda(panel)
    np.testing.assert_array_equal(solved(panel, model, size, 0.4).beta, solved(panel, "LASSO", size).beta)


def test_clusters_given_as_groups_are_the_clustered_fit() -> None:
    panel = make_panel(ragged=True)
    size = 0.1 * reference_lambda(panel)
    clustered = solved(panel, "HCGL", size, 0.2)
    grouped = solved(panel, "GROUP_LASSO", size, 0.2, groups=clustered.clusters)
    np.testing.assert_array_equal(clustered.beta, grouped.beta)


def test_a_cut_at_the_top_of_a_tree_that_closes_below_it_is_one_group() -> None:
    common = np.random.default_rng(0).standard_normal((60, 1))
    panel = to_panel(common, common + 0.01 * np.random.default_rng(1).standard_normal((60, 2)))
    clustered = solved(panel, "HCGL", 0.1, clustering=ClusterOptions(1.0))
    one = solved(panel, "GROUP_LASSO", 0.1, groups=pd.Series("all", index=panel.responses))
    assert clustered.n_clusters == 1
    np.testing.assert_array_equal(clustered.beta, one.beta)


# Symmetries ---------------------------------------------------------------------------------------


@every_type
@pytest.mark.parametrize("span", [None, 24.0])
def test_permuting_responses_and_factors_permutes_the_loadings(model: str, span: float | None) -> None:
    panel = make_panel(ragged=True)
    x, y = frames(panel)
    beliefs = {"signs": some_signs(panel), "prior": some_prior(panel), "groups": some_groups(panel)}
    shuffled = Panel.from_frames(x[["f3", "f1", "f0", "f4", "f2"]], y[["r4", "r2", "r6", "r0", "r5", "r1", "r3"]])
    size = 0.05 * reference_lambda(panel)
    before, after = (
        solved(data, model, size, 0.2, loss=LossOptions(span=span), **beliefs) for data in (panel, shuffled)
    )
    moved = after.betas.loc[panel.responses, panel.factors].to_numpy()
    np.testing.assert_allclose(moved, before.beta, **CLOSE)
    np.testing.assert_array_equal(moved == 0, before.beta == 0)


@every_type
@pytest.mark.parametrize("factor", [1e-3, 0.03, 100.0])
@pytest.mark.parametrize("ragged", [False, True])
def test_a_change_of_units_with_the_penalty_squared_leaves_the_loadings(
    model: str, factor: float, ragged: bool
) -> None:
    panel = make_panel(ragged=ragged)
    scaled = to_panel(factor * panel.x, factor * panel.y)
    size, beliefs = 0.05 * reference_lambda(panel), {"signs": some_signs(panel), "prior": some_prior(panel)}
    before = solved(panel, model, size, 0.2, **beliefs)
    after = solved(scaled, model, size * factor**2, 0.2, **beliefs)
    np.testing.assert_allclose(after.beta, before.beta, **CLOSE)
    np.testing.assert_allclose(after.alpha, factor * before.alpha, rtol=1e-9, atol=1e-10 * factor)
    np.testing.assert_array_equal(after.labels, before.labels)


@every_type
def test_turning_a_factor_around_turns_its_loadings_signs_and_prior_around(model: str) -> None:
    panel = make_panel(ragged=True)
    turn = np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    signs, prior = some_signs(panel), some_prior(panel)
    size = 0.05 * reference_lambda(panel)
    before = solved(panel, model, size, 0.2, signs=signs, prior=prior)
    after = solved(to_panel(turn * panel.x, panel.y), model, size, 0.2, signs=turn * signs, prior=turn * prior)
    np.testing.assert_allclose(turn * after.beta, before.beta, **CLOSE)


@pytest.mark.parametrize("model", ["LASSO", "GROUP_LASSO"])
def test_a_response_added_to_a_lasso_or_to_fixed_groups_changes_no_other_loading(model: str) -> None:
    """Responses are tied by the weight of their group alone; a clustered fit may change its groups."""
    panel = make_panel()
    x, y = frames(panel)
    fewer = Panel.from_frames(x, y.drop(columns="r6"))
    groups = pd.Series("all", index=panel.responses)
    size = 0.05 * reference_lambda(panel)
    # yuan_lin weights grow with the group; the penalty shrinks to match.
    more_beta = solved(panel, model, size, group_penalty="yuan_lin", groups=groups).beta
    ratio = np.sqrt(7 / 6) if model == "GROUP_LASSO" else 1.0
    fewer_beta = solved(fewer, model, size * ratio, group_penalty="yuan_lin", groups=groups).beta
    np.testing.assert_allclose(more_beta[:6], fewer_beta, **CLOSE)


# The loss -----------------------------------------------------------------------------------------


@every_type
@pytest.mark.parametrize("span", [None, 24.0])
def test_dividing_by_weight_instead_of_rows_rescales_the_penalty_on_balanced_data(
    model: str, span: float | None
) -> None:
    panel = make_panel()
    size = 0.05 * reference_lambda(panel)
    by_rows = solved(panel, model, size, 0.2, loss=LossOptions(span))
    ratio = by_rows.data.rows / by_rows.data.weights.sum()
    by_weight = solved(panel, model, size * ratio, 0.2, loss=LossOptions(span, normalization="weight_sum"))
    np.testing.assert_allclose(by_weight.beta, by_rows.beta, **CLOSE)


@pytest.mark.parametrize("model", ["LASSO", "GROUP_LASSO"])
@pytest.mark.parametrize("normalization", ["sample", "weight_sum"])
def test_equal_weights_are_the_limit_of_a_long_span(model: str, normalization: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.05 * reference_lambda(panel)
    loss = LossOptions(None, centering="per_response", normalization=normalization)
    flat, long = (solved(panel, model, size, 0.2, loss=replace(loss, span=span)) for span in (None, 1e9))
    np.testing.assert_allclose(long.beta, flat.beta, rtol=0, atol=1e-6)


@pytest.mark.parametrize("span", [None, 24.0])
@pytest.mark.parametrize("normalization", ["sample", "weight_sum"])
def test_centring_per_response_is_a_fit_with_a_free_intercept(span: float | None, normalization: str) -> None:
    """Each response is refitted alone, on data from which the weighted means over its own rows are taken."""
    complete, holed = make_panel(), make_panel(ragged=True)
    panel = to_panel(complete.x, holed.y)
    loss = LossOptions(span, centering="per_response", normalization=normalization)
    size = 0.05 * reference_lambda(panel)
    together = solved(panel, "LASSO", size, loss=loss, signs=some_signs(panel), prior=some_prior(panel))
    for k, name in enumerate(panel.responses):
        own = ~np.isnan(panel.y[:, k])
        weights = loss_weights(len(own), span)[own] / loss_weights(len(own), span)[own].sum()
        centred = to_panel(panel.x - weights @ panel.x[own], panel.y[:, [k]] - weights @ panel.y[own, k])
        signs, prior = (frame.loc[[name]].set_axis(["r0"]) for frame in (some_signs(panel), some_prior(panel)))
        raw = replace(loss, demean=False, centering="panel")
        alone = solved(centred, "LASSO", size, loss=raw, signs=signs, prior=prior)
        np.testing.assert_allclose(together.beta[k], alone.beta[0], **CLOSE)


@every_type
@pytest.mark.parametrize("span", [None, 24.0])
def test_centred_per_response_the_weighted_residuals_have_no_mean(model: str, span: float | None) -> None:
    complete, holed = make_panel(), make_panel(ragged=True)
    panel = to_panel(complete.x, holed.y)
    result = solved(panel, model, 0.1, loss=LossOptions(span, centering="per_response"))
    residuals = panel.y - panel.x @ result.beta.T - result.alpha
    mean = np.nansum(loss_weights(len(residuals), span)[:, None] * residuals, axis=0)
    np.testing.assert_allclose(mean, 0.0, rtol=0, atol=1e-11)
    np.testing.assert_array_equal(result.intercept, 0.0)


def test_on_complete_data_without_a_span_both_centrings_are_one() -> None:
    panel = make_panel()
    panel_wide, own = (
        solved(panel, "HCGL", 0.1, loss=LossOptions(centering=rule)) for rule in ("panel", "per_response")
    )
    np.testing.assert_allclose(own.beta, panel_wide.beta, **CLOSE)


@every_type
@pytest.mark.parametrize("size", [0.0, 1e-12, 0.01])
@pytest.mark.parametrize("centering", ["panel", "per_response"])
def test_a_factor_that_does_not_move_leaves_its_loadings_at_the_clipped_prior(
    model: str, size: float, centering: str
) -> None:
    """0.1 has no exact mean: what rounding leaves of the factor must not be fitted."""
    complete, holed = make_panel(), make_panel(ragged=True)
    panel = to_panel(np.column_stack([complete.x, np.full(len(complete.x), 0.1)]), holed.y)
    signs, prior, loss = some_signs(panel), some_prior(panel), LossOptions(centering=centering)
    result = solved(panel, model, size, signs=signs, prior=prior, loss=loss)
    assert "flat-factor" in {notice.code for notice in result.notices}
    np.testing.assert_array_equal(result.beta[:, -1], result.box.clip(result.problem.prior)[:, -1])


def test_a_factor_that_does_not_move_in_a_responses_own_rows_leaves_that_loading_at_the_prior() -> None:
    """Centred per response, a factor that stood still while a late starter was there says nothing of it."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((60, 3)), random.standard_normal((60, 2))
    x[30:, 2], y[:30, 1] = 0.1, np.nan
    panel = to_panel(x, y)
    prior = panel.cells(np.full((2, 3), 0.7))
    beta = solved(panel, "LASSO", 1e-9, prior=prior, loss=LossOptions(centering="per_response")).beta
    assert beta[1, 2] == 0.7
    assert beta[0, 2] != 0.7


# Duality ------------------------------------------------------------------------------------------


@every_type
def test_at_the_solution_the_gradient_balances_the_penalty(model: str) -> None:
    """Stationarity from the definition, without the certificate's code: no signs, no prior."""
    panel = make_panel(ragged=True)
    result = solved(panel, model, 0.05 * reference_lambda(panel), 0.2)
    beta, pull, problem = result.beta, own_gradient(result), result.problem
    norms = np.linalg.norm(beta, axis=1, keepdims=True)
    row = np.divide(problem.penalty.block * beta, norms, out=np.zeros_like(beta), where=norms > 0)
    active = beta != 0
    expected = row + problem.penalty.cell * np.sign(beta)
    np.testing.assert_allclose(pull[active], expected[active], rtol=0, atol=1e-11)
    assert (np.abs(pull) <= problem.penalty.cell + problem.penalty.block + 1e-11)[~active].all()


@every_type
def test_tightening_a_bound_or_raising_the_penalty_never_lowers_the_objective(model: str) -> None:
    panel = make_panel(ragged=True)
    size, signs = 0.02 * reference_lambda(panel), some_signs(panel)
    free, bound, dear = (
        solved(panel, model, size, 0.2),
        solved(panel, model, size, 0.2, signs=signs),
        solved(panel, model, 2 * size, 0.2),
    )
    assert free.objective < bound.objective
    assert free.objective < dear.objective < 2 * free.objective


# Hard problems ------------------------------------------------------------------------------------

KINDS = ["plain", "ties", "twins", "flat factor", "unequal scales", "nearly singular"]
SHARES = [0.0, 1e-12, 1e-8, 1e-4, 1e-2, 0.1, 0.5, 0.99, 1.0, 2.0, 100.0]


@dataclass(frozen=True, eq=False)
class Hard:
    """A problem meant to break a solver; ``repr`` gives what is needed to build it again."""

    description: str
    panel: Panel
    beliefs: Beliefs
    spec: FitSpec

    def __repr__(self) -> str:
        return self.description


def hard_factors(random: np.random.Generator, kind: str, rows: int, factors: int) -> Array:
    """Factors with one thing wrong with them."""
    x = random.standard_normal((rows, factors))
    if kind == "ties":
        x = np.round(x)
    if kind == "twins":
        x[:, random.integers(factors)] = x[:, random.integers(factors)]
    if kind == "flat factor":
        x[:, random.integers(factors)] = 0.0
    if kind == "unequal scales":
        x = x * 10.0 ** random.integers(-3, 3, size=factors)
    if kind == "nearly singular":
        left, right = random.standard_normal((2, factors, factors))
        x = x @ left @ np.diag(10.0 ** random.uniform(-4, 0, factors)) @ right
    return x


@st.composite
def hard_problems(draw: st.DrawFn) -> Hard:
    """Rounded, duplicated, flat or nearly collinear factors at any scale, holes, any λ, any beliefs."""
    seed, kind = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from(KINDS))
    rows, factors, responses = draw(st.integers(6, 60)), draw(st.integers(1, 12)), draw(st.integers(1, 8))
    exponent, noise = draw(st.integers(-6, 4)), draw(st.sampled_from([0.0, 0.1, 1.0, 10.0]))
    rounded, ragged = draw(st.booleans()), draw(st.booleans())
    random = np.random.default_rng(seed)
    x = hard_factors(random, kind, rows, factors)
    truth = random.standard_normal((responses, factors)) * (random.random((responses, factors)) < 0.5)
    y = x @ truth.T + noise * random.standard_normal((rows, responses))
    y = np.round(y) if rounded else y
    y[(random.random(y.shape) < 0.2) & ragged] = np.nan
    panel = to_panel(10.0**exponent * x, 10.0**exponent * y)
    beliefs, said = hard_beliefs(draw, random, panel)
    spec = draw(hard_specs(reference_lambda(panel)))
    size = f"T={rows} M={factors} N={responses} 1e{exponent} noise={noise} {rounded=} {ragged=}"
    return Hard(f"Hard({seed=} {kind} {size} {said} {spec})", panel, beliefs, spec)


def hard_beliefs(draw: st.DrawFn, random: np.random.Generator, panel: Panel) -> tuple[Beliefs, str]:
    """Groups always; signs and a prior, which need not agree, or not."""
    shape = (len(panel.responses), len(panel.factors))
    with_signs, spread = draw(st.booleans()), draw(st.sampled_from([0.0, 0.1, 1.0, 10.0]))
    signs = panel.cells(random.choice([1.0, -1.0, 0.0, np.nan], size=shape)) if with_signs else None
    prior = panel.cells(spread * random.standard_normal(shape) * (random.random(shape) < 0.7)) if spread else None
    groups = pd.Series(random.choice(["a", "b"], shape[0]), index=panel.responses)
    return Beliefs.for_panel(panel, signs=signs, prior=prior, groups=groups), f"{with_signs=} prior={spread}"


@st.composite
def hard_specs(draw: st.DrawFn, largest: float) -> FitSpec:
    """Any loss, any mixture, λ from nothing to far beyond where everything is zero."""
    return FitSpec(
        draw(st.sampled_from(list(TYPES.values()))),
        loss=LossOptions(
            span=draw(st.none() | st.floats(1.5, 40.0)),
            centering=draw(st.sampled_from(["panel", "per_response"])),
            normalization=draw(st.sampled_from(["sample", "weight_sum"])),
        ),
        penalty=PenaltyOptions(largest * draw(st.sampled_from(SHARES)), draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))),
        nonneg=draw(st.booleans()),
        warmup_period=None,
    )


def condition(result: Fit) -> Array:
    """Condition number of each response's Gram matrix, (N,)."""
    values = result.problem.moments.spectrum[0]
    smallest, largest = np.maximum(values[:, 0], 0.0), values[:, -1]
    ratio = np.divide(largest, smallest, out=np.full(len(values), np.inf), where=smallest > 0)
    return ratio[result.problem.moments.pattern]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(hard_problems())
def test_a_hard_problem_is_proved_or_said_to_be_unproved_and_its_zeros_and_bounds_are_exact(
    hard: Hard,
) -> None:
    result = fit(hard.panel, hard.beliefs, hard.spec)
    unproved = ~(result.certificate.relative <= PROVED)
    assert unproved.any() == ("unproved" in {notice.code for notice in result.notices})
    assert (condition(result)[unproved] > 1e10).all()
    assert_exact(result)
