"""The only user of ``st.session_state``, apart from the widgets' own keys.

What the analyst edits is kept per data set, so that switching data and back loses nothing, and apart
from the widgets that edit it, so that a page change loses nothing either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from factorlasso_core import Panel
from factorlasso_core.arrays import Array
from pages.shared.history import History
from pages.shared.selection import Selection


@dataclass
class Edits:
    """What the analyst holds about one data set, by label.

    Attributes:
        data: Digest of the data set.
        signs: Responses by factors, 1, -1, 0, NaN. prior: the same, floats. groups: labels by response.
        excluded, named: Factors by response that must be zero, and that the prior of the data rests on.
        unsigned: Factors whose signs are never derived.
        version: Raised when a matrix changes outside its grid, which then has to be drawn anew.
        limit: End of the colour scale, held between slider steps.
        sample: The last window and the panel inside it, kept so that its digest is computed once.
        history: What can be undone and redone. pins: Fits held for comparison, by name.
        baseline: Name of the pin that views show the difference to; None for none.
        selection: What every view shows as selected. stamps: Number of the last change each view has sent.
        lists: Number of the list that shows the selected responses; one for every selection made elsewhere.
        colours: Colour numbers of the clusters as they were drawn last, by response; None before.
    """

    data: str
    signs: pd.DataFrame
    prior: pd.DataFrame
    groups: pd.Series | None
    excluded: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)
    unsigned: tuple[str, ...] = ()
    version: int = 0
    limit: float | None = None
    sample: tuple[str, Panel] | None = None
    history: History = field(default_factory=History)
    pins: dict[str, Any] = field(default_factory=dict)
    baseline: str | None = None
    selection: Selection = field(default_factory=Selection)
    stamps: dict[str, int] = field(default_factory=dict)
    lists: int = 0
    colours: Array | None = None

    def given(self, name: str) -> pd.DataFrame | None:
        """The matrix of this name, or None where every cell is blank."""
        table: pd.DataFrame = getattr(self, name)
        return table if table.notna().to_numpy().any() else None

    def redraw(self) -> None:
        """Have the grids drawn anew: a matrix changed outside its own."""
        self.version += 1

    @property
    def key(self) -> str:
        """Changes with the data and with every change made outside a grid."""
        return f"{self.data[:8]}_{self.version}"


@dataclass
class Session:
    """Everything one browser session holds beside its widgets.

    Attributes:
        edits: By digest of the data. upload: The last good upload. pair: The files read last.
        refused: Why the last upload was not taken. choose, shown: Data to switch to on the next run, and on screen.
        needs: The data a link asks for and that are not here.
        page, kept: The page drawn last, and the parameters that all pages share.
        bases: What each grid was first drawn with. cache: Fits of this session. last_good: The last fit that succeeded.
        hits, misses: Stages of fits found and computed since the session began.
    """

    edits: dict[str, Edits] = field(default_factory=dict)
    upload: Any = None
    pair: Any = None
    refused: str | None = None
    choose: str | None = None
    shown: str | None = None
    needs: Any = None
    page: str | None = None
    kept: dict[str, Any] = field(default_factory=dict)
    bases: dict[str, tuple[str, Any]] = field(default_factory=dict)
    cache: MutableMapping[str, Any] | None = None
    last_good: Any = None
    hits: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)


def session() -> Session:
    """The session's own record, made on first use."""
    if "workbench" not in st.session_state:
        st.session_state["workbench"] = Session()
    return st.session_state["workbench"]


def value(key: str, default: Any = None) -> Any:
    """Value of a widget by key, also on pages that do not draw it."""
    return st.session_state.get(key, default)


def put(key: str, new: Any) -> None:
    """Set a widget's value before it is drawn; the same value is left alone, so nothing redraws."""
    if key not in st.session_state or st.session_state[key] != new:
        st.session_state[key] = new


def put_anew(key: str, new: Any) -> None:
    """Set a widget's value so that the browser adopts it, even if it is the one held."""
    st.session_state[key] = new


def forget(key: str) -> None:
    """Drop a widget's value, so that what is put next counts as new."""
    st.session_state.pop(key, None)


def has(key: str) -> bool:
    """Whether a widget of this key has a value in this session."""
    return key in st.session_state


def held_while_drawn(key: str, fresh: Callable[[], Any]) -> Any:
    """What a widget of this key was first drawn with; ``fresh`` makes it when the widget is new."""
    kind = key.split("_", 1)[0]
    held = session().bases.get(kind)
    if held is None or held[0] != key or key not in st.session_state:
        session().bases[kind] = held = (key, fresh())
    return held[1]
