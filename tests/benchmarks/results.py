"""What a row of the table is, and what was found for it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from factorlasso_core.solve import PROVED


@dataclass(frozen=True)
class Bar:
    """A ratio that must be reached, or with ``most`` one that must not be passed.

    >>> print(Bar(3000), "and", Bar(1.3, most=True))
    at least 3,000x and at most 1.3x
    """

    limit: float
    most: bool = False

    def holds(self, ratio: float) -> bool:
        return ratio <= self.limit if self.most else ratio >= self.limit

    def __str__(self) -> str:
        return f"at {'most' if self.most else 'least'} {self.limit:,g}x"


@dataclass(frozen=True)
class Measured:
    """What was found.

    Attributes:
        ours, theirs: Every value measured, in order. unit: Theirs, ``"ms"`` or ``"MB"``.
        gap: Largest relative duality gap of ours, None where nothing was fitted. their_gap: Theirs, where known.
        shares: Parts of work in a value of ours and of theirs, by which they are divided before they are compared.
        refused: Whether ours declined the work and named the memory it needs. note: What else there is to say.
    """

    ours: Sequence[float]
    theirs: Sequence[float]
    unit: str
    gap: float | None
    their_gap: float | None = None
    shares: tuple[int, int] = (1, 1)
    refused: bool = False
    note: str = ""

    @property
    def medians(self) -> tuple[float | None, float | None]:
        """Of ours and of theirs, None where nothing was measured."""
        ours, theirs = (statistics.median(values) if values else None for values in (self.ours, self.theirs))
        return ours, theirs

    @property
    def proved(self) -> bool:
        """Whether every fit of ours reached a relative gap of 1e-9."""
        return self.gap is not None and self.gap <= PROVED


@dataclass(frozen=True, eq=False)
class Row:
    """One comparison.

    Attributes:
        work, against: What ours does, and what theirs is.
        bar: What the ratio must clear; None where a proved fit or a refusal is asked for.
        measure: Finds out.
    """

    work: str
    against: str
    bar: Bar | None
    measure: Callable[[], Measured]


@dataclass(frozen=True, eq=False)
class Result:
    """A row and what was found for it."""

    row: Row
    found: Measured

    @property
    def ratio(self) -> float | None:
        """Theirs over ours, under a bar that must not be passed ours over theirs; None without both sides."""
        ours, theirs = self.found.medians
        if self.row.bar is None or ours is None or theirs is None:
            return None
        ours, theirs = ours / self.found.shares[0], theirs / self.found.shares[1]
        return ours / theirs if self.row.bar.most else theirs / ours

    @property
    def holds(self) -> bool:
        """Whether the bar is cleared, and by proved fits."""
        if self.row.bar is None:
            return self.found.proved or self.found.refused
        return self.found.proved and self.ratio is not None and self.row.bar.holds(self.ratio)
