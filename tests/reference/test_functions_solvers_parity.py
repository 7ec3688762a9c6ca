"""The solver functions against those of the reference, factorlasso 1.0.6, by the same keywords.

The objective is written out here from its formula, apart from ours and theirs, and evaluated at both answers,
the reference's clipped to its bounds: ours is never above. Loadings are compared at unit scale after the
reference's stopping rule is tightened.
"""

from __future__ import annotations

import inspect
from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core.functions import solvers
from factorlasso_core.prepare import get_x_y_np
from tests.reference.support import frames, make_panel, quiet, tolerance
from tests.reference.test_golden import GOLDEN, HALF_OF_EIGHTH_DIGIT, golden_frames

NAN = np.nan
LASSO = "solve_lasso_cvx_problem"
GROUP = "solve_group_lasso_cvx_problem"
PATH = "solve_group_lasso_path"
COOPERATIVE = "solve_cooperative_group_lasso_cvx_problem"
UNILASSO = "solve_unilasso_cvx_problem"

N, M = 6, 4
LOADINGS = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
EMPTY = np.column_stack([LOADINGS, np.zeros(N, dtype=int)])
ORPHAN = LOADINGS * (np.arange(N) != 3)[:, None]
OVERLAP = LOADINGS + np.outer(np.arange(N) == 0, [0, 1, 0])
BLOCK = {"block_mode": "cluster_factor"}
RANDOM = np.random.default_rng(7)
PRIOR = np.where(RANDOM.random((N, M)) < 0.2, NAN, 0.5 * RANDOM.standard_normal((N, M)))
SIGNS = RANDOM.choice([1.0, -1.0, 0.0, NAN, 2.5], size=(N, M))
LOWER = np.where(RANDOM.random((N, M)) < 0.4, NAN, -0.4 * RANDOM.random((N, M)))
UPPER = np.where(RANDOM.random((N, M)) < 0.4, NAN, 0.4 * RANDOM.random((N, M)))
CELL, ROW = RANDOM.random((N, M)) * 3, RANDOM.random(N) * 2
BELIEFS = {"factors_beta_loading_signs": SIGNS, "factors_beta_prior": PRIOR}
BOUNDS = {"beta_lower_bounds": LOWER, "beta_upper_bounds": UPPER}


