"""The pages as scripts: defaults, moves, uploads, edits, errors. Nothing here needs a browser."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from factorlasso_core import Rule
from pages.shared import editors, feedback, sidebar
from pages.shared.sources import demo_source
from pages.shared.state import Edits

ROOT = Path(__file__).parents[2]
PAGES = tuple(path for path, _, _ in sidebar.PAGES)


def start(page: str = "app.py", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "app.py":
        app.switch_page(page)
    return good(app.run())


def good(app: AppTest) -> AppTest:
    assert not app.exception, [item.message for item in app.exception]
    return app


def go(app: AppTest, page: str) -> AppTest:
    app.switch_page(page)
    return good(app.run())


def fit_id(app: AppTest) -> str:
    (marker,) = (item.proto.body for item in app.get("html") if "fit-id" in item.proto.body)
    return marker.split(">")[1].split("<")[0]


def texts(app: AppTest) -> str:
    kinds = ("caption", "markdown", "error", "warning", "info")
    said = [str(item.value) for kind in kinds for item in app.get(kind)]
    return "\n".join([*said, *(unescape(item.proto.body) for item in app.get("html"))])


def metric(app: AppTest, label: str) -> str:
    """Text of the number of this name, whichever way the page draws it."""
    held = {item.label: item.value for item in app.metric}
    for item in app.get("html"):
        held |= re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", item.proto.body)
    return unescape(held[label])


def linked(app: AppTest) -> dict[str, str]:
    """What the browser is told to write into its address."""
    found = [item.proto for item in app.get("bidi_component") if item.proto.component_name == "browser"]
    return json.loads(found[0].json)["wanted"]


def slider(app: AppTest, label: str):
    return next(item for item in (*app.slider, *app.select_slider) if item.label == label)


def csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index_label="date").encode()


def returns(rows: int = 40, names: str = "AB", seed: int = 0, start_date: str = "2020-01-31") -> pd.DataFrame:
    index = pd.date_range(start_date, periods=rows, freq="ME")
    rng = np.random.default_rng(seed)
    return pd.DataFrame(0.03 * rng.standard_normal((rows, len(names))), index, list(names)).round(6)


def edits(app: AppTest) -> Edits:
    """The edits on the data on screen; each test edits one data set."""
    return app.session_state["workbench"].edits[demo_source(app.session_state["data"]).panel.key]


def uploader(app: AppTest, kind: str):
    return app.file_uploader(key=f"{kind}_file_{edits(app).key}")


def upload(app: AppTest, responses: bytes, factors: bytes, name: str = "responses.csv") -> AppTest:
    app.file_uploader(key="responses_file").upload(name, responses)
    app.file_uploader(key="factors_file").upload("factors.csv", factors)
    return good(app.run())


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("data", ["synthetic", "french"])
@pytest.mark.parametrize("model", ["LASSO", "GROUP_LASSO", "HCGL"])
def test_every_page_runs_for_every_demo_and_model_and_ends_with_the_digest(page, data, model) -> None:
    app = start(page, data=data, model=model)
    assert len(fit_id(app)) == 32
    assert "fit-id" in app.main.children[max(app.main.children)].proto.body


def test_the_defaults_are_those_of_the_product() -> None:
    app = start()
    assert next(item for item in app.selectbox if item.label == "Data set").value == "synthetic"
    assert next(item for item in app.selectbox if item.label == "Model type").value == "GROUP_LASSO_CLUSTERS"
    assert app.number_input(key="lam").value == pytest.approx(3e-5, rel=0.06)
    assert slider(app, "L1 share α").value == 0.1
    assert slider(app, "Dendrogram cutoff").value == 0.45
    assert slider(app, "EWMA span").value == "off"


def test_a_move_changes_the_fit_and_a_move_back_comes_from_the_cache() -> None:
    app = start("pages/3_Tune.py")
    before, stop = fit_id(app), slider(app, "Penalty λ").value
    slider(app, "Penalty λ").set_value(stop + 1)
    assert fit_id(good(app.run())) != before
    slider(app, "Penalty λ").set_value(stop)
    assert fit_id(good(app.run())) == before
    assert metric(app, "Fit") == "cached"


def test_the_number_and_the_slider_move_each_other() -> None:
    app = start()
    stop = slider(app, "Penalty λ").value
    slider(app, "Penalty λ").set_value(stop + 20)
    good(app.run())
    assert app.number_input(key="lam").value == pytest.approx(3e-4, rel=0.06)
    app.number_input(key="lam").set_value(3e-5)
    good(app.run())
    assert slider(app, "Penalty λ").value == stop


def test_a_typed_value_beyond_the_slider_is_used_and_said() -> None:
    app = start()
    app.number_input(key="lam").set_value(5.0)
    good(app.run())
    assert "beyond the slider" in texts(app)
    assert metric(app, "Exact zeros") == "100.0%"


def test_lambda_zero_is_answered() -> None:
    app = start("pages/3_Tune.py", lam="0")
    assert metric(app, "Exact zeros") == "0.0%"
    assert "Optimal, gap" in texts(app)


def test_the_cutoff_moves_the_number_of_clusters() -> None:
    app = start("pages/3_Tune.py")
    before = int(metric(app, "Clusters"))
    slider(app, "Dendrogram cutoff").set_value(0.05)
    assert int(metric(good(app.run()), "Clusters")) > before


def test_nonsense_in_the_link_is_ignored() -> None:
    app = start(data="x", model="y", lam="z", alpha="7", cutoff="-1", span="99", nonneg="maybe")
    assert fit_id(app) == fit_id(start())


def test_options_of_the_model_page_hold_on_every_page_and_come_from_the_link() -> None:
    plain, signed = start("pages/3_Tune.py"), start("pages/3_Tune.py", nonneg="yes")
    assert fit_id(plain) != fit_id(signed)
    assert fit_id(go(signed, "pages/4_Clusters.py")) == fit_id(start("pages/3_Tune.py", nonneg="yes"))
    assert linked(signed)["nonneg"] == "yes"


def test_rules_hold_when_they_are_no_longer_drawn() -> None:
    app = start("pages/2_Model.py")
    app.segmented_control(key="part").set_value("Rules")
    good(app.run())
    app.selectbox(key="nonneg").set_value("yes")
    ruled = fit_id(good(app.run()))
    assert ruled == fit_id(start(nonneg="yes"))
    app.segmented_control(key="part").set_value("Signs")
    assert fit_id(good(app.run())) == ruled
    slider(app, "L1 share α").set_value(0.2)
    assert fit_id(good(app.run())) == fit_id(start(nonneg="yes", alpha="0.2"))
    assert fit_id(go(app, "pages/3_Tune.py")) == fit_id(start(nonneg="yes", alpha="0.2"))


def test_an_upload_becomes_the_data_and_stays_over_page_changes() -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(names="ABC")), csv(returns(names="XY", seed=1)))
    assert metric(app, "Responses") == "3"
    assert "Upload: responses.csv" in next(i for i in app.selectbox if i.label == "Data set").options
    uploaded = fit_id(app)
    assert fit_id(go(app, "pages/3_Tune.py")) == uploaded


@pytest.mark.parametrize(
    ("responses", "place"),
    [
        (b"date,A,B\n2020-01-31,0.1,0.2\n2020-02-29,oops,0.1\n", "bad.csv"),
        (b"date,A,A\n2020-01-31,0.1,0.2\n", "bad.csv"),
        (b"date,A\n", "bad.csv"),
        (b"\x00\x01\x02", "bad.csv"),
        (b"", "bad.csv"),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_last_good_state_stays(responses, place) -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(names="ABC")), csv(returns(names="XY", seed=1)))
    before = fit_id(app)
    app = upload(app, responses, csv(returns(names="XY", seed=1)), name=place)
    assert len(app.error) == 1
    assert place.replace(".", "\\.") in app.error[0].value
    assert "Traceback" not in texts(app)
    assert fit_id(app) == before


def test_an_upload_without_common_dates_is_refused_with_both_ranges() -> None:
    app = start("pages/1_Data.py")
    before = fit_id(app)
    app = upload(app, csv(returns()), csv(returns(names="XY", start_date="1990-01-31")))
    assert "2020" in app.error[0].value
    assert "1990" in app.error[0].value
    assert fit_id(app) == before


def test_group_lasso_without_groups_keeps_the_last_good_fit_and_says_what_to_do() -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(names="ABC")), csv(returns(names="XY", seed=1)))
    before = fit_id(app)
    app.selectbox(key="model").set_value("GROUP_LASSO")
    good(app.run())
    assert "group" in app.error[0].value
    assert fit_id(app) == before
    for page in PAGES:
        go(app, page)


def test_a_groups_file_that_misses_responses_is_said_and_can_be_cleared() -> None:
    app = start("pages/2_Model.py", model="GROUP_LASSO")
    before = fit_id(app)
    app.segmented_control(key="part").set_value("Groups")
    good(app.run())
    uploader(app, "groups").upload("groups.csv", b"label,group\nUS Equity,A\n")
    good(app.run())
    assert "Canada Equity" in app.error[0].value
    assert fit_id(app) == before
    go(app, "pages/4_Clusters.py")
    app.selectbox(key="model").set_value("GROUP_LASSO_CLUSTERS")
    assert not good(app.run()).error
    app.selectbox(key="model").set_value("GROUP_LASSO")
    good(app.run())
    go(app, "pages/2_Model.py")
    app.segmented_control(key="part").set_value("Groups")
    good(app.run())
    app.button(key="groups_clear").click()
    assert "group" in good(app.run()).error[0].value


@pytest.mark.parametrize("window", ["2010-03-02_2010-03-20", "2030-01-01_2031-01-01", "2010-13-45_2011-01-01", "x"])
def test_a_window_of_the_link_that_holds_nothing_is_none(window) -> None:
    assert fit_id(start("pages/3_Tune.py", window=window)) == fit_id(start())


def test_a_window_of_the_link_is_the_one_chosen_on_the_page() -> None:
    assert metric(start("pages/1_Data.py", window="2010-01-31_2019-12-31"), "Rows") == "120"


@pytest.mark.parametrize("lam", ["1e308", "1e100", "1e-320", "-1", "nan", "inf"])
def test_any_lambda_in_the_link_is_answered(lam) -> None:
    assert len(fit_id(start("pages/3_Tune.py", lam=lam))) == 32


@pytest.mark.parametrize("page", PAGES)
def test_names_that_streamlit_keeps_for_itself_are_names_like_others(page) -> None:
    y = returns(names="AB").set_axis(["_index", "@1"], axis=1)
    x = returns(names="XY", seed=1).set_axis(["_index", "cluster"], axis=1)
    app = upload(start("pages/1_Data.py"), csv(y), csv(x))
    go(app, page)
    assert not app.error


def test_a_fit_of_other_data_is_not_shown_in_place_of_one_that_failed() -> None:
    app = start("pages/1_Data.py", model="GROUP_LASSO")
    app = upload(app, csv(returns(names="ABC")), csv(returns(names="XY", seed=1)))
    go(app, "pages/8_Export.py")
    assert "group" in app.error[0].value
    assert fit_id(app) == "none"
    assert not app.get("download_button")


def test_a_response_without_a_group_is_named_where_groups_are_needed_and_nowhere_else() -> None:
    app = start("pages/2_Model.py", model="GROUP_LASSO")
    before = fit_id(app)
    labels = edits(app).groups.copy()
    labels.iloc[3] = ""
    edits(app).groups = labels
    good(app.run())
    assert "Eurozone Equity" in app.error[0].value
    assert fit_id(app) == before
    app.selectbox(key="model").set_value("GROUP_LASSO_CLUSTERS")
    assert not good(app.run()).error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("rows", "responses", "factors"),
    [
        (40, "A", "XY"),
        (40, "AB", "X"),
        (8, "ABC", "UVWXYZ"),
        (3, "ABC", "XY"),
        (40, "A", "X"),
        (6, "AB", "XY"),
    ],
)
def test_every_page_answers_small_panels(page, rows, responses, factors) -> None:
    app = upload(start("pages/1_Data.py"), csv(returns(rows, responses)), csv(returns(rows, factors, seed=1)))
    go(app, page)
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_every_page_answers_constant_and_empty_columns(page) -> None:
    y, x = returns(names="ABCD"), returns(names="XY", seed=1)
    y["B"], y["C"], x["Y"] = 0.01, np.nan, 0.5
    app = upload(start("pages/1_Data.py"), csv(y), csv(x))
    go(app, page)
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_hostile_names_are_text_everywhere(page) -> None:
    names = [
        "<img src=x onerror=alert(1)>",
        "$\\frac{1}{2}$",
        "=1+1",
        "**bold**",
        ":red[x]",
        "[a](javascript:alert(1))",
    ]
    y = returns(names="ABCDEF").set_axis(names, axis=1)
    app = upload(start("pages/1_Data.py"), csv(y), csv(returns(names="XY", seed=1)), name="<b>$x$.csv")
    go(app, page)
    for item in (*app.markdown, *app.caption):
        assert "<img" not in item.value.replace("\\<", "")
        assert not item.proto.allow_html


def typing(app: AppTest) -> AppTest:
    """*Model, Signs* with the grid to type into in the place of the map to paint on."""
    app.segmented_control(key="signs_tool").set_value("Type")
    return good(app.run())


def test_signs_are_painted_on_the_map_until_typing_is_asked_for() -> None:
    app = start(MODEL)
    assert app.segmented_control(key="signs_tool").value == "Paint"
    assert "signs_paint" not in {element.key for element in app.button}
    assert "signs_paint" in {element.key for element in typing(app).button}


def test_model_and_export_say_what_changed_since_the_chosen_pin() -> None:
    app = start(MODEL)
    assert "Set against" not in texts(app)
    go(app, "pages/3_Tune.py").text_input(key="pin_name").set_value("<b>*mine*</b>")
    good(app.run()).button(key="pin").click()
    good(app.run())
    slider(app, "L1 share α").set_value(0.4)
    good(app.run())
    assert "the difference to the pin **\\<b\\>\\*mine\\*" in texts(go(app, "pages/8_Export.py"))
    assert "of 240 loadings differ" in texts(app) and "Set against" in texts(app)
    go(app, MODEL).session_state["since_pin"] = True
    assert "of 240 loadings differ" in texts(good(app.run()))


def test_edited_signs_survive_pages_data_switches_and_bad_files() -> None:
    app = typing(start(MODEL))
    app.selectbox(key="signs_brush").set_value("− (≤ 0)")
    app.multiselect(key="signs_cols").set_value(["Equity", "Rates"])
    good(app.run())
    app.button(key="signs_paint").click()
    good(app.run())
    painted = fit_id(app)
    assert "80 of 240 cells constrained" in texts(app)
    go(app, "pages/3_Tune.py")
    assert fit_id(app) == painted
    app.selectbox(key="data").set_value("french")
    assert fit_id(good(app.run())) != painted
    app.selectbox(key="data").set_value("synthetic")
    assert fit_id(good(app.run())) == painted
    go(app, "pages/2_Model.py")
    uploader(app, "signs").upload("signs.csv", b"label,Equity\nUS Equity,maybe\n")
    good(app.run())
    assert "signs\\.csv" in app.error[0].value
    assert fit_id(app) == painted


def test_a_painting_can_be_taken_back_and_brought_back() -> None:
    app = typing(start(MODEL))
    before = fit_id(app)
    assert (
        app.button(key="undo").disabled and app.button(key="redo").disabled and app.button(key="signs_paint").disabled
    )
    app.multiselect(key="signs_cols").set_value(["Equity"])
    good(app.run())
    app.button(key="signs_paint").click()
    painted = fit_id(good(app.run()))
    assert app.button(key="undo").label == "Undo 40 signs"
    for name, wanted in (("undo", before), ("redo", painted), ("undo", before)):
        app.button(key=name).click()
        assert fit_id(good(app.run())) == wanted != ""


def test_a_blank_painted_into_the_prior_clears_it() -> None:
    app = part(start(MODEL), "Prior")
    app.multiselect(key="prior_cols").set_value(["Equity"])
    app.number_input(key="prior_brush").set_value(0.5)
    good(app.run())
    app.button(key="prior_paint").click()
    good(app.run())
    assert (edits(app).prior["Equity"] == 0.5).all()
    app.number_input(key="prior_brush").set_value(None)
    good(app.run())
    app.multiselect(key="prior_cols").set_value(["Equity"])
    good(app.run())
    app.button(key="prior_paint").click()
    good(app.run())
    assert edits(app).prior.isna().all().all()


def test_a_cluster_picked_for_painting_stands_for_its_members_of_that_moment() -> None:
    app = typing(start(MODEL, model="HCGL"))
    first = str(fitted(app).clusters.iloc[0])
    members = list(map(str, fitted(app).clusters.index[fitted(app).clusters == int(first)]))
    app.multiselect(key="signs_rows").set_value([f"{feedback.CLUSTER_MARK}{first}"])
    good(app.run())
    assert app.multiselect(key="signs_rows").value == members
    slider(app, "Dendrogram cutoff").set_value(0.9)
    good(app.run())
    assert app.multiselect(key="signs_rows").value == members


def test_a_cell_typed_into_the_grid_is_a_constraint() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/2_Model.py")
    grid = (
        f"signs_grid_{demo_source('synthetic').panel.key[:8]}_0"  # AppTest takes typed cells before the first run only
    )
    app.session_state[grid] = {"edited_rows": {0: {"c0": "-"}}, "added_rows": [], "deleted_rows": []}
    app.session_state["signs_tool"] = "Type"
    good(app.run())
    assert "1 of 240 cells constrained: 0 +, 1 −, 0 zero" in texts(app)
    assert edits(app).signs.iloc[0, 0] == -1
    assert fit_id(app) != fit_id(start())


@pytest.mark.parametrize(
    ("typed", "sign"), [("+", 1), ("+1", 1), (" 1.0 ", 1), ("-1.0", -1), ("−", -1), ("0", 0), ("0.0", 0), ("", None)]
)
def test_every_way_to_write_a_sign_is_read(typed, sign) -> None:
    assert re.fullmatch(editors.TYPABLE, typed)
    read = editors.from_symbols(pd.DataFrame([[typed]])).iloc[0, 0]
    assert read == sign if sign is not None else np.isnan(read)


@pytest.mark.parametrize("typed", ["x", "2", "+-", "1.5", "--1", "10"])
def test_what_is_no_sign_cannot_be_typed(typed) -> None:
    assert not re.fullmatch(editors.TYPABLE, typed)


def test_a_prior_reads_back_exactly_and_only_numbers_can_be_typed() -> None:
    prior = pd.DataFrame([[1e-3, 0.1 + 0.2, np.nan, -5.0]])
    pd.testing.assert_frame_equal(editors.from_texts(editors.to_texts(prior)), prior)
    assert all(re.fullmatch(editors.NUMBER, text) for text in editors.to_texts(prior).iloc[0])
    assert not any(re.fullmatch(editors.NUMBER, text) for text in ("1,5", "5%", "x", "nan", "1e", "--1"))


def test_an_imported_sign_file_is_matched_by_name() -> None:
    app = start("pages/2_Model.py")
    uploader(app, "signs").upload("signs.csv", b"label,Rates,Nowhere\nUS Equity,0,1\nNobody,1,1\n")
    good(app.run())
    assert "1 of 240 cells constrained: 0 +, 0 −, 1 zero" in texts(app)


def test_the_sample_window_narrows_the_fit_everywhere() -> None:
    app = start("pages/1_Data.py")
    whole = fit_id(app)
    window = slider(app, "Sample window")
    window.set_value((window.value[0].replace(year=2010), window.value[1]))
    good(app.run())
    assert int(metric(app, "Rows")) < 300
    narrowed = fit_id(app)
    assert narrowed != whole
    assert fit_id(go(app, "pages/3_Tune.py")) == narrowed
    assert fit_id(go(app, "pages/1_Data.py")) == narrowed


def test_one_session_never_sees_the_upload_of_another() -> None:
    mine = upload(start("pages/1_Data.py"), csv(returns(names="ABC")), csv(returns(names="XY", seed=1)))
    other = start("pages/1_Data.py")
    assert "Upload" not in "".join(next(i for i in other.selectbox if i.label == "Data set").options)
    held = mine.session_state["workbench"].cache
    assert held is not None
    assert other.session_state["workbench"].cache is None


def test_five_hundred_responses_run_on_every_page() -> None:
    names = [f"Response {k} with quite a long name that goes on and on {k}" for k in range(500)]
    rng = np.random.default_rng(0)
    index = pd.date_range("2010-01-31", periods=120, freq="ME")
    y = pd.DataFrame(0.03 * rng.standard_normal((120, 500)), index, names).round(6)
    x = pd.DataFrame(0.03 * rng.standard_normal((120, 20)), index, [f"Factor {j}" for j in range(20)]).round(6)
    app = upload(start("pages/1_Data.py"), csv(y), csv(x))
    for page in PAGES:
        go(app, page)
        assert not app.error


# Models and rules ---------------------------------------------------------------------------------

MODEL = "pages/2_Model.py"


def part(app: AppTest, name: str) -> AppTest:
    app.segmented_control(key="part").set_value(name)
    return good(app.run())


def fitted(app: AppTest):
    """The last fit of the session."""
    return app.session_state["workbench"].last_good


@pytest.mark.parametrize(("word", "name"), [(word, name) for name, word in sidebar.MODEL_WORDS.items()])
def test_every_model_type_is_in_the_link_and_says_what_it_is(word, name) -> None:
    app = start(MODEL, model=word)
    assert fitted(app).spec.model_type.name == name
    assert fitted(app).certificate.relative_gap < 1e-9
    assert feedback.MODEL_SENTENCES[name] in texts(app)


def test_derived_signs_are_gated_mapped_and_travel_in_the_link() -> None:
    app = start(MODEL)
    assert "t statistics appear once" not in texts(app) and fitted(app).evidence is None
    app.toggle(key="derive").set_value(True)
    good(app.run())
    assert fitted(app).evidence is not None and "derived" in texts(app)
    open_cells = (fitted(app).box.rule == Rule.DERIVED).sum()
    slider(app, "Gate: smallest t statistic").set_value(4.0)
    good(app.run())
    assert (fitted(app).box.rule == Rule.DERIVED).sum() < open_cells
    assert linked(app)["derive"] == "yes" and linked(app)["gate"] == "4.0"
    before = fit_id(app)
    typing(app)
    app.segmented_control(key="map_of").set_value("t")
    assert fit_id(good(app.run())) == before
    assert fit_id(go(app, "pages/3_Tune.py")) == before


def test_adaptive_weights_and_free_factors_change_the_fit() -> None:
    app = start(MODEL, derive="yes")
    seen = {fit_id(app)}
    app.toggle(key="adaptive").set_value(True)
    seen.add(fit_id(good(app.run())))
    assert fitted(app).evidence.weights is not None
    app.multiselect(key=f"unsigned_{edits(app).key}").set_value(["Equity"])
    seen.add(fit_id(good(app.run())))
    assert (fitted(app).box.rule[:, 0] == Rule.FREE).all() and len(seen) == 3


@pytest.mark.parametrize("word", ["COOPERATIVE", "UNILASSO"])
def test_signs_a_model_does_not_take_are_kept_and_not_used(word) -> None:
    app = start(MODEL)
    edits(app).redraw()
    edits(app).signs = edits(app).signs.assign(Equity=-1.0)
    good(app.run())
    assert (fitted(app).box.rule == Rule.USER).any()
    app.selectbox(key="model").set_value(sidebar.MODEL_NAMES[word])
    good(app.run())
    assert "takes no signs" in texts(app) and not app.error
    assert not (fitted(app).box.rule == Rule.USER).any()
    app.selectbox(key="model").set_value("LASSO")
    good(app.run())
    assert (fitted(app).box.rule == Rule.USER).any()


def test_excluded_and_named_factors_reach_the_fit() -> None:
    app = start(MODEL, ols="yes")
    edits(app).excluded = {"US Govt": ["Rates"]}
    edits(app).named = {"US Equity": ["Credit"]}
    edits(app).version += 1
    good(app.run())
    found = fitted(app)
    names = list(found.panel.responses), list(found.panel.factors)
    assert found.box.rule[names[0].index("US Govt"), names[1].index("Rates")] == Rule.EXCLUDED
    prior = found.prior[names[0].index("US Equity")]
    assert np.flatnonzero(prior).tolist() == [names[1].index("Credit")]


@pytest.mark.parametrize(
    ("key", "choice", "option", "expected"),
    [
        ("linkage", "average", "linkage_method", "average"),
        ("distance", "arccos", "distance_transform", "arccos"),
        ("dependence", "spearman", "dependence_measure", "spearman"),
        ("pc1", "remove_pc1", "correlation_transform", "remove_pc1"),
        ("cluster_span", "24", "span", 24.0),
        ("cut_by", "count", "n_clusters", 6),
        ("short", "exclude", "exclude_short", True),
    ],
)
def test_clustering_options_reach_the_fit_and_the_clusters_page(key, choice, option, expected) -> None:
    app = part(start(MODEL), "Rules")
    before = fit_id(app)
    app.selectbox(key=key).set_value(choice)
    assert fit_id(good(app.run())) != before
    assert getattr(fitted(app).spec.clustering, option) == expected
    shown = fit_id(app)
    for page in ("pages/3_Tune.py", "pages/4_Clusters.py", "pages/8_Export.py"):
        assert fit_id(go(app, page)) == shown


def test_a_number_of_clusters_replaces_the_cutoff() -> None:
    app = start("pages/3_Tune.py", cut_by="count", clusters="4")
    assert fitted(app).n_clusters == 4 and "At most 4 clusters" in texts(app)
    assert slider(app, "Dendrogram cutoff").disabled


def test_responses_left_out_of_the_clusters_are_drawn_and_counted_apart() -> None:
    app = start("pages/4_Clusters.py", data="french", short="exclude", warmup="60", window="2013-01-01_2017-12-31")
    assert fitted(app) is not None
    sizes = int(metric(app, "Clusters"))
    assert sizes == fitted(app).n_clusters


def test_a_link_to_an_upload_that_is_gone_says_so_until_there_is_one() -> None:
    app = start("pages/3_Tune.py", data="upload")
    assert "is gone after the reload" in texts(app)
    assert "is gone after the reload" not in texts(start("pages/3_Tune.py"))
    go(app, "pages/1_Data.py")
    assert "is gone after the reload" in texts(app)
    good(upload(app, csv(returns()), csv(returns(names="FG", seed=1))).run())
    assert "is gone after the reload" not in texts(app)


def test_what_is_set_and_not_used_is_named_on_every_page() -> None:
    app = start("pages/3_Tune.py", model="COOPERATIVE_CLUSTERS", nonneg="yes", derive="yes", ols="yes")
    assert "Set, but not used by Cooperative, clusters: derived signs, ≥ 0 everywhere." in texts(app)
    app.selectbox(key="model").set_value("LASSO")
    assert "Set, but not used" not in texts(good(app.run()))


def test_unilasso_keeps_univariate_signs_and_says_so() -> None:
    app = start(MODEL, model="UNILASSO")
    rules = fitted(app).box.rule
    assert set(np.unique(rules)) <= {Rule.DERIVED, Rule.GATED}
    assert (fitted(app).beta * fitted(app).box.signs >= 0).all() and (fitted(app).beta < 0).any()
    typing(app)
    app.segmented_control(key="map_of").set_value("t")
    assert "This model derives no signs." in texts(good(app.run()))


def test_long_names_lose_their_middle_only_while_they_stay_apart() -> None:
    long = [f"A fund with a rather long name, share class {c}" for c in "AB"]
    assert feedback.row_names(["Fund", *long]) == ["Fund", "A fund with …share class A", "A fund with …share class B"]
    twins = ["x" * 20 + middle + "y" * 20 for middle in ("one", "two")]
    assert feedback.row_names(twins) == twins
