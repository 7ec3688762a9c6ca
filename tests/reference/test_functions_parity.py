"""Diagnostics and helpers against the reference, factorlasso 1.0.6, number by number.

These have no solver in them, so they must agree to rounding. Where ours refuses what the reference lets
through (NaN groups, unnamed frequencies), tests/core says so.
"""

from __future__ import annotations

import inspect
import itertools

import factorlasso
import numpy as np
import pandas as pd
import pytest

from factorlasso_core import functions, residuals, sparsity
from tests.reference.support import quiet

NAN = np.nan
SPANS = (1, 3, 24.5)


def ragged(seed: int, rows: int = 60, columns: int = 7, holes: float = 0.15) -> np.ndarray:
    """Random columns with holes, a late and an early one, a constant one and one of ties."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, columns)) + 0.5 * random.standard_normal((rows, 1))
    values[:, 3] = 0.1
    values[:, 4] = random.integers(-1, 2, rows)
    values[random.random(values.shape) < holes] = NAN
    values[: rows // 3, 1] = NAN
    values[-rows // 4 :, 2] = NAN
    return values


PANELS = {
    "complete": ragged(1, holes=0.0)[:, [0, 3, 4, 5]],
    "ragged": ragged(2),
    "long": ragged(3, rows=200, columns=12),
    "mostly missing": ragged(4, holes=0.7),
    "one row": ragged(5, rows=1),
    "no value": np.full((5, 2), NAN),
}


def same(ours, theirs, tolerance=1e-12):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def reference_enum(member):
    """The member of the same name in the enum of the reference, which exports neither."""
    name = "init_type" if isinstance(member, functions.InitType) else "nan_backfill"
    kind = type(inspect.signature(factorlasso.compute_ewm).parameters[name].default)
    return kind[member.name]


RULES = list(itertools.product(functions.InitType, functions.NanBackfill))


# Running means and covariances ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["InitType", "NanBackfill"])
def test_the_rules_have_the_names_and_values_of_the_reference(kind):
    ours = getattr(functions, kind)
    theirs = type(reference_enum(next(iter(ours))))
    assert {m.name: m.value for m in ours} == {m.name: m.value for m in theirs}


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize(("start", "backfill"), RULES, ids=lambda rule: rule.name)
def test_running_means_agree(panel, start, backfill):
    values = PANELS[panel]
    for span in SPANS:
        with quiet():
            theirs = factorlasso.compute_ewm(
                values, span, init_type=reference_enum(start), nan_backfill=reference_enum(backfill)
            )
        same(functions.compute_ewm(values, span, init_type=start, nan_backfill=backfill), theirs)


@pytest.mark.parametrize("backfill", functions.NanBackfill)
@pytest.mark.parametrize("start", [2.0, np.arange(7.0), np.array([1, NAN, 3, 4, 5, NAN, 7])])
def test_running_means_from_a_given_start_agree(start, backfill):
    theirs = factorlasso.compute_ewm(PANELS["ragged"], 9, init_value=start, nan_backfill=reference_enum(backfill))
    same(functions.compute_ewm(PANELS["ragged"], 9, init_value=start, nan_backfill=backfill), theirs)


def test_running_means_of_frames_series_vectors_and_cubes_agree():
    dates = pd.date_range("2020-01-31", periods=60, freq="ME", name="date")
    frame = pd.DataFrame(PANELS["ragged"], index=dates, columns=list("abcdefg"))
    for data in (frame, frame["b"], frame["b"].to_numpy(), np.arange(24.0).reshape(4, 3, 2), [1, 2, 4]):
        theirs, ours = factorlasso.compute_ewm(data), functions.compute_ewm(data)
        assert type(ours) is type(theirs)
        same(ours, theirs)
    pd.testing.assert_frame_equal(functions.compute_ewm(frame), factorlasso.compute_ewm(frame), rtol=1e-12)
    pd.testing.assert_series_equal(functions.compute_ewm(frame["b"]), factorlasso.compute_ewm(frame["b"]), rtol=1e-12)


def test_infinite_values_are_missing_values_as_in_the_reference():
    values = PANELS["complete"].copy()
    values[[0, 5, 9], [0, 1, 1]] = np.inf, -np.inf, np.inf
    with quiet():
        mean, covariance = factorlasso.compute_ewm(values, 5), factorlasso.compute_ewm_covar(values, span=5)
    same(functions.compute_ewm(values, 5), mean)
    same(functions.compute_ewm_covar(values, span=5), covariance)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("backfill", functions.NanBackfill)
@pytest.mark.parametrize("is_corr", [False, True])
def test_covariances_agree(panel, backfill, is_corr):
    values = PANELS[panel]
    other = np.roll(values, 1, axis=1) * 2.0
    start = np.cov(np.random.default_rng(7).standard_normal((values.shape[1], 30)))
    start[0, -1] = NAN
    for span, b, covar0 in itertools.product(SPANS, (None, other), (None, start)):
        arguments = {"b": b, "span": span, "covar0": covar0, "is_corr": is_corr}
        theirs = factorlasso.compute_ewm_covar(values, nan_backfill=reference_enum(backfill), **arguments)
        same(functions.compute_ewm_covar(values, nan_backfill=backfill, **arguments), theirs)


@pytest.mark.parametrize("scale", [1.0, 2e-5, 1e-5, 1e-6, 0.0])
def test_correlations_of_tiny_variances_agree(scale):
    values = PANELS["complete"] * np.array([scale, 1e-6, scale, 1.0 if scale == 1 else scale])
    theirs = factorlasso.compute_ewm_covar(values, span=200, is_corr=True)
    same(functions.compute_ewm_covar(values, span=200, is_corr=True), theirs)


@pytest.mark.parametrize("backfill", functions.NanBackfill)
def test_one_update_of_a_covariance_agrees(backfill):
    a, b = np.array([1.0, NAN, -2.0]), np.array([0.5, 1.0, NAN])
    for other, start, corr in itertools.product((None, b), (None, np.ones((3, 3))), (False, True)):
        theirs = factorlasso.compute_ewm_covar(
            a, other, covar0=start, is_corr=corr, nan_backfill=reference_enum(backfill)
        )
        same(functions.compute_ewm_covar(a, other, covar0=start, is_corr=corr, nan_backfill=backfill), theirs)


def test_the_covariance_of_no_rows_agrees():
    for is_corr in (False, True):
        same(
            functions.compute_ewm_covar(np.empty((0, 3)), span=3, is_corr=is_corr),
            factorlasso.compute_ewm_covar(np.empty((0, 3)), span=3, is_corr=is_corr),
        )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("n", "power"), [(1, 0.9), (5, 0.5), (300, 0.97), (4, 1), (6, 1.5)])
def test_expanding_powers_agree(n, power, reverse):
    same(functions.compute_expanding_power(n, power, reverse), factorlasso.compute_expanding_power(n, power, reverse))


# Residuals --------------------------------------------------------------------------------------

RESIDUALS = {
    "complete": PANELS["complete"],
    "ragged": ragged(12, rows=150, columns=9),
    "level shift": ragged(13, rows=150) * 1e-3 + 10.0 * (np.arange(150) > 75)[:, None],
    "stale half": np.where(np.arange(150)[:, None] < 75, 0.0, 1.0) * ragged(14, rows=150),
    "tiny": ragged(15, rows=150) * 1e-9,
    "twins": ragged(16, rows=150)[:, [0, 0, 1, 5, 5]] * [1, -2, 1, 1, 1],
    "short": ragged(17, rows=20),
}


@pytest.mark.parametrize("min_periods", [1, 2, 30, 60])
@pytest.mark.parametrize("panel", RESIDUALS)
def test_residual_correlations_agree(panel, min_periods):
    frame = pd.DataFrame(RESIDUALS[panel]).add_prefix("r").rename_axis("series", axis=1)
    ours = residuals.residual_correlation(frame, min_periods)
    theirs = factorlasso.residual_correlation(frame, min_periods)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("panel", [name for name in RESIDUALS if name != "short"])
@pytest.mark.parametrize(("fitted", "significance"), [(0.0, 0.05), (2.5, 0.01)])
def test_residual_diagnostics_agree(panel, fitted, significance):
    values = RESIDUALS[panel]
    ours = residuals.diagnose_residuals(values, fitted, significance)
    theirs = factorlasso.diagnose_residuals(values, fitted, significance)
    assert list(ours.to_dict()) == list(theirs.to_dict())
    assert (ours.n_pairs, ours.n_above_edge, ours.passes) == (theirs.n_pairs, theirs.n_above_edge, theirs.passes)
    same(list(ours.to_dict().values()), list(theirs.to_dict().values()), 1e-10)
    same(residuals.raw_offdiagonal_mass(values), factorlasso.raw_offdiagonal_mass(values), 1e-10)


@pytest.mark.parametrize("panel", ["complete", "ragged", "tiny"])
@pytest.mark.parametrize("options", [{}, {"n_components": 3}, {"n_components": 99, "loading_floor": 0.0}])
def test_missing_factor_components_agree(panel, options):
    values = RESIDUALS[panel][:, [0, 1, 2, 4, 5]] if RESIDUALS[panel].shape[1] > 5 else RESIDUALS[panel]
    frame = pd.DataFrame(values).add_prefix("r")
    ours = residuals.missing_factor_components(frame, **options)
    theirs = factorlasso.missing_factor_components(frame, **options)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("series", "nu"), [(1, 0.5), (20, 60), (2000, 12.5), (0, 3)])
def test_the_edge_agrees(series, nu):
    same(residuals.marchenko_pastur_edge(series, nu), factorlasso.marchenko_pastur_edge(series, nu))


@pytest.mark.parametrize(("pairs", "significance"), [(1, 0.05), (45, 0.01), (10**6, 0.05), (3, 0.9)])
def test_the_threshold_agrees(pairs, significance):
    same(residuals.null_threshold(pairs, significance), factorlasso.null_threshold(pairs, significance))


# Sparsity ---------------------------------------------------------------------------------------


def loadings() -> dict[str, object]:
    random = np.random.default_rng(21)
    dusty = random.standard_normal((6, 4)) * (random.random((6, 4)) < 0.5) + 1e-7 * random.standard_normal((6, 4))
    dusty[2], dusty[:, 1] = 0.0, 0.0
    holed = dusty.copy()
    holed[0, 0], holed[1, 2] = NAN, np.inf
    return {
        "dusty": pd.DataFrame(dusty, index=list("uvwxyz"), columns=["f1", "f2", "f3", "f4"]),
        "array": dusty,
        "not finite": holed,
        "nothing finite": holed * NAN,
        "zero": np.zeros((3, 2)),
        "dust alone": np.full((2, 2), 1e-12),
        "one factor": np.array([1.0, 0.0, 0.5]),
        "no rows": np.empty((0, 3)),
        "no columns": np.empty((3, 0)),
        "lists": [[1, 0], [0, 2]],
    }


@pytest.mark.parametrize("name", loadings())
@pytest.mark.parametrize(("tol", "rtol"), [(0.0, 1e-4), (0.0, 0.0), (0.6, 1e-4), (0.0, 0.5), (0.0, 2.0)])
def test_sparsity_agrees(name, tol, rtol):
    betas = loadings()[name]
    ours, theirs = sparsity.effective_sparsity(betas, tol, rtol), factorlasso.effective_sparsity(betas, tol, rtol)
    assert repr(ours) == repr(theirs)
    assert list(ours.to_dict()) == list(theirs.to_dict())
    np.testing.assert_equal(ours.to_dict(), theirs.to_dict())
    assert (ours.empty_factors, ours.empty_assets) == (theirs.empty_factors, theirs.empty_assets)
    assert ours.is_rank_deficient == theirs.is_rank_deficient
    pd.testing.assert_series_equal(ours.per_factor, theirs.per_factor)


@pytest.mark.parametrize("name", ["dusty", "array", "not finite", "dust alone", "one factor", "lists"])
def test_suggested_tolerances_agree(name):
    ours, theirs = sparsity.suggest_tolerance(loadings()[name]), factorlasso.suggest_tolerance(loadings()[name])
    assert list(ours) == list(theirs)
    same(list(ours.values()), list(theirs.values()))


# Labels -----------------------------------------------------------------------------------------

GROUPS = {
    "text": pd.Series({"a": "E", "b": "B", "c": "E", "d": "C"}, name="group").rename_axis("asset"),
    "numbers": pd.Series({"a": 2, "b": 1, "c": 2}),
    "both": pd.Series({"a": "x", "b": 1}),
    "categories": pd.Series(["z", "y", "z"], index=list("abc"), dtype="category"),
    "repeated asset": pd.Series(["x", "y"], index=["a", "a"]),
}


@pytest.mark.parametrize("name", GROUPS)
def test_group_loadings_agree(name):
    ours, theirs = functions.set_group_loadings(GROUPS[name]), factorlasso.set_group_loadings(GROUPS[name])
    pd.testing.assert_frame_equal(ours, theirs)


@pytest.mark.parametrize("order", [["C", "B", "E"], ["C", "B"], ["Z", "E"], ["C", "B", "B", "E"]])
def test_group_loadings_in_a_given_order_agree(order):
    ours = functions.set_group_loadings(GROUPS["text"], order)
    pd.testing.assert_frame_equal(ours, factorlasso.set_group_loadings(GROUPS["text"], order))


MERGES = pd.DataFrame(
    [[0, 1, 0.1, 2], [0, 1, 0.5, 2], [2, 3, 0.7, 3], [0, 1, 0.2, 2]],
    columns=["left", "right", "distance", "n_samples"],
    index=["W-FRI:step_0", "ME:step_0", "ME:step_1", "W:step_0"],
)


@pytest.mark.parametrize(
    "frame", [MERGES, MERGES.iloc[::-1, ::-1], MERGES.assign(note="x")], ids=["as is", "turned", "wide"]
)
def test_merges_by_frequency_agree(frame):
    ours, theirs = functions.get_linkages_by_freq(frame), factorlasso.get_linkages_by_freq(frame)
    assert list(ours) == list(theirs)
    for freq in ours:
        np.testing.assert_array_equal(ours[freq], theirs[freq])
        np.testing.assert_array_equal(
            functions.get_linkage_array(frame, freq), factorlasso.get_linkage_array(frame, freq)
        )


@pytest.mark.parametrize(
    "clusters",
    [
        pd.Series({"a": "ME:1", "b": "ME:2", "c": "QE:1", "d": "ME:1"}, name="cluster").rename_axis("asset"),
        pd.Series({"a": "QE:x:y", "b": None, "c": "ME:3"}),
        pd.Series([], dtype=object),
    ],
    ids=["plain", "holes", "empty"],
)
def test_clusters_by_frequency_agree(clusters):
    ours, theirs = functions.get_clusters_by_freq(clusters), factorlasso.get_clusters_by_freq(clusters)
    assert list(ours) == list(theirs)
    for freq in ours:
        pd.testing.assert_series_equal(ours[freq], theirs[freq])


@pytest.mark.parametrize(
    "cutoffs", [pd.Series({"ME": 0.5, "QE": NAN}), pd.Series({"ME": 1}), pd.Series([], dtype=float)]
)
def test_cutoffs_by_frequency_agree(cutoffs):
    np.testing.assert_equal(functions.get_cutoffs_by_freq(cutoffs), factorlasso.get_cutoffs_by_freq(cutoffs))


# Refusals ---------------------------------------------------------------------------------------

REFUSED = {
    "span below one": (ValueError, lambda m: m.compute_ewm(np.ones(3), span=0.5)),
    "λ of one": (ValueError, lambda m: m.compute_ewm(np.ones(3), ewm_lambda=1.0)),
    "no rows": (IndexError, lambda m: m.compute_ewm(np.empty((0, 2)), span=3)),
    "starts of other columns": (ValueError, lambda m: m.compute_ewm(np.ones((3, 2)), span=3, init_value=np.ones(3))),
    "covariance span": (ValueError, lambda m: m.compute_ewm_covar(np.ones((3, 2)), span=np.inf)),
    "covariance start": (ValueError, lambda m: m.compute_ewm_covar(np.ones((3, 2)), covar0=np.eye(3))),
    "no powers": (ValueError, lambda m: m.compute_expanding_power(0, 0.5)),
    "power of zero": (ValueError, lambda m: m.compute_expanding_power(3, 0.0)),
    "half a power": (TypeError, lambda m: m.compute_expanding_power(2.5, 0.5)),
    "groups as a list": (ValueError, lambda m: m.set_group_loadings(["a"])),
    "unknown frequency": (KeyError, lambda m: m.get_linkage_array(MERGES, "QE")),
    "missing column": (KeyError, lambda m: m.get_linkage_array(MERGES[["left"]], "ME")),
    "unnamed merge": (KeyError, lambda m: m.get_linkages_by_freq(MERGES.set_axis(list("abcd")))),
    "cutoff as text": (ValueError, lambda m: m.get_cutoffs_by_freq(pd.Series({"ME": "x"}))),
    "one series": (ValueError, lambda m: m.diagnose_residuals(np.ones((50, 1)))),
    "too few rows": (ValueError, lambda m: m.diagnose_residuals(RESIDUALS["short"])),
    "no freedom": (ValueError, lambda m: m.diagnose_residuals(RESIDUALS["complete"], 58)),
    "significance": (ValueError, lambda m: m.null_threshold(3, 1.0)),
    "no pairs": (ValueError, lambda m: m.null_threshold(0)),
    "no ν": (ValueError, lambda m: m.marchenko_pastur_edge(3, 0)),
    "negative cut": (ValueError, lambda m: m.effective_sparsity(np.eye(2), tol=-1)),
    "refused NaN": (ValueError, lambda m: m.effective_sparsity([[NAN, 1]], raise_on_nonfinite=True)),
    "a cube": (ValueError, lambda m: m.effective_sparsity(np.ones((2, 2, 2)))),
    "one loading": (ValueError, lambda m: m.suggest_tolerance([[1.0, 0.0]])),
}


class Ours:
    """The functions of this package under one name, as the reference has them."""

    def __getattr__(self, name):
        return next(getattr(module, name) for module in (functions, residuals, sparsity) if hasattr(module, name))


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_reference_refuses_is_refused_with_the_same_kind_of_error(case):
    kind, call = REFUSED[case]
    with pytest.raises(kind):
        call(factorlasso)
    with pytest.raises(kind):
        call(Ours())
