"""Signs, their evidence and adaptive weights against the reference, factorlasso 1.0.6.

The reference's clusters and λ are its own; what is compared are the numbers it reports or hands to its
solver. Where ours differs on purpose the test says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any
from unittest import mock

import factorlasso
import numpy as np
import pandas as pd
import pytest
from factorlasso.linear_model import _dispatch

from factorlasso_core.arrays import Array
from factorlasso_core.errors import BeliefsError, DataError, OptionError
from factorlasso_core.ewm import loss_weights
from factorlasso_core.functions.signs import derive_sign_constraints, validate_cluster_signs
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import prepare
from factorlasso_core.signs import (
    Rule,
    block_weights,
    cell_weights,
    detected_signs,
    row_weights,
    sign_rules,
)
from factorlasso_core.slopes import Slopes, slopes
from tests.reference.support import frames, make_panel, quiet, some_groups, some_prior, some_signs, to_panel
from tests.reference.test_golden import golden_frames

MODELS = {
    "LASSO": factorlasso.LassoModelType.LASSO,
    "GROUP_LASSO": factorlasso.LassoModelType.GROUP_LASSO,
    "HCGL": factorlasso.LassoModelType.HIERARCHICAL_CLUSTER_GROUP_LASSO,
    "FCGL": factorlasso.LassoModelType.FACTOR_CLUSTER_GROUP_LASSO,
}
SPANS: dict[str, dict[str, Any]] = {
    "none": {},
    "span": {"span": 24},
    "fit-span": {"span": 24, "auto_sign_use_fit_span": True},
    "own-span": {"span": 24, "auto_sign_ewma_span": 9},
    "own-only": {"auto_sign_ewma_span": 9},
}
VARIANCES = ["independent", "date"]


@dataclass(frozen=True, eq=False)
class Theirs:
    """A fitted reference and what it handed to its solver."""

    model: factorlasso.LassoModel
    handed: dict[str, Any]


def theirs(panel: Panel, model: str, **parameters: Any) -> Theirs:
    """Fit the reference with automatic signs, and listen to the call of its solver."""
    handed: dict[str, Any] = {}
    name = "solve_lasso_cvx_problem" if model == "LASSO" else "solve_group_lasso_cvx_problem"
    solver = getattr(_dispatch, name)

    def listen(*args: Any, **keywords: Any) -> Any:
        handed.update(keywords)
        return solver(*args, **keywords)

    options = {
        "model_type": MODELS[model],
        "group_data": some_groups(panel) if model == "GROUP_LASSO" else None,
        "reg_lambda": 0.01,
        "warmup_period": None,
        "auto_sign_constraints": True,
    }
    with quiet(), mock.patch.object(_dispatch, name, listen):
        fitted = factorlasso.LassoModel(**options | parameters).fit(*frames(panel))
    return Theirs(fitted, handed)


def pools_of(panel: Panel, reference: Theirs, model: str) -> Array:
    """Codes 0, 1, … of the reference's own groups or clusters."""
    if model == "LASSO":
        return np.arange(len(panel.responses))
    labels = some_groups(panel) if model == "GROUP_LASSO" else reference.model.clusters_
    return np.unique(labels, return_inverse=True)[1]


def ours(panel: Panel, pools: Array, variance: str = "independent", **spans: Any) -> Slopes:
    """The kernel on prepared arrays, with the reference's keywords for spans."""
    data = prepare(panel, LossOptions(span=spans.get("span")))
    span = spans["span"] if "auto_sign_use_fit_span" in spans else spans.get("auto_sign_ewma_span")
    present = ~np.isnan(panel.x)[len(panel.x) - data.rows :]
    weights = None if span is None else loss_weights(data.rows, span)
    return slopes(data.x, present, data.y, data.valid, pools, weights=weights, variance=variance)


def assert_close(actual: Array, expected: Any) -> None:
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=1e-10, atol=1e-12)


# Evidence -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "spans", "variance", "ragged"), list(product(MODELS, SPANS, VARIANCES, [False, True]))
)
def test_the_evidence_and_the_signs_are_the_reference_s(model, spans, variance, ragged):
    panel = make_panel(seed=5, scale=0.03, ragged=ragged)
    reference = theirs(panel, model, auto_sign_variance=variance, **SPANS[spans])
    found = ours(panel, pools_of(panel, reference, model), variance, **SPANS[spans])
    for name, values in {
        "sign_slopes_": found.slope,
        "sign_t_stats_": found.t,
        "sign_effective_n_": found.effective_n,
        "sign_valid_counts_": found.counts,
        "detected_signs_": detected_signs(found, 0.75),
    }.items():
        assert_close(found.by_response(values), getattr(reference.model, name))


