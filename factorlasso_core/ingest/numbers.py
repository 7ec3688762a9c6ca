"""The body of a table as float64: strict about what a number is, and exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Note, cell_text, shown
from factorlasso_core.ingest.cells import EITHER, LARGEST, MISSING, Dressed, dressed, plain_number, why_not

BLOCK = 8_192  # cells converted at a time
CURE = "Write plain numbers such as -0.0125, and leave missing ones blank."
ASK = "Say with the option decimal whether the comma or the point is the decimal sign."
MESSAGES = {
    "decimal_comma": "The comma is read as the decimal sign.",
    "thousands": "Signs between groups of thousands are left out.",
    "percent": "Percents are read as fractions: 1.2% is 0.012.",
    "parentheses": "Numbers in parentheses are read as negative.",
    "currency": "Currency signs are left out.",
    "minus_sign": "Other signs for minus are read as minus.",
}
Odd = tuple[int, Any]  # position of the row, and the cell


class Numbers:
    """Rows of numbers; what is no plain number waits until the whole table is known.

    Cells become arrays block by block: a list of Python objects would need eight times the memory.
    """

    def __init__(self, grid: Grid, labels: Sequence[str]) -> None:
        self.grid, self.labels = grid, labels
        self.lines: list[int] = []
        self.rows: list[Sequence[Any]] = []
        self.values: list[NDArray[np.float64]] = []
        self.done = 0
        self.odd: dict[int, list[Odd]] = {}
        self.points: set[str | None] = set()
        self.with_point = 0

    def add(self, line: int, cells: Sequence[Any]) -> None:
        """Take the cells of one row."""
        self.rows.append(cells)
        self.lines.append(line)
        if len(self.rows) * len(self.labels) >= BLOCK:
            self._flush()

    def _flush(self) -> None:
        """Convert the rows that wait: all at once where they are plain, otherwise row by row, cell by cell."""
        rows, self.rows = self.rows, []
        values = self._fast([cell for row in rows for cell in row])
        if values is None:
            found = [self._fast(row) for row in rows]
            values = np.concatenate([
                self._slow(self.done + at, row) if fast is None else fast
                for at, (row, fast) in enumerate(zip(rows, found, strict=True))
            ])  # fmt: skip
        self.values.append(values.reshape(len(rows), -1))
        self.done += len(rows)

    def _fast(self, cells: Sequence[Any]) -> NDArray[np.float64] | None:
        """Return cells that are nothing but plain numbers, or None."""
        kinds = set(map(type, cells))
        if kinds <= {str, type(None)}:
            return self._fast_text([cell or None for cell in cells] if "" in cells else cells)
        if not kinds <= {float, int, type(None)}:
            return None
        try:
            values = np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
        except OverflowError:
            return None
        return values if np.all(np.isnan(values) | (np.abs(values) <= LARGEST)) else None

    def _fast_text(self, cells: Sequence[str | None]) -> NDArray[np.float64] | None:
        if self.grid.decimal == ",":
            if any("." in cell for cell in cells if cell):
                return None
            changed = [cell.replace(",", ".") if cell else None for cell in cells]
        else:
            changed = cells  # type: ignore[assignment]
        try:
            parsed = pa.array(changed, pa.string()).cast(pa.float64())  # ASCII only, correctly rounded
        except (pa.ArrowException, UnicodeEncodeError):
            return None
        values: NDArray[np.float64] = parsed.to_numpy(zero_copy_only=False)
        if not np.all(np.abs(values[parsed.is_valid().to_numpy(zero_copy_only=False)]) <= LARGEST):
            return None  # a NaN in words is counted, and infinity is refused
        self._count_fast(cells)
        return values

    def _count_fast(self, cells: Sequence[str | None]) -> None:
        """Keep count of what plain numbers say about the decimal sign."""
        if self.grid.decimal == ",":
            self.with_point += sum("," in cell for cell in cells if cell)
        elif "." not in self.points:
            pointed = [cell for cell in cells if cell and "." in cell]
            self.points |= {None if EITHER.fullmatch(cell.lstrip("+-")) else "." for cell in pointed}

    def _slow(self, row: int, cells: Sequence[Any]) -> NDArray[np.float64]:
        values = np.full(len(cells), np.nan)
        for position, cell in enumerate(cells):
            signed = isinstance(cell, str) and "." in cell
            number = None if signed and self.grid.decimal == "," else plain_number(cell)
            if number is None:
                self.odd.setdefault(position, []).append((row, cell))
                continue
            values[position] = number
            if signed:
                self._count_fast([cell.strip()])
        return values

    def finish(self) -> NDArray[np.float64]:
        """Return the numbers, rows by columns with NaN for missing ones; the notes go to the grid."""
        if self.rows:
            self._flush()
        table = np.concatenate(self.values)
        self.values = []
        missing: Counter[str] = Counter()
        rest: dict[int, list[Odd]] = {}
        for position in sorted(self.odd):
            missing.update(cell_text(cell) for _, cell in self.odd[position] if cell_text(cell) in MISSING)
            if left := [item for item in self.odd[position] if cell_text(item[1]) not in MISSING]:
                rest[position] = left
        self._resolve(table, rest)
        place = str(self.grid.place)
        for mark, count in sorted(missing.items()):
            self.grid.notes.append(Note("missing_marker", f"{mark} is read as a missing value.", place, count))
        empty = [self.labels[at] for at in np.flatnonzero(np.isnan(table).all(axis=0)).tolist()]
        if empty:
            message = "The column has no values." if len(empty) == 1 else "Columns have no values."
            self.grid.notes.append(Note("empty_column", message, self.grid.place.spread(empty), len(empty)))
        return table

    def _resolve(self, table: NDArray[np.float64], rest: dict[int, list[Odd]]) -> None:
        """Read the odd cells into the table, or refuse the first that cannot be read."""
        decimal = self.grid.decimal or self._decimal(rest)
        counts: Counter[str] = Counter({"decimal_comma": self.with_point} if self.with_point else {})
        columns: dict[str, list[str]] = {"decimal_comma": []} if self.with_point else {}
        for position, odd in rest.items():
            read = [dressed(cell) for _, cell in odd]
            self._check_percents(table[:, position], position, odd, read)
            for item, found in zip(odd, read, strict=True):
                plain = found.plain(decimal) if found is not None else None
                number = plain_number(plain[0]) if plain is not None else None
                if plain is None or number is None:
                    raise self._refusal(table[:, position], position, odd, item)
                table[item[0], position] = number
                counts.update(plain[1])
                for code in plain[1]:
                    columns.setdefault(code, [])
                    if self.labels[position] not in columns[code][-1:]:
                        columns[code].append(self.labels[position])
        for code in sorted(counts):
            where = self.grid.place.spread(columns[code]) if columns[code] else str(self.grid.place)
            self.grid.notes.append(Note(code, MESSAGES[code], where, counts[code]))

    def _decimal(self, rest: dict[int, list[Odd]]) -> str:
        """Return the one decimal sign the numbers of a file agree on."""
        first: dict[str, tuple[int, Odd]] = {}
        either: tuple[int, Odd] | None = None
        for position, odd in rest.items():
            for item in odd:
                found = dressed(item[1])
                if found is None:
                    continue
                if found.decimal is not None:
                    first.setdefault(found.decimal, (position, item))
                elif either is None and EITHER.fullmatch(found.body):
                    either = position, item
        if "," in first and ("." in first or self.points):
            raise self._fault(
                *first[","], "has a decimal comma while other cells have a decimal point", "mixed_numbers", ASK
            )
        if "." in first or "." in self.points or "," in first:
            return "," if "," in first else "."
        if either is not None and "," in str(either[1][1]):
            raise self._fault(*either, "may be thousands or a decimal comma", "ambiguous_number", ASK)
        if None in self.points and self.grid.semicolon:
            problem = "numbers such as 1.234 may be thousands or have a decimal point"
            raise self.grid.place.fault(problem, cure=ASK, code="ambiguous_number")
        return "."

    def _check_percents(
        self, column: NDArray[np.float64], position: int, odd: list[Odd], read: Sequence[Dressed | None]
    ) -> None:
        """Refuse a column of percents and other numbers; zero is the same in both."""
        marked = [item is not None and item.percent for item in read]
        if not any(marked) or None in read:
            return
        mixed = not all(marked) or np.any(np.isfinite(column) & (column != 0))
        if mixed:
            problem = "is a percent while other cells of the column are not"
            raise self._fault(position, odd[marked.index(True)], problem, "mixed_numbers")

    def _refusal(self, column: NDArray[np.float64], position: int, odd: list[Odd], bad: Odd) -> InputError:
        problem, code = why_not(bad[1])
        text = not np.isfinite(column).any() and all(dressed(cell) is None for _, cell in odd)
        if text and code == "not_a_number":
            return self._fault(position, bad, "stands in a column of text, not of numbers", "text_column")
        return self._fault(position, bad, problem, code)

    def _fault(self, position: int, item: Odd, problem: str, code: str, cure: str = CURE) -> InputError:
        place, line = self.grid.place, self.lines[item[0]]
        return place.fault(
            f"{shown(item[1])}{place.cell(line, position + 1)} {problem}",
            cure=cure,
            row=line,
            column=self.labels[position],
            code=code,
        )
