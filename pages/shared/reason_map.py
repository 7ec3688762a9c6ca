"""What stands behind every loading, as a table whose rows lie beside those of the editor.

A table and not a figure: drawing a Plotly figure beside a grid costs the browser so much time that a cell
typed meanwhile can be lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.arrays import Array
from factorlasso_core.figures.cells import STATE_WORDS
from factorlasso_core.figures.rules import SYMBOLS, TITLES, nothing, numbers, rule_colours
from factorlasso_core.result import State
from factorlasso_core.signs import Rule
from pages.shared import feedback

HEIGHT = 560  # pixels, as the editor beside it
MOST_TINTED = 5_000  # cells; a larger table is drawn without colours
WORDS = {
    "rule": "What bounds each loading, and in which sign. Click a cell for everything known about it.",
    "t": "t statistic of each factor alone, pooled over the group of the response. It is a screen, not a test.",
    "multiplier": "What the objective would gain per unit the bound is relaxed; negative at a lower bound.",
    "prior": "The prior in force: what you typed, and where you typed nothing what the data give.",
}
FORMATS = {"t": "%.2f", "multiplier": "%.2e", "prior": "%.4g"}


def draw(fit: Fit, show: str) -> None:
    """Draw the table of rules, t statistics, multipliers or prior, and what is known about the chosen cell."""
    st.caption(WORDS[show])
    values = _rules(fit) if show == "rule" else numbers(fit, show)
    if values is None:
        st.info(nothing(fit, show))
        return
    names = [f"c{position}" for position in range(values.shape[1])]
    labels = [str(factor) for factor in fit.panel.factors]
    kind = st.column_config.TextColumn if show == "rule" else st.column_config.NumberColumn
    extra = {} if show == "rule" else {"format": FORMATS[show]}
    columns = {name: kind(label, **extra) for name, label in zip(names, labels, strict=True)}
    table = pd.DataFrame(values, index=feedback.row_names(fit.panel.responses), columns=names)
    event = st.dataframe(
        table.style.apply(lambda _: _tints(fit, show, values), axis=None) if values.size <= MOST_TINTED else table,
        height=feedback.table_height(len(table), HEIGHT),
        column_config=columns,
        selection_mode="single-cell",
        on_select="rerun",
        key=f"reasons_{show}",
    )
    for row, column in event["selection"]["cells"]:
        if row < len(table) and column in names:
            st.caption(_everything(fit, row, names.index(column)))


def _rules(fit: Fit) -> Array:
    """Sign and rule of every cell in words, (N, M); blank where the loading is free."""
    signs = np.vectorize(lambda sign: SYMBOLS.get(sign, ""), otypes=[object])(fit.box.signs)
    words = np.array([TITLES[rule] for rule in Rule], dtype=object)[fit.box.rule]
    shown = np.where(fit.box.rule == Rule.FREE, "", signs + " " + words)
    return np.where(fit.state == State.WARM_UP, "warm-up", shown)


def _tints(fit: Fit, show: str, values: Array) -> Array:
    """Backgrounds: by rule, and for numbers those that count."""
    theme = feedback.theme()
    colours = rule_colours(theme)
    if show == "rule":
        by_code = np.array([f"background-color: {colours[rule]}" for rule in Rule], dtype=object)
        by_code[Rule.FREE] = ""
        return np.where(fit.state == State.WARM_UP, "", by_code[fit.box.rule])
    counts = np.abs(values) > 0
    if show == "t" and fit.evidence is not None:
        counts = fit.evidence.detected != 0
    above, below = f"background-color: {colours[Rule.USER]}", f"background-color: {colours[Rule.EXCLUDED]}"
    weak = f"background-color: {colours[Rule.GATED]}" if show == "t" else ""
    return np.where(counts, np.where(values > 0, above, below), weak)


def _everything(fit: Fit, row: int, column: int) -> str:
    """All that is known about one loading, in one line."""
    response, factor = fit.panel.responses[row], fit.panel.factors[column]
    rule, sign = Rule(fit.box.rule[row, column]), fit.box.signs[row, column]
    facts = [f"β = {fit.beta[row, column]:.6g}", STATE_WORDS[State(fit.state[row, column])]]
    facts.append("free" if rule is Rule.FREE else f"sign {SYMBOLS.get(sign, 'free')} ({TITLES[rule]})")
    if fit.evidence is not None:
        facts.append(f"t = {fit.evidence.t[row, column]:.3g}, slope {fit.evidence.slope[row, column]:.4g}")
    if fit.prior[row, column]:
        facts.append(f"prior {fit.prior[row, column]:.4g}")
    if fit.multipliers[row, column]:
        facts.append(f"multiplier {fit.multipliers[row, column]:.3g}")
    return f"**{feedback.plain(response)}, {feedback.plain(factor)}**: {feedback.plain(' · '.join(facts))}"
