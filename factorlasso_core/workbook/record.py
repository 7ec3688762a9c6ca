"""What happened to the data before a fit, as sheets: notes, adjustments, quality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from factorlasso_core.adjust import AdjustOptions
from factorlasso_core.ingest import Note
from factorlasso_core.options.base import Options
from factorlasso_core.quality import QualityReport
from factorlasso_core.workbook.record_words import COLUMNS, MOST_ROWS, OPTIONS
from factorlasso_core.xlsx import Sheet

SHARE, NUMBER, Z = "0.0%", "0.000000", "0.0"
FORMATS = {"coverage": SHARE, "median": NUMBER, "spread": NUMBER, "largest_z": Z, "z": Z, "vif": "0.00",
           "correlation": "0.000000"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class DataRecord:
    """What happened to the data between the files and the fit.

    Attributes:
        notes: Of readers, of the join and of the adjustments, in order.
        adjustments: The options of :func:`factorlasso_core.adjust.adjust`; None where nothing was offered.
        changed: The outliers that were treated, as ``Adjusted.changed``.
        quality: The report on the panel that was fitted.
    """

    notes: tuple[Note, ...] = ()
    adjustments: AdjustOptions | None = None
    changed: pd.DataFrame | None = None
    quality: QualityReport | None = None


def notes_table(notes: Sequence[Note]) -> pd.DataFrame:
    """Return one row per note: code, place, count (blank where counting says nothing) and what was done.

    >>> notes_table([Note("sorted", "Rows were sorted.", "a.csv", 3)])["count"].tolist()
    [3]
    """
    rows = [(note.code, note.place, note.count or None, note.message) for note in notes]
    return pd.DataFrame(rows, columns=list(COLUMNS["notes"]), dtype=object)


def adjustment_table(options: AdjustOptions) -> pd.DataFrame:
    """Return every adjustment with its default; the last two rows hold all of them as JSON, and the digest.

    >>> adjustment_table(AdjustOptions(outliers="drop")).set_index("name")["value"]["outliers"]
    'drop'
    """
    defaults = dict(_flat(AdjustOptions()))
    rows = [
        (name, _shown(value), OPTIONS[name].unit, _shown(defaults[name]), OPTIONS[name].meaning)
        for name, value in _flat(options)
    ]
    rows += [
        ("json", options.to_json(), "", None, "all of them, floats as float.hex"),
        ("digest", options.digest(), "", None, "identifies these adjustments"),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["adjustments"]), dtype=object)


def _flat(options: Options, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name in type(options).defaults():
        value = getattr(options, name)
        if isinstance(value, Options):
            yield from _flat(value, f"{name}.")
        else:
            yield prefix + name, value


def _shown(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else value if isinstance(value, str | float) else str(value)


def record_sheets(record: DataRecord) -> list[Sheet]:
    """Return the sheets there is something for: notes, adjustments, treated outliers, and those on quality."""
    sheets = []
    if record.notes:
        sheets.append(_plain("notes", notes_table(record.notes)))
    if record.adjustments is not None:
        sheets.append(_plain("adjustments", adjustment_table(record.adjustments)))
    if record.changed is not None and len(record.changed):
        sheets.append(_plain("outliers_treated", record.changed))
    if record.quality is not None:
        sheets += _quality(record.quality)
    return sheets


def _quality(report: QualityReport) -> Iterator[Sheet]:
    """The report on the data, without the tables that would be empty."""
    yield Sheet("quality", report.series, number_format=FORMATS, autofilter=True)
    yield Sheet("coverage", coverage_table(report), number_format=SHARE, freeze="D2")
    tables = {"outliers": report.outliers, "stale_runs": report.stale, "duplicates": report.twins,
              "repeated_rows": pd.DataFrame({"row": report.repeated})}  # fmt: skip
    for title, table in tables.items():
        if len(table):
            yield _plain(title, table)
    yield Sheet("factor_quality", factor_table(report), number_format="0.00", freeze="B2")


def coverage_table(report: QualityReport) -> pd.DataFrame:
    """Return the share of the expected values by series and period, with role and calendar."""
    share = pd.DataFrame(report.coverage.share, report.series.index, list(report.coverage.labels))
    return pd.concat([report.series[["role", "calendar"]], share], axis=1)


def factor_table(report: QualityReport) -> pd.DataFrame:
    """Return the variance inflation of every factor and its correlation with each; the index names factors."""
    condition = report.factors
    matrix = condition.correlation.rename_axis(index="factor", columns=None)
    return pd.concat([condition.inflation.rename_axis("factor"), matrix], axis=1)


def _plain(title: str, table: pd.DataFrame) -> Sheet:
    """A table with its first rows, should there be more than a sheet is for."""
    return Sheet(title, table.head(MOST_ROWS), index=False, number_format=FORMATS, freeze="A2", autofilter=True)
