"""Every model type and rule against the reference, factorlasso 1.0.6, through ``LassoModel`` of both packages.

The models get the same keywords. Where a rule differs by decision, ours is asked for the reference's
(``prior_overrides_signs``), or the reference gets what ours makes of it (``nonneg`` within signs). What is
compared, and why at equal loadings, is said in ``test_parity``; with that file's design, whose columns are
those of a plain fit, the configurations here are what the comparison with the reference rests on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import cvxpy as cp
import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Fit, LassoModel, LassoModelType
from factorlasso_core.arrays import Array
from factorlasso_core.certificate import certify
from factorlasso_core.diagnostics import in_sample
from factorlasso_core.guided import Guided
from factorlasso_core.moments import moments
from tests.reference import test_parity
from tests.reference.cases import FAMILIES, REFUSED, RETURNS, ModelCase, all_cases, all_pairs, design, pairs
from tests.reference.support import (
    TYPES,
    WITH_SIGNS,
    assert_exact,
    frames,
    make_panel,
    quiet,
    reference_type,
    some_groups,
    some_signs,
    tolerance,
)

EVERYTHING = all_cases()
CASES = [case for case in EVERYTHING if case.label not in REFUSED]
ON_RETURNS = [case for case in CASES if case.row["units"] in RETURNS]
CLUSTERED = [case for case in CASES if LassoModelType[case.row["model"]].clusters_responses]
GROUPED = [case for case in CASES if "GROUP" in case.row["model"]]
DERIVED = [case for case in CASES if case.family == "derived"]
FROM_DATA = [case for case in CASES if case.shared["apply_ols_prior"]]
EQUAL = {"rtol": 1e-8, "atol": 1e-12}
every_case = pytest.mark.parametrize("case", CASES, ids=repr)


# Fitting both -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Both:
    """The two fitted models."""

    ours: LassoModel
    theirs: factorlasso.LassoModel

    @property
    def fit(self) -> Fit:
        """Our result."""
        return self.ours.fit_

    def candidate(self) -> Array:
        """The reference's loadings as variables of our problem, inside the box.

        In UniLasso those are θ. The loadings of responses in warm-up, which the reference throws away, are ours.
        """
        problem, loadings = self.fit.problem, self.theirs.coef_.to_numpy()
        if isinstance(problem.data, Guided):
            slope = problem.data.slope
            loadings = np.divide(loadings, slope, out=np.zeros_like(slope), where=slope != 0)
        return problem.box.clip(np.where(self.fit.short[:, None], self.fit.solved.solution.beta, loadings))

    def objectives(self) -> tuple[float, float]:
        """Our objective at our loadings and at the reference's."""
        return self.fit.objective, float(self.fit.problem.objective(self.candidate()).sum())


def fit_theirs(case: ModelCase, scale: float = 1.0) -> factorlasso.LassoModel:
    """Fit the reference to data times ``scale`` with λ times its square.

    A sign matrix cancels its ``nonneg``, so where it has one it is fitted again with the intersection.
    """
    x, y = case.data
    keywords = {"model_type": factorlasso.LassoModelType[case.row["model"]], **case.shared}
    keywords["reg_lambda"] *= scale**2
    with quiet():
        model = factorlasso.LassoModel(**keywords).fit(scale * x, scale * y)
        signs = model.derived_signs_
        if not case.shared["nonneg"] or signs is None:
            return model
        within = signs.where(signs > 0, 0.0).where(signs.notna(), 1.0)
        keywords |= {"nonneg": False, "factors_beta_loading_signs": within}
        return factorlasso.LassoModel(**keywords).fit(scale * x, scale * y)


def fit_ours(case: ModelCase, **more: Any) -> LassoModel:
    """Fit ours; its warnings repeat what the result says."""
    with quiet():
        return LassoModel(LassoModelType[case.row["model"]], **case.shared, **case.ours, **more).fit(*case.data)


@cache
def both(case: ModelCase) -> Both:
    return Both(fit_ours(case), fit_theirs(case))


# The design ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_every_pair_of_levels_occurs_for_every_model_type_of_the_family(family: str) -> None:
    columns = dict(FAMILIES[family])
    for model in columns.pop("model"):
        rows = [{name: row[name] for name in columns} for row in design(family) if row["model"] == model]
        assert set.union(*map(pairs, rows)) == all_pairs(columns)


