"""A fit as an Excel workbook, and beliefs as files that can be read back."""

from factorlasso_core.workbook.beliefs import prior_table, signs_table
from factorlasso_core.workbook.build import build_workbook, workbook_name
from factorlasso_core.workbook.record import DataRecord, adjustment_table, notes_table

__all__ = [
    "DataRecord",
    "adjustment_table",
    "build_workbook",
    "notes_table",
    "prior_table",
    "signs_table",
    "workbook_name",
]
