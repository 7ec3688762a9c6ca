"""What is selected of a data set: responses and factors by label, one selection for all views and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Selection:
    """Labels, as text.

    Attributes:
        rows: Selected responses. columns: Selected factors; with none a selected response stands for its whole row.
    """

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.columns)


def places(labels: Iterable[object], chosen: Iterable[str]) -> list[int]:
    """Positions of chosen labels, in the order chosen; labels that are not there are left out."""
    where = {str(label): place for place, label in enumerate(labels)}
    return [where[name] for name in chosen if name in where]