def test_there_are_at_least_150_configurations_over_all_types_data_and_scales() -> None:
    assert len(CASES) + len(test_parity.CASES) >= 150
    assert len({repr(case) for case in CASES}) == len(CASES)
    kinds = {case.row["model"] for case in CASES}
    assert kinds == {reference_type(kind).name for kind in TYPES.values()}
    for kind in kinds:
        of_kind = [case.row for case in CASES if case.row["model"] == kind]
        assert {row["data"] for row in of_kind} == {"complete", "ragged"}
        assert len({row["units"] for row in of_kind}) >= 3


def test_the_design_is_not_idle() -> None:
    zeros = np.array([both(case).fit.zero_share for case in CASES])
    assert (zeros < 1).mean() > 0.9
    assert ((zeros > 0) & (zeros < 1)).mean() > 0.5
    groups = np.array([both(case).fit.n_clusters for case in CLUSTERED])
    assert (groups > 1).mean() > 0.8


# Optimality ---------------------------------------------------------------------------------------


@every_case
def test_our_objective_is_never_above_that_of_the_reference(case: ModelCase) -> None:
    ours, theirs = both(case).objectives()
    assert ours <= theirs * (1 + 1e-9)


@every_case
def test_the_reference_comes_as_close_to_our_minimum_as_its_stopping_rule_promises(case: ModelCase) -> None:
    """1e-8, absolute or relative. So both minimise the same objective, not just each its own."""
    ours, theirs = both(case).objectives()
    assert theirs - ours <= 2e-8 * (1 + theirs)


@every_case
def test_every_fit_is_proved_optimal_and_its_zeros_and_bounds_are_exact(case: ModelCase) -> None:
    assert both(case).ours.certificate_.relative_gap <= 1e-9
    assert_exact(both(case).fit)


@every_case
def test_the_certificate_bounds_what_the_reference_leaves(case: ModelCase) -> None:
    """The gap at the reference's loadings, computed from them alone, is at least their excess over our minimum."""
    problem = both(case).fit.problem
    ours, theirs = both(case).objectives()
    proof = certify(problem, both(case).candidate())
    share = problem.penalty.blocks.by_unit(np.add, np.ones(len(proof.gap)))  # a unit's gap stands at each member
    assert theirs - ours <= (proof.gap / share).sum() + 1e-13 * theirs


# Where the reference stops early ------------------------------------------------------------------


@contextlib.contextmanager
def counted(**settings: float) -> Iterator[list[int]]:
    """Collect the iterations of every CVXPY solve inside, with these settings of the solver."""
    original, iterations = cp.Problem.solve, []

    def solve(self: cp.Problem, *args: object, **given: object) -> object:
        try:
            return original(self, *args, **{**given, **settings})
        finally:
            iterations.append(self.solver_stats.num_iters)

    cp.Problem.solve = solve
    try:
        yield iterations
    finally:
        cp.Problem.solve = original


@cache
def stops_early(case: ModelCase) -> bool:
    """Whether the solver of the reference goes on when its 1e-8 is made relative to the objective.

    Its own relative rule is relative to one, or to the objective where that is larger.
    """
    relative = 1e-8 * both(case).fit.objective
    with counted() as usual:
        fit_theirs(case)
    with counted(tol_gap_abs=relative, tol_gap_rel=relative) as strict, contextlib.suppress(cp.error.SolverError):
        fit_theirs(case)
    return sum(strict) > sum(usual)


@pytest.mark.parametrize("case", ON_RETURNS, ids=repr)
def test_on_returns_our_objective_is_strictly_lower(case: ModelCase) -> None:
    """On daily and monthly returns the objective is small against the 1e-8 at which the reference stops."""
    ours, theirs = both(case).objectives()
    assert ours < theirs


