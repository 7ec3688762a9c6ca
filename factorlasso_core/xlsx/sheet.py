"""Worksheets, written as a stream so that a large panel needs little memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import numpy as np
import pandas as pd
from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink

from factorlasso_core.xlsx.plain import ESCAPE, flat_table, table_rows

GENERAL = "General"
DATE, DATE_TIME = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
LONGEST_TEXT = 32_767
WIDTHS = (8, 40)  # in characters
NEGATIVE, ZERO, POSITIVE = "B2182B", "F7F7F7", "2166AC"  # told apart by the colour-blind
SCALE_QUANTILE = 0.98  # one outlier must not wash out the colours of all other cells
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML 1.0
PLAIN = re.compile(r"\w[\w .,:;<>/()-]{0,200}")  # text no spreadsheet takes for anything else
BOLD, LINK = Font(bold=True), Font(color="0563C1", underline="single")
PASSED, FAILED = (PatternFill(bgColor=colour) for colour in ("C6EFCE", "FFC7CE"))


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table and how a worksheet shows it.

    Args:
        title: Name of the sheet; made legal and unique on writing.
        table: The values, written unrounded.
        index: Whether the index becomes the first columns.
        number_format: Excel format of numbers, one for all or by column name.
        freeze: Cell whose upper and left neighbours stay in view, or None.
        autofilter: Whether the header carries filter buttons.
        colour_scale: Whether numbers are coloured around zero, with ends at the 98th percentile of
            their absolute values.
        allowed: Values that may be typed into the body; empty for no restriction.
        links: Title of the sheet each of these texts leads to.
        flags: Whether TRUE is shown on green and FALSE on red.

    Raises:
        ValueError: ``allowed`` is more than a worksheet can hold.
    """

    title: str
    table: pd.DataFrame
    index: bool = True
    number_format: str | Mapping[str, str] = GENERAL
    freeze: str | None = "B2"
    autofilter: bool = False
    colour_scale: bool = False
    allowed: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    flags: bool = False

    def __post_init__(self) -> None:
        _choices(self.allowed)


def write_sheet(target: Any, sheet: Sheet) -> None:
    """Fill an empty write-only worksheet."""
    flat = flat_table(sheet.table, index=sheet.index)
    rows = list(table_rows(flat))
    names = [str(name) for name in flat.columns]
    first = sheet.table.index.nlevels if sheet.index else 0
    _lay_out(target, sheet, names, rows)
    target.append([_header_cell(target, name) for name in names])
    formats = [_format(sheet, name) if i >= first else GENERAL for i, name in enumerate(names)]
    for row in rows:
        target.append([
            _link(target, value, sheet.links[value])
            if isinstance(value, str) and value in sheet.links
            else _cell(target, value, form)
            for value, form in zip(row, formats, strict=True)
        ])  # fmt: skip
    if rows and len(names) > first:
        _decorate(target, sheet, f"{get_column_letter(first + 1)}2", rows, len(names))


def _format(sheet: Sheet, name: str) -> str:
    form = sheet.number_format
    return form if isinstance(form, str) else form.get(name, GENERAL)


def _lay_out(target: Any, sheet: Sheet, names: list[str], rows: list[tuple[object, ...]]) -> None:
    """Set what a streaming sheet must know before its first row."""
    target.freeze_panes = sheet.freeze
    target.print_title_rows = "1:1"
    target.page_setup.orientation = "landscape"
    for position, name in enumerate(names):
        texts = [len(_shown(row[position])) for row in rows]
        width = min(max([len(name), WIDTHS[0], *texts]) + 2, WIDTHS[1])
        target.column_dimensions[get_column_letter(position + 1)].width = width
    if sheet.autofilter:
        target.auto_filter.ref = f"A1:{get_column_letter(len(names))}{len(rows) + 1}"


def _shown(value: object) -> str:
    """Return about what a cell shows: the format decides, so a number counts with six digits."""
    if isinstance(value, datetime):
        return DATE
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


def _header_cell(target: Any, name: str) -> Any:
    cell = _marked_text(target, name)
    cell.font = BOLD
    return cell


def _cell(target: Any, value: object, form: str) -> Any:
    if value is None:
        return None
    if isinstance(value, float) and abs(value) == np.inf:
        value = str(value)
    if isinstance(value, str):
        return _text_cell(target, value)
    if isinstance(value, datetime):
        cell = WriteOnlyCell(target, value)
        cell.number_format = DATE if value.time() == time() else DATE_TIME
        return cell
    if isinstance(value, bool):
        return WriteOnlyCell(target, value)
    cell = WriteOnlyCell(target, repr(value))
    cell.data_type = "n"  # as text of a number: openpyxl itself writes 16 digits, and loses bits
    if form != GENERAL:
        cell.number_format = form
    return cell


def _link(target: Any, text: str, title: str) -> Any:
    """A text that leads to the first cell of a sheet of the same workbook."""
    cell = _marked_text(target, text)
    quoted = title.replace("'", "''")
    cell.hyperlink = Hyperlink(ref="A1", location=f"'{quoted}'!A1")
    cell.font = LINK
    return cell


def _text_cell(target: Any, text: str) -> Any:
    if PLAIN.fullmatch(text):
        return text  # a cell object for it would take three times as long to write
    return _marked_text(target, text)


def _marked_text(target: Any, text: str) -> Any:
    cell = WriteOnlyCell(target, ILLEGAL.sub("", text)[:LONGEST_TEXT])
    cell.data_type = "s"  # openpyxl makes a formula of a leading =, and an error of #N/A
    if ESCAPE.match(text):
        cell.quotePrefix = True  # stays text when a user edits the cell
    return cell


def _decorate(target: Any, sheet: Sheet, start: str, rows: list[tuple[object, ...]], width: int) -> None:
    body = f"{start}:{get_column_letter(width)}{len(rows) + 1}"
    end = _scale_end(sheet.table) if sheet.colour_scale else 0.0
    if end > 0:
        target.conditional_formatting.add(body, _scale(end))
    if sheet.flags:
        for truth, fill in (("TRUE", PASSED), ("FALSE", FAILED)):
            target.conditional_formatting.add(body, CellIsRule(operator="equal", formula=[truth], fill=fill))
    if sheet.allowed:
        rule = DataValidation(type="list", formula1=_choices(sheet.allowed), allow_blank=True)
        rule.add(body)
        target.data_validations.append(rule)


def _scale_end(table: pd.DataFrame) -> float:
    values = np.abs(table.select_dtypes("number").to_numpy(dtype=float, na_value=np.nan))
    values = values[np.isfinite(values)]
    return float(np.quantile(values, SCALE_QUANTILE)) if values.size else 0.0


def _scale(end: float) -> Any:
    return ColorScaleRule(
        start_type="num",
        start_value=-end,
        start_color=NEGATIVE,
        mid_type="num",
        mid_value=0,
        mid_color=ZERO,
        end_type="num",
        end_value=end,
        end_color=POSITIVE,
    )


def _choices(allowed: Sequence[str]) -> str:
    text = ",".join(allowed)
    if len(text) > 255 or '"' in text or any("," in choice for choice in allowed):
        raise ValueError("a list of allowed values holds at most 255 characters, no comma and no quotation mark")
    return f'"{text}"'
