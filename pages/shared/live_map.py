"""The live map of *Tune*, of the loadings or of their difference to a pin, and where its colours end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.contrast import contrast
from pages.shared import baseline, clustermap
from pages.shared.baseline import Pin
from pages.shared.sidebar import Inputs
from pages.shared.state import Edits


def draw(inputs: Inputs, fit: Fit) -> None:
    """The live map of the loadings or, on request, of their difference to the chosen pin."""
    pin = baseline.chosen(inputs.edits)
    if pin is not None and baseline.shows_difference(inputs.edits):
        _difference(inputs.edits, fit, pin)
        return
    edits = inputs.edits
    clustermap.loadings(fit, edits, limit(edits, fit), None if pin is None else pin.fit)
    _rescale("loading", limit(edits, fit), _largest(fit.beta), partial(setattr, edits, "limit"))


def _difference(edits: Edits, fit: Fit, pin: Pin) -> None:
    """The map of differences to a pin; its colours are held from the first difference on."""
    base = pin.fit
    found = contrast(fit, base)
    largest = _largest(clustermap.changes(fit, found))
    if pin.limit is None and largest:
        baseline.hold_limit(edits, pin.name, largest)
    end = edits.pins[pin.name].limit or limit(edits, fit)
    clustermap.differences(fit, edits, end, base, found, pin.name)
    _rescale("difference", end, largest, partial(baseline.hold_limit, edits, pin.name))


def limit(edits: Edits, fit: Fit) -> float:
    """End of the colour scale: held between steps so that colours keep their meaning, until it is reset."""
    if edits.limit is None:
        edits.limit = _largest(fit.beta) or 1.0
    return edits.limit


def _largest(values: np.ndarray) -> float:
    return float(np.nan_to_num(np.abs(values)).max(initial=0.0))


def _rescale(what: str, end: float, largest: float, hold: Callable[[float], None]) -> None:
    """Say where the colours end, and reset them to what is on screen.

    Args:
        what: A loading or a difference. hold: Takes the new end.
    """
    ends = f"Colours end at ±{end:.3g}; the largest {what} is {largest:.3g}."
    st.button("Rescale colours", key="rescale", help=ends, disabled=largest in (end, 0.0),
              on_click=partial(hold, largest))  # fmt: skip