def test_on_returns_the_absolute_gap_stops_the_reference_early_and_leaves_it_higher() -> None:
    early = [case for case in ON_RETURNS if stops_early(case)]
    assert len(early) > 0.9 * len(ON_RETURNS)
    excess = np.array([(theirs - ours) / theirs for ours, theirs in (both(case).objectives() for case in early)])
    assert (excess > 0).all()
    assert np.median(excess) > 1e-8  # more than a relative rule would leave
    distance = [np.abs(both(case).theirs.coef_ - both(case).ours.coef_).max(axis=None) for case in early]
    assert np.median(distance) > 1e-5


# Loadings, after tightening the reference ---------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in CASES if case.row["model"] == "LASSO"], ids=repr)
def test_lasso_loadings_agree_to_1e8_once_the_reference_solves_scaled_data_to_1e12(case: ModelCase) -> None:
    """Data times 1000 and λ times its square leave β as it is."""
    with tolerance(1e-12):
        theirs = fit_theirs(case, scale=1000.0)
    np.testing.assert_allclose(theirs.coef_, both(case).ours.coef_, rtol=0, atol=1e-8)


@pytest.mark.parametrize("case", [case for case in CASES if case.row["model"] == "UNILASSO"], ids=repr)
def test_unilasso_loadings_agree_to_1e9_once_the_reference_solves_to_1e14(case: ModelCase) -> None:
    with tolerance(1e-14):
        theirs = fit_theirs(case)
    np.testing.assert_allclose(theirs.coef_, both(case).ours.coef_, rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", GROUPED[::3], ids=repr)
def test_block_loadings_agree_to_2e5_once_the_reference_solves_scaled_data_to_1e12(case: ModelCase) -> None:
    """Nearly all are as close as 2e-7; now and then the cone solver gives up 1e-5 away."""
    with tolerance(1e-12):
        theirs = fit_theirs(case, scale=1000.0)
    np.testing.assert_allclose(theirs.coef_, both(case).ours.coef_, rtol=0, atol=2e-5)


# What does not depend on loadings -----------------------------------------------------------------


def assert_same(case: ModelCase, *names: str) -> None:
    """Fitted attributes of both models are of one kind, with the same labels and the same values.

    Only ``clusters_`` has a name in ours and none in theirs.
    """
    for name in names:
        ours, theirs = getattr(both(case).ours, name), getattr(both(case).theirs, name)
        how = {"check_dtype": False, "check_names": name != "clusters_", "obj": name, **EQUAL}
        if isinstance(theirs, pd.DataFrame):
            pd.testing.assert_frame_equal(ours, theirs, **how)
        elif isinstance(theirs, pd.Series):
            pd.testing.assert_series_equal(ours, theirs, **how)
        elif isinstance(theirs, np.ndarray):
            assert isinstance(ours, np.ndarray), name
            np.testing.assert_allclose(ours, theirs, err_msg=name, **EQUAL)
        elif isinstance(theirs, float):
            assert ours == pytest.approx(theirs, rel=1e-8, abs=1e-12), name
        else:
            assert ours == theirs, name


@every_case
def test_rows_spans_and_weights_of_the_loss(case: ModelCase) -> None:
    assert_same(case, "valid_mask_", "effective_span_", "fit_demeaned_", "n_loss_rows_")
    assert_same(case, "loss_weight_mass_", "loss_denominator_")


@every_case
def test_groups_tree_and_cut(case: ModelCase) -> None:
    assert_same(case, "clusters_", "linkage_", "cutoff_", "effective_cluster_correlation_span_")
    assert (both(case).theirs.clusters_ is not None) == (case in GROUPED)
    assert (both(case).theirs.linkage_ is not None) == (case in CLUSTERED)


@every_case
def test_the_signs_in_force(case: ModelCase) -> None:
    assert_same(case, "derived_signs_", "excluded_factor_mask_")


EVIDENCE = ["detected_signs_", "sign_slopes_", "sign_t_stats_", "sign_effective_n_", "sign_valid_counts_"]
WEIGHTS = ["sign_penalty_weights_", "sign_block_weights_"]
PRIORS = ["ols_betas_", "ols_r2_", "ols_beta_prior_", "effective_beta_prior_", "ols_prior_span_"]
NAMED = ["effective_factor_for_prior_", "named_set_diagnostics_"]


@pytest.mark.parametrize("case", DERIVED, ids=repr)
def test_the_evidence_for_signs(case: ModelCase) -> None:
    assert_same(case, *EVIDENCE, "effective_sign_span_")
    assert both(case).ours.sign_t_stats_ is not None


@pytest.mark.parametrize("case", DERIVED, ids=repr)
def test_adaptive_weights(case: ModelCase) -> None:
    assert_same(case, *WEIGHTS)
    asked = case.shared["auto_sign_adaptive_weights"]
    assert (both(case).ours.sign_penalty_weights_ is not None) == asked
    assert (both(case).ours.sign_block_weights_ is not None) == (asked and case.row["model"].startswith("FACTOR"))


@pytest.mark.parametrize("case", FROM_DATA, ids=repr)
def test_the_prior_of_the_data_and_the_prior_in_force(case: ModelCase) -> None:
    assert_same(case, *PRIORS, *NAMED)
    assert both(case).ours.ols_betas_ is not None


def test_what_is_not_asked_for_is_not_there() -> None:
    for case in CASES:
        not_asked = [] if case in DERIVED else [*EVIDENCE, *WEIGHTS, "effective_sign_span_"]
        not_asked += [] if case in FROM_DATA else [*PRIORS, *NAMED]
        found = {
            name
            for model in (both(case).ours, both(case).theirs)
            for name in not_asked
            if getattr(model, name) is not None
        }
        assert not found, repr(case)


# Statistics and predictions, at equal loadings ----------------------------------------------------


@every_case
def test_statistics_are_those_of_the_reference_at_its_own_loadings(case: ModelCase) -> None:
    """It takes them before it sets excluded loadings to zero, which its solver leaves at dust."""
    ours, expected = both(case).fit, both(case).theirs.estimation_result_
    stats, size = in_sample(ours.data, moments(ours.data), both(case).theirs.coef_.to_numpy()), np.nanstd(case.panel.y)
    for name, unit in (("alpha", size), ("ss_total", size**2), ("ss_res", size**2), ("r2", 1.0)):
        found = np.where(ours.short, np.nan, getattr(stats, name))
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-8, atol=1e-8 * unit)


