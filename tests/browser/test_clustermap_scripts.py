"""Parts of the live view's script on their own, in a real Chromium, against what Python says."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import ClusterOptions, FitSpec, LassoModelType, Panel, fit
from factorlasso_core.clusters import build_tree
from factorlasso_core.colouring import bounded, match_colours
from factorlasso_core.result import Fit
from pages.shared import clustermap
from pages.shared.clustermap import views
from pages.shared.clustermap.looks import LOOKS
from pages.shared.clustermap.wire import pack

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"


class Script:
    """The script of the map in an empty page."""

    def __init__(self, page) -> None:
        body = "\n".join((clustermap.FOLDER / name).read_text(encoding="utf-8") for name in clustermap.SCRIPTS)
        page.evaluate(f"() => {{ globalThis.run = (() => {{\n{body}\nreturn (code) => eval(code);\n}})(); }}")
        self.page = page

    def __call__(self, code: str, given: Any = None) -> Any:
        """Value of an expression, in which ``given`` is what is handed over."""
        return self.page.evaluate("([code, given]) => { globalThis.given = given; return run(code); }", [code, given])

    def read(self, message: views.Message) -> None:
        """Have the script read a message, under the name ``message``."""
        extra = {"title": "", "data": "", "columns": None, **message.header}
        content = list(pack(extra, message.arrays))
        self("globalThis.message = readMessage(Uint8Array.from(given)), null", content)


@pytest.fixture
def script(browser):
    page = browser.new_page()
    yield Script(page)
    page.close()


def left_out(linkage: str = "average", cutoff: float = 0.9) -> Fit:
    """A fit that leaves three short responses out of the clusters."""
    random = np.random.default_rng(5)
    x, kinds = random.standard_normal((80, 4)), random.standard_normal((4, 4))
    y = np.repeat(x @ kinds, 5, axis=1) + random.standard_normal((80, 20))
    y[:-6, [2, 9, 17]] = np.nan
    panel = Panel.from_frames(pd.DataFrame(x).add_prefix("f"), pd.DataFrame(y).add_prefix("r"))
    clustering = ClusterOptions(cutoff_fraction=cutoff, linkage_method=linkage, exclude_short=True)
    return fit(panel, spec=FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, clustering=clustering))


@pytest.mark.parametrize("linkage", ["ward", "average", "centroid"])
def test_clusters_of_a_moved_cut_have_the_numbers_of_the_fit_and_join_none_that_was_left_out(script, linkage) -> None:
    counts = set()
    for cutoff in (0.05, 0.3, 0.6, 0.8, 1.0):
        ours = left_out(linkage, cutoff)
        colours = match_colours(ours.labels, ours.counted)
        script.read(views.correlations(ours, colours, None))
        found = script(f"(({{ codes, names }}) => [[...codes], names])(partition(message, {cutoff}))")
        codes, names = np.array(found[0]), found[1]
        assert (codes[~ours.counted] == -1).all() and (~ours.counted).sum() == 3
        assert [names[code] for code in codes[ours.counted]] == [str(label) for label in ours.labels[ours.counted]]
        told = script("(({ codes, names }) => [...codes].map((code) => names[code] ?? null))(partition(message, null))")
        assert [name for name in told if name is not None] == [str(label) for label in ours.labels[ours.counted]]
        counts.add(ours.n_clusters)
    assert len(counts) > 2


def test_no_cut_however_high_makes_a_branch_of_those_left_out(script) -> None:
    ours = left_out()
    script.read(views.correlations(ours, match_colours(ours.labels, ours.counted), None))
    root = 2 * len(ours.beta) - 2
    highest = float(ours.clustering.tree.linkage[:, 2].max())
    owner = script(f"[...cutAt(message, {10 * highest})]")
    assert owner[root - 2 : root + 1] == [-1, -1, -1] and owner[root - 3] == 0


def test_colours_are_those_of_python_and_do_not_grow_while_a_cut_moves_to_and_fro(script) -> None:
    random = np.random.default_rng(0)
    correlation = np.corrcoef(random.standard_normal((60, 30)) @ random.standard_normal((30, 90)), rowvar=False)
    tree, everyone, plain = build_tree(correlation), np.ones(90, dtype=bool), 12
    now = bounded(match_colours(tree.cut(0.9), everyone), plain)
    for cut in [0.05, 0.6, 0.1, 0.5, 0.02, 0.8, *random.uniform(0.02, 1.0, 20), 0.9]:
        labels = tree.cut(cut)
        codes = pd.factorize(labels)[0].tolist()
        both = "[Int32Array.from(given[0]), Int32Array.from(given[1])]"
        found = script(f"[...boundedColours(matchColours(...{both}), {plain})]", [codes, now.tolist()])
        now = bounded(match_colours(labels, everyone, now), plain)
        assert found == now.tolist() and now.max() < max(plain, len(set(labels)))


def test_text_of_a_drawing_is_xml_and_hatching_has_the_colour_asked_for(script) -> None:
    drawn = script(
        """(() => {
          const surface = new SvgSurface(10, 10, { font: "sans-serif" });
          surface.hatch([0, 0, 5, 5], "slash", "#112233");
          surface.hatch([5, 5, 5, 5], "slash", "rgb(1,2,3)");
          surface.text(given, 0, 0, { fill: "#000000" });
          return surface.file();
        })()""",
        "a\ufffe\uffff\u0001<b> & é \U0001f600",
    )
    root = ElementTree.fromstring(drawn)
    (words,) = (element.text for element in root.iter(f"{SVG}text"))
    assert words == "a\ufffd\ufffd\ufffd<b> & é \U0001f600"
    patterns = {item.get("id"): item[0].get("stroke") for item in root.iter(f"{SVG}pattern")}
    fills = [item.get("fill")[5:-1] for item in root.iter(f"{SVG}path") if item.get("fill").startswith("url")]
    assert [patterns[name] for name in fills] == ["#112233", "rgb(1,2,3)"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-0.001, "0.00"), (0.001, "0.00"), (-0.5, "−0.50"), (0.5, "0.50"), (-1234.0, "−1.23e+3"), (-150.0, "−150")],
)
def test_numbers_of_cells_have_a_true_minus_and_zero_has_none(script, value, shown) -> None:
    assert script("cellNumber(given, 2)", value) == shown


def test_a_folded_branch_keeps_its_count_and_strong_names_fit_as_they_are_drawn(script) -> None:
    names = ["Energy Commodities of the World 12345678901", "b", "c", "d"]
    width = "textWidth(words, 12, 'sans-serif', 650)"
    for most in (60, 90, 140):
        found = script(
            f"(() => {{ const words = fittedItem(given, {{ members: [0, 1, 2, 3] }}, {most}, 12, 'sans-serif', 650);"
            f" return [words, {width}]; }})()",
            names,
        )
        assert found[0].startswith("E") and found[0].endswith(" +3") and found[1] <= most
    one = script("fittedItem(given, { members: [1] }, 60, 12, 'sans-serif', 400)", names)
    assert one == "b"
    regular = script("textWidth(given[0], 12, 'sans-serif')", names)
    assert "…" in script(f"fitted(given[0], {regular}, 12, 'sans-serif', 650)", names), "strong type is wider"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_next_to_nothing_looks_like_nothing_and_a_fifth_of_the_scale_does_not(script, theme) -> None:
    found = script("shades(given.loadings, given.neutral, given.page).rgb", LOOKS[theme])
    zero, below, above = np.array(found[0]), np.array(found[1:257]), np.array(found[257:513])
    for side in (below, above):
        far = np.abs(side - zero).max(axis=1)
        assert far[0] <= 2 and far[7] <= 16, "three per cent of the scale"
        assert far[51] > 40 and (np.diff(far[:64]) >= 0).all()
    assert np.abs(below[51] - above[51]).max() > 60


def test_options_of_a_list_follow_what_the_view_offers(script) -> None:
    told = script(
        """(() => {
          const select = document.createElement("select");
          fillOptions(select, [["tree", "in the tree"], ["r2", "by R²"]], "tree");
          const kept = select.options[0];
          fillOptions(select, [["tree", "in the tree"], ["r2", "by R²"]], "r2");
          const same = kept === select.options[0];
          fillOptions(select, [["given", "as given"], ["name", "by name"]], "name");
          return [same, [...select.options].map(({ value }) => value), select.value];
        })()"""
    )
    assert told == [True, ["given", "name"], "name"]
