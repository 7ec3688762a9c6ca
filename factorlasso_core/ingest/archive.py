"""Guards of a zip archive, run before anything in it is parsed."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO
from typing import IO

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Place
from factorlasso_core.ingest.settings import ReadLimits

CHUNK = 1 << 18
OVERLAP = 64  # bytes kept between chunks, longer than any tag looked for
RATIO_FROM = 1_000_000
STREAMED = ("worksheet+xml", "sharedStrings+xml")  # content types of parts that are parsed row by row
FIXED = ("xl/styles.xml", "xl/theme/theme1.xml", "[content_types].xml")  # parsed whole, whatever their type says
TYPES = "[Content_Types].xml"
OVERRIDE = re.compile(rb"<(?:[\w.-]{1,32}:)?Override\s([^>]*)>")
RECORD = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:row|si)[\s/>]")
FAR_CELL = re.compile(rb"""\sr\s*=\s*["']\s*(?:[A-Za-z]{4}|[^"'>]{0,32}&)""")
FORMULA = re.compile(rb"<(?:[\w.-]{1,32}:)?f[\s/>]")
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError)
OPEN_AND_SAVE = "Open it in Excel and save it as .xlsx again."


def check_archive(data: bytes, place: Place, limits: ReadLimits) -> bool:
    """Refuse a bomb or a damaged archive; return whether any part holds formulas."""
    if data.count(b"PK\x01\x02") > limits.zip_entries:
        # counted before zipfile builds an object for each
        raise _too_big(place, f"it has more than {limits.zip_entries:,} parts")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_declared(archive, len(data), place, limits)
            return _check_streamed(archive, len(data), place, limits)
    except InputError:
        raise
    except DAMAGE as error:
        raise place.fault("the workbook is damaged or incomplete", cure=OPEN_AND_SAVE, code="damaged") from error


def _check_declared(archive: zipfile.ZipFile, packed: int, place: Place, limits: ReadLimits) -> None:
    parts = archive.infolist()
    if not any(part.filename.startswith("xl/") for part in parts):
        raise place.fault(
            "this is a zip archive, not an Excel workbook", cure="Save the table as .xlsx.", code="not_xlsx"
        )
    if any(part.filename == "xl/workbook.bin" for part in parts):
        raise place.fault("this is a binary workbook (.xlsb)", cure="Save it in Excel as .xlsx.", code="not_xlsx")
    if any(part.flag_bits & 1 for part in parts):
        raise place.fault("the workbook is encrypted", cure="Save it without a password.", code="encrypted")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise place.fault("the workbook is packed in a way Excel does not use", cure=OPEN_AND_SAVE, code="damaged")
    _check_size(sum(part.file_size for part in parts), packed, place, limits)


def _check_size(unpacked: int, packed: int, place: Place, limits: ReadLimits) -> None:
    if unpacked > limits.unpacked_bytes:
        raise _too_big(place, f"unpacked it is larger than {limits.unpacked_bytes / 1e6:,.0f} MB")
    if unpacked > RATIO_FROM and unpacked > limits.zip_ratio * packed:
        raise _too_big(place, f"unpacked it is more than {limits.zip_ratio} times its size")


def _too_big(place: Place, why: str) -> InputError:
    return place.fault(
        f"the workbook is not safe to open: {why}",
        cure="Copy the table alone into a new workbook and save that.",
        code="zip_bomb",
    )


def _check_streamed(archive: zipfile.ZipFile, packed: int, place: Place, limits: ReadLimits) -> bool:
    """Inflate every part in pieces: the sizes in the directory may lie."""
    scan = _Scan(packed, place, limits)
    streamed = _streamed_parts(archive, limits)
    for part in archive.infolist():
        with archive.open(part) as stream:
            scan.part(stream, part.filename.casefold() in streamed)
    return scan.formulas


def _streamed_parts(archive: zipfile.ZipFile, limits: ReadLimits) -> set[str]:
    """Return the parts that are parsed row by row; a whole tree is made of every other one."""
    if TYPES not in archive.namelist():
        return set()
    with archive.open(TYPES) as stream:
        declared = [
            found[1].decode("utf-8", "replace") for found in OVERRIDE.finditer(stream.read(limits.record_bytes))
        ]
    names: dict[str, bool] = {}
    for text in declared:
        found = re.search(r"""PartName\s*=\s*["']/?([^"']*)""", text)
        name = found[1].casefold() if found else ""
        names[name] = names.get(name, True) and any(kind in text for kind in STREAMED)
    return {name for name, rows in names.items() if rows} - set(FIXED)


class _Scan:
    """What is known of the parts of an archive so far."""

    def __init__(self, packed: int, place: Place, limits: ReadLimits) -> None:
        self.packed, self.place, self.limits = packed, place, limits
        self.total, self.records, self.formulas = 0, 0, False

    def part(self, stream: IO[bytes], streamed: bool) -> None:
        """Inflate one part and refuse what a parser should not see."""
        tail, since, markup = b"", 0, None
        while chunk := stream.read(CHUNK):
            self.total += len(chunk)
            _check_size(self.total, self.packed, self.place, self.limits)
            markup = _is_markup(chunk, self.place) if markup is None else markup
            if markup:
                window = tail + chunk
                since = self._since_record(window, since + len(chunk), streamed)
                self._check_window(window)
                tail = window[-OVERLAP:]

    def _check_window(self, window: bytes) -> None:
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            raise unsafe_xml(self.place)
        if FAR_CELL.search(window):
            raise _too_big(self.place, "a cell stands outside of any sheet")
        self.formulas = self.formulas or FORMULA.search(window) is not None

    def _since_record(self, window: bytes, since: int, streamed: bool) -> int:
        """Return the bytes after the last record start, or ``since`` when none starts in the window."""
        starts = [found.start() for found in RECORD.finditer(window)] if streamed else []
        self.records += len(starts)
        if self.records > self.limits.records:
            raise _too_big(self.place, f"it has more than {self.limits.records:,} rows and texts")
        since = min(since, len(window) - starts[-1]) if starts else since
        if since > self.limits.record_bytes:
            raise _too_big(self.place, "one of its rows is larger than any table needs")
        return since


def unsafe_xml(place: Place) -> InputError:
    """Return the error for XML that declares entities."""
    return place.fault(
        "the workbook is damaged or hostile: it declares XML entities, which are unsafe",
        cure=OPEN_AND_SAVE,
        code="unsafe_xml",
    )


def _is_markup(head: bytes, place: Place) -> bool:
    """Return whether a part is XML; a picture is never parsed, and Excel writes no UTF-16."""
    text = head.lstrip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe")[:1] == b"<"
    if text and (b"\0" in head[:8] or head[:2] in (b"\xff\xfe", b"\xfe\xff")):
        raise place.fault("a part of the workbook is not UTF-8", cure=OPEN_AND_SAVE, code="damaged")
    return text
