"""From a panel to the arrays the loss is written in: demeaned, zero where missing, weighted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from factorlasso_core.arrays import Array, blocks, frozen, largest
from factorlasso_core.ewm import counting_weights, ewm_mean
from factorlasso_core.frames import Table, aligned_frames
from factorlasso_core.options import LossOptions
from factorlasso_core.panel import Panel

NOISE = 1e-14  # deviation, as a share of the level, up to which a series is constant


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
        masks: (P, T) distinct columns of ``valid``, by first appearance. pattern: (N,) which a response has.
        mass: (P,) sum of the weights of the valid rows.
        x_level, y_level: (P, M), (N,) ω-weighted means of ``x`` and ``y`` over the valid rows, zero without any.
        spread: (N,) ω-weighted variance of the responses over their valid rows, per row; zero for constants.
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
    masks: Array = field(init=False)
    pattern: Array = field(init=False)
    mass: Array = field(init=False)
    x_level: Array = field(init=False)
    y_level: Array = field(init=False)
    spread: Array = field(init=False)

    def __post_init__(self) -> None:
        masks, pattern = _patterns(self.valid)
        weights = masks * self.weights
        mass = weights.sum(axis=1)
        own = inverse(mass)
        y_level = self.weights @ self.y * own[pattern]
        # A mean that rounds leaves a constant response some spread.
        spread = _squares(self.y, self.valid, self.weights, y_level, bool(masks.all())) * own[pattern]
        derived = {
            "masks": masks,
            "pattern": pattern,
            "mass": mass,
            "x_level": weights @ self.x * own[:, None],
            "y_level": y_level,
            "spread": np.where(spread > NOISE**2 * y_level**2, spread, 0.0),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, frozen(value))

    @property
    def rows(self) -> int:
        """Number of prepared rows T: one fewer than the panel's after EWMA demeaning."""
        return self.x.shape[0]

    @property
    def scale(self) -> Array:
        """What the weighted squares of each pattern are multiplied by in the loss, (P,); zero without mass."""
        divisor = np.full(len(self.mass), float(self.rows)) if self.normalization == "sample" else self.mass
        return inverse(divisor)

    @property
    def y_or_nan(self) -> Array:
        """The prepared responses with invalid cells NaN, (T, N), as clustering wants them."""
        return self.y if self.masks.all() else np.where(self.valid, self.y, np.nan)


def inverse(mass: Array) -> Array:
    """Return ``1/mass``, and 0 where there is no mass: such a response has no loss."""
    return np.divide(1.0, mass, out=np.zeros_like(mass), where=mass > 0)


def _patterns(valid: Array) -> tuple[Array, Array]:
    """Distinct columns of the mask as rows (P, T), by first appearance, and the pattern of each response (N,)."""
    if valid.all():
        return np.ones((1, valid.shape[0]), dtype=bool), np.zeros(valid.shape[1], dtype=np.intp)
    packed = np.ascontiguousarray(np.packbits(valid, axis=0).T)
    rows = packed.view([("", packed.dtype, packed.shape[1])]).ravel()
    _, where, found = np.unique(rows, return_index=True, return_inverse=True)
    place = np.empty_like(where)
    place[np.argsort(where)] = np.arange(len(where))
    return valid.T[np.sort(where)], place[found]


def _squares(y: Array, valid: Array, weights: Array, level: Array, whole: bool) -> Array:
    """Weighted sum of squares of each response about its level, (N,)."""
    sums = np.empty(y.shape[1])
    for part in blocks(y.shape[1], len(y)):
        centred = y[:, part] - level[part]
        if not whole:
            centred *= valid[:, part]
        sums[part] = weights @ np.square(centred, out=centred)
    return sums


def prepare(panel: Panel, options: LossOptions) -> Prepared:
    """Demean, mask and weight a panel.

    A response counts in a row where it is present and at least one factor is (with
    ``factor_rows="drop"``: where all factors are). The means are subtracted before missing cells are
    filled, so that a filled cell sits at the mean.
    """
    present = ~np.isnan(panel.x)
    usable = np.all(present, axis=1) if options.factor_rows == "drop" else np.any(present, axis=1)
    first = int(_running(options))  # the first row equals its own running mean
    y, valid, observations = _responses(panel.y, usable, options)
    weights = counting_weights(len(panel.x), options.span)
    x_means, y_means = _weighted_means(panel.x, panel.y, valid, weights)
    return Prepared(
        x=frozen(_filled(_centred(panel.x, options))[first:]),
        y=frozen(y[first:]),
        valid=frozen(valid[first:]),
        weights=frozen(weights[first:]),
        observations=frozen(observations),
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
    weights = counting_weights(len(x), span)
    x_means, y_means = _weighted_means(x, y, valid, weights)
    return Prepared(
        x=frozen(_filled(x)),
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


def _responses(y: Array, usable: Array, options: LossOptions) -> tuple[Array, Array, Array]:
    """Centred responses with cells that do not count zero, which count (T, N), and the number present (N,)."""
    centred, valid = np.empty(y.shape), np.empty(y.shape, dtype=bool)
    observations = np.empty(y.shape[1], dtype=np.intp)
    for part in blocks(y.shape[1], len(y)):
        values, counts = y[:, part], valid[:, part]
        np.logical_not(np.isnan(values), out=counts)
        observations[part] = np.count_nonzero(counts, axis=0)
        counts &= usable[:, None]
        centred[:, part] = _centred(values, options)
        if not counts.all():
            centred[:, part][~counts] = 0.0
    return centred, valid, observations


def _centred(values: Array, options: LossOptions) -> Array:
    if not options.demean:
        return values
    if options.span is not None and _running(options):
        centred = values - ewm_mean(values, options.span)
    else:
        centred = _about_means(values)
    # What rounding leaves of a constant column must not pass for variation.
    still = largest(centred) <= NOISE * largest(values)
    if still.any():
        centred[:, still] = np.where(np.isnan(centred[:, still]), np.nan, 0.0)
    return centred


def _about_means(values: Array) -> Array:
    """Values less the mean of what is present, corrected once, because a long column sums with rounding."""
    centred = values - _means(values)
    centred -= _means(centred)
    return centred


def _means(values: Array) -> Array:
    sums = values.sum(axis=0)
    if not np.isnan(sums).any():
        return sums / len(values)
    present = ~np.isnan(values)
    return np.where(present, values, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)


def _filled(values: Array) -> Array:
    return np.where(np.isnan(values), 0.0, values)


def _weighted_means(x: Array, y: Array, valid: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted means over each response's valid rows; a missing factor cell in a valid row counts as zero."""
    x = _filled(x)
    if valid.all():
        share = weights / weights.sum()
        return np.broadcast_to(share @ x, (y.shape[1], x.shape[1])), share @ y
    x_means, y_means = np.empty((y.shape[1], x.shape[1])), np.empty(y.shape[1])
    for part in blocks(y.shape[1], len(y)):
        share = valid[:, part] * weights[:, None]
        with np.errstate(invalid="ignore"):
            share /= share.sum(axis=0)
        x_means[part] = share.T @ x
        y_means[part] = np.einsum("tn,tn->n", share, np.where(valid[:, part], y[:, part], 0.0))
    return x_means, y_means
