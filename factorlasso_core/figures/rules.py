"""Why every loading is bounded as it is: the rule of each cell, its t statistic, the price of its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from factorlasso_core.arrays import Array
from factorlasso_core.errors import OptionError
from factorlasso_core.figures.cells import cell_words
from factorlasso_core.figures.layout import base_layout, colour_bar, message
from factorlasso_core.figures.rows import label_axis, label_width, name_axis
from factorlasso_core.figures.style import Theme, colour_limit, safe_names, steps
from factorlasso_core.result import Fit
from factorlasso_core.signs import Rule

Trace = dict[str, Any]

SHOWN = ("rule", "t", "multiplier", "prior")
NAMES = {"t": "t statistic", "multiplier": "multiplier", "prior": "prior β⁰"}
FORMS = {"t": "{:.1f}", "multiplier": "{:.1e}", "prior": "{:.2f}"}
TEXT_ROWS, TEXT_COLUMNS = 40, 12  # largest map whose cells carry text
HEIGHT, ROW = 620, 27.0  # pixels of a tall map; of a row in a short one
TITLES = {
    Rule.FREE: "free",
    Rule.USER: "yours",
    Rule.DERIVED: "derived",
    Rule.GATED: "gated",
    Rule.EXCLUDED: "excluded",
    Rule.NONNEG: "non-negative",
}
SYMBOLS = {1.0: "+", -1.0: "−", 0.0: "0"}


def rule_map(fit: Fit, show: str, theme: Theme) -> go.Figure:
    """Draw one cell per loading, responses in their given order, as in the editors.

    Args:
        fit: The fit.
        show: ``"rule"`` for what bounds the loading, ``"t"`` for the t statistic of the univariate slope of
            its pool, ``"multiplier"`` for what the objective would gain per unit its bound is relaxed,
            ``"prior"`` for what the penalty pulls towards.
        theme: Colours.

    Raises:
        OptionError: ``show`` is none of these.
    """
    if show not in SHOWN:
        raise OptionError("show", show, f"one of {', '.join(map(repr, SHOWN))}")
    values = None if show == "rule" else numbers(fit, show)
    if show != "rule" and values is None:
        return message(theme, nothing(fit, show), fit.digest)
    cells = _rules(fit, theme) if values is None else _numbers(values, show, theme)
    cells |= {"customdata": _words(fit), "hovertemplate": "<b>%{y}</b><br>%{x}<br>%{customdata}<extra></extra>"}
    few = len(fit.beta) <= TEXT_ROWS and fit.beta.shape[1] <= TEXT_COLUMNS
    traces = [cells | {"xgap": 1, "ygap": 1 if len(fit.beta) <= 80 else 0, "xaxis": "x", "yaxis": "y"}]
    traces += [_texts(fit, values, show, theme)] if few else [_anchor()]
    traces += _key(fit, theme) if show == "rule" else []
    return go.Figure(data=traces, layout=_layout(fit, theme))


def _rules(fit: Fit, theme: Theme) -> Trace:
    """Cells coloured by rule, those that must not be positive in the darker tint of theirs."""
    colours = [colour for rule in Rule for colour in _tints(rule, theme)]
    return {
        "type": "heatmap",
        "name": "rules",
        "z": _codes(fit),
        "zmin": -0.5,
        "zmax": len(colours) - 0.5,
        "colorscale": steps(colours),
        "showscale": False,
    }


def _codes(fit: Fit) -> Array:
    """Rule and side of every cell: twice the rule, one more where the loading must not be positive."""
    return 2 * fit.box.rule.astype(int) + (fit.box.signs < 0)


def _tints(rule: Rule, theme: Theme) -> tuple[str, str]:
    """Colours of a rule for either side."""
    light, dark = {Rule.USER: ("#5f9bd0", "#1f5a8c"), Rule.DERIVED: ("#57ab8e", "#17503f")}.get(rule, ("", ""))
    plain = rule_colours(theme)[rule]
    return plain, (dark if theme.dark else light) or plain


def rule_colours(theme: Theme) -> dict[Rule, str]:
    """Return the tint of each rule."""
    return {
        Rule.FREE: theme.neutral,
        Rule.USER: "#3f7fb5" if theme.dark else "#a9cbe6",
        Rule.DERIVED: "#2c7a63" if theme.dark else "#a8dcc9",
        Rule.GATED: theme.held,
        Rule.EXCLUDED: "#7a4a3a" if theme.dark else "#e3b8a6",
        Rule.NONNEG: "#8a7420" if theme.dark else "#eadf9f",
    }


def numbers(fit: Fit, show: str) -> Array | None:
    """Return the numbers of a map other than that of the rules, (N, M); None where there are none."""
    if show == "t":
        return None if fit.evidence is None else fit.evidence.t
    if show == "prior":
        return fit.prior
    return None if fit.certificate is None else fit.multipliers


def nothing(fit: Fit, show: str) -> str:
    """Say why a map has no numbers."""
    if show == "multiplier":
        return "Nothing was solved, so no bound has a price."
    if not fit.spec.model_type.takes_signs:
        return "This model derives no signs."
    return "t statistics appear once signs are derived from the data."


def _numbers(values: Array, show: str, theme: Theme) -> Trace:
    """Cells coloured by a number."""
    limit = _limit(values, show)
    return {
        "type": "heatmap",
        "name": NAMES[show],
        "z": np.clip(values, -limit, limit) + 0.0,
        "zmin": -limit,
        "zmax": limit,
        "colorscale": theme.loadings,
        "colorbar": colour_bar(NAMES[show], limit, theme),
    }


def _limit(values: Array, show: str) -> float:
    """End of the colours; every t beyond ten is beyond doubt."""
    return min(colour_limit(values), 10.0) if show == "t" else colour_limit(values)


def _texts(fit: Fit, values: Array | None, show: str, theme: Theme) -> Trace:
    """The sign in force, or the number, in each cell."""
    if values is None:
        signs = fit.box.signs
        text = np.array([[SYMBOLS.get(sign, "") for sign in row] for row in signs.tolist()], dtype=object)
        colours = np.full(text.shape, theme.ink, dtype=object)
    else:
        text = np.array([[FORMS[show].format(v) if v else "" for v in row] for row in values.tolist()], dtype=object)
        white = theme.wants_white(np.clip(values / _limit(values, show), -1, 1))
        colours = np.where(white, "#ffffff", "#000000")
    row, column = np.nonzero(text != "")
    return {
        "type": "scatter",
        "name": "texts",
        "mode": "text",
        "x": column,
        "y": row,
        "text": text[row, column].tolist(),
        "textfont": {"size": 12 if show == "rule" else 11, "color": colours[row, column].tolist()},
        "hoverinfo": "skip",
        "showlegend": False,
        "xaxis": "x2",
        "yaxis": "y2",
    }


def _anchor() -> Trace:
    """A trace without points: Plotly draws an overlaid axis only where a trace lies on it."""
    empty = {"x": [None], "y": [None], "hoverinfo": "skip", "showlegend": False}
    return {"type": "scatter", "mode": "markers", **empty, "xaxis": "x2", "yaxis": "y2"}


def _key(fit: Fit, theme: Theme) -> list[Trace]:
    """A legend entry for every rule and side that occurs."""
    present = set(np.unique(_codes(fit)).tolist())
    entries = []
    for code in (2 * int(rule) + side for rule in TITLES for side in (0, 1)):
        rule, side = Rule(code // 2), code % 2
        plus = " + or 0" if rule is Rule.USER else " +"  # a derived zero is called gated
        sides = " −" if side else plus if code + 1 in present else ""
        marker = {"symbol": "square", "size": 11, "color": _tints(rule, theme)[side]}
        if code in present:
            entries.append({
                **_anchor(),
                "marker": marker | {"line": {"width": 1, "color": theme.muted}},
                "name": f"{TITLES[rule]}{sides}",
                "showlegend": True,
            })  # fmt: skip
    return entries


def _words(fit: Fit) -> Array:
    """What a pointer reads: loading, state and sign rule, t statistic and slope, multiplier."""
    parts = [np.array([[f"β = {b:.6g}, " for b in row] for row in fit.beta.tolist()], dtype=object)]
    parts.append(cell_words(fit, np.arange(len(fit.beta))))
    if fit.evidence is not None:
        pairs = zip(fit.evidence.t.tolist(), fit.evidence.slope.tolist(), strict=True)
        text = [[f"<br>t = {t:.3g}, slope {b:.4g}" for t, b in zip(*pair, strict=True)] for pair in pairs]
        parts.append(np.array(text, dtype=object))
    if fit.certificate is not None:
        prices = fit.multipliers.tolist()
        text = [[f"<br>multiplier {mu:.3g}" if mu else "" for mu in row] for row in prices]
        parts.append(np.array(text, dtype=object))
    return np.asarray(sum(parts[1:], start=parts[0]))


def _layout(fit: Fit, theme: Theme) -> Trace:
    """Axes: x and y know the full names, x2 and y2 over them show the short ones."""
    count, factors = len(fit.beta), fit.panel.factors
    turned = label_width(factors) > 420 / len(factors)
    top = 44 + (round(0.75 * label_width(factors)) if turned else 22)
    height = round(top + 12 + min(ROW * max(count, 2), HEIGHT - top))
    left = min(label_width(fit.panel.responses), 170)
    right = round(0.6 * label_width(factors)) if turned else 8  # a turned label reaches beyond its column
    labelled = max(1, round((height - top) / 13))
    over: Trace = {"overlaying": "y", "matches": "y", "anchor": "x2", "side": "left"}
    above: Trace = {"overlaying": "x", "matches": "x", "anchor": "y2", "side": "top"}
    return base_layout(
        theme,
        height,
        fit.digest,
        showlegend=True,  # a single rule is worth its word too
        margin={"l": left, "r": right, "t": top, "b": 12},
        yaxis=name_axis(safe_names(fit.panel.responses), range=[count - 0.5, -0.5]),
        yaxis2=label_axis(fit.panel.responses, theme, labelled, range=[count - 0.5, -0.5], **over),
        xaxis=name_axis(safe_names(factors)),
        xaxis2=label_axis(factors, theme, tickangle=-40 if turned else 0, **above),
    )
