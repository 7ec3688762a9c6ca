"""Slopes, t statistics and effective numbers are what the formulas say, cell by cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.ewm import loss_weights
from factorlasso_core.slopes import VARIANCES, Slopes, slopes

SPANS = [None, 9.0]
POOLS = {"alone": np.arange(6), "mixed": np.array([2, 0, 0, 1, 2, 0]), "one": np.zeros(6, dtype=int)}
RULES = list(itertools.product(VARIANCES, SPANS, POOLS))


def cells(seed: int, rows: int = 40, holes: float = 0.15) -> tuple[np.ndarray, ...]:
    """x, x_present, y, valid: six responses, three factors, a late start and an early end."""
    rng = np.random.default_rng(seed)
    x, noise = rng.standard_normal((rows, 3)), rng.standard_normal((rows, 6))
    y = x @ rng.standard_normal((3, 6)) + noise
    present, valid = rng.random(x.shape) >= holes, rng.random(y.shape) >= holes
    if holes:
        valid[: rows // 2, 1] = valid[-rows // 2 :, 4] = False
    return np.where(present, x, 0.0), present, np.where(valid, y, 0.0), valid


def by_cell(x, present, y, valid, pools, weights, variance) -> Slopes:
    """The formulas of estimator.md 5.1 and 5.2, one pool and one factor at a time."""
    shape = (pools.max() + 1, x.shape[1])
    result = {name: np.zeros(shape) for name in ("slope", "t", "effective_n", "counts")}
    for pool, factor in np.ndindex(shape):
        here = valid[:, pools == pool] & present[:, [factor]]
        numbers = one_cell(x[:, factor], y[:, pools == pool], here, weights, variance)
        for name, value in zip(result, numbers, strict=True):
            result[name][pool, factor] = value
    return Slopes(**result, pools=pools)


def one_cell(x, y, here, weights, variance) -> tuple[float, float, float, int]:
    o = np.ones(len(x)) if weights is None else weights
    wide, count, members = np.where(here, o[:, None], 0.0), here.sum(), here.any(axis=0).sum()
    spread = (wide * x[:, None] ** 2).sum()
    slope = (wide * x[:, None] * y).sum() / spread if spread else 0.0
    residual = np.where(here, y - slope * x[:, None], 0.0)
    dates = o[here.any(axis=1)]
    effective = dates.sum() ** 2 / (dates**2).sum() if len(dates) else 0.0
    if slope == 0 or effective <= 1:
        return slope, 0.0, effective, count
    if variance == "date":
        square = ((o * x * residual.sum(axis=1)) ** 2).sum() * effective / (effective - 1) / spread**2
    elif weights is None:
        square = (residual**2).sum() / max(count - members, 1) / spread
    else:
        mass = wide.sum() ** 2 / (wide**2).sum()
        square = ((o[:, None] * x[:, None] * residual) ** 2).sum() / spread**2
        square *= mass / (mass - members) if mass > members else 1.0
    return slope, slope / np.sqrt(square), effective, count


def assert_same(one: Slopes, other: Slopes, rtol: float = 1e-11) -> None:
    for name in ("slope", "t", "effective_n", "counts"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, atol=1e-13, err_msg=name)


def weights_of(span: float | None, rows: int) -> np.ndarray | None:
    return None if span is None else loss_weights(rows, span)


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
@pytest.mark.parametrize("rows", [2, 3, 7, 40])
def test_they_are_the_formulas_cell_by_cell(variance, span, pools, rows):
    data, o = cells(rows, rows), weights_of(span, rows)
    ours = slopes(*data, POOLS[pools], weights=o, variance=variance)
    assert_same(ours, by_cell(*data, POOLS[pools], o, variance))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from(RULES), st.integers(2, 30), st.floats(0, 0.9))
def test_they_are_the_formulas_whatever_is_missing(seed, rule, rows, holes):
    variance, span, pools = rule
    data, o = cells(seed, rows, holes), weights_of(span, rows)
    ours = slopes(*data, POOLS[pools], weights=o, variance=variance)
    assert_same(ours, by_cell(*data, POOLS[pools], o, variance), rtol=1e-9)


def test_a_worked_example():
    """x = (1, 2), y = (1, 3): D = 5, b = 7/5, residuals -0.4 and 0.2, one degree of freedom."""
    x, y, there = np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]), np.ones((2, 1), bool)
    ours = slopes(x, there, y, there, np.zeros(1, int))
    assert ours.slope[0, 0] == pytest.approx(1.4)
    assert ours.t[0, 0] == pytest.approx(1.4 / np.sqrt(0.2 / 5))
    assert (ours.effective_n[0, 0], ours.counts[0, 0]) == (2, 2)
    dated = slopes(x, there, y, there, np.zeros(1, int), variance="date")
    assert dated.t[0, 0] == pytest.approx(1.4 / np.sqrt((0.4**2 + 0.4**2) * 2 / 25))


@pytest.mark.parametrize("variance", VARIANCES)
def test_the_sum_over_dates_does_not_count_copies_of_a_series_as_evidence(variance):
    x, present, y, valid = cells(3, holes=0)
    once = slopes(x, present, y[:, :1], valid[:, :1], np.zeros(1, int), variance=variance)
    four = slopes(x, present, y[:, [0] * 4], valid[:, [0] * 4], np.zeros(4, int), variance=variance)
    np.testing.assert_allclose(four.slope, once.slope)
    np.testing.assert_allclose(four.t, once.t * (1 if variance == "date" else 2))


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
@pytest.mark.parametrize("units", [(1e-6, 1.0), (1.0, 1e5), (1e-4, 1e-4)])
def test_units_scale_the_slope_and_leave_t(variance, span, pools, units):
    (x, present, y, valid), o = cells(4), weights_of(span, 40)
    keywords = {"weights": o, "variance": variance}
    plain = slopes(x, present, y, valid, POOLS[pools], **keywords)
    scaled = slopes(units[0] * x, present, units[1] * y, valid, POOLS[pools], **keywords)
    np.testing.assert_allclose(scaled.slope, plain.slope * units[1] / units[0])
    np.testing.assert_allclose(scaled.t, plain.t, rtol=1e-9)


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
def test_the_order_of_the_responses_does_not_matter(variance, span, pools):
    (x, present, y, valid), o = cells(5), weights_of(span, 40)
    order = np.array([3, 5, 0, 1, 4, 2])
    codes = np.arange(6) if pools == "alone" else POOLS[pools][order]
    plain = slopes(x, present, y, valid, POOLS[pools], weights=o, variance=variance)
    moved = slopes(x, present, y[:, order], valid[:, order], codes, weights=o, variance=variance)
    for name in ("slope", "t", "effective_n", "counts"):
        there, here = moved.by_response(getattr(moved, name)), plain.by_response(getattr(plain, name))
        np.testing.assert_allclose(there, here[order], rtol=1e-11)


def test_a_row_of_the_pool_stands_for_each_of_its_responses():
    data = cells(6)
    ours = slopes(*data, POOLS["mixed"])
    assert (ours.by_response(ours.slope) == ours.slope[POOLS["mixed"]]).all()
    assert ours.by_response(ours.t).shape == (6, 3)


# Exact fits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
@pytest.mark.parametrize("slope", [0.3, -1 / 3, 2.0, 1e-9])
def test_an_exact_fit_is_beyond_every_gate(variance, span, pools, slope):
    x, present, y, valid = cells(7)
    y = np.where(valid, slope * x[:, :1], 0.0)
    present[:, 0] = True
    ours = slopes(x, present, y, valid, POOLS[pools], weights=weights_of(span, 40), variance=variance)
    assert (np.abs(ours.t[:, 0]) > 1e12).all()
    assert (np.sign(ours.t[:, 0]) == np.sign(slope)).all() and np.isfinite(ours.t[:, 1:]).all()


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
@pytest.mark.parametrize("noise", [1e-2, 1e-5, 1e-8])
def test_an_almost_exact_fit_keeps_its_digits(variance, span, pools, noise):
    (x, present, y, valid), o = cells(8), weights_of(span, 40)
    y = np.where(valid, x[:, :1] + noise * y, 0.0)
    keywords = {"weights": o, "variance": variance}
    ours = slopes(x, present, y, valid, POOLS[pools], **keywords)
    theirs = by_cell(x, present, y, valid, POOLS[pools], o, variance)
    np.testing.assert_allclose(ours.t, theirs.t, rtol=1e-15 / noise + 1e-9)


@pytest.mark.parametrize("variance", VARIANCES)
def test_a_date_that_carries_everything_does_not_wipe_out_the_rest(variance):
    x, present, y, valid = cells(9, holes=0)
    x[5, 0], y[5] = 1e4, 2e4
    ours = slopes(x, present, y, valid, np.arange(6), variance=variance)
    assert_same(ours, by_cell(x, present, y, valid, np.arange(6), None, variance), rtol=1e-6)
    assert np.isfinite(ours.t).all()


# Nothing to see -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
def test_a_factor_that_never_moves_and_a_response_never_seen_say_nothing(variance, span, pools):
    x, present, y, valid = cells(10)
    x[:, 1], present[:, 2], x[:, 2] = 0.0, False, 0.0
    y[:, 0], valid[:, 0], y[:, 3] = 0.0, False, 0.0
    ours = slopes(x, present, y, valid, POOLS[pools], weights=weights_of(span, 40), variance=variance)
    assert (ours.slope[:, 1:] == 0).all() and (ours.t[:, 1:] == 0).all()
    assert (ours.counts[:, 2] == 0).all() and (ours.effective_n[:, 2] == 0).all()
    if pools == "alone":
        assert ours.t[0, 0] == ours.t[3, 0] == ours.counts[0, 0] == 0


@pytest.mark.parametrize(("variance", "span", "pools"), RULES)
def test_a_single_date_has_a_slope_and_no_t(variance, span, pools):
    x, present, y, valid = cells(11, holes=0)
    valid[:-1], y[:-1] = False, 0.0
    ours = slopes(x, present, y, valid, POOLS[pools], weights=weights_of(span, 40), variance=variance)
    assert (ours.slope != 0).all() and (ours.t == 0).all() and (ours.effective_n == 1).all()


def test_weights_that_underflow_are_no_evidence():
    x, present, y, valid = cells(12, rows=2000, holes=0)
    valid[200:, 0], y[200:, 0] = False, 0.0
    ours = slopes(x, present, y, valid, np.arange(6), weights=loss_weights(2000, 3))
    assert (ours.t[0] == 0).all() and np.isfinite(ours.t).all()


def test_nothing_can_be_written_and_the_codes_are_a_copy():
    codes = np.zeros(6, int)
    ours = slopes(*cells(13), codes)
    codes[0] = 1
    assert ours.pools.sum() == 0
    assert not any(values.flags.writeable for values in vars(ours).values())
