"""Responses of several frequencies: recognised, and fitted on their own dates with factors of the same periods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import ClusterOptions, FitSpec, LossOptions, PenaltyOptions, fit
from factorlasso_core.demo import load_demo
from factorlasso_core.errors import DataError
from factorlasso_core.mixed import betas_by_response, by_frequency

MONTHS = pd.date_range("2000-01-31", periods=240, freq="ME")
QUARTERS = MONTHS[MONTHS.month % 3 == 0]


def truth(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Monthly responses, monthly factors and loadings, without noise in the sums."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.standard_normal((240, 3)) * 0.02, MONTHS, list("abc"))
    beta = rng.standard_normal((4, 3))
    return pd.DataFrame(x.to_numpy() @ beta.T, MONTHS, list("pqrs")), x, beta


def mixed_frames(how: str = "sum") -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """The last two responses are known once a quarter."""
    y, x, beta = truth()
    quarterly = y[["r", "s"]].groupby(MONTHS.to_period("Q")).sum().set_axis(QUARTERS)
    return y[["p", "q"]].join(quarterly), x, beta


def test_quarterly_responses_get_their_loadings_from_factors_over_the_quarter():
    y, x, beta = mixed_frames()
    mixed = by_frequency(y, x, how="sum")
    assert [(b.calendar.name, b.panel.shape, b.length) for b in mixed.blocks] == [
        ("monthly", (240, 2, 3), 1.0),
        ("quarterly", (80, 2, 3), 3.0),
    ]
    exact = FitSpec(penalty=PenaltyOptions(0.0))
    found = betas_by_response([fit(b.panel, spec=b.spec(exact)).betas for b in mixed.blocks], y.columns)
    np.testing.assert_allclose(found.to_numpy(), beta, atol=1e-10)
    months_only = fit(mixed.blocks[1].panel.__class__.from_frames(x, y), spec=exact).betas.loc[["r", "s"]]
    assert np.abs(months_only.to_numpy() - beta[2:]).max() > 0.1  # the last month alone is another regression


def test_factors_compound_as_pandas_does():
    y, x, _ = mixed_frames()
    block = by_frequency(y, x).blocks[1].panel
    expected = (1 + x).groupby(MONTHS.to_period("Q")).prod() - 1
    np.testing.assert_allclose(block.x, expected.to_numpy(), rtol=1e-10, atol=1e-15)
    np.testing.assert_array_equal(block.y, y.loc[QUARTERS, ["r", "s"]].to_numpy())
    assert block.index.equals(QUARTERS)


def test_the_rule_is_stated():
    y, x, _ = mixed_frames()
    assert [(note.code, note.count) for note in by_frequency(y, x).notes] == [
        ("own_dates", 2),
        ("own_dates", 2),
        ("factors_gathered", 80),
    ]
    assert "compounded over the periods of the quarterly responses" in by_frequency(y, x).notes[2].message


def test_one_frequency_is_one_block_with_the_values_as_they_are():
    y, x, _ = truth()
    mixed = by_frequency(y, x)
    (block,) = mixed.blocks
    assert mixed.notes == () and block.length == 1
    np.testing.assert_array_equal(block.panel.y, y.to_numpy())
    np.testing.assert_array_equal(block.panel.x, x.to_numpy())


def test_files_of_different_frequencies_meet_by_period():
    y, x, beta = truth()
    quarterly = y.groupby(MONTHS.to_period("Q")).sum().set_axis(QUARTERS - pd.offsets.BDay(2))
    mixed = by_frequency(quarterly, x, how="sum")
    (block,) = mixed.blocks
    assert block.panel.shape == (80, 4, 3)
    assert [note.code for note in mixed.notes] == ["own_dates", "factors_gathered"]
    found = fit(block.panel, spec=FitSpec(penalty=PenaltyOptions(0.0))).betas
    np.testing.assert_allclose(found.to_numpy(), beta, atol=1e-10)


def test_daily_factors_beside_monthly_and_daily_responses():
    days = pd.bdate_range("2012-01-02", "2015-12-31")
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.standard_normal((len(days), 2)) * 0.01, days, list("ab"))
    last = np.append(days.month[1:] != days.month[:-1], True)
    monthly = x["a"].groupby(days.to_period("M")).sum().set_axis(days[last])
    y = pd.DataFrame({"liquid": 2 * x["b"], "slow": 3 * monthly}, days)
    fast, slow = by_frequency(y, x, how="sum").blocks
    assert (fast.calendar.name, slow.calendar.name, slow.length) == ("every row", "monthly", 21.0)
    np.testing.assert_allclose(slow.panel.y[:, 0], 3 * slow.panel.x[:, 0], atol=1e-12)


def test_quarters_the_factors_do_not_cover_are_left_out_and_counted():
    y, x, _ = mixed_frames()
    x = x.iloc[4:].copy()  # the first quarter is gone, the second is not complete
    x.loc["2010-02-28"] = np.nan
    mixed = by_frequency(y, x)
    quarterly = mixed.blocks[1].panel
    assert quarterly.shape[0] == 79
    assert np.flatnonzero(np.isnan(quarterly.x).all(axis=1)).tolist() == [0, 39]
    assert [note.count for note in mixed.notes if note.code == "factors_incomplete"] == [1, 2]


def test_options_keep_their_meaning_on_longer_periods():
    y, x, _ = mixed_frames()
    block = by_frequency(y, x).blocks[1]
    spec = FitSpec(loss=LossOptions(span=36.0), clustering=ClusterOptions(span=60.0), penalty=PenaltyOptions(1e-4))
    own = block.spec(spec)
    assert (own.loss.span, own.clustering.span, own.penalty.reg_lambda) == (12.0, 20.0, pytest.approx(3e-4))
    assert block.spec(FitSpec(loss=LossOptions(span=2.0))).loss.span > 1
    assert by_frequency(y, x).blocks[0].spec(spec) is spec


def test_lambda_shrinks_alike_on_uncorrelated_periods():
    rng = np.random.default_rng(3)
    months = pd.date_range("1750-01-31", periods=3_000, freq="ME", unit="s")
    factor = pd.DataFrame({"a": rng.standard_normal(3_000) * 0.02}, months)
    end = months[months.month % 3 == 0]
    quarterly = factor["a"].groupby((np.arange(3_000)) // 3).sum().set_axis(end)
    y = pd.DataFrame({"m": factor["a"], "q": quarterly}, months)
    spec = FitSpec(penalty=PenaltyOptions(2e-4))
    betas = [fit(b.panel, spec=b.spec(spec)).beta[0, 0] for b in by_frequency(y, factor, how="sum").blocks]
    assert betas[0] < 0.85 and betas[1] == pytest.approx(betas[0], abs=0.03)


def test_private_assets_of_the_demo_lose_less_of_their_beta():
    demo = load_demo("synthetic")
    blocks = by_frequency(demo.responses, demo.factors).blocks
    assert [b.panel.shape[1] for b in blocks] == [36, 4]
    private = blocks[1].panel
    assert set(private.responses) == set(demo.truth.smoothed)
    exact = FitSpec(penalty=PenaltyOptions(0.0))
    reported = (1 - demo.truth.smoothing_phi) * demo.truth.betas.loc[private.responses]
    own = fit(private, spec=exact).betas - reported
    joined = private.__class__.from_frames(demo.factors, demo.responses)
    contemporary = fit(joined, spec=exact).betas.loc[private.responses] - reported
    assert (own**2).to_numpy().mean() < 0.25 * (contemporary**2).to_numpy().mean()


def test_no_common_period_and_disorder_are_refused():
    y, x, _ = mixed_frames()
    with pytest.raises(DataError, match="no period in common"):
        by_frequency(y, x.set_axis(x.index - pd.DateOffset(years=50)))
    with pytest.raises(DataError, match="sort the table"):
        by_frequency(y.iloc[::-1], x)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_value_of_a_response_is_in_exactly_one_block(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    freq = data.draw(st.sampled_from(["D", "B", "W-FRI", "ME", "BQE"]))
    index = pd.date_range("1999-11-07", periods=data.draw(st.integers(5, 200)), freq=freq)
    x = pd.DataFrame(rng.standard_normal((len(index), 2)) * 0.01, index, ["f", "g"])
    y = pd.DataFrame(rng.standard_normal((len(index), 3)), index, list("abc"))
    ends = np.append(index.to_period("M")[1:] != index.to_period("M")[:-1], True)
    y["b"] = y["b"].where(ends)
    y["c"] = y["c"].where(rng.random(len(index)) < data.draw(st.sampled_from([0.1, 0.5, 1.0])))
    mixed = by_frequency(y, x)
    names = [name for block in mixed.blocks for name in block.panel.responses]
    assert sorted(names) == ["a", "b", "c"]
    for block in mixed.blocks:
        found = pd.DataFrame(block.panel.y, block.panel.index, block.panel.responses)
        for name in found:
            np.testing.assert_array_equal(found[name].dropna(), y[name].dropna())
