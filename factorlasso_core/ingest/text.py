"""CSV in any common dialect, read by the csv module.

Not by pandas: its parser turns the first column into an index when rows have one field too many.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Found, Note, Place, Raw, Row
from factorlasso_core.ingest.settings import DELIMITERS, ReadOptions

SAVE_AS_UTF8 = "Save the file as CSV UTF-8 (comma delimited)."
MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
SNIFFED = 60  # records looked at to find the delimiter
HINT = "sep="


def text_rows(data: bytes, place: Place, options: ReadOptions) -> Raw:
    """Return the records of a CSV file, each with the line it starts on."""
    _check_lines(data, place, options)
    text, notes = _decode(data, place)
    first, _, rest = text.partition("\n")
    hinted = first.strip().strip('"').casefold().startswith(HINT)
    delimiter = options.delimiter or (_hint(first, place) if hinted else _delimiter(text, place))
    if hinted:
        text = rest
        notes.append(Note("sep_line", "The first line names the delimiter and is left out.", str(place)))
    rows = _records(text, delimiter, place, first=1 + hinted)
    found = Found("csv", delimiter=DELIMITERS[delimiter])
    return Raw(place, rows, found, tuple(notes), fields=True, escaped=True, semicolon=delimiter == ";")


def _check_lines(data: bytes, place: Place, options: ReadOptions) -> None:
    """Refuse a line no table needs before a list is made of its fields."""
    codes = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero((codes == 10) | (codes == 13))
    lengths = np.diff(ends, prepend=-1, append=len(data))
    if lengths.max() > options.limits.record_bytes:
        row = data.count(b"\n", 0, int(ends[at - 1]) + 1 if (at := int(lengths.argmax())) else 0) + 1
        problem = f"this line is longer than {options.limits.record_bytes / 1e6:,.0f} MB"
        raise place.fault(problem, cure="Write one line for each row of the table.", row=row, code="long_line")


def _hint(line: str, place: Place) -> str:
    sign = line.strip('\r\n "')[len(HINT) :] or line.rstrip("\r\n")[-1:]
    if sign not in DELIMITERS:
        problem = "the first line names a delimiter that cannot be read"
        raise place.fault(problem, cure="Use a comma, semicolon or tab.", row=1, code="no_delimiter")
    return sign


def _decode(data: bytes, place: Place) -> tuple[str, list[Note]]:
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return _marked(data, encoding, place)
    nul = data.find(b"\0")
    if nul >= 0:
        row = data.count(b"\n", 0, nul) + 1
        raise place.fault("the file holds NUL bytes, so it is no text", cure=SAVE_AS_UTF8, row=row, code="nul")
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        return _western(data, error, place)


def _marked(data: bytes, encoding: str, place: Place) -> tuple[str, list[Note]]:
    """Decode text whose first bytes name its encoding."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise place.fault(f"the text is damaged {encoding.upper()}", cure=SAVE_AS_UTF8, code="encoding") from error
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise place.fault("the file holds NUL bytes, so it is no text", cure=SAVE_AS_UTF8, row=row, code="nul")
    return text, [Note("encoding", f"The text is read as {encoding.upper()}.", str(place))]


def _western(data: bytes, error: UnicodeDecodeError, place: Place) -> tuple[str, list[Note]]:
    row = data.count(b"\n", 0, error.start) + 1
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise place.fault("the text is not UTF-8", cure=SAVE_AS_UTF8, row=row, code="encoding") from error
    message = f"The text is not UTF-8 (row {row}) and is read as Western European: check names with accents."
    return text, [Note("encoding", message, str(place), sum(byte > 127 for byte in data))]


def _records(text: str, delimiter: str, place: Place, *, first: int = 1) -> Iterator[Row]:
    """Yield each record with the line it starts on."""
    lines = io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline="")
    reader = csv.reader(lines, delimiter=delimiter, strict=True)  # a StringIO would take four times the memory
    while True:
        line = reader.line_num + first
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
    """Return the delimiter that cuts most of the first records into one number of fields, and the most."""
    head = _head(text)
    scores = {sign: _score(head, sign, place) for sign in DELIMITERS}
    most = max(scores.values())
    best = [sign for sign, score in scores.items() if score == most]
    if most[1] < 2:
        raise place.fault(
            "the first line has no comma, semicolon or tab between column names",
            cure="Put the column names there, beginning with the one of the dates or labels.",
            row=1,
            code="no_delimiter",
        )
    if len(best) > 1:
        names = " and ".join(DELIMITERS[sign] for sign in best)
        raise place.fault(
            f"the lines can be cut by {names} alike",
            cure="Say which with the option delimiter, or put text that holds such a sign in quotation marks.",
            row=1,
            code="ambiguous_delimiter",
        )
    return best[0]


def _head(text: str) -> str:
    """Return the first lines of a text."""
    end = 0
    for _ in range(SNIFFED):
        end = text.find("\n", end) + 1
        if not end:
            return text  # few lines, or such as end with a carriage return alone
    return text[:end]


def _score(text: str, delimiter: str, place: Place) -> tuple[int, int]:
    """Return how many records have the most frequent number of fields above one, and that number."""
    widths: Counter[int] = Counter()
    try:
        for _, record in islice(_records(text, delimiter, place), SNIFFED):
            widths[len(record)] += 1
    except InputError:  # quotation marks that fit another delimiter, or a fault further down
        pass
    return max(((count, width) for width, count in widths.items() if width > 1), default=(0, 0))
