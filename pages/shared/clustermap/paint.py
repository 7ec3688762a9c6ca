"""Strokes painted on the map of signs, taken over into what the analyst holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pages.shared.state import Edits

BRUSHES = {"+": 1.0, "-": -1.0, "0": 0.0, "blank": np.nan}


def answered(edits: Edits, key: str) -> int:
    """Number of the last stroke of a map that was taken over."""
    return edits.stamps.get(f"{key} painted", 0)


def take(edits: Edits, key: str, told: Any) -> None:
    """Take over the strokes of a map that are new, each as a step of its own that can be undone.

    Args:
        told: ``{"data": ..., "strokes": [{"number": ..., "brush": ..., "cells": [...]}]}`` with every stroke the
            browser has no answer to yet; of other data it is late and counts for nothing.
    """
    if not isinstance(told, dict) or told.get("data") != edits.data[:16]:
        return
    for stroke in told["strokes"]:
        if stroke["number"] > answered(edits, key):
            edits.signs = painted(edits.signs, stroke["cells"], BRUSHES[stroke["brush"]])
            edits.redraw()
            _note(edits)
            edits.stamps[f"{key} painted"] = int(stroke["number"])


def painted(signs: pd.DataFrame, cells: list[int], sign: float) -> pd.DataFrame:
    """Signs with some cells, numbered row by row, set to one value; numbers beyond the matrix are left out."""
    values = signs.to_numpy(dtype=float, copy=True)
    places = np.array(cells, dtype=int)
    values.flat[places[(places >= 0) & (places < values.size)]] = sign
    return pd.DataFrame(values, signs.index, signs.columns)


def _note(edits: Edits) -> None:
    """One step a stroke, also where several arrive together."""
    history = edits.history
    if history.present is not None:
        beliefs = {**history.present.beliefs, "signs": edits.signs}
        history.note(replace(history.present, beliefs=beliefs), history.touched)
