"""What a single cell is: a plain number, a number in another dress, nothing, or something with a reason why not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

import numpy as np

from factorlasso_core.ingest.base import cell_text

LARGEST = 1e100
LONGEST = 100  # characters of a number; a longer cell is not looked at
MISSING = {"NA", "N/A", "NaN", "nan", "#N/A", "#N/A N/A", "null", "NULL", "n/a", "n.a.", "-", "--"}
EXCEL_ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
INFINITE = {"inf", "infinity"}
PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
MINUS = str.maketrans({"\u2212": "-", "\u2012": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-"})
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})
CURRENCY = r"(?:[$€£¥]|CHF|EUR|GBP|JPY|USD)"
DRESS = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?(?:(?P<front>{CURRENCY}) ?)?(?P<sign2>[+-])?"
    rf"(?P<body>[\d.,][\d., ']*?(?:[eE][+-]?\d+)?)"
    rf" ?(?P<percent>%)? ?(?P<back>{CURRENCY})?(?P<sign3>-)?(?P<close>\))?(?P<percent2>%)?",
    re.ASCII,
)
POINT_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)  # 1,234.5
COMMA_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d*)?", re.ASCII)  # 1.234,5
OTHER_GROUPS = re.compile(r"\d{1,3}(?:([ '])\d{3})(?:\1\d{3})*(?:[.,]\d*)?", re.ASCII)  # 1 234,5 and 1'234.5
COMMA = re.compile(r"(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?", re.ASCII)
EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)  # a group of thousands, or three decimals


@dataclass(frozen=True)
class Dressed:
    """A number with signs around it: its body as written, and what is to be done to it."""

    body: str
    negative: bool
    percent: bool
    codes: frozenset[str]

    @property
    def decimal(self) -> str | None:
        """The decimal sign the body proves, None if it holds none or may be read in two ways."""
        body = self.body
        if not ("," in body or "." in body) or EITHER.fullmatch(body):
            return None
        if body.count(",") > 1 or ("." in body and body.rfind(".") > body.rfind(",")):
            return "." if body.count(".") < 2 else ","
        return ","

    def plain(self, decimal: str) -> tuple[str, frozenset[str]] | None:
        """Return the number as ``float`` reads it and what was done, or None if it is none."""
        body, codes = self.body, self.codes
        groups = POINT_GROUPS if decimal == "." else COMMA_GROUPS
        if groups.fullmatch(body):
            body, codes = body.replace("," if decimal == "." else ".", ""), codes | {"thousands"}
        elif OTHER_GROUPS.fullmatch(body):
            body, codes = body.replace(" ", "").replace("'", ""), codes | {"thousands"}
        if decimal == "," and COMMA.fullmatch(body):
            body, codes = body.replace(",", "."), codes | {"decimal_comma"}
        elif decimal == "," and "." in body:
            return None
        if not PLAIN.fullmatch(body) or (self.percent and "e" in body.lower()):
            return None
        return f"{'-' if self.negative else ''}{body}{'e-2' if self.percent else ''}", codes


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


def dressed(cell: object) -> Dressed | None:
    """Return a number written with a percent, currency, other minus, parentheses or groups.

    >>> dressed("(1,234.50)").plain(".")[0], dressed("1,2 %").plain(",")[0]
    ('-1234.50', '1.2e-2')
    """
    if not isinstance(cell, str) or len(cell) > LONGEST:
        return None
    text = cell.translate(SPACES).strip()
    minus = text.translate(MINUS)
    found = DRESS.fullmatch(minus)
    if found is None:
        return None
    part = found.groupdict()
    signs = [part[name] for name in ("sign", "sign2", "sign3") if part[name]]
    pairs = bool(part["open"]) != bool(part["close"]) or (part["front"] and part["back"])
    if pairs or len(signs) + bool(part["open"]) > 1 or (part["percent"] and part["percent2"]):
        return None
    is_percent = bool(part["percent"] or part["percent2"])
    codes = {
        "percent": is_percent,
        "parentheses": bool(part["open"]),
        "currency": bool(part["front"] or part["back"]),
        "minus_sign": minus != text or bool(part["sign3"]),
    }
    negative = bool(part["open"]) or "-" in signs
    return Dressed(part["body"].strip(), negative, is_percent, frozenset(code for code, has in codes.items() if has))


def decimal_evidence(cells: Iterable[object]) -> set[str]:
    """Return the decimal signs that cells prove."""
    found = (dressed(cell) for cell in cells if isinstance(cell, str) and ("," in cell or "." in cell))
    return {item.decimal for item in found if item is not None and item.decimal is not None}


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
