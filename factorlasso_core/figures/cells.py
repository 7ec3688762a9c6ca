"""What became of every cell of a loadings heatmap: tints, hatches, marks and words."""

from __future__ import annotations

from typing import Any

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.figures.style import Theme, steps
from factorlasso_core.result import Fit, State
from factorlasso_core.signs import Rule

Trace = dict[str, Any]

MOST_MARKED_ROWS = 80  # above it cells are too low for single marks
STATE_WORDS = {
    State.ACTIVE: "active",
    State.AT_PRIOR: "at its prior",
    State.ZERO_BY_PENALTY: "zero by penalty",
    State.HELD_BY_BOUND: "held at zero by sign",
    State.WARM_UP: "warm-up, too few observations",
    State.NO_DATA: "no data",
}
LEGEND = {
    State.ZERO_BY_PENALTY: "zero by penalty",
    State.HELD_BY_BOUND: "held at zero by sign",
    State.AT_PRIOR: "at its prior",
    State.WARM_UP: "warm-up",
    State.NO_DATA: "no data",
}
SIGN_WORDS = ("free", "≥ 0", "≤ 0", "= 0")
RULE_WORDS = {
    Rule.FREE: "",
    Rule.USER: " (yours)",
    Rule.NONNEG: " (non-negative fit)",
    Rule.DERIVED: " (derived from the data)",
    Rule.GATED: " (gated: too weak alone)",
    Rule.EXCLUDED: " (excluded)",
}


def state_layers(fit: Fit, rows: Array, theme: Theme, axes: Trace) -> list[Trace]:
    """Return what lies over the loadings: tiles of cells without one, hatches, frames and crosses.

    Args:
        rows: Responses in drawn order. axes: Names of the axes.
    """
    state, beta = fit.state[rows], fit.beta[rows]
    few = len(rows) <= MOST_MARKED_ROWS
    layers = [_legend_mark("zero by penalty", {"symbol": "square", "color": theme.neutral}, theme, axes)]
    bare = np.where((beta == 0) | np.isnan(beta), state, State.ACTIVE)
    if (bare >= State.HELD_BY_BOUND).any():
        layers.append(_tiles(bare, theme, axes, gap=1 if few else 0))
    layers += [_hatch(state == s, s, theme, axes) for s in (State.WARM_UP, State.NO_DATA) if (state == s).any()]
    prior, held = state == State.AT_PRIOR, state == State.HELD_BY_BOUND
    if prior.any():
        layers.append(_frames(prior, theme, axes, each=few))
    if held.any():
        layers += _crosses(held if few else np.zeros_like(held), theme, axes)
    return layers


def _tiles(state: Array, theme: Theme, axes: Trace, gap: int) -> Trace:
    """Tiles over the neutral ones: grey where a sign holds a cell, the page where nothing was estimated."""
    colours = ["rgba(0,0,0,0)"] * len(State)
    colours[State.HELD_BY_BOUND] = theme.held
    colours[State.WARM_UP] = colours[State.NO_DATA] = theme.paper
    return {
        "type": "heatmap",
        "name": "states",
        "z": state.astype(np.uint8),
        "zmin": -0.5,
        "zmax": len(State) - 0.5,
        "colorscale": steps(colours),
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": gap,
        **axes,
    }


def _hatch(mask: Array, state: State, theme: Theme, axes: Trace) -> Trace:
    """Strokes for warm-up, dots for no data."""
    x, y = _rectangles(mask)
    pattern = {"shape": "/" if state is State.WARM_UP else ".", "fgcolor": theme.muted}
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"width": 0, "color": theme.muted},
        "fill": "toself",
        "fillcolor": "rgba(0,0,0,0)",
        "fillpattern": {**pattern, "fillmode": "overlay", "size": 6, "solidity": 0.18},
        "hoverinfo": "skip",
        "name": LEGEND[state],
        **axes,
    }


def _frames(mask: Array, theme: Theme, axes: Trace, *, each: bool) -> Trace:
    """A frame around every cell at its prior, or around runs of them where cells are low."""
    x, y = _rectangles(mask, each=each)
    line = {"width": 1.5 if each else 0.75, "color": theme.ink}
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": line,
        "hoverinfo": "skip",
        "name": LEGEND[State.AT_PRIOR],
        **axes,
    }


