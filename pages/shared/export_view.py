"""Parts of the *Export* page: what will be in the files, the files, the betas."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.workbook import build_workbook, workbook_name
from factorlasso_core.xlsx import to_csv_safe
from pages.shared import feedback
from pages.shared.sidebar import Inputs


def summary(inputs: Inputs, fit: Fit) -> None:
    """The fit the files will hold, in one line; a stale one is named."""
    if inputs.outcome.error is not None:
        st.warning("The settings have no fit: the files hold the last good one.", icon=":material/history:")
    spec = fit.spec
    st.markdown(
        f"{feedback.plain(inputs.source.title)} · {feedback.MODEL_SENTENCES[spec.model_type.name].split(':')[0]} · "
        f"λ {spec.penalty.reg_lambda:.4g} · α {spec.penalty.l1_weight:.2f} · "
        f"cutoff {spec.clustering.cutoff_fraction:.2f} · gap {feedback.gap(fit)}"
    )


def downloads(inputs: Inputs, fit: Fit) -> None:
    """Workbook and CSV, built when asked for, from exactly the fit on screen."""
    created, source = datetime.now(UTC), inputs.source.title
    seconds = None if inputs.outcome.cached else inputs.outcome.seconds
    name = workbook_name(fit, inputs.source.key, created)
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Download workbook", lambda: build_workbook(fit, created=created, source=source, seconds=seconds), name,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", icon=":material/download:",
        type="primary", on_click="ignore", width="stretch",
    )  # fmt: skip
    right.download_button(
        "Betas as CSV", lambda: to_csv_safe(fit.betas), name.replace(".xlsx", ".csv"), "text/csv",
        on_click="ignore", width="stretch",
    )  # fmt: skip
    st.caption(
        "Sheets: parameters with digests and versions, betas, one row per cell, fit statistics, clusters and linkage, "
        "signs, prior, a dictionary and checks. Numbers are exact; only their format rounds."
    )


def betas(fit: Fit) -> None:
    """The loadings as numbers, cluster first."""
    table = fit.betas.copy()
    table.index, table.columns = table.index.astype(str), table.columns.astype(str)
    number = {name: st.column_config.NumberColumn(format="%.6g") for name in table.columns}
    if fit.labels is not None:
        table.insert(0, "cluster " if "cluster" in table else "cluster", pd.Series(fit.labels, table.index).astype(str))
    st.dataframe(table, column_config=number, height=min(36 * (len(table) + 1) + 2, 560))
