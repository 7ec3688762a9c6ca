"""Files to tables: bounded, typed, and never silent about what was changed.

``read_table`` takes the bytes of a CSV, XLSX or Parquet file; ``join_panel`` puts responses and factors
on the same dates. Both return notes, and raise nothing but ``InputError``.
"""

from factorlasso_core.ingest.base import Loaded, Note, ReadLimits
from factorlasso_core.ingest.join import join_panel
from factorlasso_core.ingest.reader import read_table

__all__ = ["Loaded", "Note", "ReadLimits", "join_panel", "read_table"]
