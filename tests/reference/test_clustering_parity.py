"""Dependence, clusters and the first component against the reference, factorlasso 1.0.6.

Dependence is compared on data, trees and cuts on dependence: each side goes the whole way from the data,
and labels must be equal, linkage and cutoff to 1e-12. Where a correlation is exactly one, √(1 - ρ) turns the
last bit of ρ into 1e-8, so degenerate panels are compared on one matrix given to both.
"""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import enums
from factorlasso_core.arrays import Array
from factorlasso_core.enums import LINKAGE_METHODS, DependenceMeasure, DistanceTransform
from factorlasso_core.errors import DataError
from factorlasso_core.functions import clustering as ours
from factorlasso_core.functions.ewma import NanBackfill
from tests.reference.support import quiet

NAN = np.nan
MEASURES = [measure.value for measure in DependenceMeasure]
TRANSFORMS = [transform.value for transform in DistanceTransform]
SPANS = [None, 20]
# Not exported by the reference: the type of an argument's default.
REFERENCE_BACKFILL = type(inspect.signature(factorlasso.compute_dependence_matrix).parameters["nan_backfill"].default)


def responses(kind: str, seed: int = 0, rows: int = 90, n: int = 9) -> Array:
    """Demeaned responses of three kinds; ragged ones start late, end early and have holes."""
    random = np.random.default_rng(seed)
    common = random.standard_normal((rows, 3))[:, np.arange(n) % 3] * random.choice([-1, 1], n)
    y = 0.03 * (common + random.uniform(0.5, 2.0, n) * random.standard_normal((rows, n)))
    if kind == "ragged":
        y[: rows // 3, 1], y[-rows // 5 :, 2] = NAN, NAN
        y[: rows // 2, 3], y[rows // 2 :, 4] = NAN, NAN  # never together
        y[random.random(rows) < 0.2, 5] = NAN
        y[random.random(y.shape) < 0.03] = NAN
    return y - np.nanmean(y, axis=0)


def named(matrix: Array) -> pd.DataFrame:
    labels = [f"r{i}" for i in range(len(matrix))]
    return pd.DataFrame(matrix, index=labels, columns=labels)


def theirs(name: str, *args: Any, **options: Any) -> Any:
    with quiet():
        return getattr(factorlasso, name)(*args, **options)


def assert_same_clusters(left: Any, right: Any, exact: bool = False) -> None:
    """Labels with their index and type, linkage and cutoff."""
    pd.testing.assert_series_equal(left[0], right[0])
    tolerance = {"rtol": 0, "atol": 0 if exact else 1e-12}
    np.testing.assert_allclose(left[1], right[1], **tolerance)
    np.testing.assert_allclose(left[2], right[2], **tolerance)
    assert left[1].shape == right[1].shape and left[1].flags.writeable


# Dependence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["complete", "ragged"])
@pytest.mark.parametrize("span", [None, 1, 1.5, 20, 200])
@pytest.mark.parametrize("measure", MEASURES)
def test_dependence_is_that_of_the_reference(measure, span, kind):
    for seed in range(3):
        y = responses(kind, seed)
        expected = theirs("compute_dependence_matrix", y, measure, span)
        np.testing.assert_allclose(ours.compute_dependence_matrix(y, measure, span), expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["complete", "ragged"])
@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("threshold", [0, 0.3, 1])
def test_gerber_is_that_of_the_reference_with_ties_too(threshold, span, kind):
    for y in (responses(kind), responses(kind).round(2)):
        expected = theirs("compute_gerber_matrix", y, span, threshold)
        np.testing.assert_allclose(ours.compute_gerber_matrix(y, span, threshold), expected, atol=1e-12)


@pytest.mark.parametrize("rule", list(NanBackfill))
@pytest.mark.parametrize("measure", MEASURES)
def test_what_a_missing_value_does_is_as_in_the_reference(measure, rule):
    y = responses("ragged")
    y[-1], y[-2, 1], y[-1, 6] = 0.01, NAN, NAN
    expected = theirs("compute_dependence_matrix", y, measure, 20, nan_backfill=REFERENCE_BACKFILL[rule.name])
    actual = ours.compute_dependence_matrix(y, measure, 20, nan_backfill=rule)
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def infinite() -> Array:
    y = responses("ragged")
    y[40, 0], y[41, 0], y[50, 7] = np.inf, -np.inf, np.inf
    return y


def constant() -> Array:
    y = responses("ragged")
    y[:, 0], y[:, 6], y[:, 7] = 0.0, NAN, 0.1
    return y


def same() -> Array:
    return np.repeat(responses("complete")[:, :1], 4, axis=1)


DEGENERATE = {
    "infinite": infinite(),
    "constant": constant(),
    "same": same(),
    "zeros": np.zeros((20, 3)),
    "empty": np.full((20, 3), NAN),
    "one response": responses("ragged")[:, 1:2],
    "two responses": responses("ragged")[:, :2],
    "never together": responses("ragged")[:, 3:5],
    "one row": responses("complete")[:1],
    "two rows": responses("complete")[:2],
    "no responses": np.empty((20, 0)),
    "whole numbers": np.arange(12).reshape(4, 3) % 5,
}


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_data_have_the_dependence_of_the_reference(name, measure, span):
    y = DEGENERATE[name]
    expected = theirs("compute_dependence_matrix", y, measure, span)
    actual = ours.compute_dependence_matrix(y, measure, span)
    np.testing.assert_allclose(actual, expected, atol=1e-12)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("measure", MEASURES[:2])
def test_without_rows_the_matrix_is_that_of_the_reference(measure, span):
    y = np.empty((0, 3))
    expected = theirs("compute_dependence_matrix", y, measure, span)
    np.testing.assert_array_equal(ours.compute_dependence_matrix(y, measure, span), expected)


# Clusters -----------------------------------------------------------------------------------------

DESIGN = list(itertools.product(MEASURES, SPANS, ["complete", "ragged"]))


@pytest.mark.parametrize(("measure", "span", "kind"), DESIGN)
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("method", LINKAGE_METHODS)
def test_clusters_are_those_of_the_reference_from_data_to_labels(method, transform, measure, span, kind):
    y = responses(kind, seed=1)
    left = named(ours.compute_dependence_matrix(y, measure, span))
    right = named(theirs("compute_dependence_matrix", y, measure, span))
    for cut in ({"cutoff_fraction": 0.3}, {"cutoff_fraction": 0.7}, {"n_clusters": 3}):
        options = {"linkage_method": method, "distance_transform": transform, **cut}
        expected = theirs("compute_clusters_from_corr_matrix", right, **options)
        assert_same_clusters(ours.compute_clusters_from_corr_matrix(left, **options), expected)


@pytest.mark.parametrize("method", LINKAGE_METHODS)
def test_every_cut_of_one_matrix_is_that_of_the_reference_inversions_too(method):
    inversions = 0
    for seed in range(12):
        c = named(np.corrcoef(np.random.default_rng(seed).standard_normal((10, 8))))
        cuts = [{"cutoff_fraction": f} for f in (0.01, 0.5, 0.7, 0.8, 0.9, 1, np.float32(0.6))]
        cuts += [{"n_clusters": n} for n in (1, 2, 3, 5, 9, 10, 50, np.int64(4))]
        for cut in cuts:
            expected = theirs("compute_clusters_from_corr_matrix", c, linkage_method=method, **cut)
            actual = ours.compute_clusters_from_corr_matrix(c, linkage_method=method, **cut)
            assert_same_clusters(actual, expected, exact=True)
        inversions += bool((np.diff(actual[1][:, 2]) < 0).any())
    assert (inversions > 0) == (method in ("centroid", "median"))


def changed(changes: dict[tuple[int, int], float]) -> pd.DataFrame:
    """A correlation matrix with some entries changed, on one side of the diagonal only."""
    c = np.corrcoef(np.random.default_rng(3).standard_normal((6, 9)))
    for cell, value in changes.items():
        c[cell] = value
    return named(c)


MATRICES = {
    "ones": named(np.ones((4, 4))),
    "minus ones": named(2 * np.eye(3) - 1),
    "identity": named(np.eye(5)),
    "all missing": named(np.full((3, 3), NAN)),
    "one": named(np.ones((1, 1))),
    "one missing": named(np.array([[NAN]])),
    "two": named(np.array([[1, 0.3], [0.3, 1]])),
    "two apart": named(np.array([[1, NAN], [NAN, 1]])),
    "a missing pair": changed({(0, 1): NAN, (1, 0): NAN}),
    "missing above": changed({(0, 1): NAN}),
    "missing below": changed({(1, 0): NAN}),
    "asymmetric": changed({(0, 1): 0.9}),
    "infinite": changed({(0, 1): np.inf, (2, 3): -np.inf}),
    "beyond one": changed({(0, 1): 7.0, (0, 2): -3.0}),
    "a diagonal not one": changed({(0, 0): 0.4, (1, 1): NAN}),
    "twins": named(np.kron(np.eye(3), np.ones((2, 2)))),
    "whole numbers": named(np.eye(3, dtype=int)),
    "other rows": changed({}).set_axis(list("uvwxyz")),
    "a label twice": changed({}).set_axis(list("aabcde"), axis=1),
    "named axes": changed({}).rename_axis(index="row", columns="column"),
}
CUTS = [{"cutoff_fraction": 0.5}, {"cutoff_fraction": 1}, {"n_clusters": 1}, {"n_clusters": 2}, {"n_clusters": 4}]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", MATRICES)
def test_degenerate_matrices_have_the_clusters_of_the_reference(name, transform):
    for method, cut in itertools.product(LINKAGE_METHODS, CUTS):
        options = {"linkage_method": method, "distance_transform": transform, **cut}
        expected = theirs("compute_clusters_from_corr_matrix", MATRICES[name], **options)
        actual = ours.compute_clusters_from_corr_matrix(MATRICES[name], **options)
        assert_same_clusters(actual, expected, exact=True)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", ["constant", "two responses", "never together", "one response"])
def test_degenerate_data_have_the_clusters_of_the_reference(name, measure, span):
    y = DEGENERATE[name]
    left = ours.compute_clusters_from_corr_matrix(named(ours.compute_dependence_matrix(y, measure, span)))
    right = named(theirs("compute_dependence_matrix", y, measure, span))
    assert_same_clusters(left, theirs("compute_clusters_from_corr_matrix", right))


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_columns_that_are_all_equal_are_one_cluster_whatever_rounding_does_to_the_reference(transform, measure, span):
    c = named(ours.compute_dependence_matrix(same(), measure, span))
    labels, _, cutoff = ours.compute_clusters_from_corr_matrix(c, distance_transform=transform)
    assert labels.tolist() == [1] * 4 and cutoff == 0
    np.testing.assert_allclose(c, theirs("compute_dependence_matrix", same(), measure, span), atol=1e-14)


# The first component ------------------------------------------------------------------------------


def assert_same_component(left: Any, right: Any) -> None:
    pd.testing.assert_frame_equal(left.correlation, right.correlation, rtol=0, atol=1e-12)
    for name, value in vars(right).items():
        if name != "correlation":
            assert getattr(left, name) == pytest.approx(value, abs=1e-12, nan_ok=True), name
            assert type(getattr(left, name)) is type(value), name


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("span", SPANS)
def test_the_first_component_is_taken_out_as_in_the_reference(measure, span):
    c = named(ours.compute_dependence_matrix(responses("complete"), measure, span))
    expected = theirs("remove_first_principal_component", c)
    assert_same_component(ours.remove_first_principal_component(c), expected)
    for transform in ("none", "remove_pc1"):
        applied = ours.apply_cluster_correlation_transform(c, transform)
        pd.testing.assert_frame_equal(
            applied, theirs("apply_cluster_correlation_transform", c, transform), rtol=0, atol=1e-12
        )
        clusters = ours.compute_clusters_from_corr_matrix(applied)
        assert_same_clusters(clusters, theirs("compute_clusters_from_corr_matrix", applied), exact=True)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("span", [*SPANS, 200])
def test_ragged_data_lose_their_component_or_are_refused_as_in_the_reference(measure, span):
    for seed in range(8):
        c = named(ours.compute_dependence_matrix(responses("ragged", seed), measure, span))
        try:
            expected = theirs("remove_first_principal_component", c)
        except ValueError:
            with pytest.raises(DataError):
                ours.remove_first_principal_component(c)
        else:
            assert_same_component(ours.remove_first_principal_component(c), expected)


def near(gap: float = 0.0, left: float = 0.5) -> pd.DataFrame:
    """Two pairs: the second correlates by ``gap`` more, the first is all but one at ``left`` near 1."""
    c = np.eye(4)
    c[0, 1] = c[1, 0] = left
    c[2, 3] = c[3, 2] = 0.5 + gap
    return named(c)


def star(corner: float) -> pd.DataFrame:
    """Four responses that share nothing but a fifth; above 1/2 its residual variance is negative."""
    c = np.eye(5)
    c[0, 1:] = c[1:, 0] = corner
    return named(c)


def semidefinite() -> Array:
    return np.corrcoef(np.random.default_rng(4).standard_normal((5, 30)))


def with_cell(row: int, column: int, value: float) -> pd.DataFrame:
    c = semidefinite()
    c[row, column] = value
    return named(c)


COMPONENTS = {
    "one": MATRICES["one"],
    "two": MATRICES["two"],
    "ones": MATRICES["ones"],
    "minus one": named(np.array([[1.0, -1], [-1, 1]])),
    "identity": named(np.eye(4)),
    "whole numbers": MATRICES["whole numbers"],
    "missing on one side": with_cell(0, 1, NAN),
    "missing twice": with_cell(0, 1, NAN).where(~np.isin(np.arange(25).reshape(5, 5), [5, 13, 17])),
    "asymmetric": with_cell(0, 1, 0.2),
    "a diagonal not one": with_cell(2, 2, 40.0),
    "objects": with_cell(2, 2, 1.0).astype(object),
    "named axes": with_cell(2, 2, 1.0).rename_axis(index="row", columns="column"),
    "a pair beside one": named(np.array([[1, 0, 0], [0, 1, 0.5], [0, 0.5, 1]])),
    "a gap of rounding": near(gap=1.4e-10),
    "a gap": near(gap=1.6e-10),
    "next to nothing left": near(left=1 - 1.8e-12),
    "rounding beyond one": near(left=1 + 9e-11),
    "a little below nothing left": star(0.5 + 4.5e-11),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_degenerate_matrices_lose_their_component_as_in_the_reference(name):
    expected = theirs("remove_first_principal_component", COMPONENTS[name])
    assert_same_component(ours.remove_first_principal_component(COMPONENTS[name]), expected)


def test_what_is_nothing_left_is_as_in_the_reference():
    for left in (1 - 1.8e-12, 1 - 2.2e-12):  # a residual variance of half of it
        expected = theirs("remove_first_principal_component", near(left=left)).isolated_assets
        assert ours.remove_first_principal_component(near(left=left)).isolated_assets == expected
        assert len(expected) == (2 if left > 1 - 2e-12 else 0)


def test_without_a_transform_the_frame_itself_comes_back():
    assert ours.apply_cluster_correlation_transform(MATRICES["other rows"]) is MATRICES["other rows"]


# Choices and errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["DependenceMeasure", "DistanceTransform", "ClusterCorrelationTransform", "ClusterSmootherType"]
)
def test_the_choices_have_the_names_and_values_of_the_reference(name):
    mine, reference = getattr(enums, name), getattr(factorlasso, name)
    assert [(m.name, m.value) for m in mine] == [(m.name, m.value) for m in reference]
    assert issubclass(mine, str) == issubclass(reference, str)


@pytest.mark.parametrize("measure", list(DependenceMeasure))
def test_a_choice_may_be_given_by_member_or_value(measure):
    y, c = responses("complete"), MATRICES["two"]
    by_member, by_value = (ours.compute_dependence_matrix(y, m) for m in (measure, measure.value))
    np.testing.assert_array_equal(by_member, by_value)
    for transform in DistanceTransform:
        both = (
            ours.compute_clusters_from_corr_matrix(c, distance_transform=t)[1] for t in (transform, transform.value)
        )
        np.testing.assert_array_equal(*both)


Y, C = responses("complete"), named(semidefinite())
REFUSED = [
    ("compute_dependence_matrix", (Y[:, 0],), {}),
    ("compute_dependence_matrix", (Y[None],), {}),
    ("compute_dependence_matrix", (np.array([["a"]]),), {}),
    *(("compute_dependence_matrix", (Y, m), {}) for m in ("PEARSON", "kendall", None, 1)),
    *(("compute_dependence_matrix", (Y, "pearson", s), {}) for s in (0, -1, 0.5, NAN, np.inf, "a")),
    *(("compute_dependence_matrix", (Y, "gerber", 5, g), {}) for g in (-0.1, 1.1, NAN, None, "0.5")),
    *(("compute_gerber_matrix", (Y, 5, g), {}) for g in (-0.1, 1.1, NAN, np.inf, None)),
    ("compute_gerber_matrix", (Y, 0), {}),
    ("compute_gerber_matrix", (Y[:0],), {}),
    ("compute_gerber_matrix", (Y[:, 0],), {}),
    *(("compute_clusters_from_corr_matrix", (C, f), {}) for f in (0, -1, 1.0001, NAN, "a", None)),
    *(("compute_clusters_from_corr_matrix", (C,), {"n_clusters": n}) for n in (0, -1, 2.0, "2", True)),
    *(("compute_clusters_from_corr_matrix", (C,), {"linkage_method": m}) for m in ("WARD", "x", None, 1)),
    *(("compute_clusters_from_corr_matrix", (C,), {"distance_transform": d}) for d in ("CHORD", "x", None, 1)),
    ("compute_clusters_from_corr_matrix", (C, 7), {"n_clusters": 2}),
    ("compute_clusters_from_corr_matrix", (C.iloc[:1, :1], 3), {}),
    ("compute_clusters_from_corr_matrix", (C.iloc[:3],), {}),
    ("compute_clusters_from_corr_matrix", (C.iloc[:0, :0],), {}),
    ("remove_first_principal_component", (C.to_numpy(),), {}),
    ("remove_first_principal_component", (C.iloc[:3],), {}),
    ("remove_first_principal_component", (C.iloc[:0, :0],), {}),
    ("remove_first_principal_component", (C.iloc[::-1],), {}),
    ("remove_first_principal_component", (C.set_axis(list("vwxyz")),), {}),
    ("remove_first_principal_component", (C.set_axis(list("aabcd")).set_axis(list("aabcd"), axis=1),), {}),
    ("remove_first_principal_component", (C * NAN,), {}),
    ("remove_first_principal_component", (with_cell(1, 1, NAN),), {}),
    ("remove_first_principal_component", (with_cell(0, 1, np.inf),), {}),
    ("remove_first_principal_component", (near(left=1 + 1.1e-10),), {}),
    ("remove_first_principal_component", (named(4e-4 * semidefinite() + 2 * (1 - np.eye(5))),), {}),
    ("remove_first_principal_component", (star(0.5 + 2e-10),), {}),
    ("remove_first_principal_component", (named([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]),), {}),
    *(("apply_cluster_correlation_transform", (C, t), {}) for t in ("NONE", "x", None, 1)),
    ("apply_cluster_correlation_transform", (C.to_numpy(), "remove_pc1"), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), REFUSED)
def test_what_the_reference_refuses_is_refused_with_its_kind_of_error(name, args, options):
    with pytest.raises((ValueError, TypeError)) as reference:
        theirs(name, *args, **options)
    with pytest.raises(reference.type) as mine:
        getattr(ours, name)(*args, **options)
    assert str(mine.value).endswith(".")


STRICTER = [
    ("compute_dependence_matrix", (Y, "pearson", True), {}, TypeError),
    ("compute_dependence_matrix", (Y, "gerber", 0.5), {}, ValueError),
    ("compute_dependence_matrix", (Y, "gerber", 5, True), {}, TypeError),
    ("compute_dependence_matrix", (Y,), {"nan_backfill": "ffill"}, ValueError),
    ("compute_clusters_from_corr_matrix", (C, True), {}, TypeError),
]


@pytest.mark.parametrize(("name", "args", "options", "error"), STRICTER)
def test_what_the_reference_takes_for_something_else_is_refused(name, args, options, error):
    theirs(name, *args, **options)
    with pytest.raises(error):
        getattr(ours, name)(*args, **options)
