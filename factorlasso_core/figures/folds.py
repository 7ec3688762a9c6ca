"""What a cross-validation is made of: the folds in time, and the score of single responses and clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.figures.layout import base_layout
from factorlasso_core.figures.rows import label_axis, label_width
from factorlasso_core.figures.selection import AXIS
from factorlasso_core.figures.style import Theme, safe_names
from factorlasso_core.folds import Fold

Trace = dict[str, Any]


def fold_bars(folds: Sequence[Fold], index: pd.Index, theme: Theme, compared: Sequence[bool] = ()) -> go.Figure:
    """Draw training rows, gap and test rows of every fold on the time axis, the first fold on top.

    Args:
        folds: The windows. index: Of the panel. compared: By fold, False for one that is left out: it is
            drawn pale and named so; empty for all of them.
    """
    used = list(compared) or [True] * len(folds)
    names = [f"fold {number}" + ("" if kept else ", left out") for number, kept in enumerate(used, start=1)]
    spans = {
        "training": [fold.train for fold in folds],
        "gap": [range(fold.train.stop, fold.test.start) for fold in folds],
        "test": [fold.test for fold in folds],
    }
    colours = {"training": theme.accent, "gap": theme.held, "test": "#d55e00"}
    traces = [_spans(name, rows, index, colours[name], used) for name, rows in spans.items() if any(map(len, rows))]
    axis = {"type": "date"} if isinstance(index, pd.DatetimeIndex) else {"title": {"text": "row"}}
    layout = base_layout(
        theme,
        80 + 20 * max(len(folds), 3),
        barmode="overlay",
        bargap=0.3,
        showlegend=True,
        margin={"l": label_width(names, 60), "r": 20, "t": 34, "b": 30},
        xaxis=axis | {"showgrid": True, "zeroline": False},
        yaxis=label_axis(names, theme) | {"range": [len(folds) - 0.5, -0.5]},
    )
    return go.Figure(data=traces, layout=layout)


def _spans(name: str, rows: Sequence[range], index: pd.Index, colour: str, used: Sequence[bool]) -> Trace:
    """One bar a fold, from its first row to the row behind its last."""
    starts, ends = np.array([span.start for span in rows]), np.array([span.stop for span in rows])
    return {
        "type": "bar",
        "orientation": "h",
        "name": f"{name} rows",
        "y": np.arange(len(rows)),
        **_lengths(index, starts, ends),
        "marker": {"color": colour, "opacity": [1.0 if kept else 0.3 for kept in used]},
        "customdata": [_words(name, number, span, index) for number, span in enumerate(rows, start=1)],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _lengths(index: pd.Index, starts: Array, ends: Array) -> Trace:
    """Where bars begin and how long they are: in milliseconds on dates, in rows otherwise."""
    if not isinstance(index, pd.DatetimeIndex):
        return {"base": starts + 1, "x": ends - starts}
    dates = index.tz_localize(None).to_numpy()
    step = np.median(np.diff(dates)) if len(dates) > 1 else np.timedelta64(1, "D")
    edges = np.append(dates, dates[-1] + step)
    base = [pd.Timestamp(edge).isoformat() for edge in edges[starts]]
    return {"base": base, "x": (edges[ends] - edges[starts]) / np.timedelta64(1, "ms")}


def _words(name: str, number: int, span: range, index: pd.Index) -> str:
    """What a pointer reads of a window."""
    if not span:
        return ""
    ends = index[[span.start, span.stop - 1]]
    first, last = safe_names(ends.strftime("%Y-%m-%d") if isinstance(ends, pd.DatetimeIndex) else ends)
    return f"{name} of fold {number}: {first} to {last}, {len(span)} rows"


def part_bars(table: pd.Series, score: str, theme: Theme, colour: str | None = None) -> go.Figure:
    """Draw the score of responses or clusters as bars, in the order given.

    Args:
        table: Scores by label, NaN where there is none. score: Its name. colour: Of the bars.
    """
    values = table.to_numpy(dtype=float)
    known = np.isfinite(values)
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": np.where(known, values, 0.0),
        "y": np.arange(len(table)),
        "text": ["" if ok else "not scored" for ok in known],
        "textposition": "outside",
        "textfont": {"size": 11, "color": theme.muted},
        "marker": {"color": colour or theme.accent},
        "customdata": safe_names(table.index),
        "hovertemplate": "<b>%{customdata}</b><br>%{x:.4f}<extra></extra>",
    }
    layout = base_layout(
        theme,
        round(80 + 18 * max(len(table), 3)),
        bargap=0.25,
        margin={"l": label_width(table.index), "r": 20, "t": 10, "b": 50},
        xaxis={"title": {"text": AXIS[score]}, "zerolinecolor": theme.muted},
        yaxis=label_axis(table.index, theme, range=[len(table) - 0.5, -0.5]),
    )
    return go.Figure(data=[trace], layout=layout)
