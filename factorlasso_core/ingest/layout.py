"""From the rows of a file to a grid: the table found, cut out and, where need be, turned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from factorlasso_core.ingest.base import Grid, Note, Place, Raw, Row, cell_text, is_blank, shown
from factorlasso_core.ingest.cells import MISSING, decimal_evidence, dressed, plain_number
from factorlasso_core.ingest.cut import Cut, dated_rows, labelled_rows
from factorlasso_core.ingest.headers import (
    PEEK,
    Spot,
    at,
    column_names,
    dated_spot,
    has,
    labelled_spot,
    no_header,
    skipped,
    written_at,
)
from factorlasso_core.ingest.labels import key_label
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.turn import is_transposed, turned, turning_row
from factorlasso_core.ingest.written import DateReader

DATED = ("responses", "factors", "characteristics")
LONG_COLUMNS = 3


def find_grid(raw: Raw, kind: str, options: ReadOptions) -> Grid:
    """Return the table of a file as a grid: names, then rows with their key first.

    Raises:
        InputError: No table can be found, or its columns cannot be told apart.
    """
    reader = DateReader(options.date_format, options.day_first, raw.late_epoch)
    peek = list(islice(raw.rows, PEEK))
    if options.layout == "transposed" or (options.layout is None and kind in DATED and is_transposed(peek, reader)):
        raw = turned(raw, peek, turning_row(peek, kind in DATED, reader, options, raw.place), options)
        options = replace(options, layout="wide", header_row=None)
        peek = list(islice(raw.rows, PEEK))
    spot = dated_spot(peek, reader, options, raw.place) if kind in DATED else None
    spot = spot or labelled_spot(peek, options, raw.place)
    if spot.header is None:
        raise no_header(peek[spot.start][0], raw.place)
    return _grid(raw, peek, spot, kind, reader, options)


def _grid(raw: Raw, peek: list[Row], spot: Spot, kind: str, reader: DateReader, options: ReadOptions) -> Grid:
    names, found = column_names(peek, spot, raw.place)
    line, record = peek[spot.header or 0]
    _check_width(len(names), line, raw.place, options)
    notes = [*raw.notes, *skipped(peek, spot, raw.place), *found]
    body = peek[spot.start :]
    columns, spare = _columns(names, spot.key, body, raw.place, notes)
    place = replace(raw.place, columns=tuple(columns) if columns != list(range(len(columns))) else ())
    header = [at(names, position) for position in columns]
    key, dated = key_label(header[0], place), kind in DATED and _has_dates(body, spot.key, reader)
    long = _name_column(columns, names, body, options, place, kind) if dated else None
    cut = Cut(place, columns, spare, len(record) if raw.fields else None, line, notes, key)
    limit = options.limits.long_rows if long is not None else options.limits.rows
    every = chain(body, raw.rows)
    rows = dated_rows(every, cut, reader, limit) if dated else labelled_rows(every, cut, limit)
    layout = "long" if long is not None else "transposed" if place.turned else "wide"
    return Grid(
        place,
        header,
        line,
        _limited(rows, len(columns), place, options),
        notes,
        replace(raw.found, header_row=line, key=key, layout=layout),
        options.limits,
        name_column=long,
        decimal=options.decimal or _decimal(body, columns),
        escaped=raw.escaped,
        semicolon=raw.semicolon,
    )


def _columns(
    names: Sequence[Any], key: int, body: Sequence[Row], place: Place, notes: list[Note]
) -> tuple[list[int], list[int]]:
    """Return the positions of the columns, the key first, and those without a name, which must be blank."""
    named = [position for position in range(len(names)) if position != key and has(names, position)]
    spare = [position for position in range(len(names)) if position != key and not has(names, position)]
    if key - 1 in spare and _counts(body, key - 1):
        spare.remove(key - 1)
        notes.append(Note("index_column", "A column that only counts the rows is left out.", str(place), len(body)))
    return [key, *named], spare


def _has_dates(body: Sequence[Row], key: int, reader: DateReader) -> bool:
    return any(reader.look(at(cells, key)) is not None for _, cells in body)


def _check_width(width: int, line: int, place: Place, options: ReadOptions) -> None:
    if width > options.limits.columns:
        raise place.fault(
            f"there are {width:,} columns, more than the {options.limits.columns:,} that can be read",
            row=line,
            code="too_many_columns",
        )


def _limited(rows: Iterator[Row], width: int, place: Place, options: ReadOptions) -> Iterator[Row]:
    for count, (line, cells) in enumerate(rows, start=1):
        if count * width > options.limits.cells:
            problem = f"the table is larger than {options.limits.cells:,} cells"
            raise place.fault(problem, row=line, code="too_many_rows")
        yield line, cells


def _counts(body: Sequence[Row], position: int) -> bool:
    """Return whether a column counts the rows from 0 or 1, as pandas writes an index without a name."""
    found = [cell_text(at(cells, position)) for _, cells in body if not is_blank(cells)]
    return any(found == [str(row + first) for row in range(len(found))] for first in (0, 1))


def _decimal(body: Sequence[Row], columns: Sequence[int]) -> str | None:
    """Return the comma where the first rows prove it and nothing speaks for the point."""
    cells = [
        cell for cell in (at(cells, position) for _, cells in body for position in columns[1:]) if type(cell) is str
    ]
    if not any("," in cell for cell in cells):
        return None
    return "," if decimal_evidence(cells) == {","} else None


def _name_column(
    columns: Sequence[int],
    names: Sequence[Any],
    body: Sequence[Row],
    options: ReadOptions,
    place: Place,
    kind: str,
) -> int | None:
    """Return which column of a long table holds the names of the series, None for a table that is not long."""
    if options.layout == "wide":
        return None
    if options.name_column is not None:
        found = [at for at, column in enumerate(columns) if cell_text(names[column]) == options.name_column]
        if not found:
            raise place.fault(f"there is no column {shown(options.name_column)}", code="no_column")
        return found[0]
    filled = [cells for _, cells in body if len(written_at(cells)) > 1]
    texts = [at for at in range(1, len(columns)) if _is_text(filled, columns[at])]
    if options.layout == "long" or kind == "characteristics":
        if not texts:
            raise place.fault(
                "no column holds the names of the series", cure="Say which with name_column.", code="long"
            )
        return texts[0]
    if len(columns) != LONG_COLUMNS or len(texts) != 1:
        return None
    return texts[0] if _repeats(filled, columns[0]) or _repeats(filled, columns[texts[0]]) else None


def _repeats(rows: Sequence[Sequence[Any]], position: int) -> bool:
    cells = [at(cells, position) for cells in rows]
    return len(set(cells)) < len(cells)


def _is_text(rows: Sequence[Sequence[Any]], position: int) -> bool:
    """Return whether every cell of a column is written and none of them is a number."""
    found = (at(cells, position) for cells in rows)
    return bool(rows) and all(
        isinstance(cell, str) and cell.strip() and cell.strip() not in MISSING and not _is_number(cell)
        for cell in found
    )


def _is_number(cell: str) -> bool:
    return plain_number(cell) is not None or dressed(cell) is not None
