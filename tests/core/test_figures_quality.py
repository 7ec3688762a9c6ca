"""Pictures of the quality report show what the report holds, and names are never markup."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from factorlasso_core import Panel
from factorlasso_core.figures.quality import coverage_heatmap, factor_correlation, outlier_map
from factorlasso_core.figures.style import Theme
from factorlasso_core.quality import QualityOptions, QualityReport, quality_report

LIGHT, DARK = Theme(), Theme(dark=True)
IMAGE, FORMULA = "<img src=x onerror=alert(1)>", "$x$"
DRAW = (coverage_heatmap, outlier_map, factor_correlation)


@cache
def report(responses: int = 6, factors: int = 3, rows: int = 90, dated: bool = True) -> QualityReport:
    rng = np.random.default_rng(0)
    y, x = rng.standard_normal((rows, responses)), rng.standard_normal((rows, factors))
    y[: rows // 2, 1] = np.nan
    y[5, 0], y[7, 2], x[9, 0] = 40.0, -30.0, 25.0
    index = pd.date_range("2015-01-31", periods=rows, freq="ME") if dated else pd.RangeIndex(rows)
    y[np.asarray(index.month % 3 != 0), 3] = np.nan if dated else 0.5
    names = [IMAGE, FORMULA, "=1+1", "\u202ertl", "a\nb", "x" * 300, *(f"r{k}" for k in range(responses))]
    labels = [IMAGE, "$f$", *(f"f{j}" for j in range(factors))]
    return quality_report(
        Panel.from_frames(pd.DataFrame(x, index, labels[:factors]), pd.DataFrame(y, index, names[:responses])),
        QualityOptions(periods=40),
    )


def traces(figure: go.Figure) -> dict[str, go.Figure]:
    return {trace.name: trace for trace in figure.data}


def test_coverage_shows_the_shares_of_the_report():
    figure = coverage_heatmap(report(), LIGHT)
    shown = traces(figure)["coverage"]
    np.testing.assert_allclose(np.array(shown.z, dtype=float), np.round(100 * report().coverage.share, 1))
    assert figure.layout.xaxis.tickvals[0] == shown.x[0] == "2015-Q1"
    assert figure.layout.shapes[0].y0 == 5.5  # between responses and factors


def test_outliers_stand_at_their_date_and_series():
    shown = traces(outlier_map(report(), LIGHT))["outliers"]
    table = report().outliers
    assert list(pd.DatetimeIndex(shown.x)) == table["row"].tolist()
    assert list(shown.y) == [0, 6, 2]  # the factor has the name of the first response
    assert outlier_map(report(), LIGHT).layout.xaxis.type == "date"  # a trace without points would make it linear
    assert [point[2] for point in shown.customdata] == table["z"].tolist()


def test_correlations_carry_the_inflation():
    figure = factor_correlation(report(), LIGHT)
    np.testing.assert_array_equal(np.array(figure.data[0].z), report().factors.correlation.to_numpy())
    assert [text.split(" · ")[1] for text in figure.layout.yaxis.ticktext] == [
        f"VIF {value:.3g}" for value in report().factors.inflation
    ]


@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_name_is_markup(draw, theme):
    text = draw(report(), theme).to_json()
    assert "<img" not in text and "$x$" not in text and "$f$" not in text and "\u202e" not in text
    assert "x" * 201 not in text


@pytest.mark.parametrize("draw", DRAW)
def test_every_shape_is_drawn(draw):
    for size in ((1, 1, 30), (200, 3, 40), (6, 5, 300)):
        figure = draw(report(*size) if size[0] > 3 else plain(*size), LIGHT)
        assert isinstance(figure, go.Figure) and figure.layout.height > 0


def plain(responses: int, factors: int, rows: int) -> QualityReport:
    rng = np.random.default_rng(1)
    x, y = (pd.DataFrame(rng.standard_normal((rows, n))).add_prefix(p) for n, p in ((factors, "f"), (responses, "r")))
    return quality_report(Panel.from_frames(x, y))


def test_what_is_not_there_is_said():
    assert "No value is more than 7 robust deviations" in outlier_map(plain(2, 2, 30), LIGHT).layout.annotations[0].text
    x = pd.DataFrame({"f": [np.nan, 1.0], "g": [1.0, np.nan]})
    empty = quality_report(Panel.from_frames(x, x.add_prefix("r")))
    assert "there are 0" in factor_correlation(empty, LIGHT).layout.annotations[0].text


def test_rows_without_dates_are_text():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"r": rng.standard_normal(40)})
    y.loc[3] = 50.0
    found = quality_report(Panel.from_frames(pd.DataFrame({"f": rng.standard_normal(40)}), y))
    assert list(traces(outlier_map(found, LIGHT))["outliers"].x) == ["3"]
    assert outlier_map(found, LIGHT).layout.xaxis.type == "category"
