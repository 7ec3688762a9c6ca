"""The one door for files: bytes in, a checked table and notes out, or one ``InputError``."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path, PurePath
from typing import BinaryIO

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Loaded, Place, ReadLimits
from factorlasso_core.ingest.parquet import parquet_grid
from factorlasso_core.ingest.tables import TABLES
from factorlasso_core.ingest.text import text_grid

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PARQUET = b"PAR1"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKUP = (b"<!", b"<?", b"<html", b"<table")
NAME_LENGTH = 100
log = logging.getLogger(__name__)


def read_table(
    source: str | Path | bytes | BinaryIO,
    *,
    kind: str,
    name: str | None = None,
    limits: ReadLimits = ReadLimits(),  # noqa: B008 - frozen
) -> Loaded:
    """Read a CSV, XLSX or Parquet file, recognised by its content.

    Args:
        source: A path, the bytes, or an open binary file, which is read from its start.
        kind: ``responses`` or ``factors`` (a date column, then one column of numbers per series),
            ``signs`` or ``prior`` (labels, then one column per factor) or ``groups`` (labels, group).
        name: The file name to speak of in messages.
        limits: Sizes above which the file is refused.

    Returns:
        The table and a note of everything that was done to it. Responses and factors are float64 with
        a strictly increasing index ``date``; signs are 1, -1, 0 and NaN for free; a prior has NaN for
        none; groups have one column ``group``.

    Raises:
        InputError: For anything that cannot be read, naming the file, sheet, row and column.

    >>> read_table(b"date,EQ\\n2020-01-31,0.5\\n", kind="factors").table["EQ"].tolist()
    [0.5]
    """
    place = Place(_display_name(source, kind, name))
    try:
        if kind not in TABLES:
            raise place.fault(f"{kind!r} is not a kind of table: use one of {', '.join(TABLES)}", code="kind")
        return TABLES[kind](_grid(_content(source, place, limits), kind, place, limits))
    except InputError:
        raise
    except Exception as error:
        fault = secrets.token_hex(4)
        log.exception("error %s while reading a %s file", fault, kind)
        raise place.fault(
            f"the file cannot be read, for a reason this program does not know (error {fault})",
            cure="Save the table as a plain CSV UTF-8 file and try again.",
            code="unexpected",
        ) from error


def _display_name(source: object, kind: str, name: str | None) -> str:
    """Return the bare file name, printable and short."""
    given = name or (str(source) if isinstance(source, str | Path) else getattr(source, "name", None))
    bare = PurePath(given.replace("\\", "/")).name if isinstance(given, str) else ""
    return "".join(sign for sign in bare if sign.isprintable())[:NAME_LENGTH] or f"{kind} file"


def _content(source: str | Path | bytes | BinaryIO, place: Place, limits: ReadLimits) -> bytes:
    if isinstance(source, bytes):
        data: object = source
    else:
        try:
            data = _read(source, limits.file_bytes + 1)
        except OSError as error:
            raise place.fault(
                f"the file cannot be opened ({error.strerror or type(error).__name__})", code="open"
            ) from error
    if not isinstance(data, bytes):
        raise place.fault("the file is opened as text", cure="Open it in binary mode.", code="open")
    if not data or data.isspace():
        raise place.fault("the file is empty", code="empty")
    if len(data) > limits.file_bytes:
        raise place.fault(f"the file is larger than {limits.file_bytes / 1e6:,.0f} MB", code="too_large_file")
    return data


def _read(source: str | Path | BinaryIO, size: int) -> object:
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


def _grid(data: bytes, kind: str, place: Place, limits: ReadLimits) -> Grid:
    if data.startswith(ZIP):
        from factorlasso_core.ingest.excel import excel_grid  # with openpyxl, which is slow to import

        return excel_grid(data, place, limits)
    if data.startswith(PARQUET):
        return parquet_grid(data, place, kind, limits)
    if data.startswith(OLE):
        raise place.fault(
            "this is an old .xls workbook or one with a password",
            cure="Save it in Excel as .xlsx without a password.",
            code="ole",
        )
    if data[:64].lstrip()[:6].lower().startswith(MARKUP):
        raise place.fault(
            "this is a web page or XML, not a table", cure="Save the table as .xlsx or CSV.", code="markup"
        )
    return text_grid(data, place, limits)
