"""Draws are fits of predictions plus shared noise, the same whichever way they are solved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.resample import FactorBootstrapResult, bootstrap_factor_betas, draws, fits, result

NAN = np.nan
ROWS = 60
DATES = pd.date_range("2015-01-31", periods=ROWS, freq="ME")
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.standard_normal((ROWS, 3)) + 0.3, index=DATES, columns=["a", "b", "c"])
TRUTH = np.array([[1.0, 0.5, 0.0], [0.9, 0.6, 0.0], [0.0, -1.0, 0.5], [0.0, -0.8, 0.4], [0.2, 0.0, 0.0]])
NAMES = ["p", "q", "r", "s", "t"]
Y = pd.DataFrame(X.to_numpy() @ TRUTH.T + 1.0 + 0.5 * rng.standard_normal((ROWS, 5)), DATES, NAMES)
HOLES = Y.assign(q=Y["q"].where(np.arange(ROWS) >= 20), s=Y["s"].where(~np.isin(np.arange(ROWS), [30, 31])))
GROUPS = pd.Series(list("uuvvv"), index=NAMES)
HCGL = LassoModelType.GROUP_LASSO_CLUSTERS
DERIVED: dict[str, Any] = {"auto_sign_constraints": True, "auto_sign_adaptive_weights": True}
MODELS: dict[str, dict[str, Any]] = {
    "lasso": {"model_type": LassoModelType.LASSO},
    "lasso span": {"model_type": LassoModelType.LASSO, "span": 20},
    "lasso signs": {"model_type": LassoModelType.LASSO, "nonneg": True},
    "lasso own means": {"model_type": LassoModelType.LASSO, "centering": "per_response"},
    "uni": {"model_type": LassoModelType.UNILASSO},
    "group": {"model_type": LassoModelType.GROUP_LASSO, "group_data": GROUPS, "l1_weight": 0.3},
    "hcgl": {"model_type": HCGL, "l1_weight": 0.3},
    "hcgl derived": {"model_type": HCGL, "l1_weight": 0.3, **DERIVED},
    "fcgl": {"model_type": LassoModelType.FACTOR_CLUSTER_GROUP_LASSO, "l1_weight": 0.3},
    "fcgl derived": {"model_type": LassoModelType.FACTOR_CLUSTER_GROUP_LASSO, **DERIVED},
    "cooperative": {"model_type": LassoModelType.COOPERATIVE_GROUP_LASSO, "group_data": GROUPS},
    "cooperative clusters": {"model_type": LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO},
    "ols prior": {"model_type": LassoModelType.LASSO, "apply_ols_prior": True},
}


def model(name: str = "hcgl", **changes: Any) -> LassoModel:
    return LassoModel(**{"reg_lambda": 0.05, "cutoff_fraction": 0.6, **MODELS[name], **changes})


def run(name: str = "hcgl", y: pd.DataFrame = HOLES, **options: Any) -> FactorBootstrapResult:
    return bootstrap_factor_betas(model(name), X, y, **{"draws": 20, **options})


def numbers(values: Any = None, count: int = 20) -> pd.DataFrame:
    random = np.random.default_rng(1).standard_normal((count, ROWS))
    return pd.DataFrame(random if values is None else values, columns=DATES, index=range(count))


def without_row(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.where(np.tile(np.arange(ROWS)[:, None] != 5, frame.shape[1]))


def cube(found: FactorBootstrapResult) -> np.ndarray:
    return found.draws.to_numpy().reshape(-1, *found.estimate.shape)


def drawn(name: str, xi: pd.Series, y: pd.DataFrame = HOLES, **changes: Any) -> pd.DataFrame:
    """One draw of the responses by the formula."""
    fitted = model(name, **changes).fit(X, y)
    prediction, span = fitted.predict(X), fitted.effective_span_
    weight = pd.Series(1.0 if span is None else (1 - 2 / (span + 1)) ** np.arange(ROWS - 1, -1, -1.0), X.index)
    left = y - prediction
    mean = left.mul(weight, axis=0).sum() / y.notna().mul(weight, axis=0).sum()
    return prediction + (left - mean).mul(xi, axis=0)


# Draws --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_draw_is_the_fit_of_predictions_plus_residuals_times_numbers(name):
    xi = numbers()
    found = cube(run(name, multipliers=xi))
    for draw in (0, 7):
        expected = model(name).fit(X, drawn(name, xi.iloc[draw]))
        np.testing.assert_allclose(found[draw], expected.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["hcgl", "fcgl"])
def test_clusters_and_signs_can_be_held(name):
    xi, derived = numbers(), {"auto_sign_constraints": True, "auto_sign_threshold_t": 3.0}
    found = bootstrap_factor_betas(model(name, **derived), X, HOLES, draws=20, multipliers=xi, recluster=False)
    start = model(name, **derived).fit(X, HOLES)
    for draw in (0, 11):
        plain = model(name, factors_beta_loading_signs=start.derived_signs_)
        y = drawn(name, xi.iloc[draw], **derived)
        expected = plain.fit(X, y, external_clusters=start.clusters_)
        np.testing.assert_allclose(cube(found)[draw], expected.coef_, rtol=1e-6, atol=1e-9)
    changed = found.fit_diagnostics[["partition_changed", "sign_cells_changed", "adaptive_cells_changed"]]
    assert not changed.to_numpy().any()


def test_adaptive_weights_and_the_prior_are_held_with_them():
    xi = numbers(1.0 + 0.001 * np.random.default_rng(2).standard_normal((20, ROWS)))  # draws next to the data
    for name in ("hcgl derived", "ols prior"):
        held, free = (run(name, multipliers=xi, recluster=again) for again in (False, True))
        columns = ["prior_cells_changed", "adaptive_cells_changed"]
        assert not held.fit_diagnostics[columns].to_numpy().any()
        assert free.fit_diagnostics[columns].to_numpy().any(axis=1).all()
        np.testing.assert_allclose(cube(held), cube(free), atol=0.01)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "uni"])
@pytest.mark.parametrize("recluster", [True, False])
def test_numbers_of_one_give_the_data_back(name, recluster):
    y = Y if "span" in name else HOLES  # a running mean that starts late does not take a shift away
    found = run(name, y, multipliers=numbers(1.0), recluster=recluster)
    for draw in (0, 19):
        np.testing.assert_allclose(cube(found)[draw], found.estimate, rtol=1e-5, atol=1e-7)
    assert not found.fit_diagnostics.drop(columns=["clusters", "converged", "relative_gap"])[
        ["partition_changed", "sign_cells_changed"]].to_numpy().any()  # fmt: skip


@pytest.mark.parametrize("name", ["lasso", "group", "hcgl"])
def test_numbers_of_zero_give_the_fit_of_the_predictions(name):
    found = run(name, multipliers=numbers(0.0), recluster=False)
    assert (cube(found) == cube(found)[0]).all()
    start = model(name).fit(X, HOLES)
    held = {"external_clusters": start.clusters_} if name == "hcgl" else {}
    again = model(name).fit(X, start.predict(X).where(HOLES.notna()), **held)
    np.testing.assert_allclose(cube(found)[0], again.coef_, rtol=1e-6, atol=1e-9)
    assert np.abs(cube(found)[0] - found.estimate.to_numpy()).max() < 0.2  # shrunk twice


def test_without_a_penalty_numbers_of_zero_give_the_estimate():
    found = bootstrap_factor_betas(model("lasso", reg_lambda=0.0), X, Y, draws=20, multipliers=numbers(0.0))
    np.testing.assert_allclose(cube(found)[0], found.estimate, rtol=1e-6)


def test_responses_share_their_numbers():
    twins = Y.assign(t=2.0 * Y["p"] + 1.0)
    found = cube(bootstrap_factor_betas(model("lasso", reg_lambda=0.0), X, twins, draws=50))
    np.testing.assert_allclose(found[:, 4], 2.0 * found[:, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("recluster", [True, False])
def test_a_seed_gives_the_same_bits_and_another_seed_others(recluster):
    first, again = run(recluster=recluster, seed=4), run(recluster=recluster, seed=4)
    assert first.draws.to_numpy().tobytes() == again.draws.to_numpy().tobytes()
    pd.testing.assert_frame_equal(first.fit_diagnostics, again.fit_diagnostics)
    assert (run(recluster=recluster, seed=5).draws.to_numpy() != first.draws.to_numpy()).mean() > 0.3


@pytest.mark.parametrize("name", ["lasso", "hcgl", "fcgl", "cooperative"])
def test_blocks_do_not_show_in_the_result(name, monkeypatch):
    whole = run(name, recluster=False)
    sizes: list[int] = []
    solver = fits.solve
    monkeypatch.setattr(
        fits, "solve", lambda problem, *more: sizes.append(len(problem.prior)) or solver(problem, *more)
    )
    monkeypatch.setattr(fits, "BLOCK_CELLS", 3 * HOLES.size)
    parts = run(name, recluster=False)
    assert sizes == [15] * 6 + [10]  # three draws of five responses at a time: what is held does not grow with draws
    np.testing.assert_array_equal(whole.draws, parts.draws)


def test_supplied_numbers_stand_in_for_the_seed():
    xi = draws.gaussian_numbers(np.arange(float(ROWS)), 20, 9, 3.0)
    pd.testing.assert_frame_equal(run(seed=9).draws, run(multipliers=numbers(xi), seed=1).draws)


def test_numbers_have_the_covariance_of_the_kernel():
    times = np.array([0.0, 1.0, 2.0, 4.5, 5.0, 20.0])
    xi = draws.gaussian_numbers(times, 200_000, 0, 3.0)
    expected = np.maximum(0.0, 1.0 - np.abs(times[:, None] - times) / 3.0)
    assert np.abs(xi.T @ xi / len(xi) - expected).max() < 6 * np.sqrt(2 / len(xi))


def test_rows_far_apart_in_the_calendar_are_independent():
    far = run("lasso", calendar=10 * np.arange(ROWS))
    pd.testing.assert_frame_equal(far.draws, run("lasso", bandwidth=0.5).draws)
    assert far.metadata["calendar"][:3] == [0.0, 10.0, 20.0]


# What comes with them -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lasso", "uni", "hcgl derived", "fcgl", "cooperative clusters"])
@pytest.mark.parametrize("recluster", [True, False])
def test_every_draw_is_solved_and_proved(name, recluster):
    found = run(name, recluster=recluster)
    assert found.fit_diagnostics["converged"].all() and found.metadata["failed_draws"] == 0
    assert (found.fit_diagnostics["relative_gap"] <= 1e-9).all()


@pytest.mark.filterwarnings("ignore:Not proved optimal")
def test_a_draw_that_is_not_solved_is_counted(monkeypatch):
    monkeypatch.setattr("factorlasso_core.fast.ROUNDS", 0)
    found = run("lasso")
    assert not found.fit_diagnostics["converged"].any() and found.metadata["failed_draws"] == 20
    assert (found.fit_diagnostics["relative_gap"] > 1e-9).all()


def test_the_tables_carry_the_labels():
    found = run()
    assert found.draws.index.names == ["draw", "asset"] and (found.draws.dtypes == np.float32).all()
    assert found.draws.index.equals(pd.MultiIndex.from_product([range(20), NAMES]))
    assert found.fit_diagnostics.index.equals(pd.RangeIndex(20)) and found.fit_diagnostics.index.name == "draw"
    pd.testing.assert_frame_equal(found.estimate, model().fit(X, HOLES).coef_)


def test_the_support_of_a_response_is_what_entered_its_loss():
    found = run("lasso span")
    assert found.response_support["observations"].tolist() == [60, 40, 60, 58, 60]
    weights = (19 / 21) ** np.arange(39, -1, -1.0)
    np.testing.assert_allclose(
        found.response_support.loc["q", "effective_observations"], weights.sum() ** 2 / (weights**2).sum()
    )


def test_coassociation_is_a_share():
    found = run(draws=30)
    shares = found.coassociation.to_numpy()
    assert (shares == shares.T).all() and (np.diag(shares) == 1).all()
    assert (shares >= 0).all() and (shares <= 1).all()
    assert found.coassociation.loc["p", "q"] > found.coassociation.loc["p", "r"]
    once = [model().fit(X, drawn("hcgl", xi)).clusters_ for _, xi in numbers().iterrows()]
    together = np.mean([labels["r"] == labels["s"] for labels in once])
    assert run(multipliers=numbers()).coassociation.loc["r", "s"] == together


def test_there_is_no_coassociation_without_clusters_of_the_draws():
    assert run(recluster=False).coassociation is None
    assert run("group").coassociation is None and run("lasso").coassociation is None


def test_what_changes_is_counted_against_the_fit_of_the_data():
    xi = numbers()
    found = run("hcgl derived", multipliers=xi).fit_diagnostics.iloc[5]
    start, other = (model("hcgl derived").fit(X, y) for y in (HOLES, drawn("hcgl derived", xi.iloc[5])))
    assert found["clusters"] == other.fit_.n_clusters
    assert found["sign_cells_changed"] == (start.derived_signs_ != other.derived_signs_).to_numpy().sum()
    assert (
        found["adaptive_cells_changed"] == (start.sign_penalty_weights_ != other.sign_penalty_weights_).to_numpy().sum()
    )
    blocks = run("fcgl derived", multipliers=xi).fit_diagnostics
    assert blocks["partition_changed"].any() and (blocks["block_weights_changed"] > 0).all()
    assert (blocks["block_weights_changed"] <= 3 * blocks["clusters"].max()).all()
    prior = run("ols prior", multipliers=xi).fit_diagnostics
    assert (prior["prior_cells_changed"] >= 5).all()  # one of every response moves


def test_the_model_is_left_as_it_was_and_outside_clusters_are_kept():
    untouched = model()
    bootstrap_factor_betas(untouched, X, Y, draws=20)
    assert not hasattr(untouched, "fit_")
    outside = pd.Series([1, 2, 1, 2, 3], index=NAMES)
    fitted = model().fit(X, Y, external_clusters=outside)
    found = bootstrap_factor_betas(fitted, X, Y, draws=20)
    pd.testing.assert_frame_equal(found.estimate, fitted.coef_)
    assert found.coassociation is None and (found.fit_diagnostics["clusters"] == 3).all()


def test_an_auditable_solver_gives_the_same_draws():
    xi = numbers()
    exact = run("lasso", multipliers=xi)
    audited = bootstrap_factor_betas(model("lasso", solver="CLARABEL"), X, HOLES, draws=20, multipliers=xi)
    np.testing.assert_allclose(exact.draws, audited.draws, atol=1e-4)


@pytest.mark.parametrize("recluster", [True, False])
def test_progress_is_told_to_the_end(recluster):
    told: list[tuple[int, int]] = []
    run(recluster=recluster, progress=lambda *step: told.append(step))
    assert told[-1] == (20, 20) and [done for done, _ in told] == sorted({done for done, _ in told})


# Intervals ----------------------------------------------------------------------------------------


def made(seed: int = 0, count: int = 40) -> FactorBootstrapResult:
    """A result of plain random draws, some of them exactly zero."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((count, 5, 3)) * (random.random((count, 5, 3)) < 0.8)
    estimate = pd.DataFrame(random.standard_normal((5, 3)), index=NAMES, columns=X.columns)
    index = pd.MultiIndex.from_product([range(count), NAMES], names=["draw", "asset"])
    return FactorBootstrapResult(
        estimate,
        pd.DataFrame(values.reshape(-1, 3), index=index, columns=X.columns),
        pd.DataFrame(),
        pd.DataFrame(),
        {},
    )


