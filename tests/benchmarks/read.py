"""How long a panel of 2,000 dates and 500 series takes to read: ``python -m tests.benchmarks.read``.

The numbers have all their digits (CSV: 21 MB), the workbook is read with defusedxml, and every figure is the
best of a few runs, so that a busy machine does not speak. Ends with an error if a bar is missed.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from factorlasso_core.ingest import read_table
from factorlasso_core.xlsx import Sheet, to_csv_safe, write_xlsx

ROWS, COLUMNS = 2_000, 500
BARS = {"csv": 0.5, "csv with holes": 0.5, "long csv": 5.0, "parquet": 1.0, "xlsx": 12.0}  # seconds
RUNS = {"csv": 5, "csv with holes": 5, "long csv": 1, "parquet": 3, "xlsx": 1}


def panel() -> pd.DataFrame:
    """Return daily returns of full precision."""
    values = np.random.default_rng(0).normal(0.0, 0.02, (ROWS, COLUMNS))
    days = pd.bdate_range("2010-01-01", periods=ROWS, name="date")
    return pd.DataFrame(values, index=days, columns=[f"A{at}" for at in range(COLUMNS)])


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def long_csv(frame: pd.DataFrame) -> bytes:
    long = frame.melt(ignore_index=False, var_name="name", value_name="value")
    return long.to_csv().encode()


def files() -> dict[str, Callable[[], bytes]]:
    """Return what makes each file."""
    frame = panel()
    ragged = frame.mask(np.arange(ROWS)[:, None] < 3 * np.arange(COLUMNS)[None, :])
    return {
        "csv": lambda: to_csv_safe(frame),
        "csv with holes": lambda: to_csv_safe(ragged),
        "long csv": lambda: long_csv(frame),
        "parquet": lambda: parquet(frame),
        "xlsx": lambda: write_xlsx([Sheet("returns", frame)]),
    }


def seconds(data: bytes, runs: int) -> float:
    """Return the best time of a few runs."""
    best = np.inf
    for _ in range(runs):
        start = time.perf_counter()
        read_table(data, kind="responses")
        best = min(best, time.perf_counter() - start)
    return float(best)


def main() -> int:
    """Print the figures; return the number of missed bars."""
    missed = 0
    for name, make in files().items():
        data = make()
        took = seconds(data, RUNS[name])
        missed += took > BARS[name]
        print(f"{name:15} {len(data) / 1e6:6.1f} MB  {took:6.2f} s  (bar {BARS[name]:g} s)")
    return missed


if __name__ == "__main__":
    sys.exit(main())
