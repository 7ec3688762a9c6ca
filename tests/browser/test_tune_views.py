"""Path, pins, undo and details by real pointer and keys, and links that name their data."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_clustermap import beside
from tests.browser.test_edits import HOSTILE, returns, send
from tests.browser.test_main_job import (
    choose,
    fit_id,
    go,
    metric,
    no_exception,
    paint,
    press,
    settle,
    wait_for_new_fit,
    workbook,
)

pytestmark = pytest.mark.browser


def mark(page):
    """The mark of λ on the path: a slider by role and name."""
    found = page.get_by_role("slider", name="λ on the path")
    found.scroll_into_view_if_needed()
    return found


def lam(page) -> float:
    return float(page.get_by_role("spinbutton", name="λ value").input_value())


def stage(page) -> dict[str, float]:
    mark(page)
    return page.locator(".path .stage").bounding_box()


def select(page, *names: str) -> None:
    field = page.get_by_role("combobox", name="Selected responses")
    for name in names:
        field.click()
        field.type(name)
        page.get_by_role("option", name=name, exact=True).first.click()
        page.keyboard.press("Escape")
        settle(page)


def test_a_click_on_the_path_sets_the_penalty_and_the_mark_goes_there(page, server) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    before, box = lam(page), stage(page)
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 120)
    wait_for_new_fit(page, start)
    assert lam(page) > before
    said = re.match(r"λ (\S+), (?:about )?(\d+) of 240 loadings not zero", mark(page).get_attribute("aria-valuetext"))
    assert float(said[1]) == pytest.approx(lam(page), rel=0.01)
    at = mark(page).bounding_box()
    assert at["x"] == pytest.approx(box["x"] + 0.75 * box["width"], abs=8)
    no_exception(page)


def test_the_mark_is_dragged_with_a_preview_and_sent_once_on_release(page, server) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    box, at = stage(page), mark(page).bounding_box()
    page.mouse.move(at["x"] + 1, box["y"] + 100)
    page.mouse.down()
    texts = set()
    for step in range(8):
        page.mouse.move(at["x"] + 12 * (step + 1), box["y"] + 100)
        texts.add(mark(page).get_attribute("aria-valuetext"))
    assert len(texts) >= 6
    assert fit_id(page) == start
    page.mouse.up()
    wait_for_new_fit(page, start)


def test_keys_alone_move_the_penalty_on_the_path_and_take_it_back(page, server) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    before = lam(page)
    mark(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    moved = wait_for_new_fit(page, start)
    assert lam(page) == pytest.approx(before * 10**0.1, rel=1e-3)
    assert page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.getAttribute('role')") == "slider"
    page.keyboard.press("Control+z")
    assert wait_for_new_fit(page, moved) == start
    assert lam(page) == before
    page.keyboard.press("Control+Shift+Z")
    assert wait_for_new_fit(page, start) == moved
    mark(page).focus()
    page.keyboard.press("Home")
    wait_for_new_fit(page, moved)
    assert lam(page) == 0.0


def test_the_path_follows_the_selection_and_offers_itself_as_a_table(page, server) -> None:
    page.goto(f"{server}/Tune")
    fit_id(page)
    settle(page)
    group = page.get_by_role("group", name=re.compile("^Path of the loadings along λ"))
    expect(group).to_have_attribute("aria-label", re.compile("the mean over all 40 responses"))
    select(page, "US Equity", "US Govt")
    expect(group).to_have_attribute("aria-label", re.compile("US Equity, US Govt"))
    page.get_by_text("Path as a table").click()
    expect(page.locator(".path thead th")).to_have_count(2 + 2 * 6)
    assert page.locator(".path thead th").nth(2).inner_text() == "US Equity on Equity"
    assert page.locator(".path tbody tr.current").count() == 1
    current = page.locator(".path tbody tr.current td").first.inner_text()
    press(page, "Penalty λ", "ArrowRight", 4)
    expect(page.locator(".path tbody tr.current td").first).not_to_have_text(current)
    expect(page.locator(".path details")).to_have_attribute("open", "")


def test_a_row_selected_on_the_map_stays_selected_whatever_key_follows_at_once(page, server) -> None:
    page.goto(f"{server}/Tune")
    fit = fit_id(page)
    page.locator(".map[data-heat]").wait_for()
    settle(page)
    thumb = page.get_by_role("slider", name="L1 share α")
    seen = set()
    for row in range(12):
        page.mouse.click(*beside(page, row, 30))
        page.wait_for_timeout((0, 5, 10, 20)[row % 4])  # the list below has not heard of it yet
        thumb.focus()
        page.keyboard.press("ArrowRight")
        fit = wait_for_new_fit(page, fit)
        seen.add(page.locator(".path").get_attribute("aria-label"))
    assert len(seen) == 12 and not any("the mean" in label for label in seen)


def test_the_undo_keys_edit_a_text_while_it_is_typed_and_the_fit_once_it_is_taken_over(page, server) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    before = lam(page)
    press(page, "L1 share α", "ArrowRight")
    moved = wait_for_new_fit(page, start)
    for role, name, typed in (("textbox", "Name of the pin", "ab"), ("searchbox", "Find a name", "US"),
                              ("combobox", "Selected responses", "US"), ("spinbutton", "λ value", "1")):  # fmt: skip
        field = page.get_by_role(role, name=name)
        field.click()
        field.press("End")
        page.keyboard.type(typed)
        whole = field.input_value()
        page.keyboard.press("Control+z")
        assert len(field.input_value()) < len(whole)
        page.keyboard.press("Control+Shift+z")
        assert field.input_value() == whole
        page.wait_for_timeout(300)
        assert fit_id(page) == moved
        while field.input_value() != whole[: -len(typed)]:
            page.keyboard.press("Control+z")
        page.keyboard.press("Escape")
    field.fill("0.001")
    page.keyboard.press("Enter")
    typed = wait_for_new_fit(page, moved)
    page.keyboard.press("Control+z")
    assert wait_for_new_fit(page, typed) == moved
    assert lam(page) == before
    buttons = (page.get_by_role("button", name=re.compile(f"^{name}")) for name in ("Undo", "Redo"))
    undo, redo = (button.bounding_box() for button in buttons)
    assert undo["x"] == redo["x"] and 0 <= redo["y"] - undo["y"] - undo["height"] < 4


def test_undo_takes_back_a_painted_sign_and_redo_brings_it(page, server) -> None:
    page.goto(f"{server}/Model")
    start = fit_id(page)
    settle(page)
    paint(page, "US Equity", "Rates", "0 (pinned)")
    painted = wait_for_new_fit(page, start)
    undo, redo = (page.get_by_role("button", name=re.compile(f"^{name}")) for name in ("Undo", "Redo"))
    expect(undo).to_contain_text("1 sign")
    page.keyboard.press("Control+z")
    assert wait_for_new_fit(page, painted) == start
    expect(undo).to_be_disabled()
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    redo.click()
    assert wait_for_new_fit(page, start) == painted
    go(page, "Tune")
    page.keyboard.press("Control+z")
    assert wait_for_new_fit(page, painted) == start


def test_a_pin_is_compared_with_and_brought_back(page, server, tmp_path) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    page.get_by_role("textbox", name="Name of the pin").fill("my start")
    page.get_by_role("button", name="Pin this fit").click()
    expect(page.get_by_text("the clusters are the same; no parameter differs")).to_be_visible()
    press(page, "Penalty λ", "ArrowRight", 6)
    wait_for_new_fit(page, start)
    press(page, "Dendrogram cutoff", "Home")
    settle(page)
    expect(page.get_by_text("responses changed cluster")).to_be_visible()
    expect(page.locator("table.facts", has_text="pinned")).to_contain_text("λ")
    go(page, "Export")
    book = workbook(page, tmp_path)
    assert ("compared with", "my start") in book["README"].iter_rows(values_only=True)
    rows = list(book["difference"].iter_rows(min_row=2, values_only=True))
    assert {"parameter", "cluster", "loading"} == {row[0] for row in rows}
    assert "reg_lambda" in {row[1] for row in rows}
    go(page, "Tune")
    page.get_by_role("button", name="Bring back").click()
    page.wait_for_function("old => document.querySelector('.fit-id')?.textContent === old", arg=start)
    settle(page)
    page.get_by_role("button", name="Let go").click()
    expect(page.get_by_role("button", name="Let go")).to_have_count(0)
    no_exception(page)


def test_details_of_a_response_hold_its_loadings_band_fit_and_neighbours(page, server) -> None:
    page.goto(f"{server}/Tune")
    fit_id(page)
    settle(page)
    select(page, "US Equity")
    page.get_by_text("Details of the selection").click()
    expect(page.get_by_text(re.compile(r"US Equity.*cluster \d+ with \d+ responses.*R²"))).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(2)
    page.get_by_role("button", name="Bootstrap bands").click()
    expect(page.get_by_text("200 draws of a dependent wild bootstrap")).to_be_visible()
    go(page, "Clusters")
    page.get_by_text("Details of the selection").click()
    expect(page.get_by_text("200 draws of a dependent wild bootstrap")).to_be_visible()
    expect(page.get_by_role("group", name="Path of the loadings along λ: US Equity")).to_be_visible()
    no_exception(page)


def test_a_link_whose_data_are_not_here_names_them_until_they_are(page, server) -> None:
    page.goto(f"{server}/Data")
    start = fit_id(page)
    settle(page)
    page.get_by_text("Upload your own").click()
    files = (("Responses file", "mine.csv", returns([HOSTILE, "B", "C"], 0)),
             ("Factors file", "factors.csv", returns(["F1", "F2"], 1)))  # fmt: skip
    for each in files:
        send(page, *each)
    mine = wait_for_new_fit(page, start)
    press(page, "L1 share α", "ArrowRight", 3)
    mine = wait_for_new_fit(page, mine)
    page.wait_for_url(re.compile("alpha=0.13"))
    link = page.url.replace("/Data", "/Tune")
    assert re.search(r"panel=[0-9a-f]{8}", link) and "file=mine.csv" in link

    other = page.context.browser.new_context()
    fresh = other.new_page()
    fresh.goto(link)
    fit_id(fresh)
    banner = fresh.get_by_text(re.compile(r"made with mine\.csv, digest [0-9a-f]{8}, which are not here"))
    expect(banner).to_be_visible()
    fresh.reload()
    expect(banner).to_be_visible()
    go(fresh, "Data")
    fresh.get_by_text("Upload your own").click()
    for each in files:
        send(fresh, *each)
    expect(banner).to_have_count(0)
    assert fit_id(fresh) == mine
    go(fresh, "Tune")
    assert fresh.locator("img[src=x]").count() == 0 and fresh.title() != "taken"
    select(fresh, HOSTILE)
    expect(fresh.locator(".path")).to_have_attribute("aria-label", re.compile(re.escape(HOSTILE)))
    assert fresh.locator("img[src=x]").count() == 0
    choose(fresh, "Data set", "French 30 portfolios")
    settle(fresh)
    assert metric(fresh, "Exact zeros")
    other.close()


def test_keys_in_quick_succession_end_in_the_fit_of_the_last_and_never_in_an_error(page, server) -> None:
    missed: list[str] = []
    page.on("console", lambda message: missed.append(message.text) if "MISS" in message.text else None)
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    settle(page)
    thumb = page.get_by_role("slider", name="Penalty λ")
    for pause in (0, 5, 15, 40):
        for key in ("ArrowRight", "ArrowLeft"):
            thumb.focus()
            for _ in range(8):
                page.keyboard.press(key)
                page.wait_for_timeout(pause)
            page.wait_for_timeout(350)
    settle(page)
    assert fit_id(page) == start and missed == []
    no_exception(page)
