"""Labels and columns as spreadsheet cells, with a note of what they were, so that they read back exactly.

Numbers, plain text, truth values and dates of whole seconds are cells of their own kind, as any reader of
spreadsheets expects. What a cell cannot hold (None beside NaN, control characters, fractions of a second)
is written as text that starts with a tag.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.errors import DataError

Meta = dict[str, Any]
LONGEST_TEXT = 32_767
FIRST_DATE, LAST_DATE = pd.Timestamp("1900-03-01"), pd.Timestamp("9999-12-31")  # a serial number before is ambiguous
NUMPY = frozenset({"bool", "float32", "float64"} | {f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)})
MISSING: dict[str, Any] = {"None": None, "nan": float("nan"), "NaT": pd.NaT, "NA": pd.NA}


def encode(values: pd.Index | pd.Series, what: str, *, labels: bool = False) -> tuple[list[Any], Meta]:
    """Return the cells of some values, and what :func:`decode` needs to make the same values of them.

    Args:
        what: What the values are, for messages. labels: Whether no cell may be empty.

    Raises:
        DataError: Values of a type that a file does not keep.
    """
    dtype = values.dtype
    if isinstance(values, pd.MultiIndex):
        raise DataError(f"{what} has several levels, which a workbook does not keep: use one label each.")
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        return _dates(pd.DatetimeIndex(values), labels=labels)
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb" and dtype.name in NUMPY:
        cells = values.tolist()
        return cells, {"dtype": dtype.name, "form": "plain"}
    if not (dtype.kind == "O" and isinstance(dtype, np.dtype | pd.StringDtype)):
        raise DataError(f"{what} has the type {dtype}, which a workbook does not keep: convert it to numbers or text.")
    cells = [value.item() if isinstance(value, np.generic) else value for value in values.tolist()]
    missing = {name for name in map(missing_kind, cells) if name}
    simple = all(missing_kind(cell) or _is_plain(cell) for cell in cells) and len(missing) <= (0 if labels else 1)
    meta: Meta = {"dtype": str(dtype), "form": "plain" if simple else "tagged"}
    if not simple:
        return [tag(cell, what) for cell in cells], meta
    if missing:
        meta["missing"] = missing.pop()
    return [None if missing_kind(cell) else cell for cell in cells], meta


def decode(cells: Sequence[Any], meta: Meta) -> pd.Index:
    """Return what :func:`encode` was given, as an index.

    Raises:
        ValueError, TypeError, KeyError: A cell or the note is something else.
    """
    dtype = str(meta["dtype"])
    if dtype.startswith("datetime64"):
        return _decoded_dates(cells, meta)
    if meta["form"] == "tagged":
        return pd.Index([untag(cell) for cell in cells], dtype=dtype)
    kind = np.dtype(dtype).kind if dtype not in ("str", "string") else "O"
    if kind in "iu":
        return pd.Index([_whole(cell) for cell in cells], dtype=dtype)
    if kind == "f":
        return pd.Index(np.array([np.nan if cell is None else float(cell) for cell in cells]).astype(dtype))
    if kind == "b":
        return pd.Index([_truth(cell) for cell in cells], dtype=bool)
    missing = MISSING[meta.get("missing", "None")]
    return pd.Index([missing if cell is None else cell for cell in cells], dtype=dtype)


def missing_kind(value: Any) -> str:
    """Which of the four kinds of nothing a value is; empty for something."""
    if value is None:
        return "None"
    if value is pd.NaT:
        return "NaT"
    if value is pd.NA:
        return "NA"
    return "nan" if isinstance(value, float) and value != value else ""


def tag(value: Any, what: str) -> str:
    """Return any single value as text that :func:`untag` reads.

    >>> tag("a_b\\n", "x"), untag(tag("a_b\\n", "x")), tag(None, "x")
    ('s:"a\\\\u005fb\\\\n"', 'a_b\\n', 'n:None')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if missing_kind(value):
        text = f"n:{missing_kind(value)}"
    elif isinstance(value, bool):
        text = f"b:{int(value)}"
    elif isinstance(value, int):
        text = f"i:{value}"
    elif isinstance(value, float):
        text = f"f:{value.hex()}"
    elif isinstance(value, str):  # ASCII, and no underscore: spreadsheets read _x0041_ as A
        text = "s:" + json.dumps(value).replace("_", "\\u005f")
    elif isinstance(value, datetime):
        stamp = pd.Timestamp(value)
        zone = "" if stamp.tz is None else str(stamp.tz)
        text = f"t:{stamp.as_unit('ns').value}:{stamp.unit}:{zone}" if _in_ns(stamp) else f"d:{stamp.isoformat()}"
    else:
        raise DataError(f"{what} holds a {type(value).__name__}, which a workbook does not keep: use numbers or text.")
    if len(text) > LONGEST_TEXT:
        raise DataError(f"{what} holds a text longer than a cell of a workbook: shorten it to 30,000 characters.")
    return text


