"""Messages to the browser: a JSON header and typed arrays in one block of bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array

KINDS = {np.dtype(kind): kind for kind in ("f4", "f8", "i4", "i2", "i1", "u1")}
ALIGNMENT = 8


def pack(header: dict[str, Any], arrays: dict[str, Array]) -> bytes:
    """Return ``length of the header | header | arrays``, every array at a multiple of eight bytes.

    The header says of each array, under ``"arrays"``, its kind, its place after the header, and its length.

    Args:
        arrays: Little-endian arrays of the kinds f4, f8, i4, i2, i1 and u1, sent row by row.
    """
    places, parts, at = {}, [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        places[name] = [KINDS[array.dtype], at, array.size]
        parts.append(_padded(content))
        at += len(parts[-1])
    text = json.dumps(header | {"arrays": places}, allow_nan=False).encode()
    return b"".join([_padded(len(text).to_bytes(4, "little") + text), *parts])


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return header and arrays of a message, as the browser reads them."""
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    start = -(-(4 + length) // ALIGNMENT) * ALIGNMENT
    arrays = {
        name: np.frombuffer(content, kind, size, start + at) for name, (kind, at, size) in header["arrays"].items()
    }
    return header, arrays


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % ALIGNMENT)
