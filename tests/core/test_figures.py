"""Figures: what they show is what was fitted, and no label of the user's is ever markup."""

from __future__ import annotations

import html
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import (
    Beliefs,
    ClusterOptions,
    Fit,
    FitSpec,
    LassoModelType,
    Panel,
    PenaltyOptions,
    State,
    fit,
)
from factorlasso_core.clusters import Tree, build_tree
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.figures.cells import cell_text, cell_words
from factorlasso_core.figures.clusters import cluster_sizes, correlation_heatmap, dendrogram
from factorlasso_core.figures.loadings import clustermap
from factorlasso_core.figures.rows import row_height, row_order
from factorlasso_core.figures.series import missing_map, r2_bars, series_lines
from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours, colour_limit, safe_text, steps
from factorlasso_core.figures.tree import draw_tree, drawn_height
from factorlasso_core.figures.truth import comparison

LASSO, GROUP, HCGL = (LassoModelType[n] for n in ("LASSO", "GROUP_LASSO", "GROUP_LASSO_CLUSTERS"))
LIGHT, DARK = Theme(), Theme(dark=True)
IMAGE, FORMULA = "<img src=x onerror=alert(1)>", "$x$"


# ---------------------------------------------------------------- fits to draw


@cache
def panel(responses: int = 12, factors: int = 3, rows: int = 80, hostile: bool = False) -> Panel:
    """Responses in three clusters; with ``hostile`` names that are markup."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((rows, factors))
    y = x[:, np.arange(responses) % min(3, factors)] + 0.4 * rng.standard_normal((rows, responses))
    names, labels = [f"r{i}" for i in range(responses)], [f"f{j}" for j in range(factors)]
    if hostile:
        names[:4], labels[:2] = [IMAGE, FORMULA, "a" * 300, "<b>&amp;</b>"], [f"{IMAGE}2", "$y$"]
    dates = pd.date_range("2018-01-31", periods=rows, freq="ME")
    return Panel.from_frames(pd.DataFrame(x, dates, labels), pd.DataFrame(y, dates, names))


def spec(model: LassoModelType = HCGL, lam: float = 0.2, cut: float = 0.5, **more: Any) -> FitSpec:
    return FitSpec(model, penalty=PenaltyOptions(lam, 0.5), clustering=ClusterOptions(cut), **more)


@cache
def plain(responses: int = 12, factors: int = 3, lam: float = 0.2, cut: float = 0.5, hostile: bool = False) -> Fit:
    return fit(panel(responses, factors, hostile=hostile), spec=spec(lam=lam, cut=cut))


@cache
def full(responses: int = 12, hostile: bool = False) -> Fit:
    """A fit with every state a cell can be in, and every rule."""
    base = panel(responses, 4, hostile=hostile)
    x, y = base.x.copy(), base.y.copy()
    x[:, 3] = 1.0  # does not vary
    y[:-4, 1] = np.nan  # too few observations
    signs, prior = np.full((responses, 4), np.nan), np.zeros((responses, 4))
    signs[:, 0], signs[2, 1], prior[:, 2], prior[5, 3] = -1.0, 0.0, 0.05, 0.5
    frames = (pd.DataFrame(v, base.index, c) for v, c in ((x, base.factors), (y, base.responses)))
    changed = Panel.from_frames(*frames)
    groups = pd.Series([IMAGE if k % 2 else "even" for k in range(responses)], changed.responses)
    beliefs = Beliefs.for_panel(changed, signs=changed.cells(signs), prior=changed.cells(prior), groups=groups)
    return fit(changed, beliefs, spec(lam=0.6))


def grouped() -> Fit:
    base = panel()
    groups = pd.Series(["b", "a", IMAGE] * 4, base.responses)
    return fit(base, Beliefs.for_panel(base, groups=groups), spec(GROUP))


def edge_cases() -> dict[str, Fit]:
    base = panel()
    one = Panel(base.x, base.y[:, :1], base.factors, base.responses[:1], base.index)
    few = base.window(base.index[0], base.index[2])
    same = Panel(base.x, np.repeat(base.y[:, :1], 4, axis=1), base.factors, base.responses[:4], base.index)
    return {
        "one response": fit(one, spec=spec()),
        "lasso": fit(base, spec=spec(LASSO)),
        "groups": grouped(),
        "nothing estimated": fit(few, spec=spec(warmup_period=None)),
        "all in warm-up": fit(few, spec=spec(warmup_period=12)),
        "all zero": fit(base, spec=spec(lam=1e6)),
        "identical responses": fit(same, spec=spec()),
        "every state": full(),
    }


def traces(figure: go.Figure, name: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name]


def trace(figure: go.Figure, name: str) -> Any:
    (found,) = traces(figure, name)
    return found


def strings(value: object) -> Iterator[str]:
    """Every text anywhere in a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list | tuple | np.ndarray):
        for item in value.ravel() if isinstance(value, np.ndarray) and value.dtype.kind in "OU" else ():
            yield from strings(item)
        for item in value if isinstance(value, list | tuple) else ():
            yield from strings(item)


