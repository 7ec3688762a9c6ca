"""The array type of the package, and how arrays are shared."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def frozen(values: Array) -> Array:
    """Return the array marked read-only, so that one object can be shared without copies."""
    values.flags.writeable = False
    return values
