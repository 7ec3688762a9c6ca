"""What is selected of a data set: responses and factors by label, one selection for all views and pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from pages.shared import state
from pages.shared.state import Edits

KEY = "selections"


@dataclass(frozen=True)
class Selection:
    """Labels in the order of the panel.

    Attributes:
        rows: Selected responses. columns: Selected factors; with none a selected response stands for its whole row.
    """

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns)


@dataclass
class Held:
    """The selection of one data set, and the number of the last change each view has sent."""

    selection: Selection = Selection()
    stamps: dict[str, int] = field(default_factory=dict)


def held(edits: Edits) -> Held:
    """What is held for a data set; data sets whose edits are gone lose theirs."""
    if not state.has(KEY):
        state.put(KEY, {})
    store: dict[str, Held] = state.value(KEY)
    if edits.data not in store:
        for data in set(store) - set(state.session().edits):
            del store[data]
        store[edits.data] = Held()
    return store[edits.data]


def of(edits: Edits) -> Selection:
    """The selection of a data set."""
    return held(edits).selection


def rows(edits: Edits) -> list[str]:
    """Selected responses."""
    return list(of(edits).rows)


def columns(edits: Edits) -> list[str]:
    """Selected factors."""
    return list(of(edits).columns)


def choose(edits: Edits, rows: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> None:
    """Select anew; without labels nothing is selected."""
    held(edits).selection = Selection(tuple(rows), tuple(columns))
