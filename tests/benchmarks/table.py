"""The table in words: one line a row, for a terminal, for a page, for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tests.benchmarks.results import Result

HEADER = ("work", "against", "ours", "theirs", "ratio", "bar", "holds", "gap of ours")
WIDTHS = (64, 42, 11, 11, 9, 16, 5, 11)
READING = (
    "Medians; *at least*: theirs / ours, *at most*: ours / theirs. "
    "Warm: everything but the solve is in the cache, λ is new. Cold: from the two DataFrames, nothing cached. "
    "scikit-learn gets our demeaned arrays and their Gram matrix; its time is X'Y and the descent. "
    "The gap is the largest relative duality gap over responses and runs; a row with more than 1e-9 does not hold."
)
SMALLER = "Quick: smaller panels and fewer runs, whose ratios are not those the bars are set for. "


def cells(result: Result) -> tuple[str, ...]:
    """What stands in each column."""
    row, found, ratio = result.row, result.found, result.ratio
    return (
        row.work,
        row.against,
        *(_amount(value, found.unit) for value in found.medians),
        "" if ratio is None else f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.3g}x",
        str(row.bar or ""),
        "yes" if result.holds else "NO",
        "" if found.gap is None else f"{found.gap:.0e}",
    )


def _amount(value: float | None, unit: str) -> str:
    """Three figures and the unit; nothing for nothing."""
    if value is None:
        return ""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def line(texts: Sequence[str]) -> str:
    """One line for a terminal: words to the left, figures to the right."""
    words = [text.ljust(width) for text, width in zip(texts[:2], WIDTHS[:2], strict=True)]
    return " ".join(words + [text.rjust(width) for text, width in zip(texts[2:], WIDTHS[2:], strict=True)]).rstrip()


def markdown(results: Sequence[Result], caption: str) -> str:
    """The table for a page, with notes under it."""
    align = ["---", "---"] + ["---:"] * (len(HEADER) - 2)
    lines = [f"| {' | '.join(texts)} |" for texts in (HEADER, align, *map(cells, results))]
    return "\n".join([caption, "", *lines, *(["", *notes(results)] if notes(results) else [])])


def notes(results: Sequence[Result]) -> list[str]:
    """What the columns have no place for."""
    return [f"{result.row.work}: {result.found.note}" for result in results if result.found.note]


def caption(machine: dict[str, Any], threads: int, quick: bool) -> str:
    """Where, on what and how it was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    where = f"{machine['processor']}, {machine['cores']} cores, load before {machine['load']}; BLAS threads {threads}"
    return f"{where}; Python {machine['python']}, {versions}. {SMALLER if quick else ''}{READING}"


def record(result: Result) -> dict[str, Any]:
    """A row for machines, with every single value."""
    row, (ours, theirs) = result.row, result.found.medians
    bar = None if row.bar is None else {"limit": row.bar.limit, "direction": "at most" if row.bar.most else "at least"}
    medians = {"median_ours": ours, "median_theirs": theirs, "ratio": result.ratio, "bar": bar, "holds": result.holds}
    return {"work": row.work, "against": row.against, **medians, **asdict(result.found)}
