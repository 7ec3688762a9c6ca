"""Ours against the reference, factorlasso 1.0.6, on a listed design of configurations.

The columns are those of a plain fit; derived signs, weights and priors, clustering options and the other
model types are in ``test_parity_models``.

What can be compared, and how. Both minimise the same objective, but the reference's cone solver stops at
an absolute gap of 1e-8, which on return-scale data leaves loadings wrong by up to 3e-3, never exactly
zero and slightly outside their bounds. So:

- objectives are compared, ours at our loadings and at the reference's clipped into the box;
- everything that does not depend on loadings (mask, tree, cut, labels) must be equal;
- statistics are functions of the loadings, so both are evaluated at the *same* loadings, the
  reference's own; comparing each at its own loadings would only restate that the loadings differ;
- loadings themselves are compared after tightening the reference's tolerances by wrapping CVXPY.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso, MultiTaskLasso

from factorlasso_core import (
    Beliefs,
    Fit,
    FitSpec,
    LassoModel,
    LossOptions,
    Panel,
    PenaltyOptions,
    SolverError,
    fast,
    fit,
    reference,
    reference_lambda,
)
from factorlasso_core.diagnostics import in_sample
from factorlasso_core.ewm import loss_weights
from factorlasso_core.moments import moments
from tests.reference.support import (
    SCALES,
    TYPES,
    WITH_PRIOR,
    Pair,
    assert_exact,
    frames,
    largest_gradient,
    make_panel,
    quiet,
    reference_fit,
    some_groups,
    some_prior,
    some_signs,
    to_panel,
    tolerance,
)

# λ is a share of the largest gradient at zero loadings. In every three columns every combination of
# levels occurs; so does every combination of the five columns listed in ``TOGETHER``.
DESIGN = """
model       span prior signs nonneg data     penalty    alpha lambda scale   demean loss       warmup
LASSO       -    -     -     -      complete yuan_lin   0.3   0.6  percent -      sample     12
LASSO       -    -     -     -      ragged   yuan_lin   0     0.01 unit    yes    sample     -
LASSO       -    -     -     yes    complete normalized 1     0.1  percent yes    sample     -
LASSO       -    -     -     yes    ragged   normalized 0.3   0.1  unit    -      weight_sum -
LASSO       -    -     yes   yes    complete normalized 0     0.01 percent -      sample     -
LASSO       -    -     yes   yes    ragged   yuan_lin   0     0.1  unit    yes    weight_sum 12
LASSO       -    yes   -     yes    complete normalized 0     0.6  monthly -      weight_sum 40
LASSO       -    yes   -     yes    ragged   normalized 0.3   0.01 unit    yes    sample     40
LASSO       -    yes   -     yes    ragged   normalized 1     0.6  percent -      sample     -
LASSO       -    yes   yes   -      complete normalized 0     0.1  monthly yes    sample     12
LASSO       -    yes   yes   -      complete normalized 1     0.6  unit    yes    sample     -
LASSO       -    yes   yes   yes    complete yuan_lin   1     0.6  monthly yes    weight_sum 12
LASSO       -    yes   yes   yes    ragged   yuan_lin   0.3   0.1  percent -      sample     -
LASSO       24   -     -     yes    complete normalized 0     0.6  unit    yes    sample     12
LASSO       24   -     -     yes    ragged   yuan_lin   1     0.01 percent -      weight_sum 40
LASSO       24   -     yes   -      complete yuan_lin   1     0.1  monthly yes    weight_sum 40
LASSO       24   -     yes   -      ragged   normalized 0.3   0.01 unit    -      sample     -
LASSO       24   -     yes   yes    complete normalized 1     0.1  monthly -      sample     -
LASSO       24   -     yes   yes    ragged   yuan_lin   0.3   0.6  monthly yes    weight_sum 40
LASSO       24   yes   -     -      ragged   yuan_lin   0     0.1  percent yes    sample     -
LASSO       24   yes   -     -      ragged   yuan_lin   1     0.6  monthly -      weight_sum 40
LASSO       24   yes   -     yes    complete yuan_lin   0.3   0.6  unit    -      weight_sum 12
LASSO       24   yes   yes   -      complete yuan_lin   0     0.6  monthly -      weight_sum 12
LASSO       24   yes   yes   -      ragged   normalized 0.3   0.01 monthly -      weight_sum 12
GROUP_LASSO -    -     -     -      complete yuan_lin   0.3   0.01 percent -      sample     -
GROUP_LASSO -    -     -     -      ragged   normalized 1     0.01 monthly yes    sample     -
GROUP_LASSO -    -     yes   -      complete yuan_lin   0     0.1  monthly yes    sample     12
GROUP_LASSO -    -     yes   yes    ragged   yuan_lin   0.3   0.1  monthly -      sample     40
GROUP_LASSO -    yes   -     -      complete normalized 0.3   0.1  monthly -      weight_sum -
GROUP_LASSO -    yes   -     -      complete normalized 1     0.01 monthly -      weight_sum -
GROUP_LASSO -    yes   -     -      ragged   yuan_lin   0     0.6  percent -      sample     40
GROUP_LASSO -    yes   -     yes    ragged   normalized 0     0.01 percent -      weight_sum 12
GROUP_LASSO -    yes   yes   -      complete normalized 0.3   0.1  percent yes    weight_sum 40
GROUP_LASSO -    yes   yes   -      ragged   normalized 0     0.01 unit    yes    weight_sum -
GROUP_LASSO -    yes   yes   yes    complete yuan_lin   0.3   0.1  monthly yes    sample     -
GROUP_LASSO 24   -     -     -      complete normalized 0     0.6  monthly yes    weight_sum 12
GROUP_LASSO 24   -     -     -      complete yuan_lin   1     0.1  percent -      sample     12
GROUP_LASSO 24   -     -     -      ragged   normalized 0.3   0.1  unit    -      weight_sum 12
GROUP_LASSO 24   -     -     yes    ragged   yuan_lin   0     0.6  monthly -      sample     -
GROUP_LASSO 24   -     yes   -      complete normalized 0.3   0.6  unit    yes    weight_sum 12
GROUP_LASSO 24   -     yes   -      ragged   normalized 0     0.01 percent yes    sample     12
GROUP_LASSO 24   -     yes   -      ragged   yuan_lin   1     0.6  unit    yes    sample     40
GROUP_LASSO 24   -     yes   yes    ragged   normalized 1     0.01 unit    yes    sample     40
GROUP_LASSO 24   yes   -     -      ragged   yuan_lin   0.3   0.6  unit    -      sample     12
GROUP_LASSO 24   yes   -     yes    complete yuan_lin   1     0.6  unit    -      weight_sum -
GROUP_LASSO 24   yes   yes   yes    complete normalized 1     0.01 percent -      weight_sum 12
GROUP_LASSO 24   yes   yes   yes    complete yuan_lin   0     0.01 monthly yes    sample     40
GROUP_LASSO 24   yes   yes   yes    ragged   yuan_lin   1     0.6  monthly yes    weight_sum -
HCGL        -    -     -     -      complete normalized 1     0.01 unit    -      weight_sum -
HCGL        -    -     -     -      ragged   yuan_lin   0     0.1  unit    yes    sample     12
HCGL        -    -     -     -      ragged   yuan_lin   1     0.6  monthly yes    sample     12
HCGL        -    -     -     yes    ragged   normalized 1     0.1  percent yes    weight_sum -
HCGL        -    -     yes   -      complete normalized 0     0.1  percent -      sample     40
HCGL        -    -     yes   -      complete yuan_lin   0     0.01 percent yes    weight_sum 40
HCGL        -    -     yes   -      ragged   yuan_lin   0.3   0.6  unit    -      sample     40
HCGL        -    yes   -     -      complete yuan_lin   0     0.1  monthly yes    sample     -
HCGL        -    yes   -     -      ragged   normalized 1     0.1  unit    -      weight_sum 40
HCGL        -    yes   -     yes    complete normalized 0.3   0.6  percent -      sample     40
HCGL        -    yes   yes   -      ragged   yuan_lin   0     0.6  monthly -      sample     -
HCGL        -    yes   yes   yes    complete normalized 1     0.01 percent yes    sample     12
HCGL        24   -     -     -      complete yuan_lin   0.3   0.01 unit    yes    sample     -
HCGL        24   -     -     -      ragged   normalized 0.3   0.01 monthly -      weight_sum 40
HCGL        24   -     -     yes    complete normalized 0     0.1  unit    -      sample     40
HCGL        24   -     yes   -      complete yuan_lin   1     0.01 unit    -      weight_sum 12
HCGL        24   -     yes   yes    complete normalized 1     0.6  unit    yes    sample     -
HCGL        24   -     yes   yes    ragged   normalized 0.3   0.6  percent yes    weight_sum -
HCGL        24   yes   -     -      ragged   yuan_lin   1     0.1  monthly yes    weight_sum 12
HCGL        24   yes   -     yes    complete yuan_lin   0.3   0.1  monthly yes    weight_sum 12
HCGL        24   yes   -     yes    ragged   normalized 0     0.1  percent yes    sample     12
HCGL        24   yes   yes   yes    complete normalized 0     0.6  percent -      sample     12
HCGL        24   yes   yes   yes    complete yuan_lin   1     0.1  monthly yes    weight_sum 12
HCGL        24   yes   yes   yes    ragged   normalized 0.3   0.1  unit    -      sample     40
HCGL        24   yes   yes   yes    ragged   yuan_lin   0.3   0.6  monthly -      weight_sum 12
"""
TOGETHER = [
    ("model", "span", "prior", "signs", "data"),
    ("model", "span", "data", "demean", "loss"),
    ("model", "prior", "signs", "penalty", "alpha"),
]


@dataclass(frozen=True)
class Case:
    """One line of the design, or of the lists further down: a problem on a generated panel."""

    name: str
    panel: Panel
    beliefs: Beliefs
    spec: FitSpec

    def __repr__(self) -> str:
        return self.name


def levels() -> pd.DataFrame:
    """The design as text, cases by columns."""
    header, *lines = (line.split() for line in DESIGN.strip().splitlines())
    return pd.DataFrame(lines, columns=header)


def design_case(number: int, row: dict[str, str]) -> Case:
    """The problem a line of the design stands for."""
    given = {column: level != "-" for column, level in row.items()}
    panel = make_panel(seed=number, scale=SCALES[row["scale"]], ragged=row["data"] == "ragged")
    beliefs = Beliefs.for_panel(
        panel,
        signs=some_signs(panel) if given["signs"] else None,
        prior=some_prior(panel) if given["prior"] else None,
        groups=some_groups(panel),
    )
    loss = LossOptions(
        span=float(row["span"]) if given["span"] else None, demean=given["demean"], normalization=row["loss"]
    )
    size = float(row["lambda"]) * largest_gradient(panel, FitSpec(loss=loss))
    spec = FitSpec(
        TYPES[row["model"]],
        loss=loss,
        penalty=PenaltyOptions(size, float(row["alpha"]), row["penalty"]),
        nonneg=given["nonneg"],
        warmup_period=int(row["warmup"]) if given["warmup"] else None,
    )
    return Case(f"{number:02d} " + " ".join(row.values()), panel, beliefs, spec)


CASES = [design_case(number, row) for number, row in enumerate(levels().to_dict("records"))]
LASSO_CASES = [case for case in CASES if case.spec.model_type is TYPES["LASSO"]]
GROUP_CASES = [case for case in CASES if case.spec.model_type is not TYPES["LASSO"]]
CLUSTERED_CASES = [case for case in CASES if case.spec.model_type is TYPES["HCGL"]]
every_case = pytest.mark.parametrize("case", CASES, ids=repr)


@cache
def pair(case: Case) -> Pair:
    return Pair(fit(case.panel, case.beliefs, case.spec), reference_fit(case.panel, case.beliefs, case.spec))


# The design ---------------------------------------------------------------------------------------


def test_the_design_holds_every_triple_of_levels_and_the_combinations_it_promises() -> None:
    design = levels()
    for columns in [*itertools.combinations(design.columns, 3), *TOGETHER]:
        seen = design[list(columns)].drop_duplicates()
        possible = np.prod([design[column].nunique() for column in columns])
        assert len(seen) == possible, columns
    assert len(design) >= 60


def test_the_design_is_not_idle() -> None:
    zeros = np.array([pair(case).ours.zero_share for case in CASES])
    assert (zeros < 1).mean() > 0.8
    assert ((zeros > 0) & (zeros < 1)).mean() > 0.5


# Optimality ---------------------------------------------------------------------------------------


@every_case
def test_our_objective_is_never_above_that_of_the_reference(case: Case) -> None:
    ours, theirs = pair(case).objectives()
    assert ours <= theirs * (1 + 1e-9)


@every_case
def test_the_reference_comes_as_close_to_our_minimum_as_its_stopping_rule_promises(case: Case) -> None:
    """1e-8, absolute or relative. So both minimise the same objective, not just each its own."""
    ours, theirs = pair(case).objectives()
    assert theirs - ours <= 5e-8 * (1 + theirs)


@every_case
def test_every_fit_is_proved_optimal(case: Case) -> None:
    assert pair(case).ours.certificate.relative_gap <= 1e-9


@every_case
def test_zeros_and_bounds_are_exact(case: Case) -> None:
    assert_exact(pair(case).ours)


@every_case
def test_the_bounds_are_the_intersection_of_signs_and_nonneg(case: Case) -> None:
    beta = pair(case).ours.beta
    if case.spec.nonneg:
        assert (beta >= 0).all()
    if case.beliefs.signs is not None:
        free = np.isnan(case.beliefs.signs)
        assert (free | (np.sign(beta) == np.nan_to_num(case.beliefs.signs)) | (beta == 0)).all()


# What does not depend on loadings -----------------------------------------------------------------


@every_case
def test_the_valid_mask_is_that_of_the_reference(case: Case) -> None:
    ours, theirs = pair(case).ours, pair(case).theirs
    np.testing.assert_array_equal(ours.data.valid.astype(float), theirs.valid_mask_)


@every_case
def test_the_groups_are_those_of_the_reference(case: Case) -> None:
    ours, theirs = pair(case).ours.clusters, pair(case).theirs.clusters_
    if case in LASSO_CASES:
        assert ours is None
        assert theirs is None
    else:
        pd.testing.assert_series_equal(ours, theirs, check_names=False, check_dtype=False)
        assert partition(ours) == partition(theirs)


def partition(labels: pd.Series) -> set[frozenset[str]]:
    """The clusters as sets of responses, whatever they are called."""
    return {frozenset(members) for members in labels.groupby(labels).groups.values()}


@pytest.mark.parametrize("case", CLUSTERED_CASES, ids=repr)
def test_the_tree_and_its_cut_are_those_of_the_reference(case: Case) -> None:
    ours, theirs = pair(case).ours, pair(case).theirs
    np.testing.assert_allclose(ours.clustering.tree.linkage, theirs.linkage_, rtol=1e-10, atol=1e-10)
    assert ours.cutoff == pytest.approx(theirs.cutoff_, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("scale", [1e-7, 1e-6, 1e-5])
def test_the_variance_thresholds_of_the_clustering_are_absolute_in_both(scale: float) -> None:
    """Below a total variance of 1e-10 no pair is correlated, so the clusters depend on the units."""
    panel = make_panel(scale=scale, ragged=True)
    spec = FitSpec(TYPES["HCGL"], LossOptions(span=24.0), penalty=PenaltyOptions(scale**2))
    both = Pair(fit(panel, spec=spec), reference_fit(panel, Beliefs(), spec))
    np.testing.assert_allclose(both.ours.clustering.tree.linkage, both.theirs.linkage_, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(both.ours.clusters, both.theirs.clusters_)


def test_the_design_cuts_into_more_than_one_cluster() -> None:
    assert min(pair(case).ours.n_clusters for case in CLUSTERED_CASES) > 1


# Statistics, at equal loadings --------------------------------------------------------------------


@every_case
def test_statistics_are_those_of_the_reference_at_its_own_loadings(case: Case) -> None:
    ours, theirs = pair(case).ours, pair(case).theirs
    stats, expected = in_sample(ours.data, moments(ours.data), pair(case).their_beta), theirs.estimation_result_
    size = np.nanstd(case.panel.y)
    for name, unit in (("alpha", size), ("ss_total", size**2), ("ss_res", size**2), ("r2", 1.0)):
        found = np.where(ours.short, np.nan, getattr(stats, name))
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-10, atol=1e-10 * unit)
    np.testing.assert_allclose(
        np.where(ours.short, np.nan, stats.alpha), theirs.intercept_, rtol=1e-10, atol=1e-10 * size
    )


@every_case
def test_the_constant_is_that_of_the_reference_at_its_own_loadings(case: Case) -> None:
    ours, theirs = pair(case).ours, pair(case).theirs
    expected, size = theirs.alpha_const_, np.nanstd(case.panel.y)
    found = np.where(ours.short, np.nan, constant(ours, pair(case).their_beta))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * size)


@every_case
def test_our_statistics_and_constant_are_those_formulas_at_our_loadings(case: Case) -> None:
    ours = pair(case).ours
    kept, stats = ~ours.short, in_sample(ours.data, moments(ours.data), ours.beta)
    for name in ("alpha", "ss_total", "ss_res", "r2"):
        np.testing.assert_array_equal(getattr(ours.statistics, name)[kept], getattr(stats, name)[kept])
        assert np.isnan(getattr(ours.statistics, name)[ours.short]).all()
    np.testing.assert_array_equal(ours.alpha[kept], constant(ours, ours.beta)[kept])
    assert np.isnan(ours.alpha[ours.short]).all()
    assert (ours.beta[ours.short] == 0).all()


def constant(ours: Fit, beta: np.ndarray) -> np.ndarray:
    """``ȳ_k - β_k·x̄_k`` about the weighted means over each response's valid rows, units of the panel."""
    return ours.data.y_means - (beta * ours.data.x_means).sum(axis=1)


