"""Options check themselves at birth, cannot change, and carry a digest that tells them apart."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from factorlasso_core.errors import OptionError
from factorlasso_core.options import ClusterOptions, FitSpec, LassoModelType, LossOptions, PenaltyOptions

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
    ClusterOptions: {"cutoff_fraction": 0.25, "correlation_normalization": "pairwise"},
    PenaltyOptions: {"reg_lambda": 2e-5, "l1_weight": 0.1, "group_penalty": "yuan_lin"},
    FitSpec: {
        "model_type": HCGL, "loss": LossOptions(span=24.0), "clustering": ClusterOptions(0.25),
        "penalty": PenaltyOptions(1.0), "nonneg": True, "warmup_period": None,
    },
}  # fmt: skip


def changed(kind: type) -> dict[str, Any]:
    """Every field off its default, as far as they go together."""
    return {name: value for name, value in OTHER[kind].items() if name != "demean"}


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
    assert [kind.name for kind in LassoModelType if kind.clusters_responses] == ["GROUP_LASSO_CLUSTERS"]


def test_the_defaults_are_those_of_the_reference():
    assert FitSpec() == FitSpec(
        LassoModelType.LASSO,
        LossOptions(None, True, "panel", "sample", "impute"),
        ClusterOptions(0.5, "reference"),
        PenaltyOptions(1e-5, 0.0, "normalized"),
        False,
        12,
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
