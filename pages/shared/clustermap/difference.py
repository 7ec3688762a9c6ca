"""What the browser needs to draw how a fit differs from a pinned one, and to mark who changed cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core import Fit
from factorlasso_core.arrays import Array
from factorlasso_core.contrast import Contrast
from pages.shared.clustermap.views import Message, loadings

# Marks of cells, in the order of their codes from 1; their names are known to the script that draws.
MARKS = {"came": "became non-zero", "gone": "became zero", "nodata": "unknown in one of the two"}
STILL = 1e-6  # of the largest loading: less than this is the last digits of the solver, not a change


def difference(
    fit: Fit, base: Fit, found: Contrast, limit: float, colours: Array | None, groups: pd.Series | None, name: str
) -> Message:
    """The loadings of a fit less those of a base, on the rows and with the facts of the fit.

    Args:
        base: The pinned fit, of the same responses and factors. found: What differs from it.
        limit: ``|Δβ|`` at the ends of the colours. colours, groups: As for the loadings.
        name: What the base is called.
    """
    mark = marks(fit, base)
    order = " in the order of the tree" if fit.clustering is not None else ""
    header = {
        "kind": "difference",
        "title": f"Δβ: loadings less those of the pin “{name}”{order}",
        "symbol": "Δβ",
        "limit": limit,
        "beside": True,
        "also": [["β now", "now"], ["β pinned", "pinned"]],
        "marks": ["", *MARKS],
        "mark_words": ["", *MARKS.values()],
        "legend": [
            [mark_name, words] for mark_name, words in MARKS.items() if mark_name != "nodata" or (mark == 3).any()
        ],
    }
    now, pinned = ((beta + 0.0).astype("f4") for beta in (fit.beta, base.beta))
    arrays = {"values": changes(fit, found).astype("f4"), "mark": mark, "now": now, "pinned": pinned}
    return loadings(fit, limit, colours, groups) | Message(header, arrays)


def changes(fit: Fit, found: Contrast) -> Array:
    """Δβ as it is drawn, (N, M): exactly zero where nothing changed, NaN where it is not known."""
    size = np.abs(found.beta)
    return np.where(size <= STILL * np.nan_to_num(np.abs(fit.beta)).max(initial=0.0), 0.0, found.beta)


def marks(fit: Fit, base: Fit) -> Array:
    """Place in ``MARKS``, counted from 1, of every cell; 0 where a loading is zero, or is not, in both."""
    now, before = fit.beta != 0, base.beta != 0
    code = np.where(now & ~before, 1, np.where(before & ~now, 2, 0)).astype("u1")
    code[np.isnan(fit.beta) | np.isnan(base.beta)] = 3
    return code


def moved(view: Message, fit: Fit, base: Fit) -> Message:
    """Add to a view a track of the responses that are in another cluster than in a base.

    The browser is told the clusters of the base and finds who moved by overlap, as ``contrast`` does: so the
    track also answers to a cut that is being dragged. Without clusters on either side the view stays as it is.
    """
    if fit.labels is None or base.labels is None or not view.header["group_word"]:
        return view
    both = fit.counted & base.counted
    codes, labels = pd.factorize(base.labels[both])
    former = np.full(len(both), -1, dtype="i4")
    former[both] = codes
    first, *others = view.header["tracks"]
    track = {"name": "moved", "kind": "moved", "array": "former", "levels": list(map(str, labels))}
    return view | Message({"tracks": [first, track, *others]}, {"former": former})
