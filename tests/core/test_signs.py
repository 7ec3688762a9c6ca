"""Signs, given or found in the data, are a side of a box; nonneg is another, and a loading must lie in both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.functions import derive_sign_constraints
from factorlasso_core.signs import (
    Rule,
    block_weights,
    cell_weights,
    detected_signs,
    row_weights,
    sign_box,
    sign_rules,
)
from factorlasso_core.slopes import Slopes

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("sign", "nonneg", "lower", "upper", "rule"),
    [
        (np.nan, False, -INF, INF, Rule.FREE),
        (1.0, False, 0.0, INF, Rule.USER),
        (-1.0, False, -INF, 0.0, Rule.USER),
        (0.0, False, 0.0, 0.0, Rule.USER),
        (np.nan, True, 0.0, INF, Rule.NONNEG),
        (1.0, True, 0.0, INF, Rule.USER),
        (-1.0, True, 0.0, 0.0, Rule.USER),
        (0.0, True, 0.0, 0.0, Rule.USER),
    ],
)
def test_the_box_of_a_sign_with_and_without_nonneg(sign, nonneg, lower, upper, rule):
    box = sign_box(np.array([[sign]]), nonneg, (1, 1))
    assert (box.lower[0, 0], box.upper[0, 0], box.rule[0, 0]) == (lower, upper, rule)


@pytest.mark.parametrize(("nonneg", "lower", "rule"), [(False, -INF, Rule.FREE), (True, 0.0, Rule.NONNEG)])
def test_without_signs_every_cell_is_ruled_by_nonneg_alone(nonneg, lower, rule):
    box = sign_box(None, nonneg, (2, 3))
    assert (box.lower == lower).all() and (box.upper == INF).all() and (box.rule == rule).all()
    assert box.lower.shape == box.upper.shape == box.rule.shape == (2, 3)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_loading_lies_in_the_box_exactly_if_it_obeys_its_sign_and_nonneg(seed, nonneg):
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1, 0, 1, np.nan], size=(4, 3))
    beta = rng.choice([-2.0, 0.0, 0.5], size=(4, 3))
    box = sign_box(signs, nonneg, (4, 3))
    inside = (box.lower <= beta) & (beta <= box.upper)
    for s, b, ok in zip(signs.flat, beta.flat, inside.flat, strict=True):
        obeys = np.isnan(s) or (b == 0 if s == 0 else s * b >= 0)
        assert ok == (obeys and (b >= 0 or not nonneg))


def test_clipping_is_the_nearest_point_of_the_box_and_keeps_what_is_inside():
    box = sign_box(np.array([[1, -1, 0, np.nan]]), False, (1, 4))
    assert box.clip(np.array([[-2.0, 3.0, 5.0, -7.0]])).tolist() == [[0, 0, 0, -7]]
    assert box.clip(np.array([[2.0, -3.0, 0.0, 7.0]])).tolist() == [[2, -3, 0, 7]]


def test_zero_lies_in_every_box():
    for nonneg in (False, True):
        box = sign_box(np.array([[1, -1, 0, np.nan]]), nonneg, (1, 4))
        assert (box.clip(np.zeros((1, 4))) == 0).all()


def test_a_box_cannot_be_written():
    box = sign_box(np.array([[1.0]]), True, (1, 1))
    assert not any(values.flags.writeable for values in (box.lower, box.upper, box.rule))


# Rules --------------------------------------------------------------------------------------------


SAID = [NAN, -1.0, 0.0, 1.0]


def one_cell(explicit, detected, free, excluded, nonneg, prior, overrides) -> tuple[float, Rule]:
    """The rules of one cell read aloud: its sign before ``nonneg``, and the rule it comes from."""
    if excluded:
        return 0.0, Rule.EXCLUDED
    if not np.isnan(explicit):
        return explicit, Rule.USER
    if detected is None or free:
        return NAN, Rule.NONNEG if nonneg else Rule.FREE
    if overrides and np.isfinite(prior) and prior != 0:
        return np.sign(prior), Rule.DERIVED
    return detected, Rule.DERIVED if detected else Rule.GATED


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.integers(0, 2**32 - 1), *[st.booleans()] * 3)
def test_the_stronger_rule_wins_in_every_cell_and_nonneg_is_intersected(seed, automatic, nonneg, overrides):
    rng, shape = np.random.default_rng(seed), (5, 6)
    explicit = rng.choice(SAID, size=shape, p=[0.6, 0.1, 0.1, 0.2])
    detected = rng.choice([-1.0, 0.0, 1.0], size=shape) if automatic else None
    free, excluded = rng.random(6) < 0.3, rng.random(shape) < 0.2
    prior = rng.choice([NAN, 0.0, -0.5, 1e-12, 2.0], size=shape)
    box = sign_rules(
        shape,
        explicit=explicit,
        detected=detected,
        free_factors=free,
        excluded=excluded,
        nonneg=nonneg,
        prior=prior,
        prior_overrides=overrides,
    )
    for cell in np.ndindex(shape):
        found = None if detected is None else detected[cell]
        sign, rule = one_cell(explicit[cell], found, free[cell[1]], excluded[cell], nonneg, prior[cell], overrides)
        expected = {1: 1.0, 0: 0.0, -1: 0.0}.get(sign, 1.0) if nonneg else sign
        if nonneg and rule is Rule.DERIVED and sign == -1:
            rule = Rule.NONNEG  # it is nonneg that leaves nothing but zero
        assert Rule(box.rule[cell]) is rule
        np.testing.assert_equal(box.signs[cell], expected)


@pytest.mark.parametrize("nonneg", [False, True])
def test_the_signs_of_a_box_make_the_same_box(nonneg):
    box = sign_box(np.array([SAID]), nonneg, (1, 4))
    again = sign_box(box.signs, False, (1, 4))
    assert (again.lower == box.lower).all() and (again.upper == box.upper).all()


def test_nothing_said_is_a_free_box():
    box = sign_rules((2, 3))
    assert np.isnan(box.signs).all() and (box.rule == Rule.FREE).all()
    assert not any(values.flags.writeable for values in (box.lower, box.upper, box.rule))


def test_inputs_are_left_as_they_are():
    explicit, detected, prior = np.array([[NAN, 1.0]]), np.array([[0.0, -1.0]]), np.array([[2.0, 3.0]])
    sign_rules((1, 2), explicit=explicit, detected=detected, nonneg=True, prior=prior, prior_overrides=True)
    np.testing.assert_equal((explicit, detected, prior), ([[NAN, 1.0]], [[0.0, -1.0]], [[2.0, 3.0]]))


@pytest.mark.parametrize(("prior", "sign"), [(-0.5, -1), (1e-300, 1), (0.0, 0), (NAN, 0), (INF, 0)])
def test_a_prior_never_flips_a_sign_by_itself_and_does_so_where_it_is_asked_to(prior, sign):
    given = {"detected": np.zeros((1, 1)), "prior": np.array([[prior]])}
    assert sign_rules((1, 1), **given).signs[0, 0] == 0
    assert sign_rules((1, 1), **given, prior_overrides=True).signs[0, 0] == sign


# The gate -----------------------------------------------------------------------------------------


def evidence(slope: list[float], t: list[float]) -> Slopes:
    empty = np.zeros((1, len(t)))
    return Slopes(np.array([slope]), np.array([t]), empty, empty, np.zeros(1, int))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (None, [1, -1, 1, 0, -1]),
        (0, [1, -1, 1, 0, -1]),
        (-3.0, [1, -1, 1, 0, -1]),
        (2.0, [1, -1, 0, 0, -1]),
        (np.nextafter(2.0, 3.0), [0, -1, 0, 0, -1]),
        (1e300, [0, 0, 0, 0, -1]),
        (INF, [0, 0, 0, 0, 0]),
    ],
)
def test_the_gate_lets_equality_and_exact_fits_pass(threshold, expected):
    found = detected_signs(evidence([0.1, -3.0, 0.2, 0.0, -0.5], [2.0, -2.5, 1.0, 0.0, -INF]), threshold)
    assert found.tolist() == [expected]


# Adaptive weights ---------------------------------------------------------------------------------


SLOPE = np.array([[0.5, -2.0, 1e-9], [0.25, 4.0, 0.0]])
FOUND = np.array([[1.0, -1.0, 1.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(("gamma", "floor"), [(0.5, 1e-3), (1.0, 1e-3), (2.0, 0.01), (0.0, 1e-3)])
def test_the_weight_of_a_cell_is_a_power_of_its_slope_and_one_where_gated(gamma, floor):
    expected = [[0.5**-gamma, 2.0**-gamma, floor**-gamma], [0.25**-gamma, 1, 1]]
    np.testing.assert_allclose(cell_weights(SLOPE, FOUND, gamma, floor), expected, rtol=1e-14)


def test_rows_and_blocks_take_the_root_mean_square_of_their_ungated_cells():
    cell = cell_weights(SLOPE, FOUND, 1.0, 0.1)
    np.testing.assert_allclose(cell, [[2, 0.5, 10], [4, 1, 1]])
    np.testing.assert_allclose(row_weights(cell, FOUND), [np.sqrt((4 + 0.25 + 100) / 3), 4])
    together = block_weights(cell, FOUND, np.array([0, 0]))
    np.testing.assert_allclose(together, [[np.sqrt((4 + 16) / 2), 0.5, 10]])
    np.testing.assert_allclose(block_weights(cell, FOUND, np.array([1, 0])), [[4, 1, 1], [2, 0.5, 10]])


def test_where_everything_is_gated_every_weight_is_one():
    cell = cell_weights(SLOPE, np.zeros((2, 3)), 1.0, 1e-3)
    assert (cell == 1).all() and (row_weights(cell, np.zeros((2, 3))) == 1).all()
    assert (block_weights(cell, np.zeros((2, 3)), np.array([0, 0])) == 1).all()


def test_singleton_clusters_have_the_weights_of_their_cells():
    cell = cell_weights(SLOPE, FOUND, 0.5, 1e-3)
    np.testing.assert_allclose(block_weights(cell, FOUND, np.array([0, 1])), cell)


def test_clusters_of_factors_as_a_mapping_are_refused_because_only_its_keys_would_count():
    x = np.random.default_rng(0).standard_normal((20, 2))
    with pytest.raises(TypeError, match="not a mapping"):
        derive_sign_constraints(x, x[:, 0], clusters={"x0": 1, "x1": 1})
