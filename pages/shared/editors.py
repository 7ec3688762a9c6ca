"""Editing signs, prior and groups: in a grid, by painting rows and columns, and as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core.errors import FactorLassoError
from factorlasso_core.ingest import read_table
from factorlasso_core.xlsx import to_csv_safe
from pages.shared import feedback, state
from pages.shared.state import Edits

SYMBOLS = {1.0: "+", -1.0: "−", 0.0: "0"}
READINGS = {"+": 1.0, "1": 1.0, "−": -1.0, "-": -1.0, "-1": -1.0, "−1": -1.0, "0": 0.0, "": np.nan}
TYPABLE = r"^(\+|1|−|-|-1|−1|0|)$"
PAINTS = {"+ (≥ 0)": 1.0, "− (≤ 0)": -1.0, "0 (pinned)": 0.0, "blank (free)": np.nan}


def to_symbols(signs: pd.DataFrame) -> pd.DataFrame:
    """Signs as the grid shows them."""
    return signs.astype(object).map(lambda value: SYMBOLS.get(value, ""))


def from_symbols(shown: pd.DataFrame) -> pd.DataFrame:
    """Signs as numbers; anything else was refused by the grid already."""
    return shown.map(lambda text: READINGS.get(str(text or "").strip(), np.nan)).astype(float)


def signs(edits: Edits, members: dict[str, list[str]]) -> None:
    """The sign matrix: paint, grid, file."""
    _paint(edits, members, _sign_brush, "signs")
    st.markdown("**+** loading ≥ 0, **−** loading ≤ 0, **0** no loading, blank free. Paste blocks from a spreadsheet.")
    columns = {
        str(name): st.column_config.TextColumn(str(name), width=64, validate=TYPABLE, max_chars=2)
        for name in edits.signs.columns
    }
    shown = _grid(to_symbols(edits.signs), f"signs_grid_{edits.key}", columns)
    read = from_symbols(shown).set_axis(edits.signs.index).set_axis(edits.signs.columns, axis=1)
    if not read.equals(edits.signs):
        # The grid is not drawn anew, although "-" and "1" could be shown as "−" and "+": that would lose the
        # next cell, which may be half typed by now.
        edits.signs = read
        st.rerun()


def prior(edits: Edits, members: dict[str, list[str]]) -> None:
    """The prior: paint, grid, file."""
    _paint(edits, members, _prior_brush, "prior")
    st.markdown("The penalty pulls each loading towards its prior; a blank cell is pulled towards zero.")
    columns = {
        str(name): st.column_config.NumberColumn(str(name), width=80, format="%.4g") for name in edits.prior.columns
    }
    shown = _grid(edits.prior, f"prior_grid_{edits.key}", columns)
    read = shown.astype(float).set_axis(edits.prior.index).set_axis(edits.prior.columns, axis=1)
    if not read.equals(edits.prior):
        edits.prior = read
        st.rerun()


def groups(edits: Edits, responses: pd.Index) -> None:
    """Group labels, one a response."""
    st.markdown("One label a response: GROUP_LASSO needs them, *Clusters* compares the tree with them.")
    current = pd.Series("", index=responses) if edits.groups is None else edits.groups
    frame = current.rename("group").to_frame()
    column = {"group": st.column_config.TextColumn("group", width="medium", max_chars=200)}
    shown = _grid(frame, f"groups_grid_{edits.key}", column)["group"].fillna("").set_axis(responses)
    if not shown.equals(current.fillna("")):
        edits.groups = shown if shown.ne("").any() else None
        st.rerun()


def _grid(frame: pd.DataFrame, key: str, columns: dict[str, Any]) -> pd.DataFrame:
    """The editable grid, its base held while its key lives: fed with its own output it would lose edits."""
    base = state.held_while_drawn(key, frame).copy()
    base.index, base.columns = base.index.astype(str), base.columns.astype(str)
    return st.data_editor(base, key=key, column_config=columns, height=min(36 * (len(base) + 1) + 2, 560))


# A line of text must stand between these controls and the grid: its toolbar floats above its right end.
def _paint(edits: Edits, members: dict[str, list[str]], brush: Callable[[Edits], float | None], name: str) -> None:
    """Choose rows and columns, set them to one value, all at once."""
    table: pd.DataFrame = getattr(edits, name)
    left, middle, right, button = st.columns([3, 3, 2, 1], vertical_alignment="bottom")
    with left:
        rows = st.multiselect(
            "Rows", [*members, *table.index.astype(str)], placeholder="all responses", key=f"{name}_rows",
            format_func=lambda row: f"cluster {row.removeprefix('@')}" if row in members else row,
        )  # fmt: skip
    with middle:
        chosen = st.multiselect(
            "Columns", list(table.columns.astype(str)), placeholder="all factors", key=f"{name}_cols"
        )
    with right:
        value = brush(edits)
    with button:
        clicked = st.button("Paint", key=f"{name}_paint", width="stretch", disabled=value is None)
    if clicked and value is not None:
        picked = {label for row in rows for label in members.get(row, [row])}
        row_mask = table.index.astype(str).isin(picked) if rows else np.ones(len(table), dtype=bool)
        column_mask = table.columns.astype(str).isin(chosen) if chosen else np.ones(table.shape[1], dtype=bool)
        painted = table.to_numpy(copy=True)
        painted[np.ix_(row_mask, column_mask)] = value
        setattr(edits, name, pd.DataFrame(painted, table.index, table.columns))
        edits.version += 1
        st.rerun()


def _sign_brush(edits: Edits) -> float:
    return PAINTS[st.selectbox("Set to", list(PAINTS), key="signs_brush")]


def _prior_brush(edits: Edits) -> float | None:
    return st.number_input("Set to", value=0.0, format="%.4g", step=0.05, key="prior_brush")


def files(edits: Edits, kind: str, table: pd.DataFrame | None, stem: str) -> None:
    """Export what is in the grid, import what is in a file; a file that cannot be used changes nothing."""
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="center")
    with left:
        sent = st.file_uploader(f"Import {kind}", type=["csv", "xlsx", "parquet"], key=f"{kind}_file_{edits.key}",
                                label_visibility="collapsed", max_upload_size=10)  # fmt: skip
    with middle:
        if table is not None:
            st.download_button(f"Export {kind}", to_csv_safe(table), f"{stem}_{kind}.csv", "text/csv",
                               on_click="ignore", width="stretch")  # fmt: skip
    with right:
        if st.button(f"Clear {kind}", key=f"{kind}_clear", width="stretch"):
            _replace(edits, kind, None)
            st.rerun()
    if sent is not None:
        _import(edits, kind, sent)


def _import(edits: Edits, kind: str, sent: Any) -> None:
    try:
        loaded = read_table(sent.getvalue(), kind=kind, name=sent.name)
        used, message = _matched(edits, kind, loaded.table, sent.name)
    except FactorLassoError as error:
        st.error(feedback.plain(error), icon=":material/error:")
        return
    _replace(edits, kind, used)
    st.toast(feedback.plain(message))
    st.rerun()


def _matched(edits: Edits, kind: str, table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, str]:
    """The file's cells that belong to the panel, and a sentence on those that do not."""
    rows = pd.Index(edits.signs.index.astype(str))
    columns = pd.Index(["group"]) if kind == "groups" else pd.Index(edits.signs.columns.astype(str))
    known = rows.intersection(table.index)
    if not len(known) or not len(columns.intersection(table.columns)):
        raise FactorLassoError(
            f"{name}: none of its {len(table)} rows and {table.shape[1]} columns is a response and a factor of this "
            "panel. Export the current matrix to see the names it needs."
        )
    strange = len(table.index.difference(rows)) + len(table.columns.difference(columns))
    message = f"{name}: {len(known)} of {len(rows)} responses taken over" + (
        f", {strange} unknown rows or columns left out." if strange else "."
    )
    return table.reindex(index=rows, columns=columns), message


def _replace(edits: Edits, kind: str, table: pd.DataFrame | None) -> None:
    """Put a whole matrix in the place of another; None clears it."""
    blank = pd.DataFrame(np.nan, index=edits.signs.index, columns=edits.signs.columns)
    if kind == "groups":
        edits.groups = None if table is None else table["group"].set_axis(edits.signs.index)
    else:
        new = blank if table is None else pd.DataFrame(table.to_numpy(dtype=float), blank.index, blank.columns)
        setattr(edits, kind, new)
    edits.version += 1


def groups_table(edits: Edits) -> pd.DataFrame | None:
    """Groups as a file holds them."""
    return None if edits.groups is None else edits.groups.rename("group").to_frame()