def everything(result: Fit, theme: Theme) -> list[go.Figure]:
    truth = result.betas.fillna(0.0)
    frame = pd.DataFrame(result.panel.y, result.panel.index, result.panel.responses).iloc[:, :5]
    return [
        *(clustermap(result, order=order, theme=theme) for order in ("tree", "group", "given")),
        clustermap(result, theme=theme, truth=truth, limit=2.0),
        dendrogram(result, theme),
        dendrogram(result, theme, "top"),
        correlation_heatmap(result, theme),
        cluster_sizes(result, theme),
        series_lines(frame, theme, cumulative=True),
        series_lines(frame, theme),
        missing_map(result.panel, theme),
        r2_bars(result, theme),
        comparison(result, truth, theme),
    ]


# ---------------------------------------------------------------- labels, colours


def test_the_core_does_not_load_plotly() -> None:
    code = "import sys, factorlasso_core, factorlasso_core.agreement; print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@given(st.text(max_size=60))
def test_safe_text_is_never_markup_and_says_the_same(text: str) -> None:
    safe = safe_text(text, None)
    assert not set(safe) & set("<>$")
    seen = html.unescape(safe)
    assert len(seen) == len(text)
    assert all(s == t or s == " " for s, t in zip(seen, text, strict=True))


@given(st.text(min_size=29, max_size=80))
def test_long_labels_are_cut_in_the_middle_before_they_are_escaped(text: str) -> None:
    seen = html.unescape(safe_text(text))
    assert len(seen) == 28
    assert seen[14] == "…"


def test_labels_of_any_type() -> None:
    assert safe_text(3) == "3"
    assert safe_text(("a", 1)) == "('a', 1)"
    assert safe_text("a\u202eb\nc") == "a b c"  # neither direction nor line changes


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("result", [full(hostile=True), plain(70, hostile=True)])
def test_no_label_is_markup_in_any_figure(result: Fit, theme: Theme) -> None:
    for figure in everything(result, theme):
        texts = list(strings(figure.to_plotly_json()))
        assert not [text for text in texts if "<img" in text or "$x$" in text or "$y$" in text or "<b>&" in text]
        assert not [text for text in texts if "a" * 201 in text]
        assert "<img" not in figure.to_json().replace("\\u003c", "<").replace("&lt;", "")


def test_names_reach_the_screen_unharmed() -> None:
    figure = clustermap(full(hostile=True), theme=LIGHT)
    names = [html.unescape(name).split(" · ")[0] for name in figure.layout.yaxis.ticktext]
    expected = [str(label)[:100] for label in full(hostile=True).panel.responses[row_order(full(hostile=True))]]
    assert [name[:100] for name in names] == expected
    assert html.unescape(figure.layout.xaxis4.ticktext[1]) == "$y$"


def test_no_figure_offers_to_upload_the_data() -> None:
    for figure in everything(plain(), LIGHT):
        assert "sendChartToCloud" in figure.layout.modebar.remove


def test_every_figure_of_a_fit_names_it() -> None:
    result = plain()
    for draw in (clustermap, dendrogram, correlation_heatmap, cluster_sizes, r2_bars):
        assert draw(result, theme=LIGHT).layout.meta == {"fit": result.digest}


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_is_legible(theme: Theme) -> None:
    assert contrast(theme.ink, theme.paper) > 12
    assert contrast(theme.muted, theme.paper) > 4.5
    for place, colour in theme.loadings:
        white = bool(theme.wants_white(np.array(2 * place - 1)))
        assert contrast(colour, "#ffffff" if white else "#000000") >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_smallest_loading_has_a_tint_and_zero_has_none(theme: Theme) -> None:
    places = [place for place, _ in theme.loadings]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)
    (below, left), (start, one), (end, two), (above, right) = theme.loadings[4:8]
    assert below == start < 0.5 < end == above
    assert one == two == theme.neutral
    for tint in (left, right):
        red, blue = int(tint[1:3], 16), int(tint[5:7], 16)
        assert abs(red - blue) > 25  # clearly a hue, where the neutral tile has none
    assert len({theme.neutral, theme.held, theme.paper, left, right}) == 5


