"""The map of reasons: what bounds each loading, its t statistic, the price of its bound, its prior."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import (
    Beliefs,
    Fit,
    FitSpec,
    LassoModelType,
    Panel,
    PenaltyOptions,
    PriorOptions,
    Rule,
    SignOptions,
)
from factorlasso_core import fit as fit_panel
from factorlasso_core.errors import OptionError
from factorlasso_core.figures.rules import SHOWN, rule_map
from factorlasso_core.figures.style import Theme

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS


def fitted(responses: int = 6, derive: bool = True, **beliefs) -> Fit:
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.standard_normal((80, 3)), columns=["Equity", "Rates", "Credit"])
    loadings = rng.standard_normal((3, responses)) * (rng.random((3, responses)) < 0.6)
    y = pd.DataFrame(x.to_numpy() @ loadings + rng.standard_normal((80, responses)))
    panel = Panel.from_frames(x, y.add_prefix("r"))
    spec = FitSpec(HCGL, penalty=PenaltyOptions(0.05), signs=SignOptions(derive=derive), prior=PriorOptions(ols=derive))
    signs = pd.DataFrame(np.nan, panel.responses, panel.factors)
    signs.iloc[0, 0] = -1.0
    return fit_panel(panel, Beliefs.for_panel(panel, signs=signs, excluded={"r1": "Rates"}, **beliefs), spec)


def cells(fit: Fit, show: str):
    return rule_map(fit, show, Theme()).data[0]


def test_the_rules_are_those_of_the_box_with_a_legend_for_each_that_occurs() -> None:
    fit = fitted()
    figure = rule_map(fit, "rule", Theme())
    np.testing.assert_array_equal(figure.data[0].z // 2, fit.box.rule)
    np.testing.assert_array_equal(figure.data[0].z % 2, fit.box.signs < 0)
    named = {trace.name for trace in figure.data if trace.showlegend}
    present = {Rule(code).name.lower().replace("user", "yours") for code in np.unique(fit.box.rule)}
    assert {name.split(" ")[0] for name in named} == present
    assert {"yours −", "excluded", "derived −", "derived +", "gated"} == named


def test_the_signs_in_force_stand_in_the_cells() -> None:
    fit = fitted()
    (texts,) = (trace for trace in rule_map(fit, "rule", Theme()).data if trace.name == "texts")
    shown = dict(zip(zip(texts.y, texts.x, strict=True), texts.text, strict=True))
    for (row, column), sign in np.ndenumerate(fit.box.signs):
        assert shown.get((row, column), "") == {1.0: "+", -1.0: "−", 0.0: "0"}.get(sign, "")


@pytest.mark.parametrize("show", ["t", "multiplier", "prior"])
def test_numbers_are_those_of_the_fit_up_to_the_end_of_the_colours(show) -> None:
    fit = fitted()
    values = {"t": fit.evidence.t, "multiplier": fit.certificate.multipliers, "prior": fit.prior}[show]
    trace = cells(fit, show)
    assert trace.zmax == -trace.zmin > 0
    np.testing.assert_array_equal(trace.z, np.clip(values, trace.zmin, trace.zmax))


def test_a_pointer_reads_loading_state_t_and_multiplier_at_once() -> None:
    fit = fitted()
    held = np.argwhere(fit.certificate.held)
    assert len(held)
    words = cells(fit, "rule").customdata[tuple(held[0])]
    assert "β = " in words and "held" in words and "t = " in words and "multiplier" in words


def test_what_is_not_there_is_said_and_not_drawn() -> None:
    figure = rule_map(fitted(derive=False), "t", Theme())
    assert not figure.data and "once signs are derived" in figure.layout.annotations[0].text


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(OptionError, match="show='why'"):
        rule_map(fitted(), "why", Theme())


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize("dark", [False, True])
def test_large_maps_carry_no_text_and_stay_within_the_screen(show, dark) -> None:
    figure = rule_map(fitted(120), show, Theme(dark=dark))
    assert figure.layout.height <= 700
    assert not any(trace.name == "texts" for trace in figure.data)
    assert figure.layout.meta["fit"]


def test_hostile_names_are_text() -> None:
    x = pd.DataFrame({"<b>f</b>": np.arange(20.0) % 7})
    y = pd.DataFrame({"<a href='x'>r</a>": np.arange(20.0) % 5})
    figure = rule_map(fit_panel(Panel.from_frames(x, y)), "rule", Theme())
    assert "<b>" not in str(figure.layout.xaxis.ticktext) and "<a" not in str(figure.layout.yaxis.ticktext)
