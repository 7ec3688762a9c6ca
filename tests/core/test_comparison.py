"""The rules that choose among compared candidates."""

from __future__ import annotations

import numpy as np
import pytest

from factorlasso_core.comparison import Footing, largest

NAN = np.nan
LAMBDAS = np.array([4.0, 3.0, 2.0, 1.0])


def test_standard_errors_are_those_of_the_mean_over_the_compared_folds():
    scores = np.array([[1.0, 2.0, 6.0, NAN], [2.0, 2.0, 2.0, NAN]])
    footing = Footing.of(scores)
    np.testing.assert_allclose(footing.errors, [np.std([1, 2, 6], ddof=1) / np.sqrt(3), 0.0])


def test_with_a_single_fold_there_is_no_error_and_the_sparsest_is_the_best():
    footing = Footing.of(np.array([[1.0], [3.0], [2.0]]))
    assert np.isnan(footing.errors).all()
    assert footing.best == footing.sparsest(LAMBDAS[:3]) == 1


def test_the_sparsest_is_the_largest_lambda_within_one_standard_error_of_the_best():
    spread = np.array([-1.0, 0.0, 1.0])  # a standard error of 0.577
    for means, expected in (([0, 4.45, 4.5, 5], 1), ([0, 4.3, 4.5, 5], 2), ([0, 1, 2, 5], 3), ([5, 4.9, 4.8, 4.7], 0)):
        scores = np.array(means)[:, None] + spread
        assert Footing.of(scores).sparsest(LAMBDAS) == expected
        order = [2, 0, 3, 1]
        assert order[Footing.of(scores[order]).sparsest(LAMBDAS[order])] == expected


def test_the_largest_lambda_among_some():
    assert largest(LAMBDAS[::-1], np.array([True, False, True, False])) == 2


@pytest.mark.parametrize("left_out", [0, 1])
def test_a_candidate_that_was_left_out_is_never_chosen(left_out):
    scores = np.array([[5.0, 5.1, 5.2], [5.0, 5.1, 5.2], [4.99, 5.1, 5.2]])
    scores[left_out, 1] = NAN
    assert Footing.of(scores).sparsest(LAMBDAS[:3]) == 1 - left_out