@every_case
def test_the_constant_is_that_of_the_reference_at_its_own_loadings(case: ModelCase) -> None:
    for model in (both(case).ours, both(case).theirs):
        data, loadings = both(case).fit.data, model.coef_.to_numpy()
        expected = data.y_means - (loadings * data.x_means).sum(axis=1)
        found = model.alpha_const_.to_numpy()
        np.testing.assert_array_equal(np.isnan(found), both(case).fit.short)
        np.testing.assert_allclose(found[~np.isnan(found)], expected[~np.isnan(found)], rtol=1e-8, atol=1e-12)


@every_case
def test_predictions_are_those_of_the_reference_at_its_own_loadings_and_as_near_as_ours_are(case: ModelCase) -> None:
    x, (ours, theirs) = case.data[0].iloc[::-7], (both(case).ours, both(case).theirs)
    twin = copy(ours)
    twin.coef_, twin.alpha_const_ = theirs.coef_, theirs.alpha_const_
    pd.testing.assert_frame_equal(twin.predict(x), theirs.predict(x), rtol=1e-10, atol=1e-12)
    constant = (ours.alpha_const_ - theirs.alpha_const_).abs() * float(ours.fit_demeaned_)
    allowed = x.abs() @ (ours.coef_ - theirs.coef_).abs().T + constant + 1e-12
    found = (ours.predict(x) - theirs.predict(x)).abs()
    assert ((found <= allowed) | allowed.isna()).all(axis=None)


# What both refuse ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in EVERYTHING if case.label in REFUSED], ids=repr)
def test_a_first_component_of_no_correlation_matrix_is_refused_by_the_reference_and_clipped_by_ours(
    case: ModelCase,
) -> None:
    with pytest.raises(ValueError, match=r"."):
        fit_theirs(case)
    result = fit_ours(case).fit_
    assert np.linalg.eigvalsh(result.clustering.correlation)[0] < -0.1
    assert (np.abs(result.clustering.correlation) <= 1).all()
    assert result.certificate.relative_gap <= 1e-9


