"""Valid files with bytes flipped, cut and inserted: the same numbers, a note, or an ``InputError``.

What *different numbers without a note* can mean depends on the format.

- XLSX: every part carries a CRC-32, so a mutant whose table differs from the original's, without a note and
  without a refusal, is a failure. (A byte of the directory may rename a part, and be refused as damaged.)
- Parquet: pages may carry a CRC, which pyarrow checks when asked, as the reader does; the footer has none. The
  files here are written with it, and the same rule holds as for XLSX. Without it (the default of pandas) a
  flipped byte of a page is as any digit of a CSV: nobody can know. A name that differs from what pandas
  wrote down a second time is noted.
- CSV has no redundancy: ``0.01`` with a flipped digit is another valid file, and no reader can know. The oracle
  is therefore an independent, deliberately strict parse of the *mutated* bytes: ``str.split`` on UTF-8 text,
  ISO dates, ``Decimal`` numbers. What that parser reads, the reader must read bit for bit or refuse or note; what
  it does not read (quotes, other dates, other marks, a ragged line), the reader may take only with a note, or if
  the words of the mutant prove the same table: then both are compared after the reader's documented repairs,
  blanks around cells, quotes, blank lines and a missing last line break.

Seeds are fixed: a failure can be run again by its number.
"""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core.errors import InputError
from factorlasso_core.ingest import Loaded, read_table
from tests.ingest.cases import DAYS, GOOD, TABLE
from tests.ingest.files import book, text

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
ISO = re.compile(r"\d{4}([-/.])\d\d?\1\d\d?|\d{8}", re.ASCII)
WIDE = [
    ("date", "EQ", "BD", "HF"),
    *(
        (f"2020-{month:02d}-28", round((-1) ** month * 0.013 * month, 4), -0.5 / month, month or None)
        for month in range(1, 13)
    ),
]


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """Return bytes with one or two runs of them flipped, cut or inserted."""
    parts = bytearray(data)
    for _ in range(int(rng.integers(1, 3))):
        at, size = int(rng.integers(0, len(parts))), int(rng.integers(1, 9))
        match int(rng.integers(0, 4)):
            case 0:
                parts[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                del parts[at : at + size]
            case 2:
                parts[at:at] = rng.bytes(size)
            case _:
                parts[at:at] = bytes(rng.choice(list(b'0123456789.,;-+eE%()"\n\r\t/ :$'), size).tolist())
    return bytes(parts)


def outcome(data: bytes, kind: str = "responses") -> Loaded | None:
    """Return what a mutant is read as, None if it is refused for a reason that is known."""
    try:
        return read_table(data, kind=kind, name="mutant")
    except InputError as error:
        if error.code == "unexpected":
            raise
        return None


def is_silent(loaded: Loaded) -> bool:
    """Return whether no note says that something was changed; an offer to convert changes nothing."""
    return all(note.code.startswith("looks_like") for note in loaded.notes)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Return whether two tables hold the same bits under the same names."""
    return (
        one.index.equals(other.index)
        and list(one.columns) == list(other.columns)
        and np.array_equal(one.to_numpy(), other.to_numpy(), equal_nan=True)
    )


def strict(data: bytes) -> pd.DataFrame | None:
    """Return the table of a plain comma file with ISO dates, None for any other text."""
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        lines = [line for line in lines if "".join(line).strip()]
        header, *rows = [[cell.strip() for cell in line] for line in lines]
        if not rows or any(len(row) != len(header) or not ISO.fullmatch(row[0]) for row in rows):
            return None
        index = pd.DatetimeIndex([pd.Timestamp(row[0].replace(".", "-")) for row in rows], name="date").as_unit("ns")
        body = [[_number(cell) for cell in row[1:]] for row in rows]
    except (ValueError, UnicodeDecodeError, csv.Error):
        return None
    return pd.DataFrame(body, index=index, columns=header[1:], dtype=float)


def _number(cell: str) -> float:
    if cell and not NUMBER.fullmatch(cell):
        raise ValueError(cell)
    return float(Decimal(cell)) if cell else np.nan


CSVS = [text(TABLE), text(WIDE, end="\r\n"), text([[f'"{cell}"' if cell else "" for cell in row] for row in TABLE])]


@pytest.mark.parametrize("block", range(8))
def test_csv_mutants_are_what_a_strict_parser_reads(block: int) -> None:
    rng = np.random.default_rng([6, block])
    silent = 0
    for _ in range(500):
        data = mutant(CSVS[int(rng.integers(0, len(CSVS)))], rng)
        loaded = outcome(data)
        if loaded is None or not is_silent(loaded):
            continue
        expected = strict(data)
        assert expected is not None, f"read without a note: {data!r}\n{loaded.table}"
        assert same(loaded.table, expected), data
        silent += 1
    assert silent > 20  # the oracle is used


SHEET = book(TABLE)
DATES = pd.DatetimeIndex(DAYS, name="date")


def parquet_bytes() -> bytes:
    buffer = io.BytesIO()
    GOOD.set_axis(DATES, axis="index").to_parquet(buffer, write_page_checksum=True)
    return buffer.getvalue()


PARQUET = parquet_bytes()
CHECKED: dict[str, Any] = {"xlsx": SHEET, "parquet": PARQUET}


@pytest.mark.parametrize("form", CHECKED)
@pytest.mark.parametrize("block", range(2))
def test_mutants_of_files_with_checksums_give_the_same_numbers_or_none(form: str, block: int) -> None:
    rng = np.random.default_rng([7, block, len(form)])
    whole = outcome(CHECKED[form])
    assert whole is not None and same(whole.table, GOOD)
    for _ in range(600):
        data = mutant(CHECKED[form], rng)
        loaded = outcome(data)
        assert loaded is None or not is_silent(loaded) or same(loaded.table, GOOD), f"{form}: {loaded.table}"
