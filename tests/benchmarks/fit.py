"""How fast a fit is, ours, the reference and scikit-learn in one process: ``python -m tests.benchmarks.fit``.

One BLAS thread for everybody, turns in alternation, medians. What *warm*, *cold* and the bars mean stands in
``table.READING`` and ``rows``; the sides and what their time includes in ``sides``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import table
from tests.benchmarks.results import Result, Row
from tests.benchmarks.rows import FULL, QUICK, all_rows
from tests.benchmarks.timing import machine, one_thread, threads


def measure(rows: Sequence[Row]) -> list[Result]:
    """Measure row after row and print each as it is found."""
    print(table.line(table.HEADER), flush=True)
    results = []
    for row in rows:
        results.append(Result(row, row.measure()))
        print(table.line(table.cells(results[-1])), flush=True)
    return results


def save(path: Path, results: Sequence[Result], where: dict[str, Any], quick: bool) -> None:
    """Write everything for machines."""
    found = {"quick": quick, "machine": where, "threads": threads()}
    text = json.dumps({**found, "rows": [table.record(result) for result in results]}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write what was asked for."""
    options = _options(arguments)
    rows = [row for row in all_rows(QUICK if options.quick else FULL) if options.only in f"{row.work} {row.against}"]
    if not rows:
        raise SystemExit(f"No row contains {options.only!r}.")
    where = machine()
    with one_thread():
        results = measure(rows)
        caption = table.caption(where, max(threads().values()), options.quick)
        print("", *table.notes(results), caption, sep="\n")
        if options.json:
            save(options.json, results, where, options.quick)
        if options.markdown:
            options.markdown.write_text(table.markdown(results, caption) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fit", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller panels and fewer runs, done in a minute")
    parser.add_argument("--only", default="", metavar="TEXT", help="only rows whose work or against contains this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single value here")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table for a page here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
