"""What a case of the corpus is, and the one table most of them hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from factorlasso_core.ingest import ReadOptions

DAYS = ("2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30")
VALUES = ((0.0125, -0.5), (-0.25, 0.75), (1e-3, None), (0.0625, -0.03125))
NAMES = ("EQ", "BD")
HEADER = ("date", *NAMES)
ROWS = tuple((day, *values) for day, values in zip(DAYS, VALUES, strict=True))
TABLE = (HEADER, *ROWS)


@dataclass(frozen=True, eq=False)
class Case:
    """A file and what must come of it.

    Args:
        file: Name of the file. data: its content, or what makes it. kind: what it is read as.
        table: The exact table, None if it is refused.
        codes: Codes of the notes, sorted; or the one code of the refusal.
        words: Pieces of the messages. place: row and column of the refusal.
        options: What the user says of the file. hostile: whether it attacks the reader.
        unparsed: Whether it must be refused before the parser of its format sees it.
    """

    file: str
    data: bytes | Callable[[], bytes]
    table: pd.DataFrame | None
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    place: tuple[int | None, str | None] = (None, None)
    kind: str = "responses"
    options: ReadOptions = field(default_factory=ReadOptions)
    hostile: bool = False
    unparsed: bool = False

    def content(self) -> bytes:
        """Return the bytes of the file; a large one is made only when it is needed."""
        return self.data if isinstance(self.data, bytes) else self.data()

    @property
    def outcome(self) -> str:
        """``accepted``, ``repaired`` or ``refused``."""
        return "refused" if self.table is None else "repaired" if self.codes else "accepted"


def series(days: tuple[str, ...] = DAYS, values: Any = VALUES, names: tuple[str, ...] = NAMES) -> pd.DataFrame:
    """Return the table a file of series must become."""
    index = pd.DatetimeIndex(days, name="date").as_unit("ns")
    return pd.DataFrame([list(row) for row in values], index=index, columns=pd.Index(names), dtype=float)


def labelled(labels: tuple[str, ...], names: tuple[str, ...], values: Any) -> pd.DataFrame:
    """Return the table a file of signs or of a prior must become."""
    return pd.DataFrame([list(row) for row in values], index=pd.Index(labels, name="label"), columns=names, dtype=float)


GOOD = series()


def ok(file: str, data: bytes | Callable[[], bytes], *codes: str, table: pd.DataFrame = GOOD, **more: Any) -> Case:
    """Return a case that is accepted, or repaired if notes are expected."""
    return Case(file, data, table, tuple(sorted(codes)), **more)


def no(file: str, data: bytes | Callable[[], bytes], code: str, *words: str, **more: Any) -> Case:
    """Return a case that is refused."""
    return Case(file, data, None, (code,), words, **more)