def panel_arrays(span: float | None = None, ragged: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    panel = make_panel(11, rows=80, responses=N, factors=M, ragged=ragged)
    return get_x_y_np(*frames(panel), span)


# The signatures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LASSO, GROUP, PATH, COOPERATIVE, UNILASSO])
def test_the_keywords_stand_in_the_order_of_the_reference_with_its_defaults(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (solvers, factorlasso))
    assert list(ours) == list(theirs)
    differ = [key for key in ours if ours[key].default != theirs[key].default or ours[key].kind != theirs[key].kind]
    assert differ == ["solver"]


# The objective ------------------------------------------------------------------------------------


def loss(beta: np.ndarray, x, y, mask, span=None, loss_normalization="sample") -> float:
    decay = 1.0 if span is None else 1.0 - 2.0 / (span + 1.0)
    weights = mask * decay ** np.arange(len(x) - 1, -1, -1.0)[:, None]
    divisor = np.full(y.shape[1], len(x)) if loss_normalization == "sample" else weights.sum(axis=0)
    return float((weights * (y - x @ beta.T) ** 2 / divisor).sum())


def penalty(d: np.ndarray, name: str, loadings, options: dict[str, Any]) -> float:
    cells = options.get("penalty_weights", np.ones(d.shape)) * np.abs(d)
    if name == LASSO:
        return float(cells.sum())
    share, rule = options.get("l1_weight", 0.0), options.get("group_penalty", "normalized")
    total = 0.0
    for g, members in enumerate(loadings.T == 1):
        size = np.sqrt(members.sum() / (loadings.shape[1] if rule == "normalized" else 1))
        parts = [np.maximum(d, 0), np.maximum(-d, 0)] if name == COOPERATIVE else [d]
        if name == GROUP and options.get("block_mode", "row") == "row":
            norms = (options.get("row_weights", np.ones(len(d))) * np.linalg.norm(d, axis=1))[members]
        else:
            columns = options.get("col_weights", np.ones((loadings.shape[1], d.shape[1])))[g]
            norms = sum(columns * np.linalg.norm(part[members], axis=0) for part in parts)
        total += size * norms.sum()
    return float((1 - share) * total + share * cells.sum())


def bounds(options: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    signs = options.get("factors_beta_loading_signs", np.full((N, M), NAN))
    least = 0.0 if options.get("nonneg") else -np.inf
    low = np.fmax(np.where(signs >= 0, 0.0, least), options.get("beta_lower_bounds", NAN))
    return low, np.fmin(np.where(signs <= 0, 0.0, np.inf), options.get("beta_upper_bounds", NAN))


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "lasso": (LASSO, {}),
    "lasso span": (LASSO, {"span": 24}),
    "lasso weight_sum": (LASSO, {"span": 24, "loss_normalization": "weight_sum"}),
    "lasso nonneg": (LASSO, {"nonneg": True}),
    "lasso beliefs weights": (LASSO, {**BELIEFS, "penalty_weights": CELL}),
    "lasso bounds": (LASSO, {**BOUNDS, "factors_beta_prior": PRIOR}),
    "lasso bounds nonneg": (LASSO, {"beta_lower_bounds": LOWER, "beta_upper_bounds": np.abs(UPPER), "nonneg": True}),
    "lasso bounds signs": (LASSO, {**BOUNDS, **BELIEFS}),
    "rows": (GROUP, {}),
    "rows l1": (GROUP, {"l1_weight": 0.3, "penalty_weights": CELL, "row_weights": ROW}),
    "rows yuan_lin span": (GROUP, {"group_penalty": "yuan_lin", "span": 24, **BELIEFS}),
    "rows nonneg weight_sum": (GROUP, {"nonneg": True, "loss_normalization": "weight_sum", "l1_weight": 0.1}),
    "rows bounds": (GROUP, {**BOUNDS, "l1_weight": 0.2}),
    "rows bounds beliefs": (GROUP, {**BOUNDS, **BELIEFS}),
    "rows empty group": (GROUP, {"group_loadings": EMPTY}),
    "rows no group": (GROUP, {"group_loadings": ORPHAN}),
    "rows overlap": (GROUP, {"group_loadings": OVERLAP, "l1_weight": 0.3}),
    "blocks": (GROUP, BLOCK),
    "blocks l1": (GROUP, {**BLOCK, "l1_weight": 0.3, "penalty_weights": CELL, "col_weights": CELL[:3]}),
    "blocks beliefs span": (GROUP, {**BLOCK, **BELIEFS, "span": 24, "group_penalty": "yuan_lin"}),
    "blocks bounds": (GROUP, {**BLOCK, **BOUNDS, "factors_beta_prior": PRIOR, "l1_weight": 0.1}),
    "blocks no group": (GROUP, {**BLOCK, "group_loadings": ORPHAN}),
    "blocks empty group": (GROUP, {**BLOCK, "group_loadings": EMPTY}),
    "cooperative": (COOPERATIVE, {}),
    "cooperative l1": (COOPERATIVE, {"l1_weight": 0.3, "factors_beta_prior": PRIOR, "col_weights": CELL[:3]}),
    "cooperative span": (COOPERATIVE, {"l1_weight": 0.1, "span": 24}),
    "cooperative weight_sum": (COOPERATIVE, {"loss_normalization": "weight_sum", "group_penalty": "yuan_lin"}),
    "cooperative no group": (COOPERATIVE, {"group_loadings": ORPHAN}),
}  # fmt: skip


def solved(module: Any, name: str, options: dict[str, Any], ragged: bool, reg_lambda: float = 0.08) -> Any:
    x, y, mask = panel_arrays(options.get("span"), ragged)
    given = {} if name == LASSO else {"group_loadings": LOADINGS}
    return getattr(module, name)(x, y, valid_mask=mask, **{"reg_lambda": reg_lambda, **given, **options})


@pytest.mark.parametrize("ragged", [False, True], ids=["complete", "ragged"])
@pytest.mark.parametrize("case", CASES)
def test_our_objective_is_not_above_and_our_loadings_are_near(case, ragged):
    name, options = CASES[case]
    ours = solved(solvers, name, options, ragged)
    with quiet(), tolerance(1e-11):
        theirs = solved(factorlasso, name, options, ragged)
    low, high = bounds(options)
    beta = ours.estimated_beta
    assert ((beta >= low) & (beta <= high)).all()
    x, y, mask = panel_arrays(options.get("span"), ragged)
    keys = ("span", "loss_normalization")
    prior = np.nan_to_num(options.get("factors_beta_prior", np.zeros((N, M))))
    loadings = options.get("group_loadings", LOADINGS)
    at = [
        loss(b, x, y, mask, **{key: options[key] for key in keys if key in options})
        + 0.08 * penalty(b - prior, name, loadings, options)
        for b in (beta, np.clip(theirs.estimated_beta, low, high))
    ]
    assert at[0] <= at[1] + 1e-12 * abs(at[1])
    # Their solver stops where a step fails: a last digit of the data moves its loadings by some 1e-5.
    np.testing.assert_allclose(theirs.estimated_beta, beta, rtol=0, atol=5e-5)
    for statistic in ("alpha", "ss_total", "ss_res", "r2"):
        np.testing.assert_allclose(getattr(theirs, statistic), getattr(ours, statistic), rtol=0, atol=1e-4)


@pytest.mark.parametrize("ragged", [False, True], ids=["complete", "ragged"])
@pytest.mark.parametrize("options", [{}, {"loo": False}, {"non_negative": False}, {"loo": False, "non_negative": False,
                         "span": 24}], ids=["default", "in sample", "signed", "both span"])  # fmt: skip
def test_unilasso_agrees(options, ragged):
    x, y, mask = panel_arrays(options.get("span"), ragged)
    ours = solvers.solve_unilasso_cvx_problem(x, y, valid_mask=mask, reg_lambda=0.05, **options)
    with quiet(), tolerance(1e-13):
        theirs = factorlasso.solve_unilasso_cvx_problem(x, y, valid_mask=mask, reg_lambda=0.05, **options)
    for name, value in vars(ours).items():
        np.testing.assert_allclose(getattr(theirs, name), value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {**BLOCK, "l1_weight": 0.2, **BELIEFS}], ids=["rows", "blocks"])
