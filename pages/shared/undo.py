"""Undo and redo in the sidebar: every change of beliefs and settings is a step that says what it takes back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import settings, state
from pages.shared.history import Snapshot, same
from pages.shared.link import Parameter
from pages.shared.state import Edits

BELIEFS = ("signs", "prior", "groups", "excluded", "named", "unsigned")
CELLS = {"signs": ("sign", "signs"), "prior": ("prior", "priors"), "groups": ("group", "groups")}
WORDS = {
    "excluded": "excluded factors",
    "named": "factors of the prior",
    "unsigned": "factors left free",
    "model": "model type",
    "lam": "λ",
    "alpha": "α",
    "cutoff": "cutoff",
    "span": "EWMA span",
    "window": "sample window",
    **settings.WORDS,
}
BLANK = "none"


def snapshot(edits: Edits, keys: Iterable[str]) -> Snapshot:
    """What the analyst holds now."""
    return Snapshot({name: getattr(edits, name) for name in BELIEFS}, {key: state.value(key) for key in keys})


def restore(edits: Edits, held: Snapshot) -> None:
    """Hold again what was held: before the widgets are drawn, so that they show it."""
    for name, value in held.beliefs.items():
        setattr(edits, name, value)
    edits.redraw()
    for key, value in held.settings.items():
        if not same(state.value(key), value):
            state.put_anew(key, value)
    state.forget("lam_stop")


def bring_back(edits: Edits, parameters: tuple[Parameter, ...], held: Snapshot) -> None:
    """Hold again what was held once, as a step of its own."""
    record(edits, parameters)
    edits.history.close()
    restore(edits, held)


def record(edits: Edits, parameters: tuple[Parameter, ...]) -> None:
    """Note what is held at the start of a run; what differs from the run before is a step."""
    edits.history.note(snapshot(edits, (parameter.key for parameter in parameters)), time.monotonic())


def buttons(edits: Edits, parameters: tuple[Parameter, ...]) -> None:
    """One button back and one forth, each in the words of what it changes."""
    held, write = edits.history, {parameter.key: parameter.write for parameter in parameters}
    # Laid out as a row that breaks: the stacks of the sidebar have gaps of their own.
    with st.container(horizontal=True, gap=None):
        for name, steps, key, icon in (
            ("Undo", held.past, "Ctrl+Z", ":material/undo:"),
            ("Redo", held.future, "Ctrl+Shift+Z", ":material/redo:"),
        ):
            there = held.present is not None and bool(steps)
            what, how = describe(held.present, steps[-1], write) if there else ("", f"Nothing to {name.lower()} yet.")
            st.button(
                f"{name} {what}".strip(), key=name.lower(), icon=icon, shortcut=key, help=how, disabled=not there,
                on_click=partial(_go, edits, parameters, name == "Undo"), wrap=False, type="tertiary",
            )  # fmt: skip


def _go(edits: Edits, parameters: tuple[Parameter, ...], back: bool) -> None:
    """One step; what changed in the same moment is noted first, so that nothing is lost."""
    record(edits, parameters)
    held = edits.history.back() if back else edits.history.forth()
    if held is not None:
        restore(edits, held)


def describe(now: Snapshot, then: Snapshot, write: dict[str, Any]) -> tuple[str, str]:
    """What differs in a few words, and in a sentence what it becomes."""
    names = now.changes(then)
    short, long = zip(*(_change(name, now, then, write) for name in names), strict=True)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{short[0]}{more}", "; ".join(long) + "."


def _change(name: str, now: Snapshot, then: Snapshot, write: dict[str, Any]) -> tuple[str, str]:
    if name in now.settings:
        word, texts = WORDS[name], [_text(held.settings[name], write.get(name, str)) for held in (now, then)]
        return word, f"{word}: {texts[0]} becomes {texts[1]} again"
    if name not in CELLS:
        return WORDS[name], f"{WORDS[name]} as they were"
    count = _cells(now.beliefs[name], then.beliefs[name])
    phrase = f"{count} {CELLS[name][count != 1]}" if count else CELLS[name][1]
    return phrase, f"{phrase} as before"


def _text(value: Any, write: Any) -> str:
    if value is None:
        return BLANK
    return f"{value:.4g}" if isinstance(value, float) else str(write(value))


def _cells(now: Any, then: Any) -> int:
    """In how many cells two matrices or columns differ; zero where one of them is not there."""
    if not isinstance(now, pd.DataFrame | pd.Series) or not isinstance(then, pd.DataFrame | pd.Series):
        return 0
    differ = (now.to_numpy() != then.to_numpy()) & ~(now.isna() & then.isna()).to_numpy()
    return int(differ.sum())