def _crosses(mask: Array, theme: Theme, axes: Trace) -> list[Trace]:
    """An entry in the legend, and a × on every cell of the mask."""
    row, column = np.nonzero(mask)
    key = {"symbol": "square-x", "color": theme.held, "line": {"width": 1, "color": theme.muted}}
    cross = {"symbol": "x-thin", "size": 6, "line": {"width": 1.25, "color": theme.ink}}
    marks = {"x": column, "y": row, "marker": cross, "name": "crosses", "showlegend": False}
    entry = _legend_mark(LEGEND[State.HELD_BY_BOUND], key, theme, axes)
    return [entry, entry | marks] if len(row) else [entry]


def _legend_mark(name: str, marker: Trace, theme: Theme, axes: Trace) -> Trace:
    """A trace without points, for its entry in the legend."""
    return {
        "type": "scatter",
        "x": [None],
        "y": [None],
        "mode": "markers",
        "marker": {"size": 11, "line": {"width": 1, "color": theme.muted}} | marker,
        "hoverinfo": "skip",
        "name": name,
        **axes,
    }


def _rectangles(mask: Array, *, each: bool = False) -> tuple[Array, Array]:
    """Corners of runs of cells down each column (or of each cell), lines broken by NaN: x and y."""
    edge = np.zeros((1, mask.shape[1]), dtype=np.int8)
    change = np.diff(mask.astype(np.int8), axis=0, prepend=edge, append=edge).T
    column, top = np.nonzero(mask.T) if each else np.nonzero(change == 1)
    bottom = top + 1 if each else np.nonzero(change == -1)[1]
    left, gap = column - 0.5, np.full(len(column), np.nan)
    x = np.stack([left, left + 1, left + 1, left, left, gap], axis=1)
    y = np.stack([top, top, bottom, bottom, top, gap], axis=1) - 0.5
    return x.ravel(), y.ravel()


def cell_text(fit: Fit, rows: Array) -> list[list[str]]:
    """What stands in each cell: the loading, ``·`` for zero by penalty, nothing where a mark or hatch does.

    A loading that is not zero shows at least as ``0.00`` or ``-0.00``, never as a ``·``.
    """
    return [
        [_number(b) if b == b and b != 0 else "·" if s == State.ZERO_BY_PENALTY else ""
         for b, s in zip(*pair, strict=True)]
        for pair in zip(fit.beta[rows].tolist(), fit.state[rows].tolist(), strict=True)
    ]  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 99.995 else f"{value:.3g}"


def text_layers(fit: Fit, rows: Array, limit: float, theme: Theme, axes: Trace) -> list[Trace]:
    """Return the numbers in the cells, in whichever of two colours is legible there."""
    text = np.array(cell_text(fit, rows), dtype=object)
    white = theme.wants_white(fit.beta[rows] / limit)
    layers = []
    for mask, colour in ((~white, "#000000"), (white, "#ffffff")):
        row, column = np.nonzero(mask & (text != ""))
        layers.append({
            "type": "scatter",
            "name": "numbers",
            "x": column,
            "y": row,
            "text": text[row, column].tolist(),
            "mode": "text",
            "textfont": {"size": 12, "color": colour},
            "hoverinfo": "skip",
            "showlegend": False,
            **axes,
        })  # fmt: skip
    return layers


def cell_words(fit: Fit, rows: Array, known: Array | None = None) -> Array:
    """What a pointer reads at each cell: state and sign rule, and the known loading if there is one."""
    box = fit.box
    code = 4 * box.rule.astype(int) + (box.lower == 0) + 2 * (box.upper == 0)
    signs = [f", sign {sign}{_rule(rule)}" for rule in range(max(Rule) + 1) for sign in SIGN_WORDS]
    signs[0] = ""
    words = np.array([STATE_WORDS[s] + sign for s in State for sign in signs], dtype=object)
    texts = words[(fit.state * len(signs) + code)[rows]]
    if known is None:
        return texts
    true = [f"<br>true β = {value:.6g}" for value in known[rows].ravel().tolist()]
    return np.asarray(texts + np.array(true, dtype=object).reshape(texts.shape))


def _rule(code: int) -> str:
    return RULE_WORDS[Rule(code)]
