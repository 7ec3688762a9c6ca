"""Statistics taken from the moments are those of the residuals, and an exact fit keeps its digits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.diagnostics import in_sample
from factorlasso_core.moments import moments
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import Prepared, prepare

NAN = np.nan
FIELDS = ("alpha", "ss_total", "ss_res", "r2")


def data_of(seed: int, noise: float = 1.0, holes: float = 0.1, **options) -> tuple[Prepared, np.ndarray]:
    """Prepared arrays, and loadings that explain them up to the noise."""
    rng = np.random.default_rng(seed)
    beta = rng.standard_normal((5, 3))
    x = rng.standard_normal((40, 3)) + 2.0
    y = x @ beta.T + noise * rng.standard_normal((40, 5)) - 1.0
    if holes:
        y[rng.random(y.shape) < holes] = NAN
        y[:20, 1], y[:, 4] = NAN, NAN
    return prepare(Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y)), LossOptions(**options)), beta


def by_residuals(data: Prepared, beta: np.ndarray) -> dict[str, list[float]]:
    """One response after the other, from its residuals."""
    found: dict[str, list[float]] = {name: [] for name in FIELDS}
    for k in range(data.y.shape[1]):
        here = data.valid[:, k]
        if not here.any():
            for name in FIELDS:
                found[name].append(NAN)
            continue
        share = data.weights[here] / data.weights[here].sum()
        target = data.y[here, k]
        residual = target - data.x[here] @ beta[k]
        alpha = 0.0 if data.own_means else share @ residual
        if data.own_means:
            residual = residual - share @ residual
        total, left = share @ (target - share @ target) ** 2, share @ residual**2
        for name, value in zip(FIELDS, (alpha, total, left, 1.0 - left / total), strict=True):
            found[name].append(value)
    return found


OPTIONS = [
    {},
    {"span": 12.0},
    {"demean": False},
    {"span": 12.0, "demean": False},
    {"centering": "per_response"},
    {"span": 12.0, "centering": "per_response"},
    {"span": 12.0, "normalization": "weight_sum"},
    {"normalization": "weight_sum", "centering": "per_response"},
]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(OPTIONS),
    st.sampled_from([0.0, 0.1]),
    st.sampled_from([0.0, 1e-9, 1e-3, 0.02, 1.0]),
    st.sampled_from([0.0, 1.0, 30.0]),
)
def test_the_statistics_are_those_of_the_residuals(seed, options, holes, noise, factor):
    data, truth = data_of(seed, noise, holes, **options)
    beta = factor * truth
    found, expected = in_sample(data, moments(data), beta), by_residuals(data, beta)
    size = np.sqrt(np.nanmax(data.y**2)) * max(factor, 1.0)
    np.testing.assert_allclose(found.alpha, expected["alpha"], rtol=1e-12, atol=1e-13 * size)
    np.testing.assert_allclose(found.ss_total, expected["ss_total"], rtol=1e-12)
    left = np.array(expected["ss_res"])
    # The last two terms are the rounding of the residuals themselves.
    rounding = 1e-11 * left + 1e-14 * size * np.sqrt(left) + 1e-28 * size**2
    assert (np.abs(found.ss_res - left) <= rounding)[~np.isnan(left)].all()
    np.testing.assert_allclose(found.r2, expected["r2"], rtol=1e-11, atol=1e-12)


def test_what_an_exact_fit_leaves_is_rounding_and_not_negative():
    data, _ = data_of(0, noise=0.0, holes=0.0)
    beta = np.linalg.lstsq(data.x, data.y, rcond=None)[0].T
    found = in_sample(data, moments(data), beta)
    assert (found.ss_res >= 0).all() and (found.ss_res < 1e-28).all() and (found.r2 == 1.0).all()


def test_a_response_without_valid_rows_and_loadings_that_were_not_estimated_have_no_statistics():
    data, beta = data_of(1)
    beta[0] = NAN
    found = in_sample(data, moments(data), beta)
    assert np.isnan([found.alpha[4], found.ss_total[4], found.ss_res[4], found.r2[4]]).all()
    assert np.isnan([found.alpha[0], found.ss_res[0], found.r2[0]]).all() and found.ss_total[0] > 0


def test_a_response_that_never_moves_has_no_r2():
    x = pd.DataFrame(np.random.default_rng(2).standard_normal((20, 2)))
    data = prepare(Panel.from_frames(x, pd.DataFrame({"still": np.full(20, 0.1)})), LossOptions())
    found = in_sample(data, moments(data), np.zeros((1, 2)))
    assert np.isnan(found.r2[0]) and found.ss_res[0] == found.ss_total[0] == 0


@pytest.mark.parametrize("name", FIELDS)
def test_the_statistics_cannot_be_written(name):
    data, beta = data_of(3)
    assert not getattr(in_sample(data, moments(data), beta), name).flags.writeable


@pytest.mark.parametrize("apart", [1e-2, 1e-3, 1e-4])
def test_near_duplicate_factors_cost_no_digits(apart):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((60, 3))
    x[:, 2] = x[:, 0] + apart * x[:, 1]
    y = x[:, :1] + 0.1 * rng.standard_normal((60, 1))
    data = prepare(Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y)), LossOptions())
    beta = np.array([[1.0 + 1.0 / apart, 1.0, -1.0 / apart]])  # what cancels is large
    found, expected = in_sample(data, moments(data), beta), by_residuals(data, beta)
    np.testing.assert_allclose(found.ss_res, expected["ss_res"], rtol=1e-11)


def test_weights_that_underflow_leave_the_statistics_of_the_rows_that_count():
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.standard_normal((900, 2)))
    y = pd.DataFrame(x.to_numpy() @ [[1.0, 0.5], [0.0, 1.0]] + rng.standard_normal((900, 2)))
    y.iloc[450:, 1] = NAN  # the last value is so old that nothing of its weight is left
    data = prepare(Panel.from_frames(x, y), LossOptions(span=1.5))
    found = in_sample(data, moments(data), np.eye(2))
    assert np.isfinite(found.r2[0]) and np.isnan(found.r2[1])


@pytest.mark.parametrize("options", [{"demean": False}, {"span": 12.0, "demean": False}])
def test_a_constant_response_has_no_r2_whatever_its_mean_rounds_to(options):
    x = pd.DataFrame(np.random.default_rng(4).standard_normal((70, 2)))
    data = prepare(Panel.from_frames(x, pd.DataFrame({"c": np.full(70, 0.1)})), LossOptions(**options))
    found = in_sample(data, moments(data), np.zeros((1, 2)))
    assert np.isnan(found.r2[0]) and found.ss_total[0] == 0
