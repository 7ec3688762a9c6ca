"""Responses of several frequencies beside each other, each fitted on its own dates.

The rule: a response whose values stand on coarser dates than the rest, at most one a period and at a common
distance of weeks or months, forms a block with the responses of the same calendar. The factors of a block are
gathered over its periods, so that a quarterly return meets the factor returns of its whole quarter, not those
of the quarter's last month. Each block is a panel and a fit of its own: it has its own rows, means, clusters and
statistics, as in the reference, which labels clusters by frequency.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.calendars import Calendar, calendar_of, over_periods, own_calendars
from factorlasso_core.errors import DataError
from factorlasso_core.ingest import Note
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel

WORDS = {"compound": "compounded", "sum": "added up", "mean": "averaged"}
NAMED = 5


@dataclass(frozen=True, eq=False)
class Block:
    """Responses of one calendar with the factors over the same periods.

    Attributes:
        calendar: The dates of the block. panel: Its responses and factors, dated as the responses are.
        length: Periods of the finest block that one of this block spans, >= 1.
    """

    calendar: Calendar
    panel: Panel
    length: float = 1.0

    def spec(self, spec: FitSpec) -> FitSpec:
        """Return options that mean the same on these dates as the given ones do on those of the finest block.

        Variances grow with the length of a period, so λ, in squared units of the data, is multiplied by it and
        shrinks loadings alike; spans count rows and are divided by it, but stay above one row.
        """
        if self.length == 1:
            return spec
        span, clusters = spec.loss.span, spec.clustering.span
        return replace(
            spec,
            penalty=replace(spec.penalty, reg_lambda=spec.penalty.reg_lambda * self.length),
            loss=replace(spec.loss, span=_shorter(span, self.length)),
            clustering=replace(spec.clustering, span=_shorter(clusters, self.length)),
        )


@dataclass(frozen=True, eq=False)
class Mixed:
    """Blocks from the finest calendar to the coarsest, and notes of what was recognised and left out."""

    blocks: tuple[Block, ...]
    notes: tuple[Note, ...]


def by_frequency(
    responses: pd.DataFrame, factors: pd.DataFrame, *, how: str = "compound", complete: float = 0.8
) -> Mixed:
    """Split responses by the calendar of their values, and gather the factors over the periods of each.

    Args:
        responses, factors: Floats by date in order, each on its own dates: not joined, so that factors of months
            without a response are there to be gathered.
        how: How factors gather: ``"compound"`` for simple returns, ``"sum"`` for log returns and differences,
            ``"mean"`` for levels. complete: Share of the factor values expected in a period that must be there.

    Raises:
        DataError: A block has no period in common with the factors, or a factor cannot be compounded.

    Example:
        >>> dates = pd.date_range("2020-01-31", periods=24, freq="ME")
        >>> y = pd.DataFrame({"fund": 0.01, "private": 0.03}, dates)
        >>> y.loc[dates.month % 3 != 0, "private"] = np.nan
        >>> mixed = by_frequency(y, pd.DataFrame({"f": 0.01}, dates))
        >>> [(b.calendar.name, b.panel.shape, round(float(b.panel.x[0, 0]), 6)) for b in mixed.blocks]
        [('monthly', (24, 1, 1), 0.01), ('quarterly', (8, 1, 1), 0.030301)]
    """
    for what, table in (("responses", responses), ("factors", factors)):
        if not len(table) or not table.index.is_unique or not table.index.is_monotonic_increasing:
            raise DataError(f"The {what} need rows in order, no date twice: sort the table by date first.")
    own = own_calendars(responses.index, responses.notna().to_numpy())
    found = sorted(set(own), key=lambda one: (one.months, one))
    blocks, notes = [], []
    for one in found:
        block = responses.loc[:, [calendar == one for calendar in own]]
        panel = _panel(block, factors, one, how, complete)
        blocks.append(Block(one, panel, one.months / found[0].months))
        notes += _notes(block, panel, one, factors.index, how, several=len(found) > 1)
    return Mixed(tuple(blocks), tuple(notes))


def betas_by_response(loadings: Sequence[pd.DataFrame], order: pd.Index) -> pd.DataFrame:
    """Return the loadings of all blocks as one frame, responses in the given order by factors."""
    return pd.concat(loadings).reindex(order)


def _shorter(span: float | None, length: float) -> float | None:
    return None if span is None else max(span / length, 1.0 + 1e-9)


def _panel(block: pd.DataFrame, factors: pd.DataFrame, calendar: Calendar, how: str, complete: float) -> Panel:
    """The panel of a block on the periods both sides know, dated at the last value of the responses in each."""
    if calendar.unit == "row":
        common = block.index.intersection(factors.index)
        _check_common(len(common), block, factors, calendar)
        return Panel.from_frames(factors.loc[common], block.loc[common])
    numbers, dates, y = _on_own_dates(block, calendar)
    others, x = over_periods(factors.to_numpy(dtype=float), factors.index, calendar, how, complete)
    _, ours, theirs = np.intersect1d(numbers, others, assume_unique=True, return_indices=True)
    _check_common(len(ours), block, factors, calendar)
    index = dates[ours]
    return Panel.from_frames(
        pd.DataFrame(x[theirs], index, factors.columns), pd.DataFrame(y[ours], index, block.columns)
    )


def _on_own_dates(block: pd.DataFrame, calendar: Calendar) -> tuple[Array, pd.DatetimeIndex, Array]:
    """Numbers of the periods with a value (B,), date of the last one in each, and the values (B, K)."""
    values = block.to_numpy(dtype=float)
    rows = np.flatnonzero((~np.isnan(values)).any(axis=1))
    values, dates = values[rows], pd.DatetimeIndex(block.index[rows])
    numbers, starts = np.unique(calendar.periods(dates), return_index=True)
    gathered = np.fmax.reduceat(values, starts, axis=0)  # at most one value a period
    return numbers, dates[np.append(starts[1:], len(dates)) - 1], gathered


def _check_common(count: int, block: pd.DataFrame, factors: pd.DataFrame, calendar: Calendar) -> None:
    if not count:
        raise DataError(
            f"The {calendar.name} responses ({block.index[0]:%Y-%m-%d} to {block.index[-1]:%Y-%m-%d}) and the factors "
            f"({factors.index[0]:%Y-%m-%d} to {factors.index[-1]:%Y-%m-%d}) have no period in common: "
            "load files of the same dates."
        )


def _notes(
    block: pd.DataFrame, panel: Panel, calendar: Calendar, index: pd.Index, how: str, *, several: bool
) -> list[Note]:
    notes, rows = [], panel.shape[0]
    finer = calendar.unit != "row" and calendar_of(index).months < calendar.months
    if several or finer:
        names = ", ".join(map(str, block.columns[:NAMED])) + ("…" if block.shape[1] > NAMED else "")
        message = f"{block.shape[1]} responses are {calendar.name} and fitted on their own {rows} dates: {names}."
        notes.append(Note("own_dates", message, "responses", block.shape[1]))
    if finer:
        message = f"Factors are {WORDS[how]} over the periods of the {calendar.name} responses."
        notes.append(Note("factors_gathered", message, "factors", rows))
    empty = int(np.isnan(panel.x).all(axis=1).sum())
    if empty:
        message = f"Periods of the {calendar.name} responses in which no factor is complete do not count."
        notes.append(Note("factors_incomplete", message, "factors", empty))
    return notes
