"""What the live view is told, and what the session makes of what it tells."""

from __future__ import annotations

import json
import timeit
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import Beliefs, ClusterOptions, FitSpec, LassoModelType, Panel, Rule, State, fit
from factorlasso_core.colouring import match_colours
from factorlasso_core.contrast import contrast
from factorlasso_core.demo import load_demo
from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours
from factorlasso_core.options import PenaltyOptions, SignOptions
from pages.shared import clustermap, state
from pages.shared.clustermap import difference, views
from pages.shared.clustermap.wire import pack, unpack
from pages.shared.history import History, Snapshot
from pages.shared.selection import Selection
from pages.shared.state import Edits
from tests.app.test_pages import edits, fitted, go, good, metric, slider, start

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS


def sent(app, place: int = 0):
    """Header and arrays of the map on screen."""
    found = [item.proto for item in app.get("bidi_component") if item.proto.component_name == "clustermap"]
    return unpack(found[place].bytes)


def french() -> Panel:
    demo = load_demo("french")
    return Panel.from_frames(demo.factors, demo.responses)


def test_a_message_is_read_as_it_was_packed() -> None:
    arrays = {"a": np.arange(3, dtype="u1"), "b": np.array([0.5, np.nan]), "c": np.eye(2, dtype="f4")}
    content = pack({"name": "β <b>"}, arrays)
    header, found = unpack(content)
    assert header["name"] == "β <b>" and len(content) % 8 == 0
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array.ravel())
    with pytest.raises(ValueError, match="JSON"):
        pack({"bad": float("nan")}, {})


@pytest.mark.parametrize("model", ["LASSO", "GROUP_LASSO", "HCGL", "FCGL", "COOPERATIVE", "UNILASSO"])
def test_the_map_shows_the_fit_on_screen_for_every_model(model) -> None:
    app = start("pages/3_Tune.py", model=model)
    ours = fitted(app)
    header, arrays = sent(app)
    assert header["fit"] == ours.digest
    np.testing.assert_array_equal(arrays["values"].reshape(ours.beta.shape), ours.beta.astype("f4"))
    assert (header["tree"] is not None) == (ours.clustering is not None)
    assert ("tree" in header["orders"]) == (ours.clustering is not None)
    if ours.labels is not None:
        pairs = pd.crosstab(ours.labels, arrays["colour"])
        assert ((pairs > 0).sum() == 1).all() and ((pairs > 0).sum(axis=1) == 1).all()


def test_without_a_cut_by_height_the_line_cannot_be_moved() -> None:
    app = start("pages/3_Tune.py", cut_by="count", clusters="7")
    header, _ = sent(app)
    assert not header["tree"]["drag"] and header["tree"]["asked"] == "at most 7" and header["tree"]["why"]


def test_every_zero_has_its_reason() -> None:
    panel = french()
    signs = pd.DataFrame(np.nan, panel.responses, panel.factors)
    signs.iloc[0, 0], signs.iloc[1, 0], signs.iloc[2, 1] = -1.0, 0.0, 1.0
    beliefs = Beliefs.for_panel(panel, signs=signs, excluded={str(panel.responses[3]): [str(panel.factors[2])]})
    spec = FitSpec(HCGL, penalty=PenaltyOptions(3e-5, 0.1), signs=SignOptions(derive=True, threshold_t=2.0))
    ours = fit(panel, beliefs, spec)
    names = np.array([name for name, _ in views.REASONS])[views.reasons(ours)]
    assert names[0, 0] == "below" and names[1, 0] == "zero" and names[3, 2] == "zero"
    assert (names[ours.beta != 0] == "").all() and (names[ours.beta == 0] != "").all()
    gated = ours.box.rule == Rule.GATED
    np.testing.assert_array_equal(names == "gate", gated)
    assert gated.any() and not gated.all()
    said = np.array(views.RULES)[views.rules(ours)]
    assert [said[0, 0], said[1, 0], said[2, 1]] == ["sign ≤ 0 (yours)", "sign = 0 (yours)", "sign ≥ 0 (yours)"]
    assert said[3, 2] == "sign = 0 (excluded)" and (said[gated] == "sign = 0 (gated: too weak alone)").all()
    assert set(names[ours.state == State.ZERO_BY_PENALTY]) <= {"penalty", "gate", "zero"}
    header = views.loadings(ours, 1.0, None, None).header
    assert {name for name, _ in header["legend"]} >= set(names.ravel()) - {""}


