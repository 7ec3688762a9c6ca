"""The solver functions on arrays: one answer with the model, every keyword, every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.attributes import LassoEstimationResult
from factorlasso_core.errors import BeliefsError, DataError, OptionError, SolverError
from factorlasso_core.functions import solvers
from factorlasso_core.functions.solvers import (
    solve_cooperative_group_lasso_cvx_problem,
    solve_group_lasso_cvx_problem,
    solve_group_lasso_path,
    solve_lasso_cvx_problem,
    solve_unilasso_cvx_problem,
)
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import get_x_y_np, prepare

NAN, INF = np.nan, np.inf
T, N, M = 60, 5, 3
GROUPS = np.array(["a", "a", "b", "b", "b"])
LOADINGS = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
BLOCK = {"block_mode": "cluster_factor"}


def arrays(ragged: bool = False, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Prepared arrays of unit scale."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((T, M)) + 0.4 * random.standard_normal((T, 1))
    y = x @ random.standard_normal((M, N)) + 0.6 * random.standard_normal((T, N))
    if ragged:
        y[random.random(y.shape) < 0.1] = NAN
        y[:20, 1] = NAN
    return x - x.mean(axis=0), y - np.nanmean(y, axis=0)


X, Y = arrays()


def lasso(x: Any = X, y: Any = Y, **options: Any) -> LassoEstimationResult:
    return solve_lasso_cvx_problem(x, y, **{"reg_lambda": 0.1, **options})


def group(loadings: Any = LOADINGS, x: Any = X, y: Any = Y, **options: Any) -> LassoEstimationResult:
    return solve_group_lasso_cvx_problem(x, y, loadings, **{"reg_lambda": 0.1, **options})


def cooperative(loadings: Any = LOADINGS, x: Any = X, y: Any = Y, **options: Any) -> LassoEstimationResult:
    return solve_cooperative_group_lasso_cvx_problem(x, y, loadings, **{"reg_lambda": 0.1, **options})


def unilasso(x: Any = X, y: Any = Y, **options: Any) -> LassoEstimationResult:
    return solve_unilasso_cvx_problem(x, y, **{"reg_lambda": 0.1, **options})


ALL = {"lasso": lasso, "group": group, "cooperative": cooperative, "unilasso": unilasso}
GROUPED = {"rows": group, "blocks": lambda *a, **k: group(*a, **k, **BLOCK), "cooperative": cooperative}


def least_squares(k: int) -> np.ndarray:
    return np.linalg.lstsq(X, Y[:, k], rcond=None)[0]


# One answer with the model ------------------------------------------------------------------------


CLUSTERS = pd.Series(GROUPS, index=[f"r{k}" for k in range(N)])
TYPES = {
    "lasso": (LassoModelType.LASSO, lasso, {}),
    "group": (LassoModelType.GROUP_LASSO, group, {"l1_weight": 0.3}),
    "fcgl": (LassoModelType.FACTOR_CLUSTER_GROUP_LASSO, group, {"l1_weight": 0.3}),
    "cooperative": (LassoModelType.COOPERATIVE_GROUP_LASSO, cooperative, {"l1_weight": 0.3}),
    "unilasso": (LassoModelType.UNILASSO, unilasso, {}),
}


@pytest.mark.parametrize("span", [None, 20.0])
@pytest.mark.parametrize("case", TYPES)
def test_what_a_model_solves_is_what_the_function_solves(case, span):
    kind, function, options = TYPES[case]
    x, y = arrays(ragged=True)
    factors, responses = pd.DataFrame(x + 1).add_prefix("f"), pd.DataFrame(y - 2).add_prefix("r")
    data = CLUSTERS if kind.needs_groups else None
    model = LassoModel(model_type=kind, reg_lambda=0.1, span=span, group_data=data, **options)
    model.fit(factors, responses, external_clusters=CLUSTERS if case == "fcgl" else None)
    px, py, mask = get_x_y_np(factors, responses, span)
    more = BLOCK if case == "fcgl" else {}
    result = function(x=px, y=py, valid_mask=mask, span=span, **options, **more)
    for name, expected in vars(model.estimation_result_).items():
        np.testing.assert_allclose(getattr(result, name), expected, rtol=1e-12, atol=1e-14)
    assert not result.estimated_beta.flags.writeable


UNPROVED = pytest.mark.filterwarnings("ignore:Not proved optimal")  # a cone solver stops early


@UNPROVED
@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
def test_a_cvxpy_solver_gives_the_answer_of_the_fast_one(function):
    slow = function(solver="NOPE", solver_fallbacks=["CLARABEL"], reg_lambda=0.3)
    np.testing.assert_allclose(slow.estimated_beta, function(reg_lambda=0.3).estimated_beta, atol=2e-5)


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
def test_an_unknown_solver_is_refused(function):
    with pytest.raises(SolverError, match="'NOPE' is not installed"):
        function(solver="NOPE")


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
def test_verbose_prints_one_line(function, capsys):
    function(verbose=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("objective ") and line.endswith("proved optimal")


# Path ---------------------------------------------------------------------------------------------


@UNPROVED
@pytest.mark.parametrize(
    "options", [{}, BLOCK, {"solver": "CLARABEL", "nonneg": True}], ids=["rows", "blocks", "cvxpy"]
)
def test_a_path_is_the_single_solves_in_the_order_given(options):
    lambdas = [0.5, 0.01, 0.5, 0.2]
    path = solve_group_lasso_path(X, Y, LOADINGS, (value for value in lambdas), l1_weight=0.2, **options)
    for value, result in zip(lambdas, path, strict=True):
        alone = group(reg_lambda=value, l1_weight=0.2, **options)
        for name, expected in vars(alone).items():
            np.testing.assert_allclose(getattr(result, name), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("lambdas", [[], np.empty(0), [0.1, -1.0], [NAN]])
def test_a_path_needs_lambdas(lambdas):
    with pytest.raises(OptionError, match="reg_lambda"):
        solve_group_lasso_path(X, Y, LOADINGS, lambdas)


# Signs, bounds, prior -----------------------------------------------------------------------------


def column(value: float) -> np.ndarray:
    """A matrix that speaks about the first factor only."""
    cells = np.full((N, M), NAN)
    cells[:, 0] = value
    return cells


def test_bounds_clip_each_loading_where_the_factors_are_orthogonal():
    x = np.linalg.qr(X)[0] * np.sqrt(T)
    free = lasso(x).estimated_beta
    random = np.random.default_rng(3)
    low, high = np.sort(0.5 * random.standard_normal((2, N, M)), axis=0)
    bounded = lasso(x, beta_lower_bounds=low, beta_upper_bounds=high).estimated_beta
    np.testing.assert_allclose(bounded, np.clip(free, low, high), atol=1e-13)
    assert (bounded != free).any() and ((bounded >= low) & (bounded <= high)).all()


@pytest.mark.parametrize("function", [lasso, group, GROUPED["blocks"]], ids=["lasso", "rows", "blocks"])
def test_bounds_that_are_nan_or_infinite_are_open(function):
    low, high = np.full((N, M), NAN), np.full((N, M), INF)
    low[0] = -INF
    open_ = function(beta_lower_bounds=low, beta_upper_bounds=high)
    np.testing.assert_array_equal(open_.estimated_beta, function().estimated_beta)


@pytest.mark.parametrize("function", [lasso, group, GROUPED["blocks"]], ids=["lasso", "rows", "blocks"])
def test_signs_bounds_and_nonneg_all_hold(function):
    beta = function(
        nonneg=True,
        factors_beta_loading_signs=np.array([1.0, -1.0, NAN]),
        factors_beta_prior=np.full((N, M), -0.7),
        beta_lower_bounds=column(-0.5),
        beta_upper_bounds=column(0.05),
    ).estimated_beta
    assert (beta >= 0).all() and (beta[:, 1] == 0).all() and beta[:, 0].max() == 0.05


def test_equal_bounds_fix_a_loading():
    beta = lasso(beta_lower_bounds=column(0.3), beta_upper_bounds=column(0.3)).estimated_beta
    assert (beta[:, 0] == 0.3).all()
    rest = lasso(X[:, 1:], Y - 0.3 * X[:, :1]).estimated_beta
    np.testing.assert_allclose(beta[:, 1:], rest, atol=1e-12)


EMPTY = {
    "lower over upper": {"beta_lower_bounds": column(0.3), "beta_upper_bounds": column(0.3 - 1e-12)},
    "sign against bound": {"factors_beta_loading_signs": column(-1), "beta_lower_bounds": column(0.3)},
    "zero against bound": {"factors_beta_loading_signs": column(0), "beta_upper_bounds": column(-0.3)},
    "nonneg against bound": {"nonneg": True, "beta_upper_bounds": column(-0.3)},
    "lower at infinity": {"beta_lower_bounds": column(INF)},
    "upper at minus infinity": {"beta_upper_bounds": column(-INF)},
}


@pytest.mark.parametrize("options", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("function", [lasso, group], ids=["lasso", "group"])
def test_a_cell_without_any_admissible_value_is_named(function, options):
    with pytest.raises(BeliefsError, match="No loading of response 0 on factor 0"):
        function(**options)


def test_signs_count_by_their_sign_and_dust_is_zero():
    signs = np.tile([1.0, -1.0, 0.0], (N, 1))
    expected = lasso(factors_beta_loading_signs=signs).estimated_beta
    np.testing.assert_array_equal(lasso(factors_beta_loading_signs=signs * 2.5).estimated_beta, expected)
    dust = np.array([0.1, -3.0, 1e-9])
    np.testing.assert_array_equal(lasso(factors_beta_loading_signs=dust).estimated_beta, expected)
    assert (expected[:, 2] == 0).all()


@pytest.mark.parametrize("function", [lasso, group, GROUPED["blocks"], cooperative], ids=["lasso", *GROUPED])
def test_a_large_penalty_leaves_the_prior_and_nan_is_zero(function):
    prior = np.array([0.5, NAN, -2.0])
    beta = function(factors_beta_prior=prior, reg_lambda=1e3).estimated_beta
    np.testing.assert_array_equal(beta, np.tile([0.5, 0.0, -2.0], (N, 1)))


# Weights ------------------------------------------------------------------------------------------


def test_a_penalty_weight_is_a_multiple_of_lambda():
    beta = lasso(penalty_weights=np.repeat([[3.0], [3.0], [1.0], [0.0], [1.0]], M, axis=1)).estimated_beta
    np.testing.assert_allclose(beta[:2], lasso(reg_lambda=0.3).estimated_beta[:2], atol=1e-12)
    np.testing.assert_allclose(beta[2], lasso().estimated_beta[2], atol=1e-12)
    np.testing.assert_allclose(beta[3], least_squares(3), atol=1e-12)


def test_a_row_weight_is_a_multiple_of_lambda_and_blocks_do_not_use_it():
    weights = np.array([2.0, 1.0, 0.5, 0.0, 1.0])
    beta = group(row_weights=weights).estimated_beta
    for k, weight in enumerate(weights):
        np.testing.assert_allclose(beta[k], group(reg_lambda=0.1 * weight).estimated_beta[k], atol=1e-12)
    np.testing.assert_array_equal(group(row_weights=weights, **BLOCK).estimated_beta, group(**BLOCK).estimated_beta)


@pytest.mark.parametrize("name", ["blocks", "cooperative"])
def test_a_block_weight_is_a_multiple_of_lambda_for_its_group_and_rows_do_not_use_it(name):
    function = GROUPED[name]
    beta = function(col_weights=np.array([[2.0] * M, [0.5] * M])).estimated_beta
    np.testing.assert_allclose(beta[:2], function(reg_lambda=0.2).estimated_beta[:2], atol=1e-11)
    np.testing.assert_allclose(beta[2:], function(reg_lambda=0.05).estimated_beta[2:], atol=1e-11)
    zero = function(col_weights=np.array([[1e6, 0, 0], [0, 0, 0]])).estimated_beta
    assert (zero[:2, 0] == 0).all() and (zero[:2, 1:] != 0).all()
    np.testing.assert_allclose(zero[3], least_squares(3), atol=1e-12)
    np.testing.assert_array_equal(group(col_weights=np.ones((2, M)) * 9).estimated_beta, group().estimated_beta)


def test_all_of_lambda_on_the_cells_is_the_lasso():
    for function in GROUPED.values():
        np.testing.assert_allclose(function(l1_weight=1.0).estimated_beta, lasso().estimated_beta, atol=1e-12)


# Groups -------------------------------------------------------------------------------------------


def test_the_weight_of_a_group_is_the_root_of_its_share():
    for k, size in enumerate([2, 2, 3, 3, 3]):
        one = np.ones((1, 1))
        alone = group(one, y=Y[:, [k]], reg_lambda=0.1 * np.sqrt(size / 2)).estimated_beta[0]
        np.testing.assert_allclose(group().estimated_beta[k], alone, atol=1e-12)
        alone = group(one, y=Y[:, [k]], reg_lambda=0.1 * np.sqrt(size)).estimated_beta[0]
        np.testing.assert_allclose(group(group_penalty="yuan_lin").estimated_beta[k], alone, atol=1e-12)


@pytest.mark.parametrize("function", GROUPED.values(), ids=GROUPED)
def test_an_empty_group_counts_in_the_number_of_groups_alone(function):
    wide = np.column_stack([LOADINGS, np.zeros(N)])
    more = function(wide, reg_lambda=0.1 * np.sqrt(3 / 2)).estimated_beta
    np.testing.assert_allclose(more, function().estimated_beta, atol=1e-12)
    sized = [function(loadings, group_penalty="yuan_lin").estimated_beta for loadings in (wide, LOADINGS)]
    np.testing.assert_array_equal(*sized)


@pytest.mark.parametrize("function", GROUPED.values(), ids=GROUPED)
def test_a_response_in_no_group_has_no_group_term(function):
    orphan = LOADINGS.copy()
    orphan[3] = 0
    beta = function(orphan).estimated_beta
    np.testing.assert_allclose(beta[3], least_squares(3), atol=1e-12)
    for loadings in (np.zeros((N, 2)), np.zeros((N, 0))):
        np.testing.assert_allclose(function(loadings).estimated_beta[0], least_squares(0), atol=1e-12)


def test_a_row_in_two_groups_pays_for_both():
    both = LOADINGS.copy()
    both[0, 1] = 1
    weights = np.array([1 + np.sqrt(4 / 2), 1, *[np.sqrt(4 / 2)] * 3])
    by_hand = group(np.ones((N, 1)), group_penalty="yuan_lin", row_weights=weights / np.sqrt(N))
    np.testing.assert_allclose(group(both).estimated_beta, by_hand.estimated_beta, atol=1e-12)


@pytest.mark.parametrize("name", ["blocks", "cooperative"])
def test_where_responses_share_a_norm_two_groups_are_refused(name):
    both = LOADINGS.copy()
    both[1] = 1
    with pytest.raises(DataError, match="Response 1 is in 2 groups"):
        GROUPED[name](both)


def test_booleans_are_group_loadings():
    np.testing.assert_array_equal(group(LOADINGS.astype(bool)).estimated_beta, group().estimated_beta)


# Masks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
@pytest.mark.parametrize("kind", [bool, float])
def test_a_mask_is_as_good_as_missing_values(function, kind):
    x, y = arrays(ragged=True)
    mask = ~np.isnan(y)
    expected = function(x=x, y=y)
    for values in (y, np.nan_to_num(y, nan=77.0)):
        result = function(x=x, y=values, valid_mask=mask.astype(kind))
        for name, value in vars(expected).items():
            np.testing.assert_array_equal(getattr(result, name), value)


def test_a_row_that_counts_for_nobody_needs_no_factors():
    x, y = X.copy(), Y.copy()
    x[5], y[5] = NAN, NAN
    short = lasso(np.delete(X, 5, axis=0), np.delete(Y, 5, axis=0), reg_lambda=0.1 * T / (T - 1))
    np.testing.assert_allclose(lasso(x, y).estimated_beta, short.estimated_beta, atol=1e-12)


def test_a_response_without_a_valid_row_gets_its_prior_and_no_statistics():
    y = Y.copy()
    y[:, 2] = NAN
    result = lasso(y=y, factors_beta_prior=np.full(M, 0.25))
    np.testing.assert_array_equal(result.estimated_beta[2], 0.25)
    assert all(np.isnan(getattr(result, name)[2]) for name in ("alpha", "ss_total", "ss_res", "r2"))


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
@pytest.mark.parametrize("rows", [0, 4])
def test_fewer_than_five_rows_give_nan_and_the_caller_is_warned(function, rows):
    with pytest.warns(UserWarning, match=f"Only {rows} rows: at least 5") as caught:
        result = solve_lasso_cvx_problem(X[:rows], Y[:rows])
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match=f"Only {rows} rows"):
        other = function(x=X[:rows], y=Y[:rows])
    for outcome in (result, other):
        assert outcome.estimated_beta.shape == (N, M)
        assert all(np.isnan(value).all() for value in vars(outcome).values())


def test_a_short_path_has_a_result_for_every_lambda():
    with pytest.warns(UserWarning, match="Only 3 rows") as caught:
        path = solve_group_lasso_path(X[:3], Y[:3], LOADINGS, [0.1, 0.2])
    assert len(path) == 2 and len(caught) == 1 and caught[0].filename == __file__


def test_an_answer_that_is_not_proved_is_warned_of(monkeypatch):
    monkeypatch.setattr(solvers, "PROVED", -1.0)
    with pytest.warns(UserWarning, match=r"relative duality gap is .*solver='fast'") as caught:
        solve_group_lasso_path(X, Y, LOADINGS, [0.2])
    assert caught[0].filename == __file__


# Refusals -----------------------------------------------------------------------------------------


def with_value(values: np.ndarray, value: float) -> np.ndarray:
    changed = values.astype(float)
    changed[3, 1] = value
    return changed


BAD = {
    "vector y": ({"y": Y[:, 0]}, DataError, "y has the shape"),
    "vector x": ({"x": X[:, 0]}, DataError, "x has the shape"),
    "cube": ({"x": X[:, :, None]}, DataError, "x has the shape"),
    "no factor": ({"x": X[:, :0]}, DataError, "x has the shape"),
    "rows": ({"x": X[1:]}, DataError, "x has 59 rows and y 60"),
    "text": ({"y": np.full((T, N), "a")}, DataError, "y holds something"),
    "infinite y": ({"y": with_value(Y, INF)}, DataError, "y is infinite in row 3, column 1"),
    "infinite x": ({"x": with_value(X, -INF)}, DataError, "x is infinite in row 3, column 1"),
    "missing x": ({"x": with_value(X, NAN)}, DataError, "x is missing in row 3, column 1"),
    "mask shape": ({"valid_mask": np.ones((T, 2))}, DataError, "valid_mask has the shape"),
    "mask half": ({"valid_mask": np.full((T, N), 0.5)}, DataError, "other than 0 and 1"),
    "mask of a hole": ({"y": with_value(Y, NAN), "valid_mask": np.ones((T, N))}, DataError, "row 3, column 1"),
    "lambda": ({"reg_lambda": -1.0}, OptionError, "reg_lambda"),
    "lambda nan": ({"reg_lambda": NAN}, OptionError, "reg_lambda"),
    "span": ({"span": 1}, OptionError, "span"),
}  # fmt: skip
BAD_CELLS = {
    "normalization": ({"loss_normalization": "mass"}, OptionError, "loss_normalization"),
    "prior shape": ({"factors_beta_prior": np.zeros((N, 2))}, BeliefsError, "factors_beta_prior has the shape"),
    "prior infinite": ({"factors_beta_prior": np.full((N, M), INF)}, BeliefsError, "factors_beta_prior is infinite"),
}
BAD_BELIEFS = {
    "signs shape": ({"factors_beta_loading_signs": np.ones((2, M))}, BeliefsError, "signs has the shape"),
    "signs text": ({"factors_beta_loading_signs": np.full((N, M), "+")}, BeliefsError, "signs holds something"),
    "lower shape": ({"beta_lower_bounds": np.zeros(M)}, BeliefsError, "beta_lower_bounds has the shape"),
    "upper shape": ({"beta_upper_bounds": 1.0}, BeliefsError, "beta_upper_bounds has the shape"),
    "weights shape": ({"penalty_weights": np.ones(M)}, DataError, "penalty_weights has the shape"),
    "weights negative": ({"penalty_weights": -np.ones((N, M))}, DataError, "penalty_weights holds"),
    "weights infinite": ({"penalty_weights": np.full((N, M), INF)}, DataError, "penalty_weights holds"),
    "nonneg": ({"nonneg": 1}, OptionError, "nonneg"),
}
BAD_GROUPS = {
    "no matrix": ({"loadings": GROUPS == "a"}, DataError, "group_loadings has the shape"),
    "rows": ({"loadings": LOADINGS[1:]}, DataError, "one row for each of 5"),
    "fractions": ({"loadings": 0.5 * LOADINGS}, DataError, "other than 0 and 1"),
    "missing": ({"loadings": np.where(LOADINGS == 0, NAN, 1)}, DataError, "other than 0 and 1"),
    "rule": ({"group_penalty": "size"}, OptionError, "group_penalty"),
    "share": ({"l1_weight": 1.5}, OptionError, "l1_weight"),
    "block weights": ({"col_weights": np.ones((N, M))}, DataError, "col_weights has the shape"),
}
BAD_ROWS = {
    "row weights": ({"row_weights": np.ones((N, 1))}, DataError, "row_weights has the shape"),
    "mode": ({"block_mode": "factor"}, OptionError, "'row', 'cluster_factor'"),
}
REFUSED = [
    *((name, function, *case) for name, function in ALL.items() for case in BAD.values()),
    *((name, ALL[name], *case) for name in ("lasso", "group", "cooperative") for case in BAD_CELLS.values()),
    *((name, ALL[name], *case) for name in ("lasso", "group") for case in BAD_BELIEFS.values()),
    *((name, ALL[name], *case) for name in ("group", "cooperative") for case in BAD_GROUPS.values()),
    *(("group", group, *case) for case in BAD_ROWS.values()),
]


@pytest.mark.parametrize(("name", "function", "options", "error", "words"), REFUSED)
def test_what_cannot_be_used_is_named(name, function, options, error, words):
    with pytest.raises(error, match=words) as caught:
        function(**options)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("option", [{"loo": 1}, {"non_negative": "yes"}])
def test_a_variant_of_unilasso_is_a_flag(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        unilasso(**option)


def test_nothing_given_is_changed_or_kept():
    x, y, mask = (values.copy() for values in (X, Y, np.ones((T, N))))
    prior, signs = np.full((N, M), NAN), np.ones((N, M))
    lasso(x, y, valid_mask=mask, factors_beta_prior=prior, factors_beta_loading_signs=signs)
    for values in (x, y, mask, prior, signs):
        values[:] = 5  # still the caller's own
    np.testing.assert_array_equal(lasso().estimated_beta, lasso(X, Y).estimated_beta)


# get_x_y_np ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"span": 12}, {"demean": False}, {"span": 12, "demean": False}])
def test_the_arrays_are_those_of_the_loss(options):
    x, y = arrays(ragged=True)
    x[4], x[9, 1] = NAN, NAN
    factors, responses = pd.DataFrame(x + 3), pd.DataFrame(y - 1)
    data = prepare(Panel.from_frames(factors, responses), LossOptions(**options))
    found = get_x_y_np(factors, responses, **options)
    for values, expected in zip(found, (data.x, data.y, data.valid.astype(float)), strict=True):
        np.testing.assert_array_equal(values, expected)
        assert values.flags.writeable and values.dtype == float


def test_series_are_columns_and_arrays_are_taken_too():
    x, y, mask = get_x_y_np(pd.Series(X[:, 0]), Y[:, :2])
    assert (x.shape, y.shape, mask.shape) == ((T, 1), (T, 2), (T, 2))
    np.testing.assert_allclose(x[:, 0], X[:, 0] - X[:, 0].mean(), atol=1e-15)


def test_rows_that_do_not_match_are_refused():
    dates = pd.date_range("2020", periods=T, freq="D")
    with pytest.raises(DataError, match="different row labels"):
        get_x_y_np(pd.DataFrame(X, index=dates), pd.DataFrame(Y, index=dates[::-1]))
    with pytest.raises(OptionError, match="span"):
        get_x_y_np(X, Y, span=1)
