"""Files that attack the reader, or are no table at all. None is parsed where its outside gives it away."""

from __future__ import annotations

import pickle
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa

from factorlasso_core.ingest import ReadOptions
from tests.ingest.cases import DAYS, TABLE, Case, no, ok, series
from tests.ingest.files import SHEET, book, directory, edited, parquet, part, repacked, text, zip_of

SMALL = book(TABLE)
STYLES, BOOK, STRINGS, TYPES = "xl/styles.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
NOISE = {"xl/media/noise.bin": np.random.default_rng(0).bytes(2_000_000)}  # so that the ratio alone does not tell


def attack(file: str, make: Any, code: str, *words: str, **more: Any) -> Case:
    """Return a hostile case that must be refused before it is parsed."""
    return no(file, make, code, *words, hostile=True, unparsed=True, **more)


def parsed(file: str, make: Any, code: str, *words: str, **more: Any) -> Case:
    """Return a hostile case that only reading can tell, within the limits."""
    return no(file, make, code, *words, hostile=True, **more)


def declared(name: str, declaration: bytes) -> bytes:
    """Return a workbook with a document type before the root of a part."""
    xml = part(SMALL, name)
    head, _, rest = xml.partition(b"?>") if xml.startswith(b"<?xml") else (b"", b"", xml)
    return repacked(SMALL, {name: (head + b"?>" if head else b"") + declaration + rest})


def with_sheet(inside: bytes) -> bytes:
    """Return a workbook whose sheet holds rows as given, beside noise."""
    root = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return repacked(SMALL, {SHEET: root + inside + b"</sheetData></worksheet>", **NOISE})


