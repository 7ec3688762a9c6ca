"""The *Select* page in a real Chromium: what is clicked reaches slider, link, picture and file."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import fit_id, settle, wait_for_new_fit

pytestmark = pytest.mark.browser


def query(page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


MARKS = (
    "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.layout?.yaxis2)"
    ".flatMap(p => p.layout.annotations.map(a => [a.text, a.x]))"
)


def marks(page, label: str) -> dict[str, float]:
    """Labels above the curve and log10 of their λ, once one of them is there."""
    page.wait_for_function(f"label => {MARKS}.some(mark => mark[0] === label)", arg=label)
    return dict(page.evaluate(MARKS))


def test_a_lambda_taken_over_moves_slider_link_and_mark_and_survives_a_reload(page, server) -> None:
    page.goto(f"{server}/Select?data=french&cv_points=20")
    old = fit_id(page)
    settle(page)
    wanted = marks(page, "λ.1se")["λ.1se"]
    page.get_by_role("button", name="Use λ.1se").click()
    new = wait_for_new_fit(page, old)
    expect(page.get_by_role("button", name="λ.1se is in use")).to_be_disabled()
    page.wait_for_function(f"wanted => {MARKS}.some(m => m[0] === 'current λ' && m[1] === wanted)", arg=wanted)
    page.wait_for_url(re.compile("lam="))
    assert 10**wanted == pytest.approx(float(query(page)["lam"][0]))
    page.reload()
    assert fit_id(page) == new


def test_the_workbook_holds_the_settings_and_the_map_that_is_open(page, server) -> None:
    page.goto(f"{server}/Select?data=french&model=GROUP_LASSO&cv_scheme=rolling&cv_gap=3&cv_points=8")
    fit_id(page)
    settle(page)
    page.get_by_text("Map of R² out of sample over α").click()
    page.get_by_text("Every cell stands for the best of").wait_for()
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download workbook").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert book.sheetnames == [
        "selection",
        "curve",
        "folds",
        "responses",
        "clusters",
        "map",
        "parameters",
        "dictionary",
    ]
    about = {row[0].value: row[1].value for row in book["selection"]}
    assert (about["scheme"], about["gap_rows"], book["curve"].max_row) == ("rolling", 3, 9)
