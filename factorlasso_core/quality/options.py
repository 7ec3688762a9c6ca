"""From where on the quality report speaks."""

from __future__ import annotations

from dataclasses import dataclass

from factorlasso_core.options.base import Options, check, check_whole, is_real


@dataclass(frozen=True)
class QualityOptions(Options):
    """From where on something is reported.

    Attributes:
        outlier_z: Robust z-score, > 0. stale_run: Equal values in a row, >= 2.
        twin: Absolute correlation of two series that are as good as one, in [0.95, 1).
        periods: Periods of the coverage map at most, >= 1.
    """

    outlier_z: float = 7.0
    stale_run: int = 3
    twin: float = 0.9999
    periods: int = 60

    def __post_init__(self) -> None:
        check("outlier_z", self.outlier_z, is_real(self.outlier_z) and self.outlier_z > 0, "a number > 0")
        check("twin", self.twin, is_real(self.twin) and 0.95 <= self.twin < 1, "in [0.95, 1)")
        for name, least in (("stale_run", 2), ("periods", 1)):
            check(name, getattr(self, name), getattr(self, name) is not None, f"an integer >= {least}")
            check_whole(name, getattr(self, name), least)
        self.coerce(float, "outlier_z", "twin")
        self.coerce(int, "stale_run", "periods")
