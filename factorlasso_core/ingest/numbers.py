"""The body of a table as float64: strict about what a number is, and exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Note, cell_text, shown
from factorlasso_core.ingest.cells import (
    LARGEST,
    MISSING,
    has_point,
    is_comma_number,
    percent,
    plain_number,
    why_not,
)

Odd = tuple[int, object]  # position of the row, and the cell
CURE = "Write plain numbers such as -0.0125, and leave missing ones blank."


class Numbers:
    """Rows of numbers; what is no plain number waits until its whole column is known.

    Each row becomes an array at once: a list of Python objects would need eight times the memory.
    """

    def __init__(self, grid: Grid, labels: Sequence[str]) -> None:
        self.grid, self.labels = grid, labels
        self.lines: list[int] = []
        self.values: list[NDArray[np.float64]] = []
        self.odd: dict[int, list[Odd]] = {}
        self.has_point = False

    def add(self, line: int, cells: Sequence[object]) -> None:
        """Take the cells of one row."""
        fast = self._fast(cells)
        self.values.append(self._slow(cells) if fast is None else fast)
        self.lines.append(line)

    def _fast(self, cells: Sequence[object]) -> NDArray[np.float64] | None:
        """Return a row of nothing but plain numbers, or None."""
        kinds = set(map(type, cells))
        if kinds != {str} and not kinds <= {float, int, type(None)}:
            return None
        joined = "".join(cells) if kinds == {str} else ""  # type: ignore[arg-type]
        if "_" in joined or not joined.isascii():  # which float() would take for digits
            return None
        try:
            values = np.array([np.nan if cell is None else float(cell) for cell in cells])  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return None
        holes = np.isnan(values)
        if (joined and holes.any()) or not np.all(holes | (np.abs(values) <= LARGEST)):
            return None  # a NaN in words is counted, and infinity is refused
        self.has_point = self.has_point or "." in joined
        return values

    def _slow(self, cells: Sequence[object]) -> NDArray[np.float64]:
        values = np.full(len(cells), np.nan)
        for position, cell in enumerate(cells):
            number = plain_number(cell)
            self.has_point = self.has_point or has_point(cell)
            if number is None:
                self.odd.setdefault(position, []).append((len(self.values), cell))
            else:
                values[position] = number
        return values

    def finish(self) -> tuple[NDArray[np.float64], list[Note]]:
        """Return the numbers, rows by columns with NaN for missing ones, and the notes."""
        table = np.array(self.values)
        self.values = []
        missing: Counter[str] = Counter()
        notes: list[Note] = []
        for position in sorted(self.odd):
            odd = self.odd[position]
            missing.update(cell_text(cell) for _, cell in odd if cell_text(cell) in MISSING)
            rest = [(row, cell) for row, cell in odd if cell_text(cell) not in MISSING]
            if rest:
                notes += self._resolve(table[:, position], position, rest)
        place = str(self.grid.place)
        for mark, count in sorted(missing.items()):
            notes.append(Note("missing_marker", f"{mark} is read as a missing value.", place, count))
        for position in np.flatnonzero(np.isnan(table).all(axis=0)).tolist():
            notes.append(Note("empty_column", "The column has no values.", self._where(position)))
        return table, notes

    def _where(self, position: int) -> str:
        return f"{self.grid.place}, column {self.labels[position]}"

    def _resolve(self, column: NDArray[np.float64], position: int, rest: list[Odd]) -> list[Note]:
        """Read the odd cells of a column into it, or refuse the first that cannot be read."""
        plain = int(np.isfinite(column).sum())
        texts = [cell_text(cell) for _, cell in rest]
        texts, notes = self._with_points(texts, position, rest)
        texts, more = self._as_fractions(texts, position, rest, plain)
        numbers = [plain_number(text) for text in texts]
        bad = [item for item, number in zip(rest, numbers, strict=True) if number is None]
        if bad:
            raise self._refusal(position, bad, only_text=not plain and len(bad) == len(rest))
        column[[row for row, _ in rest]] = numbers
        return notes + more

    def _with_points(self, texts: list[str], position: int, rest: list[Odd]) -> tuple[list[str], list[Note]]:
        found = [is_comma_number(text) for text in texts]
        if not self.grid.comma or not any(found):
            return texts, []
        if self.has_point:
            problem = "has a decimal comma while other cells have a decimal point"
            raise self._fault(position, rest[found.index(True)], problem, "mixed_numbers")
        texts = [text.replace(",", ".") if comma else text for text, comma in zip(texts, found, strict=True)]
        message = "The comma is read as the decimal sign."
        return texts, [Note("decimal_comma", message, self._where(position), sum(found))]

    def _as_fractions(
        self, texts: list[str], position: int, rest: list[Odd], plain: int
    ) -> tuple[list[str], list[Note]]:
        fractions = [percent(text) for text in texts]
        if not any(fractions):
            return texts, []
        if plain or not all(fractions):
            first = next(i for i, fraction in enumerate(fractions) if fraction)
            problem = "is a percent while other cells of the column are not"
            raise self._fault(position, rest[first], problem, "mixed_numbers")
        message = "Percents are read as fractions: 1.2% is 0.012."
        return [str(text) for text in fractions], [Note("percent", message, self._where(position), len(texts))]

    def _refusal(self, position: int, bad: list[Odd], *, only_text: bool) -> InputError:
        problem, code = why_not(bad[0][1])
        if only_text and code == "not_a_number":
            return self._fault(position, bad[0], "stands in a column of text, not of numbers", "text_column")
        return self._fault(position, bad[0], problem, code)

    def _fault(self, position: int, item: Odd, problem: str, code: str) -> InputError:
        place, line = self.grid.place, self.lines[item[0]]
        return place.fault(
            f"{shown(item[1])}{place.cell(line, position + 1)} {problem}",
            cure=CURE,
            row=line,
            column=self.labels[position],
            code=code,
        )
