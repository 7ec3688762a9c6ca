"""Signs painted on the map by real pointer and key events: cells, rows, columns, clusters, undo, keyboard, names."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_clustermap import beside, point, shown, zoom_in
from tests.browser.test_edits import HOSTILE, type_into, upload
from tests.browser.test_main_job import fit_id, go, no_exception, press, settle, tool, wait_for_new_fit

pytestmark = pytest.mark.browser


@pytest.fixture
def viewport() -> dict[str, int]:
    """Tall enough for the whole map."""
    return {"width": 1280, "height": 1200}


def opened(page, server, link: str = "Model") -> str:
    """Open *Model* with the map to paint on, and return the digest of its fit."""
    page.goto(f"{server}/{link}")
    first = fit_id(page)
    settle(page)
    page.locator(".map[data-heat]").wait_for()
    return first


def brush(page, name: str) -> None:
    page.get_by_role("group", name="Brush").get_by_role("button", name=name, exact=True).click()


def drag(page, *points: tuple[float, float]) -> None:
    """One stroke through some points."""
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def summary(page, words: str) -> None:
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.locator(".map")).to_have_attribute("data-unanswered", "0")


def undo(page):
    return page.get_by_role("button", name=re.compile("^Undo"))


def test_a_cell_and_a_dragged_block_are_painted_and_undone_stroke_by_stroke(page, server) -> None:
    first = opened(page, server)
    brush(page, "Paint + (≥ 0)")
    page.mouse.click(*point(page, 3, 1))
    one = wait_for_new_fit(page, first)
    summary(page, "1 of 240 cells constrained: 1 +, 0 −, 0 zero")
    expect(undo(page)).to_contain_text("1 sign")
    brush(page, "Paint 0")
    drag(page, point(page, 5, 2), point(page, 14, 2), point(page, 14, 4))
    wait_for_new_fit(page, one)
    summary(page, "13 of 240 cells constrained: 1 +, 0 −, 12 zero")
    expect(undo(page)).to_contain_text("12 signs")
    page.locator(".map .over").focus()
    page.keyboard.press("Control+z")
    summary(page, "1 of 240 cells constrained: 1 +, 0 −, 0 zero")
    assert fit_id(page) == one
    page.keyboard.press("Control+Shift+z")
    summary(page, "13 of 240 cells constrained: 1 +, 0 −, 12 zero")
    undo(page).click()
    summary(page, "1 of 240 cells constrained: 1 +, 0 −, 0 zero")
    undo(page).click()
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    assert fit_id(page) == first
    no_exception(page)


def test_nothing_is_sent_before_the_pointer_is_released_and_escape_drops_the_stroke(page, server) -> None:
    first = opened(page, server)
    brush(page, "Paint − (≤ 0)")
    page.mouse.move(*point(page, 2, 0))
    page.mouse.down()
    page.mouse.move(*point(page, 9, 0), steps=4)
    page.wait_for_timeout(400)
    assert fit_id(page) == first and undo(page).is_disabled()
    page.locator(".map .over").focus()
    page.keyboard.press("Escape")
    page.mouse.up()
    settle(page)
    assert fit_id(page) == first and undo(page).is_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Select", exact=True)).to_have_attribute("aria-pressed", "true")


def test_rows_columns_and_clusters_are_painted_by_their_labels_strip_and_branch(page, server) -> None:
    opened(page, server)
    brush(page, "Paint 0")
    page.mouse.click(*beside(page, 4, 30))
    summary(page, "6 of 240 cells constrained: 0 +, 0 −, 6 zero")
    brush(page, "Paint + (≥ 0)")
    x = point(page, 0, 2)[0]
    page.mouse.click(x, page.locator(".map .over").bounding_box()["y"] + float(shown(page, "heat").split()[1]) - 12)
    summary(page, "45 of 240 cells constrained: 40 +, 0 −, 5 zero")
    undo(page).click()
    summary(page, "6 of 240 cells constrained: 0 +, 0 −, 6 zero")
    undo(page).click()
    brush(page, "Paint − (≤ 0)")
    page.mouse.click(*beside(page, 10, -41))  # the strip: a cluster of 4
    summary(page, "24 of 240 cells constrained: 0 +, 24 −, 0 zero")
    brush(page, "Blank")
    box = page.locator(".map .over").bounding_box()
    page.mouse.click(box["x"] + 8, point(page, 4, 0)[1])  # a branch near the root
    settle(page)
    expect(undo(page)).to_be_enabled()
    drag(page, beside(page, 0, 30), beside(page, 39, 30))
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    no_exception(page)


def test_the_keyboard_alone_paints_the_focused_cell_and_the_selection(page, server) -> None:
    opened(page, server)
    page.locator(".map .over").focus()
    for key in ("ArrowDown", "ArrowRight", "+"):
        page.keyboard.press(key)
    summary(page, "1 of 240 cells constrained: 1 +, 0 −, 0 zero")
    for key in ("ArrowDown", "-", "ArrowDown", "0"):
        page.keyboard.press(key)
    summary(page, "3 of 240 cells constrained: 1 +, 1 −, 1 zero")
    for key in ("c", "Backspace"):
        page.keyboard.press(key)
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("r", "Shift+ArrowDown", "Shift+R", "0"):
        page.keyboard.press(key)
    summary(page, "12 of 240 cells constrained: 0 +, 0 −, 12 zero")
    for _ in range(5):
        page.keyboard.press("Control+z")
        settle(page)
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    expect(undo(page)).to_be_disabled()
    no_exception(page)


def test_strokes_made_faster_than_the_server_answers_all_count(page, server) -> None:
    opened(page, server)
    brush(page, "Paint + (≥ 0)")
    for row in range(8):
        drag(page, point(page, row, 0), point(page, row, 1))
    summary(page, "16 of 240 cells constrained: 16 +, 0 −, 0 zero")
    for _ in range(8):
        undo(page).click()
        settle(page)
    expect(undo(page)).to_be_disabled()


def test_zoom_brush_and_selection_stay_while_lambda_moves_and_painting_does_not_select(page, server) -> None:
    first = opened(page, server)
    page.mouse.click(*point(page, 3, 1))
    settle(page)
    chosen = shown(page, "selected")
    brush(page, "Paint 0")
    zoom_in(page, 10, 2)
    before = shown(page, "view")
    page.mouse.click(*point(page, 12, 2))
    painted = wait_for_new_fit(page, first)
    press(page, "Penalty λ", "ArrowRight", 2)
    wait_for_new_fit(page, painted)
    assert shown(page, "view") == before and shown(page, "selected") == chosen
    expect(page.get_by_role("button", name="Paint 0", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Paint selection").click()
    summary(page, "2 of 240 cells constrained: 0 +, 0 −, 2 zero")


def test_the_grid_shows_what_was_painted_and_the_map_what_was_typed(page, server) -> None:
    first = opened(page, server)
    brush(page, "Paint 0")
    page.mouse.click(*point(page, 3, 1))
    wait_for_new_fit(page, first)
    tool(page, "Type")
    for row, text in enumerate(("+", "-", "0")):
        type_into(page, row, 4, text)
    expect(page.get_by_text("4 of 240 cells constrained: 1 +, 1 −, 2 zero")).to_be_visible()
    tool(page, "Paint")
    summary(page, "4 of 240 cells constrained: 1 +, 1 −, 2 zero")
    page.get_by_role("button", name="Table", exact=True).click()
    assert page.locator(".map .table td", has_text="(yours)").count() == 4
    tool(page, "Type")
    expect(page.get_by_text("4 of 240 cells constrained: 1 +, 1 −, 2 zero")).to_be_visible()


def test_a_hostile_name_is_text_on_the_map_and_six_responses_can_be_painted(page, server) -> None:
    mine = upload(page, server, [HOSTILE, *"ABCDE"], ["<b>F1</b>", "F2"])
    go(page, "Model")
    page.locator(".map[data-heat]").wait_for()
    brush(page, "Paint + (≥ 0)")
    drag(page, point(page, 0, 0), point(page, 5, 0))
    wait_for_new_fit(page, mine)
    summary(page, "6 of 12 cells constrained: 6 +, 0 −, 0 zero")
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.locator(".map .table th", has_text=HOSTILE)).to_have_count(1)
    assert page.locator("img[src=x]").count() == 0 and page.title() != "taken"
    no_exception(page)
