"""The main job in a real Chromium on the real French demo: pick, tune, constrain, cut, take away."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import openpyxl
import pytest
from playwright.sync_api import expect

from factorlasso_core import Beliefs, ClusterOptions, Fit, FitSpec, LassoModelType, Panel, PenaltyOptions, fit
from factorlasso_core.demo import load_demo

pytestmark = pytest.mark.browser
FACTORS = ("MktRF", "SMB", "HML", "Mom")
PAGES = ("", "Data", "Model", "Tune", "Clusters", "Select", "Export")


def fit_id(page) -> str:
    marker = page.locator(".fit-id")
    marker.wait_for(state="attached")
    return marker.inner_text()


def wait_for_new_fit(page, old: str) -> str:
    page.wait_for_function(
        "old => { const m = document.querySelectorAll('.fit-id'); return m.length === 1 && m[0].textContent !== old }",
        arg=old,
    )
    settle(page)
    return fit_id(page)


def settle(page) -> None:
    """Until the script run has ended."""
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_timeout(150)


def choose(page, box: str, option: str) -> None:
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option).click()


def go(page, name: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True).first.wait_for()
    settle(page)


def no_exception(page) -> None:
    assert page.get_by_test_id("stException").count() == 0
    assert "Traceback" not in page.inner_text("body")


def press(page, slider: str, key: str, times: int = 1) -> None:
    thumb = page.get_by_role("slider", name=slider)
    thumb.focus()
    for _ in range(times):
        page.keyboard.press(key)


def metric(page, label: str) -> str:
    """Text of the number of this name, whichever way the page draws it."""
    card = page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{label}"))
    static = page.locator(".numbers > div", has=page.get_by_text(label, exact=True))
    return card.get_by_test_id("stMetricValue").or_(static.locator("dd").first).first.inner_text()


def workbook(page, folder: Path) -> openpyxl.Workbook:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download workbook").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return openpyxl.load_workbook(path)


def betas(book: openpyxl.Workbook) -> dict[tuple[str, str], float]:
    sheet = book["betas"]
    header = [cell.value for cell in sheet[1]]
    return {
        (row[0], factor): value
        for row in sheet.iter_rows(min_row=2, values_only=True)
        for factor, value in zip(header, row, strict=True)
        if factor in FACTORS
    }


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_by_deep_link_without_an_exception(page, server, name) -> None:
    page.goto(f"{server}/{name}")
    assert re.fullmatch(r"[0-9a-f]{32}", fit_id(page))
    no_exception(page)


@pytest.mark.parametrize(
    ("name", "words", "charts"),
    [("Tune", "Compare with the truth", 0), ("Data", "Where observations are missing", 1)],
)
def test_what_is_folded_opens_and_draws(page, server, name, words, charts) -> None:
    page.goto(f"{server}/{name}")
    fit_id(page)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts)
    page.get_by_text(words).click()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(charts + 1)
    settle(page)
    no_exception(page)


def test_the_main_job_on_the_french_demo(page, server, tmp_path) -> None:
    page.goto(server)
    first = fit_id(page)
    choose(page, "Data set", "French 30 portfolios")
    french = wait_for_new_fit(page, first)

    go(page, "Export")
    before = betas(workbook(page, tmp_path))
    assert len(before) == 30 * 4

    # λ moves, betas change.
    press(page, "Penalty λ", "ArrowRight", 5)
    moved = wait_for_new_fit(page, french)
    after = betas(workbook(page, tmp_path))
    assert after.keys() == before.keys()
    assert any(after[cell] != before[cell] for cell in after)

    # One sign painted, and it holds.
    positive = max((cell for cell in after if cell[1] == "HML"), key=after.__getitem__)
    go(page, "Model")
    paint(page, positive[0], positive[1], "− (≤ 0)")
    signed = wait_for_new_fit(page, moved)
    go(page, "Export")
    held = betas(workbook(page, tmp_path))
    assert after[positive] > 0
    assert held[positive] == 0

    # The cutoff moves, the number of clusters changes.
    go(page, "Tune")
    clusters = metric(page, "Clusters")
    press(page, "Dendrogram cutoff", "Home")
    wait_for_new_fit(page, signed)
    assert int(metric(page, "Clusters")) > int(clusters)
    assert page.get_by_text("Optimal, gap").count() == 1
    go(page, "Export")

    # The workbook holds exactly the betas on screen, and they are those of the digest on screen.
    book = workbook(page, tmp_path)
    read, shown = betas(book), on_screen(page)
    assert len(shown) >= 4 * 10
    assert shown == {cell: read[cell] for cell in shown}
    assert fit_id(page) in {cell.value for row in book["parameters"] for cell in row}
    again = fitted_anew(page.url, positive)
    assert again.digest == fit_id(page)
    assert {(str(k), str(f)): value for (k, f), value in again.betas.stack().items()} == read
    no_exception(page)


def tool(page, name: str) -> None:
    """Edit signs by painting on the map or by typing into the grid, which first has to find its place."""
    page.get_by_role("radio", name=name, exact=True).click()
    if name == "Type":
        page.get_by_text("The whole map at a glance").wait_for()
        page.get_by_test_id("stDataFrame").first.locator("canvas").first.wait_for()
        page.wait_for_timeout(500)
    settle(page)


def paint(page, row: str, column: str, value: str) -> None:
    """Set one sign by the lists above the grid."""
    tool(page, "Type")
    pick(page, "Rows", row)
    pick(page, "Columns", column)
    choose(page, "Set to", value)
    settle(page)
    page.get_by_role("button", name="Paint").click()


def pick(page, box: str, option: str) -> None:
    field = page.get_by_role("combobox", name=box)
    field.click()
    field.type(option)
    page.get_by_role("option", name=option, exact=True).first.click()
    page.keyboard.press("Escape")
    settle(page)


def on_screen(page) -> dict[tuple[str, str], float]:
    """The loadings in the table of the page, which draws only the rows in view."""
    table = page.get_by_test_id("stDataFrame").first
    table.locator("[role=row]").nth(1).wait_for(state="attached")
    header, *rows = [row.locator("th, td").all_inner_texts() for row in table.locator("[role=row]").all()]
    return {
        (row[0], factor): float(text)
        for row in rows
        for factor, text in zip(header, row, strict=True)
        if factor in FACTORS
    }


def fitted_anew(url: str, negative: tuple[str, str]) -> Fit:
    """The fit that the page's link and the painted sign describe, made in this process."""
    asked = parse_qs(urlsplit(url).query)
    demo = load_demo(asked["data"][0])
    panel = Panel.from_frames(demo.factors, demo.responses)
    signs = panel.cells(np.full(panel.shape[1:], np.nan))
    signs.loc[negative] = -1
    spec = FitSpec(
        LassoModelType.GROUP_LASSO_CLUSTERS,
        clustering=ClusterOptions(float(asked["cutoff"][0])),
        penalty=PenaltyOptions(float(asked["lam"][0]), 0.1),
    )
    return fit(panel, Beliefs.for_panel(panel, signs=signs), spec)


