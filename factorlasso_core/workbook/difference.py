"""What differs between two fits, as a table with one row for every thing that does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.contrast import Contrast, contrast
from factorlasso_core.result import Fit
from factorlasso_core.workbook.tables import parameters
from factorlasso_core.workbook.words import COLUMNS

Row = tuple[str, object, object, object, object, object]


def difference(fit: Fit, base: Fit) -> pd.DataFrame:
    """Return parameters, beliefs, clusters and loadings that differ from those of a base, in this order.

    Args:
        fit, base: Of the same responses and factors in the same order; the rows may differ.

    Raises:
        DataError: Responses or factors differ.

    Example:
        >>> from factorlasso_core import FitSpec, Panel, PenaltyOptions
        >>> from factorlasso_core import fit as fit_panel
        >>> x = pd.DataFrame({"f": [1.0, 2.0, 0.0, 1.0, 3.0, 2.0]})
        >>> panel = Panel.from_frames(x, 2 * x.set_axis(["r"], axis=1))
        >>> low, high = (fit_panel(panel, spec=FitSpec(penalty=PenaltyOptions(lam))) for lam in (0.1, 0.2))
        >>> difference(high, low).loc[0, ["name", "before", "now"]].tolist()
        ['reg_lambda', 0.1, 0.2]
    """
    found = contrast(fit, base)
    rows = [*_parameters(fit, base), *_beliefs(found, fit, base), *_clusters(found, fit, base)]
    rows += _cells("loading", fit.beta, base.beta, fit)
    return pd.DataFrame(rows, columns=list(COLUMNS["difference"]), dtype=object)


def _parameters(fit: Fit, base: Fit) -> Iterator[Row]:
    """Options and facts of the sample that differ, and the digests that name both fits."""
    now, then = (dict(zip(table["name"], table["value"], strict=True)) for table in map(parameters, (fit, base)))
    for name in [*now, *(name for name in then if name not in now)]:
        if name != "json" and now.get(name) != then.get(name):
            yield "parameter", name, None, then.get(name), now.get(name), None


def _beliefs(found: Contrast, fit: Fit, base: Fit) -> Iterator[Row]:
    """Signs, priors and groups of the analyst that differ."""
    blank = np.full(fit.beta.shape, np.nan)
    for what, now, then in (
        ("sign", fit.beliefs.signs, base.beliefs.signs),
        ("prior", fit.beliefs.prior, base.beliefs.prior),
    ):
        yield from _cells(what, blank if now is None else now, blank if then is None else then, fit)
    groups = (fit.beliefs.groups, base.beliefs.groups)
    for row in np.flatnonzero(found.groups).tolist():
        now, then = (None if labels is None else labels[row] for labels in groups)
        yield "group", fit.panel.responses[row], None, then, now, None


def _clusters(found: Contrast, fit: Fit, base: Fit) -> Iterator[Row]:
    """Responses that are in another cluster than before, clusters matched by the responses they share."""
    if fit.labels is None or base.labels is None:
        return
    for change in found.clusters or ():
        for row in change.joined.tolist():
            yield "cluster", fit.panel.responses[row], None, base.labels[row], fit.labels[row], None


def _cells(what: str, now: Array, then: Array, fit: Fit) -> Iterator[Row]:
    """Cells of two matrices that differ; blanks are equal, and a change needs two numbers."""
    differs = (now != then) & ~(np.isnan(now) & np.isnan(then))
    for row, column in np.argwhere(differs).tolist():
        a, b = then[row, column], now[row, column]
        yield what, fit.panel.responses[row], fit.panel.factors[column], _known(a), _known(b), _known(b - a)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