@pytest.mark.parametrize(("variance", "spans"), list(product(VARIANCES, SPANS)))
def test_thin_data_are_read_as_the_reference_reads_them(variance, spans):
    """One observation, two, none with a factor; a factor that never moves; a factor seen three times."""
    panel = make_panel(seed=6, rows=30)
    x, y = panel.x.copy(), panel.y.copy()
    y[:-1, 0], y[:-2, 1], y[:20, 2], x[:20, 1], x[:-3, 2], x[:, 3] = (np.nan,) * 5 + (2.0,)
    y[20:, 3] = np.nan
    panel = to_panel(x, y)
    for model in ("LASSO", "GROUP_LASSO"):
        reference = theirs(panel, model, auto_sign_variance=variance, **SPANS[spans])
        found = ours(panel, pools_of(panel, reference, model), variance, **SPANS[spans])
        assert_close(found.by_response(found.t), reference.model.sign_t_stats_)
        assert_close(found.by_response(found.slope), reference.model.sign_slopes_)
        assert_close(found.by_response(found.effective_n), reference.model.sign_effective_n_)
        assert_close(found.by_response(detected_signs(found, 0.75)), reference.model.derived_signs_)


@pytest.mark.parametrize("threshold", [None, -1.0, 0.0, 0.75, 3.0, np.inf])
def test_the_gate_is_the_reference_s(threshold):
    panel = make_panel(seed=7, ragged=True)
    reference = theirs(panel, "LASSO", auto_sign_threshold_t=threshold)
    found = detected_signs(ours(panel, pools_of(panel, reference, "LASSO")), threshold)
    assert_close(found, reference.model.detected_signs_)


def test_an_exact_fit_is_never_gated_by_ours_and_by_the_reference_above_a_high_gate_only():
    """The reference's t of an exact fit is what rounding leaves, 1e8 or infinite; ours passes every gate."""
    panel = make_panel(seed=8)
    panel = to_panel(panel.x, panel.x @ np.diag([0.3, -0.7, 1 / 3, 2.0, 1e-3]))
    reference = theirs(panel, "LASSO", auto_sign_threshold_t=1e6)
    found = ours(panel, np.arange(5))
    signs = np.array([1, -1, 1, 1, 1])
    assert (np.diag(reference.model.detected_signs_) == signs).all()
    assert (np.diag(detected_signs(found, 1e12)) == signs).all()


# The golden fixture -------------------------------------------------------------------------------

