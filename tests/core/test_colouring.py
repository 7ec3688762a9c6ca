"""Colours stay with clusters while a cut moves, for any number of clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factorlasso_core.clusters import build_tree
from factorlasso_core.colouring import bounded, match_colours

partitions = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=40)


def everyone(labels) -> np.ndarray:
    return np.ones(len(labels), dtype=bool)


def colours(labels, before=None) -> np.ndarray:
    return match_colours(np.asarray(labels), everyone(labels), before)


def test_at_first_clusters_are_numbered_as_they_occur() -> None:
    assert colours([7, 7, 2, 9, 2]).tolist() == [0, 0, 1, 2, 1]


def test_other_labels_of_the_same_partition_change_no_colour() -> None:
    first = colours([1, 1, 2, 3, 3])
    assert colours([9, 9, 5, 4, 4], first).tolist() == first.tolist()


def test_of_a_split_cluster_the_larger_branch_keeps_the_colour_and_the_rest_is_untouched() -> None:
    first = colours([1, 1, 1, 2, 2])
    assert colours([1, 3, 3, 2, 2], first).tolist() == [2, 0, 0, 1, 1]


def test_a_merge_keeps_the_colour_of_its_larger_part() -> None:
    first = colours([1, 2, 2, 3])
    assert colours([5, 5, 5, 3], first).tolist() == [1, 1, 1, 2]


def test_ties_go_to_the_smaller_number_and_to_the_cluster_that_occurs_first() -> None:
    assert colours([1, 1, 1, 1], colours([1, 1, 2, 2])).tolist() == [0, 0, 0, 0]
    assert colours([4, 4, 3, 3], colours([1, 1, 1, 1])).tolist() == [0, 0, 1, 1]


def test_those_left_out_have_none() -> None:
    counted = np.array([True, False, True])
    found = match_colours(np.array([1, 0, 2]), counted)
    assert found.tolist() == [0, -1, 1]
    assert match_colours(np.array([0, 0]), np.zeros(2, dtype=bool)).tolist() == [-1, -1]


@given(partitions)
def test_clusters_and_colours_are_one_to_one_and_largest_overlaps_are_kept(rows) -> None:
    labels, before, counted = (np.array(part) for part in zip(*rows, strict=True))
    first = match_colours(before, everyone(before))
    found = match_colours(labels, counted, first)
    pairs = pd.DataFrame({"label": labels[counted], "colour": found[counted]}).drop_duplicates()
    assert pairs["label"].is_unique and pairs["colour"].is_unique
    assert (found[~counted] == -1).all() and (found[counted] >= 0).all()
    if counted.any():
        table = pd.crosstab(labels[counted], first[counted])
        kept = {(row, column) for row, column in zip(labels[counted], found[counted], strict=True)}
        best = [(r, c) for r in table.index for c in table.columns if table.loc[r, c] == table.to_numpy().max()]
        assert any(pair in kept for pair in best)


def test_there_and_back_along_a_tree_every_cluster_has_its_colour_again() -> None:
    random = np.random.default_rng(0)
    correlation = np.corrcoef(random.standard_normal((40, 30)) @ random.standard_normal((30, 60)), rowvar=False)
    tree = build_tree(correlation)
    cuts = np.linspace(0.9, 0.3, 25)
    first = now = colours(tree.cut(cuts[0]))
    for cut in [*cuts, *cuts[::-1]]:
        now = colours(tree.cut(cut), now)
    assert now.tolist() == first.tolist()


def test_numbers_beyond_the_plain_colours_become_the_smallest_free_ones_and_others_stay() -> None:
    assert bounded(np.array([0, 14, -1, 30, 14, 3]), 12).tolist() == [0, 1, -1, 2, 1, 3]
    assert bounded(np.array([0, 11, 5]), 12).tolist() == [0, 11, 5], "within the plain ones nothing moves"
    many = np.arange(30)
    assert bounded(many, 12).tolist() == many.tolist(), "that many clusters need that many numbers"
    assert bounded(np.delete(many, 5), 12)[-1] == 5, "only what is out of bounds moves"
    assert bounded(np.array([-1, -1]), 12).tolist() == [-1, -1]


@given(st.lists(st.integers(-1, 50), min_size=1, max_size=40), st.integers(1, 15))
def test_bounded_numbers_are_the_same_partition(numbers, plain) -> None:
    before = np.array(numbers)
    now = bounded(before, plain)
    pairs = set(zip(before.tolist(), now.tolist(), strict=True))
    clusters = set(numbers) - {-1}
    assert len(pairs) == len(set(numbers)) == len(set(now.tolist()))
    assert ((now == -1) == (before == -1)).all() and now.max() < max(plain, len(clusters))


def test_it_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        bounded(np.array([1, 2]), 3)[0] = 3
    with pytest.raises(ValueError, match="read-only"):
        colours([1, 2])[0] = 3
