"""Parts of the *Select* page: controls, curve, folds, scores by response and cluster, files."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit, tuning
from factorlasso_core.errors import FactorLassoError
from factorlasso_core.figures import folds as fold_figures
from factorlasso_core.figures import selection as figures
from factorlasso_core.path import Task
from factorlasso_core.tuning import ERROR, R2, SPHERICITY, Curve, Landscape
from factorlasso_core.workbook import selection as tables
from factorlasso_core.xlsx import to_csv_safe
from pages.shared import compute, feedback, select_settings, state
from pages.shared.select_settings import BEST, draw, value
from pages.shared.sidebar import Inputs

MOST_FOR_SPHERICITY = 150  # responses: every pair of them is correlated for every λ and fold
MOST_BARS = 40
SCORE_HELP = (
    "R² about the mean of the test rows, mean over responses; the reference's score. Squared error: in units of "
    "each response's variance in training, so that a quiet test window is not punished. Residual correlation: what "
    "held-out residuals share across responses, by the test of LassoModelDiagonalityCV."
)
RULE_HELP = (
    "Best mean: the reference's rule. Largest λ within one standard error of the best: the sparser model where the "
    "data cannot tell the two apart. With residual correlation: the largest λ that passes its test."
)


def controls(inputs: Inputs, fit: Fit) -> None:
    """Folds, score, rule and grid in one row; the rest one click away."""
    rows = fit.panel.shape[0]
    rolling = value("cv_scheme") == "rolling"
    first, second, third, fourth, fifth = st.columns([3, 2, 2, 3, 3])
    with first:
        draw("cv_scheme", "Scheme", "Train on all rows before a test window, or on the last of them only.")
    with second:
        draw("cv_folds", "Folds", f"Each test window has {_test_rows(rows)} of the {rows} rows.")
    with third:
        draw("cv_gap", "Gap, rows", "Rows between training and test, for returns that span several rows.")
    with fourth:
        draw("cv_score", "Score", SCORE_HELP)
    with fifth:
        draw("cv_rule", "Rule", RULE_HELP, disabled=value("cv_score") == SPHERICITY)
    first, second, third, fourth, fifth = st.columns([3, 2, 2, 3, 3])
    with first:
        draw("cv_window", "Rolling over, rows", "Most rows a rolling window trains on; 0: those of the first fold.",
             disabled=not rolling)  # fmt: skip
    with second:
        draw("cv_points", "λ tried", "Number of penalties, evenly spaced on a log scale.")
    with third:
        draw("cv_top", "λ from", "The largest. λ_ref is the scale of the sidebar's slider.")
    with fourth:
        draw("cv_decades", "λ over", "Powers of ten from the largest to the smallest.")


def _test_rows(rows: int) -> int:
    return rows // (value("cv_folds") + 1)


def validated(inputs: Inputs, fit: Fit) -> Curve | None:
    """The curve of the model on screen; None where there is none, with the reason and its cure on the page."""
    if inputs.scale == 0:
        st.info("Nothing varies together in these data, so there is no λ to choose.", icon=":material/info:")
        return None
    score, count = value("cv_score"), fit.panel.shape[1]
    if score == SPHERICITY and not 2 <= count <= MOST_FOR_SPHERICITY:
        st.info(
            f"Residual correlation compares every pair of 2 to {MOST_FOR_SPHERICITY} responses; these data have "
            f"{count}: choose another score.",
            icon=":material/info:",
        )
        return None
    try:
        options, lambdas = select_settings.folds(), select_settings.lambdas(inputs.scale)
        words = f"Fitting {len(lambdas)} λ on {options.n_splits} folds …"
        with st.spinner(words), compute.counted(inputs.outcome.shared) as stages:
            return tuning.curve(task(fit), lambdas, options, score, stages)
    except FactorLassoError as error:
        st.warning(feedback.plain(error), icon=":material/error:")
        return None


def task(fit: Fit) -> Task:
    """The model and the data of the fit on screen."""
    return Task(fit.panel, fit.beliefs, fit.spec)


def _place(found: Curve) -> int:
    """Position of the λ the rule chooses; residual correlation has a rule of its own."""
    by_best = value("cv_rule") == BEST and found.score != SPHERICITY
    return found.best if by_best else found.sparsest


def headline(found: Curve, fit: Fit) -> None:
    """The two candidates with a button each, what they score, and how good the fits are."""
    columns = st.columns([2, 2, 2, 2])
    sparse = "λ.pass" if found.score == SPHERICITY else "λ.1se"
    _candidate(columns[0], "λ.min", found, found.best)
    _candidate(columns[1], sparse, found, found.sparsest)
    columns[2].metric("Non-zero loadings", f"{found.nonzero[_place(found)]:.0f} of {fit.beta.size}",
                      help="At the λ of the rule, mean over folds.")  # fmt: skip
    gap = np.nanmax(found.validation.gap, initial=0.0)
    columns[3].metric("Largest duality gap", f"{gap:.1e}", help="Relative, over all λ, folds and responses.")
    for sentence in _remarks(found):
        st.caption(f":material/info: {sentence}")


def _candidate(column: Any, name: str, found: Curve, place: int) -> None:
    """A λ with its score, and one click to take it over."""
    lam, error = float(found.lambdas[place]), found.errors[place]
    spread = "" if np.isnan(error) else f" ± {_number(found, error)}"
    column.metric(name, f"{lam:.3g}", delta=f"{_number(found, found.means[place])}{spread}", delta_color="off",
                  delta_arrow="off", help="Below: mean score and its standard error over the folds.")  # fmt: skip
    current = state.value("lam") == lam
    label = f"{name} is in use" if current else f"Use {name}"
    column.button(label, key=f"use_{name}", on_click=partial(take, lam=lam), disabled=current,
                  type="primary" if place == _place(found) else "secondary")  # fmt: skip


def _number(found: Curve, number: float) -> str:
    return f"{number:.1f}" if found.score == SPHERICITY else f"{number:.4f}"


def take(**values: float) -> None:
    """Set values of the sidebar before it is drawn."""
    for key, new in values.items():
        state.put_anew(key, new)
    state.forget("lam_stop")


def _remarks(found: Curve) -> list[str]:
    """What the reader should know before believing the curve."""
    remarks = []
    edge = found.at_edge
    if edge is not None:
        cure = "span more decades" if edge == "smallest" else "begin at a larger λ"
        remarks.append(f"The best λ is the {edge} of the grid: {cure}.")
    if not found.passed:
        remarks.append("No λ passes the test of residual correlation: λ.pass stands for the least correlated one.")
    if not found.folds.all():
        numbers = ", ".join(map(str, np.flatnonzero(~found.folds) + 1))
        remarks.append(f"Fold {numbers} is left out for every λ: nothing, or not every λ, could be scored there.")
    if np.isnan(found.means).any():
        remarks.append(f"{int(np.isnan(found.means).sum())} λ are left out: they were not scored on every fold.")
    left_out = np.isnan(tuning.by_response(found.validation, found.score)).sum(axis=2)[:, found.folds]
    if found.score != SPHERICITY and left_out.max(initial=0):
        count = found.validation.r_squared.shape[2]
        remarks.append(
            f"Up to {left_out.max()} of {count} responses are not scored on a fold: in warm-up, missing or constant."
        )
    if found.validation.unproved:
        remarks.append(f"{found.validation.unproved} of {found.validation.gap.size} fits are not proved optimal.")
    if found.validation.failures:
        last = feedback.plain(found.validation.failures[-1].error)
        remarks.append(f"{len(found.validation.failures)} fits failed, the last because: {last}")
    return remarks


def curve(found: Curve, fit: Fit) -> None:
    """Score and number of loadings against λ."""
    lam = fit.spec.penalty.reg_lambda
    feedback.chart(
        figures.score_curve(found, feedback.theme(), lam or None), "cv_curve", "Score and non-zero loadings against λ"
    )


def folds(found: Curve, fit: Fit) -> None:
    """The windows in time."""
    folds = found.validation.folds
    with st.expander("Folds on the time axis", key="cv_folds_box", expanded=True, on_change="rerun") as box:
        if box.open:
            feedback.chart(
                fold_figures.fold_bars(folds, fit.panel.index, feedback.theme()),
                "cv_bars",
                "Training and test rows of folds",
            )
            rest = fit.panel.shape[0] - folds[-1].test.stop
            if rest:
                st.caption(f"The last {rest} rows are left over by the division and never tested.")


def parts(found: Curve, fit: Fit) -> None:
    """The score of every response and cluster at the λ of the rule, worst first."""
    place, theme = _place(found), feedback.theme()
    shown = ERROR if found.score == ERROR else R2
    table = tables.response_table(found, place, fit)
    clusters = tables.cluster_table(table, found.score)
    name = "squared error" if shown == ERROR else "R²"
    st.subheader(f"{name[0].upper()}{name[1:]} by response at λ = {found.lambdas[place]:.3g}", anchor=False)
    left, right = st.columns([3, 2])
    with left:
        bars = fold_figures.part_bars(table["score"].iloc[:MOST_BARS], shown, theme)
        feedback.chart(bars, "cv_responses", f"{name} of responses")
        if len(table) > MOST_BARS:
            st.caption(f"The worst {MOST_BARS} of {len(table)} responses; the table holds all of them.")
    with right:
        kind = "cluster" if fit.clustering is not None else "group"
        _table(table, kind, f"mean {name}")
        if len(clusters):
            sizes = zip(clusters.index, clusters["size"], strict=True)
            worst = clusters["score"].set_axis([f"{kind} {label} ({size})" for label, size in sizes]).iloc[:MOST_BARS]
            feedback.chart(fold_figures.part_bars(worst, shown, theme), "cv_clusters", f"{name} of {kind}s")
            st.caption(f"{kind.capitalize()}s of the fit on screen, with their number of responses.")


def _table(table: pd.DataFrame, kind: str, mean: str) -> None:
    """The numbers behind the bars, fold by fold."""
    headers = {column: column.replace("_", " ") for column in table} | {"score": mean, "cluster": kind}
    names = pd.Index(feedback.row_names(table.index), name="response")
    held = table.set_axis(names).rename(columns=headers)
    number = st.column_config.NumberColumn(format="%.3f")
    columns = dict.fromkeys((column for column in held if column != kind), number)
    st.dataframe(held, height=feedback.table_height(len(held), 520), column_config=columns)


def downloads(inputs: Inputs, fit: Fit, found: Curve, mapped: Landscape | None) -> None:
    """Everything on the page as files, built when asked for."""
    place, created = _place(found), datetime.now(UTC)
    options = select_settings.folds()
    stem = f"selection_{fit.digest[:8]}_{created:%Y%m%d-%H%M}"
    build = partial(tables.selection_workbook, found, place, fit, options, created=created,
                    source=inputs.source.title, landscape=mapped)  # fmt: skip
    left, middle, right, _ = st.columns([2, 2, 2, 3])
    left.download_button(
        "Download workbook", build, f"{stem}.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", icon=":material/download:",
        type="primary", on_click="ignore", width="stretch",
    )  # fmt: skip
    middle.download_button("Curve as CSV", lambda: to_csv_safe(tuning.score_table(found)), f"{stem}_curve.csv",
                           "text/csv", on_click="ignore", width="stretch")  # fmt: skip
    right.download_button("Responses as CSV", lambda: to_csv_safe(tables.response_table(found, place, fit)),
                          f"{stem}_responses.csv", "text/csv", on_click="ignore", width="stretch")  # fmt: skip