def test_limits_are_round_and_never_too_small() -> None:
    assert colour_limit(np.array([np.nan]), np.zeros(3)) == 1.0
    assert colour_limit(np.array([0.3, -0.2])) == pytest.approx(0.3)


@given(st.floats(1e-12, 1e12))
def test_a_limit_covers_its_values(value: float) -> None:
    limit = colour_limit(np.array([-value, value / 3]))
    assert value * (1 - 1e-9) <= limit <= 1.4 * value


def test_cluster_colours_cycle_in_three_rounds() -> None:
    for theme in (LIGHT, DARK):
        colours = cluster_colours(80, theme)
        assert len(set(colours)) == 36
        assert colours[36:72] == colours[:36]
    assert len(PALETTE) >= 10
    assert steps(["a", "b"]) == [(0.0, "a"), (0.5, "a"), (0.5, "b"), (1.0, "b")]


# ---------------------------------------------------------------- tree


def random_tree(seed: int, n: int) -> Tree:
    rng = np.random.default_rng(seed)
    return build_tree(np.corrcoef(rng.standard_normal((n, 6))))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.floats(0.01, 1.0))
def test_colour_numbers_are_the_clusters(seed: int, n: int, fraction: float) -> None:
    tree = random_tree(seed, n)
    number = draw_tree(tree, tree.height(fraction), 12).number
    labels = tree.cut(fraction)
    assert len(set(zip(number.tolist(), labels.tolist(), strict=True))) == len(set(labels.tolist()))
    assert set(number.tolist()) == set(range(len(set(labels.tolist()))))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 40), st.data())
def test_one_more_cluster_recolours_one_branch(seed: int, n: int, data: st.DataObject) -> None:
    tree = random_tree(seed, n)
    k = data.draw(st.integers(0, n - 3))
    heights = tree.linkage[:, 2]
    coarse, fine = (draw_tree(tree, heights[-i] * (1 - 1e-9), 12).number for i in (k + 1, k + 2))
    changed = coarse != fine
    assert set(fine[changed].tolist()) == {k + 2}
    assert len(set(coarse[changed].tolist())) == 1
    keeps = (coarse == coarse[changed][0]) & ~changed
    assert keeps.sum() >= changed.sum()  # the larger branch keeps its colour


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.floats(0.01, 1.0))
def test_branches_meet_at_the_cut(seed: int, n: int, fraction: float) -> None:
    tree = random_tree(seed, n)
    cut = tree.height(fraction)
    drawing = draw_tree(tree, cut, 12)
    assert np.nanmin(drawing.above.height, initial=np.inf) >= cut
    points = sum(np.isnan(path.height).sum() for path in drawing.below.values())
    clusters = len(set(drawing.number.tolist()))
    stems = clusters if clusters > 1 else 0
    assert points == (n - 1) - (clusters - 1) + stems  # one line for each merge below, one for each stem
    assert all(np.nanmax(path.height) <= cut for path in drawing.below.values())
    np.testing.assert_array_equal(np.sort(drawing.place[:n]), np.arange(n))
    np.testing.assert_array_equal(tree.leaves, np.argsort(drawing.place[:n]))


def test_heights_are_true_within_reach_and_keep_their_order_above() -> None:
    heights = np.array([0.0, 0.3, 0.8, 1.0, 2.0, 9.0])
    drawn = drawn_height(heights, 0.8)
    np.testing.assert_array_equal(drawn[:3], heights[:3])
    assert (np.diff(drawn) > 0).all()
    assert drawn[-1] == pytest.approx(0.8 * (1 + 0.5 * np.log(9.0 / 0.8)))
    np.testing.assert_array_equal(drawn_height(np.zeros(2), 0.0), np.zeros(2))


# ---------------------------------------------------------------- clustermap


