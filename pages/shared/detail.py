"""Everything about one selected response: loadings with bands, fit over time, residuals, neighbours in the tree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit, Rule, State
from factorlasso_core.figures import series
from factorlasso_core.figures.cells import STATE_WORDS
from factorlasso_core.figures.rules import SYMBOLS, TITLES
from factorlasso_core.neighbours import merges_of
from factorlasso_core.scoring import predictions
from pages.shared import bands, baseline, feedback, pathview
from pages.shared.sidebar import Inputs

MOST_NAMES = 6
NUMBER = st.column_config.NumberColumn(format="%.4g")


def panel(inputs: Inputs, fit: Fit, rows: list[str]) -> None:
    """The details and the path in a part of the page that opens, computed only then; *Tune* has its path in view."""
    with st.expander("Details of the selection", key="detail", on_change="rerun") as box:
        if box.open:
            body(inputs, fit, rows)
            if rows:
                pin = baseline.chosen(inputs.edits)
                pathview.draw(inputs, fit, rows, list(inputs.edits.selection.columns), None if pin is None else pin.fit)


def body(inputs: Inputs, fit: Fit, rows: list[str]) -> None:
    """The details of the selected responses, one at a time."""
    names = [str(label) for label in fit.panel.responses]
    rows = [row for row in rows if row in names]
    if not rows:
        st.caption("Select a response to see its loadings, its fit over time and its neighbours in the tree.")
        return
    shown = rows[0] if len(rows) == 1 else _pick(rows)
    place = names.index(shown)
    st.caption(_headline(fit, place))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _loadings(inputs, fit, place)
    with right:
        _neighbours(fit, place)
    _over_time(fit, place)


def _pick(rows: list[str]) -> str:
    return st.selectbox("Response", rows, key="detail_response")


def _headline(fit: Fit, place: int) -> str:
    """Name, cluster, R², constant and observations."""
    facts = []
    if fit.labels is not None and fit.counted[place]:
        size = int((fit.labels[fit.counted] == fit.labels[place]).sum())
        kind = "group" if fit.clustering is None else "cluster"
        facts.append(f"{kind} {fit.labels[place]} with {size} response{'s' * (size > 1)}")
    r2, residual = fit.statistics.r2[place], fit.statistics.ss_res[place]
    facts.append("no R²" if np.isnan(r2) else f"R² {r2:.1%}, residual volatility {np.sqrt(residual):.4g} per row")
    facts.append(f"{int((~np.isnan(fit.panel.y[:, place])).sum())} observations")
    return f"**{feedback.plain(fit.panel.responses[place])}** · {feedback.plain(' · '.join(facts))}"


def _loadings(inputs: Inputs, fit: Fit, place: int) -> None:
    """A row per factor: loading, band, change to the pin, what became of it and why."""
    shared = inputs.outcome.shared
    found = bands.held(fit, shared=shared)
    if found is None:
        found = _computed(fit, shared)
    columns = {"factor": fit.panel.factors.astype(str), "β": fit.beta[place]}
    if found is not None:
        columns |= {"2.5 %": found.lower[place], "97.5 %": found.upper[place], "draws at zero": found.zeros[place]}
    change = baseline.difference(inputs.edits, fit)
    if change is not None:
        columns["Δβ to the pin"] = change.beta[place]
    if fit.evidence is not None:
        columns["t"] = fit.evidence.t[place]
    columns["sign"] = [_sign(fit, place, column) for column in range(fit.beta.shape[1])]
    columns["what became of it"] = [STATE_WORDS[State(code)] for code in fit.state[place]]
    numbers = dict.fromkeys(("β", "2.5 %", "97.5 %", "Δβ to the pin", "t"), NUMBER)
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, height=feedback.table_height(fit.beta.shape[1], 420),
        column_config={**numbers, "draws at zero": st.column_config.NumberColumn(format="percent")},
    )  # fmt: skip
    if found is not None:
        st.caption(
            f"Band: {bands.CONFIDENCE:.0%} of {bands.DRAWS} draws of a dependent wild bootstrap, clusters and signs "
            "held. Penalised loadings are biased, and the band with them."
        )


def _computed(fit: Fit, shared: bool) -> bands.Bands | None:
    """Bands on request."""
    large = fit.beta.size > bands.MOST_CELLS
    why = f"Drawn up to {bands.MOST_CELLS:,} loadings." if large else "Draws the noise again and refits, all responses."
    if not st.button("Bootstrap bands", key="bands", help=why, disabled=large, icon=":material/casino:"):
        return None
    with st.spinner(f"Fitting {bands.DRAWS} draws …", show_time=True):
        found = bands.computed(fit, shared=shared)
    if isinstance(found, str):
        st.warning(feedback.plain(found), icon=":material/error:")
        return None
    return found


def _sign(fit: Fit, row: int, column: int) -> str:
    """Bound in force and where it comes from; blank where the loading is free."""
    rule = Rule(fit.box.rule[row, column])
    return "" if rule is Rule.FREE else f"{SYMBOLS.get(fit.box.signs[row, column], '')} {TITLES[rule]}".strip()


def _neighbours(fit: Fit, place: int) -> None:
    """Who joins next on the way up the tree, and at which cut."""
    if fit.clustering is None or not fit.counted[place]:
        st.caption("This model puts the response into no tree.")
        return
    tree, names = fit.clustering.tree, fit.panel.responses.astype(str)
    unit = tree.largest_distance or 1.0
    rows = [
        {
            "from cutoff": merge.reach / unit,
            "now": "together" if fit.cutoff is not None and merge.reach <= fit.cutoff else "apart",
            "joined by": _names(names, merge.joining),
        }
        for merge in merges_of(tree, place)
    ]
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=feedback.table_height(len(rows), 320),
        column_config={
            "from cutoff": st.column_config.NumberColumn(
                format="%.3f", width=80, help="Cutoff from which on they are one cluster with this response."),
            "now": st.column_config.TextColumn(width=70),
        },
    )  # fmt: skip


def _names(names: pd.Index, joining: np.ndarray) -> str:
    more = f" and {len(joining) - MOST_NAMES} more" if len(joining) > MOST_NAMES else ""
    return ", ".join(names[joining[:MOST_NAMES]]) + more


def _over_time(fit: Fit, place: int) -> None:
    """Data against fit, cumulated, and what is left over, row by row."""
    data = fit.panel
    alpha = fit.alpha[[place]] if fit.spec.loss.demean else None
    fitted = predictions(data.x, fit.beta[[place]], alpha)[:, 0]
    actual = data.y[:, place]
    known = np.where(np.isnan(actual), np.nan, fitted)
    theme = feedback.theme()
    left, right = st.columns(2)
    with left:
        lines = pd.DataFrame({"data": actual, "fit": known}, data.index)
        feedback.chart(series.series_lines(lines, theme, cumulative=True), "detail_fit", "Data and fit, running sums")
    with right:
        rest = pd.DataFrame({"residual": actual - fitted}, data.index)
        feedback.chart(series.series_lines(rest, theme), "detail_residual", "Residuals over time")