@pytest.mark.parametrize("warmup", [8, 9])
def test_warm_up_zeroes_the_same_responses_down_to_the_last_observation(warmup: int) -> None:
    panel = make_panel(ragged=True)  # its last response has eight observations
    spec = FitSpec(penalty=PenaltyOptions(0.01), warmup_period=warmup)
    ours, theirs = fit(panel, spec=spec), reference_fit(panel, Beliefs(), spec)
    np.testing.assert_array_equal(ours.short, theirs.alpha_const_.isna())
    assert ours.short.sum() == warmup - 8


@pytest.mark.parametrize("warmup", [None, 3, 12])
def test_below_five_prepared_rows_both_refuse_alike(warmup: int | None) -> None:
    panel = make_panel(rows=4)
    spec = FitSpec(warmup_period=warmup)
    theirs = reference_fit(panel, Beliefs(), spec)
    np.testing.assert_array_equal(fit(panel, spec=spec).beta, theirs.coef_)


# Loadings, after tightening the reference ---------------------------------------------------------


@every_case
def test_the_reference_is_no_further_away_than_its_own_excess_objective_explains(case: Case) -> None:
    """At the minimiser, ``½ Δ'AΔ <= P(β) - P(β*)`` for every feasible β: the loss alone curves that much."""
    ours, clipped = pair(case).ours, pair(case).ours.box.clip(pair(case).their_beta)
    move = clipped - ours.solved.solution.beta
    curvature = 0.5 * (move * ours.problem.moments.times_gram(move)).sum(axis=1)
    excess = ours.problem.objective(clipped) - ours.problem.objective(ours.solved.solution.beta)
    rounding = 1e-13 * ours.problem.objective(clipped)
    assert (curvature <= excess + rounding)[~ours.short].all()


