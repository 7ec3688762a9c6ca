"""A move recomputes what depends on it and nothing else; what comes out of the cache is what went in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cachetools import LRUCache

from factorlasso_core.beliefs import Beliefs
from factorlasso_core.fit import fit, reference_lambda
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import ClusterOptions, FitSpec, LossOptions, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.stages import Stages

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS
SPEC = FitSpec(HCGL, penalty=PenaltyOptions(0.05, 0.1))


def panel_of(seed: int = 0) -> Panel:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc"))
    y = pd.DataFrame(x.to_numpy() @ rng.standard_normal((3, 5)) + rng.standard_normal((60, 5)), columns=list("pqrst"))
    y.iloc[:20, 1] = np.nan
    return Panel.from_frames(x, y)


PANEL = panel_of()


def sign_matrix(value: float) -> pd.DataFrame:
    return pd.DataFrame(value, index=PANEL.responses, columns=PANEL.factors)


class Forgetful(dict):
    """A bounded cache that takes nothing."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise ValueError("value too large")


# The cache itself ---------------------------------------------------------------------------------


def test_a_stage_is_computed_once_and_then_found():
    stages, calls = Stages(), []
    for _ in range(3):
        assert stages.get("cut", "key", lambda: calls.append(1) or "result") == "result"
    assert calls == [1]
    assert (stages.misses, stages.hits) == (Counter(cut=1), Counter(cut=2))


def test_two_stages_with_one_key_do_not_mix():
    stages = Stages()
    assert stages.get("left", "key", lambda: "a") == "a"
    assert stages.get("right", "key", lambda: "b") == "b"
    assert stages.get("left", "key", lambda: "c") == "a"


def test_what_is_held_can_be_looked_at_without_being_counted():
    stages = Stages()
    assert stages.held("cut", "key") is None
    stages.get("cut", "key", lambda: "result")
    assert stages.held("cut", "key") == "result" and stages.held("other", "key") is None
    assert not stages.hits and stages.misses == Counter(cut=1)


def test_an_error_is_not_kept():
    stages = Stages()
    with pytest.raises(ZeroDivisionError):
        stages.get("cut", "key", lambda: 1 / 0)
    assert stages.get("cut", "key", lambda: 2) == 2


def test_a_cache_that_refuses_a_value_costs_time_but_no_answer():
    stages = Stages(Forgetful())
    for _ in range(2):
        assert stages.get("cut", "key", lambda: 7) == 7
    assert (stages.misses["cut"], stages.hits["cut"]) == (2, 0)


def test_a_cache_that_breaks_otherwise_is_not_silenced():
    class Broken(dict):
        def __setitem__(self, key, value):
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        Stages(Broken()).get("cut", "key", lambda: 7)


def test_two_caches_by_default_share_nothing():
    Stages().get("cut", "key", lambda: 1)
    assert Stages().get("cut", "key", lambda: 2) == 2


# What a move costs --------------------------------------------------------------------------------


def work(stages: Stages, **call: Any) -> dict[str, int]:
    """Stages computed by one fit."""
    before = Counter(stages.misses)
    fit(**{"panel": PANEL, "spec": SPEC, "stages": stages, **call})
    return dict(stages.misses - before)


def spec(**changes: Any) -> FitSpec:
    """The base options with some of them moved, by the class they belong to."""
    parts = {}
    for name in ("loss", "clustering", "penalty"):
        if name in changes:
            parts[name] = dataclasses.replace(getattr(SPEC, name), **changes.pop(name))
    return dataclasses.replace(SPEC, **parts, **changes)


EVERYTHING = dict.fromkeys(("prepare", "moments", "correlation", "tree", "rules", "solve"), 1)


def test_a_first_fit_computes_every_stage_once():
    assert work(Stages()) == EVERYTHING


def test_a_first_fit_without_clusters_needs_no_tree():
    groups = Beliefs.for_panel(PANEL, groups=pd.Series(1, index=PANEL.responses))
    lasso, group = FitSpec(), FitSpec(LassoModelType.GROUP_LASSO)
    without = {name: 1 for name in EVERYTHING if name not in ("correlation", "tree")}
    assert work(Stages(), spec=lasso) == without
    assert work(Stages(), spec=group, beliefs=groups) == without


ONLY_SOLVE = {"lambda": spec(penalty={"reg_lambda": 0.06}), "alpha": spec(penalty={"l1_weight": 0.2})}
RULES_AND_SOLVE = {
    "group rule": spec(penalty={"group_penalty": "yuan_lin"}),
    "cutoff": spec(clustering={"cutoff_fraction": 0.3}),
    "count": spec(clustering={"n_clusters": 2}),
    "nonneg": spec(nonneg=True),
    "warm-up": spec(warmup_period=50),
    "model": spec(model_type=LassoModelType.LASSO),
}
MOVES = {**ONLY_SOLVE, **RULES_AND_SOLVE}


