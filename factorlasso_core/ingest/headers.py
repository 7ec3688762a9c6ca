"""Where a table begins in a sheet, and what its columns are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note, Place, Row, cell_text, is_blank, shown
from factorlasso_core.ingest.cells import plain_number
from factorlasso_core.ingest.dates import Column, bad_date
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.written import DateReader

PEEK = 60  # rows looked at before anything is decided
KEY_WITHIN = 12  # columns among which the dates are looked for
LEVELS = " / "


@dataclass(frozen=True)
class Spot:
    """Where a table begins: positions in the rows that were looked at.

    Args:
        key: Column of dates or labels. start: first row of data.
        header: Row of names, None if there is none. upper: a second row of names above it, or None.
    """

    key: int
    start: int
    header: int | None
    upper: int | None = None


def at(cells: Sequence[Any], position: int) -> Any:
    """Return a cell, None beyond the end of its row."""
    return cells[position] if position < len(cells) else None


def has(cells: Sequence[Any], position: int) -> bool:
    """Return whether anything is written at a position."""
    cell = at(cells, position)
    return not (cell is None or (isinstance(cell, str) and not cell.strip()))


def written_at(cells: Sequence[Any]) -> list[int]:
    """Return the positions at which anything is written."""
    return [
        position
        for position, cell in enumerate(cells)
        if cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())
    ]


def dated_spot(peek: Sequence[Row], reader: DateReader, options: ReadOptions, place: Place) -> Spot | None:
    """Return where a table begins whose rows have dates, or None if no column has them."""
    header = asked_row(peek, options, place)
    found = _date_column(peek, reader, header, _asked_key(peek, header, options, place))
    if found is None:
        return None
    key, hits = found
    start = _first_row(peek, key, hits)
    above = [row for row in range(start) if not is_blank(peek[row][1])]
    if header is not None or not above:
        return Spot(key, start, header)
    header = above[-1]
    only_key = written_at(peek[header][1]) == [key]
    if only_key and len(above) > 1 and len(written_at(peek[above[-2]][1])) > 1:
        header = above[-2]  # pandas writes the name of the index in a row of its own
    _check_names(peek, header, above, Column(place, "", reader), key)
    return Spot(key, start, header, _upper(peek, header, key))


def _check_names(peek: Sequence[Row], header: int, above: Sequence[int], where: Column, key: int) -> None:
    """Refuse numbers under names as a row of names: they are data whose date cannot be read."""
    line, cells = peek[header]
    body = [position for position in written_at(cells) if position != key]
    names = [row for row in above if row < header and any(_is_name(at(peek[row][1], position)) for position in body)]
    if body and names and all(plain_number(cells[position]) is not None for position in body):
        name = cell_text(at(peek[names[0]][1], key)) or where.place.column(key)
        raise bad_date(at(cells, key), line, replace(where, name=name))


def _is_name(cell: Any) -> bool:
    return isinstance(cell, str) and cell.strip() != "" and plain_number(cell) is None


def labelled_spot(peek: Sequence[Row], options: ReadOptions, place: Place) -> Spot:
    """Return where a table begins whose rows have labels: at the first row as wide as those below it."""
    filled = [(row, written_at(cells)) for row, (_, cells) in enumerate(peek) if not is_blank(cells)]
    if not filled:
        raise place.fault("the first row is blank", cure="Put the column names there.", row=1, code="header")
    header = asked_row(peek, options, place)
    if header is None:
        header = next(row for row, found in filled if found[-1] >= max(later[-1] for at, later in filled if at >= row))
    below = [found for row, found in filled if row > header]
    left = min((found[0] for found in below if len(found) > 1), default=min((found[0] for found in below), default=0))
    left = min(left, filled[0][1][0]) if filled[0][0] == header else left
    asked = _asked_key(peek, header, options, place)
    return Spot(left if asked is None else asked, header + 1, header)


def asked_row(peek: Sequence[Row], options: ReadOptions, place: Place) -> int | None:
    """Return the position of the row of names that was asked for."""
    if options.header_row is None:
        return None
    for row, (line, cells) in enumerate(peek):
        if line == options.header_row and not is_blank(cells):
            return row
    raise place.fault(
        "there are no names in this row",
        cure=f"Choose one of the first {PEEK} rows as header_row.",
        row=options.header_row,
        code="header",
    )


def _asked_key(peek: Sequence[Row], header: int | None, options: ReadOptions, place: Place) -> int | None:
    if options.date_column is None:
        return None
    rows = peek if header is None else peek[header : header + 1]
    for _, cells in rows:
        for position in written_at(cells):
            if cell_text(cells[position]) == options.date_column:
                return position
    raise place.fault(
        f"there is no column {shown(options.date_column)}", cure="Choose a name of the header.", code="no_column"
    )


def _date_column(
    peek: Sequence[Row], reader: DateReader, header: int | None, asked: int | None
) -> tuple[int, list[int]] | None:
    """Return the first column that is mostly dates from some row on; bare numbers only in the first column."""
    first = 0 if header is None else header + 1
    lefts = [written_at(cells)[0] for _, cells in peek[first:] if len(written_at(cells)) > 1]
    left = min(lefts, default=0)
    columns = range(left, left + KEY_WITHIN) if asked is None else (asked,)
    for firm in (True, False):
        for column in columns if firm or asked is not None else (left,):
            hits = [row for row in range(first, len(peek)) if _is_date(at(peek[row][1], column), reader, firm)]
            below = [row for row in range(hits[0], len(peek)) if has(peek[row][1], column)] if hits else []
            if hits and 2 * len(hits) >= len(below):
                return column, hits
    return None


def _is_date(cell: Any, reader: DateReader, firm: bool) -> bool:
    found = reader.look(cell)
    return found is not None and (found.firm or not firm)


def _first_row(peek: Sequence[Row], key: int, hits: list[int]) -> int:
    """Return the first date that begins a table: one alone in its row, above other things, is a date of report."""
    for row in hits:
        following = next((later for later in range(row + 1, len(peek)) if not is_blank(peek[later][1])), None)
        if written_at(peek[row][1]) != [key] or following is None or following in hits:
            return row
    return hits[0]


def _upper(peek: Sequence[Row], header: int, key: int) -> int | None:
    """Return the row above the names if it holds names too, as over merged cells; a title fills one cell."""
    if not header or len([place for place in written_at(peek[header - 1][1]) if place != key]) < 2:
        return None
    return header - 1


def column_names(peek: Sequence[Row], spot: Spot, place: Place) -> tuple[list[Any], list[Note]]:
    """Return the name at each position, of one row or of two, and what was made of them."""
    header = spot.header if spot.header is not None else 0
    line, lower = peek[header][0], list(peek[header][1])
    while lower and is_blank(lower[-1:]):
        lower.pop()
    if spot.upper is None:
        return lower, []
    upper = list(peek[spot.upper][1])
    width = max(written_at(upper)[-1] + 1, len(lower))
    upper, lower = _wide(upper, width), _wide(lower, width)
    body = [
        position for position in range(width) if position != spot.key and (has(lower, position) or has(upper, position))
    ]
    under, over = ([cell_text(row[position]) for position in body] for row in (lower, upper))
    if _is_complete(under):
        names, how = lower, f"are in row {line}; row {peek[spot.upper][0]} above them is left out"
    elif len(set(under)) == 1 and _is_complete(over):
        names, how = upper, f"are in row {peek[spot.upper][0]}; row {line}, {shown(under[0])} throughout, is left out"
    else:
        names, how = _joined(upper, lower), f"are put together from rows {peek[spot.upper][0]} and {line}"
    names[spot.key] = names[spot.key] or lower[spot.key] or upper[spot.key]
    return names, [Note("two_row_header", f"The names of the columns {how}.", str(place), 2)]


def _wide(cells: list[Any], width: int) -> list[Any]:
    return (cells + [None] * width)[:width]


def _is_complete(names: Sequence[str]) -> bool:
    return "" not in names and len(set(names)) == len(names)


def _joined(upper: Sequence[Any], lower: Sequence[Any]) -> list[Any]:
    """Return 'upper / lower'; a blank cell of the upper row continues the one to its left, as if merged."""
    names: list[Any] = []
    group = ""
    for above, below in zip(upper, lower, strict=True):
        group = cell_text(above) or group
        name = cell_text(below)
        names.append(LEVELS.join(part for part in (group, name) if part) if name or cell_text(above) else None)
    return names


def skipped(peek: Sequence[Row], spot: Spot, place: Place) -> list[Note]:
    """Return a note on the lines above the table, and between its names and its rows."""
    used = {spot.header, spot.upper}
    rows = [row for row in range(spot.start) if row not in used and not is_blank(peek[row][1])]
    if not rows or spot.header is None:
        return []
    texts = [shown(next(cell for cell in peek[row][1] if not is_blank([cell]))) for row in rows[:3]]
    message = f"Lines above the data are left out: {', '.join(texts)}{' and more' if len(rows) > 3 else ''}."
    return [Note("title_lines", message, str(place), len(rows))]


def no_header(line: int, place: Place) -> InputError:
    """Return the error for a first row that looks like data."""
    return place.fault(
        "the first row holds data, not the names of the columns",
        cure="Insert a row of names above it.",
        row=line,
        code="no_header",
    )
