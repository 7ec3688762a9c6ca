"""Home: what the workbench is for, what is loaded, and the next step."""

import streamlit as st

from pages.shared import feedback, layout

inputs = layout.begin("Home")
fit = feedback.need_fit(inputs.outcome)

st.markdown(
    "Fit sparse factor models and see what was fitted. Every fit is solved exactly, carries a proof of "
    "optimality, and answers while you move the sliders."
)
rows, responses, factors = inputs.panel.shape
with st.container(border=True):
    st.markdown(f"**{feedback.plain(inputs.source.title)}**  \n{feedback.plain(inputs.source.note)}")
    columns = st.columns(5)
    columns[0].metric("Responses", responses)
    columns[1].metric("Factors", factors)
    columns[2].metric("Rows", rows)
    columns[3].metric("Exact zeros", f"{fit.zero_share:.1%}")
    columns[4].metric("Duality gap", feedback.gap(fit))

steps = (
    (
        "pages/1_Data.py",
        "1 · Data",
        "Choose a demo or upload responses and factors. See gaps and the sample.",
    ),
    ("pages/2_Model.py", "2 · Model", "Say what you know: signs, prior, groups, and the rules of the fit."),
    ("pages/3_Tune.py", "3 · Tune", "Move λ, α and the cutoff. Loadings, tree and fit respond at once."),
    ("pages/4_Clusters.py", "4 · Clusters", "Look at the tree, the correlations and who belongs together."),
    (
        "pages/5_Select.py",
        "5 · Select",
        "Choose λ, α and the cutoff by what the model says about rows it has not seen.",
    ),
    ("pages/8_Export.py", "6 · Export", "Take betas, statistics and every parameter away in a workbook."),
)
places = [column for _ in range(2) for column in st.columns(3)]
for column, (path, label, text) in zip(places, steps, strict=True):
    with column.container(border=True, height=110):
        st.page_link(path, label=f"**{label}**", query_params=inputs.query)
        st.caption(text)
feedback.notices(fit)
feedback.fit_id(inputs.outcome)
