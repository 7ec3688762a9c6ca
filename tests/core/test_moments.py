"""The quadratic form is the loss, term by term, for any holes, span and normalisation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.moments import Moments, gram_times, moments
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import Prepared, prepare

NAN = np.nan
SPANS = [None, 4.0, 30.0]


def data_of(seed: int = 0, rows: int = 25, factors: int = 3, responses: int = 5, *, holes=0.2, **options):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((rows, factors)) + 1.0, rng.standard_normal((rows, responses))
    y[rng.random(y.shape) < holes] = NAN
    if holes:
        y[: rows // 3, 0] = NAN
        x[3], x[rows // 2, 0] = NAN, NAN
    return prepare(Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y)), LossOptions(**options))


def weighted(data: Prepared, k: int) -> np.ndarray:
    """Weight of each row for response k, with the divisor of the loss in it."""
    weights = data.weights * data.valid[:, k]
    divisor = data.rows if data.normalization == "sample" else weights.sum()
    return weights / divisor if divisor > 0 else weights


def explicit_loss(data: Prepared, beta: np.ndarray) -> list[float]:
    losses = []
    for k in range(data.y.shape[1]):
        total, weights = 0.0, weighted(data, k)
        for t in range(data.rows):
            fitted = 0.0
            for j in range(data.x.shape[1]):
                fitted += data.x[t, j] * beta[k, j]
            total += weights[t] * (data.y[t, k] - fitted) ** 2
        losses.append(total)
    return losses


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(SPANS),
    st.sampled_from(["sample", "weight_sum"]),
    st.sampled_from(["impute", "drop"]),
    st.booleans(),
    st.sampled_from([0.0, 0.2, 0.7]),
)
def test_the_loss_is_the_triple_sum_over_responses_rows_and_factors(seed, span, norm, rows, demean, holes):
    data = data_of(seed, span=span, normalization=norm, factor_rows=rows, demean=demean, holes=holes)
    beta = np.random.default_rng(seed).standard_normal((5, 3))
    np.testing.assert_allclose(moments(data).loss(beta), explicit_loss(data, beta), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("rows", [5, 7, 8, 9, 16, 17])
def test_masks_of_any_length_are_told_apart(rows):
    data = data_of(2, rows=rows, holes=0.3, demean=False)
    beta = np.ones((5, 3))
    np.testing.assert_allclose(moments(data).loss(beta), explicit_loss(data, beta), rtol=1e-12)


def test_the_gradient_is_a_beta_minus_g():
    data = data_of(1, span=12.0)
    beta = np.random.default_rng(1).standard_normal((5, 3))
    m = moments(data)
    gradient = m.times_gram(beta) - m.linear
    for k in range(5):
        residual = data.y[:, k] - data.x @ beta[k]
        expected = -2 * data.x.T @ (weighted(data, k) * residual)
        np.testing.assert_allclose(gradient[k], expected, rtol=1e-11, atol=1e-13)


def test_at_zero_loadings_the_loss_is_the_constant():
    data = data_of(3)
    np.testing.assert_allclose(moments(data).constant, explicit_loss(data, np.zeros((5, 3))), rtol=1e-12)


# Patterns -----------------------------------------------------------------------------------------


def test_a_complete_panel_has_one_gram_matrix():
    m = moments(data_of(holes=0.0))
    assert m.gram.shape == (1, 3, 3)
    assert m.pattern.tolist() == [0] * 5


def test_responses_missing_in_the_same_rows_share_a_gram_matrix_and_others_do_not():
    rng = np.random.default_rng(4)
    y = rng.standard_normal((20, 6))
    y[:5, [0, 3]] = NAN
    y[7, [1, 4, 5]] = NAN
    p = Panel.from_frames(pd.DataFrame(rng.standard_normal((20, 2))), pd.DataFrame(y))
    m = moments(prepare(p, LossOptions()))
    assert len(m.gram) == 3
    assert m.pattern[0] == m.pattern[3] and m.pattern[1] == m.pattern[4] == m.pattern[5]
    assert len({m.pattern[0], m.pattern[1], m.pattern[2]}) == 3


def test_there_are_as_many_patterns_as_distinct_masks():
    data = data_of(5, rows=12, responses=40, holes=0.1)
    distinct = {column.tobytes() for column in data.valid.T}
    assert 1 < len(distinct) == len(moments(data).gram)


def test_permuting_responses_permutes_the_moments():
    data, order = data_of(6), [3, 0, 4, 1, 2]
    parts = {name: getattr(data, name)[..., order] for name in ("y", "valid")}
    turned = moments(dataclasses.replace(data, **parts))
    m = moments(data)
    np.testing.assert_allclose(turned.linear, m.linear[order], rtol=1e-12)
    np.testing.assert_allclose(turned.gram[turned.pattern], m.gram[m.pattern][order], rtol=1e-12)


@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_gram_matrices_are_symmetric_and_their_spectrum_rebuilds_them(holes):
    m = moments(data_of(7, holes=holes, span=10.0))
    np.testing.assert_array_equal(m.gram, m.gram.transpose(0, 2, 1))
    values, vectors = m.spectrum
    assert (np.diff(values, axis=1) >= 0).all() and (values > -1e-14).all()
    rebuilt = (vectors * values[:, None, :]) @ vectors.transpose(0, 2, 1)
    np.testing.assert_allclose(rebuilt, m.gram, atol=1e-14)


# Normalisation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", SPANS)
def test_dividing_by_the_weights_multiplies_a_loss_by_rows_over_its_own_weight(span):
    sample, own = (data_of(8, span=span, normalization=n) for n in ("sample", "weight_sum"))
    beta = np.ones((5, 3))
    mass = (own.valid * own.weights[:, None]).sum(axis=0)
    np.testing.assert_allclose(moments(own).loss(beta), moments(sample).loss(beta) * sample.rows / mass, rtol=1e-12)


def test_without_a_span_and_holes_both_normalisations_are_the_same():
    sample, own = (moments(data_of(9, holes=0.0, normalization=n)) for n in ("sample", "weight_sum"))
    np.testing.assert_allclose(own.gram, sample.gram, rtol=1e-14)


@pytest.mark.parametrize("norm", ["sample", "weight_sum"])
@pytest.mark.parametrize("centering", ["panel", "per_response"])
def test_a_response_without_observations_has_no_loss(norm, centering):
    y = np.arange(12.0).reshape(6, 2) ** 2
    y[:, 1] = NAN
    p = Panel.from_frames(pd.DataFrame(np.arange(6.0)[:, None] ** 2), pd.DataFrame(y))
    m = moments(prepare(p, LossOptions(normalization=norm, centering=centering)))
    assert m.loss(np.ones((2, 1)))[1] == 0 and (m.gram[m.pattern[1]] == 0).all()
    assert m.loss(np.zeros((2, 1)))[0] > 0


# Own centring -------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("norm", ["sample", "weight_sum"])
def test_own_centring_is_weighted_least_squares_with_a_free_intercept(span, norm):
    data = data_of(10, rows=60, span=span, normalization=norm, centering="per_response")
    m = moments(data)
    beta = np.random.default_rng(10).standard_normal((5, 3))
    for k in range(5):
        root = np.sqrt(weighted(data, k))
        design = np.column_stack([np.ones(60), data.x])
        least, *_ = np.linalg.lstsq(design * root[:, None], data.y[:, k] * root, rcond=None)
        np.testing.assert_allclose(np.linalg.solve(m.gram[m.pattern[k]], m.linear[k]), least[1:], rtol=1e-9, atol=1e-11)
        residual = data.y[:, k] - data.x @ beta[k]
        free = np.average(residual, weights=root**2)
        expected = (root**2 * (residual - free) ** 2).sum()
        assert m.loss(beta)[k] == pytest.approx(expected, rel=1e-11)


def test_own_centring_does_not_feel_the_level_of_the_data():
    rng = np.random.default_rng(11)
    x, y = rng.standard_normal((30, 2)), rng.standard_normal((30, 3))
    y[:12, 0] = NAN

    def own(x_level: float, y_level: float) -> Moments:
        p = Panel.from_frames(pd.DataFrame(x + x_level), pd.DataFrame(y + y_level))
        return moments(prepare(p, LossOptions(centering="per_response", span=15.0)))

    np.testing.assert_allclose(own(5.0, -3.0).linear, own(0.0, 0.0).linear, atol=1e-13)
    np.testing.assert_allclose(own(5.0, -3.0).gram, own(0.0, 0.0).gram, atol=1e-13)


def test_a_factor_that_stands_still_in_a_responses_own_rows_leaves_no_rounding_behind():
    rng = np.random.default_rng(12)
    x, y = rng.standard_normal((40, 3)), rng.standard_normal((40, 2))
    x[20:, 1], y[:20, 0] = 0.37, NAN
    p = Panel.from_frames(pd.DataFrame(x), pd.DataFrame(y))
    m = moments(prepare(p, LossOptions(centering="per_response")))
    still, moving = m.gram[m.pattern]
    assert (still[1] == 0).all() and (still[:, 1] == 0).all() and m.linear[0, 1] == 0
    assert moving[1, 1] > 0


# The product --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("patterns", "responses"), [(1, 1), (1, 30), (3, 24), (3, 100), (3, 23), (7, 7), (5, 1)])
def test_the_product_with_the_gram_is_the_same_in_one_batch_and_by_pattern(patterns, responses):
    rng = np.random.default_rng(13)
    root = rng.standard_normal((patterns, 4, 4))
    gram = root @ root.transpose(0, 2, 1)
    pattern = rng.integers(0, patterns, responses)
    b = rng.standard_normal((responses, 4))
    expected = np.array([gram[p] @ row for p, row in zip(pattern, b, strict=True)])
    np.testing.assert_allclose(gram_times(gram, pattern, b), expected, rtol=1e-12, atol=1e-13)


def test_the_product_takes_matrices_that_are_not_symmetric():
    rng = np.random.default_rng(14)
    for patterns, responses in ((1, 5), (2, 40), (4, 5)):
        matrices = rng.standard_normal((patterns, 3, 3))
        pattern, b = rng.integers(0, patterns, responses), rng.standard_normal((responses, 3))
        expected = np.einsum("nij,nj->ni", matrices[pattern], b)
        np.testing.assert_allclose(gram_times(matrices, pattern, b), expected, rtol=1e-12, atol=1e-13)


def test_moments_cannot_be_written():
    m = moments(data_of(15))
    for values in (m.gram, m.pattern, m.linear, m.constant, *m.spectrum):
        assert not values.flags.writeable
