"""The numbers that the views beside the map show are those of the fit."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from pages.shared import pathview
from pages.shared.selection import Selection
from tests.app.test_pages import edits, fitted, good, slider, start

TUNE = "pages/3_Tune.py"


def path_sent(app) -> tuple[dict, np.ndarray]:
    """What the path is told, and its lines, one row each over the λ computed."""
    (proto,) = (i.proto for i in app.get("bidi_component") if i.proto.component_name == "factorlasso_path")
    data = json.loads(proto.json)
    lines = np.frombuffer(base64.b64decode(data["lines"]), "<f4").reshape(-1, len(data["stops"]))
    return data, lines


def test_the_lines_of_the_path_are_the_loadings_of_the_names_beside_them() -> None:
    app = start(TUNE)
    chosen, factors = tuple(map(str, fitted(app).panel.responses[[3, 20]])), ("Credit", "Rates")
    edits(app).selection = Selection(chosen, factors)
    data, lines = path_sent(good(app.run()))
    assert data["responses"] == list(chosen) and data["factors"] == list(factors)
    here = data["lambdas"][20]
    app.number_input(key="lam").set_value(here)
    betas = fitted(good(app.run())).betas.loc[list(chosen), list(factors)].to_numpy()
    assert (betas != 0).any()
    np.testing.assert_allclose(lines[:, 20], betas.ravel(), atol=1e-6)


def test_without_a_selection_the_path_is_the_mean_size_of_the_loadings() -> None:
    app = start(TUNE)
    data, lines = path_sent(app)
    here = data["lambdas"][15]
    app.number_input(key="lam").set_value(here)
    means = fitted(good(app.run())).betas.abs().mean().to_numpy()
    np.testing.assert_allclose(lines[:, 15], means, atol=1e-6)
    assert data["responses"] == []


@pytest.mark.parametrize(
    ("responses", "factors", "colours", "dashes"),
    [
        (1, [2, 0], [2, 0], [0, 0]),
        (2, [2, 0], [2, 0, 2, 0], [0, 0, 1, 1]),
        (3, [5], [0, 1, 2], [0, 0, 0]),
        (1, [1, 13], [1, 13], [0, 1]),
    ],
)
def test_lines_are_told_apart_by_factor_then_by_response(responses, factors, colours, dashes) -> None:
    assert pathview._looks(responses, factors) == (colours, dashes)


def test_the_fit_over_time_carries_its_constant_and_the_rest_is_what_is_left() -> None:
    app = start(TUNE)
    ours = fitted(app)
    name = str(ours.panel.responses[0])
    edits(app).selection = Selection((name,), ())
    app.session_state["sections"] = ["Details of the selection"]
    good(app.run())
    figures = {i.proto.id.rsplit("-", 1)[-1]: json.loads(i.proto.spec) for i in app.get("plotly_chart")}
    residual = next(figure for key, figure in figures.items() if key == "detail_residual")
    (trace,) = residual["data"]
    shown = np.array([np.nan if v is None else v for v in values(trace["y"])], float)
    expected = ours.panel.y[:, 0] - (ours.panel.x @ ours.beta[0] + ours.alpha[0])
    np.testing.assert_allclose(shown, expected, atol=1e-9)


def values(held):
    """Numbers of a Plotly figure, which may be packed."""
    if isinstance(held, dict):
        return np.frombuffer(base64.b64decode(held["bdata"]), held["dtype"])
    return held


def test_the_change_since_the_pin_has_its_sign() -> None:
    app = start(TUNE)
    app.button(key="pin").click()
    good(app.run())
    app.number_input(key="lam").set_value(1e-3)
    good(app.run())
    (body,) = (item.proto.body for item in app.get("html") if 'class="numbers"' in item.proto.body)
    change = dict(re.findall(r'<dt>([^<]*)</dt><dd>[^<]*</dd><dd class="change">([^<]*)</dd>', body))
    assert change["Exact zeros"].startswith("+") and change["Mean R²"].startswith("-")


def test_a_move_and_an_undo_in_one_run_take_that_move_back() -> None:
    app = start(TUNE)
    slider(app, "L1 share α").set_value(0.3)
    good(app.run())
    slider(app, "L1 share α").set_value(0.5)
    slider(app, "Dendrogram cutoff").set_value(0.2)
    app.button(key="undo").click()
    good(app.run())
    assert slider(app, "Dendrogram cutoff").value == 0.45 and not app.button(key="redo").disabled
