"""Laws every fit obeys, whatever solves it, for every model type they hold for.

No number here comes from a reference. Each law is a consequence of the objective
``Σ_k (1/T) Σ_t ω_t v_tk (y_tk - x_t·β_k)² + Ω(β - β⁰)`` on the box of the signs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

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
from factorlasso_core.options import GuidedOptions, PriorOptions, SignOptions
from factorlasso_core.penalty import group_weights
from factorlasso_core.result import PROVED
from tests.reference.support import (
    GROUPED,
    SCALES,
    TYPES,
    WITH_PRIOR,
    WITH_SIGNS,
    frames,
    make_panel,
    own_gradient,
    some_groups,
    some_prior,
    some_signs,
    to_panel,
)

CLOSE = {"rtol": 1e-9, "atol": 1e-10}
every_type = pytest.mark.parametrize("model", TYPES)
every_type_but_unilasso = pytest.mark.parametrize("model", WITH_PRIOR)  # whose loadings are scaled slopes
every_type_with_signs = pytest.mark.parametrize("model", WITH_SIGNS)
every_grouped_type = pytest.mark.parametrize("model", GROUPED)
every_scale = pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)


def solved(panel: Panel, model: str, size: float, alpha: float = 0.0, **more: object) -> Fit:
    """Fit with λ = ``size`` and see it proved.

    ``more`` is signs, prior, groups and clusters, ``derive`` for signs, weights and a prior from the data,
    and fields of the spec.
    """
    names = ("signs", "prior", "groups", "clusters")
    beliefs = Beliefs.for_panel(panel, **{"groups": some_groups(panel)} | {n: more.pop(n) for n in names if n in more})
    rule = str(more.pop("group_penalty", "normalized"))
    if more.pop("derive", False):
        more |= {"signs": SignOptions(derive=True, adaptive=True), "prior": PriorOptions(ols=True)}
    spec = FitSpec(TYPES[model], penalty=PenaltyOptions(size, alpha, rule), **{"warmup_period": None, **more})
    result = fit(panel, beliefs, spec)
    assert result.certificate.relative_gap <= PROVED
    return result


def held(panel: Panel, model: str) -> dict[str, pd.DataFrame]:
    """The beliefs the model takes: signs and a prior, a prior, or nothing."""
    beliefs = {"signs": some_signs(panel)} if model in WITH_SIGNS else {}
    return beliefs | ({"prior": some_prior(panel)} if model in WITH_PRIOR else {})


# Where everything is zero -------------------------------------------------------------------------


@every_scale
def test_lasso_is_exactly_zero_from_the_reference_lambda_on_and_not_before(scale: float) -> None:
    panel = make_panel(scale=scale)
    largest = reference_lambda(panel)
    assert (solved(panel, "LASSO", largest).beta == 0).all()
    assert (solved(panel, "LASSO", 3 * largest).beta == 0).all()
    assert (solved(panel, "LASSO", largest * (1 - 1e-9)).beta != 0).sum() == 1


@pytest.mark.parametrize("beliefs", ["", "prior", "signs", "prior and signs"])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@every_type
@every_scale
def test_from_the_largest_penalty_on_the_fit_is_exactly_the_prior_and_not_before(
    model: str, alpha: float, beliefs: str, scale: float
) -> None:
    """The prior, zero by default, is put inside the signs first: outside, no penalty brings a fit to it."""
    panel = make_panel(scale=scale)
    kept = {name: frame for name, frame in held(panel, model).items() if name in beliefs}
    if "prior" in kept and "signs" in kept:
        kept["prior"] = panel.cells(solved(panel, model, 1.0, **kept).box.clip(kept["prior"].fillna(0.0).to_numpy()))
    start = solved(panel, model, 1.0, alpha, **kept)
    largest = largest_penalty(start, alpha)
    at, below = (solved(panel, model, largest * factor, alpha, **kept) for factor in (1 + 1e-12, 1 - 1e-8))
    np.testing.assert_array_equal(at.beta, start.prior)
    assert (below.beta != start.prior).any()


def largest_penalty(start: Fit, alpha: float) -> float:
    """Smallest λ at which every block's pull at the prior, where the box lets it go, is inside its ball."""
    problem, box = start.problem, start.problem.box
    pull = problem.moments.linear - problem.moments.times_gram(problem.prior)
    pull = np.where(problem.prior <= box.lower, np.maximum(pull, 0.0), pull)
    pull = np.where(problem.prior >= box.upper, np.minimum(pull, 0.0), pull)
    weights = np.ones(len(pull)) if start.labels is None else group_weights(start.labels, "normalized")
    share = 1.0 if start.labels is None else alpha

    def excess(size: float) -> float:
        left = np.sign(pull) * np.maximum(np.abs(pull) - share * size, 0.0)
        return float((norms(start, left) - (1.0 - share) * size * weights[:, None]).max())

    top = 10 * np.linalg.norm(pull) / weights.min()
    return brentq(excess, 0.0, top, xtol=1e-16 * top, rtol=1e-15) if share < 1 else float(np.abs(pull).max())


