"""Tables to XLSX and CSV bytes that no spreadsheet program executes, and that read back exactly."""

from factorlasso_core.xlsx.book import write_xlsx
from factorlasso_core.xlsx.plain import escape_label, to_csv_safe, unescape_label
from factorlasso_core.xlsx.sheet import Sheet

__all__ = ["Sheet", "escape_label", "to_csv_safe", "unescape_label", "write_xlsx"]
