"""Content digests: the same content has the same digest, whatever it was read from.

Everything is hashed whole (no sampling), with blake2b, and every part carries its length, so that
two different sequences of parts cannot run together into the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, blocks

SIZE = 16  # bytes: 128 bits, 32 hexadecimal characters


def digest(*parts: bytes | str | Array) -> str:
    """Return the hexadecimal blake2b digest of length-prefixed parts.

    An array counts as its :func:`array_bytes`, which are never held all at once.

    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    state = hashlib.blake2b(digest_size=SIZE)
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update((len(_shape(part)) + 8 * part.size).to_bytes(8, "little"))
            for chunk in _canonical(part):
                state.update(chunk)
        else:
            raw = part.encode() if isinstance(part, str) else part
            state.update(len(raw).to_bytes(8, "little"))
            state.update(raw)
    return state.hexdigest()


def array_bytes(values: Array) -> bytes:
    """Return little-endian float64 bytes with one NaN and one zero, preceded by the shape."""
    return b"".join(_canonical(values))


def _shape(values: Array) -> bytes:
    return repr(values.shape).encode()


def _canonical(values: Array) -> Iterator[bytes | memoryview]:
    """The pieces of :func:`array_bytes`."""
    yield _shape(values)
    flat = values.reshape(-1)
    for part in blocks(flat.size, 1):
        chunk = flat[part].astype("<f8")
        missing = np.isnan(chunk)
        if missing.any():
            chunk[missing] = np.nan
        chunk += 0.0  # -0.0 + 0.0 is +0.0
        yield chunk.data


def label_bytes(labels: Iterable[object]) -> bytes:
    """Return length-prefixed UTF-8 of each label."""
    encoded = (str(label).encode() for label in labels)
    return b"".join(len(raw).to_bytes(4, "little") + raw for raw in encoded)


def canonical_json(value: Any) -> str:
    """Return JSON that is the same for the same options: sorted keys, ``float.hex``, enums by name.

    >>> canonical_json({"b": 0.5, "a": None})
    '{"a":null,"b":"0x1.0000000000000p-1"}'
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return (float(value) + 0.0).hex()
    if isinstance(value, np.integer):
        return int(value)
    return value
