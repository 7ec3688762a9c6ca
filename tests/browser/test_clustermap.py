"""The live view by real pointer and key events: cut, selection, zoom, keyboard, files, hostile names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import expect

from factorlasso_core import ClusterOptions, FitSpec, LassoModelType, Panel, fit
from factorlasso_core.agreement import adjusted_rand
from factorlasso_core.contrast import contrast
from factorlasso_core.demo import load_demo
from tests.browser.test_edits import HOSTILE, upload
from tests.browser.test_main_job import fit_id, go, metric, no_exception, press, settle, wait_for_new_fit

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def viewport() -> dict[str, int]:
    """Tall enough for the whole map."""
    return {"width": 1280, "height": 1100}


def opened(page, server, link: str) -> str:
    """Open a page and return the digest of its fit once the map is drawn."""
    page.goto(f"{server}/{link}")
    first = fit_id(page)
    page.locator(".map[data-heat]").wait_for()
    settle(page)
    return first


def shown(page, name: str) -> str:
    return page.locator(".map").get_attribute(f"data-{name}")


def view(page) -> list[float]:
    return [float(edge) for edge in shown(page, "view").split()]


def point(page, row: float, column: float) -> tuple[float, float]:
    """Where on the page the middle of a cell is, by its place on screen."""
    box = page.locator(".map .over").bounding_box()
    x, y, width, height = map(float, shown(page, "heat").split())
    y0, y1, x0, x1 = view(page)
    return (
        box["x"] + x + width * (column + 0.5 - x0) / (x1 - x0),
        box["y"] + y + height * (row + 0.5 - y0) / (y1 - y0),
    )


def beside(page, row: float, shift: float) -> tuple[float, float]:
    """A point in the height of a row, so many pixels right of the cells (or, negative, left of them)."""
    box = page.locator(".map .over").bounding_box()
    x, _, width, _ = map(float, shown(page, "heat").split())
    return box["x"] + x + (width if shift > 0 else 0) + shift, point(page, row, 0)[1]


def zoom_in(page, row: float, column: float) -> None:
    """Zoom by about a half, around a cell."""
    page.mouse.move(*point(page, row, column))
    page.keyboard.down("Control")
    for _ in range(2):
        page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_timeout(200)


def drag_cut(page, shift: float, button: str = "left") -> None:
    """Move the line of the cut, and leave the button down."""
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + shift, y, steps=5)
    page.wait_for_timeout(80)


def drawing(page, folder: Path) -> ElementTree.Element:
    """What is on screen, as saved."""
    with page.expect_download() as waiting:
        page.locator(".map .svg").click()
    waiting.value.save_as(folder / "map.svg")
    return ElementTree.parse(folder / "map.svg").getroot()


def table(page):
    return page.get_by_role("region", name="Content as a table").locator("table")


def handle(page):
    return page.get_by_role("slider", name="Cut of the tree")


def synthetic() -> Panel:
    demo = load_demo("synthetic")
    return Panel.from_frames(demo.factors, demo.responses)


def fitted_at(fraction: float, linkage: str = "ward"):
    clustering = ClusterOptions(cutoff_fraction=fraction, linkage_method=linkage)
    return fit(synthetic(), spec=FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, clustering=clustering))


def test_the_cut_is_dragged_with_a_live_preview_and_refitted_as_scipy_cuts(page, server) -> None:
    first = opened(page, server, "Tune")
    before, colours = shown(page, "clusters"), shown(page, "colours")
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    seen = set()
    for step in range(1, 13):
        page.mouse.move(x + 2.5 * step, y)
        page.wait_for_timeout(40)
        seen.add(shown(page, "clusters"))
    assert len(seen) > 2 and fit_id(page) == first, "clusters move in the browser, without the server"
    previewed, previewed_colours = shown(page, "clusters"), shown(page, "colours")
    fraction = float(handle(page).get_attribute("aria-valuenow"))
    assert previewed != before and previewed_colours != colours
    page.mouse.up()
    wait_for_new_fit(page, first)
    assert metric(page, "Clusters") == previewed == shown(page, "clusters")
    assert shown(page, "colours") == previewed_colours
    page.wait_for_url(re.compile(f"cutoff={fraction}"))
    ours = fitted_at(fraction)
    codes = [int(code) for code in previewed_colours.split()]
    assert adjusted_rand(codes, ours.clustering.tree.cut(fraction)) == 1.0
    no_exception(page)


def test_escape_drops_a_drag_and_the_line_stops_at_the_end_of_its_reach(page, server) -> None:
    first = opened(page, server, "Tune")
    before = shown(page, "clusters")
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=4)
    page.wait_for_timeout(80)
    assert shown(page, "clusters") != before
    page.keyboard.press("Escape")
    page.wait_for_timeout(80)
    page.mouse.up()
    assert shown(page, "clusters") == before and fit_id(page) == first
    box = handle(page).bounding_box()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 400, y, steps=4)
    page.wait_for_timeout(80)
    assert handle(page).get_attribute("aria-valuenow") == "1"
    page.mouse.up()
    wait_for_new_fit(page, first)
    assert metric(page, "Clusters") == "5"
    page.wait_for_url(re.compile("cutoff=1.0"))


def test_a_cell_a_name_and_a_branch_are_selected_and_reach_the_other_page(page, server) -> None:
    opened(page, server, "Tune")
    page.mouse.click(*point(page, 2, 1))
    expect(page.locator(".map .picked")).to_have_text("UK Govt × Rates")
    page.keyboard.down("Shift")
    page.mouse.click(*point(page, 4, 2))
    page.keyboard.up("Shift")
    expect(page.locator(".map .picked")).to_have_text("3 responses × 2 factors")
    settle(page)
    go(page, "Clusters")
    page.locator(".map[data-heat]").wait_for()
    expect(page.get_by_text("3 of 40 responses are selected.")).to_be_visible()
    page.mouse.click(*beside(page, 10, 30))
    expect(page.get_by_text("1 of 40 responses are selected.")).to_be_visible()
    page.mouse.click(*beside(page, 10, -41))  # the strip of the cluster
    expect(page.get_by_text("4 of 40 responses are selected.")).to_be_visible()
    page.locator(".map .over").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("responses are selected")).to_have_count(0)
    branch = page.locator(".map .over").bounding_box()
    page.mouse.click(branch["x"] + 8, point(page, 4, 0)[1])
    expect(page.get_by_text(re.compile(r"\d+ of 40 responses are selected\."))).to_be_visible()
    assert shown(page, "selected").count(",") >= 2
    no_exception(page)


def test_zoom_and_selection_and_order_stay_while_lambda_moves(page, server) -> None:
    first = opened(page, server, "Tune")
    page.locator("select.columns").select_option("tree")
    zoom_in(page, 10, 2)
    y0, y1, _, _ = zoomed = view(page)
    assert 0 < y0 < 10 < y1 < 40 and y1 - y0 < 25
    page.mouse.click(*point(page, 9, 3))
    expect(page.locator(".map .picked")).to_contain_text("×")
    settle(page)
    selected = shown(page, "selected")
    press(page, "Penalty λ", "ArrowRight", 3)
    wait_for_new_fit(page, first)
    assert view(page) == zoomed and shown(page, "selected") == selected
    assert page.locator("select.columns").input_value() == "tree"
    x, y = point(page, 9, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=5)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert view(page)[0] > y0 and shown(page, "selected") == selected, "a drag moves and selects nothing"
    page.mouse.dblclick(*beside(page, 12, 10))
    page.wait_for_timeout(150)
    assert view(page)[:2] == [0, 40] and shown(page, "selected") == selected, "a double click selects nothing"
    settle(page)
    assert shown(page, "selected") == selected
    page.get_by_role("button", name="Clear the selection").click()
    page.mouse.dblclick(*point(page, 3, 1))
    settle(page)
    assert shown(page, "selected") == " × ", "nor does it clear anything but what it selected"


def test_the_keyboard_alone_cuts_selects_zooms_finds_and_clears(page, server) -> None:
    first = opened(page, server, "Tune")
    page.locator(".map .rows").focus()
    while page.evaluate("document.activeElement.shadowRoot?.activeElement?.className") != "over":
        page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".map .picked")).to_have_text("UK Govt × Rates")
    expect(page.locator(".map .live")).to_contain_text("Selected: UK Govt × Rates")
    page.keyboard.press("b")
    expect(page.locator(".map .picked")).to_contain_text("responses")
    page.keyboard.press("+")
    page.wait_for_timeout(80)
    assert view(page)[1] < 40
    page.keyboard.press("0")
    page.wait_for_timeout(80)
    assert view(page)[1] == 40
    page.keyboard.press("f")
    page.wait_for_timeout(80)
    assert view(page)[1] < 40, "the branch is one row"
    page.keyboard.press("Escape")
    expect(page.locator(".map .picked")).to_have_text("")
    page.keyboard.press("/")
    page.keyboard.type("brazil")
    page.keyboard.press("Enter")
    expect(page.locator(".map .picked")).to_have_text("Brazil EM Equity")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "cut"
    clusters = int(shown(page, "clusters"))
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(50)
    assert int(shown(page, "clusters")) > clusters
    wait_for_new_fit(page, first)
    assert metric(page, "Clusters") == shown(page, "clusters")
    page.wait_for_url(re.compile("cutoff=0.35"))
    no_exception(page)


def test_keys_on_the_cut_all_count_while_answers_to_earlier_ones_come_in(page, server) -> None:
    opened(page, server, "Tune")
    handle(page).focus()
    for gap in (210, 260, 225, 245, 215, 255, 235, 240):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(gap)
    page.wait_for_url(re.compile("cutoff=0.37"))
    settle(page)
    assert handle(page).get_attribute("aria-valuenow") == "0.37"
    assert metric(page, "Clusters") == shown(page, "clusters")


def test_a_cut_dragged_back_before_the_answer_is_where_it_was(page, server) -> None:
    first = opened(page, server, "Tune")
    drag_cut(page, 30)
    page.mouse.up()
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y)
    page.wait_for_function("""() => [...document.querySelectorAll("*")].some((host) =>
        host.shadowRoot?.querySelector(".cut")?.ariaValueNow === "0.45")""")
    page.mouse.up()
    page.wait_for_timeout(1500)
    settle(page)
    assert fit_id(page) == first
    assert handle(page).get_attribute("aria-valuenow") == "0.45" and metric(page, "Clusters") == shown(page, "clusters")


def test_only_the_main_button_drags(page, server) -> None:
    first = opened(page, server, "Tune")
    for button in ("right", "middle"):
        drag_cut(page, 30, button)
        assert handle(page).get_attribute("aria-valuenow") == "0.45"
        page.mouse.up(button=button)
        page.mouse.move(*point(page, 5, 1))
    settle(page)
    assert fit_id(page) == first


def test_the_zoom_of_the_browser_has_its_keys(page, server) -> None:
    opened(page, server, "Tune")
    page.evaluate(
        """() => { globalThis.taken = []; addEventListener("keydown", (event) => {
            if (event.key !== "Control") taken.push([event.key, event.defaultPrevented]); }); }"""
    )
    page.locator(".map .over").focus()
    before = view(page)
    for key in ("=", "-", "0"):
        page.keyboard.press(f"Control+{key}")
    page.wait_for_timeout(100)
    assert view(page) == before
    assert page.evaluate("taken") == [["=", False], ["-", False], ["0", False]]


def scrolled(page) -> float:
    return page.evaluate("""document.querySelector("[data-testid=stMain]").scrollTop""")


def test_the_wheel_is_the_pages_until_the_map_is_clicked_and_again_once_it_scrolls(page, server) -> None:
    opened(page, server, "Tune")
    page.set_viewport_size({"width": 1280, "height": 700})
    page.wait_for_timeout(200)

    def wheel(amount: int) -> None:
        page.mouse.wheel(0, amount)
        page.wait_for_timeout(500)

    page.mouse.move(*point(page, 10, 2))
    wheel(150)
    down = scrolled(page)
    assert down > 50
    wheel(-150)
    assert scrolled(page) < down and view(page)[:2] == [0, 40], "and back"
    page.mouse.move(*point(page, 10, 2))
    page.keyboard.down("Control")
    wheel(-200)
    page.keyboard.up("Control")
    zoomed = view(page)
    assert zoomed[1] - zoomed[0] < 35
    page.mouse.click(*point(page, 10, 2))
    here = scrolled(page)
    wheel(-150)
    assert view(page)[1] - view(page)[0] < zoomed[1] - zoomed[0] and scrolled(page) == here
    wheel(2000)
    assert view(page)[:2] == [0, 40] and scrolled(page) == here, "one turn does not zoom and scroll"
    wheel(150)
    down = scrolled(page)
    assert down > here
    wheel(-150)
    assert scrolled(page) < down and view(page)[:2] == [0, 40]


def test_a_name_is_found_once_where_rows_and_columns_are_the_same(page, server) -> None:
    opened(page, server, "Clusters")
    page.locator(".map .find").fill("equity")
    wanted = sum("equity" in name.lower() for name in synthetic().responses.astype(str))
    expect(page.locator(".map .found")).to_have_text(str(wanted))
    assert wanted > 1


def frames(root: ElementTree.Element, width: str) -> list[tuple[float, float]]:
    """Sizes of the frames of some width of line."""
    found = (item for item in root.iter(f"{SVG}rect") if item.get("stroke-width") == width)
    return [(float(item.get("width")), float(item.get("height"))) for item in found]


def test_of_selected_cells_the_block_is_the_strong_mark_and_the_bands_are_faint(page, server, tmp_path) -> None:
    opened(page, server, "Tune")
    _, _, wide, high = map(float, shown(page, "heat").split())
    column, row = wide / 6, high / 40
    page.mouse.click(*point(page, 4, 1))
    page.keyboard.down("Shift")
    page.mouse.click(*point(page, 6, 2))
    page.keyboard.up("Shift")
    page.mouse.move(*beside(page, 30, 30))
    page.wait_for_timeout(100)
    drawn = drawing(page, tmp_path)
    ((block_wide, block_high),) = frames(drawn, "1.75")
    assert block_wide == pytest.approx(2 * column, abs=2) and block_high == pytest.approx(3 * row, abs=2)
    bands = frames(drawn, "0.75")
    assert sorted(bands) == [pytest.approx((2 * column, high), abs=3), pytest.approx((wide, 3 * row), abs=3)]
    page.mouse.click(*beside(page, 20, 30))
    page.wait_for_timeout(100)
    assert frames(drawing(page, tmp_path), "1.75") == [pytest.approx((wide, row), abs=3)], "of a row the whole row"


def test_folded_branches_say_how_many_they_are_and_chosen_names_are_drawn_whole(page, server, tmp_path) -> None:
    names = [f"A response with quite a long name, number {number}" for number in range(10, 16)]
    upload(page, server, names, ["F1", "F2"])
    go(page, "Tune")
    page.locator(".map[data-heat]").wait_for()
    page.mouse.click(*beside(page, 2, 30))
    page.wait_for_timeout(100)
    drawn = drawing(page, tmp_path)
    texts = [(item.text, item) for item in drawn.iter(f"{SVG}text") if item.get("font-weight") == "650"]
    ((label, item),) = ((text, item) for text, item in texts if text.startswith("A "))
    assert label[-2:] in {name[-2:] for name in names}, "the last digit too"
    width = page.evaluate(
        """([words, font]) => { const pen = document.createElement("canvas").getContext("2d");
            pen.font = `650 12px ${font}`; return pen.measureText(words).width; }""",
        [label, drawn.get("font-family")],
    )
    assert float(item.get("x")) + width <= float(drawn.get("width"))
    page.locator(".map .over").focus()
    page.keyboard.press("f")
    page.wait_for_timeout(100)
    folded = [item.text for item in drawing(page, tmp_path).iter(f"{SVG}text")]
    assert any(re.search(r"^A .* \+\d$", text) for text in folded)


def test_the_content_is_a_table_on_request(page, server) -> None:
    opened(page, server, "Tune")
    page.locator(".map .as-table").click()
    assert table(page).locator("tbody tr").count() == 40
    row = table(page).locator("tr", has=page.get_by_role("rowheader", name="UK Equity"))
    assert float(row.locator("td").nth(1).inner_text()) == pytest.approx(0.9, abs=0.1)


def clusters_in_table(page) -> dict[str, str]:
    """Cluster by name of the response, as the table says it."""
    return dict(
        table(page)
        .locator("tbody tr")
        .evaluate_all("rows => rows.map((row) => [row.children[0].textContent, row.children[1].textContent])")
    )


def test_clusters_have_the_numbers_of_the_fit_in_the_table_and_in_hints_also_while_the_cut_is_dragged(
    page, server
) -> None:
    first = opened(page, server, "Tune")
    page.locator(".map .as-table").click()
    names = synthetic().responses.astype(str)
    for shift in (0, 14):
        if shift:
            drag_cut(page, shift)
        fraction = float(handle(page).get_attribute("aria-valuenow"))
        labels = dict(zip(names, map(str, fitted_at(fraction).labels), strict=True))
        assert clusters_in_table(page) == labels
    page.mouse.up()
    wait_for_new_fit(page, first)
    assert clusters_in_table(page) == labels
    sizes = Counter(labels.values())
    for row in (0, 17, 39):
        name, *lines = hint(page, row, 0).splitlines()
        assert f"cluster {labels[name]}, of {sizes[labels[name]]}" in lines


def test_what_is_on_screen_is_saved_as_picture_and_drawing(page, server, tmp_path) -> None:
    opened(page, server, "Tune")
    files = {}
    for name in ("PNG", "SVG"):
        with page.expect_download() as waiting:
            page.locator(f".map .{name.lower()}").click()
        files[name] = tmp_path / Path(waiting.value.suggested_filename).name
        waiting.value.save_as(files[name])
    picture = Image.open(files["PNG"]).convert("RGB")
    box = page.locator(".map .base").bounding_box()
    assert picture.size == (round(box["width"]), round(box["height"]))
    shades = {colour for _, colour in picture.getcolors(1_000_000)}
    x, y, width, height = map(int, map(float, shown(page, "heat").split()))
    cells = {colour for _, colour in picture.crop((x, y, x + width, y + height)).getcolors(1_000_000)}
    assert len(shades) > 200 and len(cells) > 100, "cells, clusters and letters"
    drawn = ElementTree.parse(files["SVG"]).getroot()
    words = {element.text for element in drawn.iter(f"{SVG}text")}
    assert {"UK Equity", "Rates", "zero by penalty"} <= words


def test_a_hostile_name_is_text_everywhere(page, server, tmp_path) -> None:
    upload(page, server, [HOSTILE, "A", "B"], ["F1", "<b>F2</b>"])
    go(page, "Tune")
    page.locator(".map[data-heat]").wait_for()
    for row in range(3):
        page.mouse.move(*point(page, row, 0))
        page.wait_for_timeout(60)
        if page.locator(".map .tip").inner_text().startswith(HOSTILE):
            break
    else:
        pytest.fail("the name is not in any hint")
    page.locator(".map .as-table").click()
    expect(page.get_by_role("rowheader", name=HOSTILE)).to_be_visible()
    with page.expect_download() as waiting:
        page.locator(".map .svg").click()
    waiting.value.save_as(tmp_path / "map.svg")
    assert not list(ElementTree.parse(tmp_path / "map.svg").getroot().iter(f"{SVG}img"))
    assert page.locator("img[src=x]").count() == 0 and page.title() != "taken"
    no_exception(page)


@pytest.mark.parametrize("linkage", ["centroid", "median"])
def test_a_cut_dragged_through_a_tree_with_inversions_previews_what_is_refitted(page, server, linkage) -> None:
    first = opened(page, server, f"Tune?linkage={linkage}")
    heights = fitted_at(0.45, linkage).clustering.tree.linkage[:, 2]
    assert (heights[1:] < heights[:-1]).any(), "the tree has an inversion"
    box = handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    seen = set()
    for shift in (-25, 40):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + shift, y, steps=6)
        page.wait_for_timeout(120)
        previewed = shown(page, "colours")
        fraction = float(handle(page).get_attribute("aria-valuenow"))
        page.mouse.up()
        first = wait_for_new_fit(page, first)
        assert shown(page, "colours") == previewed and metric(page, "Clusters") == shown(page, "clusters")
        ours = fitted_at(fraction, linkage)
        assert adjusted_rand([int(code) for code in previewed.split()], ours.labels) == 1.0
        seen.add(shown(page, "clusters"))
        box = handle(page).bounding_box()
        x = box["x"] + box["width"] / 2
    assert len(seen) == 2
    no_exception(page)


def two_fingers(page, x: float, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
    """Two fingers on one upright line, from two heights to two others."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *heights: float) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, y in enumerate(heights)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
        page.wait_for_timeout(30)

    touch("touchStart", start[0])
    touch("touchStart", *start)
    for share in (step / steps for step in range(1, steps + 1)):
        touch("touchMove", *(a + (b - a) * share for a, b in zip(start, end, strict=True)))
    touch("touchEnd")
    page.wait_for_timeout(150)