def test_rows_are_the_leaves_of_the_tree() -> None:
    result = plain()
    leaves = result.clustering.tree.leaves
    figure = clustermap(result, theme=LIGHT)
    heat = trace(figure, "loadings")
    np.testing.assert_array_equal(heat.z, result.beta[leaves])
    assert list(figure.layout.yaxis2.ticktext) == [str(name) for name in result.panel.responses[leaves]]
    assert [text.split(" · ")[0] for text in figure.layout.yaxis.ticktext] == list(figure.layout.yaxis2.ticktext)
    assert {t.yaxis for t in traces(figure, "tree")} <= {None, "y"}
    assert heat.yaxis == "y"
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range == (11.5, -0.5)
    places = np.concatenate([t.y for t in traces(figure, "tree")])
    assert (np.nanmin(places), np.nanmax(places)) == (0, 11)


def test_the_cut_lies_where_the_tree_was_cut() -> None:
    result = plain(cut=0.4)
    tree = result.clustering.tree
    for figure, along in ((clustermap(result, theme=LIGHT), "x"), (dendrogram(result, LIGHT, "top"), "y")):
        cut, reach = (next(s for s in figure.layout.shapes if s.name == name) for name in ("cut", "reach"))
        assert cut[f"{along}0"] == cut[f"{along}1"] == result.cutoff
        assert (reach[f"{along}0"], reach[f"{along}1"]) == (0, tree.largest_distance)
        axis = figure.layout[f"{along}axis"]
        assert min(axis.range) == 0
        assert max(axis.range) >= drawn_height(tree.linkage[-1, 2], tree.largest_distance)
        words = [note.text for note in figure.layout.annotations]
        assert f"cut 0.4 · {result.n_clusters} clusters" in words


def test_axis_marks_are_in_the_unit_of_the_cutoff() -> None:
    figure = clustermap(plain(), theme=LIGHT)
    unit = plain().clustering.tree.largest_distance
    marks = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert marks["0.5"] == pytest.approx(0.5 * unit)
    assert marks["1"] == pytest.approx(unit)


def test_hundreds_of_clusters_need_few_traces() -> None:
    result = plain(300, 3, cut=0.02)
    assert result.n_clusters > 100
    figure = clustermap(result, theme=LIGHT)
    assert len(traces(figure, "tree")) <= len(PALETTE) + 1
    assert len(figure.data) < 24
    assert figure.layout.height < 1550


def test_branches_and_strip_have_one_colour_for_a_cluster() -> None:
    result = plain()
    figure = clustermap(result, theme=LIGHT)
    strip = trace(figure, "clusters")
    labels = result.labels[row_order(result)]
    assert len(set(zip(strip.z[:, 0].tolist(), labels.tolist(), strict=True))) == result.n_clusters
    drawn = {t.line.color for t in traces(figure, "tree")} - {LIGHT.muted}
    assert drawn == {colour for _, colour in strip.colorscale}


def test_limits_are_symmetric_and_stay_where_they_are_put() -> None:
    free, fixed = clustermap(plain(), theme=LIGHT), clustermap(plain(), theme=LIGHT, limit=3.3)
    heat = trace(free, "loadings")
    assert heat.zmin == -heat.zmax
    assert heat.zmax >= np.abs(plain().beta).max()
    assert (trace(fixed, "loadings").zmin, trace(fixed, "loadings").zmax) == (-3.3, 3.3)


def test_each_state_looks_its_own() -> None:
    result = full()
    state, beta = result.state[row_order(result)], result.beta[row_order(result)]
    assert set(state.ravel().tolist()) == set(map(int, State))
    figure = clustermap(result, theme=LIGHT)
    tiles = trace(figure, "states")
    bare = (beta == 0) & (state >= State.HELD_BY_BOUND)
    np.testing.assert_array_equal(tiles.z >= State.HELD_BY_BOUND, bare)
    colours = [colour for _, colour in tiles.colorscale][::2]
    assert colours[State.HELD_BY_BOUND] == LIGHT.held
    assert colours[State.ZERO_BY_PENALTY] == "rgba(0,0,0,0)"
    crosses = trace(figure, "crosses")
    found = set(zip(crosses.y.tolist(), crosses.x.tolist(), strict=True))
    assert found == set(map(tuple, np.argwhere(state == State.HELD_BY_BOUND).tolist()))
    assert trace(figure, "warm-up").fillpattern.shape == "/"
    assert trace(figure, "no data").fillpattern.shape == "."
    frames = trace(figure, "at its prior")
    corners = {(round(y), round(x)) for x, y in zip(frames.x[::6] + 0.5, frames.y[::6] + 0.5, strict=True)}
    assert corners == set(map(tuple, np.argwhere(state == State.AT_PRIOR).tolist()))
    shown = {t.name for t in figure.data if t.showlegend is not False and t.type == "scatter"}
    assert shown >= {"zero by penalty", "held at zero by sign", "warm-up", "no data", "at its prior"}


