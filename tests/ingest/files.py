"""Writers of files for the corpus: text, workbooks and Parquet, healthy and hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Cells = Sequence[Sequence[Any]]
SHEET = "xl/worksheets/sheet1.xml"


def text(rows: Cells, sep: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Return rows as delimited text, without quoting."""
    return end.join(sep.join("" if cell is None else str(cell) for cell in row) for row in rows).encode(encoding)


def book(
    rows: Cells,
    *,
    title: str = "Sheet",
    first: str = "A1",
    others: dict[str, Cells] | None = None,
    hidden: Sequence[str] = (),
    merged: Sequence[str] = (),
    late: bool = False,
    formats: dict[str, str] | None = None,
) -> bytes:
    """Return a workbook with rows from cell ``first`` on; sheets of ``others`` stand before it."""
    workbook = openpyxl.Workbook()
    if late:
        workbook.epoch = datetime(1904, 1, 1)
    sheet = workbook.active
    sheet.title = title
    top, left = openpyxl.utils.cell.coordinate_to_tuple(first)
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value is not None:
                sheet.cell(top + row, left + column, value)
    for cell, form in (formats or {}).items():
        sheet[cell].number_format = form
    for area in merged:
        sheet.merge_cells(area)
    for at, (name, cells) in enumerate((others or {}).items()):
        other = workbook.create_sheet(name, at)
        for row in cells:
            other.append(list(row))
        other.sheet_state = "hidden" if name in hidden else "visible"
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def part(data: bytes, name: str = SHEET) -> bytes:
    """Return one part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def repacked(data: bytes, change: dict[str, bytes]) -> bytes:
    """Return a workbook with some parts replaced or added."""
    change, buffer = dict(change), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.pop(name, old.read(name)))
        for name, content in change.items():
            new.writestr(name, content)
    return buffer.getvalue()


def edited(data: bytes, old: str, new: str, name: str = SHEET) -> bytes:
    """Return a workbook with a piece of the XML of a part replaced."""
    xml = part(data, name)
    assert old.encode() in xml
    return repacked(data, {name: xml.replace(old.encode(), new.encode())})


def zip_of(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def directory(data: bytes, offset: int, value: bytes) -> bytes:
    """Return a zip with some bytes of every entry of its directory replaced."""
    parts = bytearray(data)
    at = parts.find(b"PK\x01\x02")
    while at >= 0:
        parts[at + offset : at + offset + len(value)] = value
        at = parts.find(b"PK\x01\x02", at + 4)
    return bytes(parts)


def parquet(table: pa.Table) -> bytes:
    """Return a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
