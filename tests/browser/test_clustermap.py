"""The live view by real pointer and key events: cut, selection, zoom, keyboard, files, hostile names."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from factorlasso_core import ClusterOptions, FitSpec, LassoModelType, Panel, fit
from factorlasso_core.agreement import adjusted_rand
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


def handle(page):
    return page.get_by_role("slider", name="Cut of the tree")


def synthetic() -> Panel:
    demo = load_demo("synthetic")
    return Panel.from_frames(demo.factors, demo.responses)


def fitted_at(fraction: float):
    clustering = ClusterOptions(cutoff_fraction=fraction)
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
    page.mouse.move(*point(page, 10, 2))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(200)
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
    page.mouse.dblclick(*beside(page, 12, 200 - 190))
    page.wait_for_timeout(150)
    assert view(page)[:2] == [0, 40]


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


def test_the_content_is_a_table_on_request(page, server) -> None:
    opened(page, server, "Tune")
    page.locator(".map .as-table").click()
    table = page.get_by_role("region", name="Content as a table").locator("table")
    assert table.locator("tbody tr").count() == 40
    row = table.locator("tr", has=page.get_by_role("rowheader", name="UK Equity"))
    assert float(row.locator("td").nth(1).inner_text()) == pytest.approx(0.9, abs=0.1)


def test_what_is_on_screen_is_saved_as_picture_and_drawing(page, server, tmp_path) -> None:
    opened(page, server, "Tune")
    files = {}
    for name in ("PNG", "SVG"):
        with page.expect_download() as waiting:
            page.locator(f".map .{name.lower()}").click()
        files[name] = tmp_path / Path(waiting.value.suggested_filename).name
        waiting.value.save_as(files[name])
    assert files["PNG"].read_bytes().startswith(b"\x89PNG")
    drawing = ElementTree.parse(files["SVG"]).getroot()
    words = {element.text for element in drawing.iter(f"{SVG}text")}
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
