"""Parameters in the link, the same on every page: reload, back and forward keep them.

They are read from the link on the first run and when the browser moves through its history, carried over
page changes by the session, and written back when they differ. Streamlit's own binding is not used: it
drops what a page does not draw, and on a page change it leaves the link empty until the next run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import state


@dataclass(frozen=True)
class Parameter:
    """One parameter of the link.

    Attributes:
        key: In the link and of the widget. default: Makes the value that the link leaves out.
        read: Text to value, None where it is nonsense. write: Value to text.
    """

    key: str
    default: Callable[[], Any]
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str

    def value(self, text: str | None) -> Any:
        """Value of a text of the link; nonsense counts as left out."""
        found = None if text is None else self.read(text)
        return self.default() if found is None else found


def number(low: float, high: float) -> Callable[[str], float | None]:
    """A reader of numbers in a range."""

    def read(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if math.isfinite(value) and low <= value <= high else None

    return read


def one_of(values: dict[str, Any]) -> Callable[[str], Any]:
    """A reader of words."""
    return values.get


def arrive(page: str, parameters: tuple[Parameter, ...]) -> bool:
    """Set the widgets of a page before it draws them; return whether the page is new on screen."""
    record = state.session()
    from_link = record.page is None or getattr(get_script_run_ctx(), "is_history_navigation", False)
    switched = record.page != page
    for parameter in parameters:
        if from_link:
            state.put_anew(parameter.key, parameter.value(st.query_params.get(parameter.key)))
        elif switched or not state.has(parameter.key):
            state.put_anew(parameter.key, record.kept.get(parameter.key, parameter.default()))
    record.page = page
    return bool(switched or from_link)


def publish(parameters: tuple[Parameter, ...]) -> dict[str, str]:
    """Remember the values, write them into the link where they differ, and return them for other links."""
    record = state.session()
    record.kept = {parameter.key: state.value(parameter.key) for parameter in parameters}
    wanted = {p.key: p.write(record.kept[p.key]) for p in parameters if record.kept[p.key] != p.default()}
    known = {parameter.key for parameter in parameters}
    if {key: st.query_params[key] for key in st.query_params if key in known} != wanted:
        others = {key: st.query_params.get_all(key) for key in st.query_params if key not in known}
        st.query_params.from_dict({**others, **wanted})
    return wanted
