"""What differs between two fits of the same responses and factors: loadings, clusters, parameters, beliefs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.colouring import match_colours
from factorlasso_core.errors import DataError
from factorlasso_core.result import Fit


@dataclass(frozen=True, eq=False)
class ClusterChange:
    """A cluster of the fit and the one of the base it shares most responses with.

    Attributes:
        label, base: Their labels; None where the cluster has no counterpart on that side.
        stayed, joined, left: Positions of the responses in both, in the fit alone and in the base alone.
    """

    label: Any
    base: Any
    stayed: Array
    joined: Array
    left: Array


@dataclass(frozen=True, eq=False)
class Contrast:
    """A fit set against a base.

    Attributes:
        beta: (N, M) loadings of the fit less those of the base, NaN where either has none.
        parameters: Options that differ, by the names of ``LassoModel``: value in the base, value in the fit.
        signs, prior: (N, M) booleans, cells where what the analyst holds differs.
        groups: (N,) booleans, responses whose given group differs.
        clusters: Those that differ, matched by overlap as colours are; None where either fit has none.
        same_data: Whether both were fitted to the same rows.
    """

    beta: Array
    parameters: dict[str, tuple[Any, Any]]
    signs: Array
    prior: Array
    groups: Array
    clusters: tuple[ClusterChange, ...] | None
    same_data: bool

    @property
    def moved(self) -> int:
        """Number of responses that are in another cluster than before, clusters matched by overlap."""
        return sum(len(change.joined) for change in self.clusters or ())


def contrast(fit: Fit, base: Fit) -> Contrast:
    """Set a fit against a base.

    Args:
        fit, base: Of the same responses and factors in the same order; the rows may differ.

    Raises:
        DataError: Responses or factors differ.

    Example:
        >>> import pandas as pd
        >>> from factorlasso_core import FitSpec, Panel, PenaltyOptions
        >>> from factorlasso_core import fit as fit_panel
        >>> x = pd.DataFrame({"f": [1.0, 2.0, 0.0, 1.0, 3.0, 2.0]})
        >>> panel = Panel.from_frames(x, 2 * x.set_axis(["r"], axis=1))
        >>> low, high = (fit_panel(panel, spec=FitSpec(penalty=PenaltyOptions(lam))) for lam in (0.1, 0.2))
        >>> contrast(high, low).parameters
        {'reg_lambda': (0.1, 0.2)}
    """
    for what, mine, theirs in (
        ("responses", fit.panel.responses, base.panel.responses),
        ("factors", fit.panel.factors, base.panel.factors),
    ):
        if not mine.equals(theirs):
            raise DataError(f"The two fits have other {what}: compare fits of the same panel.")
    shape = fit.beta.shape
    return Contrast(
        beta=frozen(fit.beta - base.beta),
        parameters=changed_parameters(fit.spec.parameters(), base.spec.parameters()),
        signs=frozen(_differ(fit.beliefs.signs, base.beliefs.signs, shape)),
        prior=frozen(_differ(fit.beliefs.prior, base.beliefs.prior, shape)),
        groups=frozen(_regrouped(fit.beliefs.groups, base.beliefs.groups, shape[0])),
        clusters=_changed_clusters(fit, base),
        same_data=fit.panel.key == base.panel.key,
    )


def changed_parameters(now: dict[str, Any], before: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the parameters that differ: value before, value now."""
    return {name: (before[name], value) for name, value in now.items() if before[name] != value}


def _differ(now: Array | None, before: Array | None, shape: tuple[int, ...]) -> Array:
    """Where two matrices differ; blanks are equal, and none is one of blanks."""
    blank = np.full(shape, np.nan)
    now, before = (blank if held is None else held for held in (now, before))
    return (now != before) & ~(np.isnan(now) & np.isnan(before))


def _regrouped(now: Array | None, before: Array | None, count: int) -> Array:
    """Whose given group differs; where only one fit was given groups, everybody's."""
    if now is None or before is None:
        return np.full(count, now is not before)
    return np.asarray(now != before, dtype=bool)


def _changed_clusters(fit: Fit, base: Fit) -> tuple[ClusterChange, ...] | None:
    """Clusters with other members than their counterparts, and those without one."""
    if fit.labels is None or base.labels is None:
        return None
    both = np.flatnonzero(fit.counted & base.counted)
    labels, old = fit.labels[both], base.labels[both]
    counted = np.ones(len(both), dtype=bool)
    before = match_colours(old, counted)
    now = match_colours(labels, counted, before)
    colours = np.unique([now, before])
    changes = (_changes(both, labels, old, now == colour, before == colour) for colour in colours)
    return tuple(change for part in changes for change in part if len(change.joined) or len(change.left))


def _changes(both: Array, labels: Array, old: Array, mine: Array, theirs: Array) -> list[ClusterChange]:
    """What became of the clusters of one colour: of one cluster, or of one that came and one that went."""
    label, base = (values[at][0] if at.any() else None for values, at in ((labels, mine), (old, theirs)))
    nobody = np.zeros_like(mine)
    if not (mine & theirs).any():
        parts = [(label, None, nobody, mine, nobody)] * bool(mine.any())
        parts += [(None, base, nobody, nobody, theirs)] * bool(theirs.any())
    else:
        parts = [(label, base, mine & theirs, mine & ~theirs, theirs & ~mine)]
    return [ClusterChange(label, base, *(frozen(both[at]) for at in places)) for label, base, *places in parts]
