"""Tables to XLSX and CSV bytes that no spreadsheet program executes, and that read back exactly."""

from typing import TYPE_CHECKING, Any

from factorlasso_core.xlsx.plain import escape_label, to_csv_safe, unescape_label

if TYPE_CHECKING:
    from factorlasso_core.xlsx.book import write_xlsx
    from factorlasso_core.xlsx.sheet import Sheet

__all__ = ["Sheet", "escape_label", "to_csv_safe", "unescape_label", "write_xlsx"]


def __getattr__(name: str) -> Any:
    """Import the writers of workbooks when they are first used: openpyxl is slow to import."""
    if name not in ("Sheet", "write_xlsx"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from factorlasso_core.xlsx import book

    return getattr(book, name)
