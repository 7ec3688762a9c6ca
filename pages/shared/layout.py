"""The frame of every page: title, spacing, sidebar."""

from __future__ import annotations

import streamlit as st

from pages.shared import feedback, sidebar, state
from pages.shared.sidebar import Inputs

PRODUCT = "Factor Lasso Workbench"
# Drawn here, because Streamlit fetches its own icons and emoji for a page from the network.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="3" fill="#2166ac"/>'
    '<path d="M3 3h4v4H3zM9 9h4v4H9z" fill="#fff"/><path d="M9 3h4v4H9z" fill="#f4a582"/></svg>'
)
# Streamlit's own spacing leaves half of a laptop's screen empty, and it fades all that is about to be drawn anew:
# every element gets a layer of its own at every step of a slider. Nothing here depends on data.
STYLE = """<style>
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
.st-key-browser { display: none; }
.st-key-undo button, .st-key-redo button { min-height: 0; padding-block: .1rem; }
[data-testid="stMainBlockContainer"] { padding: 2.2rem 2.5rem 2rem; max-width: 1700px; }
[data-testid="stSidebarHeader"] { height: 2rem; padding-top: .4rem; margin-bottom: 0; }
[data-testid="stSidebarUserContent"] { padding-bottom: 1rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: .45rem; }
[data-testid="stSidebarUserContent"] hr { margin: .35rem 0; }
[data-testid="stSidebarUserContent"] [data-testid="stPageLink"] a { padding-block: .1rem; }
[data-testid="stMetricValue"] { font-size: 1.55rem; }
[data-testid="stMetricValue"] > div { overflow: visible; }
.numbers { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; margin: 0 !important; padding: 0 !important; }
.numbers > div { min-width: 9.5rem; }
.numbers dt, .numbers dd { margin: 0 !important; padding: 0 !important; }
.numbers dt { font-size: .9rem; opacity: .8; }
.numbers dd { font-size: 1.55rem; font-variant-numeric: tabular-nums; line-height: 1.35; }
.numbers dd.change { font-size: .85rem; opacity: .7; }
.below { font-size: .875rem; margin: .3rem 0 0; opacity: .7; }
.facts { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
.facts th { font-weight: 400; opacity: .7; }
.facts th, .facts td { text-align: left; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid #8883; }
.facts td { overflow-wrap: anywhere; }
</style>"""


def begin(title: str) -> Inputs:
    """Configure the page, draw the sidebar with the fit, and head the page."""
    name = PRODUCT if title == "Home" else f"{title} · {PRODUCT}"
    if state.session().page != title:  # it stays: told again, the browser makes the icon anew at every step
        st.set_page_config(page_title=name, page_icon=ICON, layout="wide")
    st.html(STYLE)
    inputs = sidebar.show(title)
    st.title(PRODUCT if title == "Home" else title, anchor=False)
    feedback.missing_data(state.session().needs, inputs.source)
    return inputs
