"""The golden fixture: numbers of an exact solver under the rules of factorlasso 1.0.6, all printed digits.

The numbers stand in the specification of the estimator. They were computed by an independent script, and
the reference agrees with them to 7e-8, which is what its own stopping rule allows. No random numbers enter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel, LassoModelType
from tests.reference.support import quiet, reference_type, tolerance

HALF_OF_EIGHTH_DIGIT = 0.5e-8 + 1e-14
HALF_OF_TENTH_DIGIT = 0.5e-10 + 1e-14
HALF_OF_SIXTH_DIGIT = 0.5e-6 + 1e-12
HCGL = LassoModelType.GROUP_LASSO_CLUSTERS


@dataclass(frozen=True)
class Golden:
    """One case: parameters of the model and what the exact solution is, y1 … y4."""

    parameters: dict[str, object]
    betas: list[tuple[float, float, float]]
    objective: float
    alpha: list[float] | None = None
    cutoff: float | None = None
    heights: list[float] = field(default_factory=list)


GOLDEN = {
    "lasso": Golden(
        {"reg_lambda": 0.05},
        [
            (0.97180344, 0, 0.57299148),
            (0.84523005, 0.06648846, 0.37273218),
            (0, -0.75800959, 0.25761415),
            (0, -0.93559013, 0),
        ],
        objective=0.4132355682,
        alpha=[0.20726479, 0.20424512, 0.20209212, 0.19607197],
    ),
    "lasso-span": Golden(
        {"reg_lambda": 0.02, "span": 12},
        [
            (0.61393151, 0.07133246, 0.20266949),
            (0.60616546, 0.03620778, 0.26994483),
            (0, -0.70007856, 0.17740635),
            (0, -0.83720428, 0),
        ],
        objective=0.1078640357,
        alpha=[0.2687681, 0.29543391, 0.1910657, 0.16867603],
    ),
    "hcgl": Golden(
        {"model_type": HCGL, "reg_lambda": 0.1},
        [
            (0.93346818, 0.02212191, 0.56352523),
            (0.79945763, 0.10795114, 0.37113036),
            (-0.01918491, -0.71696942, 0.26600905),
            (-0.01361526, -0.87913051, -0.00033291),
        ],
        objective=0.5479522592,
        cutoff=0.62018644,
        heights=[0.07827113, 0.13699937, 1.62402464],
    ),
    "hcgl-span-l1": Golden(
        {"model_type": HCGL, "reg_lambda": 0.02, "span": 12, "l1_weight": 0.3},
        [
            (0.61960529, 0.141884, 0.26871796),
            (0.6106291, 0.1109978, 0.3290346),
            (0, -0.70279422, 0.2455822),
            (-0.01408115, -0.83372778, -0.00433034),
        ],
        objective=0.0970293640,
        cutoff=0.74080642,
        heights=[0.1052981, 0.12607159, 1.93851011],
    ),
}
CLUSTERED = ["hcgl", "hcgl-span-l1"]

# Signs and t statistics of automatic signs, y1 … y4; in HCGL a cluster shares its row.
SIGNS = {
    "lasso": (
        {"reg_lambda": 0.02},
        [(1, 1, 1), (1, 1, 1), (-1, -1, 1), (-1, -1, 0)],
        [
            (6.955363, 1.549979, 3.527383),
            (7.913447, 2.211635, 2.911472),
            (-1.405859, -10.28647, 1.813409),
            (-1.205314, -18.959003, 0.193728),
        ],
    ),
    "hcgl": (
        {"model_type": HCGL, "reg_lambda": 0.02},
        [(1, 1, 1), (1, 1, 1), (-1, -1, 1), (-1, -1, 1)],
        [(10.373754, 2.612101, 4.566189)] * 2 + [(-1.842685, -17.666971, 1.403145)] * 2,
    ),
}


def golden_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """``X_tj = sin(0.37 t j) + 0.3 cos(0.11 t (j+1))`` and Y on sparse loadings with seven holes."""
    t, j, k = np.arange(1, 41)[:, None], np.arange(1, 4), np.arange(1, 5)
    x = np.sin(0.37 * t * j) + 0.3 * np.cos(0.11 * t * (j + 1))
    b = np.array([[1, 0, 0.5], [0.9, 0.1, 0.4], [0, -0.8, 0.3], [0, -1, 0]])
    y = x @ b.T + 0.2 + 0.3 * np.sin(0.53 * t * (k + 1))
    y[:6, 3] = y[20, 1] = np.nan
    return pd.DataFrame(x, columns=["x1", "x2", "x3"]), pd.DataFrame(y, columns=["y1", "y2", "y3", "y4"])


@cache
def fitted(case: str) -> LassoModel:
    return LassoModel(**GOLDEN[case].parameters).fit(*golden_frames())


def test_the_fixture_is_the_one_the_numbers_belong_to() -> None:
    x, y = golden_frames()
    first, last = (0.65438467, 0.95810061, 1.16712418), (0.6951365, 1.0261928, 0.93968782, 0.7101978)
    np.testing.assert_allclose(x.iloc[0], first, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)
    np.testing.assert_allclose(y.iloc[39], last, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)


@pytest.mark.parametrize("case", GOLDEN)
def test_loadings_agree_to_every_printed_digit(case: str) -> None:
    beta, expected = fitted(case).coef_.to_numpy(), np.array(GOLDEN[case].betas)
    np.testing.assert_allclose(beta, expected, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)


@pytest.mark.parametrize("case", GOLDEN)
def test_a_zero_in_the_fixture_is_an_exact_zero_and_nothing_else_is(case: str) -> None:
    np.testing.assert_array_equal(fitted(case).coef_ == 0, np.array(GOLDEN[case].betas) == 0)


@pytest.mark.parametrize("case", GOLDEN)
def test_the_objective_agrees_to_every_printed_digit(case: str) -> None:
    objective = fitted(case).fit_.objective
    assert objective == pytest.approx(GOLDEN[case].objective, rel=0, abs=HALF_OF_TENTH_DIGIT)


@pytest.mark.parametrize("case", ["lasso", "lasso-span"])
def test_the_regression_constant_agrees_to_every_printed_digit(case: str) -> None:
    constant = fitted(case).alpha_const_
    np.testing.assert_allclose(constant, GOLDEN[case].alpha, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)


@pytest.mark.parametrize("case", CLUSTERED)
def test_the_tree_and_its_cut_agree_to_every_printed_digit(case: str) -> None:
    model = fitted(case)
    assert model.cutoff_ == pytest.approx(GOLDEN[case].cutoff, rel=0, abs=HALF_OF_EIGHTH_DIGIT)
    np.testing.assert_allclose(model.linkage_[:, 2], GOLDEN[case].heights, rtol=0, atol=HALF_OF_EIGHTH_DIGIT)


@pytest.mark.parametrize("case", CLUSTERED)
def test_the_responses_fall_into_two_clusters(case: str) -> None:
    assert fitted(case).clusters_.to_dict() == {"y1": 1, "y2": 1, "y3": 2, "y4": 2}


@pytest.mark.parametrize("case", GOLDEN)
def test_the_reference_agrees_once_it_is_made_to_go_on(case: str) -> None:
    parameters = GOLDEN[case].parameters
    kind = reference_type(parameters.get("model_type", LassoModelType.LASSO))
    with quiet(), tolerance(1e-12):
        theirs = factorlasso.LassoModel(**{**parameters, "model_type": kind}).fit(*golden_frames())
    np.testing.assert_allclose(theirs.coef_, GOLDEN[case].betas, rtol=0, atol=1e-6)


# Automatic signs ----------------------------------------------------------------------------------


@cache
def signed(case: str) -> LassoModel:
    """Span 12 enters the slopes through the running means alone; the gate is 1."""
    options = {"span": 12, "auto_sign_constraints": True, "auto_sign_threshold_t": 1.0}
    return LassoModel(**SIGNS[case][0], **options).fit(*golden_frames())


@pytest.mark.parametrize("case", SIGNS)
def test_t_statistics_agree_to_every_printed_digit(case: str) -> None:
    np.testing.assert_allclose(signed(case).sign_t_stats_, SIGNS[case][2], rtol=0, atol=HALF_OF_SIXTH_DIGIT)


@pytest.mark.parametrize("case", SIGNS)
def test_derived_signs_are_those_of_the_fixture_and_the_loadings_keep_them(case: str) -> None:
    expected, model = np.array(SIGNS[case][1]), signed(case)
    np.testing.assert_array_equal(model.derived_signs_, expected)
    np.testing.assert_array_equal(model.detected_signs_, expected)
    assert (np.sign(model.coef_) * expected >= 0).all(axis=None)
    assert (model.coef_.to_numpy()[expected == 0] == 0).all()
