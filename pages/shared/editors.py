"""Editing signs, prior and groups: in a grid, by painting rows and columns, and as files."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
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
TYPABLE = r"^\s*(\+|[+]?1(\.0*)?|−|-|[-−]1(\.0*)?|0(\.0*)?|)\s*$"
NUMBER = r"^\s*([-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)?\s*$"
SIGN_WORDS = (
    "**+** loading ≥ 0, **−** loading ≤ 0, **0** no loading, blank {blank}; 1 and -1 are read as well. "
    "Paste blocks from a spreadsheet."
)
PAINTS = {"+ (≥ 0)": 1.0, "− (≤ 0)": -1.0, "0 (pinned)": 0.0, "blank (free)": np.nan}


def to_symbols(signs: pd.DataFrame) -> pd.DataFrame:
    """Signs as the grid shows them."""
    return signs.astype(object).map(lambda value: SYMBOLS.get(value, ""))


def from_symbols(shown: pd.DataFrame) -> pd.DataFrame:
    """Signs as numbers; anything else was refused by the grid already."""
    read = [READINGS.get(_bare(text), np.nan) for text in shown.to_numpy(dtype=object).ravel()]
    return pd.DataFrame(np.array(read, dtype=float).reshape(shown.shape), shown.index, shown.columns)


def _bare(text: object) -> str:
    """A typed sign without spaces, trailing zeros and the plus of +1."""
    return re.sub(r"^\+1$", "1", re.sub(r"\.0*$", "", str(text or "").strip()))


def to_texts(prior: pd.DataFrame) -> pd.DataFrame:
    """Prior as the grid shows it: exact numbers as text, because the browser's number cells read 1e-3 as -13."""
    return prior.astype(object).map(lambda value: "" if pd.isna(value) else f"{float(value)!r}")


def from_texts(shown: pd.DataFrame) -> pd.DataFrame:
    """Prior as numbers; what is no number was refused by the grid already."""
    return shown.map(lambda text: float(text) if str(text or "").strip() else np.nan).astype(float)


def paint_signs(edits: Edits, members: dict[str, list[str]]) -> None:
    """Set many signs at once."""
    _paint(edits, members, _sign_brush, "signs")


def signs(edits: Edits, derived: bool) -> None:
    """The sign matrix cell by cell; ``derived`` says what a blank means."""
    st.markdown(SIGN_WORDS.format(blank="derived from the data" if derived else "free"))
    column = partial(_text_column, validate=TYPABLE, max_chars=6)
    read = from_symbols(grid(edits.signs, to_symbols, f"signs_grid_{edits.key}", column))
    if not read.equals(edits.signs):
        # The grid is not drawn anew, although "-" and "1" could be shown as "−" and "+": that would lose the
        # next cell, which may be half typed by now.
        edits.signs = read
        st.rerun()


def paint_prior(edits: Edits, members: dict[str, list[str]]) -> None:
    """Set many cells of the prior at once."""
    _paint(edits, members, _prior_brush, "prior")


def prior(edits: Edits) -> None:
    """The prior cell by cell."""
    st.markdown("The penalty pulls each loading towards its prior; a blank cell is pulled towards zero.")
    column = partial(_text_column, validate=NUMBER, max_chars=24)
    read = from_texts(grid(edits.prior, to_texts, f"prior_grid_{edits.key}", column))
    if not read.equals(edits.prior):
        edits.prior = read
        st.rerun()


def groups(edits: Edits, responses: pd.Index) -> None:
    """Group labels, one a response."""
    st.markdown("One label a response: GROUP_LASSO needs them, *Clusters* compares the tree with them.")
    current = pd.Series("", index=responses) if edits.groups is None else edits.groups
    column = partial(st.column_config.TextColumn, width="medium", max_chars=200)
    shown = grid(current.rename("group").to_frame(), pd.DataFrame.copy, f"groups_grid_{edits.key}", column)
    shown = shown["group"].fillna("")
    if not shown.equals(current.fillna("")):
        edits.groups = shown if shown.ne("").any() else None
        st.rerun()


def _text_column(label: str, **settings: Any) -> Any:
    """A text column wide enough for its name."""
    return st.column_config.TextColumn(label, width=min(max(64, 44 + 8 * len(label)), 200), **settings)


