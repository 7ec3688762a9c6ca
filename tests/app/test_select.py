"""The *Select* page: choosing by what was held out, one click to take it over, and every state it can be in."""

from __future__ import annotations

import pytest

from pages.shared import sidebar
from pages.shared.select_map import SIZES
from tests.app.test_pages import csv, fit_id, fitted, go, good, linked, metric, returns, slider, start, texts, upload

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
    assert [linked(app)[key] for key in ("cv_scheme", "cv_gap", "cv_window")] == ["rolling", "6", "40"]
    shown = metric(app, "λ.min"), metric(app, "λ.1se")
    go(go(app, "pages/3_Tune.py"), SELECT)
    assert (metric(app, "λ.min"), metric(app, "λ.1se")) == shown
    again = start(SELECT, cv_scheme="rolling", cv_gap="6", cv_window="40")
    assert (metric(again, "λ.min"), metric(again, "λ.1se")) == shown


def test_nonsense_in_the_link_is_the_default() -> None:
    app = start(SELECT, cv_scheme="x", cv_folds="99", cv_gap="-1", cv_score="?", cv_points="many", cv_top="7")
    plain = start(SELECT)
    assert [metric(app, name) for name in ("λ.min", "λ.1se")] == [metric(plain, name) for name in ("λ.min", "λ.1se")]


TINY = "2015-01-31_2015-12-31"  # twelve rows


@pytest.mark.parametrize(("query", "words"), [
    ({"cv_gap": "100"}, "gap of 100 rows leaves nothing before the first test window, at row 51: take a gap of at"),
    ({"cv_gap": "60"}, "at row 51: take 3 folds, a gap of at most 49 rows or a longer sample on *Data*."),
    ({"cv_gap": "120", "cv_folds": "2"}, "take a gap of at most 99 rows or a longer sample on *Data*."),
    ({"cv_folds": "20", "window": TINY}, "20 folds need at least 21 rows, and the sample has 12: take a longer sample"),
    ({"cv_scheme": "rolling", "cv_window": "8"},
     "longest training window has 8 rows, and a fit needs 12: take a rolling window of at least 12 rows or a shorter"),
    ({"cv_scheme": "rolling", "cv_window": "3", "warmup": "off"}, "needs 5: take a rolling window of at least 5 rows."),
    ({"cv_folds": "20", "cv_score": "sphericity"},
     "A test window has 14 rows, and residual correlation needs 30: take 9 folds, a longer sample on *Data* or"),
])  # fmt: skip
def test_folds_that_cannot_be_name_cures_in_words_of_the_page_and_keep_the_fit(query, words) -> None:
    app = start(SELECT, **query)
    assert words in app.warning[0].value and "=" not in app.warning[0].value
    assert len(fit_id(app)) == 32 and not app.get("download_button")


@pytest.mark.parametrize(("query", "cures"), [
    ({"cv_gap": "60"}, [{"cv_folds": "3"}, {"cv_gap": "49"}]),
    ({"cv_scheme": "rolling", "cv_gap": "45"}, [{"cv_gap": "38"}, {"cv_window": "12"}, {"cv_folds": "4"}]),
    ({"cv_scheme": "rolling", "cv_window": "8", "span": "12"}, [{"cv_window": "13"}, {"warmup": "off"}]),
    ({"cv_folds": "20", "cv_score": "sphericity"}, [{"cv_folds": "9"}, {"cv_score": "r2"}]),
])  # fmt: skip
def test_every_cure_that_is_named_works(query, cures) -> None:
    app = start(SELECT, cv_points="5", **query)
    for cure in cures:
        number = next(iter(cure.values()))
        assert number in app.warning[0].value or not number.isdigit()
        cured = start(SELECT, cv_points="5", **query | cure)
        assert not cured.warning and "λ.min" in [item.label for item in cured.metric]


def test_a_best_lambda_at_the_edge_of_the_grid_asks_for_a_wider_one() -> None:
    assert "of the grid" not in texts(start(SELECT))
    assert "λ.min is the smallest of the grid: span more decades." in texts(start(SELECT, cv_decades="1"))


def test_the_rule_marks_one_button_and_both_lambdas_may_be_equal() -> None:
    app = start(SELECT, cv_points="5", cv_decades="1", cv_top="0.1")
    for rule, kinds in (("best", ["primary", "secondary"]), ("sparse", ["secondary", "primary"])):
        app.selectbox(key="cv_rule").set_value(rule)
        good(app.run())
        assert [app.button(key=f"use_{name}").proto.type for name in ("λ.min", "λ.1se")] == kinds
    assert app.selectbox(key="cv_decades").options[:2] == ["1 decade", "2 decades"]


def test_left_out_folds_are_named_in_whole_sentences() -> None:
    app = start(SELECT, warmup="60", cv_points="5")
    assert "Fold 1 is left out" in texts(app)
    two = start(SELECT, warmup="60", cv_points="5", cv_folds="10")
    assert "Folds 1, 2 are left out" in texts(two)
    one = start(SELECT, warmup="60", cv_points="5", cv_folds="2", window="2016-01-31_2025-12-31")
    assert "With a single fold compared there is no standard error, so λ.1se is λ.min." in texts(one)
    assert metric(one, "λ.1se") == metric(one, "λ.min")


def test_responses_that_begin_too_late_are_told_in_words_of_the_page() -> None:
    late = returns(60, "AB")
    late.iloc[:54] = None
    app = upload(start("pages/1_Data.py"), csv(late), csv(returns(60, "XY", seed=1)))
    go(app, SELECT)
    assert "begin too late for its training rows" in texts(app) and "warmup_period" not in texts(app)


def test_residual_correlation_names_both_ends_of_the_grid_and_what_the_map_shows(monkeypatch) -> None:
    monkeypatch.setattr("pages.shared.select_map.SIZES", ((SIZES[0][0], (2, 3, 4)),))
    app = start(SELECT, cv_score="sphericity", cv_points="8", cv_folds="3")
    assert "λ.min is the smallest of the grid" in texts(app)
    assert "single ones show their R² out of sample" in texts(app)
    app.session_state["cv_map_box"] = True
    good(app.run())
    assert "Residual correlation has no map: this one shows R² out of sample." in texts(app)
    assert any(box.label == "Map of R² out of sample over α and cutoff" for box in app.expander)


def test_one_response_has_no_residual_correlation_and_no_map() -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(60, "A")), csv(returns(60, "XY", seed=1)))
    go(app, SELECT)
    assert "λ.min" in [item.label for item in app.metric]
    app.selectbox(key="cv_score").set_value("sphericity")
    assert "these data have 1" in texts(good(app.run()))


def test_the_map_is_computed_when_it_is_opened_and_its_best_point_taken_over(monkeypatch) -> None:
    monkeypatch.setattr("pages.shared.select_map.SIZES", ((SIZES[0][0], (2, 3, 4)),))
    app = start(SELECT)
    assert "Every cell stands for the best of 4 of the 40 λ" not in texts(app)
    app.session_state["cv_map_box"] = True
    good(app.run())
    assert "Every cell stands for the best of 4 of the 40 λ" in texts(app)
    assert " ± " in texts(app) and "(standard error)" in texts(app)
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