@pytest.mark.parametrize("case", LASSO_CASES, ids=repr)
def test_lasso_loadings_agree_to_1e9_once_the_reference_solves_to_1e14(case: Case) -> None:
    with tolerance(1e-14):
        theirs = reference_fit(case.panel, case.beliefs, case.spec)
    assert Pair(pair(case).ours, theirs).distance <= 1e-9


@pytest.mark.parametrize("case", GROUP_CASES[::4], ids=repr)
def test_group_loadings_agree_to_1e6_once_the_reference_solves_scaled_data_to_1e12(case: Case) -> None:
    """Data times 1000 and λ times its square leave β as it is.

    Every fourth line of the design; the others are as close, from 1e-10 to 8e-7, but for one where the
    cone solver gives up 1e-5 away at an objective 3e-10 above ours.
    """
    with tolerance(1e-12):
        theirs = reference_fit(case.panel, case.beliefs, case.spec, scale=1000.0)
    assert Pair(pair(case).ours, theirs).distance <= 1e-6


@pytest.mark.parametrize("model", WITH_PRIOR)
def test_where_the_reference_stops_early_our_objective_is_strictly_lower(model: str) -> None:
    panel = make_panel(seed=7, scale=SCALES["monthly"])
    beliefs = Beliefs.for_panel(panel, groups=some_groups(panel))
    size = 0.05 * largest_gradient(panel, FitSpec())
    spec = FitSpec(TYPES[model], penalty=PenaltyOptions(size, 0.3))
    early = Pair(fit(panel, beliefs, spec), reference_fit(panel, beliefs, spec))
    with tolerance(1e-12):
        late = Pair(early.ours, reference_fit(panel, beliefs, spec, scale=1000.0))
    ours, theirs = early.objectives()
    assert ours < theirs
    assert early.distance > 1e-6
    assert late.distance < 0.1 * early.distance  # made to go on, it comes to where we are