def sidebar_values(page) -> dict[str, str]:
    """What the sliders of the sidebar say."""
    names = ("Penalty λ", "L1 share α", "Dendrogram cutoff", "EWMA span")
    return {name: page.get_by_role("slider", name=name).get_attribute("aria-valuetext") for name in names}


def test_every_parameter_survives_reload_and_page_change(page, server) -> None:
    page.goto(f"{server}/Tune?data=french&model=LASSO&lam=0.0001&alpha=0.3&cutoff=0.6&span=24&nonneg=yes")
    start = fit_id(page)
    shown = sidebar_values(page)
    assert shown["Penalty λ"] == "9.89e-05"  # the stop nearest to the λ of the link
    for name in ("Clusters", "Model", "Data", "Export", "Tune"):
        go(page, name)
        assert fit_id(page) == start
        assert sidebar_values(page) == shown
    page.reload()
    assert fit_id(page) == start
    expect(page.get_by_role("spinbutton", name="λ value")).to_have_value("1.000e-4")


def test_a_moved_slider_stays_in_the_link_on_every_page_and_back_brings_it_back(page, server) -> None:
    page.goto(f"{server}/Tune")
    start = fit_id(page)
    press(page, "L1 share α", "ArrowRight")
    moved = wait_for_new_fit(page, start)
    for name in ("Clusters", "Data", "Home", "Export", "Tune"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(re.compile(rf"/{name.replace('Home', '')}\?alpha=0.11&panel=[0-9a-f]{{8}}$"))
        settle(page)
        assert fit_id(page) == moved
        page.reload()
        assert fit_id(page) == moved
        assert "alpha=0.11" in page.url
    for name in ("Export", "", "Data", "Clusters", "Tune"):
        page.go_back()
        page.wait_for_url(re.compile(rf"/{name}\?alpha=0.11&panel=[0-9a-f]{{8}}$"))
        settle(page)
        assert fit_id(page) == moved
    page.go_back()
    page.wait_for_url(re.compile(r"/Tune$"))
    assert wait_for_new_fit(page, moved) == start
    assert sidebar_values(page)["L1 share α"] == "0.10"
    page.go_forward()
    assert wait_for_new_fit(page, start) == moved
