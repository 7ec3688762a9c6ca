"""The tree of a cut clustering and its cluster colours, as traces, axes and marks."""

from __future__ import annotations

from typing import Any

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.clusters import Tree
from factorlasso_core.figures.rows import LINES
from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours, steps
from factorlasso_core.figures.tree import Drawing, drawn_height
from factorlasso_core.result import Fit

Trace = dict[str, Any]


def strip(numbers: Array, theme: Theme, axes: Trace) -> Trace:
    """A narrow column with the colour of every row's cluster."""
    colours = cluster_colours(min(int(numbers.max()) + 1, 3 * len(PALETTE)), theme)
    return {
        "type": "heatmap",
        "name": "clusters",
        "z": (numbers % len(colours)).astype(np.uint8)[:, None],
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "colorscale": steps(colours),
        "showscale": False,
        "hoverinfo": "skip",
        **axes,
    }


def tree_traces(drawing: Drawing, theme: Theme, *, upright: bool = False) -> list[Trace]:
    """Return the branches: one trace above the cut, and one for each colour below."""
    colours = cluster_colours(len(PALETTE), theme)
    lines = [(drawing.above, theme.muted, 1.0)]
    lines += [(path, colours[number], 1.6) for number, path in drawing.below.items()]
    return [
        {
            "type": "scatter",
            "name": "tree",
            ("y" if upright else "x"): path.height,
            ("x" if upright else "y"): path.place,
            "mode": "lines",
            "line": {"color": colour, "width": width},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        for path, colour, width in lines
    ]


def cut_marks(fit: Fit, theme: Theme, *, upright: bool = False) -> Trace:
    """Return the shapes and notes of the cut: its line, its words, and the range a cutoff can reach."""
    if fit.clustering is None or fit.cutoff is None:
        return {}
    along, across = ("y", "x") if upright else ("x", "y")
    reach = fit.clustering.tree.largest_distance
    level = float(drawn_height(np.array(fit.cutoff), reach))
    span = {f"{across}ref": f"{across} domain", f"{across}0": 0, f"{across}1": 1}
    band = {"type": "rect", "name": "reach", f"{along}0": 0, f"{along}1": reach, "layer": "below", **span}
    line = {"type": "line", "name": "cut", f"{along}0": level, f"{along}1": level, **span}
    shapes = [
        band | {"fillcolor": theme.shade, "line": {"width": 0}},
        line | {"line": {"color": theme.ink, "width": 1.5, "dash": "dash"}},
    ]
    words: Trace = {"text": cut_words(fit), "bgcolor": theme.paper, "font": {"size": 12, "color": theme.ink}}
    small: Trace = {"text": "reach of the cutoff", "font": {"size": 11, "color": theme.muted}}
    if upright:
        words |= {"x": 1, "xref": "x domain", "xanchor": "right", "y": level, "yanchor": "bottom"}
        small |= {"x": 1, "xref": "x domain", "xanchor": "right", "y": reach, "yanchor": "bottom"}
    else:
        words |= {"x": 0, "xref": "x domain", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
        words["yshift"] = 34
        small |= {"x": 0.5 * reach, "y": 0, "yref": "paper", "yanchor": "top"}
    return {"shapes": shapes, "annotations": [note | {"showarrow": False} for note in (words, small)]}


def cut_words(fit: Fit) -> str:
    """The cutoff, or the number of clusters asked for, and the number it makes."""
    count, options = fit.n_clusters or 0, fit.spec.clustering
    asked = f"cut {options.cutoff_fraction:g}" if options.n_clusters is None else f"at most {options.n_clusters}"
    return f"{asked} · {count} cluster{'' if count == 1 else 's'}"


def height_axis(tree: Tree, theme: Theme, **changes: Any) -> Trace:
    """Return the axis of merge heights, marked in the unit of the cutoff: the largest distance."""
    unit = tree.largest_distance or 1.0
    top = max(float(tree.linkage[:, 2].max(initial=0.0)) / unit, 1.0)
    marks = np.array([0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0])
    marks = marks[marks <= top]
    title = "cutoff units, log above 1" if top > 1 else "cutoff units"
    axis = {
        "range": [0.0, float(drawn_height(np.array(unit * top), unit)) * 1.02],
        "tickvals": drawn_height(unit * marks, unit),
        "ticktext": [f"{mark:g}" for mark in marks],
        "tickfont": {"size": 11, "color": theme.muted},
        "title": {"text": title, "font": {"size": 11, "color": theme.muted}, "standoff": 4},
    }
    return LINES | axis | changes
