"""A workbook of several worksheets, as bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

from openpyxl import Workbook

from factorlasso_core.xlsx.sheet import ILLEGAL, Sheet, write_sheet

LONGEST_TITLE = 31
NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\\r\n\t]")


def write_xlsx(sheets: Sequence[Sheet], *, created: datetime | None = None) -> bytes:
    """Return a workbook with one worksheet per table.

    Text is always text, also '=1+1'; characters XML forbids are left out and text is cut at 32,767
    characters. NaN becomes an empty cell, infinity the text 'inf' or '-inf'. Floats keep every bit.
    ``created``, in UTC and without a zone, is the time in the properties of the file; None for now.

    >>> import pandas as pd
    >>> write_xlsx([Sheet("betas", pd.DataFrame({"EQ": [0.1]}, index=["A"]))])[:2]
    b'PK'
    """
    if not sheets:
        raise ValueError("a workbook needs at least one sheet")
    book = Workbook(write_only=True)
    titles: set[str] = set()
    for sheet in sheets:
        title = _legal_title(sheet.title, titles)
        titles.add(title.casefold())
        write_sheet(book.create_sheet(title), sheet)
    if created is not None:
        book.properties.created = book.properties.modified = created
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _legal_title(title: str, taken: set[str]) -> str:
    """Return a title Excel accepts: 31 characters, none forbidden, none used twice in any case."""
    clean = NOT_IN_TITLE.sub(" ", ILLEGAL.sub("", title)).strip().strip("'").strip() or "Sheet"
    clean = f"{clean} sheet" if clean.casefold() == "history" else clean  # Excel keeps that name for itself
    legal, count = clean[:LONGEST_TITLE].strip(), 1
    while legal.casefold() in taken:
        count += 1
        suffix = f" ({count})"
        legal = clean[: LONGEST_TITLE - len(suffix)].strip() + suffix
    return legal
