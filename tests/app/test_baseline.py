"""Pins: held, compared with, brought back, bounded; details and bands are those of the fit on screen."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Beliefs, Fit, FitSpec, LassoModelType, PenaltyOptions, PriorOptions, SignOptions, fit
from factorlasso_core.demo import load_demo
from factorlasso_core.panel import Panel
from factorlasso_core.stages import Stages
from pages.shared import bands, compute, pathview
from pages.shared.baseline import MOST_PINS
from pages.shared.selection import Selection
from tests.app.test_pages import MODEL, edits, fit_id, go, good, metric, slider, start, texts

TUNE = "pages/3_Tune.py"


@pytest.fixture(scope="module")
def panel() -> Panel:
    demo = load_demo("synthetic")
    return Panel.from_frames(demo.factors, demo.responses)


def pin(app, name: str = "") -> None:
    app.text_input(key="pin_name").set_value(name)
    app.button(key="pin").click()
    good(app.run())


def test_a_pin_is_named_compared_with_and_brought_back_with_its_beliefs() -> None:
    app = start(TUNE)
    first = fit_id(app)
    pin(app, "first")
    assert "no parameter differs" in texts(app) and metric(app, "Clusters") == "8"
    slider(app, "Dendrogram cutoff").set_value(0.1)
    good(app.run())
    edits(app).signs = edits(app).signs.assign(Equity=-1.0)
    good(app.run())
    assert "40 signs of yours differ" in texts(app) and "responses changed cluster" in texts(app)
    (table,) = (item.proto.body for item in app.get("html") if "<th>pinned</th>" in item.proto.body)
    assert re.findall("<td>(.*?)</td>", table) == ["cutoff", "0.1", "0.45"]
    app.button(key="bring_back").click()
    assert fit_id(good(app.run())) == first
    assert edits(app).signs.isna().all().all()
    app.button(key="undo").click()
    assert fit_id(good(app.run())) != first and (edits(app).signs["Equity"] == -1).all()


def test_pins_have_names_of_their_own_and_are_bounded() -> None:
    app = start(TUNE)
    for _ in range(MOST_PINS):
        pin(app)
    names = list(edits(app).pins)
    assert len(names) == len(set(names)) == MOST_PINS and app.button(key="pin").disabled
    app.button(key="unpin").click()
    good(app.run())
    assert len(edits(app).pins) == MOST_PINS - 1 and not app.button(key="pin").disabled
    app.session_state["sections"] = ["Pinned fits"]
    (table,) = (item.value for item in good(app.run()).dataframe if "pin" in item.value)
    assert list(table["pin"]) == list(edits(app).pins)


def test_a_pin_stays_chosen_over_pages_and_other_data_have_their_own() -> None:
    app = start(TUNE)
    pin(app, "mine")
    go(app, "pages/4_Clusters.py")
    assert any(item.label == "Clusters since the pin" for item in app.expander)
    go(app, TUNE)
    assert edits(app).baseline == "mine" and "no parameter differs" in texts(app)
    app.selectbox(key="data").set_value("french")
    good(app.run())
    assert "no parameter differs" not in texts(app) and not edits(app).pins


def test_a_pin_leaves_its_fit_to_the_cache_and_finds_the_same_again() -> None:
    app = start(TUNE)
    pin(app, "mine")
    (held,) = edits(app).pins.values()
    assert not any(isinstance(part, Fit) for part in vars(held).values())
    app.session_state["sections"] = ["Pinned fits"]
    slider(app, "L1 share α").set_value(0.7)
    (before,) = (item.value for item in good(app.run()).dataframe if "pin" in item.value)
    compute.cache(shared=True).clear()
    (after,) = (item.value for item in good(app.run()).dataframe if "pin" in item.value)
    pd.testing.assert_frame_equal(before, after)


def test_a_stale_fit_cannot_be_pinned() -> None:
    app = start(MODEL)
    edits(app).groups = None
    app.selectbox(key="model").set_value("GROUP_LASSO")
    good(app.run())
    assert app.error
    go(app, TUNE)
    assert app.button(key="pin").disabled


def test_the_selection_of_the_map_is_that_of_the_list_and_the_details() -> None:
    app = start(TUNE)
    edits(app).selection = Selection(("US Govt",))
    app.session_state["sections"] = ["Details of the selection"]
    good(app.run())
    box = next(item for item in app.multiselect if item.label == "Selected responses")
    assert box.value == ["US Govt"] and "**US Govt** · cluster" in texts(app)
    box.set_value(["US Govt", "UK Equity"])
    good(app.run())
    assert edits(app).selection.rows == ("US Govt", "UK Equity")


@pytest.mark.parametrize("kind", ["LASSO", "GROUP_LASSO_CLUSTERS", "FACTOR_CLUSTER_GROUP_LASSO", "UNILASSO"])
def test_the_path_passes_through_the_fits_of_its_stops(panel, kind) -> None:
    spec = FitSpec(LassoModelType[kind], penalty=PenaltyOptions(1e-4, 0.1))
    path = pathview.loadings(fit(panel, spec=spec), 3e-3, Stages())
    for place in (0, 20, 45, 60):
        there = fit(panel, spec=FitSpec(LassoModelType[kind], penalty=PenaltyOptions(path.lambdas[place], 0.1)))
        np.testing.assert_allclose(path.beta[place], there.beta, atol=1e-6)
        assert path.nonzero[place] == (there.beta != 0).sum()


def test_the_path_is_computed_once_for_all_penalties(panel) -> None:
    stages = Stages()
    for lam in (1e-5, 1e-4):
        pathview.loadings(fit(panel, spec=FitSpec(penalty=PenaltyOptions(lam))), 3e-3, stages)
    assert stages.misses["path"] == 1 and stages.hits["path"] == 1


@pytest.mark.parametrize("cells", [1, 240, 10_000, 60_000, 10**9])
def test_the_grid_of_the_path_gets_coarser_and_keeps_its_ends(cells) -> None:
    stops = pathview.stops(cells)
    assert pathview.FEWEST <= len(stops) <= pathview.MOST
    assert stops[0] == pathview.scale.ZERO and stops[-1] == pathview.scale.HIGHEST
    assert (np.diff(stops) > 0).all()


def beliefs(panel: Panel) -> dict[str, Beliefs]:
    signs, prior = np.full((2, *panel.shape[1:]), np.nan)
    signs[:, 0], prior[3] = 1.0, 0.2
    excluded = {str(panel.responses[0]): [str(panel.factors[1])]}
    named = {str(panel.responses[2]): [str(panel.factors[0])]}
    make = Beliefs.for_panel
    return {
        "none": Beliefs(),
        "signs": Beliefs(signs=signs, prior=prior),
        "excluded": make(panel, excluded=excluded, unsigned=[panel.factors[2]]),
        "named": make(panel, named=named),
    }


@pytest.mark.parametrize("name", ["none", "signs", "excluded", "named"])
def test_the_model_of_a_fit_fits_the_same(panel, name) -> None:
    spec = FitSpec(
        LassoModelType.GROUP_LASSO_CLUSTERS,
        penalty=PenaltyOptions(3e-5, 0.2),
        signs=SignOptions(derive=name == "excluded"),
        prior=PriorOptions(ols=name == "named"),
    )
    first = fit(panel, beliefs(panel)[name], spec)
    x, y = (pd.DataFrame(v, panel.index, names) for v, names in ((panel.x, panel.factors), (panel.y, panel.responses)))
    assert bands.model_of(first).fit(x, y).fit_.digest == first.digest


def test_bands_are_kept_with_the_fit_and_hold_most_loadings(panel) -> None:
    current = fit(panel, spec=FitSpec(penalty=PenaltyOptions(2.9e-5)))
    assert bands.held(current, shared=True) is None
    found = bands.computed(current, shared=True)
    assert bands.held(current, shared=True) is found
    inside = (found.lower <= current.beta + 0.05) & (current.beta - 0.05 <= found.upper)
    assert inside.mean() > 0.9 and ((found.zeros >= 0) & (found.zeros <= 1)).all()


def test_a_part_that_other_data_do_not_have_is_left_out_there() -> None:
    app = start(TUNE)
    parts = next(item for item in app.button_group if item.label == "More")
    parts.set_value(["Compare with the truth", "Proof of optimality"])
    good(app.run())
    assert metric(app, "Recall")
    app.selectbox(key="data").set_value("french")
    good(app.run())
    assert all(item.label != "Recall" for item in app.metric)
    app.selectbox(key="data").set_value("synthetic")
    go(good(app.run()), MODEL)
    go(app, TUNE)
