"""Model: what the analyst holds about single cells, and the rules of the fit."""

import streamlit as st

from pages.shared import editors, feedback, layout, settings

inputs = layout.begin("Model")
edits, fit = inputs.edits, feedback.need_fit(inputs.outcome)

st.caption(feedback.MODEL_SENTENCES[inputs.spec.model_type.name])

part = st.segmented_control(
    "What to edit",
    ["Signs", "Prior", "Groups", "Rules"],
    default="Signs",
    key="part",
    label_visibility="collapsed",
)
if part == "Signs":
    editors.signs(edits, feedback.members(fit))
    st.caption(feedback.sign_summary(fit))
    editors.files(edits, "signs", edits.signs, inputs.source.key)
elif part == "Prior":
    editors.prior(edits, feedback.members(fit))
    editors.files(edits, "prior", edits.prior, inputs.source.key)
elif part == "Groups":
    editors.groups(edits, inputs.panel.responses)
    editors.files(edits, "groups", editors.groups_table(edits), inputs.source.key)
elif part == "Rules":
    settings.draw(inputs.spec)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
