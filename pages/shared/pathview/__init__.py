"""Loadings along λ: computed for all responses at once, drawn by a component of our own for those selected."""

from __future__ import annotations

import base64
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
from pages.shared.selection import places
from pages.shared.sidebar import Inputs

FOLDER = Path(__file__).parent
# One ES module, put together in this order; nothing in it imports anything.
SCRIPTS = ("scale.js", "paint.js", "words.js", "view.js")
MOST_RESPONSES = 12  # drawn at once on one factor, where each has a colour; more lines than that say nothing
DASHES = 4  # told apart; on several factors, which have the colours, a response has a dash
MOST_CELLS = 1_000_000  # loadings over all λ that a page can wait for
QUICK_CELLS = 30_000  # loadings over all λ that a step of a slider can wait for; more follow when the sliders rest
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
    spec, grid = fit.spec.with_penalty(reg_lambda=0.0), stops(fit.beta.size)

    def compute_all() -> Loadings:
        lambdas = [scale.at_stop(int(stop), unit) for stop in grid]
        beta = fit_many(fit.panel, fit.beliefs, at_lambdas(spec, lambdas), stages).beta
        nonzero = (np.nan_to_num(beta) != 0).sum(axis=(1, 2))
        return Loadings(grid, frozen(np.array(lambdas)), frozen(beta.astype(np.float32)), frozen(nonzero))

    return stages.get("path", path_key(fit, unit), compute_all)


def path_key(fit: Fit, unit: float) -> str:
    """Digest of all that the path of a fit depends on: everything but λ."""
    spec = fit.spec.with_penalty(reg_lambda=0.0)
    return digest(fit.panel.key, fit.beliefs.key, spec.digest(), stops(fit.beta.size), np.array([unit]))


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
    path = _now_or_later(inputs, fit)
    factors = places(fit.panel.factors, columns) or list(range(len(fit.panel.factors)))
    most = MOST_RESPONSES if len(factors) == 1 else DASHES
    responses = places(fit.panel.responses, rows)[:most]
    _component()(
        key=KEY,
        data=path if isinstance(path, dict) else _data(fit, path, inputs.scale, responses, factors, base),
        height="content",
        on_stop_change=partial(_clicked, inputs.scale),
        on_rested_change=_rested,
    )
    if len(rows) > most:
        cure = "" if most > DASHES else " Select one factor to see more."
        st.caption(f"Drawn are the first {most} of the {len(rows)} selected responses.{cure}")


def _now_or_later(inputs: Inputs, fit: Fit) -> Loadings | dict[str, Any]:
    """The path, or where it would hold up a slider, what has the browser ask for it once the sliders rest."""
    key = path_key(fit, inputs.scale)
    with compute.counted(inputs.outcome.shared, inputs.outcome) as stages:
        quick = fit.beta.size * len(stops(fit.beta.size)) <= QUICK_CELLS
        asked = (state.value(KEY) or {}).get("rested") == key
        if quick or asked or stages.held("path", key) is not None:
            return loadings(fit, inputs.scale, stages)
    return {"waiting": key, "height": HEIGHT}


def _rested() -> None:
    """The browser asks for the path: the run this begins finds it asked for."""


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
    colours, dashes = _looks(max(len(chosen), 1), factors)
    return {
        "lines": base64.b64encode(lines.tobytes()).decode(),
        "factors": [str(fit.panel.factors[place]) for place in factors],
        "colours": colours,
        "dashes": dashes,
        "responses": [str(fit.panel.responses[place]) for place in chosen],
        "count": len(fit.panel.responses),
        "palette": cluster_colours(max(len(fit.panel.factors), MOST_RESPONSES), feedback.theme()),
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


def _looks(responses: int, factors: list[int]) -> tuple[list[int], list[int]]:
    """Number of the colour and of the dash of every line, responses by factors.

    A factor keeps its colour when others are left out; the lines of several responses on one factor, which
    would all have that colour, have one each.
    """
    if responses > 1 and len(factors) == 1:
        return list(range(responses)), [0] * responses
    own = [factor // len(PALETTE) for factor in factors]  # colours of later laps resemble those of the first
    dashes = [response if responses > 1 else own[j] for response in range(responses) for j in range(len(factors))]
    return factors * responses, [dash % DASHES for dash in dashes]