SIGNED = make_panel()
NOT_TAKEN = [
    ("COOP", {"nonneg": True}),
    ("COOP", {"factors_beta_loading_signs": some_signs(SIGNED)}),
    ("COOP_CLUSTER", {"nonneg": True}),
    ("COOP_CLUSTER", {"factors_beta_loading_signs": some_signs(SIGNED)}),
    ("COOP_CLUSTER", {"excluded_factors": {"r0": ["f1"]}}),
    ("UNILASSO", {"nonneg": True}),
    ("UNILASSO", {"factors_beta_loading_signs": some_signs(SIGNED)}),
    ("UNILASSO", {"factors_beta_prior": some_signs(SIGNED)}),
    ("UNILASSO", {"apply_ols_prior": True}),
    ("UNILASSO", {"loss_normalization": "weight_sum"}),
    ("GROUP_LASSO", {"group_data": None}),
    ("HCGL", {"n_clusters": 0}),
    ("FCGL", {"cutoff_fraction": 0.0}),
    ("FCGL", {"auto_sign_constraints": True, "auto_sign_ewma_span": 9.0, "auto_sign_use_fit_span": True}),
]


@pytest.mark.parametrize(("model", "keywords"), NOT_TAKEN, ids=[f"{m} {' '.join(k)}" for m, k in NOT_TAKEN])
def test_what_a_model_type_does_not_take_is_refused_by_both(model: str, keywords: dict[str, Any]) -> None:
    given = {"group_data": some_groups(SIGNED), **keywords}
    for build, kind in builders(model):
        with pytest.raises(ValueError, match=r"."), quiet():
            build(model_type=kind, **given).fit(*frames(SIGNED))


def builders(model: str) -> list[tuple[Any, Any]]:
    """The classes of both packages, each with its own member for the model type."""
    return [(LassoModel, TYPES[model]), (factorlasso.LassoModel, reference_type(TYPES[model]))]


@pytest.mark.parametrize("model", ["COOP", "COOP_CLUSTER", "UNILASSO"])
@pytest.mark.parametrize("name", ["auto_sign_constraints", "auto_sign_adaptive_weights"])
def test_what_the_reference_ignores_in_a_model_type_is_refused_by_ours(model: str, name: str) -> None:
    (ours, kind), (theirs, their_kind) = builders(model)
    with pytest.raises(ValueError, match=name):
        ours(kind, some_groups(SIGNED), **{name: True})
    with quiet():
        plain, asked = (
            theirs(their_kind, some_groups(SIGNED), 0.1, **more).fit(*frames(SIGNED)) for more in ({}, {name: True})
        )
    np.testing.assert_array_equal(asked.coef_, plain.coef_)


# A single response, clusters from elsewhere, spans of a call --------------------------------------


def fit_pair(model: str, x: pd.DataFrame, y: pd.DataFrame, call: dict[str, Any] | None = None, **keywords: Any) -> Both:
    """Both models, the reference tightened, on the same call."""
    kind, call = TYPES[model], call or {}
    with quiet(), tolerance(1e-12):
        theirs = factorlasso.LassoModel(model_type=reference_type(kind), **keywords).fit(x, y, **call)
        return Both(LassoModel(kind, **keywords).fit(x, y, **call), theirs)


@pytest.mark.parametrize("model", TYPES)
@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_a_single_response_is_fitted_alike(model: str, alpha: float) -> None:
    panel = make_panel(seed=3, responses=1)
    pair = fit_pair(
        model,
        *frames(panel),
        group_data=some_groups(panel) if TYPES[model].needs_groups else None,
        reg_lambda=0.2,
        l1_weight=alpha * (model != "UNILASSO"),
    )
    np.testing.assert_allclose(pair.ours.coef_, pair.theirs.coef_, rtol=0, atol=1e-6)
    assert (pair.ours.clusters_ is None) == (pair.theirs.clusters_ is None)
    assert pair.ours.coef_.any(axis=None)


