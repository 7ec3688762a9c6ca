"""Transposed tables: dates along a row, one row for each series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note, Place, Raw, Row, is_blank
from factorlasso_core.ingest.headers import asked_row, at, labelled_spot, written_at
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.written import DateReader

LOOKED_AT = 40  # cells of a row that may hold dates


def is_transposed(peek: Sequence[Row], reader: DateReader) -> bool:
    """Return whether dates run along a row and down no column."""
    if not peek:
        return False
    row = _date_row(peek, reader)
    if row is None:
        return False
    left = min(written_at(cells)[0] for _, cells in peek[row:] if not is_blank(cells))
    return not any(_firm(at(cells, left), reader) for _, cells in peek[row:])


def _firm(cell: Any, reader: DateReader) -> bool:
    found = reader.look(cell)
    return found is not None and found.firm


def _date_row(peek: Sequence[Row], reader: DateReader) -> int | None:
    """Return the first row that holds several dates and little else."""
    for row, (_, cells) in enumerate(peek):
        found = written_at(cells[:LOOKED_AT])
        dates = sum(_firm(cells[position], reader) for position in found)
        if dates > 1 and dates >= len(found) - 1:
            return row
        bare = [reader.look(cells[position]) for position in found[1:]]
        months = [item.parts for item in bare if item is not None and item.style in ("month", "day")]
        if len(months) > 2 and len(months) == len(bare) and months == sorted(months):
            return row
    return None


def turning_row(peek: Sequence[Row], dated: bool, reader: DateReader, options: ReadOptions, place: Place) -> int:
    """Return the row that becomes the first column: the one asked for, or that of the dates or names."""
    asked = asked_row(peek, options, place)
    if asked is not None:
        return asked
    row = _date_row(peek, reader) if dated else None
    return row if row is not None else (labelled_spot(peek, options, place).header or 0)


def turned(raw: Raw, peek: Sequence[Row], first: int, options: ReadOptions) -> Raw:
    """Return the rows of a table as columns; it has to be held in memory, so it has a limit of its own."""
    width = len(peek[first][1])
    rows, footers = _series_rows(chain(peek[first:], raw.rows), width, raw, options)
    notes = [*raw.notes, _note("transposed", "Rows are read as columns: each row is a series.", len(rows) - 1, raw)]
    if first:
        notes.append(_note("title_lines", "Lines above the data are left out.", first, raw))
    if footers:
        notes.append(_note("footer", "Lines below the data are left out.", footers, raw))
    columns = range(max(len(row) for _, row in rows))
    cells = ((column + 1, [at(row, column) for _, row in rows]) for column in columns)
    place = replace(raw.place, turned=tuple(line for line, _ in rows))
    return replace(raw, place=place, rows=cells, notes=tuple(notes), fields=False)


def _note(code: str, message: str, count: int, raw: Raw) -> Note:
    return Note(code, message, str(raw.place), count)


def _series_rows(lines: Iterator[Row], width: int, raw: Raw, options: ReadOptions) -> tuple[list[Row], int]:
    """Return the rows of the table, and how many remarks follow them: a name alone may be an empty series."""
    rows: list[Row] = []
    alone: list[Row] = []
    cells = 0
    for line, row in lines:
        if is_blank(row):
            continue
        cells += len(row)
        if cells > options.limits.turned_cells:
            problem = f"a transposed table may have {options.limits.turned_cells:,} cells"
            raise raw.place.fault(problem, cure="Write one row for each date.", row=line, code="too_many_rows")
        if rows and width > 2 and len(written_at(row)) == 1:
            alone.append((line, row))
            continue
        rows += [*alone, (line, row)]
        alone = []
    for line, row in rows:
        _check_fields(line, row, width, raw)
    return rows, len(alone)


def _check_fields(line: int, row: Sequence[Any], width: int, raw: Raw) -> None:
    if raw.fields and len(row) != width:
        raise _field_count(line, len(row), width, raw.place)


def _field_count(line: int, found: int, width: int, place: Place) -> InputError:
    problem = f"this line has {found} fields but the line of dates has {width}"
    return place.fault(problem, cure="Check it for a missing or an extra delimiter.", row=line, code="field_count")
