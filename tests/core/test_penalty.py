"""The penalty is the formula of each mode, and the modes meet where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.blocks import RowBlocks
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import PenaltyOptions
from factorlasso_core.penalty import group_penalty, group_weights, lasso_penalty

LABELS = np.array(["a", "b", "a", "c", "a", "b"], dtype=object)
SIZES = {"a": 3, "b": 2, "c": 1}


def row_norms(options, labels, factors):
    return group_penalty(LassoModelType.GROUP_LASSO, options.group_penalty, labels, factors).at(options)


def deviations(seed: int = 0, rows: int = 6, factors: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, factors))


def test_a_normalised_weight_is_the_root_of_the_share_of_size_and_number_of_groups():
    expected = [np.sqrt(SIZES[label] / 3) for label in LABELS]
    np.testing.assert_allclose(group_weights(LABELS, "normalized"), expected, rtol=1e-15)


def test_a_yuan_lin_weight_is_the_root_of_the_size():
    expected = [np.sqrt(SIZES[label]) for label in LABELS]
    np.testing.assert_allclose(group_weights(LABELS, "yuan_lin"), expected, rtol=1e-15)


def test_the_names_and_the_order_of_groups_do_not_matter():
    renamed = np.array([{"a": 7, "b": 1, "c": "x"}[label] for label in LABELS], dtype=object)
    np.testing.assert_array_equal(group_weights(renamed, "normalized"), group_weights(LABELS, "normalized"))
    np.testing.assert_array_equal(group_weights(LABELS[::-1], "yuan_lin"), group_weights(LABELS, "yuan_lin")[::-1])


@pytest.mark.parametrize("rule", ["normalized", "yuan_lin"])
def test_one_group_of_all_and_groups_of_one(rule):
    assert group_weights(np.array([1, 1, 1, 1]), rule).tolist() == [2, 2, 2, 2]
    ones = 1.0 if rule == "yuan_lin" else 0.5
    assert group_weights(np.arange(4), rule).tolist() == [ones] * 4


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(0, 5), st.floats(0, 1), st.sampled_from(["normalized", "yuan_lin"]))
def test_the_group_penalty_is_the_written_sum(seed, lam, a, rule):
    d = deviations(seed)
    value = row_norms(PenaltyOptions(lam, a, rule), LABELS, 4).value(d)
    for k, label in enumerate(LABELS):
        weight = np.sqrt(SIZES[label] / (3 if rule == "normalized" else 1))
        norm = sum(v**2 for v in d[k]) ** 0.5
        expected = (1 - a) * lam * weight * norm + a * lam * sum(abs(v) for v in d[k])
        assert value[k] == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_the_lasso_penalty_is_lambda_times_the_sum_of_sizes_whatever_the_group_options_say():
    d = deviations()
    for options in (PenaltyOptions(0.3), PenaltyOptions(0.3, 0.7, "yuan_lin")):
        np.testing.assert_allclose(lasso_penalty(d.shape).at(options).value(d), 0.3 * np.abs(d).sum(axis=1))


def test_with_a_full_l1_share_the_group_penalty_is_the_lasso():
    group, lasso = row_norms(PenaltyOptions(0.3, 1.0), LABELS, 4), lasso_penalty((6, 4)).at(PenaltyOptions(0.3))
    np.testing.assert_array_equal(group.block, lasso.block)
    np.testing.assert_array_equal(group.cell, lasso.cell)


def test_yuan_lin_is_the_normalised_penalty_at_lambda_times_the_root_of_the_number_of_groups():
    left = row_norms(PenaltyOptions(0.3, 0.0, "yuan_lin"), LABELS, 4)
    right = row_norms(PenaltyOptions(0.3 * np.sqrt(3), 0.0, "normalized"), LABELS, 4)
    np.testing.assert_allclose(left.block, right.block, rtol=1e-15)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_the_penalty_is_a_seminorm_of_each_row(seed, a):
    penalty = row_norms(PenaltyOptions(0.4, a), LABELS, 4)
    u, v = deviations(seed), deviations(seed + 1)
    assert (penalty.value(u + v) <= penalty.value(u) + penalty.value(v) + 1e-12).all()
    np.testing.assert_allclose(penalty.value(-3 * u), 3 * penalty.value(u), rtol=1e-12)
    assert (penalty.value(0 * u) == 0).all()


def test_at_lambda_zero_nothing_costs():
    for penalty in (row_norms(PenaltyOptions(0.0, 0.3), LABELS, 4), lasso_penalty((6, 4)).at(PenaltyOptions(0))):
        assert (penalty.value(deviations()) == 0).all()


def test_penalties_cannot_be_written():
    for penalty in (row_norms(PenaltyOptions(), LABELS, 4), lasso_penalty((6, 4)).at(PenaltyOptions())):
        assert isinstance(penalty.blocks, RowBlocks)
        assert not penalty.block.flags.writeable and not penalty.cell.flags.writeable
