"""The selected responses as a list to search and to change: the same selection as on the maps."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.shared import state
from pages.shared.selection import Selection
from pages.shared.state import Edits

MOST_LISTS = 32  # then their numbers begin again, because Streamlit keeps something of every key it ever saw


def draw(edits: Edits, names: list[str]) -> list[str]:
    """Draw the list and return the responses selected.

    A selection made elsewhere gets a list under a new key: a browser that has not heard of it yet still sends what
    the old list shows, and under the same key that would count as a choice. The selection is what the new list is
    made with and not set afterwards: a run that another one interrupts may not bring that to the browser.

    Args:
        names: Of all responses.
    """
    chosen = [row for row in edits.selection.rows if row in names]
    if state.value(_key(edits, edits.lists)) != chosen:
        edits.lists = (edits.lists + 1) % MOST_LISTS
    key = _key(edits, edits.lists)
    made_with = state.held_while_drawn(key, lambda: chosen)
    return st.multiselect("Selected responses", names, made_with, key=key, placeholder="none: the path shows the mean",
                          on_change=partial(_take, edits, edits.lists, tuple(chosen)),
                          help="Whose loadings the path draws, and whose details can be opened below.")  # fmt: skip


def _key(edits: Edits, number: int) -> str:
    return f"selected_{edits.data[:8]}_{number}"


def _take(edits: Edits, number: int, drawn: tuple[str, ...]) -> None:
    """Take over what was picked; from a list that was replaced, only what it was not drawn with."""
    picked = tuple(state.value(_key(edits, number), drawn))
    if number == edits.lists or picked != drawn:
        edits.selection = Selection(picked, edits.selection.columns)
