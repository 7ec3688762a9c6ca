"""CSV: UTF-8 text with comma, semicolon or tab, read by the csv module.

Not by pandas: its parser turns the first column into an index when rows have one field too many.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Grid, Place, ReadLimits, Row, bounded, check_header

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
SAVE_AS_UTF8 = "Save the file as CSV UTF-8 (comma delimited)."


def text_grid(data: bytes, place: Place, limits: ReadLimits) -> Grid:
    """Return the cells of a CSV file."""
    text = _decode(data, place)
    delimiter = _delimiter(text, place)
    records = _records(text, delimiter, place)
    _, header = next(records)
    check_header(header, place, limits)
    rows = bounded(_rectangular(records, len(header), place), place, len(header), limits)
    return Grid(place, header, rows, comma=delimiter == ";", escaped=True)


def _decode(data: bytes, place: Place) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise place.fault("the text is UTF-16, not UTF-8", cure=SAVE_AS_UTF8, code="encoding")
    nul = data.find(b"\0")
    if nul >= 0:
        row = data.count(b"\n", 0, nul) + 1
        raise place.fault("the file holds NUL bytes, so it is no text", cure=SAVE_AS_UTF8, row=row, code="nul")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise place.fault("the text is not UTF-8", cure=SAVE_AS_UTF8, row=row, code="encoding") from error


def _records(text: str, delimiter: str, place: Place) -> Iterator[Row]:
    """Yield each record with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise place.fault(
                f"this line is not CSV ({error})",
                cure="Check its quotation marks.",
                row=line,
                code="csv",
            ) from error
        if record is None:
            return
        yield line, record


def _delimiter(text: str, place: Place) -> str:
    """Return the delimiter that cuts the first line into most fields."""
    fields = {sign: _fields(text, sign, place) for sign in DELIMITERS}
    most = max(fields.values())
    best = [sign for sign, count in fields.items() if count == most]
    if most < 2:
        raise place.fault(
            "the first line has no comma, semicolon or tab between column names",
            cure="Put the column names there, beginning with the one of the dates or labels.",
            row=1,
            code="no_delimiter",
        )
    if len(best) > 1:
        names = " and ".join(DELIMITERS[sign] for sign in best)
        raise place.fault(
            f"the first line can be cut by {names} alike",
            cure="Put names that hold such a sign in quotation marks.",
            row=1,
            code="ambiguous_delimiter",
        )
    return best[0]


def _fields(text: str, delimiter: str, place: Place) -> int:
    try:
        return len(next(_records(text, delimiter, place), (1, ()))[1])
    except InputError:  # quotation marks that fit another delimiter
        return 0


def _rectangular(records: Iterator[Row], width: int, place: Place) -> Iterator[Row]:
    for line, record in records:
        if record and len(record) != width:
            raise place.fault(
                f"this line has {len(record)} fields but the first line has {width}",
                cure="Check it for a missing or an extra delimiter.",
                row=line,
                code="field_count",
            )
        yield line, record
