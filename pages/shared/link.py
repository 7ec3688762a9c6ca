"""Parameters in the link, the same on every page: reload, back and forward keep them.

They are read from the link on the first run and when the browser moves through its history, carried over
page changes by the session, and written back by the browser when they have come to rest. Streamlit's own
binding is not used: it drops what a page does not draw, on a page change it leaves the link empty until the
next run, and it writes at every step of a slider, which costs more time than the fit.

A link that says anything also says which data it was made with, by the start of their digest: opened where
those data are not, it names them, and what is shown meanwhile is never taken for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import browser, state

DIGITS = 8  # of a digest in a link
DIGEST = re.compile(rf"[0-9a-f]{{{DIGITS}}}")
LONGEST_NAME = 80
WINDOW = re.compile(r"\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d")  # first and last date of a sample
PANEL, FILE = "panel", "file"  # digest of the data, and the name of an upload


@dataclass(frozen=True)
class Need:
    """Data a link asks for that are not here.

    Attributes:
        data: Kind of data as the link names it. digest: Start of their digest, blank if the link has none.
        name: What they were called, blank if unknown. window: The sample window the link asks for.
    """

    data: str
    digest: str
    name: str
    window: str | None = None

    def met_by(self, key: str, source: str) -> bool:
        """Whether data of this digest and kind are what was asked for."""
        return key.startswith(self.digest) if self.digest else source == self.data


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


def window(text: str) -> str | None:
    """A sample window that is written as one."""
    return text if WINDOW.fullmatch(text) else None


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
    if from_link:
        record.needs = asked()
    record.page = page
    return bool(switched or from_link)


def asked() -> Need | None:
    """The data the link was made with; None where it does not say."""
    query = st.query_params
    digest, data = query.get(PANEL, ""), query.get("data", "")
    if not DIGEST.fullmatch(digest):
        digest = ""
    if not digest and not data:
        return None
    return Need(data, digest, query.get(FILE, "")[:LONGEST_NAME], window(query.get("window", "")))


def publish(parameters: tuple[Parameter, ...], key: str, file: str | None) -> dict[str, str]:
    """Remember the values, and return what a link says of them; the browser is told by ``show``.

    Args:
        key: Digest of the data. file: Name of the upload they came with; None for demos.
    """
    record = state.session()
    record.kept = {parameter.key: state.value(parameter.key) for parameter in parameters}
    wanted = {p.key: p.write(record.kept[p.key]) for p in parameters if record.kept[p.key] != p.default()}
    return wanted | (_data(key, file, record.needs) if wanted or record.needs else {})


def show(parameters: tuple[Parameter, ...], wanted: dict[str, str]) -> None:
    """Have the browser write the parameters into its address; what else stands there stays."""
    browser.show([*(parameter.key for parameter in parameters), PANEL, FILE], wanted)


def _data(key: str, file: str | None, needs: Need | None) -> dict[str, str]:
    """What a link says about its data: those it still waits for, or those on screen."""
    said = {PANEL: key[:DIGITS], FILE: file or ""}
    if needs is not None:
        said = {"data": needs.data, PANEL: needs.digest, FILE: needs.name}
    return {name: text for name, text in said.items() if text}
