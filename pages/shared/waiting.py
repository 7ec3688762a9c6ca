"""A bar for work that lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

PATIENCE = 0.4  # seconds of work without a bar, so that quick pages do not flicker


@contextmanager
def bar(text: str, patience: float = PATIENCE) -> Iterator[Callable[[float], None]]:
    """Yield what takes the share that is done; the bar appears when the work has lasted, and goes at its end."""
    place, started = st.empty(), time.monotonic()

    def show(share: float) -> None:
        if time.monotonic() - started >= patience:
            place.progress(share, text=text)

    try:
        yield show
    finally:
        place.empty()
