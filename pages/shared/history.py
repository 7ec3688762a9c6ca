"""Undo and redo: what the analyst held before, as snapshots that nobody changes. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

MOST_STEPS = 100
PAUSE = 1.0  # seconds: moves of one control that follow closer are one step, as a held arrow key makes them


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the analyst holds at one moment; frames and mappings in it are replaced by edits, never changed.

    Attributes:
        beliefs: Signs, prior, groups and lists of factors, by name. settings: Parameters, by key.
    """

    beliefs: Mapping[str, Any]
    settings: Mapping[str, Any]

    def changes(self, other: Snapshot) -> tuple[str, ...]:
        """Names of what another snapshot holds otherwise, beliefs first."""
        return tuple(
            name
            for mine, theirs in ((self.beliefs, other.beliefs), (self.settings, other.settings))
            for name in mine
            if not same(mine[name], theirs.get(name))
        )


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal; blanks in frames are."""
    if one is other:
        return True
    if isinstance(one, pd.DataFrame | pd.Series):
        return type(one) is type(other) and one.equals(other)
    return not isinstance(other, pd.DataFrame | pd.Series) and bool(one == other)


@dataclass(eq=False)
class History:
    """The steps of one data set.

    Attributes:
        present: The last snapshot noted. past, future: What undo and redo go to, the nearest last.
        moved, touched: What the last step changed, and when.
    """

    present: Snapshot | None = None
    past: list[Snapshot] = field(default_factory=list)
    future: list[Snapshot] = field(default_factory=list)
    moved: tuple[str, ...] = ()
    touched: float = float("-inf")

    def note(self, now: Snapshot, at: float) -> None:
        """Take a snapshot in: one that differs from the present is a step.

        Args:
            at: Seconds on any clock that does not go back.
        """
        if self.present is None:
            self.present = now
            return
        moved = self.present.changes(now)
        if not moved:
            return
        goes_on = moved == self.moved and len(moved) == 1 and moved[0] in now.settings and at - self.touched < PAUSE
        if not (goes_on and self.past):
            self.past.append(self.present)
            del self.past[:-MOST_STEPS]
        elif not self.past[-1].changes(now):
            self.past.pop()  # moved there and back: nothing is left to undo
            moved = ()
        self.future.clear()
        self.present, self.moved, self.touched = now, moved, at

    def close(self) -> None:
        """Have the next change be a step of its own."""
        self.moved = ()

    def back(self) -> Snapshot | None:
        """Go one step back, and return what was held there; None at the beginning."""
        return self._go(self.past, self.future)

    def forth(self) -> Snapshot | None:
        """Take the last step back again; None where none was taken."""
        return self._go(self.future, self.past)

    def _go(self, source: list[Snapshot], target: list[Snapshot]) -> Snapshot | None:
        if not source or self.present is None:
            return None
        target.append(self.present)
        self.present, self.moved = source.pop(), ()
        return self.present
