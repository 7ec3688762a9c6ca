"""Agreement with known loadings and clusters, against counting by hand and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from factorlasso_core import FitSpec, Panel, PenaltyOptions, fit
from factorlasso_core.agreement import adjusted_rand, aligned_truth, recovery
from factorlasso_core.errors import DataError


def simple_fit(rows: int = 60, lam: float = 0.2, warmup: int | None = 12):
    """Response p loads on a, q on b with a minus, r on nothing."""
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.standard_normal((rows, 2)), columns=["a", "b"])
    noise = 0.01 * rng.standard_normal((rows, 3))
    y = pd.DataFrame({"p": x["a"], "q": -x["b"], "r": 0.0}) + noise
    spec = FitSpec(penalty=PenaltyOptions(lam), warmup_period=warmup)
    return fit(Panel.from_frames(x, y), spec=spec)


TRUTH = pd.DataFrame([[1.0, 0.0], [0.0, -1.0], [0.0, 0.0]], index=list("pqr"), columns=list("ab"))


def test_a_fit_of_clean_data_recovers_all() -> None:
    scores = recovery(simple_fit(), TRUTH)
    assert (scores["precision"], scores["recall"], scores["sign_accuracy"]) == (1.0, 1.0, 1.0)
    assert 0 < scores["rmse"] < 0.1


def test_scores_count_cells() -> None:
    result = simple_fit()
    truth = pd.DataFrame([[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]], index=list("pqr"), columns=list("ab"))
    scores = recovery(result, truth)
    assert scores["precision"] == 1.0  # two found, both true
    assert scores["recall"] == 0.5  # four true
    assert scores["sign_accuracy"] == 0.5  # q loads on b with the other sign
    assert scores["rmse"] == pytest.approx(np.sqrt(((result.beta - truth.to_numpy()) ** 2).mean()))


def test_truth_is_taken_by_label_whatever_its_order_and_extent() -> None:
    result = simple_fit()
    wide = TRUTH.assign(c=9.0).loc[["r", "q", "p"], ["c", "b", "a"]]
    np.testing.assert_array_equal(aligned_truth(result, wide), TRUTH.to_numpy())
    assert recovery(result, wide) == recovery(result, TRUTH)


def test_nothing_to_take_a_share_of_is_nan() -> None:
    scores = recovery(simple_fit(lam=1e6), TRUTH * 0)
    assert all(math.isnan(scores[name]) for name in ("precision", "recall", "sign_accuracy"))
    assert scores["rmse"] == 0.0
    unknown = recovery(simple_fit(rows=3, warmup=None), TRUTH)
    assert all(math.isnan(score) for score in unknown.values())


@pytest.mark.parametrize("part", [TRUTH.drop(index="q"), TRUTH.drop(columns="b")])
def test_missing_truth_is_an_error_that_names_it(part: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"response 'q'|factor 'b'"):
        recovery(simple_fit(), part)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40))
def test_adjusted_rand_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    a, b = zip(*pairs, strict=True)
    assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30), st.permutations(range(4)))
def test_adjusted_rand_ignores_names_and_order(pairs: list[tuple[int, int]], names: list[int]) -> None:
    a, b = zip(*pairs, strict=True)
    expected = adjusted_rand(a, b)
    assert adjusted_rand([f"c{names[i]}" for i in a], b) == pytest.approx(expected)
    assert adjusted_rand(b, a) == pytest.approx(expected)
    assert adjusted_rand(a[::-1], b[::-1]) == pytest.approx(expected)


def test_adjusted_rand_of_the_same_partition_is_one() -> None:
    assert adjusted_rand(pd.Series([1, 1, 2]), np.array(["x", "x", "y"])) == 1.0
    assert adjusted_rand([], []) == 1.0
    assert adjusted_rand([1], [2]) == 1.0


def test_adjusted_rand_of_other_items_is_an_error() -> None:
    with pytest.raises(DataError, match="2 and 1 items"):
        adjusted_rand([1, 2], [1])