def test_paths_agree(options):
    lambdas = [0.3, 0.02, 0.1]
    x, y, mask = panel_arrays(ragged=True)
    ours = solvers.solve_group_lasso_path(x, y, LOADINGS, lambdas, mask, **options)
    with quiet(), tolerance(1e-11):
        theirs = factorlasso.solve_group_lasso_path(x, y, LOADINGS, lambdas, mask, **options)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(other.estimated_beta, mine.estimated_beta, rtol=0, atol=1e-5)


def test_a_mask_from_missing_responses_agrees():
    x, y, mask = panel_arrays(ragged=True)
    y = np.where(mask == 1, y, NAN)
    with quiet(), tolerance(1e-13):
        theirs = factorlasso.solve_lasso_cvx_problem(x, y, reg_lambda=0.05)
    ours = solvers.solve_lasso_cvx_problem(x, y, reg_lambda=0.05)
    np.testing.assert_allclose(theirs.estimated_beta, ours.estimated_beta, rtol=0, atol=1e-6)


# What the reference gives up or gets wrong --------------------------------------------------------


def test_where_no_value_is_admissible_the_reference_has_no_answer_and_ours_says_why():
    x, y, _ = panel_arrays()
    low = np.full((N, M), NAN)
    low[2, 1] = 0.3
    options = {"factors_beta_loading_signs": -np.ones((N, M)), "beta_lower_bounds": low}
    with quiet():
        assert np.isnan(factorlasso.solve_lasso_cvx_problem(x, y, **options).estimated_beta).all()
    with pytest.raises(ValueError, match="No loading of response 2 on factor 1"):
        solvers.solve_lasso_cvx_problem(x, y, **options)


def test_a_sign_matrix_cancels_nonneg_in_the_reference_and_is_intersected_here():
    x, y, _ = panel_arrays()
    free = np.full((N, M), NAN)
    with quiet():
        theirs = factorlasso.solve_lasso_cvx_problem(x, y, nonneg=True, factors_beta_loading_signs=free)
    ours = solvers.solve_lasso_cvx_problem(x, y, nonneg=True, factors_beta_loading_signs=free)
    assert theirs.estimated_beta.min() < -0.1 and ours.estimated_beta.min() == 0


# Golden numbers and preparation -------------------------------------------------------------------


@pytest.mark.parametrize("case", GOLDEN)
def test_the_golden_loadings_through_the_functions(case):
    parameters = dict(GOLDEN[case].parameters)
    clustered = parameters.pop("model_type", None) is not None
    span = parameters.get("span")
    x, y, mask = get_x_y_np(*golden_frames(), span)
    given = {"group_loadings": np.array([[1, 0], [1, 0], [0, 1], [0, 1]])} if clustered else {}
    result = getattr(solvers, GROUP if clustered else LASSO)(x, y, valid_mask=mask, **given, **parameters)
    np.testing.assert_allclose(result.estimated_beta, GOLDEN[case].betas, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)
    np.testing.assert_array_equal(result.estimated_beta == 0, np.array(GOLDEN[case].betas) == 0)


@pytest.mark.parametrize("options", [{}, {"span": 12}, {"demean": False}, {"span": 12, "demean": False}])
def test_prepared_arrays_agree(options):
    x, y = frames(make_panel(4, ragged=True))
    for given in ((x, y), (x.iloc[:, 0], y.iloc[:, 0]), (x.fillna(0).round().astype(int), y)):
        ours = get_x_y_np(*given, **options)
        with quiet():
            theirs = factorlasso.get_x_y_np(*given, **options)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.dtype == other.dtype and mine.shape == other.shape
        (mx, my, mask), (ox, oy, other_mask) = ours, theirs
        np.testing.assert_array_equal(mask, other_mask)
        np.testing.assert_allclose(mx, ox, rtol=0, atol=1e-13)
        np.testing.assert_allclose(my, mask * oy, rtol=0, atol=1e-13)  # it keeps responses in rows without factors
        assert (my[mask == 0] == 0).all()


def test_rows_that_do_not_match_are_refused_by_both():
    x, y = frames(make_panel(4))
    for function in (get_x_y_np, factorlasso.get_x_y_np):
        with pytest.raises(ValueError, match="rows"):
            function(x, pd.DataFrame(y.to_numpy(), index=y.index[::-1]))
