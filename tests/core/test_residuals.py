"""Tests of what residuals share: on noise they are silent, on a planted factor they name its members."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.residuals import (
    diagnose_residuals,
    marchenko_pastur_edge,
    missing_factor_components,
    null_threshold,
    raw_offdiagonal_mass,
    residual_correlation,
)

NAN = np.nan


def noise(seed: int, rows: int = 200, series: int = 10) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, series))


def planted(seed: int = 0) -> pd.DataFrame:
    """Ten series, of which s1, s4 (negatively) and s7 share one factor."""
    values = noise(seed)
    common = np.random.default_rng(seed + 1000).standard_normal(200)
    for series, loading in ((1, 1.5), (4, -1.2), (7, 1.0)):
        values[:, series] += loading * common
    return pd.DataFrame(values, columns=[f"s{k}" for k in range(10)])


def ragged(seed: int, rows: int = 40, series: int = 6) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.standard_normal((rows, series)) * 10.0 ** random.uniform(-6, 6, series)
    values[:, 0] = random.integers(0, 2, rows)
    values[: rows // 2, 1] = 5.0
    values[random.random(values.shape) < random.choice([0.0, 0.2, 0.8])] = NAN
    return values


def by_definition(y: np.ndarray, min_periods: int) -> np.ndarray:
    """Each pair on its common rows, one at a time."""
    result = np.full((y.shape[1],) * 2, NAN)
    for i, j in np.ndindex(result.shape):
        a, b = y[~np.isnan(y[:, i]) & ~np.isnan(y[:, j])][:, [i, j]].T
        if len(a) >= max(min_periods, 1) and np.ptp(a) > 0 and np.ptp(b) > 0:
            a, b = a - a.mean(), b - b.mean()
            result[i, j] = a @ b / np.sqrt((a @ a) * (b @ b))
    return result


# Correlation ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_every_pair_is_correlated_on_its_common_rows(seed, min_periods):
    y = ragged(seed)
    found = residual_correlation(y, min_periods).to_numpy()
    np.testing.assert_allclose(found, by_definition(y, min_periods), rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(found, found.T)


def test_a_pair_is_defined_from_the_required_number_of_common_rows_on():
    y = noise(1, rows=60, series=3)
    y[30:, 0], y[29:, 1] = NAN, NAN
    found = residual_correlation(y, min_periods=30)
    assert found.notna().to_numpy().tolist() == [[True, False, True], [False, False, False], [True, False, True]]


def test_a_series_that_stands_still_where_another_is_present_has_no_correlation_with_it():
    y = noise(2, rows=100, series=3)
    y[:50, 0], y[50:, 1] = 0.1, NAN
    found = residual_correlation(y)
    assert np.isnan(found.loc[0, 1]) and np.isfinite(found.loc[0, 2]) and np.isfinite(found.loc[1, 2])


@pytest.mark.parametrize("shift", [1e3, 1e5, 1e9])
def test_a_level_shift_outside_the_common_rows_costs_no_digits(shift):
    y = noise(3, rows=100, series=2)
    expected = np.corrcoef(y[:50].T)[0, 1]
    y[50:, 0] += shift
    y[50:, 1] = NAN
    assert residual_correlation(y).loc[0, 1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-170, 1e-9, 1e170])
def test_correlation_does_not_know_the_units(scale):
    y = noise(4, series=4)
    np.testing.assert_allclose(residual_correlation(y * scale), residual_correlation(y), rtol=1e-12)


def test_the_correlation_is_labelled_by_the_series():
    found = residual_correlation(planted())
    assert found.index.equals(planted().columns) and found.columns.equals(planted().columns)


def test_the_mass_is_the_sum_of_squared_pairs():
    upper = residual_correlation(planted()).to_numpy()[np.triu_indices(10, 1)]
    assert raw_offdiagonal_mass(planted()) == pytest.approx((upper**2).sum())
    assert raw_offdiagonal_mass(noise(5, rows=20)) == 0.0


def test_infinite_residuals_are_missing_ones():
    holed, infinite = noise(6), noise(6)
    holed[[3, 9], [0, 1]], infinite[[3, 9], [0, 1]] = NAN, [np.inf, -np.inf]
    assert diagnose_residuals(infinite).to_dict() == diagnose_residuals(holed).to_dict()
    assert diagnose_residuals(infinite).n_obs == 199


def test_reading_residuals_leaves_them_alone():
    y = ragged(7)
    before = y.copy()
    residual_correlation(y)
    np.testing.assert_array_equal(y, before)


# The test and the edge --------------------------------------------------------------------------


def test_noise_is_rejected_about_as_often_as_the_significance_says():
    found = [diagnose_residuals(noise(seed), significance=0.05) for seed in range(300)]
    rejected = np.mean([d.sphericity > d.threshold for d in found])
    assert 0.02 <= rejected <= 0.09  # three standard errors around 0.05
    assert np.mean([d.sphericity for d in found]) == pytest.approx(45, rel=0.05)  # the mean of χ² is its pairs


def test_the_spectrum_of_noise_ends_at_the_edge():
    found = diagnose_residuals(noise(8, rows=1000, series=300))
    assert found.top_eigenvalue == pytest.approx(found.mp_edge, rel=0.05)


def test_a_planted_factor_fails_and_names_its_members():
    found = diagnose_residuals(planted())
    assert not found.passes and found.n_above_edge == 1
    components = missing_factor_components(planted())
    assert components["component"].tolist() == [1, 1, 1]
    assert set(components["series"]) == {"s1", "s4", "s7"}
    assert dict(zip(components["series"], np.sign(components["loading"]), strict=True)) in (
        {"s1": 1, "s4": -1, "s7": 1},
        {"s1": -1, "s4": 1, "s7": -1},
    )
    assert components["eigenvalue"].unique() == pytest.approx(found.top_eigenvalue)


@pytest.mark.parametrize("change", ["order", "units", "rows"])
def test_the_statistics_do_not_depend_on(change):
    y = planted()
    turned = {"order": y.iloc[:, ::-1], "units": y * np.linspace(-3, 7, 10) + 5.0, "rows": y.iloc[::-1]}[change]
    here, there = diagnose_residuals(y).to_dict(), diagnose_residuals(turned).to_dict()
    assert here == pytest.approx(there, rel=1e-10)


def test_each_statistic_is_what_it_says():
    y = planted().mask(planted() > 1.5)
    y["flat"] = 0.1
    found = diagnose_residuals(y, n_fitted_per_asset=2.5, significance=0.01)
    upper = found.correlation.to_numpy()[np.triu_indices(11, 1)]
    defined = upper[np.isfinite(upper)]
    spectrum = np.linalg.eigvalsh(np.where(np.eye(11) == 1, 1.0, found.correlation.fillna(0.0)))
    assert (found.n_series, found.n_pairs, found.n_obs) == (11, 45, y.notna().sum().min())
    assert found.nu == found.n_obs - 3.5
    assert found.sphericity == pytest.approx(found.nu * (defined**2).sum())
    assert found.threshold == null_threshold(45, 0.01)
    assert found.mp_edge == marchenko_pastur_edge(11, found.nu)
    assert found.top_eigenvalue == pytest.approx(spectrum.max())
    assert found.n_above_edge == (spectrum > found.mp_edge).sum()
    assert found.mean_abs_offdiag == pytest.approx(np.abs(defined).mean())
    assert found.max_abs_offdiag == np.abs(defined).max()


def test_passing_needs_both_the_sphericity_and_the_spectrum():
    found = diagnose_residuals(noise(9))
    assert found.passes
    assert not type(found)(**{**vars(found), "sphericity": found.threshold + 1}).passes
    assert not type(found)(**{**vars(found), "top_eigenvalue": found.mp_edge + 1}).passes


def test_the_dictionary_holds_scalars_and_the_verdict():
    scalars = diagnose_residuals(noise(10)).to_dict()
    assert all(np.isscalar(value) for value in scalars.values()) and scalars["passes"] is True
    assert "correlation" not in scalars and "correlation" not in repr(diagnose_residuals(noise(10)))


def test_the_threshold_is_exceeded_with_its_probability():
    draws = np.random.default_rng(11).chisquare(7, 200_000)
    assert (draws > null_threshold(7, 0.1)).mean() == pytest.approx(0.1, abs=0.003)


# Components -------------------------------------------------------------------------------------


def test_components_are_signed_ordered_and_cut_at_the_floor():
    components = missing_factor_components(planted(), n_components=3, loading_floor=0.3)
    assert (components["loading"].abs() >= 0.3).all()
    for _, part in components.groupby("component"):
        assert part["loading"].iloc[0] > 0 and part["loading"].abs().is_monotonic_decreasing
    assert components["eigenvalue"].is_monotonic_decreasing


def test_without_a_floor_a_component_is_an_eigenvector():
    y = planted()
    found = missing_factor_components(y, n_components=99, loading_floor=0.0)
    matrix = residual_correlation(y)
    assert found["component"].max() == 10 and len(found) == 100
    for _, part in found.groupby("component"):
        vector = part.set_index("series")["loading"].reindex(y.columns)
        np.testing.assert_allclose(matrix @ vector, part["eigenvalue"].iloc[0] * vector, atol=1e-12)


def test_noise_still_gives_its_first_component():
    found = missing_factor_components(noise(12), loading_floor=0.0)
    assert found["component"].unique().tolist() == [1]


def test_a_floor_nothing_reaches_leaves_an_empty_table_with_its_columns():
    found = missing_factor_components(planted(), loading_floor=1.1)
    assert len(found) == 0 and found.columns.tolist() == ["component", "eigenvalue", "series", "loading"]


# Refusals ---------------------------------------------------------------------------------------


def test_residuals_of_one_series_are_refused():
    with pytest.raises(DataError, match="1 series: give at least 2"):
        diagnose_residuals(noise(0, series=1))


def test_residuals_without_a_long_enough_pair_are_refused_with_the_cure():
    with pytest.raises(DataError, match=r"No pair of the 10 series has 30 common rows .* lower min_periods"):
        diagnose_residuals(noise(0, rows=20))


def test_a_series_too_short_for_its_loadings_is_named():
    y = planted()
    y.loc[4:, "s3"] = NAN
    with pytest.raises(DataError, match=r"'s3' has 4 observations for 2 fitted loadings.* leaves 1 degrees"):
        diagnose_residuals(y, n_fitted_per_asset=2)
    assert diagnose_residuals(y, n_fitted_per_asset=1.9).nu == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("call", "option"),
    [
        (lambda: diagnose_residuals(planted(), n_fitted_per_asset=-1), "n_fitted_per_asset"),
        (lambda: diagnose_residuals(planted(), n_fitted_per_asset=NAN), "n_fitted_per_asset"),
        (lambda: diagnose_residuals(planted(), significance=0), "significance"),
        (lambda: diagnose_residuals(planted(), significance=NAN), "significance"),
        (lambda: residual_correlation(planted(), min_periods=-1), "min_periods"),
        (lambda: residual_correlation(planted(), min_periods=2.5), "min_periods"),
        (lambda: missing_factor_components(planted(), n_components=0), "n_components"),
        (lambda: missing_factor_components(planted(), loading_floor=NAN), "loading_floor"),
        (lambda: marchenko_pastur_edge(-1, 3), "n_series"),
        (lambda: marchenko_pastur_edge(3, 0), "nu"),
        (lambda: marchenko_pastur_edge(3, NAN), "nu"),
        (lambda: null_threshold(0), "n_pairs"),
        (lambda: null_threshold(3, 1), "significance"),
    ],
)
def test_an_option_out_of_range_is_named(call, option):
    with pytest.raises(OptionError, match=f"^{option}="):
        call()
