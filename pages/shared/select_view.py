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
from factorlasso_core.tuning import BEST, COLUMNS, DIGITS, SPHERICITY, Curve, Landscape, part_score
from factorlasso_core.workbook import selection as tables
from factorlasso_core.xlsx import to_csv_safe
from pages.shared import compute, feedback, select_settings, select_words, state, waiting
from pages.shared.select_settings import SCORES, draw, value
from pages.shared.sidebar import Inputs

MOST_BARS = 40
NARROW, LETTER = 54, 6.8  # pixels of a column of numbers, and of a letter of a name
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
    score, options = value("cv_score"), select_settings.folds()
    why = select_words.obstacle(fit, options, score)
    if why is not None:
        st.warning(why, icon=":material/error:")
        return None
    lambdas = select_settings.lambdas(inputs.scale)
    words = f"Fitting {len(lambdas)} λ on {options.n_splits} folds …"
    try:
        with waiting.bar(words) as progress, compute.counted(inputs.outcome.shared) as stages:
            return tuning.curve(task(fit), lambdas, options, score, stages, progress)
    except FactorLassoError as error:
        st.warning(select_words.failure(error, score), icon=":material/error:")
        return None


def task(fit: Fit) -> Task:
    """The model and the data of the fit on screen."""
    return Task(fit.panel, fit.beliefs, fit.spec)


def _place(found: Curve) -> int:
    """Position of the λ of the rule."""
    return found.chosen(value("cv_rule"))


def headline(found: Curve, fit: Fit) -> None:
    """The two candidates with a button each, what they score, and how good the fits are."""
    columns = st.columns([2, 2, 2, 2])
    own, by_best = found.score == SPHERICITY, value("cv_rule") == BEST
    _candidate(columns[0], "λ.min", found, found.best, first=by_best and not own)
    _candidate(columns[1], "λ.pass" if own else "λ.1se", found, found.sparsest, first=own or not by_best)
    columns[2].metric("Non-zero loadings", f"{found.nonzero[_place(found)]:.0f} of {fit.beta.size}",
                      help="At the λ of the rule, mean over folds.")  # fmt: skip
    gap = np.nanmax(found.validation.gap, initial=0.0)
    columns[3].metric("Largest duality gap", f"{gap:.1e}", help="Relative, over all λ, folds and responses.")
    for sentence in select_words.remarks(found):
        st.caption(f":material/info: {sentence}")


def _candidate(column: Any, name: str, found: Curve, place: int, *, first: bool) -> None:
    """A λ with its score, and one click to take it over; that of the rule comes first."""
    lam, error = float(found.lambdas[place]), found.errors[place]
    spread = "" if np.isnan(error) else f" ± {_number(found, error)}"
    column.metric(name, f"{lam:.3g}", delta=f"{_number(found, found.means[place])}{spread}", delta_color="off",
                  delta_arrow="off", help=_mean_help(found))  # fmt: skip
    current = state.value("lam") == lam
    label = f"{name} is in use" if current else f"Use {name}"
    column.button(label, key=f"use_{name}", on_click=partial(take, lam=lam), disabled=current,
                  type="primary" if first else "secondary")  # fmt: skip


def _mean_help(found: Curve) -> str:
    """How the number below a λ comes about."""
    words = SCORES[found.score]
    if found.score == SPHERICITY:
        return f"Below: {words} (sphericity), mean over folds, and its standard error."
    return (
        f"Below: {words}, mean over folds of the mean over the responses scored there, and its standard error over "
        "the folds. Where responses are missing on a fold, the mean of the table below differs: there each response "
        "has a mean of its own."
    )


def _number(found: Curve, number: float) -> str:
    return f"{number:.1f}" if found.score == SPHERICITY else f"{number:.{DIGITS}f}"


def take(**values: float) -> None:
    """Set values of the sidebar before it is drawn."""
    for key, new in values.items():
        state.put_anew(key, new)
    state.forget("lam_stop")


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
                fold_figures.fold_bars(folds, fit.panel.index, feedback.theme(), found.folds),
                "cv_bars",
                "Training and test rows of folds",
            )
            rest = fit.panel.shape[0] - folds[-1].test.stop
            if rest:
                st.caption(f"The last {rest} rows are left over by the division and never tested.")


def parts(found: Curve, fit: Fit) -> None:
    """The score of every response and cluster at the λ of the rule, worst first."""
    score = part_score(found.score)
    table = tables.response_table(found, _place(found), fit)
    name = SCORES[score]
    st.subheader(f"{name[0].upper()}{name[1:]} by response at λ = {found.lambdas[_place(found)]:.3g}", anchor=False)
    if score != found.score:
        st.caption(f"{SCORES[found.score].capitalize()} is one number of all responses: single ones show their {name}.")
    left, right = st.columns(2)
    with left:
        _bars(table[COLUMNS[score]], score, "response", "cv_responses")
    with right:
        kind = "cluster" if fit.clustering is not None else "group"
        _table(table, kind, score)
        clusters = tables.cluster_table(table, score)
        if len(clusters):
            labels = [f"{kind} {label} ({size})" for label, size in clusters["size"].items()]
            _bars(clusters[COLUMNS[score]].set_axis(labels), score, kind, "cv_clusters")
            st.caption(f"{kind.capitalize()}s of the fit on screen, with their number of responses.")


def _bars(worst_first: pd.Series, score: str, kind: str, key: str) -> None:
    """The worst of responses or clusters."""
    figure = fold_figures.part_bars(worst_first.iloc[:MOST_BARS], score, feedback.theme())
    feedback.chart(figure, key, f"{SCORES[score]} of {kind}s")
    if len(worst_first) > MOST_BARS:
        where = "the table and the workbook hold" if kind == "response" else "the workbook holds"
        st.caption(f"The worst {MOST_BARS} of {len(worst_first)} {kind}s; {where} all of them.")


def _table(table: pd.DataFrame, kind: str, score: str) -> None:
    """The numbers behind the bars, fold by fold."""
    name, part = COLUMNS[score], kind if "cluster" in table else None
    folds = [column for column in table if column.startswith(f"{name}_fold_")]
    headers = {"cluster": kind, name: "mean"} | {column: column.removeprefix(f"{name}_") for column in folds}
    names = pd.Index(feedback.row_names(table.index), name="response")
    held = table.set_axis(names).rename(columns=headers)
    held = held.rename(columns=lambda column: column.replace("_", " "))
    number = st.column_config.NumberColumn(format="%.3f", width=NARROW, help=f"{SCORES[score]} of the response")
    mean = st.column_config.NumberColumn(
        format="%.3f", width=NARROW, help=f"{SCORES[score]}, mean over the compared folds the response is scored on"
    )
    columns = dict.fromkeys(held, number) | {"mean": mean}
    columns |= {"_index": st.column_config.Column(pinned=True, width=round(LETTER * max(map(len, names))) + 24)}
    if part is not None:
        held[part] = held[part].astype("string")
        columns[part] = st.column_config.TextColumn(width=NARROW + 10)
    st.dataframe(held, height=feedback.table_height(len(held), 520), column_config=columns, placeholder="–")


def downloads(inputs: Inputs, fit: Fit, found: Curve, mapped: Landscape | None) -> None:
    """Everything on the page as files, built when asked for."""
    place, created = _place(found), datetime.now(UTC)
    options = select_settings.folds()
    stem = f"selection_{fit.digest[:8]}_{created:%Y%m%d-%H%M}"
    build = partial(tables.selection_workbook, found, value("cv_rule"), fit, options, created=created,
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