def test_hatches_cover_their_rows() -> None:
    result = full()
    hatch = trace(clustermap(result, theme=LIGHT), "warm-up")
    row = int(np.flatnonzero(row_order(result) == 1)[0])
    assert set(hatch.y[~np.isnan(hatch.y)].tolist()) == {row - 0.5, row + 0.5}
    assert (np.nanmin(hatch.x), np.nanmax(hatch.x)) == (-0.5, 3.5)


def test_text_in_the_cells() -> None:
    result = full()
    text = np.array(cell_text(result, np.arange(12)), dtype=object)
    assert set(text[result.state == State.ZERO_BY_PENALTY]) == {"·"}
    assert set(text[result.state == State.HELD_BY_BOUND]) == {""}  # a × marks them
    active = result.state == State.ACTIVE
    assert "·" not in set(text[active])
    np.testing.assert_allclose(text[active].astype(float), result.beta[active], atol=0.00501)
    drawn = traces(clustermap(result, theme=DARK), "numbers")
    assert sum(len(t.text) for t in drawn) == (text != "").sum()


def test_a_tiny_loading_is_not_a_zero() -> None:
    result = plain()
    beta = np.full_like(result.beta, 1e-7)
    beta[0], beta[1, 0] = -1e-7, 12345.6
    text = cell_text(_with(result, beta=beta, state=np.zeros_like(result.state)), np.arange(12))
    assert (text[0][1], text[2][0], text[1][0]) == ("-0.00", "0.00", "1.23e+04")


def _with(result: Fit, **changes: Any) -> Fit:
    from dataclasses import replace

    return replace(result, **changes)


def test_numbers_only_where_there_is_room() -> None:
    assert traces(clustermap(plain(45), theme=LIGHT), "numbers")
    assert not traces(clustermap(plain(46), theme=LIGHT), "numbers")
    assert not traces(clustermap(plain(12, 13), theme=LIGHT), "numbers")


def test_crosses_only_where_there_is_room() -> None:
    many = clustermap(full(90), theme=LIGHT)
    assert not traces(many, "crosses")
    assert traces(many, "held at zero by sign")
    assert (trace(many, "states").z == State.HELD_BY_BOUND).any()


def test_the_pointer_reads_name_factor_loading_state_and_rule() -> None:
    result = full()
    heat = trace(clustermap(result, theme=LIGHT), "loadings")
    assert heat.hovertemplate == "<b>%{y}</b><br>%{x}: β = %{z:.6~g}<br>%{customdata}<extra></extra>"
    words = cell_words(result, np.arange(12))
    held = tuple(np.argwhere(result.state == State.HELD_BY_BOUND)[0])
    assert words[held] == "held at zero by sign, sign ≤ 0 (yours)"
    assert words[2, 1].endswith("sign = 0 (yours)")
    assert set(words[1]) == {"warm-up, too few observations, sign ≤ 0 (yours)", "warm-up, too few observations"}
    free = (result.state == State.ACTIVE) & (result.box.rule == 0)
    assert set(words[free]) == {"active"}
    nonneg = fit(panel(), spec=spec(nonneg=True))
    assert "sign ≥ 0 (non-negative fit)" in cell_words(nonneg, np.arange(12))[0, 0]


def test_known_loadings_are_told_and_marked() -> None:
    result = plain()
    truth = result.betas.copy()
    zeros, others = np.argwhere(result.beta == 0), np.argwhere(result.beta != 0)
    truth.iloc[tuple(zeros[0])], truth.iloc[tuple(others[0])] = 0.123456789, 0.0
    figure = clustermap(result, theme=LIGHT, truth=truth)
    missed = trace(figure, "missed: true loading is not zero")
    extra = trace(figure, "extra: true loading is zero")
    assert (len(missed.x), len(extra.x)) == (1, 1)
    row = int(np.flatnonzero(row_order(result) == zeros[0][0])[0])
    assert round(missed.y[0] + 0.3, 9) == row
    assert trace(figure, "loadings").customdata[row, zeros[0][1]].endswith("<br>true β = 0.123457")
    with pytest.raises(DataError, match="r3"):
        clustermap(result, theme=LIGHT, truth=truth.drop(index="r3"))