def test_two_fingers_zoom_about_what_lies_between_them(page, server) -> None:
    opened(page, server, "Tune")
    (x, top), (_, low) = point(page, 14, 2), point(page, 22, 2)
    two_fingers(page, x, (top, low), (top - 80, low + 80))
    zoomed = view(page)
    assert zoomed[1] - zoomed[0] == pytest.approx(40 * (low - top) / (low - top + 160), rel=0.02)
    for row, wanted in ((14, top - 80), (22, low + 80)):
        assert point(page, row, 2)[1] == pytest.approx(wanted, abs=3), "the rows stay under the fingers"
    two_fingers(page, x, (top, low), (top + 50, low + 50))
    moved = view(page)
    assert moved[1] - moved[0] == pytest.approx(zoomed[1] - zoomed[0], rel=0.01)
    assert moved[0] < zoomed[0], "two fingers together move it"
    two_fingers(page, x, (top - 80, low + 80), (top + 90, low - 90))
    assert view(page)[:2] == [0, 40] and shown(page, "selected") == " × "
    no_exception(page)


@pytest.mark.parametrize("name", ["Tune", "Clusters"])
def test_the_bar_above_the_map_is_one_line_also_with_a_selection(page, server, name) -> None:
    opened(page, server, name)
    page.mouse.click(*point(page, 12, 1))
    page.locator(".map .find").fill("e")
    expect(page.locator(".map .picked")).not_to_have_text("")
    assert page.locator(".map .bar").bounding_box()["height"] < 45


