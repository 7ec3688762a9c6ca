"""What every figure starts from: background, fonts, legend, colour bar, tool bar."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from factorlasso_core.figures.style import Theme, safe_text

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'
# Left out of the tool bar: sharing uploads the data behind the chart to a server of Plotly's.
NO_TOOLS = ("sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d")


def base_layout(theme: Theme, height: int, fit_digest: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the layout every figure starts from; ``changes`` win.

    The digest of the fit goes into ``meta``, so that what is on the screen can be told from outside.
    """
    hover = {"bgcolor": theme.neutral, "bordercolor": theme.muted, "align": "left"}
    axis = {"title": {"font": {"size": 12, "color": theme.muted}}, "gridcolor": theme.grid}
    layout: dict[str, Any] = {
        "template": {"layout": {"xaxis": axis, "yaxis": axis}},
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 40, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": theme.ink},
        "hoverlabel": {**hover, "font": {"family": FONT, "size": 13, "color": theme.ink}},
        "hovermode": "closest",
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": theme.muted,
            "activecolor": theme.ink,
            "remove": list(NO_TOOLS),
        },
        "legend": top_legend(),
        "meta": {"fit": fit_digest},
    }
    return layout | changes


def top_legend() -> dict[str, Any]:
    """A legend in one line along the upper edge, which explains and does not switch."""
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "top",
        "yref": "container",
        "itemclick": False,
        "itemdoubleclick": False,
        "font": {"size": 12},
        "bgcolor": "rgba(0,0,0,0)",
    }


def colour_bar(title: str, limit: float, theme: Theme) -> dict[str, Any]:
    """A short horizontal colour bar in the upper right corner."""
    return {
        "orientation": "h",
        "title": {"text": title, "side": "right", "font": {"size": 12}},
        "thickness": 9,
        "lenmode": "pixels",
        "len": 190,
        "x": 0.97,  # clear of the tool bar
        "xanchor": "right",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "ypad": 0,
        "xpad": 6,
        "tickvals": [-limit, 0, limit],
        "ticktext": [f"{-limit:.3g}", "0", f"{limit:.3g}"],
        "tickfont": {"size": 11, "color": theme.muted},
        "outlinewidth": 0,
    }


def message(theme: Theme, text: str, fit_digest: str | None = None) -> go.Figure:
    """Return an empty figure that says why it is empty."""
    note = {
        "text": safe_text(text, None),
        "showarrow": False,
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "font": {"size": 14, "color": theme.muted},
    }
    hidden = {"visible": False}
    layout = base_layout(theme, 160, fit_digest, annotations=[note], xaxis=hidden, yaxis=hidden)
    return go.Figure(layout=layout)
