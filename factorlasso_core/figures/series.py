"""Series of a panel: their paths, their gaps, and how much of each the factors explain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.figures.layout import base_layout, message
from factorlasso_core.figures.rows import (
    LINES,
    cluster_numbers,
    label_axis,
    label_width,
    name_axis,
    row_height,
    row_names,
    row_order,
    tree_drawing,
)
from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours, safe_names
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit

Trace = dict[str, Any]

MOST_CELLS, MOST_SPELLS = 150_000, 1_200  # of a presence map: what a screen can show
MOST_BARS = 60


def series_lines(frame: pd.DataFrame, theme: Theme, *, cumulative: bool = False) -> go.Figure:
    """Draw a few series over time.

    Args:
        frame: One column each, about eight at most. theme: Colours.
        cumulative: Draw running sums, in which a missing value adds nothing; otherwise it leaves a gap.
    """
    values = frame.cumsum() if cumulative else frame
    colours = cluster_colours(frame.shape[1], theme)
    lines = [
        {
            "type": "scatter",
            "name": name,
            "x": frame.index,
            "y": values.iloc[:, i].to_numpy(),
            "mode": "lines+markers" if _has_lone_points(frame.iloc[:, i]) and not cumulative else "lines",
            "connectgaps": cumulative,
            "marker": {"size": 4},
            "line": {"color": colours[i], "width": 1.6},
            "hovertemplate": "%{y:.5~g}",
        }
        for i, name in enumerate(safe_names(frame.columns))
    ]
    title = "running sum" if cumulative else "value per row"
    layout = base_layout(
        theme,
        380,
        hovermode="x unified",
        showlegend=True,
        margin={"l": 60, "r": 10, "t": 50, "b": 40},
        xaxis={"showgrid": False, "linecolor": theme.grid},
        yaxis={"title": {"text": title}, "zerolinecolor": theme.muted},
    )
    return go.Figure(data=lines, layout=layout)


def _has_lone_points(series: pd.Series) -> bool:
    """Whether a value stands between two missing ones, where a line cannot show it."""
    missing = np.concatenate([[True], series.isna().to_numpy(), [True]])
    return bool((missing[:-2] & ~missing[1:-1] & missing[2:]).any())


def missing_map(panel: Panel, theme: Theme) -> go.Figure:
    """Draw where each series has values: responses first, then factors.

    Long samples are drawn in spells of several rows, whose colour is the share of values present.
    """
    present = ~np.isnan(np.hstack([panel.y, panel.x])).T
    labels = [*panel.responses, *panel.factors]
    share, starts = _spells(present, max(1, min(MOST_SPELLS, MOST_CELLS // len(labels))))
    spell = "" if len(starts) == len(panel.index) else "from "
    trace = {
        "type": "heatmap",
        "name": "presence",
        "z": share,
        "zmin": 0,
        "zmax": 100,
        "x": _times(panel.index[starts]),
        "y": np.arange(len(labels)),
        "colorscale": [(0.0, "#d55e00"), (1.0, "#3d444b" if theme.dark else "#d3dde7")],
        "showscale": False,
        "ygap": 1 if len(labels) <= 80 else 0,
        "hovertemplate": f"<b>%{{y}}</b><br>{spell}%{{x}}: %{{z}} % present<extra></extra>",
    }
    keys = [_key("present", "#3d444b" if theme.dark else "#d3dde7"), _key("missing", "#d55e00")]
    return go.Figure(data=[trace, *keys], layout=_map_layout(panel, labels, theme))


def _spells(present: Array, most: int) -> tuple[Array, Array]:
    """Per cent of values present in each of at most ``most`` spells of rows, and where each begins."""
    rows = present.shape[1]
    starts = np.unique(np.linspace(0, rows, min(rows, most), endpoint=False).astype(int))
    counts = np.add.reduceat(present, starts, axis=1, dtype=np.int64)
    length = np.diff(starts, append=rows)
    return np.floor(100.0 * counts / length).astype(np.uint8), starts


def _times(index: pd.Index) -> Any:
    """Labels of rows as Plotly takes them: dates as dates, the rest as text."""
    return index if isinstance(index, pd.DatetimeIndex) else safe_names(index)


def _key(name: str, colour: str) -> Trace:
    marker = {"symbol": "square", "size": 11, "color": colour}
    return {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "marker": marker, "name": name,
            "xaxis": "x", "yaxis": "y2"}  # fmt: skip


def _map_layout(panel: Panel, labels: list[Any], theme: Theme) -> Trace:
    count, responses = len(labels), panel.shape[1]
    rule = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": responses - 0.5, "y1": responses - 0.5}
    down = [count - 0.5, -0.5]
    return base_layout(
        theme,
        round(80 + min(row_height(count), 18.0) * max(count, 3)),
        margin={"l": label_width(labels), "r": 10, "t": 40, "b": 40},
        shapes=[rule | {"line": {"color": theme.ink, "width": 1}}],
        xaxis=LINES | {"anchor": "y"},
        yaxis=name_axis(safe_names(labels), range=down),
        yaxis2=label_axis(labels, theme, overlaying="y", matches="y", side="left", range=down),
    )


def r2_bars(fit: Fit, theme: Theme, numbers: Array | None = None) -> go.Figure:
    """Draw R² of every response: bars in the order of the loadings up to 60, a falling curve above.

    Responses without one (in warm-up, constant or empty) are named in the first and counted in the second.

    Args:
        numbers: (N,) colour numbers of the clusters, negative without one; by default in the order of the tree.
    """
    r2 = fit.statistics.r2
    if not np.isfinite(r2).any():
        return message(theme, "No response has an R² in this fit.", fit.digest)
    return _bars(fit, r2, theme, numbers) if len(r2) <= MOST_BARS else _curve(fit, r2, theme)


def _bars(fit: Fit, r2: Array, theme: Theme, numbers: Array | None) -> go.Figure:
    rows = row_order(fit)
    numbers = cluster_numbers(fit, tree_drawing(fit, len(PALETTE))) if numbers is None else numbers
    colours = [] if numbers is None else [*cluster_colours(int(numbers.max()) + 1, theme), theme.grid]
    colour = theme.accent if numbers is None else [colours[number] for number in numbers[rows]]
    known = np.isfinite(r2[rows])
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": np.where(known, r2[rows], 0.0),
        "y": np.arange(len(rows)),
        "text": ["" if ok else "no R²" for ok in known],
        "textposition": "outside",
        "textfont": {"size": 11, "color": theme.muted},
        "marker": {"color": colour},
        "customdata": row_names(fit, rows),
        "hovertemplate": "<b>%{customdata}</b><br>R² = %{x:.4f}<extra></extra>",
    }
    low = min(0.0, float(np.nanmin(r2)))
    labels = fit.panel.responses[rows]
    layout = base_layout(
        theme,
        round(70 + 18 * max(len(rows), 3)),
        fit.digest,
        bargap=0.25,
        margin={"l": label_width(labels), "r": 20, "t": 20, "b": 50},
        xaxis=_r2_axis(theme) | {"range": [1.05 * low, 1.0]},
        yaxis=label_axis(labels, theme, range=[len(rows) - 0.5, -0.5]),
    )
    return go.Figure(data=[trace], layout=layout)


def _curve(fit: Fit, r2: Array, theme: Theme) -> go.Figure:
    order = np.argsort(-r2, kind="stable")  # NaN last
    order = order[: int(np.isfinite(r2).sum())]
    trace = {
        "type": "scatter",
        "x": np.arange(1, len(order) + 1),
        "y": r2[order],
        "mode": "lines+markers",
        "line": {"color": theme.accent, "width": 1.5},
        "marker": {"size": 4, "color": theme.accent},
        "customdata": row_names(fit, order),
        "hovertemplate": "<b>%{customdata}</b><br>R² = %{y:.4f}, number %{x}<extra></extra>",
    }
    without = len(r2) - len(order)
    title = "responses, best explained first" + (f"; {without} without R²" if without else "")
    layout = base_layout(
        theme,
        340,
        fit.digest,
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        xaxis={"title": {"text": title}, "zeroline": False},
        yaxis=_r2_axis(theme) | {"range": [min(0.0, 1.05 * float(r2[order].min())), 1.0]},
    )
    return go.Figure(data=[trace], layout=layout)


def _r2_axis(theme: Theme) -> Trace:
    return {"title": {"text": "R² in sample"}, "zerolinecolor": theme.muted}
