"""Parts of the *Data* page: upload, headline, sample window, rows that count, series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Panel
from factorlasso_core.overview import RowUse, frequency
from pages.shared import feedback, sources, state
from pages.shared.sidebar import Inputs
from pages.shared.sources import Source

TYPES = ["csv", "xlsx", "parquet"]
EXAMPLE = b"date,Fund A,Fund B\n2024-01-31,0.012,-0.004\n2024-02-29,0.008,0.003\n2024-03-31,-0.021,\n"


def upload() -> None:
    """Two files make a panel; one that cannot be read changes nothing and says why."""
    record = state.session()
    with st.expander("Upload your own", icon=":material/upload:", expanded=record.refused is not None):
        left, right = st.columns(2)
        responses = left.file_uploader("Responses file", TYPES, key="responses_file")
        factors = right.file_uploader("Factors file", TYPES, key="factors_file")
        st.caption(
            "CSV, XLSX or Parquet: dates in the first column, then one column a series; blank where unknown. "
            "Returns as decimals, 0.01 for one percent."
        )
        st.download_button("Example file", EXAMPLE, "example.csv", "text/csv", on_click="ignore")
        if responses is not None and factors is not None:
            _take(responses, factors)
        if record.refused is not None:
            st.error(feedback.plain(record.refused), icon=":material/error:")


def _take(responses: Any, factors: Any) -> None:
    """Read a new pair of files once, and show it at once when it could be read."""
    record, pair = state.session(), (responses.file_id, factors.file_id)
    if record.pair == pair:
        return
    record.pair = pair
    sources.read_upload(responses, factors)
    if record.refused is None:
        record.choose = sources.UPLOAD
    st.rerun()


def headline(panel: Panel) -> None:
    """Shape, dates, frequency and gaps in one row."""
    rows, responses, factors = panel.shape
    every = frequency(panel.index)
    columns = st.columns([1, 1, 1, 2, 1, 1])
    columns[0].metric("Responses", responses)
    columns[1].metric("Factors", factors)
    columns[2].metric("Rows", rows)
    columns[3].metric("Dates", _dates(panel.index))
    columns[4].metric("Frequency", every.name)
    columns[5].metric("Missing", f"{np.isnan(panel.y).mean():.1%}")


def _dates(index: pd.Index) -> str:
    if isinstance(index, pd.DatetimeIndex):
        return f"{index[0]:%b %Y} – {index[-1]:%b %Y}"
    return f"{index[0]} – {index[-1]}"


def sample_window(source: Source, panel: Panel) -> None:
    """A range of the panel's own dates; all rows unless narrowed."""
    index = source.panel.index
    if not isinstance(index, pd.DatetimeIndex) or len(index) < 2 or not index.is_monotonic_increasing:
        return
    dates = [stamp.date() for stamp in index]
    monthly = frequency(index).name in ("monthly", "quarterly", "yearly")
    first, last = st.select_slider(
        "Sample window",
        dates,
        value=(panel.index[0].date(), panel.index[-1].date()),
        format_func=lambda day: f"{day:%b %Y}" if monthly else f"{day:%d %b %Y}",
        key=f"window_{source.panel.key[:8]}",
        help="Only rows between these dates are fitted, shown and exported.",
    )
    wanted = None if (first, last) == (dates[0], dates[-1]) else f"{first}{sources.WINDOW_MARK}{last}"
    if wanted != state.value("window"):
        state.put("window", wanted)
        st.rerun()


def rows(use: RowUse, inputs: Inputs) -> None:
    """Which rows count and why the others do not, with advice where the rules of the fit matter."""
    total = inputs.source.panel.shape[0]
    st.markdown(f"**{use.used} of {total} rows** enter the fit.")
    if use.total < total:
        st.caption(f":material/remove_circle_outline: {total - use.total} rows outside the sample window: left out.")
    for reason in use.reasons:
        st.caption(f":material/remove_circle_outline: {reason}.")
    ragged = bool(np.isnan(inputs.panel.y).any())
    if ragged and inputs.spec.loss.span and inputs.spec.clustering.correlation_normalization == "reference":
        st.caption(
            ":material/lightbulb: Histories are ragged and a span is set: under *Model, Rules*, "
            "*divided by pair weights* keeps the correlation of late starters from being shrunk."
        )
    if inputs.outcome.fit is not None:
        feedback.notices(inputs.outcome.fit)


def series_table(table: pd.DataFrame) -> None:
    """All series with their dates and gaps."""
    percent = st.column_config.ProgressColumn("missing", format="percent", min_value=0.0, max_value=1.0, width="small")
    day = st.column_config.DateColumn(format="YYYY-MM-DD", width="small")
    number = st.column_config.NumberColumn(format="%.4g", width="small")
    st.dataframe(
        table,
        height=feedback.table_height(len(table), 320),
        column_config={"missing": percent, "first": day, "last": day, "mean": number, "deviation": number},
    )


def pick_series(panel: Panel) -> pd.DataFrame:
    """Up to eight series as a frame."""
    table = pd.concat(
        [
            pd.DataFrame(panel.y, panel.index, panel.responses),
            pd.DataFrame(panel.x, panel.index, panel.factors),
        ],
        axis=1,
    )
    table.columns = [*map(str, panel.responses), *(_told_apart(name, panel) for name in panel.factors)]
    names = list(table.columns)
    picked = st.multiselect(
        "Plot",
        names,
        default=names[:4],
        max_selections=8,
        key=f"plot_{panel.key[:8]}",
        persist_state="session",
    )
    return table[picked]


def _told_apart(factor: object, panel: Panel) -> str:
    """Name of a factor, marked where a response has the same."""
    return f"{factor} (factor)" if factor in panel.responses else str(factor)
