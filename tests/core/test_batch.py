"""Many options at once are the single fits: same loadings, same constants, each with its proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Beliefs, ClusterOptions, FitSpec, LassoModelType, Panel, PenaltyOptions, Stages, fit, solve
from factorlasso_core.batch import fit_many
from factorlasso_core.errors import BeliefsError, OptionError
from factorlasso_core.options import LossOptions

KINDS = [kind for kind in LassoModelType if not kind.needs_groups]


def panel_of(rows: int = 60, responses: int = 6) -> Panel:
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.standard_normal((rows, 3)) + 0.2, columns=list("abc"))
    y = x.to_numpy() @ rng.standard_normal((3, responses)) + rng.standard_normal((rows, responses)) - 0.3
    frame = pd.DataFrame(y, columns=[f"r{k}" for k in range(responses)])
    frame.iloc[: rows // 2, 1] = np.nan
    frame.iloc[:-8, 2] = np.nan  # in warm-up
    return Panel.from_frames(x, frame)


PANEL = panel_of()


def grid(kind: LassoModelType, **options: object) -> list[FitSpec]:
    base = FitSpec(kind, **options)
    mixes = (0.0, 0.3) if kind.couples_responses or kind.clusters_responses else (0.0,)
    cuts = (0.3, 0.8) if kind.clusters_responses else (0.5,)
    return [
        replace(base, penalty=PenaltyOptions(value, mix), clustering=ClusterOptions(cut))
        for value in (2.0, 0.2, 0.01, 0.0)
        for mix in mixes
        for cut in cuts
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", [LossOptions(), LossOptions(span=20.0)])
def test_candidates_are_the_single_fits(kind, loss):
    specs = grid(kind, loss=loss)
    found = fit_many(PANEL, Beliefs(), specs)
    assert found.beta.shape == (len(specs), 6, 3) and not found.beta.flags.writeable
    assert (found.beta[:, 2] == 0).all() and np.isnan(found.alpha[:, 2]).all()
    assert (found.relative_gap <= 1e-9).all()
    for k, spec in enumerate(specs):
        alone = fit(PANEL, spec=spec)
        np.testing.assert_allclose(found.beta[k], alone.beta, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(found.alpha[k], alone.alpha, rtol=1e-10, atol=1e-14)


def test_bounds_and_priors_that_follow_the_cut_are_each_candidates_own():
    kind = LassoModelType.FACTOR_CLUSTER_GROUP_LASSO
    signs = replace(FitSpec().signs, derive=True)
    specs = grid(kind, signs=signs)
    found = fit_many(PANEL, Beliefs(), specs)
    single = [fit(PANEL, spec=spec) for spec in specs]
    assert len({result.box.signs.tobytes() for result in single}) > 1
    np.testing.assert_allclose(found.beta, [result.beta for result in single], rtol=1e-10, atol=1e-14)


def test_what_the_penalty_does_not_enter_is_settled_once(monkeypatch):
    stages, calls = Stages(), []
    whole = solve.solve
    monkeypatch.setattr(solve, "solve", lambda *arguments: calls.append(1) or whole(*arguments))
    specs = grid(LassoModelType.GROUP_LASSO_CLUSTERS)
    fit_many(PANEL, Beliefs(), specs, stages)
    assert dict(stages.misses) == {"prepare": 1, "moments": 1, "correlation": 1, "tree": 1, "rules": 2}
    assert len(calls) == 1


def test_too_few_rows_estimate_nothing():
    short = panel_of(rows=4)
    found = fit_many(short, Beliefs(), [replace(spec, warmup_period=None) for spec in grid(KINDS[0])])
    assert np.isnan(found.beta).all() and np.isnan(found.relative_gap).all()


def test_what_one_fit_refuses_is_refused_for_all():
    with pytest.raises(BeliefsError, match="needs a group"):
        fit_many(PANEL, Beliefs(), [FitSpec(LassoModelType.GROUP_LASSO)])


def test_no_penalty_is_least_squares_nearest_to_the_prior_whatever_else_is_in_the_batch():
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.standard_normal((8, 12)))
    y = pd.DataFrame(rng.standard_normal((8, 3)))
    panel = Panel.from_frames(x, y)
    prior = pd.DataFrame(0.3 * rng.standard_normal((3, 12)), index=panel.responses, columns=panel.factors)
    beliefs = Beliefs.for_panel(panel, prior=prior)
    base = FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, warmup_period=None)
    specs = [replace(base, penalty=PenaltyOptions(value)) for value in (1.0, 0.1, 0.0)]
    alone = fit(panel, beliefs, specs[-1])
    np.testing.assert_allclose(fit_many(panel, beliefs, specs).beta[-1], alone.beta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("change", [{"loss": LossOptions(span=12.0)}, {"warmup_period": 3}])
def test_options_that_need_other_data_are_not_fitted_together(change):
    with pytest.raises(OptionError, match="as in the options it is fitted with"):
        fit_many(PANEL, Beliefs(), [FitSpec(), FitSpec(**change)])