@pytest.mark.parametrize("model", ["GROUP_LASSO", "HCGL"])
def test_a_single_response_is_plain_lasso_for_both(model: str) -> None:
    panel = make_panel(seed=3, responses=1)
    beliefs = Beliefs.for_panel(panel, groups=some_groups(panel))
    spec = FitSpec(TYPES[model], penalty=PenaltyOptions(0.2, 0.4))
    with tolerance(1e-14):
        single = Pair(fit(panel, beliefs, spec), reference_fit(panel, beliefs, spec))
    assert single.distance <= 1e-9
    assert single.ours.clusters is None
    assert single.theirs.clusters_ is None


# Our own formulation in CVXPY ---------------------------------------------------------------------


def formulated(
    name: str,
    loss: LossOptions,
    alpha: float = 0.0,
    beliefs: str = "",
    ragged: bool = True,
    nonneg: bool = False,
) -> Case:
    """A small problem at unit scale; ``name`` starts with the model."""
    panel = make_panel(seed=len(name), rows=60, responses=5, factors=4, ragged=ragged)
    signs = some_signs(panel) if "signs" in beliefs else None
    prior = some_prior(panel) if "prior" in beliefs else None
    size = 0.1 * largest_gradient(panel, FitSpec(loss=loss))
    return Case(
        name,
        panel,
        Beliefs.for_panel(panel, signs=signs, prior=prior, groups=some_groups(panel)),
        FitSpec(TYPES[name.split()[0]], loss=loss, penalty=PenaltyOptions(size, alpha), nonneg=nonneg),
    )


