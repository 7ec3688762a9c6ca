"""A sign is a side of a box, nonneg is another, and a loading must lie in both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.signs import Rule, sign_box

INF = np.inf


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
