"""Rows and columns of matrix figures: their order, their axes and their labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import OptionError
from factorlasso_core.figures.style import Theme, safe_names, safe_text
from factorlasso_core.figures.tree import Drawing, draw_tree
from factorlasso_core.result import Fit

ORDERS = ("tree", "group", "given")
MOST_LABELS = 60
CHARACTER = 6.6  # mean width in pixels at font size 12
LINES = {"showgrid": False, "zeroline": False, "showline": False, "ticks": ""}


def row_order(fit: Fit, order: str = "tree") -> Array:
    """Return the responses in drawn order, (N,).

    Args:
        fit: The fit.
        order: ``"tree"`` for the leaves of the tree, and where there is none ``"group"`` for the
            groups in the order they first occur, and where there are none ``"given"``.

    Raises:
        OptionError: ``order`` is none of these.
    """
    if order not in ORDERS:
        raise OptionError("order", order, f"one of {', '.join(map(repr, ORDERS))}")
    if order == "tree" and fit.clustering is not None:
        return fit.clustering.tree.leaves
    if order != "given" and fit.labels is not None:
        return np.argsort(pd.factorize(fit.labels)[0], kind="stable")
    return np.arange(len(fit.beta))


def tree_drawing(fit: Fit, colours: int) -> Drawing | None:
    """Return the tree of a fit laid out at its cut, or None."""
    if fit.clustering is None or fit.cutoff is None:
        return None
    return draw_tree(fit.clustering.tree, fit.cutoff, colours)


def cluster_numbers(fit: Fit, drawing: Drawing | None) -> Array | None:
    """Return the colour number of every response's group, (N,), or None without groups."""
    if drawing is not None:
        return drawing.number
    return None if fit.labels is None else np.asarray(pd.factorize(fit.labels)[0])


def row_names(fit: Fit, rows: Array) -> list[str]:
    """Return what a pointer reads of each row: the name and its cluster or group."""
    names = safe_names(fit.panel.responses[rows])
    if fit.labels is None:
        return names
    kind = "group" if fit.clustering is None else "cluster"
    part = zip(names, fit.labels[rows], fit.counted[rows], strict=True)
    return [f"{name} · {f'{kind} {safe_text(g)}' if counted else 'left out'}" for name, g, counted in part]


def row_height(count: int) -> float:
    """Height of a row in pixels: 500 rows fit in about 1,300."""
    return float(np.clip(1300 / max(count, 1), 2.6, 24.0))


def label_width(labels: Iterable[object], least: int = 0) -> int:
    """Pixels the longest of some axis labels needs."""
    longest = max((min(len(str(label)), 28) for label in labels), default=0)
    return max(least, round(longest * CHARACTER) + 12)


def label_axis(labels: Iterable[object], theme: Theme, most: int = MOST_LABELS, **changes: Any) -> dict[str, Any]:
    """Return an axis with rows or columns at 0, 1, ..., at most so many of them labelled."""
    texts = [safe_text(label) for label in labels]
    every = -(-len(texts) // most)
    axis = {
        "tickvals": np.arange(0, len(texts), every),
        "ticktext": texts[::every],
        "tickfont": {"size": 12 if every == 1 else 10, "color": theme.ink},
        "ticklabelstandoff": 4,
        "range": [-0.5, len(texts) - 0.5],
    }
    return LINES | axis | changes


def name_axis(names: list[str], **changes: Any) -> dict[str, Any]:
    """Return an axis that shows nothing: hover texts take the full names from it."""
    axis = {"tickvals": np.arange(len(names)), "ticktext": names, "showticklabels": False}
    return LINES | axis | {"range": [-0.5, len(names) - 0.5]} | changes
