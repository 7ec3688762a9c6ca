"""The tree of the clusters, the correlations it comes from, and the sizes it makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.clusters import Tree
from factorlasso_core.errors import OptionError
from factorlasso_core.figures.branches import cut_marks, height_axis, tree_traces
from factorlasso_core.figures.layout import base_layout, colour_bar, message
from factorlasso_core.figures.rows import (
    cluster_numbers,
    label_axis,
    label_width,
    name_axis,
    row_height,
    row_names,
    row_order,
    tree_drawing,
)
from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours, safe_names, safe_text
from factorlasso_core.figures.tree import Drawing, draw_tree
from factorlasso_core.result import Fit

Trace = dict[str, Any]

NO_TREE = "No clusters: choose HCGL, which finds them in the data."
MOST_EXACT = 200  # responses up to which correlations are sent unrounded
MOST_MEMBERS = 8  # names in the hover text of a cluster


def dendrogram(fit: Fit, theme: Theme, orientation: str = "left") -> go.Figure:
    """Draw the tree alone: every merge answers the pointer with its size and height.

    Args:
        fit: The fit. theme: Colours.
        orientation: Where the root is: ``"left"`` or ``"top"``.

    Raises:
        OptionError: ``orientation`` is neither.
    """
    if orientation not in ("left", "top"):
        raise OptionError("orientation", orientation, "'left' or 'top'")
    if fit.clustering is None or fit.cutoff is None:
        return message(theme, NO_TREE, fit.digest)
    tree, upright = fit.clustering.tree, orientation == "top"
    drawing = draw_tree(tree, fit.cutoff, len(PALETTE))
    traces = tree_traces(drawing, theme, upright=upright)
    traces.append(_nodes(fit, tree, drawing, theme, upright=upright))
    layout = _upright_layout(fit, tree, theme) if upright else _lying_layout(fit, tree, theme)
    return go.Figure(data=traces, layout=layout | cut_marks(fit, theme, upright=upright))


def _nodes(fit: Fit, tree: Tree, drawing: Drawing, theme: Theme, *, upright: bool) -> Trace:
    """A point on every leaf and merge, for the pointer."""
    n, unit = len(tree.leaves), tree.largest_distance or 1.0
    merges = [
        f"{int(size)} responses<br>height {height:.4g}, {height / unit:.3g} in units of the cutoff"
        for height, size in tree.linkage[:, 2:].tolist()
    ]
    return {
        "type": "scatter",
        "name": "nodes",
        ("y" if upright else "x"): drawing.height,
        ("x" if upright else "y"): drawing.place,
        "mode": "markers",
        "marker": {"size": 4 if n <= 150 else 2, "color": theme.muted},
        "text": row_names(fit, np.arange(n)) + merges,
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _lying_layout(fit: Fit, tree: Tree, theme: Theme) -> Trace:
    labels = fit.panel.responses[tree.leaves]
    n = len(labels)
    axis = height_axis(tree, theme, side="top")
    margin = {"l": 10, "r": label_width(labels), "t": 64, "b": 28}
    return base_layout(
        theme,
        round(92 + row_height(n) * max(n, 3)),
        fit.digest,
        margin=margin,
        xaxis=axis | {"range": axis["range"][::-1]},
        yaxis=label_axis(labels, theme, side="right", range=[n - 0.5, -0.5]),
    )


def _upright_layout(fit: Fit, tree: Tree, theme: Theme) -> Trace:
    labels = fit.panel.responses[tree.leaves]
    below = label_width(labels)
    return base_layout(
        theme,
        420 + below,
        fit.digest,
        margin={"l": 50, "r": 10, "t": 20, "b": below},
        xaxis=label_axis(labels, theme, tickangle=-90),
        yaxis=height_axis(tree, theme),
    )


def correlation_heatmap(fit: Fit, theme: Theme) -> go.Figure:
    """Draw the correlations the clusters come from, in the order of the tree, clusters framed.

    Above 200 responses the figure carries whole per cents, which keeps it small.
    """
    drawing = tree_drawing(fit, len(PALETTE))
    if fit.clustering is None or drawing is None:
        return message(theme, NO_TREE, fit.digest)
    rows = row_order(fit)
    trace = _correlations(fit.clustering.correlation[np.ix_(rows, rows)], theme)
    frames = _cluster_frames(drawing.number[rows], theme)
    return go.Figure(data=[trace, frames], layout=_square_layout(fit, rows, theme))


def _correlations(values: Array, theme: Theme) -> Trace:
    exact = len(values) <= MOST_EXACT
    limit = 1.0 if exact else 100.0
    return {
        "type": "heatmap",
        "name": "correlation",
        "z": values.astype(np.float32) if exact else np.round(100 * values).astype(np.int8),
        "zmin": -limit,
        "zmax": limit,
        "colorscale": theme.diverging,
        "colorbar": colour_bar("correlation", limit, theme) | {"ticktext": ["-1", "0", "1"]},
        "hovertemplate": "%{y}<br>%{x}<br>correlation %{z" + (":.3f}" if exact else "} %") + "<extra></extra>",
    }


def _cluster_frames(numbers: Array, theme: Theme) -> Trace:
    """A square around every cluster of at least two; clusters are runs in the order of the tree."""
    edges = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1)) - 0.5
    start, end = edges[:-1], edges[1:]
    several = end - start > 1
    start, end = start[several], end[several]
    gap = np.full(len(start), np.nan)
    return {
        "type": "scatter",
        "name": "clusters",
        "x": np.stack([start, end, end, start, start, gap], axis=1).ravel(),
        "y": np.stack([start, start, end, end, start, gap], axis=1).ravel(),
        "mode": "lines",
        "line": {"color": theme.ink, "width": 1.25},
        "hoverinfo": "skip",
        "showlegend": False,
        "xaxis": "x2",
        "yaxis": "y2",
    }


def _square_layout(fit: Fit, rows: Array, theme: Theme) -> Trace:
    """Axes x and y with the full names, x2 and y2 over them with the labels."""
    labels, names, n = fit.panel.responses[rows], row_names(fit, rows), len(rows)
    side, down = label_width(labels), [n - 0.5, -0.5]
    over: Trace = {"overlaying": "x", "matches": "x", "anchor": "y2", "side": "bottom", "tickangle": -90}
    beside: Trace = {"overlaying": "y", "matches": "y", "anchor": "x2", "side": "right", "range": down}
    inner = float(np.clip(17.0 * n, 240, 760))
    return base_layout(
        theme,
        round(60 + inner + side),
        fit.digest,
        margin={"l": 10, "r": side, "t": 60, "b": side},
        xaxis=name_axis(names, anchor="y"),
        yaxis=name_axis(names, anchor="x", range=down),
        xaxis2=label_axis(labels, theme, **over),
        yaxis2=label_axis(labels, theme, **beside),
    )


def cluster_sizes(fit: Fit, theme: Theme) -> go.Figure:
    """Draw the number of responses in every cluster or group, largest first."""
    if fit.labels is None:
        return message(theme, NO_TREE, fit.digest)
    numbers = cluster_numbers(fit, tree_drawing(fit, len(PALETTE)))
    table = pd.DataFrame({"label": fit.labels, "number": numbers, "name": safe_names(fit.panel.responses)})
    table = table[fit.counted]
    groups = table.groupby("number", sort=True)
    sizes = groups.size().sort_values(ascending=False, kind="stable")
    labels = groups["label"].first()[sizes.index]
    colours = cluster_colours(int(table["number"].max()) + 1, theme)
    kind = "group" if fit.clustering is None else "cluster"
    bars = {
        "type": "bar",
        "x": np.arange(len(sizes)),
        "y": sizes.to_numpy(),
        "marker": {"color": [colours[number] for number in sizes.index]},
        "customdata": [f"{kind} {safe_text(label)}" for label in labels],
        "hovertext": groups["name"].agg(_members)[sizes.index].tolist(),
        "hovertemplate": "<b>%{customdata}</b><br>%{y} responses<br>%{hovertext}<extra></extra>",
    }
    ticks = label_axis(labels, theme, title={"text": kind}, tickangle=None if kind == "cluster" else -40)
    count = {"title": {"text": "responses"}, "zeroline": False, "rangemode": "tozero"}
    margin = {"l": 50, "r": 10, "t": 20, "b": 50 if kind == "cluster" else 30 + label_width(labels)}
    layout = base_layout(theme, 220 + margin["b"], fit.digest, xaxis=ticks, yaxis=count, margin=margin, bargap=0.15)
    return go.Figure(data=[bars], layout=layout)


def _members(names: pd.Series) -> str:
    """The first names of a cluster and how many more there are."""
    shown = names.iloc[:MOST_MEMBERS].tolist()
    more = len(names) - len(shown)
    return "<br>".join(shown + ([f"and {more} more"] if more else []))
