"""The stops of the λ slider: a log grid relative to a scale that depends on the data alone."""

from __future__ import annotations

import numpy as np

STEPS_PER_DECADE = 20
LOWEST, HIGHEST = -100, 20  # five decades below the scale, one above
ZERO = LOWEST - 1  # the first stop is λ = 0
STOPS = tuple(range(ZERO, HIGHEST + 1))


def at_stop(stop: int, scale: float) -> float:
    """λ at a stop, rounded to four significant digits so that a link carries a short number."""
    return 0.0 if stop == ZERO else float(f"{scale * 10 ** (stop / STEPS_PER_DECADE):.3e}")


def nearest_stop(value: float, scale: float) -> int:
    """The stop nearest to λ on the log scale, clipped to the ends."""
    if value <= 0 or scale <= 0:
        return ZERO
    return int(np.clip(round(STEPS_PER_DECADE * (np.log10(value) - np.log10(scale))), LOWEST, HIGHEST))


def off_grid(value: float, scale: float) -> bool:
    """Whether a positive λ lies beyond the ends of the slider."""
    return value > 0 and scale > 0 and not at_stop(LOWEST, scale) <= value <= at_stop(HIGHEST, scale)