def test_percentile_intervals_are_quantiles_and_basic_ones_their_mirror():
    found = made()
    percentile, basic = found.intervals(0.8), found.intervals(0.8, "basic")
    low, high = np.quantile(cube(found), [0.1, 0.9], axis=0).reshape(2, -1)
    np.testing.assert_allclose(percentile[["lower", "upper"]].T, [low, high], rtol=1e-12)
    mirrored = 2 * percentile["estimate"]
    np.testing.assert_allclose(basic["lower"], mirrored - percentile["upper"], rtol=1e-12)
    np.testing.assert_allclose(basic["upper"], mirrored - percentile["lower"], rtol=1e-12)
    assert percentile.index.equals(pd.MultiIndex.from_product([NAMES, X.columns]))
    assert percentile.index.names == ["asset", "factor"]


def test_mean_bias_and_share_of_zeros_stand_beside_them():
    found = made()
    table = found.intervals()
    np.testing.assert_allclose(table["bootstrap_mean"], cube(found).mean(axis=0).ravel())
    np.testing.assert_allclose(table["bootstrap_bias"], table["bootstrap_mean"] - found.estimate.to_numpy().ravel())
    np.testing.assert_array_equal(table["near_zero_frequency"], (cube(found) == 0).mean(axis=0).ravel())
    assert (table["probability"] == 0.95).all() and (table["status"] == "coverage_not_validated").all()


