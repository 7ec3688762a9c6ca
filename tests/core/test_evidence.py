"""Evidence is pooled over groups, cached apart from the gate, and becomes signs and weights of the penalty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import (
    Beliefs,
    FitSpec,
    LassoModelType,
    LossOptions,
    Panel,
    PenaltyOptions,
    Rule,
    SignOptions,
    Stages,
    fit,
)

GROUP, FCGL = LassoModelType.GROUP_LASSO, LassoModelType.FACTOR_CLUSTER_GROUP_LASSO
RNG = np.random.default_rng(4)
X = pd.DataFrame(RNG.standard_normal((70, 3)), columns=["a", "b", "c"])
Y = pd.DataFrame(
    X.to_numpy() @ np.array([[1, 0.8, 0, 0.1], [0, 0.1, -1, -0.9], [0, 0, 0.2, 0]]) + RNG.standard_normal((70, 4)),
    columns=["p", "q", "r", "s"],
)
PANEL = Panel.from_frames(X, Y)
GROUPED = Beliefs.for_panel(PANEL, groups=pd.Series(["u", "u", "v", "v"], PANEL.responses))


def spec(kind: LassoModelType = GROUP, **signs) -> FitSpec:
    return FitSpec(kind, penalty=PenaltyOptions(0.05, 0.2), signs=SignOptions(derive=True, **signs))


def test_nothing_is_derived_unless_asked_for():
    result = fit(PANEL, GROUPED, FitSpec(GROUP))
    assert result.evidence is None and (result.box.rule == Rule.FREE).all()


def test_members_of_a_group_share_their_slopes_and_signs():
    found = fit(PANEL, GROUPED, spec()).evidence
    x, y = X - X.mean(), Y - Y.mean()
    for members in ([0, 1], [2, 3]):
        pooled = x.T.to_numpy() @ y.iloc[:, members].sum(axis=1).to_numpy() / (2 * (x**2).sum().to_numpy())
        np.testing.assert_allclose(found.slope[members], [pooled, pooled], rtol=1e-10)
        assert (found.detected[members[0]] == found.detected[members[1]]).all()


def test_without_groups_every_response_is_its_own_pool():
    found = fit(PANEL, spec=spec(LassoModelType.LASSO)).evidence
    x, y = X - X.mean(), Y - Y.mean()
    np.testing.assert_allclose(found.slope, y.T.to_numpy() @ x.to_numpy() / (x**2).sum().to_numpy(), rtol=1e-10)


def test_a_move_of_the_gate_or_lambda_computes_no_slope_anew():
    stages = Stages()
    for threshold in (0.5, 1.0, None):
        fit(PANEL, GROUPED, spec(threshold_t=threshold), stages=stages)
    fit(PANEL, GROUPED, spec(adaptive=True, gamma=2.0), stages=stages)
    assert stages.misses["signs"] == 1
    fit(PANEL, GROUPED, spec(variance="date"), stages=stages)
    fit(PANEL, GROUPED, spec(span=20.0), stages=stages)
    assert stages.misses["signs"] == 3


def test_gated_cells_are_zero_and_the_others_keep_their_sign():
    result = fit(PANEL, GROUPED, spec(threshold_t=3.0))
    gated = result.box.rule == Rule.GATED
    assert gated.any() and (result.beta[gated] == 0).all()
    np.testing.assert_array_equal(gated, np.abs(result.evidence.t) < 3.0)
    assert (result.beta * result.evidence.detected >= 0).all()


def test_the_span_of_the_slopes_is_that_of_the_loss_only_when_asked_for():
    loss = LossOptions(span=20.0)
    for options, span in ((SignOptions(derive=True), None), (SignOptions(derive=True, use_fit_span=True), 20.0)):
        assert fit(PANEL, GROUPED, FitSpec(GROUP, loss, signs=options)).evidence.span == span


@pytest.mark.parametrize("kind", [LassoModelType.LASSO, GROUP, FCGL])
def test_adaptive_weights_multiply_the_penalty_of_their_cells_and_blocks(kind):
    plain = fit(PANEL, GROUPED, spec(kind)).problem.penalty
    result = fit(PANEL, GROUPED, spec(kind, adaptive=True))
    weights, penalty = result.evidence.weights, result.problem.penalty
    np.testing.assert_allclose(penalty.cell, plain.cell * weights.cell, rtol=1e-14)
    expected = {GROUP: weights.row[:, None], FCGL: weights.block}.get(kind, 1.0)
    np.testing.assert_allclose(penalty.block, plain.block * expected, rtol=1e-14)
    assert result.certificate.relative_gap <= 1e-9
