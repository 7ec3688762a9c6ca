"""Model: what the analyst holds about single cells, and the rules of the fit."""

import streamlit as st

from pages.shared import clustermap, editors, export_view, feedback, layout, live_map, model_view, reason_map, state

inputs = layout.begin("Model")
edits, fit, kind = inputs.edits, feedback.need_fit(inputs.outcome), inputs.spec.model_type

st.caption(feedback.MODEL_SENTENCES[kind.name])

part = st.segmented_control(
    "What to edit",
    ["Signs", "Prior", "Groups", "Rules"],
    default="Signs",
    required=True,
    key="part",
    label_visibility="collapsed",
)
if part == "Signs":
    if not kind.takes_signs:
        model_view.kept_but_unused(kind, "signs")
    model_view.automatic_signs(inputs)
    if model_view.signs_tool() == "Paint":
        clustermap.signs(fit, edits, live_map.limit(edits, fit))
        st.caption(feedback.sign_summary(fit))
    else:
        editors.paint_signs(edits, feedback.members(fit))
        left, right = st.columns(2, gap="medium")
        with left:
            editors.signs(edits, derived=inputs.spec.signs.derive)
        with right:
            model_view.reasons(fit)
        st.caption(feedback.sign_summary(fit))
        model_view.at_a_glance(fit, state.value("map_of") or "rule")
    editors.files(edits, "signs", edits.signs, inputs.source.key)
    model_view.excluded(inputs)
elif part == "Prior":
    if not kind.takes_prior:
        model_view.kept_but_unused(kind, "prior")
    model_view.prior_of_data(inputs)
    editors.paint_prior(edits, feedback.members(fit))
    left, right = st.columns(2, gap="medium")
    with left:
        editors.prior(edits)
    with right:
        reason_map.draw(fit, "prior")
    model_view.at_a_glance(fit, "prior")
    editors.files(edits, "prior", edits.prior, inputs.source.key)
elif part == "Groups":
    editors.groups(edits, inputs.panel.responses)
    editors.files(edits, "groups", editors.groups_table(edits), inputs.source.key)
elif part == "Rules":
    model_view.rules(inputs)
export_view.since_the_pin(inputs, fit, opened=False)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
