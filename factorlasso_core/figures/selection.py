"""Cross-validation: the score against λ, with the loadings that are left, and the map over α and cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.figures.layout import base_layout
from factorlasso_core.figures.style import Scale, Theme
from factorlasso_core.tuning import DIGITS, ERROR, R2, SPHERICITY, Curve, Landscape

Trace = dict[str, Any]

AXIS = {
    R2: "R² out of sample",
    ERROR: "squared error ÷ variance in training",
    SPHERICITY: "sphericity of held-out residuals",
}
HERE = "#d55e00"
LABEL = 15  # pixels of a line of labels


def score_curve(found: Curve, theme: Theme, current: float | None = None) -> go.Figure:
    """Draw the score against λ with its band over one standard error, and below it the number of loadings.

    Args:
        found: The curve. theme: Colours. current: λ of the fit on screen, marked where it is above zero.
    """
    order = np.argsort(found.lambdas)
    x = found.lambdas[order]
    mean, error = found.means[order], np.nan_to_num(found.errors[order], nan=0.0)
    traces = [_band(x, mean, error, theme), *_points(found, order, theme)]
    traces += [_line(x, mean, found, order, theme), *_limit(found, x, order, theme)]
    traces.append(_loadings(x, found.nonzero[order], theme))
    shapes, notes = _marks(found, current, theme)
    count = {"title": {"text": "non-zero loadings"}, "rangemode": "tozero", "zeroline": False}
    layout = base_layout(
        theme,
        520,
        showlegend=True,
        margin={"l": 70, "r": 20, "t": 30 + 3 * LABEL, "b": 50},  # a line of legend over three of labels
        xaxis=_log_axis(x, current) | {"anchor": "y2"},
        yaxis={"title": {"text": AXIS[found.score]}, "domain": [0.34, 1.0], "zeroline": False},
        yaxis2=count | {"domain": [0.0, 0.27], "gridcolor": theme.grid},
        shapes=shapes,
        annotations=notes,
    )
    return go.Figure(data=traces, layout=layout)


def _log_axis(x: Array, current: float | None) -> Trace:
    """The λ axis: a little wider than the grid, and as wide as the marked λ needs within a decade."""
    low, high = np.log10(x[[0, -1]])
    if current:
        low = max(min(low, np.log10(current)), low - 1.0)
        high = min(max(high, np.log10(current)), high + 1.0)
    pad = 0.03 * max(high - low, 1.0)
    return {"type": "log", "title": {"text": "penalty λ (squared units of the data)"},
            "range": [low - pad, high + pad], "exponentformat": "power", "dtick": 1}  # fmt: skip


def _band(x: Array, mean: Array, error: Array, theme: Theme) -> Trace:
    known = ~np.isnan(mean)
    x, mean, error = x[known], mean[known], error[known]
    fill = "rgba(110,168,220,0.22)" if theme.dark else "rgba(51,101,138,0.16)"
    return {
        "type": "scatter",
        "name": "± 1 standard error",
        "x": np.concatenate([x, x[::-1]]),
        "y": np.concatenate([mean + error, (mean - error)[::-1]]),
        "fill": "toself",
        "fillcolor": fill,
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
    }


def _points(found: Curve, order: Array, theme: Theme) -> list[Trace]:
    """One small mark for every fold and λ, folds that are not compared hollow."""
    folds = found.scores.shape[1]
    used = np.repeat(found.folds[None], len(order), axis=0).ravel()
    return [
        {
            "type": "scatter",
            "name": "single folds",
            "x": np.repeat(found.lambdas[order], folds),
            "y": found.scores[order].ravel(),
            "mode": "markers",
            "marker": {
                "size": 4,
                "color": theme.muted,
                "opacity": 0.55,
                "symbol": np.where(used, "circle", "circle-open").tolist(),
            },
            "customdata": np.tile(np.arange(1, folds + 1), len(order)),
            "hovertemplate": "fold %{customdata}, λ = %{x:.4~g}: %{y:.4~g}<extra></extra>",
        }
    ]


def _line(x: Array, mean: Array, found: Curve, order: Array, theme: Theme) -> Trace:
    return {
        "type": "scatter",
        "name": "mean over folds",
        "x": x,
        "y": mean,
        "mode": "lines+markers",
        "line": {"color": theme.accent, "width": 2.2},
        "marker": {"size": 5, "color": theme.accent},
        "customdata": np.stack([found.errors[order], found.nonzero[order]], axis=1),
        "hovertemplate": "λ = %{x:.4~g}<br>mean %{y:.4f} ± %{customdata[0]:.2~g}"
        "<br>%{customdata[1]:.1f} non-zero loadings<extra></extra>",
    }


def _limit(found: Curve, x: Array, order: Array, theme: Theme) -> list[Trace]:
    """The threshold of the sphericity."""
    if found.limit is None:
        return []
    line = {"color": theme.ink, "width": 1.2, "dash": "dash"}
    return [{"type": "scatter", "name": "threshold when nothing is shared", "x": x, "y": found.limit[order],
             "mode": "lines", "line": line, "hovertemplate": "threshold %{y:.4~g}<extra></extra>"}]  # fmt: skip


def _loadings(x: Array, count: Array, theme: Theme) -> Trace:
    return {
        "type": "scatter",
        "name": "non-zero loadings",
        "showlegend": False,
        "x": x,
        "y": count,
        "yaxis": "y2",
        "mode": "lines+markers",
        "line": {"color": theme.accent, "width": 1.6},
        "marker": {"size": 4, "color": theme.accent},
        "hovertemplate": "λ = %{x:.4~g}: %{y:.1f} non-zero loadings, mean over folds<extra></extra>",
    }


def _marks(found: Curve, current: float | None, theme: Theme) -> tuple[list[Trace], list[Trace]]:
    """Upright lines through both panels at λ.min, the sparser choice and the current λ, labelled above in rows."""
    sparse = "λ.pass" if found.score == SPHERICITY else "λ.1se"
    places = [
        ("λ.min", found.lambdas[found.best], theme.ink, "solid"),
        (sparse, found.lambdas[found.sparsest], HERE, "dash"),
    ]
    if found.best == found.sparsest:
        places = [(f"λ.min = {sparse}" if found.passed else "λ.min", *places[0][1:])]
    if current:
        places.append(("current λ", current, theme.muted, "dot"))
    shapes = [
        {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper",
         "line": {"color": colour, "width": 1.4, "dash": dash}}
        for _, at, colour, dash in places
    ]  # fmt: skip
    notes = [
        {"text": name, "x": np.log10(at), "xref": "x", "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": shift,
         "showarrow": False, "font": {"size": 12, "color": colour}}
        for (name, at, colour, _), shift in zip(places, _levels([at for _, at, _, _ in places]), strict=True)
    ]  # fmt: skip
    return shapes, notes


def _levels(places: Sequence[float]) -> list[int]:
    """Pixels by which labels are raised so that neighbours on the axis do not lie on each other."""
    found: list[int] = []
    for i, place in enumerate(places):
        near = {found[j] for j in range(i) if abs(np.log10(place / places[j])) < 0.35}
        found.append(next(level for level in (0, LABEL, 2 * LABEL) if level not in near))
    return found


def score_map(found: Landscape, theme: Theme, current: tuple[float, float]) -> go.Figure:
    """Draw the best score over λ at every α and cutoff, the best cell starred and that of the current point framed.

    Args:
        found: The map. current: α and cutoff of the fit on screen; of equal cells the nearest one is the best.
    """
    grid, cut = found.grid, bool(found.grid.cutoffs)
    title = {"text": "dendrogram cutoff (share of the largest distance)"}
    across = {"title": title, "tickvals": grid.cutoffs, "tickformat": ".2f"}
    layout = base_layout(
        theme,
        120 + 40 * len(grid.alphas),
        showlegend=True,
        margin={"l": 70, "r": 20, "t": 36, "b": 50},
        xaxis=(across if cut else {"showticklabels": False, "ticks": ""}) | {"showgrid": False, "zeroline": False},
        yaxis={"title": {"text": "L1 share α"}, "tickvals": grid.alphas, "showgrid": False, "zeroline": False},
    )
    return go.Figure(data=[_heat(found, current, theme), _frame(found, current)], layout=layout)


def _heat(found: Landscape, current: tuple[float, float], theme: Theme) -> Trace:
    """The cells, the better the stronger."""
    cut = bool(found.grid.cutoffs)
    return {
        "type": "heatmap",
        "name": "best over λ",
        "x": np.array(found.grid.cutoffs or [0.0]),
        "y": np.array(found.grid.alphas),
        "z": found.scores if found.score == R2 else -found.scores,
        "text": _cell_texts(found, current),
        "texttemplate": "%{text}" if found.scores.size <= 80 else None,
        "textfont": {"size": 11},
        "customdata": np.stack([found.errors, found.lambdas], axis=2),
        "colorscale": _sequential(theme),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": ("cutoff %{x:.2f}, " if cut else "")
        + f"α %{{y:.2f}}<br>{AXIS[found.score]} %{{text}} ± %{{customdata[0]:.2~g}}"
        "<br>at λ = %{customdata[1]:.4~g}<extra></extra>",
    }


def _frame(found: Landscape, current: tuple[float, float]) -> Trace:
    """The outline of the cell nearest to the current point, which leaves its number free."""
    grid, (row, column) = found.grid, found.nearest(*current)
    left, right = _edges(grid.cutoffs or (0.0,), column)
    low, high = _edges(grid.alphas, row)
    at = [grid.alphas[row], grid.cutoffs[column]] if grid.cutoffs else [grid.alphas[row]]
    names = "α and cutoff" if grid.cutoffs else "α"
    return {
        "type": "scatter",
        "name": f"current {names}" if np.allclose(at, current[: len(at)]) else f"nearest to the current {names}",
        "x": [left, right, right, left, left],
        "y": [low, low, high, high, low],
        "mode": "lines",
        "line": {"width": 2.5, "color": HERE},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _edges(centres: Sequence[float], place: int) -> tuple[float, float]:
    """Where a cell of a heatmap ends: half way to its neighbours, as far again at the ends; one wide if alone."""
    if len(centres) == 1:
        return centres[0] - 0.5, centres[0] + 0.5
    middle = (np.array(centres[1:]) + np.array(centres[:-1])) / 2
    first, last = 2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]
    edges = [first, *middle, last]
    return float(edges[place]), float(edges[place + 1])


def _sequential(theme: Theme) -> Scale:
    """From the page towards the accent: the better the stronger."""
    ends = ("#24231f", "#2f6ea5") if theme.dark else ("#f6f7f8", "#7fb0d6")
    return [(0.0, ends[0]), (1.0, ends[1])]


def _cell_texts(found: Landscape, current: tuple[float, float]) -> list[list[str]]:
    """The scores, with a star at the best and an open one at its equals; a dash where there is none."""
    best, equal = found.best_near(*current), found.equal
    texts = [["–" if np.isnan(value) else f"{value:.{DIGITS}f}" for value in line] for line in found.scores]
    for row, column in np.argwhere(equal):
        star = "★" if (row, column) == best else "☆"
        texts[row][column] = f"{star} {texts[row][column]}"
    return texts