OWN, MASS, BOTH = "per_response", "weight_sum", "signs and prior"
FORMULATED = [
    formulated("LASSO", LossOptions(), ragged=False),
    formulated("LASSO span, nonneg", LossOptions(span=24), nonneg=True),
    formulated("LASSO own means", LossOptions(centering=OWN)),
    formulated("LASSO own means, span, mass, signs and prior", LossOptions(24, True, OWN, MASS), beliefs=BOTH),
    formulated("LASSO rows dropped, mass", LossOptions(normalization=MASS, factor_rows="drop")),
    formulated("GROUP_LASSO signs and prior", LossOptions(), beliefs=BOTH),
    formulated("GROUP_LASSO sparse, mass", LossOptions(normalization=MASS), alpha=0.3, beliefs="prior"),
    formulated("GROUP_LASSO own means, span", LossOptions(24, True, OWN), alpha=0.3, beliefs="signs"),
    formulated("HCGL", LossOptions(), ragged=False),
    formulated("HCGL span, mass, signs and prior", LossOptions(24, True, "panel", MASS), 0.5, BOTH),
    formulated("HCGL own means, mass, nonneg", LossOptions(None, True, OWN, MASS), nonneg=True),
    formulated("HCGL raw data", LossOptions(demean=False), alpha=0.2, beliefs="prior"),
]


