"""Edits and files by real keys and clicks: nothing typed is lost, nothing bad gets through."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.browser.test_main_job import choose, fit_id, go, no_exception, settle, tool, wait_for_new_fit

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title='taken'>"


def type_into(page, row: int, column: int, text: str) -> None:
    """Type into a cell of the demo's sign grid, at the pace of a quick person: click, type, Enter."""
    box = page.get_by_test_id("stDataFrame").first.locator("canvas").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 7 * (column + 0.5), box["y"] + 32 * (row + 1.5))
    page.wait_for_timeout(150)
    page.keyboard.type(text)
    page.wait_for_timeout(50)
    page.keyboard.press("Enter")


def test_cells_typed_one_after_the_other_all_count_and_survive_a_page_change(page, server) -> None:
    page.goto(f"{server}/Model")
    start = fit_id(page)
    settle(page)
    tool(page, "Type")
    for row, text in enumerate(("+", "-", "0", "x")):
        type_into(page, row, 2, text)
    expect(page.get_by_text("3 of 240 cells constrained: 1 +, 1 −, 1 zero")).to_be_visible()
    edited = fit_id(page)
    assert edited != start
    go(page, "Tune")
    assert fit_id(page) == edited
    go(page, "Model")
    expect(page.get_by_text("3 of 240 cells constrained: 1 +, 1 −, 1 zero")).to_be_visible()
    choose(page, "Data set", "French 30 portfolios")
    expect(page.get_by_text("No cell is constrained.")).to_be_visible()
    choose(page, "Data set", "Multi-asset, synthetic")
    expect(page.get_by_text("3 of 240 cells constrained: 1 +, 1 −, 1 zero")).to_be_visible()
    no_exception(page)


def returns(names: list[str], seed: int) -> bytes:
    index = pd.date_range("2020-01-31", periods=40, freq="ME")
    values = 0.03 * np.random.default_rng(seed).standard_normal((40, len(names)))
    return pd.DataFrame(values, index, names).round(6).to_csv(index_label="date").encode()


def send(page, which: str, name: str, content: bytes) -> None:
    field = page.get_by_test_id("stFileUploader").filter(has_text=which).locator("input[type=file]")
    field.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    settle(page)


def upload(page, server, responses: list[str], factors: list[str]) -> str:
    """Upload returns under some names on *Data*, and return the digest of their fit."""
    page.goto(f"{server}/Data")
    start = fit_id(page)
    settle(page)
    page.get_by_text("Upload your own").click()
    send(page, "Responses file", "mine.csv", returns(responses, 0))
    send(page, "Factors file", "factors.csv", returns(factors, 1))
    return wait_for_new_fit(page, start)


def test_an_upload_is_fitted_a_bad_one_is_one_sentence_and_hostile_names_are_text(page, server) -> None:
    mine = upload(page, server, [HOSTILE, "$x^2$", "plain"], ["F1", "F2"])
    for name in ("Model", "Tune", "Clusters", "Export", "Data"):
        go(page, name)
        assert fit_id(page) == mine
        assert page.locator("img[src=x]").count() == 0
        no_exception(page)
    assert page.title() != "taken"

    page.get_by_text("Upload your own").click()
    send(page, "Responses file", "bad.csv", b"date,A\n2020-01-31,0.1\n2020-02-29,oops\n")
    send(page, "Factors file", "factors.csv", returns(["F1", "F2"], 1))
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("bad.csv")
    expect(alert).to_contain_text("row 3")
    expect(alert).to_contain_text("oops")
    assert fit_id(page) == mine
    no_exception(page)
