"""Select: λ, α and cutoff by what the model says about rows it has not seen."""

import streamlit as st

from pages.shared import feedback, layout, select_map, select_view

inputs = layout.begin("Select")
fit = feedback.need_fit(inputs.outcome)

st.caption(
    "Each fold fits the model to the past, clusters, signs and prior included, and measures it on the rows that follow."
)
select_view.controls(inputs, fit)
found = select_view.validated(inputs, fit)
if found is not None:
    select_view.headline(found, fit)
    select_view.curve(found, fit)
    select_view.folds(found, fit)
    select_view.parts(found, fit)
    chart = select_map.landscape(inputs, fit)
    select_view.downloads(inputs, fit, found, chart)
feedback.fit_id(inputs.outcome)
