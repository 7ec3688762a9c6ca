"""From a panel to the arrays the loss is written in: demeaned, zero where missing, weighted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.ewm import ewm_mean, loss_weights
from factorlasso_core.frames import Table, aligned_frames
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays of the loss ``(1/T) Σ_t ω_t v_tk (y_tk - x_t·b)²``.

    Attributes:
        x: (T, M), missing cells zero, which is the mean. y: (T, N), missing cells zero.
        valid: (T, N) booleans v. weights: (T,) ω.
        observations: (N,) non-missing responses over all rows of the panel.
        x_means, y_means: (N, M), (N,) ω-weighted means over each response's valid rows in the
            units of the panel, from which the regression constant follows; NaN without valid rows.
        own_means: Whether the moments are to be centred on each response's own rows.
        normalization: ``"sample"`` or ``"weight_sum"``, the divisor of the loss.
        share: (T, N) weight of a row among a response's valid ones, zero without any; (T, 1) on a complete panel.
        spread: (N,) variance of the responses with these weights, per row.
    """

    x: Array
    y: Array
    valid: Array
    weights: Array
    observations: Array
    x_means: Array
    y_means: Array
    own_means: bool
    normalization: str
    share: Array = field(init=False)
    spread: Array = field(init=False)

    def __post_init__(self) -> None:
        whole = len(self.y) > 0 and bool(self.valid.all())
        weights = self.weights[:, None] if whole else self.valid * self.weights[:, None]
        mass = weights.sum(axis=0)
        share = weights / np.where(mass > 0, mass, 1.0)
        object.__setattr__(self, "share", frozen(share))
        centred = self.y - self.average(self.y)
        object.__setattr__(self, "spread", frozen(self.average(centred * centred)))

    def average(self, values: Array) -> Array:
        """Return the weighted mean of each column of (T, N) over its response's valid rows, (N,)."""
        if self.share.shape[1] != values.shape[1]:
            return self.share[:, 0] @ values
        return np.einsum("tn,tn->n", self.share, values)

    @property
    def rows(self) -> int:
        """Number of prepared rows T: one fewer than the panel's after EWMA demeaning."""
        return self.x.shape[0]

    @property
    def y_or_nan(self) -> Array:
        """The prepared responses with invalid cells NaN, (T, N), as clustering wants them."""
        return np.where(self.valid, self.y, np.nan)


def prepare(panel: Panel, options: LossOptions) -> Prepared:
    """Demean, mask and weight a panel.

    A response counts in a row where it is present and at least one factor is (with
    ``factor_rows="drop"``: where all factors are). The means are subtracted before missing cells are
    filled, so that a filled cell sits at the mean.
    """
    present = ~np.isnan(panel.x)
    usable = np.all(present, axis=1) if options.factor_rows == "drop" else np.any(present, axis=1)
    valid = ~np.isnan(panel.y) & usable[:, None]
    first = int(_running(options))  # the first row equals its own running mean
    x_means, y_means = _weighted_means(panel.x, panel.y, valid, loss_weights(len(panel.x), options.span))
    x, y = (_centred(values, options)[first:] for values in (panel.x, panel.y))
    return Prepared(
        x=frozen(np.nan_to_num(x, nan=0.0)),
        y=frozen(np.where(valid[first:], y, 0.0)),
        valid=frozen(valid[first:]),
        weights=frozen(loss_weights(len(x), options.span)),
        observations=frozen((~np.isnan(panel.y)).sum(axis=0)),
        x_means=frozen(x_means),
        y_means=frozen(y_means),
        own_means=options.centering == "per_response",
        normalization=options.normalization,
    )


def prepared_arrays(x: Array, y: Array, valid: Array, span: float | None, normalization: str) -> Prepared:
    """State arrays that need no demeaning as the loss wants them.

    Args:
        x: (T, M), NaN only in rows that count for nobody. y: (T, N). valid: (T, N) booleans.
        span, normalization: See :class:`LossOptions`.
    """
    weights = loss_weights(len(x), span)
    x_means, y_means = _weighted_means(x, y, valid, weights)
    return Prepared(
        x=frozen(np.nan_to_num(x, nan=0.0)),
        y=frozen(np.where(valid, y, 0.0)),
        valid=frozen(valid),
        weights=frozen(weights),
        observations=frozen(valid.sum(axis=0)),
        x_means=frozen(x_means),
        y_means=frozen(y_means),
        own_means=False,
        normalization=normalization,
    )


def get_x_y_np(x: Table, y: Table, span: float | None = None, demean: bool = True) -> tuple[Array, Array, Array]:
    """Return the arrays the loss of a model is written in, by the name of the reference.

    Args:
        x: Factors (T0 x M), y: responses (T0 x N); frames or series on one index, or arrays.
        span: EWMA span in rows, > 1. The running means are subtracted, and the first row, which is its own
            mean, is dropped. None: the plain means of what is present are.
        demean: Without it missing cells are filled with zero, and nothing else is done.

    Returns:
        x (T, M), y (T, N), zero in cells that do not count, and the mask (T, N), 1.0 where a response and at
        least one factor are present; T is T0, or one fewer after running means.

    Raises:
        DataError: Rows that do not match, or values that are not finite numbers. OptionError: span, demean.

    Example:
        >>> import pandas as pd
        >>> x, y, mask = get_x_y_np(pd.Series([1.0, 2.0, 3.0]), pd.Series([5.0, np.nan, 1.0]))
        >>> y[:, 0].tolist(), mask[:, 0].tolist()
        ([2.0, 0.0, -2.0], [1.0, 0.0, 1.0])
    """
    data = prepare(Panel.from_frames(*aligned_frames(x, y)), LossOptions(span=span, demean=demean))
    return data.x.copy(), data.y.copy(), data.valid.astype(float)


def _running(options: LossOptions) -> bool:
    return options.span is not None and options.demean and options.centering == "panel"


def _centred(values: Array, options: LossOptions) -> Array:
    if not options.demean:
        return values
    centred = values - (ewm_mean(values, options.span) if options.span and _running(options) else _means(values))
    # What rounding leaves of a constant column must not pass for variation.
    constant = _largest(centred) <= 1e-14 * _largest(values)
    return np.where(constant & ~np.isnan(centred), 0.0, centred)


def _means(values: Array) -> Array:
    """Mean of what is present, corrected once, because a long column sums with rounding."""
    present = ~np.isnan(values)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, values, 0.0).sum(axis=0) / count
    return mean + np.where(present, values - mean, 0.0).sum(axis=0) / count


def _largest(values: Array) -> Array:
    return np.abs(np.nan_to_num(values, nan=0.0)).max(axis=0)


def _weighted_means(x: Array, y: Array, valid: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted means over each response's valid rows; a missing factor cell in a valid row counts as zero."""
    share = valid * weights[:, None]
    with np.errstate(invalid="ignore"):
        share = share / share.sum(axis=0)
        y_means = (share * np.where(valid, y, 0.0)).sum(axis=0)
    return share.T @ np.nan_to_num(x, nan=0.0), y_means
