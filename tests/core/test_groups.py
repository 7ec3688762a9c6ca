"""Groups are the analyst's, found elsewhere, or cut from a tree; responses in warm-up count unless left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import (
    Beliefs,
    BeliefsError,
    ClusterOptions,
    DataError,
    FitSpec,
    LassoModelType,
    LossOptions,
    Panel,
    PenaltyOptions,
    SignOptions,
    Stages,
    fit,
)
from factorlasso_core import groups as groups_module

HCGL, FCGL = LassoModelType.GROUP_LASSO_CLUSTERS, LassoModelType.FACTOR_CLUSTER_GROUP_LASSO
GROUP, COOPERATIVE = LassoModelType.GROUP_LASSO, LassoModelType.COOPERATIVE_GROUP_LASSO
CLUSTERED = LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO
SHORT = [1, 5]


def panel(responses: int = 8, short: bool = True, rows: int = 90) -> Panel:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((rows, 3))
    parts = rng.standard_normal((2, 3))[np.arange(responses) % 2]
    y = x @ parts.T + 0.6 * rng.standard_normal((rows, responses))
    if short:
        y[:-8, SHORT] = np.nan
    return Panel.from_frames(pd.DataFrame(x).add_prefix("f"), pd.DataFrame(y).add_prefix("r"))


def options(kind: LassoModelType, **clustering) -> FitSpec:
    return FitSpec(kind, clustering=ClusterOptions(**clustering), penalty=PenaltyOptions(0.05, 0.1))


def labels(of: Panel, values) -> pd.Series:
    return pd.Series(values, index=of.responses)


# Given groups -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [GROUP, COOPERATIVE])
def test_models_on_given_groups_need_them(kind):
    with pytest.raises(BeliefsError, match=f"{kind.name} needs a group for every response"):
        fit(panel(), spec=options(kind))


@pytest.mark.parametrize("kind", [HCGL, FCGL])
def test_clusters_found_elsewhere_take_the_place_of_the_tree(kind):
    p = panel()
    given = Beliefs.for_panel(p, clusters=labels(p, list("aabbaabb")))
    result = fit(p, given, options(kind))
    assert result.clustering is None and result.cutoff is None
    assert result.labels.tolist() == list("aabbaabb")
    if kind is HCGL:  # and then it is the group lasso on them
        same = fit(p, Beliefs.for_panel(p, groups=labels(p, list("aabbaabb"))), options(GROUP))
        np.testing.assert_array_equal(result.beta, same.beta)


def test_a_cooperative_model_on_clusters_takes_none_from_elsewhere():
    p = panel()
    with pytest.raises(BeliefsError, match="finds its own clusters"):
        fit(p, Beliefs.for_panel(p, clusters=labels(p, range(8))), options(CLUSTERED))


def test_groups_a_model_has_no_place_for_change_nothing():
    p = panel()
    given = Beliefs.for_panel(p, groups=labels(p, range(8)))
    np.testing.assert_array_equal(fit(p, given, options(HCGL)).beta, fit(p, spec=options(HCGL)).beta)


@pytest.mark.parametrize("kind", [LassoModelType.LASSO, LassoModelType.UNILASSO])
def test_models_without_groups_have_none(kind):
    result = fit(panel(), spec=options(kind))
    assert (result.labels, result.clustering, result.n_clusters) == (None, None, None)


@pytest.mark.parametrize("kind", [HCGL, FCGL, CLUSTERED])
def test_a_single_response_is_plain_lasso_but_for_the_cooperative_model(kind):
    p = panel(responses=1, short=False)
    result = fit(p, spec=options(kind))
    assert (result.labels is None) == (kind is not CLUSTERED)
    assert result.certificate.relative_gap <= 1e-9


# The tree -----------------------------------------------------------------------------------------


def test_a_number_of_clusters_cuts_the_tree_at_the_last_merge_it_accepts():
    result = fit(panel(), spec=options(HCGL, n_clusters=3))
    assert result.n_clusters == 3
    assert result.cutoff in result.clustering.tree.linkage[:, 2]


def test_the_clusters_have_a_span_of_their_own():
    p = panel(short=False)
    slow = fit(p, spec=FitSpec(HCGL, LossOptions(span=30.0), ClusterOptions()))
    own = fit(p, spec=FitSpec(HCGL, LossOptions(), ClusterOptions(span=30.0)))
    np.testing.assert_array_equal(own.clustering.correlation, slow.clustering.correlation)
    assert own.data.rows == 90 and slow.data.rows == 89


def test_a_move_of_the_cut_leaves_the_tree_as_it_was_and_one_of_the_linkage_does_not():
    p, stages = panel(), Stages()
    for cut in (options(HCGL), options(HCGL, cutoff_fraction=0.3), options(FCGL, n_clusters=2)):
        fit(p, spec=cut, stages=stages)
    assert stages.misses["tree"] == 1
    fit(p, spec=options(HCGL, linkage_method="average"), stages=stages)
    assert stages.misses["tree"] == 2 and stages.misses["moments"] == 1


def test_a_matrix_of_distances_that_does_not_fit_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(groups_module, "LARGEST_CORRELATION", 100)
    with pytest.raises(DataError, match="Clustering 8 responses needs matrices"):
        fit(panel(), spec=options(HCGL))


@pytest.mark.parametrize("kind", [HCGL, FCGL])
def test_the_first_component_can_be_taken_out_of_ragged_histories(kind):
    result = fit(panel(), spec=options(kind, correlation_transform="remove_pc1"))
    assert np.abs(result.clustering.correlation).max() <= 1
    assert result.certificate.relative_gap <= 1e-9


# Responses in warm-up -----------------------------------------------------------------------------


def alone(p: Panel) -> Panel:
    """The panel without its short responses."""
    keep = np.setdiff1d(np.arange(len(p.responses)), SHORT)
    return Panel.from_frames(
        pd.DataFrame(np.array(p.x), columns=p.factors), pd.DataFrame(p.y[:, keep], columns=p.responses[keep])
    )


@pytest.mark.parametrize(
    ("kind", "derive"), [(HCGL, False), (HCGL, True), (FCGL, False), (FCGL, True), (CLUSTERED, False)]
)
def test_responses_left_out_are_as_if_they_were_not_there(kind, derive):
    p = panel()
    spec = FitSpec(
        kind,
        clustering=ClusterOptions(exclude_short=True),
        penalty=PenaltyOptions(0.05, 0.1),
        signs=SignOptions(derive=derive, adaptive=derive),
    )
    with_them, without = fit(p, spec=spec), fit(alone(p), spec=spec)
    keep = ~with_them.short
    assert with_them.short.nonzero()[0].tolist() == SHORT
    np.testing.assert_allclose(with_them.beta[keep], without.beta, rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(with_them.labels[keep], without.labels)
    assert (with_them.n_clusters, with_them.cutoff) == (without.n_clusters, without.cutoff)
    assert (with_them.beta[SHORT] == 0).all()


@pytest.mark.parametrize("kind", [GROUP, COOPERATIVE, FCGL, HCGL])
def test_responses_left_out_are_in_nobody_s_block_where_groups_are_given(kind):
    p = panel()
    given = labels(p, list("aabbaabb"))
    name = "groups" if kind.needs_groups else "clusters"
    keep = np.setdiff1d(np.arange(8), SHORT)
    with_them = fit(p, Beliefs.for_panel(p, **{name: given}), options(kind, exclude_short=True))
    without = fit(alone(p), Beliefs.for_panel(alone(p), **{name: given}), options(kind, exclude_short=True))
    np.testing.assert_allclose(with_them.beta[keep], without.beta, rtol=1e-10, atol=1e-14)
    assert with_them.certificate.relative_gap <= 1e-12


def test_labels_of_any_kind_make_groups_and_adaptive_blocks():
    p = panel()
    given = Beliefs.for_panel(p, clusters=labels(p, [1, "a", 1, "a", 2, (3,), 2, (3,)]))
    spec = FitSpec(FCGL, penalty=PenaltyOptions(0.05), signs=SignOptions(derive=True, adaptive=True))
    assert fit(p, given, spec).n_clusters == 4


def test_by_default_they_count_as_in_the_reference():
    p = panel()
    assert fit(p, spec=options(HCGL)).counted.all()
    assert not np.array_equal(
        fit(p, spec=options(HCGL)).problem.penalty.block[3],
        fit(p, spec=options(HCGL, exclude_short=True)).problem.penalty.block[3],
    )


def test_the_drawn_tree_holds_everybody_and_joins_who_was_left_out_at_the_top():
    result = fit(panel(), spec=options(HCGL, exclude_short=True))
    tree = result.clustering.tree
    assert sorted(tree.leaves) == list(range(8)) and len(tree.linkage) == 7
    assert tree.linkage[-1, 3] == 8
    inside = result.clustering.inner.linkage[:, 2].max()
    assert (tree.linkage[-2:, 2] > inside).all() and set(tree.linkage[-2:, 0].astype(int)) == set(SHORT)
    assert set(tree.leaves[:2]) == set(SHORT)


def test_with_nobody_left_the_rule_has_nothing_to_say():
    p = panel(short=False, rows=10)
    result = fit(p, spec=options(HCGL, exclude_short=True))
    assert result.short.all() and (result.beta == 0).all()