def cell(reference: str, row: int = 2) -> bytes:
    """Return a workbook with one more cell at a forged place."""
    return edited(SMALL, "</sheetData>", f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>')


def wide_rows() -> bytes:
    row = b'<row><c r="XFD%d"><v>1</v></c></row>'
    return with_sheet(b"".join(row % (at + 1) for at in range(3_000)))


def many_cells() -> bytes:
    """Return a table with a cell at the far end of each of its rows."""
    row = b'<row><c t="inlineStr"><is><t>2020-01-31</t></is></c><c><v>1</v></c>'
    row += b'<c r="XFD%d" t="inlineStr"><is><t> </t></is></c></row>'
    head = b'<row><c t="inlineStr"><is><t>date</t></is></c><c t="inlineStr"><is><t>A</t></is></c></row>'
    return with_sheet(head + b"".join(row % (at + 2) for at in range(3_000)))


def styles_bomb() -> bytes:
    """Return styles far longer than any real ones, with rows strewn in that mean nothing."""
    xml = part(SMALL, STYLES).replace(b"</styleSheet>", (b"<xf/>" * 100_000 + b"<row/>") * 30 + b"</styleSheet>")
    return repacked(SMALL, {STYLES: xml, **NOISE})


def many_texts() -> bytes:
    root = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    types = part(SMALL, TYPES).replace(b"</Types>", override)
    return repacked(SMALL, {TYPES: types, STRINGS: root + b"<si/>" * 3_200_000 + b"</sst>", **NOISE})


def constant_parquet(rows: int, columns: int) -> bytes:
    """Return a small file of many equal numbers."""
    column = pa.array(np.ones(rows))
    return parquet(
        pa.table({"date": pa.array(np.zeros(rows, dtype="datetime64[D]")), **{f"c{i}": column for i in range(columns)}})
    )


ARCHIVES = [
    attack("bomb.xlsx", lambda: zip_of({"xl/a.xml": bytes(150_000_000)}), "zip_bomb", "not safe", "100 times"),
    attack("large bomb.xlsx", lambda: repacked(SMALL, {"xl/a.bin": bytes(250_000_000), **NOISE}), "zip_bomb", "200 MB"),
    attack("lying bomb.xlsx", lambda: directory(zip_of({"xl/a.xml": bytes(50_000_000)}), 24, b"\1\0\0\0"), "damaged"),
    attack("parts.xlsx", lambda: zip_of({f"xl/{i}": b"" for i in range(1_001)}), "zip_bomb", "1,000 parts"),
    attack("many parts.xlsx", lambda: b"PK\x03\x04" + b"PK\x01\x02" * 5_000_000, "zip_bomb", "parts"),
    attack("endless row.xlsx", lambda: with_sheet(b"<row>" + b"<c/>" * 3_000_000), "zip_bomb", "one of its rows"),
    attack("styles.xlsx", styles_bomb, "zip_bomb", "one of its rows"),
    attack("texts.xlsx", many_texts, "zip_bomb", "rows and texts"),
    attack("utf16 part.xlsx", repacked(SMALL, {SHEET: part(SMALL).decode().encode("utf-16")}), "damaged", "UTF-8"),
    attack("far column.xlsx", cell("ZZZZZZ1"), "zip_bomb", "outside of any sheet"),
    attack("coded column.xlsx", cell("&#90;ZZZZZ1"), "zip_bomb", "outside of any sheet"),
    *(
        attack(f"{what} in {name.rpartition('/')[2]}.xlsx", declared(name, xml), "unsafe_xml", "unsafe")
        for name in (SHEET, STYLES, BOOK, TYPES)
        for what, xml in (("laughs", LAUGHS), ("outside entity", OUTSIDE))
    ),
    attack("encrypted.xlsx", directory(SMALL, 8, b"\1"), "encrypted", "password"),
    attack("other packing.xlsx", zip_of({"xl/a.xml": b"<a/>"}, zipfile.ZIP_LZMA), "damaged"),
    attack("binary.xlsx", zip_of({"xl/workbook.bin": b"x"}), "not_xlsx", ".xlsb"),
    attack("document.xlsx", zip_of({"word/document.xml": b"<a/>"}), "not_xlsx", "zip archive"),
    attack("zip.csv", zip_of({"returns.csv": text(TABLE)}), "not_xlsx", "zip archive"),
    attack("no parts.xlsx", zip_of({}), "not_xlsx"),
    attack("half.xlsx", SMALL[: len(SMALL) // 2], "damaged", "incomplete"),
    attack("head.xlsx", b"PK\x03\x04", "damaged"),
    parsed("far cell.xlsx", cell("XFD1048576", 1_048_576), "outside_table", "XFD1048576", place=(1_048_576, "XFD")),
    parsed("far row.xlsx", cell("A999999999", 999_999_999), "too_many_rows", place=(1_048_577, None)),
    parsed("wide rows.xlsx", wide_rows, "too_many_columns", "16,384", place=(1, None)),
    parsed("many cells.xlsx", many_cells, "too_many_rows", "20,000,000", place=(1_222, None)),
    parsed("broken XML.xlsx", repacked(SMALL, {SHEET: b"<worksheet><sheetData><row>"}), "damaged"),
    parsed("no workbook.xlsx", zip_of({"xl/a.xml": b"<a/>"}), "damaged"),
    ok(
        "far space.xlsx",
        lambda: edited(
            SMALL,
            "</sheetData>",
            '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row></sheetData>',
        ),
        hostile=True,
    ),
]

OTHERS = [
    *(
        attack(f"not a table.{ending}", head + b" rest of the file", code, *words)
        for ending, head, code, *words in (
            ("pdf", b"%PDF-1.7", "not_a_table", "PDF"),
            ("gz", b"\x1f\x8b\x08", "not_a_table", "gzip"),
            ("png", b"\x89PNG\r\n", "not_a_table", "picture"),
            ("pkl", pickle.dumps({"a": 1}), "not_a_table", "pickle", "never opened"),
            ("npy", b"\x93NUMPY", "not_a_table", "NumPy"),
            ("feather", b"ARROW1\0\0", "not_a_table", "Feather"),
            ("h5", b"\x89HDF\r\n", "not_a_table", "HDF5"),
            ("json", b'{"date": [1]}', "not_a_table", "JSON"),
            ("html", b"<html><table><tr><td>1</td></tr></table>", "markup", "web page"),
            ("xml", b"<?xml version='1.0'?><a/>", "markup", "XML"),
            ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "ole", ".xls"),
            (
                "xlsx",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
                "encrypted",
                "password",
            ),
            ("parquet", b"PAR1", "damaged", "Parquet"),
        )
    ),
    attack("too large.csv", lambda: b"date,EQ\n" + b"1" * 50_000_000, "too_large_file", "50 MB"),
    attack("many rows.parquet", lambda: constant_parquet(2_100_000, 2), "too_many_rows", "2,100,000"),
    attack("many cells.parquet", lambda: constant_parquet(190_000, 150), "too_many_rows", "cells"),
    attack("many columns.parquet", lambda: constant_parquet(2, 5_001), "too_many_rows", "5,002 columns"),
    parsed(
        "many rows.csv",
        lambda: b"date,EQ,BD\n" + b"2020-01-31,1,2\n" * 200_001,
        "too_many_rows",
        "200,000",
        place=(200_002, None),
    ),
    parsed(
        "many columns.csv",
        lambda: b"date" + b",x" * 5_001 + b"\n2020-01-31" + b",1" * 5_001,
        "too_many_columns",
        place=(1, None),
    ),
    parsed("one line.csv", lambda: b"a" * 40_000_000, "long_line", place=(1, None)),
    parsed("commas.csv", lambda: b"," * 40_000_000, "long_line", "2 MB", place=(1, None)),
    parsed("long open quote.csv", lambda: b'date,EQ\n2020-01-31,"' + b"1\n" * 20_000_000, "csv", place=(2, None)),
    parsed("digits.csv", lambda: b"date,EQ\n2020-01-31," + b"1" * 130_000 + b"\n", "too_large", place=(2, "EQ")),
    parsed("groups.csv", lambda: b'date,EQ\n2020-01-31,"' + b"1,111" * 20_000 + b'"\n', "text_column", place=(2, "EQ")),
    parsed("dates.csv", lambda: b"date,EQ\n" + b"1" * 100_000 + b"-01-01,1\n", "bad_date", place=(2, "date")),
    parsed(
        "many names.csv",
        lambda: text([("date", "asset", "r"), *((DAYS[0], f"n{i}", 1) for i in range(6_000))]),
        "too_many_columns",
        "5,000 names",
        options=ReadOptions(layout="long"),
    ),
    parsed(
        "wide turned.csv",
        lambda: text(
            [("name", *(f"2020-01-{d:02d}" for d in range(1, 29))), *((f"s{i}", *[1] * 28) for i in range(150_000))]
        ),
        "too_many_rows",
        "4,000,000",
        place=(137_932, None),
    ),
    ok(
        "widest.csv",
        lambda: text(
            [("date", *(f"c{i}" for i in range(4_000))), *((f"{1900 + y}-12-31", *[y + 1] * 4_000) for y in range(100))]
        ),
        "looks_like_prices",
        hostile=True,
        table=series(
            tuple(f"{1900 + y}-12-31" for y in range(100)),
            [[y + 1] * 4_000 for y in range(100)],
            tuple(f"c{i}" for i in range(4_000)),
        ),
    ),
]

CASES: list[Case] = [*ARCHIVES, *OTHERS]