def grid(
    current: pd.DataFrame, shown_as: Callable[[pd.DataFrame], pd.DataFrame], key: str, column: Callable[[str], Any]
) -> pd.DataFrame:
    """The editable grid, as edited and under the labels of ``current``.

    Its base is held while its key lives: fed with its own output it would lose edits. Columns go in by
    position, because Streamlit keeps some names for itself.
    """
    base = state.held_while_drawn(key, lambda: shown_as(current))
    names = [f"c{position}" for position in range(base.shape[1])]
    drawn = base.set_axis(names, axis=1).set_axis(feedback.row_names(base.index))
    config = {name: column(str(label)) for name, label in zip(names, current.columns, strict=True)}
    edited = st.data_editor(drawn, key=key, column_config=config, height=feedback.table_height(len(base), 560))
    return edited.set_axis(current.index).set_axis(current.columns, axis=1)


# A line of text must stand between these controls and the grid: its toolbar floats above its right end.
def _paint(edits: Edits, members: dict[str, list[str]], brush: Callable[[], float], name: str) -> None:
    """Choose rows and columns, set them to one value, all at once."""
    table: pd.DataFrame = getattr(edits, name)

    def spread() -> None:
        """A cluster stands for those who are in it now: later it may be another, or none."""
        picked = state.value(f"{name}_rows", [])
        state.put(f"{name}_rows", list(dict.fromkeys(r for row in picked for r in members.get(row, [row]))))

    left, middle, right, button = st.columns([3, 3, 2, 1], vertical_alignment="bottom")
    with left:
        rows = st.multiselect(
            "Rows", [*members, *table.index.astype(str)], placeholder="all responses", key=f"{name}_rows",
            on_change=spread,
            format_func=lambda row: f"cluster {row.removeprefix(feedback.CLUSTER_MARK)}" if row in members else row,
        )  # fmt: skip
    with middle:
        chosen = st.multiselect(
            "Columns", list(table.columns.astype(str)), placeholder="all factors", key=f"{name}_cols"
        )
    with right:
        value = brush()
    with button:
        nothing = not rows and not chosen
        clicked = st.button("Paint", key=f"{name}_paint", width="stretch", disabled=nothing,
                            help="Choose rows or columns first." if nothing else None)  # fmt: skip
    if clicked:
        row_mask = table.index.astype(str).isin(rows) if rows else np.ones(len(table), dtype=bool)
        column_mask = table.columns.astype(str).isin(chosen) if chosen else np.ones(table.shape[1], dtype=bool)
        edits.redraw()
        painted = table.to_numpy(copy=True)
        painted[np.ix_(row_mask, column_mask)] = value
        setattr(edits, name, pd.DataFrame(painted, table.index, table.columns))
        st.rerun()


def _sign_brush() -> float:
    return PAINTS[st.selectbox("Set to", list(PAINTS), key="signs_brush")]


def _prior_brush() -> float:
    value = st.number_input("Set to", value=None, format="%.4g", step=0.05, key="prior_brush", placeholder="blank")
    return np.nan if value is None else value


def files(edits: Edits, kind: str, table: pd.DataFrame, stem: str) -> None:
    """Export what is in the grid, import what is in a file; a file that cannot be used changes nothing."""
    left, middle, right = st.columns([3, 1, 1], vertical_alignment="bottom")
    with left:
        sent = st.file_uploader(f"Import {kind}", type=["csv", "xlsx", "parquet"], key=f"{kind}_file_{edits.key}",
                                max_upload_size=10)  # fmt: skip
    with middle:
        st.download_button(f"Export {kind}", partial(to_csv_safe, table), f"{stem}_{kind}.csv", "text/csv",
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
    edits.redraw()
    blank = pd.DataFrame(np.nan, index=edits.signs.index, columns=edits.signs.columns)
    if kind == "groups":
        edits.groups = None if table is None else table["group"].set_axis(edits.signs.index)
    else:
        new = blank if table is None else pd.DataFrame(table.to_numpy(dtype=float), blank.index, blank.columns)
        setattr(edits, kind, new)


def groups_table(edits: Edits) -> pd.DataFrame:
    """Groups as a file holds them; blank where there are none yet, as a template."""
    held = pd.Series("", index=edits.signs.index) if edits.groups is None else edits.groups
    return held.rename("group").to_frame()