@pytest.mark.parametrize("method", ["percentile", "basic"])
def test_portfolio_intervals_are_those_of_the_weighted_sums(method):
    found = made()
    weights = pd.Series([0.5, -0.2, 0.0, 0.3, 2.0], index=NAMES)
    sums = np.tensordot(weights.to_numpy(), cube(found), axes=(0, 1))
    names = pd.MultiIndex.from_product([range(40), ["all"]])
    whole = FactorBootstrapResult(
        pd.DataFrame([weights @ found.estimate], index=["all"]),
        pd.DataFrame(sums, index=names, columns=X.columns), pd.DataFrame(), pd.DataFrame(), {},
    )  # fmt: skip
    mine = found.portfolio_intervals(weights.iloc[::-1], 0.9, method)
    numeric = mine.columns[:5]
    np.testing.assert_allclose(mine[numeric], whole.intervals(0.9, method)[numeric], rtol=1e-12, atol=1e-14)
    assert mine.index.equals(X.columns)


def test_a_portfolio_of_one_response_has_its_intervals():
    found = run("lasso")
    alone = pd.Series([0.0, 0.0, 1.0, 0.0, 0.0], index=NAMES)
    mine, its = found.portfolio_intervals(alone), found.intervals().loc["r"]
    np.testing.assert_allclose(mine.iloc[:, :6].astype(float), its.iloc[:, :6].astype(float), rtol=1e-6, atol=1e-12)


