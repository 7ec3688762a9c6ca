"""The frame of every page: title, spacing, sidebar."""

from __future__ import annotations

import streamlit as st

from pages.shared import sidebar
from pages.shared.sidebar import Inputs

PRODUCT = "Factor Lasso Workbench"
# Streamlit's own spacing leaves half of a laptop's screen empty; nothing here depends on data.
STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding: 2.2rem 2.5rem 2rem; max-width: 1700px; }
[data-testid="stSidebarHeader"] { height: 2rem; padding-top: .4rem; margin-bottom: 0; }
[data-testid="stSidebarUserContent"] { padding-bottom: 1rem; }
[data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] { gap: .45rem; }
[data-testid="stSidebarUserContent"] hr { margin: .35rem 0; }
[data-testid="stSidebarUserContent"] [data-testid="stPageLink"] a { padding-block: .1rem; }
[data-testid="stMetricValue"] { font-size: 1.55rem; }
[data-testid="stMetricValue"] > div { overflow: visible; }
</style>"""


def begin(title: str, icon: str) -> Inputs:
    """Configure the page, draw the sidebar with the fit, and head the page."""
    name = PRODUCT if title == "Home" else f"{title} · {PRODUCT}"
    st.set_page_config(page_title=name, page_icon=icon, layout="wide")
    st.html(STYLE)
    inputs = sidebar.show()
    st.title(PRODUCT if title == "Home" else title, anchor=False)
    return inputs
