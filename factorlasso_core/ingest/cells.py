"""What a single cell is: a plain number, nothing, or something with a reason why not."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import numpy as np

from factorlasso_core.ingest.base import cell_text

LARGEST = 1e100
LONGEST = 100  # characters of a number; a longer cell is not looked at
MISSING = {"NA", "N/A", "NaN", "nan", "#N/A", "null"}
EXCEL_ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#SPILL!", "#CALC!"}
INFINITE = {"inf", "infinity"}
PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
PERCENT = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)) ?%", re.ASCII)
COMMA = re.compile(r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?(?: ?%)?", re.ASCII)


def plain_number(cell: object) -> float | None:
    """Return a number, NaN for a blank cell, or None for anything else."""
    if cell is None:
        return np.nan
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return np.nan
        number = float(text) if len(text) <= LONGEST and PLAIN.fullmatch(text) else np.inf
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell) if abs(cell) <= LARGEST or cell != cell else np.inf
    else:
        return None
    return None if abs(number) > LARGEST else number


def has_point(cell: object) -> bool:
    """Return whether a cell is a number or a percent written with a decimal point."""
    return isinstance(cell, str) and "." in cell and bool(_fullmatch(PLAIN, cell) or _fullmatch(PERCENT, cell))


def percent(text: str) -> str | None:
    """Return the fraction a percent stands for, as text: 1.2% is 1.2e-2, which float() reads exactly."""
    found = _fullmatch(PERCENT, text)
    return f"{found[1]}e-2" if found else None


def is_comma_number(text: str) -> bool:
    """Return whether a text is a number or a percent with a decimal comma."""
    return _fullmatch(COMMA, text) is not None


def why_not(cell: object) -> tuple[str, str]:
    """Return what is wrong with a cell that is no number, and the code of the fault."""
    text = cell_text(cell)
    if text in EXCEL_ERRORS:
        return "is an error of Excel", "excel_error"
    if isinstance(cell, bool):
        return "is a truth value, not a number", "truth_value"
    if isinstance(cell, date | time | timedelta):
        return "is a date or a time, not a number", "date_in_body"
    if isinstance(cell, int | float) or PLAIN.fullmatch(text) or text.lower().lstrip("+-") in INFINITE:
        return f"is too large: a number must be finite and not above {LARGEST:g}", "too_large"
    return "is not a number", "not_a_number"


def _fullmatch(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return pattern.fullmatch(text.strip()) if len(text) <= LONGEST else None
