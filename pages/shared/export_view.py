"""Parts of the *Export* page: what will be in the files, the files, the betas."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.workbook import build_workbook, workbook_name
from factorlasso_core.xlsx import to_csv_safe
from pages.shared import baseline, feedback
from pages.shared.sidebar import Inputs


def summary(inputs: Inputs, fit: Fit) -> None:
    """The fit the files will hold, in one line, with what its model uses and nothing else."""
    spec, panel = fit.spec, fit.panel
    parts = [inputs.source.title, feedback.MODEL_SENTENCES[spec.model_type.name].split(":")[0]]
    parts.append(f"λ {spec.penalty.reg_lambda:.4g}")
    if fit.labels is not None:
        parts.append(f"α {spec.penalty.l1_weight:.2f}")
    if fit.clustering is not None:
        asked = spec.clustering.n_clusters
        parts.append(f"cutoff {spec.clustering.cutoff_fraction:.2f}" if asked is None else f"{fit.n_clusters} clusters")
    if spec.loss.span is not None:
        parts.append(f"span {spec.loss.span:g}")
    held = {
        "signs": fit.beliefs.signs is not None,
        "derived signs": spec.signs.derive,
        "exclusions": fit.beliefs.excluded is not None,
        "≥ 0": spec.nonneg,
        "prior": fit.beliefs.prior is not None,
        "prior from the data": spec.prior.ols,
    }
    parts += [name for name, there in held.items() if there]
    parts += [f"{panel.shape[0]} rows", f"gap {feedback.gap(fit)}"]
    st.markdown(" · ".join(map(feedback.plain, parts)))


def downloads(inputs: Inputs, fit: Fit) -> None:
    """Workbook and CSV, built when asked for, from exactly the fit on screen."""
    created, source = datetime.now(UTC), inputs.source.title
    seconds = None if inputs.outcome.cached else inputs.outcome.seconds
    name, pin = workbook_name(fit, inputs.source.key, created), baseline.chosen(inputs.edits)
    base = None if pin is None else (pin.name, pin.fit)
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        "Download workbook",
        lambda: build_workbook(fit, created=created, source=source, seconds=seconds, base=base), name,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", icon=":material/download:",
        type="primary", on_click="ignore", width="stretch",
    )  # fmt: skip
    right.download_button(
        "Betas as CSV", lambda: to_csv_safe(fit.betas), name.replace(".xlsx", ".csv"), "text/csv",
        on_click="ignore", width="stretch",
    )  # fmt: skip
    compared = "" if pin is None else f"; the difference to the pin **{feedback.plain(pin.name)}**"
    st.caption(
        "Sheets: parameters with digests and versions, betas, one row per cell, fit statistics, signs, a dictionary "
        f"and checks; clusters, linkage, correlations and the prior where the fit has them{compared}. Numbers are "
        "exact; only their format rounds."
    )


def since_the_pin(inputs: Inputs, fit: Fit, *, opened: bool) -> None:
    """What differs from the chosen pin, in short, while its part of the page is open; nothing without a pin."""
    pin = baseline.chosen(inputs.edits)
    if pin is None:
        return
    with st.expander("Difference to the pin", key="since_pin", expanded=opened, on_change="rerun") as box:
        if box.open:
            st.markdown(f"Set against **{feedback.plain(pin.name)}**, the pin chosen on *Tune*.")
            baseline.summary(inputs, fit)


def betas(fit: Fit) -> None:
    """The loadings as numbers, cluster first."""
    table = fit.betas.copy()
    table.index, table.columns = table.index.astype(str), table.columns.astype(str)
    number = {name: st.column_config.NumberColumn(format="%.6g") for name in table.columns}
    if fit.labels is not None:
        table.insert(0, "cluster " if "cluster" in table else "cluster", pd.Series(fit.labels, table.index).astype(str))
    st.dataframe(table, column_config=number, height=feedback.table_height(len(table), 560))
