"""Loadings along λ: computed for all responses at once, drawn by a component of our own for those selected."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.arrays import Array, frozen
from factorlasso_core.batch import fit_many
from factorlasso_core.digest import digest
from factorlasso_core.figures.style import PALETTE, cluster_colours
from factorlasso_core.path import at_lambdas
from factorlasso_core.stages import Stages
from pages.shared import compute, feedback, scale, state
from pages.shared.sidebar import Inputs

FOLDER = Path(__file__).parent
# One ES module, put together in this order; nothing in it imports anything.
SCRIPTS = ("scale.js", "paint.js", "words.js", "view.js")
MOST_RESPONSES = 12  # drawn at once; more lines than that say nothing
MOST_CELLS = 1_000_000  # loadings over all λ that a page can wait for
FEWEST, MOST = 13, 61  # λ computed
HEIGHT = 330
KEY = "path"


@dataclass(frozen=True, eq=False)
class Loadings:
    """Loadings of all responses along λ.

    Attributes:
        stops: (K,) stops of the λ slider. lambdas: (K,) their λ. beta: (K, N, M), float32.
        nonzero: (K,) number of loadings that are not zero.
    """

    stops: Array
    lambdas: Array
    beta: Array
    nonzero: Array


@cache
def _component() -> Any:
    """The component, registered once; its script and style are files of this folder."""
    return st.components.v2.component(
        "factorlasso_path",
        html=_text("view.html"),
        css=_text("view.css"),
        js="\n".join(map(_text, SCRIPTS)),
    )


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def stops(cells: int) -> Array:
    """Stops of the slider that are computed for so many loadings a fit: zero and an even grid."""
    count = int(np.clip(MOST_CELLS // max(cells, 1), FEWEST, MOST))
    grid = np.linspace(scale.LOWEST, scale.HIGHEST, count - 1).round().astype(int)
    return frozen(np.concatenate([[scale.ZERO], grid]))


def loadings(fit: Fit, unit: float, stages: Stages) -> Loadings:
    """The model of a fit at every λ of the grid, from the cache where it holds it.

    Args:
        unit: λ_ref of the data.
    """
    spec = fit.spec.with_penalty(reg_lambda=0.0)
    grid = stops(fit.beta.size)
    key = digest(fit.panel.key, fit.beliefs.key, spec.digest(), grid, np.array([unit]))

    def compute_all() -> Loadings:
        lambdas = [scale.at_stop(int(stop), unit) for stop in grid]
        beta = fit_many(fit.panel, fit.beliefs, at_lambdas(spec, lambdas), stages).beta
        nonzero = (np.nan_to_num(beta) != 0).sum(axis=(1, 2))
        return Loadings(grid, frozen(np.array(lambdas)), frozen(beta.astype(np.float32)), frozen(nonzero))

    return stages.get("path", key, compute_all)


def draw(inputs: Inputs, fit: Fit, rows: list[str], columns: list[str], base: Fit | None = None) -> None:
    """Draw the path of some responses, or of the mean over all where none is chosen; a click sets λ.

    Args:
        rows, columns: Names of responses and factors; without factors all of them.
        base: A fit whose λ is marked beside the current one.
    """
    if inputs.scale == 0 or fit.certificate is None:
        st.caption("Nothing varies together in these data, so there is no path along λ.")
        return
    if fit.beta.size * FEWEST > MOST_CELLS:
        st.caption(f"{fit.beta.size:,} loadings at every λ would take long: the path is left out.")
        return
    with compute.counted(inputs.outcome.shared, inputs.outcome) as stages:
        path = loadings(fit, inputs.scale, stages)
    responses = _places(fit.panel.responses, rows)[:MOST_RESPONSES]
    factors = _places(fit.panel.factors, columns) or list(range(len(fit.panel.factors)))
    _component()(
        key=KEY,
        data=_data(fit, path, inputs.scale, responses, factors, base),
        height="content",
        on_stop_change=partial(_clicked, inputs.scale),
    )
    if len(rows) > MOST_RESPONSES:
        st.caption(f"Drawn are the first {MOST_RESPONSES} of the {len(rows)} selected responses.")


def _places(labels: Iterable[object], chosen: list[str]) -> list[int]:
    """Positions of some labels, in the order chosen."""
    places = {str(label): place for place, label in enumerate(labels)}
    return [places[name] for name in chosen if name in places]


def _clicked(unit: float) -> None:
    """Take over the λ of the stop that was clicked, before the widgets are drawn."""
    stop = (state.value(KEY) or {}).get("stop")
    if isinstance(stop, int) and scale.ZERO <= stop <= scale.HIGHEST:
        state.put_anew("lam", scale.at_stop(stop, unit))
        state.forget("lam_stop")


def _data(
    fit: Fit, path: Loadings, unit: float, chosen: list[int], factors: list[int], base: Fit | None
) -> dict[str, Any]:
    """What the component draws; numbers as base64 of float32, names as they are."""
    beta = np.nan_to_num(path.beta[:, :, factors])
    lines = beta[:, chosen, :].reshape(len(path.stops), -1).T if chosen else np.abs(beta).mean(axis=1).T
    lines = np.ascontiguousarray(lines, dtype="<f4")
    return {
        "lines": base64.b64encode(lines.tobytes()).decode(),
        "factors": [str(fit.panel.factors[place]) for place in factors],
        "looks": factors,
        "responses": [str(fit.panel.responses[place]) for place in chosen],
        "count": len(fit.panel.responses),
        "palette": cluster_colours(len(fit.panel.factors), feedback.theme()),
        "laps": len(PALETTE),
        "stops": path.stops.tolist(),
        "lambdas": path.lambdas.tolist(),
        "nonzero": path.nonzero.tolist(),
        "cells": fit.beta.size,
        "unit": unit,
        "perDecade": scale.STEPS_PER_DECADE,
        "lowest": scale.LOWEST,
        "highest": scale.HIGHEST,
        "lam": fit.spec.penalty.reg_lambda,
        "base": None if base is None else base.spec.penalty.reg_lambda,
        "height": HEIGHT,
    }
