"""Files to tables: bounded, typed, and never silent about what was changed.

``read_table`` takes the bytes of a CSV, XLSX or Parquet file, ``read_workbook`` a workbook that holds
everything; ``join_panel`` puts responses and factors on the same dates. They return notes, and raise
nothing but ``InputError``.
"""

from factorlasso_core.ingest.base import Found, Loaded, Note
from factorlasso_core.ingest.join import join_panel
from factorlasso_core.ingest.reader import KINDS, preview, read_table, read_workbook
from factorlasso_core.ingest.settings import ReadLimits, ReadOptions

__all__ = [
    "KINDS",
    "Found",
    "Loaded",
    "Note",
    "ReadLimits",
    "ReadOptions",
    "join_panel",
    "preview",
    "read_table",
    "read_workbook",
]
