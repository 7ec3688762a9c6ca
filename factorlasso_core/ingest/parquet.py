"""Parquet, read by pyarrow after a look at its schema and sizes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from factorlasso_core.errors import InputError
from factorlasso_core.ingest.base import Found, Note, Place, Raw, Row
from factorlasso_core.ingest.settings import ReadLimits, ReadOptions

BATCH = 1_024
CURE = "Write it again with one column of dates or labels, and the other columns as numbers."
UNNAMED_INDEX = "__index_level_"
DAMAGE = (pa.ArrowException, OSError, ValueError, TypeError, LookupError)


def parquet_rows(data: bytes, place: Place, kind: str, options: ReadOptions) -> Raw:
    """Return the names, with the key column first, and the rows of a Parquet file; rows count from 1."""
    limits = options.limits
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        schema: Any = file.schema_arrow
        _check_sizes(file.metadata, place, limits, _is_long(schema, kind, options))
        _check_names(schema.names, place)
        key = _key_column(schema, place)
    except InputError:
        raise
    except DAMAGE as error:
        raise _damaged(place) from error
    names = [key, *(name for name in schema.names if name != key)]
    _check_types(schema, names, kind, place, long=_is_long(schema, kind, options))
    header = ["" if key.startswith(UNNAMED_INDEX) else key, *names[1:]]
    rows = chain([(0, header)], _rows(file, names, place))
    return Raw(place, rows, Found("parquet"), _other_names(schema, place))


def _is_long(schema: Any, kind: str, options: ReadOptions) -> bool:
    """Return whether columns of text are expected among the numbers."""
    return options.layout == "long" or kind == "characteristics" or len(schema.names) == 3


def _damaged(place: Place) -> InputError:
    return place.fault("the Parquet file is damaged or incomplete", cure=CURE, code="damaged")


def _check_sizes(meta: Any, place: Place, limits: ReadLimits, long: bool) -> None:
    rows = limits.long_rows if long else limits.rows
    unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    too_long = meta.num_rows > rows or meta.num_rows * meta.num_columns > limits.cells
    if too_long or meta.num_columns > limits.columns or unpacked > limits.unpacked_bytes:
        raise place.fault(
            f"the table has {meta.num_rows:,} rows and {meta.num_columns:,} columns; at most "
            f"{rows:,} rows, {limits.columns:,} columns and {limits.cells:,} cells can be read",
            code="too_many_rows",
        )


def _check_names(names: Sequence[str], place: Place) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count == 0:
        raise place.fault("there are no columns", cure=CURE, code="no_columns")
    if count > 1:
        cure = "Give every column its own name."
        raise place.fault(f"{count} columns have this name", cure=cure, column=name, code="duplicate_column")


def _key_column(schema: Any, place: Place) -> str:
    """Return the column pandas wrote its index to, or the first one."""
    stored = _described(schema).get("index_columns", ())
    index = [name for name in stored if isinstance(name, str)]
    if len(index) > 1:
        raise place.fault(f"the index has {len(index)} levels", cure=CURE, code="multi_index")
    return index[0] if index and index[0] in schema.names else schema.names[0]


def _described(schema: Any) -> dict[str, Any]:
    """Return what pandas wrote about the table, if it did."""
    described = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    return described if isinstance(described, dict) else {}


def _other_names(schema: Any, place: Place) -> tuple[Note, ...]:
    """Return a note if names are not those pandas wrote down beside the table: no checksum guards them."""
    columns = _described(schema).get("columns", ())
    known = {column.get("field_name") for column in columns if isinstance(column, dict)}
    other = [name for name in schema.names if known and name not in known]
    if not other:
        return ()
    message = "Names of columns are not those that pandas wrote down in the file."
    return (Note("other_names", message, place.spread(other), len(other)),)


def _check_types(schema: Any, names: Sequence[str], kind: str, place: Place, *, long: bool) -> None:
    text_body, number_body = kind in ("signs", "groups") or long, kind != "groups"
    for position, name in enumerate(names):
        found = schema.field(name).type
        if position == 0:
            fits = _is_key(found)
        else:
            fits = (text_body and _is_text(found)) or (number_body and _is_number(found)) or (long and _is_key(found))
        if not fits:
            raise place.fault(
                f"the column is of type {found}, which cannot be read here",
                cure=CURE,
                column=name,
                code="column_type",
            )


def _is_key(found: Any) -> bool:
    return bool(_is_text(found) or types.is_integer(found) or types.is_date(found) or types.is_timestamp(found))


def _is_text(found: Any) -> bool:
    if types.is_dictionary(found):
        found = found.value_type
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))


def _is_number(found: Any) -> bool:
    return bool(types.is_floating(found) or types.is_integer(found) or types.is_null(found))


def _rows(file: Any, names: Sequence[str], place: Place) -> Iterator[Row]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH, columns=list(names)):
            columns = [batch.column(name).to_pylist() for name in names]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, cells
    except DAMAGE as error:
        raise _damaged(place) from error