# What differs from a pin ----------------------------------------------------------------------------


PIN = "<img src=x> mine"


def pinned_and_moved(page, server) -> None:
    """Pin the first fit, move λ and the cutoff, and have the map show the difference."""
    first = opened(page, server, "Tune?lam=3e-05&cutoff=0.6")
    page.get_by_role("textbox", name="Name of the pin").fill(PIN)
    page.get_by_role("button", name="Pin this fit").click()
    page.get_by_role("radio", name="Δβ to the pin").wait_for()
    settle(page)
    press(page, "Penalty λ", "ArrowRight", 8)
    wait_for_new_fit(page, first)
    settle(page)
    page.get_by_role("radio", name="Δβ to the pin").click()
    expect(page.locator(".map")).to_have_attribute("aria-label", re.compile("^Δβ"))
    settle(page)
    page.locator(".map .bar").scroll_into_view_if_needed()


def hint(page, row: float, column: float) -> str:
    page.mouse.move(*point(page, row, column))
    page.wait_for_timeout(60)
    return page.locator(".map .tip").inner_text()


def test_the_difference_to_a_pin_is_on_the_map_in_words_in_the_table_and_in_the_files(page, server, tmp_path) -> None:
    pinned_and_moved(page, server)
    assert PIN in page.locator(".map").get_attribute("aria-label")
    told = re.search(r"Rates: Δβ = (\S+)\nβ now = (\S+)\nβ pinned = (\S+)", hint(page, 1, 1))
    change, now, before = map(float, told.groups())
    assert change == pytest.approx(now - before, abs=1e-5) and change != 0
    with page.expect_download() as waiting:
        page.locator(".map .svg").click()
    assert waiting.value.suggested_filename.startswith("difference_")
    waiting.value.save_as(tmp_path / "map.svg")
    drawing = ElementTree.parse(tmp_path / "map.svg").getroot()
    words = {element.text for element in drawing.iter(f"{SVG}text")}
    assert {"became zero", "became non-zero", "moved"} <= words and any(word.endswith(" Δβ") for word in words)
    page.locator(".map .as-table").click()
    table = page.get_by_role("region", name="Content as a table").locator("table")
    assert table.locator("caption").inner_text().startswith("Δβ")
    assert table.locator("td", has_text="(became zero)").count() >= 1
    assert page.locator("img[src=x]").count() == 0 and page.title() != "taken"
    no_exception(page)


