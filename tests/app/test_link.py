"""Links name the data they were made with, and never show others in silence."""

from __future__ import annotations

import pytest

from pages.shared import sources
from tests.app.test_pages import csv, fit_id, go, good, linked, returns, slider, start, texts, upload

MISSING = "which are not here"


def word(app, name: str) -> str:
    return linked(app).get(name, "")


def mine(seed: int = 0):
    return csv(returns(names="ABC", seed=seed)), csv(returns(names="XY", seed=1))


def test_a_link_that_says_anything_says_its_data_and_an_empty_one_stays_empty() -> None:
    app = start("pages/3_Tune.py")
    assert word(app, "panel") == ""
    slider(app, "L1 share α").set_value(0.2)
    good(app.run())
    assert word(app, "panel") == sources.demo_source("synthetic").panel.key[:8] and word(app, "file") == ""
    again = start("pages/3_Tune.py", alpha="0.2", panel=word(app, "panel"))
    assert MISSING not in texts(again) and fit_id(again) == fit_id(app)


def test_the_link_to_an_upload_names_it_and_is_answered_by_the_same_numbers_only() -> None:
    app = upload(start("pages/1_Data.py"), *mine(), name="my returns.csv")
    slider(app, "L1 share α").set_value(0.2)
    wanted = fit_id(good(app.run()))
    query = {name: word(app, name) for name in ("data", "panel", "file", "alpha")}
    assert query["file"] == "my returns.csv" and query["data"] == "upload"

    other = start("pages/1_Data.py", **query)
    assert "my returns\\.csv" in texts(other) and query["panel"] in texts(other) and MISSING in texts(other)
    assert {name: word(other, name) for name in query} == query  # a reload asks again
    go(other, "pages/3_Tune.py")
    assert MISSING in texts(other)
    go(other, "pages/1_Data.py")
    upload(other, *mine(seed=9))
    good(other.run())
    assert MISSING in texts(other) and fit_id(other) != wanted
    upload(other, *mine(), name="renamed.csv")
    good(other.run())
    assert MISSING not in texts(other) and fit_id(other) == wanted


def test_the_window_of_a_link_waits_for_its_data() -> None:
    app = upload(start("pages/1_Data.py"), *mine())
    panel = app.session_state["workbench"].upload.panel.key[:8]
    window = "2020-06-30_2022-12-31"
    other = start("pages/1_Data.py", data="upload", panel=panel, window=window)
    upload(other, *mine())
    good(other.run())
    assert other.session_state["window"] == window and MISSING not in texts(other)


def test_data_chosen_by_hand_are_meant() -> None:
    app = start("pages/3_Tune.py", data="upload", panel="0123abcd", file="x.csv")
    assert MISSING in texts(app)
    app.selectbox(key="data").set_value("french")
    good(app.run())
    assert MISSING not in texts(app) and word(app, "panel") == sources.demo_source("french").panel.key[:8]


def test_a_demo_whose_numbers_changed_is_said_to_be_another() -> None:
    assert MISSING in texts(start("pages/3_Tune.py", data="french", panel="00000000"))


@pytest.mark.parametrize("panel", ["x", "0123ABCD", "<b>", "0" * 40, "../../etc"])
def test_what_is_no_digest_is_none(panel) -> None:
    assert MISSING not in texts(start("pages/3_Tune.py", data="french", panel=panel))


def test_a_hostile_name_in_a_link_is_text() -> None:
    app = start("pages/3_Tune.py", data="upload", panel="0123abcd", file="<img src=x onerror=alert(1)> **b** $x$")
    shown = next(item.value for item in app.warning if MISSING in item.value)
    assert "\\<img" in shown and "\\*\\*b" in shown and "\\$x" in shown


def test_a_malformed_window_of_a_link_is_none() -> None:
    app = upload(start("pages/1_Data.py"), *mine())
    panel = app.session_state["workbench"].upload.panel.key[:8]
    other = start("pages/1_Data.py", data="upload", panel=panel, window="a_b_c")
    upload(other, *mine())
    assert good(other.run()).session_state["window"] is None and MISSING not in texts(other)