def test_quantiles_are_taken_in_parts_when_there_are_many(monkeypatch):
    found = made()
    whole = found.intervals()
    monkeypatch.setattr(result, "BLOCK_CELLS", 250)
    pd.testing.assert_frame_equal(whole, found.intervals())


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 1.5, NAN, True, "a", None])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(OptionError, match="confidence"):
        made().intervals(confidence)
    with pytest.raises(OptionError, match="confidence"):
        made().portfolio_intervals(pd.Series(1.0, index=NAMES), confidence)


def test_an_unknown_kind_of_interval_is_refused():
    with pytest.raises(OptionError, match="method"):
        made().intervals(method="bca")


@pytest.mark.parametrize(
    ("weights", "cure"),
    [
        (pd.Series(1.0, index=NAMES[:3]), "exactly once"),
        (pd.Series(1.0, index=[*NAMES, "z"]), "exactly once"),
        (pd.Series(1.0, index=NAMES + NAMES), "exactly once"),
        (np.ones(5), "exactly once"),
        (pd.Series([1.0, NAN, 1.0, 1.0, 1.0], index=NAMES), "'q'"),
    ],
)
def test_weights_that_do_not_name_every_response_once_are_refused(weights, cure):
    with pytest.raises(DataError, match=cure):
        made().portfolio_intervals(weights)


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "cure"),
    [
        ({"draws": 19}, OptionError, "draws"),
        ({"draws": 20.0}, OptionError, "draws"),
        ({"draws": True}, OptionError, "draws"),
        ({"seed": -1}, OptionError, "seed"),
        ({"seed": None}, OptionError, "seed"),
        ({"seed": 1.0}, OptionError, "seed"),
        ({"bandwidth": 0}, OptionError, "bandwidth"),
        ({"bandwidth": np.inf}, OptionError, "bandwidth"),
        ({"bandwidth": "a"}, OptionError, "bandwidth"),
        ({"recluster": 1}, OptionError, "recluster"),
        ({"calendar": np.arange(ROWS - 1)}, DataError, "60 finite increasing"),
        ({"calendar": np.arange(ROWS)[::-1]}, DataError, "increasing"),
        ({"calendar": [NAN] * ROWS}, DataError, "finite"),
        ({"calendar": DATES}, TypeError, "numbers"),
        ({"calendar": "ME"}, TypeError, "numbers"),
        ({"multipliers": numbers().to_numpy()}, DataError, "20 draws"),
        ({"multipliers": numbers().iloc[:10]}, DataError, "20 draws"),
        ({"multipliers": numbers().iloc[:, ::-1]}, DataError, "rows of x"),
        ({"multipliers": numbers(np.inf)}, DataError, "finite"),
        ({"draws": 10**9}, DataError, "fewer draws"),
    ],
)
def test_arguments_out_of_range_are_refused(options, error, cure):
    with pytest.raises(error, match=cure):
        run("lasso", **options)