def test_those_left_out_are_in_no_cluster_and_no_cut_reaches_them() -> None:
    panel = french()
    y = panel.y.copy()
    y[:-30, [3, 8]] = np.nan
    frame = pd.DataFrame(y, panel.index, panel.responses)
    short = Panel.from_frames(pd.DataFrame(panel.x, panel.index, panel.factors), frame)
    ours = fit(short, spec=FitSpec(HCGL, warmup_period=60, clustering=ClusterOptions(exclude_short=True)))
    arrays = views.correlations(ours, match_colours(ours.labels, ours.counted), None).arrays
    left_out = np.flatnonzero(arrays["counted"] == 0)
    assert left_out.tolist() == [3, 8]
    assert (arrays["cluster"][left_out] == -1).all() and (arrays["colour"][left_out] == -1).all()
    joins = np.isin(arrays["left"], left_out) | np.isin(arrays["right"], left_out)
    np.testing.assert_array_equal(arrays["reach"] > 1e299, joins)
    np.testing.assert_array_equal(arrays["reach"][~joins], ours.clustering.inner.reach)


def test_large_correlations_are_rounded_and_small_ones_exact() -> None:
    random = np.random.default_rng(0)
    for count, kind, bound in ((20, "f4", 1e-7), (240, "i2", 5.1e-5)):
        frame = pd.DataFrame(random.standard_normal((30, count))).add_prefix("r")
        panel = Panel.from_frames(pd.DataFrame(random.standard_normal((30, 3))).add_prefix("f"), frame)
        ours = fit(panel, spec=FitSpec(HCGL))
        message = views.correlations(ours, None, None)
        assert message.arrays["values"].dtype == kind
        read = message.arrays["values"] * message.header["unit"]
        np.testing.assert_allclose(read, ours.clustering.correlation, atol=bound)
        assert len(json.dumps(message.header)) < 20_000


def test_columns_are_ordered_by_the_correlation_of_the_factors() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((200, 4))
    x[:, 3] = x[:, 0] + 0.01 * random.standard_normal(200)
    panel = Panel.from_frames(
        pd.DataFrame(x, columns=list("abcd")), pd.DataFrame(x @ np.ones((4, 3)), columns=list("xyz"))
    )
    order = views.loadings(fit(panel, spec=FitSpec(HCGL)), 1.0, None, None).arrays["columnorder"].tolist()
    assert sorted(order) == [0, 1, 2, 3] and abs(order.index(0) - order.index(3)) == 1


@pytest.fixture
def session(monkeypatch) -> dict:
    """A session without a page."""
    held: dict = {}
    monkeypatch.setattr(state.st, "session_state", held)
    state.session()
    return held


def blank_edits(data: str) -> Edits:
    """What is held of a data set nobody has touched."""
    return Edits(data, signs=pd.DataFrame(), prior=pd.DataFrame(), groups=None)


def test_a_dragged_cut_moves_the_slider_and_nonsense_does_not(session) -> None:
    for told, expected in ((0.37, 0.37), (0.2999999, 0.3), (7.0, 0.3), ("x", 0.3), (None, 0.3)):
        session["map"] = {"cut": told}
        clustermap._cut("map")
        assert session["cutoff"] == expected