@pytest.mark.parametrize("move", ONLY_SOLVE.values(), ids=ONLY_SOLVE)
def test_a_move_of_the_penalty_recomputes_only_the_solve(move):
    stages = Stages()
    work(stages)
    assert work(stages, spec=move) == {"solve": 1}


@pytest.mark.parametrize("move", RULES_AND_SOLVE.values(), ids=RULES_AND_SOLVE)
def test_a_move_of_the_cut_or_the_rules_recomputes_cut_weights_and_solve(move):
    stages = Stages()
    work(stages)
    assert work(stages, spec=move) == {"rules": 1, "solve": 1}


@pytest.mark.parametrize("what", ["signs", "prior"])
def test_a_belief_recomputes_only_the_rules_and_the_solve(what):
    stages = Stages()
    work(stages)
    assert work(stages, beliefs=Beliefs.for_panel(PANEL, **{what: sign_matrix(1.0)})) == {"rules": 1, "solve": 1}


@pytest.mark.parametrize("rule", [{"linkage_method": "average"}, {"distance_transform": "chord"}])
def test_another_linkage_keeps_the_correlations(rule):
    stages = Stages()
    work(stages)
    assert work(stages, spec=spec(clustering=rule)) == {"tree": 1, "rules": 1, "solve": 1}


def test_another_rule_of_correlation_recomputes_the_tree_and_the_solve():
    stages = Stages()
    work(stages)
    found = work(stages, spec=spec(clustering={"correlation_normalization": "pairwise"}))
    assert found == {"correlation": 1, "tree": 1, "rules": 1, "solve": 1}


FROM_THE_START = {
    "span": {"span": 24.0},
    "demean": {"demean": False},
    "centring": {"centering": "per_response"},
    "factor rows": {"factor_rows": "drop"},
    "normalisation": {"normalization": "weight_sum"},
}


@pytest.mark.parametrize("move", FROM_THE_START.values(), ids=FROM_THE_START)
def test_a_move_of_the_loss_goes_back_to_the_data(move):
    stages = Stages()
    work(stages)
    assert work(stages, spec=spec(loss=move)) == EVERYTHING


def test_other_data_share_nothing():
    stages = Stages()
    work(stages)
    assert work(stages, panel=panel_of(1)) == EVERYTHING


def test_a_switch_to_clusters_adds_the_tree_and_a_switch_back_is_a_hit():
    stages = Stages()
    work(stages, spec=MOVES["model"])
    assert work(stages) == {"correlation": 1, "tree": 1, "rules": 1, "solve": 1}
    assert work(stages, spec=MOVES["model"]) == {}


@pytest.mark.parametrize("move", [*MOVES.values(), spec(loss={"span": 24.0})])
def test_a_move_back_is_a_hit_and_the_same_object(move):
    stages = Stages()
    first = fit(PANEL, spec=SPEC, stages=stages)
    fit(PANEL, spec=move, stages=stages)
    hits = stages.hits["solve"]
    assert fit(PANEL, spec=SPEC, stages=stages) is first
    assert stages.hits["solve"] == hits + 1


def test_the_same_panel_read_twice_is_a_hit():
    stages = Stages()
    work(stages)
    assert work(stages, panel=panel_of()) == {}


def test_the_scale_of_lambda_is_found_in_the_stages_of_a_fit():
    stages = Stages()
    work(stages)
    before = Counter(stages.misses)
    assert reference_lambda(PANEL, stages) == reference_lambda(PANEL)
    assert stages.misses == before


@pytest.mark.parametrize("cache", [Forgetful(), LRUCache(2), LRUCache(10, getsizeof=lambda v: 11)])
def test_a_fit_through_a_small_or_refusing_cache_is_the_fit_without_one(cache):
    stages, alone = Stages(cache), fit(PANEL, spec=SPEC)
    for move in (SPEC, *MOVES.values(), SPEC):
        result = fit(PANEL, spec=move, stages=stages)
    assert result.beta.tobytes() == alone.beta.tobytes()
    assert result.digest == alone.digest


@pytest.mark.parametrize("loss", [LossOptions(), LossOptions(span=24.0)])
def test_what_was_fitted_before_does_not_change_one_byte(loss):
    stages = Stages()
    moves = [dataclasses.replace(move, loss=loss) for move in MOVES.values()]
    for move in (*moves, *reversed(moves)):
        after = fit(PANEL, spec=move, stages=stages)
    alone = fit(PANEL, spec=moves[0])
    assert after.spec == alone.spec
    for name in ("beta", "alpha", "state"):
        assert getattr(after, name).tobytes() == getattr(alone, name).tobytes()
    assert after.certificate.gap.tobytes() == alone.certificate.gap.tobytes()


def test_the_options_of_the_cut_do_not_enter_the_tree():
    left, right = (
        fit(PANEL, spec=dataclasses.replace(SPEC, clustering=ClusterOptions(f)), stages=Stages()) for f in (0.2, 0.9)
    )
    np.testing.assert_array_equal(left.clustering.tree.linkage, right.clustering.tree.linkage)
    assert left.n_clusters > right.n_clusters
