"""The data-quality report as pictures: coverage by period, outliers over time, correlation of the factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.figures.layout import base_layout, colour_bar, message
from factorlasso_core.figures.rows import LINES, label_axis, label_width, name_axis, row_height
from factorlasso_core.figures.style import Theme, safe_names, safe_text
from factorlasso_core.quality import QualityReport

Trace = dict[str, Any]

MISSING = "#d55e00"
MOST_POINTS = 4_000  # outliers drawn, the largest first
MOST_PERIODS = 12  # written along the axis
MOST_NUMBERS = 20  # factors up to which correlations stand in the cells


def coverage_heatmap(report: QualityReport, theme: Theme) -> go.Figure:
    """Draw the share of expected values by series and period, responses first; blank where none is expected."""
    share, labels = report.coverage.share, report.series.index
    names = safe_names(labels)
    trace = {
        "type": "heatmap",
        "name": "coverage",
        "z": np.round(100.0 * share, 1),
        "zmin": 0,
        "zmax": 100,
        "x": list(report.coverage.labels),
        "y": np.arange(len(labels)),
        "colorscale": [(0.0, MISSING), (0.999, "#c9a27f"), (1.0, "#3d444b" if theme.dark else "#d3dde7")],
        "showscale": False,
        "hoverongaps": False,
        "xgap": 1 if share.shape[1] <= 80 else 0,
        "ygap": 1 if len(labels) <= 80 else 0,
        "customdata": _repeated(report.series["calendar"], share.shape[1]),
        "hovertemplate": "<b>%{y}</b> · %{customdata}<br>%{x}: %{z:.0f} % of the expected values<extra></extra>",
    }
    keys = [_key("all", "#3d444b" if theme.dark else "#d3dde7"), _key("some", "#c9a27f"), _key("none", MISSING)]
    layout = _series_layout(report, theme) | {"xaxis": _period_axis(report)}
    layout["yaxis"] = name_axis(names, range=[len(labels) - 0.5, -0.5])
    return go.Figure(data=[trace, *keys], layout=layout)


def _repeated(words: pd.Series, width: int) -> Array:
    return np.repeat(words.to_numpy(dtype=object)[:, None], width, axis=1)


def _key(name: str, colour: str) -> Trace:
    marker = {"symbol": "square", "size": 11, "color": colour}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "marker": marker, "name": name,
            "yaxis": "y2"}  # fmt: skip


def _period_axis(report: QualityReport) -> Trace:
    """Names of the periods as categories, a dozen of them written out."""
    labels = list(report.coverage.labels)
    every = -(-len(labels) // MOST_PERIODS)
    return LINES | {"type": "category", "tickvals": labels[::every], "tickangle": 0}


def _series_layout(report: QualityReport, theme: Theme) -> Trace:
    """Rows are the series, with a line between responses and factors."""
    labels = report.series.index
    count, responses = len(labels), int((report.series["role"] == "response").sum())
    down = [count - 0.5, -0.5]
    rule = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": responses - 0.5, "y1": responses - 0.5}
    return base_layout(
        theme,
        round(90 + min(row_height(count), 18.0) * max(count, 3)),
        margin={"l": label_width(labels), "r": 10, "t": 40, "b": 40},
        shapes=[rule | {"line": {"color": theme.ink, "width": 1}}],
        yaxis2=label_axis(labels, theme, overlaying="y", matches="y", side="left", range=down),
        meta={"fit": None, "data": report.key},
    )


def outlier_map(report: QualityReport, theme: Theme) -> go.Figure:
    """Draw every flagged value at its date and series, coloured by its robust z-score; the 4,000 largest."""
    table = report.outliers.head(MOST_POINTS)
    limit = report.options.outlier_z
    if not len(table):
        return message(theme, f"No value is more than {limit:g} robust deviations from the median of its series.")
    place = dict(zip(zip(report.series["role"], report.series.index, strict=True), range(10**9), strict=False))
    far = float(np.quantile(table["z"].abs(), 0.95))
    names = safe_names(table["series"])
    marker = {
        "color": np.clip(table["z"], -far, far),
        "cmin": -far,
        "cmax": far,
        "colorscale": theme.loadings,
        "size": 9,
        "line": {"width": 1, "color": theme.ink},
        "colorbar": colour_bar("robust z", far, theme),
    }
    trace = {
        "type": "scatter",
        "name": "outliers",
        "mode": "markers",
        "x": _times(table["row"]),
        "y": [place[pair] for pair in zip(table["role"], table["series"], strict=True)],
        "marker": marker,
        "customdata": list(zip(names, table["value"], table["z"], table["median"], strict=True)),
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x}: %{customdata[1]:.5~g}, median %{customdata[3]:.5~g}"
        "<br>z = %{customdata[2]:.1f}<extra></extra>",
        "showlegend": False,
    }
    layout = _series_layout(report, theme) | {"xaxis": _time_axis(report, theme)}
    layout["yaxis"] = {
        name: part for name, part in layout.pop("yaxis2").items() if name not in ("overlaying", "matches")
    }
    return go.Figure(data=[trace], layout=layout)


def _time_axis(report: QualityReport, theme: Theme) -> Trace:
    """All dates of the panel, also those without an outlier; rows that are no dates as they come."""
    axis = {"showgrid": True, "gridcolor": theme.grid, "zeroline": False}
    first, last = report.series["first"].dropna(), report.series["last"].dropna()
    if not pd.api.types.is_datetime64_any_dtype(first):
        return axis | {"type": "category"}
    pad = (last.max() - first.min()) / 50
    return axis | {"type": "date", "range": [first.min() - pad, last.max() + pad]}


def _times(rows: pd.Series) -> Any:
    """Labels of rows as Plotly takes them: dates as dates, the rest as text."""
    return rows if pd.api.types.is_datetime64_any_dtype(rows) else [safe_text(label) for label in rows]


def factor_correlation(report: QualityReport, theme: Theme) -> go.Figure:
    """Draw the correlations of the factors, with the variance inflation of each beside its name."""
    condition = report.factors
    matrix, labels = condition.correlation.to_numpy(), condition.correlation.columns
    if not np.isfinite(matrix).any():
        return message(theme, f"Factors are compared on rows where all are known: there are {condition.rows}.")
    names = safe_names(labels)
    words = [f"VIF {value:.3g}" if np.isfinite(value) else "VIF infinite" if value == np.inf else "constant"
             for value in condition.inflation.to_numpy()]  # fmt: skip
    trace = {
        "type": "heatmap",
        "name": "correlation",
        "z": matrix,
        "zmin": -1,
        "zmax": 1,
        "x": np.arange(len(names)),
        "y": np.arange(len(names)),
        "colorscale": theme.diverging,
        "colorbar": colour_bar("correlation", 1.0, theme),
        "xgap": 1,
        "ygap": 1,
        "texttemplate": "%{z:.2f}" if len(names) <= MOST_NUMBERS else None,
        "customdata": [[f"{a} and {b}" for b in names] for a in names],
        "hovertemplate": "%{customdata}: %{z:.4f}<extra></extra>",
    }
    sides = [f"{safe_text(label)} · {word}" for label, word in zip(labels, words, strict=True)]
    every = {"tickvals": np.arange(len(names)), "ticktext": sides}
    layout = base_layout(
        theme,
        round(130 + 30 * min(max(len(names), 3), 30)),
        margin={"l": round(6.6 * max(map(len, sides))) + 16, "r": 10, "t": 46, "b": 90},
        xaxis=label_axis(labels, theme),
        yaxis=label_axis(labels, theme, range=[len(names) - 0.5, -0.5]) | every,
        meta={"fit": None, "data": report.key},
    )
    return go.Figure(data=[trace], layout=layout)
