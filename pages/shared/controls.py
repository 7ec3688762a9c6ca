"""Controls whose values live in the session and in the link, drawn or not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pages.shared.link import Parameter, number, one_of

# Kept for the session: else the value put before a control was drawn would come back when it no longer is.
KEPT: dict[str, Any] = {"persist_state": "session"}


@dataclass(frozen=True)
class Choice:
    """One of several values, each in plain words."""

    key: str
    default: str
    labels: dict[str, str]

    @property
    def parameter(self) -> Parameter:
        """The value in the link."""
        return Parameter(self.key, partial(str, self.default), one_of({name: name for name in self.labels}))

    def draw(self, label: str, help: str, disabled: bool) -> None:
        """A select box."""
        names, words = list(self.labels), self.labels.__getitem__
        st.selectbox(label, names, format_func=words, key=self.key, help=help, disabled=disabled, **KEPT)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    key: str
    default: bool = False

    @property
    def parameter(self) -> Parameter:
        """``yes`` or ``no`` in the link."""
        words = {"yes": True, "no": False}
        return Parameter(self.key, lambda: self.default, one_of(words), lambda on: "yes" if on else "no")

    def draw(self, label: str, help: str, disabled: bool) -> None:
        """A toggle."""
        st.toggle(label, key=self.key, help=help, disabled=disabled, **KEPT)


@dataclass(frozen=True)
class Number:
    """A number in a range; a slider where ``slides``, whole where the step is."""

    key: str
    default: float
    low: float
    high: float
    step: float
    slides: bool = False
    format: str | None = None

    @property
    def parameter(self) -> Parameter:
        """The number in the link."""
        kind, read = type(self.default), number(self.low, self.high)
        return Parameter(self.key, lambda: self.default, lambda text: _as(kind, read(text)), repr)

    def draw(self, label: str, help: str, disabled: bool) -> None:
        """A slider or a number field."""
        widget = st.slider if self.slides else st.number_input
        bounds = {"min_value": self.low, "max_value": self.high, "step": self.step, "format": self.format}
        widget(label, key=self.key, help=help, disabled=disabled, **bounds, **KEPT)


Control = Choice | Switch | Number


def _as(kind: type, value: float | None) -> Any:
    return None if value is None else kind(value)
