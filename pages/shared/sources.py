"""Where the panel comes from: a demo, or the analyst's upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from factorlasso_core import InputError, Panel
from factorlasso_core.demo import DEMOS, Truth, load_demo
from factorlasso_core.errors import FactorLassoError
from factorlasso_core.ingest import Note, join_panel, read_table
from pages.shared import state
from pages.shared.state import Edits

UPLOAD = "upload"
WINDOW_MARK = "_"  # between the first and the last date of a window
MOST_EDITED = 12  # data sets whose edits a session keeps


@dataclass(frozen=True, eq=False)
class Source:
    """A panel with its story.

    Attributes:
        key: ``"synthetic"``, ``"french"`` or ``"upload"``. title: as the analyst reads it.
        panel: all rows. groups, truth: where the source knows them. note: origin and units.
        notes: What the reader repaired. public: whether other sessions may share its fits.
        file: Name of the file the responses came in; None for a demo.
    """

    key: str
    title: str
    panel: Panel
    groups: pd.Series | None
    truth: Truth | None
    note: str
    notes: tuple[Note, ...]
    public: bool
    file: str | None = None


@st.cache_resource(show_spinner=False)
def demo_source(key: str) -> Source:
    """A demo as a source; public data, so one object serves every session."""
    demo = load_demo(key)
    panel = Panel.from_frames(demo.factors, demo.responses)
    return Source(key, demo.title, panel, demo.groups, demo.truth, demo.note, (), True)


def choices() -> dict[str, str]:
    """Keys and titles of what can be chosen, the upload last."""
    mine = state.session().upload
    return {**DEMOS, **({} if mine is None else {UPLOAD: mine.title})}


def load(key: str) -> Source:
    """The source behind a key."""
    return state.session().upload if key == UPLOAD else demo_source(key)


def edits(source: Source) -> Edits:
    """The analyst's edits on a source, made blank on first use with the groups the source brings."""
    panel, store = source.panel, state.session().edits
    if panel.key not in store:
        blank = pd.DataFrame(float("nan"), index=panel.responses, columns=panel.factors)
        store[panel.key] = Edits(panel.key, signs=blank, prior=blank.copy(), groups=source.groups)
        while len(store) > MOST_EDITED:
            del store[next(iter(store))]
    for key, other in store.items():
        if key != panel.key:
            other.sample = None  # a window of other data would hold the whole of it in memory
    return store[panel.key]


def sample(source: Source, edits: Edits) -> Panel:
    """The rows of a source inside the window of the link; a window that does not fit these data is none."""
    window = state.value("window")
    if window is None:
        return source.panel
    if edits.sample is None or edits.sample[0] != window:
        try:
            edits.sample = (window, source.panel.window(*window.split(WINDOW_MARK)))
        except (FactorLassoError, ValueError):
            state.put("window", None)
            return source.panel
    return edits.sample[1]


def read_upload(responses: Any, factors: Any) -> None:
    """Make the session's upload from two files; on a fault the last good data stay and the fault is kept."""
    record = state.session()
    try:
        record.upload = _source(responses, factors)
        record.refused = None
    except FactorLassoError as error:
        record.refused = str(error)


def _source(responses: Any, factors: Any) -> Source:
    y = read_table(responses.getvalue(), kind="responses", name=responses.name)
    x = read_table(factors.getvalue(), kind="factors", name=factors.name)
    joined = join_panel(y.table, x.table)
    try:
        panel = Panel.from_frames(joined.table["factors"], joined.table["responses"])
    except FactorLassoError as error:
        raise InputError(str(error).rstrip("."), file=f"{responses.name} with {factors.name}") from error
    note = f"Uploaded: {responses.name} and {factors.name}. Units are as in the files."
    heading = f"Upload: {responses.name}"
    return Source(UPLOAD, heading, panel, None, None, note, (*y.notes, *x.notes, *joined.notes), False, responses.name)