def test_a_selection_is_held_by_label_and_late_ones_of_other_data_are_dropped(session) -> None:
    panel, mine = french(), blank_edits("a" * 32)
    state.session().edits[mine.data] = mine
    session["map"] = {"selection": {"data": "a" * 16, "rows": [1, 0], "columns": [2], "stamp": 4}}
    clustermap._choose("map", panel, mine, False)
    assert mine.selection.rows == (str(panel.responses[1]), str(panel.responses[0]))
    assert mine.selection.columns == (str(panel.factors[2]),)
    message = clustermap._selected(panel, mine, "map", False).header
    assert message["selection"] == {"rows": [0, 1], "columns": [2]} and message["stamp"] == 4
    session["map"] = {"selection": {"data": "b" * 16, "rows": [5], "columns": [], "stamp": 5}}
    clustermap._choose("map", panel, mine, False)
    assert mine.selection.rows[0] == str(panel.responses[1])
    mine.selection = Selection()
    assert not mine.selection


def same_members(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """(N,) booleans: responses whose cluster has the same members in two partitions."""
    one, other = (codes[:, None] == codes for codes in (before, now))
    return (one == other).all(axis=1)


def test_colours_of_many_clusters_are_the_first_numbers_again_after_a_move_there_and_back() -> None:
    app = start("pages/4_Clusters.py")
    first = sent(app)[1]["colour"]
    for cutoff in (0.01, 0.3, 0.02, 0.2, 0.01, 0.45):
        slider(app, "Dendrogram cutoff").set_value(cutoff)
        good(app.run())
        numbers = set(sent(app)[1]["colour"])
        assert max(numbers) < max(len(PALETTE), len(numbers))
    assert len(numbers) == len(set(first)) < len(PALETTE)


def test_names_of_clusters_are_the_labels_of_the_fit() -> None:
    for app in (start("pages/3_Tune.py"), start("pages/4_Clusters.py", data="french")):
        header, arrays = sent(app)
        names = [header["cluster_names"][code] for code in arrays["cluster"]]
        assert names == [str(label) for label in fitted(app).labels] and len(set(names)) > 2


def test_bars_of_r2_have_the_colours_of_the_map() -> None:
    app = start("pages/3_Tune.py")
    app.session_state["sections"] = ["R² of each response"]
    for cutoff in (0.25, 0.6):
        slider(app, "Dendrogram cutoff").set_value(cutoff)
        good(app.run())
        (chart,) = app.get("plotly_chart")
        (bars,) = json.loads(chart.proto.spec)["data"]
        arrays = sent(app)[1]
        palette = cluster_colours(3 * len(PALETTE), Theme())
        assert bars["marker"]["color"] == [palette[number] for number in arrays["colour"][arrays["leaves"]]]


def test_colours_stay_while_the_cutoff_moves_and_the_members_follow_the_selection() -> None:
    app = start("pages/4_Clusters.py")
    now, unmatched = sent(app)[1], 0
    for cutoff in (0.4, 0.25, 0.12):
        before = now
        slider(app, "Dendrogram cutoff").set_value(cutoff)
        good(app.run())
        now = sent(app)[1]
        assert len(set(now["colour"])) > len(set(before["colour"]))
        kept = same_members(before["cluster"], now["cluster"])
        np.testing.assert_array_equal(now["colour"][kept], before["colour"][kept])
        unmatched += (now["cluster"][kept] != before["colour"][kept]).sum()
    assert unmatched, "numbered anew, clusters would have changed colour"
    after = now["colour"]
    names = [str(name) for name in fitted(app).panel.responses[:3]]
    edits(app).selection = Selection(tuple(names))
    good(app.run())
    assert set(app.dataframe[0].value["response"]) == set(names)
    assert sent(app)[0]["selection"]["rows"] == [0, 1, 2]
    assert sent(go(app, "pages/3_Tune.py"))[0]["selection"]["rows"] == [0, 1, 2]
    assert int(metric(app, "Clusters")) == len(set(after))


def test_every_script_is_in_the_module_and_small() -> None:
    files = {path.name for path in clustermap.FOLDER.glob("*.js")}
    assert files == set(clustermap.SCRIPTS)
    for name in files:
        text = (clustermap.FOLDER / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300 and max(map(len, text.splitlines())) <= 125
        for risky in ("innerHTML", "insertAdjacentHTML", "eval(", "http://", "https://"):
            assert risky not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_spec_of_the_slider_is_that_of_the_line() -> None:
    app = start("pages/3_Tune.py")
    thumb = slider(app, "Dendrogram cutoff")
    tree = sent(app)[0]["tree"]
    assert (thumb.min, thumb.max, thumb.step, thumb.value) == (
        tree["low"],
        tree["high"],
        tree["step"],
        tree["fraction"],
    )
    assert ClusterOptions(cutoff_fraction=tree["high"]).cutoff_fraction == 1.0


# What differs from a pin ----------------------------------------------------------------------------


def hcgl(cutoff: float = 0.45, lam: float = 3e-5, panel: Panel | None = None):
    clustering = ClusterOptions(cutoff_fraction=cutoff)
    spec = FitSpec(HCGL, clustering=clustering, penalty=PenaltyOptions(lam, 0.4))
    return fit(french() if panel is None else panel, spec=spec)


def drawn(ours, base) -> views.Message:
    return difference.difference(ours, base, contrast(ours, base), 1.0, None, None, "mine")


def test_the_difference_is_that_of_the_fits_and_marks_what_became_zero_or_non_zero() -> None:
    ours, base = hcgl(lam=2e-4), hcgl()
    message = drawn(ours, base)
    shape = ours.beta.shape
    values, now, pinned = (message.arrays[name].reshape(shape) for name in ("values", "now", "pinned"))
    np.testing.assert_allclose(values, ours.beta - base.beta, atol=2e-6)
    np.testing.assert_array_equal(now, ours.beta.astype("f4"))
    np.testing.assert_array_equal(pinned, base.beta.astype("f4"))
    names = np.array(message.header["marks"])[message.arrays["mark"]].reshape(shape)
    np.testing.assert_array_equal(names == "came", (ours.beta != 0) & (base.beta == 0))
    np.testing.assert_array_equal(names == "gone", (ours.beta == 0) & (base.beta != 0))
    assert (names == "gone").any() and (names == "").any()
    assert [name for name, _ in message.header["legend"]] == ["came", "gone"]
    assert message.header["symbol"] == "Δβ" and "Δβ" in message.header["title"] and "mine" in message.header["title"]
    back = drawn(base, ours).arrays["mark"].reshape(shape)
    np.testing.assert_array_equal(back == 1, names == "gone")
    assert (back == 1).any()


def test_a_cell_that_did_not_change_is_exactly_zero_and_one_not_known_is_not_zero() -> None:
    base = hcgl()
    assert not drawn(base, hcgl()).arrays["values"].any()
    jitter = replace(base, beta=base.beta + 1e-9 * (base.beta != 0))
    assert not drawn(jitter, base).arrays["values"].any(), "the last digits of the solver are no change"
    known = base.beta.copy()
    known[2, 1] = np.nan
    for one, other in ((replace(base, beta=known), base), (base, replace(base, beta=known))):
        message = drawn(one, other)
        values, mark = (message.arrays[name].reshape(known.shape) for name in ("values", "mark"))
        assert np.isnan(values[2, 1]) and message.header["marks"][mark[2, 1]] == "nodata"
        assert np.isnan(values).sum() == 1 and ["nodata", "unknown in one of the two"] in message.header["legend"]


def test_the_clusters_of_the_pin_go_with_a_view_and_without_any_it_stays() -> None:
    ours, base = hcgl(0.3), hcgl(0.6)
    plain = views.correlations(ours, match_colours(ours.labels, ours.counted), None)
    message = difference.moved(plain, ours, base)
    assert [track["name"] for track in message.header["tracks"]] == ["cluster", "moved", "R²"]
    former, levels = message.arrays["former"], message.header["tracks"][1]["levels"]
    assert [levels[code] for code in former] == [str(label) for label in base.labels]
    assert contrast(ours, base).moved > 0
    lasso = fit(french(), spec=FitSpec(LassoModelType.LASSO))
    assert difference.moved(plain, ours, lasso) is plain
    flat = views.loadings(lasso, 1.0, None, None)
    assert difference.moved(flat, lasso, base) is flat


def test_the_difference_of_a_large_fit_costs_next_to_nothing() -> None:
    random = np.random.default_rng(3)
    x, kinds = random.standard_normal((120, 20)), random.standard_normal((20, 25))
    y = np.repeat(x @ kinds, 20, axis=1) + 3 * random.standard_normal((120, 500))
    panel = Panel.from_frames(pd.DataFrame(x).add_prefix("f"), pd.DataFrame(y).add_prefix("r"))
    ours, base = hcgl(0.3, 0.02, panel), hcgl(0.6, 0.01, panel)
    colours = match_colours(ours.labels, ours.counted)

    def changed() -> views.Message:
        found = contrast(ours, base)
        return difference.moved(difference.difference(ours, base, found, 1.0, colours, None, "x"), ours, base)

    def seconds(build) -> float:
        return min(timeit.repeat(build, number=1, repeat=15))

    assert ours.n_clusters > base.n_clusters > 8
    assert seconds(changed) - seconds(lambda: views.loadings(ours, 1.0, colours, None)) < 2e-3


def pin_and_show(app) -> None:
    """Pin the fit on screen and have the map show the difference to it."""
    app.button(key="pin").click()
    good(app.run())
    app.segmented_control(key="map_shows").set_value("Δβ to the pin")
    good(app.run())


def test_the_map_of_tune_shows_the_difference_on_request_with_colours_of_its_own() -> None:
    app = start("pages/3_Tune.py")
    limit = sent(app)[0]["limit"]
    pinned = fitted(app)
    pin_and_show(app)
    header, arrays = sent(app)
    assert header["kind"] == "difference" and not arrays["values"].any() and not arrays["mark"].any()
    app.number_input(key="lam").set_value(1e-4)
    slider(app, "Dendrogram cutoff").set_value(0.3)
    good(app.run())
    header, arrays = sent(app)
    change = fitted(app).beta - pinned.beta
    np.testing.assert_allclose(arrays["values"].reshape(change.shape), change, atol=2e-6)
    held = header["limit"]
    assert held == pytest.approx(np.abs(change).max()) and app.button(key="rescale").disabled
    app.number_input(key="lam").set_value(2e-4)
    good(app.run())
    assert sent(app)[0]["limit"] == held, "colours keep their meaning"
    app.button(key="rescale").click()
    good(app.run())
    assert sent(app)[0]["limit"] == pytest.approx(np.abs(fitted(app).beta - pinned.beta).max()) != held
    app.segmented_control(key="map_shows").set_value("β")
    header = sent(good(app.run()))[0]
    assert header["kind"] == "loadings" and header["limit"] == limit
    assert [track["name"] for track in header["tracks"]][:2] == ["cluster", "moved"]
    app.button(key="unpin").click()
    assert "moved" not in [track["name"] for track in sent(good(app.run()))[0]["tracks"]]


def test_without_a_pin_the_map_shows_the_loadings_whatever_was_asked_for_before() -> None:
    app = start("pages/3_Tune.py")
    pin_and_show(app)
    go(app, "pages/4_Clusters.py")
    assert sent(app)[0]["tracks"][1]["kind"] == "moved"
    go(app, "pages/3_Tune.py")
    assert sent(app)[0]["kind"] == "difference", "the choice stays over pages"
    app.button(key="unpin").click()
    assert sent(good(app.run()))[0]["kind"] == "loadings"


# Painting ------------------------------------------------------------------------------------------


def names_of_marks(app) -> np.ndarray:
    header, arrays = sent(app)
    return np.array(header["marks"])[arrays["mark"]].reshape(len(header["rows"]), -1)


def test_the_map_of_signs_marks_the_rule_in_force_of_every_cell() -> None:
    app = start("pages/2_Model.py", data="french", derive="yes", gate="2.0")
    app.segmented_control(key="signs_tool").set_value("Paint")
    good(app.run())
    ours = fitted(app)
    mine = edits(app)
    given = mine.signs.copy()
    given.iloc[0, 0], given.iloc[1, 0], given.iloc[2, 1] = -1.0, 0.0, 1.0
    mine.signs, mine.excluded = given, {str(ours.panel.responses[3]): [str(ours.panel.factors[2])]}
    mine.redraw()
    good(app.run())
    names, ours = names_of_marks(app), fitted(app)
    assert [names[0, 0], names[1, 0], names[2, 1], names[3, 2]] == ["user-", "user0", "user+", "excluded"]
    rule, sign = ours.box.rule, ours.box.signs
    for name, wanted in (("derived+", (3, 1)), ("derived-", (3, -1))):
        np.testing.assert_array_equal(names == name, (rule == wanted[0]) & (sign == wanted[1]))
    np.testing.assert_array_equal(names == "gated", rule == 4)
    assert (names == "gated").any() and not (names == "").any()
    header, arrays = sent(app)
    assert {name for name, _ in header["legend"]} >= set(names.ravel())
    np.testing.assert_array_equal(arrays["values"].reshape(ours.beta.shape), ours.beta.astype("f4"))


def test_signs_a_model_does_not_use_are_marked_and_said_to_be_unused() -> None:
    app = start("pages/2_Model.py", model="UNILASSO")
    app.segmented_control(key="signs_tool").set_value("Paint")
    good(app.run())
    takes = fitted(app).spec.model_type.takes_signs
    edits(app).signs.iloc[0, 0] = 1.0
    edits(app).signs = edits(app).signs.copy()
    good(app.run())
    header, arrays = sent(app)
    assert names_of_marks(app)[0, 0] == "user+"
    assert ("does not use" in header["rule_words"][arrays["rule"][0]]) == (not takes)


def held_signs(shape=(3, 4)) -> SimpleNamespace:
    signs = pd.DataFrame(np.nan, [f"r{i}" for i in range(shape[0])], [f"f{j}" for j in range(shape[1])])
    mine = SimpleNamespace(data="a" * 32, signs=signs, history=History(), stamps={}, redrawn=0)
    mine.redraw = lambda: setattr(mine, "redrawn", mine.redrawn + 1)
    mine.history.note(Snapshot({"signs": signs}, {"lam": 1.0}), 0.0)
    return mine


def stroke(number: int, brush: str, *cells: int) -> dict:
    return {"number": number, "brush": brush, "cells": list(cells)}


def test_every_stroke_is_taken_once_and_is_a_step_of_its_own(session) -> None:
    mine, data = held_signs(), "a" * 16
    first, second = stroke(1, "+", 0, 1, 5), stroke(2, "0", 11)
    clustermap.paint.take(mine, "map", {"data": data, "strokes": [first]})
    clustermap.paint.take(mine, "map", {"data": data, "strokes": [first, second, stroke(3, "blank", 0, 99, -1)]})
    wanted = np.full((3, 4), np.nan)
    wanted[0, 1] = wanted[1, 1] = 1.0
    wanted[2, 3] = 0.0
    np.testing.assert_array_equal(mine.signs.to_numpy(), wanted)
    assert clustermap.paint.answered(mine, "map") == 3 and mine.redrawn == 3
    counts = [int(mine.history.back().beliefs["signs"].notna().to_numpy().sum()) for _ in range(3)]
    assert counts == [4, 3, 0] and mine.history.back() is None


@pytest.mark.parametrize("told", [None, "x", {}, {"data": "b" * 16, "strokes": [stroke(1, "+", 0)]}])
def test_late_or_strange_strokes_change_nothing(session, told) -> None:
    mine = held_signs()
    clustermap.paint.take(mine, "map", told)
    assert mine.signs.isna().all().all() and clustermap.paint.answered(mine, "map") == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_cells_are_numbered_row_by_row_however_the_matrix_lies_in_memory(order) -> None:
    signs = pd.DataFrame(np.full((2, 3), np.nan, order=order))
    painted = clustermap.paint.painted(signs, [1, 3], -1.0)
    assert painted.iloc[0, 1] == painted.iloc[1, 0] == -1 and painted.notna().to_numpy().sum() == 2
    assert signs.isna().all().all()
