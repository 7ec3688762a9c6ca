"""A fit as an Excel workbook, and beliefs as files that can be read back."""

from factorlasso_core.workbook.beliefs import beliefs_csv, groups_table, prior_table, signs_table
from factorlasso_core.workbook.build import build_workbook, workbook_name

__all__ = ["beliefs_csv", "build_workbook", "groups_table", "prior_table", "signs_table", "workbook_name"]
