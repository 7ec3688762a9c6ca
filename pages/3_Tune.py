"""Tune: the view to tune by. Loadings and tree answer the sliders."""

import streamlit as st

from factorlasso_core.figures import loadings, series
from pages.shared import feedback, layout, tune_view

inputs = layout.begin("Tune")
fit, theme = feedback.need_fit(inputs.outcome), feedback.theme()

tune_view.headline(inputs, fit)
limit = tune_view.colour_limit(inputs.edits, fit)
feedback.chart(loadings.clustermap(fit, theme=theme, limit=limit), "clustermap", "Tree of responses and their loadings")
tune_view.rescale(inputs.edits, fit)
left, right = st.columns(2)
with left:
    feedback.chart(series.r2_bars(fit, theme), "r2", "R² of each response")
with right:
    tune_view.certificate(inputs, fit)
    tune_view.work(inputs)
tune_view.truth(inputs, fit, theme)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