GOLDEN = {
    "LASSO": (
        np.arange(4),
        [(1, 1, 1), (1, 1, 1), (-1, -1, 1), (-1, -1, 0)],
        [
            (6.955363, 1.549979, 3.527383),
            (7.913447, 2.211635, 2.911472),
            (-1.405859, -10.28647, 1.813409),
            (-1.205314, -18.959003, 0.193728),
        ],
    ),
    "HCGL": (
        np.array([0, 0, 1, 1]),
        [(1, 1, 1), (-1, -1, 1)],
        [(10.373754, 2.612101, 4.566189), (-1.842685, -17.666971, 1.403145)],
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_the_golden_signs_and_statistics(case):
    """Span 12 for the demeaning only, threshold 1; all digits printed in estimator.md section 10."""
    pools, signs, statistics = GOLDEN[case]
    found = ours(Panel.from_frames(*golden_frames()), pools, span=12)
    np.testing.assert_allclose(found.t, statistics, rtol=0, atol=0.5e-6 + 1e-12)
    np.testing.assert_array_equal(detected_signs(found, 1.0), signs)


# Overlay ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("with_signs", "with_free", "with_excluded", "with_prior"), list(product([False, True], repeat=4))
)
def test_the_signs_the_solver_gets_are_the_reference_s(with_signs, with_free, with_excluded, with_prior):
    panel = make_panel(seed=9, ragged=True)
    prior = some_prior(panel)
    out = panel.cells(np.random.default_rng(3).random(prior.shape) < 0.15) == 1
    if with_excluded:
        prior = prior.mask(out, 0.0)  # the reference refuses a prior on an excluded cell
    reference = theirs(
        panel,
        "LASSO",
        factors_beta_loading_signs=some_signs(panel) if with_signs else None,
        auto_sign_excluded_factors=["f1", "f3"] if with_free else None,
        excluded_factors={name: list(row.index[row]) for name, row in out.iterrows()} if with_excluded else None,
        factors_beta_prior=prior if with_prior else None,
    )
    box = sign_rules(
        prior.shape,
        explicit=some_signs(panel).to_numpy() if with_signs else None,
        detected=detected_signs(ours(panel, np.arange(len(prior))), 0.75),
        free_factors=panel.factors.isin(["f1", "f3"]) if with_free else None,
        excluded=out.to_numpy() if with_excluded else None,
        prior=prior.to_numpy() if with_prior else None,
        prior_overrides=True,
    )
    np.testing.assert_array_equal(box.signs, reference.model.derived_signs_)
    np.testing.assert_array_equal(box.signs, reference.handed["factors_beta_loading_signs"])
    assert ((box.rule == Rule.EXCLUDED) == (out.to_numpy() & with_excluded)).all()


# Adaptive weights ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "gamma", "ragged"),
    list(product(["GROUP_LASSO", "HCGL", "FCGL", "LASSO"], [0.5, 1.0, 2.0], [False, True])),
)
def test_adaptive_weights_are_the_reference_s(model, gamma, ragged):
    """An explicit sign changes no weight: they follow the signs found in the data alone."""
    panel = make_panel(seed=10, ragged=ragged)
    reference = theirs(
        panel,
        model,
        auto_sign_threshold_t=3.0,
        auto_sign_adaptive_weights=True,
        auto_sign_adaptive_gamma=gamma,
        auto_sign_adaptive_floor=0.2,
        factors_beta_loading_signs=some_signs(panel),
        l1_weight=0.3,
    )
    pools = pools_of(panel, reference, model)
    found = ours(panel, pools)
    detected = found.by_response(detected_signs(found, 3.0))
    cell = cell_weights(found.by_response(found.slope), detected, gamma, 0.2)
    assert_close(cell, reference.model.sign_penalty_weights_)
    assert_close(cell, reference.handed["penalty_weights"])
    if model in ("GROUP_LASSO", "HCGL"):
        assert_close(row_weights(cell, detected), reference.handed["row_weights"])
    elif model == "FCGL":
        assert_close(block_weights(cell, detected, pools), reference.model.sign_block_weights_)
        assert_close(block_weights(cell, detected, pools), reference.handed["col_weights"])


# Public helpers -----------------------------------------------------------------------------------


