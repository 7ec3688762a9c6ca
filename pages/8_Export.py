"""Export: the fit on screen, with every parameter, as a workbook."""

import streamlit as st

from pages.shared import export_view, feedback, layout

inputs = layout.begin("Export")
fit = feedback.need_fit(inputs.outcome)

export_view.summary(inputs, fit)
export_view.downloads(inputs, fit)
export_view.since_the_pin(inputs, fit, opened=True)
st.subheader("Betas", anchor=False)
export_view.betas(fit)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
