"""The tree is a linkage of distances made of correlations, and the cut is what scipy cuts."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import dendrogram, fcluster, linkage

from factorlasso_core.clusters import TRANSFORMS, Tree, build_tree, first_component, remove_first_component
from factorlasso_core.enums import LINKAGE_METHODS, DistanceTransform
from factorlasso_core.errors import DataError
from factorlasso_core.functions.clustering import remove_first_principal_component


def correlations(seed: int, n: int) -> np.ndarray:
    """A correlation matrix with blocks, opposites and, now and then, exact twins."""
    rng = np.random.default_rng(seed)
    blocks = rng.standard_normal((30, 3))[:, rng.integers(0, 3, n)] * rng.choice([-1, 1], n)
    y = blocks + rng.choice([0.2, 1.0, 5.0]) * rng.standard_normal((30, n))
    if rng.random() < 0.3:
        y[:, -1] = y[:, 0]
    return np.atleast_2d(np.corrcoef(y.T))


def distances(c: np.ndarray) -> np.ndarray:
    n = len(c)
    return np.array([min(max(1 - c[i, j], 0.0), 2.0) for i in range(n) for j in range(i + 1, n)])


def same_cluster(labels: np.ndarray) -> np.ndarray:
    return labels[:, None] == labels[None, :]


def ward_heights(c: np.ndarray) -> list[float]:
    """Merge heights by the Lance-Williams update, two nearest clusters at a time."""
    d = {(i, j): 1 - c[i, j] for i in range(len(c)) for j in range(i)}
    size, heights, name = dict.fromkeys(range(len(c)), 1), [], len(c)
    while len(size) > 1:
        (i, j), height = min(d.items(), key=lambda item: item[1])
        for k in size.keys() - {i, j}:
            ik, jk = d[max(i, k), min(i, k)], d[max(j, k), min(j, k)]
            a, b, n = size[i] + size[k], size[j] + size[k], size[i] + size[j] + size[k]
            d[name, k] = np.sqrt((a * ik**2 + b * jk**2 - size[k] * height**2) / n)
        size[name] = size.pop(i) + size.pop(j)
        d = {pair: value for pair, value in d.items() if not {i, j} & set(pair)}
        heights.append(height)
        name += 1
    return heights


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(2, 25), st.floats(0.01, 1.0))
def test_labels_heights_and_cut_are_those_of_scipy_on_the_formula(seed, n, fraction):
    c = correlations(seed, n)
    p = distances(c)
    merges = linkage(p, method="ward")
    tree = build_tree(c)
    np.testing.assert_array_equal(tree.linkage, merges)
    assert tree.height(fraction) == fraction * p.max()
    np.testing.assert_array_equal(tree.cut(fraction), fcluster(merges, fraction * p.max(), "distance"))


@pytest.mark.parametrize("n", [2, 3, 7, 12])
def test_heights_are_those_of_wards_update_written_out(n):
    c = correlations(n, n)
    np.testing.assert_allclose(build_tree(c).linkage[:, 2], ward_heights(c), rtol=1e-12)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=12))
def test_the_count_of_a_cut_is_the_number_of_its_labels(seed, n, fractions):
    tree = build_tree(correlations(seed, n))
    exact = [h / tree.largest_distance for h in tree.linkage[:, 2] if 0 < h <= tree.largest_distance]
    for fraction in fractions + exact + [1.0]:
        labels = tree.cut(fraction)
        assert tree.count(fraction) == len(set(labels.tolist()))
        assert sorted(set(labels.tolist())) == list(range(1, tree.count(fraction) + 1))


def test_a_higher_cut_only_joins_clusters():
    tree = build_tree(correlations(3, 20))
    cuts = [same_cluster(tree.cut(f)) for f in np.linspace(0.01, 1, 60)]
    counts = [tree.count(f) for f in np.linspace(0.01, 1, 60)]
    assert all((low <= high).all() for low, high in itertools.pairwise(cuts))
    assert counts == sorted(counts, reverse=True) and counts[0] > counts[-1]


def test_the_order_of_the_leaves_is_the_drawn_one_and_does_not_depend_on_the_cut():
    c = correlations(4, 15)
    tree = build_tree(c)
    before = tree.leaves.tolist()
    for fraction in (0.1, 0.5, 1.0):
        tree.cut(fraction)
    assert tree.leaves.tolist() == before == dendrogram(tree.linkage, no_plot=True)["leaves"]
    assert sorted(before) == list(range(15))


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.7, 1.0])
def test_a_cluster_is_an_unbroken_run_of_leaves(fraction):
    tree = build_tree(correlations(5, 20))
    labels = tree.cut(fraction)[tree.leaves]
    runs = 1 + int((np.diff(labels) != 0).sum())
    assert runs == tree.count(fraction)


def test_permuting_responses_permutes_the_partition():
    c, order = correlations(6, 12), np.random.default_rng(6).permutation(12)
    turned = same_cluster(build_tree(c[np.ix_(order, order)]).cut(0.5))
    np.testing.assert_array_equal(turned, same_cluster(build_tree(c).cut(0.5))[np.ix_(order, order)])


def test_a_single_response_is_one_cluster_at_height_zero():
    tree = build_tree(np.ones((1, 1)))
    assert tree.linkage.shape == (0, 4)
    assert tree.cut(0.5).tolist() == [1] and tree.count(0.5) == 1
    assert tree.height(0.5) == 0.0 and tree.leaves.tolist() == [0]


@pytest.mark.parametrize("n", [2, 5])
def test_identical_responses_are_one_cluster_at_any_cut(n):
    tree = build_tree(np.ones((n, n)))
    for fraction in (1e-6, 0.5, 1.0):
        assert tree.cut(fraction).tolist() == [1] * n
        assert tree.count(fraction) == 1


def test_two_responses_join_only_at_the_full_cut():
    tree = build_tree(np.array([[1.0, 0.2], [0.2, 1.0]]))
    assert (tree.largest_distance, tree.count(0.999), tree.count(1.0)) == (0.8, 2, 1)


def test_wards_heights_can_exceed_the_largest_distance_so_the_full_cut_may_leave_clusters():
    block = np.kron(np.eye(2), np.ones((6, 6)))
    tree = build_tree(block)
    assert tree.linkage[-1, 2] > tree.largest_distance == 1.0
    assert tree.count(1.0) == 2


def test_the_unit_of_the_cut_is_the_largest_distance_not_the_largest_height():
    c = correlations(7, 10)
    assert build_tree(c).largest_distance == pytest.approx(1 - c.min(), rel=1e-15)


def test_an_undefined_correlation_counts_as_zero():
    c = correlations(8, 6)
    c[0, 3] = c[3, 0] = 0.0
    holed = c.copy()
    holed[0, 3] = holed[3, 0] = np.nan
    np.testing.assert_array_equal(build_tree(holed).linkage, build_tree(c).linkage)


def test_rounding_beyond_one_is_no_negative_distance():
    c = np.array([[1.0, 1.0 + 1e-15, 0.0], [1.0 + 1e-15, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert build_tree(c).linkage[0, 2] == 0.0


def test_building_a_tree_leaves_the_matrix_alone_and_its_arrays_cannot_be_written():
    c = correlations(9, 6)
    before = c.copy()
    tree: Tree = build_tree(c)
    np.testing.assert_array_equal(c, before)
    assert not tree.linkage.flags.writeable and not tree.leaves.flags.writeable


# Methods and distances ----------------------------------------------------------------------------

DISTANCES = {
    "one_minus_rho": lambda rho: 1 - rho,
    "chord": lambda rho: (2 * (1 - rho)) ** 0.5,
    "arccos": np.arccos,
}


@pytest.mark.parametrize("method", LINKAGE_METHODS)
@pytest.mark.parametrize("transform", list(DistanceTransform))
def test_every_method_on_every_distance_is_that_of_scipy(method, transform):
    c = correlations(10, 12)
    p = np.array([DISTANCES[transform](min(max(c[i, j], -1), 1)) for i in range(12) for j in range(i + 1, 12)])
    tree = build_tree(c, method=method, transform=transform)
    np.testing.assert_allclose(tree.linkage, linkage(p, method=method), atol=1e-13)
    assert tree.largest_distance == pytest.approx(p.max(), rel=1e-15)


def test_the_distances_are_the_named_ones_and_no_more():
    assert set(TRANSFORMS) == set(DISTANCES) == {t.value for t in DistanceTransform}


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.sampled_from(LINKAGE_METHODS), st.floats(0.01, 1.0))
def test_the_count_of_any_method_is_the_number_of_labels(seed, n, method, fraction):
    tree = build_tree(correlations(seed, n), method=method)
    exact = [h / tree.largest_distance for h in tree.linkage[:, 2] if tree.largest_distance > 0]
    for f in [fraction, *exact]:
        labels = tree.cut(f)
        np.testing.assert_array_equal(labels, fcluster(tree.linkage, tree.height(f), "distance"))
        assert tree.count(f) == labels.max() == len(set(labels.tolist()))


@pytest.mark.parametrize("method", ["centroid", "median"])
def test_an_inversion_is_known_and_the_count_stays_right(method):
    triangle = np.full((3, 3), 0.2) + 0.8 * np.eye(3)  # the centroid of two is nearer to the third than they are
    tree = build_tree(triangle, method=method)
    below, cut = tree.linkage[1, 2], tree.linkage[0, 2]
    assert not tree.monotone and below < cut
    fraction = 0.5 * (below + cut) / tree.largest_distance
    assert (tree.linkage[:, 2] <= tree.height(fraction)).sum() == 1  # the upper merge alone lies under the cut
    assert tree.count(fraction) == 3 and tree.cut(fraction).tolist() == [1, 2, 3]
    np.testing.assert_array_equal(tree.reach, [cut, cut])


@pytest.mark.parametrize("method", ["single", "complete", "average", "weighted", "ward"])
def test_the_other_methods_have_no_inversion(method):
    for seed in range(20):
        tree = build_tree(correlations(seed, 15), method=method)
        assert tree.monotone and (tree.reach == tree.linkage[:, 2]).all()


@pytest.mark.parametrize("method", LINKAGE_METHODS)
@pytest.mark.parametrize("transform", list(DistanceTransform))
def test_degenerate_matrices_have_a_tree(method, transform):
    options = {"method": method, "transform": transform}
    single = build_tree(np.array([[np.nan]]), **options)
    assert single.linkage.shape == (0, 4) and single.monotone
    assert (single.count(0.5), single.cut_into(3).tolist(), single.height_of(3)) == (1, [1], 0.0)
    same = build_tree(np.ones((4, 4)), **options)
    assert same.cut(0.5).tolist() == [1] * 4 and same.largest_distance == 0
    apart = build_tree(np.full((2, 2), np.nan), **options)
    assert apart.count(0.99) == 2 and apart.count(1.0) == 1


# A number of clusters -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", LINKAGE_METHODS)
def test_a_cut_into_n_clusters_is_that_of_scipy_at_the_height_of_its_last_merge(method):
    tree = build_tree(np.corrcoef(np.random.default_rng(11).standard_normal((14, 20))), method=method)
    for n in range(1, 20):
        labels = tree.cut_into(n)
        np.testing.assert_array_equal(labels, fcluster(tree.linkage, min(n, 14), "maxclust"))
        assert labels.max() <= n
        merges = 14 - labels.max()
        assert tree.height_of(n) == (tree.linkage[merges - 1, 2] if merges else 0.0)
        if tree.monotone:
            assert labels.max() == n or n > 14
            at_height = tree.cut(tree.height_of(n) / tree.largest_distance * (1 + 1e-12))
            np.testing.assert_array_equal(same_cluster(at_height), same_cluster(labels))


def test_merges_at_one_height_are_taken_together():
    tree = build_tree(np.eye(4), method="single")
    assert tree.cut_into(3).tolist() == [1] * 4 and tree.height_of(3) == 1.0
    assert tree.cut_into(4).tolist() == [1, 2, 3, 4] and tree.height_of(4) == 0.0


# The first component ------------------------------------------------------------------------------


def test_without_its_first_component_the_rest_is_the_correlation_of_the_residuals():
    y = np.random.default_rng(12).standard_normal((50, 1)) + np.random.default_rng(13).standard_normal((50, 5))
    z = (y - y.mean(axis=0)) / y.std(axis=0)
    left, size, right = np.linalg.svd(z, full_matrices=False)
    rest = z - size[0] * np.outer(left[:, 0], right[0])
    part = first_component(np.corrcoef(y.T))
    np.testing.assert_allclose(part.correlation, np.corrcoef(rest.T), atol=1e-12)
    np.testing.assert_allclose(part.variance, rest.var(axis=0), atol=1e-12)
    assert part.eigenvalue == pytest.approx(size[0] ** 2 / 50, rel=1e-12)
    assert part.gap == pytest.approx((size[0] ** 2 - size[1] ** 2) / 50, rel=1e-10)
    assert part.unique and not part.isolated.any()


def test_a_response_of_which_nothing_is_left_is_isolated():
    twins = np.kron(np.eye(2), np.ones((2, 2)))
    twins[2, 3] = twins[3, 2] = 0.5
    part = first_component(twins)
    assert part.isolated.tolist() == [True, True, False, False]
    np.testing.assert_array_equal(part.correlation[:2], np.eye(4)[:2])
    assert part.correlation[2, 3] == pytest.approx(0.5, rel=1e-12)


def test_one_common_move_leaves_nothing():
    c = np.outer([1, -1, 1], [1, -1, 1]).astype(float)
    np.testing.assert_array_equal(remove_first_component(c), np.eye(3))


def test_a_component_as_large_as_the_next_is_not_unique():
    assert not first_component(np.eye(3)).unique
    assert first_component(np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])).unique


def test_from_a_single_response_nothing_is_taken():
    part = first_component(np.array([[np.nan]]))
    assert part.correlation.tolist() == [[1.0]] and part.variance.tolist() == [1.0]
    assert (part.eigenvalue, part.unique) == (0.0, True) and np.isnan(part.gap)


def test_an_undefined_pair_counts_as_zero_and_the_matrix_is_left_alone():
    c = 0.3 * correlations(14, 5) + 0.7 * np.eye(5)
    c[0, 1] = np.nan  # on one side only
    before = c.copy()
    filled = np.where(np.isnan(c), 0.0, c)
    filled[1, 0] = 0.0
    np.testing.assert_array_equal(remove_first_component(c), remove_first_component(filled))
    np.testing.assert_array_equal(c, before)
    assert not remove_first_component(c).flags.writeable


@pytest.mark.parametrize(
    "c",
    [
        [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]],  # the rest would correlate by more than one
        [[1, 0.6, 0.6, 0.6, 0.6]] + [[0.6, *row] for row in np.eye(4).tolist()],  # a variance would be negative
    ],
)
def test_a_matrix_far_from_positive_semidefinite_is_clipped_and_refused_by_the_public_function(c):
    part = first_component(np.array(c, dtype=float))
    assert part.excess > 1e-3 and np.abs(part.correlation).max() <= 1
    with pytest.raises(DataError, match="not positive semidefinite: drop the responses"):
        remove_first_principal_component(pd.DataFrame(c, dtype=float))
