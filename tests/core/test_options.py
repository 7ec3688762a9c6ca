"""Options check themselves at birth, cannot change, and carry a digest that tells them apart."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from factorlasso import LassoModelType as ReferenceType

from factorlasso_core.errors import OptionError
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options import (
    ClusterOptions,
    FitSpec,
    GuidedOptions,
    LossOptions,
    PenaltyOptions,
    PriorOptions,
    SignOptions,
)

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS
NAN, INF = float("nan"), float("inf")

# Class, keyword, name the user knows it by, a word of the range, values outside it.
BAD: list[tuple[type, str, str, str, list[Any]]] = [
    (LossOptions, "span", "span", "greater than 1", [1, 0, -3, 1.0, NAN, INF, "24", True]),
    (LossOptions, "demean", "demean", "True or False", [1, 0, None, "yes"]),
    (LossOptions, "centering", "centering", "'per_response'", ["own", None, 1]),
    (LossOptions, "normalization", "loss_normalization", "'weight_sum'", ["Sample", None]),
    (LossOptions, "factor_rows", "factor_rows", "'drop'", ["skip", True]),
    (ClusterOptions, "cutoff_fraction", "cutoff_fraction", "(0, 1]", [0, -0.1, 1.0001, NAN, INF, "half"]),
    (ClusterOptions, "correlation_normalization", "correlation_normalization", "'pairwise'", ["pair", None]),
    (ClusterOptions, "n_clusters", "n_clusters", "integer >= 1", [0, -1, 2.0, True]),
    (ClusterOptions, "linkage_method", "linkage_method", "'median'", ["Ward", None]),
    (ClusterOptions, "distance_transform", "distance_transform", "'arccos'", ["rho", None]),
    (ClusterOptions, "correlation_transform", "cluster_correlation_transform", "'remove_pc1'", ["pc1", True]),
    (ClusterOptions, "dependence_measure", "dependence_measure", "'gerber'", ["kendall", None]),
    (ClusterOptions, "gerber_threshold", "gerber_threshold", "[0, 1]", [-0.1, 1.1, NAN, None]),
    (ClusterOptions, "span", "cluster_correlation_span", "greater than 1", [1, INF]),
    (ClusterOptions, "exclude_short", "exclude_short", "True or False", [1]),
    (SignOptions, "derive", "auto_sign_constraints", "True or False", [1, None]),
    (SignOptions, "threshold_t", "auto_sign_threshold_t", "None or a number", [NAN, "1", True]),
    (SignOptions, "span", "auto_sign_ewma_span", "greater than 1", [0.5, NAN]),
    (SignOptions, "use_fit_span", "auto_sign_use_fit_span", "True or False", [1]),
    (SignOptions, "variance", "auto_sign_variance", "'date'", ["dates", None]),
    (SignOptions, "adaptive", "auto_sign_adaptive_weights", "True or False", ["yes"]),
    (SignOptions, "gamma", "auto_sign_adaptive_gamma", ">= 0", [-0.1, INF]),
    (SignOptions, "floor", "auto_sign_adaptive_floor", "> 0", [0, -1.0]),
    (SignOptions, "prior_overrides", "prior_overrides_signs", "True or False", [0]),
    (PriorOptions, "ols", "apply_ols_prior", "True or False", [1]),
    (PriorOptions, "max_named_factors", "max_named_factors", "1 or 2", [0, None, 1.5, 3, True]),
    (PriorOptions, "max_vif", "named_set_max_vif", ">= 1", [0.5, INF]),
    (GuidedOptions, "loo", "unilasso_loo", "True or False", [1]),
    (GuidedOptions, "non_negative", "unilasso_non_negative", "True or False", [None]),
    (PenaltyOptions, "reg_lambda", "reg_lambda", ">= 0", [-1e-300, NAN, INF, None, "1", False]),
    (PenaltyOptions, "l1_weight", "l1_weight", "[0, 1]", [-0.01, 1.01, NAN, None, True]),
    (PenaltyOptions, "group_penalty", "group_penalty", "'yuan_lin'", ["size", None]),
    (FitSpec, "model_type", "model_type", "LassoModelType", ["LASSO", 1, None]),
    (FitSpec, "nonneg", "nonneg", "True or False", [1, None]),
    (FitSpec, "warmup_period", "warmup_period", "integer >= 0", [-1, 2.5, "12"]),
]
GOOD: list[tuple[type, str, list[Any]]] = [
    (LossOptions, "span", [None, 1.0000001, 2, 24, 1e9]),
    (ClusterOptions, "cutoff_fraction", [1e-12, 0.5, 1, 1.0]),
    (ClusterOptions, "n_clusters", [None, 1, 7]),
    (SignOptions, "threshold_t", [None, -1, 0, INF]),
    (SignOptions, "gamma", [0, 2]),
    (PriorOptions, "max_vif", [None, 1, 10.5]),
    (PenaltyOptions, "reg_lambda", [0, 0.0, 1e-300, 1e100]),
    (PenaltyOptions, "l1_weight", [0, 0.5, 1]),
    (FitSpec, "warmup_period", [None, 0, 12]),
    (FitSpec, "model_type", list(LassoModelType)),
]
# For every field another value than the default.
OTHER: dict[type, dict[str, Any]] = {
    LossOptions: {
        "span": 24.0, "demean": False, "centering": "per_response", "normalization": "weight_sum",
        "factor_rows": "drop",
    },
    ClusterOptions: {
        "cutoff_fraction": 0.25, "n_clusters": 3, "linkage_method": "single", "distance_transform": "chord",
        "correlation_transform": "remove_pc1", "dependence_measure": "gerber", "gerber_threshold": 0.4,
        "span": 12.0, "correlation_normalization": "pairwise", "exclude_short": True,
    },
    SignOptions: {
        "derive": True, "threshold_t": 1.0, "span": 12.0, "use_fit_span": True, "variance": "date",
        "adaptive": True, "gamma": 2.0, "floor": 0.01, "prior_overrides": True,
    },
    PriorOptions: {"ols": True, "max_named_factors": 1, "max_vif": 4.0},
    GuidedOptions: {"loo": False, "non_negative": False},
    PenaltyOptions: {"reg_lambda": 2e-5, "l1_weight": 0.1, "group_penalty": "yuan_lin"},
    FitSpec: {
        "model_type": HCGL, "loss": LossOptions(span=24.0), "clustering": ClusterOptions(0.25),
        "penalty": PenaltyOptions(1.0), "nonneg": True, "warmup_period": None,
        "signs": SignOptions(derive=True), "prior": PriorOptions(ols=True), "guided": GuidedOptions(loo=False),
    },
}  # fmt: skip

APART = {(LossOptions, "demean"), (SignOptions, "use_fit_span")}  # not together with the others


def changed(kind: type) -> dict[str, Any]:
    """Every field off its default, as far as they go together."""
    return {name: value for name, value in OTHER[kind].items() if (kind, name) not in APART}


@pytest.mark.parametrize(
    ("kind", "keyword", "name", "words", "value"),
    [(kind, keyword, name, words, value) for kind, keyword, name, words, values in BAD for value in values],
)
def test_a_value_outside_its_range_is_refused_by_name_with_the_range(kind, keyword, name, words, value):
    with pytest.raises(OptionError) as caught:
        kind(**{keyword: value})
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}={value!r} is not allowed")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "keyword", "value"), [(kind, key, value) for kind, key, values in GOOD for value in values]
)
def test_the_ends_of_a_range_belong_to_it(kind, keyword, value):
    assert getattr(kind(**{keyword: value}), keyword) == value


def test_own_centring_without_demeaning_is_refused():
    with pytest.raises(OptionError, match="'panel' when demean is False"):
        LossOptions(demean=False, centering="per_response")


def test_numpy_floats_are_numbers():
    assert PenaltyOptions(reg_lambda=np.float64(0.5)).digest() == PenaltyOptions(reg_lambda=0.5).digest()


@pytest.mark.parametrize("kind", OTHER)
def test_options_cannot_change_after_birth(kind):
    options = kind()
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(options, field.name, None)


@pytest.mark.parametrize("kind", OTHER)
def test_every_field_counts_in_the_digest(kind):
    assert set(OTHER[kind]) == {field.name for field in dataclasses.fields(kind)}
    digests = {kind(**{name: value}).digest() for name, value in OTHER[kind].items()}
    assert len(digests | {kind().digest()}) == len(OTHER[kind]) + 1


@pytest.mark.parametrize("kind", OTHER)
def test_equal_options_have_equal_digests(kind):
    assert kind(**changed(kind)) == kind(**changed(kind))
    assert kind(**changed(kind)).digest() == kind(**changed(kind)).digest()


def test_the_smallest_possible_change_of_a_number_changes_the_digest():
    value = 1e-5
    assert PenaltyOptions(value).digest() != PenaltyOptions(float(np.nextafter(value, 1))).digest()


@pytest.mark.parametrize("kind", OTHER)
def test_the_json_names_every_field_in_sorted_order(kind):
    record = json.loads(kind(**changed(kind)).to_json())
    assert list(record) == sorted(OTHER[kind])


def test_the_json_writes_the_model_by_name_because_the_reference_renumbered_its_values():
    assert json.loads(FitSpec(model_type=HCGL).to_json())["model_type"] == "GROUP_LASSO_CLUSTERS"


def test_the_newer_name_of_hcgl_is_the_same_member():
    assert LassoModelType["HIERARCHICAL_CLUSTER_GROUP_LASSO"] is HCGL
    assert [kind.name for kind in LassoModelType if kind.clusters_responses] == [
        "GROUP_LASSO_CLUSTERS",
        "FACTOR_CLUSTER_GROUP_LASSO",
        "COOPERATIVE_CLUSTER_GROUP_LASSO",
    ]


def test_the_models_have_the_names_and_values_of_the_newest_reference():
    theirs = {kind.name: kind.value for kind in ReferenceType}
    assert {name: kind.value for name, kind in LassoModelType.__members__.items()} == {
        **theirs,
        "GROUP_LASSO_CLUSTERS": 4,
    }


def test_a_single_response_is_plain_lasso_but_for_the_models_that_keep_their_own_rule():
    own = {LassoModelType.UNILASSO, LassoModelType.COOPERATIVE_GROUP_LASSO}
    own.add(LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO)
    assert {kind: kind.for_responses(1) for kind in LassoModelType} == {
        kind: kind if kind in own else LassoModelType.LASSO for kind in LassoModelType
    }
    assert all(kind.for_responses(2) is kind for kind in LassoModelType)


COOPERATIVE = [kind for kind in LassoModelType if kind.is_cooperative]
UNI = LassoModelType.UNILASSO
SIGNED = [{"nonneg": True}, {"signs": SignOptions(derive=True)}, {"signs": SignOptions(adaptive=True)}]
GUIDED_ONLY = [
    {"prior": PriorOptions(ols=True)},
    {"loss": LossOptions(normalization="weight_sum")},
    {"loss": LossOptions(centering="per_response")},
]


@pytest.mark.parametrize(
    ("kind", "extra"),
    [(kind, extra) for kind in [*COOPERATIVE, UNI] for extra in SIGNED] + [(UNI, extra) for extra in GUIDED_ONLY],
)
def test_what_does_not_compose_is_refused_with_the_name_of_the_model(kind, extra):
    with pytest.raises(OptionError, match=f"when model_type is {kind.name}"):
        FitSpec(model_type=kind, **extra)
    assert FitSpec(model_type=LassoModelType.FACTOR_CLUSTER_GROUP_LASSO, **extra) is not None


@pytest.mark.parametrize("kind", COOPERATIVE)
@pytest.mark.parametrize("extra", GUIDED_ONLY)
def test_cooperative_models_take_priors_and_any_normalisation(kind, extra):
    assert FitSpec(model_type=kind, **extra).model_type is kind


def test_the_slopes_take_one_span_only():
    with pytest.raises(OptionError, match="None when auto_sign_use_fit_span is True"):
        SignOptions(span=12, use_fit_span=True)
    assert SignOptions(use_fit_span=True).span_for(LossOptions(span=24)) == 24
    assert SignOptions(span=12).span_for(LossOptions(span=24)) == 12
    assert SignOptions().span_for(LossOptions(span=24)) is None


def test_the_tree_does_not_depend_on_the_cut():
    tree = ClusterOptions().tree_digest
    assert ClusterOptions(cutoff_fraction=0.2).tree_digest == ClusterOptions(n_clusters=4).tree_digest == tree
    assert ClusterOptions(linkage_method="single").tree_digest != tree


def test_the_defaults_are_those_of_the_reference():
    assert FitSpec() == FitSpec(
        LassoModelType.LASSO,
        LossOptions(None, True, "panel", "sample", "impute"),
        ClusterOptions(0.5, None, "ward", "one_minus_rho", "none", "pearson", 0.5, None, "reference", False),
        PenaltyOptions(1e-5, 0.0, "normalized"),
        False,
        12,
        SignOptions(False, 0.75, None, False, "independent", False, 1.0, 1e-3, False),
        PriorOptions(False, 2, 2.5),
        GuidedOptions(True, True),
    )


@pytest.mark.parametrize(
    ("whole", "real"),
    [(LossOptions(span=24), LossOptions(span=24.0)), (PenaltyOptions(1, 1), PenaltyOptions(1.0, 1.0))],
)
def test_a_whole_number_has_the_digest_of_the_equal_float(whole, real):
    assert whole == real
    assert whole.digest() == real.digest()


@pytest.mark.parametrize(
    ("kind", "keyword", "value"),
    [
        (LossOptions, "span", np.int64(24)),
        (LossOptions, "span", np.float32(24)),
        (PenaltyOptions, "reg_lambda", np.int64(1)),
        (FitSpec, "warmup_period", np.int64(12)),
    ],
)
def test_numpy_integers_and_short_floats_are_numbers_too(kind, keyword, value):
    assert getattr(kind(**{keyword: value}), keyword) == value


def test_a_flag_is_no_warm_up_period():
    with pytest.raises(OptionError):
        FitSpec(warmup_period=True)


def test_an_array_where_a_word_belongs_is_refused_by_name():
    with pytest.raises(OptionError):
        PenaltyOptions(group_penalty=np.array(["normalized", "yuan_lin"]))
