"""Known loadings beside fitted ones, for data whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.agreement import aligned_truth
from factorlasso_core.arrays import Array
from factorlasso_core.figures.cells import state_layers
from factorlasso_core.figures.layout import base_layout, colour_bar
from factorlasso_core.figures.rows import label_axis, label_width, row_height, row_names, row_order
from factorlasso_core.figures.style import Theme, colour_limit
from factorlasso_core.result import Fit

Trace = dict[str, Any]


def comparison(fit: Fit, truth: pd.DataFrame, theme: Theme, limit: float | None = None) -> go.Figure:
    """Draw true loadings, fitted ones and their difference side by side, in one order and one scale.

    Args:
        fit: The fit. truth: Known loadings by label, exact zeros where there is none.
        theme: Colours. limit: ``|β|`` at the ends of the colours; None takes a round number.

    Raises:
        DataError: ``truth`` does not cover the fit.
    """
    known, rows = aligned_truth(fit, truth), row_order(fit)
    limit = limit or colour_limit(known, fit.beta)
    panels = {"true": known, "fitted": fit.beta, "fitted − true": fit.beta - known}
    colours = {"zmin": -limit, "zmax": limit, "colorscale": theme.loadings, "showscale": False}
    traces = [_panel(fit, rows, values, i, name) | colours for i, (name, values) in enumerate(panels.items())]
    traces[1] |= {"showscale": True, "colorbar": colour_bar("loading β", limit, theme)}
    marks = state_layers(fit, rows, theme, {"xaxis": "x2", "yaxis": "y"})
    return go.Figure(data=traces + marks, layout=_layout(fit, rows, list(panels), theme))


def _panel(fit: Fit, rows: Array, values: Array, number: int, name: str) -> Trace:
    names = np.array(row_names(fit, rows), dtype=object)
    return {
        "type": "heatmap",
        "name": name,
        "z": values[rows] + 0.0,  # -0 is 0
        "customdata": np.broadcast_to(names[:, None], values.shape),
        "hovertemplate": f"<b>%{{customdata}}</b><br>%{{x}}: {name} %{{z:.6~g}}<extra></extra>",
        "xgap": 1,
        "ygap": 1 if len(rows) <= 80 else 0,
        "xaxis": f"x{number + 1}" if number else "x",
        "yaxis": "y",
    }


def _layout(fit: Fit, rows: Array, titles: list[str], theme: Theme) -> Trace:
    """Panels side by side on one row axis."""
    width = 1.0 / len(titles)
    factors, labels = fit.panel.factors, fit.panel.responses[rows]
    below = round(0.8 * label_width(factors)) + 10
    axes, notes = {}, []
    for i, title in enumerate(titles):
        domain = [i * width, (i + 1) * width - (0.02 if len(titles) > 1 else 0.0)]
        axes[f"xaxis{i + 1}" if i else "xaxis"] = label_axis(factors, theme, domain=domain, tickangle=-45)
        middle = {"x": sum(domain) / 2, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "bottom"}
        notes.append({"text": title, "showarrow": False, "font": {"size": 14}, **middle})
    return base_layout(
        theme,
        round(70 + below + row_height(len(rows)) * max(len(rows), 3)),
        fit.digest,
        margin={"l": label_width(labels), "r": 10, "t": 70, "b": below},
        yaxis=label_axis(labels, theme, range=[len(rows) - 0.5, -0.5]),
        annotations=notes,
        **axes,
    )
