"""The difference of two fits: what is said to differ does, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import Beliefs, ClusterOptions, FitSpec, LassoModelType, Panel, PenaltyOptions, fit
from factorlasso_core.contrast import contrast
from factorlasso_core.errors import DataError
from tests.benchmarks.panels import make_panel

SPEC = FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, clustering=ClusterOptions(0.5), penalty=PenaltyOptions(1e-5, 0.1))


@pytest.fixture(scope="module")
def panel() -> Panel:
    return make_panel(120, 12, 4, seed=3)


def test_a_fit_does_not_differ_from_itself(panel) -> None:
    same = contrast(fit(panel, spec=SPEC), fit(panel, spec=SPEC))
    assert (same.beta == 0).all() and same.same_data
    assert same.parameters == {} and same.clusters == () and same.moved == 0
    assert not (same.signs.any() or same.prior.any() or same.groups.any())


def test_only_parameters_that_differ_are_listed_with_both_values(panel) -> None:
    other = replace(SPEC, penalty=replace(SPEC.penalty, reg_lambda=1e-3, l1_weight=0.4))
    found = contrast(fit(panel, spec=other), fit(panel, spec=SPEC))
    assert found.parameters == {"reg_lambda": (1e-5, 1e-3), "l1_weight": (0.1, 0.4)}
    np.testing.assert_array_equal(found.beta, fit(panel, spec=other).beta - fit(panel, spec=SPEC).beta)


def test_beliefs_that_differ_are_marked_cell_by_cell(panel) -> None:
    signs = np.full((12, 4), np.nan)
    signs[2, 1] = 1.0
    more = signs.copy()
    more[5, 0] = 0.0
    found = contrast(fit(panel, Beliefs(signs=more), SPEC), fit(panel, Beliefs(signs=signs), SPEC))
    assert np.argwhere(found.signs).tolist() == [[5, 0]]
    found = contrast(fit(panel, Beliefs(signs=signs, prior=more), SPEC), fit(panel, Beliefs(), SPEC))
    assert np.argwhere(found.signs).tolist() == [[2, 1]]
    assert np.argwhere(found.prior).tolist() == [[2, 1], [5, 0]]


def test_clusters_that_changed_say_who_stayed_joined_and_left(panel) -> None:
    base = fit(panel, spec=SPEC)
    coarse = fit(panel, spec=replace(SPEC, clustering=replace(SPEC.clustering, cutoff_fraction=1.0)))
    found = contrast(coarse, base)
    assert coarse.n_clusters < base.n_clusters
    for change in found.clusters:
        now = set(np.flatnonzero(coarse.labels == change.label)) if change.label is not None else set()
        before = set(np.flatnonzero(base.labels == change.base)) if change.base is not None else set()
        assert now & before == set(change.stayed)
        assert now - before == set(change.joined) and before - now == set(change.left)
    assert found.moved == contrast(base, coarse).moved > 0


def test_models_without_groups_have_no_clusters_to_compare(panel) -> None:
    assert contrast(fit(panel, spec=FitSpec()), fit(panel, spec=SPEC)).clusters is None


def test_given_groups_that_differ_are_named(panel) -> None:
    spec = replace(SPEC, model_type=LassoModelType.GROUP_LASSO)
    one, other = np.array(list("aaabbb" * 2), dtype=object), np.array(list("aaabbc" * 2), dtype=object)
    found = contrast(fit(panel, Beliefs(groups=other), spec), fit(panel, Beliefs(groups=one), spec))
    assert np.flatnonzero(found.groups).tolist() == [5, 11]
    assert contrast(fit(panel, Beliefs(groups=one), spec), fit(panel, spec=SPEC)).groups.all()


def test_rows_may_differ_and_it_is_said(panel) -> None:
    part = Panel(panel.x[20:], panel.y[20:], panel.factors, panel.responses, panel.index[20:])
    assert not contrast(fit(part, spec=SPEC), fit(panel, spec=SPEC)).same_data


def test_fits_of_other_responses_are_refused(panel) -> None:
    other = Panel(panel.x, panel.y, panel.factors, pd.Index([f"q{k}" for k in range(12)]), panel.index)
    with pytest.raises(DataError, match="other responses"):
        contrast(fit(panel, spec=SPEC), fit(other, spec=SPEC))


@given(st.integers(0, 1000), st.floats(0.05, 1.0), st.floats(0.05, 1.0))
@settings(max_examples=25)
def test_changes_lead_from_one_partition_to_the_other(seed, first, second) -> None:
    data = make_panel(60, 10, 3, seed=seed)
    base, now = (
        fit(data, spec=replace(SPEC, clustering=replace(SPEC.clustering, cutoff_fraction=cut)))
        for cut in (first, second)
    )
    changes = contrast(now, base).clusters
    changed = {change.label for change in changes} - {None}
    for label in set(now.labels) - changed:  # an unchanged cluster has the same members in both
        members = np.flatnonzero(now.labels == label)
        assert np.array_equal(members, np.flatnonzero(base.labels == base.labels[members[0]]))
    counterparts = [change.base for change in changes if change.base is not None]
    assert len(counterparts) == len(set(counterparts))
    assert sum(len(c.joined) for c in changes) == sum(len(c.left) for c in changes)