def test_orders() -> None:
    result = plain()
    np.testing.assert_array_equal(row_order(result, "given"), np.arange(12))
    labels = result.labels[row_order(result, "group")]
    assert (np.diff(pd.factorize(labels)[0]) >= 0).all()
    np.testing.assert_array_equal(grouped().labels[row_order(grouped())], ["b"] * 4 + ["a"] * 4 + [IMAGE] * 4)
    for order in ("group", "given"):
        figure = clustermap(result, order=order, theme=LIGHT)
        assert not traces(figure, "tree")
        assert not figure.layout.shapes
        assert traces(figure, "clusters")
    with pytest.raises(OptionError, match="order='random'"):
        clustermap(result, order="random", theme=LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("name", list(edge_cases()))
def test_every_figure_can_be_drawn_of_every_fit(name: str, theme: Theme) -> None:
    for figure in everything(edge_cases()[name], theme):
        assert figure.layout.height > 100
        assert '"height"' in figure.to_json()


def test_a_model_without_clusters_has_no_tree() -> None:
    for name in ("one response", "lasso", "groups"):
        result = edge_cases()[name]
        figure = clustermap(result, theme=LIGHT)
        assert not traces(figure, "tree")
        assert bool(traces(figure, "clusters")) == (name == "groups")
        for empty in (dendrogram(result, LIGHT), correlation_heatmap(result, LIGHT)):
            assert "No clusters" in empty.layout.annotations[0].text
            assert not empty.data


def test_loadings_that_were_not_estimated_stay_unknown() -> None:
    result = edge_cases()["nothing estimated"]
    figure = clustermap(result, theme=LIGHT)
    assert np.isnan(trace(figure, "loadings").z).all()
    assert (trace(figure, "states").z == State.NO_DATA).all()
    assert trace(figure, "loadings").zmax == 1.0


def test_five_hundred_rows_stay_readable() -> None:
    assert row_height(500) * 500 <= 1400
    assert row_height(10) == 24
    figure = clustermap(plain(130), theme=LIGHT)
    assert len(figure.layout.yaxis2.ticktext) <= 60
    assert len(figure.layout.yaxis.ticktext) == 130  # the pointer knows them all
    assert trace(figure, "loadings").ygap == 0


# ---------------------------------------------------------------- the other figures


def test_the_large_tree_answers_the_pointer() -> None:
    result = plain()
    tree = result.clustering.tree
    for orientation in ("left", "top"):
        nodes = trace(dendrogram(result, LIGHT, orientation), "nodes")
        heights = nodes.x if orientation == "left" else nodes.y
        np.testing.assert_allclose(heights[12:], drawn_height(tree.linkage[:, 2], tree.largest_distance))
        assert nodes.text[0].startswith("r0 · cluster ")
        assert nodes.text[-1].startswith("12 responses<br>height ")
    with pytest.raises(OptionError, match="orientation"):
        dendrogram(result, LIGHT, "sideways")


def test_correlations_in_the_order_of_the_tree() -> None:
    result = plain()
    leaves = result.clustering.tree.leaves
    figure = correlation_heatmap(result, LIGHT)
    expected = result.clustering.correlation[np.ix_(leaves, leaves)]
    np.testing.assert_allclose(trace(figure, "correlation").z, expected, atol=1e-6)
    frames = trace(figure, "clusters")
    sizes = pd.Series(result.labels).value_counts()
    assert np.isnan(frames.x).sum() == (sizes > 1).sum()
    widths = sorted(frames.x[1::6] - frames.x[0::6])
    assert widths == sorted(sizes[sizes > 1].tolist())


def test_many_correlations_are_sent_in_per_cent() -> None:
    result = plain(201, 3)
    heat = trace(correlation_heatmap(result, LIGHT), "correlation")
    assert heat.z.dtype == np.int8
    assert (heat.zmin, heat.zmax) == (-100, 100)
    leaves = result.clustering.tree.leaves
    np.testing.assert_allclose(heat.z / 100, result.clustering.correlation[np.ix_(leaves, leaves)], atol=0.0051)


def test_cluster_sizes_add_up_and_name_their_members() -> None:
    result = plain()
    (bars,) = cluster_sizes(result, LIGHT).data
    assert bars.y.sum() == 12
    assert (np.diff(bars.y) <= 0).all()
    for text, size, label in zip(bars.hovertext, bars.y, bars.customdata, strict=True):
        members = result.panel.responses[result.labels == int(label.removeprefix("cluster "))]
        assert text.split("<br>") == list(map(str, members))
        assert len(members) == size
    (groups,) = cluster_sizes(grouped(), LIGHT).data
    assert groups.customdata[0] == "group b"
    (many,) = cluster_sizes(plain(100, 3, cut=1.0), LIGHT).data
    assert "more" in many.hovertext[0]


def test_lines_are_the_series() -> None:
    frame = pd.DataFrame({IMAGE: [1.0, 2.0, 3.0], "gaps": [1.0, np.nan, 2.0]}, pd.date_range("2020", periods=3))
    raw, summed = series_lines(frame, LIGHT), series_lines(frame, LIGHT, cumulative=True)
    np.testing.assert_array_equal(raw.data[0].y, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(summed.data[0].y, [1.0, 3.0, 6.0])
    np.testing.assert_array_equal(summed.data[1].y, [1.0, np.nan, 3.0])
    assert summed.data[1].connectgaps
    assert (raw.data[0].mode, raw.data[1].mode) == ("lines", "lines+markers")  # a lone point needs a mark
    assert raw.data[0].name == "&lt;img src=x onerror=alert(1)&gt;"


def test_missing_values_are_where_they_are() -> None:
    result = full()
    heat = trace(missing_map(result.panel, LIGHT), "presence")
    present = ~np.isnan(np.hstack([result.panel.y, result.panel.x])).T
    np.testing.assert_array_equal(heat.z, 100 * present)
    assert len(heat.x) == 80


def test_long_samples_are_drawn_in_spells() -> None:
    rows, series = 9_001, 60
    values = np.ones((rows, series))
    values[5, 3] = np.nan
    big = Panel(values[:, :1], values, pd.Index(["f"]), pd.RangeIndex(series), pd.RangeIndex(rows))
    heat = trace(missing_map(big, LIGHT), "presence")
    assert heat.z.shape[1] <= 1_200
    assert heat.z[3].min() < 100  # one missing value is never rounded away
    assert (np.delete(heat.z, 3, axis=0) == 100).all()
    assert "from" in heat.hovertemplate


def test_explained_shares() -> None:
    result = full()
    (bars,) = r2_bars(result, LIGHT).data
    order = row_order(result)
    known = np.isfinite(result.statistics.r2[order])
    np.testing.assert_array_equal(np.asarray(bars.x)[known], result.statistics.r2[order][known])
    assert [text for text in bars.text if text] == ["no R²"] * int((~known).sum())
    (curve,) = r2_bars(plain(70), LIGHT).data
    assert (np.diff(curve.y) <= 0).all()
    assert len(curve.y) == 70
    assert curve.customdata[0].startswith("r")
    missing = full(70)
    assert "; 1 without R²" in r2_bars(missing, LIGHT).layout.xaxis.title.text
    assert "No response" in r2_bars(edge_cases()["all in warm-up"], LIGHT).layout.annotations[0].text


def test_truth_beside_the_fit() -> None:
    result = plain()
    truth = pd.DataFrame(1.0, result.panel.responses, result.panel.factors)
    figure, order = comparison(result, truth, LIGHT), row_order(result)
    np.testing.assert_array_equal(trace(figure, "true").z, np.ones((12, 3)))
    np.testing.assert_array_equal(trace(figure, "fitted").z, result.beta[order])
    np.testing.assert_array_equal(trace(figure, "fitted − true").z, result.beta[order] - 1)
    limits = {(t.zmin, t.zmax) for t in figure.data if t.type == "heatmap" and t.name != "states"}
    assert len(limits) == 1
    assert trace(comparison(result, truth, LIGHT, limit=5.0), "fitted − true").zmax == 5.0
    with pytest.raises(DataError, match="f1"):
        comparison(result, truth.drop(columns="f1"), LIGHT)