def norms(result: Fit, values: Array) -> Array:
    """Norm of the block of each cell, (N, M), from the definition of the model type."""
    kind, squares = result.spec.model_type, pd.DataFrame(values**2)
    if kind.is_lasso:
        return np.abs(values)
    if not kind.couples_responses:
        return np.sqrt(np.broadcast_to(squares.sum(axis=1).to_numpy()[:, None], values.shape))
    parts = [values > 0, values < 0] if kind.is_cooperative else [np.ones_like(values, dtype=bool)]
    sums = (squares.where(part, 0.0).groupby(result.labels).transform("sum").where(part, 0.0) for part in parts)
    return np.sqrt(sum(part.to_numpy() for part in sums))


@every_type
def test_a_huge_penalty_leaves_the_prior_clipped_to_the_signs_exactly(model: str) -> None:
    panel = make_panel(ragged=True)
    result = solved(panel, model, 1e6, 0.3, **held(panel, model))
    prior = some_prior(panel).fillna(0.0).to_numpy() if model in WITH_PRIOR else np.zeros_like(result.beta)
    np.testing.assert_array_equal(result.beta, result.box.clip(prior))


@every_type_but_unilasso
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


@every_type_but_unilasso
@every_scale
def test_without_a_penalty_the_fit_is_least_squares_with_an_intercept(model: str, scale: float) -> None:
    panel = make_panel(scale=scale)
    design = np.column_stack([np.ones(len(panel.x)), panel.x])
    expected = np.linalg.lstsq(design, panel.y, rcond=None)[0]
    result = solved(panel, model, 0.0)
    np.testing.assert_allclose(result.beta, expected[1:].T, **CLOSE)
    np.testing.assert_allclose(result.alpha, expected[0], rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("ragged", [False, True])
def test_without_a_penalty_and_free_of_the_slopes_signs_unilasso_is_least_squares(ragged: bool) -> None:
    """In-sample predictions of stage 1 are the factors times their slopes: they span what the factors span."""
    panel = make_panel(ragged=ragged)
    free = GuidedOptions(loo=False, non_negative=False)
    guided, plain = (solved(panel, model, 0.0, guided=free) for model in ("UNILASSO", "LASSO"))
    np.testing.assert_allclose(guided.beta, plain.beta, **CLOSE)


def test_unilasso_keeps_every_univariate_sign_unless_it_is_let_go() -> None:
    panel = make_panel(seed=9, ragged=True)
    size = 1e-3 * reference_lambda(panel)
    kept, free = (solved(panel, "UNILASSO", size, guided=GuidedOptions(non_negative=rule)) for rule in (True, False))
    slope = kept.problem.data.slope
    assert (kept.beta * slope >= 0).all()
    assert (free.beta * slope < 0).any()


@every_type_but_unilasso
def test_without_a_penalty_and_with_fewer_rows_than_factors_the_fit_is_perfect_and_proved(model: str) -> None:
    panel = make_panel(rows=8, factors=12)
    result = solved(panel, model, 0.0)
    assert (result.problem.moments.loss(result.beta) <= 1e-12 * result.problem.moments.constant).all()
    np.testing.assert_allclose(result.statistics.r2, 1.0, rtol=0, atol=1e-12)


@every_type_but_unilasso
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
@pytest.mark.parametrize("alpha", [0.0, 0.4])
@pytest.mark.parametrize("model", ["GROUP_LASSO", "HCGL"])
def test_with_one_factor_a_group_fit_is_lasso_at_the_weighted_penalty(model: str, alpha: float, rule: str) -> None:
    panel = make_panel(factors=1)
    size = 0.2 * reference_lambda(panel)
    beliefs = held(panel, model)
    grouped = solved(panel, model, size, alpha, group_penalty=rule, **beliefs)
    assert len(np.unique(grouped.labels)) > 1
    for k, weight in enumerate(group_weights(grouped.labels, rule)):
        alone = solved(panel, "LASSO", size * ((1 - alpha) * weight + alpha), **beliefs)
        np.testing.assert_allclose(grouped.beta[k], alone.beta[k], **CLOSE)


@pytest.mark.parametrize("model", ["FCGL", "COOP"])
@pytest.mark.parametrize(("rule", "weight"), [("normalized", 7**-0.5), ("yuan_lin", 1.0)])
@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_with_every_response_its_own_cluster_blocks_of_cells_are_lasso(
    model: str, rule: str, weight: float, alpha: float
) -> None:
    panel = make_panel(ragged=True)
    alone = pd.Series(list(panel.responses), index=panel.responses)
    size, beliefs = 0.05 * reference_lambda(panel), held(panel, model)
    given = {"clusters": alone} if model == "FCGL" else {"groups": alone}
    blocks = solved(panel, model, size, alpha, group_penalty=rule, **given, **beliefs)
    cells = solved(panel, "LASSO", size * ((1 - alpha) * weight + alpha), **beliefs)
    np.testing.assert_allclose(blocks.beta, cells.beta, **CLOSE)
    np.testing.assert_array_equal(blocks.beta == 0, cells.beta == 0)


@every_grouped_type
def test_with_the_whole_penalty_on_cells_a_group_fit_is_lasso(model: str) -> None:
    panel = make_panel(ragged=True)
    size, beliefs = 0.05 * reference_lambda(panel), held(panel, model)
    grouped, plain = (solved(panel, name, size, 1.0, **beliefs) for name in (model, "LASSO"))
    np.testing.assert_allclose(grouped.beta, plain.beta, **CLOSE)
    np.testing.assert_array_equal(grouped.beta == 0, plain.beta == 0)


@pytest.mark.parametrize("model", WITH_SIGNS[1:])
def test_with_the_whole_penalty_on_adaptive_cells_a_group_fit_is_lasso_with_pooled_evidence(model: str) -> None:
    """Every response its own pool, so that both see the same signs, weights and prior."""
    panel = make_panel()
    alone = pd.Series(list(panel.responses), index=panel.responses)
    given = {"groups": alone} if model == "GROUP_LASSO" else {"clusters": alone}
    size = 0.05 * reference_lambda(panel)
    grouped = solved(panel, model, size, 1.0, derive=True, **given)
    plain = solved(panel, "LASSO", size, derive=True)
    np.testing.assert_allclose(grouped.beta, plain.beta, **CLOSE)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_where_a_cluster_agrees_on_every_sign_cooperation_is_the_block_norm(alpha: float) -> None:
    panel = make_panel(seed=21)
    agreed = to_panel(panel.x, panel.x @ np.full((5, 7), 0.8) + 0.1 * panel.y)
    size = 0.05 * reference_lambda(agreed)
    blocks, cooperative = (solved(agreed, model, size, alpha) for model in ("FCGL", "COOP_CLUSTER"))
    assert (blocks.beta >= 0).all() and blocks.beta.any()
    np.testing.assert_allclose(cooperative.beta, blocks.beta, **CLOSE)


def test_where_a_cluster_disagrees_cooperation_costs_more_than_the_block_norm() -> None:
    panel = make_panel()
    size = 0.05 * reference_lambda(panel)
    one = pd.Series("all", index=panel.responses)
    blocks = solved(panel, "FCGL", size, clusters=one)
    cooperative = solved(panel, "COOP", size, groups=one)
    assert ((blocks.beta > 0).any(axis=0) & (blocks.beta < 0).any(axis=0)).any()
    assert cooperative.objective > blocks.objective


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
    single, plain = solved(panel, model, size, 0.4), solved(panel, "LASSO", size)
    np.testing.assert_allclose(single.beta, plain.beta, **CLOSE)
    assert (single.labels is None) == (model not in ("COOP", "COOP_CLUSTER"))


@pytest.mark.parametrize(("found", "given"), [("HCGL", "GROUP_LASSO"), ("COOP_CLUSTER", "COOP")])
def test_clusters_given_as_groups_are_the_clustered_fit(found: str, given: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.1 * reference_lambda(panel)
    clustered = solved(panel, found, size, 0.2)
    grouped = solved(panel, given, size, 0.2, groups=clustered.clusters)
    np.testing.assert_array_equal(clustered.beta, grouped.beta)


@pytest.mark.parametrize("model", ["HCGL", "FCGL"])
def test_clusters_of_one_fit_given_to_another_are_the_clustered_fit(model: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.1 * reference_lambda(panel)
    clustered = solved(panel, model, size, 0.2)
    again = solved(panel, model, size, 0.2, clusters=clustered.clusters)
    np.testing.assert_array_equal(clustered.beta, again.beta)


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
@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_permuting_responses_and_factors_permutes_the_loadings(model: str, span: float | None, alpha: float) -> None:
    panel = make_panel(ragged=True)
    more = {"loss": LossOptions(span=span), "groups": some_groups(panel), **held(panel, model)}
    size = 0.05 * reference_lambda(panel)
    before, after = (solved(data, model, size, alpha, **more) for data in (panel, shuffled(panel)))
    assert_permuted(before, after)


@every_type_with_signs
@pytest.mark.parametrize("ragged", [False, True])
def test_permuting_permutes_what_is_derived_from_the_data_too(model: str, ragged: bool) -> None:
    panel = make_panel(ragged=ragged)
    more = {"derive": True, "groups": some_groups(panel)}
    size = 0.05 * reference_lambda(panel)
    before, after = (solved(data, model, size, 0.2, **more) for data in (panel, shuffled(panel)))
    assert_permuted(before, after)
    for cells in (lambda result: result.box.signs, lambda result: result.prior):
        moved = after.panel.cells(cells(after)).loc[panel.responses, panel.factors]
        np.testing.assert_allclose(moved, cells(before), **CLOSE)


def shuffled(panel: Panel) -> Panel:
    x, y = frames(panel)
    return Panel.from_frames(x[["f3", "f1", "f0", "f4", "f2"]], y[["r4", "r2", "r6", "r0", "r5", "r1", "r3"]])


def assert_permuted(before: Fit, after: Fit) -> None:
    moved = after.betas.loc[before.panel.responses, before.panel.factors].to_numpy()
    assert before.beta.any()
    np.testing.assert_allclose(moved, before.beta, **CLOSE)
    np.testing.assert_array_equal(moved == 0, before.beta == 0)


@every_type
@pytest.mark.parametrize("factor", [1e-3, 0.03, 100.0])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("span", [None, 24.0])
def test_a_change_of_units_with_the_penalty_squared_leaves_the_loadings(
    model: str, factor: float, ragged: bool, span: float | None
) -> None:
    panel = make_panel(ragged=ragged)
    scaled = to_panel(factor * panel.x, factor * panel.y)
    more = {"loss": LossOptions(span=span), **held(panel, model)}
    size = 0.05 * reference_lambda(panel)
    before = solved(panel, model, size, 0.2, **more)
    after = solved(scaled, model, size * factor**2, 0.2, **more)
    np.testing.assert_allclose(after.beta, before.beta, **CLOSE)
    np.testing.assert_allclose(after.alpha, factor * before.alpha, rtol=1e-9, atol=1e-10 * factor)
    np.testing.assert_array_equal(after.labels, before.labels)


@every_type_with_signs
@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_a_change_of_units_leaves_what_is_derived_from_the_data(model: str, factor: float) -> None:
    """Slopes are free of units where x and y share them, so signs, adaptive weights and the prior are."""
    panel = make_panel(ragged=True)
    scaled = to_panel(factor * panel.x, factor * panel.y)
    size = 0.05 * reference_lambda(panel)
    before = solved(panel, model, size, 0.2, derive=True)
    after = solved(scaled, model, size * factor**2, 0.2, derive=True)
    np.testing.assert_allclose(after.beta, before.beta, **CLOSE)
    np.testing.assert_allclose(after.evidence.t, before.evidence.t, rtol=1e-9)


@every_type
def test_turning_a_factor_around_turns_its_loadings_signs_and_prior_around(model: str) -> None:
    panel = make_panel(ragged=True)
    turn = np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    beliefs, size = held(panel, model), 0.05 * reference_lambda(panel)
    turned = {name: turn * frame for name, frame in beliefs.items()}
    before = solved(panel, model, size, 0.2, **beliefs)
    after = solved(to_panel(turn * panel.x, panel.y), model, size, 0.2, **turned)
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


@every_type_but_unilasso
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


@every_type_but_unilasso
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
    loss = LossOptions(centering=centering if model in WITH_PRIOR else "panel")
    result = solved(panel, model, size, loss=loss, **held(panel, model))
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


@every_type_but_unilasso
@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_at_the_solution_the_gradient_balances_the_penalty(model: str, alpha: float) -> None:
    """Stationarity from the definition, without the certificate's code: no signs, no prior."""
    panel = make_panel(ragged=True)
    size = 0.05 * reference_lambda(panel)
    result = solved(panel, model, size, alpha)
    beta, pull = result.beta, own_gradient(result)
    weight = 0.0 if result.labels is None else (1 - alpha) * size * group_weights(result.labels, "normalized")[:, None]
    cell = size if result.labels is None else alpha * size
    length = norms(result, beta)
    block = weight * np.divide(beta, length, out=np.zeros_like(beta), where=length > 0)
    active = beta != 0
    np.testing.assert_allclose(pull[active], (block + cell * np.sign(beta))[active], rtol=0, atol=1e-11)
    assert (np.abs(pull) <= cell + np.where(length > 0, 0.0, weight) + 1e-11)[~active].all()
    assert active.any()


@every_type_with_signs
def test_tightening_a_bound_never_lowers_the_objective(model: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.02 * reference_lambda(panel)
    free, bound = solved(panel, model, size, 0.2), solved(panel, model, size, 0.2, signs=some_signs(panel))
    assert free.objective < bound.objective


@every_type
def test_raising_the_penalty_raises_the_objective_by_less(model: str) -> None:
    panel = make_panel(ragged=True)
    size = 0.02 * reference_lambda(panel)
    cheap, dear = solved(panel, model, size, 0.2), solved(panel, model, 2 * size, 0.2)
    assert cheap.objective < dear.objective < 2 * cheap.objective
