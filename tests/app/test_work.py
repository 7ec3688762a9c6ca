"""Tune says on request what a move recomputed; the counts are those of the stages."""

from __future__ import annotations

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.compute import SHARED_BYTES
from tests.app.test_pages import edits, good, slider, start, texts

COMPUTED, FOUND = "Computed this session", "From the cache"
PATH = "Path along λ"
ALL = [
    "Demeaned arrays",
    "Moments of the loss",
    "Correlations",
    "Tree",
    "Cut, bounds and weights",
    "Solve and proof",
    PATH,
]


def counts(app: AppTest) -> pd.DataFrame:
    """The table of *What was computed*."""
    return next(item.value for item in app.table if "This view" in item.value)


def move(app: AppTest, label: str, value: object) -> tuple[pd.DataFrame, set[str]]:
    """The table after a move, and the stages that the move computed."""
    before = counts(app)[COMPUTED]
    slider(app, label).set_value(value)
    after = counts(good(app.run()))
    more = after[COMPUTED] - before.reindex(after.index, fill_value=0)
    assert set(more[more > 0].index) == set(after.index[after["This view"] == "computed"])
    return after, set(more[more > 0].index)


@pytest.fixture
def app() -> AppTest:
    """*Tune* as a fresh server shows it: what tests before it left in the shared cache is gone."""
    st.cache_resource.clear()
    app = start("pages/3_Tune.py")
    app.session_state["sections"] = ["What was computed"]
    return good(app.run())


def test_the_stages_stand_in_the_order_of_the_work(app) -> None:
    assert counts(app).index.tolist() == ALL


def test_a_move_of_lambda_recomputes_only_the_solve_and_one_of_alpha_the_path_as_well(app) -> None:
    for label, value, more in (("Penalty λ", slider(app, "Penalty λ").value + 3, set()), ("L1 share α", 0.37, {PATH})):
        table, computed = move(app, label, value)
        assert computed == {"Solve and proof"} | more
    assert table.loc["Tree", [COMPUTED, "This view"]].tolist() == [1, "not needed"]


def test_a_move_of_the_cutoff_recomputes_the_cut_the_weights_and_the_solve(app) -> None:
    assert move(app, "Dendrogram cutoff", 0.21)[1] == {"Cut, bounds and weights", "Solve and proof", PATH}


def test_a_move_of_the_span_goes_back_to_the_data_and_a_move_back_recomputes_nothing(app) -> None:
    stops = slider(app, "EWMA span").options
    there, back = next(stop for stop in stops if stop != "off"), slider(app, "EWMA span").value
    assert move(app, "EWMA span", there)[1] == set(ALL)
    table, computed = move(app, "EWMA span", back)
    assert computed == set() and table.loc["Solve and proof", "This view"] == "from the cache"


def test_the_work_of_select_has_words() -> None:
    app = start("pages/5_Select.py", cv_score="sphericity", cv_points="5")
    app.session_state["cv_map_box"] = True
    good(app.run())
    app.session_state["sections"] = ["What was computed"]
    app.switch_page("pages/3_Tune.py")
    names = counts(good(app.run())).index
    assert list(names[-3:]) == [
        "Select: fits of the folds", "Select: residuals of the folds", "Select: map over α and cutoff",
    ]  # fmt: skip
    assert all(name[0].isupper() for name in names)


def test_the_room_of_the_cache_is_named_with_its_bound(app) -> None:
    assert "all sessions share" in texts(app)
    assert f"of {SHARED_BYTES / 2**20:.0f} MiB" in texts(app)


def test_fits_with_edits_of_the_analyst_are_counted_in_the_sessions_own_cache(app) -> None:
    edits(app).signs.iloc[0, 0] = 1.0
    table = counts(good(app.run()))
    assert table.loc["Solve and proof", COMPUTED] == 2
    assert "this session's own" in texts(app)