def untag(text: Any) -> Any:
    """Return the value of a tagged text.

    Raises:
        ValueError, KeyError: It is none.
    """
    kind, _, body = str(text).partition(":")
    if kind == "n":
        return MISSING[body]
    if kind == "b":
        return body == "1"
    if kind == "i":
        return int(body)
    if kind == "f":
        return float.fromhex(body)
    if kind == "s":
        return str(json.loads(body))
    if kind == "d":
        return pd.Timestamp(body)
    if kind == "t":
        value, unit, zone = body.split(":", 2)
        stamp: Any = pd.Timestamp(int(value), tz=zone or None)
        return stamp.as_unit(unit)
    raise ValueError(f"{str(text)[:40]!r} has no tag")


def _in_ns(stamp: pd.Timestamp) -> bool:
    return bool(1678 <= stamp.year <= 2261)


def _is_plain(value: Any) -> bool:
    """Whether a cell of its own kind keeps the value."""
    if isinstance(value, str):
        short = 0 < len(value) <= LONGEST_TEXT
        return short and value.isprintable() and value == value.strip() and "_x" not in value
    return isinstance(value, bool | int) or (isinstance(value, float) and abs(value) != np.inf)


def _dates(index: pd.DatetimeIndex, *, labels: bool) -> tuple[list[Any], Meta]:
    """Dates as they stand in UTC or without a zone."""
    zone = None if index.tz is None else str(index.tz)
    meta: Meta = {"dtype": f"datetime64[{index.unit}]", "form": "plain", "tz": zone, "freq": index.freqstr}
    if labels and index.isna().any():
        raise DataError("A date among the labels is missing, which a workbook does not keep: drop the row.")
    plain = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return [_date_cell(stamp) for stamp in plain], meta


def _date_cell(stamp: Any) -> Any:
    if stamp is pd.NaT:
        return None
    whole = stamp.microsecond == 0 and stamp.nanosecond == 0
    return stamp.to_pydatetime() if whole and FIRST_DATE <= stamp <= LAST_DATE else stamp.isoformat()


def _decoded_dates(cells: Sequence[Any], meta: Meta) -> pd.Index:
    unit: Any = str(meta["dtype"])[len("datetime64[") : -1]
    stamps = [pd.NaT if cell is None else pd.Timestamp(cell).as_unit(unit) for cell in cells]
    index = pd.DatetimeIndex(stamps, dtype=meta["dtype"])
    if meta.get("tz"):
        index = index.tz_localize("UTC").tz_convert(meta["tz"])
    return pd.DatetimeIndex(index, freq=meta["freq"]) if meta.get("freq") else index


def _whole(cell: Any) -> int:
    if isinstance(cell, bool) or (isinstance(cell, float) and not cell.is_integer()) or cell is None:
        raise ValueError(f"{cell!r} is not a whole number")
    return int(cell)


def _truth(cell: Any) -> bool:
    if str(cell) not in ("True", "False"):
        raise ValueError(f"{cell!r} is neither TRUE nor FALSE")
    return str(cell) == "True"
