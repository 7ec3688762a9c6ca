"""The one door for files: bytes in, a checked table and notes out, or one ``InputError``."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePath
from typing import BinaryIO, TypeVar

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Loaded, Note, Place, Raw, cell_text
from factorlasso_core.ingest.labels import printable
from factorlasso_core.ingest.layout import find_grid
from factorlasso_core.ingest.magic import content_kind, renamed
from factorlasso_core.ingest.settings import ReadOptions
from factorlasso_core.ingest.tables import TABLES
from factorlasso_core.ingest.text import text_rows
from factorlasso_core.ingest.written import DateReader

Source = str | Path | bytes | BinaryIO
NAME_LENGTH = 100
KINDS = tuple(TABLES)
log = logging.getLogger(__name__)
Result = TypeVar("Result")


def read_table(source: Source, *, kind: str, name: str | None = None, options: ReadOptions | None = None) -> Loaded:
    """Read a CSV, XLSX or Parquet file, recognised by its content.

    Args:
        source: A path, the bytes, or an open binary file, which is read from its start.
        kind: ``responses`` or ``factors`` (dates, and numbers per series; wide, long or transposed),
            ``signs`` or ``prior`` (labels, then one column per factor), ``groups`` (labels, group) or
            ``characteristics`` (date, name, then numbers).
        name: The file name to speak of in messages.
        options: Limits, and what the user says of the file; by default the reader finds out.

    Returns:
        The table and a note of everything that was done to it. Responses and factors are float64 with
        a strictly increasing index ``date``; signs are 1, -1, 0 and NaN for free; a prior has NaN for
        none; groups have one column ``group``; characteristics are indexed by ``date`` and ``name``.

    Raises:
        InputError: For anything that cannot be read, naming the file, sheet, row and column.

    >>> read_table(b"date,EQ\\n2020-01-31,0.5\\n", kind="factors").table["EQ"].tolist()
    [0.5]
    """
    place = Place(display_name(source, kind, name))
    return guarded(lambda: _read(source, kind, place, options or ReadOptions()), place)


def read_workbook(source: Source, *, name: str | None = None, options: ReadOptions | None = None) -> dict[str, Loaded]:
    """Read the sheets of a workbook that are named after the kinds of :func:`read_table`.

    Returns:
        The tables by kind, in the order of the sheets. Sheets with other names are left out, which a
        note of the first table says.

    Raises:
        InputError: The file is no workbook, no visible sheet is named after a kind, or one cannot be read.
    """
    place = Place(display_name(source, "workbook", name))
    return guarded(lambda: _read_all(source, place, options or ReadOptions()), place)


def preview(
    source: Source, *, kind: str, name: str | None = None, options: ReadOptions | None = None, rows: int = 20
) -> list[tuple[int, list[str]]]:
    """Return the first rows of a file as text, each with its number, before anything is made of them.

    Raises:
        InputError: The file is none that can be read.

    >>> preview(b"date,EQ\\n2020-01-31,0.5\\n", kind="factors")
    [(1, ['date', 'EQ']), (2, ['2020-01-31', '0.5'])]
    """
    place = Place(display_name(source, kind, name))
    return guarded(lambda: _preview(source, kind, place, options or ReadOptions(), rows), place)


def guarded(read: Callable[[], Result], place: Place) -> Result:
    """Return what a reader gives; a fault nobody foresaw becomes an ``InputError`` with an id, and is logged."""
    try:
        return read()
    except InputError:
        raise
    except Exception as error:
        fault = secrets.token_hex(4)
        log.exception("error %s while reading a file", fault)
        raise place.fault(
            f"the file cannot be read, for a reason this program does not know (error {fault})",
            cure="Save the table as a plain CSV UTF-8 file and try again.",
            code="unexpected",
        ) from error


def _read(source: Source, kind: str, place: Place, options: ReadOptions) -> Loaded:
    _check_kind(kind, place)
    return _table(_rows(content(source, place, options), kind, place, options), kind, options)


def _check_kind(kind: str, place: Place) -> None:
    if kind not in TABLES:
        raise place.fault(f"{kind!r} is not a kind of table: use one of {', '.join(TABLES)}", code="kind")


def _table(raw: Raw, kind: str, options: ReadOptions) -> Loaded:
    reader = DateReader(options.date_format, options.day_first, raw.late_epoch)
    return TABLES[kind](find_grid(raw, kind, options), options, reader)


def _read_all(source: Source, place: Place, options: ReadOptions) -> dict[str, Loaded]:
    data = content(source, place, options)
    if content_kind(data, place) != "xlsx":
        cure = "Upload an .xlsx workbook, or one file for each table."
        raise place.fault("this is no Excel workbook", cure=cure, code="not_xlsx")
    from factorlasso_core.ingest.excel import Workbook  # with openpyxl, which is slow to import

    book = Workbook(data, place, options)
    named = {title: title.strip().casefold() for title in book.visible}
    kinds = [kind for kind in named.values() if kind in TABLES]
    if not kinds or len(set(kinds)) < len(kinds):
        problem = "two sheets have the same name" if kinds else "no visible sheet is named after what it holds"
        raise place.fault(problem, cure=f"Name one sheet each: {', '.join(TABLES)}.", code="no_sheet")
    others = tuple(title for title in (sheet.title for sheet in book.book.worksheets) if named.get(title) not in TABLES)
    notes = renamed("xlsx", place) + _other_sheets(others, place)
    loaded: dict[str, Loaded] = {}
    for title, kind in named.items():
        if kind in TABLES:
            loaded[kind] = _table(book.rows(title, () if loaded else notes), kind, options)
    return loaded


def _other_sheets(titles: tuple[str, ...], place: Place) -> tuple[Note, ...]:
    if not titles:
        return ()
    shown = ", ".join(title[:31] for title in titles[:10]) + (" and more" if len(titles) > 10 else "")
    return (
        Note(
            "sheets_left_out",
            f"Sheets not named after a kind, or hidden, are left out: {shown}.",
            place.file,
            len(titles),
        ),
    )


def _preview(source: Source, kind: str, place: Place, options: ReadOptions, rows: int) -> list[tuple[int, list[str]]]:
    _check_kind(kind, place)
    raw = _rows(content(source, place, options), kind, place, options)
    return [(line, [printable(cell_text(cell)) for cell in cells]) for line, cells in islice(raw.rows, rows)]


def display_name(source: object, kind: str, name: str | None) -> str:
    """Return the bare file name, printable and short."""
    given = name or (str(source) if isinstance(source, str | Path) else getattr(source, "name", None))
    bare = PurePath(given.replace("\\", "/")).name if isinstance(given, str) else ""
    return "".join(sign for sign in bare if sign.isprintable())[:NAME_LENGTH] or f"{kind} file"


def content(source: Source, place: Place, options: ReadOptions) -> bytes:
    """Return the bytes of a source, or refuse one that is empty or too large."""
    limit = options.limits.file_bytes
    if isinstance(source, bytes):
        data: object = source
    else:
        try:
            data = _bytes(source, limit + 1)
        except OSError as error:
            raise place.fault(
                f"the file cannot be opened ({error.strerror or type(error).__name__})", code="open"
            ) from error
    if not isinstance(data, bytes):
        raise place.fault("the file is opened as text", cure="Open it in binary mode.", code="open")
    if not data or data.isspace():
        raise place.fault("the file is empty", code="empty")
    if len(data) > limit:
        raise place.fault(f"the file is larger than {limit / 1e6:,.0f} MB", code="too_large_file")
    return data


def _bytes(source: str | Path | BinaryIO, size: int) -> object:
    if isinstance(source, str | Path):
        with Path(source).open("rb") as file:
            return file.read(size)
    if source.seekable():
        source.seek(0)
    parts, left = [], size
    while left > 0 and (part := source.read(left)):  # an unbuffered file may give less than asked
        parts.append(part)
        left -= len(part)
    return "".join(parts) if parts and isinstance(parts[0], str) else b"".join(parts)


def _rows(data: bytes, kind: str, place: Place, options: ReadOptions) -> Raw:
    """Return the rows of a file of any of the three formats."""
    found = content_kind(data, place)
    if found == "xlsx":
        from factorlasso_core.ingest.excel import Workbook  # with openpyxl, which is slow to import

        book = Workbook(data, place, options)
        raw = book.rows(*book.choose(kind))
    elif found == "parquet":
        from factorlasso_core.ingest.parquet import parquet_rows  # with pyarrow.parquet, which is slow to import

        raw = parquet_rows(data, place, kind, options)
    else:
        raw = text_rows(data, place, options)
    return replace(raw, notes=renamed(found, place) + raw.notes)