def test_zoom_and_selection_stay_between_loadings_and_difference(page, server) -> None:
    pinned_and_moved(page, server)
    zoom_in(page, 10, 2)
    page.mouse.click(*point(page, 9, 3))
    settle(page)
    zoomed, selected = view(page), shown(page, "selected")
    assert zoomed[1] - zoomed[0] < 30 and selected != " × "
    page.get_by_role("radio", name="β", exact=True).click()
    expect(page.locator(".map")).to_have_attribute("aria-label", re.compile("^Loadings"))
    assert view(page) == zoomed and shown(page, "selected") == selected


def test_who_left_a_cluster_of_the_pin_is_marked_also_while_the_cut_is_dragged(page, server) -> None:
    pinned_and_moved(page, server)
    assert shown(page, "moved") == "0"
    first, box = fit_id(page), handle(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y, steps=6)
    page.wait_for_timeout(120)
    previewed = shown(page, "moved")
    fraction = float(handle(page).get_attribute("aria-valuenow"))
    page.mouse.up()
    wait_for_new_fit(page, first)
    wanted = contrast(fitted_at(fraction), fitted_at(0.6))
    assert shown(page, "moved") == previewed == str(wanted.moved) != "0"
    (change, *_) = (part for part in wanted.clusters if len(part.joined))
    name = str(synthetic().responses[change.joined[0]])
    row = next(row for row in range(40) if hint(page, row, 0).startswith(f"{name}\n"))
    assert "moved: was in cluster" in hint(page, row, 0)
    go(page, "Clusters")
    page.locator(".map[data-heat]").wait_for()
    assert shown(page, "moved") == previewed
    no_exception(page)
