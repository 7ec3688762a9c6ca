"""Pinned fits: hold one beside the current, see what differs, and bring it back with one click."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit, LassoModelType
from factorlasso_core.contrast import ClusterChange, Contrast, contrast
from factorlasso_core.figures import truth as figures
from factorlasso_core.workbook.words import OPTIONS
from pages.shared import feedback, state, undo
from pages.shared.history import Snapshot
from pages.shared.sidebar import MODELS, STEPS, Inputs
from pages.shared.state import Edits

MOST_PINS = 8
LONGEST_NAME = 40
CHOICE, NAME = "baseline", "pin_name"  # keys of widgets
# As the sidebar calls them; other options go by their names in ``LassoModel``, as in the workbook.
SHORT = {"model_type": "model", "reg_lambda": "λ", "l1_weight": "α", "cutoff_fraction": "cutoff", "span": "EWMA span"}


@dataclass(frozen=True, eq=False)
class Pin:
    """A fit under a name, with everything that leads back to it."""

    name: str
    fit: Fit
    held: Snapshot


def chosen(edits: Edits) -> Pin | None:
    """The pin that views show the difference to."""
    return edits.pins.get(edits.baseline) if edits.baseline is not None else None


def difference(edits: Edits, fit: Fit) -> Contrast | None:
    """What differs from the chosen pin; None without one."""
    pin = chosen(edits)
    return None if pin is None else contrast(fit, pin.fit)


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
        on_click=partial(_pin, edits, fit),
        help=f"At most {MOST_PINS}: let one go first." if full else "Hold this fit with its parameters and beliefs.",
    )  # fmt: skip


def choice(inputs: Inputs) -> None:
    """Choose a pin to compare with, bring it back or let it go; nothing while there is none."""
    edits = inputs.edits
    if not edits.pins:
        return
    names, back, away = st.columns([6, 3, 2], vertical_alignment="bottom")
    state.put(CHOICE, edits.baseline)
    names.pills("Compare with", list(edits.pins), format_func=feedback.plain, key=CHOICE,
                on_change=partial(_choose, edits))  # fmt: skip
    pin = chosen(edits)
    if pin is not None:
        back.button("Bring back", key="bring_back", icon=":material/settings_backup_restore:", width="stretch",
                    on_click=partial(undo.restore, edits, pin.held),
                    help="Its parameters, signs, prior and groups. Undo takes this back.")  # fmt: skip
        away.button("Let go", key="unpin", icon=":material/close:", width="stretch",
                    on_click=partial(_let_go, edits, pin.name))  # fmt: skip


def _free_name(edits: Edits, wanted: str) -> str:
    """A name no pin has."""
    names = [wanted, *(f"{wanted} ({k})" for k in range(2, MOST_PINS + 2))]
    return next(name for name in names if name not in edits.pins)


def _pin(edits: Edits, fit: Fit) -> None:
    auto = f"{MODELS[fit.spec.model_type.name]}, λ {fit.spec.penalty.reg_lambda:.3g}"
    name = _free_name(edits, (state.value(NAME) or "").strip() or auto)
    edits.pins = {**edits.pins, name: Pin(name, fit, undo.snapshot(edits, (step.key for step in STEPS)))}
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
    pin = chosen(inputs.edits)
    if pin is None:
        return
    with st.expander("Clusters since the pin", key="clusters_since", on_change="rerun") as box:
        if box.open:
            found = contrast(fit, pin.fit)
            st.caption(f"Compared with **{feedback.plain(pin.name)}**: {feedback.plain(_moves(found))}.")
            changed_clusters(found, fit)


def changed_clusters(found: Contrast, fit: Fit) -> None:
    """Who stayed, joined and left, cluster by cluster; only clusters that changed."""
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


def loadings(inputs: Inputs, fit: Fit) -> None:
    """Clusters that changed, pinned loadings, current ones and their difference."""
    pin = chosen(inputs.edits)
    if pin is None:
        st.caption("Pin a fit and choose it to compare with: nothing is chosen.")
        return
    changed_clusters(contrast(fit, pin.fit), fit)
    feedback.chart(
        figures.comparison(fit, pin.fit.betas, feedback.theme(), names=("pinned", "now")),
        "difference_chart",
        "Pinned and current loadings and their difference",
    )


def table(inputs: Inputs) -> None:
    """All pins side by side: the parameters that differ among them, and how they fit."""
    pins = list(inputs.edits.pins.values())
    if not pins:
        st.caption("Nothing is pinned yet.")
        return
    parameters = pd.DataFrame([pin.fit.spec.parameters() for pin in pins])
    varies = [name for name in parameters if len(set(parameters[name].map(_value))) > 1 and name in OPTIONS]
    shown = dict.fromkeys(["model_type", "reg_lambda", "l1_weight", "cutoff_fraction", *varies])
    rows = {
        "pin": [pin.name for pin in pins],
        **{SHORT.get(name, name): parameters[name].map(_value).tolist() for name in shown},
        "mean R²": [_mean(pin.fit.statistics.r2) for pin in pins],
        "exact zeros": [pin.fit.zero_share for pin in pins],
        "clusters": [pin.fit.n_clusters for pin in pins],
        "gap": [np.nan if pin.fit.certificate is None else pin.fit.certificate.relative_gap for pin in pins],
    }
    percent = st.column_config.NumberColumn(format="percent")
    gap = st.column_config.NumberColumn(format="%.1e")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=feedback.table_height(len(pins), 320),
        column_config={"mean R²": percent, "exact zeros": percent, "gap": gap},
    )  # fmt: skip


def _mean(values: Any) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
