"""Plain values of a table, and CSV that no spreadsheet program executes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd

ESCAPE = re.compile(r"[\s']*[=+\-@\t\r\n]")
ESCAPED = re.compile(r"'[\s']*[=+\-@\t\r\n]")


def to_csv_safe(frame: pd.DataFrame) -> bytes:
    """Return UTF-8 CSV whose text no spreadsheet program takes for a formula.

    Names and text that begin with = + - @ tab or a line break get an apostrophe in front, which
    ``read_table`` takes off again; numbers are written in full, NaN as nothing.

    >>> to_csv_safe(pd.DataFrame({"=EQ": [1.0, -0.25]}, index=pd.Index(["A", "B"], name="label")))
    b"label,'=EQ\\r\\nA,1\\r\\nB,-0.25\\r\\n"
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    flat = flat_table(frame, index=True)
    writer.writerow([escape_label(str(name)) for name in flat.columns])
    for row in table_rows(flat):
        writer.writerow([_csv_cell(value) for value in row])
    return buffer.getvalue().encode("utf-8", errors="replace")


def escape_label(text: str) -> str:
    """Return text with an apostrophe in front if a spreadsheet could take it for a formula."""
    return f"'{text}" if ESCAPE.match(text) else text


def unescape_label(text: str) -> str:
    """Return what ``escape_label`` was given.

    >>> unescape_label(escape_label("=A")), unescape_label("'quoted'")
    ('=A', "'quoted'")
    """
    return text[1:] if ESCAPED.match(text) else text


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0"
        return str(int(value)) if whole else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return escape_label(value) if isinstance(value, str) else str(value)


def flat_table(table: pd.DataFrame, *, index: bool) -> pd.DataFrame:
    """Return the table with text column names, and the index as its first columns."""
    body = table.set_axis([_name(name) for name in table.columns], axis="columns")
    if not index:
        return body.reset_index(drop=True)
    labels = table.index.to_frame(index=False)
    labels.columns = pd.Index(["" if name is None else str(name) for name in table.index.names])
    return pd.concat([labels, body.reset_index(drop=True)], axis="columns")


def _name(name: object) -> str:
    return " / ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def table_rows(flat: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    columns = [[_value(value) for value in flat.iloc[:, i].tolist()] for i in range(flat.shape[1])]
    return zip(*columns, strict=True)


def _value(value: Any) -> object:
    """Return a plain Python value, None for a missing one; infinity stays, to become text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, pd.Period):
        value = value.end_time.normalize()
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, datetime):
        plain = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
        return plain.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    return value if isinstance(value, bool | int | float | str) else str(value)
