"""Counting loadings, and telling them from dust."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.sparsity import effective_sparsity, float_frame, suggest_tolerance

BETAS = pd.DataFrame(
    [[0.8, 0.0, 0.0], [-0.4, 0.2, 0.0], [0.0, 0.0, 0.0], [1e-6, 0.0, 0.0]],
    index=["Fund A", "Fund B", "Fund C", "Fund D"],
    columns=["Equity", "Rates", "Gold"],
)


def test_the_counts_of_a_known_matrix():
    found = effective_sparsity(BETAS)
    assert (found.n_nonzero, found.n_total, found.density) == (3, 12, 0.25)
    assert (found.per_asset, found.max_per_asset) == (0.75, 2)
    assert found.per_factor.to_dict() == {"Equity": 2, "Rates": 1, "Gold": 0}
    assert found.empty_factors == ["Gold"] and found.empty_assets == ["Fund C", "Fund D"]
    assert found.tol_used == pytest.approx(0.8e-4) and found.n_nonfinite == 0


def test_the_scalars_give_the_number_of_empty_rows_and_columns():
    scalars = effective_sparsity(BETAS).to_dict()
    assert scalars["n_empty_factors"] == 1 and scalars["n_empty_assets"] == 2
    assert all(np.isscalar(value) for value in scalars.values())


def test_without_cuts_everything_but_exact_zeros_counts():
    assert effective_sparsity(BETAS, rtol=0.0).n_nonzero == int((BETAS != 0).to_numpy().sum()) == 4


@settings(deadline=None, max_examples=50, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-150, 1e-3, 7.0, 1e150]))
def test_the_relative_cut_does_not_know_the_units(seed, scale):
    random = np.random.default_rng(seed)
    betas = random.standard_normal((5, 4)) * 10.0 ** random.uniform(-8, 0, (5, 4))
    here, there = effective_sparsity(betas), effective_sparsity(scale * betas)
    assert here.n_nonzero == there.n_nonzero and here.per_factor.equals(there.per_factor)


def test_a_loading_at_the_cut_is_not_counted():
    assert effective_sparsity([[1.0, 0.5]], tol=0.5).n_nonzero == 1


def test_a_factor_without_loadings_makes_the_matrix_rank_deficient():
    assert effective_sparsity(BETAS).is_rank_deficient
    assert not effective_sparsity(BETAS[["Equity", "Rates"]]).is_rank_deficient


def test_cells_that_are_not_finite_are_counted_and_can_be_refused():
    betas = BETAS.copy()
    betas.loc["Fund A"] = [np.nan, np.inf, 0.1]
    found = effective_sparsity(betas)
    assert (found.n_nonfinite, found.n_nonzero) == (2, 3)
    assert found.tol_used == pytest.approx(0.4e-4)  # of the largest finite one
    with pytest.raises(DataError, match="2 of 12 loadings are not finite"):
        effective_sparsity(betas, raise_on_nonfinite=True)


def test_a_series_is_one_factor_and_keeps_its_labels():
    found = effective_sparsity(BETAS["Rates"])
    assert found.empty_assets == ["Fund A", "Fund C", "Fund D"] and found.per_factor.to_dict() == {"Rates": 1}


def test_no_loadings_have_no_density():
    found = effective_sparsity(np.empty((0, 3)))
    assert np.isnan(found.density) and np.isnan(found.per_asset) and found.max_per_asset == 0


@pytest.mark.parametrize("option", ["tol", "rtol"])
@pytest.mark.parametrize("value", [-1e-9, np.nan])
def test_a_cut_must_be_a_number_of_at_least_zero(option, value):
    with pytest.raises(OptionError, match=f"^{option}="):
        effective_sparsity(BETAS, **{option: value})


@pytest.mark.parametrize("values", [np.ones((2, 2, 2)), [["a", "b"]], None, 3.0, pd.DataFrame({"x": ["a"]})])
def test_what_is_not_a_table_of_numbers_is_refused_by_its_name(values):
    with pytest.raises(DataError, match=r"^loadings must be rows by columns of numbers"):
        float_frame("loadings", values)


def test_a_table_may_hold_pandas_own_missing_values():
    frame = float_frame("resid", pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [None, 2.5]}))
    assert frame.dtypes.tolist() == [np.dtype(float)] * 2 and frame.isna().to_numpy().sum() == 2


def test_counting_leaves_the_loadings_alone():
    before = BETAS.copy()
    effective_sparsity(BETAS)
    effective_sparsity(BETAS.to_numpy())
    pd.testing.assert_frame_equal(BETAS, before)


def test_the_gap_between_dust_and_loadings_is_found():
    random = np.random.default_rng(3)
    betas = np.concatenate([10.0 ** random.uniform(-9, -7, 30), -(10.0 ** random.uniform(-2, 0, 20)), np.zeros(5)])
    found = suggest_tolerance(random.permutation(betas))
    size = np.abs(betas)
    assert found["gap_lo"] == size[size < 1e-6].max() and found["gap_hi"] == size[size > 1e-3].min()
    assert found["gap_orders"] == pytest.approx(np.log10(found["gap_hi"] / found["gap_lo"]))
    assert effective_sparsity(betas, tol=found["suggested_tol"], rtol=0.0).n_nonzero == 20
    assert effective_sparsity(betas, rtol=found["suggested_rtol"]).n_nonzero == 20


def test_of_equal_gaps_the_lowest_is_taken():
    assert suggest_tolerance([1.0, 1e-2, 1e-4])["gap_hi"] == 1e-2


def test_a_gap_between_very_small_loadings_does_not_underflow():
    assert suggest_tolerance([1e-200, 1e-190])["suggested_tol"] == pytest.approx(1e-195, abs=0.0)


@pytest.mark.parametrize("betas", [[0.0, 0.0], [1.0, 0.0], [1.0, np.nan, np.inf], []])
def test_a_gap_needs_two_loadings(betas):
    with pytest.raises(DataError, match="at least 2 finite loadings"):
        suggest_tolerance(betas)
