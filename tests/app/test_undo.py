"""Undo and redo: every step comes back as it was, says what it is, and steps of one data set stay its own."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import history, settings, sidebar, undo
from pages.shared.history import MOST_STEPS, PAUSE, History, Snapshot
from tests.app.test_pages import MODEL, edits, fit_id, go, good, linked, part, slider, start


def snap(lam: float = 1.0, alpha: float = 0.1, signs: pd.DataFrame | None = None) -> Snapshot:
    return Snapshot({"signs": signs}, {"lam": lam, "alpha": alpha})


def noted(*snapshots: Snapshot, every: float = 2 * PAUSE) -> History:
    held = History()
    for step, snapshot in enumerate(snapshots):
        held.note(snapshot, step * every)
    return held


def test_steps_go_back_and_forth_in_order() -> None:
    one, two, three = snap(1.0), snap(2.0), snap(2.0, 0.5)
    held = noted(one, two, three)
    assert [held.back(), held.back(), held.back()] == [two, one, None]
    assert [held.forth(), held.forth(), held.forth()] == [two, three, None]


def test_what_does_not_differ_is_no_step_and_a_new_step_forgets_what_was_undone() -> None:
    frame = pd.DataFrame([[1.0, float("nan")]])
    held = noted(snap(signs=frame), snap(signs=frame.copy()))
    assert held.past == []
    held.note(snap(2.0, signs=frame), 99)
    held.back()
    held.note(snap(3.0, signs=frame), 199)
    assert held.forth() is None and len(held.past) == 1


def test_quick_moves_of_one_control_are_one_step_and_a_move_there_and_back_is_none() -> None:
    held = noted(snap(1.0), snap(2.0), snap(3.0), snap(4.0), every=PAUSE / 4)
    assert len(held.past) == 1 and held.back().settings["lam"] == 1.0
    held = noted(snap(1.0), snap(2.0), snap(1.0), every=PAUSE / 4)
    assert held.past == []
    held = noted(snap(1.0), snap(2.0), snap(2.0, 0.2), snap(3.0, 0.2), every=PAUSE / 4)
    assert len(held.past) == 3


def test_what_is_brought_back_is_a_step_of_its_own_however_soon_it_comes() -> None:
    held = noted(snap(1.0), snap(2.0), every=PAUSE / 4)
    held.close()
    held.note(snap(1.0), PAUSE / 2)
    assert [step.settings["lam"] for step in held.past] == [1.0, 2.0]


def test_two_quick_paintings_are_two_steps() -> None:
    frames = [pd.DataFrame([[float(k)]]) for k in range(3)]
    assert len(noted(*(snap(signs=frame) for frame in frames), every=PAUSE / 10).past) == 2


def test_the_number_of_steps_is_bounded() -> None:
    held = noted(*(snap(float(k)) for k in range(2 * MOST_STEPS)))
    assert len(held.past) == MOST_STEPS and held.past[-1].settings["lam"] == 2 * MOST_STEPS - 2


@pytest.mark.parametrize(
    ("then", "short"),
    [
        (snap(2.0), "λ"),
        (snap(2.0, 0.3), "λ and 1 more"),
        (snap(signs=pd.DataFrame([[1.0, -1.0]])), "1 sign"),
        (snap(signs=pd.DataFrame([[0.0, -1.0]])), "2 signs"),
    ],
)
def test_a_step_is_named_by_what_it_changes(then, short) -> None:
    now = snap(signs=pd.DataFrame([[1.0, float("nan")]]) if then.beliefs["signs"] is not None else None)
    assert undo.describe(now, then, {})[0] == short


def test_every_parameter_that_can_be_undone_has_a_word() -> None:
    assert {step.key for step in sidebar.STEPS} <= set(undo.WORDS)
    assert set(settings.WORDS) == set(settings.CONTROLS)


@pytest.fixture
def quick(monkeypatch) -> None:
    """Every move is a step of its own, however fast the test is."""
    monkeypatch.setattr(history, "PAUSE", -1.0)


def click(app: AppTest, key: str) -> str:
    app.button(key=key).click()
    return fit_id(good(app.run()))


@pytest.mark.usefixtures("quick")
def test_a_mixed_job_is_undone_step_by_step_and_redone() -> None:
    app = start(MODEL)
    seen = [fit_id(app)]
    for label, value in (("L1 share α", 0.4), ("Dendrogram cutoff", 0.2), ("EWMA span", "24")):
        slider(app, label).set_value(value)
        seen.append(fit_id(good(app.run())))
    app.toggle(key="derive").set_value(True)
    seen.append(fit_id(good(app.run())))
    edits(app).excluded = {"US Govt": ["Rates"]}
    edits(app).redraw()
    seen.append(fit_id(good(app.run())))
    app.selectbox(key="model").set_value("LASSO")
    seen.append(fit_id(good(app.run())))
    assert len(set(seen)) == len(seen)
    assert [click(app, "undo") for _ in seen[1:]] == seen[-2::-1]
    assert app.button(key="undo").disabled and not app.toggle(key="derive").value
    assert [click(app, "redo") for _ in seen[1:]] == seen[1:]
    assert app.button(key="redo").disabled and linked(app)["alpha"] == "0.4"


@pytest.mark.usefixtures("quick")
def test_what_a_page_does_not_draw_is_undone_there_too() -> None:
    app = part(start(MODEL), "Rules")
    before = fit_id(app)
    app.selectbox(key="linkage").set_value("average")
    changed = fit_id(good(app.run()))
    go(app, "pages/3_Tune.py")
    assert app.button(key="undo").label == "Undo linkage"
    assert click(app, "undo") == before != changed
    assert fit_id(go(app, MODEL)) == before


@pytest.mark.usefixtures("quick")
def test_each_data_set_has_its_own_steps() -> None:
    app = start(MODEL)
    edits(app).signs = edits(app).signs.assign(Equity=1.0)
    good(app.run())
    app.selectbox(key="data").set_value("french")
    good(app.run())
    assert app.button(key="undo").disabled
    app.selectbox(key="data").set_value("synthetic")
    good(app.run())
    assert app.button(key="undo").label == "Undo 40 signs"


@pytest.mark.usefixtures("quick")
def test_groups_cleared_by_mistake_come_back() -> None:
    app = part(start(MODEL, model="GROUP_LASSO"), "Groups")
    before = fit_id(app)
    app.button(key="groups_clear").click()
    assert "group" in good(app.run()).error[0].value
    assert app.button(key="undo").label == "Undo groups"
    assert click(app, "undo") == before and not app.error
