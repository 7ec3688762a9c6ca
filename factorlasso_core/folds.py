"""Time-ordered folds: what a model that knows only the past is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.options.base import Options, check, check_choice, check_whole

SCHEMES = ("expanding", "rolling")


@dataclass(frozen=True)
class Fold:
    """Row positions of the training and the test window of one fold."""

    train: range
    test: range


@dataclass(frozen=True)
class FoldOptions(Options):
    """How the rows are divided into training and test windows.

    With T rows and ``h = T // (n_splits + 1)``, fold i (from 0) is tested on the h rows from ``h (i + 1)``.
    What the division leaves over, at the end, is never tested.

    Attributes:
        scheme: ``"expanding"`` trains on every row before the test window, ``"rolling"`` on the last of them.
        n_splits: Number of folds. gap: Rows left out between the windows, so that returns over several
            rows that reach into the test window are not trained on.
        window: Most rows a rolling window trains on; None: as many as the first fold has.

    >>> [(len(fold.train), fold.test) for fold in FoldOptions("rolling", 2, gap=1, window=3).split(12)]
    [(3, range(4, 8)), (3, range(8, 12))]
    """

    scheme: str = "expanding"
    n_splits: int = 5
    gap: int = 0
    window: int | None = None

    def __post_init__(self) -> None:
        check_choice("scheme", self.scheme, SCHEMES)
        check_splits(self.n_splits)
        check("gap", self.gap, self.gap is not None, "an integer >= 0")
        check_whole("gap", self.gap, 0)
        check_whole("window", self.window, 1)
        expanding = self.scheme == "expanding"
        check("window", self.window, self.window is None or not expanding, "None when scheme is 'expanding'")
        self.coerce(int, "n_splits", "gap", "window")

    def split(self, rows: int) -> tuple[Fold, ...]:
        """Return the folds of so many rows, oldest first.

        Raises:
            DataError: Fewer than ``n_splits + 1`` rows, or none to train on before the first gap.
        """
        size = rows // (self.n_splits + 1)
        if size < 1:
            least = self.n_splits + 1
            raise DataError(f"n_splits={self.n_splits} needs at least {least} rows, not {rows}: use fewer folds.")
        if size <= self.gap:
            raise DataError(
                f"gap={self.gap} leaves no row to train on before the first test window, which begins at row "
                f"{size + 1}: use fewer folds or a smaller gap."
            )
        return tuple(self._fold(size, size * (fold + 1)) for fold in range(self.n_splits))

    def _fold(self, size: int, start: int) -> Fold:
        """The fold whose test window of ``size`` rows begins at ``start``."""
        end = start - self.gap
        length = end if self.scheme == "expanding" else self.window or size - self.gap
        return Fold(range(max(0, end - length), end), range(start, start + size))


def expanding_window_splits(n_samples: int, n_splits: int) -> Iterator[tuple[Array, Array]]:
    """Yield row positions of training and test windows, oldest first, as arrays.

    The folds are those of :class:`FoldOptions` without a gap.

    Raises:
        TypeError: An argument is not a whole number. OptionError: ``n_splits`` is below 1.
        DataError: Fewer than ``n_splits + 1`` rows.

    >>> [(len(train), test.tolist()) for train, test in expanding_window_splits(7, 2)]
    [(2, [2, 3]), (4, [4, 5])]
    """
    _require_whole("n_samples", n_samples)
    folds = FoldOptions(n_splits=n_splits).split(n_samples)
    return ((np.asarray(fold.train), np.asarray(fold.test)) for fold in folds)


def check_splits(n_splits: int) -> None:
    """Raise unless the number of folds is a whole number of at least 1."""
    _require_whole("n_splits", n_splits)
    if n_splits < 1:
        raise OptionError("n_splits", n_splits, "at least 1")


def _require_whole(name: str, value: object) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is not a whole number.")
