"""The merges of a response: they end with everybody, and are the cophenetic distances of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from factorlasso_core.clusters import build_tree
from factorlasso_core.neighbours import merges_of


@pytest.mark.parametrize("method", ["ward", "average", "single", "centroid"])
def test_each_merge_brings_those_at_its_cophenetic_distance(method) -> None:
    correlation = np.corrcoef(np.random.default_rng(0).standard_normal((9, 40)))
    tree = build_tree(correlation, method=method)
    distance = squareform(cophenet(tree.linkage))
    for response in range(9):
        merges = merges_of(tree, response, most=20)
        everybody = np.concatenate([merge.joining for merge in merges])
        assert sorted(everybody) == [k for k in range(9) if k != response]
        for merge in merges:
            np.testing.assert_array_equal(distance[response, merge.joining], merge.height)
            together = tree.cut(merge.reach / tree.largest_distance + 1e-12)
            assert len(set(together[[response, *merge.joining]])) == 1


def test_no_more_than_asked_for_and_a_single_response_has_none() -> None:
    tree = build_tree(np.corrcoef(np.random.default_rng(1).standard_normal((9, 40))))
    assert len(merges_of(tree, 0, most=2)) <= 2
    assert merges_of(build_tree(np.ones((1, 1))), 0) == ()