def raw(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    x, y = frames(make_panel(seed, rows=40, responses=3, factors=4, ragged=False))
    holes = np.random.default_rng(seed)
    return x.mask(holes.random(x.shape) < 0.1), y.mask(holes.random(y.shape) < 0.1)


def kinds(x: pd.DataFrame, y: pd.DataFrame) -> dict[str, tuple[Any, Any]]:
    return {
        "frames": (x, y),
        "series": (x, y["r0"]),
        "arrays": (x.to_numpy(), y.to_numpy()),
        "vector": (x.to_numpy(), y["r0"].to_numpy()),
        "frame and array": (x, y.to_numpy()),
        "array and frame": (x.to_numpy(), y),
        "lists": (x.to_numpy().tolist(), y.to_numpy().tolist()),
    }


def assert_equal_kind(actual: Any, expected: Any) -> None:
    assert type(actual) is type(expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(actual, expected, rtol=1e-10, check_index_type=True)
    else:
        assert_close(actual, expected)


@pytest.mark.parametrize("kind", kinds(*raw(0)))
@pytest.mark.parametrize("span", [None, 1, 9.5])
@pytest.mark.parametrize("clusters", [None, [1, 1, 2, 2], ["u", "v", "u", "w"]])
@pytest.mark.parametrize(("variance", "threshold"), [("independent", 0.75), ("date", None), ("date", 2.0)])
def test_derived_signs_are_the_reference_s_in_every_form(kind, span, clusters, variance, threshold):
    x, y = kinds(*raw(1))[kind]
    keywords = {
        "clusters": clusters,
        "auto_sign_threshold_t": threshold,
        "ewma_span": span,
        "variance_estimator": variance,
        "master_constraints": {3: None, 0: -1},
    }
    actual = derive_sign_constraints(x, y, return_slopes=True, **keywords)
    expected = factorlasso.derive_sign_constraints(x, y, return_slopes=True, **keywords)
    for one, other in zip(actual, expected, strict=True):
        assert_equal_kind(one, other)
    assert_equal_kind(derive_sign_constraints(x, y, **keywords), expected[0])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("span", [None, 6])
def test_factors_against_their_cluster_are_the_reference_s(seed, span):
    x, y = raw(seed)
    clusters = np.random.default_rng(seed).integers(0, 2, size=4)
    expected = factorlasso.validate_cluster_signs(x, y, clusters, warn=False, ewma_span=span)
    found = validate_cluster_signs(x, y, clusters, warn=False, ewma_span=span)
    assert found.dtype == expected.dtype and found.tolist() == expected.tolist()


def test_a_factor_against_its_cluster_is_named_in_a_warning():
    x = pd.DataFrame({"up": [1.0, -2.0, 3.0], "down": [-0.5, 1.0, -1.5], "other": [1.0, 1.0, -1.0]})
    with pytest.warns(UserWarning, match="'down'"):
        found = validate_cluster_signs(x, x["up"], ["a", "a", "b"])
    assert found.tolist() == [1]
    assert validate_cluster_signs(x, x["up"], ["a", "b", "c"]).tolist() == []


@pytest.mark.parametrize(
    "constraints",
    [{"f0": -1, 2: 0}, {"f1": None, "f2": np.nan}, {"f0": True}, {1.0: 1}, {np.int64(3): np.float64(-1)}, {True: -1}],
)
def test_master_constraints_have_the_last_word(constraints):
    x, y = raw(2)
    actual = derive_sign_constraints(x, y, master_constraints=constraints)
    expected = factorlasso.derive_sign_constraints(x, y, master_constraints=constraints)
    pd.testing.assert_frame_equal(actual, expected)


@pytest.mark.parametrize(
    ("constraints", "error"),
    [
        ({"zz": 1}, KeyError),
        ({7: 1}, IndexError),
        ({-1: 1}, IndexError),
        ({"f0": 2}, ValueError),
        ({"f0": 0.5}, ValueError),
        ({"f0": "1"}, ValueError),
        ({"f0": np.inf}, ValueError),
        ({"f0": [1]}, ValueError),
    ],
)
def test_bad_master_constraints_raise_what_the_reference_raises(constraints, error):
    for function in (derive_sign_constraints, factorlasso.derive_sign_constraints):
        with pytest.raises(error):
            function(*raw(3), master_constraints=constraints)


def test_a_name_needs_names():
    x, y = raw(3)
    with pytest.raises(BeliefsError, match="give the position"):
        derive_sign_constraints(x.to_numpy(), y.to_numpy(), master_constraints={"f0": 1})


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"clusters": [1, 1]}, BeliefsError),
        ({"clusters": [1, None, 2, 2]}, BeliefsError),
        ({"ewma_span": 0.5}, OptionError),
        ({"ewma_span": np.inf}, OptionError),
        ({"ewma_span": "9"}, OptionError),
        ({"variance_estimator": "robust"}, OptionError),
        ({"auto_sign_threshold_t": np.nan}, OptionError),
        ({"auto_sign_threshold_t": "high"}, OptionError),
    ],
)
def test_options_out_of_range_are_refused(keywords, error):
    with pytest.raises(error):
        derive_sign_constraints(*raw(4), **keywords)


def test_data_that_cannot_be_paired_are_refused():
    x, y = raw(4)
    for bad_x, bad_y in [
        (x.iloc[:5], y),
        (x.to_numpy()[:, 0], y),
        (x, y.iloc[::-1]),
        (x * np.inf, y),
        (x, np.ones((40, 1, 1))),
    ]:
        with pytest.raises(DataError):
            derive_sign_constraints(bad_x, bad_y)


def test_clusters_labelled_by_the_factors_are_matched_by_label():
    """The reference goes by position there."""
    x, y = raw(5)
    labelled = pd.Series([2, 2, 1, 1], index=["f3", "f2", "f1", "f0"])
    by_label = derive_sign_constraints(x, y, clusters=labelled, return_slopes=True)[1]
    expected = factorlasso.derive_sign_constraints(x, y, clusters=[1, 1, 2, 2], return_slopes=True)[1]
    pd.testing.assert_frame_equal(by_label, expected, rtol=1e-10)
    plain = pd.Series([1, 1, 2, 2])
    pd.testing.assert_frame_equal(derive_sign_constraints(x, y, clusters=plain, return_slopes=True)[1], by_label)


def test_inputs_of_the_helpers_are_left_as_they_are():
    x, y = raw(6)
    before = x.copy(), y.copy()
    derive_sign_constraints(x.to_numpy(), y, return_slopes=True)
    derive_sign_constraints(x, y.to_numpy(), clusters=[1, 1, 2, 2])
    for now, then in zip((x, y), before, strict=True):
        pd.testing.assert_frame_equal(now, then)
