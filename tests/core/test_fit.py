"""A fit is identified by its content, says what became of every cell, and holds at the edges."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import fast
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import BeliefsError, SolverError
from factorlasso_core.fit import fit, fit_digest, reference_lambda
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import ClusterOptions, FitSpec, LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit, Notice, State
from factorlasso_core.signs import Rule
from factorlasso_core.stages import Stages

NAN = np.nan
LASSO, GROUP, HCGL = (LassoModelType[n] for n in ("LASSO", "GROUP_LASSO", "GROUP_LASSO_CLUSTERS"))
MODELS = [LASSO, GROUP, HCGL]
FACTORS, RESPONSES = list("abc"), ["p", "q", "r", "s"]


def frames(seed: int = 0, rows: int = 60, factors: int = 3, responses: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Monthly data where response k loads 1 on factor k and, from the second on, 0.5 on the first."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, factors)) + 0.3
    truth = np.zeros((responses, factors))
    truth[1:, 0] = 0.5
    for k in range(responses):
        truth[k, k % factors] = 1.0
    y = x @ truth.T + 0.3 * rng.standard_normal((rows, responses)) + 0.1
    dates = pd.date_range("2015-01-31", periods=rows, freq="ME")
    return (
        pd.DataFrame(x, index=dates, columns=FACTORS[:factors]),
        pd.DataFrame(y, index=dates, columns=RESPONSES[:responses]),
    )


def panel_of(x: pd.DataFrame | None = None, y: pd.DataFrame | None = None) -> Panel:
    left, right = frames()
    return Panel.from_frames(left if x is None else x, right if y is None else y)


def spec(model: LassoModelType = LASSO, lam: float = 0.1, a: float = 0.0, **more: Any) -> FitSpec:
    return FitSpec(model, penalty=PenaltyOptions(lam, a), **more)


def beliefs(panel: Panel, **given: Any) -> Beliefs:
    """Two groups, and matrices from one number."""
    for name in ("signs", "prior"):
        if name in given and not isinstance(given[name], pd.DataFrame):
            given[name] = pd.DataFrame(given[name], index=panel.responses, columns=panel.factors)
    groups = pd.Series([k % 2 for k in range(len(panel.responses))], index=panel.responses)
    return Beliefs.for_panel(panel, groups=groups, **given)


def run(panel: Panel | None = None, options: FitSpec | None = None, **given: Any) -> Fit:
    panel = panel_of() if panel is None else panel
    return fit(panel, beliefs(panel, **given), options or spec())


def codes(result: Fit) -> set[str]:
    return {notice.code for notice in result.notices}


# Identity -----------------------------------------------------------------------------------------


def test_one_cell_label_date_option_belief_or_family_of_solver_is_another_fit():
    x, y = frames()
    panel = panel_of()
    cell, label, date = x.copy(), y.rename(columns={"p": "P"}), x.index + pd.Timedelta(1, "ns")
    cell.iloc[5, 1] = np.nextafter(cell.iloc[5, 1], 9)
    base, options = beliefs(panel), spec(HCGL)
    digests = [
        fit_digest(panel, base, options),
        fit_digest(panel_of(cell), base, options),
        fit_digest(panel_of(cell.mask(cell == cell.iloc[5, 1])), base, options),
        fit_digest(panel_of(y=label), base, options),
        fit_digest(panel_of(x.set_axis(date), y.set_axis(date)), base, options),
        fit_digest(panel, Beliefs(), options),
        fit_digest(panel, beliefs(panel, signs=1.0), options),
        fit_digest(panel, beliefs(panel, prior=1.0), options),
        fit_digest(panel, base, spec(HCGL, 0.2)),
        fit_digest(panel, base, spec(HCGL, nonneg=True)),
        fit_digest(panel, base, spec(HCGL, loss=LossOptions(span=12.0))),
        fit_digest(panel, base, spec(HCGL, clustering=ClusterOptions(0.4))),
        fit_digest(panel, base, spec(GROUP)),
        fit_digest(panel, base, options, "CLARABEL"),
    ]
    assert len(set(digests)) == len(digests)


def test_minus_zero_the_kind_of_nan_and_the_layout_are_no_other_fit():
    x, y = frames()
    x.iloc[3, 0], x.iloc[4, 1] = 0.0, NAN
    odd = np.array(x, order="F")
    odd[3, 0] = -0.0
    odd[4, 1] = np.array([0xFFF8000000000001], dtype=np.uint64).view(float)[0]
    other = pd.DataFrame(odd, index=x.index, columns=x.columns)
    digests = {fit_digest(panel_of(f, y), Beliefs(), spec()) for f in (x, other)}
    assert len(digests) == 1


def test_the_digest_is_the_same_in_another_process():
    script = (
        "import json; from tests.core.test_fit import *; p = panel_of();"
        "print(json.dumps(fit_digest(p, beliefs(p, signs=1.0), spec(HCGL))))"
    )
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    panel = panel_of()
    assert json.loads(found.stdout) == fit_digest(panel, beliefs(panel, signs=1.0), spec(HCGL))


@pytest.mark.parametrize("model", MODELS)
def test_the_same_inputs_give_the_same_bytes(model):
    left, right = (run(options=spec(model, a=0.3), signs=1.0, prior=0.2) for _ in range(2))
    assert left.digest == right.digest
    for name in ("beta", "alpha", "intercept", "state"):
        assert getattr(left, name).tobytes() == getattr(right, name).tobytes()


def test_a_later_change_of_the_callers_frames_does_not_reach_the_fit():
    x, y = frames()
    panel = Panel.from_frames(x, y)
    before = run(panel).beta.tobytes()
    x.iloc[:, :], y.iloc[:, :] = 0.0, 1.0
    assert run(panel).beta.tobytes() == before


def arrays_in(value: Any, path: str, seen: set[int]) -> list[tuple[str, np.ndarray]]:
    """Every array that can be reached from a result."""
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return [(path, value)]
    parts = vars(value).items() if dataclasses.is_dataclass(value) else ()
    return [found for name, part in parts for found in arrays_in(part, f"{path}.{name}", seen)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("span", [None, 12.0])
def test_no_array_of_a_result_can_be_written(model, span):
    result = run(options=spec(model, loss=LossOptions(span=span)), signs=1.0, prior=0.1)
    _ = result.problem.moments.spectrum
    found = arrays_in(result, "fit", set())
    assert len(found) > 25
    assert [path for path, values in found if values.flags.writeable] == []


def test_writing_to_a_frame_of_a_result_does_not_change_the_result():
    result = run()
    frame = result.betas
    frame.iloc[0, 0] = 99.0
    assert result.betas.iloc[0, 0] == result.beta[0, 0]


def test_a_fit_asked_of_one_solver_is_not_answered_by_another():
    stages, panel = Stages(), panel_of()
    fit(panel, solver="CLARABEL", stages=stages)
    assert fit(panel, solver="SCS", stages=stages).solved.solution.solver == "SCS"


def test_a_cached_fit_answers_under_the_labels_it_was_asked_with():
    x, y = frames()
    stages = Stages()
    fit(panel_of(x.set_axis([1, 2, 3], axis=1), y), stages=stages)
    texts = x.set_axis(["1", "2", "3"], axis=1)
    assert list(fit(panel_of(texts, y), stages=stages).betas) == ["1", "2", "3"]


# What a fit is ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("loss", [LossOptions(), LossOptions(12.0), LossOptions(24.0, centering="per_response")])
def test_every_fit_is_proved(model, loss):
    x, y = frames()
    y.iloc[:25, 0], y.iloc[7, 2], x.iloc[9, 1] = NAN, NAN, NAN
    result = run(panel_of(x, y), spec(model, a=0.2, loss=loss), signs=1.0, prior=0.3)
    assert result.certificate.relative_gap < 1e-12
    assert result.solved.solution.converged.all() and result.notices == ()


def test_the_objective_is_the_sum_over_responses_of_loss_and_penalty():
    result = run(options=spec(GROUP, 0.2, 0.3), prior=0.1)
    x, y = result.data.x, result.data.y
    total = 0.0
    for k in range(4):
        d = result.beta[k] - 0.1
        loss = ((y[:, k] - x @ result.beta[k]) ** 2).sum() / len(x)
        total += loss + 0.7 * 0.2 * np.linalg.norm(d) + 0.3 * 0.2 * np.abs(d).sum()  # sqrt(2 of 2 groups) = 1
    assert result.objective == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("span", [None, 12.0])
@pytest.mark.parametrize("demean", [True, False])
def test_the_in_sample_statistics_are_weighted_sums_over_valid_rows(span, demean):
    x, y = frames()
    y.iloc[::5, 1] = NAN
    result = run(panel_of(x, y), spec(loss=LossOptions(span, demean)))
    data, stats = result.data, result.statistics
    for k in range(4):
        here = data.valid[:, k]
        weights = data.weights[here] / data.weights[here].sum()
        target = data.y[here, k]
        residual = target - data.x[here] @ result.beta[k]
        total = weights @ (target - weights @ target) ** 2
        assert stats.alpha[k] == pytest.approx(weights @ residual, abs=1e-14)
        assert stats.ss_res[k] == pytest.approx(weights @ residual**2, rel=1e-11)
        assert stats.ss_total[k] == pytest.approx(total, rel=1e-11)
        assert stats.r2[k] == pytest.approx(1 - (weights @ residual**2) / total, rel=1e-11)
    np.testing.assert_array_equal(result.intercept, stats.alpha)


@pytest.mark.parametrize("loss", [LossOptions(), LossOptions(12.0), LossOptions(12.0, centering="per_response")])
def test_with_the_constant_the_weighted_mean_residual_on_the_original_rows_is_zero(loss):
    x, y = frames()
    y.iloc[:25, 0], y.iloc[7, 2], x.iloc[11] = NAN, NAN, NAN
    result = run(panel_of(x, y), spec(HCGL, loss=loss))
    weights = np.ones(60) if loss.span is None else (1 - 2 / 13) ** np.arange(59.0, -1, -1)
    residual = y.to_numpy() - result.alpha - x.fillna(0.0).to_numpy() @ result.beta.T
    here = ~np.isnan(residual) & x.notna().any(axis=1).to_numpy()[:, None]
    for k in range(4):
        assert np.average(residual[here[:, k], k], weights=weights[here[:, k]]) == pytest.approx(0, abs=1e-14)


def test_own_centring_is_the_fit_with_a_free_intercept():
    x, y = frames()
    y.iloc[:25, 0] = NAN
    result = run(panel_of(x, y), spec(lam=0.0, loss=LossOptions(centering="per_response")))
    design = np.column_stack([np.ones(35), x.iloc[25:]])
    least = np.linalg.lstsq(design, y.iloc[25:, 0], rcond=None)[0]
    np.testing.assert_allclose([result.alpha[0], *result.beta[0]], least, atol=1e-11)
    assert result.statistics.alpha[0] == 0


def test_frames_of_a_result_carry_the_labels_of_the_panel():
    result = run(options=spec(HCGL))
    assert result.betas.index.tolist() == RESPONSES and result.betas.columns.tolist() == FACTORS
    np.testing.assert_array_equal(result.betas, result.beta)
    assert result.clusters.index.tolist() == RESPONSES
    assert result.n_clusters == result.clusters.nunique() and result.cutoff == pytest.approx(
        0.5 * result.clustering.tree.largest_distance
    )
    assert result.zero_share == (result.beta == 0).mean()


def test_lasso_has_no_clusters_and_user_groups_no_tree():
    lasso, group = run(), run(options=spec(GROUP))
    assert lasso.clusters is None and lasso.n_clusters is None and lasso.cutoff is None
    assert group.clusters.tolist() == [0, 1, 0, 1] and group.n_clusters == 2
    assert group.clustering is None and group.cutoff is None


def test_groups_are_asked_for_where_they_are_needed():
    with pytest.raises(BeliefsError, match="needs a group for every response"):
        fit(panel_of(), spec=spec(GROUP))


@pytest.mark.parametrize("what", ["signs", "prior"])
def test_beliefs_made_for_another_panel_are_refused(what):
    x, y = frames()
    other = beliefs(panel_of(x, y[["p"]]), **{what: 1.0})
    with pytest.raises(BeliefsError):
        fit(panel_of(), other, spec())


def test_hcgl_is_the_group_lasso_on_its_own_clusters():
    hcgl = run(options=spec(HCGL, 0.3, 0.2))
    panel = panel_of()
    group = fit(panel, Beliefs.for_panel(panel, groups=hcgl.clusters), spec(GROUP, 0.3, 0.2))
    np.testing.assert_array_equal(group.beta, hcgl.beta)
    assert 1 < hcgl.n_clusters < 4


@pytest.mark.parametrize("model", MODELS)
def test_permuting_responses_permutes_the_fit(model):
    x, y = frames()
    order = [2, 0, 3, 1]
    left = run(panel_of(x, y.iloc[:, order]), spec(model, 0.2, 0.1), signs=1.0)
    right = run(panel_of(x, y), spec(model, 0.2, 0.1), signs=1.0)
    if model is GROUP:  # the groups go by position in this file's helper
        panel = panel_of(x, y.iloc[:, order])
        groups = pd.Series([0, 1, 0, 1], index=RESPONSES)
        signs = pd.DataFrame(1.0, index=RESPONSES, columns=FACTORS)
        left = fit(panel, Beliefs.for_panel(panel, groups=groups, signs=signs), spec(model, 0.2, 0.1))
    np.testing.assert_allclose(left.beta, right.beta[order], atol=1e-13)


@pytest.mark.parametrize("model", MODELS)
def test_units_do_not_matter_if_lambda_goes_with_their_square(model):
    x, y = frames()
    right = run(panel_of(x, y), spec(model, 0.2))
    left = run(panel_of(0.01 * x, 0.01 * y), spec(model, 0.2e-4))
    np.testing.assert_allclose(left.beta, right.beta, atol=1e-12)
    assert left.certificate.relative_gap < 1e-12


def test_a_response_fitted_alone_is_the_response_fitted_with_others():
    x, y = frames()
    y.iloc[:25, 0], y.iloc[7, 2] = NAN, NAN
    together = run(panel_of(x, y))
    for name in RESPONSES:
        alone = run(panel_of(x, y[[name]]))
        np.testing.assert_allclose(alone.beta[0], together.betas.loc[name], atol=1e-12)


# Rules and states ---------------------------------------------------------------------------------


def state(result: Fit, response: str = "p", factor: str = "a") -> State:
    return State(result.state[RESPONSES.index(response), FACTORS.index(factor)])


def test_a_loading_inside_its_box_and_off_its_prior_is_active():
    result = run()
    assert state(result) is State.ACTIVE
    assert (result.state[result.beta != 0] == State.ACTIVE).all()


def test_a_loading_the_penalty_alone_holds_at_zero_is_zero_by_penalty():
    result = run()
    assert (result.state[result.beta == 0] == State.ZERO_BY_PENALTY).all()
    assert (result.beta == 0).any()


def test_a_loading_the_data_push_against_its_sign_is_held_by_its_bound():
    result = run(signs=-1.0)
    assert result.beta[0, 0] == 0 and state(result) is State.HELD_BY_BOUND
    assert result.certificate.multipliers[0, 0] > 0


def test_a_bound_the_penalty_would_keep_anyway_does_not_hold():
    strong = spec(lam=10.0)
    held, kept = run(signs=-1.0), run(options=strong, signs=-1.0)
    assert state(held) is State.HELD_BY_BOUND
    assert (kept.state == State.ZERO_BY_PENALTY).all() and (kept.certificate.multipliers == 0).all()


def test_a_pinned_loading_is_held_by_its_bound():
    result = run(signs=0.0)
    assert (result.beta == 0).all()
    assert state(result) is State.HELD_BY_BOUND


def test_a_loading_the_penalty_keeps_at_a_prior_is_at_prior():
    result = run(options=spec(lam=10.0), prior=0.4)
    assert (result.beta == 0.4).all()
    assert (result.state == State.AT_PRIOR).all()


def test_a_prior_beyond_its_bound_is_held_by_the_bound():
    result = run(options=spec(lam=10.0), prior=-0.4, signs=1.0)
    assert (result.beta == 0).all()
    assert (result.state == State.HELD_BY_BOUND).all()


def test_a_loading_without_bounds_is_never_held_by_one():
    x, y = frames(factors=1, responses=1)
    result = run(panel_of(x, 0 * y + 2.0), spec(lam=0.0), prior=0.5)
    assert result.beta[0, 0] == 0 and np.isinf(result.box.lower[0, 0])
    assert state(result) is not State.HELD_BY_BOUND


def test_a_response_in_warm_up_has_zero_loadings_and_no_statistics():
    x, y = frames()
    y.iloc[11:, 1] = NAN
    result = run(panel_of(x, y), spec(HCGL))
    assert (result.beta[1] == 0).all() and (result.state[1] == State.WARM_UP).all()
    assert result.short.tolist() == [False, True, False, False]
    for values in (*vars(result.statistics).values(), result.alpha, result.intercept):
        assert np.isnan(values[1]) and not np.isnan(values[[0, 2, 3]]).any()
    assert result.clusters.index.tolist() == ["p", "r", "s"]


def test_the_warm_up_counts_observations_and_its_last_one_is_enough():
    x, y = frames()
    y.iloc[12:, 1] = NAN
    assert not run(panel_of(x, y)).short.any()
    assert run(panel_of(x, y), spec(warmup_period=13)).short[1]
    assert not run(panel_of(x, y), spec(warmup_period=None)).short.any()


def test_a_response_in_warm_up_still_shapes_the_groups():
    x, y = frames()
    y.iloc[11:, 1] = NAN
    result = run(panel_of(x, y), spec(GROUP))
    assert len(result.labels) == 4
    np.testing.assert_allclose(result.problem.penalty.block, 0.1)  # two groups of two


def test_a_response_without_observations_has_no_data():
    x, y = frames()
    y["q"] = NAN
    result = run(panel_of(x, y), spec(warmup_period=None))
    assert (result.state[1] == State.NO_DATA).all() and (result.beta[1] == 0).all()
    assert np.isnan(result.alpha[1]) and np.isnan(result.statistics.r2[1])


def test_a_factor_that_does_not_vary_has_no_data_and_stays_at_its_prior():
    x, y = frames()
    x["b"] = 0.7
    result = run(panel_of(x, y), prior=0.3)
    assert (result.state[:, 1] == State.NO_DATA).all() and (result.beta[:, 1] == 0.3).all()


def test_a_box_says_which_rule_each_cell_obeys():
    signs = pd.DataFrame(NAN, index=RESPONSES, columns=FACTORS)
    signs.loc["q", "b"] = -1
    free, nonneg = run(signs=signs), run(options=spec(nonneg=True), signs=signs)
    assert Rule(free.box.rule[1, 1]) is Rule.USER and (np.delete(free.box.rule.ravel(), 4) == Rule.FREE).all()
    assert (np.delete(nonneg.box.rule.ravel(), 4) == Rule.NONNEG).all()
    assert (nonneg.beta >= 0).all() and nonneg.beta[1, 1] == 0


# Notices ------------------------------------------------------------------------------------------


def test_a_clean_fit_has_nothing_to_say():
    assert run().notices == ()


def test_a_warm_up_is_told_by_name():
    x, y = frames()
    y.iloc[5:, [1, 3]] = NAN
    assert run(panel_of(x, y)).notices == (Notice("warm-up", "Too few observations, loadings set to zero: q, s."),)


def test_ten_names_are_told_and_the_others_counted():
    x, _ = frames()
    y = pd.DataFrame(NAN, index=x.index, columns=[f"n{k}" for k in range(14)])
    [notice] = [n for n in run(panel_of(x, y)).notices if n.code == "warm-up"]
    assert notice.message.endswith("zero: n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 4 more.")


def test_data_too_short_are_told_with_their_rows():
    x, y = frames(rows=5)
    result = run(panel_of(x, y), spec(warmup_period=None, loss=LossOptions(span=12.0)))
    assert result.notices == (
        Notice("too-short", "Only 4 prepared rows: at least 5 are needed, nothing was estimated."),
    )


def test_empty_and_constant_responses_and_flat_factors_are_told_apart():
    x, y = frames()
    x["b"], y["q"], y["r"] = 1.5, NAN, 2.0
    assert run(panel_of(x, y), spec(warmup_period=None)).notices == (
        Notice("empty", "No usable observation: q."),
        Notice("constant", "Constant, nothing to explain: r."),
        Notice("flat-factor", "Factor does not vary, loadings left at the prior: b."),
    )


def test_a_fit_that_is_not_proved_says_so_and_what_to_do():
    x, y = frames()
    result = fit(panel_of(0.003 * x, 0.003 * y), spec=spec(lam=1e-6), solver="CLARABEL")
    assert result.certificate.relative_gap > 1e-9
    [notice] = result.notices
    assert notice.code == "unproved" and "use solver='fast' for these: p" in notice.message


# Solvers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_cvxpy_finds_the_same_fit_and_a_larger_gap(model):
    x, y = frames()
    y.iloc[:25, 0] = NAN
    panel = panel_of(x, y)
    given = beliefs(panel, signs=1.0, prior=0.2)
    fast, cvxpy = (fit(panel, given, spec(model, 0.2, 0.3), solver=name) for name in ("fast", "CLARABEL"))
    np.testing.assert_allclose(cvxpy.beta, fast.beta, atol=1e-4)
    assert fast.objective <= cvxpy.objective * (1 + 1e-13)
    assert cvxpy.objective - fast.objective <= cvxpy.certificate.gap.sum() + 1e-15
    assert cvxpy.solver == cvxpy.solved.solution.solver == "CLARABEL"


@pytest.mark.parametrize("normalization", ["sample", "weight_sum"])
@pytest.mark.parametrize("span", [None, 12.0])
def test_cvxpy_centres_with_a_free_intercept_of_its_own(normalization, span):
    x, y = frames()
    y.iloc[:25, 0], y["s"] = NAN, NAN
    loss = LossOptions(span, centering="per_response", normalization=normalization)
    options, panel = spec(GROUP, 0.05, 0.3, loss=loss), panel_of(x, y)
    own, cvxpy = (fit(panel, beliefs(panel, signs=-1.0), options, solver=name) for name in ("fast", "CLARABEL"))
    np.testing.assert_allclose(cvxpy.beta, own.beta, atol=1e-4)
    assert own.objective == pytest.approx(cvxpy.objective, rel=1e-6)
    np.testing.assert_allclose(cvxpy.alpha, own.alpha, atol=1e-4)


def test_a_solver_that_stops_early_is_not_believed(monkeypatch):
    proved = run()
    monkeypatch.setattr(fast, "ROUNDS", 0)
    result = run()
    assert not result.solved.solution.converged.any()
    assert "4 of 4 responses stopped before" in result.solved.solution.status
    assert codes(result) == {"unproved"}
    assert result.objective - proved.objective <= result.certificate.gap.sum()


def test_an_unknown_solver_is_refused_with_the_installed_ones():
    with pytest.raises(SolverError, match=r"'NOPE' is not installed: choose 'fast' or one of .*CLARABEL"):
        fit(panel_of(), solver="NOPE")


def test_fallbacks_are_tried_in_order_and_the_one_that_worked_is_named():
    result = fit(panel_of(), spec=spec(), solver="NOPE", fallbacks=("NEITHER", "fast"))
    assert result.solver == "NOPE" and result.solved.solution.solver == "fast"
    with pytest.raises(SolverError, match="NEITHER"):
        fit(panel_of(), solver="NOPE", fallbacks=("NEITHER",))


# Edges --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_single_response_is_plain_lasso_in_every_mode(model):
    x, y = frames(responses=1)
    result = run(panel_of(x, y), spec(model, 0.2, 0.7))
    assert result.labels is None and result.n_clusters is None
    np.testing.assert_array_equal(result.beta, run(panel_of(x, y), spec(LASSO, 0.2)).beta)


def test_with_one_factor_the_group_lasso_is_lasso_at_lambda_times_the_weight_of_the_group():
    x, y = frames(factors=1)
    panel = panel_of(x, y)
    groups = pd.Series([1, 1, 1, 2], index=RESPONSES)
    result = fit(panel, Beliefs.for_panel(panel, groups=groups), spec(GROUP, 0.4))
    for k, weight in enumerate(np.sqrt([1.5, 1.5, 1.5, 0.5])):
        lasso = fit(panel, spec=spec(LASSO, 0.4 * weight))
        assert result.beta[k, 0] == pytest.approx(lasso.beta[k, 0], abs=1e-14)


@pytest.mark.parametrize("model", MODELS)
def test_fewer_rows_than_factors_are_fitted_and_proved(model):
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.standard_normal((13, 20)))
    panel = Panel.from_frames(x, pd.DataFrame(rng.standard_normal((13, 4)), columns=RESPONSES))
    for lam in (0.0, 1e-6, 0.2):
        result = run(panel, spec(model, lam, 0.1))
        assert result.certificate.relative_gap < 1e-9
    assert np.count_nonzero(run(panel, spec(LASSO, 0.05)).beta, axis=1).max() <= 13


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rows", [1, 2, 4])
@pytest.mark.parametrize("span", [None, 3.0])
def test_fewer_than_five_rows_give_nan_without_a_warm_up_and_zeros_with_one(model, rows, span):
    x, y = frames(rows=rows)
    loss = LossOptions(span=span)
    nothing = run(panel_of(x, y), spec(model, loss=loss, warmup_period=None))
    assert np.isnan(nothing.beta).all() and (nothing.state == State.NO_DATA).all()
    assert nothing.certificate is None and np.isnan(nothing.objective) and np.isnan(nothing.statistics.r2).all()
    zeros = run(panel_of(x, y), spec(model, loss=loss))
    assert (zeros.beta == 0).all() and (zeros.state == State.WARM_UP).all()
    assert codes(nothing) == {"too-short"} and codes(zeros) == {"too-short", "warm-up"}


@pytest.mark.parametrize(("rows", "span"), [(5, None), (6, 3.0)])
def test_five_prepared_rows_are_enough(rows, span):
    x, y = frames(rows=rows)
    result = run(panel_of(x, y), spec(warmup_period=5, loss=LossOptions(span=span)))
    assert np.isfinite(result.beta).all() and result.certificate.relative_gap < 1e-9


@pytest.mark.parametrize("model", MODELS)
def test_a_constant_response_has_zero_loadings_and_its_value_as_constant(model):
    x, y = frames()
    y["q"] = 0.1
    result = run(panel_of(x, y), spec(model))
    assert (result.beta[1] == 0).all() and result.alpha[1] == pytest.approx(0.1, rel=1e-15)
    assert np.isnan(result.statistics.r2[1]) and result.statistics.ss_res[1] == 0


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_factor_is_left_out_without_touching_the_others(model):
    x, y = frames()
    without = run(panel_of(x[["a", "c"]], y), spec(model))
    x["b"] = NAN
    result = run(panel_of(x, y), spec(model))
    assert (result.beta[:, 1] == 0).all() and codes(result) == {"flat-factor"}
    np.testing.assert_allclose(result.beta[:, [0, 2]], without.beta, atol=1e-13)


@pytest.mark.parametrize("model", MODELS)
def test_a_row_of_forbidden_signs_is_zero_and_proved(model):
    signs = pd.DataFrame(NAN, index=RESPONSES, columns=FACTORS)
    signs.loc["q"] = 0.0
    result = run(options=spec(model), signs=signs)
    assert (result.beta[1] == 0).all() and (result.beta[0] != 0).any()
    assert result.certificate.relative_gap < 1e-12


@pytest.mark.parametrize("model", MODELS)
def test_at_lambda_zero_every_model_is_least_squares(model):
    x, y = frames()
    z, target = x - x.mean(), y - y.mean()
    least = np.linalg.lstsq(z, target, rcond=None)[0].T
    np.testing.assert_allclose(run(options=spec(model, 0.0)).beta, least, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_beyond_the_largest_lambda_every_loading_is_exactly_zero(model):
    result = run(options=spec(model, 1e9, 0.1))
    assert (result.beta == 0).all() and result.zero_share == 1.0
    assert result.certificate.relative_gap == 0.0


def test_the_reference_lambda_is_the_largest_covariance_and_clears_the_lasso():
    x, y = frames()
    expected = np.abs(2 * (y - y.mean()).T.to_numpy() @ (x - x.mean()).to_numpy() / 60).max()
    lam = reference_lambda(panel_of())
    assert lam == pytest.approx(expected, rel=1e-13)
    assert (run(options=spec(lam=lam)).beta == 0).all()
    assert (run(options=spec(lam=lam * (1 - 1e-9))).beta != 0).sum() == 1


def test_a_sign_and_nonneg_that_exclude_each_other_leave_zero():
    result = run(options=spec(nonneg=True), signs=-1.0)
    assert (result.beta == 0).all()
