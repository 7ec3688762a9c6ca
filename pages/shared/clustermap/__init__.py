"""The live view: tree, matrix and cut on one canvas, drawn by the browser and answering to it.

The script is plain JavaScript: its files, put together here in a fixed order, make one function, of which
``main.js`` holds what Streamlit calls at every run. It comes with the HTML, which the page reads once when
the component appears; of what a component gives as ``js`` the page hashes every character at every run, so
that is a single call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from factorlasso_core import Fit, Panel
from factorlasso_core.arrays import Array
from factorlasso_core.colouring import bounded, match_colours
from factorlasso_core.contrast import Contrast
from factorlasso_core.figures.style import PALETTE
from pages.shared import state
from pages.shared.clustermap import difference, paint, sign_view, views
from pages.shared.clustermap.difference import changes
from pages.shared.clustermap.views import CUT_STEP, HIGHEST_CUT, LOWEST_CUT, Message
from pages.shared.clustermap.wire import pack
from pages.shared.selection import Selection, places
from pages.shared.state import Edits

__all__ = ["changes", "colours", "correlations", "differences", "loadings", "signs"]

FOLDER = Path(__file__).parent
SCRIPTS = (
    "message.js",
    "tree.js",
    "rows.js",
    "colours.js",
    "surface.js",
    "layout.js",
    "draw_cells.js",
    "draw_frame.js",
    "draw_over.js",
    "words.js",
    "select.js",
    "zoom.js",
    "pointer.js",
    "paint.js",
    "keys.js",
    "panel.js",
    "main.js",
)
NAME = "factorLassoClustermap"  # of the function in the browser


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _script() -> str:
    """Everything in one scope of its own; a second map finds the function of the first."""
    body = "\n".join(map(_read, SCRIPTS))
    return f"<script>globalThis.{NAME} ??= (() => {{\n{body}\nreturn clustermap;\n}})();</script>"


_mount = st.components.v2.component(
    "clustermap",
    html=_read("map.html") + _script(),
    css=_read("map.css"),
    js=f"export default function (component) {{\n  return globalThis.{NAME}(component);\n}}\n",
)


def loadings(fit: Fit, edits: Edits, limit: float, base: Fit | None = None, key: str = "clustermap") -> None:
    """Draw the loadings beside the tree; the cut and the selection made there reach the session.

    Args:
        limit: ``|β|`` at the ends of the colours. base: A fit to mark who changed cluster since.
    """
    view = views.loadings(fit, limit, colours(fit, edits), edits.groups)
    _show(_since(view, fit, base), fit.panel, edits, key)


def differences(
    fit: Fit, edits: Edits, limit: float, base: Fit, found: Contrast, name: str, key: str = "clustermap"
) -> None:
    """Draw the loadings less those of a base in place of the loadings.

    Args:
        limit: ``|Δβ|`` at the ends of the colours. base: The pinned fit. found: What differs from it. name: Its name.
    """
    view = difference.difference(fit, base, found, limit, colours(fit, edits), edits.groups, name)
    _show(_since(view, fit, base), fit.panel, edits, key)


def signs(fit: Fit, edits: Edits, limit: float, key: str = "signs_map") -> None:
    """Draw the sign rule of every loading; strokes painted there change the analyst's signs.

    Args:
        limit: ``|β|`` at the ends of the colours.
    """
    view = sign_view.signs(fit, edits.signs, limit, colours(fit, edits), edits.groups)
    answered = Message({"painted": paint.answered(edits, key)})
    _show(view | answered, fit.panel, edits, key, on_paint_change=partial(_paint, key, edits))


def correlations(fit: Fit, edits: Edits, base: Fit | None = None, key: str = "correlations") -> None:
    """Draw the correlations the clusters come from beside the tree.

    Args:
        base: A fit to mark who changed cluster since.
    """
    _show(_since(views.correlations(fit, colours(fit, edits), edits.groups), fit, base), fit.panel, edits, key)


def _since(view: Message, fit: Fit, base: Fit | None) -> Message:
    return view if base is None else difference.moved(view, fit, base)


def _show(view: Message, panel: Panel, edits: Edits, key: str, **callbacks: Callable[[], None]) -> None:
    square = view.header["columns"] is None
    message = view | _selected(panel, edits, key, square) | Message({"slider": state.value("cutoff")})
    _mount(
        data=pack(message.header, message.arrays),
        key=key,
        on_cut_change=partial(_cut, key),
        on_selection_change=partial(_choose, key, panel, edits, square),
        **callbacks,
    )


def _selected(panel: Panel, edits: Edits, key: str, square: bool) -> Message:
    """The selection by place, and the number of the change it answers."""
    rows = sorted(places(panel.responses, edits.selection.rows))
    columns = [] if square else sorted(places(panel.factors, edits.selection.columns))
    chosen = {"rows": rows, "columns": columns}
    return Message({"data": edits.data[:16], "selection": chosen, "stamp": edits.stamps.get(key, 0)})


def _cut(key: str) -> None:
    """Take over the cut that was dragged, as the sidebar's slider would."""
    fraction = state.value(key, {}).get("cut")
    if isinstance(fraction, int | float) and LOWEST_CUT <= fraction <= HIGHEST_CUT:
        state.put("cutoff", round(round(fraction / CUT_STEP) * CUT_STEP, 2))


def _choose(key: str, panel: Panel, edits: Edits, square: bool) -> None:
    """Take over the selection made on the map; one of other data is late and counts for nothing."""
    sent = state.value(key, {}).get("selection")
    if not isinstance(sent, dict) or sent.get("data") != edits.data[:16]:
        return
    rows = tuple(str(panel.responses[place]) for place in sent["rows"] if place < len(panel.responses))
    columns = () if square else tuple(str(panel.factors[place]) for place in sent["columns"])
    edits.selection, edits.stamps[key] = Selection(rows, columns), int(sent["stamp"])


def _paint(key: str, edits: Edits) -> None:
    """Take over what was painted on the map."""
    paint.take(edits, key, state.value(key, {}).get("paint"))


def colours(fit: Fit, edits: Edits) -> Array | None:
    """Colour numbers of the clusters, (N,), matched with those drawn last for these data; None without clusters."""
    if fit.labels is None:
        return None
    edits.colours = bounded(match_colours(fit.labels, fit.counted, edits.colours), len(PALETTE))
    return edits.colours
