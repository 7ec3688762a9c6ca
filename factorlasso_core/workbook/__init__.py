"""A fit as an Excel workbook, and beliefs as files that can be read back."""

from factorlasso_core.workbook.beliefs import prior_table, signs_table
from factorlasso_core.workbook.build import build_workbook, workbook_name

__all__ = ["build_workbook", "prior_table", "signs_table", "workbook_name"]
