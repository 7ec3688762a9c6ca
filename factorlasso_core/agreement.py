"""How far fitted loadings and clusters agree with known ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.errors import DataError
from factorlasso_core.result import Fit


def aligned_truth(fit: Fit, truth: pd.DataFrame) -> Array:
    """Return known loadings in the order of the fit, (N, M).

    Raises:
        DataError: A response or factor of the fit has no entry.
    """
    for what, need, have in (
        ("response", fit.panel.responses, truth.index),
        ("factor", fit.panel.factors, truth.columns),
    ):
        missing = need.difference(have, sort=False)
        if len(missing):
            raise DataError(
                f"The known loadings have no entry for the {what} {missing[0]!r}: "
                "compare a fit with the truth of the data it was fitted to."
            )
    return truth.loc[fit.panel.responses, fit.panel.factors].to_numpy(dtype=float)


def recovery(fit: Fit, truth: pd.DataFrame) -> dict[str, float]:
    """Compare fitted loadings with known ones, over all cells whose loading is a number.

    Args:
        fit: The fit.
        truth: Known loadings by label, exact zeros where there is none.

    Returns:
        ``precision``: share of the fitted non-zeros that are truly non-zero. ``recall``: share of the
        true non-zeros that are fitted non-zero. ``sign_accuracy``: among cells non-zero in both, share
        with the same sign. ``rmse``: root mean squared error, in units of loadings. NaN where there is
        nothing to take a share of.
    """
    known, fitted = aligned_truth(fit, truth), fit.beta
    use = np.isfinite(fitted) & np.isfinite(known)
    known, fitted = known[use], fitted[use]
    true, found = known != 0, fitted != 0
    both = true & found
    return {
        "precision": _share(both, found),
        "recall": _share(both, true),
        "sign_accuracy": _share(both & (np.sign(known) == np.sign(fitted)), both),
        "rmse": float(np.sqrt(((fitted - known) ** 2).mean())) if len(known) else float("nan"),
    }


def _share(part: Array, whole: Array) -> float:
    return float(part.sum() / whole.sum()) if whole.any() else float("nan")


def adjusted_rand(a: Iterable[object], b: Iterable[object]) -> float:
    """Return the adjusted Rand index of two labellings of the same items.

    1 for the same partition, about 0 for unrelated ones (Hubert and Arabie, 1985).

    >>> adjusted_rand([1, 1, 2, 2], ["x", "x", "y", "y"])
    1.0
    """
    first, second = (pd.factorize(np.fromiter(labels, dtype=object))[0] for labels in (a, b))
    if len(first) != len(second):
        raise DataError(f"The labellings have {len(first)} and {len(second)} items: compare the same items.")
    table = np.zeros((first.max(initial=-1) + 1, second.max(initial=-1) + 1))
    np.add.at(table, (first, second), 1.0)
    together, rows, columns = (_pairs(counts) for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    pairs = _pairs(np.array([len(first)]))
    expected = rows * columns / pairs if pairs else 0.0
    largest = 0.5 * (rows + columns)
    return 1.0 if largest == expected else float((together - expected) / (largest - expected))


def _pairs(counts: Array) -> float:
    """Number of pairs within the groups."""
    return float((counts * (counts - 1.0) / 2.0).sum())
