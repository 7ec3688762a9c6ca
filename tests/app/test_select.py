"""The *Select* page: choosing by what was held out, one click to take it over, and every state it can be in."""

from __future__ import annotations

import pytest

from pages.shared import sidebar
from pages.shared.select_map import SIZES
from tests.app.test_pages import csv, fit_id, fitted, go, good, metric, returns, slider, start, texts, upload

SELECT = "pages/5_Select.py"


@pytest.mark.parametrize("model", sidebar.MODEL_WORDS.values())
@pytest.mark.parametrize("score", ["r2", "error", "sphericity"])
def test_every_model_is_scored_by_every_score(model, score) -> None:
    app = start(SELECT, model=model, cv_score=score, cv_points="8", cv_folds="3")
    assert not app.warning and "λ.min" in [item.label for item in app.metric]


@pytest.mark.parametrize("name", ["λ.min", "λ.1se"])
def test_one_click_takes_a_lambda_over_and_the_page_fits_again(name) -> None:
    app = start(SELECT)
    before, shown = fit_id(app), metric(app, name)
    app.button(key=f"use_{name}").click()
    good(app.run())
    assert fit_id(app) != before and f"{fitted(app).spec.penalty.reg_lambda:.3g}" == shown
    assert app.button(key=f"use_{name}").disabled
    assert app.number_input(key="lam").value == fitted(app).spec.penalty.reg_lambda
    kept = fit_id(app)
    assert fit_id(go(app, "pages/3_Tune.py")) == kept


def test_a_move_of_the_sidebar_validates_the_new_model_and_a_move_of_lambda_does_not() -> None:
    app = start(SELECT)
    scores = metric(app, "λ.min"), metric(app, "Non-zero loadings")
    slider(app, "Penalty λ").set_value(slider(app, "Penalty λ").value + 5)
    good(app.run())
    assert (metric(app, "λ.min"), metric(app, "Non-zero loadings")) == scores
    slider(app, "L1 share α").set_value(0.9)
    good(app.run())
    assert (metric(app, "λ.min"), metric(app, "Non-zero loadings")) != scores


def test_the_rule_chooses_the_lambda_whose_responses_are_listed() -> None:
    app = start(SELECT)
    best, sparse = metric(app, "λ.min"), metric(app, "λ.1se")
    assert app.subheader[0].value.endswith(best)
    app.selectbox(key="cv_rule").set_value("sparse")
    assert good(app.run()).subheader[0].value.endswith(sparse) and best != sparse


def test_what_is_asked_here_travels_in_the_link_and_over_pages() -> None:
    app = start(SELECT)
    app.selectbox(key="cv_scheme").set_value("rolling")
    app.number_input(key="cv_gap").set_value(6)
    good(app.run())
    app.number_input(key="cv_window").set_value(40)
    good(app.run())
    assert [app.query_params[key] for key in ("cv_scheme", "cv_gap", "cv_window")] == ["rolling", "6", "40"]
    shown = metric(app, "λ.min"), metric(app, "λ.1se")
    go(go(app, "pages/3_Tune.py"), SELECT)
    assert (metric(app, "λ.min"), metric(app, "λ.1se")) == shown
    again = start(SELECT, cv_scheme="rolling", cv_gap="6", cv_window="40")
    assert (metric(again, "λ.min"), metric(again, "λ.1se")) == shown


def test_nonsense_in_the_link_is_the_default() -> None:
    app = start(SELECT, cv_scheme="x", cv_folds="99", cv_gap="-1", cv_score="?", cv_points="many", cv_top="7")
    plain = start(SELECT)
    assert [metric(app, name) for name in ("λ.min", "λ.1se")] == [metric(plain, name) for name in ("λ.min", "λ.1se")]


@pytest.mark.parametrize(("query", "words"), [
    ({"cv_gap": "100"}, "use fewer folds or a smaller gap"),
    ({"cv_folds": "20", "window": "2015-01-31_2015-12-31"}, "use fewer folds"),
])  # fmt: skip
def test_folds_that_cannot_be_name_their_cure_and_keep_the_fit(query, words) -> None:
    app = start(SELECT, **query)
    assert words in app.warning[0].value.replace("\\", "")
    assert len(fit_id(app)) == 32 and not app.get("download_button")


def test_a_best_lambda_at_the_edge_of_the_grid_asks_for_a_wider_one() -> None:
    assert "of the grid" not in texts(start(SELECT))
    assert "The best λ is the smallest of the grid: span more decades." in texts(start(SELECT, cv_decades="1"))


def test_one_response_has_no_residual_correlation_and_no_map() -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(60, "A")), csv(returns(60, "XY", seed=1)))
    go(app, SELECT)
    assert "λ.min" in [item.label for item in app.metric]
    app.selectbox(key="cv_score").set_value("sphericity")
    assert "these data have 1" in texts(good(app.run()))


def test_the_map_is_computed_when_it_is_opened_and_its_best_point_taken_over(monkeypatch) -> None:
    monkeypatch.setattr("pages.shared.select_map.SIZES", ((SIZES[0][0], (2, 3, 4)),))
    app = start(SELECT)
    assert "Every cell stands for the best λ" not in texts(app)
    app.session_state["cv_map_box"] = True
    good(app.run())
    assert "Every cell stands for the best λ" in texts(app)
    app.button(key="use_map").click()
    good(app.run())
    spec = fitted(app).spec
    assert app.button(key="use_map").disabled
    assert spec.penalty.l1_weight in (0.0, 1.0) and spec.clustering.cutoff_fraction in (0.1, 0.5, 0.9)


@pytest.mark.parametrize("model", ["LASSO", "UNILASSO"])
def test_models_without_blocks_have_no_map(model) -> None:
    app = start(SELECT, model=model)
    app.session_state["cv_map_box"] = True
    assert "have no meaning" in texts(good(app.run()))