@pytest.mark.parametrize("model", WITH_SIGNS)
def test_a_single_response_with_everything_from_the_data_is_fitted_alike(model: str) -> None:
    panel = make_panel(seed=3, responses=1, ragged=False)
    pair = fit_pair(
        model,
        *frames(panel),
        group_data=some_groups(panel) if TYPES[model].needs_groups else None,
        reg_lambda=0.2,
        auto_sign_constraints=True,
        auto_sign_adaptive_weights=True,
        apply_ols_prior=True,
    )
    np.testing.assert_allclose(pair.ours.coef_, pair.theirs.coef_, rtol=0, atol=1e-6)
    for name in ("derived_signs_", "sign_t_stats_", "sign_penalty_weights_", "effective_beta_prior_"):
        pd.testing.assert_frame_equal(
            getattr(pair.ours, name), getattr(pair.theirs, name), check_dtype=False, check_names=False, **EQUAL
        )


@pytest.mark.parametrize("model", ["HCGL", "FCGL"])
@pytest.mark.parametrize("kind", ["numbers", "words", "one"])
def test_clusters_found_elsewhere_take_the_place_of_the_tree_in_both(model: str, kind: str) -> None:
    panel = make_panel(seed=5, ragged=True)
    labels = {"numbers": [3, 1, 3, 2, 1, 3, 2], "words": list("abacbab"), "one": [1] * 7}[kind]
    clusters = pd.Series(labels, index=panel.responses)[::-1]
    tree = np.array([[0.0, 1.0, 0.3, 2.0]])
    call = {"external_clusters": clusters, "external_linkage": tree, "external_cutoff": 0.7}
    pair = fit_pair(model, *frames(panel), call, reg_lambda=0.1, l1_weight=0.3, auto_sign_constraints=True)
    np.testing.assert_allclose(pair.ours.coef_, pair.theirs.coef_, rtol=0, atol=1e-5)
    pd.testing.assert_series_equal(pair.ours.clusters_, pair.theirs.clusters_, check_names=False, check_dtype=False)
    np.testing.assert_array_equal(pair.ours.linkage_, pair.theirs.linkage_)
    assert pair.ours.cutoff_ == pair.theirs.cutoff_
    np.testing.assert_allclose(pair.ours.sign_t_stats_, pair.theirs.sign_t_stats_, **EQUAL)


@pytest.mark.parametrize("model", ["LASSO", "UNILASSO", "COOP"])
def test_clusters_from_elsewhere_have_no_place_in_other_models(model: str) -> None:
    panel = make_panel(seed=5)
    clusters = some_groups(panel)
    for build, kind in builders(model):
        fitted = build(model_type=kind, group_data=clusters if TYPES[model].needs_groups else None)
        with pytest.raises(ValueError, match=r"."), quiet():
            fitted.fit(*frames(panel), external_clusters=clusters)


@pytest.mark.parametrize("model", TYPES)
def test_spans_of_the_call_go_before_those_of_the_model_in_both(model: str) -> None:
    panel = make_panel(seed=6, ragged=True)
    call = {"span": 30.0} | ({"cluster_correlation_span": 45.0} if TYPES[model].clusters_responses else {})
    pair = fit_pair(
        model,
        *frames(panel),
        call,
        group_data=some_groups(panel) if TYPES[model].needs_groups else None,
        reg_lambda=0.05,
        span=12.0,
    )
    np.testing.assert_allclose(pair.ours.coef_, pair.theirs.coef_, rtol=0, atol=1e-5)
    for name in ("effective_span_", "effective_cluster_correlation_span_", "cutoff_"):
        assert getattr(pair.ours, name) == pytest.approx(getattr(pair.theirs, name)), name


# The solver ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES[::12], ids=repr)
def test_what_is_settled_before_the_solve_does_not_depend_on_the_solver(case: ModelCase) -> None:
    cone, fast = fit_ours(case, solver="CLARABEL"), both(case).ours
    for name in ("derived_signs_", "sign_t_stats_", "sign_penalty_weights_", "effective_beta_prior_"):
        ours, theirs = getattr(cone, name), getattr(fast, name)
        assert (ours is None and theirs is None) or ours.equals(theirs), name
    np.testing.assert_array_equal(cone.fit_.box.lower, fast.fit_.box.lower)
    np.testing.assert_array_equal(cone.fit_.box.upper, fast.fit_.box.upper)
    assert fast.fit_.objective <= cone.fit_.objective * (1 + 1e-12)
    assert cone.fit_.objective - fast.fit_.objective <= 2e-8 * (1 + fast.fit_.objective)
