"""Loadings beside the tree their clusters come from, rows at the same positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.agreement import aligned_truth
from factorlasso_core.arrays import Array
from factorlasso_core.figures.branches import cut_marks, height_axis, strip, tree_traces
from factorlasso_core.figures.cells import MOST_MARKED_ROWS, cell_words, state_layers, text_layers
from factorlasso_core.figures.layout import base_layout, colour_bar
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
from factorlasso_core.figures.style import PALETTE, Theme, colour_limit, safe_names
from factorlasso_core.result import Fit

Trace = dict[str, Any]

TEXT_ROWS, TEXT_COLUMNS = 45, 12  # largest heatmap whose cells carry numbers
NAMED = {"xaxis": "x3", "yaxis": "y"}  # cells on axes that know the full names
CELLS = {"xaxis": "x4", "yaxis": "y2"}  # what is drawn over them, on the axes with the short labels
TOP, TREE_TOP, BOTTOM = 80, 104, 28


def clustermap(
    fit: Fit,
    *,
    order: str = "tree",
    theme: Theme,
    limit: float | None = None,
    truth: pd.DataFrame | None = None,
) -> go.Figure:
    """Draw the loadings as a heatmap beside the tree, with the cut and the range a cutoff can reach.

    Args:
        fit: The fit. A model without clusters gets the heatmap alone.
        order: Order of the rows, see :func:`~factorlasso_core.figures.rows.row_order`; the tree is
            drawn only beside its own.
        theme: Colours.
        limit: ``|β|`` at the ends of the colours; None takes a round number from this fit.
        truth: Known loadings; hover texts give them, and cells that are zero on one side only are marked.

    Raises:
        OptionError: ``order`` is unknown. DataError: ``truth`` does not cover the fit.

    Example:
        >>> from factorlasso_core import Panel
        >>> from factorlasso_core import fit as fit_panel
        >>> x = pd.DataFrame({"f": [1.0, 2.0, 0.0, 1.0, 3.0, 2.0]})
        >>> figure = clustermap(fit_panel(Panel.from_frames(x, 2 * x.set_axis(["r"], axis=1))), theme=Theme())
        >>> list(figure.layout.yaxis2.ticktext)
        ['r']
    """
    rows = row_order(fit, order)
    drawing = tree_drawing(fit, len(PALETTE))
    known = None if truth is None else aligned_truth(fit, truth)
    limit = limit or colour_limit(fit.beta)
    beside = drawing if order == "tree" else None
    numbers = cluster_numbers(fit, drawing)
    traces = [] if beside is None else tree_traces(beside, theme)
    traces += [] if numbers is None else [strip(numbers[rows], theme, {"xaxis": "x2", "yaxis": "y"})]
    traces += [_loadings(fit, rows, theme, limit, known), *state_layers(fit, rows, theme, CELLS)]
    if len(rows) <= TEXT_ROWS and fit.beta.shape[1] <= TEXT_COLUMNS:
        traces += text_layers(fit, rows, limit, theme, CELLS)
    if known is not None and len(rows) <= MOST_MARKED_ROWS:
        traces += _support_marks(fit.beta[rows], known[rows], theme)
    layout = _layout(fit, rows, theme, has_tree=beside is not None, has_strip=numbers is not None)
    layout |= {} if beside is None else cut_marks(fit, theme)
    return go.Figure(data=traces, layout=layout)


def _loadings(fit: Fit, rows: Array, theme: Theme, limit: float, known: Array | None) -> Trace:
    """The heatmap proper."""
    return {
        "type": "heatmap",
        "name": "loadings",
        "z": fit.beta[rows] + 0.0,  # -0 is 0
        "zmin": -limit,
        "zmax": limit,
        "colorscale": theme.loadings,
        "colorbar": colour_bar("loading β", limit, theme),
        "customdata": cell_words(fit, rows, known),
        "hovertemplate": "<b>%{y}</b><br>%{x}: β = %{z:.6~g}<br>%{customdata}<extra></extra>",
        "xgap": 1,
        "ygap": 1 if len(rows) <= MOST_MARKED_ROWS else 0,
        **NAMED,
    }


def _support_marks(beta: Array, known: Array, theme: Theme) -> list[Trace]:
    """Corner marks on cells that are zero in the fit but not in truth, or the other way round."""
    marks = []
    for name, symbol, mask in (
        ("missed: true loading is not zero", "triangle-ne", (beta == 0) & (known != 0)),
        ("extra: true loading is zero", "triangle-ne-open", (beta != 0) & (known == 0) & np.isfinite(beta)),
    ):
        row, column = np.nonzero(mask)
        marks.append({
            "type": "scatter",
            "x": column + 0.44,
            "y": row - 0.3,
            "mode": "markers",
            "marker": {"symbol": symbol, "size": 7, "color": theme.ink, "line": {"width": 1}},
            "hoverinfo": "skip",
            "name": name,
            **CELLS,
        })  # fmt: skip
    return marks


def _layout(fit: Fit, rows: Array, theme: Theme, *, has_tree: bool, has_strip: bool) -> Trace:
    """Axes: x tree, x2 strip, x3 and y cells, x4 and y2 over them with the full names."""
    factors = fit.panel.factors
    start = 0.29 if has_tree else 0.0
    heat = [start + 0.02 if has_strip else start, 1.0]
    turned = label_width(factors) > 620 / len(factors)
    top = max(TREE_TOP if has_tree else TOP, 52 + round(0.75 * label_width(factors)) if turned else 0)
    height = round(top + BOTTOM + row_height(len(rows)) * max(len(rows), 3))
    over: Trace = {"overlaying": "y", "matches": "y", "anchor": "x4", "side": "right"}
    above: Trace = {"overlaying": "x3", "matches": "x3", "anchor": "y2", "side": "top"}
    layout = base_layout(
        theme,
        height,
        fit.digest,
        margin={"l": 8, "r": label_width(fit.panel.responses), "t": top, "b": BOTTOM},
        yaxis=name_axis(row_names(fit, rows), range=[len(rows) - 0.5, -0.5], anchor="x3"),
        yaxis2=label_axis(fit.panel.responses[rows], theme, range=[len(rows) - 0.5, -0.5], **over),
        xaxis3=name_axis(safe_names(factors), domain=heat, anchor="y"),
        xaxis4=label_axis(factors, theme, tickangle=-40 if turned else 0, **above),
    )
    if has_strip:
        layout["xaxis2"] = LINES | {"domain": [start, start + 0.012], "showticklabels": False, "anchor": "y"}
    if has_tree and fit.clustering is not None:
        axis = height_axis(fit.clustering.tree, theme, domain=[0.0, 0.283], anchor="y", side="top")
        layout["xaxis"] = axis | {"range": axis["range"][::-1]}
    return layout
