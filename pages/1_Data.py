"""Data: a demo or an upload, what is in it, and which rows count."""

import streamlit as st

from factorlasso_core.figures import series
from factorlasso_core.overview import describe_series, row_use
from pages.shared import data_view, feedback, layout

inputs = layout.begin("Data")

data_view.upload()
st.markdown(f"**{feedback.plain(inputs.source.title)}** · {feedback.plain(inputs.source.note)}")
feedback.file_notes(inputs.source.notes)
data_view.headline(inputs.panel)
data_view.sample_window(inputs.source, inputs.panel)
data_view.rows(row_use(inputs.panel, inputs.spec), inputs)

table = describe_series(inputs.panel, inputs.spec.warmup_period)
st.subheader("Series", anchor=False)
data_view.series_table(table)
picked = data_view.pick_series(inputs.panel)
cumulated = st.toggle("Cumulated", value=True, key="cumulated", persist_state="session")
feedback.chart(series.series_lines(picked, feedback.theme(), cumulative=cumulated), "series", "Picked series over time")
with st.expander("Where observations are missing", key="missing_map", on_change="rerun") as missing:
    if missing.open:
        feedback.chart(series.missing_map(inputs.panel, feedback.theme()), "missing", "Missing observations by series")
feedback.fit_id(inputs.outcome)
