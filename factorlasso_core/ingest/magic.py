"""What a file is, by its first bytes and not by its name."""

from __future__ import annotations

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Note, Place

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PARQUET = b"PAR1"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MARKUP = (b"<!", b"<?", b"<html", b"<table")
SAVE = "Save the table as .xlsx or CSV."
OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"ARROW1", "a Feather file"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a text document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    *((b"\x80" + bytes([version]), "a Python pickle, which is never opened") for version in range(2, 6)),
)
ENDINGS = {"xlsx": "xlsx", "xlsm": "xlsx", "xls": "xlsx", "parquet": "parquet", "pq": "parquet", "csv": "csv"}
CALLED = {"xlsx": "an Excel workbook", "parquet": "a Parquet file", "csv": "a text file"}


def content_kind(data: bytes, place: Place) -> str:
    """Return ``xlsx``, ``parquet`` or ``csv``, or refuse a file that is none of them."""
    if data.startswith(ZIP):
        return "xlsx"
    if data.startswith(PARQUET):
        return "parquet"
    if data.startswith(OLE):
        raise _old_workbook(data, place)
    head = data[:64].lstrip(b" \t\r\n\xef\xbb\xbf").lower()
    if head.startswith(MARKUP):
        raise place.fault("this is a web page or XML, not a table", cure=SAVE, code="markup")
    if head.startswith((b"{", b"[")) and not head.startswith(b"{\\rtf"):
        raise place.fault("this is JSON, not a table", cure=SAVE, code="not_a_table")
    for magic, what in OTHERS:
        if data.startswith(magic):
            raise place.fault(f"this is {what}, not a table", cure=SAVE, code="not_a_table")
    return "csv"


def _old_workbook(data: bytes, place: Place) -> InputError:
    if ENCRYPTED in data:
        cure = "Save it in Excel without a password."
        return place.fault("the workbook is protected by a password", cure=cure, code="encrypted")
    cure = "Save it in Excel as .xlsx without a password."
    return place.fault("this is an old .xls workbook or one with a password", cure=cure, code="ole")


def renamed(kind: str, place: Place) -> tuple[Note, ...]:
    """Return a note if the name of a file says that it is of another kind."""
    ending = place.file.rpartition(".")[2].casefold()
    if ENDINGS.get(ending, kind) == kind:
        return ()
    message = f"The name ends with .{ending}, but the content is {CALLED[kind]} and is read as one."
    return (Note("renamed", message, place.file),)