@pytest.mark.parametrize(
    ("x", "y", "cure"),
    [
        (X.iloc[::-1], Y.iloc[::-1], "sort the panel"),
        (X.where(X < 2.0), Y, "leave such rows out"),
        (without_row(X), Y, "leave such rows out"),
        (X, Y.assign(q=Y["q"].where(np.arange(ROWS) >= 50)), "'q' has fewer than 12"),
        (X.iloc[:4], Y.iloc[:4], "fewer than 12 observations, as have 4 more"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_drawn_from_are_refused(x, y, cure):
    with pytest.raises(DataError, match=cure):
        bootstrap_factor_betas(model("lasso"), x, y, draws=20)


def test_a_row_that_is_missing_as_a_whole_is_kept_missing():
    found = bootstrap_factor_betas(model("lasso"), without_row(X), without_row(Y), draws=20)
    assert (found.response_support["observations"] == 59).all()


def test_without_a_warm_up_three_observations_are_enough():
    y = Y.assign(q=Y["q"].where(np.arange(ROWS) >= 57))
    found = bootstrap_factor_betas(model("lasso", warmup_period=None), X, y, draws=20)
    assert np.isfinite(found.draws.to_numpy()).all()
    with pytest.raises(DataError, match="fewer than 3"):
        bootstrap_factor_betas(model("lasso", warmup_period=None), X.iloc[:59], y.iloc[:59], draws=20)


def test_a_panel_too_short_to_estimate_anything_is_refused(recwarn):
    with pytest.raises(DataError, match="longer panel"):
        bootstrap_factor_betas(model("lasso", warmup_period=None), X.iloc[:4], Y.iloc[:4], draws=20)


def test_a_covariance_too_large_for_memory_is_refused():
    with pytest.raises(DataError, match="give multipliers"):
        draws.gaussian_numbers(np.arange(20_000.0), 20, 0, 3.0)


def test_something_else_than_a_model_is_refused():
    with pytest.raises(TypeError, match="LassoModel"):
        bootstrap_factor_betas("lasso", X, Y)


def test_clusters_of_any_labels_can_be_drawn_with_adaptive_blocks():
    clusters = pd.Series([1, "a", (3,)] * 10, dtype=object)[: Y.shape[1]].set_axis(Y.columns)
    model = LassoModel(
        LassoModelType.FACTOR_CLUSTER_GROUP_LASSO,
        reg_lambda=0.05,
        auto_sign_constraints=True,
        auto_sign_adaptive_weights=True,
    ).fit(X, Y, external_clusters=clusters)
    found = bootstrap_factor_betas(model, X, Y, draws=20)
    assert found.fit_diagnostics["converged"].all() and not found.fit_diagnostics["partition_changed"].any()
