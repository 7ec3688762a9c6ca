"""Pinned fits: hold one beside the current, see what differs, and bring it back with one click."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Beliefs, Fit, FitSpec, LassoModelType, Panel
from factorlasso_core.contrast import ClusterChange, Contrast, contrast
from factorlasso_core.scoring import mean_of_known
from factorlasso_core.workbook.words import OPTIONS
from pages.shared import compute, feedback, state, undo
from pages.shared.history import Snapshot
from pages.shared.sidebar import MODELS, STEPS, Inputs
from pages.shared.state import Edits

MOST_PINS = 8
LONGEST_NAME = 40
CHOICE, NAME, SHOWS = "baseline", "pin_name", "map_shows"  # keys of widgets
LOADINGS, DIFFERENCE = "β", "Δβ to the pin"  # what the map can show
# As the sidebar calls them; other options go by their names in ``LassoModel``, as in the workbook.
SHORT = {"model_type": "model", "reg_lambda": "λ", "l1_weight": "α", "cutoff_fraction": "cutoff", "span": "EWMA span"}


@dataclass(frozen=True, eq=False)
class Pin:
    """All that makes a fit, under a name, and everything that leads back to it.

    Attributes:
        limit: End of the colours of differences to it, held between slider steps; None before any were seen.
    """

    name: str
    panel: Panel
    beliefs: Beliefs
    spec: FitSpec
    shared: bool
    held: Snapshot
    limit: float | None = None

    @property
    def fit(self) -> Fit:
        """The fit, from the cache or made again, bit by bit the same: a pin holds no results of its own."""
        return compute.beside(self.panel, self.beliefs, self.spec, shared=self.shared)


def chosen(edits: Edits) -> Pin | None:
    """The pin that views show the difference to."""
    return edits.pins.get(edits.baseline) if edits.baseline is not None else None


def difference(edits: Edits, fit: Fit) -> Contrast | None:
    """What differs from the chosen pin; None without one."""
    pin = chosen(edits)
    return None if pin is None else contrast(fit, pin.fit)


def shows_difference(edits: Edits) -> bool:
    """Whether the map is asked to show the difference to the chosen pin."""
    return chosen(edits) is not None and state.value(SHOWS) == DIFFERENCE


def hold_limit(edits: Edits, name: str, limit: float) -> None:
    """Have the colours of differences to a pin end here from now on."""
    edits.pins = {**edits.pins, name: replace(edits.pins[name], limit=limit)}


def pin_controls(inputs: Inputs, fit: Fit, left: Any, right: Any) -> None:
    """A name and a button that pins the fit on screen under it.

    Args:
        left, right: Columns they stand in.
    """
    edits = inputs.edits
    left.text_input("Name of the pin", key=NAME, placeholder="model and λ if left blank", max_chars=LONGEST_NAME)
    full, stale = len(edits.pins) >= MOST_PINS, inputs.outcome.error is not None
    right.button(
        "Pin this fit", key="pin", icon=":material/push_pin:", width="stretch", disabled=full or stale,
        on_click=partial(_pin, edits, fit, inputs.outcome.shared),
        help=f"At most {MOST_PINS}: let one go first." if full else "Hold this fit with its parameters and beliefs.",
    )  # fmt: skip


def choice(inputs: Inputs) -> None:
    """Choose a pin to compare with, have the map show the difference, bring the pin back or let it go."""
    edits = inputs.edits
    if not edits.pins:
        return
    names, shows, back, away = st.columns([4, 3, 2, 2], vertical_alignment="bottom")
    state.put(CHOICE, edits.baseline)
    names.pills("Compare with", list(edits.pins), format_func=feedback.plain, key=CHOICE,
                on_change=partial(_choose, edits))  # fmt: skip
    pin = chosen(edits)
    if pin is not None:
        shows.segmented_control("Map shows", [LOADINGS, DIFFERENCE], key=SHOWS, default=LOADINGS, required=True,
                                persist_state="session")  # fmt: skip
        back.button("Bring back", key="bring_back", icon=":material/settings_backup_restore:", width="stretch",
                    on_click=partial(undo.bring_back, edits, STEPS, pin.held),
                    help="Its parameters, signs, prior and groups. Undo takes this back.")  # fmt: skip
        away.button("Let go", key="unpin", icon=":material/close:", width="stretch",
                    on_click=partial(_let_go, edits, pin.name))  # fmt: skip


def _free_name(edits: Edits, wanted: str) -> str:
    """A name no pin has."""
    names = [wanted, *(f"{wanted} ({k})" for k in range(2, MOST_PINS + 2))]
    return next(name for name in names if name not in edits.pins)


def _pin(edits: Edits, fit: Fit, shared: bool) -> None:
    auto = f"{MODELS[fit.spec.model_type.name]}, λ {fit.spec.penalty.reg_lambda:.3g}"
    name = _free_name(edits, (state.value(NAME) or "").strip() or auto)
    held = undo.snapshot(edits, (step.key for step in STEPS))
    edits.pins = {**edits.pins, name: Pin(name, fit.panel, fit.beliefs, fit.spec, shared, held)}
    edits.baseline = name
    state.put_anew(NAME, "")


def _choose(edits: Edits) -> None:
    edits.baseline = state.value(CHOICE)


def _let_go(edits: Edits, name: str) -> None:
    edits.pins = {key: pin for key, pin in edits.pins.items() if key != name}
    edits.baseline = None


def summary(inputs: Inputs, fit: Fit) -> None:
    """What differs from the chosen pin, in words and in tables of changed things only."""
    pin, found = chosen(inputs.edits), difference(inputs.edits, fit)
    if pin is None or found is None:
        return
    st.caption(_sentence(found))
    if found.parameters:
        changed = found.parameters.items()
        rows = {SHORT.get(name, name): [_value(now), _value(before)] for name, (before, now) in changed}
        feedback.facts(rows, head=("", "now", "pinned"))


def _sentence(found: Contrast) -> str:
    """Loadings, clusters and beliefs that differ."""
    known = found.beta[np.isfinite(found.beta)]
    parts = [f"{int((known != 0).sum())} of {found.beta.size} loadings differ, at most by "
             f"{np.abs(known).max(initial=0.0):.3g}"]  # fmt: skip
    parts += [] if found.clusters is None else [_moves(found)]
    counts = {"signs": found.signs, "priors": found.prior, "groups": found.groups}
    parts += [f"{int(cells.sum())} {name} of yours differ" for name, cells in counts.items() if cells.any()]
    parts += [] if found.parameters else ["no parameter differs"]
    parts += [] if found.same_data else ["the sample windows differ"]
    return "; ".join(parts) + "."


def _moves(found: Contrast) -> str:
    """How many responses changed cluster."""
    if found.clusters is None:
        return "one of the two fits has no clusters"
    if not found.clusters:
        return "the clusters are the same"
    return f"{found.moved} response{'s' * (found.moved > 1)} changed cluster"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, LassoModelType):
        return MODELS[value.name]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def clusters(inputs: Inputs, fit: Fit) -> None:
    """What became of the clusters since the chosen pin, while its part of the page is open."""
    if chosen(inputs.edits) is None:
        return
    with st.expander("Clusters since the pin", key="clusters_since", on_change="rerun") as box:
        if box.open:
            changed_clusters(inputs, fit)


def changed_clusters(inputs: Inputs, fit: Fit) -> None:
    """Who stayed, joined and left since the chosen pin, cluster by cluster; only clusters that changed."""
    pin, found = chosen(inputs.edits), difference(inputs.edits, fit)
    if pin is None or found is None:
        st.caption("Pin a fit and choose it to compare with: nothing is chosen.")
        return
    st.caption(f"Compared with **{feedback.plain(pin.name)}**: {feedback.plain(_moves(found))}.")
    if not found.clusters:
        return
    st.dataframe(
        pd.DataFrame([_row(change, fit) for change in found.clusters]),
        hide_index=True,
        height=feedback.table_height(len(found.clusters), 320),
    )


def _row(change: ClusterChange, fit: Fit) -> dict[str, Any]:
    names = fit.panel.responses.astype(str)
    return {
        "cluster": "–" if change.label is None else str(change.label),
        "was": "–" if change.base is None else str(change.base),
        "stayed": len(change.stayed),
        "joined": ", ".join(names[change.joined]),
        "left": ", ".join(names[change.left]),
    }


def table(inputs: Inputs) -> None:
    """All pins side by side: the parameters that differ among them, and how they fit."""
    pins = list(inputs.edits.pins.values())
    if not pins:
        st.caption("Nothing is pinned yet.")
        return
    fits = [pin.fit for pin in pins]
    parameters = pd.DataFrame([fit.spec.parameters() for fit in fits])
    varies = [name for name in parameters if len(set(parameters[name].map(_value))) > 1 and name in OPTIONS]
    shown = dict.fromkeys(["model_type", "reg_lambda", "l1_weight", "cutoff_fraction", *varies])
    rows = {
        "pin": [pin.name for pin in pins],
        **{SHORT.get(name, name): parameters[name].map(_value).tolist() for name in shown},
        "mean R²": [float(mean_of_known(fit.statistics.r2)) for fit in fits],
        "exact zeros": [fit.zero_share for fit in fits],
        "clusters": [fit.n_clusters for fit in fits],
        "gap": [np.nan if fit.certificate is None else fit.certificate.relative_gap for fit in fits],
    }
    percent = st.column_config.NumberColumn(format="percent")
    gap = st.column_config.NumberColumn(format="%.1e")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=feedback.table_height(len(pins), 320),
        column_config={"mean R²": percent, "exact zeros": percent, "gap": gap},
    )  # fmt: skip
