"""What the browser does for every page: it writes the address, and leaves the keys of a text to the text."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

FOLDER = Path(__file__).parent
# One module of two files; nothing in it imports anything.
_component = st.components.v2.component(
    "browser",
    js="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in ("keys.js", "address.js")),
    isolate_styles=False,
)


def show(known: list[str], wanted: dict[str, str]) -> None:
    """Have the browser write parameters into its address; what else stands there stays.

    Args:
        known: Keys of all parameters. wanted: Those to be written.
    """
    _component(data={"known": known, "wanted": wanted}, key="browser")
