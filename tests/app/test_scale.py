"""The λ slider: a log grid relative to the data, with zero as its first stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import scale


@given(st.sampled_from(scale.STOPS), st.floats(1e-12, 1e6))
def test_every_stop_is_the_nearest_to_its_own_value(stop, unit) -> None:
    assert scale.nearest_stop(scale.at_stop(stop, unit), unit) == stop


def test_the_ends_and_zero() -> None:
    assert scale.at_stop(scale.ZERO, 1e-3) == 0
    assert scale.at_stop(0, 1e-3) == pytest.approx(1e-3)
    assert scale.at_stop(scale.HIGHEST, 1e-3) == pytest.approx(1e-2)
    assert scale.at_stop(scale.LOWEST, 1e-3) == pytest.approx(1e-8)
    assert len(scale.STOPS) == 122


def test_off_the_grid_is_said_only_beyond_the_ends() -> None:
    assert not scale.off_grid(0, 1e-3)
    assert not scale.off_grid(1e-3, 1e-3)
    assert scale.off_grid(1e-1, 1e-3)
    assert scale.off_grid(1e-12, 1e-3)


def test_data_without_variation_have_no_scale() -> None:
    assert scale.nearest_stop(1e-5, 0.0) == scale.ZERO
    assert scale.at_stop(5, 0.0) == 0
