"""Guards of a zip archive, run before anything in it is parsed."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from io import BytesIO

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Place, ReadLimits

CHUNK = 1 << 18
OVERLAP = 64  # bytes kept between chunks, longer than any tag looked for
RATIO_FROM = 1_000_000
RECORD = re.compile(rb"<(?:[\w.-]{1,32}:)?(?:row|si)[\s/>]")
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
    total, formulas = 0, False
    for part in archive.infolist():
        tail, since, first, markup = b"", 0, True, False
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                total += len(chunk)
                _check_size(total, packed, place, limits)
                markup = _is_markup(chunk) if first else markup
                window, first = tail + chunk, False
                since = _since_record(window, since + len(chunk))
                if markup and since > limits.record_bytes:
                    raise _too_big(place, "one of its rows is larger than any table needs")
                formulas = formulas or FORMULA.search(window) is not None
                tail = window[-OVERLAP:]
    return formulas


def _since_record(window: bytes, since: int) -> int:
    """Return the bytes after the last record start, or ``since`` when none starts in the window."""
    last = None
    for last in RECORD.finditer(window):  # noqa: B007
        pass
    return since if last is None else min(since, len(window) - last.start())


def _is_markup(head: bytes) -> bool:
    """Return whether a part could be XML in any encoding; a picture is never parsed."""
    return head.lstrip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe")[:1] == b"<"