@pytest.mark.parametrize("case", FORMULATED, ids=repr)
def test_the_fast_solver_never_ends_above_the_cone_program(case: Case) -> None:
    problem = fit(case.panel, case.beliefs, case.spec).problem
    with quiet():
        cone = reference.solve(problem, "CLARABEL").beta
    exact = fast.solve(problem).beta
    assert problem.objective(exact).sum() <= problem.objective(cone).sum() * (1 + 1e-9)
    assert np.abs(exact - cone).max() <= 1e-4 * np.abs(exact).max()


@pytest.mark.parametrize("case", FORMULATED, ids=repr)
def test_moments_and_cone_program_state_the_same_loss(case: Case) -> None:
    """The program is written from the data, the fast solver from moments: their optima have one value."""
    problem = fit(case.panel, case.beliefs, case.spec).problem
    with quiet():
        cone = reference.solve(problem, "CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10)
    best = problem.objective(fast.solve(problem).beta).sum()
    assert problem.objective(cone.beta).sum() == pytest.approx(best, rel=1e-8)


def model_and_data(model: str, **parameters: object) -> tuple[LassoModel, pd.DataFrame, pd.DataFrame]:
    panel = make_panel(seed=5, rows=60, responses=5, factors=4)
    return LassoModel(TYPES[model], some_groups(panel), 0.1, **parameters), *frames(panel)


@pytest.mark.parametrize("model", TYPES)
def test_a_solver_named_in_the_model_gives_the_same_loadings_with_a_certificate(model: str) -> None:
    cone, x, y = model_and_data(model, solver="CLARABEL")
    with quiet():
        cone.fit(x, y)
    fast_model = cone.copy({"solver": "fast"}).fit(x, y)
    np.testing.assert_allclose(cone.coef_, fast_model.coef_, rtol=0, atol=1e-4)
    assert cone.fit_.solved.solution.solver == "CLARABEL"
    assert fast_model.fit_.solved.solution.solver == "fast"
    assert 0 <= cone.certificate_.relative_gap <= 1e-4
    assert fast_model.certificate_.relative_gap <= 1e-9


@pytest.mark.parametrize("model", TYPES)
@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_a_solver_that_stops_above_the_proved_gap_is_said_to_leave_it_unproved(model: str, scale: float) -> None:
    panel = make_panel(seed=5, scale=scale)
    beliefs = Beliefs.for_panel(panel, groups=some_groups(panel))
    spec = FitSpec(TYPES[model], penalty=PenaltyOptions(0.1 * scale**2))
    with quiet():
        cone = fit(panel, beliefs, spec, solver="CLARABEL")
    said = {notice.code for notice in cone.notices}
    assert ("unproved" in said) == (cone.certificate.relative_gap > 1e-9)
    assert "unproved" in said or (model, scale) != ("LASSO", SCALES["monthly"])  # so it does happen


def test_a_fallback_is_tried_when_a_solver_cannot_solve_the_problem() -> None:
    model, x, y = model_and_data("HCGL", solver="OSQP", solver_fallbacks=["CLARABEL"])
    with quiet():
        model.fit(x, y)
    assert model.fit_.solved.solution.solver == "CLARABEL"


def test_without_a_fallback_a_solver_that_cannot_solve_the_problem_raises() -> None:
    model, x, y = model_and_data("HCGL", solver="OSQP")
    with pytest.raises(SolverError, match="OSQP"), quiet():
        model.fit(x, y)


def test_an_unknown_solver_raises_and_lists_the_installed_ones() -> None:
    model, x, y = model_and_data("LASSO", solver="NO_SUCH_SOLVER")
    with pytest.raises(SolverError, match="'NO_SUCH_SOLVER' is not installed") as error:
        model.fit(x, y)
    assert all(name in str(error.value) for name in ["fast", *cp.installed_solvers()])
    assert not hasattr(model, "coef_")


# scikit-learn -------------------------------------------------------------------------------------


def scikit(size: float, positive: bool = False) -> Lasso:
    """Their loss carries 1/(2T), ours 1/T."""
    return Lasso(alpha=size / 2, tol=1e-14, max_iter=100_000, positive=positive)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("nonneg", [False, True])
def test_plain_lasso_is_that_of_scikit_learn_at_half_the_penalty(scale: float, share: float, nonneg: bool) -> None:
    x, y = frames(make_panel(seed=11, scale=scale, rows=120))
    size = share * reference_lambda(Panel.from_frames(x, y))
    model = LassoModel(reg_lambda=size, nonneg=nonneg).fit(x, y)
    for name in y:
        theirs = scikit(size, nonneg).fit(x, y[name])
        assert np.abs(model.coef_.loc[name] - theirs.coef_).max() <= 1e-9
        np.testing.assert_array_equal(model.coef_.loc[name] == 0, theirs.coef_ == 0)
        assert model.alpha_const_[name] == pytest.approx(theirs.intercept_, rel=0, abs=1e-9 * scale)
        np.testing.assert_allclose(model.predict(x)[name], theirs.predict(x), rtol=0, atol=1e-8 * scale)


@pytest.mark.parametrize("span", [None, 24.0])
@pytest.mark.parametrize("share", [0.01, 0.2])
def test_with_own_means_lasso_on_ragged_data_is_that_of_scikit_learn_on_each_response_s_weighted_rows(
    span: float | None, share: float
) -> None:
    complete, holed = make_panel(seed=12), make_panel(seed=12, ragged=True)
    x, y = frames(to_panel(complete.x, holed.y))
    size = share * reference_lambda(Panel.from_frames(x, y))
    own = {"centering": "per_response", "loss_normalization": "weight_sum", "warmup_period": None}
    model = LassoModel(reg_lambda=size, span=span, **own).fit(x, y)
    weights = np.ones(len(x)) if span is None else loss_weights(len(x), span)
    for name in y:
        rows = y[name].notna().to_numpy()
        theirs = scikit(size).fit(x[rows], y[name][rows], sample_weight=weights[rows])
        assert np.abs(model.coef_.loc[name] - theirs.coef_).max() <= 1e-9
        assert model.alpha_const_[name] == pytest.approx(theirs.intercept_, rel=0, abs=1e-9)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
def test_factor_blocks_over_one_cluster_are_the_multi_task_lasso_of_scikit_learn(scale: float, share: float) -> None:
    """The norm of a factor's loadings over all tasks, at ``λ √N = 2 alpha``."""
    panel = make_panel(seed=13, scale=scale, rows=120)
    x, y = frames(panel)
    size = share * reference_lambda(panel)
    one = pd.Series("all", index=panel.responses)
    model = LassoModel(TYPES["FCGL"], reg_lambda=size).fit(x, y, external_clusters=one)
    theirs = MultiTaskLasso(alpha=size * np.sqrt(y.shape[1]) / 2, tol=1e-14, max_iter=100_000).fit(x, y)
    assert np.abs(model.coef_ - theirs.coef_).max(axis=None) <= 1e-9
    np.testing.assert_array_equal(model.coef_ == 0, theirs.coef_ == 0)
