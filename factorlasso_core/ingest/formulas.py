"""Formulas of a sheet: only values that were calculated are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Place, Row

CURE = "Open the file in Excel and save it."


def calculated(rows: Iterator[Row], formulas: Iterator[Row], place: Place, uncalculated: bool) -> Iterator[Row]:
    """Yield the rows, refusing formulas whose value was never calculated.

    A program that cannot calculate leaves out the values, or writes 0 for every one and asks Excel to
    calculate on opening (``uncalculated``).

    Raises:
        InputError: A formula has no value, or every formula of such a file has the value 0.
    """
    first: tuple[int, int, Sequence[object]] | None = None
    other = False
    names: Sequence[object] = ()
    for number, cells in rows:
        names = cells if sum(isinstance(cell, str) for cell in cells) > 1 and not first else names
        if None in cells or (uncalculated and not other):
            found = next((found for line, found in formulas if line == number), ())
            for position, (formula, cell) in enumerate(zip(found, cells, strict=False)):
                if formula.data_type != "f":
                    continue
                if cell is None:
                    raise _without_value(number, position, names, place)
                other = other or cell != 0
                first = first or (number, position, names)
        yield number, cells
    if uncalculated and first is not None and not other:
        raise _placeholder(*first, place)


def _name(names: Sequence[object], position: int, place: Place) -> str:
    """Return the name above a cell, as far as it is known, or the letter of its column."""
    found = names[position] if position < len(names) else None
    return found if isinstance(found, str) else place.column(position)


def _without_value(row: int, position: int, names: Sequence[object], place: Place) -> InputError:
    problem = f"the formula{place.cell(row, position)} has no calculated value"
    return place.fault(problem, cure=CURE, row=row, column=_name(names, position, place), code="formula_without_value")


def _placeholder(row: int, position: int, names: Sequence[object], place: Place) -> InputError:
    problem = f"all formulas, the first one{place.cell(row, position)}, have the value 0: they were never calculated"
    return place.fault(problem, cure=CURE, row=row, column=_name(names, position, place), code="formula_placeholder")
